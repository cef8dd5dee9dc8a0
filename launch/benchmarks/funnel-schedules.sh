#!/usr/bin/env bash
# The funnel in 50 dimensions under the noise schedules that Strasman et al. 2024 (arXiv 2402.04650) compare, all from one
# network for each training seed: it is trained on noise levels that hold every schedule's. Sliced W2 of COUNT samples and
# 2,000 directions by Euler and Maruyama's sampler in STEPS steps, as mean ± standard deviation over the seeds.
# Every finished training and cell is kept in RUNS: the same command goes on after an interruption.
# Usage: launch/benchmarks/funnel-schedules.sh [RUNS] [SEEDS] [RANKS] [COUNT] [STEPS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
runs=${1:-runs/funnel-schedules} seeds=${2:-3} ranks=${3:-2} count=${4:-50000} steps=${5:-250}
source launch/environment.sh
source launch/benchmarks/spread.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
launch() { mpirun -q --oversubscribe -np "$ranks" "$bin/$1" "${@:2}" < /dev/null; }
mkdir -p "$runs"
cat > "$runs/funnel-50.yaml" << YAML
name: funnel-50
data: {target: funnel, dimension: 50, count: 1_000_000, held_out: 0.01}
process: {kind: variance-preserving}
network:
  widths: [256, 256, 256, 256]
  activation: silu
  residual: true
  input: noisy-data
  output: posterior-mean
  shrinkage: true
  radial: true
training:
  objective: hsm
  steps: 10_000
  batch: 1024
  shards: 8
  learning_rate: 1e-3
  learning_rate_schedule: cosine
  minimum_noise: 0.02
  maximum_noise: 12_000        # where the fastest schedule ends
  time_law: log-uniform
sampling: {sampler: euler-maruyama, grid: quadratic, final_time: 0.0034, count: 256}
evaluation: {directions: 50, count: 256, repeats: 1}
YAML
# A word for each schedule, and its settings.
schedules=('linear|schedule=linear' 'cosine|schedule=cosine')
for growth in -10 -3 3 10; do schedules+=("exponential, a = $growth|schedule=exponential beta_growth=$growth"); done

for seed in $(seq "$seeds"); do
  run=$runs/seed-$seed
  launch sgm-train "$runs/funnel-50.yaml" --continue --output "$run" --set seed="$seed" > "$run.log" 2>&1
  for entry in "${schedules[@]}"; do
    settings=() cell=$run-${entry#*|}
    cell=${cell// /,}
    for setting in ${entry#*|}; do settings+=(--set "process.$setting"); done
    [[ -s $cell.json ]] && continue
    launch sgm-sample "$run" "${settings[@]}" --steps "$steps" --count "$count" --output "$cell.npy" --overwrite > "$cell.log" 2>&1
    launch sgm-evaluate "$cell.npy" --against funnel --set data.dimension=50 --set evaluation.count="$count" \
      --set evaluation.directions=2000 --metrics sliced-w2 --json > "$cell.part" 2>> "$cell.log"
    mv "$cell.part" "$cell.json"
    rm "$cell.npy"
  done
done

# figure PART: that figure of the sliced W2 of every file on standard input.
figure() {
  sed -n 's/.*"metric":"sliced W2",.*"'"$1"'":{"mean":\([^,}]*\).*/\1/p' | spread
}
echo '| schedule | sliced W2 | floor | Gaussian baseline |'
echo '|---|---|---|---|'
for entry in "${schedules[@]}"; do
  word=${entry#*|}
  cells=$(cat "$runs"/seed-*-"${word// /,}".json)
  printf '| %s | %s | %s | %s |\n' "${entry%%|*}" "$(figure value <<< "$cells")" "$(figure floor <<< "$cells")" \
    "$(figure baseline <<< "$cells")"
done
