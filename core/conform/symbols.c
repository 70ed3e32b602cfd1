/* SPDX-License-Identifier: Apache-2.0 */
#include "symbols.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <string.h>

struct image {
    const unsigned char *data;
    size_t size;
};

static int image_read(const struct image *image, uint64_t offset, void *to, size_t size)
{
    if (offset > image->size || image->size - offset < size)
        return -1;
    memcpy(to, image->data + offset, size);
    return 0;
}

static const char *name_at(const struct image *image, const ElfW(Shdr) * names, uint64_t index)
{
    uint64_t at = names->sh_offset + index;
    if (index >= names->sh_size || at < index || at >= image->size)
        return NULL;
    return memchr(image->data + at, 0, image->size - at) ? (const char *)image->data + at : NULL;
}

static long table_each(const struct image *image, const ElfW(Shdr) * table,
                       const ElfW(Shdr) * names,
                       void (*each)(void *, const struct conform_symbol *), void *arg)
{
    long n = 0;
    ElfW(Sym) symbol;
    for (uint64_t i = 1; i < table->sh_size / sizeof symbol; i++) {
        if (image_read(image, table->sh_offset + i * sizeof symbol, &symbol, sizeof symbol))
            break;
        unsigned bind = ELF64_ST_BIND(symbol.st_info), type = ELF64_ST_TYPE(symbol.st_info);
        const char *name = name_at(image, names, symbol.st_name);
        if (bind == STB_LOCAL || type == STT_SECTION || !name || !*name)
            continue;
        each(arg, &(struct conform_symbol){name, symbol.st_shndx != SHN_UNDEF, bind == STB_WEAK});
        n++;
    }
    return n;
}

long conform_symbols(const void *data, size_t size,
                     void (*each)(void *arg, const struct conform_symbol *), void *arg)
{
    struct image image = {data, size};
    ElfW(Ehdr) header;
    ElfW(Shdr) section, names;
    if (image_read(&image, 0, &header, sizeof header) ||
        memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return -1;
    for (unsigned i = 0; i < header.e_shnum; i++) {
        uint64_t at = header.e_shoff + (uint64_t)i * sizeof section;
        if (image_read(&image, at, &section, sizeof section))
            return -1;
        if (section.sh_type == SHT_DYNSYM &&
            !image_read(&image, header.e_shoff + (uint64_t)section.sh_link * sizeof names, &names,
                        sizeof names))
            return table_each(&image, &section, &names, each, arg);
    }
    return -1;
}

bool conform_symbol_is_made(const char *name)
{
    static const char *const whole[] = {"_init", "_fini",       "_edata",
                                        "_end",  "__bss_start", "__tls_get_addr"};
    /* What C++ compilers emit of its standard library cannot be hidden by a source. */
    static const char *const begins[] = {
        "__asan",  "__ubsan", "__tsan",  "__msan",   "__odr_asan",    "__sanit",
        "_ZNSt",   "_ZNKSt",  "_ZSt",    "_ZTISt",   "_ZTSSt",        "_ZTVSt",
        "_ZNKRSt", "__gcov",  "___asan", "_ZGVZNSt", "_ZN9__gnu_cxx", "_ZZNSt"};
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (strcmp(name, whole[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (strncmp(name, begins[i], strlen(begins[i])) == 0)
            return true;
    return false;
}
