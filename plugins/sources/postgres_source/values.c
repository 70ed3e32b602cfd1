/* SPDX-License-Identifier: Apache-2.0 */
#include "values.h"

#include <stdio.h>
#include <stdlib.h>

int64_t values_add(struct values *v, const char *text)
{
    char **texts = realloc(v->texts, ((size_t)v->n + 1) * sizeof *texts);
    v->texts = texts ? texts : v->texts;
    if (!texts || !(v->texts[v->n] = strdup(text)))
        return -1;
    return ++v->n;
}

void values_cut(struct values *v, int64_t n)
{
    while (v->n > n)
        free(v->texts[--v->n]);
}

int32_t values_set(const struct values *v, struct pg_session *session, int64_t first)
{
    /* they hold in the transaction that is to be read, so that none would do without them */
    const struct pg_doing doing = {.what = "a value cannot be handed over", .begun = true};
    int32_t status = QETL_OK;
    for (int64_t i = 0; !status && i < v->n; i++) {
        char name[40];
        snprintf(name, sizeof name, "qetl.value_%lld", (long long)(first + i));
        const char *const values[] = {name, v->texts[i]};
        status = pg_session_run(session, doing, "SELECT pg_catalog.set_config($1, $2, true)", 2,
                                values, NULL);
    }
    return status;
}

void values_put(struct pg_sql *sql, int64_t n, const char *type)
{
    pg_sql_format(sql, "(pg_catalog.current_setting('qetl.value_%lld')::", (long long)n);
    pg_sql_put(sql, type);
    pg_sql_put(sql, ")");
}

void values_free(struct values *v)
{
    values_cut(v, 0);
    free(v->texts);
    *v = (struct values){0};
}
