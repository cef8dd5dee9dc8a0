// Preloaded into a process, counts its calls of malloc and the like; `sgm_counted_allocations` tells how many.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

// glibc's own entry points: unlike dlsym they allocate nothing, so the counter may run before anything else does.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static _Atomic int64_t calls, library_calls;

// oneDNN allocates on its own account; what comes straight from it is told apart by the caller's address.
static void count(const void *caller) {
  atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
  static _Thread_local int busy;
  if (busy) return;
  busy = 1;
  Dl_info info;
  if (dladdr(caller, &info) && info.dli_fname) {
    for (const char *s = info.dli_fname; *s; s++) {
      if (s[0] == 'l' && s[1] == 'i' && s[2] == 'b' && ((s[3] == 'd' && s[4] == 'n' && s[5] == 'n' && s[6] == 'l') ||
                                                        (s[3] == 's' && s[4] == 't' && s[5] == 'd' && s[6] == 'c'))) {
        atomic_fetch_add_explicit(&library_calls, 1, memory_order_relaxed);
        break;
      }
    }
  }
  busy = 0;
}

#define COUNT() count(__builtin_return_address(0))

void *malloc(size_t size) {
  COUNT();
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  COUNT();
  return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
  COUNT();
  return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
  COUNT();
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  COUNT();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
  COUNT();
  *result = __libc_memalign(alignment, size);
  return *result ? 0 : ENOMEM;
}

int64_t sgm_counted_allocations(void) { return atomic_load(&calls); }
int64_t sgm_counted_library_allocations(void) { return atomic_load(&library_calls); }
