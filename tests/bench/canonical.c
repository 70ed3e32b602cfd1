/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash of what a table says, whoever wrote it: rows in their order, cells as values.
 * Usage: canonical csv|ndjson FILE; prints the rows and the hash.
 *
 * A number loses trailing zeros, and digits from the tenth behind the point on (doubles); an ISO
 * time its T, NULL is the empty text: what these two formats cannot tell apart, or programs spell
 * differently, is one. Members of NDJSON are read in their order. Nothing here is shared with what
 * is measured.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CELL_MAX = 1 << 20, FRACTION_MAX = 9 };

struct reader {
    const char *at, *end;
    char cell[CELL_MAX];
    size_t size;
    bool quoted;
    uint64_t hash, rows;
};

static _Noreturn void bad(const char *what)
{
    fprintf(stderr, "canonical: %s\n", what);
    exit(1);
}

static void push(struct reader *r, char c)
{
    if (r->size + 1 == CELL_MAX)
        bad("a cell is too long");
    r->cell[r->size++] = c;
}

/* [-]digits[.digits]: the value's one spelling. */
static void shorten_number(struct reader *r)
{
    size_t i = r->size && r->cell[0] == '-', digits = 0, dot = 0;
    for (size_t k = i; k < r->size; k++) {
        if (r->cell[k] == '.' && !dot && k > i)
            dot = k;
        else if (r->cell[k] >= '0' && r->cell[k] <= '9')
            digits++;
        else
            return;
    }
    if (!digits)
        return;
    if (dot && r->size - dot - 1 > FRACTION_MAX) {
        r->cell[r->size] = 0;
        r->size = (size_t)snprintf(r->cell, CELL_MAX, "%.*f", FRACTION_MAX, strtod(r->cell, NULL));
    }
    while (dot && r->size > dot && (r->cell[r->size - 1] == '0' || r->size - 1 == dot))
        r->size--;
    if (r->size == 2 && r->cell[0] == '-' && r->cell[1] == '0') {
        r->cell[0] = '0';
        r->size = 1;
    }
}

/* YYYY-MM-DD?HH:MM:SS */
static void shorten_time(struct reader *r)
{
    static const char shape[] = "dddd-dd-dd dd:dd:dd";
    if (r->size < sizeof shape - 1)
        return;
    for (size_t i = 0; i < sizeof shape - 1; i++) {
        char c = r->cell[i];
        bool digit = c >= '0' && c <= '9';
        if (shape[i] == 'd' ? !digit : shape[i] == ' ' ? c != 'T' && c != ' ' : c != shape[i])
            return;
    }
    r->cell[10] = ' ';
}

static void hash_bytes(struct reader *r, const char *data, size_t size)
{
    uint64_t h = r->hash;
    for (; size >= 8; data += 8, size -= 8) {
        uint64_t word;
        memcpy(&word, data, 8);
        h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    for (; size; data++, size--)
        h = (h ^ (unsigned char)*data) * UINT64_C(0x100000001b3);
    r->hash = h ^ h >> 31;
}

static void cell_end(struct reader *r)
{
    shorten_number(r);
    shorten_time(r);
    hash_bytes(r, r->cell, r->size);
    hash_bytes(r, "\x1f", 1);
    r->size = 0;
    r->quoted = false;
}

static void row_end(struct reader *r)
{
    hash_bytes(r, "\x1e", 1);
    r->rows++;
}

static void csv_quoted(struct reader *r)
{
    r->quoted = true;
    for (r->at++; r->at < r->end; r->at++) {
        if (*r->at != '"')
            push(r, *r->at);
        else if (r->at + 1 < r->end && r->at[1] == '"')
            push(r, *r->at++);
        else
            break;
    }
    if (r->at == r->end)
        bad("a quote is not closed");
    r->at++;
}

static void read_csv(struct reader *r)
{
    while (r->at < r->end) {
        char c = *r->at;
        if (c == '"' && !r->size) {
            csv_quoted(r);
            continue;
        }
        r->at++;
        if (c == ',' || c == '\n')
            cell_end(r);
        else if (c != '\r')
            push(r, c);
        if (c == '\n')
            row_end(r);
    }
    r->rows -= r->rows > 0; /* the header */
}

static void push_utf8(struct reader *r, unsigned code)
{
    if (code < 0x80)
        push(r, (char)code);
    else if (code < 0x800) {
        push(r, (char)(0xc0 | code >> 6));
        push(r, (char)(0x80 | (code & 0x3f)));
    } else {
        push(r, (char)(0xe0 | code >> 12));
        push(r, (char)(0x80 | (code >> 6 & 0x3f)));
        push(r, (char)(0x80 | (code & 0x3f)));
    }
}

static void json_escape(struct reader *r)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    char c = *++r->at;
    const char *found = strchr(from, c);
    if (c == 'u') {
        char hex[5] = {r->at[1], r->at[2], r->at[3], r->at[4], 0};
        push_utf8(r, (unsigned)strtoul(hex, NULL, 16));
        r->at += 4;
    } else {
        push(r, found ? to[found - from] : c);
    }
}

static void json_text(struct reader *r)
{
    for (r->at++; r->at < r->end && *r->at != '"'; r->at++) {
        if (*r->at == '\\')
            json_escape(r);
        else
            push(r, *r->at);
    }
    if (r->at == r->end)
        bad("a text is not closed");
    r->at++;
}

static void json_value(struct reader *r)
{
    while (r->at < r->end && *r->at == ' ')
        r->at++;
    if (*r->at == '"') {
        json_text(r);
    } else {
        while (r->at < r->end && !strchr(",} ", *r->at))
            push(r, *r->at++);
        if (r->size == 4 && memcmp(r->cell, "null", 4) == 0)
            r->size = 0;
    }
    cell_end(r);
}

static void read_ndjson(struct reader *r)
{
    bool first = true; /* the first object's names stand for CSV's header */
    const char *begin = r->at;
    while (r->at < r->end) {
        char c = *r->at;
        if (c == '"') {
            json_text(r);
            if (first)
                cell_end(r);
            r->size = 0;
        } else if (c == ':') {
            r->at++;
            if (first) {
                uint64_t names = r->hash;
                json_value(r);
                r->hash = names;
            } else {
                json_value(r);
            }
        } else {
            r->at++;
            if (c == '\n' && first) {
                hash_bytes(r, "\x1e", 1);
                first = false;
                r->at = begin;
            } else if (c == '\n') {
                row_end(r);
            }
        }
    }
}

int main(int argc, char **argv)
{
    int fd = argc == 3 ? open(argv[2], O_RDONLY) : -1;
    struct stat stat;
    if (fd < 0 || fstat(fd, &stat))
        bad("canonical csv|ndjson FILE");
    size_t size = (size_t)stat.st_size;
    const char *data = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : "";
    struct reader *r = calloc(1, sizeof *r);
    if (data == MAP_FAILED || !r)
        bad("no memory");
    r->at = data;
    r->end = data + size;
    if (strcmp(argv[1], "csv") == 0)
        read_csv(r);
    else
        read_ndjson(r);
    printf("%" PRIu64 " %016" PRIx64 "\n", r->rows, r->hash);
    return 0;
}
