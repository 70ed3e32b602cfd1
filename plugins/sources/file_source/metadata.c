/* SPDX-License-Identifier: Apache-2.0 */
#include "metadata.h"

#include "fault.h"

#include <stdio.h>
#include <stdlib.h>

static const struct fact {
    const char *word;
    const char *format; /* Arrow's */
    const char *host;   /* what the host calls it; NULL: it does not know it */
} facts[METADATA_FACTS] = {
    [METADATA_PATH] = {"path", "vu", NULL}, [METADATA_NAME] = {"name", "vu", NULL},
    [METADATA_SIZE] = {"size", "l", NULL},  [METADATA_MTIME] = {"mtime", "tsu:UTC", NULL},
    [METADATA_ROW] = {"row", "l", "row"},   [METADATA_BYTE_OFFSET] = {"byte_offset", "l", "offset"},
};

/* ---- The option ---- */

static int32_t column_add(struct metadata *m, const char *option, const char *name,
                          const char *word)
{
    enum metadata_fact fact = METADATA_PATH;
    while (fact < METADATA_BYTE_OFFSET && strcmp(facts[fact].word, word) != 0)
        fact++; /* the manifest allows no other word */
    for (int64_t i = 0; i < m->count; i++)
        if (strcmp(m->columns[i].name, name) == 0)
            return qetl_fail(m->env, QETL_E_CONFIG, option, "leave it out, or give it another name",
                             "there is a column '%s' already", name);
    if (m->count == METADATA_MOST)
        return qetl_fail(m->env, QETL_E_CONFIG, "/metadata", "leave some out",
                         "more than %d columns say where a row comes from", METADATA_MOST);
    m->columns[m->count++] = (struct metadata_column){name, fact};
    return QETL_OK;
}

int32_t metadata_read(struct metadata *m, struct qetl_env env)
{
    int32_t status = QETL_OK;
    bool list = qetl_option_kind(env, "/metadata") == QETL_OPTION_LIST;
    int64_t count = qetl_option_count(env, "/metadata");
    *m = (struct metadata){.env = env};
    for (int64_t i = 0; !status && i < count; i++) {
        char option[1024];
        const char *key = list ? NULL : qetl_option_key(env, "/metadata", i);
        if (list)
            snprintf(option, sizeof option, "/metadata/%lld", (long long)i);
        else if (qetl_option_pointer(option, sizeof option, "/metadata", key))
            return qetl_fail(env, QETL_E_CONFIG, "/metadata", "give it a shorter one",
                             "the name of a column is too long");
        const char *word = qetl_option_text(env, option);
        status = column_add(m, option, key ? key : word, word);
    }
    return status;
}

int32_t metadata_schema(const struct metadata *m, struct ArrowSchema *out)
{
    int32_t status = qetl_schema_init_struct(out);
    for (int64_t i = 0; !status && i < m->count; i++) {
        const struct fact *fact = &facts[m->columns[i].fact];
        struct ArrowSchema field = {0};
        status = qetl_schema_init_field(&field, m->columns[i].name, fact->format);
        if (!status && fact->host)
            status = qetl_schema_set_metadata(&field, "qetl:object", fact->host);
        if (!status)
            status = qetl_schema_append(out, &field);
        qetl_schema_release(&field);
    }
    return status ? fault_memory(m->env) : QETL_OK;
}

/* ---- Of one object ---- */

/* What follows the last slash; of a member, its own name. */
static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/'), *member = strrchr(path, '!');
    const char *last = slash > member ? slash : member;
    return last ? last + 1 : path;
}

/* Names of files may be any bytes, and text may not. */
static char *as_text(const struct metadata *m, const char *name)
{
    static const char unknown[] = "\xef\xbf\xbd";
    int64_t size = (int64_t)strlen(name);
    char *text = malloc((size_t)size * 3 + 1), *to = text;
    if (!text || qetl_utf8_valid(name, size))
        return text ? strcpy(text, name) : NULL;
    for (int64_t at = 0; at < size;) {
        int64_t n = 1;
        while (n < 4 && at + n < size && !qetl_utf8_valid(name + at, n))
            n++;
        if (qetl_utf8_valid(name + at, n)) {
            memcpy(to, name + at, (size_t)n);
            to += n;
            at += n;
        } else {
            to = stpcpy(to, unknown);
            at++;
        }
    }
    *to = 0;
    qetl_logf(
        m->env, QETL_LOG_WARN,
        "%s: the name is no UTF-8: in the columns of metadata it has \xef\xbf\xbd for what is "
        "none",
        text);
    return text;
}

static int64_t floor_us(int64_t ns)
{
    return ns / 1000 - (ns % 1000 < 0);
}

static int32_t value_add(struct qetl_builder *b, enum metadata_fact fact, const char *path,
                         const struct metadata_object *object)
{
    const char *text = fact == METADATA_NAME ? last_part(path) : path;
    if (fact == METADATA_PATH || fact == METADATA_NAME)
        return qetl_builder_text(b, text, (int64_t)strlen(text));
    if (!object->regular)
        return qetl_builder_null(b);
    return qetl_builder_int(b, fact == METADATA_SIZE ? object->size : floor_us(object->mtime_ns));
}

static int32_t value_make(const struct metadata *m, const struct ArrowSchema *field,
                          enum metadata_fact fact, const char *path,
                          const struct metadata_object *object, struct ArrowArray *out)
{
    struct qetl_builder builder;
    int32_t status = qetl_builder_open(&builder, m->env, field, 1);
    if (!status)
        status = value_add(&builder, fact, path, object);
    if (!status)
        status = qetl_builder_close(&builder, out);
    qetl_builder_free(&builder);
    return status;
}

int32_t metadata_values(const struct metadata *m, const struct metadata_object *object,
                        struct ArrowArray *out)
{
    struct ArrowArray columns[METADATA_MOST] = {0};
    struct ArrowSchema schema = {0};
    int64_t n = 0;
    char *path = as_text(m, object->path);
    int32_t status = path ? metadata_schema(m, &schema) : QETL_E_NO_MEMORY;
    for (int64_t i = 0; !status && i < m->count; i++)
        if (!facts[m->columns[i].fact].host)
            status =
                value_make(m, schema.children[i], m->columns[i].fact, path, object, &columns[n++]);
    if (!status)
        status = qetl_array_struct(m->env, 1, n, columns, out);
    for (int64_t i = 0; i < n; i++)
        qetl_array_release(&columns[i]);
    qetl_schema_release(&schema);
    free(path);
    return status ? fault_memory(m->env) : QETL_OK;
}
