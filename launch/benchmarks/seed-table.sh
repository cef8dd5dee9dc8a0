#!/usr/bin/env bash
# Every method of the published comparison, on one shared network and one data set: trains and judges each recipe of
# launch/experiments/methods, and writes docs/seed-table.md and a picture of samples of each. A finished run is kept in RUNS: the
# same command goes on after an interruption.
# By the estimates of sgm-train --check, all recipes take about two hours on two cores, a quarter of that d3pm.
# Usage: launch/benchmarks/seed-table.sh [RUNS] [SEEDS] [RANKS] [OPTION OF sgm-train...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
runs=${1:-runs/seed-table} seeds=${2:-1} ranks=${3:-2}
shift $(($# < 3 ? $# : 3))
source launch/environment.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
python=${SGM_PYTHON:-.build-python/bin/python}
mkdir -p "$runs"
for seed in $(seq "$seeds"); do
  for recipe in launch/experiments/methods/*.yaml; do
    run=$runs/$(basename "$recipe" .yaml)-$seed
    if [[ -e $run.done ]]; then continue; fi
    if [[ -e $run/checkpoints/latest ]]; then
      words=(--resume "$run")
    else
      words=("$recipe" --output "$run" --overwrite --set seed="$seed" "$@")
      # A student learns from the run of its teacher, which stands before it in the alphabet.
      if [[ $recipe == */distillation.yaml ]]; then words+=(--distil "$runs/ddim-$seed"); fi
    fi
    if ! mpirun -q --oversubscribe -np "$ranks" "$bin/sgm-train" "${words[@]}" < /dev/null >> "$run.log" 2>&1; then
      echo "seed-table: $recipe failed with seed $seed; see $run.log" >&2
      continue
    fi
    touch "$run.done"
  done
done
"$python" launch/benchmarks/seed_table.py "$runs" docs
