// Files that the server carries inside: the page at / and the description of its paths.
#ifndef AKIN_PAGE_H
#define AKIN_PAGE_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *name;
    const uint8_t *bytes;
    size_t count;
} akin_page_file;

// The files, as many as *count says; none where the compiler cannot embed files.
const akin_page_file *akin_page_files(size_t *count);

#endif
