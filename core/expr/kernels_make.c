/* SPDX-License-Identifier: Apache-2.0 */
/* make_date and its kin, age, justify_…, date_bin, isfinite, OVERLAPS. */
#include "rows_time.h"
#include "time/moment_scan.h"

#include <math.h>

/* ---- from parts ---- */

/* A negative year is before Christ; there is no year 0. False: no such day. */
static bool civil_set(struct expr_civil *civil, int64_t year, int64_t month, int64_t day)
{
    if (year < 0)
        year++;
    else if (year == 0)
        return false;
    if (month < 1 || month > 12 || day < 1 || day > qetl_expr_month_days(year, (int)month))
        return false;
    *civil = (struct expr_civil){.year = year, .month = (int)month, .day = (int)day};
    return true;
}

static bool clock_set(int64_t *us, int64_t hour, int64_t minute, double second)
{
    if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || !(second >= 0 && second <= 60))
        return false;
    *us = (hour * 60 + minute) * 60000000 + (int64_t)rint(second * 1e6);
    return *us <= EXPR_DAY_US && (second < 60 || *us % 60000000 == 0);
}

static int32_t row_no_such(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                           const char *what)
{
    qetl_expr_row_fail(f, in, i, "datetime_overflow", "%s: there is no such %s", in->node->op->name,
                       what);
    return QETL_OK;
}

static int32_t row_make_date(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_civil civil;
    int64_t days;

    if (!civil_set(&civil, row_int4(in, 0, i), row_int4(in, 1, i), row_int4(in, 2, i)))
        return row_no_such(f, in, i, "day");
    if (civil.year < -4713 || civil.year > 5874898)
        return qetl_expr_row_beyond(f, in, i);
    days = qetl_expr_days_from_civil(civil.year, civil.month, civil.day);
    return expr_date_fits(days) ? row_put_int4(in, i, days) : qetl_expr_row_beyond(f, in, i);
}

static int32_t row_make_time(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    int64_t us;

    if (!clock_set(&us, row_int4(in, 0, i), row_int4(in, 1, i), row_float8(in, 2, i)))
        return row_no_such(f, in, i, "time");
    return row_put_int8(in, i, us);
}

static int32_t make_stamp(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                          struct expr_zone_cursor *zone)
{
    struct expr_civil civil;
    int64_t stamp;

    if (!civil_set(&civil, row_int4(in, 0, i), row_int4(in, 1, i), row_int4(in, 2, i)))
        return row_no_such(f, in, i, "day");
    if (!clock_set(&civil.us, row_int4(in, 3, i), row_int4(in, 4, i), row_float8(in, 5, i)))
        return row_no_such(f, in, i, "time");
    if (!qetl_expr_civil_stamp(&civil, &stamp))
        return qetl_expr_row_beyond(f, in, i);
    if (zone)
        stamp = qetl_expr_zone_utc_of(zone, stamp);
    return expr_stamp_fits(stamp) ? row_put_int8(in, i, stamp) : qetl_expr_row_beyond(f, in, i);
}

static int32_t row_make_stamp(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return make_stamp(f, in, i, NULL);
}

static int32_t row_make_instant(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return make_stamp(f, in, i, &f->zone);
}

/* +05:30 is an offset here, counted eastward; all other names are zones. */
static bool is_offset(struct expr_text name)
{
    return name.size > 0 && (*name.data == '+' || *name.data == '-');
}

/* False: it is none; the row has failed. */
static bool offset_read(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                        struct expr_text name, int64_t *us)
{
    struct expr_moment_scan scan = {.at = name.data, .end = name.data + name.size};
    enum expr_parsed result = qetl_expr_scan_offset(&scan);

    *us = scan.offset_us;
    if (result == EXPR_PARSED && scan.at == scan.end)
        return true;
    qetl_expr_row_fail(f, in, i, "bad_argument", "'%.*s' is no offset",
                       (int)(name.size < 60 ? name.size : 60), name.data);
    return false;
}

/* The date and time are looked at first, then the zone. */
static int32_t row_make_zoned(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    int64_t *stamp = (int64_t *)in->dst->data + i, offset = 0;
    struct expr_text name = row_text(in, 6, i);
    struct expr_zone_cursor zone;

    make_stamp(f, in, i, NULL);
    if (f->failed[i >> 6] >> (i & 63) & 1)
        return QETL_OK;
    if (is_offset(name)) {
        if (!offset_read(f, in, i, name, &offset))
            return QETL_OK;
        *stamp -= offset;
    } else {
        zone = (struct expr_zone_cursor){.zone = qetl_expr_row_zone(f, in, 6, i)};
        if (!zone.zone)
            return QETL_OK;
        *stamp = qetl_expr_zone_utc_of(&zone, *stamp);
    }
    return expr_stamp_fits(*stamp) ? QETL_OK : qetl_expr_row_beyond(f, in, i);
}

static bool prepare_make_zone(struct expr_binder *b, struct expr_node *call)
{
    const struct expr_node *name = call->args[6];

    if (name->kind == EXPR_NODE_CONSTANT && !name->value.null && is_offset(name->value.text))
        return true;
    return qetl_expr_prepare_zone(b, call, 6);
}

/* Years, months, weeks, days, hours, minutes, seconds: as many as are given. */
static int32_t row_make_interval(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    int64_t parts[7] = {0}, months, days, us;
    double seconds = in->node->n_args == 7 ? row_float8(in, 6, i) : 0;

    for (uint32_t k = 0; k < in->node->n_args && k < 6; k++)
        parts[k] = row_int4(in, k, i);
    months = parts[0] * 12 + parts[1];
    days = parts[2] * 7 + parts[3];
    us = (parts[4] * 60 + parts[5]) * 60000000;
    seconds = rint(seconds * 1e6);
    if (months != (int32_t)months || days != (int32_t)days ||
        !(fabs(seconds) < (double)EXPR_INTERVAL_US_MAX) ||
        __builtin_add_overflow(us, (int64_t)seconds, &us) ||
        !expr_interval_fits((struct expr_interval){.us = us}))
        return qetl_expr_row_beyond(f, in, i);
    return row_put_interval(in, i, (struct expr_interval){(int32_t)months, (int32_t)days, us});
}

/* ---- of intervals and ages ---- */

static int32_t put_if(struct expr_frame *f, const struct expr_instr *in, int64_t i, bool fits,
                      struct expr_interval value)
{
    return fits ? row_put_interval(in, i, value) : qetl_expr_row_beyond(f, in, i);
}

static int32_t row_justify_hours(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_interval out;
    bool fits = qetl_expr_interval_justify_hours(row_interval(in, 0, i), &out);

    return put_if(f, in, i, fits, out);
}

static int32_t row_justify_days(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_interval out;
    bool fits = qetl_expr_interval_justify_days(row_interval(in, 0, i), &out);

    return put_if(f, in, i, fits, out);
}

static int32_t row_justify(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_interval out;
    bool fits = qetl_expr_interval_justify(row_interval(in, 0, i), &out);

    return put_if(f, in, i, fits, out);
}

static int32_t row_age(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    (void)f;
    return row_put_interval(in, i, qetl_expr_age(row_int8(in, 0, i), row_int8(in, 1, i)));
}

/* Ages of instants are those of the local times. */
static int32_t row_age_instant(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    int64_t a = qetl_expr_zone_local(&f->zone, row_int8(in, 0, i));
    int64_t b = qetl_expr_zone_local(&f->zone, row_int8(in, 1, i));

    return row_put_interval(in, i, qetl_expr_age(a, b));
}

/* ---- the rest ---- */

static int32_t row_bin(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_interval stride = row_interval(in, 0, i);
    int64_t stamp = row_int8(in, 1, i), width = stride.us, days, past;

    if (stride.months) {
        qetl_expr_row_fail(f, in, i, "unsupported",
                           "date_bin: a stride of months or years has no fixed length");
        return QETL_OK;
    }
    if (__builtin_mul_overflow(stride.days, EXPR_DAY_US, &days) ||
        __builtin_add_overflow(width, days, &width) ||
        __builtin_sub_overflow(stamp, row_int8(in, 2, i), &past))
        return qetl_expr_row_beyond(f, in, i);
    if (width <= 0) {
        qetl_expr_row_fail(f, in, i, "datetime_overflow", "date_bin: the stride must be positive");
        return QETL_OK;
    }
    stamp -= (past % width + width) % width;
    return expr_stamp_fits(stamp) ? row_put_int8(in, i, stamp) : qetl_expr_row_beyond(f, in, i);
}

static int32_t row_finite(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    (void)f;
    return row_put_bool(in, i, true);
}

#define OP1(called, type, to, by)                                                           \
    {                                                                                       \
        .name = called, .n_args = 1, .args = {type}, .result = to, .flags = EXPR_OP_MASKED, \
        .row = by                                                                           \
    }
#define AGE(type, by)                                                              \
    {                                                                              \
        .name = "age", .n_args = 2, .args = {type, type}, .result = EXPR_INTERVAL, \
        .flags = EXPR_OP_MASKED, .row = by                                         \
    }
#define BIN(type)                                                                             \
    {                                                                                         \
        .name = "date_bin", .n_args = 3, .args = {EXPR_INTERVAL, type, type}, .result = type, \
        .flags = EXPR_OP_MASKED, .row = row_bin                                               \
    }
#define INTERVAL_OF(n)                                                                           \
    {                                                                                            \
        .name = "make_interval", .n_args = n,                                                    \
        .args = {EXPR_INT4, EXPR_INT4, EXPR_INT4, EXPR_INT4, EXPR_INT4, EXPR_INT4, EXPR_FLOAT8}, \
        .result = EXPR_INTERVAL, .flags = EXPR_OP_MASKED, .row = row_make_interval               \
    }
#define STAMP_PARTS EXPR_INT4, EXPR_INT4, EXPR_INT4, EXPR_INT4, EXPR_INT4, EXPR_FLOAT8

static const struct expr_op ops[] = {
    {.name = "make_date",
     .n_args = 3,
     .args = {EXPR_INT4, EXPR_INT4, EXPR_INT4},
     .result = EXPR_DATE,
     .flags = EXPR_OP_MASKED,
     .row = row_make_date},
    {.name = "make_time",
     .n_args = 3,
     .args = {EXPR_INT4, EXPR_INT4, EXPR_FLOAT8},
     .result = EXPR_TIME,
     .flags = EXPR_OP_MASKED,
     .row = row_make_time},
    {.name = "make_timestamp",
     .n_args = 6,
     .args = {STAMP_PARTS},
     .result = EXPR_TIMESTAMP,
     .flags = EXPR_OP_MASKED,
     .row = row_make_stamp},
    {.name = "make_timestamptz",
     .n_args = 6,
     .args = {STAMP_PARTS},
     .result = EXPR_TIMESTAMPTZ,
     .flags = EXPR_OP_MASKED,
     .row = row_make_instant},
    {.name = "make_timestamptz",
     .n_args = 7,
     .args = {STAMP_PARTS, EXPR_TEXT},
     .result = EXPR_TIMESTAMPTZ,
     .flags = EXPR_OP_MASKED,
     .row = row_make_zoned,
     .prepare = prepare_make_zone},
    INTERVAL_OF(1),
    INTERVAL_OF(2),
    INTERVAL_OF(3),
    INTERVAL_OF(4),
    INTERVAL_OF(5),
    INTERVAL_OF(6),
    INTERVAL_OF(7),
    OP1("justify_hours", EXPR_INTERVAL, EXPR_INTERVAL, row_justify_hours),
    OP1("justify_days", EXPR_INTERVAL, EXPR_INTERVAL, row_justify_days),
    OP1("justify_interval", EXPR_INTERVAL, EXPR_INTERVAL, row_justify),
    AGE(EXPR_TIMESTAMP, row_age),
    AGE(EXPR_TIMESTAMPTZ, row_age_instant),
    BIN(EXPR_TIMESTAMP),
    BIN(EXPR_TIMESTAMPTZ),
    OP1("isfinite", EXPR_DATE, EXPR_BOOL, row_finite),
    OP1("isfinite", EXPR_TIMESTAMP, EXPR_BOOL, row_finite),
    OP1("isfinite", EXPR_TIMESTAMPTZ, EXPR_BOOL, row_finite),
    OP1("isfinite", EXPR_INTERVAL, EXPR_BOOL, row_finite),
};

const struct expr_family qetl_expr_family_make = {ops, sizeof ops / sizeof ops[0]};
