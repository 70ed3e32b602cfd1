/* SPDX-License-Identifier: Apache-2.0 */
/* What a value is in a cell: a number where that is exact, else text. */
#include "writer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const int64_t exact = INT64_C(1) << 53;

static int32_t number(struct xlsx_prepared *out, double value, lxw_format *format)
{
    out->put = XLSX_PUT_NUMBER;
    out->number = value;
    out->format = format;
    return QETL_OK;
}

/* Space over a cell's text. */
struct text_space {
    struct qetl_space base; /* first */
    struct xlsx_text *text;
};

static int32_t text_reserve(struct qetl_space *base, int64_t n)
{
    struct text_space *space = (struct text_space *)base;
    char *grown = realloc(space->text->data, (size_t)(base->size + n) * 2 + 64);
    if (!grown)
        return QETL_E_NO_MEMORY;
    space->text->data = grown;
    space->text->room = base->capacity = (base->size + n) * 2 + 64;
    base->data = (uint8_t *)grown;
    return QETL_OK;
}

static int32_t spelled(const struct qetl_column *c, int64_t row, struct xlsx_prepared *out)
{
    struct text_space space = {{(uint8_t *)out->text.data, 0, out->text.room, text_reserve},
                               &out->text};
    int32_t status = qetl_render(c, row, &space.base);
    out->text.size = space.base.size;
    out->put = XLSX_PUT_TEXT;
    return status;
}

static bool looks_escaped(const char *data, int64_t size)
{
    return size >= 7 && data[0] == '_' && data[1] == 'x' && data[6] == '_' &&
           strspn(data + 2, "0123456789abcdefABCDEF") >= 4;
}

/* Characters as Excel counts them: halves of UTF-16. */
static int64_t utf16_units(const char *data, int64_t size)
{
    int64_t units = 0;
    for (int64_t i = 0; i < size; i++)
        units += ((uint8_t)data[i] & 0xc0) != 0x80 ? 1 + ((uint8_t)data[i] >= 0xf0) : 0;
    return units;
}

/* What would be taken for an escape is escaped; so is what XML would make a line feed of. */
static int32_t text_escape(const char *data, int64_t size, struct xlsx_text *out)
{
    int32_t status = QETL_OK;
    int64_t from = 0;
    for (int64_t i = 0; !status && i < size; i++) {
        if (!looks_escaped(data + i, size - i))
            continue;
        status = xlsx_text_add(out, data + from, i - from);
        if (!status)
            status = xlsx_text_add(out, "_x005F", 6);
        from = i;
    }
    return status ? status : xlsx_text_add(out, data + from, size - from);
}

static int32_t text_put(struct xlsx_writer *w, struct xlsx_prepared *out, struct qetl_text text,
                        const char **code, const char **why)
{
    const char *data = text.data;
    out->text.size = 0;
    out->put = XLSX_PUT_TEXT;
    if (utf16_units(data, text.size) > XLSX_TEXT_MAX) {
        *code = "text_too_long";
        *why = "a cell holds 32,767 characters";
        return QETL_E_DATA;
    }
    if (text.size &&
        (memchr(data, 0, (size_t)text.size) || memmem(data, (size_t)text.size, "\xef\xbf\xbe", 3) ||
         memmem(data, (size_t)text.size, "\xef\xbf\xbf", 3))) {
        *code = "bad_character";
        *why = "a cell cannot hold U+0000, U+FFFE and U+FFFF";
        return QETL_E_DATA;
    }
    w->emptied += text.size == 0;
    return text_escape(data, text.size, &out->text);
}

/* Days as Excel counts them, from March 1900 on, where its calendar is everybody's. */
static bool serial(int64_t us, double *out)
{
    int64_t day_us = XLSX_DAY_MS * INT64_C(1000), first = INT64_C(-25508), last = INT64_C(2932896);
    if (us % 1000 || us < first * day_us || us >= (last + 1) * day_us)
        return false;
    int64_t days = us >= 0 ? us / day_us : -((day_us - 1 - us) / day_us);
    *out = (double)(days + 25569) + (double)((us - days * day_us) / 1000) / XLSX_DAY_MS;
    return true;
}

static int64_t microseconds(const struct qetl_column *c, int64_t row, bool *exactly)
{
    int64_t value = qetl_column_int(c, row), out;
    static const int64_t units[] = {1000000, 0, 0, 1000, 0, 0, 1};
    *exactly =
        c->scale < 9 ? !__builtin_mul_overflow(value, units[c->scale], &out) : value % 1000 == 0;
    return c->scale < 9 ? out : value / 1000;
}

static int32_t moment(struct xlsx_writer *w, const struct qetl_column *c, int64_t row,
                      struct xlsx_prepared *out)
{
    bool exactly;
    double value;
    int64_t us = microseconds(c, row, &exactly);
    bool zoned = c->kind == QETL_KIND_TIMESTAMP && strlen(c->schema->format) > 4;
    bool whole = us % 1000000 == 0;
    if (c->kind == QETL_KIND_TIME && exactly && us % 1000 == 0)
        return number(out, (double)(us / 1000) / XLSX_DAY_MS, whole ? w->clock : w->clock_ms);
    if (c->kind == QETL_KIND_TIMESTAMP && exactly && !zoned && serial(us, &value))
        return number(out, value, whole ? w->stamp : w->stamp_ms);
    return spelled(c, row, out);
}

static int32_t date(struct xlsx_writer *w, const struct qetl_column *c, int64_t row,
                    struct xlsx_prepared *out)
{
    int64_t days = qetl_column_int(c, row);
    double value;
    if (c->layout == 'l')
        days /= XLSX_DAY_MS;
    bool fits =
        days > -100000 && days < 10000000 && serial(days * XLSX_DAY_MS * INT64_C(1000), &value);
    return fits ? number(out, value, w->date) : spelled(c, row, out);
}

static int32_t span(struct xlsx_writer *w, const struct qetl_column *c, int64_t row,
                    struct xlsx_prepared *out)
{
    struct qetl_interval i = qetl_column_interval(c, row);
    int64_t ms = i.nanoseconds / 1000000;
    if (i.months || i.days || i.nanoseconds % 1000000 || ms < 0)
        return spelled(c, row, out);
    return number(out, (double)ms / XLSX_DAY_MS, ms % 1000 ? w->span_ms : w->span);
}

/* Up to 15 digits are shown by Excel as they are. */
static int32_t decimal(struct xlsx_writer *w, const struct qetl_column *c, int64_t row,
                       struct xlsx_prepared *out)
{
    static const int64_t most = INT64_C(999999999999999);
    qetl_int128 value = qetl_column_decimal(c, row);
    if (value > most || value < -most || c->scale > 15 || c->scale < 0)
        return spelled(c, row, out);
    return number(out, (double)(int64_t)value / pow(10, c->scale), w->scales[c->scale]);
}

static int32_t real(struct xlsx_writer *w, const struct qetl_column *c, int64_t row,
                    struct xlsx_prepared *out, const char **code, const char **why)
{
    double value = qetl_column_real(c, row), rounded;
    char text[40];
    if (!isfinite(value)) {
        *code = "not_finite";
        *why = "a cell cannot hold NaN and the infinities";
        return QETL_E_DATA;
    }
    snprintf(text, sizeof text, "%.16G", value);
    rounded = strtod(text, NULL);
    if (!isfinite(rounded))
        return spelled(c, row, out); /* the greatest of all would be rounded up */
    w->rounded += rounded != value;
    return number(out, value, NULL);
}

int32_t xlsx_cell_prepare(struct xlsx_writer *w, const struct qetl_column *c, int64_t row,
                          struct xlsx_prepared *out, const char **code, const char **why)
{
    int64_t value;
    out->put = XLSX_PUT_NOTHING;
    out->format = NULL;
    if (qetl_column_is_null(c, row))
        return QETL_OK;
    switch (c->kind) {
    case QETL_KIND_BOOL:
        number(out, (double)qetl_column_int(c, row), NULL);
        out->put = XLSX_PUT_BOOL;
        return QETL_OK;
    case QETL_KIND_INT:
        value = qetl_column_int(c, row);
        return value > exact || value < -exact ? spelled(c, row, out)
                                               : number(out, (double)value, NULL);
    case QETL_KIND_UINT:
        return qetl_column_uint(c, row) > (uint64_t)exact
                   ? spelled(c, row, out)
                   : number(out, (double)qetl_column_uint(c, row), NULL);
    case QETL_KIND_REAL:
        return real(w, c, row, out, code, why);
    case QETL_KIND_DECIMAL:
        return decimal(w, c, row, out);
    case QETL_KIND_DATE:
        return date(w, c, row, out);
    case QETL_KIND_TIME:
    case QETL_KIND_TIMESTAMP:
        return moment(w, c, row, out);
    case QETL_KIND_INTERVAL:
        return span(w, c, row, out);
    case QETL_KIND_TEXT:
        return text_put(w, out, qetl_column_text(c, row), code, why);
    default: {
        int32_t status = spelled(c, row, out);
        if (!status && out->text.size > XLSX_TEXT_MAX) {
            *code = "text_too_long";
            *why = "a cell holds 32,767 characters";
            status = QETL_E_DATA;
        }
        return status;
    }
    }
}
