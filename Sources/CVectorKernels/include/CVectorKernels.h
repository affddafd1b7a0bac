// Element-wise loops in C, compiled for several instruction sets, of which one is chosen at run time.
// No other logic lives here: no memory, no threads, no checks. Arrays of one call must not overlap, except that
// an output may be the same array as an input.
#ifndef SEXTANT_VECTOR_KERNELS_H
#define SEXTANT_VECTOR_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

#pragma clang assume_nonnull begin

/// The instruction sets that kernels are compiled for, each of which includes those before it.
enum vk_instruction_set { VK_GENERIC = 0, VK_AVX2 = 1, VK_AVX512 = 2 };

/// The best instruction set that this processor has.
enum vk_instruction_set vk_best_instruction_set(void);

/// The instruction set in use: the best one, or that which the environment variable SEXTANT_KERNELS names
/// (generic, avx2 or avx512) if the processor has it. Decided at first use.
enum vk_instruction_set vk_chosen_instruction_set(void);

/// The Matérn correlations that have a closed form, by smoothness: 1/2, 3/2, 5/2.
enum vk_correlation { VK_MATERN_1_2 = 0, VK_MATERN_3_2 = 1, VK_MATERN_5_2 = 2 };

#define VK_DECLARE_KERNELS(T)                                                                              \
  struct vk_kernels_##T {                                                                                  \
    /* out = a + b */                                                                                      \
    void (*add)(size_t n, const T *a, const T *b, T *out);                                                 \
    /* out = a - b */                                                                                      \
    void (*subtract)(size_t n, const T *a, const T *b, T *out);                                            \
    /* out = a * b */                                                                                      \
    void (*multiply)(size_t n, const T *a, const T *b, T *out);                                            \
    /* out = factor * x */                                                                                 \
    void (*scale)(size_t n, T factor, const T *x, T *out);                                                 \
    /* y += factor * x */                                                                                  \
    void (*add_scaled)(size_t n, T factor, const T *x, T *y);                                              \
    /* sums += x, in double precision */                                                                   \
    void (*accumulate)(size_t n, const T *x, double *sums);                                                \
    /* sums += x * x, in double precision */                                                               \
    void (*accumulate_squares)(size_t n, const T *x, double *sums);                                        \
    /* the sum of a * b, in double precision */                                                            \
    double (*dot)(size_t n, const T *a, const T *b);                                                       \
    /* out = e to the x */                                                                                 \
    void (*exponential)(size_t n, const T *x, T *out);                                                     \
    /* out += (x - here) squared: one axis of the squared distances from one point to many */              \
    void (*add_squared_differences)(size_t n, T here, const T *x, T *out);                                 \
    /* value = the correlation at the squared distance (unit: the range); value may be squared itself */   \
    void (*matern)(size_t n, enum vk_correlation correlation, const T *squared, T *value);                 \
    /* the same with slope = -2 times the derivative of value with respect to the squared distance */      \
    void (*matern_with_slope)(size_t n, enum vk_correlation correlation, const T *squared, T *value,       \
                              T *slope);                                                                   \
  };                                                                                                       \
  /* The kernels for `set`, which the processor must have. */                                              \
  const struct vk_kernels_##T *vk_kernels_for_##T(enum vk_instruction_set set);                            \
  /* The kernels in use. */                                                                                \
  const struct vk_kernels_##T *vk_chosen_kernels_##T(void);

VK_DECLARE_KERNELS(float)
VK_DECLARE_KERNELS(double)

#pragma clang assume_nonnull end

// The module is what this header includes.
#include "CNetworkKernels.h"

#endif
