/* SPDX-License-Identifier: Apache-2.0 */
#include "diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DIAG_MESSAGE = 1024 };

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

static void mistake_report(struct expr_source *source, struct expr_span at, const char *message,
                           const char *mend)
{
    struct qetl_error_info info = {
        .struct_size = sizeof info,
        .code = source->status,
        .message = message,
        .suggestion = mend,
        .option = source->option,
        .text = source->text,
        .text_begin = at.begin,
        .text_end = at.end > at.begin ? at.end : at.begin,
    };
    source->host->error(source->ctx, &info);
}

void *qetl_expr_mistake(struct expr_source *source, struct expr_span at, const char *mend,
                        const char *format, ...)
{
    char message[DIAG_MESSAGE];
    va_list args;

    if (source->status)
        return NULL;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    source->status = QETL_E_CONFIG;
    mistake_report(source, at, message, mend);
    return NULL;
}

void *qetl_expr_no_memory(struct expr_source *source)
{
    if (source->status)
        return NULL;
    source->status = QETL_E_NO_MEMORY;
    mistake_report(source, (struct expr_span){0, 0}, "no memory for an expression", NULL);
    return NULL;
}

void *qetl_expr_new(struct expr_source *source, size_t size)
{
    void *piece = qetl_expr_arena_zero(source->arena, size);

    return piece ? piece : qetl_expr_no_memory(source);
}
