/* SPDX-License-Identifier: Apache-2.0 */
#include "symbols.h"

#include <string.h>

/* A text of a section that holds texts; NULL: it does not lie in the image. */
static const char *text_at(const struct elf_image *image, const ElfW(Shdr) * texts, uint64_t index)
{
    uint64_t at = texts->sh_offset + index;
    if (index >= texts->sh_size || at < index || at >= image->size)
        return NULL;
    return memchr(image->data + at, 0, image->size - at) ? (const char *)image->data + at : NULL;
}

static long table_each(const struct elf_image *image, const ElfW(Shdr) * table,
                       const ElfW(Shdr) * texts,
                       void (*each)(void *, const struct conform_symbol *), void *arg)
{
    long n = 0;
    ElfW(Sym) s;
    for (uint64_t i = 1; i < table->sh_size / sizeof s; i++, n++) {
        if (qetl_elf_image_read(image, table->sh_offset + i * sizeof s, &s, sizeof s))
            break;
        unsigned bind = ELF64_ST_BIND(s.st_info);
        const char *name = text_at(image, texts, s.st_name);
        each(arg, &(struct conform_symbol){.name = name ? name : "",
                                           .type = ELF64_ST_TYPE(s.st_info),
                                           .section = s.st_shndx,
                                           .size = s.st_size,
                                           .local = bind == STB_LOCAL,
                                           .weak = bind == STB_WEAK,
                                           .defined = s.st_shndx != SHN_UNDEF});
    }
    return n;
}

long conform_symbols(const struct elf_image *image, uint32_t type,
                     void (*each)(void *arg, const struct conform_symbol *), void *arg)
{
    ElfW(Shdr) section, texts;
    for (unsigned i = 0; i < image->header.e_shnum; i++) {
        if (qetl_elf_image_section(image, i, &section))
            return -1;
        if (section.sh_type == type && !qetl_elf_image_section(image, section.sh_link, &texts))
            return table_each(image, &section, &texts, each, arg);
    }
    return -1;
}

/* ---- names ---- */

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
