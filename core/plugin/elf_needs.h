/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The libraries that a shared library asks for, read without loading it.
 *
 * Invariant: never reads outside the image, whatever stands in it.
 * Ownership: names point into the image.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_ELF_NEEDS_H
#define QETL_CORE_ELF_NEEDS_H

#include <stddef.h>

/* Calls each for "libarchive.so.13" and so on. How many there were; 0 also of what is no library
 * for this machine. */
size_t qetl_elf_needs(const void *image, size_t size, void (*each)(void *arg, const char *name),
                      void *arg);

/* Debian's package of a library, as far as its name tells: "" if it does not. */
enum { QETL_PACKAGE = 80 };
const char *qetl_library_package(const char *library, char package[QETL_PACKAGE]);

#endif
