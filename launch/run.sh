#!/usr/bin/env bash
# Runs a program of ours under mpirun and keeps its status: launch/run.sh [-np N] [--host LIST] PROGRAM [ARGUMENT]...
# Ctrl-C, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 and SIGXCPU stop it with a checkpoint and status 75; a second Ctrl-C ends it at once.
# A host that vanishes ends the run within half a minute, status 76. SGM_MPIRUN_OPTIONS holds further options of mpirun.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

usage() {
  echo "run: $1; usage: launch/run.sh [-np N] [--host LIST] PROGRAM [ARGUMENT]..." >&2
  exit 64
}

ranks= hosts=
while (($#)); do
  case $1 in
    -np | --host)
      (($# > 1)) || usage "$1 needs a value"
      if [[ $1 == -np ]]; then ranks=$2; else hosts=$2; fi
      shift 2
      ;;
    -*) usage "'$1' is not an option" ;;
    *) break ;;
  esac
done
(($#)) || usage "no program is named"
[[ -z $ranks || $ranks =~ ^[1-9][0-9]*$ ]] || usage "-np $ranks: a number of ranks is expected"

if ! command -v mpirun > /dev/null; then
  echo "run: no mpirun in PATH; launch/install-dependencies.sh installs it" >&2
  exit 69
fi
if ! command -v "$1" > /dev/null; then
  echo "run: $1 is no program; build it by launch/build.sh, or unpack the bundle" >&2
  exit 69
fi
version=$(mpirun --version 2> /dev/null | head -n 1)
# mpirun waits this long (1 s unless told) before SIGTERM, and again before SIGKILL: time to write a checkpoint, yet all
# ranks end within 10 s of the death of one.
if [[ $version =~ [^0-9]([0-9]+)\.[0-9]+ ]] && ((BASH_REMATCH[1] >= 5)); then
  framework=--prtemca
  options=(--prtemca odls_base_sigkill_timeout 3 --map-by :OVERSUBSCRIBE)
else
  # -q: without it, mpirun explains at length that a rank ended with a status, which we have said in a line.
  framework=--mca
  options=(-q --mca odls_base_sigkill_timeout 3 --oversubscribe)
fi
# mpirun and its daemons ask each other for a sign of life after 5 s of silence, every 2 s, three times: without it a host
# whose link is down is noticed after eight minutes.
options+=("$framework" oob_tcp_keepalive_time 5 "$framework" oob_tcp_keepalive_intvl 2 "$framework" oob_tcp_keepalive_probes 3)
[[ -z $ranks ]] || options+=(-np "$ranks")
[[ -z $hosts ]] || options+=(--host "$hosts")
read -ra more <<< "${SGM_MPIRUN_OPTIONS:-}"

mpirun= asked=no interrupted=no
children() { cat "/proc/$mpirun/task/"*/children 2> /dev/null; }
ranks_here() {
  local child name
  for child in $(children); do
    if read -r name 2> /dev/null < "/proc/$child/comm" && [[ $name == sgm-* ]]; then return 0; fi
  done
  return 1
}
# Signs of life are not asked for while an order is on its way: to a host whose link went down with it, mpirun would wait a
# quarter of an hour. All ranks end together, so once those here have been gone for 15 s nothing is left to wait for.
end_late() {
  trap '' INT USR1 USR2 HUP XCPU
  local started=no gone=0
  while sleep 1 && kill -0 "$mpirun" 2> /dev/null; do
    if ranks_here; then
      started=yes gone=0
    elif [[ $started == yes ]] && ((++gone >= 15)); then
      # Its ways to other hosts as well: they would keep the output open. Once mpirun is dead, the script ends us by SIGTERM, and
      # nothing would be left that says 76.
      trap '' TERM
      kill -KILL $(children) "$mpirun" 2> /dev/null
      return 76
    fi
  done
}
on_stop() {
  asked=yes
  [[ -z $mpirun ]] || kill -USR1 "$mpirun" 2> /dev/null
}
on_interrupt() {
  if [[ $interrupted == yes ]]; then
    # The ranks die with their parent.
    [[ -z $mpirun ]] || kill -KILL "$mpirun" 2> /dev/null
    return
  fi
  interrupted=yes
  echo "run: stopping with a checkpoint; Ctrl-C once more ends it at once" >&3
  on_stop
}
exec 3>&2 # what traps say while bash's own words on a killed mpirun are kept away
trap on_interrupt INT
trap on_stop USR1 USR2 TERM HUP XCPU

# The first rank leaves its status here: Open MPI 4.1's mpirun crashes now and then once all ranks have ended.
SGM_STATUS_FILE=$(mktemp 2> /dev/null) && export SGM_STATUS_FILE

# A process group of its own: the terminal's Ctrl-C reaches us alone, and mpirun does not kill its ranks for it.
set -m
mpirun "${options[@]}" ${more[@]+"${more[@]}"} "$@" < /dev/null 3>&- &
mpirun=$!
set +m
[[ $asked == no ]] || kill -USR1 "$mpirun" 2> /dev/null
end_late > /dev/null 2>&1 3>&- &
late=$!

# `wait` returns with 128 and more when a signal comes; of a child that has ended, bash keeps the true status.
while kill -0 "$mpirun"; do wait "$mpirun"; done 2> /dev/null
wait "$mpirun" 2> /dev/null
status=$?
kill "$late" 2> /dev/null
wait "$late" 2> /dev/null
if (($? == 76)); then status=205; fi
# 134, 139: abort and segmentation fault, of mpirun itself where the first rank has ended in good order.
if ((status == 134 || status == 139)) && [[ -s $SGM_STATUS_FILE ]]; then status=$(< "$SGM_STATUS_FILE"); fi
[[ -z $SGM_STATUS_FILE ]] || rm -f "$SGM_STATUS_FILE"
# 138: asked to stop before mpirun or a rank could listen, so before the first step.
if [[ $asked == yes ]] && ((status == 138)); then status=75; fi
# Our programs end with none of these: mpirun did not start the ranks, or lost a host or daemon.
if ((status == 1 || status == 205 || status == 255)); then
  echo "run: mpirun ended with status $status: a host or its daemon was lost, or could not be reached" >&2
  status=76
fi
# An mpirun that was killed leaves its session's folder.
if ((status == 137)); then rm -rf "${TMPDIR:-/tmp}/ompi.$(hostname).$UID/pid.$mpirun"; fi
exit "$status"
