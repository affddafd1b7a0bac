// The loops of neural networks, forward and backward, in the same way as CVectorKernels.h: compiled for several instruction
// sets, without memory, threads or checks. Matrices are row-major. `adds` says whether a result is added to what is there.
#ifndef SEXTANT_NETWORK_KERNELS_H
#define SEXTANT_NETWORK_KERNELS_H

#include "CVectorKernels.h"

#include <stdint.h>

#pragma clang assume_nonnull begin

/// Functions of one number. GELU is the exact form, x·Φ(x).
enum vk_activation {
  VK_RELU = 0, VK_LEAKY_RELU, VK_SILU, VK_GELU, VK_TANH, VK_EXPONENTIAL, VK_LOGARITHM, VK_SIGMOID, VK_SOFTPLUS, VK_SQUARE
};

#define VK_DECLARE_NETWORK_KERNELS(T)                                                                            \
  struct vk_network_kernels_##T {                                                                                \
    /* out = f(x); `parameter` is the slope of leaky ReLU */                                                     \
    void (*activate)(size_t n, int32_t activation, T parameter, const T *x, T *out);                             \
    /* out = gradient * f'; `held` is f(x) for tanh, exponential and sigmoid, and x for all others */            \
    void (*activation_pullback)(size_t n, int32_t activation, T parameter, const T *held, const T *gradient,     \
                                bool adds, T *out);                                                              \
    /* out = a * b */                                                                                            \
    void (*products)(size_t n, const T *a, const T *b, bool adds, T *out);                                       \
    /* the sum of x, in double precision */                                                                      \
    double (*sum)(size_t n, const T *x);                                                                         \
    /* out = x */                                                                                                \
    void (*from_doubles)(size_t n, const double *x, bool adds, T *out);                                          \
    /* out row = x row, where rows lie `x_stride` and `out_stride` apart */                                      \
    void (*copy_rows)(size_t rows, size_t columns, const T *x, size_t x_stride, bool adds, T *out,               \
                      size_t out_stride);                                                                        \
    /* out = x * scale + shift with one scale and one shift for each column; either may be absent */             \
    void (*affine_rows)(size_t rows, size_t columns, const T *x, const T *_Nullable scale,                       \
                        const T *_Nullable shift, bool adds, T *out);                                            \
    /* out = 1 / the root of x + epsilon */                                                                      \
    void (*inverse_roots)(size_t n, double epsilon, const T *x, T *out);                                         \
    /* out = x * a + y * b + c with one a, b and c for each column */                                            \
    void (*affine_pair_rows)(size_t rows, size_t columns, const T *x, const T *y, const T *a, const T *b,        \
                             const T *c, bool adds, T *out);                                                     \
    /* sums += the column sums of x, products += those of x * y */                                               \
    void (*column_sums)(size_t rows, size_t columns, const T *x, const T *_Nullable y, double *sums,             \
                        double *_Nullable products);                                                             \
    /* out = the sum of each row times factor */                                                                 \
    void (*row_sums)(size_t rows, size_t columns, T factor, const T *x, T *out);                                 \
    /* each row of out = factor times its number in x */                                                         \
    void (*fill_rows)(size_t rows, size_t columns, T factor, const T *x, bool adds, T *out);                     \
    /* out row = x row 2i + x row 2i + 1 */                                                                      \
    void (*sum_row_pairs)(size_t rows, size_t columns, const T *x, bool adds, T *out);                           \
    /* out[r, j] = x[r, indices[j]] */                                                                           \
    void (*gather_columns)(size_t rows, size_t columns, size_t x_columns, const int32_t *indices, const T *x,    \
                           T *out);                                                                              \
    /* out[r, indices[j]] += x[r, j] */                                                                          \
    void (*scatter_columns)(size_t rows, size_t columns, size_t out_columns, const int32_t *indices, const T *x, \
                            T *out);                                                                             \
    /* out row e = x row indices[e], 0 for a negative index; and out row indices[e] += x row e */                \
    void (*gather_rows)(size_t entries, size_t columns, const int32_t *indices, const T *x, T *out);             \
    void (*scatter_rows)(size_t entries, size_t columns, const int32_t *indices, const T *x, T *out);            \
    /* softmax of each row, and its pullback from the result y */                                                \
    void (*softmax_rows)(size_t rows, size_t columns, const T *x, T *out);                                       \
    void (*softmax_rows_pullback)(size_t rows, size_t columns, const T *y, const T *gradient, bool adds, T *out);\
    /* softmax of each column, and its pullback; `work` has one number for each column */                        \
    void (*softmax_columns)(size_t rows, size_t columns, const T *x, T *work, T *out);                           \
    void (*softmax_columns_pullback)(size_t rows, size_t columns, const T *y, const T *gradient, T *work,        \
                                     bool adds, T *out);                                                         \
    /* out = x * gain / root mean square of the row; `inverse` becomes 1 / that root for each row */             \
    void (*rms_rows)(size_t rows, size_t columns, double epsilon, const T *x, const T *gain, T *inverse, T *out);\
    /* Its pullback; `work` has room for a row */                                                                    \
    void (*rms_rows_pullback)(size_t rows, size_t columns, const T *x, const T *gain, const T *inverse,              \
                              const T *gradient, bool adds, T *work, T *out);                                        \
    /* out = u / (1 + exp(-u)) with u = x * gain * scale / root mean square of the row + shift */                    \
    void (*rms_silu_rows)(size_t rows, size_t columns, double epsilon, const T *x, const T *gain, const T *scale,    \
                          const T *shift, T *inverse, T *out);                                                       \
    /* Its pullback; sums += the column sums of the gradient of u, products += those of it times x over its root mean\
       square; `work` has room for a row */                                                                          \
    void (*rms_silu_rows_pullback)(size_t rows, size_t columns, const T *x, const T *gain, const T *scale,           \
                                   const T *shift, const T *inverse, const T *gradient, bool adds, T *work, T *out,  \
                                   double *sums, double *products);                                                  \
    /* sums += the column sums of x * y * factor, where each row has its factor */                               \
    void (*weighted_column_sums)(size_t rows, size_t columns, const T *x, const T *y, const T *factor,           \
                                 double *sums);                                                                  \
    /* From the column sums of x and x squared over `rows` rows: mean and inverse deviation of each group of     \
       columns, and the scale and shift that normalise and then multiply by gain and add bias */                 \
    void (*normalisation)(size_t rows, size_t columns, size_t groups, double epsilon, const double *sums,        \
                          const double *squares, const T *gain, const T *bias, double *mean, double *inverse,    \
                          T *scale, T *shift);                                                                   \
    /* From the column sums of the gradient and of gradient * x: adds the gradients of gain and bias, and gives  \
       a, b, c such that that of x is gradient * a + x * b + c */                                                \
    void (*normalisation_pullback)(size_t rows, size_t columns, size_t groups, const double *sums,               \
                                   const double *products, const T *gain, const double *mean,                    \
                                   const double *inverse, double *gain_gradient, double *bias_gradient, T *a,    \
                                   T *b, T *c);                                                                  \
    /* Convolution of three taps along a line, y[v] = bias + sum of W[k] x[v + first + k], by six products for four  \
       outputs; columns are a multiple of 32. What makes the six inputs of each of `tiles` from `rows` rows of x, of \
       which the first tile begins with row `first`, beyond the ends `zeros`; the six lie `plane` apart, their parts of\
       tile_columns `panels`, their rows `stride` */                                                                 \
    void (*line_inputs)(size_t tiles, size_t columns, size_t rows, ptrdiff_t first, const T *x, const T *zeros,      \
                        size_t plane, size_t panels, size_t stride, T *out);                                         \
    /* What makes `rows` rows, four from each tile, of the six products, which are in panels of tile_columns */      \
    void (*line_outputs)(size_t tiles, size_t columns, size_t rows, size_t plane, const T *products,                 \
                         const T *_Nullable bias, bool adds, T *out);                                                \
    /* Its transpose: the gradients of the products, in rows `stride` apart, from those of `rows` rows, x */         \
    void (*line_output_gradients)(size_t tiles, size_t columns, size_t rows, const T *x, const T *zeros, size_t plane,\
                                  size_t stride, T *out);                                                            \
    /* The weights of the six products (outputs x columns each) from outputs x 3 x columns, the taps in reverse or not */\
    void (*line_weights)(size_t outputs, size_t columns, bool reverses, const T *weight, T *out);                    \
    /* Its transpose, added: the gradient of the weights from those of the six, in panels of tile_columns */         \
    void (*line_weight_gradients)(size_t outputs, size_t columns, const T *products, T *out);                        \
    /* One step of Adam with the gradient times `factor`; `rate` and `root_scale` hold the corrections of bias,  \
       `decay` is the part of x that decoupled decay takes away */                                               \
    void (*adam)(size_t n, T factor, T beta1, T beta2, T rate, T root_scale, T epsilon, T decay,                 \
                 const T *gradient, T *moment, T *square, T *x);                                                 \
    /* The tile of a product in registers, which the panels of packed matrices are as wide as */                 \
    size_t tile_rows, tile_columns;                                                                              \
    /* A matrix, its rows `stride` apart, as panels of `width` columns, zeros beyond: out[panel][row][column] */ \
    void (*pack_columns)(size_t columns, size_t rows, size_t stride, size_t width, const T *x, T *out);          \
    /* The same of `width` rows: out[panel][column][row] */                                                      \
    void (*pack_rows)(size_t rows, size_t columns, size_t stride, size_t width, const T *x, T *out);             \
    /* out = G X, in panels of tile_columns, as X is; the rows of G, no fewer than tile_rows, lie `stride` apart; columns\
       are a multiple of tile_columns */                                                                             \
    void (*panel_products)(size_t rows, size_t depth, size_t columns, size_t stride, const T *g, const T *x, T *out);\
    /* The same with the transpose of G, which is depth x rows, or that added; depth is 256 at most */               \
    void (*transposed_products)(size_t rows, size_t depth, size_t columns, size_t stride, const T *g, const T *x,    \
                                bool adds, T *out);                                                                  \
    /* out = x W^T + bias for `outputs` rows of W and a batch of a few rows, which lie as they are; the rows of  \
       out lie `stride` apart */                                                                                 \
    void (*dense_rows)(size_t outputs, size_t inputs, size_t batch, size_t stride, const T *weight, const T *x,  \
                       const T *_Nullable bias, T *out);                                                         \
    /* out = x W^T + bias for `outputs` rows of W: x is packed, rows in panels of tile_columns; the rows of out  \
       lie `stride` apart; `sums` has room for outputs, rounded up to tile_rows, times the batch, rounded up to  \
       tile_columns */                                                                                           \
    void (*dense_outputs)(size_t outputs, size_t inputs, size_t batch, size_t stride, const T *weight,                                     const T *x, const T *_Nullable bias, T *sums, T *out);\
    /* out = g W for some columns of W and out, whose rows lie `stride` apart: g is packed, rows in panels of    \
       tile_rows; no more than 256 of them */                                                                    \
    void (*dense_inputs)(size_t columns, size_t outputs, size_t batch, size_t stride, const T *weight,           \
                         const T *gradient, bool adds, T *out);                                                  \
    /* One step of Adam, as above, with the gradient G^T X, which is never written. G and X have `depth` rows    \
       and are packed, in panels of tile_rows and of tile_columns; moments and parameter are rows x columns */   \
    void (*adam_product)(size_t rows, size_t columns, size_t depth, const T *g, const T *x, T factor, T beta1,   \
                         T beta2, T rate, T root_scale, T epsilon, T decay, T *moment, T *square, T *parameter); \
    /* average += rate * (x - average) */                                                                        \
    void (*follow)(size_t n, T rate, const T *x, T *average);                                                    \
    /* out = factor where a random word reaches the threshold, else 0 */                                         \
    void (*keep_mask)(size_t n, const uint32_t *words, uint32_t threshold, T factor, T *out);                    \
    /* out = x * factor + shift */                                                                               \
    void (*affine)(size_t n, T factor, T shift, const T *x, bool adds, T *out);                                  \
    /* An affine coupling. Row r of `product`, which has 2 * columns, plus `bias` and times `scale`, is the raw  \
       log-scales and the shifts t; s, the log-scales, are bound * tanh(raw / bound) or, as softsign,            \
       raw / (1 + |raw| / bound). out = (b + t) * exp(s) if it normalises, else b * exp(-s) - t; sums = the sums \
       of the rows of s. The rows of b and out lie `stride` apart */                                             \
    void (*couple)(size_t rows, size_t columns, size_t stride, bool normalises, bool softsign, T bound,          \
                   const T *product, const T *bias, const T *scale, const T *b, T *log_scale, T *out, T *sums);  \
    /* Its pullback, of out (rows `stride` apart) and of sums (absent for none): the gradients of b (rows `stride`\
       apart) and product, and of bias and scale, added over rows */                                             \
    void (*couple_pullback)(size_t rows, size_t columns, size_t stride, bool normalises, bool softsign, T bound, \
                            const T *product, const T *bias, const T *scale, const T *b, const T *log_scale,     \
                            const T *gradient, const T *_Nullable sums_gradient, T *b_out, T *product_out,       \
                            double *bias_sums, double *scale_sums);                                              \
  };                                                                                                             \
  /* The kernels for `set`, which the processor must have. */                                                    \
  const struct vk_network_kernels_##T *vk_network_kernels_for_##T(enum vk_instruction_set set);

VK_DECLARE_NETWORK_KERNELS(float)
VK_DECLARE_NETWORK_KERNELS(double)

#pragma clang assume_nonnull end

#endif
