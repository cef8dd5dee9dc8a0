#!/bin/sh
# Run once after unpacking: ./check.sh. Trains a small run on one process and on two ranks, and compares their bytes with
# those of the machine that the bundle was made on. Ends with 0 where all is well.
set -u
cd "$(dirname "$(readlink -f "$0")")" || exit 69
say() { echo "check: $1"; }
here=$PWD
if ! "$here/bin/sgm-train" --version; then
  say "sgm-train does not start; the lines above say why"
  exit 69
fi
if ! command -v mpirun > /dev/null; then
  say "no mpirun in PATH: load the site's Open MPI (module load openmpi), or install it (Debian, Ubuntu: openmpi-bin)"
  exit 69
fi
work=$(mktemp -d) || exit 73
trap 'rm -rf "$work"' EXIT
failed=0
[ "$(id -u)" != 0 ] || export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
for ranks in 0 2; do
  launcher=
  [ "$ranks" = 0 ] || launcher="mpirun -np $ranks"
  if ! $launcher "$here/bin/sgm-train" "$here/launch/experiments/eight-gaussians.yaml" --output "$work/$ranks" \
    --set training.steps=100 --set sampling.count=1000 --set evaluation.count=1000 > "$work/log" 2>&1 < /dev/null; then
    cat "$work/log"
    say "the run on ${ranks#0} ranks failed"
    exit 70
  fi
  found=$(sha256sum < "$work/$ranks/samples/step-000000100.npy" | cut -d ' ' -f 1)
  expected=$(cut -d ' ' -f 1 "$here/expected.sha256")
  if [ "$found" != "$expected" ]; then
    say "$ranks ranks: other bytes ($found) than on other machines ($expected); please report it with the CPU's name"
    failed=1
  fi
done
[ "$failed" = 0 ] || exit 70
say "the same bytes as on the machine that this bundle was made on, alone and on two ranks"
say "put $here/bin on the path, or $here/modulefile among the site's modules as sgm-train"
