/* SPDX-License-Identifier: Apache-2.0 */
/* A table for components that bring no example of their own. */
#include "check.h"

#include <stdio.h>

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
