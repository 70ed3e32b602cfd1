/* SPDX-License-Identifier: Apache-2.0 */
#include "data.h"

#include <stdbool.h>
#include <string.h>

static bool is_json(const char *data, int64_t size)
{
    int64_t i = 0;
    while (i < size && (data[i] == ' ' || data[i] == '\t' || data[i] == '\n'))
        i++;
    return i < size && (data[i] == '{' || data[i] == '[');
}

/* Within quotes it stays, so that the format says what is wrong with it. */
static void ends_join(char *data, int64_t size)
{
    bool quoted = false;
    for (int64_t i = 0; i < size; i++) {
        if (data[i] == '"')
            quoted = !quoted;
        else if (data[i] == '\\' && quoted && i + 1 < size)
            i++;
        else if (data[i] == '\n' && !quoted)
            data[i] = ' ';
    }
}

int64_t data_line(char *data, int64_t size)
{
    if (size && memchr(data, '\n', (size_t)size) && is_json(data, size))
        ends_join(data, size);
    data[size] = '\n';
    return size + 1;
}
