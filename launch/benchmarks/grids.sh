#!/usr/bin/env bash
# What a grid is worth to first-order steps, and to the default sampler: MG25 under the process of launch/experiments/mg25.yaml
# with the exact score; sliced W2 of 20,000 samples after 10, 20 and 50 steps, and the modes' width after 50.
# Usage: launch/benchmarks/grids.sh [RANKS] [SAMPLER,GRID...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
ranks=${1:-1}
pairs=("${@:2}")
((${#pairs[@]})) || pairs=({ancestral,ddim}\,{log-snr,quadratic,variance-quadratic} dpm-solver-2m,log-snr)
source launch/environment.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
launch() { if ((ranks > 1)); then mpirun -q --oversubscribe -np "$ranks" "$bin/$1" "${@:2}"; else "$bin/$1" "${@:2}"; fi < /dev/null; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# figure METRIC NAME [PART]: the value of one figure of the samples, or its floor.
figure() {
  launch sgm-evaluate "$folder/samples.npy" --against mg25 --json --metrics "$1" --set evaluation.count=20000 \
    --set evaluation.directions=500 --set evaluation.baseline=none |
    sed -n 's/.*"metric":"'"$2"'",.*"'"${3:-value}"'":{"mean":\([^,]*\),.*/\1/p'
}

echo '| sampler, grid | 10 steps | 20 | 50 | mode width at 50 |'
echo '|---|---|---|---|---|'
for pair in "${pairs[@]}"; do
  row=
  for steps in 10 20 50; do
    launch sgm-sample launch/experiments/mg25.yaml --score exact --sampler "${pair%,*}" --grid "${pair#*,}" --steps "$steps" \
      --count 20000 --output "$folder/samples.npy" --overwrite > "$folder/log"
    row+=$(printf ' %.3f |' "$(figure sliced-w2 'sliced W2')")
  done
  printf '| `%s`, `%s` |%s %.2f |\n' "${pair%,*}" "${pair#*,}" "$row" "$(figure modes 'mode width')"
done
printf '| floor | %.3f | | | |\n' "$(figure sliced-w2 'sliced W2' floor)"
