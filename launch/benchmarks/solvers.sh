#!/usr/bin/env bash
# What an evaluation of a learned score is worth: one variance-preserving and one variance-exploding network each for
# 8 Gaussians and the funnel in 50 dimensions, sampled by several solvers at several numbers of evaluations; a table of
# sliced W2 of 10,000 samples in original units, with floor and Gaussian baseline. Trains what is not in RUNS yet.
# Usage: launch/benchmarks/solvers.sh [RUNS] [RANKS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
runs=${1:-runs/solvers} ranks=${2:-2}
source launch/environment.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
launch() { mpirun -q --oversubscribe -np "$ranks" "$bin/$1" "${@:2}" < /dev/null; }
mkdir -p "$runs"

# train TARGET DIMENSION WIDTHS KIND
train() {
  [[ ! -e $runs/$1-$4 ]] || return 0
  cat > "$runs/experiment.yaml" << YAML
name: $1-$4
data: {target: $1, dimension: $2}
process: {kind: $4}
network: {widths: $3}
training: {steps: 10_000, batch: 512, shards: 8, minimum_time: 1e-4, ema_decay: 0.999}
sampling: {count: 1000, final_time: 1e-3}
YAML
  launch sgm-train "$runs/experiment.yaml" --output "$runs/$1-$4" > /dev/null
}

# judge RUN TARGET SETTING...: sliced W2, floor, baseline and evaluations.
judge() {
  local run=$1 target=$2 setting options=()
  for setting in "${@:3}"; do options+=(--set "sampling.$setting"); done
  launch sgm-sample "$run" "${options[@]}" --count 10000 --output "$runs/samples.npy" > "$runs/log"
  launch sgm-evaluate "$runs/samples.npy" --against "$target" --json --set evaluation.directions=500 \
    --set evaluation.repeats=3 --set evaluation.count=10000 | grep '"sliced W2"' |
    sed 's/.*"value":{"mean":\([^,]*\),.*"floor":{"mean":\([^,]*\),.*"baseline":{"mean":\([^,]*\),.*/\1 \2 \3/' |
    sed "s|\$| $(sed 's/.*, \([0-9.,]*\) evaluations.*/\1/; s/,//g' "$runs/log")|"
}

# settings SAMPLER EVALUATIONS: the final denoising is one of them.
settings() {
  case $1 in
    probability-flow-heun | predictor-corrector) echo "steps=$((($2 - 1) / 2))" ;;
    annealed-langevin) echo "steps=$((($2 - 1) / 3)) corrections=3 step_size=0.3" ;;
    adaptive-euler) awk -v n="$2" 'BEGIN { e = 10 / n; print "relative_tolerance=" e " absolute_tolerance=" e / 10 }' ;;
    *) echo "steps=$(($2 - 1))" ;;
  esac
}

for law in 'eight-gaussians 2 [128,128,128]' 'funnel 50 [256,256,256]'; do
  read -r target dimension widths <<< "$law"
  echo "| $target-$dimension, sampler | process | 10 | 20 | 50 | 100 | 200 |"
  echo '|---|---|---|---|---|---|---|'
  for kind in variance-preserving variance-exploding; do
    train "$target" "$dimension" "$widths" "$kind"
    for sampler in ancestral ddim annealed-langevin predictor-corrector probability-flow-heun dpm-solver-2m adaptive-euler; do
      line="| \`$sampler\` | \`$kind\` |"
      for evaluations in 10 20 50 100 200; do
        read -ra own <<< "sampler=$sampler grid=edm $(settings "$sampler" "$evaluations")"
        read -r value floor baseline used < <(judge "$runs/$target-$kind" "$target" "${own[@]}")
        cell=$(printf '%.3f' "$value")
        if ((${used%.*} > evaluations || ${used%.*} + 3 < evaluations)); then cell+=" (${used%.*})"; fi
        line+=" $cell |"
      done
      echo "$line"
    done
  done
  printf '| floor %.3f, Gaussian baseline %.3f | | | | | | |\n\n' "$floor" "$baseline"
done
