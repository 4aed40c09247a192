#include "akin_json.h"

#include <memory>
#include <new>
#include <simdjson.h>

// A value is a place on the library's tape (its doc/tape.md describes it), so walking allocates nothing.

struct akin_json_document {
    simdjson::dom::document document;
};

namespace {

using simdjson::internal::tape_ref;
using simdjson::internal::tape_type;

tape_ref tape(akin_json_value value) {
    return tape_ref(static_cast<const simdjson::dom::document *>(value.document), value.index);
}

// The word after an opening bracket.
constexpr size_t opening = 1;
// The root stands before the document's value.
constexpr size_t root = 1;
// A whole number or a double takes the word after its type.
double number(const tape_ref &place) {
    if (place.is_double())
        return place.next_tape_value<double>();
    if (place.is_int64())
        return static_cast<double>(place.next_tape_value<int64_t>());
    return static_cast<double>(place.next_tape_value<uint64_t>());
}

} // namespace

extern "C" {

akin_json_document *akin_json_parse(const char *bytes, size_t count, size_t depth, const char **message) {
    std::unique_ptr<akin_json_document> made(new (std::nothrow) akin_json_document);
    simdjson::dom::parser parser;
    simdjson::error_code error = made ? simdjson::SUCCESS : simdjson::MEMALLOC;
    if (!error)
        error = parser.allocate(count > 64 ? count : 64, depth);
    if (!error) {
        error = parser.parse_into_document(made->document, reinterpret_cast<const uint8_t *>(bytes), count).error();
    }
    *message = error ? simdjson::error_message(error) : nullptr;
    return error ? nullptr : made.release();
}

void akin_json_free(akin_json_document *document) {
    delete document;
}

akin_json_value akin_json_root(const akin_json_document *document) {
    return {&document->document, root};
}

akin_json_type akin_json_type_of(akin_json_value value) {
    switch (tape(value).tape_ref_type()) {
    case tape_type::FALSE_VALUE:
        return AKIN_JSON_FALSE;
    case tape_type::TRUE_VALUE:
        return AKIN_JSON_TRUE;
    case tape_type::INT64:
        return AKIN_JSON_INTEGER;
    case tape_type::UINT64:
        return AKIN_JSON_UNSIGNED;
    case tape_type::DOUBLE:
        return AKIN_JSON_NUMBER;
    case tape_type::STRING:
        return AKIN_JSON_STRING;
    case tape_type::START_ARRAY:
        return AKIN_JSON_ARRAY;
    case tape_type::START_OBJECT:
        return AKIN_JSON_OBJECT;
    default:
        return AKIN_JSON_NULL;
    }
}

int64_t akin_json_integer(akin_json_value value) {
    return tape(value).next_tape_value<int64_t>();
}

uint64_t akin_json_unsigned(akin_json_value value) {
    return tape(value).next_tape_value<uint64_t>();
}

double akin_json_number(akin_json_value value) {
    return number(tape(value));
}

const char *akin_json_string(akin_json_value value, size_t *count) {
    tape_ref place = tape(value);
    *count = place.get_string_length();
    return place.get_c_str();
}

akin_json_value akin_json_first(akin_json_value container) {
    return {container.document, container.index + opening};
}

akin_json_value akin_json_end(akin_json_value container) {
    return {container.document, tape(container).after_element() - 1};
}

akin_json_value akin_json_next(akin_json_value member) {
    return {member.document, tape(member).after_element()};
}

size_t akin_json_count(akin_json_value array) {
    // The library's own count ends at 2^24 - 1.
    size_t count = 0;
    for (size_t i = akin_json_first(array).index, end = akin_json_end(array).index; i < end; count++) {
        i = tape({array.document, i}).after_element();
    }
    return count;
}

ptrdiff_t akin_json_floats(akin_json_value array, float *floats, size_t capacity) {
    size_t count = 0;
    for (size_t i = akin_json_first(array).index, end = akin_json_end(array).index; i < end; count++) {
        tape_ref place = tape({array.document, i});
        if (!place.is_double() && !place.is_int64() && !place.is_uint64())
            return -1 - static_cast<ptrdiff_t>(count);
        if (count < capacity)
            floats[count] = static_cast<float>(number(place));
        i += 2;
    }
    return static_cast<ptrdiff_t>(count);
}

} // extern "C"
