#!/usr/bin/env bash
# From a toolchain to a picture: installs, builds, trains on a mixture of 8 Gaussians, and says where the report is.
# Usage: launch/quickstart.sh [RANKS], 2 unless told.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ranks=${1:-2}
run=runs/eight-gaussians

launch/install-dependencies.sh
echo "quickstart: building"
launch/build.sh
source launch/environment.sh

echo "quickstart: training and sampling on $ranks ranks"
SECONDS=0
mpirun --oversubscribe -np "$ranks" "$(launch/build.sh --show-bin-path)/sgm-train" \
  launch/experiments/eight-gaussians.yaml --output "$run" --overwrite
if [[ ! -f $run/report.html ]]; then
  echo "quickstart: the run ended without $run/report.html" >&2
  exit 70
fi
echo "quickstart: done in $SECONDS s; open this in a browser:"
echo "  file://$PWD/$run/report.html"
