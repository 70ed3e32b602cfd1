/* SPDX-License-Identifier: Apache-2.0 */
/* What was discovered, as pieces of a pipeline file. */
#include "config/mask.h"
#include "discovered.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *one, const char *key)
{
    const char *text = json_string_value(json_object_get(one, key));
    return text ? text : "";
}

/* What a source may be called: its stream's name, without what has a meaning in a pipeline file. */
static char *id_of(const json_t *one)
{
    const char *name = text_of(one, "name");
    name += strspn(name, "/");
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

char *qetl_discovery_id(const json_t *streams, size_t at)
{
    char *id = id_of(json_array_get(streams, at)), *numbered = NULL;
    size_t before = id ? namesakes(streams, at, id) : 0;
    if (!before)
        return id;
    if (asprintf(&numbered, "%s_%zu", id, before + 1) < 0)
        numbered = NULL;
    free(id);
    return numbered;
}

static void notes_put(FILE *out, const char *notes)
{
    while (*notes) {
        size_t size = strcspn(notes, "\n");
        fprintf(out, "    # %.*s\n", (int)size, notes);
        notes += size + (notes[size] == '\n');
    }
}

static void source_put(FILE *out, const struct qetl_discovery *d, const json_t *one, size_t at)
{
    const json_t *root = qetl_document_root(d->conns.document);
    json_t *given = json_object_get(json_object_get(root, "sources"), text_of(one, "source"));
    json_t *options = json_object_get(one, "options"), *value;
    const char *name;
    char *id = qetl_discovery_id(d->streams, at);
    fprintf(out, "  %s:\n", id ? id : "t");
    free(id);
    notes_put(out, text_of(one, "notes"));
    json_object_foreach (given, name, value)
        if (!json_object_get(options, name))
            option_put(out, name, value);
    json_object_foreach (options, name, value)
        if (!json_is_null(value))
            option_put(out, name, value);
}

void qetl_discovery_sources(const struct qetl_discovery *d, FILE *out)
{
    size_t i;
    const json_t *one;
    fputs("sources:\n", out);
    json_array_foreach (d->streams, i, one)
        if (!*text_of(one, "trouble"))
            source_put(out, d, one, i);
}

int qetl_discovery_flush(const struct qetl_discovery *d, FILE *out, char **text, size_t *size)
{
    int failed = fclose(out) != 0;
    if (!failed)
        fwrite(*text, 1, qetl_mask_hide(d->conns.cli->mask, *text, *size), stdout);
    fflush(stdout);
    free(*text);
    return failed;
}
