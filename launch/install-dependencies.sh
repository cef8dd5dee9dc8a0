#!/usr/bin/env bash
# Installs what building and running need on Debian 12 and 13: launch/install-dependencies.sh [--tests]
# --tests adds a Python environment in .build-python, whose tools check the files we write, the distances we find and the spelling;
# and, for root where namespaces can be made, sshd and Slurm for the hosts of launch/cluster-test.sh.
# Safe to repeat: with everything in place it only looks, and needs neither root nor a network.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=(
  build-essential git pkg-config # the linker and headers that the Swift toolchain expects
  ca-certificates                # with which the first build fetches Swift packages; git only recommends them
  libopenmpi-dev openmpi-bin     # message passing
  libxsmm-dev                    # small matrix products, whose code it makes just in time
  liblemon-dev                   # network simplex, for exact W2
  libhdf5-dev                    # data in HDF5 files; the programs look for it when they open one
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

# For whoever cannot install packages.
without_root() {
  cat >&2 << TEXT
install-dependencies: $1
  Without root there are two ways:
    the bundle sgm-train-VERSION-x86_64.tar.gz, which needs only the site's Open MPI; launch/bundle.sh makes it on any
      machine that builds;
    or build against the site's modules, Spack or conda: docs/install.md names the libraries and flags.
TEXT
  exit 77
}

if ! command -v dpkg-query > /dev/null; then
  without_root "this is no Debian or Ubuntu, so packages cannot be installed by this script"
fi
if ! command -v swift > /dev/null; then
  echo "install-dependencies: no 'swift' in PATH; install a Swift 6.2 or later toolchain from swift.org," >&2
  echo "                      add its usr/bin to PATH, and start again" >&2
  exit 69
fi
# Python's own venv module is incomplete on Debian until python3-venv is there.
if [[ $with_python == yes ]] && ! python3 -c 'import ensurepip, venv' 2> /dev/null; then
  packages+=(python3 python3-venv)
fi

# Root itself, as in a container: nobody's own machine gets an sshd and a Slurm for the sake of a test.
if [[ $with_python == yes ]] && ((EUID == 0)) && unshare -m -u -p -n -f true 2> /dev/null; then
  packages+=(iproute2 munge openssh-server slurm-client slurmctld slurmd)
fi

# Libraries of the Swift toolchain itself, which a minimal system lacks: without them the build would end with 127.
for library in libncurses.so.6:libncurses6 libcurl.so.4:libcurl4 libsqlite3.so.0:libsqlite3-0 libxml2.so.2:libxml2; do
  # By the file, as packages of one library have several names over the releases.
  [[ $(/sbin/ldconfig -p) == *"${library%%:*} "* ]] || packages+=("${library##*:}")
done

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2> /dev/null || true)
  [[ $status == installed ]] || missing+=("$package")
done
if ((${#missing[@]})); then
  as_root=()
  if ((EUID != 0)); then
    if ! command -v sudo > /dev/null; then
      without_root "needs root or sudo to install ${missing[*]}"
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

if ! version=$(swift --version 2>&1); then
  echo "install-dependencies: swift does not run: $version" >&2
  exit 69
fi

if [[ $with_python == yes ]]; then
  python=.build-python/bin/python
  if ! "$python" -c 'import arviz, codespell_lib, h5py, numpy, ot, safetensors, scipy, sklearn, tensorboard' 2> /dev/null; then
    # ArviZ 1 has another reader.
    readers=(numpy safetensors tensorboard arviz==0.23.4 h5py) # of the files we write, or read
    judges=(POT scikit-learn scipy)         # of the distances we find
    spelling=(codespell==2.4.3)             # exact: a later list of words must not break lint overnight
    echo "install-dependencies: installing ${readers[*]} ${judges[*]} ${spelling[*]} into .build-python"
    python3 -m venv --clear .build-python
    # Most of these packages' modules are never imported here, so none is compiled beforehand.
    "$python" -m pip install --quiet --no-compile --disable-pip-version-check --retries 10 "${readers[@]}" "${judges[@]}" \
      "${spelling[@]}"
  fi
fi
