/* SPDX-License-Identifier: Apache-2.0 */
/* A table for components that bring no example of their own. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 24 };

static const struct {
    const char *name, *type;
} columns[] = {{"id", "bigint"},    {"name", "text"},     {"amount", "decimal(12,2)"},
               {"ratio", "double"}, {"day", "date"},      {"at", "timestamp"},
               {"flag", "boolean"}, {"count", "integer"}, {"note", "text"}};

static json_t *cell(size_t column, int row)
{
    char text[96];
    if (column && (row + (int)column) % 7 == 0)
        return json_null();
    switch (column) {
    case 0:
        return json_integer(row + 1);
    case 1:
        snprintf(text, sizeof text, "%s %d", row % 3 ? "Zoë" : "a name that is longer than a view",
                 row);
        return json_string(text);
    case 2:
        snprintf(text, sizeof text, "%s%d.%02d", row % 5 ? "" : "-", row * 13, row % 100);
        return json_string(text);
    case 3:
        return json_real(row / 4.0);
    case 4:
        snprintf(text, sizeof text, "2024-%02d-%02d", row % 12 + 1, row + 1);
        return json_string(text);
    case 5:
        snprintf(text, sizeof text, "2024-02-%02d %02d:%02d:00", row + 1, row % 24, row);
        return json_string(text);
    case 6:
        return json_boolean(row % 2);
    case 7:
        return json_integer(row * row - 50);
    default:
        return json_string(row % 4 ? "x" : "");
    }
}

int conform_table_invent(struct conform_table *t)
{
    const size_t n = sizeof columns / sizeof *columns;
    int32_t status = qetl_schema_init_struct(&t->schema);
    for (size_t c = 0; !status && c < n; c++) {
        struct ArrowSchema field = {0};
        status = qetl_type_field(columns[c].type, columns[c].name, &field);
        status = status ? status : qetl_schema_append(&t->schema, &field);
    }
    t->rows = json_array();
    for (int row = 0; row < ROWS; row++) {
        json_t *values = json_array();
        for (size_t c = 0; c < n; c++)
            json_array_append_new(values, cell(c, row));
        json_array_append_new(t->rows, values);
    }
    return status ? -1 : 0;
}

/* ---- rarer types ---- */

enum { TYPES = 5, WIDE = 300000 }; /* bytes: more than are read at a time */

static const struct {
    const char *what, *names[TYPES], *types[TYPES], *rows; /* a list of lists */
} kinds[] = {
    {"decimals",
     {"id", "whole", "fine", "wide"},
     {"bigint", "decimal(9,0)", "decimal(12,2)", "decimal(30,6)"},
     "[[1,\"12\",\"1234.50\",\"123456789012345.250000\"],[2,\"-7\",\"-0.05\",\"-0.000125\"],"
     "[3,null,\"0.00\",null],[4,\"999999999\",null,\"1.000000\"]]"},
    {"numbers",
     {"id", "small", "large", "real", "flag"},
     {"bigint", "smallint", "bigint", "double", "boolean"},
     "[[1,-300,4503599627370497,0.1,true],[2,7,-12345678901,-2.5,false],[3,null,0,null,null],"
     "[4,0,null,1234567.125,true]]"},
    {"moments",
     {"id", "day", "second", "micro"},
     {"bigint", "date", "timestamp(0)", "timestamp"},
     "[[1,\"2024-02-29\",\"2024-02-29 23:59:58\",\"1969-12-31 01:02:03\"],"
     "[2,\"1999-12-31\",\"1970-01-02 10:00:00\",\"2024-07-01 12:30:15\"],"
     "[3,null,null,null],[4,\"2000-01-01\",\"2038-01-20 05:06:07\",\"2024-07-01 18:01:02\"]]"},
    {"moments of other units",
     {"id", "milli", "nano", "clock"},
     {"bigint", "timestamp(3)", "timestamp(9)", "time"},
     "[[1,\"2024-02-29 23:59:58\",\"1969-12-31 01:02:03\",\"23:59:58\"],"
     "[2,\"1970-01-02 10:00:00\",\"2024-07-01 12:30:15\",\"01:02:03\"],[3,null,null,null],"
     "[4,\"2038-01-20 05:06:07\",\"2024-07-01 18:01:02\",\"12:00:01\"]]"},
    {"texts",
     {"id", "empty", "odd", "word"},
     {"bigint", "text", "text", "text"},
     "[[1,\"\",\" edged \",null],[2,null,\"a,b;c|d\",\"\"],[3,\"x\",\"say \\\"so\\\" 'now'\","
     "\"null\"],[4,\"\",\"two\\nlines\\tand \\\\N\",\"007\"],"
     "[5,null,\"Zo\\u00eb \\u6c34 \\ud83d\\ude00\",\"1e5\"]]"},
    {"wide texts", {"id", "text", "behind"}, {"bigint", "text", "bigint"}, NULL},
    {"nested values",
     {"id", "list", "pair"},
     {"bigint", "bigint[]", "struct(a bigint, b text)"},
     "[[1,[1,2,3],{\"a\":1,\"b\":\"x\"}],[2,[null,4],{\"a\":null,\"b\":\"y\"}],"
     "[3,[7],{\"a\":2,\"b\":null}],[4,[5],{\"a\":9,\"b\":\"z\"}]]"},
};

/* One that is long, between others; no part of it is as another. */
static json_t *wide_rows(void)
{
    char *text = malloc(WIDE + 8);
    size_t size = 0;
    json_t *rows = json_array();
    for (int i = 0; text && size < WIDE; i++)
        size += (size_t)sprintf(text + size, "%d ", i);
    for (int row = 1; text && row < 4; row++)
        json_array_append_new(rows, json_pack("[isi]", row, row == 2 ? text : "short", -row));
    free(text);
    return rows;
}

const char *conform_table_types(struct conform_table *t, int which)
{
    if (which >= (int)(sizeof kinds / sizeof *kinds))
        return NULL;
    int32_t status = qetl_schema_init_struct(&t->schema);
    for (size_t c = 0; !status && c < TYPES && kinds[which].names[c]; c++) {
        struct ArrowSchema field = {0};
        status = qetl_type_field(kinds[which].types[c], kinds[which].names[c], &field);
        status = status ? status : qetl_schema_append(&t->schema, &field);
    }
    t->rows = kinds[which].rows ? json_loads(kinds[which].rows, 0, NULL) : wide_rows();
    return status ? NULL : kinds[which].what;
}
