// Optimal assignment by LEMON's network simplex.
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Finds the permutation p that minimises the sum over i of costs[i * count + p(i)], for count >= 1.
/// Costs are whole numbers of magnitude below 2^44 and count at most 5,000: no sum leaves 64 bits, so the optimum is
/// exact. Writes p into `partner`. Returns 0; 1 where memory is short; 2 where the solver gives up.
int sgm_assignment(const int64_t *costs, int32_t count, int32_t *partner);

#ifdef __cplusplus
}
#endif
