#define _GNU_SOURCE
#include "CXSMM.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <libxsmm.h>
#include <sys/mman.h>

// What was made so far: a shape's code is tried once.
struct made {
  struct made *next;
  sgm_tile tile;
};
static struct made *all;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char description[160];
static bool is_usable;

// LIBXSMM 1.17 dies by a signal where it may not have memory that is both written and executed: asked for first.
static bool may_make_code(void) {
  void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return false;
  munmap(page, 4096);
  return true;
}

static void describe(void) {
  if (description[0]) return;
  if (!may_make_code()) {
    snprintf(description, sizeof description,
             "loops, because this system refuses to execute code that a program makes (LIBXSMM is several times faster)");
    return;
  }
  libxsmm_init();
  // Older sets have no fused multiply-add, those of Xeon Phi sum in other orders; the program itself needs AVX2.
  int set = libxsmm_get_target_archid();
  // A LIBXSMM_TARGET that this CPU lacks would end the program by an illegal instruction.
  if (set > libxsmm_cpuid()) libxsmm_set_target_archid(set = libxsmm_cpuid());
  if (set != LIBXSMM_TARGET_ARCH_GENERIC && (set < LIBXSMM_X86_AVX2 || set == LIBXSMM_X86_AVX512_MIC ||
                                             set == LIBXSMM_X86_AVX512_KNM || set == LIBXSMM_X86_AVX512))
    libxsmm_set_target_archid(LIBXSMM_X86_AVX2);
  is_usable = libxsmm_get_target_archid() >= LIBXSMM_X86_AVX2;
  if (is_usable)
    snprintf(description, sizeof description, "LIBXSMM %s for %s", LIBXSMM_VERSION, libxsmm_get_target_arch());
  else
    snprintf(description, sizeof description, "loops, because LIBXSMM_TARGET is generic");
}

// With AVX2 LIBXSMM computes three rows of a tile at once, with AVX-512 six, and reads the tile's part of B again for the
// next ones. So a chain is cut into pieces whose part of B stays in the first cache meanwhile: 16 KB with AVX2, 32 KB
// with AVX-512 where that cache has 48 KB. Processors with AVX-512 and 32 KB there (Zen 4) are faster with whole chains while
// B's next columns come into the second cache, which code for AVX2 does not do.
static sgm_tiling tiling(void) {
  if (!is_usable || libxsmm_get_target_archid() <= LIBXSMM_X86_AVX2)
    return (sgm_tiling){.rows = 64, .columns = 32, .depth = 128, .wants_copies = true};
  if (sysconf(_SC_LEVEL1_DCACHE_SIZE) >= 48 << 10) return (sgm_tiling){.rows = 64, .columns = 64, .depth = 128};
  return (sgm_tiling){.rows = 32, .columns = 64, .depth = INT32_MAX, .fetches_ahead = true};
}

/// Code for `k` steps of a tile's chains, which begin at 0 or go `on` from what C holds.
static sgm_tile_code dispatch(const sgm_tile_shape *s, int32_t k, bool on) {
  const float alpha = 1, beta = on ? 1 : 0;
  const libxsmm_blasint stride_a = s->stride_a, stride_b = s->stride_b, stride_c = s->stride_c;
  const int prefetch = tiling().fetches_ahead ? LIBXSMM_GEMM_PREFETCH_AL2 : LIBXSMM_GEMM_PREFETCH_NONE;
  const int flags = s->transposed_a ? LIBXSMM_GEMM_FLAG_TRANS_B : LIBXSMM_GEMM_FLAG_NONE;
  return (sgm_tile_code)libxsmm_smmdispatch(s->n, s->m, k, &stride_b, &stride_a, &stride_c, &alpha, &beta, &flags, &prefetch);
}

/// Makes a tile's code; `first` stays NULL where LIBXSMM has none.
static void make(sgm_tile *tile) {
  const sgm_tile_shape *s = &tile->shape;
  const int32_t pieces = (s->k - 1) / tiling().depth + 1;
  tile->depth = (s->k + pieces - 1) / pieces;
  const int32_t rest = s->k - (pieces - 1) * tile->depth;
  const sgm_tile_code first = dispatch(s, tile->depth, false);
  if (pieces > 2) tile->between = dispatch(s, tile->depth, true);
  if (pieces > 1) tile->last = dispatch(s, rest, true);
  if ((pieces <= 2 || tile->between) && (pieces == 1 || tile->last)) tile->first = first;
}

static void fill(float *x, int64_t rows, int64_t columns, int64_t stride, uint32_t *state) {
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < columns; j++) {
      *state = *state * 1664525u + 1013904223u;
      x[i * stride + j] = (float)(int32_t)*state * 0x1p-31f;
    }
  }
}

// For tiles of few rows and at most 16 columns LIBXSMM splits the sum over k among several registers, at least with
// AVX-512. It is the only such case known, but an order cannot be seen from outside: so every code is tried.
static bool keeps_order(const sgm_tile *tile) {
  const sgm_tile_shape *s = &tile->shape;
  const int64_t rows_a = s->transposed_a ? s->k : s->m, columns_a = s->transposed_a ? s->m : s->k;
  float *a = malloc(sizeof(float) * (size_t)rows_a * (size_t)s->stride_a);
  float *b = malloc(sizeof(float) * (size_t)s->k * (size_t)s->stride_b);
  float *c = malloc(sizeof(float) * (size_t)s->m * (size_t)s->stride_c);
  float *d = malloc(sizeof(float) * (size_t)s->m * (size_t)s->stride_c);
  bool same = a && b && c && d;
  uint32_t state = 1;
  // A thousand elements: that all of them agree by chance in another order is out of the question.
  for (int64_t seen = 0; same && seen < 1000; seen += (int64_t)s->m * s->n) {
    fill(a, rows_a, columns_a, s->stride_a, &state);
    fill(b, s->k, s->n, s->stride_b, &state);
    sgm_tile_run(tile, a, b, c, b);
    sgm_tile_loops(s, a, b, d);
    for (int64_t i = 0; i < s->m; i++)
      same = same && !memcmp(c + i * s->stride_c, d + i * s->stride_c, sizeof(float) * (size_t)s->n);
  }
  free(a), free(b), free(c), free(d);
  return same;
}

sgm_tile sgm_tile_make(sgm_tile_shape shape) {
  sgm_tile tile;
  memset(&tile, 0, sizeof tile);
  tile.shape = shape;
  pthread_mutex_lock(&lock);
  describe();
  struct made *old = all;
  while (old && (old->tile.shape.m != shape.m || old->tile.shape.n != shape.n || old->tile.shape.k != shape.k ||
                 old->tile.shape.stride_a != shape.stride_a || old->tile.shape.stride_b != shape.stride_b ||
                 old->tile.shape.stride_c != shape.stride_c || old->tile.shape.transposed_a != shape.transposed_a))
    old = old->next;
  if (old) {
    tile = old->tile;
  } else if (is_usable) {
    make(&tile);
    if (tile.first && !keeps_order(&tile)) tile.first = NULL;
    struct made *new = malloc(sizeof *new);
    if (new) {
      *new = (struct made){all, tile};
      all = new;
    }
  }
  pthread_mutex_unlock(&lock);
  return tile;
}

sgm_tiling sgm_tiles_tiling(void) {
  pthread_mutex_lock(&lock);
  describe();
  pthread_mutex_unlock(&lock);
  return tiling();
}

const char *sgm_tiles_description(void) {
  pthread_mutex_lock(&lock);
  describe();
  pthread_mutex_unlock(&lock);
  return description;
}
#else
sgm_tile sgm_tile_make(sgm_tile_shape shape) { return (sgm_tile){.shape = shape}; }

sgm_tiling sgm_tiles_tiling(void) { return (sgm_tiling){.rows = 64, .columns = 32}; }

const char *sgm_tiles_description(void) { return "loops, because LIBXSMM is for x86-64"; }
#endif
