/* SPDX-License-Identifier: Apache-2.0 */
#include "config/mask.h"
#include "discovered.h"
#include "show/report.h"
#include "show/report_table.h"
#include "show/style.h"

#include <ctype.h>
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

/* ---- a piece of a pipeline file ---- */

/* What a source may be called: its stream's name, without what has a meaning in a pipeline file. */
static char *id_of(const json_t *one)
{
    const char *name = text_of(one, "name");
    bool letter = isalpha((unsigned char)*name) || *name == '_';
    char *id = NULL;
    if (asprintf(&id, "%s%s", letter ? "" : "t_", name) < 0)
        return NULL;
    for (char *c = id; *c; c++)
        if (!isalnum((unsigned char)*c))
            *c = '_';
    return id;
}

/* How many before it have the same id. */
static size_t namesakes(const json_t *streams, size_t at, const char *id)
{
    size_t n = 0;
    for (size_t i = 0; i < at; i++) {
        char *other = id_of(json_array_get(streams, i));
        n += other && strcmp(other, id) == 0;
        free(other);
    }
    return n;
}

static void option_put(FILE *out, const char *name, const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    fprintf(out, "    %s: %s\n", name, text ? text : "null");
    free(text);
}

static void source_put(FILE *out, const struct qetl_discovery *d, const json_t *one, size_t at)
{
    const json_t *root = qetl_document_root(d->conns.document);
    json_t *given = json_object_get(json_object_get(root, "sources"), text_of(one, "source"));
    json_t *options = json_object_get(one, "options"), *value;
    const char *name;
    char *id = id_of(one);
    size_t before = id ? namesakes(d->streams, at, id) : 0;
    fprintf(out, "  %s", id ? id : "t");
    if (before)
        fprintf(out, "_%zu", before + 1);
    fputs(":\n", out);
    free(id);
    json_object_foreach (given, name, value)
        if (!json_object_get(options, name))
            option_put(out, name, value);
    json_object_foreach (options, name, value)
        if (!json_is_null(value))
            option_put(out, name, value);
}

static void yaml_print(const struct qetl_discovery *d, FILE *out)
{
    size_t i;
    const json_t *one;
    fputs("sources:\n", out);
    json_array_foreach (d->streams, i, one)
        if (!*text_of(one, "trouble"))
            source_put(out, d, one, i);
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
        yaml_print(d, out);
    else
        failed = table_print(d->streams, out);
    failed |= fclose(out) != 0;
    if (!failed)
        fwrite(text, 1, qetl_mask_hide(d->conns.cli->mask, text, size), stdout);
    fflush(stdout);
    free(text);
    return failed;
}
