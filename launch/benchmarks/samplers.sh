#!/usr/bin/env bash
# Is every sampler at the floor when the score is exact and the grid fine? MG25 and a Gaussian in two dimensions: sliced
# W2 over independent seeds beside the floor's, and whether the difference is within two standard errors + 3 %.
# Usage: launch/benchmarks/samplers.sh [SEEDS] [RANKS] [STEPS] [COUNT] [SAMPLER...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seeds=${1:-10} ranks=${2:-2} steps=${3:-1000} count=${4:-5000}
shift $(($# < 4 ? $# : 4))
samplers=("$@")
if ((${#samplers[@]} == 0)); then
  samplers=(euler-maruyama exponential-integrator splitting splitting-midpoint leapfrog baoab obabo stochastic-heun
    ancestral adaptive-euler probability-flow-euler probability-flow-heun ddim dpm-solver-2m exponential-multistep
    dormand-prince predictor-corrector annealed-langevin diffusion-annealed-langevin underdamped-annealed-langevin
    nelson ula mala kinetic-langevin)
fi
source launch/environment.sh
bin=$(launch/build.sh --show-bin-path)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for target in gaussian mg25; do
  cat > "$folder/$target.yaml" << YAML
name: samplers
data: {target: $target, dimension: 2}
process: {kind: critically-damped-langevin, epsilon: 0.25}
sampling: {start: moments, final_time: 1e-4, grid: log-snr}
YAML
done

# What each sampler needs beside the common settings.
settings() {
  case $1 in
    diffusion-annealed-langevin | underdamped-annealed-langevin)
      echo "--set process.kind=variance-preserving --set sampling.slowdown=0.002 --set sampling.grid=quadratic" ;;
    nelson) echo "--set process.kind=variance-preserving --set sampling.slowdown=0.5" ;;
    adaptive-euler) echo "--set sampling.relative_tolerance=0.01 --set sampling.absolute_tolerance=0.01" ;;
    annealed-langevin) echo "--set sampling.corrections=5" ;;
    ula) echo "--set sampling.step_size=0.0005 --set sampling.steps=20000" ;;
    mala | kinetic-langevin) echo "--set sampling.step_size=0.01 --set sampling.steps=20000" ;;
  esac
}

printf '%-30s %-9s %-20s %-20s %-14s %s\n' sampler target 'sliced W2 ± se' 'floor ± se' evaluations verdict
for sampler in "${samplers[@]}"; do
  for target in gaussian mg25; do
    read -ra own <<< "$(settings "$sampler")"
    for seed in $(seq "$seeds"); do
      mpirun -q --oversubscribe -np "$ranks" "$bin/sgm-sample" "$folder/$target.yaml" --score exact --seed "$seed" \
        --sampler "$sampler" --set sampling.steps="$steps" "${own[@]}" --count "$count" --output "$folder/samples.npy" \
        > "$folder/log"
      evaluations=$(sed 's/.*, \([0-9.,]*\) evaluations.*/\1/' "$folder/log")
      mpirun -q --oversubscribe -np "$ranks" "$bin/sgm-evaluate" "$folder/samples.npy" --against "$target" --json \
        --set seed="$((1000 + seed))" --set evaluation.repeats=4 --set evaluation.count="$count" \
        --set evaluation.directions=200 |
        grep '"sliced W2"' | sed 's/.*"value":{"mean":\([^,]*\),.*"floor":{"mean":\([^,]*\),.*/\1 \2 '"$evaluations/"
    done | awk -v s="$sampler" -v t="$target" '
      { v += $1; vv += $1 * $1; f += $2; ff += $2 * $2; n++; e = $3 }
      END {
        v /= n; f /= n
        sv = n > 1 ? sqrt((vv / n - v * v) / (n - 1)) : 0
        sf = n > 1 ? sqrt((ff / n - f * f) / (n - 1)) : 0
        ok = v - f <= 2 * sqrt(sv * sv + sf * sf) + 0.03 * f ? "at the floor" : "ABOVE THE FLOOR"
        printf "%-30s %-9s %-20s %-20s %-14s %s\n", s, t, sprintf("%.4f ± %.4f", v, sv), sprintf("%.4f ± %.4f", f, sf), e, ok
      }'
  done
done
