#include "COneDNN.h"

#include <oneapi/dnnl/dnnl.h>
#include <stdlib.h>

extern void omp_set_num_threads(int);
extern void omp_set_dynamic(int);

struct sgm_product {
  dnnl_primitive_t primitive;
  dnnl_memory_t a, b, bias, c;
  // Where B is packed: from the caller's layout into memory of oneDNN's own, which is then `b`.
  dnnl_primitive_t packing;
  dnnl_memory_t plain;
};

// One engine and one stream per thread: a stream is not re-entrant, and executing in order is all we ask of it.
static _Thread_local dnnl_engine_t engine;
static _Thread_local dnnl_stream_t stream;

static dnnl_status_t prepare(void) {
  if (stream) return dnnl_success;
  sgm_onednn_strict();
  dnnl_status_t status = dnnl_engine_create(&engine, dnnl_cpu, 0);
  if (status != dnnl_success) return status;
  return dnnl_stream_create(&stream, engine, dnnl_stream_in_order);
}

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t shape;
static dnnl_status_t shape_make(shape *s, int64_t rows, int64_t columns, int64_t row_stride, int64_t column_stride) {
  const dnnl_dims_t dims = {rows, columns}, strides = {row_stride, column_stride};
  return dnnl_memory_desc_create_with_strides(s, 2, dims, dnnl_f32, strides);
}
static void shape_free(shape *s) {
  if (*s) dnnl_memory_desc_destroy(*s);
}
static dnnl_status_t memory_make(dnnl_memory_t *m, const shape *s) {
  return dnnl_memory_create(m, *s, engine, DNNL_MEMORY_NONE);
}
static dnnl_status_t matmul_make(dnnl_primitive_desc_t *d, const shape *a, const shape *b, const shape *bias,
                                 const shape *c, const_dnnl_primitive_attr_t attributes) {
  return dnnl_matmul_primitive_desc_create(d, engine, *a, *b, bias ? *bias : NULL, *c, attributes);
}
static dnnl_status_t shape_any(shape *s, int64_t rows, int64_t columns) {
  const dnnl_dims_t dims = {rows, columns};
  return dnnl_memory_desc_create_with_tag(s, 2, dims, dnnl_f32, dnnl_format_tag_any);
}
static dnnl_status_t right_make(sgm_product *p, const_dnnl_primitive_desc_t d) {
  return dnnl_memory_create(&p->b, dnnl_primitive_desc_query_md(d, dnnl_query_weights_md, 0), engine,
                            DNNL_MEMORY_ALLOCATE);
}
static dnnl_status_t packing_make(sgm_product *p, const_dnnl_primitive_desc_t d, const shape *plain) {
  dnnl_primitive_desc_t packing = NULL;
  dnnl_status_t s = dnnl_reorder_primitive_desc_create(
      &packing, *plain, engine, dnnl_primitive_desc_query_md(d, dnnl_query_weights_md, 0), engine, NULL);
  if (s == dnnl_success) s = dnnl_primitive_create(&p->packing, packing);
  if (packing) dnnl_primitive_desc_destroy(packing);
  return s;
}
#else
typedef dnnl_memory_desc_t shape;
static dnnl_status_t shape_make(shape *s, int64_t rows, int64_t columns, int64_t row_stride, int64_t column_stride) {
  const dnnl_dims_t dims = {rows, columns}, strides = {row_stride, column_stride};
  return dnnl_memory_desc_init_by_strides(s, 2, dims, dnnl_f32, strides);
}
static void shape_free(shape *s) { (void)s; }
static dnnl_status_t memory_make(dnnl_memory_t *m, const shape *s) {
  return dnnl_memory_create(m, s, engine, DNNL_MEMORY_NONE);
}
static dnnl_status_t matmul_make(dnnl_primitive_desc_t *d, const shape *a, const shape *b, const shape *bias,
                                 const shape *c, const_dnnl_primitive_attr_t attributes) {
  dnnl_matmul_desc_t operation;
  dnnl_status_t status = dnnl_matmul_desc_init(&operation, a, b, bias, c);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(d, &operation, attributes, engine, NULL);
}
static dnnl_status_t shape_any(shape *s, int64_t rows, int64_t columns) {
  const dnnl_dims_t dims = {rows, columns};
  return dnnl_memory_desc_init_by_tag(s, 2, dims, dnnl_f32, dnnl_format_tag_any);
}
static dnnl_status_t right_make(sgm_product *p, const_dnnl_primitive_desc_t d) {
  return dnnl_memory_create(&p->b, dnnl_primitive_desc_query_md(d, dnnl_query_weights_md, 0), engine,
                            DNNL_MEMORY_ALLOCATE);
}
static dnnl_status_t packing_make(sgm_product *p, const_dnnl_primitive_desc_t d, const shape *plain) {
  dnnl_primitive_desc_t packing = NULL;
  dnnl_status_t s = dnnl_reorder_primitive_desc_create(
      &packing, plain, engine, dnnl_primitive_desc_query_md(d, dnnl_query_weights_md, 0), engine, NULL);
  if (s == dnnl_success) s = dnnl_primitive_create(&p->packing, packing);
  if (packing) dnnl_primitive_desc_destroy(packing);
  return s;
}
#endif

sgm_product *sgm_product_create(int64_t m, int64_t n, int64_t k, bool transpose_a, bool transpose_b,
                                int64_t stride_a, int64_t stride_b, int64_t stride_c, bool bias, bool packed,
                                int *status) {
  sgm_product *p = calloc(1, sizeof *p);
  if (!p) {
    *status = dnnl_out_of_memory;
    return NULL;
  }
  shape a = {0}, b = {0}, any = {0}, v = {0}, c = {0};
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_primitive_desc_t description = NULL;
  dnnl_status_t s = prepare();
  if (s == dnnl_success)
    s = transpose_a ? shape_make(&a, m, k, 1, stride_a) : shape_make(&a, m, k, stride_a, 1);
  if (s == dnnl_success)
    s = transpose_b ? shape_make(&b, k, n, 1, stride_b) : shape_make(&b, k, n, stride_b, 1);
  if (s == dnnl_success && packed) s = shape_any(&any, k, n);
  if (s == dnnl_success) s = shape_make(&c, m, n, stride_c, 1);
  if (s == dnnl_success) s = shape_make(&v, 1, n, n, 1);
  if (s == dnnl_success) s = dnnl_primitive_attr_create(&attributes);
  if (s == dnnl_success) s = dnnl_primitive_attr_set_fpmath_mode(attributes, dnnl_fpmath_mode_strict);
  if (s == dnnl_success) s = matmul_make(&description, &a, packed ? &any : &b, bias ? &v : NULL, &c, attributes);
  if (s == dnnl_success) s = dnnl_primitive_create(&p->primitive, description);
  if (s == dnnl_success) s = memory_make(&p->a, &a);
  if (s == dnnl_success) s = packed ? right_make(p, description) : memory_make(&p->b, &b);
  if (s == dnnl_success && packed) s = packing_make(p, description, &b);
  if (s == dnnl_success && packed) s = memory_make(&p->plain, &b);
  if (s == dnnl_success) s = memory_make(&p->c, &c);
  if (s == dnnl_success && bias) s = memory_make(&p->bias, &v);
  if (description) dnnl_primitive_desc_destroy(description);
  if (attributes) dnnl_primitive_attr_destroy(attributes);
  shape_free(&a), shape_free(&b), shape_free(&any), shape_free(&v), shape_free(&c);
  *status = s;
  if (s == dnnl_success) return p;
  sgm_product_destroy(p);
  return NULL;
}

int sgm_product_pack(sgm_product *p, const float *b) {
  dnnl_status_t s = prepare();
  if (s != dnnl_success) return s;
  dnnl_memory_set_data_handle(p->plain, (void *)b);
  const dnnl_exec_arg_t arguments[2] = {{DNNL_ARG_FROM, p->plain}, {DNNL_ARG_TO, p->b}};
  return dnnl_primitive_execute(p->packing, stream, 2, arguments);
}

int sgm_product_run(sgm_product *p, const float *a, const float *b, const float *bias, float *c) {
  dnnl_status_t s = prepare();
  if (s != dnnl_success) return s;
  dnnl_memory_set_data_handle(p->a, (void *)a);
  if (!p->packing) dnnl_memory_set_data_handle(p->b, (void *)b);
  dnnl_memory_set_data_handle(p->c, c);
  dnnl_exec_arg_t arguments[4] = {
      {DNNL_ARG_SRC, p->a}, {DNNL_ARG_WEIGHTS, p->b}, {DNNL_ARG_DST, p->c}, {DNNL_ARG_BIAS, p->bias}};
  if (p->bias) dnnl_memory_set_data_handle(p->bias, (void *)bias);
  return dnnl_primitive_execute(p->primitive, stream, p->bias ? 4 : 3, arguments);
}

void sgm_product_destroy(sgm_product *p) {
  if (!p) return;
  if (p->primitive) dnnl_primitive_destroy(p->primitive);
  if (p->packing) dnnl_primitive_destroy(p->packing);
  if (p->plain) dnnl_memory_destroy(p->plain);
  if (p->a) dnnl_memory_destroy(p->a);
  if (p->b) dnnl_memory_destroy(p->b);
  if (p->c) dnnl_memory_destroy(p->c);
  if (p->bias) dnnl_memory_destroy(p->bias);
  free(p);
}

int sgm_onednn_strict(void) {
  omp_set_dynamic(0);
  omp_set_num_threads(1);
  return dnnl_set_default_fpmath_mode(dnnl_fpmath_mode_strict);
}

int sgm_onednn_pin_isa(int level) {
  const dnnl_cpu_isa_t wanted = level == 0 ? dnnl_cpu_isa_avx2 : dnnl_cpu_isa_avx512_core;
  const dnnl_status_t status = dnnl_set_max_cpu_isa(wanted);
  if (status == dnnl_success) return 0;
  // Too late to change, but perhaps as wanted: the values are bit sets, and those beyond AVX-512 add nothing to fp32.
  const unsigned effective = (unsigned)dnnl_get_effective_cpu_isa();
  const int now = (effective & dnnl_cpu_isa_avx512_core) == dnnl_cpu_isa_avx512_core;
  return now == level ? 0 : status;
}

int sgm_cpu_isa(void) {
#if defined(__x86_64__)
  // Not asked of oneDNN: its answer would fix the level for good, and would follow the environment.
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq"))
    return 1;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 0;
#endif
  return -1;
}

int sgm_onednn_version(void) {
  const dnnl_version_t *v = dnnl_version();
  return v->major * 10000 + v->minor * 100 + v->patch;
}
