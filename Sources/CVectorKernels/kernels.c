#include "CVectorKernels.h"
const char *vk_instruction_set(void) { return "generic"; }
