// Loops in C, compiled for several instruction sets. Every function is given the instruction set that it is to use.
// There is no other logic: no memory management, no threads, no checks. The arrays of a call must not overlap, but an
// output may be the same array as an input.
#ifndef SEXTANT_VECTOR_KERNELS_H
#define SEXTANT_VECTOR_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The instruction sets for which kernels are compiled; each includes the previous ones.
enum vk_instruction_set { VK_GENERIC = 0, VK_AVX2 = 1, VK_AVX512 = 2 };

/// The best instruction set of this processor.
enum vk_instruction_set vk_best_instruction_set(void);

/// The instruction set in use: the best one, or the one in the environment variable SEXTANT_KERNELS (generic, avx2 or
/// avx512) if the processor supports it. Selected at first use.
enum vk_instruction_set vk_chosen_instruction_set(void);

/// The Matérn correlations with a closed form, by smoothness: 1/2, 3/2, 5/2.
enum vk_correlation { VK_MATERN_1_2 = 0, VK_MATERN_3_2 = 1, VK_MATERN_5_2 = 2 };

/// Element-wise functions. GELU is the exact form, x·Φ(x).
enum vk_activation {
  VK_RELU = 0, VK_LEAKY_RELU, VK_SILU, VK_GELU, VK_TANH, VK_EXPONENTIAL, VK_LOGARITHM, VK_SIGMOID, VK_SOFTPLUS, VK_SQUARE,
  VK_ARC_TANGENT
};

/// The kernels for one scalar type and one instruction set, which the processor must support. In Swift each kernel is a
/// method of this type; in C it is a function such as vk_add_float, with this as its last parameter.
struct vk_float { enum vk_instruction_set set; } __attribute__((swift_name("FloatKernels")));
struct vk_double { enum vk_instruction_set set; } __attribute__((swift_name("DoubleKernels")));

#define VK_PASTE_(a, b) a##_##b
#define VK_PASTE(a, b) VK_PASTE_(a, b)
#define VK_LIST(...) __VA_ARGS__
#define VK_KERNEL(RESULT, NAME, SWIFT_NAME, PARAMETERS, ARGUMENTS)              \
  RESULT VK_PASTE(vk_##NAME, T)(VK_LIST PARAMETERS, struct VK_PASTE(vk, T) set) \
      __attribute__((swift_name(VK_SWIFT_TYPE "." SWIFT_NAME "self:)")));
#define VK_NUMBER(NAME, SWIFT_NAME)                      \
  size_t VK_PASTE(vk_##NAME, T)(struct VK_PASTE(vk, T) set) \
      __attribute__((swift_name("getter:" VK_SWIFT_TYPE "." SWIFT_NAME "(self:)")));

#define T float
#define VK_SWIFT_TYPE "FloatKernels"
#include "kernel-list.inc"
#undef T
#undef VK_SWIFT_TYPE

#define T double
#define VK_SWIFT_TYPE "DoubleKernels"
#include "kernel-list.inc"
#undef T
#undef VK_SWIFT_TYPE

#undef VK_KERNEL
#undef VK_NUMBER

#endif
