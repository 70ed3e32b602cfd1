/* SPDX-License-Identifier: Apache-2.0 */
#include "json_text.h"

void json_text_put(struct pg_sql *out, const char *text, size_t size)
{
    pg_sql_put(out, "\"");
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            pg_sql_put(out, "\\");
        if (c < ' ')
            pg_sql_format(out, "\\u%04x", c);
        else
            pg_sql_bytes(out, text + i, 1);
    }
    pg_sql_put(out, "\"");
}
