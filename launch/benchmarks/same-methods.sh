#!/usr/bin/env bash
# The promise for every method of docs/seed-table.md: each recipe of launch/experiments/methods, with small networks and few
# steps, gives the same checkpoint, samples and log on 1, 2 and 3 ranks, and through a stop on 2 ranks and a resume on 1.
# Usage: launch/benchmarks/same-methods.sh [RECIPE]...   (default: all)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source launch/environment.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
recipes=("$@")
((${#recipes[@]})) || mapfile -t recipes < <(ls launch/experiments/methods | sed 's/\.yaml$//')
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
options=()
for setting in training.steps=12 training.batch=64 network.widths=32,32 sampling.count=300 \
  checkpoints.every=6 training.held_out_every=4 training.log_every=1 evaluation.metrics=sliced-w2 \
  evaluation.count=200 evaluation.directions=20 evaluation.repeats=2; do
  options+=(--set "$setting")
done

# run RANKS WORD...
run() {
  mpirun -q --oversubscribe -np "$1" "$bin/sgm-train" "${@:2}" < /dev/null > "$folder/log" 2>&1 || { cat "$folder/log" >&2; return 1; }
}

# digest RUN: of the last checkpoint, the samples, and the log less its times.
digest() {
  {
    cat "$1"/checkpoints/step-000000012.safetensors "$1"/samples/step-000000012.npy
    sed 's/,"seconds":.*//' "$1"/metrics.jsonl
  } | sha256sum | cut -c1-32
}

status=0
for recipe in "${recipes[@]}"; do
  words=("launch/experiments/methods/$recipe.yaml" "${options[@]}")
  # A student learns from a teacher of the same size, and samples in one step.
  if [[ $recipe == distillation ]]; then
    run 2 launch/experiments/methods/ddim.yaml "${options[@]}" --output "$folder/teacher"
    words+=(--distil "$folder/teacher")
  else
    words+=(--set sampling.steps=6)
  fi
  found=()
  for ranks in 1 2 3; do
    run "$ranks" "${words[@]}" --output "$folder/run"
    found+=("$(digest "$folder/run")")
    rm -r "$folder/run"
  done
  run 2 "${words[@]}" --output "$folder/run" --until 6
  run 1 --resume "$folder/run"
  found+=("$(digest "$folder/run")")
  rm -r "$folder/run"
  if (($(printf '%s\n' "${found[@]}" | sort -u | wc -l) == 1)); then
    echo "same       $recipe"
  else
    echo "DIFFERENT  $recipe: 1, 2 and 3 ranks, resumed: ${found[*]}"
    status=1
  fi
done
exit "$status"
