#!/usr/bin/env bash
# The published comparison over ε from one network for each seed: launch/experiments/funnel-denoiser.yaml is trained once a
# seed, and sgm-theory draws every a × ε from it, from the stationary law, from the moments of p_T and from p_T itself, with
# the learned score and with the exact one. Prints a table of mean ± standard deviation over the seeds, and draws RUNS/grid.png.
# Every finished training and cell is kept in RUNS: the same command goes on after an interruption.
# Samples are drawn by the midpoint splitting, two evaluations a step: in 25 steps it is nearer to the exact law than Euler and
# Maruyama's sampler in 100 (docs/results.md). SAMPLER chooses another.
# Usage: launch/benchmarks/funnel-grid.sh [RUNS] [SEEDS] [RANKS] [COUNT] [STEPS] [OPTION OF sgm-train...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
runs=${1:-runs/funnel-grid} seeds=${2:-5} ranks=${3:-2} count=${4:-20000} steps=${5:-25}
shift $(($# < 5 ? $# : 5))
sampler=${SAMPLER:-splitting-midpoint}
as=${GRID_A:-0.1 0.25 0.5 1 2} epsilons=${GRID_EPSILON:-0 0.1 0.25 0.5 1}
source launch/environment.sh
source launch/benchmarks/spread.sh
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
launch() { mpirun -q --oversubscribe -np "$ranks" "$bin/$1" "${@:2}" < /dev/null; }
mkdir -p "$runs"

for seed in $(seq "$seeds"); do
  run=$runs/seed-$seed
  launch sgm-train launch/experiments/funnel-denoiser.yaml --continue --output "$run" --set seed="$seed" "$@" \
    >> "$run.log" 2>&1
  for a in $as; do
    for epsilon in $epsilons; do
      cell=$runs/cell_seed=${seed}_a=${a}_epsilon=$epsilon.json
      if [[ -s $cell ]]; then continue; fi
      launch sgm-theory epsilon "$run" --set process.a="$a" --set process.epsilon="$epsilon" \
        --set sampling.sampler="$sampler" --count "$count" --steps "$steps" --repeats 1 --json > "$cell.part"
      mv "$cell.part" "$cell"
    done
  done
done

# number KEY: that column of every cell on standard input, "nan" where a network's samples diverged: where the start lies far
# from all that it has seen.
number() { sed -n 's/.*"'"$1"'":"\{0,1\}\([-0-9.enaif]*\).*/\1/p'; }
keys=(network 'stationary, exact' 'network of it' 'moments, exact' 'network there' 'p_T, exact' floor)
for a in $as; do
  for epsilon in $epsilons; do
    cells=$(cat "$runs"/cell_seed=*_a="${a}"_epsilon="$epsilon".json)
    printf '%s\t%s' "$a" "$epsilon"
    for key in "${keys[@]}"; do printf '\t%s' "$(number "$key" <<< "$cells" | spread '%.4f\t%.4f')"; done
    echo
  done
done > "$runs/grid.tsv"
echo '| a | ε | stationary law, learned | exact | moments of p_T, learned | exact | p_T, learned | exact | floor |'
echo '|---|---|---|---|---|---|---|---|---|'
awk -F '\t' '{ printf "| %s | %s |", $1, $2; for (i = 3; i < NF; i += 2) printf $i == "nan" ? " – |" : " %.3f ± %.3f |", $i, $(i + 1); print "" }' "$runs/grid.tsv"

# Learned: points with bars of a standard deviation; exact: dashed lines; the mean of all floors: the grey line.
floor=$(awk -F '\t' '$15 != "nan" { s += $15; n++ } END { print s / n }' "$runs/grid.tsv")
gnuplot << GNUPLOT
set terminal pngcairo size 1100,420 font ",11"
set output "$runs/grid.png"
set multiplot layout 1,3
set logscale y
set yrange [0.9 * $floor:3]
set xlabel "epsilon"
set grid
colours = "#0072b2 #d55e00 #009e73 #cc79a7 #000000"
starts = "'the stationary law' 'the moments of p_T' 'p_T itself'"
do for [j=0:2] {
  set title "from " . word(starts, j + 1) noenhanced
  if (j == 0) { set ylabel "sliced W2" } else { unset ylabel }
  if (j == 2) { set key top right } else { unset key }
  plot $floor with lines lw 3 lc rgb "#bbbbbb" title "floor", \
    for [k=1:words("$as")] sprintf("< awk '\$1 == %s' $runs/grid.tsv", word("$as", k)) using 2:3+4*j:4+4*j with yerrorlines pt 7 lw 1.5 \
      lc rgb word(colours, k) title "a = " . word("$as", k), \
    for [k=1:words("$as")] sprintf("< awk '\$1 == %s' $runs/grid.tsv", word("$as", k)) using 2:5+4*j with lines dt 2 lw 1.5 \
      lc rgb word(colours, k) notitle
}
GNUPLOT
echo "funnel-grid: $runs/grid.png"
