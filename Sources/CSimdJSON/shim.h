// The library is C++ and used from CAkinJSON alone; Swift needs none of its declarations.
