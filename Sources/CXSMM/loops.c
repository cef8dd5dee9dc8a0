#include "CXSMM.h"

#include <math.h>
#include <string.h>

// Eight numbers: one register of AVX2, two of NEON.
typedef float vector __attribute__((vector_size(32)));
enum { WIDTH = 8 };

static inline vector load(const float *p) {
  vector v;
  memcpy(&v, p, sizeof v);
  return v;
}

static inline void store(float *p, vector v) { memcpy(p, &v, sizeof v); }

/// `rows` × `vectors` chains at once, both known to the compiler: they stay in registers.
static inline __attribute__((always_inline)) void block(int rows, int vectors, const sgm_tile_shape *s, const float *a,
                                                        const float *b, float *c) {
  const int64_t row = s->transposed_a ? 1 : s->stride_a, step = s->transposed_a ? s->stride_a : 1;
  vector sums[6][2] = {0};
  for (int p = 0; p < s->k; p++) {
    vector right[2];
    for (int v = 0; v < vectors; v++) right[v] = load(b + (int64_t)p * s->stride_b + v * WIDTH);
    for (int i = 0; i < rows; i++) {
      const vector left = (vector){0} + a[i * row + p * step];
      for (int v = 0; v < vectors; v++) sums[i][v] = __builtin_elementwise_fma(left, right[v], sums[i][v]);
    }
  }
  for (int i = 0; i < rows; i++)
    for (int v = 0; v < vectors; v++) store(c + (int64_t)i * s->stride_c + v * WIDTH, sums[i][v]);
}

static inline __attribute__((always_inline)) void columns(int vectors, const sgm_tile_shape *s, const float *a,
                                                          const float *b, float *c) {
  const int64_t row = s->transposed_a ? 1 : s->stride_a;
  int i = 0;
  for (; i + 6 <= s->m; i += 6) block(6, vectors, s, a + i * row, b, c + (int64_t)i * s->stride_c);
  for (; i + 2 <= s->m; i += 2) block(2, vectors, s, a + i * row, b, c + (int64_t)i * s->stride_c);
  if (i < s->m) block(1, vectors, s, a + i * row, b, c + (int64_t)i * s->stride_c);
}

void sgm_tile_loops(const sgm_tile_shape *s, const float *a, const float *b, float *c) {
  int j = 0;
  for (; j + 2 * WIDTH <= s->n; j += 2 * WIDTH) columns(2, s, a, b + j, c + j);
  for (; j + WIDTH <= s->n; j += WIDTH) columns(1, s, a, b + j, c + j);
  if (j == s->n) return;
  sgm_tile_shape rest = *s;
  rest.n = s->n - j;
  sgm_tile_reference(&rest, a, b + j, c + j);
}

void sgm_tile_reference(const sgm_tile_shape *s, const float *a, const float *b, float *c) {
  const int64_t row = s->transposed_a ? 1 : s->stride_a, step = s->transposed_a ? s->stride_a : 1;
  for (int64_t i = 0; i < s->m; i++) {
    for (int64_t j = 0; j < s->n; j++) {
      float sum = 0;
      for (int64_t p = 0; p < s->k; p++) sum = fmaf(a[i * row + p * step], b[p * s->stride_b + j], sum);
      c[i * s->stride_c + j] = sum;
    }
  }
}

#define PAIRS(x, y, ...) __builtin_shufflevector(x, y, __VA_ARGS__)

// Eight rows of eight: three rounds of exchanges, of single numbers, pairs, and fours.
static inline void transpose8(const float *from, int64_t stride_from, float *into, int64_t stride_into) {
  vector r[8], t[8];
  for (int i = 0; i < 8; i++) r[i] = load(from + i * stride_from);
  for (int i = 0; i < 8; i += 2) {
    t[i] = PAIRS(r[i], r[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    t[i + 1] = PAIRS(r[i], r[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (int i = 0; i < 8; i += 4) {
    for (int j = 0; j < 2; j++) {
      r[i + 2 * j] = PAIRS(t[i + j], t[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      r[i + 2 * j + 1] = PAIRS(t[i + j], t[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
  for (int i = 0; i < 4; i++) {
    store(into + i * stride_into, PAIRS(r[i], r[i + 4], 0, 1, 2, 3, 8, 9, 10, 11));
    store(into + (i + 4) * stride_into, PAIRS(r[i], r[i + 4], 4, 5, 6, 7, 12, 13, 14, 15));
  }
}

void sgm_transpose(int64_t rows, int64_t columns, const float *from, int64_t stride_from, float *into,
                   int64_t stride_into) {
  const int64_t whole_rows = rows / 8 * 8, whole_columns = columns / 8 * 8;
  // Sixteen rows of `from` fill whole cache lines of `into`.
  for (int64_t i = 0; i < whole_rows; i += 16)
    for (int64_t j = 0; j < whole_columns; j += 8)
      for (int64_t h = i; h < i + 16 && h < whole_rows; h += 8)
        transpose8(from + h * stride_from + j, stride_from, into + j * stride_into + h, stride_into);
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = i < whole_rows ? whole_columns : 0; j < columns; j++)
      into[j * stride_into + i] = from[i * stride_from + j];
}
