/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a test as text of any format: a run of its own, of two components, that the format's own
 * writer ends. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

/* The columns in which a value is given as text somewhere, to keep its spelling. */
static json_t *columns_of_text(const json_t *rows)
{
    json_t *columns = json_object(), *row, *value;
    const char *key;
    size_t i;
    json_array_foreach (rows, i, row)
        json_object_foreach (row, key, value)
            if (json_is_string(value))
                json_object_set_new(columns, key, json_true());
    return columns;
}

/* Rows need name no column but those that matter: what `types` declares beyond is NULL. */
static void add_declared(json_t *first, const json_t *rows, const json_t *types)
{
    const char *name;
    json_t *type, *row;
    json_object_foreach ((json_t *)types, name, type) {
        bool named = false;
        size_t i;
        json_array_foreach (rows, i, row)
            named |= json_object_get(row, name) != NULL;
        if (!named)
            json_object_set_new(first, name, json_null());
    }
}

/* A column is of one kind: beside text, numbers are text too. */
static json_t *row_even(json_t *row, const json_t *texts)
{
    json_t *even = json_copy(row), *value;
    const char *key;
    json_object_foreach (row, key, value) {
        if (!json_is_number(value) || !json_object_get(texts, key))
            continue;
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
        json_object_set_new(even, key, json_string(text ? text : ""));
        free(text);
    }
    return even;
}

static char *lines_of(const json_t *rows, const json_t *types, size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);
    json_t *texts = columns_of_text(rows), *row;
    size_t i;
    int failed = !out;
    json_array_foreach (rows, i, row) {
        json_t *even = row_even(row, texts);
        if (i == 0)
            add_declared(even, rows, types);
        failed |= out && (json_dumpf(even, out, JSON_COMPACT | JSON_REAL_PRECISION(15)) ||
                          fputc('\n', out) == EOF);
        json_decref(even);
    }
    json_decref(texts);
    failed |= out && fclose(out) != 0;
    if (!failed)
        return text;
    free(text);
    return NULL;
}

struct pair {
    struct qetl_mock from, to;
};

static const struct qetl_component *stand_in(void *arg, const struct qetl_node *node)
{
    const struct pair *pair = arg;
    return node->kind == QETL_SOURCE ? &pair->from.component : &pair->to.component;
}

static int run(struct pair *pair, const struct qetl_plugin_use *rows,
               const struct qetl_plugin_use *format, const struct qetl_registry *registry,
               struct qetl_findings *findings)
{
    char from[] = "rows", to[] = "text", no_letters[] = "", name[] = "rows";
    struct qetl_input input = {0};
    struct qetl_node nodes[] = {
        {.id = from, .path = from, .kind = QETL_SOURCE, .use = *rows, .format = *rows},
        {.id = to,
         .path = to,
         .kind = QETL_SINK,
         .use = *format,
         .format = *format,
         .inputs = &input,
         .n_inputs = 1},
    };
    struct qetl_pipeline pipeline = {.name = name,
                                     .fail_on_error = 1,
                                     .max_rejected = -1,
                                     .max_record = 16 << 20,
                                     .batch_bytes = 256 << 10,
                                     .batch_rows = 65536,
                                     .dead_letters = no_letters,
                                     .nodes = nodes,
                                     .n_nodes = 2};
    struct qetl_observer observer = {.arg = pair, .stand_in = stand_in};
    struct qetl_run_options options = {
        .driver = QETL_DRIVE_PULL, .barrier_ms = -1, .observer = &observer};
    struct qetl_run *job = qetl_run_new(&pipeline, registry, &options, findings);
    if (!job)
        qetl_findings_no_memory(findings);
    int exit_code = job ? qetl_run_execute(job) : QETL_EXIT_FAILED;
    qetl_run_free(job);
    return exit_code;
}

char *qetl_rows_in_format(const json_t *rows, const struct qetl_plugin_use *format,
                          const struct qetl_registry *registry, size_t *size,
                          struct qetl_findings *findings)
{
    const struct qetl_plugin_use lines = {
        .plugin = qetl_registry_format_for(registry, "rows.ndjson"), .place = format->place};
    char *text = lines_of(rows, json_object_get(format->options, "types"), size);
    if (!text || !lines.plugin || lines.plugin == format->plugin)
        return text;
    struct pair pair = {0};
    struct qetl_plugin_use with_options = lines;
    with_options.options = json_object();
    qetl_mock_source(&pair.from, text, *size, "rows");
    qetl_mock_sink(&pair.to);
    int failed = !format->plugin->writes || run(&pair, &with_options, format, registry, findings);
    json_decref(with_options.options);
    free(text);
    if (!failed && !pair.to.text)
        pair.to.text = strdup("");
    *size = pair.to.size;
    if (!failed)
        return pair.to.text;
    free(pair.to.text);
    return NULL;
}
