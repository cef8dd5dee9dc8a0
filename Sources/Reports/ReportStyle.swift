internal import Files

/// The page's style: one column that grows to two, light and dark by the reader's setting, printable.
let reportStyle = """
  :root{color-scheme:light dark;--ground:#fff;--text:#1d2125;--soft:#5f666d;--line:#d8dce0;--card:#f6f7f8;
  --value:#2f7dc4;--floor:#3a9a5c;--baseline:#d07a2d;--floorText:#2a7a46;--baselineText:#a85a14}
  @media(prefers-color-scheme:dark){:root{--ground:#14171a;--text:#e4e7ea;--soft:#9aa2aa;--line:#343a40;
  --card:#1c2024;
  --floorText:#5cbd7f;--baselineText:#e39a55}}
  *{box-sizing:border-box}
  body{margin:0 auto;padding:1rem 1rem 3rem;max-width:64rem;background:var(--ground);color:var(--text);
  font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;-webkit-text-size-adjust:100%}
  h1{font-size:1.6rem;line-height:1.2;margin:.5rem 0 1rem;overflow-wrap:anywhere}
  h2{font-size:1.15rem;margin:2.2rem 0 .6rem;border-bottom:1px solid var(--line);padding-bottom:.25rem;
  overflow-wrap:anywhere}
  p{margin:.4rem 0}.soft,figcaption,.card p,dt{color:var(--soft);font-size:.875rem}
  dl{display:flex;flex-wrap:wrap;gap:.5rem 1.8rem;margin:.5rem 0}dd{margin:0;overflow-wrap:anywhere}
  .grid{display:grid;gap:.8rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr))}
  .grid.small{grid-template-columns:repeat(auto-fill,minmax(10rem,1fr))}
  .wide{overflow-x:auto}table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums}
  th,td{text-align:left;padding:.3rem .9rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
  th{color:var(--soft);font-weight:600}td{white-space:nowrap}
  @media(max-width:30rem){th,td{padding-right:.35rem;font-size:.75rem}}
  .card{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.7rem .9rem;
  break-inside:avoid;min-width:0}
  .head{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1rem;align-items:baseline}
  .head strong{font-variant-numeric:tabular-nums}.head span{overflow-wrap:anywhere}
  .part{display:inline-block;margin-right:.9rem;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
  span.floor{color:var(--floorText)}span.baseline{color:var(--baselineText)}
  .bar{position:relative;height:1.5rem;margin:.5rem 0;border-bottom:1px solid var(--soft)}
  .bar i{position:absolute;display:block}
  .fill{left:0;bottom:0;height:.55rem;background:var(--value)}
  .band{bottom:0;height:1.2rem;opacity:.35}.tick{bottom:0;height:1.5rem;width:2px;margin-left:-1px}
  i.floor{background:var(--floor)}i.baseline{background:var(--baseline)}
  .band.value{bottom:.22rem;height:2px;opacity:1;background:var(--text)}.tick.value{height:0;width:0}
  .shares{display:flex;height:1rem;border-radius:.25rem;overflow:hidden;margin:.6rem 0}.shares i{display:block;
  height:100%}
  .dot{display:inline-block;width:.7rem;height:.7rem;border-radius:50%;margin-right:.4rem}
  figure{margin:0;break-inside:avoid;min-width:0}figure img{display:block;width:100%;height:auto;max-width:42rem;
  margin:0 auto}
  figcaption{text-align:center;padding:.3rem 0 .8rem}
  pre{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.8rem;overflow-x:auto;
  font:.8rem/1.45 ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
  figure:only-child{grid-column:1/-1}
  @media(max-width:40rem){pre{white-space:pre-wrap;overflow-wrap:anywhere}}
  @media print{:root{--ground:#fff;--text:#000;--soft:#444;--line:#bbb;--card:#fff;--floorText:#2a7a46;
  --baselineText:#a85a14}
  body{max-width:none;padding:0;font-size:11pt}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
  th,td{white-space:normal}pre{white-space:pre-wrap;overflow-wrap:anywhere}h2{break-after:avoid}
  .grid{grid-template-columns:1fr 1fr}}
  """
