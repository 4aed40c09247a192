// JSON read by simdjson, seen from C.
//
// A document is parsed whole and checked whole: UTF-8, numbers, nesting. Values are small handles into it and are good
// for as long as the document is.
#ifndef AKIN_JSON_H
#define AKIN_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct akin_json_document akin_json_document;

/// A value of a document, or a place among the members of an array or object.
typedef struct {
    const void *document;
    size_t index;
} akin_json_value;

typedef enum {
    AKIN_JSON_NULL,
    AKIN_JSON_FALSE,
    AKIN_JSON_TRUE,
    AKIN_JSON_INTEGER,
    /// A whole number from 2^63 to 2^64 - 1.
    AKIN_JSON_UNSIGNED,
    AKIN_JSON_NUMBER,
    AKIN_JSON_STRING,
    AKIN_JSON_ARRAY,
    AKIN_JSON_OBJECT,
} akin_json_type;

/// Parses `count` bytes; NULL with a message that lives for ever when they are no JSON document.
///
/// `depth` bounds how deeply arrays and objects may be nested.
akin_json_document *akin_json_parse(const char *bytes, size_t count, size_t depth, const char **message);
void akin_json_free(akin_json_document *document);
akin_json_value akin_json_root(const akin_json_document *document);

akin_json_type akin_json_type_of(akin_json_value value);
int64_t akin_json_integer(akin_json_value value);
uint64_t akin_json_unsigned(akin_json_value value);
double akin_json_number(akin_json_value value);
/// The bytes of a string, UTF-8, not ended by a zero.
const char *akin_json_string(akin_json_value value, size_t *count);

/// The first member of an array, the first key of an object, or the end of either.
akin_json_value akin_json_first(akin_json_value container);
/// The end of an array or object, which is no value.
akin_json_value akin_json_end(akin_json_value container);
/// The member after a member of an array; the value after a key, the key after a value.
akin_json_value akin_json_next(akin_json_value member);

/// The number of elements of an array.
size_t akin_json_count(akin_json_value array);
/// Writes the numbers of an array to `floats`, which has room for `capacity`.
///
/// Returns how many there are, or -1 minus the place of the first element that is no number.
ptrdiff_t akin_json_floats(akin_json_value array, float *floats, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
