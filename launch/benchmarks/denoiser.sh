#!/usr/bin/env bash
# One denoiser in place of a network on the state: every shipped experiment, and three laws that none of them has, trained
# with network.input state and again with noisy-data and the shrinkage head, for several training seeds. The laws are also
# trained with the radial feature. Prints sliced W2 (of ranks too for the laws), the classifier's accuracy and the held-out
# loss as mean ± standard deviation over the seeds, of one seed without ±. Every finished run is kept in RUNS: the same
# command goes on after an interruption. INPUTS chooses among state, noisy-data and radial.
# Usage: launch/benchmarks/denoiser.sh [RUNS] [SEEDS] [RANKS] [NAME...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
runs=${1:-runs/denoiser} seeds=${2:-3} ranks=${3:-1}
shift $(($# < 3 ? $# : 3))
shipped=(mg25 two-moons-posterior eight-schools double-well-4 digits) laws=(student-t sparse scales)
names=("$@")
((${#names[@]})) || names=("${shipped[@]}" "${laws[@]}")
python=${SGM_PYTHON:-.build-python/bin/python}
source launch/environment.sh
source launch/benchmarks/spread.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
mkdir -p "$runs"
[[ -e $runs/scales.npy ]] || "$python" launch/benchmarks/denoiser_laws.py "$runs"

# experiment NAME: the file of that experiment; a law's is written first.
experiment() {
  if [[ " ${shipped[*]} " == *" $1 "* ]]; then
    echo "launch/experiments/$1.yaml"
    return
  fi
  cat > "$runs/$1.yaml" << YAML
name: $1
data: {file: $1.npy, held_out: 0.2}
process:
  kind: critically-damped-langevin
  a: 1.0
  sigma: 1.4142135623730951
  epsilon: 0.25
  velocity_variance: 0.01
  beta: 4.0
network: {widths: [256, 256, 256], activation: silu, residual: true, output: posterior-mean}
training:
  objective: hsm
  steps: 6_000
  batch: 512
  shards: 8
  learning_rate: 1e-3
  learning_rate_schedule: cosine
  warmup_steps: 300
sampling: {sampler: splitting, steps: 250, grid: quadratic, count: 10_000}
evaluation: {count: 5_000}
YAML
  echo "$runs/$1.yaml"
}

for name in "${names[@]}"; do
  file=$(experiment "$name")
  metrics='[sliced-w2, c2st]' inputs='state noisy-data'
  if [[ $file == "$runs"/* ]]; then metrics='[sliced-w2, sliced-w2-ranks, c2st]' inputs+=' radial'; fi
  for input in ${INPUTS:-$inputs}; do
    settings=(--set "evaluation.metrics=$metrics")
    if [[ $input != state ]]; then settings+=(--set network.input=noisy-data --set network.shrinkage=true); fi
    if [[ $input == radial ]]; then settings+=(--set network.radial=true); fi
    for seed in $(seq "$seeds"); do
      mpirun -q --oversubscribe -np "$ranks" "$bin/sgm-train" "$file" --continue --output "$runs/$name-$input-$seed" \
        --set seed="$seed" "${settings[@]}" < /dev/null > "$runs/$name-$input-$seed.log" 2>&1
    done
  done
done

# figure RUN METRIC PART: a figure of the run's judgement.
figure() { sed -n 's/.*"metric":"'"$2"'".*"'"$3"'":{"mean":\([^,}]*\).*/\1/p' "$1/judgements.jsonl"; }
echo '| experiment | input | sliced W2 | floor | sliced W2 of ranks | floor | C2ST | held-out loss |'
echo '|---|---|---|---|---|---|---|---|'
for name in "${names[@]}"; do
  for input in state noisy-data radial; do
    all=()
    for run in "$runs/$name-$input"-*; do
      if [[ -e $run/judgements.jsonl ]]; then all+=("$run"); fi
    done
    ((${#all[@]})) || continue
    printf '| `%s` | `%s` |' "$name" "$input"
    for word in 'sliced W2/value' 'sliced W2/floor' 'sliced W2 of ranks/value' 'sliced W2 of ranks/floor' 'classifier accuracy/value'; do
      printf ' %s |' "$(for run in "${all[@]}"; do figure "$run" "${word%/*}" "${word#*/}"; done | spread)"
    done
    losses=$(for run in "${all[@]}"; do
      sed -n 's/.*"held_out_loss":\([^,}]*\).*/\1/p' "$run/metrics.jsonl" | tail -n 1
    done | spread)
    printf ' %s |\n' "$losses"
  done
done
