/* SPDX-License-Identifier: Apache-2.0 */
/* to_char of dates and times, to_date and to_timestamp. */
#include "rows_time.h"
#include "time/format.h"

/* The format is the last argument of all; a constant one is read once. */
static bool prepare_format(struct expr_binder *b, struct expr_node *call)
{
    const struct expr_node *text = call->args[1];
    struct expr_format *format;

    if (text->kind != EXPR_NODE_CONSTANT || text->value.null)
        return true;
    format = qetl_expr_new(b->source, sizeof *format);
    call->state = format;
    if (format && !qetl_expr_format_read(b->source->arena, text->value.text, format))
        qetl_expr_no_memory(b->source);
    return !b->source->status;
}

/* NULL: no memory. */
static const struct expr_format *row_format(struct expr_frame *f, const struct expr_instr *in,
                                            int64_t i, struct expr_format *read)
{
    if (in->node->state)
        return in->node->state;
    return qetl_expr_format_read(&f->heap, row_text(in, 1, i), read) ? read : NULL;
}

static int32_t write_shown(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                           const struct expr_shown *shown)
{
    struct expr_format read;
    const struct expr_format *format = row_format(f, in, i, &read);
    int64_t size;
    int32_t status;
    char *out;

    if (!format)
        return QETL_E_NO_MEMORY;
    if (!row_text(in, 1, i).size) {
        qetl_expr_row_null(in, i);
        return QETL_OK;
    }
    out = qetl_expr_row_space(f, in, i, qetl_expr_format_size(format), &status);
    if (!out)
        return status;
    size = qetl_expr_format_write(format, shown, out);
    if (size < 0)
        qetl_expr_row_fail(f, in, i, "bad_cast",
                           "the format has a field that intervals do not have");
    return row_put_text(in, i, out, size < 0 ? 0 : size);
}

static int32_t row_stamp(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_shown shown;

    qetl_expr_shown_stamp(row_int8(in, 0, i), &shown);
    return write_shown(f, in, i, &shown);
}

static int32_t row_instant(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_shown shown;
    int64_t stamp = row_int8(in, 0, i);

    qetl_expr_shown_stamp(qetl_expr_zone_local(&f->zone, stamp), &shown);
    shown.zone = expr_zone_kind_at(&f->zone, expr_floor_divide(stamp, 1000000));
    return write_shown(f, in, i, &shown);
}

static int32_t row_step(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_shown shown;

    qetl_expr_shown_interval(row_interval(in, 0, i), &shown);
    return write_shown(f, in, i, &shown);
}

/* False: the row has failed, or *status. */
static bool scan_row(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                     struct expr_format_value *out, int32_t *status)
{
    struct expr_format read;
    const struct expr_format *format = row_format(f, in, i, &read);
    enum expr_parsed result;

    *status = format ? QETL_OK : QETL_E_NO_MEMORY;
    if (!format)
        return false;
    result = qetl_expr_format_scan(format, row_text(in, 0, i), out);
    if (result == EXPR_PARSED_BAD)
        qetl_expr_row_fail(f, in, i, "bad_cast", "the text does not go with the format");
    else if (result == EXPR_PARSED_RANGE)
        qetl_expr_row_beyond(f, in, i);
    return result == EXPR_PARSED;
}

static int32_t row_to_date(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_format_value value = {0};
    int32_t status;

    if (!scan_row(f, in, i, &value, &status))
        return status;
    return expr_date_fits(value.days) ? row_put_int4(in, i, value.days)
                                      : qetl_expr_row_beyond(f, in, i);
}

static int32_t row_to_stamp(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_format_value value = {0};
    int64_t stamp;
    int32_t status;

    if (!scan_row(f, in, i, &value, &status))
        return status;
    if (__builtin_mul_overflow(value.days, EXPR_DAY_US, &stamp) ||
        __builtin_add_overflow(stamp, value.us, &stamp) || !expr_stamp_fits(stamp))
        return qetl_expr_row_beyond(f, in, i);
    stamp = value.has_offset ? stamp - value.offset_us : qetl_expr_zone_utc_of(&f->zone, stamp);
    return expr_stamp_fits(stamp) ? row_put_int8(in, i, stamp) : qetl_expr_row_beyond(f, in, i);
}

#define FORMAT(called, from, to, by)                                          \
    {                                                                         \
        .name = called, .n_args = 2, .args = {from, EXPR_TEXT}, .result = to, \
        .flags = EXPR_OP_MASKED, .row = by, .prepare = prepare_format         \
    }

static const struct expr_op ops[] = {
    FORMAT("to_char", EXPR_TIMESTAMP, EXPR_TEXT, row_stamp),
    FORMAT("to_char", EXPR_TIMESTAMPTZ, EXPR_TEXT, row_instant),
    FORMAT("to_char", EXPR_INTERVAL, EXPR_TEXT, row_step),
    FORMAT("to_date", EXPR_TEXT, EXPR_DATE, row_to_date),
    FORMAT("to_timestamp", EXPR_TEXT, EXPR_TIMESTAMPTZ, row_to_stamp),
};

const struct expr_family qetl_expr_family_format = {ops, sizeof ops / sizeof ops[0]};
