/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shared library as bytes: its segments and its dynamic section, read without loading it.
 *
 * Invariant: never reads outside the image, whatever stands in it.
 * Ownership: the image and the texts in it are the caller's.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_ELF_IMAGE_H
#define QETL_CORE_ELF_IMAGE_H

#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>

struct elf_image {
    const unsigned char *data;
    size_t size;
    ElfW(Ehdr) header;
    uint64_t dynamic, n_dynamic; /* where its dynamic section stands, and its entries */
    uint64_t names;              /* where the texts that it points to stand; UINT64_MAX: nowhere */
};

/* 0, or -1: it is no library of this machine's word size. */
int qetl_elf_image_open(struct elf_image *, const void *data, size_t size);
/* Headers, one after the other: 0, or -1 behind the last one. */
int qetl_elf_image_segment(const struct elf_image *, unsigned i, ElfW(Phdr) *);
int qetl_elf_image_section(const struct elf_image *, unsigned i, ElfW(Shdr) *);
/* Copies what may lie unaligned. 0, or -1 if it does not lie inside. */
int qetl_elf_image_read(const struct elf_image *, uint64_t offset, void *to, size_t size);
/* Where what is loaded at an address stands in the file; UINT64_MAX: nowhere. */
uint64_t qetl_elf_image_offset(const struct elf_image *, uint64_t address);
/* Entry i of the dynamic section: 0, or -1 behind the last one. */
int qetl_elf_image_dynamic(const struct elf_image *, uint64_t i, ElfW(Dyn) *);
/* A text that it points to; NULL: it does not lie inside. */
const char *qetl_elf_image_name(const struct elf_image *, uint64_t index);

#endif
