#!/usr/bin/env bash
# Is a sampler at the floor when the score is exact? Funnel-100 under critically damped Langevin with several ε:
# sliced W2 of 20,000 samples over independent seeds beside the floor's, and whether the difference is within
# two standard errors + 3 %.
# Usage: launch/benchmarks/funnel-exact.sh [SEEDS] [RANKS] [SAMPLER] [STEPS] [GRID]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seeds=${1:-10} ranks=${2:-2} sampler=${3:-euler-maruyama} steps=${4:-1000} grid=${5:-uniform}
source launch/environment.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
launch() { if ((ranks > 1)); then mpirun -q --oversubscribe -np "$ranks" "$bin/$1" "${@:2}"; else "$bin/$1" "${@:2}"; fi < /dev/null; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/funnel.yaml" << 'YAML'
name: funnel-exact
data: {target: funnel, dimension: 100}
process:
  kind: critically-damped-langevin
  a: 1.0
  sigma: 1.4142135623730951
  epsilon: 0.25
  velocity_variance: 0.01
  beta: 4.0
sampling: {count: 20_000}
YAML
printf '%-8s %-22s %-22s %s\n' epsilon 'sliced W2 (mean ± se)' 'floor (mean ± se)' verdict
for epsilon in 0 0.25 1; do
  for seed in $(seq "$seeds"); do
    launch sgm-sample "$folder/funnel.yaml" --score exact --seed "$seed" \
      --sampler "$sampler" --steps "$steps" --grid "$grid" --set process.epsilon="$epsilon" \
      --output "$folder/samples.npy" > "$folder/log"
    launch sgm-evaluate "$folder/samples.npy" --against funnel --json \
      --set seed="$((1000 + seed))" --set evaluation.repeats=1 --set evaluation.count=20000 |
      grep '"sliced W2"' | sed 's/.*"value":{"mean":\([^,]*\),.*"floor":{"mean":\([^,]*\),.*/\1 \2/'
  done | awk -v e="$epsilon" '
    { v += $1; vv += $1 * $1; f += $2; ff += $2 * $2; n++ }
    END {
      v /= n; f /= n
      sv = n > 1 ? sqrt((vv / n - v * v) / (n - 1)) : 0
      sf = n > 1 ? sqrt((ff / n - f * f) / (n - 1)) : 0
      ok = v - f <= 2 * sqrt(sv * sv + sf * sf) + 0.03 * f ? "at the floor" : "ABOVE THE FLOOR"
      printf "%-8s %-22s %-22s %s\n", e, sprintf("%.4f ± %.4f", v, sv), sprintf("%.4f ± %.4f", f, sf), ok
    }'
done
