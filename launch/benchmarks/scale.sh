#!/usr/bin/env bash
# How a training step would scale to 1,024 ranks: sgm-bench --trace writes the calls that the trainer makes and the time it
# computes on this machine, and SimGrid replays them on fat trees of 1, 10 and 100 Gbit/s, one rank a host.
# Weak: 128 rows a rank. Strong: 16,384 rows in 1,024 shards. Network: four hidden layers of 512, 100 coordinates.
# Without overlap nothing is sent while a rank computes. With overlap a layer's gradient sets out as soon as it is whole. A trace
# cannot ask whether a message is there: its rank waits for it after 4 or 12 looks, whichever makes the shorter step. A real rank
# would go on computing. On the other hand its messages may move only while it looks; the simulated ones move at all times.
# Usage: launch/benchmarks/scale.sh [FOLDER] [MOST RANKS]
# Needs SimGrid: apt-get install libsimgrid-dev. It asks for ten minutes and, at 1,024 ranks, 4 GB of memory.
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

# A line of the table: kind, ranks, and for each network the time of a step without overlap and with it: for weak scaling in steps of
# one rank alone, which takes them in turns with those of the trace since clocks change within seconds, and for strong in milliseconds.
table=$folder/scale.tsv
: > "$table"
for kind in weak strong; do
  for ((ranks = 1; ranks <= most; ranks *= 2)); do
    options=(--repeats 151)
    [[ $kind == weak ]] || options=(--repeats 15 --shards 1024 --batch 16384)
    trace=$folder/$kind-$ranks
    for overlap in 0 4 12; do
      "$bin/sgm-bench" --trace "$ranks" --overlap "$overlap" "${options[@]}" --into "$trace" > "$trace.txt"
      unit=1
      [[ $kind == strong ]] || unit=$(sed -n 's/.* alone: \([0-9.]*\) ms/\1/p' "$trace.txt")
      for gigabits in 1 10 100; do
        echo "$gigabits $overlap $(replay "$trace/trace" "$ranks" "$gigabits")" | awk -v unit="$unit" '{ print $1, $2, 1e3 * $3 / unit }'
      done
      rm -r "$trace"
    done | awk -v kind="$kind" -v ranks="$ranks" '
      { key = $1 ($2 ? " with" : " without"); if (!(key in least) || $3 < least[key]) least[key] = $3 }
      END { printf "%s\t%d", kind, ranks
        for (g = 1; g <= 100; g *= 10) printf "\t%s\t%s", least[g " without"], least[g " with"]
        printf "\n" }' >> "$table"
  done
done

# Efficiency: one rank's time over that of N (weak), or over N times that of N (strong). One rank has nothing to overlap.
awk -F '\t' '$2 == 1 { for (i = 3; i <= 8; i++) if (i == 3 || $i < one[$1]) one[$1] = $1 == "weak" ? 1 : $i }
  { printf "%s\t%s", $1, $2
    for (i = 3; i <= 8; i++) printf "\t%.4f", $2 == 1 ? 1 : one[$1] / ($i * ($1 == "strong" ? $2 : 1))
    printf "\n" }' "$table" > "$folder/efficiency.tsv"
for kind in weak strong; do
  printf '\n| ranks, %s | 1 Gbit/s, with overlap | without | 10 Gbit/s, with overlap | without | 100 Gbit/s, with overlap | without |\n' "$kind"
  echo '|---|---|---|---|---|---|---|'
  awk -F '\t' -v kind="$kind" '$1 == kind { printf "| %d |", $2
    for (i = 3; i <= 7; i += 2) printf " %.0f %% | %.0f %% |", 100 * $(i + 1), 100 * $i
    printf "\n" }' "$folder/efficiency.tsv"
done
gnuplot << GNUPLOT
set terminal pngcairo size 900,420 font ",11"
set output "$folder/scale.png"
set multiplot layout 1,2
set logscale x 2
set xrange [1:$most]
set yrange [0:1.15]
set xlabel "ranks"
set ylabel "efficiency"
set grid
do for [kind in "weak strong"] {
  set title (kind eq "weak" ? "128 rows a rank" : "16,384 rows in all")
  if (kind eq "weak") { set key at graph 0.98, 0.42 } else { set key bottom left }
  file = sprintf("< grep ^%s $folder/efficiency.tsv", kind)
  plot for [i=1:3] file using 2:(column(2 * i + 2)) with linespoints lw 2 lc i pt 7 title word("1 10 100", i) . " Gbit/s", \
    for [i=1:3] file using 2:(column(2 * i + 1)) with lines lw 1 dt 2 lc i notitle
}
GNUPLOT
echo "scale: $folder/scale.png"
