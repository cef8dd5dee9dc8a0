#!/usr/bin/env bash
# How near are samples of a mixed table to it? Trains on the penguins and on census incomes (adult) with no key but data.file,
# and judges as many samples as there are rows held back, beside baselines and a peer (tables.py says how).
#   penguins   258 rows to learn, 86 to judge by; usefulness predicts the species
#   adult      8,000 and 4,000 rows; usefulness predicts the income
# The peer needs SGM_PEER_PYTHON, an interpreter with ForestDiffusion; without it its line is left out.
# Usage: launch/benchmarks/tables.sh [TABLE] [RANKS] [SEED] [OPTION OF sgm-train...]
#   TABLE   penguins or adult (adult)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
table=${1:-adult} ranks=${2:-2} seed=${3:-1}
shift $(($# < 3 ? $# : 3))
python=${SGM_PYTHON:-.build-python/bin/python}
source launch/environment.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
launch() { mpirun -q --oversubscribe -np "$ranks" "$bin/$1" "${@:2}" > "$folder/log" < /dev/null || { cat "$folder/log"; exit 1; }; }
data=launch/experiments/data
case $table in
  penguins)
    target=species
    "$python" launch/benchmarks/tables.py cut $data/penguins/penguins.csv "$folder" "$seed"
    ;;
  adult)
    target=income
    cp $data/adult/train.csv $data/adult/test.csv "$folder"
    ;;
  *)
    echo "tables: '$table' is neither penguins nor adult" >&2
    exit 64
    ;;
esac
printf 'data: {file: train.csv}\n' > "$folder/table.yaml"
begin=$SECONDS
launch sgm-train "$folder/table.yaml" --output "$folder/run" --set seed="$seed" "$@"
count=$(($(wc -l < "$folder/test.csv") - 1))
launch sgm-sample "$folder/run" --count "$count" --output "$folder/sgm-train.csv"
echo "tables: sgm-train took $((SECONDS - begin)) s on $ranks ranks" >&2
names=(floor sgm-train)
if [[ -n ${SGM_PEER_PYTHON:-} ]]; then
  "$SGM_PEER_PYTHON" launch/benchmarks/tables.py draw peer "$folder" "$seed"
  names+=(peer)
fi
names+=(independent copula)
for name in floor independent copula; do "$python" launch/benchmarks/tables.py draw $name "$folder" "$seed"; done
echo "| $table | columns | pairs, mean | pairs, worst | C2ST | usefulness | copies |"
echo '|---|---|---|---|---|---|---|'
"$python" launch/benchmarks/tables.py judge "$folder" $target "$seed" "${names[@]}"
