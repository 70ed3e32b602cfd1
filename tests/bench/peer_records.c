/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records <IQIq32s into CSV, written by hand for this one record: the file is mapped, digits come
 * in pairs from a table, threads take blocks in turn and write each at its place. peer_records
 * generate RECORDS >FILE peer_records convert IN OUT THREADS
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECORD = 56, TEXT_AT = 24, TEXT = 32, BLOCK = 1 << 14, ROW_MOST = 100 };

static const char header[] = "column1,column2,column3,column4,column5\n";
static char pairs[200];

static uint64_t mix(uint64_t x)
{
    x ^= x >> 31;
    x *= UINT64_C(0x9e3779b97f4a7c15);
    return x ^ x >> 29;
}

/* Numbers of all lengths, names of 4 to 31 letters. */
static void record_make(uint64_t i, uint8_t *out)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz-ABCDE";
    uint64_t seed = mix(i + 1), size = 4 + seed % 28, wide = mix(seed) >> (seed >> 32) % 60;
    uint32_t first = (uint32_t)i, third = (uint32_t)(mix(seed + 1) >> 40);
    int64_t last = (int64_t)(mix(seed + 2) >> (24 + (seed >> 40) % 36));

    last = seed >> 20 & 1 ? -last : last;
    memset(out, 0, RECORD);
    memcpy(out, &first, 4);
    memcpy(out + 4, &wide, 8);
    memcpy(out + 12, &third, 4);
    memcpy(out + 16, &last, 8);
    for (uint64_t k = 0; k < size; k++)
        out[TEXT_AT + k] = (uint8_t)letters[mix(seed + k) & 31];
}

static int generate(uint64_t n)
{
    static uint8_t block[RECORD * 4096];

    for (uint64_t i = 0; i < n;) {
        size_t k = 0;

        for (; k < 4096 && i < n; k++, i++)
            record_make(i, block + k * RECORD);
        if (fwrite(block, RECORD, k, stdout) != k)
            return 1;
    }
    return fflush(stdout) != 0;
}

static char *digits_put(char *at, uint64_t value)
{
    char digits[24], *end = digits + 20, *first = end;

    for (; value >= 100; value /= 100)
        memcpy(first -= 2, pairs + value % 100 * 2, 2);
    if (value >= 10)
        memcpy(first -= 2, pairs + value * 2, 2);
    else
        *--first = (char)('0' + value);
    memcpy(at, first, 20);
    return at + (end - first);
}

static char *record_put(char *at, const uint8_t *record)
{
    uint32_t first, third;
    uint64_t second;
    int64_t last;
    const char *text = (const char *)record + TEXT_AT;
    size_t size = strnlen(text, TEXT);

    memcpy(&first, record, 4);
    memcpy(&second, record + 4, 8);
    memcpy(&third, record + 12, 4);
    memcpy(&last, record + 16, 8);
    at = digits_put(at, first);
    *at++ = ',';
    at = digits_put(at, second);
    *at++ = ',';
    at = digits_put(at, third);
    *at++ = ',';
    *at = '-';
    at = digits_put(at + (last < 0), last < 0 ? -(uint64_t)last : (uint64_t)last);
    *at++ = ',';
    memcpy(at, text, TEXT);
    at += size;
    *at++ = '\n';
    return at;
}

struct work {
    const uint8_t *data;
    int64_t records, blocks;
    int out;
    atomic_int_fast64_t next;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    int64_t turn, offset; /* the block whose turn it is, and where it begins */
    atomic_bool failed;
};

static void *worker(void *argument)
{
    struct work *w = argument;
    char *rows = malloc((size_t)BLOCK * ROW_MOST + 64);

    for (int64_t block; rows && (block = atomic_fetch_add(&w->next, 1)) < w->blocks;) {
        int64_t from = block * BLOCK, to = from + BLOCK < w->records ? from + BLOCK : w->records;
        int64_t offset;
        char *at = rows;

        for (int64_t i = from; i < to; i++)
            at = record_put(at, w->data + i * RECORD);
        pthread_mutex_lock(&w->lock);
        while (w->turn != block)
            pthread_cond_wait(&w->moved, &w->lock);
        offset = w->offset;
        w->offset += at - rows;
        w->turn++;
        pthread_cond_broadcast(&w->moved);
        pthread_mutex_unlock(&w->lock);
        if (pwrite(w->out, rows, (size_t)(at - rows), offset) != at - rows)
            atomic_store(&w->failed, true);
    }
    if (!rows)
        atomic_store(&w->failed, true);
    free(rows);
    return NULL;
}

static int convert(const char *in, const char *out, int threads)
{
    struct work w = {.out = open(out, O_RDWR | O_CREAT | O_TRUNC, 0666),
                     .lock = PTHREAD_MUTEX_INITIALIZER,
                     .moved = PTHREAD_COND_INITIALIZER};
    pthread_t ids[16];
    struct stat st;
    int fd = open(in, O_RDONLY);

    if (fd < 0 || w.out < 0 || fstat(fd, &st) || threads < 1 || threads > 16)
        return 1;
    for (int i = 0; i < 100; i++) {
        pairs[2 * i] = (char)('0' + i / 10);
        pairs[2 * i + 1] = (char)('0' + i % 10);
    }
    w.data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    w.records = st.st_size / RECORD;
    w.blocks = (w.records + BLOCK - 1) / BLOCK;
    w.offset = (int64_t)sizeof header - 1;
    if (w.data == MAP_FAILED || pwrite(w.out, header, sizeof header - 1, 0) < 0)
        return 1;
    for (int i = 0; i < threads; i++)
        if (pthread_create(&ids[i], NULL, worker, &w))
            return 1;
    for (int i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    return atomic_load(&w.failed) || close(w.out);
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "generate"))
        return generate(strtoull(argv[2], NULL, 10));
    if (argc == 5 && !strcmp(argv[1], "convert"))
        return convert(argv[2], argv[3], atoi(argv[4]));
    fprintf(stderr, "usage: peer_records generate RECORDS | convert IN OUT THREADS\n");
    return 1;
}
