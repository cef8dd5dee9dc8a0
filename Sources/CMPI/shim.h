// What Swift cannot import from <mpi.h>: Open MPI's handles and special addresses are macros with casts.
#pragma once
#include <mpi.h>

static inline MPI_Comm sgm_mpi_world(void) { return MPI_COMM_WORLD; }
static inline MPI_Comm sgm_mpi_null(void) { return MPI_COMM_NULL; }
static inline MPI_Datatype sgm_mpi_byte(void) { return MPI_BYTE; }
static inline MPI_Datatype sgm_mpi_float(void) { return MPI_FLOAT; }
static inline MPI_Datatype sgm_mpi_double(void) { return MPI_DOUBLE; }
static inline MPI_Op sgm_mpi_sum(void) { return MPI_SUM; }

/// Initialises MPI for calls from the main thread alone; errors are returned, not fatal.
static inline int sgm_mpi_start(void) {
  int provided = 0;
  int status = MPI_Init_thread(0, 0, MPI_THREAD_FUNNELED, &provided);
  if (status != MPI_SUCCESS) return status;
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  return provided < MPI_THREAD_FUNNELED ? MPI_ERR_OTHER : MPI_SUCCESS;
}

static inline int sgm_mpi_wait_all(int count, MPI_Request *requests) {
  return MPI_Waitall(count, requests, MPI_STATUSES_IGNORE);
}

static inline int sgm_mpi_test_all(int count, MPI_Request *requests, int *flag) {
  return MPI_Testall(count, requests, flag, MPI_STATUSES_IGNORE);
}

static inline int sgm_mpi_all_gather_in_place(void *data, const int *counts, const int *offsets, MPI_Datatype type,
                                              MPI_Comm comm) {
  return MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, data, counts, offsets, type, comm);
}

static inline void *sgm_mpi_in_place(void) { return MPI_IN_PLACE; }
static inline MPI_Errhandler sgm_mpi_errors_return(void) { return MPI_ERRORS_RETURN; }
