// The choice among the instruction sets that kernels are compiled for, made once, at first use.

#include "CVectorKernels.h"

#include <stdlib.h>
#include <string.h>

enum vk_instruction_set vk_best_instruction_set(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd"))
    return VK_AVX512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return VK_AVX2;
#endif
  return VK_GENERIC;
}

enum vk_instruction_set vk_chosen_instruction_set(void) {
  const char *wish = getenv("SEXTANT_KERNELS");
  enum vk_instruction_set best = vk_best_instruction_set();
  if (wish == NULL) return best;
  if (strcmp(wish, "generic") == 0) return VK_GENERIC;
  if (strcmp(wish, "avx2") == 0 && best >= VK_AVX2) return VK_AVX2;
  return best;
}
