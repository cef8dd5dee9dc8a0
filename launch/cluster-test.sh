#!/usr/bin/env bash
# Runs over four hosts and under a real Slurm, all on this machine: launch/cluster-test.sh [--quick] [FAULTS [SEED]] [CASE]...
# Hosts are namespaces with sshd (launch/cluster/hosts.sh). Without --quick all cases run, then FAULTS faults (200 unless told)
# drawn over hosts; --quick takes the cases of three minutes. Ends with a table, and with 0 if every case passed; with 77 and
# one line where this machine cannot do it.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source launch/environment.sh
source launch/cluster/hosts.sh
program=${SGM_TRAIN:-$PWD/.build/release/sgm-train}
hosts=4 quick=no count=200 seed=1 chosen=()
for word in "$@"; do
  case $word in
    --quick) quick=yes count=0 ;;
    [0-9]*) if [[ ${numbers:-0} == 0 ]]; then count=$word numbers=1; else seed=$word; fi ;;
    *) chosen+=("$word") ;;
  esac
done
RANDOM=$seed

lack=$(hosts_lack)
if [[ -n $lack ]]; then
  echo "cluster-test: not run: this machine lacks $lack"
  exit 77
fi
[[ -x $program ]] || { echo "cluster-test: $program is not there; build it by launch/build.sh" >&2; exit 69; }
# Each host has a /tmp of its own.
work=$(mktemp -d /var/tmp/sgm-cluster-XXXXXX)
cleanup() {
  hosts_down
  for child in $(jobs -p); do kill -KILL "$child" 2> /dev/null; done
  umount -l "$work/disk" 2> /dev/null
  # Empty here, unless this very folder should be seen through it.
  if [[ -z ${KEEP:-} ]] && { rmdir "$work/here" 2> /dev/null || [[ ! -e $work/here ]]; }; then rm -rf "$work"; fi
}
trap cleanup EXIT
trap 'exit 130' INT TERM

cat > "$work/small.yaml" << 'YAML'
name: small
data: {target: funnel, dimension: 5, count: 3000}
process: {kind: critically-damped-langevin, epsilon: 0.25}
network: {widths: [40, 40], embedding_features: 16}
training: {steps: 600, batch: 256, shards: 16, warmup_steps: 5, log_every: 20, held_out_every: 200, audit_every: 100}
sampling: {sampler: splitting, steps: 10, count: 700}
checkpoints: {every: 100}
evaluation: {directions: 40, repeats: 2, count: 500}
YAML
# There are more ranks than cores: who waits must let the others work, under srun as under mpirun --oversubscribe.
export OMPI_MCA_mpi_yield_when_idle=1
endless=(--set training.steps=100000000)

# Everything of a run that must not depend on where it ran.
digest() {
  (cd "$1" && { sha256sum < checkpoints/step-000000600.safetensors; sha256sum < samples/step-000000600.npy;
    sed -E 's/,"seconds":.*//' metrics.jsonl | sha256sum; }) 2> /dev/null | tr -d ' \n-'
}
same() {
  local found
  found=$(digest "$1")
  [[ $found == "$expected" ]] || { echo "$1: other bytes than those of one process"; return 1; }
}
status_of() { on h1 "$program" --status "$1" --json | sed -nE "s/.*\"$2\":\"?([^\",}]*)[\",}].*/\1/p"; }
expect() { [[ $1 == "$2" ]] || { echo "$3: $1, not $2"; return 1; }; }
run() { on h1 "$PWD/launch/run.sh" "$@"; }

# job NAME LIMIT OPTIONS COMMAND: submits a script of one command, and prints the job's number.
job() {
  printf '#!/bin/bash\n#SBATCH -J %s -t %s -o %s/%s.log --open-mode=append\ntrap : USR1\n%s\n' "$1" "$2" "$work" "$1" "$4" > "$work/$1.sbatch"
  # shellcheck disable=SC2086
  on h1 sbatch --parsable $3 "$work/$1.sbatch"
}
# ended JOB SECONDS: waits for a job's end, or for its return to the queue to end for good.
ended() {
  local i state
  for ((i = 0; i < 2 * $2; i++)); do
    state=$(on h1 squeue -h -j "$1" -o %T 2> /dev/null)
    # A job is among the ended ones for some time.
    [[ -n $state && $state != COMPLETED && $state != FAILED && $state != TIMEOUT && $state != CANCELLED && $state != NODE_FAIL ]] || return 0
    sleep 0.5
  done
  echo "job $1 is still $state after $2 s"
  return 1
}
exit_of() { on h1 scontrol show job "$1" | sed -nE 's/.*ExitCode=([0-9]+):.*/\1/p' | head -n 1; }

case_bytes() {
  local ranks list n=0
  for list in h1:2 h1:1,h2:2 h1:1,h2:1,h3:1,h4:2; do
    ranks=$(($(tr , '\n' <<< "$list" | cut -d: -f2 | paste -sd+)))
    run -np "$ranks" --host "$list" "$program" "$work/small.yaml" --output "$work/bytes-$ranks-$n" > "$work/log/bytes-$n" 2>&1 \
      || { tail -n 3 "$work/log/bytes-$n"; return 1; }
    same "$work/bytes-$ranks-$n" || return 1
    n=$((n + 1))
  done
  for launcher in "srun --mpi=pmix" mpirun; do
    id=$(job "bytes-${launcher%% *}" 5 "-N 2 --ntasks-per-node=1" \
      "$launcher $program $work/small.yaml --output $work/bytes-${launcher%% *}")
    ended "$id" 120 && same "$work/bytes-${launcher%% *}" || { tail -n 3 "$work/bytes-${launcher%% *}.log"; return 1; }
  done
}

# Slurm ends a job at its limit; the run must have stopped before, with a checkpoint and 75.
case_limit() {
  local how command id n=0 ids=()
  local -a all=(mpirun "srun --mpi=pmix" "launch/run.sh" mpirun "srun --mpi=pmix" "launch/run.sh" mpirun "srun --mpi=pmix" "launch/run.sh" mpirun)
  [[ $quick == no ]] || all=("${all[@]:0:3}")
  for how in "${all[@]}"; do
    command="cd $PWD; $how $program $work/small.yaml ${endless[*]} --output $work/limit-$n"
    ids+=("$(job "limit-$n" 1 "-N 2 --ntasks-per-node=1" "$command")")
    n=$((n + 1))
  done
  n=0
  for id in "${ids[@]}"; do
    ended "$id" 400 || return 1
    expect "$(status_of "$work/limit-$n" state) $(status_of "$work/limit-$n" cause) $(exit_of "$id")" "stopped job-end 75" \
      "job $n by ${all[n]}" || { tail -n 3 "$work/limit-$n.log"; return 1; }
    n=$((n + 1))
  done
}

case_scancel() {
  local id
  for how in "srun --mpi=pmix" mpirun; do
    id=$(job scancel 5 "-N 1 -n 2" "$how $program $work/small.yaml ${endless[*]} --output $work/scancel-${how%% *}")
    for _ in {1..100}; do [[ -s $work/scancel-${how%% *}/metrics.jsonl ]] && break; sleep 0.2; done
    sleep 1
    on h1 scancel --signal=USR1 -f "$id"
    ended "$id" 60 || return 1
    expect "$(status_of "$work/scancel-${how%% *}" state) $(status_of "$work/scancel-${how%% *}" cause)" "stopped signal" \
      "scancel of ${how%% *}" || return 1
  done
}

# Slices by a time limit far below what the run needs; the job goes back to the queue until it is complete.
case_requeue() {
  local script=$work/requeue.sbatch id begin slice slices
  # A run of some seconds, and slices of a twelfth of what it takes alone on this machine, pictures included.
  sed 's/widths: \[40, 40\]/widths: [300, 300]/' "$work/small.yaml" > "$work/slow.yaml"
  begin=$EPOCHREALTIME
  "$program" "$work/slow.yaml" --output "$work/alone" > "$work/log/alone" 2>&1 || { tail -n 5 "$work/log/alone"; return 1; }
  slice=$(awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", (b - a) / 12 }')
  # The job script as it is shipped, but for its size, its program and its slices. Its ten minutes keep the script's USR1, which
  # Slurm sends two minutes before the end, out of every slice: it would end one whose program has only just been started.
  sed -E "s|^#SBATCH --nodes.*|#SBATCH --nodes=2|; s|^#SBATCH --ntasks.*|#SBATCH --ntasks-per-node=1|; s|^#SBATCH --time.*|#SBATCH --time=10|
    s|sgm-train \"\\\$experiment\" --continue|$program \"\$experiment\" --continue --output $work/requeue --time-limit ${slice}s|" \
    launch/jobs/slurm.sbatch > "$script"
  id=$(on h1 sbatch --parsable -o "$work/requeue.log" "$script" "$work/slow.yaml")
  ended_for_good "$id" 240 || { tail -n 5 "$work/requeue.log"; return 1; }
  slices=$(grep -c 'stopped at step' "$work/requeue.log")
  ((slices >= 2)) || { echo "only $slices stops"; return 1; }
  expect "$(status_of "$work/requeue" state)" complete "a requeued job" || { tail -n 5 "$work/requeue.log"; return 1; }
  expect "$(digest "$work/requeue")" "$(digest "$work/alone")" "bytes of a requeued job"
}
# As ended, but a requeued job pends for some time between its slices.
ended_for_good() {
  local i quiet=0
  for ((i = 0; i < 2 * $2; i++)); do
    # Of an array one line a task.
    if ! on h1 squeue -h -j "$1" -t all -o %T 2> /dev/null | grep -qvE '^(COMPLETED|FAILED|TIMEOUT|CANCELLED|NODE_FAIL)$'; then quiet=$((quiet + 1)); else quiet=0; fi
    # Ten seconds: between its slices a job may be seen nowhere for some.
    ((quiet < 20)) || return 0
    sleep 0.5
  done
  echo "job $1 has not ended after $2 s"
  return 1
}

case_array() {
  local n id
  for n in 1 2 3; do sed "s/^name: small/name: array-$n/" "$work/small.yaml" > "$work/array-$n.yaml"; done
  sed -E "s|^#SBATCH --ntasks.*|#SBATCH --ntasks-per-node=2|; s|^#SBATCH --time.*|#SBATCH --time=5|
    s|sgm-train \"\\\$experiment\" --continue|$program \"\$experiment\" --continue --output $work/\$(basename \$experiment .yaml)|" \
    launch/jobs/slurm-array.sbatch > "$work/array.sbatch"
  id=$(on h1 sbatch --parsable -o "$work/array-%a.log" --array=1-3 "$work/array.sbatch" "$work"/array-{1,2,3}.yaml)
  ended_for_good "$id" 180 || return 1
  for n in 1 2 3; do expect "$(status_of "$work/array-$n" state)" complete "task $n" || return 1; done
}

# lose NAME HOW: a host is lost in mid-run; the run ends in less than 30 s and goes on upon the spare host by itself.
lose() {
  local run=$work/$1 begin took child
  on h1 env SGM_TRAIN="$program" "$PWD/launch/resilient.sh" -np 3 --hosts h1:1,h2:1,h3:1,h4:1 --backoff 1 "$run" "$work/small.yaml" \
    > "$work/log/$1" 2>&1 &
  child=$!
  for _ in {1..300}; do [[ -s $run/checkpoints/latest ]] && break; sleep 0.1; done
  begin=$EPOCHREALTIME
  if [[ $2 == link ]]; then link h3 down; else kill_ranks h3; fi
  for _ in {1..600}; do grep -q 'going on in' "$work/log/$1" && break; sleep 0.1; done
  took=$(awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { printf "%d", b - a }')
  wait $child
  local status=$?
  [[ $2 != link ]] || link h3 up
  ((status == 0)) || { echo "resilient.sh ended with $status"; tail -n 5 "$work/log/$1"; return 1; }
  ((took < 30)) || { echo "it took $took s until the run had ended"; return 1; }
  [[ $2 != link ]] || grep -q 'h3 does not answer' "$work/log/$1" || { echo "h3 was used again"; return 1; }
  detail="ended after $took s"
  same "$run"
}
kill_ranks() { on "$1" pkill -KILL sgm-train; on "$1" pkill -KILL orted; }
case_lost_link() { lose lost-link link; }
case_lost_ranks() { lose lost-ranks kill; }

case_not_shared() {
  mkdir -p "$work/hidden"
  on h2 mount -t tmpfs none "$work/hidden"
  run -np 2 --host h1,h2 "$program" "$work/small.yaml" --output "$work/hidden/run" > "$work/log/hidden" 2>&1
  local status=$?
  on h2 umount "$work/hidden"
  expect $status 69 "status" && grep -q 'is not seen by rank 1 on h2' "$work/log/hidden" || { tail -n 3 "$work/log/hidden"; return 1; }
}

case_two_kinds_of_cpu() {
  printf '#!/bin/sh\n[ $(uname -n) = h1 ] || export LIBXSMM_TARGET=hsw\nexec %s "$@"\n' "$program" > "$work/mixed"
  chmod +x "$work/mixed"
  run -np 3 --host h1:1,h2:2 "$work/mixed" "$work/small.yaml" --output "$work/mixed-run" > "$work/log/mixed" 2>&1 && same "$work/mixed-run"
}

case_doctor() {
  local text
  text=$(run -np 4 --host h1,h2,h3,h4 "$program" --doctor --output "$work")
  for host in h1 h2 h3 h4; do grep -q "^$host " <<< "$text" || { echo "$text"; return 1; }; done
  ! grep -q '^fault' <<< "$text" || { echo "$text"; return 1; }
}

case_status_elsewhere() {
  run -np 2 --host h1,h2 "$program" "$work/small.yaml" "${endless[@]}" --output "$work/elsewhere" > "$work/log/elsewhere" 2>&1 &
  local child=$! seen
  for _ in {1..300}; do [[ -s $work/elsewhere/metrics.jsonl ]] && break; sleep 0.1; done
  seen=$(on h4 "$program" --status "$work/elsewhere" | head -n 1)
  on h1 pkill -USR1 mpirun
  wait $child
  [[ $seen == "running "* ]] || { echo "h4 said: $seen"; return 1; }
  expect "$(on h4 "$program" --status "$work/elsewhere" | cut -d ' ' -f 1)" stopped "after its end"
}

# One fault at a moment of a run over hosts, drawn anew each time; then it is resumed over others.
fault() {
  local kinds=(rank daemon stopped link slow full) kind run=$work/fault host child begin status took n
  kind=${kinds[RANDOM % ${#kinds[@]}]}
  host=h$((RANDOM % 3 + 2))
  if [[ $kind == full ]]; then run=$work/disk/fault; fi
  rm -rf "$run"
  run -np 4 --host h1,h2,h3,h4 "$program" "$work/small.yaml" --output "$run" --stall-limit 5s --overwrite > "$work/log/fault" 2>&1 &
  child=$!
  n=$((RANDOM % 15 + 1))
  for _ in {1..300}; do (($(wc -l 2> /dev/null < "$run/metrics.jsonl" || echo 0) >= n)) && break; kill -0 $child 2> /dev/null || break; sleep 0.1; done
  begin=$EPOCHREALTIME
  case $kind in
    rank) on $host pkill -KILL sgm-train ;;
    daemon) on $host pkill -KILL orted ;;
    stopped) on $host pkill -STOP sgm-train ;;
    link) link $host down ;;
    slow) ip netns exec $net tc qdisc add dev $host root tbf rate 20mbit burst 32kbit latency 400ms ;;
    full) head -c 64M /dev/zero > "$work/disk/ballast" ;;
  esac 2> /dev/null
  for ((i = 0; i < 1200; i++)); do kill -0 $child 2> /dev/null || break; sleep 0.1; done
  took=$(awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { printf "%d", b - a }')
  if kill -0 $child 2> /dev/null; then kill -KILL $child; on h1 pkill -KILL mpirun; fi
  wait $child 2> /dev/null
  status=$?
  on $host pkill -KILL sgm-train 2> /dev/null
  case $kind in
    link) link $host up ;;
    slow) ip netns exec $net tc qdisc del dev $host root ;;
    full) rm -f "$work/disk/ballast" ;;
  esac
  ((slowest >= took)) || slowest=$took
  tally[$kind]=$((${tally[$kind]:-0} + 1))
  [[ $kind == slow || $kind == full ]] || ((took <= 60)) || { echo "fault $1, $kind on $host: $took s"; return 1; }
  if ((status != 0)); then
    run -np $((RANDOM % 3 + 2)) --host h1:2,h2:1,h4:1 "$program" "$work/small.yaml" --continue --output "$run" > "$work/log/fault" 2>&1 \
      || { echo "fault $1, $kind on $host: resuming ended with $?"; tail -n 3 "$work/log/fault"; return 1; }
  fi
  same "$run" || { echo "fault $1, $kind on $host"; return 1; }
  echo "fault $1: $kind on $host, ended after $took s with status $status"
}

# A disk that a fault fills.
mkdir "$work/disk"
mount -t tmpfs -o size=24m none "$work/disk"
hosts_up && slurm_up || { echo "cluster-test: not run: hosts with a Slurm do not come up on this machine"; exit 77; }
on h1 "$program" "$work/small.yaml" --output "$work/expected" > "$work/log/expected" 2>&1
expected=$(digest "$work/expected")
((${#expected} == 192)) || { cat "$work/log/expected" >&2; exit 70; }

cases=(bytes limit scancel requeue array lost_link lost_ranks not_shared two_kinds_of_cpu doctor status_elsewhere)
[[ $quick == no ]] || cases=(bytes requeue lost_link not_shared doctor status_elsewhere)
((${#chosen[@]} == 0)) || cases=("${chosen[@]}")
failed=0 table=
for name in "${cases[@]}"; do
  begin=$EPOCHREALTIME detail=
  case_$name > "$work/said" 2>&1 && outcome=passed || { outcome=FAILED; failed=$((failed + 1)); }
  [[ $outcome == passed ]] || sed 's/^/  /' "$work/said" >&2
  printf -v line '%-18s %-7s %6.1f s  %s' "$name" $outcome "$(awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')" "$detail"
  echo "$line"
done

declare -A tally=()
slowest=0 faults_failed=0
for ((number = 1; number <= count; number++)); do
  if fault $number > "$work/said" 2>&1; then
    tail -n 1 "$work/said"
  else
    cat "$work/said" >&2
    faults_failed=$((faults_failed + 1))
  fi
done
if ((count)); then
  for kind in "${!tally[@]}"; do printf '%-10s %d\n' "$kind" "${tally[$kind]}"; done | sort
  echo "cluster-test: $count faults over hosts, $faults_failed failures; slowest end $slowest s"
fi
echo "cluster-test: ${#cases[@]} cases, $failed failed"
((failed == 0 && faults_failed == 0))
