#!/usr/bin/env bash
# Runs the mpirun tests again and again beside busy loops: launch/repeat.sh [RUNS [SUITE]...], 20 runs of all suites unless told
# A test that depends on how fast the machine is fails here sooner or later. Needs a build: launch/build.sh --build-tests.
# Prints a line for each run with what failed in it; status 1 if anything did.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source launch/environment.sh
runs=${1:-20}
[[ $runs =~ ^[1-9][0-9]*$ ]] || { echo "repeat: '$runs' is no number of runs" >&2; exit 64; }
shift $(($# ? 1 : 0))
filter='^LaunchTests\.'
(($#)) && filter="^LaunchTests\.LaunchTests/($(IFS='|'; echo "$*"))"
logs=.build-logs
mkdir -p "$logs"

loops=()
trap '((${#loops[@]} == 0)) || kill "${loops[@]}" 2> /dev/null' EXIT
for _ in 1 2; do
  while :; do :; done &
  loops+=($!)
done

failed=0
for ((run = 1; run <= runs; run++)); do
  begin=$SECONDS log=$logs/repeat-$run.txt status=0
  swift test --skip-build --disable-xctest -c release -Xswiftc -enable-testing --filter "$filter" > "$log" 2>&1 || status=$?
  grep -q 'Test run with [1-9]' "$log" || { echo "repeat: no test ran for the filter $filter" >&2; exit 65; }
  if ((status)); then
    failed=$((failed + 1))
    echo "run $run of $runs: failed after $((SECONDS - begin)) s"
    grep 'recorded an issue' "$log" || tail -n 3 "$log"
  else
    echo "run $run of $runs: passed in $((SECONDS - begin)) s"
  fi
done
echo "$failed of $runs runs failed"
((failed == 0))
