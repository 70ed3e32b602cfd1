/* SPDX-License-Identifier: Apache-2.0 */
/* What the author of a check says that comes out: rows, rejected rows, files. */
#include "cases.h"

#include <fnmatch.h>
#include <stdio.h>

struct expecting {
    const struct conform_trial *trial;
    const json_t *rows, *rejected, *files; /* of the check; NULL: not said */
    struct conform_cells expected, given;
};

static const char *shown(const json_t *cell)
{
    return json_is_string(cell) ? json_string_value(cell) : "NULL";
}

static bool row_check(const struct expecting *e, size_t row)
{
    const json_t *expected = json_array_get(e->expected.rows, row),
                 *given = json_array_get(e->given.rows, row);
    for (size_t c = 0; c < e->expected.n_columns; c++) {
        int at = conform_cells_find(&e->given, e->expected.names[c]);
        const json_t *wanted = json_array_get(expected, c),
                     *came = json_array_get(given, (size_t)at);
        if (conform_cell_same(e->expected.kinds[c], wanted, e->given.kinds[at], came))
            continue;
        conform_break(e->trial->record, CONFORM_EXPECT_RULE,
                      "row %zu, column '%.40s': '%.80s' came, '%.80s' is expected", row + 1,
                      e->expected.names[c], shown(came), shown(wanted));
        return false;
    }
    return true;
}

/* One that is missing, or one more. */
static bool columns_check(const struct expecting *e)
{
    const struct conform_cells *sides[] = {&e->expected, &e->given};
    for (int s = 0; s < 2; s++)
        for (size_t c = 0; c < sides[s]->n_columns; c++)
            if (conform_cells_find(sides[!s], sides[s]->names[c]) < 0) {
                conform_break(e->trial->record, CONFORM_EXPECT_RULE, "column '%.60s' %s",
                              sides[s]->names[c], s ? "is not expected" : "does not come");
                return false;
            }
    return true;
}

static void rows_check(struct expecting *e, bool ndjson)
{
    struct conform_table table = {0};
    const char *text = json_string_value(e->rows);
    bool read = text && !conform_table_read(&table, text, ndjson, NULL) &&
                !conform_table_cells(&table, &e->expected);
    size_t wanted = json_array_size(e->expected.rows), came = json_array_size(e->given.rows);
    bool same = read && (!came || columns_check(e));
    if (!read)
        conform_break(e->trial->record, CONFORM_EXPECT_RULE,
                      "`expect` cannot be read: a text as in `input` is wanted");
    for (size_t row = 0; same && row < wanted && row < came; row++)
        same = row_check(e, row);
    if (same && wanted != came)
        conform_break(e->trial->record, CONFORM_EXPECT_RULE, "%zu rows came, %zu are expected",
                      came, wanted);
    conform_table_free(&table);
}

static void rejected_check(const struct expecting *e, const struct conform_bench *b)
{
    json_int_t n = 0;
    for (size_t i = 0; i < b->rejects.size; i++)
        n += b->rejects.data[i] == '\n';
    if (n != json_integer_value(e->rejected))
        conform_break(e->trial->record, CONFORM_EXPECT_RULE,
                      "%lld rows were rejected, %lld are expected", (long long)n,
                      (long long)json_integer_value(e->rejected));
}

/* What the files hold whose names the pattern takes, in the order of those. False: none has one. */
static bool files_find(const struct conform_tree *tree, const char *pattern,
                       struct conform_text *out)
{
    bool any = false;
    for (size_t i = 0; i < tree->n; i++) {
        const struct conform_leaf *leaf = &tree->leaves[i];
        if (fnmatch(pattern, leaf->name, FNM_PATHNAME | FNM_PERIOD))
            continue;
        conform_text_put(out, leaf->data.data, leaf->data.size);
        any = true;
    }
    return any;
}

static void files_check(const struct expecting *e, const struct conform_bench *b)
{
    const char *name;
    json_t *content;
    json_object_foreach ((json_t *)e->files, name, content) {
        struct conform_text wanted = {0}, found = {0};
        char difference[CONFORM_DIFFERENCE];
        conform_text_put(&wanted, json_string_value(content), json_string_length(content));
        if (!files_find(&b->tree, name, &found)) {
            conform_break(e->trial->record, CONFORM_EXPECT_RULE, "there is no file '%.100s'", name);
        } else if (!conform_text_same(&wanted, &found)) {
            conform_text_difference(&wanted, &found, difference, sizeof difference);
            conform_break(e->trial->record, CONFORM_EXPECT_RULE, "file '%.100s': %s", name,
                          difference);
        }
        conform_text_free(&wanted);
        conform_text_free(&found);
    }
}

/* The rows as they were given, once. */
static void tables_cut(struct conform_check *check)
{
    for (size_t i = 0; i < check->n_tables; i++) {
        struct conform_table *t = &check->tables[i];
        json_t *rows = json_array();
        for (size_t row = 0; row < t->own; row++)
            json_array_append(rows, json_array_get(t->rows, row));
        t->rows = rows;
    }
}

void conform_case_expect(const struct conform_trial *t)
{
    const json_t *entry = t->check->entry;
    struct expecting e = {.trial = t,
                          .rows = json_object_get(entry, "expect"),
                          .rejected = json_object_get(entry, "expect_rejected"),
                          .files = json_object_get(entry, "expect_files")};
    const char *format = json_string_value(json_object_get(entry, "input_format"));
    struct conform_check once = *t->check;
    struct conform_trial with = *t;
    struct conform_knobs k = {.cells = &e.given};
    struct conform_bench b;
    if (!e.rows && !e.rejected && !e.files) {
        conform_skip(t->record, CONFORM_EXPECT_RULE,
                     "the check does not say what comes out: "
                     "`expect`, `expect_rejected`, `expect_files`");
        return;
    }
    tables_cut(&once);
    with.check = &once;
    if (conform_try(&b, &with, &k))
        conform_break(t->record, CONFORM_EXPECT_RULE, "%s", b.error);
    else {
        if (e.rows)
            rows_check(&e, format && strcmp(format, "ndjson") == 0);
        if (e.rejected)
            rejected_check(&e, &b);
        if (e.files)
            files_check(&e, &b);
        conform_hold(t->record, CONFORM_EXPECT_RULE);
    }
    conform_bench_close(&b);
    for (size_t i = 0; i < once.n_tables; i++)
        json_decref(once.tables[i].rows);
    conform_cells_free(&e.expected);
    conform_cells_free(&e.given);
}
