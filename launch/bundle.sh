#!/usr/bin/env bash
# Makes sgm-train-VERSION-x86_64.tar.gz, which needs neither Swift nor root where it is unpacked: launch/bundle.sh [FOLDER]
# FOLDER, .build-bundle unless told, receives the archive. All programs are one binary with Swift's runtime in it, under
# several names; of the machine it needs glibc of this one's age or newer, and Open MPI 4 or 5, which clusters have as modules.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=$(realpath -m "${1:-.build-bundle}")
scratch=.build-bundle
programs=(sgm-train sgm-sample sgm-evaluate sgm-theory sgm-report sgm-bench)
version=$(sed -n 's/^let programVersion = "\(.*\)"/\1/p' Sources/Commands/Version.swift)
name=sgm-train-$version-$(uname -m)

swift --version > /dev/null || { echo "bundle: no swift that runs; launch/install-dependencies.sh says what it needs" >&2; exit 69; }
# The options of launch/build.sh are for tests; here symbols that no one calls may go.
build=(-c release --static-swift-stdlib --scratch-path "$scratch")
swift build "${build[@]}"
bin=$(swift build "${build[@]}" --show-bin-path)

# One binary: every program's entry point has a name of its own, such as sgm_train_main, so that all of them can be linked
# together and a small main chooses by the name that it was called by.
work=$scratch/bundle
rm -rf "$work"
mkdir -p "$work"
{
  echo '#include <stdio.h>'
  echo '#include <stdlib.h>'
  echo '#include <string.h>'
  # Foundation asks for hypot as glibc 2.35 has it; the one before does as well, so that glibc 2.34 is enough.
  for kind in double float; do
    f=hypot; [[ $kind == double ]] || f=hypotf
    echo "$kind earlier_$f($kind, $kind);"
    echo "__asm__(\".symver earlier_$f,$f@GLIBC_2.2.5\");"
    echo "$kind $f($kind x, $kind y) { return earlier_$f(x, y); }"
  done
  # Of libstdc++, from 2.36 on in glibc.
  echo '#include <sys/random.h>'
  echo 'unsigned arc4random(void) { unsigned n = 0; while (getrandom(&n, sizeof n, 0) != sizeof n) {} return n; }'
  for program in "${programs[@]}"; do echo "int ${program//-/_}_main(int, char **);"; done
  echo 'int main(int count, char **words) {'
  echo '  const char *name = getenv("SGM_PROGRAM");'
  echo '  if (!name) name = strrchr(words[0], 0x2f) ? strrchr(words[0], 0x2f) + 1 : words[0];'
  for program in "${programs[@]}"; do
    echo "  if (!strcmp(name, \"$program\")) return ${program//-/_}_main(count, words);"
  done
  echo '  fprintf(stderr, "%s: this binary is one of: '"${programs[*]}"'; call it by one of these names\n", name);'
  echo '  return 64;'
  echo '}'
} > "$work/choose.c"
cc -O2 -fno-builtin -Wall -Wextra -Werror -c "$work/choose.c" -o "$work/choose.o"
for program in "${programs[@]}"; do cat "$bin/$program.product/Objects.LinkFileList"; done | sort -u > "$work/objects"
# libstdc++ goes in as well: that of an older system would not do for exact W2.
mkdir "$work/static"
ln -s "$(c++ -print-file-name=libstdc++.a)" "$work/static/libstdc++.a"
read -ra libraries < <(pkg-config --libs ompi-c)
swiftc -emit-executable -static-stdlib -o "$work/sgm" "@$work/objects" "$work/choose.o" -L"$work/static" "${libraries[@]}" \
  -lxsmm -lxsmmnoblas -ldl -lm -lpthread -lrt -Xlinker --gc-sections
strip --strip-unneeded "$work/sgm"

root=$work/$name
mkdir -p "$root"/{bin,libexec,launch,licences}
mv "$work/sgm" "$root/libexec/sgm"
cp launch/bundle/start.sh "$root/bin/sgm-start"
for program in "${programs[@]}"; do ln -s sgm-start "$root/bin/$program"; done
cp launch/bundle/check.sh "$root/check.sh"
cp launch/bundle/README.md "$root/README.md"
sed "s/@VERSION@/$version/" launch/bundle/modulefile > "$root/modulefile"
cp launch/{run,resilient,environment}.sh "$root/launch/"
cp -r launch/jobs launch/experiments launch/container launch/kubernetes "$root/launch/"
cp -r docs LICENSE "$root/"
cp launch/bundle/expected.sha256 "$root/"
cp /usr/share/doc/libxsmm-dev/copyright "$root/licences/libxsmm"
cp /usr/share/doc/liblemon-dev/copyright "$root/licences/lemon"
cp "$scratch"/checkouts/swift-argument-parser/LICENSE.txt "$root/licences/swift-argument-parser"
cp "$scratch"/checkouts/Yams/LICENSE "$root/licences/yams"
toolchain=$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")
cp "$toolchain/share/swift/LICENSE.txt" "$root/licences/swift" 2> /dev/null \
  || echo "Apache License v2.0 with Runtime Library Exception: https://www.swift.org/LICENSE.txt" > "$root/licences/swift"

# The same content gives the same archive.
mkdir -p "$target"
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2> /dev/null || date +%s)}" \
  -cf - "$name" | gzip -9n > "$target/$name.tar.gz"
needed=$(objdump -T "$root/libexec/sgm" | grep -o 'GLIBC_2\.[0-9.]*' | sort -uV | tail -n 1)
echo "bundle: $target/$name.tar.gz, $(du -h --apparent-size "$target/$name.tar.gz" | cut -f 1); needs glibc ${needed#GLIBC_} and Open MPI"
