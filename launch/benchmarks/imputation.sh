#!/usr/bin/env bash
# How near to the truth are missing cells that are filled in? Removes a fifth of the cells of a table at random, completes
# its rows by sgm-sample --complete, and puts errors and a classifier's accuracy beside those of column means and
# scikit-learn's IterativeImputer (imputation.py says how; launch/install-dependencies.sh --tests).
#   penguins      the 333 birds without gaps, all eight columns: the network learns the very rows with their holes
#   double-well   1,000 held-out rows: the network learns the whole rows for training, in STEPS steps of 256 rows
# Usage: launch/benchmarks/imputation.sh [DRAWS] [RANKS] [STEPS] [SEED]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
draws=${1:-16} ranks=${2:-2} steps=${3:-4000} seed=${4:-1}
python=${SGM_PYTHON:-.build-python/bin/python}
source launch/environment.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
launch() { mpirun -q --oversubscribe -np "$ranks" "$bin/$1" "${@:2}" > "$folder/log" < /dev/null || { cat "$folder/log"; exit 1; }; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
data=launch/experiments/data
echo '| data | method | RMSE, mean of draws | words right, most frequent | RMSE, a draw | words right, a draw | C2ST |'
echo '|---|---|---|---|---|---|---|'
for kind in penguins double-well; do
  mkdir "$folder/$kind"
  "$python" launch/benchmarks/imputation.py remove "$kind" "$data" "$folder/$kind" "$seed"
  if [[ $kind == penguins ]]; then
    launch sgm-train launch/experiments/penguins.yaml --set data.file="$folder/$kind/holes.csv" \
      --set data.held_out=0 --output "$folder/$kind/run"
  else
    launch sgm-train launch/experiments/double-well-4.yaml --set training.steps="$steps" --set training.batch=256 \
      --set evaluation.metrics=sliced-w2 --output "$folder/$kind/run"
  fi
  launch sgm-sample "$folder/$kind/run" --complete "$folder/$kind/holes.csv" --count "$draws" \
    --output "$folder/$kind/full.csv"
  "$python" launch/benchmarks/imputation.py judge "$kind" "$data" "$folder/$kind" "$draws" "$seed"
done
