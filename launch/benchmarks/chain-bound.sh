#!/usr/bin/env bash
# The bound of the reverse chain with each variance of its steps: 8 Gaussians, a chain of 50 steps, a learned variance, 2,000
# training steps; 1,000 fresh rows, nats a row.
# Usage: launch/benchmarks/chain-bound.sh [RUN]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
run=${1:-runs/chain-bound}
source launch/environment.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
[[ -e $run/report.html ]] || "$bin/sgm-train" launch/experiments/eight-gaussians.yaml --output "$run" --overwrite \
  --set network.variance=learned --set process.chain_steps=50 --set training.steps=2000 --set 'evaluation.metrics=[]' > /dev/null
for variance in learned forward posterior; do
  echo "sampling.reverse_variance $variance"
  "$bin/sgm-evaluate" "$run" --metrics bound --json --set evaluation.pair_count=1000 --set sampling.reverse_variance="$variance"
done
