// Preloaded into a process, counts its calls of malloc and the like; `sgm_counted_allocations` tells how many.
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

// glibc's own entry points: unlike dlsym they allocate nothing, so the counter may run before anything else does.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static _Atomic int64_t calls;

#define COUNT() atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed)

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
