/* SPDX-License-Identifier: Apache-2.0 */
#include "pipes_model.h"

#include "sdk_random.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static bool chance(struct pipes *p, int one_in)
{
    return random_below(&p->random, one_in) == 0;
}

static char *path_of(const struct pipes *p, const char *name, char path[200])
{
    snprintf(path, 200, "%s/%s", p->folder, name);
    return path;
}

/* ---- rows ---- */

static bool is_bad(const struct pipes *p, int64_t row)
{
    return row % p->bad_every == 0;
}

static bool is_kept(const struct pipes *p, int64_t row)
{
    return !is_bad(p, row) && row * 7 % 1000 % 3 != 0;
}

/* Half of the names are quoted, and some notes are long. */
static int row_text(const struct pipes *p, int64_t row, char text[256])
{
    const char *quote = row % 2 ? "\"" : "";
    char amount[24] = "x";
    if (!is_bad(p, row))
        snprintf(amount, sizeof amount, "%lld", (long long)(row * 7 % 1000));
    return snprintf(text, 256, "%lld,%s,%sname %lld%s,note %lld%.*s\n", (long long)row, amount,
                    quote, (long long)row, quote, (long long)row, (int)(row * 31 % 90),
                    "________________________________________________________________________"
                    "____________________");
}

static int wanted_text(int64_t row, bool json, char text[256])
{
    long long n = row, amount = row * 7 % 1000;
    char note[128];
    snprintf(note, sizeof note, "note %lld%.*s", n, (int)(row * 31 % 90),
             "________________________________________________________________________"
             "____________________");
    return snprintf(text, 256,
                    json ? "{\"id\":%lld,\"amount\":%lld,\"name\":\"name %lld\",\"note\":\"%s\","
                           "\"twice\":%lld}\n"
                         : "%lld,%lld,name %lld,%s,%lld\n",
                    n, amount, n, note, amount * 2);
}

/* ---- input ---- */

static const char header[] = "id,amount,name,note\n";

static void file_write(const struct pipes *p)
{
    char path[200], text[256];
    FILE *out = fopen(path_of(p, "in.csv", path), "we");
    fputs(header, out);
    for (int64_t row = 1; row <= p->rows; row++) {
        row_text(p, row, text);
        fputs(text, out);
    }
    fclose(out);
}

/* False: nobody reads any more. */
static bool put_all(struct pipes *p, int fd, const char *data, size_t size)
{
    while (size > 0 && !atomic_load(&p->over)) {
        ssize_t n = write(fd, data, size);
        struct pollfd room = {.fd = fd, .events = POLLOUT};
        if (n > 0) {
            data += n;
            size -= (size_t)n;
        } else if (errno == EAGAIN) {
            poll(&room, 1, 20);
        } else {
            return false;
        }
    }
    return size == 0;
}

/* What nobody took yet goes when the last who has the FIFO open closes it. */
static bool waits(int fd)
{
    int bytes = 0;
    return ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0;
}

/* Types: pieces of any size, most of them within a line, and pauses. */
static void *feeder_main(void *arg)
{
    struct pipes *p = arg;
    uint64_t random = p->random;
    char path[200], text[8192];
    size_t held = (size_t)snprintf(text, sizeof text, "%s", header);
    int flags = p->via == PIPES_FIFO ? O_RDWR | O_NONBLOCK : O_WRONLY | O_APPEND | O_CREAT;
    int fd = open(path_of(p, "in.csv", path), flags | O_CLOEXEC, 0600);
    bool goes_on = fd >= 0;
    for (int64_t row = 1; goes_on && (row <= p->rows || held);) {
        while (row <= p->rows && held < 4096)
            held += (size_t)row_text(p, row++, text + held);
        size_t piece = 1 + (size_t)random_below(&random, random_below(&random, 4) ? 300 : 4096);
        piece = piece < held ? piece : held;
        goes_on = put_all(p, fd, text, piece);
        memmove(text, text + piece, held -= piece);
        if (random_below(&random, 12) == 0)
            nanosleep(&(struct timespec){.tv_nsec = random_below(&random, 1500000)}, NULL);
    }
    while (goes_on && p->via == PIPES_FIFO && waits(fd) && !atomic_load(&p->over))
        nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL);
    atomic_store(&p->fed, goes_on);
    if (fd >= 0)
        close(fd);
    return NULL;
}

void pipes_feed_start(struct pipes *p)
{
    if (p->via != PIPES_FILE && pthread_create(&p->feeder, NULL, feeder_main, p))
        abort();
}

void pipes_feed_stop(struct pipes *p)
{
    atomic_store(&p->over, true);
    if (p->via != PIPES_FILE)
        pthread_join(p->feeder, NULL);
}

/* ---- the pipeline ---- */

static void yaml_make(struct pipes *p)
{
    static const int sizes[] = {4096, 8192, 65536, 262144}, rows[] = {1, 7, 100, 65536};
    static const char *const layouts[] = {
        "sinks:\n"
        "  all: {plugin: file, input: %s, path: \"%s/all.csv\"}\n",
        "  way: {plugin: route, input: %s, routes: {even: id %% 2 = 0}, default: odd}\n"
        "sinks:\n"
        "  even: {plugin: file, input: way.even, path: \"%s/even.ndjson\"}\n"
        "  odd: {plugin: file, input: way.odd, path: \"%s/odd.csv\"}\n",
        "  way: {plugin: route, input: %s, routes: {even: id %% 2 = 0}, default: odd}\n"
        "  both: {plugin: union, input: [way.even, way.odd]}\n"
        "sinks:\n"
        "  all: {plugin: file, input: both, path: \"%s/all.csv\"}\n"
        "  odd: {plugin: file, input: way.odd, path: \"%s/odd.csv\"}\n"};
    int n = snprintf(p->yaml, sizeof p->yaml,
                     "name: stress\nmode: %s\nlinger_ms: %d\nbatch_rows: %d\nbatch_bytes: %d\n"
                     "dead_letters: \"%s/letters.ndjson\"\n"
                     "sources:\n"
                     "  in: {plugin: file, path: \"%s/in.csv\", follow: %s,"
                     " format: {type: csv, types: {id: bigint, amount: bigint}}}\n"
                     "transforms:\n"
                     "  keep: {plugin: filter, input: in, where: amount %% 3 <> 0}\n"
                     "  twice: {plugin: compute, input: keep, set: {twice: amount * 2}}\n",
                     p->mode, (int)random_below(&p->random, 10), rows[random_below(&p->random, 4)],
                     sizes[random_below(&p->random, 4)], p->folder, p->folder,
                     p->via == PIPES_FOLLOW ? "true" : "false");
    if (p->limit >= 0)
        n += snprintf(p->yaml + n, sizeof p->yaml - (size_t)n,
                      "  first: {plugin: limit, input: twice, rows: %lld}\n", (long long)p->limit);
    snprintf(p->yaml + n, sizeof p->yaml - (size_t)n, layouts[p->layout],
             p->limit >= 0 ? "first" : "twice", p->folder, p->folder);
}

void pipes_make(struct pipes *p, uint64_t seed, const char *folder)
{
    static const char *const modes[] = {"batch", "hybrid", "stream"};
    char path[200];
    *p = (struct pipes){.random = seed, .folder = folder};
    p->via = (enum pipes_via)random_below(&p->random, 3);
    p->layout = (enum pipes_layout)random_below(&p->random, 3);
    p->mode = modes[random_below(&p->random, 3)];
    /* in batch mode what grows for ever fills no sample */
    if (p->via == PIPES_FOLLOW && strcmp(p->mode, "batch") == 0)
        p->mode = "stream";
    p->rows = 1 + random_below(&p->random, chance(p, 8) ? 5 : 3000);
    p->bad_every = 2 + random_below(&p->random, chance(p, 3) ? 10 : 100000);
    p->limit = chance(p, 3) ? 1 + random_below(&p->random, p->rows) : -1;
    p->endless = p->via == PIPES_FOLLOW || strcmp(p->mode, "stream") == 0;
    yaml_make(p);
    if (p->via == PIPES_FILE)
        file_write(p);
    else if (p->via == PIPES_FIFO ? mkfifo(path_of(p, "in.csv", path), 0600)
                                  : close(creat(path_of(p, "in.csv", path), 0600)))
        abort();
}

/* ---- what came out ---- */

static void complain(struct pipes *p, const char *name, const char *what, int64_t row,
                     const char *text)
{
    if (!*p->fault)
        snprintf(p->fault, sizeof p->fault, "%s: %s, row %lld: %.200s", name, what, (long long)row,
                 text);
}

/* What leaves the limit. */
static int64_t last_row(const struct pipes *p)
{
    int64_t left = p->limit, row = 0;
    while (left && row < p->rows)
        left -= is_kept(p, ++row);
    return left ? p->rows : row;
}

struct output {
    const char *name;
    bool json;
    int lanes, lane; /* of parity; 1 lane: all rows in their order; lane -1: both */
};

static int64_t next_of(const struct pipes *p, const struct output *out, int64_t row, int lane,
                       int64_t last)
{
    for (row++; row <= last; row++)
        if (is_kept(p, row) && (out->lanes == 1 || row % 2 == lane))
            return row;
    return 0;
}

/* Each lane's rows are all there, in order; 0: a lane has come to its end. */
static int64_t output_check(struct pipes *p, const struct output *out, enum pipes_ask ask)
{
    char path[200], wanted[256], *line = NULL;
    size_t room = 0;
    int64_t last = last_row(p), next[2], n = 0;
    FILE *file = fopen(path_of(p, out->name, path), "re");
    if (!file || ask == PIPES_ABSENT) {
        if (file && fclose(file) == 0)
            complain(p, out->name, "it is there", 0, "");
        else if (ask == PIPES_WHOLE)
            complain(p, out->name, "it is not there", 0, "");
        return 0;
    }
    for (int lane = 0; lane < 2; lane++)
        next[lane] = next_of(p, out, 0, lane, last);
    bool skip = !out->json;
    while (getline(&line, &room, file) > 0) {
        int64_t row = strtoll(line + (out->json ? strlen("{\"id\":") : 0), NULL, 10);
        int lane = out->lanes == 1 ? 0 : (int)(row % 2);
        if (skip) {
            skip = false;
            continue;
        }
        wanted_text(next[lane], out->json, wanted);
        if (!next[lane] || strcmp(line, wanted) != 0)
            complain(p, out->name, "another was wanted", next[lane], line);
        next[lane] = next_of(p, out, row, lane, last);
        n++;
    }
    for (int lane = 0; lane < 2 && ask == PIPES_WHOLE; lane++)
        if (next[lane] && (out->lane < 0 || lane == out->lane))
            complain(p, out->name, "rows are missing from here", next[lane], "");
    free(line);
    fclose(file);
    return n;
}

static void letters_check(struct pipes *p, enum pipes_ask ask)
{
    char path[200], *line = NULL;
    size_t room = 0;
    int64_t n = 0, bad = p->rows / p->bad_every, row;
    FILE *file = fopen(path_of(p, "letters.ndjson", path), "re");
    while (file && getline(&line, &room, file) > 0) {
        const char *found = strstr(line, "\"row\":");
        row = found ? strtoll(found + strlen("\"row\":"), NULL, 10) : 0;
        if (found && (!row || !is_bad(p, row)))
            complain(p, "letters", "this one was good", row, line);
        n++;
    }
    free(line);
    if (file)
        fclose(file);
    bool exact = ask == PIPES_WHOLE && p->limit < 0;
    if (exact ? n != bad : n > bad)
        complain(p, "letters", "so many, and in the text how many it should be", n, "");
}

int64_t pipes_check(struct pipes *p, enum pipes_ask ask)
{
    static const struct output outputs[3][2] = {
        {{"all.csv", false, 1, 0}},
        {{"even.ndjson", true, 2, 0}, {"odd.csv", false, 2, 1}},
        {{"all.csv", false, 2, -1}, {"odd.csv", false, 2, 1}},
    };
    int64_t rows = 0;
    for (int i = 0; i < 2 && outputs[p->layout][i].name; i++)
        rows += output_check(p, &outputs[p->layout][i], ask);
    letters_check(p, ask);
    return rows;
}

void pipes_clear(struct pipes *p)
{
    static const char *const names[] = {"in.csv", "all.csv", "even.ndjson", "odd.csv",
                                        "letters.ndjson"};
    char path[200];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(path_of(p, names[i], path));
}
