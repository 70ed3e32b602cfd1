/* SPDX-License-Identifier: Apache-2.0 */
/* What a number of a layout file stands for: a decimal, a name, a moment, NULL. */
#include "layout_reader.h"

#include "value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int name_order(const void *a, const void *b)
{
    int64_t x = ((const struct binary_name *)a)->value, y = ((const struct binary_name *)b)->value;

    return (x > y) - (x < y);
}

static bool key_value(const char *key, int64_t *out)
{
    bool hex = !strncasecmp(key, "0x", 2);
    const char *digits = key + (hex ? 2 : key[0] == '-');
    size_t size = strlen(digits);

    if (!size || strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789") != size)
        return false;
    errno = 0;
    *out = key[0] == '-' ? strtoll(key, NULL, 10) : (int64_t)strtoull(digits, NULL, hex ? 16 : 10);
    return !errno;
}

bool binary_raw_is_of(const struct binary_field *f, int64_t value)
{
    int64_t bits = f->bits ? f->bits : f->width * 8;

    if (bits == 64)
        return true; /* beyond 2^63 it stands for a negative one */
    return f->kind == BINARY_SIGNED
               ? value >= -((int64_t)1 << (bits - 1)) && value < (int64_t)1 << (bits - 1)
               : value >= 0 && value < (int64_t)1 << bits;
}

/* {"1": "login", "0x10": "logout"}: values by their names would not allow two of one name. */
static int32_t names_read(struct binary_reader *r, const json_t *map, struct binary_field *f)
{
    const char *key;
    json_t *name;

    if (!json_is_object(map) || !json_object_size(map))
        return binary_reader_fail(r, NULL, "enum must be an object such as {\"1\": \"login\"}");
    f->names = calloc(json_object_size(map), sizeof *f->names);
    if (!f->names)
        return QETL_E_NO_MEMORY;
    json_object_foreach ((json_t *)map, key, name) {
        struct binary_name *entry = &f->names[f->n_names];

        if (!key_value(key, &entry->value) || !json_is_string(name))
            return binary_reader_fail(r, NULL, "enum: %.40s must be a number that has a name", key);
        if (!binary_raw_is_of(f, entry->value) || (key[0] == '-' && f->kind == BINARY_UNSIGNED) ||
            (key[0] != '-' && f->kind == BINARY_SIGNED && entry->value < 0))
            return binary_reader_fail(r, NULL, "enum: the field can never be %.40s", key);
        entry->name = strdup(json_string_value(name));
        if (!entry->name)
            return QETL_E_NO_MEMORY;
        f->n_names++;
    }
    qsort(f->names, (size_t)f->n_names, sizeof *f->names, name_order);
    for (int64_t i = 1; i < f->n_names; i++)
        if (f->names[i].value == f->names[i - 1].value)
            return binary_reader_fail(r, NULL, "enum: %lld has two names",
                                      (long long)f->names[i].value);
    return QETL_OK;
}

/* Each name once, or a writer would not know which value it means. */
static int32_t names_check(struct binary_reader *r, const struct binary_field *f)
{
    for (int64_t i = 0; i < f->n_names; i++)
        for (int64_t k = 0; k < i; k++)
            if (!strcmp(f->names[i].name, f->names[k].name))
                return binary_reader_fail(r, NULL, "enum: two values are called %.60s",
                                          f->names[i].name);
    return QETL_OK;
}

static const struct unit {
    const char *name;
    int64_t ns;
} units[] = {
    {"ns", 1},         {"100ns", 100},       {"us", 1000},         {"ms", 1000000},
    {"s", 1000000000}, {"min", 60000000000}, {"h", 3600000000000}, {"days", 86400000000000}};
static const char unit_words[] = "ns 100ns us ms s min h days";

static const struct epoch {
    const char *name;
    int64_t year;
    int32_t month, day;
} epochs[] = {{"unix", 1970, 1, 1}, {"windows", 1601, 1, 1}, {"mac", 1904, 1, 1},
              {"ntp", 1900, 1, 1},  {"gps", 1980, 1, 6},     {"apple", 2001, 1, 1}};

static bool date_has_form(const char *text)
{
    static const char form[] = "dddd-dd-dd";

    for (size_t i = 0; i < sizeof form; i++)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return false;
    return true;
}

static int32_t epoch_read(struct binary_reader *r, const json_t *object, struct binary_time *t)
{
    const char *text = json_string_value(json_object_get(object, "epoch"));
    int year = 0, month = 0, day = 0;

    if (!json_object_get(object, "epoch"))
        return QETL_OK;
    for (size_t i = 0; text && i < sizeof epochs / sizeof *epochs; i++)
        if (!strcmp(text, epochs[i].name)) {
            t->epoch_s = binary_days_from_civil(epochs[i].year, epochs[i].month, epochs[i].day);
            t->epoch_s *= 86400;
            return QETL_OK;
        }
    if (!text || !date_has_form(text) || sscanf(text, "%d-%d-%d", &year, &month, &day) != 3 ||
        !binary_date_is(year, month, day))
        return binary_reader_fail(
            r, NULL, "epoch must be unix, windows, mac, ntp, gps, apple or a date as 2000-01-01");
    t->epoch_s = binary_days_from_civil(year, month, day) * 86400;
    return QETL_OK;
}

static int32_t fraction_read(struct binary_reader *r, const json_t *object, struct binary_field *f)
{
    const json_t *fraction = json_object_get(object, "fraction");
    const char *type = json_string_value(json_object_get(fraction, "type"));
    enum binary_kind kind;
    int64_t width;
    int32_t unit, status;

    if (!fraction)
        return QETL_OK;
    status = binary_reader_keys(r, fraction, "type unit");
    if (status)
        return status;
    if (!type || !binary_number_type(type, &kind, &width) || kind == BINARY_REAL ||
        width > (int64_t)sizeof(uint32_t))
        return binary_reader_fail(r, NULL, "fraction.type must be u8 to u32 or i8 to i32");
    status = binary_reader_word(r, fraction, "unit", "ns 100ns us ms", &unit);
    if (status)
        return status;
    f->time.fraction_width = (int32_t)width;
    f->time.fraction_ns = units[unit].ns;
    if (f->time.fraction_ns >= f->time.unit_ns)
        return binary_reader_fail(r, NULL, "fraction.unit must be finer than unit");
    return status;
}

static int32_t time_read(struct binary_reader *r, const json_t *object, struct binary_field *f)
{
    const char *epoch = json_string_value(json_object_get(object, "epoch"));
    int64_t finest;
    int32_t unit, status = binary_reader_keys(r, object, "epoch unit fraction");

    if (status)
        return status;
    if (epoch && !strcmp(epoch, "dos")) {
        f->time.dos = true;
        if (json_object_size(object) > 1)
            return binary_reader_fail(r, NULL, "the epoch dos has neither unit nor fraction");
        return f->width == 4 && f->kind == BINARY_UNSIGNED
                   ? QETL_OK
                   : binary_reader_fail(r, NULL, "the epoch dos needs the type u32");
    }
    status = binary_reader_word(r, object, "unit", unit_words, &unit);
    if (status)
        return status;
    f->time.unit_ns = json_object_get(object, "unit") ? units[unit].ns : 1000000000;
    status = epoch_read(r, object, &f->time);
    if (!status)
        status = fraction_read(r, object, f);
    finest = f->time.fraction_ns ? f->time.fraction_ns : f->time.unit_ns;
    f->time.ticks_ns = f->time.unit_ns == units[7].ns && !f->time.fraction_ns ? units[7].ns
                       : finest < 1000                                        ? 1
                                                                              : 1000;
    return status;
}

static int32_t scale_read(struct binary_reader *r, const json_t *object, struct binary_field *f)
{
    int64_t scale;
    int32_t status = binary_reader_integer(r, object, "scale", 0, 38, -1, &scale);

    if (status || scale < 0)
        return status;
    f->scale = (int32_t)scale;
    /* 2^63 has 19 digits, 2^64 has 20. */
    f->precision = scale > 20 ? 38 : 20;
    return QETL_OK;
}

static int32_t range_read(struct binary_reader *r, const json_t *object, struct binary_field *f)
{
    const json_t *range = json_object_get(object, "range"), *null = json_object_get(object, "null");

    if (null && !json_is_integer(null))
        return binary_reader_fail(r, NULL, "null must be a whole number here");
    f->null_is = null != NULL;
    f->null_value = null ? json_integer_value(null) : 0;
    if (null && f->kind != BINARY_PACKED && !binary_raw_is_of(f, f->null_value))
        return binary_reader_fail(r, NULL, "null: the field can never be %lld",
                                  (long long)f->null_value);
    if (!range)
        return QETL_OK;
    if (json_array_size(range) != 2 || !json_is_integer(json_array_get(range, 0)) ||
        !json_is_integer(json_array_get(range, 1)))
        return binary_reader_fail(r, NULL, "range must be two whole numbers, as [0, 100]");
    f->range_is = true;
    f->least = json_integer_value(json_array_get(range, 0));
    f->greatest = json_integer_value(json_array_get(range, 1));
    return f->least <= f->greatest ? QETL_OK
                                   : binary_reader_fail(r, NULL, "range begins behind its end");
}

int32_t binary_number_read(struct binary_reader *r, const json_t *object, struct binary_field *f)
{
    const json_t *names = json_object_get(object, "enum"), *time = json_object_get(object, "time");
    int32_t status = range_read(r, object, f);

    if (!status && !!names + !!time + !!json_object_get(object, "scale") > 1)
        return binary_reader_fail(r, NULL, "only one of enum, time and scale can be");
    if (!status && names)
        status = names_read(r, names, f);
    if (!status && names)
        status = names_check(r, f);
    if (!status)
        status = binary_reader_flag(r, object, "enum_open", &f->names_open);
    if (!status && !names && json_object_get(object, "enum_open"))
        status = binary_reader_fail(r, NULL, "enum_open is for fields with an enum");
    if (!status && time)
        status = time_read(r, time, f);
    return status ? status : scale_read(r, object, f);
}
