// The few oneDNN functions that the project needs, the same for oneDNN 2 and 3.
#pragma once
#include <stdbool.h>
#include <stdint.h>

/// A prepared product C = op(A) op(B) (+ bias) of fixed shapes and row strides, all row-major Float.
typedef struct sgm_product sgm_product;

/// Prepares C[m, n] = op(A)[m, k] op(B)[k, n] (+ bias[n] in every row).
/// With `packed`, B is taken from where `sgm_product_pack` put it, in the layout that oneDNN likes best.
/// Returns NULL and oneDNN's status where oneDNN refuses.
sgm_product *sgm_product_create(int64_t m, int64_t n, int64_t k, bool transpose_a, bool transpose_b,
                                int64_t stride_a, int64_t stride_b, int64_t stride_c, bool bias,
                                bool packed, int *status);

/// Packs B for all runs to come. Returns 0, or oneDNN's status.
int sgm_product_pack(sgm_product *product, const float *b);

/// Runs the product in the calling thread. Returns 0, or oneDNN's status. Not re-entrant for one product.
/// `b` is not used where B is packed, and `bias` not where there is none.
int sgm_product_run(sgm_product *product, const float *a, const float *b, const float *bias, float *c);

void sgm_product_destroy(sgm_product *product);

/// Whatever the environment says: one thread in the calling thread, strict fp32. Call once per thread.
/// The bits of oneDNN's weight gradients depend on the thread count (measured with 2.6.3).
int sgm_onednn_strict(void);

/// Generates code for instruction set `level`, 0 AVX2 or 1 AVX-512, whatever the environment says. Returns 0 if
/// that is in force, or oneDNN's status: after the first product nothing can be changed.
int sgm_onednn_pin_isa(int level);

/// The highest level of this CPU, as above; -1 for less than AVX2.
int sgm_cpu_isa(void);

/// oneDNN's version at run time, for example 20603 for 2.6.3.
int sgm_onednn_version(void);
