/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include "report_table.h"

#include <inttypes.h>
#include <qetl/plugin.h>
#include <string.h>

char *qetl_number_text(int64_t number, char text[QETL_NUMBER_MAX])
{
    char plain[QETL_NUMBER_MAX];
    int size = snprintf(plain, sizeof plain, "%" PRId64, number);
    int lead = number < 0, out = 0;
    for (int i = 0; i < size; i++) {
        int left = size - i;
        if (i > lead && left % 3 == 0)
            text[out++] = ',';
        text[out++] = plain[i];
    }
    text[out] = 0;
    return text;
}

char *qetl_bytes_text(int64_t bytes, char text[QETL_NUMBER_MAX])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    double amount = (double)bytes;
    size_t unit = 0;
    while (amount >= (unit ? 999.95 : 1000) && unit + 1 < sizeof units / sizeof units[0]) {
        amount /= 1000;
        unit++;
    }
    snprintf(text, QETL_NUMBER_MAX, unit ? "%.1f %s" : "%.0f %s", amount, units[unit]);
    return text;
}

const char *qetl_kind_word(uint32_t kind)
{
    static const char *const words[] = {"?", "source", "transform", "sink", "format"};
    return words[kind <= QETL_FORMAT ? kind : 0];
}

static void put_number(struct qetl_table *table, int64_t number)
{
    char text[QETL_NUMBER_MAX];
    qetl_table_put(table, "%s", qetl_number_text(number, text));
}

static int print_components(const struct qetl_run_report *r, FILE *out, int width, int colour)
{
    static const struct qetl_table_column columns[] = {
        {.title = "component"},
        {.title = "kind"},
        {.title = "rows in", .right = 1},
        {.title = "rows out", .right = 1},
        {.title = "filtered", .right = 1},
        {.title = "rejected", .right = 1},
        {.title = "sec", .right = 1},
    };
    struct qetl_table *table = qetl_table_new(columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < r->n_components; i++) {
        const struct qetl_component_report *c = &r->components[i];
        qetl_table_put(table, "%s", c->id);
        qetl_table_put(table, "%s", qetl_kind_word(c->kind));
        put_number(table, c->counts.rows_in);
        put_number(table, c->counts.rows_out);
        put_number(table, c->counts.rows_filtered);
        put_number(table, c->counts.rows_rejected);
        qetl_table_put(table, "%.2f", c->seconds);
    }
    int failed = qetl_table_print(table, out, 2, width, colour);
    qetl_table_free(table);
    return failed;
}

static void print_term(FILE *out, int64_t rows, const char *word, const char *sign)
{
    char text[QETL_NUMBER_MAX];
    if (rows)
        fprintf(out, " %s %s %s", sign, qetl_number_text(rows, text), word);
}

/* With several sinks a row may leave more than once: the ledger is then each component's own. */
static void print_ledger(const struct qetl_run_report *r, FILE *out)
{
    char text[QETL_NUMBER_MAX];
    const struct qetl_counts *s = &r->summary;
    size_t sinks = 0;
    for (size_t i = 0; i < r->n_components; i++)
        sinks += r->components[i].kind == QETL_SINK;
    if (!r->closed) {
        fprintf(out, "ledger   not closed: the run ended before every row was through\n");
        return;
    }
    fprintf(out, "ledger   %s", r->balanced ? "balanced" : "DOES NOT BALANCE");
    if (sinks == 1) {
        fprintf(out, ": %s in", qetl_number_text(s->rows_in, text));
        print_term(out, s->rows_added, "added", "+");
        fprintf(out, " = %s out", qetl_number_text(s->rows_out, text));
        print_term(out, s->rows_filtered, "filtered", "+");
        print_term(out, s->rows_rejected, "rejected", "+");
        print_term(out, s->rows_reduced, "reduced", "+");
        print_term(out, s->rows_held, "held", "+");
    } else {
        fprintf(out, ", for each component");
    }
    fputc('\n', out);
}

/* Only where there is something to say: a run that went through leaves nothing behind. */
static void print_state(const struct qetl_run_report *r, FILE *out)
{
    char number[QETL_NUMBER_MAX];
    if (r->was_complete)
        fprintf(out, "state    the run was complete: its outputs were left to be committed\n");
    else if (r->resumed_from)
        fprintf(out, "state    went on from epoch %s of a run that was cut short\n",
                qetl_number_text((int64_t)r->resumed_from, number));
    else if (!r->closed && r->epochs && r->state)
        fprintf(out, "state    %s epochs count; run it again to go on from there\n",
                qetl_number_text(r->epochs, number));
    if (r->epochs_retried)
        fprintf(out, "epochs   %s had to be repeated: see the log\n",
                qetl_number_text(r->epochs_retried, number));
}

static void print_timing(const struct qetl_run_report *r, FILE *out)
{
    char rate[QETL_NUMBER_MAX], bytes[QETL_NUMBER_MAX], rss[QETL_NUMBER_MAX];
    double seconds = r->processing_s > 0 ? r->processing_s : 1e-9;
    fprintf(out, "time     setup %.3f s, processing %.3f s, finish %.3f s\n", r->setup_s,
            r->processing_s, r->finish_s);
    fprintf(out, "speed    %s rows/s, %s/s; peak memory %s\n",
            qetl_number_text((int64_t)((double)r->summary.rows_in / seconds), rate),
            qetl_bytes_text((int64_t)((double)r->summary.bytes_in / seconds), bytes),
            qetl_bytes_text(r->peak_rss_bytes, rss));
}

/* As sources gave them: what mode and the limits of batches came to. */
static void print_batches(const struct qetl_run_report *r, FILE *out)
{
    char batches[QETL_NUMBER_MAX], rows[QETL_NUMBER_MAX];
    struct qetl_component_report all = {0};
    for (size_t i = 0; i < r->n_components; i++)
        if (r->components[i].kind == QETL_SOURCE) {
            all.batches += r->components[i].batches;
            all.counts.rows_out += r->components[i].counts.rows_out;
        }
    if (all.batches)
        fprintf(out, "batches  %s read, of %s rows on average; mode %s\n",
                qetl_number_text(all.batches, batches),
                qetl_number_text((int64_t)(qetl_report_rows_per_batch(&all) + 0.5), rows),
                r->mode ? r->mode : "hybrid");
}

static void print_output(const struct qetl_output_report *output, FILE *out)
{
    char rows[QETL_NUMBER_MAX], bytes[QETL_NUMBER_MAX];
    fprintf(out, "output   %s (%s rows", output->uri, qetl_number_text(output->rows, rows));
    if (output->bytes >= 0)
        fprintf(out, ", %s", qetl_bytes_text(output->bytes, bytes));
    fprintf(out, ")\n");
}

void qetl_report_print(const struct qetl_run_report *r, FILE *out, int width, int colour)
{
    char rows[QETL_NUMBER_MAX];
    if (print_components(r, out, width, colour))
        fprintf(out, "  no memory for the table of components\n");
    print_ledger(r, out);
    print_timing(r, out);
    print_batches(r, out);
    for (size_t i = 0; i < r->n_outputs; i++)
        print_output(&r->outputs[i], out);
    if (r->summary.rows_in && r->summary.rows_rejected == r->summary.rows_in)
        fprintf(out, "warning  every row was rejected: is it the right format?\n");
    print_state(r, out);
    if (r->dead_letters)
        fprintf(out, "rejected %s rows, with reason and place: %s\n",
                qetl_number_text(r->summary.rows_rejected, rows), r->dead_letters);
}

void qetl_report_progress(const struct qetl_run_report *r, double elapsed_s, char *line,
                          size_t size)
{
    char rows[QETL_NUMBER_MAX], bytes[QETL_NUMBER_MAX], rate[QETL_NUMBER_MAX],
        rejected[QETL_NUMBER_MAX], eta[QETL_NUMBER_MAX] = "";
    double seconds = elapsed_s > 0.001 ? elapsed_s : 0.001;
    if (r->bytes_expected > 0 && r->bytes_done > 0) {
        double left = seconds * (double)(r->bytes_expected - r->bytes_done) / (double)r->bytes_done;
        snprintf(eta, sizeof eta, ", %d %%, %.0f s left",
                 (int)(100.0 * (double)r->bytes_done / (double)r->bytes_expected),
                 left > 0 ? left : 0.0);
    }
    snprintf(line, size, "%s rows, %s, %s rows/s, %s rejected%s",
             qetl_number_text(r->summary.rows_in, rows), qetl_bytes_text(r->bytes_done, bytes),
             qetl_number_text((int64_t)((double)r->summary.rows_in / seconds), rate),
             qetl_number_text(r->summary.rows_rejected, rejected), eta);
}
