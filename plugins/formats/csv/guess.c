/* SPDX-License-Identifier: Apache-2.0 */
/* The types of columns, from the cells of a sample: numbers, moments in a format that was given, or
 * text. */
#include "guess.h"

#include "foreign.h"

#include <stdio.h>
#include <stdlib.h>

enum { BIGINT_DIGITS = 18, DECIMAL_DIGITS = 38, HINT_CELLS = 100000 };

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

/* Digits behind a comma that mark no thousands, or a point before it: 1,5 0,125 1234,567 1.234,5 */
static bool comma_is_decimal(const uint8_t *cell, int64_t size)
{
    const uint8_t *comma = memchr(cell, ',', (size_t)size);
    int64_t sign = *cell == '-' || *cell == '+', before = comma ? comma - cell - sign : 0;

    return comma && (cell + size - comma != 4 || before > 3 || !before || cell[sign] == '0');
}

/* What the cell would be where commas are decimal. */
static void comma_measure(struct csv_guess *g, const uint8_t *cell, int64_t size, bool plain)
{
    static const struct csv_locale comma = {.mark = ',', .thousands = ".", .n_thousands = 1};
    char sql[CSV_LOCAL_MAX];
    int64_t n = size < CSV_LOCAL_MAX ? csv_number_read(&comma, false, cell, size, sql) : -1;
    int64_t whole, scale;

    if (n < 0 || !number_measure((const uint8_t *)sql, n, &whole, &scale)) {
        g->no_comma = true;
        g->points += plain;
        return;
    }
    g->commas += memchr(cell, ',', (size_t)size) != NULL;
    g->sure_commas += comma_is_decimal(cell, size);
}

/* A number as this dialect writes it. */
static bool cell_is_number(const struct csv *self, struct csv_guess *g, const uint8_t *cell,
                           int64_t size)
{
    char sql[CSV_LOCAL_MAX];
    int64_t whole, scale, n;
    bool plain;

    if (self->foreign && self->foreign->locale.numbers) {
        n = size < CSV_LOCAL_MAX ? csv_number_read(&self->foreign->locale, false, cell, size, sql)
                                 : -1;
        plain = n >= 0 && number_measure((const uint8_t *)sql, n, &whole, &scale);
        g->no_comma = true;
    } else {
        plain = number_measure(cell, size, &whole, &scale);
        if (!g->no_comma && (!plain || scale))
            comma_measure(g, cell, size, plain);
    }
    if (!plain)
        return false;
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
                      int64_t row, int64_t place)
{
    const struct csv_dialect *d = &self->dialect;
    bool quoted = size >= 2 && cell[0] == d->marks.quote;

    if ((g->other && !g->patterns[0] && !g->patterns[1] && !g->patterns[2] && g->no_comma) ||
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
    g->seen_cut = size > CSV_SEEN_MAX;
    g->seen_size = g->seen_cut ? CSV_SEEN_MAX : size;
    memcpy(g->seen, cell, (size_t)g->seen_size);
    while (g->seen_cut && g->seen_size && (cell[g->seen_size] & 0xc0) == 0x80)
        g->seen_size--;
    g->seen_row = row;
    g->seen_place = place;
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
void csv_guesses_add(struct csv *self, const uint8_t *data, int64_t first, int64_t n_columns,
                     struct csv_guess *guesses, int64_t place)
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
            guess_add(self, &guesses[c], data + begin, end - begin, r - first + 1, place);
        }
    }
}

int32_t csv_guess_tell(const struct csv_guess *g, struct ArrowSchema *field)
{
    char where[64], seen[CSV_SEEN_MAX + 80];

    if (!g->other || !qetl_utf8_valid((const char *)g->seen, g->seen_size))
        return QETL_OK;
    if (g->seen_place)
        snprintf(where, sizeof where, "a row behind byte %lld", (long long)g->seen_place);
    else
        snprintf(where, sizeof where, "row %lld", (long long)g->seen_row);
    snprintf(seen, sizeof seen, "%s holds '%.*s%s'", where, (int)g->seen_size,
             (const char *)g->seen, g->seen_cut ? "…" : "");
    return qetl_schema_set_metadata(field, "qetl:seen", seen);
}

void csv_guesses_offer(struct csv *self, const struct ArrowSchema *schema,
                       struct csv_guess *guesses)
{
    for (int64_t i = 0; i < schema->n_children; i++)
        patterns_offer(self, schema->children[i]->name, &guesses[i]);
}

bool csv_guesses_comma(const struct csv_guess *guesses, int64_t n_columns)
{
    bool found = false;

    for (int64_t c = 0; c < n_columns; c++) {
        const struct csv_guess *g = &guesses[c];

        if (g->points && !g->other)
            return false; /* numbers as SQL writes them */
        found |= !g->no_comma && g->sure_commas > 0;
    }
    return found;
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

/* Some cell begins with an apostrophe, and it or one behind it in its row ends with one: the
 * delimiters between them may be text. */
static bool cells_look_quoted(const struct csv *self, const uint8_t *data)
{
    const struct csv_index *ix = &self->index;
    int64_t n = ix->n_ends < HINT_CELLS ? ix->n_ends : HINT_CELLS, row = 0;
    const uint8_t *open = NULL;

    for (int64_t i = 0; i < n; i++) {
        const uint8_t *at = data + (uint32_t)(ix->ends[i - 1] + 1), *end = data + ix->ends[i];

        if (row < ix->n_rows && i >= ix->rows[row]) {
            open = NULL;
            row++;
        }
        if (at == end)
            continue;
        end -= end[-1] == '\r';
        if (at < end && *at == '\'' && !open)
            open = at;
        if (open && end - open > 1 && end[-1] == '\'')
            return true;
    }
    return false;
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
    if ((self->foreign ? self->foreign->quote : self->dialect.marks.quote) == '"' &&
        !qetl_option_given(self->env, "/quote") &&
        (self->apostrophe_fits || cells_look_quoted(self, data)))
        qetl_logf(self->env, QETL_LOG_WARN,
                  "cells stand in apostrophes, which are read as part of them; if they are quotes, "
                  "set quote: \"'\"; if not, quote: '\"' says so");
    for (int64_t c = 0; c < n; c++)
        if (guesses[c].other && !guesses[c].no_comma && guesses[c].commas)
            qetl_logf(self->env, QETL_LOG_WARN,
                      "column %s looks like numbers with a decimal comma and is read as text; to "
                      "read numbers, set decimal_mark: \",\"",
                      schema->children[c]->name);
}
