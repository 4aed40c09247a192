#include "akin_crc32c.h"

#include <pthread.h>
#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif
#endif

#define POLYNOMIAL 0x82F63B78u

// The CRC instruction takes three cycles and one can start in every cycle, so three streams run side by side. Their
// values are joined by tables that advance a CRC over as many zero bytes as a stream is long. Long streams make joining
// cheap, short ones serve what is left.
#define LONG_SHIFT 12
#define SHORT_SHIFT 7
#define LONG_STREAM ((size_t)1 << LONG_SHIFT)
#define SHORT_STREAM ((size_t)1 << SHORT_SHIFT)

// bytes_table[j][b]: the CRC of byte b followed by j zero bytes.
static uint32_t bytes_table[8][256];
// advance_*[j][b]: value b << 8j advanced over one stream of zero bytes.
static uint32_t advance_long[4][256];
static uint32_t advance_short[4][256];
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

// A linear map of 32 bits as the images of its unit vectors.
typedef struct {
    uint32_t column[32];
} linear_map;

static uint32_t apply(const linear_map *map, uint32_t value) {
    uint32_t sum = 0;
    for (int i = 0; i < 32; i++) {
        if (value >> i & 1) {
            sum ^= map->column[i];
        }
    }
    return sum;
}

static void fill_advance_table(uint32_t table[4][256], const linear_map *map) {
    for (int j = 0; j < 4; j++) {
        for (uint32_t b = 0; b < 256; b++) {
            table[j][b] = apply(map, b << (8 * j));
        }
    }
}

static void fill_tables(void) {
    for (uint32_t b = 0; b < 256; b++) {
        uint32_t crc = b;
        for (int i = 0; i < 8; i++) {
            crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
        }
        bytes_table[0][b] = crc;
    }
    for (int j = 1; j < 8; j++) {
        for (int b = 0; b < 256; b++) {
            uint32_t crc = bytes_table[j - 1][b];
            bytes_table[j][b] = crc >> 8 ^ bytes_table[0][crc & 0xFF];
        }
    }
    // One zero byte, then squared: 2, 4, 8 ... zero bytes.
    linear_map map;
    for (int i = 0; i < 32; i++) {
        uint32_t unit = (uint32_t)1 << i;
        map.column[i] = unit >> 8 ^ bytes_table[0][unit & 0xFF];
    }
    for (int shift = 1; shift <= LONG_SHIFT; shift++) {
        linear_map squared;
        for (int i = 0; i < 32; i++) {
            squared.column[i] = apply(&map, map.column[i]);
        }
        map = squared;
        if (shift == SHORT_SHIFT) {
            fill_advance_table(advance_short, &map);
        }
    }
    fill_advance_table(advance_long, &map);
}

static uint64_t load64(const uint8_t *p) {
    uint64_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

uint32_t akin_crc32c_scalar(uint32_t crc, const void *data, size_t length) {
    pthread_once(&tables_once, fill_tables);
    const uint8_t *p = data;
    crc = ~crc;
    for (; length >= 8; length -= 8, p += 8) {
        uint64_t word = load64(p) ^ crc;
        crc = bytes_table[7][word & 0xFF] ^ bytes_table[6][word >> 8 & 0xFF] ^ bytes_table[5][word >> 16 & 0xFF] ^
              bytes_table[4][word >> 24 & 0xFF] ^ bytes_table[3][word >> 32 & 0xFF] ^
              bytes_table[2][word >> 40 & 0xFF] ^ bytes_table[1][word >> 48 & 0xFF] ^ bytes_table[0][word >> 56];
    }
    for (; length > 0; length--, p++) {
        crc = crc >> 8 ^ bytes_table[0][(crc ^ *p) & 0xFF];
    }
    return ~crc;
}

#if defined(__x86_64__)
#define TARGET __attribute__((target("sse4.2")))
#define CRC64(crc, word) ((uint32_t)_mm_crc32_u64((crc), (word)))
#define CRC8(crc, byte) _mm_crc32_u8((crc), (byte))
static int has_instruction(void) {
    return __builtin_cpu_supports("sse4.2");
}
#elif defined(__aarch64__)
#define TARGET __attribute__((target("crc")))
#define CRC64(crc, word) __crc32cd((crc), (word))
#define CRC8(crc, byte) __crc32cb((crc), (byte))
static int has_instruction(void) {
#if defined(__linux__)
    return (getauxval(AT_HWCAP) & (1ul << 7)) != 0; // HWCAP_CRC32
#else
    return 1;
#endif
}
#endif

#if defined(TARGET)

static uint32_t advance(uint32_t table[4][256], uint32_t crc) {
    return table[0][crc & 0xFF] ^ table[1][crc >> 8 & 0xFF] ^ table[2][crc >> 16 & 0xFF] ^ table[3][crc >> 24];
}

TARGET static uint32_t three_streams(uint32_t crc, const uint8_t *p, size_t stream, uint32_t table[4][256]) {
    uint32_t a = crc, b = 0, c = 0;
    for (const uint8_t *end = p + stream; p < end; p += 8) {
        a = CRC64(a, load64(p));
        b = CRC64(b, load64(p + stream));
        c = CRC64(c, load64(p + 2 * stream));
    }
    return advance(table, advance(table, a) ^ b) ^ c;
}

TARGET static uint32_t crc32c_instruction(uint32_t crc, const void *data, size_t length) {
    const uint8_t *p = data;
    crc = ~crc;
    for (; length >= 3 * LONG_STREAM; length -= 3 * LONG_STREAM, p += 3 * LONG_STREAM) {
        crc = three_streams(crc, p, LONG_STREAM, advance_long);
    }
    for (; length >= 3 * SHORT_STREAM; length -= 3 * SHORT_STREAM, p += 3 * SHORT_STREAM) {
        crc = three_streams(crc, p, SHORT_STREAM, advance_short);
    }
    for (; length >= 8; length -= 8, p += 8) {
        crc = CRC64(crc, load64(p));
    }
    for (; length > 0; length--, p++) {
        crc = CRC8(crc, *p);
    }
    return ~crc;
}

uint32_t akin_crc32c(uint32_t crc, const void *data, size_t length) {
    if (!has_instruction()) {
        return akin_crc32c_scalar(crc, data, length);
    }
    pthread_once(&tables_once, fill_tables);
    return crc32c_instruction(crc, data, length);
}

int akin_crc32c_is_accelerated(void) {
    return has_instruction() != 0;
}

#else

uint32_t akin_crc32c(uint32_t crc, const void *data, size_t length) {
    return akin_crc32c_scalar(crc, data, length);
}

int akin_crc32c_is_accelerated(void) {
    return 0;
}

#endif
