#!/usr/bin/env bash
# Floor and Gaussian baseline of the sliced W2 of the shipped files, over ten repeats, beside those of a program in NumPy that
# makes its own choices of rows and directions.
# Usage: launch/benchmarks/file-floors.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source launch/environment.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
echo '| file | rows | floor | Gaussian baseline | NumPy: floor | NumPy: baseline |'
echo '|---|---|---|---|---|---|'
while read -r file count all digits known; do
  path=launch/experiments/data/$file
  "$bin/sgm-evaluate" "$path" --against "$path" --json --set evaluation.count="$count" --set evaluation.repeats=10 \
    2> /dev/null < /dev/null | grep '"sliced W2"' |
    sed 's/.*"floor":{"mean":\([^,]*\),"deviation":\([^,}]*\).*"baseline":{"mean":\([^,]*\),"deviation":\([^,}]*\).*/\1 \2 \3 \4/' |
    awk -v file="$file" -v rows="$count of $all" -v n="$digits" -v known="$known" \
      '{ f = "%." n "f"; s = f " ± " f; printf "| `%s` | %s | " s " | " s " | %s |\n", file, rows, $1, $2, $3, $4, known }'
done << 'TABLE'
eight-schools/draws.npy 2000 10000 3 0.381 ± 0.025 | 1.006 ± 0.046
double-well-4/train.npy 2000 100000 3 0.250 ± 0.027 | 0.481 ± 0.033
digits/digits8x8.npy 850 1797 4 0.0216 ± 0.0020 | 0.0306 ± 0.0014
TABLE
