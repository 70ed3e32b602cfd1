/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The variables of a shared library that all instances share.
 *
 * Invariant: never reads outside the image, whatever stands in it.
 * Ownership: borrows the image.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_CONFORM_SHARED_H
#define QETL_CORE_CONFORM_SHARED_H

#include "plugin/elf_image.h"

/* Those that may be written, of its author's own: "name (file)", or "crate::name", one behind the
 * other as far as there is room. How many; -1: the library was stripped of its symbols. */
long conform_shared_name(const struct elf_image *, char *out, size_t size);

#endif
