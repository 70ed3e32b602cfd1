/* SPDX-License-Identifier: Apache-2.0 */
/* What a format wrote, and what it reads of it: the same values, cell by cell, under their names;
 * also of other types than the check's, and with the columns in another order. */
#include "cases.h"
#include "cells.h"

#include <stdio.h>
#include <stdlib.h>

/* "row 3 code" of each row that encode rejected: it was not written. From behind, as places move.
 */
static void rejected_remove(const struct conform_text *rejects, struct conform_cells *cells)
{
    bool *is_gone = calloc(json_array_size(cells->rows) + 1, 1);
    for (size_t at = 0; is_gone && at < rejects->size;) {
        size_t row = strtoul(rejects->data + at + 4, NULL, 10);
        const char *end = memchr(rejects->data + at, '\n', rejects->size - at);
        if (row < json_array_size(cells->rows))
            is_gone[row] = true;
        at = end ? (size_t)(end - rejects->data) + 1 : rejects->size;
    }
    for (size_t row = json_array_size(cells->rows); is_gone && row-- > 0;)
        if (is_gone[row])
            json_array_remove(cells->rows, row);
    free(is_gone);
}

/* ---- beside what was read ---- */

/* What cells without anything in them came back as. */
struct voids {
    bool null_kept, null_lost, empty_kept, empty_lost;
    char lost[44]; /* the first column of which some came back as others */
};

struct trip {
    const struct conform_trial *trial;
    struct voids *voids; /* of all trips */
    bool by_name;        /* columns that have no name again are not the ones at their place */
    struct conform_cells written, read;
};

/* Which column of what was written; -1: none. */
static int column_of(const struct trip *trip, size_t read)
{
    int found = conform_cells_find(&trip->written, trip->read.names[read]);
    bool named = found >= 0;
    for (size_t c = 0; !named && c < trip->read.n_columns; c++)
        named = conform_cells_find(&trip->written, trip->read.names[c]) >= 0;
    bool placed = !trip->by_name && !named && trip->read.n_columns == trip->written.n_columns;
    return placed ? (int)read : found;
}

static const char *shown(const json_t *cell)
{
    return json_is_string(cell) ? json_string_value(cell) : "NULL";
}

/* Whether both hold nothing: NULL, or an empty text. */
static bool voids_note(struct voids *v, const json_t *was, int kind, const json_t *is)
{
    bool had = json_string_length(was), has = json_string_length(is), null = json_is_null(was);
    if (had || has || (json_is_null(is) && !null && kind != QETL_KIND_TEXT))
        return false;
    *(null               ? json_is_null(is) ? &v->null_kept : &v->null_lost
      : json_is_null(is) ? &v->empty_lost
                         : &v->empty_kept) = true;
    return true;
}

static bool column_compare(const struct trip *trip, size_t column, size_t from, struct voids *voids)
{
    const json_t *row;
    size_t i;
    json_array_foreach (trip->read.rows, i, row) {
        const json_t *was = json_array_get(json_array_get(trip->written.rows, i), from),
                     *is = json_array_get(row, column);
        if (voids_note(voids, was, trip->written.kinds[from], is) ||
            conform_cell_same(trip->written.kinds[from], was, trip->read.kinds[column], is))
            continue;
        conform_break(trip->trial->record, CONFORM_ROUND_TRIP_RULE,
                      "column '%.40s', row %zu: '%.60s' was written, and '%.60s' is read",
                      trip->written.names[from], i + 1, shown(was), shown(is));
        return false;
    }
    return true;
}

/* Whether a column's are all said in one way; so far, of all columns. */
static void voids_add(const struct trip *trip, size_t column, const struct voids *v)
{
    struct voids *all = trip->voids;
    if ((v->null_kept && v->null_lost) || (v->empty_kept && v->empty_lost))
        conform_break(trip->trial->record, CONFORM_EMPTY_TEXTS_RULE,
                      "column '%.40s': one %s comes back as NULL, and another as ''",
                      trip->written.names[column], v->null_lost ? "NULL" : "''");
    else if (v->null_lost && v->empty_lost)
        conform_break(trip->trial->record, CONFORM_EMPTY_TEXTS_RULE,
                      "column '%.40s': NULL comes back as '', and '' as NULL",
                      trip->written.names[column]);
    if ((v->null_lost || v->empty_lost) && !all->null_lost && !all->empty_lost)
        snprintf(all->lost, sizeof all->lost, "%.40s", trip->written.names[column]);
    all->null_kept |= v->null_kept;
    all->null_lost |= v->null_lost;
    all->empty_kept |= v->empty_kept;
    all->empty_lost |= v->empty_lost;
}

/* Not every format has two ways to say nothing. */
static void voids_judge(const struct conform_trial *t, const struct voids *all)
{
    const enum conform_rule_id rule = CONFORM_EMPTY_TEXTS_RULE;
    if (all->null_lost || all->empty_lost)
        conform_skip(t->record, rule,
                     "%s comes back as %s in column '%s': look whether the format has no way to "
                     "tell them apart",
                     all->null_lost ? "NULL" : "''", all->null_lost ? "''" : "NULL", all->lost);
    else if (all->empty_kept)
        conform_hold(t->record, rule);
    else
        conform_skip(t->record, rule, "no empty text was written and read");
}

static void trip_compare(const struct trip *trip)
{
    struct conform_record *record = trip->trial->record;
    size_t written = json_array_size(trip->written.rows), read = json_array_size(trip->read.rows);
    size_t compared = 0;
    bool same = true;
    if (written != read) {
        conform_break(record, CONFORM_ROUND_TRIP_RULE, "%zu rows were written, and %zu are read",
                      written, read);
        return;
    }
    for (size_t c = 0; written && same && c < trip->read.n_columns; c++) {
        int from = column_of(trip, c);
        struct voids voids = {0};
        if (from < 0)
            continue;
        same = column_compare(trip, c, (size_t)from, &voids);
        if (same)
            voids_add(trip, (size_t)from, &voids);
        compared++;
    }
    if (compared)
        conform_hold(record, CONFORM_ROUND_TRIP_RULE);
}

/* Encode may refuse such columns, and what it wrote may be more than the check's options read. */
static void trip_try(const struct conform_trial *t, struct conform_check *check, const char *what,
                     bool by_name, struct voids *voids)
{
    struct trip trip = {.trial = t, .by_name = by_name, .voids = voids};
    struct conform_trial with = *t;
    struct conform_knobs k = {.cells = &trip.read};
    struct conform_bench b;
    with.check = check;
    conform_record_trying(t->record, what);
    int32_t status = conform_try(&b, &with, &k);
    bool rejects = b.rejects.size > b.encode_rejects;
    if (!status && rejects && by_name)
        conform_break(t->record, CONFORM_ROUND_TRIP_RULE, "decode rejects what encode wrote: %.60s",
                      b.rejects.data + b.encode_rejects);
    if (!status && !rejects && trip.read.rows &&
        conform_table_cells(&check->tables[0], &trip.written) == QETL_OK) {
        rejected_remove(&b.rejects, &trip.written);
        trip_compare(&trip);
    }
    conform_record_trying(t->record, "");
    conform_bench_close(&b);
    conform_cells_free(&trip.written);
    conform_cells_free(&trip.read);
}

/* ---- other tables ---- */

static void turned_try(const struct conform_trial *t, struct voids *voids)
{
    struct conform_check other = *t->check;
    memset(&other.tables[0], 0, sizeof other.tables[0]);
    if (conform_table_turn(&t->check->tables[0], &other.tables[0]) == 0)
        trip_try(t, &other, "the columns backwards", true, voids);
    conform_table_free(&other.tables[0]);
}

static void types_try(const struct conform_trial *t, struct voids *voids)
{
    struct conform_check other = *t->check;
    const char *what;
    for (int which = 0;; which++) {
        memset(&other.tables[0], 0, sizeof other.tables[0]);
        what = conform_table_types(&other.tables[0], which);
        if (what)
            trip_try(t, &other, what, false, voids);
        conform_table_free(&other.tables[0]);
        if (!what)
            return;
    }
}

/* Why nothing can be tried; or NULL. */
static const char *why_not(const struct conform_trial *t)
{
    const struct qetl_format *format = t->component->format;
    if (!t->promised->writes || !format->encode || !t->promised->reads || !format->decode)
        return "the format does not read and write";
    if (t->check->one_way)
        return "the check says that it reads other than it writes (\"reads_back\": false)";
    return t->check->bytes ? "the check has bytes, which are read in place of what was written"
                           : NULL;
}

void conform_case_round_trip(const struct conform_trial *t)
{
    struct voids voids = {0};
    const char *why = why_not(t);
    if (why) {
        conform_skip(t->record, CONFORM_ROUND_TRIP_RULE, "%s", why);
        conform_skip(t->record, CONFORM_EMPTY_TEXTS_RULE, "%s", why);
        return;
    }
    trip_try(t, t->check, "", false, &voids);
    turned_try(t, &voids);
    types_try(t, &voids);
    voids_judge(t, &voids);
    conform_skip(t->record, CONFORM_ROUND_TRIP_RULE, "no column comes back under its name");
}
