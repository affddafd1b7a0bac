// Compiles the kernels for each instruction set and selects one at first use.

#include "CVectorKernels.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// The number of partial sums of a reduction: enough for four vectors of any instruction set, and the same for all, so
// that all add in the same order.
#define VK_WIDTH 32

// The part of a matrix product that stays in registers: a number of rows, times two vectors of the instruction set's
// width.
#define VK_TILE_VECTORS 2

#define VK_SET generic
#define VK_VECTOR_BYTES 16
#define VK_TILE_ROWS 4
#include "both-types.inc"
#undef VK_SET
#undef VK_VECTOR_BYTES
#undef VK_TILE_ROWS

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define VK_SET avx2
#define VK_VECTOR_BYTES 32
#define VK_TILE_ROWS 6
#include "both-types.inc"
#undef VK_SET
#undef VK_VECTOR_BYTES
#undef VK_TILE_ROWS
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx512cd,avx2,fma"))), \
                             apply_to = function)
#define VK_SET avx512
#define VK_VECTOR_BYTES 64
#define VK_TILE_ROWS 8
#include "both-types.inc"
#undef VK_SET
#undef VK_VECTOR_BYTES
#undef VK_TILE_ROWS
#pragma clang attribute pop
#endif

enum vk_instruction_set vk_best_instruction_set(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("fma"))
    return VK_AVX512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return VK_AVX2;
#endif
  return VK_GENERIC;
}

static enum vk_instruction_set choose(void) {
  const char *wish = getenv("SEXTANT_KERNELS");
  enum vk_instruction_set best = vk_best_instruction_set();
  if (wish == NULL) return best;
  if (strcmp(wish, "generic") == 0) return VK_GENERIC;
  if (strcmp(wish, "avx2") == 0 && best >= VK_AVX2) return VK_AVX2;
  return best;
}

enum vk_instruction_set vk_chosen_instruction_set(void) {
  // Two threads may both select, with the same result.
  static _Atomic int chosen = -1;
  if (chosen < 0) chosen = (int)choose();
  return (enum vk_instruction_set)chosen;
}

// The functions of the header: each passes its arguments on to the kernel for the instruction set.
#if defined(__x86_64__)
#define VK_FOR_EACH_SET(NAME) {VK_PASTE(NAME, generic), VK_PASTE(NAME, avx2), VK_PASTE(NAME, avx512)}
#else
#define VK_FOR_EACH_SET(NAME) {VK_PASTE(NAME, generic), VK_PASTE(NAME, generic), VK_PASTE(NAME, generic)}
#endif
#define VK_KERNEL(RESULT, NAME, SWIFT_NAME, PARAMETERS, ARGUMENTS)                  \
  RESULT VK_PASTE(vk_##NAME, T)(VK_LIST PARAMETERS, struct VK_PASTE(vk, T) set) {   \
    static RESULT (*const kernels[]) PARAMETERS = VK_FOR_EACH_SET(VK_PASTE(NAME, T)); \
    return kernels[set.set] ARGUMENTS;                                              \
  }
#define VK_NUMBER(NAME, SWIFT_NAME)                                                      \
  size_t VK_PASTE(vk_##NAME, T)(struct VK_PASTE(vk, T) set) {                            \
    static size_t (*const kernels[])(void) = VK_FOR_EACH_SET(VK_PASTE(NAME, T));           \
    return kernels[set.set]();                                                           \
  }

#define T float
#include "kernel-list.inc"
#undef T

#define T double
#include "kernel-list.inc"
#undef T
