/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and dates as a country writes them, into SQL's spelling and back.
 *
 * Invariant: a cell is translated as a whole, or refused; nothing is guessed.
 * Ownership: a locale owns its patterns; names of columns belong to the host's options.
 * Threads:   pure, once opened.
 */
#ifndef QETL_CSV_LOCALE_H
#define QETL_CSV_LOCALE_H

#include <stdbool.h>
#include <stdint.h>

enum { CSV_PATTERN_MAX = 64, CSV_LOCAL_MAX = 160 };

enum csv_local { CSV_LOCAL_NONE, CSV_LOCAL_NUMBER, CSV_LOCAL_PATTERN };

/* A format of dates, as strftime has them: literal bytes, and directives with bit 7 set. */
struct csv_pattern {
    uint8_t steps[CSV_PATTERN_MAX];
    int32_t n;
    bool date, time, zone; /* what it has parts of */
};

struct csv_locale {
    char mark;         /* of decimals */
    char thousands[8]; /* or "" */
    uint8_t n_thousands;
    bool numbers;                            /* they are not written as SQL does */
    struct csv_pattern dates, times, stamps; /* n 0: as SQL */
    struct csv_pattern *columns;             /* one per entry of the option formats */
};

/* What one column asks for. */
struct csv_local_type {
    enum csv_local kind;
    const struct csv_pattern *pattern;
    bool real;       /* exponents, NaN, Infinity */
    bool date, time; /* parts that SQL's spelling has */
};

/* pattern.c: *fault names the directive that is not known. */
bool csv_pattern_compile(const char *text, struct csv_pattern *out, const char **fault);
/* Into and out of SQL's spelling; bytes written (less than CSV_LOCAL_MAX), or -1. */
int64_t csv_pattern_read(const struct csv_pattern *p, const struct csv_local_type *type,
                         const uint8_t *cell, int64_t size, char *out);
int64_t csv_pattern_write(const struct csv_pattern *p, const uint8_t *cell, int64_t size,
                          char *out);

/* locale.c: out has room for size bytes. */
int64_t csv_number_read(const struct csv_locale *l, bool real, const uint8_t *cell, int64_t size,
                        char *out);

#endif
