// The loops of neural networks, forward and backward, compiled for several instruction sets like those in
// CVectorKernels.h, without memory management, threads or checks. Matrices are row-major. `adds` means that the result
// is added to the output.
#ifndef SEXTANT_NETWORK_KERNELS_H
#define SEXTANT_NETWORK_KERNELS_H

#include "CVectorKernels.h"

#include <stdint.h>

#pragma clang assume_nonnull begin

/// Element-wise functions. GELU is the exact form, x·Φ(x).
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
    /* out row = x row, with row strides `x_stride` and `out_stride` */                                          \
    void (*copy_rows)(size_t rows, size_t columns, const T *x, size_t x_stride, bool adds, T *out,               \
                      size_t out_stride);                                                                        \
    /* out = x * scale + shift with one scale and one shift per column; either may be absent */                  \
    void (*affine_rows)(size_t rows, size_t columns, const T *x, const T *_Nullable scale,                       \
                        const T *_Nullable shift, bool adds, T *out);                                            \
    /* out = 1 / sqrt(x + epsilon) */                                                                            \
    void (*inverse_roots)(size_t n, double epsilon, const T *x, T *out);                                         \
    /* out = x * a + y * b + c with one a, b and c per column */                                                 \
    void (*affine_pair_rows)(size_t rows, size_t columns, const T *x, const T *y, const T *a, const T *b,        \
                             const T *c, bool adds, T *out);                                                     \
    /* sums += the column sums of x, products += the column sums of x * y */                                     \
    void (*column_sums)(size_t rows, size_t columns, const T *x, const T *_Nullable y, double *sums,             \
                        double *_Nullable products);                                                             \
    /* out = the sum of each row times factor */                                                                 \
    void (*row_sums)(size_t rows, size_t columns, T factor, const T *x, T *out);                                 \
    /* each row of out = factor times the row's entry of x */                                                    \
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
    /* softmax of each column, and its pullback; `work` has one entry per column */                              \
    void (*softmax_columns)(size_t rows, size_t columns, const T *x, T *work, T *out);                           \
    void (*softmax_columns_pullback)(size_t rows, size_t columns, const T *y, const T *gradient, T *work,        \
                                     bool adds, T *out);                                                         \
    /* out = x * gain / root mean square of the row; `inverse` is set to 1 / root mean square of each row */     \
    void (*rms_rows)(size_t rows, size_t columns, double epsilon, const T *x, const T *gain, T *inverse, T *out);\
    /* The pullback; `work` has the length of a row */                                                               \
    void (*rms_rows_pullback)(size_t rows, size_t columns, const T *x, const T *gain, const T *inverse,              \
                              const T *gradient, bool adds, T *work, T *out);                                        \
    /* out = u / (1 + exp(-u)) with u = x * gain * scale / root mean square of the row + shift */                    \
    void (*rms_silu_rows)(size_t rows, size_t columns, double epsilon, const T *x, const T *gain, const T *scale,    \
                          const T *shift, T *inverse, T *out);                                                       \
    /* The pullback; sums += the column sums of the gradient of u, products += those of the gradient times x over    \
       its root mean square; `work` has the length of a row */                                                       \
    void (*rms_silu_rows_pullback)(size_t rows, size_t columns, const T *x, const T *gain, const T *scale,           \
                                   const T *shift, const T *inverse, const T *gradient, bool adds, T *work, T *out,  \
                                   double *sums, double *products);                                                  \
    /* sums += the column sums of x * y * factor, with one factor per row */                                     \
    void (*weighted_column_sums)(size_t rows, size_t columns, const T *x, const T *y, const T *factor,           \
                                 double *sums);                                                                  \
    /* From the column sums of x and x squared over `rows` rows: the mean and the inverse standard deviation of  \
       each group of columns, and the scale and shift that normalise, multiply by the gain and add the bias */   \
    void (*normalisation)(size_t rows, size_t columns, size_t groups, double epsilon, const double *sums,        \
                          const double *squares, const T *gain, const T *bias, double *mean, double *inverse,    \
                          T *scale, T *shift);                                                                   \
    /* From the column sums of the gradient and of gradient * x: adds the gradients of gain and bias, and        \
       computes a, b and c such that the gradient of x is gradient * a + x * b + c */                            \
    void (*normalisation_pullback)(size_t rows, size_t columns, size_t groups, const double *sums,               \
                                   const double *products, const T *gain, const double *mean,                    \
                                   const double *inverse, double *gain_gradient, double *bias_gradient, T *a,    \
                                   T *b, T *c);                                                                  \
    /* Convolution of three taps along a line, y[v] = bias + sum of W[k] x[v + first + k], by six products for four  \
       outputs; columns are a multiple of 32. Computes the six inputs of each of `tiles` from `rows` rows of x; the  \
       first tile begins with row `first`, and rows beyond the ends are `zeros`. The six are `plane` apart, their    \
       parts of tile_columns `panels`, their rows `stride` */                                                        \
    void (*line_inputs)(size_t tiles, size_t columns, size_t rows, ptrdiff_t first, const T *x, const T *zeros,      \
                        size_t plane, size_t panels, size_t stride, T *out);                                         \
    /* Computes `rows` rows, four from each tile, from the six products in panels of tile_columns */                 \
    void (*line_outputs)(size_t tiles, size_t columns, size_t rows, size_t plane, const T *products,                 \
                         const T *_Nullable bias, bool adds, T *out);                                                \
    /* The transpose: the gradients of the products, with row stride `stride`, from those of `rows` rows, x */       \
    void (*line_output_gradients)(size_t tiles, size_t columns, size_t rows, const T *x, const T *zeros, size_t plane,\
                                  size_t stride, T *out);                                                            \
    /* The weights of the six products (outputs x columns each) from outputs x 3 x columns, optionally with reversed \
       taps */                                                                                                       \
    void (*line_weights)(size_t outputs, size_t columns, bool reverses, const T *weight, T *out);                    \
    /* The transpose, added: the gradient of the weights from those of the six products, in panels */                \
    void (*line_weight_gradients)(size_t outputs, size_t columns, const T *products, T *out);                        \
    /* One step of Adam with the gradient times `factor`; `rate` and `root_scale` include the bias corrections,  \
       and `decay` is the fraction of x that the decoupled weight decay subtracts */                             \
    void (*adam)(size_t n, T factor, T beta1, T beta2, T rate, T root_scale, T epsilon, T decay,                 \
                 const T *gradient, T *moment, T *square, T *x);                                                 \
    /* The tile of a product in registers, which is also the width of the panels of packed matrices */           \
    size_t tile_rows, tile_columns;                                                                              \
    /* Packs a matrix with row stride `stride` into panels of `width` columns, padded with zeros:                \
       out[panel][row][column] */                                                                                \
    void (*pack_columns)(size_t columns, size_t rows, size_t stride, size_t width, const T *x, T *out);          \
    /* The same with panels of `width` rows: out[panel][column][row] */                                          \
    void (*pack_rows)(size_t rows, size_t columns, size_t stride, size_t width, const T *x, T *out);             \
    /* out = G X in panels of tile_columns, like X; G has at least tile_rows rows with stride `stride`; columns are  \
       a multiple of tile_columns */                                                                                 \
    void (*panel_products)(size_t rows, size_t depth, size_t columns, size_t stride, const T *g, const T *x, T *out);\
    /* The same with the transpose of G, which is depth x rows, optionally added; depth is at most 256 */            \
    void (*transposed_products)(size_t rows, size_t depth, size_t columns, size_t stride, const T *g, const T *x,    \
                                bool adds, T *out);                                                                  \
    /* out = x W^T + bias for `outputs` rows of W and an unpacked batch of a few rows; the row stride of out is  \
       `stride` */                                                                                               \
    void (*dense_rows)(size_t outputs, size_t inputs, size_t batch, size_t stride, const T *weight, const T *x,  \
                       const T *_Nullable bias, T *out);                                                         \
    /* out = x W^T + bias for `outputs` rows of W: x is packed, rows in panels of tile_columns; the row stride   \
       of out is `stride`; `sums` has outputs, rounded up to tile_rows, times the batch, rounded up to           \
       tile_columns, entries */                                                                                  \
    void (*dense_outputs)(size_t outputs, size_t inputs, size_t batch, size_t stride, const T *weight,                                     const T *x, const T *_Nullable bias, T *sums, T *out);\
    /* out = g W for some columns of W and out, both with row stride `stride`: g is packed, at most 256 rows in  \
       panels of tile_rows */                                                                                    \
    void (*dense_inputs)(size_t columns, size_t outputs, size_t batch, size_t stride, const T *weight,           \
                         const T *gradient, bool adds, T *out);                                                  \
    /* One step of Adam, as above, with the gradient G^T X, which is never stored. G and X have `depth` rows and \
       are packed, in panels of tile_rows and of tile_columns; moments and parameter are rows x columns */       \
    void (*adam_product)(size_t rows, size_t columns, size_t depth, const T *g, const T *x, T factor, T beta1,   \
                         T beta2, T rate, T root_scale, T epsilon, T decay, T *moment, T *square, T *parameter); \
    /* average += rate * (x - average) */                                                                        \
    void (*follow)(size_t n, T rate, const T *x, T *average);                                                    \
    /* out = factor if a random word reaches the threshold, otherwise 0 */                                       \
    void (*keep_mask)(size_t n, const uint32_t *words, uint32_t threshold, T factor, T *out);                    \
    /* out = x * factor + shift */                                                                               \
    void (*affine)(size_t n, T factor, T shift, const T *x, bool adds, T *out);                                  \
    /* An affine coupling. Row r of `product`, which has 2 * columns entries, plus `bias` and times `scale`,     \
       gives the raw log-scales and the shifts t; the log-scales s are bound * tanh(raw / bound) or, for         \
       softsign, raw / (1 + |raw| / bound). out = (b + t) * exp(s) if it normalises, otherwise b * exp(-s) - t;  \
       sums = the sums of the rows of s. The row stride of b and out is `stride` */                              \
    void (*couple)(size_t rows, size_t columns, size_t stride, bool normalises, bool softsign, T bound,          \
                   const T *product, const T *bias, const T *scale, const T *b, T *log_scale, T *out, T *sums);  \
    /* The pullback of out (row stride `stride`) and of sums (absent for none): the gradients of b (row stride    \
       `stride`) and product, and of bias and scale, added over rows */                                           \
    void (*couple_pullback)(size_t rows, size_t columns, size_t stride, bool normalises, bool softsign, T bound, \
                            const T *product, const T *bias, const T *scale, const T *b, const T *log_scale,     \
                            const T *gradient, const T *_Nullable sums_gradient, T *b_out, T *product_out,       \
                            double *bias_sums, double *scale_sums);                                              \
  };                                                                                                             \
  /* The kernels for `set`, which the processor must support. */                                                 \
  const struct vk_network_kernels_##T *vk_network_kernels_for_##T(enum vk_instruction_set set);

VK_DECLARE_NETWORK_KERNELS(float)
VK_DECLARE_NETWORK_KERNELS(double)

#pragma clang assume_nonnull end

#endif
