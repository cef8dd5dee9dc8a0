#!/usr/bin/env bash
# How good are posteriors learned from simulated pairs? Trains the experiments of launch/experiments/posteriors (or takes runs
# of them), draws given the observations of launch/experiments/data/posteriors, and prints the C2ST against the reference
# draws beside the published one, and the calibration over held-out pairs. Needs NumPy and scikit-learn
# (launch/install-dependencies.sh --tests). ROWS of either set are compared, 2,000 unless said; the published figures are of
# 10,000, whose classifier takes minutes an observation and sees a little more.
# Usage: launch/benchmarks/posteriors.sh [PAIRS] [RANKS] [TASK...] [KEY=VALUE...]
# Runs are kept in runs/posteriors/TASK-PAIRS; those with settings, KEY=VALUE, have the settings' checksum behind it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
pairs=${1:-10000} ranks=${2:-2}
tasks=() settings=()
for word in "${@:3}"; do
  if [[ $word == *=* ]]; then settings+=(--set "$word"); else tasks+=("$word"); fi
done
suffix=
((${#settings[@]} == 0)) || suffix=-$(printf '%s\n' "${settings[@]}" | cksum | cut -d' ' -f1)
((${#tasks[@]})) || tasks=(two-moons slcp gaussian-mixture gaussian-linear bernoulli-glm)
python=${SGM_PYTHON:-.build-python/bin/python}
source launch/environment.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
launch() { mpirun -q --oversubscribe -np "$ranks" "$bin/$1" "${@:2}" < /dev/null; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p runs/posteriors
for task in "${tasks[@]}"; do
  run=runs/posteriors/$task-$pairs$suffix
  if [[ ! -e $run/report.html ]]; then
    launch sgm-train "launch/experiments/posteriors/$task.yaml" --overwrite --set "data.count=$pairs" \
      --set 'evaluation.metrics=[]' "${settings[@]}" --output "$run" > "$folder/train.log" 2>&1 || { cat "$folder/train.log"; exit 1; }
  fi
  "$python" launch/benchmarks/posteriors.py observations "$task" "$folder"
  for file in "$folder/$task"-*.csv; do
    launch sgm-sample "$run" --condition "$file" --count 10000 --overwrite --output "${file%.csv}.npy" > /dev/null
  done
  "$python" launch/benchmarks/posteriors.py c2st "$task" "$pairs" "$folder" "${ROWS:-2000}"
  launch sgm-evaluate "$run" --metrics coverage,sbc,tarp
done
