/* SPDX-License-Identifier: Apache-2.0 */
/* What a JSON value is as a value of a column's type. */
#include "convert.h"

#include "number.h"
#include "rfc3339.h"

#include <math.h>
#include <strings.h>

static int32_t fraction_digits(char unit)
{
    return unit == 's' ? 0 : unit == 'm' ? 3 : unit == 'u' ? 6 : 9;
}

static int32_t time_open(struct ndjson_type *out, const char *format)
{
    size_t size = strlen(format);
    if (!strcmp(format, "tdD")) {
        out->kind = QETL_KIND_DATE;
        out->width = 4;
        return QETL_OK;
    }
    if (size < 3 || !strchr("smun", format[2]))
        return QETL_E_UNSUPPORTED;
    out->scale = fraction_digits(format[2]);
    out->width = 8;
    if (format[1] == 't' && size == 3) {
        out->kind = QETL_KIND_TIME;
        out->width = out->scale > 3 ? 8 : 4;
        return QETL_OK;
    }
    out->kind = QETL_KIND_TIMESTAMP;
    out->zoned = size > 4;
    return format[1] == 's' && size > 3 && format[3] == ':' ? QETL_OK : QETL_E_UNSUPPORTED;
}

int32_t ndjson_type_open(struct ndjson_type *out, const struct ArrowSchema *field)
{
    static const struct {
        char format[3];
        int8_t kind, width;
    } table[] = {{"vu", QETL_KIND_TEXT, 16}, {"vz", QETL_KIND_BINARY, 16}, {"b", QETL_KIND_BOOL, 0},
                 {"c", QETL_KIND_INT, 1},    {"s", QETL_KIND_INT, 2},      {"i", QETL_KIND_INT, 4},
                 {"l", QETL_KIND_INT, 8},    {"C", QETL_KIND_UINT, 1},     {"S", QETL_KIND_UINT, 2},
                 {"I", QETL_KIND_UINT, 4},   {"L", QETL_KIND_UINT, 8},     {"f", QETL_KIND_REAL, 4},
                 {"g", QETL_KIND_REAL, 8}};
    *out = (struct ndjson_type){.layout = field->format[0]};
    if (field->dictionary)
        return QETL_E_UNSUPPORTED;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (!strcmp(table[i].format, field->format)) {
            out->kind = (enum qetl_kind)table[i].kind;
            out->width = table[i].width;
            out->json = out->kind == QETL_KIND_TEXT && qetl_schema_is_json(field);
            return QETL_OK;
        }
    if (field->format[0] == 't')
        return time_open(out, field->format);
    if (!strcmp(field->format, "+s") || (!strcmp(field->format, "+l") && field->n_children == 1)) {
        out->kind = field->format[1] == 's' ? QETL_KIND_STRUCT : QETL_KIND_LIST;
        out->json = true;
        return QETL_OK;
    }
    out->kind = QETL_KIND_DECIMAL;
    out->width = 16;
    return qetl_type_decimal(field->format, &out->precision, &out->scale) ? QETL_OK
                                                                          : QETL_E_UNSUPPORTED;
}

/* Text is a number only where the user has declared the column to be one. */
static bool cell_is_number(const struct ndjson_type *type, const struct ndjson_cell *cell)
{
    if (cell->token == NDJSON_NUMBER)
        return true;
    const uint8_t *end = cell->data + cell->size;
    return type->declared && cell->token == NDJSON_STRING &&
           ndjson_number_end(cell->data, end) == end;
}

static bool integer_store(const struct ndjson_type *type, __int128 number, void *value)
{
    int32_t bits = type->width * 8;
    bool is_signed = type->kind == QETL_KIND_INT;
    __int128 limit = (__int128)1 << (is_signed ? bits - 1 : bits);
    if (number >= limit || number < (is_signed ? -limit : 0))
        return false;
    memcpy(value, &number, (size_t)type->width);
    return true;
}

/* The plain case: an integer of up to 18 digits. */
static bool integer_fast(const struct ndjson_cell *cell, int64_t *out)
{
    const uint8_t *p = cell->data, *end = p + cell->size;
    bool negative = *p == '-';
    uint64_t value = 0;
    p += negative;
    if (end - p > 18)
        return false;
    for (; p < end; p++) {
        unsigned digit = (unsigned)*p - '0';
        if (digit > 9)
            return false;
        value = value * 10 + digit;
    }
    *out = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

static bool integer_convert(const struct ndjson_type *type, const struct ndjson_cell *cell,
                            void *value)
{
    struct ndjson_number number;
    __int128 wide;
    int64_t narrow;
    if (!cell_is_number(type, cell))
        return false;
    if (integer_fast(cell, &narrow))
        return integer_store(type, narrow, value);
    return ndjson_number_parse(cell->data, cell->size, &number) &&
           ndjson_number_scaled(&number, 20, 0, &wide) && integer_store(type, wide, value);
}

static bool decimal_convert(const struct ndjson_type *type, const struct ndjson_cell *cell,
                            void *value)
{
    struct ndjson_number number;
    __int128 scaled;
    if (!cell_is_number(type, cell) || !ndjson_number_parse(cell->data, cell->size, &number) ||
        !ndjson_number_scaled(&number, type->precision, type->scale, &scaled))
        return false;
    memcpy(value, &scaled, sizeof scaled);
    return true;
}

static bool word_is(const struct ndjson_cell *cell, const char *word)
{
    return cell->size == (int64_t)strlen(word) &&
           !strncasecmp((const char *)cell->data, word, (size_t)cell->size);
}

/* NaN and the infinities, which JSON can only say as text. */
static bool real_word(const struct ndjson_cell *cell, double *out)
{
    struct ndjson_cell rest = *cell;
    bool negative = cell->size && *cell->data == '-';
    rest.data += negative;
    rest.size -= negative;
    if (word_is(cell, "nan"))
        *out = NAN;
    else if (word_is(&rest, "infinity") || word_is(&rest, "inf"))
        *out = negative ? -INFINITY : INFINITY;
    else
        return false;
    return true;
}

static bool real_convert(const struct ndjson_type *type, const struct ndjson_cell *cell,
                         void *value)
{
    double real = 0;
    float single = 0;
    bool narrow = type->width == 4;
    if (type->declared && cell->token == NDJSON_STRING && real_word(cell, &real))
        single = (float)real;
    else if (!cell_is_number(type, cell) ||
             !(narrow ? ndjson_number_single(cell->data, cell->size, &single)
                      : ndjson_number_real(cell->data, cell->size, &real)))
        return false;
    if (narrow)
        memcpy(value, &single, sizeof single);
    else
        memcpy(value, &real, sizeof real);
    return true;
}

static bool boolean_convert(const struct ndjson_type *type, const struct ndjson_cell *cell,
                            void *value)
{
    bool text = type->declared && cell->token == NDJSON_STRING;
    bool yes = cell->token == NDJSON_TRUE || (text && word_is(cell, "true"));
    bool no = cell->token == NDJSON_FALSE || (text && word_is(cell, "false"));
    *(uint8_t *)value = yes;
    return yes || no;
}

static bool time_convert(const struct ndjson_type *type, const struct ndjson_cell *cell,
                         void *value)
{
    int64_t parsed;
    bool fits;
    if (cell->token != NDJSON_STRING)
        return false;
    if (type->kind == QETL_KIND_DATE)
        fits = ndjson_date_parse(cell->data, cell->size, &parsed);
    else if (type->kind == QETL_KIND_TIME)
        fits = ndjson_time_parse(cell->data, cell->size, type->scale, &parsed);
    else
        fits = ndjson_stamp_parse(cell->data, cell->size, type->scale, &parsed);
    if (fits)
        memcpy(value, &parsed, (size_t)type->width);
    return fits;
}

const char *ndjson_convert(const struct ndjson_type *type, const struct ndjson_cell *cell,
                           void *value)
{
    switch (type->kind) {
    case QETL_KIND_INT:
    case QETL_KIND_UINT:
        return integer_convert(type, cell, value) ? NULL : "bad_number";
    case QETL_KIND_DECIMAL:
        return decimal_convert(type, cell, value) ? NULL : "bad_number";
    case QETL_KIND_REAL:
        return real_convert(type, cell, value) ? NULL : "bad_number";
    case QETL_KIND_BOOL:
        return boolean_convert(type, cell, value) ? NULL : "bad_boolean";
    case QETL_KIND_DATE:
        return time_convert(type, cell, value) ? NULL : "bad_date";
    case QETL_KIND_TIME:
        return time_convert(type, cell, value) ? NULL : "bad_time";
    case QETL_KIND_TIMESTAMP:
        return time_convert(type, cell, value) ? NULL : "bad_timestamp";
    case QETL_KIND_BINARY:
        return cell->token == NDJSON_STRING &&
                       ndjson_base64_decode(cell->data, cell->size, NULL) >= 0
                   ? NULL
                   : "bad_binary";
    default:
        return type->json || type->declared || cell->token == NDJSON_STRING ? NULL : "not_text";
    }
}
