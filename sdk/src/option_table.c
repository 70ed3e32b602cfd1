/* SPDX-License-Identifier: Apache-2.0 */
/* Options into a struct, by a table. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>

enum { POINTER_MAX = 512 };

struct reading {
    struct qetl_env env;
    const struct qetl_option_field *option;
    const char *pointer;
    void *field;
};

static const char *type_word(int32_t type)
{
    switch (type) {
    case QETL_OPTION_INT:
        return "a whole number";
    case QETL_OPTION_REAL:
        return "a number";
    case QETL_OPTION_BOOL:
        return "true or false";
    default:
        return "a text";
    }
}

static int32_t fail_wrong(const struct reading *r, const char *found)
{
    char mend[400];
    snprintf(mend, sizeof mend, "it is %s%s%.300s", type_word(r->option->type),
             r->option->range ? ": " : "", r->option->range ? r->option->range : "");
    return qetl_fail(r->env, QETL_E_CONFIG, r->pointer, mend, "the option %s cannot be %.200s",
                     r->pointer, found);
}

static int32_t fail_table(const struct reading *r)
{
    return qetl_fail(r->env, QETL_E_FATAL, r->pointer, "mend the plugin",
                     "the plugin's own table of options is wrong at %s", r->pointer);
}

/* What the manifest requires has been asked of the user before: it is the plugin that forgot it. */
static int32_t fail_absent(const struct reading *r)
{
    return qetl_fail(
        r->env, QETL_E_CONFIG, r->pointer,
        "write it into the pipeline file if `qetl plugin info` shows it; else mend the "
        "plugin: declare it in the manifest, as required or with a default",
        "the plugin needs the option %s, which is missing, and which its manifest "
        "does not require",
        r->pointer);
}

/* Which of the words of "a|b|c" it is, or -1. */
static int32_t word_find(const char *words, const char *text)
{
    size_t size = strlen(text);
    for (int32_t k = 0; words; k++) {
        size_t length = strcspn(words, "|");
        if (length == size && memcmp(words, text, size) == 0)
            return k;
        words = words[length] ? words + length + 1 : NULL;
    }
    return -1;
}

static bool int_parse(const char *text, size_t size, int64_t *out)
{
    char copy[32], *end;
    if (!size || size >= sizeof copy)
        return false;
    memcpy(copy, text, size);
    copy[size] = 0;
    errno = 0;
    *out = strtoll(copy, &end, 10);
    return !*end && !errno;
}

/* Digits and a point: strtod reads the digits with an exponent, which means the same in every
 * locale. */
static bool real_parse(const char *text, size_t size, double *out)
{
    char copy[64], *end, *to = copy;
    const char *point = memchr(text, '.', size);
    if (!size || size > sizeof copy - 16)
        return false;
    for (size_t i = 0; i < size; i++)
        if (text + i != point)
            *to++ = text[i];
    snprintf(to, 16, "e-%d", point ? (int)(text + size - point - 1) : 0);
    *out = strtod(copy, &end);
    return !*end;
}

/* The ends of "low..high"; one that is missing has no text. */
static bool ends_of(const char *range, struct qetl_text *low, struct qetl_text *high)
{
    const char *dots = range ? strstr(range, "..") : NULL;
    *low = *high = (struct qetl_text){0};
    if (!range)
        return true;
    if (!dots)
        return false;
    *low = (struct qetl_text){range, dots - range};
    *high = (struct qetl_text){dots + 2, (int64_t)strlen(dots + 2)};
    return true;
}

static int32_t int_set(const struct reading *r, int64_t value)
{
    struct qetl_text low, high;
    int64_t least = INT64_MIN, most = INT64_MAX;
    char found[32];
    if (!ends_of(r->option->range, &low, &high) ||
        (low.size && !int_parse(low.data, (size_t)low.size, &least)) ||
        (high.size && !int_parse(high.data, (size_t)high.size, &most)))
        return fail_table(r);
    snprintf(found, sizeof found, "%lld", (long long)value);
    if (value < least || value > most)
        return fail_wrong(r, found);
    memcpy(r->field, &value, sizeof value);
    return QETL_OK;
}

static int32_t real_set(const struct reading *r, double value)
{
    struct qetl_text low, high;
    double least = 0, most = 0;
    char found[32];
    if (!ends_of(r->option->range, &low, &high) ||
        (low.size && !real_parse(low.data, (size_t)low.size, &least)) ||
        (high.size && !real_parse(high.data, (size_t)high.size, &most)))
        return fail_table(r);
    snprintf(found, sizeof found, "%.17g", value);
    if ((low.size && !(value >= least)) || (high.size && !(value <= most)))
        return fail_wrong(r, found);
    memcpy(r->field, &value, sizeof value);
    return QETL_OK;
}

static int32_t text_set(const struct reading *r, const char *value)
{
    int32_t word = r->option->range ? word_find(r->option->range, value) : 0;
    char found[220];
    if (r->option->type == QETL_OPTION_WORD && !r->option->range)
        return fail_table(r);
    snprintf(found, sizeof found, "\"%.200s\"", value);
    if (word < 0)
        return fail_wrong(r, found);
    if (r->option->type == QETL_OPTION_WORD)
        memcpy(r->field, &word, sizeof word);
    else
        memcpy(r->field, &value, sizeof value);
    return QETL_OK;
}

static void bool_set(const struct reading *r, bool value)
{
    memcpy(r->field, &value, sizeof value);
}

static int32_t fallback_set(const struct reading *r)
{
    const char *text = r->option->fallback;
    int64_t integer;
    double real;
    if (!text)
        return fail_absent(r);
    switch (r->option->type) {
    case QETL_OPTION_INT:
        return int_parse(text, strlen(text), &integer) ? int_set(r, integer) : fail_table(r);
    case QETL_OPTION_REAL:
        return real_parse(text, strlen(text), &real) ? real_set(r, real) : fail_table(r);
    case QETL_OPTION_BOOL:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return fail_table(r);
        bool_set(r, *text == 't');
        return QETL_OK;
    default:
        return text_set(r, text);
    }
}

static const char *kind_word(int32_t kind)
{
    static const char *const words[] = {"absent",        "null",   "a boolean", "a whole number",
                                        "a real number", "a text", "a list",    "an object"};
    return kind >= 0 && kind < (int32_t)(sizeof words / sizeof *words) ? words[kind] : "this";
}

static int32_t given_set(const struct reading *r, int32_t kind)
{
    bool text = r->option->type == QETL_OPTION_TEXT || r->option->type == QETL_OPTION_WORD;
    if (text && kind == QETL_OPTION_TEXT)
        return text_set(r, qetl_option_text(r->env, r->pointer));
    if (r->option->type == QETL_OPTION_INT && kind == QETL_OPTION_INT)
        return int_set(r, qetl_option_int(r->env, r->pointer));
    if (r->option->type == QETL_OPTION_REAL &&
        (kind == QETL_OPTION_REAL || kind == QETL_OPTION_INT))
        return real_set(r, qetl_option_real(r->env, r->pointer));
    if (r->option->type != QETL_OPTION_BOOL || kind != QETL_OPTION_BOOL)
        return fail_wrong(r, kind_word(kind));
    bool_set(r, qetl_option_bool(r->env, r->pointer));
    return QETL_OK;
}

static bool type_is_known(int32_t type)
{
    return type == QETL_OPTION_TEXT || type == QETL_OPTION_INT || type == QETL_OPTION_REAL ||
           type == QETL_OPTION_BOOL || type == QETL_OPTION_WORD;
}

static int32_t option_read(struct qetl_env env, const char *parent,
                           const struct qetl_option_field *option, void *into)
{
    char pointer[POINTER_MAX];
    struct reading r = {env, option, pointer, (char *)into + option->offset};
    int written = snprintf(pointer, sizeof pointer, "%s%s", parent, option->pointer);
    if (written >= (int)sizeof pointer || *option->pointer != '/' || !type_is_known(option->type))
        return fail_table(&r);
    int32_t kind = qetl_option_kind(env, pointer);
    if (kind == QETL_OPTION_ABSENT || kind == QETL_OPTION_NULL)
        return fallback_set(&r);
    return given_set(&r, kind);
}

int32_t qetl_options_read_at(struct qetl_env env, const char *parent,
                             const struct qetl_option_field *table, int64_t n, void *into)
{
    int32_t status = qetl_options_need(env);
    for (int64_t i = 0; i < n && !status; i++)
        status = option_read(env, parent, &table[i], into);
    return status;
}

int32_t qetl_options_read(struct qetl_env env, const struct qetl_option_field *table, int64_t n,
                          void *into)
{
    return qetl_options_read_at(env, "", table, n, into);
}
