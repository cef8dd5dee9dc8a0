#!/usr/bin/env bash
# Trains until the run is complete, whatever happens between:
#   launch/resilient.sh [-np N] [--hosts LIST] [--backoff SECONDS] RUN [EXPERIMENT.yaml] [option of sgm-train]...
# Starts RUN from the experiment, or resumes it; starts again after crashes and status 75, after a pause that doubles, on
# the hosts less those whose ranks died twice. Gives up when the run dies twice at the same step, and after errors that a
# new start does not mend (64 to 69, 73, 78). Ctrl-C, SIGTERM and their like stop the run with a checkpoint, and with it this script.
set -uo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
program=${SGM_TRAIN:-$here/../.build/release/sgm-train}

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
[[ -x $program ]] || { echo "resilient: $program is not there; build it by launch/build.sh, or name it in SGM_TRAIN" >&2; exit 69; }

child= asked=no
on_stop() {
  asked=yes
  [[ -z $child ]] || kill -"$1" "$child" 2> /dev/null
}
trap 'on_stop USR1' USR1 USR2 TERM HUP XCPU
trap 'on_stop INT' INT

declare -A deaths=()
last_step=-1 pause=$backoff

# Its argument is the list of hosts, without slots, of ranks that died.
leave_out() {
  local host entry kept
  for host in ${1//,/ }; do
    deaths[$host]=$((${deaths[$host]:-0} + 1))
    ((deaths[$host] >= 2 && ${#hosts[@]} > 0)) || continue
    kept=()
    for entry in "${hosts[@]}"; do [[ ${entry%%:*} == "$host" ]] || kept+=("$entry"); done
    ((${#kept[@]} < ${#hosts[@]})) || continue
    hosts=(${kept[@]+"${kept[@]}"})
    echo "resilient: $host is left out: ranks died there twice" >&2
    if ((${#hosts[@]} == 0)); then
      echo "resilient: no host is left" >&2
      exit 69
    fi
  done
}

while :; do
  options=()
  [[ -z $ranks ]] || options+=(-np "$ranks")
  ((${#hosts[@]} == 0)) || options+=(--host "$(IFS=,; echo "${hosts[*]}")")
  if [[ -f $run/experiment.yaml ]]; then
    start=(--resume "$run")
  elif [[ -n $experiment ]]; then
    # Without its experiment the folder is what a start that died has left, and --overwrite takes no other.
    start=("$experiment" --output "$run" ${anew[@]+"${anew[@]}"})
    [[ ! -d $run || " ${anew[*]-} " == *" --overwrite "* ]] || start+=(--overwrite)
  else
    usage "there is no run in $run, and no experiment to start it from"
  fi
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
    pause=$backoff
    echo "resilient: stopped in good order; going on in $pause s" >&2
  else
    # mpirun does not wait for the ranks that it kills.
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
      [[ $who == - ]] || leave_out "$who"
    else
      echo "resilient: status $status" >&2
      # An error that all ranks agreed on comes again: once more, and no more.
      if ((last_step == -2)); then exit "$status"; fi
      last_step=-2
    fi
    echo "resilient: going on in $pause s" >&2
  fi
  # In the background, so that a signal ends the pause.
  sleep "$pause" &
  wait $!
  if [[ $asked == yes ]]; then exit 75; fi
  if ((status != 75)); then pause=$((pause * 2 < 300 ? pause * 2 : 300)); fi
done
