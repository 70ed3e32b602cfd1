/* SPDX-License-Identifier: Apache-2.0 */
/* The format strings of Python's struct module: codes, byte orders, sizes and alignment of CPython.
 */
#include "layout.h"

#include <ctype.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>

struct code {
    char letter;
    enum binary_kind kind;
    int32_t native, aligned, standard; /* standard 0: there is none */
};

#define NATIVE(type) (int32_t)sizeof(type), (int32_t)alignof(type)

static const struct code codes[] = {
    {'x', BINARY_PAD, 1, 1, 1},
    {'c', BINARY_TEXT, 1, 1, 1},
    {'b', BINARY_SIGNED, 1, 1, 1},
    {'B', BINARY_UNSIGNED, 1, 1, 1},
    {'?', BINARY_BOOLEAN, NATIVE(_Bool), 1},
    {'h', BINARY_SIGNED, NATIVE(short), 2},
    {'H', BINARY_UNSIGNED, NATIVE(short), 2},
    {'i', BINARY_SIGNED, NATIVE(int), 4},
    {'I', BINARY_UNSIGNED, NATIVE(int), 4},
    {'l', BINARY_SIGNED, NATIVE(long), 4},
    {'L', BINARY_UNSIGNED, NATIVE(long), 4},
    {'q', BINARY_SIGNED, NATIVE(long long), 8},
    {'Q', BINARY_UNSIGNED, NATIVE(long long), 8},
    {'n', BINARY_SIGNED, NATIVE(size_t), 0},
    {'N', BINARY_UNSIGNED, NATIVE(size_t), 0},
    {'P', BINARY_UNSIGNED, NATIVE(void *), 0},
    {'e', BINARY_REAL, 2, 2, 2},
    {'f', BINARY_REAL, NATIVE(float), 4},
    {'d', BINARY_REAL, NATIVE(double), 8},
    {'s', BINARY_TEXT, 1, 1, 1},
    {'p', BINARY_TEXT, 1, 1, 1},
};

struct reader {
    struct qetl_env env;
    const char *text, *at;
    bool native, big;
    struct binary_record *record;
    int64_t size;
    int64_t n_values;
};

static int32_t struct_fail(const struct reader *r, const char *mend, const char *what)
{
    struct qetl_error_info info = {.struct_size = sizeof info,
                                   .code = QETL_E_CONFIG,
                                   .message = what,
                                   .suggestion = mend,
                                   .option = "/struct",
                                   .text = r->text,
                                   .text_begin = r->at - r->text,
                                   .text_end = r->at - r->text + (*r->at != 0)};

    return r->env.host->error(r->env.ctx, &info);
}

static void order_read(struct reader *r)
{
    bool big_machine = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

    r->native = !*r->at || !strchr("=<>!", *r->at);
    r->big = r->native || *r->at == '=' ? big_machine : *r->at != '<';
    if (*r->at && strchr("@=<>!", *r->at))
        r->at++;
}

static const struct code *code_find(const struct reader *r)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].letter == *r->at && (r->native || codes[i].standard))
            return &codes[i];
    return NULL;
}

static int32_t field_put(struct reader *r, const struct code *code, int64_t width, int64_t gap)
{
    struct binary_field *f = binary_field_add(&r->record->fields, &r->record->n_fields);
    char name[32];

    if (!f)
        return QETL_E_NO_MEMORY;
    f->kind = code->kind;
    f->at = gap; /* what alignment leaves out before it */
    f->width = f->size = width;
    f->big = r->big;
    f->pascal = code->letter == 'p' && width;
    f->trim = code->letter == 'p' ? BINARY_TRIM_NONE : BINARY_TRIM_NUL;
    r->size += gap + width;
    if (code->kind == BINARY_PAD)
        return QETL_OK;
    snprintf(name, sizeof name, "column%lld", (long long)++r->n_values);
    f->name = strdup(name);
    return f->name ? QETL_OK : QETL_E_NO_MEMORY;
}

/* A code and how often it stands there. */
static int32_t code_put(struct reader *r, const struct code *code, int64_t times)
{
    int64_t width = r->native ? code->native : code->standard, n = times, gap = 0;
    int32_t status = QETL_OK;

    if (r->native && r->size % code->aligned)
        gap = code->aligned - r->size % code->aligned;
    if (strchr("xsp", code->letter)) {
        width = times;
        n = 1;
    }
    if (n > BINARY_FIELDS_MAX || r->record->n_fields + n > BINARY_FIELDS_MAX)
        return struct_fail(r, "Use a layout file: its arrays become lists.",
                           "the struct string has more than 4096 values");
    if (r->size + gap + width * n > BINARY_RECORD_MAX)
        return struct_fail(r, NULL, "a record of more than 16 MiB");
    if (!n && gap) /* as 0i at the end: nothing but alignment */
        return field_put(r, &codes[0], gap, 0);
    for (int64_t i = 0; !status && i < n; i++)
        status = field_put(r, code, width, i ? 0 : gap);
    return status;
}

static int32_t codes_read(struct reader *r)
{
    int32_t status = QETL_OK;

    while (!status) {
        const struct code *code;
        int64_t times = 1;

        while (isspace((unsigned char)*r->at))
            r->at++;
        if (!*r->at)
            return QETL_OK;
        if (isdigit((unsigned char)*r->at)) {
            times = 0;
            for (; isdigit((unsigned char)*r->at); r->at++)
                if ((times = times * 10 + (*r->at - '0')) > BINARY_RECORD_MAX)
                    return struct_fail(r, NULL, "a record of more than 16 MiB");
            if (!*r->at)
                return struct_fail(r, "Put a code such as I or s behind it.",
                                   "a number of repetitions without a code");
        }
        code = code_find(r);
        if (!code)
            return struct_fail(r,
                               "The codes are those of Python's struct: x c b B ? h H i I l L q Q "
                               "e f d s p, and n N P where sizes are native.",
                               "this is no code of a struct string");
        status = code_put(r, code, times);
        r->at++;
    }
    return status;
}

static int32_t names_set(const struct reader *r)
{
    int64_t count = qetl_option_count(r->env, "/names"), next = 0;

    if (count < 0)
        return QETL_OK;
    if (count != r->n_values)
        return qetl_fail(r->env, QETL_E_CONFIG, "/names",
                         "Give a name to each value; padding (x) has none.",
                         "%lld names for %lld values", (long long)count, (long long)r->n_values);
    for (int64_t i = 0; i < r->record->n_fields; i++) {
        char pointer[48];
        char *name;

        if (!r->record->fields[i].name)
            continue;
        snprintf(pointer, sizeof pointer, "/names/%lld", (long long)next++);
        name = strdup(qetl_option_text(r->env, pointer));
        if (!name)
            return QETL_E_NO_MEMORY;
        free(r->record->fields[i].name);
        r->record->fields[i].name = name;
    }
    return QETL_OK;
}

int32_t binary_struct_read(struct qetl_env env, const char *text, struct binary_layout *out)
{
    struct reader r = {.env = env, .text = text, .at = text};
    const char *clash = NULL;
    int32_t status;

    *out = (struct binary_layout){.tag_field = -1};
    out->types = calloc(1, sizeof *out->types);
    if (!out->types)
        return QETL_E_NO_MEMORY;
    out->n_types = 1;
    r.record = out->types;
    order_read(&r);
    status = codes_read(&r);
    if (!status && !r.n_values)
        status = struct_fail(&r, "Such as <IQ32s.", "the struct string has no values");
    if (!status && !r.size)
        status = struct_fail(&r, NULL, "a record of no bytes");
    if (!status)
        status = names_set(&r);
    if (!status)
        status = binary_record_finish(out->types);
    if (!status)
        status = binary_layout_finish(out, &clash);
    if (clash)
        return qetl_fail(env, QETL_E_CONFIG, "/names", NULL, "the name %s stands twice", clash);
    return status;
}
