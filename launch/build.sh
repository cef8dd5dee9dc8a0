#!/usr/bin/env bash
# The one build that executables, tests and documentation share: launch/build.sh [options of swift build]
# Debug builds are some hundred times slower on numerics, and switching flags would rebuild everything.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec swift build -c release -Xswiftc -enable-testing "$@"
