/* SPDX-License-Identifier: Apache-2.0 */
#include "elf_note.h"

#include <elf.h>
#include <link.h>
#include <string.h>

struct image {
    const unsigned char *data;
    size_t size;
};

/* Copies what may lie unaligned. 0, or -1 if it does not lie inside. */
static int image_read(const struct image *image, uint64_t offset, void *to, size_t size)
{
    if (offset > image->size || image->size - offset < size)
        return -1;
    memcpy(to, image->data + offset, size);
    return 0;
}

/* Whether it is an ELF shared library like the one this very code lies in. */
static int is_library(const struct image *image, ElfW(Ehdr) * header)
{
    static const unsigned char native_data =
        __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
    static const unsigned char native_class =
        sizeof(ElfW(Addr)) == sizeof(Elf64_Addr) ? ELFCLASS64 : ELFCLASS32;
    return image_read(image, 0, header, sizeof *header) == 0 &&
           memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
           header->e_ident[EI_CLASS] == native_class && header->e_ident[EI_DATA] == native_data &&
           header->e_type == ET_DYN;
}

static uint64_t padded(uint64_t size, uint64_t align)
{
    return (size + align - 1) / align * align;
}

struct wanted {
    const char *owner;
    uint32_t type;
    const void *desc;
    size_t desc_size;
};

/* The notes in [at, end). */
static int notes_find(const struct image *image, uint64_t at, uint64_t end, uint64_t align,
                      struct wanted *wanted)
{
    ElfW(Nhdr) note;
    size_t owner_size = strlen(wanted->owner) + 1;
    align = align == 8 ? 8 : 4;
    while (at < end && end - at >= sizeof note && image_read(image, at, &note, sizeof note) == 0) {
        uint64_t name = at + sizeof note;
        uint64_t desc = at + padded(sizeof note + (uint64_t)note.n_namesz, align);
        if (desc > end || note.n_descsz > end - desc)
            return 0;
        if (note.n_type == wanted->type && note.n_namesz == owner_size &&
            memcmp(image->data + name, wanted->owner, owner_size) == 0) {
            wanted->desc = image->data + desc;
            wanted->desc_size = note.n_descsz;
            return 1;
        }
        at = desc + padded(note.n_descsz, align);
    }
    return 0;
}

static int range_find(const struct image *image, uint64_t offset, uint64_t size, uint64_t align,
                      struct wanted *wanted)
{
    if (offset > image->size || size > image->size - offset)
        return 0;
    return notes_find(image, offset, offset + size, align, wanted);
}

static int segments_find(const struct image *image, const ElfW(Ehdr) * header,
                         struct wanted *wanted)
{
    for (unsigned i = 0; i < header->e_phnum; i++) {
        ElfW(Phdr) segment;
        uint64_t at = header->e_phoff + (uint64_t)i * header->e_phentsize;
        if (at < header->e_phoff || image_read(image, at, &segment, sizeof segment))
            return 0;
        if (segment.p_type == PT_NOTE &&
            range_find(image, segment.p_offset, segment.p_filesz, segment.p_align, wanted))
            return 1;
    }
    return 0;
}

/* objcopy --add-section makes a section that no segment covers. */
static int sections_find(const struct image *image, const ElfW(Ehdr) * header,
                         struct wanted *wanted)
{
    for (unsigned i = 0; i < header->e_shnum; i++) {
        ElfW(Shdr) section;
        uint64_t at = header->e_shoff + (uint64_t)i * header->e_shentsize;
        if (at < header->e_shoff || image_read(image, at, &section, sizeof section))
            return 0;
        if (section.sh_type == SHT_NOTE &&
            range_find(image, section.sh_offset, section.sh_size, section.sh_addralign, wanted))
            return 1;
    }
    return 0;
}

enum qetl_note qetl_elf_note_find(const void *data, size_t size, const char *owner, uint32_t type,
                                  const void **desc, size_t *desc_size)
{
    struct image image = {data, size};
    struct wanted wanted = {owner, type, NULL, 0};
    ElfW(Ehdr) header;
    if (!is_library(&image, &header))
        return QETL_NOTE_NO_LIBRARY;
    if (!segments_find(&image, &header, &wanted) && !sections_find(&image, &header, &wanted))
        return QETL_NOTE_MISSING;
    *desc = wanted.desc;
    *desc_size = wanted.desc_size;
    return QETL_NOTE_FOUND;
}
