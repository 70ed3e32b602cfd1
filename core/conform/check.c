/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "config/document.h"
#include "config/schema_check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { ROWS_LEAST = 20 };

/* ---- options ---- */

/* "{tmp}" in any text of the options is the scratch folder. */
static json_t *text_placed(const char *text, const char *scratch)
{
    const char *at = strstr(text, "{tmp}");
    char *placed;
    if (!at || asprintf(&placed, "%.*s%s%s", (int)(at - text), text, scratch, at + 5) < 0)
        return json_string(text);
    json_t *out = json_string(placed);
    free(placed);
    return out;
}

static json_t *value_placed(const json_t *value, const char *scratch)
{
    const char *key;
    json_t *member, *out;
    size_t i;
    if (json_is_string(value))
        return text_placed(json_string_value(value), scratch);
    if (!json_is_object(value) && !json_is_array(value))
        return json_deep_copy(value);
    out = json_is_object(value) ? json_object() : json_array();
    json_object_foreach ((json_t *)value, key, member)
        json_object_set_new(out, key, value_placed(member, scratch));
    json_array_foreach (value, i, member)
        json_array_append_new(out, value_placed(member, scratch));
    return out;
}

/* What stands for a required option that nobody gave. */
static json_t *option_invent(const json_t *schema, const char *scratch)
{
    const char *file = json_string_value(json_object_get(schema, "x-file"));
    const json_t *example = json_array_get(json_object_get(schema, "examples"), 0);
    if (file)
        return text_placed(strcmp(file, "writes") ? "{tmp}/in.csv" : "{tmp}/out", scratch);
    return json_deep_copy(example);
}

static void options_complete(json_t *options, const json_t *schema, const char *scratch)
{
    const json_t *properties = json_object_get(schema, "properties");
    size_t i;
    json_t *name;
    json_array_foreach (json_object_get(schema, "required"), i, name) {
        const json_t *property = json_object_get(properties, json_string_value(name));
        if (json_object_get(options, json_string_value(name)) ||
            json_object_get(property, "default"))
            continue;
        json_t *value = option_invent(property, scratch);
        if (value)
            json_object_set_new(options, json_string_value(name), value);
    }
}

static int options_check(json_t *options, const json_t *schema, char *why, size_t size)
{
    struct qetl_findings findings = {0};
    char *text = json_dumps(options, JSON_COMPACT);
    struct qetl_document *document =
        text ? qetl_document_parse(text, strlen(text), "check.json", &findings) : NULL;
    size_t errors = document ? qetl_schema_check(schema, options, document, "", &findings) : 1;
    if (errors)
        snprintf(why, size, "the check's options do not fit the manifest's schema: %s",
                 findings.count ? findings.items[0].message : "no memory");
    qetl_document_free(document);
    qetl_findings_free(&findings);
    free(text);
    return errors ? -1 : 0;
}

/* ---- at another place ---- */

static json_t *value_moved(const json_t *value, const char *from, const char *to)
{
    const char *key, *text = json_string_value(value), *at = text ? strstr(text, from) : NULL;
    json_t *member, *out;
    size_t i;
    if (!json_is_object(value) && !json_is_array(value))
        return at ? json_sprintf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from))
                  : json_deep_copy(value);
    out = json_is_object(value) ? json_object() : json_array();
    json_object_foreach ((json_t *)value, key, member)
        json_object_set_new(out, key, value_moved(member, from, to));
    json_array_foreach (value, i, member)
        json_array_append_new(out, value_moved(member, from, to));
    return out;
}

void conform_options_move(const json_t *options, const struct qetl_manifest_component *c,
                          const char *scratch, const char *place, json_t **out)
{
    const char *name;
    json_t *schema, *moved = value_moved(options, scratch, place);
    json_object_foreach (json_object_get(c->options, "properties"), name, schema) {
        const char *path = json_string_value(json_object_get(moved, name)),
                   *file = json_string_value(json_object_get(schema, "x-file"));
        if (path && file && strcmp(file, "writes") == 0 && *path != '/' && !strstr(path, "://"))
            json_object_set_new(moved, name, json_sprintf("%s/%s", place, path));
    }
    json_decref(*out);
    *out = moved;
}

void conform_check_move(const struct conform_check *from, const struct qetl_manifest_component *c,
                        const char *scratch, const char *place, struct conform_check *out)
{
    *out = *from;
    out->options = NULL;
    conform_options_move(from->options, c, scratch, place, &out->options);
}

/* ---- rows ---- */

static void rows_repeat(struct conform_table *t)
{
    size_t n = t->own = json_array_size(t->rows);
    for (size_t i = 0; n && json_array_size(t->rows) < ROWS_LEAST; i++)
        json_array_append(t->rows, json_array_get(t->rows, i % n));
}

static int table_add(struct conform_check *check, const json_t *text, bool ndjson,
                     const json_t *types)
{
    struct conform_table *t = &check->tables[check->n_tables];
    if (check->n_tables == CONFORM_INPUTS || !json_is_string(text))
        return -1;
    check->n_tables++;
    if (conform_table_read(t, json_string_value(text), ndjson, types))
        return -1;
    rows_repeat(t);
    return 0;
}

static int tables_make(struct conform_check *check, const json_t *entry)
{
    const char *format = json_string_value(json_object_get(entry, "input_format"));
    bool ndjson = format && strcmp(format, "ndjson") == 0;
    const json_t *inputs = json_object_get(entry, "inputs"),
                 *input = json_object_get(entry, "input"),
                 *types = json_object_get(entry, "input_types");
    for (size_t i = 0; i < json_array_size(inputs); i++)
        if (table_add(check, json_array_get(inputs, i), ndjson, types))
            return -1;
    if (input)
        return table_add(check, input, ndjson, types);
    if (inputs)
        return 0;
    check->n_tables = 1;
    int bad = conform_table_invent(&check->tables[0]);
    check->tables[0].own = json_array_size(check->tables[0].rows);
    return bad;
}

/* ---- bytes ---- */

/* {"from": PATH} or a text; *out is the caller's. */
static int content_read(const json_t *content, const char *folder, char **out, size_t *size)
{
    const char *from = json_string_value(json_object_get(content, "from")), *text;
    char *path;
    *out = NULL;
    if ((text = json_string_value(content))) {
        *size = json_string_length(content);
        *out = malloc(*size + 1);
        if (*out)
            memcpy(*out, text, *size + 1);
        return *out ? 0 : -1;
    }
    errno = EINVAL;
    if (!from ||
        asprintf(&path, "%s%s%s", *from == '/' ? "" : folder, *from == '/' ? "" : "/", from) < 0)
        return -1;
    FILE *file = fopen(path, "re");
    int error = errno;
    FILE *memory = file ? open_memstream(out, size) : NULL;
    for (int c; memory && (c = getc(file)) != EOF;)
        putc(c, memory);
    if (memory)
        fclose(memory);
    if (file)
        fclose(file);
    free(path);
    errno = error;
    return memory && *out ? 0 : -1;
}

/* What stands for `what` can be read; or why not. */
static int content_check(const json_t *content, const char *what, const char *folder, char **out,
                         size_t *bytes, char *why, size_t size)
{
    const char *from = json_string_value(json_object_get(content, "from"));
    if (content_read(content, folder, out, bytes) == 0)
        return 0;
    if (from)
        snprintf(why, size, "the check's %s cannot be read: %s%s%s: %s", what,
                 *from == '/' ? "" : folder, *from == '/' ? "" : "/", from, strerror(errno));
    else
        snprintf(why, size, "the check's %s cannot be read: a text or {\"from\": FILE} is wanted",
                 what);
    return -1;
}

static int files_check(const struct conform_check *check, char *why, size_t size)
{
    const char *name;
    json_t *content;
    json_object_foreach ((json_t *)check->files, name, content) {
        char *data = NULL, what[120];
        size_t bytes;
        snprintf(what, sizeof what, "file '%.100s'", name);
        if (content_check(content, what, check->folder, &data, &bytes, why, size))
            return -1;
        free(data);
    }
    return 0;
}

int conform_check_files(const struct conform_check *check, const char *scratch)
{
    /* The same in each run, of which the outcomes are compared. */
    static const struct timespec times[] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    const char *name;
    json_t *content;
    int bad = 0;
    json_object_foreach ((json_t *)check->files, name, content) {
        char *data, *path;
        size_t size;
        if (content_read(content, check->folder, &data, &size) ||
            asprintf(&path, "%s/%s", scratch, name) < 0) {
            bad = -1;
            continue;
        }
        FILE *file = fopen(path, "we");
        bad |= !file || fwrite(data, 1, size, file) != size ? -1 : 0;
        bad |= file && (fflush(file) || futimens(fileno(file), times)) ? -1 : 0;
        if (file && fclose(file))
            bad = -1;
        free(path);
        free(data);
    }
    return bad;
}

/* ---- all of it ---- */

static const json_t *entry_of(const struct qetl_manifest_component *c, const json_t *given)
{
    const json_t *own = json_object_get(c->json, "check");
    return given ? given : own ? own : json_array_get(json_object_get(c->json, "examples"), 0);
}

size_t conform_check_count(const struct qetl_manifest_component *c, const json_t *given)
{
    const json_t *entry = entry_of(c, given);
    size_t n = json_array_size(entry);
    return n ? n : 1;
}

/* What no check has is a slip of the pen, which would leave something untried in silence. */
static int words_check(const json_t *entry, char *why, size_t size)
{
    static const char *const words[] = {
        "options", "files",      "input",  "inputs",       "input_types",    "input_format",
        "bytes",   "reads_back", "expect", "expect_files", "expect_rejected"};
    const char *word, *format = json_string_value(json_object_get(entry, "input_format"));
    json_t *value;
    json_object_foreach ((json_t *)entry, word, value) {
        size_t i = 0;
        while (i < sizeof words / sizeof *words && strcmp(words[i], word) != 0)
            i++;
        if (i == sizeof words / sizeof *words) {
            snprintf(why, size, "the check has the word `%.40s`, which there is not", word);
            return -1;
        }
    }
    if (!format || strcmp(format, "csv") == 0 || strcmp(format, "ndjson") == 0)
        return 0;
    snprintf(why, size, "the check's input_format is `%.40s`: csv or ndjson is wanted", format);
    return -1;
}

int conform_check_make(const struct qetl_manifest_component *c, const json_t *given, size_t number,
                       const char *folder, const char *scratch, struct conform_check *out,
                       char *why, size_t size)
{
    const json_t *entry = entry_of(c, given);
    entry = json_is_array(entry) ? json_array_get(entry, number) : entry;
    const json_t *options = json_object_get(entry, "options");
    const json_t *bytes = json_object_get(entry, "bytes");
    *out = (struct conform_check){.folder = folder,
                                  .files = json_object_get(entry, "files"),
                                  .one_way = json_is_false(json_object_get(entry, "reads_back")),
                                  .entry = entry};
    out->options = options ? value_placed(options, scratch) : json_object();
    options_complete(out->options, c->options, scratch);
    bool is_check = given || json_object_get(c->json, "check");
    if ((is_check && words_check(entry, why, size)) ||
        options_check(out->options, c->options, why, size))
        return -1;
    if (tables_make(out, entry)) {
        snprintf(why, size,
                 "the check's input cannot be read: a text of CSV with a header, or of "
                 "NDJSON with `\"input_format\": \"ndjson\"`, is wanted");
        return -1;
    }
    out->reads_only =
        bytes && !json_object_get(entry, "input") && !json_object_get(entry, "inputs");
    if (files_check(out, why, size))
        return -1;
    return bytes ? content_check(bytes, "bytes", folder, &out->bytes, &out->bytes_size, why, size)
                 : 0;
}

void conform_check_free(struct conform_check *check)
{
    for (size_t i = 0; i < check->n_tables; i++)
        conform_table_free(&check->tables[i]);
    json_decref(check->options);
    free(check->bytes);
    memset(check, 0, sizeof *check);
}
