/* SPDX-License-Identifier: Apache-2.0 */
/* The types of columns, from the cells of a sample: numbers, moments in a format that was given, or
 * text. */
#include "guess.h"

#include "foreign.h"

#include <stdio.h>
#include <stdlib.h>

enum { BIGINT_DIGITS = 18, DECIMAL_DIGITS = 38, SEEN_MAX = 40, HINT_CELLS = 100000 };

static int64_t digits_count(const uint8_t *p, int64_t size)
{
    int64_t n = 0;

    while (n < size && p[n] >= '0' && p[n] <= '9')
        n++;
    return n;
}

/* -?(0|[1-9][0-9]*)([.][0-9]+)? */
static bool number_measure(const uint8_t *p, int64_t size, int64_t *whole, int64_t *scale)
{
    int64_t sign = size && *p == '-';

    p += sign;
    size -= sign;
    *whole = digits_count(p, size);
    *scale = 0;
    if (!*whole || (p[0] == '0' && *whole > 1))
        return false;
    if (*whole == size)
        return true;
    *scale = size - *whole - 1;
    return p[*whole] == '.' && *scale && digits_count(p + *whole + 1, *scale) == *scale;
}

/* A number as this dialect writes it; commas counts those that another would. */
static bool cell_is_number(const struct csv *self, struct csv_guess *g, const uint8_t *cell,
                           int64_t size)
{
    static const struct csv_locale comma = {.mark = ',', .thousands = ".", .n_thousands = 1};
    char sql[CSV_LOCAL_MAX];
    int64_t whole, scale, n;

    if (self->foreign && self->foreign->locale.numbers) {
        n = size < CSV_LOCAL_MAX ? csv_number_read(&self->foreign->locale, false, cell, size, sql)
                                 : -1;
        if (n < 0 || !number_measure((const uint8_t *)sql, n, &whole, &scale))
            return false;
    } else if (!number_measure(cell, size, &whole, &scale)) {
        n = size < CSV_LOCAL_MAX ? csv_number_read(&comma, false, cell, size, sql) : -1;
        g->commas += n > 0 && memchr(cell, ',', (size_t)size) &&
                     number_measure((const uint8_t *)sql, n, &whole, &scale);
        return false;
    }
    g->whole_digits = whole > g->whole_digits ? whole : g->whole_digits;
    g->scale = scale > g->scale ? scale : g->scale;
    return true;
}

static void patterns_try(struct csv_guess *g, const uint8_t *cell, int64_t size)
{
    for (int i = 0; i < 3; i++) {
        struct csv_local_type type = {.date = i != 1, .time = i != 0};
        char sql[CSV_LOCAL_MAX];

        if (g->patterns[i] && csv_pattern_read(g->patterns[i], &type, cell, size, sql) < 0)
            g->patterns[i] = NULL;
    }
}

static void guess_add(struct csv *self, struct csv_guess *g, const uint8_t *cell, int64_t size,
                      int64_t row)
{
    const struct csv_dialect *d = &self->dialect;
    bool quoted = size >= 2 && cell[0] == d->marks.quote;

    if ((g->other && !g->patterns[0] && !g->patterns[1] && !g->patterns[2] && !g->commas) ||
        (!quoted && csv_nulls_may(&d->nulls, size) && csv_nulls_match(&d->nulls, cell, size)))
        return;
    if (quoted) {
        cell++;
        size -= 2;
    }
    g->cells++;
    patterns_try(g, cell, size);
    if (cell_is_number(self, g, cell, size) || g->other)
        return;
    g->other = true;
    g->seen = cell;
    g->seen_size = size;
    g->seen_row = row;
}

static const char *pattern_format(const struct csv_guess *g)
{
    static const char *const formats[] = {"tdD", "ttu", "tsu:"};

    for (int i = 0; i < 3; i++)
        if (g->patterns[i] && g->cells)
            return i == 2 && g->patterns[i]->zone ? "tsu:UTC" : formats[i];
    return NULL;
}

void csv_guess_format(const struct csv_guess *g, char format[QETL_TYPE_FORMAT_MAX])
{
    const char *moment = pattern_format(g);

    if (moment)
        snprintf(format, QETL_TYPE_FORMAT_MAX, "%s", moment);
    else if (g->other || !g->cells || g->whole_digits + g->scale > DECIMAL_DIGITS)
        snprintf(format, QETL_TYPE_FORMAT_MAX, "vu");
    else if (!g->scale && g->whole_digits <= BIGINT_DIGITS)
        snprintf(format, QETL_TYPE_FORMAT_MAX, "l");
    else
        snprintf(format, QETL_TYPE_FORMAT_MAX, "d:%d,%lld", DECIMAL_DIGITS, (long long)g->scale);
}

/* The formats that a column's cells may have: its own, or those of all columns. */
static void patterns_offer(const struct csv *self, const char *name, struct csv_guess *g)
{
    const struct csv_locale *l = self->foreign ? &self->foreign->locale : NULL;
    int64_t count = l ? qetl_option_count(self->env, "/formats") : 0;

    for (int64_t i = 0; i < count; i++) {
        const struct csv_pattern *p = &l->columns[i];

        if (strcmp(qetl_option_key(self->env, "/formats", i), name) != 0)
            continue;
        g->patterns[p->date && p->time ? 2 : p->time] = p;
        return;
    }
    if (!l)
        return;
    g->patterns[0] = l->dates.n ? &l->dates : NULL;
    g->patterns[1] = l->times.n ? &l->times : NULL;
    g->patterns[2] = l->stamps.n ? &l->stamps : NULL;
}

/* Rows with another number of cells than the first, or with a fault, say nothing. */
static void guesses_fill(struct csv *self, const uint8_t *data, int64_t first, int64_t n_columns,
                         struct csv_guess *guesses)
{
    const struct csv_index *ix = &self->index;
    int64_t fault = 0;

    for (int64_t r = first; r < ix->n_rows; r++) {
        uint32_t base = r ? ix->rows[r - 1] : 0;

        while (fault < ix->n_faults && ix->faults[fault].record < r)
            fault++;
        if (ix->rows[r] - base != n_columns ||
            (fault < ix->n_faults && ix->faults[fault].record == r))
            continue;
        for (int64_t c = 0; c < n_columns; c++) {
            int64_t begin = csv_cell_begin(ix, base, c), end = ix->ends[base + c];

            if (c == n_columns - 1 && end > begin && data[end - 1] == '\r')
                end--;
            guess_add(self, &guesses[c], data + begin, end - begin, r - first + 1);
        }
    }
}

int32_t csv_guess_tell(const struct csv_guess *g, struct ArrowSchema *field)
{
    int64_t size = g->seen_size < SEEN_MAX ? g->seen_size : SEEN_MAX;
    char seen[SEEN_MAX + 64];

    if (!g->other)
        return QETL_OK;
    while (size < g->seen_size && size > 0 && (g->seen[size] & 0xc0) == 0x80)
        size--;
    if (!qetl_utf8_valid((const char *)g->seen, size))
        return QETL_OK;
    snprintf(seen, sizeof seen, "row %lld holds '%.*s%s'", (long long)g->seen_row, (int)size,
             (const char *)g->seen, size < g->seen_size ? "…" : "");
    return qetl_schema_set_metadata(field, "qetl:seen", seen);
}

int32_t csv_guesses_make(struct csv *self, const uint8_t *data, int64_t first,
                         const struct ArrowSchema *schema, struct csv_guess *guesses)
{
    for (int64_t i = 0; i < schema->n_children; i++)
        patterns_offer(self, schema->children[i]->name, &guesses[i]);
    guesses_fill(self, data, first, schema->n_children, guesses);
    return QETL_OK;
}

/* The first row is taken for names though all that stands below some of them is like them. */
static bool header_is_data(const struct csv *self, const uint8_t *data, int64_t n_columns,
                           const struct csv_guess *guesses)
{
    const struct csv_index *ix = &self->index;
    int64_t numbers = 0;

    for (int64_t c = 0; c < n_columns; c++) {
        int64_t begin = csv_cell_begin(ix, 0, c), end = ix->ends[c], whole, scale;

        if (c == n_columns - 1 && end > begin && data[end - 1] == '\r')
            end--;
        if (guesses[c].other || !guesses[c].cells)
            continue;
        if (end - begin >= 2 && data[begin] == self->dialect.marks.quote) {
            begin++;
            end--;
        }
        if (!number_measure(data + begin, end - begin, &whole, &scale))
            return false;
        numbers++;
    }
    return numbers > 0 && n_columns > 0;
}

/* Some cell begins and ends with an apostrophe. */
static bool cells_look_quoted(const struct csv *self, const uint8_t *data)
{
    const struct csv_index *ix = &self->index;
    int64_t n = ix->n_ends < HINT_CELLS ? ix->n_ends : HINT_CELLS, found = 0;

    for (int64_t i = 0; i < n; i++) {
        const uint8_t *at = data + (uint32_t)(ix->ends[i - 1] + 1), *end = data + ix->ends[i];

        if (at == end || *at != '\'')
            continue;
        end -= end[-1] == '\r';
        found += end - at > 1 && end[-1] == '\'';
    }
    return found > 0;
}

void csv_guess_hints(struct csv *self, const uint8_t *data, const struct ArrowSchema *schema,
                     const struct csv_guess *guesses)
{
    int64_t n = schema->n_children;

    if (self->dialect.header && !qetl_option_given(self->env, "/names") && self->index.n_rows > 1 &&
        self->index.rows[0] == n && header_is_data(self, data, n, guesses))
        qetl_logf(self->env, QETL_LOG_WARN,
                  "the first row looks like data and was taken for the names of columns; if it is "
                  "data, set header: false");
    if (self->dialect.marks.quote == '"' && !qetl_option_given(self->env, "/quote") &&
        cells_look_quoted(self, data))
        qetl_logf(self->env, QETL_LOG_WARN,
                  "cells stand in apostrophes, which are read as part of them; if they are quotes, "
                  "set quote: \"'\"");
    for (int64_t c = 0; c < n; c++)
        if (guesses[c].other && guesses[c].commas == guesses[c].cells)
            qetl_logf(self->env, QETL_LOG_WARN,
                      "column %s looks like numbers with a decimal comma and is read as text; to "
                      "read numbers, set decimal_mark: \",\"",
                      schema->children[c]->name);
}
