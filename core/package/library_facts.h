/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a shared library asks of the machine that it is to run on, read without loading it.
 *
 * Invariant: never reads outside the image, whatever stands in it.
 * Ownership: `needs_path` points into the image.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_PACKAGE_LIBRARY_FACTS_H
#define QETL_CORE_PACKAGE_LIBRARY_FACTS_H

#include <stddef.h>

enum { QETL_PLATFORM_TEXT = 48, QETL_LIBC_TEXT = 16 };

struct library_facts {
    char platform[QETL_PLATFORM_TEXT]; /* "linux-x86_64-glibc" */
    char libc[QETL_LIBC_TEXT];         /* the oldest that has all it asks for, "2.34"; "": any */
    int has_search_path;               /* it says itself where its libraries are looked for */
    int needs_place; /* it looks for what lies beside it: by $ORIGIN, or as it asks dladdr() */
    const char *needs_path; /* a library that it asks for by its path; or NULL */
    int runs_stack;         /* all stacks of the process are to be such that code may run there */
    int is_filter;          /* others are loaded in its place (DT_FILTER, DT_AUXILIARY) */
    const char *odd;        /* what no linker writes, behind "its library "; NULL: nothing */
};

/* 0, or -1: it is no library for a machine that qetl knows. */
int qetl_library_facts(const void *image, size_t size, struct library_facts *);
/* Those of the machine that this runs on. */
const char *qetl_machine_platform(void);
const char *qetl_machine_libc(void);
/* Versions "2.34" by their numbers, as strcmp; "" comes first. */
int qetl_libc_compare(const char *one, const char *other);

#endif
