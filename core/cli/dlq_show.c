/* SPDX-License-Identifier: Apache-2.0 */
/* One dead letter for people: what it was, where it came from, what is wrong, what to do. */
#include "dlq.h"
#include "show/report_table.h"
#include "show/wrap.h"

#include <ctype.h>
#include <qetl/sdk.h>
#include <stdlib.h>
#include <string.h>

enum { INDENT = 11, SHOWN_BYTES = 2000 };

static const char *text_of(const json_t *letter, const char *key)
{
    const char *text = json_string_value(json_object_get(letter, key));
    return text ? text : "";
}

static void put_escaped(const char *at, size_t n, FILE *out)
{
    unsigned char c = (unsigned char)*at;
    if (n > 1 || (c >= 0x20 && c < 0x7f && c != '\\'))
        fwrite(at, 1, n, out);
    else if (c == '\n' || c == '\r' || c == '\t' || c == '\\')
        fprintf(out, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : '\\');
    else
        fprintf(out, "\\x%02x", c);
}

/* Bytes of the character at `at` if it is UTF-8 and can be shown; else 1. */
static size_t character_size(const char *at, size_t left)
{
    for (size_t n = 2; n <= 4 && n <= left; n++)
        if ((at[0] & 0x80) && qetl_utf8_valid(at, (int64_t)n) && (unsigned char)at[0] != 0xc2)
            return n;
    return 1;
}

char *qetl_dlq_printable(const char *bytes, size_t size, size_t most)
{
    char *text = NULL;
    size_t length, shown = size < most ? size : most;
    FILE *out = open_memstream(&text, &length);
    for (size_t i = 0; out && i < shown;) {
        size_t n = character_size(bytes + i, shown - i);
        put_escaped(bytes + i, n, out);
        i += n;
    }
    if (out && shown < size)
        fprintf(out, "... (%zu bytes more)", size - shown);
    if (out && !fclose(out))
        return text;
    free(text);
    return NULL;
}

static void put_line(FILE *out, const char *title, const char *text)
{
    if (*text)
        fprintf(out, "  %-9s%s\n", title, text);
}

/* What the message quotes, in the text: where it begins; its size in *size. */
static const char *find_quoted(const char *message, const char *text, size_t *size)
{
    const char *open = strchr(message, '"'), *close = open ? strchr(open + 1, '"') : NULL;
    *size = close ? (size_t)(close - open - 1) : 0;
    return *size ? memmem(text, strlen(text), open + 1, *size) : NULL;
}

static int width_of(const char *text, size_t size)
{
    int width = 0;
    for (size_t i = 0; i < size; i++)
        width += (text[i] & 0xc0) != 0x80;
    return width;
}

/* In lines of `width`; below the line in which it stands, the place is marked. */
static void put_original(FILE *out, const char *text, const char *message, int width)
{
    size_t marked, size = strlen(text), most = (size_t)(width > 40 ? width - INDENT : 30);
    const char *place = find_quoted(message, text, &marked);
    for (size_t at = 0; at < size;) {
        size_t n = size - at < most ? size - at : most;
        while (n > 1 && at + n < size && (text[at + n] & 0xc0) == 0x80)
            n--;
        fprintf(out, "  %-9s%.*s\n", at ? "" : "original", (int)n, text + at);
        if (place && place >= text + at && place < text + at + n) {
            size_t within = (size_t)(text + at + n - place);
            int carets = width_of(place, marked < within ? marked : within);
            fprintf(out, "%*s", INDENT + width_of(text + at, (size_t)(place - text) - at), "");
            while (carets-- > 0)
                fputc('^', out);
            fputc('\n', out);
        }
        at += n;
    }
}

static void put_row(FILE *out, const json_t *letter, int width, int colour)
{
    static const struct qetl_table_column columns[] = {
        {.title = "COLUMN"}, {.title = "TYPE"}, {.title = "VALUE", .least = 20, .wraps = 1}};
    struct qetl_table *table = qetl_table_new(columns, sizeof columns / sizeof columns[0]);
    const json_t *types = json_object_get(letter, "types");
    const char *name;
    json_t *value, *decoded = json_object_get(letter, "decoded");
    json_object_foreach (decoded, name, value) {
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        char *shown = text ? qetl_dlq_printable(text, strlen(text), 500) : NULL;
        qetl_table_put_bytes(table, name, strlen(name));
        qetl_table_put(table, "%s", text_of(types, name));
        qetl_table_put(table, "%s", shown ? shown : "");
        free(shown);
        free(text);
    }
    if (json_object_size(decoded))
        qetl_table_print(table, out, 2, width, colour);
    qetl_table_free(table);
}

static void put_mend(FILE *out, const json_t *letter, const char *path, int width)
{
    char text[700];
    long long id = (long long)json_integer_value(json_object_get(letter, "id"));
    const char *status = text_of(letter, "status"), *why = qetl_letter_obstacle(letter);
    bool row = json_object_get(letter, "decoded") != NULL;
    if (strcmp(status, "replayed") == 0)
        snprintf(text, sizeof text, "nothing: it was replayed");
    else if (strcmp(status, "undecided") == 0)
        snprintf(text, sizeof text,
                 "its run failed, and none of its rows count: run the pipeline again, then drop it "
                 "(qetl dlq drop %s %lld --yes)",
                 path, id);
    else if (why)
        snprintf(text, sizeof text, "%s", why);
    else
        snprintf(text, sizeof text,
                 "correct the pipeline, or the %s (qetl dlq edit %s %lld%s); then qetl dlq replay "
                 "PIPELINE %lld",
                 row ? "row" : "bytes", path, id, row ? " --set COLUMN=VALUE" : "", id);
    fprintf(out, "  %-9s", "mend");
    qetl_wrap(text, INDENT, INDENT, width, out);
}

static void put_place(FILE *out, const json_t *letter)
{
    char text[700];
    const json_t *row = json_object_get(letter, "row"),
                 *at = json_object_get(letter, "byte_offset");
    const json_t *bytes = json_object_get(letter, "original_bytes");
    int n = snprintf(text, sizeof text, "%s", text_of(letter, "source"));
    if (*text_of(letter, "object"))
        n += snprintf(text + n, sizeof text - (size_t)n, ", %.300s", text_of(letter, "object"));
    if (row)
        n += snprintf(text + n, sizeof text - (size_t)n, ", row %lld",
                      (long long)json_integer_value(row));
    if (at)
        n += snprintf(text + n, sizeof text - (size_t)n, ", byte %lld",
                      (long long)json_integer_value(at));
    if (bytes)
        snprintf(text + n, sizeof text - (size_t)n, " (%lld bytes)",
                 (long long)json_integer_value(bytes));
    put_line(out, "from", text);
}

void qetl_dlq_show(const json_t *letter, const char *path, FILE *out, int width, int colour)
{
    char text[400];
    size_t size;
    const char *status = text_of(letter, "status");
    json_int_t edits = json_integer_value(json_object_get(letter, "edits"));
    json_int_t attempts = json_integer_value(json_object_get(letter, "attempts"));
    fprintf(out, "letter %lld, %s", (long long)json_integer_value(json_object_get(letter, "id")),
            status);
    if (attempts)
        fprintf(out, ", rejected again by %lld replay%s", (long long)attempts,
                attempts == 1 ? "" : "s");
    if (edits)
        fprintf(out, ", edited %s", text_of(letter, "edited"));
    fputc('\n', out);
    snprintf(text, sizeof text, "%s (%s): %s%s%s", text_of(letter, "component"),
             text_of(letter, "plugin"), text_of(letter, "code"),
             *text_of(letter, "column") ? ", column " : "", text_of(letter, "column"));
    put_line(out, "by", text);
    fprintf(out, "  %-9s", "because");
    qetl_wrap(text_of(letter, "message"), INDENT, INDENT, width, out);
    put_place(out, letter);
    snprintf(text, sizeof text, "%s, run %s, epoch %lld", text_of(letter, "time"),
             text_of(letter, "run"),
             (long long)json_integer_value(json_object_get(letter, "epoch")));
    put_line(out, "when", text);
    char *bytes = qetl_letter_original(letter, &size);
    char *shown = bytes ? qetl_dlq_printable(bytes, size, SHOWN_BYTES) : NULL;
    if (shown)
        put_original(out, shown, text_of(letter, "message"), width);
    put_row(out, letter, width, colour);
    put_mend(out, letter, path, width);
    free(shown);
    free(bytes);
}
