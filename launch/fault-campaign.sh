#!/usr/bin/env bash
# Disturbs training runs at random moments, resumes each on another number of ranks, and compares every byte with a run
# that nothing disturbed: launch/fault-campaign.sh [FAULTS, 100 unless told] [SEED, 1 unless told] [KIND]...
# Kinds: rank, mpirun, all (SIGKILL), usr1, term, interrupt (to run.sh), launcher (SIGTERM to mpirun), stopped (SIGSTOP,
# then SIGKILL), stall (SIGSTOP alone), full, readonly, vanished. full and readonly mount small file systems, which needs
# root. Ends with 0 if nothing was lost.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source launch/environment.sh
count=${1:-100} seed=${2:-1}
shift $(($# < 2 ? $# : 2))
kinds=("$@")
((${#kinds[@]})) || kinds=(rank mpirun all usr1 term interrupt launcher stopped stall full readonly vanished)
program=${SGM_TRAIN:-$PWD/.build/release/sgm-train}
stall_limit=3   # seconds, of the watchdog
longest=60      # seconds from a fault to the end of all ranks, a busy machine allowed for
RANDOM=$seed

if [[ ! -x $program ]]; then
  echo "fault-campaign: $program is not there; build it by launch/build.sh" >&2
  exit 69
fi
work=$(mktemp -d)
current= finished=no
cleanup() {
  [[ $finished == yes ]] || echo "fault-campaign: ended early, by fault ${done:-0}, ${kind:-none}" >&2
  [[ -z $current ]] || kill -KILL "$current" ${launcher:-} 2> /dev/null
  local mounted
  while read -r mounted; do umount -l "$mounted"; done < <(awk -v w="$work" 'index($2, w) == 1 { print $2 }' /proc/mounts | tac)
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

cat > "$work/experiment.yaml" << 'YAML'
name: campaign
data: {target: funnel, dimension: 5, count: 3000}
process: {kind: critically-damped-langevin, epsilon: 0.25}
network: {widths: [40, 40], embedding_features: 16}
training: {steps: 3000, batch: 256, shards: 16, warmup_steps: 5, log_every: 100, held_out_every: 500, audit_every: 200}
sampling: {sampler: splitting, steps: 10, count: 700}
checkpoints: {every: 250}
evaluation: {directions: 40, repeats: 2, count: 500}
YAML

# Everything of a run that must not depend on what happened to it.
digest() {
  (cd "$1" && { sha256sum < checkpoints/step-000003000.safetensors; sha256sum < samples/step-000003000.npy;
    sed -E 's/,"seconds":.*//' metrics.jsonl | sha256sum; }) 2> /dev/null | tr -d ' \n-'
}
newest() { cat "$1/checkpoints/latest" 2> /dev/null; }
processes() { sed -n 's/.*"process":\([0-9]*\).*/\1/p' "$1"/ranks/rank-*.json 2> /dev/null; }
now() { echo "${EPOCHREALTIME/./}"; }

launch/run.sh -np 2 "$program" "$work/experiment.yaml" --output "$work/undisturbed" > "$work/undisturbed.log" 2>&1
expected=$(digest "$work/undisturbed")
if ((${#expected} != 192)); then
  cat "$work/undisturbed.log" >&2
  echo "fault-campaign: the undisturbed run failed" >&2
  exit 70
fi

fail() {
  echo "fault-campaign: fault $done, $kind on $ranks ranks: $1" >&2
  tail -n 12 "$log" >&2
  failures=$((failures + 1))
}

# Waits until the launcher and all ranks are gone; false where that takes too long.
wait_for_end() {
  local deadline=$(($(now) + $1 * 1000000)) pid
  while kill -0 "$current" 2> /dev/null; do
    (($(now) < deadline)) || return 1
    sleep 0.05
  done
  wait "$current"
  status=$?
  current=
  for pid in $pids; do
    while [[ -d /proc/$pid && $(awk '{ print $3 }' "/proc/$pid/stat" 2> /dev/null) != Z ]]; do
      (($(now) < deadline)) || return 1
      sleep 0.05
    done
  done
}

disturb() {
  local list=($pids) victim
  # Nobody is there any more: the run was over.
  ((${#list[@]})) || return 0
  victim=${list[RANDOM % ${#list[@]}]}
  case $kind in
    rank) kill -KILL "$victim" ;;
    mpirun) kill -KILL "$launcher" ;;
    all) kill -KILL $pids ;;
    usr1) kill -USR1 "$current" ;;
    term) kill -TERM "$current" ;;
    launcher) kill -TERM "$launcher" ;;
    interrupt) kill -INT "$current" ;;
    stopped)
      kill -STOP "$victim"
      sleep 1
      kill -KILL "$victim"
      ;;
    stall) kill -STOP "$victim" ;;
    full) head -c 64M /dev/zero > "$run/ballast" ;;
    readonly) mount -t tmpfs -o ro,size=4k none "$run/checkpoints" ;;
    vanished) mv "$run" "$run.gone" ;;
  esac 2> /dev/null
}

restore() {
  case $kind in
    full) rm -f "$run/ballast" ;;
    readonly) umount "$run/checkpoints" ;;
    vanished) mv "$run.gone" "$run" ;;
  esac
}

declare -A tally=()
done=0 failures=0 late=0 hangs=0 lost=0 slowest=0
while ((done < count)); do
  kind=${kinds[done % ${#kinds[@]}]}
  ranks=$((RANDOM % 4 + 1))
  # One rank that is stopped alone has nobody who would notice.
  if [[ $kind == stall ]]; then ranks=$((ranks % 3 + 2)); fi
  again=$(((ranks + RANDOM % 3) % 4 + 1))
  run=$work/run log=$work/log status=
  mkdir -p "$run"
  if [[ $kind == full ]]; then mount -t tmpfs -o size=6m none "$run" || exit 77; fi
  # What a script starts in the background ignores Ctrl-C, unless told otherwise.
  env --default-signal=INT launch/run.sh -np "$ranks" "$program" "$work/experiment.yaml" --output "$run" \
    --stall-limit "${stall_limit}s" > "$log" 2>&1 < /dev/null &
  current=$!
  for ((i = 0; i < 1200; i++)); do
    pids=$(processes "$run")
    (($(wc -w <<< "$pids") < ranks)) && kill -0 "$current" 2> /dev/null || break
    sleep 0.05
  done
  launcher=$(pgrep -P "$current" mpirun)
  # A moment in the run, not in time: a run takes 2 s or 15 s, by machine and ranks.
  lines=$((RANDOM % 30))
  while kill -0 "$current" 2> /dev/null && (($(wc -l 2> /dev/null < "$run/metrics.jsonl" || echo 0) < lines)); do sleep 0.02; done
  sleep "0.$((RANDOM % 100 + 100))"
  fault=$(now)
  disturb
  case $kind in
    full | readonly | vanished) limit=300 ;; # the run goes on to its end
    stall) limit=$((10 * stall_limit + 120)) ;; # the watchdog's patience outside of steps
    *) limit=$longest ;;
  esac
  if [[ $kind == full ]] && ((RANDOM % 2)); then
    # Room again before the end: then nothing is wrong in the end.
    sleep 0.5
    restore
  fi
  if ! wait_for_end $limit; then
    fail "still there after $limit s"
    hangs=$((hangs + 1))
    kill -KILL $pids "$launcher" "$current" 2> /dev/null
    current=
  fi
  took=$((($(now) - fault) / 1000))
  ((limit != longest || took <= slowest)) || slowest=$took
  restore 2> /dev/null
  if ((status == 0)) && [[ $kind != full && $kind != readonly && $kind != vanished ]]; then
    # The run was over before the fault came: no fault.
    late=$((late + 1))
    if ((late > 20 * count)); then
      echo "fault-campaign: every fault comes too late" >&2
      exit 70
    fi
  else
    before=$(newest "$run")
    if ((status != 0)); then
      first=$status
      launch/run.sh -np "$again" "$program" --resume "$run" > "$log" 2>&1 || fail "resuming ended with status $?"
      from=$(sed -n 's/.*, from step \([0-9]*\)$/\1/p' "$log" | head -n 1)
      if [[ -n $before && $((10#$(tr -dc 0-9 <<< "$before"))) != "$from" ]]; then
        fail "$before is there, but the run went on from step $from"
        lost=$((lost + 1))
      fi
    else
      first=0
    fi
    [[ $(digest "$run") == "$expected" ]] || fail "other bytes than those of the undisturbed run (status was $first)"
    case $kind in
      usr1 | term | interrupt) ((first == 75)) || fail "stopped with status $first, not 75" ;;
    esac
    tally[$kind]=$((${tally[$kind]:-0} + 1))
    done=$((done + 1))
    ((done % 10)) || echo "fault-campaign: $done of $count, $failures failures"
  fi
  if [[ $kind == full ]]; then umount "$run"; fi
  rm -rf "$run"
done

for kind in "${!tally[@]}"; do printf '%-10s %d\n' "$kind" "${tally[$kind]}"; done | sort
echo "fault-campaign: $count faults, $failures failures, $hangs hangs, $lost lost checkpoints;" \
  "slowest end after a fault $slowest ms; $late faults came after the end and are not counted"
finished=yes
((failures == 0))
