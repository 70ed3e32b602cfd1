/* SPDX-License-Identifier: Apache-2.0 */
#include "letter.h"

#include "number.h"

static void put_text(sqlite3_str *out, const char *text, int size)
{
    sqlite3_str_appendchar(out, 1, '"');
    for (int i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            sqlite3_str_appendf(out, "\\%c", c);
        else if (c < ' ')
            sqlite3_str_appendf(out, "\\u%04x", c);
        else
            sqlite3_str_appendchar(out, 1, (char)c);
    }
    sqlite3_str_appendchar(out, 1, '"');
}

static void put_blob(sqlite3_str *out, const unsigned char *data, int size)
{
    sqlite3_str_appendf(out, "\"X'");
    for (int i = 0; i < size; i++)
        sqlite3_str_appendf(out, "%02X", data[i]);
    sqlite3_str_appendf(out, "'\"");
}

static void put_value(sqlite3_str *out, sqlite3_stmt *row, int i)
{
    char room[NUMBER_TEXT_MAX];
    struct qetl_text real;
    const char *text;
    switch (sqlite3_column_type(row, i)) {
    case SQLITE_NULL:
        sqlite3_str_appendf(out, "null");
        break;
    case SQLITE_INTEGER:
        sqlite3_str_appendf(out, "%lld", sqlite3_column_int64(row, i));
        break;
    case SQLITE_FLOAT:
        real = number_real_text(sqlite3_column_double(row, i), room);
        sqlite3_str_append(out, real.data, (int)real.size);
        break;
    case SQLITE_TEXT:
        text = (const char *)sqlite3_column_text(row, i);
        put_text(out, text, text ? sqlite3_column_bytes(row, i) : 0);
        break;
    default: {
        const unsigned char *blob = sqlite3_column_blob(row, i);
        put_blob(out, blob, blob ? sqlite3_column_bytes(row, i) : 0);
    }
    }
}

char *letter_make(sqlite3_stmt *row, int n)
{
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendchar(out, 1, '{');
    for (int i = 0; i < n; i++) {
        const char *name = sqlite3_column_name(row, i);
        sqlite3_str_appendf(out, i ? "," : "");
        put_text(out, name ? name : "", name ? (int)strlen(name) : 0);
        sqlite3_str_appendchar(out, 1, ':');
        put_value(out, row, i);
    }
    sqlite3_str_appendchar(out, 1, '}');
    return sqlite3_str_finish(out);
}
