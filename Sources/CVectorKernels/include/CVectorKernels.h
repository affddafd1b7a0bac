#ifndef SEXTANT_VECTOR_KERNELS_H
#define SEXTANT_VECTOR_KERNELS_H
/// The instruction sets that kernels are compiled for, each of which includes those before it.
enum vk_instruction_set { VK_GENERIC = 0, VK_AVX2 = 1, VK_AVX512 = 2 };

/// The best instruction set that this processor has.
enum vk_instruction_set vk_best_instruction_set(void);

/// The instruction set in use: the best one, or that which the environment variable SEXTANT_KERNELS names
/// (generic, avx2 or avx512) if the processor has it.
enum vk_instruction_set vk_chosen_instruction_set(void);
#endif
