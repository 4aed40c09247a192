// networks.cuh on the host model: one warp, as many lists side by side as it has groups of lanes.
#include "include/AkinHostModel.h"

#include "guarded.h"
#include "networks.cuh"

namespace {

// Entry i of a list lies in register i / Lanes of lane i % Lanes.
template <int R, int Lanes> void load(uint64_t (&list)[R], const uint64_t *entries, bool has) {
    for (int r = 0; r < R; r++)
        list[r] = has ? entries[r * Lanes + akin_lane() % Lanes] : 0;
}

template <int R, int Lanes> void store(const uint64_t (&list)[R], uint64_t *entries, bool has) {
    for (int r = 0; r < R && has; r++)
        entries[r * Lanes + akin_lane() % Lanes] = list[r];
}

template <int R, int Lanes> std::string sort(uint64_t *entries, uint32_t lists) {
    return akin_host::run({{1, 1, 1}, {32, 1, 1}}, [=] {
        for (uint32_t first = 0; first < lists; first += 32 / Lanes) {
            uint32_t mine = first + akin_lane() / Lanes;
            uint64_t list[R], *at = entries + size_t(mine) * R * Lanes;
            load<R, Lanes>(list, at, mine < lists);
            akin_sort_list<R, Lanes>(list);
            store<R, Lanes>(list, at, mine < lists);
        }
    });
}

template <int A, int B, int Lanes, bool KeepRight> std::string merge(uint64_t *entries, uint32_t lists) {
    return akin_host::run({{1, 1, 1}, {32, 1, 1}}, [=] {
        for (uint32_t first = 0; first < lists; first += 32 / Lanes) {
            uint32_t mine = first + akin_lane() / Lanes;
            uint64_t left[A], right[B], *at = entries + size_t(mine) * (A + B) * Lanes;
            load<A, Lanes>(left, at, mine < lists);
            load<B, Lanes>(right, at + A * Lanes, mine < lists);
            akin_merge_lists<KeepRight, A, B, Lanes>(left, right);
            if (!KeepRight)
                for (int i = 0; i < B; i++)
                    right[i] = 0;
            store<A, Lanes>(left, at, mine < lists);
            store<B, Lanes>(right, at + A * Lanes, mine < lists);
        }
    });
}

template <int Lanes> std::string sort(uint64_t *entries, uint32_t lists, uint32_t registers) {
    switch (registers) {
    case 1:
        return sort<1, Lanes>(entries, lists);
    case 2:
        return sort<2, Lanes>(entries, lists);
    case 3:
        return sort<3, Lanes>(entries, lists);
    case 4:
        return sort<4, Lanes>(entries, lists);
    case 5:
        return sort<5, Lanes>(entries, lists);
    case 6:
        return sort<6, Lanes>(entries, lists);
    case 7:
        return sort<7, Lanes>(entries, lists);
    case 8:
        return sort<8, Lanes>(entries, lists);
    default:
        return "no sort of " + std::to_string(registers) + " registers";
    }
}

template <int A, int Lanes, bool KeepRight> std::string merge(uint64_t *entries, uint32_t lists, uint32_t right) {
    switch (right) {
    case 1:
        return merge<A, 1, Lanes, KeepRight>(entries, lists);
    case 2:
        return merge<A, 2, Lanes, KeepRight>(entries, lists);
    case 3:
        return merge<A, 3, Lanes, KeepRight>(entries, lists);
    case 5:
        return merge<A, 5, Lanes, KeepRight>(entries, lists);
    case 8:
        return merge<A, 8, Lanes, KeepRight>(entries, lists);
    default:
        return "no merge with " + std::to_string(right) + " registers";
    }
}

template <int Lanes, bool KeepRight>
std::string merge(uint64_t *entries, uint32_t lists, uint32_t left, uint32_t right) {
    switch (left) {
    case 1:
        return merge<1, Lanes, KeepRight>(entries, lists, right);
    case 2:
        return merge<2, Lanes, KeepRight>(entries, lists, right);
    case 3:
        return merge<3, Lanes, KeepRight>(entries, lists, right);
    case 5:
        return merge<5, Lanes, KeepRight>(entries, lists, right);
    case 8:
        return merge<8, Lanes, KeepRight>(entries, lists, right);
    default:
        return "no merge of " + std::to_string(left) + " registers";
    }
}

} // namespace

int akin_host_sort_lists(uint64_t *entries, uint32_t lists, uint32_t registers, uint32_t lanes, char *error,
                         size_t errorBytes) {
    std::string problem = lanes == 4    ? sort<4>(entries, lists, registers)
                          : lanes == 8  ? sort<8>(entries, lists, registers)
                          : lanes == 32 ? sort<32>(entries, lists, registers)
                                        : "lists are held by 4, 8 or 32 lanes";
    return akin_host::report(problem, error, errorBytes);
}

int akin_host_merge_lists(uint64_t *entries, uint32_t lists, uint32_t left, uint32_t right, uint32_t lanes,
                          bool keepRight, char *error, size_t errorBytes) {
    std::string problem =
        lanes == 4
            ? (keepRight ? merge<4, true>(entries, lists, left, right) : merge<4, false>(entries, lists, left, right))
        : lanes == 32
            ? (keepRight ? merge<32, true>(entries, lists, left, right) : merge<32, false>(entries, lists, left, right))
            : "lists are held by 4 or 32 lanes";
    return akin_host::report(problem, error, errorBytes);
}
