// Arrays that end where memory ends.
#ifndef AKIN_HOST_GUARDED_H
#define AKIN_HOST_GUARDED_H

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace akin_host {

// A copy of an array behind which the next byte cannot be touched; begins at a multiple of `alignment` bytes, which
// leaves less than that between.
template <typename T> class Guarded {
  public:
    Guarded(const T *source, size_t count, size_t alignment = sizeof(T)) {
        size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
        size_t room = (count * sizeof(T) + alignment - 1) / alignment * alignment;
        size_t inner = (room + page - 1) / page * page;
        mapped = inner + 2 * page;
        void *whole = mmap(nullptr, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANON, -1, 0);
        if (whole == MAP_FAILED || mprotect(static_cast<char *>(whole) + page, inner, PROT_READ | PROT_WRITE) != 0)
            abort();
        memory = static_cast<char *>(whole);
        std::memset(memory + page, 0xff, inner);
        data = reinterpret_cast<T *>(memory + page + inner - room);
        if (source)
            std::memcpy(data, source, count * sizeof(T));
    }
    Guarded(const Guarded &) = delete;
    Guarded &operator=(const Guarded &) = delete;
    ~Guarded() { munmap(memory, mapped); }

    operator T *() { return data; }
    void copy(T *to, size_t count) const { std::memcpy(to, data, count * sizeof(T)); }

  private:
    char *memory = nullptr;
    size_t mapped = 0;
    T *data = nullptr;
};

// What a C function of this library returns for what a launch gave.
inline int report(const std::string &problem, char *error, size_t errorBytes) {
    if (errorBytes > 0)
        std::snprintf(error, errorBytes, "%s", problem.c_str());
    return problem.empty() ? 0 : 1;
}

} // namespace akin_host

#endif
