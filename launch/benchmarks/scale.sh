#!/usr/bin/env bash
# How a training step would scale to 1,024 ranks: sgm-bench --trace writes the calls that the trainer makes and the time it
# computes on this machine, and SimGrid replays them on fat trees of 1, 10 and 100 Gbit/s, one rank a host.
# Weak: 128 rows a rank. Strong: 16,384 rows in 1,024 shards. Network: four hidden layers of 512, 100 coordinates.
# Usage: launch/benchmarks/scale.sh [FOLDER] [MOST RANKS]
# Needs SimGrid: apt-get install libsimgrid-dev. It asks for some minutes and, at 1,024 ranks, 4 GB of memory.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
folder=${1:-runs/scale} most=${2:-1024}
if ! command -v smpirun > /dev/null; then
  echo "scale: SimGrid is missing; install it by: apt-get install libsimgrid-dev" >&2
  exit 69
fi
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
mkdir -p "$folder"

# 32 hosts at a switch, and 32 switches above, so that any half of the hosts can talk to the other at full speed.
platform() { # platform GIGABITS LATENCY
  cat << XML
<?xml version='1.0'?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1">
  <cluster id="cluster" prefix="host-" suffix="" radical="0-1023" speed="1Gf" bw="$1Gbps" lat="$2"
    topology="FAT_TREE" topo_parameters="2;32,32;1,32;1,1"/>
</platform>
XML
}
# Latencies of half a hop, as sockets, a fast Ethernet and InfiniBand have them.
platform 1 10us > "$folder/1.xml"
platform 10 4us > "$folder/10.xml"
platform 100 0.5us > "$folder/100.xml"
seq -f 'host-%g' 0 1023 > "$folder/hosts"

# replay TRACE RANKS GIGABITS: seconds of the step. MPICH's choice of collectives: SimGrid 3.32 ends by an invalid free in Open MPI's.
replay() {
  smpirun -np "$2" -platform "$folder/$3.xml" -hostfile "$folder/hosts" -replay "$1" \
    --cfg=smpi/host-speed:1Gf --cfg=smpi/coll-selector:mpich \
    --log=smpi_config.thres:warning --log=xbt_cfg.thres:warning 2>&1 | sed -n 's/.*Simulation time \([0-9.e-]*\).*/\1/p'
}

table=$folder/scale.tsv
: > "$table"
for kind in weak strong; do
  for ((ranks = 1; ranks <= most; ranks *= 2)); do
    options=(--repeats 151) # clocks change within seconds
    [[ $kind == weak ]] || options=(--repeats 15 --shards 1024 --batch 16384)
    trace=$folder/$kind-$ranks
    "$bin/sgm-bench" --trace "$ranks" "${options[@]}" --into "$trace" > "$trace.txt"
    times=()
    for gigabits in 1 10 100; do times+=("$(replay "$trace/trace" "$ranks" "$gigabits")"); done
    printf '%s\t%s\t%s\t%s\t%s\n' "$kind" "$ranks" "${times[@]}" >> "$table"
    rm -r "$trace"
  done
done

# Efficiency: one rank's time over that of N (weak), or over N times that of N (strong).
awk -F '\t' '$2 == 1 { for (i = 3; i <= 5; i++) one[$1, i] = $i }
  { printf "%s\t%s", $1, $2
    for (i = 3; i <= 5; i++) printf "\t%.4f", one[$1, i] / ($i * ($1 == "strong" ? $2 : 1))
    printf "\n" }' "$table" > "$folder/efficiency.tsv"
for kind in weak strong; do
  printf '\n| ranks, %s | 1 Gbit/s | 10 Gbit/s | 100 Gbit/s |\n|---|---|---|---|\n' "$kind"
  awk -F '\t' -v kind="$kind" '$1 == kind { printf "| %d | %.0f %% | %.0f %% | %.0f %% |\n", $2, 100 * $3, 100 * $4, 100 * $5 }' \
    "$folder/efficiency.tsv"
done
gnuplot << GNUPLOT
set terminal pngcairo size 900,420 font ",11"
set output "$folder/scale.png"
set multiplot layout 1,2
set logscale x 2
set xrange [1:$most]
set yrange [0:1.05]
set xlabel "ranks"
set ylabel "efficiency"
set grid
do for [kind in "weak strong"] {
  set title (kind eq "weak" ? "128 rows a rank" : "16,384 rows in all")
  if (kind eq "weak") { set key at graph 0.98, 0.42 } else { set key bottom left }
  plot for [i=1:3] sprintf("< grep ^%s $folder/efficiency.tsv", kind) using 2:(column(i + 2)) with linespoints lw 2 \
    title word("1 10 100", i) . " Gbit/s"
}
GNUPLOT
echo "scale: $folder/scale.png"
