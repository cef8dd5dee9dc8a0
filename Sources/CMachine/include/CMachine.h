// What the machine tells: vector units and signals.
#pragma once
#include <stdbool.h>
#include <stdint.h>

/// Floating-point operations per second that one core sustains in fused multiply-adds of Float, in registers alone,
/// with the widest vectors of the CPU: best of `runs` runs of about 10 ms.
double sgm_fma_peak(int runs);

/// The first feature this program was compiled for and the CPU lacks, or NULL.
const char *sgm_missing_cpu_feature(void);

/// From now on SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 and SIGXCPU only set a flag; a second SIGINT ends the process. A
/// SIGHUP that is ignored, by nohup, stays ignored.
void sgm_catch_stop_signals(void);

/// From now on the same signals end the process at once with status 128 + signal, without its half-written files. `name`
/// stands in front of the one line that says so; it must stay valid, and NULL says nothing.
void sgm_end_on_signals(const char *name);

/// From now on writing to a closed pipe or beyond a limit on file sizes is an error that is returned, not a signal, and
/// so is writing to a standard stream that was closed: no other file takes its number. SIGQUIT ends the program.
void sgm_return_write_errors(void);

/// A file is begun that is of no use until it is whole; it is removed if a signal ends the process. Any thread may ask.
void sgm_begin_half(const char *path);

/// The file is whole, or was removed.
void sgm_end_half(const char *path);

/// The signal that asked this process to stop, or 0.
int sgm_stop_signal(void);

/// From now on this process is killed when its parent, mpirun or its daemon, ends in whatever way.
void sgm_die_with_parent(void);

/// Starts `/bin/sh -c command` in `folder`, or in this one where that is empty, in a process group of its own, with the given
/// standard streams and SGM_SEED, without the variables by which ranks know each other. It is killed when this thread ends.
/// Returns its process number, or minus `errno`.
int sgm_start(const char *command, const char *folder, const char *seed, int input, int output, int errors);

/// Ends this process at once: nothing is flushed and no destructor runs, which any thread may do.
_Noreturn void sgm_end_now(int status);

/// What the main thread is at, for a thread that watches it.
struct sgm_pulse {
  int64_t step;   // the step being taken
  int64_t calls;  // calls to other ranks begun so far
  int call;       // the last of them
  int inside;     // whether it still runs
  int stage;      // the part of the work
};

/// The main thread begins a call to other ranks, and ends it. A few stores: no time is asked for.
void sgm_pulse_enter(int call);
void sgm_pulse_leave(void);

/// The main thread begins a step, or another part of the work.
void sgm_pulse_step(int64_t step);
void sgm_pulse_stage(int stage);

/// What the main thread is at.
struct sgm_pulse sgm_pulse_now(void);

/// Tells the core that a loop waits for another.
static inline void sgm_relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// The cores that this process may run on, as its launcher and its machine say; 0 where that is unknown.
int sgm_allowed_cores(void);

/// The commit that this program was built from, or "unknown".
const char *sgm_commit(void);

/// Allocations of this process so far, where a preloaded library counts them; else -1.
int64_t sgm_allocations(void);
