/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a type that there is not, to the author who wrote it. */
#include "internal.h"

#include <stdio.h>
#include <strings.h>

/* How others call them. */
static const struct {
    const char *theirs, *ours;
} aliases[] = {
    {"int8", "tinyint"},
    {"int16", "smallint"},
    {"int32", "integer"},
    {"int64", "bigint"},
    {"i32", "integer"},
    {"i64", "bigint"},
    {"long", "bigint"},
    {"number", "bigint, double or decimal(18,2)"},
    {"decimal", "decimal(18,2)"},
    {"numeric", "decimal(18,2)"},
    {"uint8", "tinyint unsigned"},
    {"uint16", "smallint unsigned"},
    {"uint32", "integer unsigned"},
    {"uint64", "bigint unsigned"},
    {"float32", "real"},
    {"float64", "double"},
    {"f64", "double"},
    {"str", "text"},
    {"utf8", "text"},
    {"char", "text"},
    {"bytes", "binary"},
    {"datetime", "timestamp"},
    {"list", "TYPE[], such as integer[]"},
    {"array", "TYPE[], such as integer[]"},
    {"object", "struct(a integer, b text) or json"},
    {"map", "struct(a integer, b text) or json"},
};

static const char *ours_of(const char *type)
{
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (!strcasecmp(aliases[i].theirs, type))
            return aliases[i].ours;
    return NULL;
}

int32_t qetl_sdk_type_fail(struct qetl_env env, const char *id, const char *columns)
{
    struct ArrowSchema none;
    struct qetl_text bad;
    char type[64], whole[320], mend[320];
    snprintf(whole, sizeof whole, "struct(%.300s)", columns);
    qetl_sdk_type_field(whole, "", &none, &bad);
    qetl_schema_release(&none);
    snprintf(type, sizeof type, "%.*s", (int)(bad.size < 60 ? bad.size : 60),
             bad.size ? bad.data : "");
    const char *ours = ours_of(type);
    snprintf(mend, sizeof mend,
             "mend the plugin: %s%s%sboolean, tinyint, smallint, integer, bigint (also unsigned), "
             "real, double, decimal(P,S), text, binary, date, time, timestamp, timestamptz, "
             "interval, json, TYPE[] and struct(NAME TYPE, ...) are types",
             ours ? "write " : "", ours ? ours : "", ours ? "; " : "");
    return *type ? qetl_fail(env, QETL_E_FATAL, NULL, mend,
                             "%s: \"%s\" is no type, in the columns %.300s", id, type, columns)
                 : qetl_fail(env, QETL_E_FATAL, NULL, mend,
                             "%s: the columns cannot be read: %.300s; each is a name and a type, "
                             "no name comes twice, and one with spaces stands in quotes",
                             id, columns);
}
