/* SPDX-License-Identifier: Apache-2.0 */
#include "turn.h"

#include <dlfcn.h>
#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __aarch64__
enum { CALL_SLOT = R_AARCH64_JUMP_SLOT, DATA_SLOT = R_AARCH64_GLOB_DAT, WORD = R_AARCH64_ABS64 };
#else
enum { CALL_SLOT = R_X86_64_JUMP_SLOT, DATA_SLOT = R_X86_64_GLOB_DAT, WORD = R_X86_64_64 };
#endif

struct tables { /* of the library, as they lie in memory */
    ElfW(Addr) base;
    const ElfW(Rela) * relocations[2];
    size_t n[2];
    const ElfW(Sym) * symbols;
    const char *names;
};

static void tables_read(const struct link_map *map, struct tables *t)
{
    *t = (struct tables){.base = map->l_addr};
    for (const ElfW(Dyn) *d = map->l_ld; d->d_tag != DT_NULL; d++) {
        switch (d->d_tag) {
        case DT_JMPREL:
            t->relocations[0] = (const void *)d->d_un.d_ptr;
            break;
        case DT_PLTRELSZ:
            t->n[0] = d->d_un.d_val / sizeof(ElfW(Rela));
            break;
        case DT_RELA:
            t->relocations[1] = (const void *)d->d_un.d_ptr;
            break;
        case DT_RELASZ:
            t->n[1] = d->d_un.d_val / sizeof(ElfW(Rela));
            break;
        case DT_SYMTAB:
            t->symbols = (const void *)d->d_un.d_ptr;
            break;
        case DT_STRTAB:
            t->names = (const void *)d->d_un.d_ptr;
            break;
        }
    }
}

/* The table is read-only by now, where the library asked for that. */
static void slot_write(void *slot, conform_function *function)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *start = (void *)((uintptr_t)slot / page * page);
    if (mprotect(start, page * 2, PROT_READ | PROT_WRITE) &&
        mprotect(start, page, PROT_READ | PROT_WRITE))
        return;
    memcpy(slot, &function, sizeof function);
}

/* A pointer of the library's own, as those that libcurl asks for memory with: one that was given
 * another function since is left alone. */
static bool is_still(const void *slot, const char *name)
{
    void *function = dlsym(RTLD_DEFAULT, name);
    return function && memcmp(slot, &function, sizeof function) == 0;
}

static void relocation_turn(const struct tables *t, const ElfW(Rela) * r,
                            const struct conform_turned *list, size_t n)
{
    const unsigned long type = ELF64_R_TYPE(r->r_info), symbol = ELF64_R_SYM(r->r_info);
    void *slot = (void *)(t->base + r->r_offset);
    if (type != CALL_SLOT && type != DATA_SLOT && type != WORD)
        return;
    const char *name = t->names + t->symbols[symbol].st_name;
    for (size_t i = 0; i < n; i++)
        if (strcmp(name, list[i].name) == 0 && (type != WORD || is_still(slot, name)))
            slot_write(slot, list[i].function);
}

void conform_turn(const struct link_map *map, const struct conform_turned *list, size_t n)
{
    struct tables t;
    tables_read(map, &t);
    for (int k = 0; k < 2 && t.symbols && t.names; k++)
        for (size_t i = 0; t.relocations[k] && i < t.n[k]; i++)
            relocation_turn(&t, &t.relocations[k][i], list, n);
}

/* The loader's own, and what the kernel lends, are none that can be turned; a sanitizer's are what
 * the others are turned from. */
static bool is_a_library(const struct link_map *map)
{
    static const char *const others[] = {"linux-vdso", "/ld-",      "/libasan.",
                                         "/libubsan.", "/libtsan.", "/liblsan."};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strstr(map->l_name, others[i]))
            return false;
    return true;
}

int conform_turn_all(const struct conform_turned *list, size_t n)
{
    void *self = dlopen(NULL, RTLD_NOW);
    struct link_map *map = NULL;
    if (!self || dlinfo(self, RTLD_DI_LINKMAP, &map))
        return -1;
    for (; map; map = map->l_next)
        if (is_a_library(map))
            conform_turn(map, list, n);
    return 0;
}
