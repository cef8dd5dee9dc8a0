#!/usr/bin/env bash
# The promise, at full length: a 300-step funnel-100 run gives the same bytes on any number of ranks, through stops and
# resumes, in debug mode, with LIBXSMM's code for other CPUs and without it, and with builds for other instruction sets.
# Usage: launch/benchmarks/same-bits.sh [BUILD-FOLDER]...   (default: this checkout's; name a second one to compare builds)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source launch/environment.sh
builds=("$@")
((${#builds[@]})) || builds=("$(launch/build.sh --show-bin-path)")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/funnel.yaml" << 'YAML'
name: funnel-bits
data: {target: funnel, dimension: 100, count: 20_000, held_out: 0.1}
process:
  kind: critically-damped-langevin
  a: 1.0
  sigma: 1.4142135623730951
  epsilon: 0.25
  velocity_variance: 0.01
  beta: 4.0
network: {widths: [256, 256, 256]}
training: {steps: 300, batch: 512, shards: 16, held_out_every: 100, log_every: 10}
sampling: {sampler: splitting, steps: 25, count: 2_000}
checkpoints: {every: 100}
evaluation: {directions: 100, repeats: 2, count: 2_000}
YAML

# digest RUN: of the last checkpoint, the samples, and the log less its times.
digest() {
  {
    cat "$1"/checkpoints/step-000000300.safetensors "$1"/samples/step-000000300.npy
    sed 's/,"seconds":.*//' "$1"/metrics.jsonl
  } | sha256sum | cut -c1-32
}

expected=
status=0
# report NAME RUN
report() {
  local found
  found=$(digest "$2")
  [[ -n $expected ]] || expected=$found
  if [[ $found == "$expected" ]]; then echo "same       $1"; else echo "DIFFERENT  $1"; status=1; fi
  rm -rf "$2"
}

# train NAME RANKS COMMAND-PREFIX... -- OPTIONS...
run() {
  local ranks=$1
  shift
  if ((ranks == 1)); then "$train" "$@"; else mpirun -q --oversubscribe -np "$ranks" "$train" "$@"; fi > "$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; return 1; }
}

for build in "${builds[@]}"; do
  train=$build/sgm-train
  for ranks in 1 2 3 4 7 8 16; do
    run "$ranks" "$folder/funnel.yaml" --output "$folder/run"
    report "$build: $ranks ranks" "$folder/run"
  done
  run 4 "$folder/funnel.yaml" --output "$folder/run" --until 100
  run 3 --resume "$folder/run" --until 200
  run 1 --resume "$folder/run"
  report "$build: to 100 on 4 ranks, to 200 on 3, to 300 on 1" "$folder/run"
  run 1 "$folder/funnel.yaml" --output "$folder/run" --debug
  report "$build: debug mode" "$folder/run"
  for target in hsw skx generic; do
    LIBXSMM_TARGET=$target run 2 "$folder/funnel.yaml" --output "$folder/run"
    report "$build: 2 ranks, LIBXSMM_TARGET=$target" "$folder/run"
  done
  GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F run 2 "$folder/funnel.yaml" --output "$folder/run"
  report "$build: 2 ranks, a C library without AVX2 and FMA" "$folder/run"
done
exit "$status"
