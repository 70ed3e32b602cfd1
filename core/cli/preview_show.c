/* SPDX-License-Identifier: Apache-2.0 */
/* What a preview found, for people and for machines. */
#include "preview.h"

#include "data/json_text.h"
#include "show/report.h"
#include "show/row_table.h"
#include "show/style.h"
#include "show/wrap.h"

#include <string.h>

enum { INDENT = 12 };

/* ---- for machines ---- */

static json_t *columns_json(const struct qetl_shown_rows *rows)
{
    json_t *columns = json_array();
    for (int64_t c = 0; c < rows->n_columns; c++)
        json_array_append_new(columns,
                              json_pack("{s:o, s:o}", "name", qetl_json_text(rows->columns[c].name),
                                        "type", qetl_json_text(rows->columns[c].type)));
    return columns;
}

static json_t *output_json(const struct qetl_preview *p, const struct qetl_shown_rows *rows)
{
    json_t *list = json_array();
    for (int64_t r = 0; r < rows->n_rows; r++)
        json_array_append_new(list, qetl_shown_row_json(rows, r));
    return json_pack("{s:s?, s:o, s:o, s:I}", "port", qetl_shown_port(&p->capture, rows), "columns",
                     columns_json(rows), "rows", list, "passed", (json_int_t)rows->passed);
}

static json_t *letter_json(const struct qetl_shown_letter *letter)
{
    json_t *row = letter->row > 0 ? json_integer(letter->row) : json_null();
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "code", letter->code, "message",
                     qetl_json_text(letter->message), "column", qetl_json_text(letter->column),
                     "object", qetl_json_text(letter->object), "row", row, "original",
                     qetl_json_text(letter->original));
}

static json_t *component_json(const struct qetl_preview *p, size_t n)
{
    const struct qetl_node *node = &p->pipeline->nodes[n];
    const struct qetl_counts *counts = &p->report.components[n].counts;
    json_t *outputs = json_array(), *letters = json_array();
    for (size_t i = 0; i < p->capture.n_outputs; i++)
        if (p->capture.outputs[i].node == n)
            json_array_append_new(outputs, output_json(p, &p->capture.outputs[i]));
    for (size_t i = 0; i < p->capture.n_letters; i++)
        if (p->capture.letters[i].node == n)
            json_array_append_new(letters, letter_json(&p->capture.letters[i]));
    int64_t sample = 0;
    const char *inferred = qetl_run_inferred(p->run, n, &sample);
    return json_pack("{s:s, s:s, s:s, s:s?, s:o, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "id",
                     node->id, "kind", qetl_kind_word(node->kind), "plugin", node->use.plugin->id,
                     "format", qetl_run_format(p->run, n), "inferred", qetl_json_text(inferred),
                     "sample_bytes", (json_int_t)sample, "rows_in", (json_int_t)counts->rows_in,
                     "rows_out", (json_int_t)counts->rows_out, "rows_filtered",
                     (json_int_t)counts->rows_filtered, "rows_rejected",
                     (json_int_t)counts->rows_rejected, "outputs", outputs, "rejected", letters);
}

json_t *qetl_preview_json(const struct qetl_preview *p)
{
    json_t *components = json_array();
    for (size_t n = 0; n < p->pipeline->n_nodes; n++)
        if (p->shown[n])
            json_array_append_new(components, component_json(p, n));
    return json_pack("{s:o, s:b}", "components", components, "complete",
                     !qetl_run_cut_short(p->run));
}

/* ---- for people ---- */

static void show_counts(const struct qetl_preview *p, size_t n)
{
    const struct qetl_counts *c = &p->report.components[n].counts;
    const struct {
        int64_t rows;
        const char *word;
    } terms[] = {{c->rows_filtered, "filtered"},
                 {c->rows_rejected, "rejected"},
                 {c->rows_added, "added"},
                 {c->rows_reduced, "reduced"}};
    char text[QETL_NUMBER_MAX], other[QETL_NUMBER_MAX];
    fprintf(p->out, "  %s rows in, %s out", qetl_number_text(c->rows_in, text),
            qetl_number_text(c->rows_out, other));
    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++)
        if (terms[i].rows)
            fprintf(p->out, ", %s %s", qetl_number_text(terms[i].rows, text), terms[i].word);
    fprintf(p->out, "%s\n", p->pipeline->nodes[n].kind == QETL_SINK ? "; nothing was written" : "");
}

static void show_head(const struct qetl_preview *p, size_t n)
{
    const struct qetl_node *node = &p->pipeline->nodes[n];
    const char *format = qetl_run_format(p->run, n);
    const char *bold = p->colour ? "\033[1m" : "", *plain = p->colour ? "\033[0m" : "";
    fprintf(p->out, "%s%s%s  %s %s%s%s\n", bold, node->id, plain, qetl_kind_word(node->kind),
            node->use.plugin->id, format ? ", " : "", format ? format : "");
    int64_t sample;
    char size[QETL_NUMBER_MAX];
    const char *inferred = qetl_run_inferred(p->run, n, &sample);
    if (inferred)
        fprintf(p->out, "  %s (from the first %s)\n", inferred, qetl_bytes_text(sample, size));
}

static void show_original(const struct qetl_preview *p, const struct qetl_shown_letter *letter)
{
    if (!letter->original)
        return;
    size_t size = strlen(letter->original);
    while (size && (letter->original[size - 1] == '\n' || letter->original[size - 1] == '\r'))
        size--;
    const struct qetl_shown_cell cell = {letter->original, (int64_t)size};
    char text[1024];
    qetl_cell_shown(&cell, QETL_CELL_NUMBER, p->width - INDENT, text, sizeof text);
    fprintf(p->out, "%*s%s\n", INDENT, "", text);
}

static void show_letters(const struct qetl_preview *p, size_t n)
{
    for (size_t i = 0; i < p->capture.n_letters; i++) {
        const struct qetl_shown_letter *letter = &p->capture.letters[i];
        if (letter->node != n)
            continue;
        char line[2048], place[512] = "";
        if (letter->row > 0)
            snprintf(place, sizeof place, "row %lld%s%s: ", (long long)letter->row,
                     letter->object ? " of " : "", letter->object ? letter->object : "");
        snprintf(line, sizeof line, "%s%s%s%s: %s", place, letter->column ? letter->column : "",
                 letter->column ? ": " : "", letter->code, letter->message);
        fprintf(p->out, "  rejected  ");
        qetl_wrap(line, INDENT, INDENT, p->width, p->out);
        show_original(p, letter);
    }
}

static void show_rows(const struct qetl_preview *p, const struct qetl_shown_rows *rows)
{
    const char *port = qetl_shown_port(&p->capture, rows);
    char text[QETL_NUMBER_MAX];
    if (port)
        fprintf(p->out, "  %s: %s rows\n", port, qetl_number_text(rows->passed, text));
    if (rows->n_columns < 0)
        return;
    if (rows->n_columns)
        qetl_row_table(rows, p->width, p->colour, p->out);
    if (!rows->n_rows)
        fprintf(p->out, "%s\n", "  no rows");
}

/* A sink shows what its inputs show already, unless it was asked for by name. */
void qetl_preview_print(const struct qetl_preview *p)
{
    bool first = true;
    for (size_t n = 0; n < p->pipeline->n_nodes; n++) {
        bool sink = p->pipeline->nodes[n].kind == QETL_SINK;
        if (!p->shown[n])
            continue;
        if (!first)
            fputc('\n', p->out);
        first = false;
        show_head(p, n);
        show_counts(p, n);
        for (size_t i = 0; i < p->capture.n_outputs; i++)
            if (p->capture.outputs[i].node == n && (!sink || p->named))
                show_rows(p, &p->capture.outputs[i]);
        show_letters(p, n);
    }
    if (qetl_run_cut_short(p->run) && !p->quiet)
        fprintf(p->out, "%s\n", "\nThere may be more: the sources were not read to their end.");
}
