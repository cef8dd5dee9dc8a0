#!/usr/bin/env bash
# Makes a record anew: runs the command of a page's `<!-- figures record NAME: COMMAND -->`, and keeps the command and what it
# prints in docs/figures/records/NAME.txt, with which the tests compare the page.
# Usage: launch/record.sh NAME...
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source launch/environment.sh
SGM_BIN=${SGM_BIN:-$(launch/build.sh --show-bin-path)}
export SGM_BIN PATH=$SGM_BIN:$PATH SGM_PYTHON=${SGM_PYTHON:-$PWD/.build-python/bin/python}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
ln -s "$PWD/launch" "$folder/launch"
mkdir -p docs/figures/records
for name in "$@"; do
  command=$(cat README.md docs/*.md | sed -n "s/^<!-- figures record $name: \(.*\) -->\$/\1/p" | head -n 1)
  [[ -n $command ]] || { echo "record: no page has figures of a record $name" >&2; exit 64; }
  (echo "$command"; cd "$folder"; bash -euo pipefail -c "$command") > "$folder/record"
  mv "$folder/record" "docs/figures/records/$name.txt"
  echo "record: docs/figures/records/$name.txt"
done
