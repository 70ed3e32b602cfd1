/* SPDX-License-Identifier: Apache-2.0 */
#include "reduce.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { AVG_DIGITS = 6, BLOCK = 256, EXACT_PRECISION = 28 };

/* Digits that an average has more than its values. */
static int32_t avg_digits(int32_t scale)
{
    return 38 - scale < AVG_DIGITS ? 38 - scale : AVG_DIGITS;
}

bool reduce_type(enum reduce_kind kind, const struct ArrowSchema *values,
                 char format[QETL_TYPE_FORMAT_MAX])
{
    int32_t precision, scale = 0;
    char letter = values->format[0];

    if (kind == REDUCE_COUNT) {
        snprintf(format, QETL_TYPE_FORMAT_MAX, "l");
        return true;
    }
    if (letter == '+' || letter == 'z' || letter == 'Z' || !strcmp(values->format, "vz"))
        return false;
    if (kind == REDUCE_MIN || kind == REDUCE_MAX) {
        bool text = letter == 'u' || letter == 'U';
        snprintf(format, QETL_TYPE_FORMAT_MAX, "%s", text ? "vu" : values->format);
        return letter != 'b';
    }
    if (letter == 'f' || letter == 'g') {
        snprintf(format, QETL_TYPE_FORMAT_MAX, "g");
        return true;
    }
    if (!qetl_type_decimal(values->format, &precision, &scale) &&
        (values->format[1] || !strchr("cCsSiIlL", letter)))
        return false;
    snprintf(format, QETL_TYPE_FORMAT_MAX, "d:38,%d",
             scale + (kind == REDUCE_AVG ? avg_digits(scale) : 0));
    return true;
}

/* ---- sums ---- */

static bool is_live(const uint8_t *dead, int64_t i)
{
    return !(dead[i >> 3] >> (i & 7) & 1);
}

#define SUM_OF(type)                                                       \
    do {                                                                   \
        const type *v = (const type *)values->buffers[0] + values->offset; \
        for (int64_t i = 0; i < rows; i++)                                 \
            sum += !dead || is_live(dead, i) ? v[i] : 0;                   \
    } while (0)

/* Of integers and of decimals that leave room for a billion of them. */
static qetl_int128 plain_sum(const struct qetl_column *values, int64_t rows, const uint8_t *dead)
{
    qetl_int128 sum = 0;

    switch (values->kind == QETL_KIND_DECIMAL ? 'd' : values->layout) {
    case 'c':
        SUM_OF(int8_t);
        break;
    case 'C':
        SUM_OF(uint8_t);
        break;
    case 's':
        SUM_OF(int16_t);
        break;
    case 'S':
        SUM_OF(uint16_t);
        break;
    case 'i':
        SUM_OF(int32_t);
        break;
    case 'I':
        SUM_OF(uint32_t);
        break;
    case 'l':
        SUM_OF(int64_t);
        break;
    case 'L':
        SUM_OF(uint64_t);
        break;
    default:
        SUM_OF(qetl_int128);
        break;
    }
    return sum;
}

static void exact_add(struct reduction *r, const struct qetl_column *values, int64_t rows,
                      const uint8_t *dead)
{
    if (r->type != QETL_KIND_DECIMAL || r->precision <= EXACT_PRECISION) {
        wide_sum_add(&r->exact, plain_sum(values, rows, dead));
        return;
    }
    for (int64_t i = 0; i < rows; i++)
        if (!dead || is_live(dead, i))
            wide_sum_add(&r->exact, qetl_column_decimal(values, i));
}

static void real_add(struct reduction *r, const struct qetl_column *values, int64_t rows,
                     const uint8_t *dead)
{
    double block[BLOCK];
    int64_t n = 0;

    for (int64_t i = 0; i < rows; i++) {
        block[n] = qetl_column_real(values, i);
        n += !dead || is_live(dead, i);
        if (n == BLOCK) {
            real_sum_add(&r->real, block, n);
            n = 0;
        }
    }
    real_sum_add(&r->real, block, n);
}

/* ---- least and greatest ---- */

/* NaN is the greatest, as in SQL. */
static int real_compare(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    return (a > b) - (a < b);
}

static int text_compare(const char *a, int64_t n, const char *b, int64_t m)
{
    int order = memcmp(a, b, (size_t)(n < m ? n : m));

    return order ? order : (n > m) - (n < m);
}

static bool is_better(const struct reduction *r, int order)
{
    return r->count == 0 || (r->kind == REDUCE_MIN ? order < 0 : order > 0);
}

static int32_t text_keep(struct reduction *r, const char *text, int64_t size)
{
    if (!is_better(r, text_compare(text, size, r->text ? r->text : "", r->text_size)))
        return QETL_OK;
    if (size > r->text_room) {
        char *grown = realloc(r->text, (size_t)size);
        if (!grown)
            return QETL_E_NO_MEMORY;
        r->text = grown;
        r->text_room = size;
    }
    if (size)
        memcpy(r->text, text, (size_t)size);
    r->text_size = size;
    return QETL_OK;
}

static void number_keep(struct reduction *r, qetl_int128 number)
{
    if (is_better(r, (number > r->number) - (number < r->number)))
        r->number = number;
}

static void real_keep(struct reduction *r, double value)
{
    if (is_better(r, real_compare(value, r->floating)))
        r->floating = value;
}

static int32_t value_keep(struct reduction *r, const struct qetl_column *values, int64_t i)
{
    struct qetl_text text;

    switch (r->type) {
    case QETL_KIND_REAL:
        real_keep(r, qetl_column_real(values, i));
        return QETL_OK;
    case QETL_KIND_TEXT:
        text = qetl_column_text(values, i);
        return text_keep(r, text.data, text.size);
    case QETL_KIND_DECIMAL:
        number_keep(r, qetl_column_decimal(values, i));
        return QETL_OK;
    case QETL_KIND_UINT:
        number_keep(r, qetl_column_uint(values, i));
        return QETL_OK;
    default:
        number_keep(r, qetl_column_int(values, i));
        return QETL_OK;
    }
}

/* ---- batches ---- */

/* Rows that are NULL or left out, as bits, to be freed; NULL: there are none. */
static int32_t dead_make(const struct qetl_column *values, int64_t rows, const uint8_t *left_out,
                         uint8_t **out)
{
    bool nulls = false;

    *out = NULL;
    for (int64_t i = 0; values->array->null_count && values->validity && i < rows && !nulls; i++)
        nulls = qetl_column_is_null(values, i);
    if (!nulls && !left_out)
        return QETL_OK;
    *out = calloc(1, (size_t)rows / 8 + 1);
    if (!*out)
        return QETL_E_NO_MEMORY;
    for (int64_t i = 0; i < rows; i++)
        if (qetl_column_is_null(values, i) || (left_out && !is_live(left_out, i)))
            (*out)[i >> 3] |= (uint8_t)(1 << (i & 7));
    return QETL_OK;
}

static int64_t live_count(const uint8_t *dead, int64_t rows)
{
    int64_t count = rows;

    for (int64_t i = 0; dead && i < (rows + 7) / 8; i++)
        count -= __builtin_popcount(dead[i]);
    return count;
}

int32_t reduce_add(struct reduction *r, const struct qetl_column *values, int64_t rows,
                   const uint8_t *left_out)
{
    uint8_t *dead;
    int32_t status = dead_make(values, rows, left_out, &dead);

    if (status)
        return status;
    if (r->kind == REDUCE_MIN || r->kind == REDUCE_MAX) {
        for (int64_t i = 0; i < rows && !status; i++) {
            if (dead && !is_live(dead, i))
                continue;
            status = value_keep(r, values, i);
            r->count++;
        }
    } else {
        if (r->kind != REDUCE_COUNT && r->type == QETL_KIND_REAL)
            real_add(r, values, rows, dead);
        else if (r->kind != REDUCE_COUNT)
            exact_add(r, values, rows, dead);
        r->count += live_count(dead, rows);
    }
    free(dead);
    return status;
}

/* ---- results ---- */

static int32_t sum_result(struct reduction *r, int32_t scale, struct qetl_builder *out)
{
    qetl_int128 value;
    int64_t factor = 1;

    if (r->type == QETL_KIND_REAL) {
        double sum = real_sum_round(&r->real);
        if (isinf(sum) && !r->real.infinite && !r->real.negative_infinite)
            return QETL_E_DATA;
        return qetl_builder_real(out, r->kind == REDUCE_AVG ? sum / (double)r->count : sum);
    }
    for (int32_t i = 0; i < avg_digits(scale); i++)
        factor *= 10;
    if (r->kind == REDUCE_SUM ? !wide_sum_value(&r->exact, &value)
                              : !wide_sum_divide(&r->exact, r->count, factor, &value))
        return QETL_E_DATA;
    return qetl_builder_decimal(out, value);
}

int32_t reduce_result(struct reduction *r, int32_t scale, struct qetl_builder *out)
{
    if (r->kind == REDUCE_COUNT)
        return qetl_builder_int(out, r->count);
    if (r->count == 0)
        return qetl_builder_null(out);
    if (r->kind == REDUCE_SUM || r->kind == REDUCE_AVG)
        return sum_result(r, scale, out);
    switch (r->type) {
    case QETL_KIND_REAL:
        return qetl_builder_real(out, r->floating);
    case QETL_KIND_TEXT:
        return qetl_builder_text(out, r->text ? r->text : "", r->text_size);
    case QETL_KIND_DECIMAL:
        return qetl_builder_decimal(out, r->number);
    case QETL_KIND_UINT:
        return qetl_builder_uint(out, (uint64_t)r->number);
    default:
        return qetl_builder_int(out, (int64_t)r->number);
    }
}

/* ---- state ---- */

struct reduce_saved { /* what is written of a reduction; text_size bytes follow */
    int64_t count, text_size;
    qetl_int128 number;
    double floating;
    struct wide_sum exact;
    struct real_sum real;
};

int32_t reduce_save(const struct reduction *r, const struct qetl_writer *out)
{
    struct reduce_saved saved;
    int32_t status;

    memset(&saved, 0, sizeof saved);
    saved.count = r->count;
    saved.text_size = r->text_size;
    saved.number = r->number;
    saved.floating = r->floating;
    saved.exact = r->exact;
    saved.real = r->real;
    status = out->write(out->stream, &saved, sizeof saved);
    return status || !r->text_size ? status
                                   : out->write(out->stream, r->text, (size_t)r->text_size);
}

static int32_t read_all(const struct qetl_reader *in, void *data, size_t size)
{
    size_t got = 0;

    while (got < size) {
        int64_t n = in->read(in->stream, (char *)data + got, size - got);
        if (n <= 0)
            return n < 0 ? (int32_t)n : QETL_E_DATA;
        got += (size_t)n;
    }
    return QETL_OK;
}

int32_t reduce_merge(struct reduction *r, const struct qetl_reader *in)
{
    struct reduce_saved saved;
    char *text = NULL;
    int32_t status = read_all(in, &saved, sizeof saved);

    if (status || saved.text_size < 0 || saved.count < 0)
        return status ? status : QETL_E_DATA;
    if (saved.text_size) {
        text = malloc((size_t)saved.text_size);
        status = text ? read_all(in, text, (size_t)saved.text_size) : QETL_E_NO_MEMORY;
    }
    if (!status && saved.count) {
        if (r->type == QETL_KIND_TEXT && (r->kind == REDUCE_MIN || r->kind == REDUCE_MAX))
            status = text_keep(r, text ? text : "", saved.text_size);
        number_keep(r, saved.number);
        real_keep(r, saved.floating);
        wide_sum_merge(&r->exact, &saved.exact);
        real_sum_merge(&r->real, &saved.real);
        r->count += saved.count;
    }
    free(text);
    return status;
}

void reduce_clear(struct reduction *r)
{
    free(r->text);
    *r = (struct reduction){.kind = r->kind, .type = r->type, .precision = r->precision};
}
