/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever stands in a cell: what is shown is UTF-8 without control characters, takes the columns
 * that it is said to take, and no line of a table is wider than asked. First byte: the width.
 */
#include "show/display.h"
#include "show/report_table.h"

#include <qetl/sdk.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_printable(const char *text)
{
    check(qetl_utf8_valid(text, (int64_t)strlen(text)));
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        check(*at >= 0x20 && *at != 0x7f && !(*at == 0xc2 && at[1] < 0xa0));
}

static void check_fit(const char *text, int columns)
{
    int taken;
    size_t fit = qetl_display_fit(text, columns, &taken);
    char *beginning = strndup(text, fit);
    check(beginning && taken <= columns && qetl_display_width(beginning) == taken);
    check_printable(beginning);
    free(beginning);
}

static void check_lines(char *text, int width)
{
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = 0;
        check(qetl_display_width(line) <= width);
        check_printable(line);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct qetl_table_column columns[] = {
        {.title = "a"}, {.title = "b", .right = 1}, {.title = "c", .wraps = 1}};
    if (size < 1)
        return 0;
    int width = 24 + data[0] % 100;
    const char *cells = (const char *)data + 1;
    size_t third = (size - 1) / 3;
    char *whole = qetl_display_printable(cells, size - 1), *text = NULL;
    size_t text_size;
    FILE *out = open_memstream(&text, &text_size);
    check(whole && out);
    check_printable(whole);
    check_fit(whole, width);
    struct qetl_table *table = qetl_table_new(columns, 3);
    qetl_table_put_bytes(table, cells, third);
    qetl_table_put_bytes(table, cells + third, third < 8 ? third : 8);
    qetl_table_put_bytes(table, cells + third, size - 1 - third);
    check(!qetl_table_print(table, out, 2, width, 0) && !fclose(out));
    check_lines(text, width);
    qetl_table_free(table);
    free(text);
    free(whole);
    return 0;
}
