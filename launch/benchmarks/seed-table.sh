#!/usr/bin/env bash
# Every method of the published comparison, on one shared network and one data set: trains and judges each recipe of
# launch/experiments/methods, and writes docs/seed-table.md and a picture of samples of each. A finished run is kept in RUNS: the
# same command goes on after an interruption. As many recipes run at once as the machine has cores for.
# Usage: launch/benchmarks/seed-table.sh [RUNS] [SEEDS] [RANKS] [OPTION OF sgm-train...]
#   RUNS       folder of the runs (runs/seed-table)
#   SEEDS      seeds of each recipe (1)
#   RANKS      ranks of each recipe (1); the results are the same bytes for any number
#   SGM_RECIPES  environment variable: names of the recipes to run, in place of all
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
runs=${1:-runs/seed-table} seeds=${2:-1} ranks=${3:-1}
shift $(($# < 3 ? $# : 3))
source launch/environment.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
python=${SGM_PYTHON:-.build-python/bin/python}
mkdir -p "$runs"

# run RECIPE SEED [OPTION...]: trains and judges one recipe, or goes on with it.
run() {
  local recipe=launch/experiments/methods/$1.yaml run=$runs/$1-$2 words
  if [[ -e $run.done ]]; then return; fi
  if [[ -e $run/checkpoints/latest ]]; then
    words=(--resume "$run")
  else
    words=("$recipe" --output "$run" --overwrite --set seed="$2" "${@:3}")
    # A student learns from the run of its teacher.
    if [[ $1 == distillation ]]; then words+=(--distil "$runs/ddim-$2"); fi
  fi
  if mpirun -q --oversubscribe --bind-to none -np "$ranks" "$bin/sgm-train" "${words[@]}" < /dev/null >> "$run.log" 2>&1; then
    touch "$run.done"
  else
    echo "seed-table: $recipe failed with seed $2; see $run.log" >&2
  fi
}
export -f run
export runs ranks bin

# The longest recipe comes first, so that no core waits for it at the end; students come after all teachers.
names() { ls launch/experiments/methods | sed 's/\.yaml$//'; }
for stage in "$(names | grep d3pm; names | grep -vE 'd3pm|distillation')" distillation; do
  for seed in $(seq "$seeds"); do
    for name in $stage; do
      if [[ " ${SGM_RECIPES:-$name} " == *" $name "* ]]; then printf '%s\0' "$name $seed"; fi
    done
  done | xargs -0 -r -P "$((ranks < $(nproc) ? $(nproc) / ranks : 1))" -I{} bash -c 'run $0 "$@"' {} "$@"
done
"$python" launch/benchmarks/seed_table.py "$runs" docs
