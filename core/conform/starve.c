/* SPDX-License-Identifier: Apache-2.0 */
#include "starve.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_llong count, fails_at;

/* Whether this allocation is the one. */
static int is_refused(void)
{
    long long n = atomic_fetch_add(&count, 1) + 1;
    if (n != atomic_load(&fails_at))
        return 0;
    errno = ENOMEM;
    return 1;
}

static void *starved_malloc(size_t size)
{
    return is_refused() ? NULL : malloc(size);
}

static void *starved_calloc(size_t n, size_t size)
{
    return is_refused() ? NULL : calloc(n, size);
}

static void *starved_realloc(void *old, size_t size)
{
    return is_refused() ? NULL : realloc(old, size);
}

static char *starved_strdup(const char *text)
{
    return is_refused() ? NULL : strdup(text);
}

static char *starved_strndup(const char *text, size_t size)
{
    return is_refused() ? NULL : strndup(text, size);
}

static void *starved_aligned_alloc(size_t alignment, size_t size)
{
    return is_refused() ? NULL : aligned_alloc(alignment, size);
}

static int starved_posix_memalign(void **out, size_t alignment, size_t size)
{
    return is_refused() ? ENOMEM : posix_memalign(out, alignment, size);
}

static int starved_vasprintf(char **out, const char *format, va_list args)
{
    return is_refused() ? -1 : vasprintf(out, format, args);
}

static int starved_asprintf(char **out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = starved_vasprintf(out, format, args);
    va_end(args);
    return n;
}

/* As builds with _FORTIFY_SOURCE call them. */
static int starved_vasprintf_chk(char **out, int flag, const char *format, va_list args)
{
    (void)flag;
    return starved_vasprintf(out, format, args);
}

static int starved_asprintf_chk(char **out, int flag, const char *format, ...)
{
    va_list args;
    (void)flag;
    va_start(args, format);
    int n = starved_vasprintf(out, format, args);
    va_end(args);
    return n;
}

#ifdef __aarch64__
enum { CALL_SLOT = R_AARCH64_JUMP_SLOT, DATA_SLOT = R_AARCH64_GLOB_DAT };
#else
enum { CALL_SLOT = R_X86_64_JUMP_SLOT, DATA_SLOT = R_X86_64_GLOB_DAT };
#endif

typedef void any_function(void);

static const struct {
    const char *name;
    any_function *function;
} replacements[] = {
    {"malloc", (any_function *)starved_malloc},
    {"calloc", (any_function *)starved_calloc},
    {"realloc", (any_function *)starved_realloc},
    {"strdup", (any_function *)starved_strdup},
    {"__strdup", (any_function *)starved_strdup},
    {"strndup", (any_function *)starved_strndup},
    {"__strndup", (any_function *)starved_strndup},
    {"aligned_alloc", (any_function *)starved_aligned_alloc},
    {"posix_memalign", (any_function *)starved_posix_memalign},
    {"vasprintf", (any_function *)starved_vasprintf},
    {"asprintf", (any_function *)starved_asprintf},
    {"__vasprintf_chk", (any_function *)starved_vasprintf_chk},
    {"__asprintf_chk", (any_function *)starved_asprintf_chk},
};

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
static void slot_write(void *slot, any_function *function)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *start = (void *)((uintptr_t)slot / page * page);
    if (mprotect(start, page * 2, PROT_READ | PROT_WRITE) &&
        mprotect(start, page, PROT_READ | PROT_WRITE))
        return;
    memcpy(slot, &function, sizeof function);
}

static void relocation_turn(const struct tables *t, const ElfW(Rela) * r)
{
    const unsigned long type = ELF64_R_TYPE(r->r_info), symbol = ELF64_R_SYM(r->r_info);
    if (type != CALL_SLOT && type != DATA_SLOT)
        return;
    const char *name = t->names + t->symbols[symbol].st_name;
    for (size_t i = 0; i < sizeof replacements / sizeof *replacements; i++)
        if (strcmp(name, replacements[i].name) == 0)
            slot_write((void *)(t->base + r->r_offset), replacements[i].function);
}

/* Whose runtime has no failing allocations. */
static int is_rust(const char *path)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC), found = 0;
    void *image = fd < 0 || fstat(fd, &about)
                      ? MAP_FAILED
                      : mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (image != MAP_FAILED) {
        found = memmem(image, (size_t)about.st_size, "/rustc/", 7) != NULL;
        munmap(image, (size_t)about.st_size);
    }
    if (fd >= 0)
        close(fd);
    return found;
}

const char *conform_starve_ready(const struct qetl_component *component)
{
    Dl_info info;
    struct link_map *map = NULL;
    struct tables t;
    if (!dladdr1(component, &info, (void **)&map, RTLD_DL_LINKMAP) || !map)
        return "the library of the component was not found in memory";
    if (is_rust(map->l_name))
        return "Rust ends the process where memory is missing";
    tables_read(map, &t);
    for (int list = 0; list < 2 && t.symbols && t.names; list++)
        for (size_t i = 0; t.relocations[list] && i < t.n[list]; i++)
            relocation_turn(&t, &t.relocations[list][i]);
    return NULL;
}

int64_t conform_starve_count(void)
{
    return atomic_load(&count);
}

void conform_starve_at(int64_t nth)
{
    atomic_store(&fails_at, nth ? atomic_load(&count) + nth : 0);
}
