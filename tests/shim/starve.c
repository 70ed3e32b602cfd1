/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocations that fail, as verdict.h tells. Loaded before a sanitizer's runtime, whose allocations
 * these then are.
 */
#include "verdict.h"

#include <regex.h>

static bool is_ours(int class)
{
    return class == ALLOC;
}

/* None while one is looked for: what looks must not come by here. */
#define ALLOCATING(name, PARAMETERS, ARGUMENTS)                \
    EXPORT void *name PARAMETERS                               \
    {                                                          \
        static _Atomic(__typeof__(&name)) next;                \
        if (!next) {                                           \
            if (inside)                                        \
                return NULL;                                   \
            inside++;                                          \
            next = (__typeof__(&name))dlsym(RTLD_NEXT, #name); \
            inside--;                                          \
        }                                                      \
        WRAPPED(ALLOC, true, next ARGUMENTS, NULL);            \
    }
ALLOCATING(malloc, (size_t size), (size))
ALLOCATING(calloc, (size_t n, size_t size), (n, size))
ALLOCATING(realloc, (void *old, size_t size), (old, size))
ALLOCATING(aligned_alloc, (size_t alignment, size_t size), (alignment, size))
ALLOCATING(memalign, (size_t alignment, size_t size), (alignment, size))

EXPORT int posix_memalign(void **out, size_t alignment, size_t size)
{
    REAL(posix_memalign)
    int what = verdict(ALLOC);
    return what > 0 ? what : real(out, alignment, size);
}

/* glibc 2.36 frees twice where it runs out of memory here; that is not ours to mend. */
EXPORT int regcomp(regex_t *into, const char *pattern, int flags)
{
    REAL(regcomp)
    inside++;
    int answer = real(into, pattern, flags);
    inside--;
    return answer;
}
