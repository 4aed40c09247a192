// Stacks to run the threads of a block on, one at a time, switched by hand.
#ifndef AKIN_HOST_FIBRE_H
#define AKIN_HOST_FIBRE_H

#include <cstddef>

namespace akin_host {

// A stack and where it stopped. The default one stands for the stack that the program runs on.
class Fibre {
  public:
    Fibre() = default;
    Fibre(const Fibre &) = delete;
    Fibre &operator=(const Fibre &) = delete;
    ~Fibre();

    // Makes the next switch to this fibre call `body(argument)`, which must never return.
    void prepare(void (*body)(void *), void *argument);

    // Leaves `from`, which is running, and goes on where `to` stopped. `last` when `from` is never entered again.
    static void change(Fibre &from, Fibre &to, bool last = false);

  private:
    void *pointer = nullptr; // of the stack, while it is not running
    char *stack = nullptr;
    void (*body)(void *) = nullptr;
    void *argument = nullptr;
    const void *bottom = nullptr; // for AddressSanitizer: the extent of the stack
    size_t extent = 0;
    void *shadow = nullptr;
    void *tracked = nullptr;  // for ThreadSanitizer: what it knows of this fibre,
    void *owner = nullptr;    // or of the thread, where the stack is the program's
    Fibre *entered = nullptr; // the fibre that switched to this one last

    static void start(Fibre *self);
    void arrived();
    friend void fibre_begin(Fibre *);
};

} // namespace akin_host

#endif
