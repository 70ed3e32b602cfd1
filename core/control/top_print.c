/* SPDX-License-Identifier: Apache-2.0 */
/* Running pipelines as tables of 80 columns. */
#include "show/display.h"
#include "show/report.h"
#include "top.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct page {
    FILE *out;
    int width, lines, used;
    const char *bold, *dim, *warn, *plain;
};

static bool line_begins(struct page *page)
{
    if (page->lines && page->used >= page->lines)
        return false;
    page->used++;
    return true;
}

/* Text in so many columns: cut with an ellipsis, or padded if `pads`. */
static void put(struct page *page, const char *text, int columns, bool pads)
{
    char *shown = qetl_display_printable(text, strlen(text));
    const char *from = shown ? shown : "?";
    int taken, more = qetl_display_width(from) > columns;
    size_t size = qetl_display_fit(from, columns - more, &taken);
    fprintf(page->out, "%.*s%s%*s", (int)size, from, more ? "…" : "",
            pads ? columns - taken - more : 0, "");
    free(shown);
}

static void line(struct page *page, const char *paint, const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    if (text && line_begins(page)) {
        fputs(paint, page->out);
        put(page, text, page->width, false);
        fprintf(page->out, "%s\n", paint[0] ? page->plain : "");
    }
    free(text);
}

static double number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static const char *word(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void print_head(struct page *page, const json_t *p)
{
    const json_t *rates = json_object_get(p, "rates"), *summary = json_object_get(p, "summary");
    char rows[QETL_NUMBER_MAX], in[QETL_NUMBER_MAX], out[QETL_NUMBER_MAX], used[QETL_NUMBER_MAX],
        budget[QETL_NUMBER_MAX], rejected[QETL_NUMBER_MAX], share[32] = "";
    double done = number(p, "bytes_done"), expected = number(p, "bytes_expected");
    if (expected > 0)
        snprintf(share, sizeof share, ", %.0f %% read", 100 * done / expected);
    line(page, page->bold, "%s  pid %.0f  %s %.1f s%s", word(p, "pipeline"), number(p, "pid"),
         word(p, "phase"), number(p, "seconds"), share);
    line(page, "", "  %s rows/s, in %s/s, out %s/s, %s rejected",
         qetl_number_text((int64_t)number(rates, "rows_in"), rows),
         qetl_bytes_text((int64_t)number(rates, "bytes_in"), in),
         qetl_bytes_text((int64_t)number(rates, "bytes_out"), out),
         qetl_number_text((int64_t)number(summary, "rows_rejected"), rejected));
    if (number(p, "epochs_retried") > 0)
        line(page, "", "  %.0f epochs decided, %.0f repeated", number(p, "epochs"),
             number(p, "epochs_retried"));
    line(page, "", "  memory %s of %s",
         qetl_bytes_text((int64_t)number(json_object_get(p, "memory"), "bytes"), used),
         qetl_bytes_text((int64_t)number(json_object_get(p, "memory"), "budget"), budget));
}

/* busy: how much of a processor's time it takes; over 100 % where replicas work side by side. */
static void print_components(struct page *page, const json_t *components)
{
    size_t i;
    json_t *c;
    line(page, page->dim, "  %-20s %13s %13s %13s %8s %5s", "component", "rows in/s", "rows out/s",
         "rows in", "rejected", "busy");
    json_array_foreach ((json_t *)components, i, c) {
        const json_t *rates = json_object_get(c, "rates");
        char in[QETL_NUMBER_MAX], out[QETL_NUMBER_MAX], all[QETL_NUMBER_MAX],
            rejected[QETL_NUMBER_MAX];
        if (!line_begins(page))
            return;
        fputs("  ", page->out);
        put(page, word(c, "id"), 20, true);
        fprintf(page->out, " %13s %13s %13s %8s %3.0f %%\n",
                qetl_number_text((int64_t)number(rates, "rows_in"), in),
                qetl_number_text((int64_t)number(rates, "rows_out"), out),
                qetl_number_text((int64_t)number(c, "rows_in"), all),
                qetl_number_text((int64_t)number(c, "rows_rejected"), rejected),
                100 * number(rates, "seconds"));
    }
}

static void bar_of(double full, char bar[64])
{
    enum { CELLS = 10 };
    int filled = (int)(full * CELLS + 0.5);
    *bar = 0;
    for (int i = 0; i < CELLS; i++)
        strcat(bar, i < filled ? "█" : "·");
}

/* Where a name is too long, its part of the component still shows: "orders… read > big… process" */
static void put_edge(struct page *page, const json_t *e)
{
    static const char *const sides[][2] = {{"from", "from_part"}, {"to", "to_part"}};
    const int columns = 44, arrow = 3;
    int parts = (int)(strlen(word(e, "from_part")) + strlen(word(e, "to_part"))) + 2;
    int room = columns - arrow - parts, widths[2], used = arrow + parts;
    for (int i = 0; i < 2; i++)
        widths[i] = qetl_display_width(word(e, sides[i][0]));
    int first = widths[1] < room / 2 ? room - widths[1] : room - room / 2;
    widths[0] = widths[0] < first ? widths[0] : first;
    widths[1] = widths[1] < room - widths[0] ? widths[1] : room - widths[0];
    fputs("  ", page->out);
    for (int i = 0; i < 2; i++) {
        fputs(i ? " > " : "", page->out);
        put(page, word(e, sides[i][0]), widths[i], false);
        fprintf(page->out, " %s", word(e, sides[i][1]));
        used += widths[i];
    }
    fprintf(page->out, "%*s", used < columns ? columns - used : 0, "");
}

/* blocked: the share of the time in which those before it found no room. */
static void print_edges(struct page *page, const json_t *edges)
{
    size_t i;
    json_t *e;
    if (json_array_size(edges))
        line(page, page->dim, "  %-44s %-10s %9s %9s", "queue", "full", "batches", "blocked");
    json_array_foreach ((json_t *)edges, i, e) {
        char bar[64];
        double capacity = number(e, "capacity"), producers = number(e, "producers");
        double blocked = number(json_object_get(e, "rates"), "blocked_s");
        bar_of(capacity > 0 ? number(e, "depth") / capacity : 0, bar);
        blocked = producers > 0 ? blocked / producers : 0;
        if (!line_begins(page))
            return;
        put_edge(page, e);
        fprintf(page->out, " %s %4.0f/%-4.0f %s%7.0f %%%s\n", bar, number(e, "depth"), capacity,
                blocked > 0.5 ? page->warn : "", 100 * blocked, blocked > 0.5 ? page->plain : "");
    }
}

void qetl_top_print(const struct qetl_top *top, int width, int lines, int colour, FILE *out)
{
    struct page page = {.out = out,
                        .width = width,
                        .lines = lines,
                        .bold = colour ? "\033[1m" : "",
                        .dim = colour ? "\033[2m" : "",
                        .warn = colour ? "\033[33m" : "",
                        .plain = colour ? "\033[0m" : ""};
    if (!top->n)
        line(&page, "", "no pipeline of yours is running");
    for (size_t i = 0; i < top->n; i++) {
        json_t *picture = qetl_top_json(&top->items[i]);
        if (i)
            line(&page, "", "%s", "");
        print_head(&page, picture);
        print_components(&page, json_object_get(picture, "components"));
        print_edges(&page, json_object_get(picture, "edges"));
        json_decref(picture);
    }
}
