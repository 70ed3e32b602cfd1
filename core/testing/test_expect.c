/* SPDX-License-Identifier: Apache-2.0 */
/* What came out of a tested pipeline against what was expected. */
#include "test.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

/* ---- rows ---- */

static bool is_place(const struct qetl_capture *capture, const struct qetl_shown_rows *rows,
                     const char *place)
{
    const struct qetl_node *node = &capture->pipeline->nodes[rows->node];
    const char *port = qetl_shown_port(capture, rows);
    size_t size = strlen(node->id);
    if (strncmp(place, node->id, size) != 0)
        return false;
    if (!place[size])
        return !port; /* of a sink all inputs */
    return place[size] == '.' && port && strcmp(place + size + 1, port) == 0;
}

static int rows_append(struct qetl_shown_rows *to, const struct qetl_shown_rows *from)
{
    if (from->n_columns < 0)
        return 0;
    size_t size = (size_t)((to->n_rows + from->n_rows) * from->n_columns) + 1;
    struct qetl_shown_cell *cells = realloc(to->cells, size * sizeof *cells);
    if (!cells)
        return -1;
    to->cells = cells;
    if (from->n_rows)
        memcpy(cells + to->n_rows * from->n_columns, from->cells,
               (size_t)(from->n_rows * from->n_columns) * sizeof *cells);
    to->columns = from->columns;
    to->n_columns = from->n_columns;
    to->n_rows += from->n_rows;
    to->passed += from->passed;
    return 0;
}

/* The rows of a place, those of all inputs of a sink together: cells are borrowed. -1: nowhere. */
static int rows_at(const struct qetl_capture *capture, const char *place,
                   struct qetl_shown_rows *out)
{
    size_t found = 0;
    *out = (struct qetl_shown_rows){.n_columns = -1};
    for (size_t i = 0; i < capture->n_outputs; i++) {
        const struct qetl_shown_rows *rows = &capture->outputs[i];
        if (!is_place(capture, rows, place))
            continue;
        if (found++ && out->n_columns >= 0 && rows->n_columns != out->n_columns)
            return -1;
        out->node = rows->node;
        if (rows_append(out, rows))
            return -1;
    }
    return found ? 0 : -1;
}

static void print_actual(const struct qetl_shown_rows *rows, struct qetl_verdict *verdict)
{
    fprintf(verdict->out, "  what came:\n");
    for (int64_t r = 0; r < rows->n_rows; r++) {
        json_t *row = qetl_shown_row_json(rows, r);
        fprintf(verdict->out, "    - ");
        json_dumpf(row, verdict->out, JSON_REAL_PRECISION(15));
        fputc('\n', verdict->out);
        json_decref(row);
    }
}

static size_t line_size(const char *text)
{
    return strcspn(text, "\n");
}

static void text_check(const char *place, const char *wanted, const char *got, size_t size,
                       struct qetl_verdict *verdict)
{
    if (strlen(wanted) == size && memcmp(wanted, got, size) == 0)
        return;
    size_t line = 1;
    while (line_size(wanted) == line_size(got) && strncmp(wanted, got, line_size(got)) == 0 &&
           wanted[line_size(wanted)] && got[line_size(got)]) {
        wanted += line_size(wanted) + 1;
        got += line_size(got) + 1;
        line++;
    }
    qetl_test_fail(verdict, "%s: what is written differs in line %zu", place, line);
    fprintf(verdict->out, "  - %.*s%s\n", (int)line_size(wanted), wanted,
            wanted[line_size(wanted)] ? "" : "  (no line end)");
    fprintf(verdict->out, "  + %.*s%s\n  - expected, + came\n", (int)line_size(got), got,
            got[line_size(got)] ? "" : "  (no line end)");
}

static void expect_place(const struct qetl_test_case *test, const char *place,
                         const json_t *expectation, const struct qetl_capture *capture,
                         const struct qetl_mocks *mocks, struct qetl_verdict *verdict)
{
    struct qetl_shown_rows rows;
    size_t before = verdict->n_failures, size;
    (void)test;
    if (rows_at(capture, place, &rows)) {
        qetl_test_fail(verdict,
                       "the pipeline has no place '%s' (a component, or COMPONENT.OUTPUT where "
                       "there are several)",
                       place);
        free(rows.cells);
        return;
    }
    const struct qetl_node *node = &capture->pipeline->nodes[rows.node];
    json_t *form = json_copy((json_t *)expectation);
    if (node->n_inputs > 1 && node->kind == QETL_SINK && !json_object_get(form, "order"))
        json_object_set_new(form, "order", json_string("any"));
    qetl_test_rows(place, form, &rows, verdict);
    json_decref(form);
    const char *wanted = json_string_value(json_object_get(expectation, "text"));
    const char *got = node->kind == QETL_SINK ? qetl_mocks_written(mocks, rows.node, &size) : NULL;
    if (wanted && !got)
        qetl_test_fail(verdict, "%s: there is no text; a sink with a format has one", place);
    else if (wanted)
        text_check(place, wanted, got, size, verdict);
    if (verdict->n_failures > before && verdict->shows_actual)
        print_actual(&rows, verdict);
    free(rows.cells);
}

/* ---- rejected rows ---- */

static bool text_fits(const json_t *wanted, const char *text)
{
    return !wanted || (text && strcmp(json_string_value(wanted), text) == 0);
}

static bool pattern_fits(const json_t *pattern, const char *text)
{
    regex_t regex;
    if (!pattern)
        return true;
    if (regcomp(&regex, json_string_value(pattern), REG_EXTENDED | REG_NOSUB))
        return strstr(text, json_string_value(pattern)) != NULL;
    bool fits = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return fits;
}

static bool letter_fits(const struct qetl_capture *capture, const struct qetl_shown_letter *letter,
                        const json_t *wanted)
{
    const json_t *row = json_object_get(wanted, "row");
    return text_fits(json_object_get(wanted, "component"),
                     capture->pipeline->nodes[letter->node].id) &&
           text_fits(json_object_get(wanted, "code"), letter->code) &&
           text_fits(json_object_get(wanted, "column"), letter->column) &&
           pattern_fits(json_object_get(wanted, "message"), letter->message) &&
           (!row || json_integer_value(row) == letter->row);
}

static void say_unexpected(const struct qetl_capture *capture,
                           const struct qetl_shown_letter *letter, struct qetl_verdict *verdict)
{
    qetl_test_fail(verdict, "a row was rejected that nobody expected");
    fprintf(verdict->out, "  - {component: %s, code: %s", capture->pipeline->nodes[letter->node].id,
            letter->code);
    if (letter->column)
        fprintf(verdict->out, ", column: %s", letter->column);
    if (letter->row > 0)
        fprintf(verdict->out, ", row: %lld", (long long)letter->row);
    fprintf(verdict->out, "}\n    %s\n", letter->message);
}

static void expect_rejected(const json_t *list, const struct qetl_capture *capture,
                            struct qetl_verdict *verdict)
{
    size_t i;
    json_t *wanted;
    bool *met = calloc(capture->n_letters + 1, sizeof *met);
    json_array_foreach (list, i, wanted) {
        const json_t *count = json_object_get(wanted, "count");
        json_int_t fits = 0;
        for (size_t l = 0; met && l < capture->n_letters; l++) {
            bool fit = letter_fits(capture, &capture->letters[l], wanted);
            met[l] |= fit;
            fits += fit;
        }
        if (count ? fits == json_integer_value(count) : fits > 0)
            continue;
        char *text = json_dumps(wanted, JSON_COMPACT);
        if (count)
            qetl_test_fail(verdict, "%lld rows were rejected as %s, expected %lld", (long long)fits,
                           text ? text : "?", (long long)json_integer_value(count));
        else
            qetl_test_fail(verdict, "no row was rejected as %s", text ? text : "?");
        free(text);
    }
    for (size_t l = 0; met && l < capture->n_letters; l++)
        if (!met[l])
            say_unexpected(capture, &capture->letters[l], verdict);
    free(met);
}

/* ---- counts ---- */

static void expect_count(const char *id, const json_t *wanted, const struct qetl_counts *counts,
                         struct qetl_verdict *verdict)
{
    const struct {
        const char *word;
        int64_t rows;
    } have[] = {{"in", counts->rows_in},
                {"out", counts->rows_out},
                {"filtered", counts->rows_filtered},
                {"rejected", counts->rows_rejected},
                {"added", counts->rows_added},
                {"reduced", counts->rows_reduced}};
    for (size_t i = 0; i < sizeof have / sizeof have[0]; i++) {
        const json_t *count = json_object_get(wanted, have[i].word);
        if (count && json_integer_value(count) != have[i].rows)
            qetl_test_fail(verdict, "%s: expected %lld rows %s, got %lld", id,
                           (long long)json_integer_value(count), have[i].word,
                           (long long)have[i].rows);
    }
}

static void expect_counts(const json_t *counts, const struct qetl_run_report *report,
                          struct qetl_verdict *verdict)
{
    const char *id;
    json_t *wanted;
    json_object_foreach ((json_t *)counts, id, wanted) {
        size_t n = 0;
        while (n < report->n_components && strcmp(report->components[n].id, id) != 0)
            n++;
        if (n < report->n_components)
            expect_count(id, wanted, &report->components[n].counts, verdict);
        else
            qetl_test_fail(verdict, "counts: the pipeline has no component '%s'", id);
    }
}

void qetl_test_expect(const struct qetl_test_case *test, const struct qetl_capture *capture,
                      const struct qetl_mocks *mocks, const struct qetl_run_report *report,
                      struct qetl_verdict *verdict)
{
    const char *place;
    json_t *expectation;
    json_object_foreach (json_object_get(test->json, "expect"), place, expectation) {
        expect_place(test, place, expectation, capture, mocks, verdict);
    }
    expect_rejected(json_object_get(test->json, "rejected"), capture, verdict);
    expect_counts(json_object_get(test->json, "counts"), report, verdict);
}
