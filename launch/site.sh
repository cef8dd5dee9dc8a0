#!/usr/bin/env bash
# Builds the pages and the library's documentation into one static site with search: launch/site.sh [FOLDER] [--pages]
# FOLDER is .build-site/site unless told. --pages leaves the library's documentation out, which takes minutes.
# Any web server can serve the folder at its root; `python3 -m http.server --directory .build-site/site` shows it here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

output= with_library=yes
for word in "$@"; do
  case $word in
    --pages) with_library=no ;;
    -*)
      echo "site: '$word' is not an option; the only one is --pages" >&2
      exit 64
      ;;
    *) output=$word ;;
  esac
done
work=.build-site
output=${output:-$work/site}
python=$work/python/bin/python

if ! "$python" -c 'import material' 2> /dev/null; then
  echo "site: installing mkdocs-material into $work/python"
  python3 -m venv --clear "$work/python"
  "$python" -m pip install --quiet --disable-pip-version-check --retries 10 mkdocs==1.6.1 mkdocs-material==9.6.14
fi

# README is the first page; its links into docs become links beside it.
rm -rf "$work/pages" "$work/site"
mkdir -p "$work/pages"
cp -r docs/*.md docs/figures "$work/pages"
sed -E 's#\]\(docs/#](#g' README.md > "$work/pages/index.md"
# Whoever searches looks for what there is, and not first for when it came or how it is tested.
for page in CHANGELOG testing; do sed -i '1i ---\nsearch:\n  boost: 0.2\n---\n' "$work/pages/$page.md"; done
cp launch/site/mkdocs.yml "$work/mkdocs.yml"
# The navigation is the file's last part.
if [[ $with_library == yes ]]; then echo "  - Reference: /library/documentation/" >> "$work/mkdocs.yml"; fi
"$python" -m mkdocs build --quiet --strict --config-file "$work/mkdocs.yml"

if [[ $with_library == yes ]]; then
  modules=()
  for module in Sources/*/*.docc; do modules+=(--target "$(basename "$module" .docc)"); done
  swift package -c release -Xswiftc -enable-testing --allow-writing-to-directory "$work" generate-documentation "${modules[@]}" \
    --enable-experimental-combined-documentation --transform-for-static-hosting --hosting-base-path library \
    --warnings-as-errors --output-path "$work/library" > /dev/null
  rm -rf "$work/site/library"
  cp -r "$work/library" "$work/site/library"
fi
if [[ $output != "$work/site" ]]; then
  mkdir -p "$output"
  cp -r "$work/site/." "$output"
fi
echo "site: $output/index.html"
