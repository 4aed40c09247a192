#include "akin_kernels.h"
