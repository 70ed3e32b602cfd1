/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the machine does at its best, one thread, medians of five: no pipeline can be faster than
 * these allow.
 *
 * usage: ceilings FILE FOLDER
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 5, BLOCK = 256 << 10, LARGE = 256 << 20 };

struct subject {
    const char *path, *folder;
    uint8_t *from, *to; /* LARGE bytes each */
    volatile uint64_t sink;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const char *what)
{
    fprintf(stderr, "ceilings: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Each answers how many bytes it went through. */
static int64_t copy_memory(struct subject *s)
{
    memcpy(s->to, s->from, LARGE);
    s->sink += s->to[s->sink % LARGE];
    return LARGE;
}

static int64_t read_file(struct subject *s)
{
    int64_t total = 0;
    int file = open(s->path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        fail(s->path);
    for (ssize_t n; (n = read(file, s->from, BLOCK)) > 0;)
        total += n;
    close(file);
    return total;
}

static int64_t count_lines(struct subject *s)
{
    int64_t total = 0;
    uint64_t lines = 0;
    int file = open(s->path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        fail(s->path);
    for (ssize_t n; (n = read(file, s->from, BLOCK)) > 0; total += n) {
        const uint8_t *at = s->from, *end = at + n;
        for (; (at = memchr(at, '\n', (size_t)(end - at))); at++)
            lines++;
    }
    close(file);
    s->sink += lines;
    return total;
}

static int64_t scan_map(struct subject *s)
{
    struct stat about;
    int file = open(s->path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &about))
        fail(s->path);
    uint64_t *map = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_SHARED, file, 0), sum = 0;
    if (map == MAP_FAILED)
        fail(s->path);
    for (int64_t i = 0; i < about.st_size / 8; i++)
        sum += map[i];
    munmap(map, (size_t)about.st_size);
    close(file);
    s->sink += sum;
    return about.st_size;
}

static int64_t write_file(struct subject *s)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/ceiling", s->folder);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        fail(path);
    for (int64_t i = 0; i < LARGE; i += BLOCK)
        if (write(file, s->from + i, BLOCK) != BLOCK)
            fail(path);
    close(file);
    unlink(path);
    return LARGE;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int64_t (*work)(struct subject *);
    } ceilings[] = {{"memcpy", copy_memory},
                    {"read, page cache", read_file},
                    {"read, count lines", count_lines},
                    {"mmap, sum", scan_map},
                    {"write, new file", write_file}};
    if (argc != 3) {
        fprintf(stderr, "usage: ceilings FILE FOLDER\n");
        return 2;
    }
    struct subject s = {argv[1], argv[2], malloc(LARGE), malloc(LARGE), 0};
    if (!s.from || !s.to)
        fail("memory");
    memset(s.from, 'x', LARGE);
    memset(s.to, 'y', LARGE);
    for (size_t c = 0; c < sizeof ceilings / sizeof ceilings[0]; c++) {
        double rates[ROUNDS];
        for (int r = 0; r < ROUNDS; r++) {
            double started = now();
            rates[r] = (double)ceilings[c].work(&s) / (now() - started) / 1e9;
        }
        qsort(rates, ROUNDS, sizeof rates[0], compare);
        printf("%-20s%8.1f GB/s\n", ceilings[c].name, rates[ROUNDS / 2]);
    }
    free(s.from);
    free(s.to);
    return 0;
}
