#!/usr/bin/env bash
# How wide the modes of 8 Gaussians come out under every process, divided by their true width: 10,000 samples by the default
# sampler with 51 evaluations, by the reverse SDE and by ancestral steps with 251.
# Usage: launch/benchmarks/mode-widths.sh [PROCESS...]          with the exact score
#        launch/benchmarks/mode-widths.sh --learned [RUNS]      with networks of the quick start, trained in RUNS where they are not
#        launch/benchmarks/mode-widths.sh --quick-start [RUN]   the quick start's own network by three samplers, and rows outside
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source launch/environment.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
experiment=launch/experiments/eight-gaussians.yaml

# judge NAME SOURCE OPTION...: one figure of 10,000 samples, nothing where the sampler does not serve the process.
judge() {
  "$bin/sgm-sample" "${@:2}" --count 10000 --output "$folder/samples.npy" --overwrite > "$folder/log" 2>&1 < /dev/null ||
    return 0
  "$bin/sgm-evaluate" "$folder/samples.npy" --against eight-gaussians --json --metrics modes --set evaluation.repeats=1 |
    sed -n 's/.*"metric":"'"$1"'","value":{"mean":\([^,]*\),.*/\1/p'
}

# width SOURCE OPTION...: the modes' width with three decimals, – where the sampler does not serve the process.
width() { judge 'mode width' "$@" | awk '{ w = sprintf("%.3f", $1) } END { print w == "" ? "–" : w }'; }

# train RUN OPTION...: the quick start's training, unless RUN is there.
train() {
  [[ -e $1/report.html ]] || "$bin/sgm-train" "$experiment" --output "$1" --overwrite --set 'evaluation.metrics=[]' "${@:2}" \
    > "$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
}

case ${1:-} in
  --quick-start)
    run=${2:-runs/eight-gaussians}
    train "$run"
    echo '| sampler | evaluations | mode width | outside modes |'
    echo '|---|---|---|---|'
    for line in '`dpm-solver-2m` | 51' '`ancestral` | 251' '`euler-maruyama`, `quadratic` | 251'; do
      sampler=$(sed 's/`\([^`]*\)`.*/\1/' <<< "$line")
      printf '| %s | %s | %s |\n' "$line" "$(width "$run" --sampler "$sampler")" \
        "$(judge 'outside modes' "$run" --sampler "$sampler" | awk '{ printf "%.2f %%", 100 * $1 }')"
    done
    ;;
  --learned)
    runs=${2:-runs/mode-widths}
    noisy=(--set network.input=noisy-data)
    train "$runs/narrow" "${noisy[@]}" --set training.minimum_noise=0.002 --set training.maximum_noise=200
    train "$runs/wide" "${noisy[@]}" --set training.minimum_noise=0.0015 --set training.maximum_noise=1100
    train "$runs/annealed" "${noisy[@]}" --set process.kind=annealed
    echo '| process | mode width |'
    echo '|---|---|'
    while read -r kind run; do
      printf '| `%s` | %s |\n' "$kind" "$(width "$runs/$run" --set process.kind="$kind" --sampler dpm-solver-2m)"
    done << 'TABLE'
ornstein-uhlenbeck narrow
variance-preserving narrow
sub-variance-preserving narrow
variance-exploding narrow
critically-damped-langevin narrow
phase-space-langevin wide
third-order-langevin wide
flow-matching wide
annealed annealed
TABLE
    ;;
  *)
    # The process alone, with its own defaults, and the quick start's data.
    printf '%s\n' 'name: widths' 'data: {target: eight-gaussians, dimension: 2}' > "$folder/widths.yaml"
    kinds=("$@")
    ((${#kinds[@]})) || kinds=(ornstein-uhlenbeck variance-preserving sub-variance-preserving variance-exploding
      critically-damped-langevin phase-space-langevin third-order-langevin flow-matching annealed)
    echo '| process | `dpm-solver-2m`, 51 evaluations | `euler-maruyama`, 251, `quadratic` | `ancestral`, 251, `log-snr` |'
    echo '|---|---|---|---|'
    for kind in "${kinds[@]}"; do
      printf '| `%s` |' "$kind"
      for sampler in dpm-solver-2m euler-maruyama ancestral; do
        printf ' %s |' "$(width "$folder/widths.yaml" --score exact --set process.kind="$kind" --sampler "$sampler")"
      done
      echo
    done
    ;;
esac
