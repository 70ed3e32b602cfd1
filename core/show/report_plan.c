/* SPDX-License-Identifier: Apache-2.0 */
#include "report_plan.h"

#include "display.h"
#include "report.h"
#include "report_table.h"
#include "wrap.h"

#include <qetl/plugin.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

const char *qetl_part_word(enum qetl_run_part part)
{
    static const char *const words[] = {"read", "decode", "transform", "encode", "write"};
    return words[part];
}

/* What becomes of a column on its way out of a component. */
static const char *travels(const struct qetl_run_column *column)
{
    uint32_t text = column->forms & (QETL_FORM_LEXICAL | QETL_FORM_CHECKED);
    if (!column->forms)
        return "dropped: nobody reads it";
    if (column->forms == QETL_FORM_LEXICAL)
        return "as it stands";
    if (column->forms == text)
        return "as it stands, checked against the type";
    return text ? "as it stands, and as a value" : "as a value";
}

static const char *is_read(const struct qetl_run_column *column)
{
    uint32_t text = column->forms & (QETL_FORM_LEXICAL | QETL_FORM_CHECKED);
    if (!column->forms)
        return "";
    return text && column->forms & QETL_FORM_VALUE ? "value and text" : text ? "text" : "value";
}

static void heading(FILE *out, const char *id, const struct qetl_run_component *c, int colour)
{
    char *shown = qetl_display_printable(id, strlen(id));
    fprintf(out, "\n%s%s%s  %s %s", colour ? "\033[1m" : "", shown ? shown : "?",
            colour ? "\033[0m" : "", qetl_kind_word(c->node->kind), c->node->use.plugin->id);
    if (c->format)
        fprintf(out, ", %s", c->format);
    if (c->untouched)
        fputs(": passes columns on, touching nothing", out);
    if (c->pushed == QETL_PUSH_EXACT)
        fputs(": its source leaves out what it would filter", out);
    if (c->pushed == QETL_PUSH_PARTIAL)
        fputs(": its source leaves out some of what it would filter", out);
    if (c->readers > 1)
        fprintf(out, ": %u at a time read a part each, whose rows come in any order", c->readers);
    if (c->in_order_for)
        fprintf(out, ": one reads it all, as its order serves %s", c->in_order_for->id);
    if (c->limited >= 0)
        fprintf(out, ": at most %lld rows, as no more are needed", (long long)c->limited);
    if (c->stateful)
        fputs(": keeps state, so one replica sees every row", out);
    fputc('\n', out);
    free(shown);
}

/* ---- the stages ---- */

/* "orders decode (csv) > big > out encode (ndjson)" */
static char *steps_text(const struct qetl_run_description *d, const struct qetl_run_stage *stage)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    for (size_t s = 0; s < stage->n_steps; s++) {
        const struct qetl_run_component *c = &d->components[stage->steps[s].component];
        enum qetl_run_part part = stage->steps[s].part;
        bool coded = part == QETL_RUN_DECODES || part == QETL_RUN_ENCODES;
        fprintf(out, "%s%s", s ? " > " : "", c->node->id);
        if (part != QETL_RUN_TRANSFORMS)
            fprintf(out, " %s", qetl_part_word(part));
        if (coded && c->format)
            fprintf(out, " (%s)", c->format);
    }
    if (!fclose(out))
        return text;
    free(text);
    return NULL;
}

static int print_stages(const struct qetl_run_description *d, FILE *out, int width, int colour)
{
    static const struct qetl_table_column columns[] = {
        {.title = "stage", .right = 1},
        {.title = "replicas", .right = 1},
        {.title = "does, one after the other", .wraps = 1}};
    struct qetl_table *table = qetl_table_new(columns, COUNT_OF(columns));
    size_t shown = 0;
    for (size_t s = 0; s < d->n_stages; s++) {
        char *steps = steps_text(d, &d->stages[s]);
        if (d->stages[s].n_steps) {
            qetl_table_put(table, "%zu", ++shown);
            qetl_table_put(table, "%u", d->stages[s].replicas);
            qetl_table_put(table, "%s", steps ? steps : "?");
        }
        free(steps);
    }
    int failed = qetl_table_print(table, out, 0, width, colour);
    qetl_table_free(table);
    return failed;
}

/* ---- the columns ---- */

static int print_output(const struct qetl_run_component *c, const struct qetl_run_port *port,
                        FILE *out, int width, int colour)
{
    static const struct qetl_table_column of_source[] = {
        {.title = "column"}, {.title = "type"}, {.title = "goes on", .wraps = 1}};
    static const struct qetl_table_column of_transform[] = {
        {.title = "column"}, {.title = "type"}, {.title = "is"}, {.title = "goes on", .wraps = 1}};
    bool source = c->node->kind == QETL_SOURCE;
    struct qetl_table *table = source ? qetl_table_new(of_source, COUNT_OF(of_source))
                                      : qetl_table_new(of_transform, COUNT_OF(of_transform));
    for (size_t i = 0; i < port->n_columns; i++) {
        const struct qetl_run_column *column = &port->columns[i];
        qetl_table_put(table, "%s", column->name);
        qetl_table_put(table, "%s", column->type);
        if (!source && column->from && strcmp(column->from, column->name) == 0)
            qetl_table_put(table, "passed on");
        else if (!source)
            qetl_table_put(table, "%s%s", column->from ? "was " : "computed",
                           column->from ? column->from : "");
        qetl_table_put(table, "%s%s%s", travels(column), column->behind ? "; decoded behind " : "",
                       column->behind ? column->behind->id : "");
    }
    if (port->name)
        fprintf(out, "  output %s\n", port->name);
    int failed = qetl_table_print(table, out, 2, width, colour);
    qetl_table_free(table);
    return failed;
}

static int print_sink(const struct qetl_run_component *c, FILE *out, int width, int colour)
{
    static const struct qetl_table_column columns[] = {
        {.title = "column"}, {.title = "type"}, {.title = "written", .wraps = 1}};
    int failed = 0;
    for (size_t i = 0; !failed && i < c->n_inputs; i++) {
        struct qetl_table *table = qetl_table_new(columns, COUNT_OF(columns));
        for (size_t k = 0; k < c->inputs[i].n_columns; k++) {
            qetl_table_put(table, "%s", c->inputs[i].columns[k].name);
            qetl_table_put(table, "%s", c->inputs[i].columns[k].type);
            qetl_table_put(table, "%s", travels(&c->inputs[i].columns[k]));
        }
        failed = qetl_table_print(table, out, 2, width, colour);
        qetl_table_free(table);
    }
    return failed;
}

static void print_reads(const struct qetl_run_component *c, FILE *out, int width)
{
    char *text = NULL;
    size_t size;
    FILE *line = open_memstream(&text, &size);
    if (!line)
        return;
    size_t n = 0;
    for (size_t i = 0; i < c->n_inputs; i++)
        for (size_t k = 0; k < c->inputs[i].n_columns; k++)
            if (c->inputs[i].columns[k].forms)
                fprintf(line, "%s%s (%s)", n++ ? ", " : "", c->inputs[i].columns[k].name,
                        is_read(&c->inputs[i].columns[k]));
    if (!fclose(line) && n) {
        char *shown = qetl_display_printable(text, size);
        fputs("  reads ", out);
        qetl_wrap(shown ? shown : "?", 8, 8, width - 1, out);
        free(shown);
    }
    free(text);
}

static int print_component(const struct qetl_run_component *c, FILE *out, int width, int colour)
{
    heading(out, c->node->id, c, colour);
    if (c->node->kind == QETL_TRANSFORM)
        print_reads(c, out, width);
    if (c->node->kind == QETL_SINK)
        return print_sink(c, out, width, colour);
    int failed = 0;
    for (size_t p = 0; !failed && p < c->n_outputs; p++)
        failed = print_output(c, &c->outputs[p], out, width, colour);
    return failed;
}

/* ---- the promise ---- */

static int print_paths(const struct qetl_pipeline *pipeline, const struct qetl_run_description *d,
                       FILE *out, int width, int colour)
{
    char line[400];
    const struct qetl_paths paths = {pipeline, d->paths, d->n_paths};
    fputc('\n', out);
    int failed = qetl_report_paths(&paths, out, 0, width, colour);
    if (!d->halts)
        return failed;
    snprintf(line, sizeof line, "A run that is cut short begins anew, because of '%s': %s.",
             d->halts->id, d->halts_why);
    qetl_wrap(line, 0, 0, width - 1, out);
    return failed;
}

/* As it was asked for: by 1024. */
static char *size_text(int64_t bytes, char text[QETL_NUMBER_MAX])
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    for (; bytes && bytes % 1024 == 0 && unit < 4; unit++)
        bytes /= 1024;
    snprintf(text, QETL_NUMBER_MAX, "%lld %s", (long long)bytes, units[unit]);
    return text;
}

/* "big: mode hybrid, linger 5 ms, …" */
static char *settings_text(const struct qetl_pipeline *pipeline,
                           const struct qetl_run_description *d)
{
    static const char *const modes[] = {"hybrid", "batch", "stream"};
    char chunk[QETL_NUMBER_MAX], memory[QETL_NUMBER_MAX], workers[32] = "no workers", *text = NULL;
    const char *name = pipeline->name ? pipeline->name : "qetl";
    char *shown = qetl_display_printable(name, strlen(name));
    if (d->workers)
        snprintf(workers, sizeof workers, "%d worker%s", d->workers, d->workers == 1 ? "" : "s");
    if (asprintf(&text, "%s: mode %s, linger %lld ms, batches of %s or %lld rows, memory %s, %s",
                 shown ? shown : "?", modes[pipeline->mode], (long long)pipeline->linger_ms,
                 size_text(d->chunk_bytes, chunk), (long long)pipeline->batch_rows,
                 size_text(d->memory_bytes, memory), workers) < 0)
        text = NULL;
    free(shown);
    return text;
}

int qetl_report_plan(const struct qetl_pipeline *pipeline, const struct qetl_run_description *d,
                     FILE *out, int width, int colour)
{
    char *settings = settings_text(pipeline, d);
    if (!settings)
        return -1;
    qetl_wrap(settings, 0, 0, width, out);
    free(settings);
    fputc('\n', out);
    int failed = print_stages(d, out, width, colour);
    for (size_t i = 0; !failed && i < d->n_components; i++)
        failed = print_component(&d->components[i], out, width, colour);
    return failed ? failed : print_paths(pipeline, d, out, width, colour);
}
