// Tiles of matrix products in one order of additions, by LIBXSMM where it may make machine code, else by loops.
#pragma once
#include <stdbool.h>
#include <stdint.h>

/// The shape of a tile C[m, n] = op(A)[m, k] B[k, n], all row-major Float, rows `stride_` numbers apart.
///
/// Every element is one chain of fused multiply-adds from 0 over ascending k. So its bits depend on its row of A and its
/// column of B alone, whatever the tile, the vectors or the machine.
typedef struct {
  int32_t m, n, k;
  int32_t stride_a, stride_b, stride_c;
  /// Whether A is stored as [k, m].
  bool transposed_a;
} sgm_tile_shape;

/// B, A and C of a tile, then B, A and C of tiles to come. Of those only B counts, and only to code that fetches ahead.
typedef void (*sgm_tile_code)(const float *, const float *, float *, const float *, const float *, const float *);

/// A tile ready to run; re-entrant, never freed.
typedef struct {
  sgm_tile_shape shape;
  /// How many k a piece of LIBXSMM's code goes through: all of them, or so many that its part of B stays in the first cache.
  int32_t depth;
  /// LIBXSMM's code for the first piece, for those between, which go on with the chains in C, and for the last one, which may
  /// be shorter. Those of which there are none are NULL; so is `first` where loops run.
  sgm_tile_code first, between, last;
} sgm_tile;

/// Prepares a tile. LIBXSMM's code is used only after it gave the loops' bits on random numbers.
sgm_tile sgm_tile_make(sgm_tile_shape shape);

/// The same tile by loops over vectors that the compiler knows, whatever LIBXSMM offers.
void sgm_tile_loops(const sgm_tile_shape *shape, const float *a, const float *b, float *c);

/// Runs the tile: C is overwritten. `next` is the B of a tile that comes soon. Code that fetches ahead does so meanwhile, and
/// nothing reads it.
static inline void sgm_tile_run(const sgm_tile *tile, const float *a, const float *b, float *c, const float *next) {
  const sgm_tile_shape *s = &tile->shape;
  if (!tile->first) {
    sgm_tile_loops(s, a, b, c);
    return;
  }
  const int64_t step_a = (int64_t)tile->depth * (s->transposed_a ? s->stride_a : 1);
  const int64_t step_b = (int64_t)tile->depth * s->stride_b;
  // LIBXSMM counts columns first: its first operand is our second.
  tile->first(b, a, c, next, a, c);
  for (int32_t p = tile->depth; p < s->k; p += tile->depth) {
    a += step_a, b += step_b;
    (s->k - p > tile->depth ? tile->between : tile->last)(b, a, c, next, a, c);
  }
}

/// The definition: one scalar fused multiply-add after the other. For tests.
void sgm_tile_reference(const sgm_tile_shape *shape, const float *a, const float *b, float *c);

/// into[j, i] = from[i, j] for i < rows and j < columns; rows of `from` and `into` are so many numbers apart.
void sgm_transpose(int64_t rows, int64_t columns, const float *from, int64_t stride_from, float *into,
                   int64_t stride_into);

/// How products are best cut into tiles on this machine. No choice changes a bit.
typedef struct {
  /// The most rows and columns of a tile.
  int32_t rows, columns;
  /// The most k of a piece of a chain.
  int32_t depth;
  /// Whether a tile's code fetches the `next` B into the second cache.
  bool fetches_ahead;
  /// Whether a B whose rows lie whole 512 bytes apart is better copied.
  bool wants_copies;
} sgm_tiling;

sgm_tiling sgm_tiles_tiling(void);

/// Who computes tiles: for example "LIBXSMM 1.17 for cpx", or "loops, because …". In static memory.
const char *sgm_tiles_description(void);
