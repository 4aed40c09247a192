#ifndef AKIN_KERNELS_H
#define AKIN_KERNELS_H
#endif
