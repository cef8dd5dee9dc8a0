#!/usr/bin/env bash
# What perfect samples score: floor and Gaussian baseline of the built-in laws at several sizes, mean ± standard deviation
# over repeats, as the table of docs/judging.md. Where a figure is known from elsewhere, says whether it agrees: within
# two standard errors of the mean + 3 %.
# Usage: [LAWS='funnel 100'] launch/benchmarks/calibration.sh [REPEATS] [RANKS] [METRICS] [SIZE]...
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
repeats=${1:-10} ranks=${2:-2} metrics=${3:-sliced-w2}
sizes=("${@:4}")
((${#sizes[@]})) || sizes=(2000 10000 20000 50000)
source launch/environment.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
launch() { if ((ranks > 1)); then mpirun -q --oversubscribe -np "$ranks" "$bin/$1" "${@:2}"; else "$bin/$1" "${@:2}"; fi < /dev/null; }

# target dimension: size floor baseline, as computed by an independent program (2,000 directions).
known='
funnel 100 2000 0.146 -
funnel 100 20000 0.060 -
funnel 100 50000 0.043 0.2905
funnel 50 50000 0.039 0.287
mg25 2 50000 0.0195 0.257
mg25 100 50000 0.0042 0.0083
diamond 2 50000 0.0076 0.100
'

laws='funnel 50
funnel 100
mg25 2
mg25 100
diamond 2'

echo '| law | rows | metric | floor | Gaussian baseline | unit | agrees |'
echo '|---|---|---|---|---|---|---|'
while read -r target dimension; do
  for size in "${sizes[@]}"; do
    launch sgm-evaluate "$target" --against "$target" --json \
      --metrics "$metrics" --set data.dimension="$dimension" --set evaluation.count="$size" \
      --set evaluation.pair_count="$((size < 5000 ? size : 5000))" --set evaluation.repeats="$repeats" |
      awk -v target="$target" -v dimension="$dimension" -v asked="$size" -v repeats="$repeats" -v known="$known" '
        function text(name) {
          return match($0, "\"" name "\":\"[^\"]*\"") ? substr($0, RSTART + length(name) + 4, RLENGTH - length(name) - 5) : ""
        }
        function part(name, member,   found) {
          if (!match($0, "\"" name "\":\\{[^}]*\\}")) return ""
          found = substr($0, RSTART, RLENGTH)
          return match(found, "\"" member "\":[^,}]*") ? substr(found, RSTART + length(member) + 3, RLENGTH - length(member) - 3) : ""
        }
        function near(value, deviation, truth,   slack) {
          if (truth == "-" || truth == "") return ""
          slack = 2 * deviation / sqrt(repeats) + 0.03 * truth
          return value - truth <= slack && truth - value <= slack ? "yes" : "NO (" truth ")"
        }
        BEGIN {
          lines = split(known, line, "\n")
          for (i = 1; i <= lines; i++) {
            split(line[i], word, " ")
            if (word[1] == target && word[2] == dimension && word[3] == asked) { floor = word[4]; baseline = word[5] }
          }
        }
        {
          name = text("metric")
          rows = $0; sub(/.*"rows":/, "", rows); sub(/,.*/, "", rows)
          f = part("floor", "mean"); fd = part("floor", "deviation")
          b = part("baseline", "mean"); bd = part("baseline", "deviation")
          verdict = ""
          if (name == "sliced W2") {
            verdict = near(f, fd, floor)
            other = near(b, bd, baseline)
            if (other != "") verdict = verdict ", " other
          }
          printf "| %s-%s | %s | %s | %.4g ± %.2g | %.4g ± %.2g | %s | %s |\n", \
            target, dimension, rows, name, f, fd, b, bd, text("unit"), verdict
        }'
  done
done <<< "${LAWS:-$laws}"
