/* SPDX-License-Identifier: Apache-2.0 */
#include "toy_array.h"

#include "sdk_random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DATA_BUFFERS = 3 };

struct made {
    const void *buffers[3 + DATA_BUFFERS];
    struct ArrowArray *table[4];
};

static void made_release(struct ArrowArray *array)
{
    struct made *made = array->private_data;
    for (int64_t i = 0; i < array->n_buffers; i++)
        free((void *)made->buffers[i]);
    for (int64_t i = 0; i < array->n_children; i++) {
        if (made->table[i]->release)
            made->table[i]->release(made->table[i]);
        free(made->table[i]);
    }
    if (array->dictionary) {
        array->dictionary->release(array->dictionary);
        free(array->dictionary);
    }
    free(made);
    array->release = NULL;
}

static struct made *open_array(struct ArrowArray *out, int64_t length, int64_t offset,
                               int64_t n_buffers)
{
    struct made *made = calloc(1, sizeof *made);
    *out = (struct ArrowArray){.length = length,
                               .offset = offset,
                               .n_buffers = n_buffers,
                               .buffers = made->buffers,
                               .children = made->table,
                               .release = made_release,
                               .private_data = made};
    return made;
}

static void *random_bytes(int64_t size, uint64_t *random)
{
    uint8_t *bytes = malloc((size_t)size + !size);
    for (int64_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)random_next(random);
    return bytes;
}

static bool valid_at(const struct ArrowArray *array, int64_t row)
{
    const uint8_t *bits = array->n_buffers ? array->buffers[0] : NULL;
    int64_t at = array->offset + row;
    return !bits || bits[at >> 3] >> (at & 7) & 1;
}

/* A view into one of the data buffers, or inline. */
static struct toy_view view_make(const void *const *data, const int64_t *sizes, uint64_t *random)
{
    struct toy_view view = {.size = (int32_t)random_below(random, 30)};
    int64_t buffer = random_below(random, DATA_BUFFERS);
    if (view.size > sizes[buffer])
        view.size = (int32_t)sizes[buffer];
    int64_t at = random_below(random, sizes[buffer] - view.size + 1);
    const char *from = (const char *)data[buffer] + at;
    if (view.size <= 12) {
        memcpy((char *)&view + 4, from, (size_t)view.size);
    } else {
        memcpy(view.inline_text, from, 4);
        view.buffer = (int32_t)buffer;
        view.offset = (int32_t)at;
    }
    return view;
}

static void views_make(struct ArrowArray *out, int64_t total, enum toy_nulls nulls,
                       uint64_t *random)
{
    struct made *made = out->private_data;
    struct toy_view *views = malloc((size_t)total * sizeof *views + 1);
    int64_t *sizes = malloc(DATA_BUFFERS * sizeof *sizes);
    for (int i = 0; i < DATA_BUFFERS; i++) {
        sizes[i] = random_below(random, 200);
        char *text = malloc((size_t)sizes[i] + 1);
        for (int64_t k = 0; k < sizes[i]; k++)
            text[k] = (char)('a' + random_below(random, 26));
        made->buffers[2 + i] = text;
    }
    for (int64_t i = 0; i < total; i++) {
        views[i] = view_make(made->buffers + 2, sizes, random);
        if (valid_at(out, i - out->offset))
            continue;
        if (nulls == TOY_NULLS_PLAIN)
            memset(&views[i], 0, sizeof views[i]);
        else if (nulls == TOY_NULLS_GARBAGE)
            for (int b = 0; b < 16; b++)
                ((uint8_t *)&views[i])[b] = (uint8_t)random_next(random);
    }
    made->buffers[1] = views;
    made->buffers[2 + DATA_BUFFERS] = sizes;
}

static void offsets_make(struct made *made, bool wide, int64_t total, uint64_t *random,
                         int64_t *end)
{
    int64_t at = random_below(random, 5);
    made->buffers[1] = malloc((size_t)(total + 1) * (wide ? 8 : 4));
    for (int64_t i = 0; i <= total; i++) {
        if (wide)
            ((int64_t *)made->buffers[1])[i] = at;
        else
            ((int32_t *)made->buffers[1])[i] = (int32_t)at;
        *end = at;
        at += random_below(random, 6);
    }
}

static int width_of(char letter)
{
    return strchr("cC", letter) ? 1 : strchr("sS", letter) ? 2 : strchr("iIf", letter) ? 4 : 8;
}

static int64_t fixed_bytes(const char *format, int64_t rows)
{
    if (format[0] == 'b')
        return (rows + 7) / 8;
    if (format[0] == 'd' || !strcmp(format, "tin"))
        return rows * 16;
    bool half = !strcmp(format, "tdD") || !strcmp(format, "tts") || !strcmp(format, "ttm");
    return rows * (half ? 4 : width_of(format[0]));
}

static void dictionary_make(const struct ArrowSchema *schema, struct ArrowArray *out, int64_t total,
                            uint64_t *random)
{
    struct made *made = out->private_data;
    out->dictionary = malloc(sizeof *out->dictionary);
    toy_array_make(schema->dictionary, 9, 0, TOY_NULLS_NONE, random, out->dictionary);
    int width = width_of(schema->format[0]);
    uint8_t *indices = calloc((size_t)total + 1, (size_t)width);
    for (int64_t i = 0; i < total; i++)
        indices[i * width] = (uint8_t)random_below(random, 9);
    made->buffers[1] = indices;
}

static void nested_make(const struct ArrowSchema *schema, struct ArrowArray *out, int64_t total,
                        enum toy_nulls nulls, uint64_t *random)
{
    struct made *made = out->private_data;
    int64_t rows = total;
    if (schema->format[1] == 'l')
        offsets_make(made, false, total, random, &rows);
    out->n_children = schema->n_children;
    for (int64_t i = 0; i < schema->n_children; i++) {
        made->table[i] = malloc(sizeof *made->table[i]);
        toy_array_make(schema->children[i], rows, random_below(random, 4), nulls, random,
                       made->table[i]);
    }
}

void toy_array_make(const struct ArrowSchema *schema, int64_t length, int64_t offset,
                    enum toy_nulls nulls, uint64_t *random, struct ArrowArray *out)
{
    int64_t total = length + offset, end;
    char letter = schema->format[0];
    int64_t n = letter == 'n'                  ? 0
                : letter == 'v'                ? 3 + DATA_BUFFERS
                : strchr("uUzZ", letter)       ? 3
                : strcmp(schema->format, "+s") ? 2
                                               : 1;
    struct made *made = open_array(out, length, offset, n);
    if (!n)
        return;
    if (nulls != TOY_NULLS_NONE)
        made->buffers[0] = random_bytes((total + 7) / 8, random);
    out->null_count = nulls == TOY_NULLS_NONE ? 0 : -1;
    if (schema->dictionary) {
        dictionary_make(schema, out, total, random);
    } else if (letter == 'v') {
        views_make(out, total, nulls, random);
    } else if (letter == '+') {
        nested_make(schema, out, total, nulls, random);
    } else if (n == 3) {
        offsets_make(made, letter == 'U' || letter == 'Z', total, random, &end);
        made->buffers[2] = random_bytes(end, random);
    } else {
        made->buffers[1] = random_bytes(fixed_bytes(schema->format, total), random);
    }
}

/* ---- print ---- */

static void print_hex(FILE *out, const uint8_t *data, int64_t size)
{
    for (int64_t i = 0; i < size; i++)
        fprintf(out, "%02x", data[i]);
    fputc(';', out);
}

static void print_view(FILE *out, const struct ArrowArray *array, int64_t at)
{
    const struct toy_view *view = (const struct toy_view *)array->buffers[1] + at;
    const uint8_t *data = (const uint8_t *)view + 4;
    if (view->size > 12)
        data = (const uint8_t *)array->buffers[2 + view->buffer] + view->offset;
    print_hex(out, data, view->size);
}

static int64_t offset_of(const struct ArrowArray *array, bool wide, int64_t at)
{
    return wide ? ((const int64_t *)array->buffers[1])[at]
                : ((const int32_t *)array->buffers[1])[at];
}

static void print_row(FILE *out, const struct ArrowSchema *schema, const struct ArrowArray *array,
                      int64_t row, bool spelled)
{
    int64_t at = array->offset + row;
    char letter = schema->format[0];
    bool valid = letter != 'n' && valid_at(array, row), wide = letter == 'U' || letter == 'Z';
    if (!valid)
        fputs("NULL;", out);
    if (!valid && !(spelled && letter == 'v'))
        return;
    if (schema->dictionary) {
        int width = width_of(letter);
        print_row(out, schema->dictionary, array->dictionary,
                  ((const uint8_t *)array->buffers[1])[at * width], spelled);
    } else if (letter == 'v') {
        print_view(out, array, at);
    } else if (strchr("uUzZ", letter)) {
        int64_t first = offset_of(array, wide, at), end = offset_of(array, wide, at + 1);
        print_hex(out, (const uint8_t *)array->buffers[2] + first, end - first);
    } else if (letter == '+') {
        bool list = schema->format[1] == 'l';
        int64_t first = list ? offset_of(array, false, at) : at;
        int64_t end = list ? offset_of(array, false, at + 1) : at + 1;
        fputc('[', out);
        for (int64_t i = first; i < end; i++)
            for (int64_t c = 0; c < schema->n_children; c++)
                print_row(out, schema->children[c], array->children[c], i, spelled);
        fputc(']', out);
    } else if (letter == 'b') {
        fprintf(out, "%d;", ((const uint8_t *)array->buffers[1])[at >> 3] >> (at & 7) & 1);
    } else {
        int64_t width = fixed_bytes(schema->format, 1);
        print_hex(out, (const uint8_t *)array->buffers[1] + at * width, width);
    }
}

char *toy_array_print(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
                      bool spelled)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    print_row(out, schema, array, row, spelled);
    fclose(out);
    return text;
}
