#!/usr/bin/env bash
# The published comparison over ε from one network for each seed: launch/experiments/funnel-denoiser.yaml is trained once a
# seed, and sgm-theory draws every a × ε from it, from the stationary law, from the moments of p_T and from p_T itself, with
# the learned score and with the exact one. Mean ± standard deviation over the seeds.
# Every finished training and cell is kept in RUNS: the same command goes on after an interruption.
# Samples are drawn by the midpoint splitting, two evaluations a step: in 25 steps it is nearer to the exact law than Euler and
# Maruyama's sampler in 100 (docs/results.md). SAMPLER chooses another.
# Usage: launch/benchmarks/funnel-grid.sh [RUNS] [SEEDS] [RANKS] [COUNT] [STEPS] [OPTION OF sgm-train...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
runs=${1:-runs/funnel-grid} seeds=${2:-5} ranks=${3:-2} count=${4:-20000} steps=${5:-25}
shift $(($# < 5 ? $# : 5))
sampler=${SAMPLER:-splitting-midpoint}
as=${GRID_A:-0.1 0.25 0.5 1 2} epsilons=${GRID_EPSILON:-0 0.1 0.25 0.5 1}
source launch/environment.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
launch() { mpirun -q --oversubscribe -np "$ranks" "$bin/$1" "${@:2}" < /dev/null; }
mkdir -p "$runs"

for seed in $(seq "$seeds"); do
  run=$runs/seed-$seed
  launch sgm-train launch/experiments/funnel-denoiser.yaml --continue --output "$run" --set seed="$seed" "$@" \
    >> "$run.log" 2>&1
  for a in $as; do
    for epsilon in $epsilons; do
      cell=$runs/cell_seed=${seed}_a=${a}_epsilon=$epsilon.json
      if [[ -s $cell ]]; then continue; fi
      launch sgm-theory epsilon "$run" --set process.a="$a" --set process.epsilon="$epsilon" \
        --set sampling.sampler="$sampler" --count "$count" --steps "$steps" --repeats 1 --json > "$cell.part"
      mv "$cell.part" "$cell"
    done
  done
done

# number KEY: that column of every cell on standard input.
number() { sed -n 's/.*"'"$1"'":\([-0-9.e]*\).*/\1/p'; }
# spread: mean ± standard deviation of the numbers on standard input.
spread() {
  awk '{ s += $1; q += $1 * $1; n++ }
    END { if (n == 0) { printf "-"; exit }
      m = s / n; d = n > 1 ? sqrt((q - n * m * m > 0 ? q - n * m * m : 0) / (n - 1)) : 0; printf "%.3f ± %.3f", m, d }'
}
echo '| a | ε | stationary law, learned | exact | moments of p_T, learned | exact | p_T, learned | exact | floor |'
echo '|---|---|---|---|---|---|---|---|---|'
for a in $as; do
  for epsilon in $epsilons; do
    cells=$(cat "$runs"/cell_seed=*_a="${a}"_epsilon="$epsilon".json)
    printf '| %s | %s |' "$a" "$epsilon"
    for key in network 'stationary, exact' 'network of it' 'moments, exact' 'network there' 'p_T, exact' floor; do
      printf ' %s |' "$(number "$key" <<< "$cells" | spread)"
    done
    echo
  done
done
