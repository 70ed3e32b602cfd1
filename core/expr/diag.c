/* SPDX-License-Identifier: Apache-2.0 */
#include "diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DIAG_MESSAGE = 1024, DIAG_LINE = 160, DIAG_BEFORE = 60 };

static bool is_tail(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

size_t qetl_expr_character(const char *text, size_t offset)
{
    size_t count = 1;

    for (size_t i = 0; i < offset; i++)
        count += !is_tail(text[i]);
    return count;
}

static size_t characters_between(const char *text, size_t begin, size_t end)
{
    size_t count = 0;

    for (size_t i = begin; i < end; i++)
        count += !is_tail(text[i]);
    return count;
}

/* The part of the text that is shown: the line of the mistake, cut where it is long. */
static struct expr_span window_find(const struct expr_source *source, struct expr_span at)
{
    size_t begin = at.begin, end = at.begin;

    while (begin > 0 && source->text[begin - 1] != '\n' && at.begin - begin < DIAG_BEFORE)
        begin--;
    while (begin < at.begin && is_tail(source->text[begin]))
        begin++;
    while (end < source->size && source->text[end] != '\n' && end - begin < DIAG_LINE)
        end++;
    while (end < source->size && end > at.begin && is_tail(source->text[end]))
        end--;
    return (struct expr_span){(uint32_t)begin, (uint32_t)end};
}

static void caret_append(const struct expr_source *source, struct expr_span at, char *out,
                         size_t size)
{
    struct expr_span window = window_find(source, at);
    size_t start = strlen(out), used = start;
    size_t stop = at.end < window.end ? at.end : window.end;
    size_t before = characters_between(source->text, window.begin, at.begin);
    size_t width = stop > at.begin ? characters_between(source->text, at.begin, stop) : 1;

    if (used + DIAG_LINE + before + width + 16 > size)
        return;
    used += (size_t)snprintf(out + used, size - used, "\n  %.*s\n  %*s",
                             (int)(window.end - window.begin), source->text + window.begin,
                             (int)before, "");
    for (size_t i = start; i < used; i++)
        out[i] = out[i] == '\t' ? ' ' : out[i];
    memset(out + used, '~', width);
    out[used] = '^';
    out[used + width] = '\0';
}

static void mistake_report(struct expr_source *source, const char *message, const char *mend)
{
    struct qetl_error_info info = {
        .struct_size = sizeof info,
        .code = source->status,
        .message = message,
        .suggestion = mend,
        .option = source->option,
    };
    source->host->error(source->ctx, &info);
}

void *qetl_expr_mistake(struct expr_source *source, struct expr_span at, const char *mend,
                        const char *format, ...)
{
    char message[DIAG_MESSAGE];
    va_list args;
    int used;

    if (source->status)
        return NULL;
    used = snprintf(message, sizeof message,
                    "character %zu: ", qetl_expr_character(source->text, at.begin));
    va_start(args, format);
    vsnprintf(message + used, sizeof message / 2, format, args);
    va_end(args);
    caret_append(source, at, message, sizeof message);
    source->status = QETL_E_CONFIG;
    mistake_report(source, message, mend);
    return NULL;
}

void *qetl_expr_no_memory(struct expr_source *source)
{
    if (source->status)
        return NULL;
    source->status = QETL_E_NO_MEMORY;
    mistake_report(source, "no memory for an expression", NULL);
    return NULL;
}

void *qetl_expr_new(struct expr_source *source, size_t size)
{
    void *piece = qetl_expr_arena_zero(source->arena, size);

    return piece ? piece : qetl_expr_no_memory(source);
}
