/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as formats of to_char: what is written fits; what was written by a format is read by it
 * without harm. */
#include "../core/time/format.h"
#include "../core/value/format_number.h"

#include <stdlib.h>
#include <string.h>

static void moments(struct expr_arena *arena, struct expr_text text)
{
    static const int64_t stamps[] = {
        0, -1, 1709201472123456, -62135596800000001, EXPR_STAMP_MIN, EXPR_STAMP_END - 1};
    struct expr_zone_kind zone = {.offset = -12600, .name = "ABCDEFGHIJKLMNO"};
    struct expr_format_value value;
    struct expr_format format;
    struct expr_shown shown;

    if (!qetl_expr_format_read(arena, text, &format))
        abort();
    for (size_t i = 0; i < sizeof stamps / sizeof stamps[0]; i++) {
        char *out = malloc((size_t)qetl_expr_format_size(&format) + 1);
        int64_t size;
        qetl_expr_shown_stamp(stamps[i], &shown);
        shown.zone = &zone;
        size = qetl_expr_format_write(&format, &shown, out);
        if (size > qetl_expr_format_size(&format))
            abort();
        qetl_expr_format_scan(&format, (struct expr_text){out, size}, &value);
        free(out);
    }
    qetl_expr_shown_interval((struct expr_interval){INT32_MIN, INT32_MIN, -EXPR_INTERVAL_US_MAX},
                             &shown);
    char *out = malloc((size_t)qetl_expr_format_size(&format) + 1);
    if (qetl_expr_format_write(&format, &shown, out) > qetl_expr_format_size(&format))
        abort();
    free(out);
}

static void numbers(struct expr_arena *arena, struct expr_text text)
{
    static const char *const digits[] = {"0", "0.50", "123.45", "99999999999999999999", "##.##"};
    struct expr_number_format format;

    if (!qetl_expr_number_format_read(arena, text, &format))
        return;
    for (size_t i = 0; i < sizeof digits / sizeof digits[0]; i++) {
        struct expr_digits number = {digits[i], (int)strlen(digits[i]), i % 2 == 1};
        int64_t most = qetl_expr_number_size(&format, number.size);
        char *out = malloc((size_t)most);
        if (qetl_expr_number_write(&format, &number, out) > most ||
            qetl_expr_number_roman(&format, 3888, out) > most)
            abort();
        free(out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct expr_text text = {(const char *)data, (int64_t)size};
    const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
    struct expr_format_value value;
    struct expr_arena arena = {0};
    struct expr_format format;

    if (size > 4096)
        return 0;
    moments(&arena, text);
    numbers(&arena, text);
    if (newline) {
        text.size = newline - data;
        if (qetl_expr_format_read(&arena, text, &format))
            qetl_expr_format_scan(&format,
                                  (struct expr_text){(const char *)newline + 1,
                                                     (int64_t)(size - (size_t)text.size) - 1},
                                  &value);
    }
    qetl_expr_arena_free(&arena);
    return 0;
}
