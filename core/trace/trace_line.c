/* SPDX-License-Identifier: Apache-2.0 */
/* A line for people. */
#include "trace_line.h"

#include "border/border.h"
#include "host/instance.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_SHOWN = 48, NUMBERS_SHOWN = 8 };

void qetl_trace_line_init(struct qetl_trace_line *line, const struct qetl_mask *mask)
{
    *line = (struct qetl_trace_line){.mask = mask};
}

static bool line_room(struct qetl_trace_line *line, size_t more)
{
    if (line->size + more <= line->room)
        return true;
    size_t room = (line->size + more) * 2;
    char *grown = line->failed ? NULL : realloc(line->data, room);
    if (!grown) {
        line->failed = true;
        return false;
    }
    line->data = grown;
    line->room = room;
    return true;
}

static __attribute__((format(printf, 2, 3))) void put(struct qetl_trace_line *line,
                                                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (size < 0 || !line_room(line, (size_t)size + 1))
        return;
    va_start(args, format);
    vsnprintf(line->data + line->size, (size_t)size + 1, format, args);
    va_end(args);
    line->size += (size_t)size;
}

static void put_cut(struct qetl_trace_line *line, char *text)
{
    size_t size = text ? strlen(text) : 0, shown = size;
    if (size > TEXT_SHOWN)
        for (shown = TEXT_SHOWN; shown && (text[shown] & 0xc0) == 0x80;)
            shown--;
    for (size_t i = 0; i < shown; i++)
        if ((unsigned char)text[i] < ' ')
            text[i] = ' ';
    put(line, "%.*s%s", (int)shown, text ? text : "?", size > shown ? "…" : "");
}

/* Hidden before it is cut, so that no half of a secret is left. */
static void put_text(struct qetl_trace_line *line, const char *text)
{
    char *copy = text ? strdup(text) : NULL;
    if (!copy) {
        put(line, text ? "?" : "-");
        return;
    }
    qetl_mask_text(line->mask, copy);
    const char *quote = !*copy || strpbrk(copy, " \t\n\r\"'") ? "'" : "";
    put(line, "%s", quote);
    put_cut(line, copy);
    put(line, "%s", quote);
    free(copy);
}

static void put_numbers(struct qetl_trace_line *line, const struct qetl_cargo *cargo)
{
    bool map = cargo->kind == QETL_CARGO_MAP;
    if (cargo->count > NUMBERS_SHOWN) {
        put(line, "[%" PRId64 "]", cargo->count);
        return;
    }
    put(line, "[");
    for (int64_t i = 0; i < cargo->count && cargo->data; i++)
        put(line, "%s%" PRId64, i ? "," : "",
            map ? ((const int32_t *)cargo->data)[i] : ((const int64_t *)cargo->data)[i]);
    put(line, "]");
}

static void put_texts(struct qetl_trace_line *line, const struct qetl_cargo *cargo)
{
    const char *const *texts = cargo->data;
    put(line, "[");
    for (int64_t i = 0; i < cargo->count; i++) {
        put(line, i ? "," : "");
        put_text(line, texts[i]);
    }
    put(line, "]");
}

static void put_schema(struct qetl_trace_line *line, const struct ArrowSchema *schema)
{
    char type[96];
    if (!schema || !schema->format) {
        put(line, "-");
        return;
    }
    if (strcmp(schema->format, "+s") != 0) {
        put_text(line, schema->name);
        put(line, ":%s", qetl_type_name(schema, type, sizeof type));
        return;
    }
    put(line, "(");
    for (int64_t i = 0; i < schema->n_children && i < 4; i++) {
        put(line, i ? "," : "");
        put_text(line, schema->children[i]->name);
        put(line, ":%s", qetl_type_name(schema->children[i], type, sizeof type));
    }
    if (schema->n_children > 4)
        put(line, ",…%" PRId64 " columns", schema->n_children);
    put(line, ")");
}

static void put_options(struct qetl_trace_line *line, const struct qetl_crossing *crossing)
{
    json_t *options = qetl_trace_options(crossing, line->mask);
    char *text = options ? json_dumps(options, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    put_cut(line, text);
    free(text);
    json_decref(options);
}

static void put_cargo(struct qetl_trace_line *line, const struct qetl_crossing *crossing,
                      const struct qetl_cargo *cargo)
{
    put(line, " %s=", cargo->name);
    switch (cargo->kind) {
    case QETL_CARGO_NUMBER:
        put(line, "%" PRId64, cargo->number);
        break;
    case QETL_CARGO_REAL:
        put(line, "%g", cargo->real);
        break;
    case QETL_CARGO_TEXT:
        if (cargo->options)
            put_options(line, crossing);
        else if (cargo->private)
            put(line, "%zuB", cargo->text ? strlen(cargo->text) : 0);
        else
            put_text(line, cargo->text);
        break;
    case QETL_CARGO_BYTES:
        put(line, "%" PRId64 "B", cargo->count);
        break;
    case QETL_CARGO_BLOBS:
        put(line, "[%" PRId64 "]", cargo->count);
        break;
    case QETL_CARGO_TEXTS:
        put_texts(line, cargo);
        break;
    case QETL_CARGO_SCHEMA:
        put_schema(line, cargo->schema);
        break;
    case QETL_CARGO_ARRAY:
        if (cargo->schema)
            put(line, "%" PRId64 "cols", cargo->schema->n_children);
        else
            put(line, "?");
        break;
    default:
        put_numbers(line, cargo);
    }
}

void qetl_trace_line_head(struct qetl_trace_line *line, const struct qetl_crossing *crossing,
                          int64_t at_ns, pid_t thread)
{
    const struct qetl_ctx *ctx = qetl_guest_ctx(crossing->guest);
    put(line, "%9.3f %d %s/%s#%u %s %s", (double)at_ns / 1e6, (int)thread,
        qetl_guest_component(crossing->guest), ctx->component->id,
        qetl_guest_number(crossing->guest), crossing->to_host ? "<" : ">", crossing->call);
}

void qetl_trace_line_cargo(struct qetl_trace_line *line, const struct qetl_crossing *crossing,
                           bool out)
{
    for (int i = 0; i < crossing->n_cargo; i++)
        if (crossing->cargo[i].out == out)
            put_cargo(line, crossing, &crossing->cargo[i]);
}

void qetl_trace_line_answer(struct qetl_trace_line *line, const struct qetl_crossing *crossing)
{
    const char *word =
        crossing->answers == QETL_ANSWERS_STATUS ? qetl_status_word(crossing->answer) : NULL;
    if (word)
        put(line, " = %s", word);
    else if (crossing->answers)
        put(line, " = %" PRId64, crossing->answer);
    else
        put(line, " =");
    put(line, " %" PRId64 "us", crossing->lasted_ns / 1000);
}

void qetl_trace_line_end(struct qetl_trace_line *line)
{
    if (line->size)
        line->size = qetl_mask_hide(line->mask, line->data, line->size);
    put(line, "\n");
}

void qetl_trace_line_free(struct qetl_trace_line *line)
{
    free(line->data);
}

const char *qetl_status_word(int64_t status)
{
    static const char *const outcomes[] = {
        "OK",   "BATCH",   "BYTES", "IDLE",   "END",           "NEED_INPUT", "OUTPUT",
        "MORE", "BLOCKED", "BUSY",  "SCHEMA", "STREAM_CLOSED", "INSTEAD"};
    static const char *const failures[] = {"",
                                           "E_FATAL",
                                           "E_CONFIG",
                                           "E_DATA",
                                           "E_AUTH",
                                           "E_ENVIRONMENT",
                                           "E_RETRY_CALL",
                                           "E_RETRY_EPOCH",
                                           "E_THROTTLED",
                                           "E_CANCELLED",
                                           "E_NO_MEMORY",
                                           "E_UNSUPPORTED",
                                           "E_CLOSED",
                                           "E_FENCED",
                                           "E_IN_DOUBT",
                                           "E_ROW"};
    if (status >= 0 && status < (int64_t)(sizeof outcomes / sizeof outcomes[0]))
        return outcomes[status];
    if (status < 0 && -status < (int64_t)(sizeof failures / sizeof failures[0]))
        return failures[-status];
    return NULL;
}
