/* SPDX-License-Identifier: Apache-2.0 */
#include "midst.h"

#include "turn.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static _Thread_local struct {
    bool counts;
    int64_t places, nth;
    void (*happen)(void *);
    void *arg;
} midst;

void conform_midst_pass(void)
{
    if (midst.counts && ++midst.places == midst.nth)
        midst.happen(midst.arg);
}

void conform_midst_begin(int64_t nth, void (*happen)(void *), void *arg)
{
    midst.places = 0;
    midst.nth = nth;
    midst.happen = happen;
    midst.arg = arg;
    midst.counts = true;
}

int64_t conform_midst_end(void)
{
    midst.counts = false;
    return midst.places;
}

/* ---- before what reads, behind what writes ---- */

static void *midst_memcpy(void *to, const void *from, size_t size)
{
    conform_midst_pass();
    memcpy(to, from, size);
    conform_midst_pass();
    return to;
}

static void *midst_memcpy_chk(void *to, const void *from, size_t size, size_t room)
{
    if (size > room)
        abort();
    return midst_memcpy(to, from, size);
}

static void *midst_memmove(void *to, const void *from, size_t size)
{
    conform_midst_pass();
    memmove(to, from, size);
    conform_midst_pass();
    return to;
}

static void *midst_memset(void *to, int byte, size_t size)
{
    memset(to, byte, size);
    conform_midst_pass();
    return to;
}

static int midst_memcmp(const void *a, const void *b, size_t size)
{
    conform_midst_pass();
    return memcmp(a, b, size);
}

static void *midst_memchr(const void *in, int byte, size_t size)
{
    conform_midst_pass();
    return memchr(in, byte, size);
}

static size_t midst_strlen(const char *text)
{
    conform_midst_pass();
    return strlen(text);
}

static int midst_strcmp(const char *a, const char *b)
{
    conform_midst_pass();
    return strcmp(a, b);
}

static int midst_vsnprintf(char *out, size_t size, const char *format, va_list args)
{
    conform_midst_pass();
    int n = vsnprintf(out, size, format, args);
    conform_midst_pass();
    return n;
}

static int midst_vsnprintf_chk(char *out, size_t size, int flag, size_t room, const char *format,
                               va_list args)
{
    (void)flag;
    if (size > room)
        abort();
    return midst_vsnprintf(out, size, format, args);
}

static int midst_snprintf(char *out, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = midst_vsnprintf(out, size, format, args);
    va_end(args);
    return n;
}

static int midst_snprintf_chk(char *out, size_t size, int flag, size_t room, const char *format,
                              ...)
{
    va_list args;
    va_start(args, format);
    int n = midst_vsnprintf_chk(out, size, flag, room, format, args);
    va_end(args);
    return n;
}

/* ---- memory and time ---- */

static void *midst_malloc(size_t size)
{
    conform_midst_pass();
    return malloc(size);
}

static void *midst_calloc(size_t n, size_t size)
{
    conform_midst_pass();
    return calloc(n, size);
}

static void *midst_realloc(void *old, size_t size)
{
    conform_midst_pass();
    return realloc(old, size);
}

static void midst_free(void *at)
{
    conform_midst_pass();
    free(at);
}

static int midst_usleep(useconds_t us)
{
    conform_midst_pass();
    return usleep(us);
}

static int midst_nanosleep(const struct timespec *wanted, struct timespec *left)
{
    conform_midst_pass();
    return nanosleep(wanted, left);
}

#define MIDST(name, function)                      \
    {                                              \
        name, (conform_function *)midst_##function \
    }

static const struct conform_turned replacements[] = {
    MIDST("memcpy", memcpy),
    MIDST("__memcpy_chk", memcpy_chk),
    MIDST("memmove", memmove),
    MIDST("memset", memset),
    MIDST("memcmp", memcmp),
    MIDST("bcmp", memcmp),
    MIDST("memchr", memchr),
    MIDST("strlen", strlen),
    MIDST("strcmp", strcmp),
    MIDST("snprintf", snprintf),
    MIDST("__snprintf_chk", snprintf_chk),
    MIDST("vsnprintf", vsnprintf),
    MIDST("__vsnprintf_chk", vsnprintf_chk),
    MIDST("malloc", malloc),
    MIDST("calloc", calloc),
    MIDST("realloc", realloc),
    MIDST("free", free),
    MIDST("usleep", usleep),
    MIDST("nanosleep", nanosleep),
};

int conform_midst_ready(const struct qetl_component *component)
{
    Dl_info info;
    struct link_map *map = NULL;
    if (!dladdr1(component, &info, (void **)&map, RTLD_DL_LINKMAP) || !map)
        return -1;
    conform_turn(map, replacements, sizeof replacements / sizeof *replacements);
    return 0;
}
