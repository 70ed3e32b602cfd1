/* SPDX-License-Identifier: Apache-2.0 */
/* Intervals as text, in PostgreSQL's style. */
#include "civil.h"

struct parts {
    char *begin, *at;
    bool negative; /* the part written last */
};

/* A part that is there; behind a negative one a positive one shows its sign. */
static void part_write(struct parts *p, int32_t value, const char *unit)
{
    size_t size = strlen(unit);
    if (!value)
        return;
    if (p->at > p->begin)
        *p->at++ = ' ';
    if (value < 0)
        *p->at++ = '-';
    else if (p->negative)
        *p->at++ = '+';
    p->at += qetl_sdk_digits(qetl_sdk_magnitude(value), p->at);
    *p->at++ = ' ';
    memcpy(p->at, unit, size);
    p->at += size;
    if (value != 1)
        *p->at++ = 's';
    p->negative = value < 0;
}

char *qetl_sdk_interval_write(struct qetl_interval value, char out[QETL_SDK_INTERVAL_MAX])
{
    struct parts p = {out, out, false};
    part_write(&p, value.months / 12, "year");
    part_write(&p, value.months % 12, "mon");
    part_write(&p, value.days, "day");
    if (!value.nanoseconds && p.at > out)
        return p.at;
    if (p.at > out)
        *p.at++ = ' ';
    if (p.negative && value.nanoseconds >= 0)
        *p.at++ = '+';
    return qetl_sdk_time_write(value.nanoseconds, 9, p.at);
}
