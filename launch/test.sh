#!/usr/bin/env bash
# Everything a change must pass: lint, build, unit tests, mpirun tests, faults, hosts and Slurm, address sanitizer, documentation.
# Usage: launch/test.sh [STAGE]..., all of them unless told; coverage only when it is named, as it builds anew; spelling and
# example are parts of lint and documentation.
# Ends with the times and the test runner's own summaries.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

all_stages=(install lint build unit mpirun faults cluster sanitizer documentation)
stages=("$@")
((${#stages[@]})) || stages=("${all_stages[@]}")
source launch/environment.sh
export LC_ALL=C.UTF-8 # a decimal point in times, whatever the machine speaks
export SGM_PYTHON=$PWD/.build-python/bin/python
logs=.build-logs
mkdir -p "$logs"
release=(-c release -Xswiftc -enable-testing)

# run_tests LOG OPTION...: shows the runner's output and keeps it; a run without a test is a failure.
run_tests() {
  local log=$logs/$1.txt
  shift
  swift test --skip-build --disable-xctest "$@" 2>&1 | tee "$log"
  if ! grep -q 'Test run with [1-9]' "$log"; then
    echo "test: no test ran; its filter may match nothing" >&2
    return 1
  fi
}

# again COMMAND...: tries a command that needs a network five times.
again() {
  local pause
  for pause in 5 15 45 90; do
    if "$@"; then return; fi
    echo "test: $1 failed; once more in $pause s" >&2
    sleep "$pause"
  done
  "$@"
}

# Python's readers must be there in a full run: a check that is skipped in silence checks nothing.
stage_install() {
  again launch/install-dependencies.sh --tests
  again swift package resolve
  again swift package --scratch-path .build-asan resolve
}

stage_lint() {
  swift format lint --strict --parallel --recursive Package.swift Sources Tests docs/example
  launch/folders.sh
  launch/mutation.sh --check
  stage_spelling
}

# Words of the pages, of comments, messages and scripts. What is left out are names of Swift, Python and people.
stage_spelling() {
  if ! "$SGM_PYTHON" -c 'import codespell_lib' 2> /dev/null; then
    echo "test: no codespell in $SGM_PYTHON; launch/install-dependencies.sh --tests installs it" >&2
    return 1
  fi
  "$SGM_PYTHON" -m codespell_lib --ignore-words-list inout,atMost,atLeast,ofSet,2st,ot,theis --skip '*.npy,*.csv,*.png,*.svg' \
    README.md CITATION.cff Package.swift docs Sources launch
}

# The manifest makes every warning in our Swift and C an error.
stage_build() { launch/build.sh --build-tests; }

stage_unit() { run_tests unit "${release[@]}" --skip '^LaunchTests\.'; }

# As many tests at once as there are cores; those of signals, stops and limits of time, which are marked so, alone.
stage_mpirun() { run_tests mpirun "${release[@]}" --filter '^LaunchTests\.'; }

# Each kind of fault once; launch/fault-campaign.sh without arguments brings 100.
stage_faults() { launch/fault-campaign.sh 12; }

# Three minutes over four hosts and a Slurm in namespaces; a machine that has none of that says so, and has not been tested so.
stage_cluster() {
  local status=0
  launch/cluster-test.sh --quick || status=$?
  ((status == 77)) || return "$status"
}

# Leaks are left out: Swift's runtime and Open MPI keep memory on purpose until exit. The suites are those of modules that may
# misuse memory at all: the compiler refuses an unsafe use without the word, so a module without it has none.
stage_sanitizer() {
  local sanitized=("${release[@]}" --sanitize address --scratch-path .build-asan) module tests=FuzzTests
  for module in $(grep -rlw unsafe Sources --include='*.swift' | cut -d/ -f2 | sort -u); do
    [[ ! -d Tests/${module}Tests ]] || tests+=,${module}Tests
  done
  export SGM_TESTS=$tests
  swift build "${sanitized[@]}" --build-tests
  ASAN_OPTIONS=detect_leaks=0 run_tests sanitizer "${sanitized[@]}" --filter "^(${tests//,/|})\\."
}

# The 30 files of which the unit tests run the smallest share of lines.
stage_coverage() {
  local scratch=("${release[@]}" --scratch-path .build-coverage) profiles=$PWD/.build-coverage/profiles tools bundle
  # Those of the compiler: others may not know its profiles.
  tools=$(dirname "$(readlink -f "$(command -v swift)")")
  swift build "${scratch[@]}" --enable-code-coverage --build-tests
  rm -rf "$profiles"
  # Not merged by swift test: processes that are killed or may write little leave profiles in pieces, which would end it.
  LLVM_PROFILE_FILE=$profiles/%p.profraw run_tests coverage "${scratch[@]}" --skip '^LaunchTests\.'
  "$tools/llvm-profdata" merge -sparse -failure-mode=all "$profiles"/*.profraw -o "$profiles/all.profdata"
  bundle=$(echo .build-coverage/release/*PackageTests.xctest)
  "$tools/llvm-cov" report "$bundle" -instr-profile="$profiles/all.profdata" \
    -ignore-filename-regex='Tests/|checkouts/|\.build' > "$logs/covered.txt"
  echo "lines run by the unit tests, least covered files first; all files are in $logs/covered.txt"
  awk '$1 ~ /\.(swift|c|cpp|h)$/ || $1 == "TOTAL" { printf "%7s of %4d lines  %s\n", $10, $8, $1 }' "$logs/covered.txt" \
    | sort -n | head -n 30
  awk '$1 == "TOTAL" { print "all: " $10 " of " $8 " lines" }' "$logs/covered.txt"
}

stage_documentation() {
  local module targets=()
  # The library modules: lower-case names are executables, and a C edge has no Swift.
  for module in Sources/[A-Z]*/; do
    if compgen -G "$module*.swift" > /dev/null; then targets+=(--target "$(basename "$module")"); fi
  done
  swift package "${release[@]}" generate-documentation "${targets[@]}" --warnings-as-errors
  again launch/site.sh --pages
  stage_example
}

# Another package imports the library, and draws the samples that docs/library.md shows.
stage_example() {
  local scratch=(--package-path docs/example --scratch-path .build-example)
  again swift package "${scratch[@]}" resolve
  swift run "${scratch[@]}" example | tee "$logs/example.txt"
  diff docs/example/output.txt "$logs/example.txt"
}

table=
for stage in "${stages[@]}"; do
  if ! declare -F "stage_$stage" > /dev/null; then
    echo "test: '$stage' is not a stage; they are: ${all_stages[*]}, and coverage" >&2
    exit 64
  fi
done
for stage in "${stages[@]}"; do
  echo "== $stage"
  begin=$EPOCHREALTIME
  # Not `( … ) || status=$?`: bash ignores -e on the left of ||, and a stage would run on past its first failure.
  set +e
  (set -e; "stage_$stage")
  status=$?
  set -e
  seconds=$(awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
  printf -v table '%s%-14s %7s s\n' "$table" "$stage" "$seconds"
  if ((status)); then
    printf '%s' "$table"
    echo "test: stage $stage failed with status $status" >&2
    exit "$status"
  fi
done

echo "== times"
printf '%s' "$table"
# Last, in the runner's words: what ran and what it found.
for stage in sanitizer mpirun unit; do
  [[ " ${stages[*]} " != *" $stage "* ]] || grep 'Test run with' "$logs/$stage.txt" | tail -n 1
done
