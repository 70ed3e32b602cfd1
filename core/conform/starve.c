/* SPDX-License-Identifier: Apache-2.0 */
#include "starve.h"

#include "turn.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_llong count, fails_at;
static atomic_int fills = -1;

/* Whether this allocation is the one. */
static int is_refused(void)
{
    long long n = atomic_fetch_add(&count, 1) + 1;
    if (n != atomic_load(&fails_at))
        return 0;
    errno = ENOMEM;
    return 1;
}

static void *filled(void *at, size_t size)
{
    int byte = atomic_load(&fills);
    if (at && byte >= 0)
        memset(at, byte, size);
    return at;
}

static void *starved_malloc(size_t size)
{
    return is_refused() ? NULL : filled(malloc(size), size);
}

static void *starved_calloc(size_t n, size_t size)
{
    return is_refused() ? NULL : calloc(n, size);
}

static void *starved_realloc(void *old, size_t size)
{
    size_t had = old ? malloc_usable_size(old) : 0;
    char *at = is_refused() ? NULL : realloc(old, size);
    if (at && size > had)
        filled(at + had, size - had);
    return at;
}

/* C++'s: the real one, which throws where so much is asked for that there can be none. */
static void *(*real_new)(size_t size);

static void *starved_new(size_t size)
{
    return filled(is_refused() ? real_new(SIZE_MAX / 4) : real_new(size), size);
}

static void *starved_new_nothrow(size_t size, const void *tag)
{
    (void)tag;
    return starved_malloc(size + !size);
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
    return is_refused() ? NULL : filled(aligned_alloc(alignment, size), size);
}

static int starved_posix_memalign(void **out, size_t alignment, size_t size)
{
    int error = is_refused() ? ENOMEM : posix_memalign(out, alignment, size);
    if (!error)
        filled(*out, size);
    return error;
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

static const struct conform_turned replacements[] = {
    {"malloc", (conform_function *)starved_malloc},
    {"calloc", (conform_function *)starved_calloc},
    {"realloc", (conform_function *)starved_realloc},
    {"strdup", (conform_function *)starved_strdup},
    {"__strdup", (conform_function *)starved_strdup},
    {"strndup", (conform_function *)starved_strndup},
    {"__strndup", (conform_function *)starved_strndup},
    {"aligned_alloc", (conform_function *)starved_aligned_alloc},
    {"posix_memalign", (conform_function *)starved_posix_memalign},
    {"vasprintf", (conform_function *)starved_vasprintf},
    {"asprintf", (conform_function *)starved_asprintf},
    {"__vasprintf_chk", (conform_function *)starved_vasprintf_chk},
    {"__asprintf_chk", (conform_function *)starved_asprintf_chk},
};

/* Of operator new for an object, and for an array; without and with std::nothrow. */
static const struct conform_turned news[] = {
    {"_Znwm", (conform_function *)starved_new},
    {"_Znam", (conform_function *)starved_new},
    {"_ZnwmRKSt9nothrow_t", (conform_function *)starved_new_nothrow},
    {"_ZnamRKSt9nothrow_t", (conform_function *)starved_new_nothrow},
};

/* In whatever the library, or the program, has loaded. A sanitizer's is left alone: it ends the
 * process where there is no memory. */
static bool new_find(const char *path)
{
    void *library = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
    void *everywhere = dlsym(RTLD_DEFAULT, "_Znwm");
    void *found = everywhere ? everywhere : library ? dlsym(library, "_Znwm") : NULL;
    Dl_info info;
    memcpy(&real_new, &found, sizeof real_new);
    if (library)
        dlclose(library);
    return found && dladdr(found, &info) && info.dli_fname &&
           (strstr(info.dli_fname, "/libstdc++") || strstr(info.dli_fname, "/libc++"));
}

const char *conform_starve_ready(const struct qetl_component *component)
{
    Dl_info info;
    struct link_map *map = NULL;
    if (!dladdr1(component, &info, (void **)&map, RTLD_DL_LINKMAP) || !map)
        return "the library of the component was not found in memory";
    conform_turn(map, replacements, sizeof replacements / sizeof *replacements);
    if (new_find(info.dli_fname))
        conform_turn(map, news, sizeof news / sizeof *news);
    return NULL;
}

void conform_starve_fill(int byte)
{
    atomic_store(&fills, byte);
}

int64_t conform_starve_count(void)
{
    return atomic_load(&count);
}

void conform_starve_at(int64_t nth)
{
    atomic_store(&fails_at, nth ? atomic_load(&count) + nth : 0);
}
