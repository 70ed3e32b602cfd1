/* SPDX-License-Identifier: Apache-2.0 */
#include "span.h"

#include <stdlib.h>

enum { VERSION = 1 };

static void text_pack(struct qetl_parcel *parcel, const char *text)
{
    qetl_parcel_put_int(parcel, text != NULL);
    qetl_parcel_put_text(parcel, text ? text : "");
}

struct qetl_blob span_pack(const struct span *s, const struct moment *m, struct qetl_parcel *parcel)
{
    if (s->kind == SPAN_ALL)
        return (struct qetl_blob){"", 0};
    qetl_parcel_begin(parcel, VERSION);
    qetl_parcel_put_int(parcel, s->kind);
    qetl_parcel_put_text(parcel, s->kind == SPAN_PAGES ? m->snapshot : "");
    qetl_parcel_put_int(parcel, s->nulls);
    text_pack(parcel, s->from);
    text_pack(parcel, s->to);
    text_pack(parcel, s->column);
    text_pack(parcel, s->type);
    return qetl_parcel_blob(parcel);
}

/* False: no memory. */
static bool text_unpack(struct qetl_parcel_in *in, char **out)
{
    bool given = qetl_parcel_int(in);
    struct qetl_blob text = qetl_parcel_bytes(in);
    if (!given)
        return true;
    *out = strndup(text.data ? text.data : "", text.size);
    return *out;
}

static int32_t refuse(struct pg_session *session, const char *why)
{
    return qetl_fail(session->env, QETL_E_UNSUPPORTED, NULL, "begin anew: --full-refresh",
                     "%s: the split is %s", session->who, why);
}

int32_t span_unpack(struct span *s, const struct moment *m, struct pg_session *session,
                    struct qetl_blob blob)
{
    struct qetl_parcel_in in;
    char snapshot[MOMENT_MAX];
    *s = (struct span){.kind = SPAN_ALL};
    if (!blob.size)
        return QETL_OK;
    qetl_parcel_open(&in, blob, VERSION);
    int64_t kind = qetl_parcel_int(&in);
    qetl_parcel_text(&in, snapshot, sizeof snapshot);
    s->nulls = qetl_parcel_int(&in);
    bool fits = text_unpack(&in, &s->from) && text_unpack(&in, &s->to) &&
                text_unpack(&in, &s->column) && text_unpack(&in, &s->type);
    if (!fits)
        return pg_fault_memory(session->env);
    bool column = kind == SPAN_COLUMN && s->column && s->type;
    if (qetl_parcel_close(&in) || !(kind == SPAN_PAGES || column))
        return refuse(session, "none of these options");
    s->kind = (enum span_kind)kind;
    return kind == SPAN_PAGES && strcmp(snapshot, m->snapshot) != 0
               ? refuse(session, "of another moment, and its pages have other rows now")
               : QETL_OK;
}

int32_t span_values(const struct span *s, struct values *values)
{
    const char *const texts[] = {s->from, s->to};
    for (size_t i = 0; i < 2; i++)
        if (texts[i] && values_add(values, texts[i]) < 0)
            return QETL_E_NO_MEMORY;
    return QETL_OK;
}

static void side_put(const struct span *s, struct pg_sql *sql, const char *than, int64_t n)
{
    if (s->column)
        pg_sql_name(sql, s->column);
    else
        pg_sql_put(sql, "ctid");
    pg_sql_put(sql, than);
    values_put(sql, n, s->type ? s->type : "pg_catalog.tid");
}

void span_put(const struct span *s, struct pg_sql *sql, int64_t first)
{
    pg_sql_put(sql, "(");
    if (s->from)
        side_put(s, sql, " >= ", first);
    if (s->from && s->to)
        pg_sql_put(sql, " AND ");
    if (s->to)
        side_put(s, sql, " < ", first + (s->from != NULL));
    if (s->nulls) {
        pg_sql_put(sql, " OR ");
        pg_sql_name(sql, s->column);
        pg_sql_put(sql, " IS NULL");
    }
    pg_sql_put(sql, ")");
}

void span_free(struct span *s)
{
    free(s->from);
    free(s->to);
    free(s->column);
    free(s->type);
    *s = (struct span){.kind = SPAN_ALL};
}
