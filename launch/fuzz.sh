#!/usr/bin/env bash
# Mutated inputs for every reader, under the address sanitizer: launch/fuzz.sh [COUNT], 20,000 inputs a format by default.
# No crash, no input of more than 1 s of processor time or 256 MiB. A test that fails names the folder in which it left
# its input: keep that in Tests/FuzzTests/Seeds/FORMAT, where every later run reads it first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export SGM_FUZZ_COUNT=${1:-20000}
if ! [[ $SGM_FUZZ_COUNT =~ ^[1-9][0-9]*$ ]]; then
  echo "usage: launch/fuzz.sh [COUNT]" >&2
  exit 64
fi
options=(-c release -Xswiftc -enable-testing --sanitize address --scratch-path .build-asan)
export SGM_TESTS=FuzzTests
swift build "${options[@]}" --build-tests
# Freed memory is given back at once: what an input takes is told from what the sanitizer keeps.
ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=1 \
  swift test "${options[@]}" --skip-build --disable-xctest --filter '^FuzzTests\.'
