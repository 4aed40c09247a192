#ifndef AKIN_CRC32C_H
#define AKIN_CRC32C_H

#include <stddef.h>
#include <stdint.h>

// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), the checksum of iSCSI and ext4: detects every burst of up to
// 32 bits. Start with crc = 0; to go on with more bytes, pass what the previous call returned.

// By the CPU's own instruction where it has one (SSE 4.2, ARMv8 CRC), else by akin_crc32c_scalar.
uint32_t akin_crc32c(uint32_t crc, const void *data, size_t length);

// By tables, eight bytes at a step; the reference for the other.
uint32_t akin_crc32c_scalar(uint32_t crc, const void *data, size_t length);

// Whether akin_crc32c uses an instruction of the CPU.
int akin_crc32c_is_accelerated(void);

#endif
