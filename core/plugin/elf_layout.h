/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the file of a library says all that the loader of libc will see: that maps segments by
 * pages, and then reads its dynamic section from memory, up to the first DT_NULL, however large the
 * header says that it is. What no linker writes could have it see something else than whoever reads
 * the file.
 *
 * Invariant: of what passes, each entry of the dynamic section, and each name that one points to,
 * is in memory what it is in the file. Ownership: answers are constant. Threads:   none of its own.
 */
#ifndef QETL_CORE_ELF_LAYOUT_H
#define QETL_CORE_ELF_LAYOUT_H

#include "elf_image.h"

/* What is wrong, behind "its library "; NULL: nothing. */
const char *qetl_elf_layout_fault(const struct elf_image *);

#endif
