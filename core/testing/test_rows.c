/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that came against rows that were expected: which belong together, and what differs. */
#include "test.h"

#include "config/suggest.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGN_MOST = 2000 }; /* rows a side; more are compared one by one */

struct match {
    const char *where;
    const json_t *wanted; /* the expected rows */
    size_t n_wanted, n_got;
    const struct qetl_shown_rows *got;
    const char **names; /* the expected columns */
    int64_t *columns;   /* where each of them stands */
    size_t n_names;
    struct qetl_diff *diff;
    size_t n_diff;
    struct qetl_verdict *verdict;
};

/* ---- columns ---- */

static int64_t column_find(const struct qetl_shown_rows *rows, const char *name)
{
    for (int64_t c = 0; c < rows->n_columns; c++)
        if (strcmp(rows->columns[c].name, name) == 0)
            return c;
    return -1;
}

/* All keys of the expected rows, in the order in which they come up. */
static int names_collect(struct match *m)
{
    size_t i;
    json_t *row, *value;
    const char *key;
    json_t *seen = json_object();
    json_array_foreach (m->wanted, i, row) {
        json_object_foreach (row, key, value) {
            json_object_set_new(seen, key, json_true());
        }
    }
    m->names = calloc(json_object_size(seen) + 1, sizeof *m->names);
    m->columns = calloc(json_object_size(seen) + 1, sizeof *m->columns);
    json_array_foreach (m->wanted, i, row) {
        json_object_foreach (row, key, value) {
            if (m->names && m->columns && json_object_del(seen, key) == 0)
                m->names[m->n_names++] = key;
        }
    }
    json_decref(seen);
    return m->names && m->columns ? 0 : -1;
}

static void say_missing(const struct match *m, const char *name)
{
    struct qetl_suggest suggest;
    char list[512] = "";
    qetl_suggest_init(&suggest, name);
    for (int64_t c = 0; c < m->got->n_columns; c++) {
        size_t at = strlen(list);
        qetl_suggest_offer(&suggest, m->got->columns[c].name);
        snprintf(list + at, sizeof list - at, "%s%s", at ? ", " : "", m->got->columns[c].name);
    }
    qetl_test_fail(m->verdict, "%s: there is no column '%s'; there are: %s%s%s%s", m->where, name,
                   list, suggest.best ? " (did you mean '" : "", suggest.best ? suggest.best : "",
                   suggest.best ? "'?)" : "");
}

static bool columns_match(struct match *m, bool all)
{
    size_t before = m->verdict->n_failures;
    for (size_t i = 0; i < m->n_names; i++) {
        m->columns[i] = column_find(m->got, m->names[i]);
        if (m->columns[i] < 0)
            say_missing(m, m->names[i]);
    }
    for (int64_t c = 0; all && m->n_names && c < m->got->n_columns; c++) {
        bool known = false;
        for (size_t i = 0; i < m->n_names; i++)
            known |= m->columns[i] == c;
        if (!known)
            qetl_test_fail(m->verdict,
                           "%s: the column '%s' is in no expected row (columns: some allows it)",
                           m->where, m->got->columns[c].name);
    }
    return m->verdict->n_failures == before;
}

/* ---- rows ---- */

static bool cell_same(const struct match *m, size_t wanted, size_t got, size_t name)
{
    const json_t *row = json_array_get(m->wanted, wanted);
    int64_t c = m->columns[name];
    return qetl_test_same(json_object_get(row, m->names[name]), &m->got->columns[c],
                          qetl_shown_at(m->got, (int64_t)got, c));
}

static bool row_same(const struct match *m, size_t wanted, size_t got)
{
    for (size_t i = 0; i < m->n_names; i++)
        if (!cell_same(m, wanted, got, i))
            return false;
    return true;
}

static void diff_add(struct match *m, char op, size_t wanted, size_t got)
{
    m->diff[m->n_diff++] = (struct qetl_diff){op, wanted, got};
}

/* The longest common subsequence of both, by the usual table. */
static int align(struct match *m)
{
    size_t rows = m->n_wanted + 1, columns = m->n_got + 1;
    uint16_t *best = calloc(rows * columns, sizeof *best);
    if (!best)
        return -1;
    for (size_t i = m->n_wanted; i-- > 0;)
        for (size_t j = m->n_got; j-- > 0;) {
            uint16_t down = best[(i + 1) * columns + j], right = best[i * columns + j + 1];
            best[i * columns + j] = row_same(m, i, j)
                                        ? (uint16_t)(best[(i + 1) * columns + j + 1] + 1)
                                    : down > right ? down
                                                   : right;
        }
    size_t i = 0, j = 0;
    while (i < m->n_wanted && j < m->n_got) {
        if (row_same(m, i, j))
            diff_add(m, '=', i++, j++);
        else if (best[(i + 1) * columns + j] >= best[i * columns + j + 1])
            diff_add(m, '-', i++, 0);
        else
            diff_add(m, '+', 0, j++);
    }
    while (i < m->n_wanted)
        diff_add(m, '-', i++, 0);
    while (j < m->n_got)
        diff_add(m, '+', 0, j++);
    free(best);
    return 0;
}

static void one_by_one(struct match *m)
{
    for (size_t i = 0; i < m->n_wanted || i < m->n_got; i++) {
        bool both = i < m->n_wanted && i < m->n_got;
        if (both && row_same(m, i, i)) {
            diff_add(m, '=', i, i);
            continue;
        }
        if (i < m->n_wanted)
            diff_add(m, '-', i, 0);
        if (i < m->n_got)
            diff_add(m, '+', 0, i);
    }
}

static size_t cells_alike(const struct match *m, size_t wanted, size_t got)
{
    size_t alike = 0;
    for (size_t i = 0; i < m->n_names; i++)
        alike += cell_same(m, wanted, got, i);
    return alike;
}

/* In any order: each expected row takes an equal one; of those left over, the most alike are shown
 * together. */
static int pair_up(struct match *m)
{
    bool *taken = calloc(m->n_got + 1, sizeof *taken), *met = calloc(m->n_wanted + 1, sizeof *met);
    for (size_t i = 0; taken && met && i < m->n_wanted; i++)
        for (size_t j = 0; !met[i] && j < m->n_got; j++)
            if (!taken[j] && row_same(m, i, j)) {
                taken[j] = met[i] = true;
                diff_add(m, '=', i, j);
            }
    for (size_t i = 0; taken && met && i < m->n_wanted; i++) {
        size_t best = m->n_got, most = 0;
        if (met[i])
            continue;
        for (size_t j = 0; j < m->n_got; j++)
            if (!taken[j] && cells_alike(m, i, j) > most)
                most = cells_alike(m, i, best = j);
        diff_add(m, '-', i, 0);
        if (best < m->n_got) {
            taken[best] = true;
            diff_add(m, '+', 0, best);
        }
    }
    for (size_t j = 0; taken && met && j < m->n_got; j++)
        if (!taken[j])
            diff_add(m, '+', 0, j);
    int failed = taken && met ? 0 : -1;
    free(taken);
    free(met);
    return failed;
}

/* The first expected row that came, but elsewhere. */
static bool say_moved(const struct match *m)
{
    for (size_t i = 0; i < m->n_diff; i++)
        for (size_t j = 0; m->diff[i].op == '-' && j < m->n_diff; j++)
            if (m->diff[j].op == '+' && row_same(m, m->diff[i].expected, m->diff[j].got)) {
                qetl_test_fail(m->verdict, "%s: row %zu came in another order, as row %zu",
                               m->where, m->diff[i].expected + 1, m->diff[j].got + 1);
                return true;
            }
    return false;
}

/* The first place where both sides have a row, and its first cell that differs. */
static void say_first(struct match *m)
{
    size_t at = 0;
    while (m->diff[at].op == '=')
        at++;
    size_t wanted = m->n_wanted, got = m->n_got;
    for (size_t i = at; i < m->n_diff && m->diff[i].op != '='; i++) {
        if (m->diff[i].op == '-' && wanted == m->n_wanted)
            wanted = m->diff[i].expected;
        if (m->diff[i].op == '+' && got == m->n_got)
            got = m->diff[i].got;
    }
    if (got == m->n_got) {
        qetl_test_fail(m->verdict, "%s: expected row %zu did not come", m->where, wanted + 1);
        return;
    }
    if (wanted == m->n_wanted) {
        qetl_test_fail(m->verdict, "%s: row %zu was not expected", m->where, got + 1);
        return;
    }
    size_t name = 0;
    while (name + 1 < m->n_names && cell_same(m, wanted, got, name))
        name++;
    const json_t *cell = json_object_get(json_array_get(m->wanted, wanted), m->names[name]);
    const struct qetl_shown_column *column = &m->got->columns[m->columns[name]];
    const struct qetl_shown_cell *came = qetl_shown_at(m->got, (int64_t)got, m->columns[name]);
    char *text =
        cell ? json_dumps(cell, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
    json_t *got_json = qetl_shown_json(column, came);
    char *got_text = json_dumps(got_json, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
    qetl_test_fail(m->verdict, "%s: row %zu, column '%s' (%s): expected %.200s, got %.200s",
                   m->where, got + 1, m->names[name], column->type, text ? text : "null",
                   got_text ? got_text : "?");
    json_decref(got_json);
    free(text);
    free(got_text);
}

static void types_check(const char *where, const json_t *types, const struct qetl_shown_rows *rows,
                        struct qetl_verdict *verdict)
{
    const char *name;
    json_t *type;
    json_object_foreach ((json_t *)types, name, type) {
        int64_t c = column_find(rows, name);
        if (c < 0)
            qetl_test_fail(verdict, "%s: there is no column '%s'", where, name);
        else if (strcmp(rows->columns[c].type, json_string_value(type)) != 0)
            qetl_test_fail(verdict, "%s: column '%s' is %s, expected %s", where, name,
                           rows->columns[c].type, json_string_value(type));
    }
}

static void rows_check(struct match *m, bool ordered)
{
    m->diff = calloc(m->n_wanted + m->n_got + 1, sizeof *m->diff);
    bool few = m->n_wanted <= ALIGN_MOST && m->n_got <= ALIGN_MOST;
    int failed = !m->diff;
    if (!failed && !ordered)
        failed = pair_up(m);
    else if (!failed && few)
        failed = align(m);
    else if (!failed)
        one_by_one(m);
    if (failed) {
        qetl_test_fail(m->verdict, "%s: no memory to compare rows", m->where);
        return;
    }
    size_t differ = 0;
    for (size_t i = 0; i < m->n_diff; i++)
        differ += m->diff[i].op != '=';
    if (!differ)
        return;
    if (!say_moved(m))
        say_first(m);
    qetl_test_diff_print(m->wanted, m->got, m->columns, m->names, m->n_names, m->diff, m->n_diff,
                         m->verdict);
}

void qetl_test_rows(const char *where, const json_t *expectation,
                    const struct qetl_shown_rows *rows, struct qetl_verdict *verdict)
{
    const char *order = json_string_value(json_object_get(expectation, "order"));
    const char *columns = json_string_value(json_object_get(expectation, "columns"));
    const json_t *count = json_object_get(expectation, "count");
    if (count && json_integer_value(count) != rows->passed)
        qetl_test_fail(verdict, "%s: expected %lld rows, got %lld", where,
                       (long long)json_integer_value(count), (long long)rows->passed);
    types_check(where, json_object_get(expectation, "types"), rows, verdict);
    struct match m = {.where = where,
                      .wanted = json_object_get(expectation, "rows"),
                      .got = rows,
                      .n_got = (size_t)rows->n_rows,
                      .verdict = verdict};
    if (!m.wanted)
        return;
    m.n_wanted = json_array_size(m.wanted);
    if (names_collect(&m))
        qetl_test_fail(verdict, "%s: no memory to compare rows", where);
    else if (!m.n_got && m.n_wanted)
        qetl_test_fail(verdict, "%s: expected %zu rows, none came", where, m.n_wanted);
    else if (columns_match(&m, !columns || strcmp(columns, "some") != 0))
        rows_check(&m, !order || strcmp(order, "any") != 0);
    free(m.names);
    free(m.columns);
    free(m.diff);
}
