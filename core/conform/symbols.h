/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The symbols of a shared library, read without loading it.
 *
 * Invariant: never reads outside the image, whatever stands in it.
 * Ownership: names point into the image.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_CONFORM_SYMBOLS_H
#define QETL_CORE_CONFORM_SYMBOLS_H

#include "plugin/elf_image.h"

#include <stdbool.h>

struct conform_symbol {
    const char *name; /* "": it has none */
    unsigned type;    /* STT_ */
    unsigned section; /* that it lies in */
    uint64_t size;
    bool local, defined, weak;
};

/* Each symbol of a table: SHT_DYNSYM, what libraries ask each other for; SHT_SYMTAB, all of them.
 * How many there were; -1: the image has no such table. */
long conform_symbols(const struct elf_image *, uint32_t table,
                     void (*each)(void *arg, const struct conform_symbol *), void *arg);
/* Names that compilers, linkers and sanitizers make. */
bool conform_symbol_is_made(const char *name);

#endif
