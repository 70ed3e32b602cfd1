/* SPDX-License-Identifier: Apache-2.0 */
/* The files that a sink left in its folder, as lines of their names and sums. */
#include "drive.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILES = 256, LINE = 160 };

static _Thread_local struct { /* nftw has no place to hand it through */
    char (*lines)[LINE];
    size_t n, skip;
} found;

static uint64_t file_sum(const char *path)
{
    uint64_t sum = 1469598103934665603u;
    FILE *file = fopen(path, "re");
    for (int c; file && (c = getc(file)) != EOF;)
        sum = (sum ^ (uint8_t)c) * 1099511628211u;
    if (file)
        fclose(file);
    return sum;
}

/* Names that hold a time or a process are another each time. */
static void digits_hide(char *name)
{
    for (char *at = strpbrk(name, "0123456789"); at; at = strpbrk(at + 1, "0123456789"))
        *at = '#';
}

static int file_look(const char *path, const struct stat *about, int type, struct FTW *at)
{
    (void)at;
    char name[100];
    if (type != FTW_F || found.n == FILES)
        return 0;
    snprintf(name, sizeof name, "%s", path + found.skip);
    digits_hide(name);
    snprintf(found.lines[found.n++], LINE, "%s: %lld bytes, %016llx\n", name,
             (long long)about->st_size, (unsigned long long)file_sum(path));
    return 0;
}

static int line_compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

void conform_written_take(struct conform_bench *b)
{
    found.lines = calloc(FILES, LINE);
    found.n = 0;
    found.skip = strlen(b->trial->scratch) + 1;
    if (found.lines)
        nftw(b->trial->scratch, file_look, 8, FTW_PHYS);
    qsort(found.lines, found.n, LINE, line_compare);
    for (size_t i = 0; i < found.n; i++)
        conform_text_put(&b->written, found.lines[i], strlen(found.lines[i]));
    free(found.lines);
}
