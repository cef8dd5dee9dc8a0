#!/usr/bin/env bash
# The folders of one module must not need each other in a circle: launch/folders.sh
# A folder needs another where it uses a name that the other declares at the top of a file. The compiler sees to modules.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Prints pairs "A B" for each use in folder A of a name declared in folder B; $1 is the module.
needs() {
  find "$1" -mindepth 2 -name '*.swift' -print0 | sort -z | xargs -0 awk '
    function folder(path) { sub(/\/[^\/]*$/, "", path); sub(/.*\//, "", path); return path }
    {
      line = $0
      gsub(/"([^"\\]|\\.)*"/, "", line)
      sub(/\/\/.*/, "", line)
      here = folder(FILENAME)
      declaration = line
      if (sub(/^((package|public|final|indirect|@[A-Za-z]+) +)*(struct|class|enum|protocol|func|typealias|let|var) +/, "", declaration)) {
        match(declaration, /^[A-Za-z_][A-Za-z_0-9]*/)
        name = substr(declaration, 1, RLENGTH)
        # A name that two folders declare tells nothing.
        if (!(name in owner)) owner[name] = here
        else if (owner[name] != here) owner[name] = ""
      }
      while (match(line, /[A-Za-z_][A-Za-z_0-9]*/)) {
        name = substr(line, RSTART, RLENGTH)
        before = substr(line, RSTART - 1, 1)
        line = substr(line, RSTART + RLENGTH)
        # A word in lower case is a use where it is called, and no member.
        if (name ~ /^[A-Z]/ || (before != "." && line ~ /^\(/)) uses[here, name] = FILENAME
        if (earlier == "func") own[here, name] = 1
        earlier = name
      }
    }
    END {
      for (use in uses) {
        split(use, part, SUBSEP)
        there = owner[part[2]]
        if (there != "" && there != part[1] && !(use in own)) print part[1], there, part[2], uses[use]
      }
    }'
}

status=0
for module in Sources/*/; do
  find "$module" -mindepth 2 -name '*.swift' | grep -q . || continue
  found=$(needs "$module")
  if ! cut -d ' ' -f 1,2 <<< "$found" | sort -u | tsort > /dev/null 2> /tmp/folders-$$; then
    echo "folders: folders of $module need each other in a circle:" >&2
    circle=$(sed -n 's/^tsort: //p' /tmp/folders-$$ | grep -v 'loop' | sort -u)
    while read -r from to name file; do
      grep -qx "$from" <<< "$circle" && grep -qx "$to" <<< "$circle" && echo "  $from needs $to: $name in $file" >&2
    done <<< "$(sort <<< "$found")"
    status=1
  fi
  rm -f /tmp/folders-$$
done
exit $status
