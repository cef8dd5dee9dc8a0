#!/usr/bin/env bash
# Trains until the run is complete, whatever happens between:
#   launch/resilient.sh [-np N] [--hosts LIST] [--backoff SECONDS] RUN [EXPERIMENT.yaml] [option of sgm-train]...
# Starts RUN from the experiment, or resumes it; starts again after crashes and status 75, after a pause that doubles, on
# the hosts that answer, less those whose ranks died twice. Ends with 75 when the batch system's time is over. Gives up when
# the run dies twice at the same step on hosts that all answer, and after errors that a new start does not mend (64 to 69, 73,
# 78). Ctrl-C, SIGTERM and their like stop the run with a checkpoint, and with it this script.
# A host answers when SGM_HOST_CHECK HOST true, by default ssh HOST true, ends with 0 within 10 s; in a job of Slurm, PBS or LSF,
# which look after their hosts, nobody is asked unless SGM_HOST_CHECK is set.
set -uo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
program=$here/../.build/release/sgm-train
[[ -x $program ]] || program=$here/../bin/sgm-train # of the bundle
program=${SGM_TRAIN:-$program}

usage() {
  echo "resilient: $1; usage: launch/resilient.sh [-np N] [--hosts LIST] [--backoff SECONDS] RUN [EXPERIMENT.yaml] [OPTION]..." >&2
  exit 64
}

ranks= backoff=5 hosts=()
while (($#)); do
  case $1 in
    -np | --hosts | --backoff)
      (($# > 1)) || usage "$1 needs a value"
      case $1 in
        -np) ranks=$2 ;;
        --hosts) IFS=, read -ra hosts <<< "$2" ;;
        --backoff) backoff=$2 ;;
      esac
      shift 2
      ;;
    -*) usage "'$1' is not an option" ;;
    *) break ;;
  esac
done
(($#)) || usage "no run is named"
[[ $backoff =~ ^[0-9]+$ ]] || usage "--backoff $backoff: whole seconds are expected"
run=$1
shift
experiment=
if (($#)) && [[ $1 != -* ]]; then
  experiment=$1
  shift
fi
# What a start takes and a resume refuses is kept apart.
anew=() options_of_both=()
while (($#)); do
  case $1 in
    --init-from)
      anew+=("$1" "${2:-}")
      shift
      ;;
    --init-from=* | --overwrite) anew+=("$1") ;;
    *) options_of_both+=("$1") ;;
  esac
  shift
done
command -v "$program" > /dev/null || { echo "resilient: $program is not there; build it by launch/build.sh, or name it in SGM_TRAIN" >&2; exit 69; }

child= asked=no
on_stop() {
  asked=yes
  [[ -z $child ]] || kill -"$1" "$child" 2> /dev/null
}
trap 'on_stop USR1' USR1 USR2 TERM HUP XCPU
trap 'on_stop INT' INT

host_check=${SGM_HOST_CHECK:-ssh -o BatchMode=yes -o ConnectTimeout=5}
in_job=${SLURM_JOB_ID:-}${PBS_JOBID:-}${LSB_JOBID:-}
[[ -z $in_job || -n ${SGM_HOST_CHECK:-} ]] || host_check=:

declare -A deaths=()
last_step=-1 pause=$backoff

# A member of status.json, a number or a text without quotes in it; empty where there is none.
word() { sed -nE "s/.*\"$1\":\"?([^\",}]*)[\",}].*/\\1/p" "$run/status.json" 2> /dev/null | head -n 1; }

# The attempt that wrote status.json: an mpirun that could not reach its hosts leaves that of the attempt before.
attempt() { echo "$(word process) $(word started)"; }

# The hosts that answer and may be used, in their order, in `ready`; those that do not are named once each time.
choose_hosts() {
  local entry host name pids=() answers
  ready=()
  ((${#hosts[@]})) || return 0
  answers=$(mktemp -d)
  for entry in "${hosts[@]}"; do
    host=${entry%%:*}
    ((${deaths[$host]:-0} < 2)) || continue
    ([[ ${host%%.*} == "$(hostname -s)" || $host == localhost ]] \
      || [[ $host_check == : ]] || timeout 10 $host_check "$host" true) \
      < /dev/null > /dev/null 2>&1 && : > "$answers/$host" &
    pids+=($!)
  done
  for name in ${pids[@]+"${pids[@]}"}; do wait "$name"; done
  silent=0
  for entry in "${hosts[@]}"; do
    host=${entry%%:*}
    ((${deaths[$host]:-0} < 2)) || continue
    if [[ -e $answers/$host ]]; then
      ready+=("$entry")
    else
      silent=1
      echo "resilient: $host does not answer and is not used" >&2
    fi
  done
  rm -rf "$answers"
}

# Its argument is the list of hosts, without slots, of ranks that died.
count_deaths() {
  local host
  for host in ${1//,/ }; do
    deaths[$host]=$((${deaths[$host]:-0} + 1))
    ((deaths[$host] == 2 && ${#hosts[@]} > 0)) || continue
    echo "resilient: $host is left out: ranks died there twice" >&2
  done
}

silent=0
while :; do
  before=$silent
  choose_hosts
  if ((${#hosts[@]} && ${#ready[@]} == 0)); then
    echo "resilient: no host is left" >&2
    exit 69
  fi
  # The run was killed by its host's death, not by a step of its own: the same step may end it once more.
  if ((silent != before)); then last_step=-1; fi
  options=()
  [[ -z $ranks ]] || options+=(-np "$ranks")
  ((${#hosts[@]} == 0)) || options+=(--host "$(IFS=,; echo "${ready[*]}")")
  if [[ -f $run/experiment.yaml ]]; then
    start=(--resume "$run")
  elif [[ -n $experiment ]]; then
    # Without its experiment the folder is what a start that died has left, and --overwrite takes no other.
    start=("$experiment" --output "$run" ${anew[@]+"${anew[@]}"})
    [[ ! -d $run || " ${anew[*]-} " == *" --overwrite "* ]] || start+=(--overwrite)
  else
    usage "there is no run in $run, and no experiment to start it from"
  fi
  earlier=$(attempt)
  set -m
  "$here/run.sh" ${options[@]+"${options[@]}"} "$program" "${start[@]}" \
    ${options_of_both[@]+"${options_of_both[@]}"} < /dev/null &
  child=$!
  set +m
  [[ $asked == no ]] || kill -USR1 "$child" 2> /dev/null
  # As in run.sh: a `wait` that a signal ended has not the child's status.
  while kill -0 "$child" 2> /dev/null; do wait "$child"; done
  wait "$child"
  status=$?
  child=

  ((status != 0)) || exit 0
  # The user, or the batch system, wants the run to stop; so it does.
  if [[ $asked == yes ]]; then exit "$status"; fi
  case $status in
    64 | 65 | 66 | 69 | 73 | 78 | 127)
      echo "resilient: status $status: a new start would not mend this" >&2
      exit "$status"
      ;;
  esac
  if ((status == 75)); then
    # Time is over, or the batch system has said so by a signal to the ranks: the next job goes on.
    cause=$(word cause)
    if [[ $cause == job-end || ($cause == signal && -n $in_job) ]]; then
      echo "resilient: stopped by $(word reason); the next job goes on" >&2
      exit 75
    fi
    pause=$backoff last_step=-1
    echo "resilient: stopped in good order; going on in $pause s" >&2
  elif [[ $(attempt) == "$earlier" ]]; then
    # Heartbeats are those of an earlier attempt, and say nothing of this one.
    echo "resilient: status $status before the run was in its folder" >&2
    never=$((${never:-0} + 1))
    if ((never >= 3)); then
      echo "resilient: three starts in a row did not reach the run's folder; see docs/operations.md" >&2
      exit "$status"
    fi
    echo "resilient: going on in $pause s" >&2
  else
    # mpirun does not wait for the ranks that it kills; a lock of another host is watched by --status itself.
    what= step=-1 who=- rest=
    for ((i = 0; i < 60; i++)); do
      read -r what step who rest < <("$program" --status "$run" 2> /dev/null)
      [[ ${what:-} == running ]] || break
      sleep 0.5
    done
    if [[ ${what:-} == died ]]; then
      echo "resilient: status $status: $rest" >&2
      if ((step == last_step)); then
        echo "resilient: died twice at step $step; see docs/operations.md" >&2
        exit "$status"
      fi
      last_step=$step
      [[ $who == - ]] || count_deaths "$who"
    else
      echo "resilient: status $status" >&2
      # An error that all ranks agreed on comes again: once more, and no more.
      if ((last_step == -2)); then exit "$status"; fi
      last_step=-2
    fi
    echo "resilient: going on in $pause s" >&2
  fi
  [[ $(attempt) == "$earlier" ]] || never=0
  # In the background, so that a signal ends the pause.
  sleep "$pause" &
  wait $!
  if [[ $asked == yes ]]; then exit 75; fi
  if ((status != 75)); then pause=$((pause * 2 < 300 ? pause * 2 : 300)); fi
done
