#!/usr/bin/env bash
# Few steps on the funnel with the exact score: d = 100, a = 2, σ = √2, ε = 0, v² = 0.01, β = 4, T = 1, analytic
# standardisation; sliced W2 of 20,000 samples in original units, mean and standard error over seeds, with 25, 50 and 100
# steps. An independent program gave 0.771, 0.359, 0.167 by Euler–Maruyama, 0.166, 0.129, 0.097 by splitting and 0.162,
# 0.122, 0.094 by splitting on the quadratic grid (floor 0.060 ± 0.004): the verdict allows 5 % + two standard errors.
# Usage: launch/benchmarks/funnel-steps.sh [SEEDS] [RANKS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seeds=${1:-5} ranks=${2:-2}
source launch/environment.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
launch() { if ((ranks > 1)); then mpirun -q --oversubscribe -np "$ranks" "$bin/$1" "${@:2}"; else "$bin/$1" "${@:2}"; fi < /dev/null; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/funnel.yaml" << 'YAML'
name: funnel-steps
data: {target: funnel, dimension: 100}
process:
  kind: critically-damped-langevin
  a: 2.0
  sigma: 1.4142135623730951
  epsilon: 0.0
  velocity_variance: 0.01
  beta: 4.0
sampling: {count: 20_000, final_time: 1e-3, denoise: true}
YAML
echo '| sampler | grid | steps | sliced W2 | reference | agrees |'
echo '|---|---|---|---|---|---|'
while read -r sampler grid steps reference; do
  for seed in $(seq "$seeds"); do
    launch sgm-sample "$folder/funnel.yaml" --score exact --seed "$seed" \
      --sampler "$sampler" --grid "$grid" --steps "$steps" --output "$folder/samples.npy" > "$folder/log"
    launch sgm-evaluate "$folder/samples.npy" --against funnel --json \
      --set seed="$((1000 + seed))" --set evaluation.repeats=1 --set evaluation.count=20000 |
      grep '"sliced W2"' | sed 's/.*"value":{"mean":\([^,]*\),.*/\1/'
  done | awk -v s="$sampler" -v g="$grid" -v n="$steps" -v r="$reference" '
    { v += $1; vv += $1 * $1; k++ }
    END {
      v /= k
      e = k > 1 ? sqrt((vv / k - v * v) / (k - 1)) : 0
      d = v > r ? v - r : r - v
      verdict = d <= 0.05 * r + 2 * e ? "yes" : sprintf("**no**, %.0f %% %s", 100 * d / r, v < r ? "below" : "above")
      printf "| `%s` | %s | %s | %.4f ± %.4f | %s |\n", s, g, n, v, e, r ? r " | " verdict : "|"
    }'
done << 'TABLE'
euler-maruyama uniform 25 0.771
euler-maruyama uniform 50 0.359
euler-maruyama uniform 100 0.167
splitting uniform 25 0.166
splitting uniform 50 0.129
splitting uniform 100 0.097
splitting quadratic 25 0.162
splitting quadratic 50 0.122
splitting quadratic 100 0.094
splitting-midpoint uniform 24
splitting-midpoint quadratic 24
TABLE
