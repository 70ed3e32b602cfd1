/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dynamic symbols of a shared library, read without loading it.
 *
 * Invariant: never reads outside the image, whatever stands in it.
 * Ownership: names point into the image.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_CONFORM_SYMBOLS_H
#define QETL_CORE_CONFORM_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>

struct conform_symbol {
    const char *name;
    bool defined, weak;
};

/* Each global symbol. How many there were; -1: the image has no table of them. */
long conform_symbols(const void *image, size_t size,
                     void (*each)(void *arg, const struct conform_symbol *), void *arg);
/* Names that compilers, linkers and sanitizers make. */
bool conform_symbol_is_made(const char *name);

#endif
