/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The note that a plugin's build puts into its library: the manifest, owner "qetl", type 1. It is
 * read without loading, so that no constructor of a library runs that is not what its manifest
 * says.
 *
 * Invariant: never reads outside the image, whatever stands in it.
 * Ownership: the answer points into the image.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_ELF_NOTE_H
#define QETL_CORE_ELF_NOTE_H

#include <stddef.h>
#include <stdint.h>

#define QETL_NOTE_OWNER "qetl"
enum { QETL_NOTE_MANIFEST = 1 };

enum qetl_note { QETL_NOTE_FOUND, QETL_NOTE_MISSING, QETL_NOTE_NO_LIBRARY };

/* NO_LIBRARY: the image is no shared library for this machine. */
enum qetl_note qetl_elf_note_find(const void *image, size_t size, const char *owner, uint32_t type,
                                  const void **desc, size_t *desc_size);

#endif
