#!/usr/bin/env bash
# Is the simulation of scale.sh right? Training steps of two ranks on two hosts are measured on links of known rates. The same steps
# are simulated: sgm-bench --trace 2, replayed by SimGrid on two hosts with the rate and latency that each link was found to have.
# Usage: launch/benchmarks/links.sh [STEPS [LINK]...]: 100 steps of each kind; a link is a number of Gbit/s, none or memory.
# It needs root, SimGrid (apt-get install libsimgrid-dev), two cores that do nothing else, and two minutes.
#
# A host is a network namespace. A veth pair joins the two, and tbf limits both its ends; "none" is the pair without a limit. "memory" is
# two ranks on one host. Its rate and latency are not measured, and it is simulated by 100 Gbit/s and 1 µs.
# Rate obtained: 200 MB by TCP each way at once, as the exchange sends them, with the headers of packets counted in.
# Latency: half of the median round trip of a byte by TCP between two processes that poll, as MPI's do. SimGrid gets both as they are.
# A step and its computing are medians of rank 0's own clock. The rest of a step is the exchange, with all waiting.
#
# What is not the link's doing: both ranks compute at once, but the trace is measured while one core is idle; compare the two
# computing times. The kernel carries all packets on the cores of the ranks, which only poll meanwhile. Where the kernel or its timers
# are too slow, the rate obtained is below the link's. tbf lets two packets, 2 to 4 % of what an exchange sends, pass at once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source launch/environment.sh
steps=${1:-100} links=("${@:2}") warm=10
((${#links[@]})) || links=(1 2.5 10 none memory)
fail() { echo "links: $2" >&2; exit "$1"; } # fail STATUS TEXT
[[ $steps =~ ^[1-9][0-9]*$ ]] || fail 64 "'$steps': a number of steps is expected"
for link in "${links[@]}"; do
  [[ $link =~ ^([0-9]+(\.[0-9]+)?|none|memory)$ ]] || fail 64 "'$link': a number of Gbit/s, none or memory is expected"
done
PATH=$PATH:/usr/sbin
for program in smpirun:libsimgrid-dev mpirun:openmpi-bin ip:iproute2 tc:iproute2 python3:python3; do
  command -v "${program%:*}" > /dev/null || fail 69 "${program%:*} is missing; install it by: apt-get install ${program#*:}"
done
bin=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
[[ -x $bin/sgm-train && -x $bin/sgm-bench ]] || fail 69 "no programs in $bin; build them by launch/build.sh"
((EUID == 0)) || fail 77 "not run: this machine lacks root"
(($(nproc) >= 2)) || fail 77 "not run: this machine lacks a second core"

net=sgm-links-$$ work=$(mktemp -d)
export TMPDIR=$work # for Open MPI and SimGrid
cleanup() {
  set +e
  exec 2> /dev/null # bash would name each process that is killed
  for host in h1 h2; do ip netns pids $net-$host; done | xargs -r kill -KILL
  for host in h1 h2; do ip netns del $net-$host; done
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

hosts_up() {
  ip netns add $net-h1 && ip netns add $net-h2 && ip -n $net-h1 link add eth0 type veth peer name eth0 netns $net-h2 || return
  for host in h1 h2; do # BBR would pace a link that loses nothing, and cubic may be forbidden in a namespace
    ip -n $net-$host addr add 10.77.0.${host#h}/24 dev eth0 && ip -n $net-$host link set eth0 mtu 1500 up \
      && ip -n $net-$host link set lo up && tc -n $net-$host qdisc add dev eth0 root tbf rate 1gbit burst 32kb limit 16mb \
      && ip netns exec $net-$host sysctl -qw net.ipv4.tcp_congestion_control=reno || return
  done
}
hosts_up > "$work/said" 2>&1 || fail 77 "not run: this machine lacks namespaces, veth or tbf: $(tail -n 1 "$work/said")"

# limit GIGABITS|none: the rate of both ends. The kernel takes packets of 25 µs, from 16 to 64 kB, through it as one; the bucket holds
# two of them. Larger ones would let more of an exchange pass at once, and smaller ones cost more time.
limit() {
  local packet
  packet=$(awk -v rate="${1/none/1000}" 'BEGIN { b = 3125 * rate; print int(b < 16000 ? 16000 : b > 65536 ? 65536 : b) }')
  for host in h1 h2; do
    tc -n $net-$host qdisc del dev eth0 root 2> /dev/null || true # there is none after "none"
    ip -n $net-$host link set eth0 gso_max_size "$packet"
    [[ $1 == none ]] || tc -n $net-$host qdisc add dev eth0 root tbf rate "$1gbit" burst $((2 * packet + 500)) limit 16mb
  done
}

# Runs a command on a host, with a name and shared memory of the host's own; mpirun starts its daemon by it as by ssh.
printf '#!/bin/sh\nhost=$1\nshift\nexec ip netns exec %s-$host unshare -u sh -c "hostname $host && %s && exec $*"\n' \
  $net 'mount -t tmpfs none /dev/shm' > "$work/on"
chmod +x "$work/on"
on() { "$work/on" "$@" < /dev/null & wait $!; } # on HOST COMMAND...; a signal ends the wait for it

cat > "$work/probe.py" << 'PYTHON'
import socket, statistics, sys, threading, time
probes, here, volume, block, buffer = sys.argv[1] == "probe", ("10.77.0.2", 7777), 800, bytes(1 << 18), bytearray(1 << 18)
link = None if probes else socket.create_server(here).accept()[0]
while not link:
    try: link = socket.create_connection(here)
    except ConnectionRefusedError: time.sleep(0.1)
link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
link.setblocking(False)
trips, received = [], 0
for _ in range(4000):
    start, answer = time.perf_counter(), None
    if probes: link.send(b"x")
    while not answer:
        try: answer = link.recv(1)
        except BlockingIOError: pass
    if not probes: link.send(b"x")
    trips.append(time.perf_counter() - start)
link.setblocking(True)
start = time.perf_counter()
threading.Thread(target=lambda: [link.sendall(block) for _ in range(volume)]).start()
while received < volume * len(block): received += link.recv_into(buffer)
# Mbit/s and µs; 1,448 of a packet's 1,514 bytes are what TCP carries.
rate = received * 8e-6 / (time.perf_counter() - start) * 1514 / 1448
if probes: print(rate, statistics.median(trips) / 2 * 1e6)
PYTHON

# replay MBIT MICROSECONDS: milliseconds of the trace's step, as in scale.sh; half of the latency is each host's.
replay() {
  printf '%s\n' "<?xml version='1.0'?>" '<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">' '<platform version="4.1">' \
    "<cluster id='cluster' prefix='host-' suffix='' radical='0-1' speed='1Gf' bw='$1Mbps' lat='$(awk "BEGIN { print $2 / 2 }")us'/>" \
    '</platform>' > "$work/two.xml"
  printf 'host-%d\n' 0 1 > "$work/hosts"
  smpirun -np 2 -platform "$work/two.xml" -hostfile "$work/hosts" -replay "$work/trace/trace" --cfg=smpi/host-speed:1Gf \
    --cfg=smpi/coll-selector:mpich --log=smpi_config.thres:warning --log=xbt_cfg.thres:warning 2>&1 \
    | sed -n 's/.*Simulation time \([0-9.e-]*\).*/\1e3/p'
}

# A column's median; the columns are milliseconds of computing and of the whole step.
column() { cut -d ' ' -f "$1" "$work/steps" | sort -g | sed -n "$((steps / 2 + 1))p"; }

echo "| link, Gbit/s | rate obtained, Gbit/s | latency, µs | rows a rank | computing measured, ms | computing in the trace, ms \
| step measured, ms | step simulated, ms | simulated / measured | exchange measured | exchange simulated |"
echo "|---|---|---|---|---|---|---|---|---|---|---|"
for link in "${links[@]}"; do
  rate=100e3 latency=1 hosts=h1:2
  if [[ $link != memory ]]; then
    limit "$link"
    "$work/on" h2 python3 "$work/probe.py" answer < /dev/null &
    on h1 python3 "$work/probe.py" probe > "$work/found"
    read -r rate latency < "$work/found"
    hosts=h1:1,h2:1
  fi
  for rows in 128 512; do
    cat > "$work/links.yaml" << YAML
name: links
data: {target: gaussian, dimension: 100, held_out: 0}
network: {widths: [512, 512, 512, 512], residual: false}
training: {steps: 1_000_000, batch: $((2 * rows)), shards: 2, log_every: 1}
YAML
    rm -rf "$work/run"
    # Its log says how it ended, as Open MPI 4.1's mpirun crashes now and then once all ranks have.
    on h1 mpirun --mca plm_rsh_agent "$work/on" --mca pml ob1 --mca btl self,vader,tcp --bind-to none --host $hosts -np 2 \
      "$bin/sgm-train" "$work/links.yaml" --until $((warm + steps)) --output "$work/run" > "$work/said" 2>&1 || true
    sed -E 's/.*"input":([^,]*),"compute":([^,]*),"exchange":([^,]*),.*/\1 \2 \3/' "$work/run/metrics.jsonl" 2> /dev/null \
      | awk -v warm=$warm '{ c = 1e3 * ($1 + $2); s = c + 1e3 * $3; if (NR > warm) print c - computing, s - sum; computing = c; sum = s }' \
        > "$work/steps" || true
    (($(wc -l < "$work/steps") == steps)) || fail 70 "two ranks on the link $link ended too early: $(tail -n 3 "$work/said")"
    # As in scale.sh, of the trace that is sooner done.
    for overlap in 4 12; do
      on h1 "$bin/sgm-bench" --trace 2 --overlap $overlap --batch $((2 * rows)) --repeats "$steps" --into "$work/trace" > "$work/said"
      echo "$(replay "$rate" "$latency")" "$(sed -n 's/.*: \([0-9.]*\) ms of .*/\1/p' "$work/said")"
    done | sort -g | head -n 1 > "$work/simulated"
    read -r simulated traced < "$work/simulated"
    echo "$link" "$rate" "$latency" $rows "$(column 1)" "$traced" "$(column 2)" "$simulated" | awk '{
      printf $1 == "memory" ? "| %s | – | – |" : "| %s | %.2f | %.1f |", $1, 1e-3 * $2, $3
      printf " %d | %.1f | %.1f | %.1f | %.1f | %.2f |", $4, $5, $6, $7, $8, $8 / $7
      printf " %.0f %% | %.0f %% |\n", 100 - 100 * $5 / $7, 100 - 100 * $6 / $8 }'
  done
done
