"""Writes seed-table.md and figures/seed-table.png into a folder, from the finished runs of seed-table.sh.

Usage: seed_table.py RUNS FOLDER
"""

import json
import pathlib
import re
import struct
import sys
import zlib

import numpy as np

# Negative log-likelihood in bits per dimension and Fréchet distance on CIFAR-10, from table 1 of Dockhorn, Vahdat and Kreis 2022
# (arXiv 2112.07068); None where the table has none.
METHODS = {
    "cld-sgm-flow": ("CLD-SGM, probability flow", "≤ 3.31", 2.25),
    "cld-sgm": ("CLD-SGM, SDE", None, 2.23),
    "ddpmpp-flow": ("DDPM++ (VP), probability flow", "3.13", 3.08),
    "ddpmpp": ("DDPM++ (VP), SDE", None, 2.41),
    "sub-vp-flow": ("DDPM++ (sub-VP), probability flow", "2.99", 2.92),
    "sub-vp": ("DDPM++ (sub-VP), SDE", None, 2.41),
    "ncsnpp": ("NCSN++ (VE), SDE", None, 2.20),
    "ddpm": ("DDPM", "≤ 3.75", 3.17),
    "ncsn": ("NCSN", None, 25.3),
    "likelihood-sde": ("Likelihood SDE", "2.84", 2.87),
    "likelihood-sde-variational": ("Likelihood SDE, variational dequantisation", None, None),
    "ddim": ("DDIM, 100 steps", None, 4.16),
    "fast-ddpm": ("FastDDPM, 100 steps", None, 2.86),
    "fast-ddpm-variances": ("FastDDPM, 100 variances", None, None),
    "improved-ddpm": ("Improved DDPM", "3.37", 2.90),
    "vdm": ("VDM", "≤ 2.49", 7.41),
    "udm": ("UDM", "3.04", 2.33),
    "d3pm": ("D3PM", "≤ 3.44", 7.34),
    "gotta-go-fast": ("Gotta Go Fast", None, 2.44),
    "lsgm": ("LSGM", "≤ 3.43", 2.10),
    "adversarial-dsm": ("Adversarial DSM", None, 6.10),
    "distillation": ("DDPM distillation", None, 9.36),
}
SHOWN = 14  # samples of each method in the picture


def figures(run):
    """The judgements, the evaluations for a sample and the seconds that a run's training takes at its quicker pace."""
    judged = {}
    for line in (run / "judgements.jsonl").read_text().splitlines():
        row = json.loads(line)
        judged[row["metric"]] = row
    log = run.with_suffix(".log").read_text()
    evaluations = re.findall(r"samples by .+, ([0-9.e+]+) evaluations each", log)
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    # Seconds begin anew with each process that went on with the run, and other work slows some of them down.
    paces = [(b["seconds"] - a["seconds"]) / (b["step"] - a["step"])
             for a, b in zip(lines, lines[1:]) if b["seconds"] > a["seconds"] and b["step"] > a["step"]]
    return judged, float(evaluations[-1]), np.quantile(paces, 0.25) * lines[-1]["step"]


def mean(judged, metric, part="value"):
    row = judged.get(metric)
    return row[part]["mean"] if row and row[part] else float("nan")


def spread(values, digits):
    """Mean and standard deviation over seeds, or the one value."""
    values = [v for v in values if v == v]
    if not values:
        return "–"
    text = f"{np.mean(values):.{digits}f}"
    return text if len(values) == 1 else f"{text} ± {np.std(values, ddof=1):.{digits}f}"


def law_table(runs):
    """The lines of the table on a law of known density, and the lines of its floor and baseline."""
    lines, extremes = [], {}
    for name, (title, _, _) in METHODS.items():
        run = runs / f"{name}-1"
        if not run.with_suffix(".done").exists():
            continue
        judged, evaluations, _ = figures(run)
        # The truth's density of the same rows is in the last column.
        rows = np.load(run / "likelihood.npy") if "NLL" in judged or "NLL, upper bound" in judged else np.full((2, 4), np.nan)
        excess = (rows[:, 0] - rows[:, 3])[np.isfinite(rows[:, 0])]
        above = f"{excess.mean():.3f} ± {excess.std(ddof=1) / len(excess) ** 0.5:.3f}" if len(excess) > 1 else "–"
        if (without := mean(judged, "rows without an NLL")) > 0:
            above += f" ({100 * without:.1f} % of rows have none)"
        chain = judged.get("NLL, upper bound of the chain")
        chain = f"{chain['value']['mean'] - chain['floor']['mean']:.3f}" if chain else "–"
        kinds = ("sliced W2", 3, 1), ("outside modes", 2, 100), ("mode width", 2, 1)
        cells = [[f"{unit * mean(judged, k, part):.{digits}f}" for k, digits, unit in kinds]
                 for part in ("value", "floor", "baseline")]
        lines.append(f"| {title} | {above} | {chain} | {' | '.join(cells[0])} | {evaluations:.0f} |")
        for metric in ("NLL", "sliced W2"):
            if metric in judged:
                extremes[metric] = judged[metric]
        extremes["cells"] = cells
    if not lines:
        return []
    gap = mean(extremes, "NLL", "baseline") - mean(extremes, "NLL", "floor")
    return lines + [
        f"| floor: true rows | 0 | | {' | '.join(extremes['cells'][1])} | |",
        f"| Gaussian baseline | {gap:.3f} | | {' | '.join(extremes['cells'][2])} | |",
    ]


def picture(path, rows):
    """A grey PNG of rows of square pictures."""
    side = int(round(rows[0].shape[1] ** 0.5))
    canvas = np.zeros((len(rows) * (side + 2), SHOWN * (side + 2)), np.uint8)
    for i, row in enumerate(rows):
        for j, image in enumerate(row[:SHOWN]):
            y, x = i * (side + 2) + 1, j * (side + 2) + 1
            canvas[y : y + side, x : x + side] = np.clip(image, 0, 255).reshape(side, side).astype(np.uint8)
    canvas = canvas.repeat(3, 0).repeat(3, 1)
    raw = b"".join(b"\0" + line.tobytes() for line in canvas)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", canvas.shape[1], canvas.shape[0], 8, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


def main(runs, folder):
    runs, folder = pathlib.Path(runs), pathlib.Path(folder)
    table, shown, baselines, fewest = [], [], [], float("inf")
    for name, (title, bits, frechet) in METHODS.items():
        done = sorted(runs.glob(f"{name}-[0-9]*.done"))
        if not done:
            continue
        found = [figures(d.with_suffix("")) for d in done]
        nll = [k for k in found[0][0] if k == "bits per dimension, upper bound"]
        chain = spread([mean(f[0], "bits per dimension, upper bound of the chain") for f in found], 3)
        values = [[mean(f[0], k) for f in found] for k in (nll[0] if nll else "", "Fréchet distance", "sliced W2")]
        error = found[0][0][nll[0]]["value"]["deviation"] if nll else float("nan")
        without = np.mean([mean(f[0], "rows without an NLL") for f in found])
        table.append(
            f"| {title} | `{name}` | {spread(values[0], 3)}{f' ± {error:.3f}' if len(found) == 1 and nll else ''}"
            f"{f' ({100 * without:.1f} % of rows have none)' if without > 0 else ''} | {chain} | {spread(values[1], 2)}"
            f" | {spread(values[2], 1)}"
            f" | {np.mean([f[1] for f in found]):.0f} | {np.mean([f[2] for f in found]):.0f} s | {bits or '–'} | {frechet or '–'} |"
        )
        judged = found[0][0]
        # Rows without a value are left out of the baseline too: the run that has the fewest shows it.
        if nll and (share := mean(judged, "rows without an NLL")) < fewest or nll and share != share:
            fewest = 0 if share != share else share
            baselines = [
                f"| {label} | | {mean(judged, nll[0], part) if part == 'baseline' else float('nan'):.3f} | | "
                f"{mean(judged, 'Fréchet distance', part):.2f} | {mean(judged, 'sliced W2', part):.1f} | | | | |"
                for label, part in (("floor: true rows", "floor"), ("Gaussian baseline", "baseline"))
            ]
        samples = sorted((done[0].with_suffix("") / "samples").glob("step-*.npy"))[-1]
        shown.append((title, np.load(samples)))
    missing = [title for name, (title, _, _) in METHODS.items() if not list(runs.glob(f"{name}-[0-9]*.done"))]
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    picture(folder / "figures" / "seed-table.png", [rows for _, rows in shown])
    text = (pathlib.Path(__file__).parent / "seed-table-head.md").read_text()
    text += "<!-- figures once: launch/benchmarks/seed-table.sh -->\n"
    text += "| method | recipe | bits per dimension, bound | of the chain | Fréchet | sliced W2 | evaluations | training | published bits | published FID |\n"
    text += "|---|---|---|---|---|---|---|---|---|---|\n" + "\n".join(table + baselines).replace("nan", "–") + "\n"
    if missing:
        text += "\nNot run yet: " + ", ".join(missing) + ".\n"
    text += "\n![Samples of each method](figures/seed-table.png)\n\nOne row of samples for each method, from top to bottom: "
    text += "; ".join(title for title, _ in shown) + ".\n"
    if law := law_table(runs / "law"):
        text += (pathlib.Path(__file__).parent / "seed-table-law.md").read_text()
        text += "<!-- figures once: launch/benchmarks/seed-table.sh -->\n"
        text += "| method | NLL above the truth's | of the chain | sliced W2 | outside modes, % | width | evaluations |\n"
        text += "|---|---|---|---|---|---|---|\n" + "\n".join(law).replace("nan", "–") + "\n"
    (folder / "seed-table.md").write_text(text)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
