/* SPDX-License-Identifier: Apache-2.0 */
/* What Arrow formats mean. */
#include "internal.h"

static int32_t number_parse(const char **at)
{
    int32_t value = 0, sign = **at == '-' ? -1 : 1;
    const char *p = *at + (sign < 0), *begin = p;
    while (*p >= '0' && *p <= '9' && value < 100000)
        value = value * 10 + (*p++ - '0');
    *at = p > begin ? p : NULL;
    return sign * value;
}

bool qetl_type_decimal(const char *format, int32_t *precision, int32_t *scale)
{
    if (!format || format[0] != 'd' || format[1] != ':')
        return false;
    const char *at = format + 2;
    *precision = number_parse(&at);
    if (!at || *at++ != ',')
        return false;
    *scale = number_parse(&at);
    if (!at || (*at && strcmp(at, ",128") != 0))
        return false;
    return *precision >= 1 && *precision <= QETL_SDK_DECIMAL_DIGITS &&
           *scale >= -QETL_SDK_DECIMAL_DIGITS && *scale <= QETL_SDK_DECIMAL_DIGITS;
}

static struct qetl_sdk_type type_make(enum qetl_kind kind, char layout, int32_t width)
{
    return (struct qetl_sdk_type){.kind = kind, .layout = layout, .width = width};
}

static bool type_of_letter(char letter, struct qetl_sdk_type *out)
{
    static const struct {
        char letter, layout;
        int8_t kind, width;
    } table[] = {
        {'n', 'n', QETL_KIND_NULL, 0},   {'b', 'b', QETL_KIND_BOOL, 0},
        {'c', 'c', QETL_KIND_INT, 1},    {'C', 'C', QETL_KIND_UINT, 1},
        {'s', 's', QETL_KIND_INT, 2},    {'S', 'S', QETL_KIND_UINT, 2},
        {'i', 'i', QETL_KIND_INT, 4},    {'I', 'I', QETL_KIND_UINT, 4},
        {'l', 'l', QETL_KIND_INT, 8},    {'L', 'L', QETL_KIND_UINT, 8},
        {'f', 'f', QETL_KIND_REAL, 4},   {'g', 'g', QETL_KIND_REAL, 8},
        {'u', 'u', QETL_KIND_TEXT, 0},   {'U', 'U', QETL_KIND_TEXT, 0},
        {'z', 'u', QETL_KIND_BINARY, 0}, {'Z', 'U', QETL_KIND_BINARY, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].letter == letter) {
            *out = type_make((enum qetl_kind)table[i].kind, table[i].layout, table[i].width);
            return true;
        }
    return false;
}

/* Digits of the fraction of a unit, or -1. */
static int32_t unit_digits(char unit)
{
    switch (unit) {
    case 's':
        return 0;
    case 'm':
        return 3;
    case 'u':
        return 6;
    case 'n':
        return 9;
    default:
        return -1;
    }
}

static bool type_of_time(const char *format, struct qetl_sdk_type *out)
{
    if (!strcmp(format, "tdD") || !strcmp(format, "tdm")) {
        bool days = format[2] == 'D';
        *out = type_make(QETL_KIND_DATE, days ? 'i' : 'l', days ? 4 : 8);
        out->scale = days ? 0 : 3;
        return true;
    }
    if (!strcmp(format, "tin")) {
        *out = type_make(QETL_KIND_INTERVAL, 't', 16);
        return true;
    }
    if (strlen(format) < 3 || unit_digits(format[2]) < 0)
        return false;
    int32_t digits = unit_digits(format[2]);
    if (format[1] == 't' && !format[3])
        *out = digits > 3 ? type_make(QETL_KIND_TIME, 'l', 8) : type_make(QETL_KIND_TIME, 'i', 4);
    else if (format[1] == 's' && format[3] == ':')
        *out = type_make(QETL_KIND_TIMESTAMP, 'l', 8);
    else
        return false;
    out->scale = digits;
    out->zoned = format[1] == 's' && format[4];
    return true;
}

int32_t qetl_sdk_type_of(const char *format, struct qetl_sdk_type *out)
{
    bool known = false;
    if (!format)
        return QETL_E_UNSUPPORTED;
    if (format[0] && !format[1]) {
        known = type_of_letter(format[0], out);
    } else if (!strcmp(format, "vu") || !strcmp(format, "vz")) {
        *out = type_make(format[1] == 'u' ? QETL_KIND_TEXT : QETL_KIND_BINARY, 'v', 16);
        known = true;
    } else if (!strcmp(format, "+l") || !strcmp(format, "+s")) {
        *out = type_make(format[1] == 'l' ? QETL_KIND_LIST : QETL_KIND_STRUCT, '+', 0);
        known = true;
    } else if (format[0] == 't') {
        known = type_of_time(format, out);
    } else {
        *out = type_make(QETL_KIND_DECIMAL, 'd', 16);
        known = qetl_type_decimal(format, &out->precision, &out->scale);
    }
    return known ? QETL_OK : QETL_E_UNSUPPORTED;
}
