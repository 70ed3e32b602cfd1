/* SPDX-License-Identifier: Apache-2.0 */
#include "elf_image.h"

#include <stdbool.h>
#include <string.h>

enum { NAME_MOST = 4096 };

int qetl_elf_image_read(const struct elf_image *image, uint64_t offset, void *to, size_t size)
{
    if (offset > image->size || image->size - offset < size)
        return -1;
    memcpy(to, image->data + offset, size);
    return 0;
}

int qetl_elf_image_segment(const struct elf_image *image, unsigned i, ElfW(Phdr) * segment)
{
    uint64_t at = image->header.e_phoff + (uint64_t)i * image->header.e_phentsize;
    return i >= image->header.e_phnum || at < image->header.e_phoff
               ? -1
               : qetl_elf_image_read(image, at, segment, sizeof *segment);
}

int qetl_elf_image_section(const struct elf_image *image, unsigned i, ElfW(Shdr) * section)
{
    uint64_t at = image->header.e_shoff + (uint64_t)i * image->header.e_shentsize;
    return i >= image->header.e_shnum || at < image->header.e_shoff
               ? -1
               : qetl_elf_image_read(image, at, section, sizeof *section);
}

uint64_t qetl_elf_image_offset(const struct elf_image *image, uint64_t address)
{
    ElfW(Phdr) segment;
    for (unsigned i = 0; !qetl_elf_image_segment(image, i, &segment); i++)
        if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
            address - segment.p_vaddr < segment.p_filesz)
            return segment.p_offset + (address - segment.p_vaddr);
    return UINT64_MAX;
}

int qetl_elf_image_dynamic(const struct elf_image *image, uint64_t i, ElfW(Dyn) * entry)
{
    if (i >= image->n_dynamic || image->dynamic == UINT64_MAX ||
        qetl_elf_image_read(image, image->dynamic + i * sizeof *entry, entry, sizeof *entry))
        return -1;
    return entry->d_tag == DT_NULL ? -1 : 0;
}

const char *qetl_elf_image_name(const struct elf_image *image, uint64_t index)
{
    uint64_t names = image->names;
    if (names > image->size || index >= image->size - names)
        return NULL;
    const char *name = (const char *)image->data + names + index;
    size_t left = image->size - (size_t)(names + index);
    return memchr(name, 0, left < NAME_MOST ? left : NAME_MOST) ? name : NULL;
}

int qetl_elf_image_open(struct elf_image *image, const void *data, size_t size)
{
    ElfW(Phdr) segment;
    ElfW(Dyn) entry;
    *image = (struct elf_image){.data = data, .size = size, .names = UINT64_MAX};
    if (qetl_elf_image_read(image, 0, &image->header, sizeof image->header) ||
        memcmp(image->header.e_ident, ELFMAG, SELFMAG) != 0 ||
        image->header.e_ident[EI_CLASS] !=
            (sizeof(ElfW(Addr)) == sizeof(Elf64_Addr) ? ELFCLASS64 : ELFCLASS32))
        return -1;
    /* Of several the last one counts. What is at an address is looked for once: there may be as
     * many headers as a number holds, and each is looked at to find it. */
    uint64_t dynamic = 0, names = 0;
    bool has_names = false;
    for (unsigned i = 0; !qetl_elf_image_segment(image, i, &segment); i++)
        if (segment.p_type == PT_DYNAMIC) {
            dynamic = segment.p_vaddr; /* at its address: so the loader has it */
            image->n_dynamic = segment.p_filesz / sizeof entry;
        }
    if (image->n_dynamic)
        image->dynamic = qetl_elf_image_offset(image, dynamic);
    for (uint64_t i = 0; qetl_elf_image_dynamic(image, i, &entry) == 0; i++)
        if (entry.d_tag == DT_STRTAB) {
            names = entry.d_un.d_ptr;
            has_names = true;
        }
    if (has_names)
        image->names = qetl_elf_image_offset(image, names);
    return 0;
}
