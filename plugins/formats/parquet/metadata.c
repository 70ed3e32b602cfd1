/* SPDX-License-Identifier: Apache-2.0 */
/* Columns that say where a row comes from, as the option `metadata` of the source `file` has them.
 */
#include "files.h"

#include <stdio.h>
#include <sys/stat.h>

#define FILE_NAME "\"qetl: file\""

/* A column's name in the batch, and what it holds; NULL: there is none with this number. */
static const char *column_at(const struct session *s, int64_t i, const char **fact)
{
    char option[1024];
    const char *key = NULL;
    if (qetl_option_kind(s->env, "/metadata") == QETL_OPTION_LIST)
        snprintf(option, sizeof option, "/metadata/%lld", (long long)i);
    else if (!(key = qetl_option_key(s->env, "/metadata", i)) ||
             qetl_option_pointer(option, sizeof option, "/metadata", key))
        return NULL;
    *fact = qetl_option_text(s->env, option);
    return key ? key : *fact;
}

static bool asks_for(const struct session *s, const char *wanted)
{
    const char *fact;
    for (int64_t i = 0; column_at(s, i, &fact); i++)
        if (strcmp(fact, wanted) == 0)
            return true;
    return false;
}

/* A map from the files to one fact of each. */
static void facts_add(struct query *q, const struct files *f, bool size)
{
    query_add(q, "MAP {");
    for (int64_t i = 0; i < f->n; i++) {
        struct stat st = {0};
        bool known = stat(f->items[i].path, &st) == 0;
        query_add(q, i ? ", " : "");
        query_quoted(q, f->items[i].path, '\'');
        if (!known)
            query_add(q, ": NULL");
        else if (size)
            query_add(q, ": %lld::BIGINT", (long long)st.st_size);
        else
            query_add(q, ": make_timestamptz(%lld)",
                      (long long)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000);
    }
    query_add(q, "}[" FILE_NAME "]");
}

static void column_add(struct query *q, const struct files *f, const char *fact)
{
    if (strcmp(fact, "path") == 0)
        query_add(q, FILE_NAME);
    else if (strcmp(fact, "name") == 0)
        query_add(q, "parse_filename(" FILE_NAME ")");
    else if (strcmp(fact, "row") == 0)
        query_add(q, "file_row_number + 1");
    else if (strcmp(fact, "byte_offset") == 0)
        query_add(q, "NULL::BIGINT");
    else
        facts_add(q, f, strcmp(fact, "size") == 0);
}

void metadata_ask(struct query *q, const struct session *s)
{
    if (qetl_option_count(s->env, "/metadata") < 1)
        return;
    query_add(q, ", filename='qetl: file'%s", asks_for(s, "row") ? ", file_row_number=true" : "");
}

void metadata_add(struct files *f, const struct session *s)
{
    struct query q = {0};
    const char *name, *fact;
    if (qetl_option_count(s->env, "/metadata") < 1)
        return;
    query_add(&q, "(SELECT * EXCLUDE (" FILE_NAME "%s)",
              asks_for(s, "row") ? ", file_row_number" : "");
    for (int64_t i = 0; (name = column_at(s, i, &fact)); i++) {
        query_add(&q, ", ");
        column_add(&q, f, fact);
        query_add(&q, " AS ");
        query_quoted(&q, name, '"');
    }
    query_add(&q, " FROM %s)", f->from.bad ? "" : f->from.text);
    q.bad |= f->from.bad;
    query_free(&f->from);
    f->from = q;
}

bool metadata_has(const struct session *s, const char *name)
{
    const char *column, *fact;
    for (int64_t i = 0; (column = column_at(s, i, &fact)); i++)
        if (strcasecmp(column, name) == 0)
            return true;
    return false;
}

/* DuckDB would number the second of two names, whatever their case. */
int32_t metadata_check(const struct session *s, const struct ArrowSchema *schema)
{
    int64_t added = qetl_option_count(s->env, "/metadata");
    int64_t own = schema->n_children - (added > 0 ? added : 0);
    const char *name, *fact, *other;
    for (int64_t i = 0; (name = column_at(s, i, &fact)); i++) {
        bool twin = false;
        for (int64_t c = 0; !twin && c < own; c++)
            twin = strcasecmp(schema->children[c]->name, name) == 0;
        for (int64_t k = 0; !twin && k < i && (other = column_at(s, k, &fact)); k++)
            twin = strcasecmp(other, name) == 0;
        if (twin)
            return qetl_fail(s->env, QETL_E_CONFIG, "/metadata",
                             "give the one that is added another name",
                             "a column '%s' shall be added, and there is one already", name);
    }
    return QETL_OK;
}
