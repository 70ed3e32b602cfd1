/* SPDX-License-Identifier: Apache-2.0 */
/* Values of any type, put as texts. */
#include "row.h"

#include <qetl/parse.h>

enum { SHOWN_MOST = 60 };

static int32_t unit_digits(char unit)
{
    return unit == 's' ? 0 : unit == 'm' ? 3 : unit == 'u' ? 6 : 9;
}

static int32_t integer_put(struct qetl_builder *b, const char *format, struct qetl_text text)
{
    uint64_t large;
    int64_t value;
    if (*format == 'L')
        return qetl_parse_uint(text, &large) ? qetl_builder_uint(b, large) : QETL_E_DATA;
    return qetl_parse_int(text, &value) ? qetl_builder_int(b, value) : QETL_E_DATA;
}

/* tdD, ttu, tsu:ZONE */
static int32_t moment_put(struct qetl_builder *b, const char *format, struct qetl_text text)
{
    int64_t value = 0;
    int32_t digits = unit_digits(format[2]);
    if (format[1] == 'd' && format[2] != 'D')
        return QETL_E_UNSUPPORTED;
    bool read = format[1] == 'd'   ? qetl_parse_date(text, &value)
                : format[1] == 't' ? qetl_parse_time(text, digits, &value)
                                   : qetl_parse_timestamp(text, digits, &value);
    return read ? qetl_builder_int(b, value) : QETL_E_DATA;
}

static int32_t value_put(struct qetl_builder *b, const char *format, struct qetl_text text)
{
    bool yes = false;
    double real = 0;
    qetl_int128 digits = 0;
    int32_t precision, scale;
    switch (*format) {
    case 'b':
        return qetl_parse_bool(text, &yes) ? qetl_builder_bool(b, yes) : QETL_E_DATA;
    case 'f':
    case 'g':
        return qetl_parse_real(text, &real) ? qetl_builder_real(b, real) : QETL_E_DATA;
    case 'd':
        return qetl_type_decimal(format, &precision, &scale) &&
                       qetl_parse_decimal(text, scale, &digits)
                   ? qetl_builder_decimal(b, digits)
                   : QETL_E_DATA;
    case 't':
        return moment_put(b, format, text);
    default:
        return strchr("cCsSiIlL", *format) ? integer_put(b, format, text) : QETL_E_UNSUPPORTED;
    }
}

/* Told with the text, as far as one line may show it. */
static void unread_reject(struct qetl_row *row, int64_t column, struct qetl_text text)
{
    const struct qetl_row_own *own = row->own;
    const struct ArrowSchema *field = own->schema.children[column];
    char type[64];
    int64_t shown = text.size < SHOWN_MOST ? text.size : SHOWN_MOST;
    if (!qetl_utf8_valid(text.data, text.size))
        shown = 0;
    while (shown < text.size && shown && (text.data[shown] & 0xc0) == 0x80)
        shown--; /* not within a character */
    qetl_row_reject(row, own->plan.replaced ? own->plan.replaced[column] : column, "bad_value",
                    "column \"%s\" is of the type %s, and \"%.*s%s\" is none, or too large for it",
                    field->name, qetl_type_name(field, type, sizeof type), (int)shown, text.data,
                    shown < text.size ? "…" : "");
}

void qetl_row_put_parsed(struct qetl_row *row, int64_t column, const char *data, int64_t size)
{
    const struct qetl_row_own *own = row->own;
    if (column < 0 || column >= own->n_made || qetl_sdk_row_is_text(own, column) ||
        *own->schema.children[column]->format == 'z' ||
        strcmp(own->schema.children[column]->format, "vz") == 0) {
        qetl_row_put_text(row, column, data, size);
        return;
    }
    struct qetl_text text = {data, size};
    struct qetl_builder *b = qetl_sdk_row_place(row, column);
    int32_t status = b ? value_put(b, own->schema.children[column]->format, text) : QETL_OK;
    if (status == QETL_E_DATA)
        unread_reject(row, column, text);
    else if (b)
        qetl_row_put(row, column, status);
}
