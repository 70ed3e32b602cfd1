/* SPDX-License-Identifier: Apache-2.0 */
#include "elf_needs.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct image {
    const unsigned char *data;
    size_t size;
    ElfW(Ehdr) header;
};

static int image_read(const struct image *image, uint64_t offset, void *to, size_t size)
{
    if (offset > image->size || image->size - offset < size)
        return -1;
    memcpy(to, image->data + offset, size);
    return 0;
}

static int segment_at(const struct image *image, unsigned i, ElfW(Phdr) * segment)
{
    uint64_t at = image->header.e_phoff + (uint64_t)i * image->header.e_phentsize;
    return at < image->header.e_phoff ? -1 : image_read(image, at, segment, sizeof *segment);
}

/* Where what is loaded at an address stands in the file; UINT64_MAX: nowhere. */
static uint64_t offset_of(const struct image *image, uint64_t address)
{
    ElfW(Phdr) segment;
    for (unsigned i = 0; i < image->header.e_phnum && !segment_at(image, i, &segment); i++)
        if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
            address - segment.p_vaddr < segment.p_filesz)
            return segment.p_offset + (address - segment.p_vaddr);
    return UINT64_MAX;
}

static const char *name_at(const struct image *image, uint64_t names, uint64_t index)
{
    if (names > image->size || index >= image->size - names)
        return NULL;
    const char *name = (const char *)image->data + names + index;
    return memchr(name, 0, image->size - (size_t)(names + index)) ? name : NULL;
}

static size_t needs_each(const struct image *image, const ElfW(Phdr) * dynamic,
                         void (*each)(void *, const char *), void *arg)
{
    ElfW(Dyn) entry;
    uint64_t names = UINT64_MAX, count = dynamic->p_filesz / sizeof entry;
    size_t found = 0;
    for (int pass = 0; pass < 2; pass++)
        for (uint64_t i = 0; i < count; i++) {
            if (image_read(image, dynamic->p_offset + i * sizeof entry, &entry, sizeof entry) ||
                entry.d_tag == DT_NULL)
                break;
            if (!pass && entry.d_tag == DT_STRTAB)
                names = offset_of(image, entry.d_un.d_ptr);
            const char *name =
                pass && entry.d_tag == DT_NEEDED ? name_at(image, names, entry.d_un.d_val) : NULL;
            if (name) {
                each(arg, name);
                found++;
            }
        }
    return found;
}

size_t qetl_elf_needs(const void *data, size_t size, void (*each)(void *arg, const char *name),
                      void *arg)
{
    struct image image = {.data = data, .size = size};
    ElfW(Phdr) segment;
    if (image_read(&image, 0, &image.header, sizeof image.header) ||
        memcmp(image.header.e_ident, ELFMAG, SELFMAG) != 0 ||
        image.header.e_ident[EI_CLASS] !=
            (sizeof(ElfW(Addr)) == sizeof(Elf64_Addr) ? ELFCLASS64 : ELFCLASS32))
        return 0;
    for (unsigned i = 0; i < image.header.e_phnum && !segment_at(&image, i, &segment); i++)
        if (segment.p_type == PT_DYNAMIC)
            return needs_each(&image, &segment, each, arg);
    return 0;
}

/* The package of libNAME.so.N is libNAMEn, with a hyphen behind a digit; some are older than that
 * rule. */
const char *qetl_library_package(const char *library, char package[QETL_PACKAGE])
{
    static const struct {
        const char *library, *package;
    } others[] = {{"libz.so.1", "zlib1g"},
                  {"libxml2.so.2", "libxml2"},
                  {"libc.so.6", "libc6"},
                  {"libm.so.6", "libc6"}};
    const char *so = strstr(library, ".so");
    size_t size = strlen(library);
    *package = '\0';
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(library, others[i].library) == 0)
            return strcpy(package, others[i].package);
    if (!so || strncmp(library, "lib", 3) != 0 || so == library || size >= QETL_PACKAGE / 2)
        return package;
    const char *version = so[3] == '.' ? so + 4 : so + 3;
    bool hyphen = so[-1] >= '0' && so[-1] <= '9' && *version;
    snprintf(package, QETL_PACKAGE, "%.*s%s%s", (int)(so - library), library, hyphen ? "-" : "",
             version);
    for (char *at = package; *at; at++)
        *at = *at == '_' ? '-' : *at >= 'A' && *at <= 'Z' ? (char)(*at + 32) : *at;
    return package;
}
