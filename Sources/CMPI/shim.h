// What Swift cannot import from <mpi.h>: Open MPI's handles are macros that cast addresses.
#pragma once
#include <mpi.h>
