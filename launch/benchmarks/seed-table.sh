#!/usr/bin/env bash
# Every method of the published comparison, on one shared network: trains and judges each recipe of launch/experiments/methods on
# handwritten digits and on a law of known density, and writes docs/seed-table.md and a picture of samples of each. A finished run
# is kept in RUNS: the same command goes on after an interruption. As many recipes run at once as the machine has cores for.
# Usage: launch/benchmarks/seed-table.sh [RUNS] [SEEDS] [RANKS] [OPTION OF sgm-train...]
#   RUNS       folder of the runs (runs/seed-table)
#   SEEDS      seeds of each recipe on the digits (1); on the law there is one
#   RANKS      ranks of each recipe (1); the results are the same bytes for any number
#   SGM_RECIPES  environment variable: names of the recipes to run, in place of all
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
runs=${1:-runs/seed-table} seeds=${2:-1} ranks=${3:-1}
shift $(($# < 3 ? $# : 3))
source launch/environment.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
python=${SGM_PYTHON:-.build-python/bin/python}
mkdir -p "$runs/law"

# train RUN RECIPE SEED TEACHER [OPTION...]: trains and judges one recipe, or goes on with it.
train() {
  local run=$1 recipe=launch/experiments/methods/$2.yaml words
  if [[ -e $run.done ]]; then return; fi
  if [[ -e $run/checkpoints/latest ]]; then
    words=(--resume "$run")
  else
    words=("$recipe" --output "$run" --overwrite --set seed="$3" "${@:5}")
    if [[ $2 == distillation ]]; then words+=(--distil "$4"); fi
  fi
  if mpirun -q --oversubscribe --bind-to none -np "$ranks" "$bin/sgm-train" "${words[@]}" < /dev/null >> "$run.log" 2>&1; then
    touch "$run.done"
  else
    echo "seed-table: $recipe failed with seed $3; see $run.log" >&2
  fi
}

# digits RECIPE SEED [OPTION...]: a recipe on the data that it names.
digits() { train "$runs/$1-$2" "$1" "$2" "$runs/ddim-$2" "${@:3}"; }

# law RECIPE SEED [OPTION...]: the same method on a law whose density is known, and judged beside it. What the recipe says of
# levels, pictures and classes falls away, and so do Fourier features of the input, which are for the lowest bits of a level.
law() {
  local settings=(data.target=mg25 data.count=50_000 data.held_out=0.1 data.file=null data.levels=null data.images=false
    data.standardise=true network.input_frequencies=[] evaluation.classes=null) metrics=nll, words=()
  if [[ $1 == distillation ]]; then metrics=; fi
  if [[ $1 == lsgm ]]; then settings+=(latent.dimension=2); fi
  if grep -q 'metrics:.*bound' "launch/experiments/methods/$1.yaml"; then metrics+=bound,; fi
  for setting in "${settings[@]}" "evaluation.metrics=${metrics}sliced-w2,modes"; do words+=(--set "$setting"); done
  train "$runs/law/$1-$2" "$1" "$2" "$runs/law/ddim-$2" "${words[@]}" "${@:3}"
}
export -f train digits law
export runs ranks bin

# all FUNCTION SEED... < RECIPES: as many at once as the machine has cores for.
all() {
  while read -r name; do
    if [[ " ${SGM_RECIPES:-$name} " == *" $name "* ]]; then for seed in "${@:2}"; do printf '%s\0' "$1 $name $seed"; done; fi
  done | xargs -0 -r -P "$((ranks < $(nproc) ? $(nproc) / ranks : 1))" -I{} bash -c '$0 "$@"' {} "${options[@]}"
}
options=("$@")
# A student comes after its teacher. Of the others the longest comes first, so that no core waits for it at the end.
names() { ls launch/experiments/methods | sed 's/\.yaml$//' | grep "$@"; }
# Without levels there is nothing for states and for a dequantiser.
names -vE 'd3pm|variational|distillation' | all law 1
names distillation | all law 1
{ names d3pm; names -vE 'd3pm|distillation'; } | all digits $(seq "$seeds")
names distillation | all digits $(seq "$seeds")
"$python" launch/benchmarks/seed_table.py "$runs" docs
