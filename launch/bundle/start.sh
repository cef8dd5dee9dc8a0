#!/bin/sh
# Starts the program by whose name it is called: a missing library is named with its remedy, not in the linker's words.
here=$(dirname "$(readlink -f "$0")")
binary=$here/../libexec/sgm
problem=$(LD_TRACE_LOADED_OBJECTS=1 "$binary" 2>&1 | grep 'not found' | head -n 3)
if [ -n "$problem" ]; then
  # One of many ranks speaks.
  if [ "${OMPI_COMM_WORLD_RANK:-${PMIX_RANK:-0}}" = 0 ]; then
    echo "$(basename "$0"): a library is missing on $(uname -n): $(echo $problem)" >&2
    case $problem in
      *libmpi*) echo "  do: load the site's Open MPI (module load openmpi), or install it (Debian, Ubuntu: openmpi-bin)" >&2 ;;
      *GLIBC*) echo "  do: this system is older than the one the bundle was made on; build it here: docs/install.md" >&2 ;;
      *) echo "  do: install it, or put its folder into LD_LIBRARY_PATH" >&2 ;;
    esac
  fi
  exit 69
fi
SGM_PROGRAM=$(basename "$0")
export SGM_PROGRAM
exec "$binary" "$@"
