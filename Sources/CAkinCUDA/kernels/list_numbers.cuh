// Vectors of inverted lists by number: counted through all lists, one list after the other.
#ifndef AKIN_LIST_NUMBERS_CUH
#define AKIN_LIST_NUMBERS_CUH

#include "akin.cuh"

// The list that holds a vector of a number.
AKIN_DEVICE uint32_t akin_list_of(const uint32_t *starts, uint32_t nlist, uint32_t number) {
    uint32_t low = 0, high = nlist; // starts[low] <= number < starts[high]
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (starts[middle] <= number)
            low = middle;
        else
            high = middle;
    }
    return low;
}

#endif
