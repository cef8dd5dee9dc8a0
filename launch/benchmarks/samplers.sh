#!/usr/bin/env bash
# Is every sampler at the floor when the score is exact and the grid fine? MG25 and a Gaussian in two dimensions: sliced
# W2 over independent seeds beside the floor's, and whether the difference is within two standard errors + 3 %.
# Usage: launch/benchmarks/samplers.sh [SEEDS] [RANKS] [STEPS] [COUNT] [SAMPLER...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seeds=${1:-10} ranks=${2:-2} steps=${3:-500} count=${4:-1000}
shift $(($# < 4 ? $# : 4))
source launch/environment.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
samplers=("$@")
if ((${#samplers[@]} == 0)); then
  read -ra samplers <<< "$("$bin/sgm-train" --print-keys | sed -n 's/^| `sampler` | \([^|]*\) |.*/\1/p' | tr -d ,)"
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for target in gaussian mg25; do
  cat > "$folder/$target.yaml" << YAML
name: samplers
data: {target: $target, dimension: 2}
process: {kind: critically-damped-langevin}
sampling: {start: moments, final_time: 1e-4, grid: log-snr}
YAML
done

launch() {
  if ((ranks > 1)); then mpirun -q --oversubscribe -np "$ranks" "$bin/$1" "${@:2}"; else "$bin/$1" "${@:2}"; fi < /dev/null
}

# What a sampler needs beside the common settings. Langevin steps must be short beside the variance of the narrowest
# part, 0.005 for MG25 and 1 for the Gaussian; corrections as short as the bias of order r² (or δ) asks for.
settings() {
  case $1-$2 in
    diffusion-annealed-langevin-*) echo kind=variance-preserving slowdown=0.05 grid=quadratic steps=4000 ;;
    underdamped-annealed-langevin-*) echo kind=variance-preserving slowdown=0.05 friction=3 grid=quadratic steps=4000 ;;
    nelson-*) echo kind=variance-preserving slowdown=0.5 grid=quadratic steps=2000 ;;
    adaptive-euler-*) echo relative_tolerance=0.01 absolute_tolerance=0.01 ;;
    predictor-corrector-*) echo signal_to_noise=0.1 ;;
    annealed-langevin-*) echo corrections=20 step_size=0.05 ;;
    ula-gaussian) echo step_size=0.01 steps=1000 ;;
    mala-gaussian | kinetic-langevin-gaussian) echo step_size=0.1 steps=200 ;;
    ula-mg25) echo step_size=0.0002 steps=2000 ;;
    mala-mg25) echo step_size=0.002 steps=2000 ;;
    kinetic-langevin-mg25) echo step_size=0.01 steps=2000 ;;
  esac
}

echo '| sampler | law | sliced W2 | floor | evaluations | within two standard errors + 3 % |'
echo '|---|---|---|---|---|---|'
for sampler in "${samplers[@]}"; do
  for target in gaussian mg25; do
    own=()
    for setting in steps="$steps" $(settings "$sampler" "$target"); do
      if [[ $setting == kind=* ]]; then own+=(--set "process.$setting"); else own+=(--set "sampling.$setting"); fi
    done
    for seed in $(seq "$seeds"); do
      launch sgm-sample "$folder/$target.yaml" --score exact --seed "$seed" --sampler "$sampler" "${own[@]}" \
        --count "$count" --output "$folder/samples.npy" > "$folder/log"
      evaluations=$(sed 's/.*, \([0-9.,]*\) evaluations.*/\1/' "$folder/log")
      launch sgm-evaluate "$folder/samples.npy" --against "$target" --json --set seed="$((1000 + seed))" \
        --set evaluation.repeats=4 --set evaluation.count="$count" --set evaluation.directions=200 |
        grep '"sliced W2"' | sed 's/.*"value":{"mean":\([^,]*\),.*"floor":{"mean":\([^,]*\),.*/\1 \2 '"$evaluations/"
    done | awk -v s="$sampler" -v t="$target" '
      { v += $1; vv += $1 * $1; f += $2; ff += $2 * $2; n++; e = $3 }
      END {
        v /= n; f /= n
        sv = n > 1 ? sqrt((vv / n - v * v) / (n - 1)) : 0
        sf = n > 1 ? sqrt((ff / n - f * f) / (n - 1)) : 0
        ok = v - f <= 2 * sqrt(sv * sv + sf * sf) + 0.03 * f ? "yes" : "**no**"
        printf "| `%s` | %s | %.4f ± %.4f | %.4f ± %.4f | %s | %s |\n", s, t, v, sv, f, sf, e, ok
      }'
  done
done
