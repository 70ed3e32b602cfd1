/* SPDX-License-Identifier: Apache-2.0 */
/* Batches as text: what is fed to the plugin is read, by its columns' types. */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int32_t test_schema_parse(struct qetl_rig *t, const char *columns, struct ArrowSchema *out)
{
    int32_t status = qetl_schema_parse(columns, out);
    if (status)
        test_fail(t, status, "these are no columns: %s", columns);
    return status;
}

static bool digits_read(const char **at, int n, int64_t *out)
{
    *out = 0;
    for (int i = 0; i < n; i++, ++*at) {
        if (**at < '0' || **at > '9')
            return false;
        *out = *out * 10 + (**at - '0');
    }
    return true;
}

/* Days from 1970 of a date in the Gregorian calendar; months counted from March on. */
static int64_t days_from(int64_t year, int64_t month, int64_t day)
{
    year -= month < 3;
    int64_t in_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    return year * 365 + year / 4 - year / 100 + year / 400 + in_year - 719468;
}

static bool date_read(const char **at, int64_t *days)
{
    int64_t year, month, day;
    if (!digits_read(at, 4, &year) || *(*at)++ != '-' || !digits_read(at, 2, &month) ||
        *(*at)++ != '-' || !digits_read(at, 2, &day))
        return false;
    *days = days_from(year, month, day);
    return true;
}

/* 12:34:56.789 in units of 10^-scale seconds. */
static bool clock_read(const char **at, int32_t scale, int64_t *out)
{
    int64_t hour, minute, second;
    if (!digits_read(at, 2, &hour) || *(*at)++ != ':' || !digits_read(at, 2, &minute) ||
        *(*at)++ != ':' || !digits_read(at, 2, &second))
        return false;
    *out = (hour * 60 + minute) * 60 + second;
    bool fraction = **at == '.';
    *at += fraction;
    for (int32_t i = 0; i < scale; i++) {
        bool digit = fraction && **at >= '0' && **at <= '9';
        *out = *out * 10 + (digit ? **at - '0' : 0);
        *at += digit;
    }
    return true;
}

static bool moment_read(enum qetl_kind kind, int32_t scale, const char *text, int64_t *out)
{
    int64_t days = 0, clock = 0, unit = 1;
    for (int32_t i = 0; i < scale; i++)
        unit *= 10;
    if (kind != QETL_KIND_TIME && !date_read(&text, &days))
        return false;
    if (kind == QETL_KIND_TIMESTAMP && *text)
        text += *text == ' ' || *text == 'T';
    if (kind != QETL_KIND_DATE && !clock_read(&text, scale, &clock))
        return false;
    if (kind == QETL_KIND_TIMESTAMP)
        text += strcmp(text, "+00") == 0 ? 3 : *text == 'Z';
    *out = kind == QETL_KIND_DATE && !scale ? days : days * 86400 * unit + clock;
    return !*text;
}

static int32_t decimal_append(struct qetl_builder *b, int32_t scale, const char *text)
{
    qetl_int128 value = 0;
    bool minus = *text == '-';
    int32_t behind = -1;
    for (text += minus; *text; text++) {
        if (*text == '.' && behind < 0) {
            behind = 0;
            continue;
        }
        if (*text < '0' || *text > '9')
            return QETL_E_DATA;
        value = value * 10 + (*text - '0');
        behind += behind >= 0;
    }
    for (behind = behind < 0 ? 0 : behind; behind < scale; behind++)
        value *= 10;
    return behind > scale ? QETL_E_DATA : qetl_builder_decimal(b, minus ? -value : value);
}

static int32_t binary_append(struct qetl_builder *b, const char *text)
{
    size_t size = strlen(text);
    if (size < 2 || size % 2 || memcmp(text, "\\x", 2) != 0)
        return QETL_E_DATA;
    char *to = qetl_builder_text_room(b, (int64_t)size);
    if (!to)
        return QETL_E_NO_MEMORY;
    for (size_t i = 2; i < size; i += 2) {
        char pair[3] = {text[i], text[i + 1], 0}, *end;
        to[i / 2 - 1] = (char)strtol(pair, &end, 16);
        if (*end)
            return QETL_E_DATA;
    }
    qetl_builder_text_put(b, (int64_t)size / 2 - 1);
    return QETL_OK;
}

static int32_t number_append(struct qetl_builder *b, enum qetl_kind kind, const char *text)
{
    char *end;
    int32_t status;
    errno = 0;
    if (kind == QETL_KIND_INT) {
        long long value = strtoll(text, &end, 10);
        status = errno || *end || !*text ? QETL_E_DATA : qetl_builder_int(b, value);
    } else if (kind == QETL_KIND_UINT) {
        unsigned long long value = strtoull(text, &end, 10);
        status = errno || *end || !*text ? QETL_E_DATA : qetl_builder_uint(b, value);
    } else {
        double value = strtod(text, &end);
        status = *end || !*text ? QETL_E_DATA : qetl_builder_real(b, value);
    }
    return status;
}

static int32_t cell_append(struct qetl_builder *b, const struct qetl_column *type, const char *text)
{
    int64_t moment;
    switch (type->kind) {
    case QETL_KIND_BOOL:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return QETL_E_DATA;
        return qetl_builder_bool(b, *text == 't');
    case QETL_KIND_INT:
    case QETL_KIND_UINT:
    case QETL_KIND_REAL:
        return number_append(b, type->kind, text);
    case QETL_KIND_DECIMAL:
        return decimal_append(b, type->scale, text);
    case QETL_KIND_TEXT:
        return qetl_builder_text(b, text, (int64_t)strlen(text));
    case QETL_KIND_BINARY:
        return binary_append(b, text);
    case QETL_KIND_DATE:
    case QETL_KIND_TIME:
    case QETL_KIND_TIMESTAMP:
        return moment_read(type->kind, type->scale, text, &moment) ? qetl_builder_int(b, moment)
                                                                   : QETL_E_DATA;
    default:
        return QETL_E_UNSUPPORTED;
    }
}

/* One cell from *at on, with its escapes read; *null: it says NULL. Stops at | and the line's end.
 */
static void cell_read(const char **at, struct text *out, bool *null)
{
    text_clear(out);
    *null = strncmp(*at, "NULL", 4) == 0 && ((*at)[4] == '|' || (*at)[4] == '\n' || !(*at)[4]);
    for (; **at && **at != '|' && **at != '\n'; ++*at) {
        bool escaped = **at == '\\' && (*at)[1] && strchr("|\\nN", (*at)[1]);
        *at += escaped;
        text_put(out, escaped && **at == 'n' ? "\n" : *at, 1);
    }
}

static int32_t row_read(struct qetl_rig *t, struct qetl_builder *b, const struct qetl_column *types,
                        const char **at, int64_t row)
{
    struct text cell = {0};
    int32_t status = QETL_OK;
    bool null;
    for (int64_t c = 0; c < b->n_children && !status; c++) {
        cell_read(at, &cell, &null);
        struct qetl_builder *child = qetl_builder_child(b, c);
        status = null ? qetl_builder_null(child) : cell_append(child, &types[c], text_of(&cell));
        if (!status && (c + 1 < b->n_children) != (**at == '|'))
            status = QETL_E_DATA;
        if (status)
            test_fail(t, status, "row %lld, column %lld of what is fed: %s", (long long)row,
                      (long long)c, text_of(&cell));
        *at += **at == '|';
    }
    *at += **at == '\n';
    text_free(&cell);
    return status ? status : qetl_builder_struct(b);
}

int32_t test_batch_parse(struct qetl_rig *t, const struct ArrowSchema *schema, const char *rows,
                         struct ArrowArray *out)
{
    struct qetl_builder b = {0};
    struct ArrowArray none = {0};
    struct qetl_column row,
        *types = memory_need(calloc((size_t)schema->n_children + 1, sizeof *types));
    /* An array of no rows, for what a reader knows of its columns. */
    int32_t status = qetl_array_nulls(t->env, schema, 0, &none);
    if (!status)
        status = qetl_column_open(&row, schema, &none);
    for (int64_t c = 0; c < schema->n_children && !status; c++)
        status = qetl_column_child(&row, c, &types[c]);
    qetl_array_release(&none);
    if (!status)
        status = qetl_builder_open(&b, t->env, schema, 0);
    for (int64_t i = 0; *rows && !status; i++)
        status = row_read(t, &b, types, &rows, i);
    if (!status)
        status = qetl_builder_close(&b, out);
    qetl_builder_free(&b);
    free(types);
    return status;
}
