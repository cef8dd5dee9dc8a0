#!/usr/bin/env bash
# Chains of discrete states on launch/experiments/levels.yaml, whose law is known: the bound of 2,000 held-out rows, and the
# total variation of 8,000 samples from the law.
# Usage: launch/benchmarks/levels.sh [RUNS] [PROCESS,FORM...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
runs=${1:-runs/levels}
cases=("${@:2}")
((${#cases[@]})) || cases=(discrete-absorbing,joint {discrete-uniform,discretised-gaussian}\,{joint,posterior})
source launch/environment.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# The law p(a, b) of the experiment's second line; its entropy, the mean total variation of 8,000 true rows (each cell's count
# as a normal law) and that of independent columns; then, of rows on standard input, theirs.
law() {
  awk -F , -v what="$1" '
    BEGIN {
      pi = atan2(0, -1)
      for (a = 0; a < 8; a++) for (b = 0; b < 8; b++) {
        d = b - 3 * a % 8
        sum += p[a, b] = 0.02 + (2 + cos(pi * a / 2)) * exp(-d * d / 1.6)
      }
      for (c in p) { p[c] /= sum; split(c, k, SUBSEP); first[k[1]] += p[c]; second[k[2]] += p[c]; entropy -= p[c] * log(p[c]) }
      for (c in p) {
        split(c, k, SUBSEP); d = p[c] - first[k[1]] * second[k[2]]; independent += (d < 0 ? -d : d) / 2
        exact += sqrt(p[c] * (1 - p[c]) / (2 * pi * 8000))
      }
      if (what == "law") { printf "entropy %.3f, true rows %.3f, independent columns %.3f\n", entropy, exact, independent; exit }
    }
    NR > 1 { seen[$1 + 0, $2 + 0]++; n++ }
    END {
      if (what == "law") exit
      for (c in p) { d = p[c] - seen[c] / n; total += (d < 0 ? -d : d) / 2 }
      printf "%.3f\n", total
    }'
}
law law < /dev/null
echo
echo '| `process.kind` | `network.reverse_form` | `sampling.steps` | bound, nats a row | total variation |'
echo '|---|---|---|---|---|'
for case in "${cases[@]}"; do
  process=${case%,*} form=${case#*,}
  run=$runs/$process-$form
  [[ -e $run/report.html ]] || "$bin/sgm-train" launch/experiments/levels.yaml --output "$run" --overwrite \
    --set process.kind="$process" --set network.reverse_form="$form" > "$folder/log" 2>&1 < /dev/null ||
    { cat "$folder/log" >&2; exit 1; }
  bound=$(sed -n 's/.*"metric":"NLL, upper bound","value":{"mean":\([^,]*\),"deviation":\([^,}]*\).*/\1 \2/p' "$run/judgements.jsonl")
  steps=100 name="\`$form\`"
  # A mask makes the forms one.
  if [[ $process == discrete-absorbing ]]; then steps='100 10 3' name=either; fi
  for count in $steps; do
    "$bin/sgm-sample" "$run" --count 8000 --steps "$count" --output "$folder/rows.csv" --overwrite > "$folder/log" < /dev/null
    printf '| `%s` | %s | %s | %s | %s |\n' "$process" "$name" "$count" \
      "$( ((count == 100)) && printf '%.3f ± %.3f' $bound || echo –)" "$(law rows < "$folder/rows.csv")"
  done
done
