#include "akin_host_model.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <numeric>
#include <random>
#include <unordered_map>
#include <vector>

#include "fibre.h"

namespace akin_host {

namespace {

enum class State { ready, collective, barrier, ended };

struct Copy {
    void *to;
    const void *from;
    size_t bytes, taken;
};

struct Thread {
    Fibre fibre;
    Place place;
    unsigned linear = 0;
    State state = State::ready;
    const char *name = "";
    uint32_t mask = 0;                    // of the collective it waits in
    int count = 0;                        // what the last barrier gave
    std::deque<std::vector<Copy>> groups; // closed
    std::vector<Copy> open;
};

// Bytes in front of and behind an array that nobody may touch.
constexpr size_t fence = 256;
constexpr unsigned char untouched = 0xa5;

// Shared memory of one block: NaN in every format until written, fenced on both sides.
struct SharedArray {
    std::vector<unsigned char> bytes;
    size_t size = 0;

    explicit SharedArray(size_t size) : bytes(size + 2 * fence + 128, 0xff), size(size) {
        std::fill_n(data() - fence, fence, untouched);
        std::fill_n(data() + size, fence, untouched);
    }
    unsigned char *data() {
        auto address = reinterpret_cast<uintptr_t>(bytes.data()) + fence;
        return reinterpret_cast<unsigned char *>((address + 127) / 128 * 128);
    }
    bool isIntact() {
        auto same = [](unsigned char byte) { return byte == untouched; };
        return std::all_of(data() - fence, data(), same) && std::all_of(data() + size, data() + size + fence, same);
    }
};

// Lanes that come to one collective.
struct Group {
    const char *name;
    Evaluate evaluate;
    uint32_t mask, arrived;
};

struct Warp {
    std::vector<Group> groups; // open; those of one lane at most one
    void *brought[32] = {};
};

struct Barrier {
    const char *name = "";
    size_t waiting = 0;
    int count = 0;
};

struct Block {
    const std::function<void()> *kernel = nullptr;
    std::vector<std::unique_ptr<Thread>> threads;
    std::vector<Warp> warps;
    std::vector<unsigned> turns;
    std::unique_ptr<SharedArray> shared;
    std::unordered_map<const void *, std::unique_ptr<SharedArray>> fixed;
    Fibre scheduler;
    Thread *current = nullptr;
    std::string error;
    bool progressed = false;
    Barrier barrier;
    size_t ended = 0;
};

thread_local Block *running = nullptr;

void pause() {
    Thread *self = running->current;
    Fibre::change(self->fibre, running->scheduler);
}

void body(void *) {
    (*running->kernel)();
    Thread *self = running->current;
    if (!self->open.empty() || !self->groups.empty())
        fail("a thread ends with copies that it never waited for");
    self->state = State::ended;
    running->ended++;
    if (running->barrier.waiting > 0)
        fail(std::string("ends while others wait at ") + running->barrier.name);
    for (const Group &group : running->warps[self->linear / 32].groups)
        if (group.mask >> self->linear % 32 & 1)
            fail(std::string("ends while others of its warp wait in ") + group.name);
    Fibre::change(self->fibre, running->scheduler, true);
}

std::string name(const Thread &thread) {
    const Dim3 &b = thread.place.blockIndex;
    return "block (" + std::to_string(b.x) + ", " + std::to_string(b.y) + ") thread " + std::to_string(thread.linear);
}

std::string describe(const Thread &thread) {
    switch (thread.state) {
    case State::ready:
        return name(thread) + " is running";
    case State::collective: {
        char mask[16];
        snprintf(mask, sizeof mask, "%08x", thread.mask);
        return name(thread) + " waits in " + thread.name + " for lanes " + mask;
    }
    case State::barrier:
        return name(thread) + " waits at " + thread.name;
    case State::ended:
        return name(thread) + " has ended";
    }
    return "";
}

// The first two threads that wait for different things say best what is wrong.
std::string describeStandstill(const Block &block) {
    const Thread &first = **std::find_if(block.threads.begin(), block.threads.end(),
                                         [](auto &thread) { return thread->state != State::ended; });
    std::string text = "standstill: " + describe(first);
    for (auto &thread : block.threads)
        if (thread->state != first.state || std::string(thread->name) != first.name) {
            text += "; " + describe(*thread);
            break;
        }
    return text;
}

void order(std::vector<unsigned> &turns, uint32_t seed) {
    std::iota(turns.begin(), turns.end(), 0u);
    if (seed == 1)
        std::reverse(turns.begin(), turns.end());
    else if (seed > 1) {
        std::mt19937 random(seed);
        std::shuffle(turns.begin(), turns.end(), random);
    }
}

void runBlock(Block &block, const Launch &launch) {
    block.shared = std::make_unique<SharedArray>(launch.sharedBytes);
    block.fixed.clear();
    block.barrier = {};
    block.warps.assign((block.threads.size() + 31) / 32, {});
    block.ended = 0;
    for (auto &thread : block.threads) {
        thread->state = State::ready;
        thread->open.clear();
        thread->groups.clear();
        thread->fibre.prepare(body, nullptr);
    }
    while (block.error.empty()) {
        block.progressed = false;
        bool any = false;
        for (unsigned turn : block.turns) {
            Thread &thread = *block.threads[turn];
            if (thread.state == State::ended)
                continue;
            any = true;
            if (thread.state != State::ready)
                continue;
            block.progressed = true;
            block.current = &thread;
            Fibre::change(block.scheduler, thread.fibre);
            if (!block.error.empty())
                return;
        }
        if (!any)
            break;
        if (!block.progressed)
            block.error = describeStandstill(block);
    }
    bool intact = block.shared->isIntact();
    for (auto &entry : block.fixed)
        intact = intact && entry.second->isIntact();
    if (block.error.empty() && !intact)
        block.error =
            "block " + std::to_string(block.threads[0]->place.blockIndex.x) + " wrote outside of its shared memory";
}

} // namespace

std::string run(const Launch &launch, const std::function<void()> &kernel) {
    Block block;
    block.kernel = &kernel;
    unsigned count = launch.block.x * launch.block.y * launch.block.z;
    if (count == 0 || count > 1024)
        return "a block has 1 to 1024 threads, not " + std::to_string(count);
    if (launch.sharedBytes > (227 << 10))
        return "a block has at most 227 KiB of shared memory, not " + std::to_string(launch.sharedBytes) + " bytes";
    for (unsigned i = 0; i < count; i++) {
        auto thread = std::make_unique<Thread>();
        thread->linear = i;
        thread->place.blockSize = launch.block;
        thread->place.gridSize = launch.grid;
        thread->place.threadIndex = {i % launch.block.x, i / launch.block.x % launch.block.y,
                                     i / launch.block.x / launch.block.y};
        block.threads.push_back(std::move(thread));
    }
    block.turns.resize(count);
    order(block.turns, launch.order);
    std::vector<unsigned> blocks(launch.grid.x * launch.grid.y * launch.grid.z);
    order(blocks, launch.order);

    Block *outer = running;
    running = &block;
    for (unsigned b : blocks) {
        for (auto &thread : block.threads)
            thread->place.blockIndex = {b % launch.grid.x, b / launch.grid.x % launch.grid.y,
                                        b / launch.grid.x / launch.grid.y};
        runBlock(block, launch);
        if (!block.error.empty())
            break;
    }
    running = outer;
    return block.error;
}

const Place &place() {
    return running->current->place;
}
unsigned lane() {
    return running->current->linear % 32;
}

void fail(const std::string &why) {
    running->error = name(*running->current) + ": " + why;
    Fibre::change(running->current->fibre, running->scheduler, true);
    abort();
}

void *dynamicShared() {
    return running->shared->data();
}

void *staticShared(const void *key, size_t bytes) {
    auto &array = running->fixed[key];
    if (!array)
        array = std::make_unique<SharedArray>(bytes);
    return array->data();
}

namespace {
// Refuses a collective that can never take place: a lane it names has ended, or waits for this one elsewhere.
void checkPartners(const Warp &warp, uint32_t mask, const char *what) {
    Thread *self = running->current;
    unsigned first = self->linear / 32 * 32;
    if (!(mask >> self->linear % 32 & 1))
        fail(std::string(what) + " by a lane that its mask does not name");
    for (unsigned i = 0; i < 32; i++) {
        if (!(mask >> i & 1))
            continue;
        if (first + i >= running->threads.size())
            fail(std::string(what) + " names a lane that the block does not have");
        const Thread &other = *running->threads[first + i];
        if (other.state == State::ended || other.state == State::barrier)
            fail(std::string(what) + ": the warp has diverged: " + describe(other));
    }
    for (const Group &group : warp.groups)
        if (group.mask >> self->linear % 32 & 1)
            fail(std::string(what) + ": the warp has diverged: others wait in " + group.name);
}
} // namespace

void collective(uint32_t mask, const char *what, Evaluate evaluate, void *mine) {
    Thread *self = running->current;
    unsigned first = self->linear / 32 * 32, lane = self->linear % 32;
    Warp &warp = running->warps[self->linear / 32];
    size_t which = 0;
    while (which < warp.groups.size() && (warp.groups[which].mask != mask || warp.groups[which].evaluate != evaluate))
        which++;
    if (which == warp.groups.size()) {
        checkPartners(warp, mask, what);
        warp.groups.push_back({what, evaluate, mask, 0});
    }
    Group &group = warp.groups[which];
    warp.brought[lane] = mine;
    group.arrived |= 1u << lane;
    if (group.arrived != mask) {
        self->state = State::collective;
        self->name = what;
        self->mask = mask;
        pause();
        return;
    }
    warp.groups.erase(warp.groups.begin() + which);
    evaluate(warp.brought, mask);
    for (unsigned i = 0; i < 32; i++)
        if (mask >> i & 1)
            running->threads[first + i]->state = State::ready;
}

int barrier(const char *what, bool predicate) {
    Thread *self = running->current;
    self->state = State::barrier;
    self->name = what;
    Barrier &barrier = running->barrier;
    if (barrier.waiting == 0)
        barrier = {what, 0, 0};
    if (std::strcmp(barrier.name, what) != 0)
        fail(std::string(what) + " meets " + barrier.name + " of another thread");
    for (const Group &group : running->warps[self->linear / 32].groups)
        if (group.mask >> self->linear % 32 & 1)
            fail(std::string(what) + ": the warp has diverged: others wait in " + group.name);
    if (running->ended > 0)
        fail(std::string(what) + " can never be passed: a thread has ended");
    barrier.waiting++;
    barrier.count += predicate;
    if (barrier.waiting < running->threads.size()) {
        pause();
        return self->count;
    }
    barrier.waiting = 0;
    for (auto &other : running->threads) {
        other->count = barrier.count;
        other->state = State::ready;
    }
    return barrier.count;
}

void copyLater(void *to, const void *from, size_t bytes, size_t taken) {
    if (reinterpret_cast<uintptr_t>(to) % bytes || reinterpret_cast<uintptr_t>(from) % bytes)
        fail("an asynchronous copy of " + std::to_string(bytes) + " bytes is not aligned");
    running->current->open.push_back({to, from, bytes, taken});
}

void closeCopies() {
    Thread *self = running->current;
    self->groups.push_back(std::move(self->open));
    self->open.clear();
}

void waitForCopies(int groupsThatMayRemain) {
    Thread *self = running->current;
    while (self->groups.size() > static_cast<size_t>(groupsThatMayRemain)) {
        for (const Copy &copy : self->groups.front()) {
            std::memset(copy.to, 0, copy.bytes);
            std::memcpy(copy.to, copy.from, copy.taken);
        }
        self->groups.pop_front();
    }
}

} // namespace akin_host
