// What the machine tells: vector units and signals.
#pragma once
#include <stdbool.h>
#include <stdint.h>

/// Floating-point operations per second that one core sustains in fused multiply-adds of Float, in registers alone,
/// with the widest vectors of the CPU: best of `runs` runs of about 10 ms.
double sgm_fma_peak(int runs);

/// The first feature this program was compiled for and the CPU lacks, or NULL.
const char *sgm_missing_cpu_feature(void);

/// From now on SIGUSR1, SIGTERM and SIGINT only set a flag; a second SIGINT ends the process.
void sgm_catch_stop_signals(void);

/// The signal that asked this process to stop, or 0.
int sgm_stop_signal(void);

/// The commit that this program was built from, or "unknown".
const char *sgm_commit(void);

/// Allocations of this process so far, where a preloaded library counts them; else -1.
int64_t sgm_allocations(void);

/// Those of them that oneDNN and the C++ library it is written with made; else -1.
int64_t sgm_library_allocations(void);
