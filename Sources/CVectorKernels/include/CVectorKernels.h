// Element-wise loops in C, compiled for several instruction sets, of which one is selected at run time. There is no
// other logic: no memory management, no threads, no checks. The arrays of a call must not overlap, but an output may be
// the same array as an input.
#ifndef SEXTANT_VECTOR_KERNELS_H
#define SEXTANT_VECTOR_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

#pragma clang assume_nonnull begin

/// The instruction sets for which kernels are compiled; each includes the previous ones.
enum vk_instruction_set { VK_GENERIC = 0, VK_AVX2 = 1, VK_AVX512 = 2 };

/// The best instruction set of this processor.
enum vk_instruction_set vk_best_instruction_set(void);

/// The instruction set in use: the best one, or the one in the environment variable SEXTANT_KERNELS (generic, avx2 or
/// avx512) if the processor supports it. Selected at first use.
enum vk_instruction_set vk_chosen_instruction_set(void);

/// The Matérn correlations with a closed form, by smoothness: 1/2, 3/2, 5/2.
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
    /* out = e to the power x */                                                                           \
    void (*exponential)(size_t n, const T *x, T *out);                                                     \
    /* out += (x - here) squared: one axis of the squared distances from one point to many */              \
    void (*add_squared_differences)(size_t n, T here, const T *x, T *out);                                 \
    /* value = the correlation at the squared distance, in units of the squared range; value may be the    \
       input array */                                                                                      \
    void (*matern)(size_t n, enum vk_correlation correlation, const T *squared, T *value);                 \
    /* the same with slope = -2 times the derivative of value with respect to the squared distance */      \
    void (*matern_with_slope)(size_t n, enum vk_correlation correlation, const T *squared, T *value,       \
                              T *slope);                                                                   \
  };                                                                                                       \
  /* The kernels for `set`, which the processor must support. */                                           \
  const struct vk_kernels_##T *vk_kernels_for_##T(enum vk_instruction_set set);                            \
  /* The kernels in use. */                                                                                \
  const struct vk_kernels_##T *vk_chosen_kernels_##T(void);

VK_DECLARE_KERNELS(float)
VK_DECLARE_KERNELS(double)

#pragma clang assume_nonnull end

// The module consists of the headers included here.
#include "CNetworkKernels.h"

#endif
