/* SPDX-License-Identifier: Apache-2.0 */
/* Errors and log lines made of printf formats. */
#include "internal.h"

#include <stdio.h>

enum { LINE_MAX_BYTES = 2048 };

/* A line cut in the middle of a character would not be UTF-8 any more; and a name of a file may
 * hold a newline, a line may not. */
static void line_trim(char *line, size_t capacity, int written)
{
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < ' ' && *c != '\t')
            *c = '?';
    if (written < (int)capacity)
        return;
    size_t size = strlen(line);
    while (size && ((unsigned char)line[size - 1] & 0xc0) == 0x80)
        size--;
    if (size && (unsigned char)line[size - 1] >= 0xc0)
        size--;
    line[size] = 0;
}

void qetl_sdk_line(char *line, size_t capacity, const char *format, va_list args)
{
    line_trim(line, capacity, vsnprintf(line, capacity, format, args));
}

int32_t qetl_fail(struct qetl_env env, int32_t code, const char *option, const char *suggestion,
                  const char *format, ...)
{
    if (!env.host)
        return code;
    char line[LINE_MAX_BYTES];
    va_list args;
    va_start(args, format);
    qetl_sdk_line(line, sizeof line, format, args);
    va_end(args);
    struct qetl_error_info info = {.struct_size = sizeof info,
                                   .code = code,
                                   .message = line,
                                   .suggestion = suggestion,
                                   .option = option};
    return env.host->error(env.ctx, &info);
}

int32_t qetl_fail_throttled(struct qetl_env env, int64_t wait_ms, const char *option,
                            const char *format, ...)
{
    if (!env.host)
        return QETL_E_THROTTLED;
    char line[LINE_MAX_BYTES];
    va_list args;
    va_start(args, format);
    qetl_sdk_line(line, sizeof line, format, args);
    va_end(args);
    struct qetl_error_info info = {.struct_size = sizeof info,
                                   .code = QETL_E_THROTTLED,
                                   .message = line,
                                   .option = option,
                                   .retry_after_ms = wait_ms};
    return env.host->error(env.ctx, &info);
}

void qetl_logf(struct qetl_env env, int32_t level, const char *format, ...)
{
    if (!env.host)
        return;
    char line[LINE_MAX_BYTES];
    va_list args;
    va_start(args, format);
    qetl_sdk_line(line, sizeof line, format, args);
    va_end(args);
    env.host->log(env.ctx, level, line);
}

int32_t qetl_inspect_say(const struct qetl_inspect_to *to, uint32_t kind, bool cleared,
                         const char *object, const char *mend, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    va_list args;
    va_start(args, format);
    qetl_sdk_line(line, sizeof line, format, args);
    va_end(args);
    const struct qetl_inspected what = {.struct_size = sizeof what,
                                        .kind = kind,
                                        .cleared = cleared,
                                        .object = object,
                                        .message = line,
                                        .mend = mend};
    return to->tell(to->stream, &what);
}
