/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges as people write them. */
#include "sheet.h"

#include <ctype.h>
#include <stdlib.h>

/* A corner: letters, digits, or both; -1 where one is left out. */
static const char *corner(const char *at, int32_t *column, int32_t *row)
{
    int64_t letters = 0, digits = 0;
    at += *at == '$';
    for (; isalpha((unsigned char)*at) && letters <= XLSX_COLUMNS_MAX; at++)
        letters = letters * 26 + toupper((unsigned char)*at) - 'A' + 1;
    at += *at == '$';
    for (; isdigit((unsigned char)*at) && digits <= XLSX_ROWS_MAX; at++)
        digits = digits * 10 + *at - '0';
    *column = (int32_t)letters - 1;
    *row = (int32_t)digits - 1;
    bool fits = letters <= XLSX_COLUMNS_MAX && digits <= XLSX_ROWS_MAX && (letters || digits);
    return fits ? at : NULL;
}

bool xlsx_range_parse(const char *text, struct xlsx_range *out)
{
    *out = (struct xlsx_range){0, 0, XLSX_COLUMNS_MAX - 1, XLSX_ROWS_MAX - 1};
    if (!*text)
        return true;
    struct xlsx_range r;
    const char *at = corner(text, &r.column, &r.row);
    if (!at || (*at && *at != ':'))
        return false;
    r.last_column = r.column;
    r.last_row = r.row;
    bool one = !*at;
    at = one ? at : corner(at + 1, &r.last_column, &r.last_row);
    if (!at || *at || (one && (r.column < 0 || r.row < 0)))
        return false;
    out->column = r.column < 0 ? 0 : r.column;
    out->row = r.row < 0 ? 0 : r.row;
    out->last_column = r.last_column < 0 ? out->last_column : r.last_column;
    out->last_row = r.last_row < 0 ? out->last_row : r.last_row;
    return out->column <= out->last_column && out->row <= out->last_row;
}

void xlsx_column_letters(int32_t column, char out[8])
{
    char reversed[8];
    int n = 0;
    for (column++; column > 0; column = (column - 1) / 26)
        reversed[n++] = (char)('A' + (column - 1) % 26);
    for (int i = 0; i < n; i++)
        out[i] = reversed[n - 1 - i];
    out[n] = 0;
}
