#define _GNU_SOURCE
#include "CMachine.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#if defined(__x86_64__)
#include <immintrin.h>

// Twelve independent chains cover the latency of 4 cycles at two operations a cycle with room to spare.
#define CHAINS(STEP) STEP(a) STEP(b) STEP(c) STEP(d) STEP(e) STEP(f) STEP(g) STEP(h) STEP(i) STEP(j) STEP(k) STEP(l)

__attribute__((target("avx512f"))) static double run512(long n) {
  volatile float start = 0;  // equal chains would be merged by the compiler
  const __m512 m = _mm512_set1_ps(0.999f), o = _mm512_set1_ps(1e-3f);
#define MAKE(x) __m512 x = _mm512_set1_ps(start += 1);
  CHAINS(MAKE)
#undef MAKE
  for (long r = 0; r < n; r++) {
#define STEP(x) x = _mm512_fmadd_ps(x, m, o);
    CHAINS(STEP)
#undef STEP
  }
  __m512 s = o;
#define SUM(x) s = _mm512_add_ps(s, x);
  CHAINS(SUM)
#undef SUM
  volatile float sink = _mm512_reduce_add_ps(s);
  (void)sink;
  return 12.0 * 32.0 * (double)n;
}

__attribute__((target("avx2,fma"))) static double run256(long n) {
  volatile float start = 0;
  const __m256 m = _mm256_set1_ps(0.999f), o = _mm256_set1_ps(1e-3f);
#define MAKE(x) __m256 x = _mm256_set1_ps(start += 1);
  CHAINS(MAKE)
#undef MAKE
  for (long r = 0; r < n; r++) {
#define STEP(x) x = _mm256_fmadd_ps(x, m, o);
    CHAINS(STEP)
#undef STEP
  }
  __m256 s = o;
#define SUM(x) s = _mm256_add_ps(s, x);
  CHAINS(SUM)
#undef SUM
  volatile float sink = _mm256_cvtss_f32(s);
  (void)sink;
  return 12.0 * 16.0 * (double)n;
}

double sgm_fma_peak(int runs) {
  double (*run)(long) = __builtin_cpu_supports("avx512f") ? run512 : run256;
  double best = 0;
  for (int r = 0; r < runs; r++) {
    const double start = seconds();
    const double flops = run(4000000);
    const double rate = flops / (seconds() - start);
    if (rate > best) best = rate;
  }
  return best;
}

const char *sgm_missing_cpu_feature(void) {
#ifdef __AVX2__
  if (!__builtin_cpu_supports("avx2")) return "avx2";
#endif
#ifdef __FMA__
  if (!__builtin_cpu_supports("fma")) return "fma";
#endif
#ifdef __BMI2__
  if (!__builtin_cpu_supports("bmi2")) return "bmi2";
#endif
#ifdef __AVX512F__
  if (!__builtin_cpu_supports("avx512f")) return "avx512f";
#endif
  return NULL;
}
#else
double sgm_fma_peak(int runs) {
  (void)runs;
  return 0;
}
const char *sgm_missing_cpu_feature(void) { return NULL; }
#endif

static volatile sig_atomic_t stop_signal;

static void on_stop(int signal) {
  // A second Ctrl-C means now.
  if (signal == SIGINT && stop_signal == SIGINT) _exit(130);
  stop_signal = signal;
}

// Batch systems say by these that a job is to end; SIGHUP is the closed terminal's.
static const int stops[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU};
#define STOPS (sizeof stops / sizeof *stops)

static void catch_stops(void (*handler)(int), int flags) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  sigset_t caught;
  sigemptyset(&action.sa_mask);
  sigemptyset(&caught);
  for (size_t i = 0; i < STOPS; i++) {
    struct sigaction before;
    // nohup has SIGHUP ignored, and so it stays.
    if (stops[i] == SIGHUP && !sigaction(SIGHUP, NULL, &before) && before.sa_handler == SIG_IGN) continue;
    sigaction(stops[i], &action, NULL);
    sigaddset(&caught, stops[i]);
    sigaddset(&action.sa_mask, stops[i]);
  }
  // Some launchers start programs with signals blocked, from a thread that takes none.
  sigprocmask(SIG_UNBLOCK, &caught, NULL);
}

// A standard stream that was closed would be the number of the next file opened, and text for it would go into that file:
// of one that LIBXSMM opens, for example. So its place is taken before the program begins.
__attribute__((constructor)) static void hold_closed_streams(void) {
  for (int stream = 0; stream <= 2; stream++) {
    if (fcntl(stream, F_GETFD) < 0 && errno == EBADF) (void)!open("/dev/null", O_RDONLY);
  }
}

void sgm_return_write_errors(void) {
  // Swift's runtime prints a backtrace at SIGQUIT and goes on. Jobs in the background have it ignored, and so it stays.
  struct sigaction before;
  if (!sigaction(SIGQUIT, NULL, &before) && before.sa_handler != SIG_IGN) signal(SIGQUIT, SIG_DFL);
  sigset_t quit;
  sigemptyset(&quit);
  sigaddset(&quit, SIGQUIT);
  sigprocmask(SIG_UNBLOCK, &quit, NULL);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
}

void sgm_catch_stop_signals(void) { catch_stops(on_stop, SA_RESTART); }

// Files that a process leaves half written, for the handler of a signal that ends it.
#define MOST_HALVES 16
static struct {
  _Atomic int state;  // 0 free, 1 being named, 2 named
  char path[4096];
} halves[MOST_HALVES];

void sgm_begin_half(const char *path) {
  if (strlen(path) >= sizeof halves[0].path) return;
  for (int i = 0; i < MOST_HALVES; i++) {
    int free = 0;
    if (!atomic_compare_exchange_strong(&halves[i].state, &free, 1)) continue;
    strcpy(halves[i].path, path);
    atomic_store(&halves[i].state, 2);
    return;
  }
}

void sgm_end_half(const char *path) {
  for (int i = 0; i < MOST_HALVES; i++) {
    if (atomic_load(&halves[i].state) == 2 && !strcmp(halves[i].path, path)) atomic_store(&halves[i].state, 0);
  }
}

static const char *ending_name;

static void say(const char *text) {
  const ssize_t written = write(STDERR_FILENO, text, strlen(text));
  (void)written;
}

// Only what POSIX allows in a handler.
static void on_end(int signal) {
  for (int i = 0; i < MOST_HALVES; i++) {
    if (atomic_load(&halves[i].state) == 2) unlink(halves[i].path);
  }
  if (ending_name) {
    const char *by = signal == SIGINT   ? "Ctrl-C"
                     : signal == SIGTERM ? "SIGTERM"
                     : signal == SIGHUP  ? "SIGHUP (a closed terminal)"
                     : signal == SIGUSR1 ? "SIGUSR1"
                     : signal == SIGUSR2 ? "SIGUSR2"
                                         : "SIGXCPU (a limit of time)";
    say(ending_name);
    say(": ended by ");
    say(by);
    say(" before its result was whole; start it again\n");
  }
  _exit(128 + signal);
}

void sgm_end_on_signals(const char *name) {
  ending_name = name;
  catch_stops(on_end, 0);
}

int sgm_stop_signal(void) { return stop_signal; }

void sgm_die_with_parent(void) { prctl(PR_SET_PDEATHSIG, SIGKILL); }

void sgm_end_now(int status) { _exit(status); }

// One writer, the main thread: relaxed stores suffice, and a watcher may see a moment's mixture.
static _Atomic int64_t pulse_step, pulse_calls;
static _Atomic int pulse_call, pulse_inside, pulse_stage;
#define SET(variable, value) atomic_store_explicit(&variable, value, memory_order_relaxed)
#define GET(variable) atomic_load_explicit(&variable, memory_order_relaxed)

void sgm_pulse_enter(int call) {
  SET(pulse_call, call);
  SET(pulse_calls, GET(pulse_calls) + 1);
  SET(pulse_inside, 1);
}

void sgm_pulse_leave(void) { SET(pulse_inside, 0); }

void sgm_pulse_step(int64_t step) { SET(pulse_step, step); }

void sgm_pulse_stage(int stage) { SET(pulse_stage, stage); }

struct sgm_pulse sgm_pulse_now(void) {
  return (struct sgm_pulse){GET(pulse_step), GET(pulse_calls), GET(pulse_call), GET(pulse_inside), GET(pulse_stage)};
}

int sgm_allowed_cores(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}

#ifndef SGM_COMMIT
#define SGM_COMMIT "unknown"
#endif

const char *sgm_commit(void) { return SGM_COMMIT; }

// A test preloads a library that defines this symbol; without it nothing is counted.
int64_t sgm_allocations(void) {
  int64_t (*count)(void) = (int64_t(*)(void))dlsym(RTLD_DEFAULT, "sgm_counted_allocations");
  return count ? count() : -1;
}
