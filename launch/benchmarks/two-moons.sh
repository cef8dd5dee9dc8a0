#!/usr/bin/env bash
# How good is a posterior learned from 10,000 simulated pairs? Trains launch/experiments/two-moons-posterior.yaml (or takes
# a run of it), samples it under several observations and asks two_moons.py how well a classifier tells the samples from
# exact posterior draws; needs NumPy and scikit-learn (launch/install-dependencies.sh --tests).
# Usage: launch/benchmarks/two-moons.sh [RUN] [OBSERVATIONS] [DRAWS] [RANKS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
run=${1:-runs/two-moons-posterior} observations=${2:-10} draws=${3:-2000} ranks=${4:-2}
python=${SGM_PYTHON:-.build-python/bin/python}
source launch/environment.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
launch() { mpirun -q --oversubscribe -np "$ranks" "$bin/$1" "${@:2}" < /dev/null; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
[[ -e $run ]] || launch sgm-train launch/experiments/two-moons-posterior.yaml --output "$run" > /dev/null
i=0
while read -r x; do
  launch sgm-sample "$run" --condition="$x" --count "$draws" --output "$folder/$((i++)).npy" > /dev/null
done < <("$python" launch/benchmarks/two_moons.py observations "$observations")
"$python" launch/benchmarks/two_moons.py c2st "$folder" "$observations"
