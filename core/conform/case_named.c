/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a transform finds columns by the names that its options have, and not where they happen
 * to stand in the check's input. */
#include "binding.h"
#include "cases.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

/* As a word, since expressions hold names, too. */
static bool is_said(const char *options, const char *name)
{
    size_t size = strlen(name);
    for (const char *at = options; size && (at = strstr(at, name)); at++)
        if (!isalnum((unsigned char)at[size]) && at[size] != '_' &&
            (at == options || (!isalnum((unsigned char)at[-1]) && at[-1] != '_')))
            return true;
    return false;
}

/* Whether options name each column that is read: others may be meant by their places. */
static bool are_named(const struct conform_trial *t)
{
    static const struct conform_knobs plain = {0};
    struct conform_binding binding;
    struct conform_bench b;
    char *options = json_dumps(t->check->options, JSON_COMPACT | JSON_ENCODE_ANY);
    conform_scratch(t);
    bool named = !conform_bench_open(&b, t, &plain) && options && !conform_bench_start(&b) &&
                 !conform_bind(&b, &binding);
    for (size_t i = 0; named && i < t->check->n_tables; i++) {
        const struct ArrowSchema *schema = &t->check->tables[i].schema;
        for (int64_t c = 0; named && c < schema->n_children && c < 64; c++)
            named = !(binding.reads[i] >> c & 1) || is_said(options, schema->children[c]->name);
        if (!named)
            conform_binding_free(&binding);
    }
    if (named)
        conform_binding_free(&binding);
    conform_bench_close(&b);
    free(options);
    return named;
}

static const char *shown(const json_t *cell)
{
    return json_is_string(cell) ? json_string_value(cell) : "NULL";
}

static bool column_same(const struct conform_trial *t, const struct conform_cells *was, size_t c,
                        const struct conform_cells *is)
{
    int at = conform_cells_find(is, was->names[c]);
    const json_t *row;
    size_t i;
    if (at < 0) {
        conform_break(t->record, CONFORM_BIND_NAMES_RULE, "column '%.60s' does not come",
                      was->names[c]);
        return false;
    }
    json_array_foreach (was->rows, i, row) {
        const json_t *came = json_array_get(json_array_get(is->rows, i), (size_t)at);
        if (json_equal(json_array_get(row, c), came))
            continue;
        conform_break(t->record, CONFORM_BIND_NAMES_RULE,
                      "row %zu, column '%.40s': '%.60s' comes in place of '%.60s', though the "
                      "options name all columns that are read",
                      i + 1, was->names[c], shown(came), shown(json_array_get(row, c)));
        return false;
    }
    return true;
}

static void cells_compare(const struct conform_trial *t, const struct conform_cells *was,
                          const struct conform_cells *is)
{
    size_t rows = json_array_size(was->rows), came = json_array_size(is->rows);
    bool same = rows == came;
    if (!same)
        conform_break(t->record, CONFORM_BIND_NAMES_RULE, "%zu rows come in place of %zu", came,
                      rows);
    for (size_t c = 0; same && rows && c < was->n_columns; c++)
        same = column_same(t, was, c, is);
    if (same && rows)
        conform_hold(t->record, CONFORM_BIND_NAMES_RULE);
}

void conform_case_named(const struct conform_trial *t)
{
    const enum conform_rule_id rule = CONFORM_BIND_NAMES_RULE;
    struct conform_cells was = {0}, is = {0};
    struct conform_check other = *t->check;
    struct conform_trial with = *t;
    struct conform_knobs k = {.cells = &was};
    struct conform_bench forward, backward;
    if (t->record->unruly || !are_named(t)) {
        conform_skip(t->record, rule,
                     t->record->unruly ? "two equal runs have different outcomes"
                                       : "it reads columns that its options do not name");
        return;
    }
    memset(other.tables, 0, sizeof other.tables);
    with.check = &other;
    for (size_t i = 0; i < other.n_tables; i++)
        conform_table_turn(&t->check->tables[i], &other.tables[i]);
    int32_t status = conform_try(&forward, t, &k);
    k.cells = &is;
    conform_record_trying(t->record, "the columns backwards");
    if (!status && conform_try(&backward, &with, &k))
        conform_break(t->record, rule, "%s", backward.error);
    else if (!status)
        cells_compare(t, &was, &is);
    conform_record_trying(t->record, "");
    if (!status)
        conform_bench_close(&backward);
    conform_bench_close(&forward);
    for (size_t i = 0; i < other.n_tables; i++)
        conform_table_free(&other.tables[i]);
    conform_cells_free(&was);
    conform_cells_free(&is);
    conform_skip(t->record, rule, "no row comes out of the first output");
}
