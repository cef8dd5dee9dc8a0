#!/usr/bin/env bash
# What the laws of diffusion times bring to the loss weighted for the likelihood: launch/experiments/eight-gaussians.yaml with a small
# network and times from 0.001; the deviation of the last 1,000 steps' losses about their mean, and the NLL of 1,000 fresh rows.
# Usage: launch/benchmarks/time-laws.sh [RUNS] [LAW,SPREAD...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
runs=${1:-runs/time-laws}
cases=("${@:2}")
((${#cases[@]})) || cases=({uniform,importance,learned-schedule}\,{independent,low-discrepancy})
source launch/environment.sh
source launch/benchmarks/spread.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
mkdir -p "$runs"
echo '| `time_law` | `time_spread` | deviation of the loss | NLL, nats a row |'
echo '|---|---|---|---|'
for case in "${cases[@]}"; do
  run=$runs/${case/,/-}
  [[ -e $run/report.html ]] || "$bin/sgm-train" launch/experiments/eight-gaussians.yaml --output "$run" --overwrite \
    --set training.weight=likelihood --set training.steps=3000 --set training.batch=512 --set 'network.widths=[64, 64]' \
    --set training.minimum_time=0.001 --set training.time_law="${case%,*}" --set training.time_spread="${case#*,}" \
    --set training.log_every=1 --set 'evaluation.metrics=[nll]' --set evaluation.pair_count=1000 \
    > "$run.log" 2>&1 < /dev/null || { cat "$run.log" >&2; exit 1; }
  deviation=$(tail -n 1000 "$run/metrics.jsonl" | sed 's/.*"loss":\([^,]*\),.*/\1/' | spread '%.0s%.2f')
  printf '| `%s` | `%s` | %s | %s |\n' "${case%,*}" "${case#*,}" "$deviation" \
    "$(sed -n 's/.*"metric":"NLL","value":{"mean":\([^,]*\),"deviation":\([^,}]*\).*/\1 \2/p' "$run/judgements.jsonl" |
      awk '{ v = sprintf("%.2f", $1); sub("-", "−", v); printf "%s ± %.2f", v, $2 }')"
done
