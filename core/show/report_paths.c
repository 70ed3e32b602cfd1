/* SPDX-License-Identifier: Apache-2.0 */
#include "report_paths.h"

#include "plugin/said.h"
#include "report_table.h"
#include "wrap.h"

#include <qetl/plugin.h>

enum { LINE_MOST = 400 };

static const char *const promises[] = {
    ("best-effort: rows may be missing, of a source that gives them once, when a run fails, or of "
     "one whose rows move while it reads."),
    ("at-least-once: no row is missing once a run succeeded; one that failed may have shown rows "
     "that the next shows again."),
    ("exactly-once: a run that is cut short goes on where it stood, and no row is missing or shown "
     "twice in the end."),
};

static const char *id_of(const struct qetl_paths *paths, size_t node)
{
    return paths->pipeline->nodes[node].id;
}

static void line_put(const char *line, int indent, int width, FILE *out)
{
    fprintf(out, "%*s", indent, "");
    qetl_wrap(line, indent, indent, width - 1, out);
}

/* What is less than one may wish for is explained. */
static void reasons_print(const struct qetl_paths *paths, FILE *out, int indent, int width)
{
    char line[LINE_MOST];
    for (size_t i = 0; i < paths->count; i++) {
        const struct qetl_run_path *path = &paths->items[i];
        if (path->guarantee == QETL_EXACTLY_ONCE)
            continue;
        snprintf(line, sizeof line, "%s > %s is %s because of '%s': %s.",
                 id_of(paths, path->source), id_of(paths, path->sink),
                 qetl_guarantee_word(path->guarantee), id_of(paths, path->culprit), path->why);
        line_put(line, indent, width, out);
    }
}

int qetl_report_paths(const struct qetl_paths *paths, FILE *out, int indent, int width, int colour)
{
    static const struct qetl_table_column columns[] = {
        {.title = "path"}, {.title = "source is"}, {.title = "sink is"}, {.title = "delivery"}};
    bool seen[QETL_UNSAID + 1] = {false};
    struct qetl_table *table = qetl_table_new(columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < paths->count; i++) {
        const struct qetl_run_path *path = &paths->items[i];
        qetl_table_put(table, "%s > %s", id_of(paths, path->source), id_of(paths, path->sink));
        qetl_table_put(table, "%s", qetl_delivery_word(QETL_SOURCE, path->source_delivery));
        qetl_table_put(table, "%s", qetl_delivery_word(QETL_SINK, path->sink_delivery));
        qetl_table_put(table, "%s", qetl_guarantee_word(path->guarantee));
        seen[path->guarantee] = true;
    }
    int failed = qetl_table_print(table, out, indent, width - indent, colour);
    qetl_table_free(table);
    for (int g = QETL_EXACTLY_ONCE; g >= QETL_BEST_EFFORT; g--)
        if (seen[g])
            line_put(promises[g], indent, width, out);
    reasons_print(paths, out, indent, width);
    return failed;
}

json_t *qetl_report_paths_json(const struct qetl_paths *paths)
{
    json_t *list = json_array();
    for (size_t i = 0; i < paths->count; i++) {
        const struct qetl_run_path *path = &paths->items[i];
        bool weak = path->guarantee != QETL_EXACTLY_ONCE;
        json_array_append_new(
            list,
            json_pack("{s:s, s:s, s:s, s:s, s:s, s:s?, s:s?}", "source", id_of(paths, path->source),
                      "sink", id_of(paths, path->sink), "source_delivery",
                      qetl_delivery_word(QETL_SOURCE, path->source_delivery), "sink_delivery",
                      qetl_delivery_word(QETL_SINK, path->sink_delivery), "guarantee",
                      qetl_guarantee_word(path->guarantee), "because_of",
                      weak ? id_of(paths, path->culprit) : NULL, "why", weak ? path->why : NULL));
    }
    return list;
}
