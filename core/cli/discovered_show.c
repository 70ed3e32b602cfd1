/* SPDX-License-Identifier: Apache-2.0 */
#include "discovered.h"
#include "show/report.h"
#include "show/report_table.h"
#include "show/style.h"

#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *one, const char *key)
{
    const char *text = json_string_value(json_object_get(one, key));
    return text ? text : "";
}

/* ---- a table ---- */

static void rows_put(struct qetl_table *table, const json_t *one)
{
    const json_t *rows = json_object_get(one, "rows");
    if (json_is_integer(rows))
        qetl_table_put(table, "%s%lld", json_is_true(json_object_get(one, "estimated")) ? "~" : "",
                       (long long)json_integer_value(rows));
    else
        qetl_table_put(table, "-");
}

static void size_put(struct qetl_table *table, const json_t *one)
{
    const json_t *bytes = json_object_get(one, "bytes");
    char text[QETL_NUMBER_MAX];
    if (json_is_integer(bytes))
        qetl_table_put(table, "%s", qetl_bytes_text(json_integer_value(bytes), text));
    else
        qetl_table_put(table, "-");
}

/* The entries of a list, as texts, or as "name type". */
static void list_put(struct qetl_table *table, const json_t *list, const char *none)
{
    char *text = NULL;
    size_t size, i;
    const json_t *entry;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return;
    json_array_foreach (list, i, entry)
        if (json_is_string(entry))
            fprintf(out, "%s%s", i ? ", " : "", json_string_value(entry));
        else
            fprintf(out, "%s%s %s", i ? ", " : "", text_of(entry, "name"), text_of(entry, "type"));
    fclose(out);
    qetl_table_put(table, "%s", text && *text ? text : none);
    free(text);
}

static int table_print(const json_t *streams, FILE *out)
{
    static const struct qetl_table_column columns[] = {
        {.title = "STREAM", .least = 8}, {.title = "KIND"},
        {.title = "ROWS", .right = 1},   {.title = "SIZE", .right = 1},
        {.title = "KEY", .least = 6},    {.title = "COLUMNS", .least = 20, .wraps = 1}};
    struct qetl_table *table = qetl_table_new(columns, 6);
    size_t i;
    const json_t *one;
    json_array_foreach (streams, i, one) {
        const char *trouble = text_of(one, "trouble");
        qetl_table_put(table, "%s", text_of(one, "name"));
        qetl_table_put(table, "%s", text_of(one, "kind"));
        rows_put(table, one);
        size_put(table, one);
        list_put(table, json_object_get(one, "keys"), "-");
        if (*trouble)
            qetl_table_put(table, "cannot be read: %s", trouble);
        else
            list_put(table, json_object_get(one, "columns"), "-");
    }
    int failed =
        qetl_table_print(table, out, 0, qetl_style_columns(stdout), qetl_style_colour(stdout));
    qetl_table_free(table);
    return failed;
}

int qetl_discovery_print(const struct qetl_discovery *d, bool yaml)
{
    char *text = NULL;
    size_t size;
    int failed = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return -1;
    if (yaml)
        qetl_discovery_sources(d, out);
    else
        failed = table_print(d->streams, out);
    return qetl_discovery_flush(d, out, &text, &size) || failed;
}
