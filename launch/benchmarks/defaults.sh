#!/usr/bin/env bash
# What the default sampler gives for every process, beside the reverse SDE in 250 steps: sliced W2 of 10,000 samples of
# 8 Gaussians and their modes' width, with the exact score and with a network trained for 4,000 steps; seconds on one rank.
# Usage: launch/benchmarks/defaults.sh [RUNS] [PROCESS...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
runs=${1:-runs/defaults}
shift $(($# < 1 ? $# : 1))
source launch/environment.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
kinds=("$@")
if ((${#kinds[@]} == 0)); then
  # The words of process.kind in the table that the program prints.
  keys=$("$bin/sgm-train" --print-keys)
  read -ra kinds <<< "$(sed -n '/^## `process`/,/^## `network`/ s/^| `kind` | \([^|]*\) |.*/\1/p' <<< "$keys" | tr -d ,)"
  ((${#kinds[@]})) || { echo "defaults: sgm-train --print-keys has no row of process.kind" >&2; exit 70; }
fi
mkdir -p "$runs"

# judge SOURCE OPTION...: sliced W2, mode width, share outside modes, evaluations, seconds.
judge() {
  local start end
  start=$(date +%s.%N)
  "$bin/sgm-sample" "$@" --count 10000 --output "$runs/samples.npy" --overwrite > "$runs/log" 2> /dev/null || return 1
  end=$(date +%s.%N)
  "$bin/sgm-evaluate" "$runs/samples.npy" --against eight-gaussians --metrics sliced-w2,modes --json \
    --set evaluation.directions=500 |
    sed -n 's/.*"metric":"\(sliced W2\|mode width\|outside modes\)","value":{"mean":\([^,]*\),.*/\2/p' | tr '\n' ' '
  sed "s/.*, \([0-9.,]*\) evaluations.*/\1/; q" "$runs/log" | tr -d '\n'
  awk -v a="$start" -v b="$end" 'BEGIN { printf " %.1f\n", b - a }'
}

echo '| process | score | sampler | sliced W2 | mode width | outside modes | evaluations | seconds |'
echo '|---|---|---|---|---|---|---|---|'
for kind in "${kinds[@]}"; do
  cat > "$runs/$kind.yaml" << YAML
name: $kind
data: {target: eight-gaussians, count: 50_000}
process: {kind: $kind}
training: {steps: 4_000, batch: 1024, learning_rate: 4e-3}
sampling: {count: 256}
evaluation: {directions: 10, repeats: 1, count: 200}
YAML
  [[ -e $runs/$kind ]] || "$bin/sgm-train" "$runs/$kind.yaml" --output "$runs/$kind" > /dev/null 2>&1
  for score in exact learned; do
    for sampler in default euler-maruyama ancestral; do
      source=("$runs/$kind")
      if [[ $score == exact ]]; then source=("$runs/$kind.yaml" --score exact); fi
      if [[ $sampler != default ]]; then source+=(--sampler "$sampler"); fi
      if line=$(judge "${source[@]}"); then
        read -r distance outside width evaluations seconds <<< "$line"
        printf '| `%s` | %s | `%s` | %.3f | %.3f | %.4f | %s | %s |\n' \
          "$kind" $score "${sampler/default/dpm-solver-2m}" "$distance" "$width" "$outside" "$evaluations" "$seconds"
      fi
    done
  done
done
