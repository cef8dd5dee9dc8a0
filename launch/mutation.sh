#!/usr/bin/env bash
# Puts small faults in on purpose and sees which tests notice: launch/mutation.sh [OPTION]... [MODULE|MODULE.NUMBER]...
# All faults of launch/mutations/*.txt go into a copy of the tree in .build-mutation at once, each behind a switch, so that
# one build serves all: SGM_MUTATION=17 turns fault 17 on. After a build each unit test runs once by itself without a
# fault, and the faults whose places it reaches are written down. So a fault meets only the unit tests that can see it, its
# module's own first, then the mpirun suites that its entry names. A run stops at the first failure.
#   --check     only checks that every place is there exactly once; needs no build
#   --list      prints the faults with their numbers
#   --every N   takes the faults 1, N + 1, 2N + 1, … of each table
#   --module    does not go on to the tests of other modules
#   --mpirun    goes on to the mpirun suites
#   --build     builds the copy and ends
#   --no-build  takes the copy as it was built last
#   --continue  keeps the verdicts of .build-logs/mutation.txt and passes over these faults: hours of faults in parts
#   --survivors as --continue, but what survived runs again: after tests were written, or with --mpirun
# Prints a line a fault and a table, both kept in .build-logs/mutation.txt. Status 1 if fewer than 90 % were caught, or
# fewer than 80 % in one module. docs/testing.md explains the tables' format.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source launch/environment.sh
export LC_ALL=C.UTF-8
[[ -n ${SGM_PYTHON:-} || ! -x .build-python/bin/python ]] || export SGM_PYTHON=$PWD/.build-python/bin/python
copy=$PWD/.build-mutation log=$PWD/.build-logs/mutation.txt
scope=all mpirun=no build=yes every=1 continue=no wanted=()

usage() {
  echo "mutation: $1; usage: launch/mutation.sh [--check|--list|--build] [--every N] [--module] [--mpirun] [--no-build] [--continue|--survivors] [MODULE[.NUMBER]]..." >&2
  exit 64
}

while (($#)); do
  word=$1
  shift
  case $word in
    --every)
      [[ ${1:-} =~ ^[1-9][0-9]*$ ]] || usage "--every needs a number from 1"
      every=$1
      shift
      ;;
    --check) build=check ;;
    --list) build=list ;;
    --build) build=only ;;
    --module) scope=module ;;
    --mpirun) mpirun=yes ;;
    --no-build) build=no ;;
    --continue) continue=yes ;;
    --survivors) continue=caught ;;
    -*) usage "'$word' is not an option" ;;
    *) wanted+=("$word") ;;
  esac
done

# One element a fault: its name (Module.n), claim, file, exact old text, new text, how it replaces, why it is left out,
# and the mpirun suites that might see it.
names=() claims=() files=() olds=() news=() kinds=() marks=() suites=()

read_table() {
  local table=$1 module line file= number=0 at=0 have=no
  module=$(basename "$table" .txt)
  while IFS= read -r line || [[ -n $line ]]; do
    at=$((at + 1))
    case $line in
      '' | '//'*) ;;
      '@ '*) file=${line#@ } ;;
      '# '*)
        [[ -n $file ]] || fail "$table:$at: a fault before any '@ FILE'"
        number=$((number + 1))
        names+=("$module.$number") claims+=("${line#\# }") files+=("$file") olds+=('') news+=('') kinds+=('') marks+=('') suites+=('')
        have=yes
        ;;
      *)
        [[ $have == yes ]] || fail "$table:$at: '$line' before any '# CLAIM'"
        local i=$((${#names[@]} - 1))
        case $line in
          '- '*) olds[i]+=${olds[i]:+$'\n'}${line#- } ;;
          '+ '*) news[i]+=${news[i]:+$'\n'}${line#+ } kinds[i]=expression ;;
          '! '*) news[i]+=${news[i]:+$'\n'}${line#! } kinds[i]=statement ;;
          '!') kinds[i]=statement ;;
          '= '*) news[i]+=${news[i]:+$'\n'}${line#= } kinds[i]=plain ;;
          '~ '*) marks[i]=${line#\~ } ;;
          '> '*) suites[i]=${line#> } ;;
          *) fail "$table:$at: '$line' begins with none of # - + ! = ~ > @ //" ;;
        esac
        ;;
    esac
  done < "$table"
}

fail() {
  echo "mutation: $1" >&2
  exit 65
}

# With --check all that is wrong is told, not the first alone.
complaints=0
complain() {
  [[ $build == check ]] || fail "$1"
  complaints=$((complaints + 1))
  echo "mutation: $1" >&2
}

# Where fault $1 replaces, in the file's text $text: sets start and length; or says what is wrong.
locate() {
  local old=${olds[$1]} rest before
  [[ -n $old && -n ${kinds[$1]} ]] || fail "${names[$1]}: needs lines '- OLD' and '+ NEW', '! NEW' or '= NEW'"
  local lead='' body=$old
  if [[ $old == *'«'*'»'* ]]; then
    lead=${old%%«*}
    body=${old#*«}
    body=${body%»*}
    old=${old/«/}
    old=${old/»/}
  fi
  before=${text%%"$old"*}
  [[ $before != "$text" ]] || { complain "${names[$1]}: ${files[$1]} no longer has the text: $old"; return 1; }
  rest=${text#*"$old"}
  [[ $rest != *"$old"* ]] || { complain "${names[$1]}: ${files[$1]} has the text more than once: $old"; return 1; }
  start=$((${#before} + ${#lead})) length=${#body}
}

# The text that stands for fault $1 where $2 stood; further faults of the same place nest.
switched() {
  local condition="sgm_mutated($(($1 + 1)))" new=${news[$1]}
  case ${kinds[$1]} in
    expression) printf '(%s ? %s : %s)' "$condition" "$new" "$2" ;;
    statement) printf 'if (%s) { %s } else { %s }' "$condition" "$new" "$2" ;;
    plain) printf '%s' "${new//MUTATED/$condition}" ;;
  esac
}

switch='sgm_mutated(int n) { if (sgm_mutation < 0) sgm_reach(n); return sgm_mutation == n; }'

# Writes file $1 with all of its faults to $2.
write_file() {
  local file=$1 text out='' i start length last=0 key
  [[ -f $file ]] || { complain "$file is not there"; return; }
  text=$(< "$file")
  local -A at=()
  for i in "${!names[@]}"; do
    [[ ${files[i]} == "$file" ]] || continue
    locate "$i" || continue
    printf -v key '%08d %08d' "$start" "$length"
    at[$key]+=" $i"
  done
  while read -r key; do
    [[ -n $key ]] || continue
    start=$((10#${key% *})) length=$((10#${key#* }))
    ((start >= last)) || complain "$file: two faults overlap, the second is${at[$key]}: ${names[${at[$key]##* }]}"
    local piece=${text:start:length}
    for i in ${at[$key]}; do piece=$(switched "$i" "$piece"); done
    out+=${text:last:start-last}$piece
    last=$((start + length))
  done < <(printf '%s\n' "${!at[@]}" | sort)
  out+=${text:last}
  [[ -z $2 ]] && return
  {
    case $file in
      *.swift) echo 'public import CMutation' ;;
      *.cpp) echo 'extern "C" { extern const int sgm_mutation; void sgm_reach(int); }' "static inline bool $switch" ;;
      *) echo "extern const int sgm_mutation; void sgm_reach(int); static inline _Bool $switch" ;;
    esac
    printf '%s\n' "$out"
  } > "$2.new"
  cmp -s "$2.new" "$2" && rm "$2.new" || mv "$2.new" "$2"
}

# Replaces text $2 of the copy's manifest by $3, which must be there.
edit_manifest() {
  local text
  text=$(< "$copy/Package.swift.new")
  [[ $text == *"$1"* ]] || fail "Package.swift no longer has the text: $1"
  printf '%s\n' "${text//"$1"/$2}" > "$copy/Package.swift.new"
}

make_copy() {
  local file mutated
  mkdir -p "$copy/Sources/CMutation/include"
  # Unchanged files keep their times, so that only what changed is built again.
  while IFS= read -r file; do
    mkdir -p "$copy/$(dirname "$file")"
    cmp -s "$file" "$copy/$file" || [[ " ${files[*]} " == *" $file "* ]] || cp "$file" "$copy/$file"
  done < <(git ls-files --cached --others --exclude-standard Sources Tests launch docs README.md)
  while IFS= read -r file; do
    [[ -e $file || $file == Sources/CMutation/* ]] || rm "$copy/$file"
  done < <(cd "$copy" && find Sources Tests launch docs -type f)
  for mutated in $(printf '%s\n' "${files[@]}" | sort -u); do write_file "$mutated" "$copy/$mutated"; done

  cat > "$copy/Sources/CMutation/include/CMutation.h.new" << 'C'
// Which fault is on: read from the environment before main, never changed after. At -1 none is on, and the places that are
// reached are noted.
#pragma once
#include <stdbool.h>
extern const int sgm_mutation;
void sgm_reach(int number);
static inline __attribute__((always_inline)) bool sgm_mutated(int number) {
  if (__builtin_expect(sgm_mutation < 0, 0)) sgm_reach(number);
  return __builtin_expect(sgm_mutation == number, 0);
}
C
  # Its own file does not include the header: there the number is not constant.
  cat > "$copy/Sources/CMutation/mutation.c.new" << 'C'
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int sgm_mutation = 0;
enum { most = 10000 };
static unsigned char reached[most];
static int file = -1;
// Written at once, as a process may end by a signal. Programs that a test starts write to the same file.
void sgm_reach(int number) {
  if (file < 0 || __atomic_exchange_n(&reached[number % most], 1, __ATOMIC_RELAXED)) return;
  char line[16];
  const ssize_t length = snprintf(line, sizeof line, "%d\n", number);
  if (write(file, line, (size_t)length) != length) abort();
}
__attribute__((constructor)) static void read_number(void) {
  const char *text = getenv("SGM_MUTATION"), *path = getenv("SGM_REACHED");
  if (text) sgm_mutation = atoi(text);
  if (sgm_mutation < 0 && path) file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
}
C
  cp Package.swift "$copy/Package.swift.new"
  edit_manifest '  .treatAllWarnings(as: .error),' ''
  edit_manifest '  .strictMemorySafety(),' ''
  edit_manifest ', "-Werror"' ', "-Wno-error"'
  edit_manifest '  .unsafeFlags(swiftTarget + [' '  .unsafeFlags(swiftTarget + ["-suppress-warnings", '
  edit_manifest 'dependencies: dependencies, swiftSettings' 'dependencies: dependencies + ["CMutation"], swiftSettings'
  edit_manifest '  targets: [' '  targets: [ .target(name: "CMutation"),'
  for file in Package.swift Sources/CMutation/include/CMutation.h Sources/CMutation/mutation.c; do
    cmp -s "$copy/$file.new" "$copy/$file" && rm "$copy/$file.new" || mv "$copy/$file.new" "$copy/$file"
  done
  [[ ! -e Package.resolved ]] || cp Package.resolved "$copy"
}

pid=
trap '[[ -z $pid ]] || kill -KILL -- "-$pid" 2> /dev/null' EXIT
trap 'exit 130' INT TERM

# run_tests FAULT LIMIT FILTER [OPTION]...: sets by to the first test that failed, or how the run ended; empty if all passed.
run_tests() {
  local fault=$1 limit=$2 filter=$3 status begin=$SECONDS output=$copy/output.txt
  shift 3
  by=
  # The inner shell keeps to itself what bash says of a child that a signal ended.
  : > "$output"
  SGM_MUTATION=$fault setsid bash -c 'output=$1; shift; "$@" > "$output" 2>&1' - "$output" \
    "$bundle" --testing-library swift-testing --filter "$filter" "$@" 2> /dev/null &
  pid=$!
  while kill -0 "$pid" 2> /dev/null; do
    sleep 0.1
    if grep -q 'recorded an issue' "$output"; then break; fi
    if ((SECONDS - begin > limit)); then by="$limit s passed"; break; fi
  done
  if kill -0 "$pid" 2> /dev/null; then
    kill -KILL -- "-$pid" 2> /dev/null
    wait "$pid" 2> /dev/null
    status=1
  else
    wait "$pid" 2> /dev/null
    status=$?
  fi
  pid=
  ((status != 0)) || {
    grep -q 'Test run with [1-9]' "$output" || fail "no test ran for the filter $filter"
    return
  }
  # 69: swift-testing found no test; 126 and 127: the command was too long or is not there.
  case $status in 69 | 126 | 127) grep -q 'recorded an issue' "$output" || fail "no test ran for the filter $filter" ;; esac
  local first
  first=$(grep -m 1 'recorded an issue' "$output" | sed -E 's/^[^A-Za-z]*Test (.*) recorded an issue.* at ([A-Za-z]+\.swift):.*/\1 (\2)/' | cut -c 1-150)
  by=${first:-${by:-the process ended: $(grep -m 1 -E 'Fatal error|Precondition|crash|error:' "$output" | tail -c 120 || true)}}
}

# pattern TEST: a regular expression for that test alone, as --list-tests names it.
pattern() { sed 's/[][(){}.*+?^$|\\]/\\&/g; s/^/^/; s/$/(\/|$)/' <<< "$1"; }

# trace K TEST: runs a test by itself without a fault; writes its seconds, its name and the faults that it reaches.
trace() {
  local file=$copy/reached/$1 begin=${EPOCHREALTIME//[.,]/} spent
  : > "$file.faults"
  SGM_MUTATION=-1 SGM_REACHED=$file.faults timeout --foreground 600 "$bundle" --testing-library swift-testing \
    --filter "$(pattern "$2")" > "$file.output" 2>&1 && grep -q 'Test run with [1-9]' "$file.output" || {
    echo "mutation: without a fault the test $2 fails: $file.output" >&2
    return 1
  }
  spent=$((${EPOCHREALTIME//[.,]/} - begin))
  printf '%d.%06d\t%s\t%s\n' $((spent / 1000000)) $((spent % 1000000)) "$2" "$(sort -nu "$file.faults" | tr '\n' ' ')" > "$file"
  rm "$file.faults" "$file.output"
}
export -f pattern trace

# Makes the table of what every unit test reaches, once a build. PagesTests/extensions wants the sources as they are.
trace_all() {
  [[ ! $copy/reached.txt -nt $bundle ]] || return 0
  rm -rf "$copy/reached"
  mkdir "$copy/reached"
  "$bundle" --testing-library swift-testing --list-tests | grep -v -e '^LaunchTests\.' -e 'PagesTests/extensions' | sort -u | awk '{ print NR; print }' |
    copy=$copy bundle=$bundle xargs -d '\n' -n 2 -P "$(nproc)" bash -c 'trace "$@"' - || fail "a test fails without a fault"
  cat "$copy/reached"/* > "$copy/reached.txt"
}

# tests_for FAULT MODULE OWN SLOW: the unit tests that reach a fault, the module's own or the others (OWN 1 or 0), of less
# than a second or of more (SLOW 0 or 1): a line with their seconds in all and a filter for them; nothing if there are none.
tests_for() {
  awk -F '\t' -v fault="$1" -v module="$2" -v own="$3" -v slow="$4" '
    ($1 >= 1) == slow && (index($2, module "Tests.") == 1) == own && index(" " $3, " " fault " ") {
      seconds += $1
      names[++n] = $2
    }
    END {
      if (!n) exit
      for (k = 1; k <= n; k++) { gsub(/[][(){}.*+?^$|\\]/, "\\\\&", names[k]); filter = filter (k > 1 ? "|" : "") names[k] }
      printf "%d ^(%s)(/|$)\n", seconds, filter
    }' "$copy/reached.txt"
}

# Whose tests are a module's own; the commands have none but those under mpirun.
tests_of() {
  case $1 in
    CXSMM) echo LinearAlgebra ;;
    CLEMON) echo Metrics ;;
    CMachine | CMPI) echo Communication ;;
    Commands) ;;
    *) echo "$1" ;;
  esac
}

for table in launch/mutations/*.txt; do read_table "$table"; done
case $build in
  check)
    for file in $(printf '%s\n' "${files[@]}" | sort -u); do write_file "$file" ''; done
    while read -r claim; do
      complain "two faults say: $claim"
    done < <(for i in "${!names[@]}"; do echo "${names[i]%.*}: ${claims[i]}"; done | sort | uniq -d)
    ((complaints == 0)) || exit 65
    echo "mutation: ${#names[@]} faults, each at its place"
    exit 0
    ;;
  list)
    for i in "${!names[@]}"; do printf '%4d  %-18s %s%s\n' $((i + 1)) "${names[i]}" "${claims[i]}" "${marks[i]:+  [left out: ${marks[i]}]}"; done
    exit 0
    ;;
  yes | only)
    make_copy
    swift build --package-path "$copy" -c release -Xswiftc -enable-testing --build-tests 2>&1 | grep -E 'error|warning: unre|Compiling|Build|^\[' | tail -n 40
    ((PIPESTATUS[0] == 0)) || fail "the copy with all faults does not build"
    [[ $build == yes ]] || exit 0
    ;;
esac
# A fault's number is its place in the tables.
[[ $build != no ]] || diff -rq launch/mutations "$copy/launch/mutations" || fail "the tables changed since the copy was built"
bundle=$(echo "$copy"/.build/release/*PackageTests.xctest)
[[ -x $bundle ]] || fail "$copy is not built; leave out --no-build"
trace_all

is_wanted() {
  local one
  (((${1#*.} - 1) % every == 0)) || return 1
  ((${#wanted[@]})) || return 0
  for one in "${wanted[@]}"; do [[ $1 == "$one" || ${1%.*} == "$one" ]] && return 0; done
  return 1
}

mkdir -p .build-logs
declare -A caught=() total=() left=() verdicts=()
# Faults keep their verdicts by module and claim: their numbers move when others are added.
if [[ $continue != no && -s $log ]]; then
  earlier=$(grep -E '^(caught|SURVIVED|          by) ' "$log")
  while read -r verdict name claim; do
    [[ $verdict == by ]] || verdicts["${name%.*} $claim"]=$verdict
  done <<< "$earlier"
  printf '%s\n' "$earlier" > "$log"
else
  : > "$log"
fi
exec > >(tee -a "$log")
for i in "${!names[@]}"; do
  is_wanted "${names[i]}" || continue
  module=${names[i]%.*}
  if [[ -n ${marks[i]} ]]; then
    left[$module]=$((${left[$module]:-0} + 1))
    printf 'left out  %-18s %s: %s\n' "${names[i]}" "${claims[i]}" "${marks[i]}"
    continue
  fi
  verdict=${verdicts["$module ${claims[i]}"]:-}
  [[ $continue != caught || $verdict != SURVIVED ]] || verdict=
  if [[ -n $verdict ]]; then
    total[$module]=$((${total[$module]:-0} + 1))
    [[ $verdict == SURVIVED ]] || caught[$module]=$((${caught[$module]:-0} + 1))
    continue
  fi
  own=$(tests_of "$module")
  total[$module]=$((${total[$module]:-0} + 1))
  by= reached=no
  for round in '1 0' '1 1' '0 0' '0 1'; do
    [[ -z $by && ($scope == all || $round == 1*) ]] || continue
    read -r seconds filter < <(tests_for $((i + 1)) "$own" $round) || continue
    reached=yes
    run_tests $((i + 1)) $((10 * seconds + 20)) "$filter"
  done
  if [[ -z $by && $mpirun == yes && -n ${suites[i]} ]]; then
    for suite in ${suites[i]}; do
      [[ -n $by ]] || run_tests $((i + 1)) 900 "^LaunchTests\.LaunchTests/$suite" --no-parallel
    done
  fi
  if [[ -n $by ]]; then
    caught[$module]=$((${caught[$module]:-0} + 1))
    printf 'caught    %-18s %s\n          by %s\n' "${names[i]}" "${claims[i]}" "$by"
  else
    printf 'SURVIVED  %-18s %s\n' "${names[i]}" "${claims[i]}"
    [[ $reached == yes || $scope == module ]] || printf '          by not being reached by a unit test\n'
  fi
done

status=0 all=0 found=0
printf '%-18s %7s %7s %9s %9s\n' module faults caught share 'left out'
for module in $(printf '%s\n' "${!total[@]}" "${!left[@]}" | sort -u); do
  n=${total[$module]:-0} c=${caught[$module]:-0}
  all=$((all + n)) found=$((found + c))
  printf '%-18s %7d %7d %7d %% %9d\n' "$module" "$n" "$c" $((n ? 100 * c / n : 100)) "${left[$module]:-0}"
  ((100 * c >= 80 * n)) || status=1
done
printf '%-18s %7d %7d %7d %%\n' all "$all" "$found" $((all ? 100 * found / all : 100))
((100 * found >= 90 * all)) || status=1
exit $status
