#ifndef SEXTANT_VECTOR_KERNELS_H
#define SEXTANT_VECTOR_KERNELS_H
/// Which instruction set the kernels were dispatched to: "avx512", "avx2" or "generic".
const char *vk_instruction_set(void);
#endif
