#!/usr/bin/env bash
# Installs what building and running need on Debian 12: launch/install-dependencies.sh [--tests]
# --tests adds a Python environment in .build-python, whose tools check the files we write and the distances we find.
# Safe to repeat: with everything in place it only looks, and needs neither root nor a network.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=(
  build-essential git pkg-config # the linker and headers that the Swift toolchain expects
  libopenmpi-dev openmpi-bin     # message passing
  libxsmm-dev                    # small matrix products, whose code it makes just in time
  liblemon-dev                   # network simplex, for exact W2
  gnuplot-nox                    # plots in the report
)
with_python=no
case "${1:-}" in
  "") ;;
  --tests) with_python=yes ;;
  *)
    echo "install-dependencies: '$1' is not an option; the only one is --tests" >&2
    exit 64
    ;;
esac

if ! command -v swift > /dev/null; then
  echo "install-dependencies: no 'swift' in PATH; install a Swift 6.2 or later toolchain from swift.org," >&2
  echo "                      add its usr/bin to PATH, and start again" >&2
  exit 69
fi
# Python's own venv module is incomplete on Debian until python3-venv is there.
if [[ $with_python == yes ]] && ! python3 -c 'import ensurepip, venv' 2> /dev/null; then
  packages+=(python3 python3-venv)
fi

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2> /dev/null || true)
  [[ $status == installed ]] || missing+=("$package")
done
if ((${#missing[@]})); then
  as_root=()
  if ((EUID != 0)); then
    if ! command -v sudo > /dev/null; then
      echo "install-dependencies: needs root or sudo to install ${missing[*]}" >&2
      exit 77
    fi
    as_root=(sudo)
  fi
  echo "install-dependencies: installing ${missing[*]}"
  # Another apt may be at work, and a mirror away for a moment.
  options=(-qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=5)
  "${as_root[@]}" apt-get update "${options[@]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y "${options[@]}" --no-install-recommends "${missing[@]}" > /dev/null
else
  echo "install-dependencies: all ${#packages[@]} Debian packages are there"
fi

if [[ $with_python == yes ]]; then
  python=.build-python/bin/python
  if ! "$python" -c 'import arviz, numpy, ot, safetensors, scipy, sklearn, tensorboard' 2> /dev/null; then
    # ArviZ 1 has another reader.
    readers=(numpy safetensors tensorboard arviz==0.23.4) # of the files we write
    judges=(POT scikit-learn scipy)         # of the distances we find
    echo "install-dependencies: installing ${readers[*]} ${judges[*]} into .build-python"
    python3 -m venv --clear .build-python
    "$python" -m pip install --quiet --disable-pip-version-check --retries 10 "${readers[@]}" "${judges[@]}"
  fi
fi
