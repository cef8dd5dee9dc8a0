#!/usr/bin/env bash
# Which base keeps heavy tails? Annealed Langevin dynamics with the exact score of a mixture of ten Student-t laws of two
# degrees of freedom, from a Gaussian and from a Student-t base; tails beside those of exact draws (heavy_tails.py).
# The Student-t base has the scale of the components' tails, 1 in original units.
# Usage: launch/benchmarks/heavy-tails.sh [COUNT] [STEPS] [SLOWDOWN] [RANKS] [DIMENSIONS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
count=${1:-10000} steps=${2:-2000} slowdown=${3:-0.2} ranks=${4:-2} dimensions=${5:-2 10 50}
python=${SGM_PYTHON:-.build-python/bin/python}
source launch/environment.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
launch() { if ((ranks > 1)); then mpirun -q --oversubscribe -np "$ranks" "$bin/$1" "${@:2}"; else "$bin/$1" "${@:2}"; fi < /dev/null; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/mixture.yaml" << 'YAML'
name: heavy-tails
data: {target: student-t-mixture}
process: {kind: annealed}
sampling: {sampler: diffusion-annealed-langevin, grid: uniform, denoise: false}
YAML
echo '| d | base | median of \|x\| | 90 % | 99 % | 99.9 % | Hill index |'
echo '|---|---|---|---|---|---|---|'
for dimension in $dimensions; do
  sets=()
  for base in gaussian student-t; do
    degrees=()
    [[ $base == gaussian ]] || degrees=(--set process.base_degrees=2 --set process.base_scale=0.33)
    launch sgm-sample "$folder/mixture.yaml" --score exact --count "$count" \
      --set data.dimension="$dimension" --set process.base="$base" "${degrees[@]}" --set sampling.steps="$steps" \
      --set sampling.slowdown="$slowdown" --output "$folder/$dimension-$base.npy" > "$folder/log"
    sets+=("$base=$folder/$dimension-$base.npy")
  done
  "$python" launch/benchmarks/heavy_tails.py "$dimension" "${sets[@]}"
done
