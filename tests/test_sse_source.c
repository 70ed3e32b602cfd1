/* SPDX-License-Identifier: Apache-2.0 */
/* sse: the grammar of event streams, and data as lines. What goes over the wire is tried in
 * tests/cases/84*-sse-*.sh, the grammar against another reader in diff_sse.py. */
#include "plugins/sources/sse_source/data.h"
#include "plugins/sources/sse_source/parser.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* "type|id|data;" of each event, of a text in pieces of so many bytes. */
static const char *events_of(struct sse_parser *p, const char *text, int64_t size, int64_t step)
{
    static char out[4096];
    size_t at = 0;
    out[0] = 0;
    for (int64_t begin = 0; begin < size; begin += step) {
        int64_t end = begin + step < size ? begin + step : size, used = 0;
        for (int64_t from = begin; from < end; from += used) {
            struct sse_event event;
            enum sse_answer answer = sse_parser_next(p, text + from, end - from, &used, &event);
            if (answer == SSE_MORE)
                break;
            if (answer != SSE_EVENT)
                return "failed";
            at += (size_t)snprintf(out + at, sizeof out - at, "%.*s|%.*s%s|%.*s;",
                                   (int)event.type_size, event.type, (int)event.id_size, event.id,
                                   event.own_id ? "!" : "", (int)event.data_size, event.data);
        }
    }
    return out;
}

static void read_as(const char *text, int64_t size, const char *wanted, int64_t retry_ms)
{
    for (int64_t step = 1; step <= size; step++) {
        struct sse_parser p = {.max_bytes = 100, .retry_ms = -1};
        sse_parser_begin(&p);
        const char *got = events_of(&p, text, size, step);
        cr_expect_str_eq(got, wanted, "in pieces of %d: %s", (int)step, got);
        cr_expect_eq(p.retry_ms, retry_ms, "retry %d", (int)p.retry_ms);
        sse_parser_free(&p);
    }
}
#define READ(text, wanted) read_as(text, sizeof text - 1, wanted, -1)
#define READ_RETRY(text, wanted, ms) read_as(text, sizeof text - 1, wanted, ms)

Test(sse_source, the_examples_of_the_standard)
{
    READ("data: YHOO\ndata: +2\ndata: 10\n\n", "message||YHOO\n+2\n10;");
    READ(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third "
         "event\n",
         "message|1!|first event;message|!|second event;");
    READ("data\n\ndata\ndata\n\ndata:", "message||;message||\n;");
    READ("data:test\n\ndata: test\n\n", "message||test;message||test;");
}

Test(sse_source, lines_end_in_three_ways)
{
    READ("data: a\r\rdata: b\r\n\r\ndata: c\n\r\ndata: d\r\n\n",
         "message||a;message||b;message||c;message||d;");
    READ("data: a\n\n\n\r\r\ndata: b\n\n", "message||a;message||b;");
    READ("data: a", "");
    READ("data: a\n", "");
}

Test(sse_source, fields)
{
    READ("event: x\ndata: 1\n\ndata: 2\n\n", "x||1;message||2;");
    READ("event: x\n\ndata: 1\n\n", "message||1;");
    READ("event: x\nevent:\ndata: 1\n\n", "message||1;");
    READ("Event: x\nDATA: 0\n data: 0\nwhatever: 0\nwhatever\ndata: 1\n\n", "message||1;");
    READ("data: a: b\n:\n: c\ndata:: d\n\n", "message||a: b\n: d;");
    READ("id: 1\ndata: a\n\ndata: b\n\nid: 2\n\ndata: c\n\nid\ndata: d\n\n",
         "message|1!|a;message|1|b;message|2|c;message|!|d;");
    READ("id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n", "message|1!|a;message|1|b;");
    READ("id: 1\ndata: a\n\nid: 2\ndata: b\n", "message|1!|a;");
}

Test(sse_source, byte_order_mark)
{
    READ("\xef\xbb\xbf"
         "data: a\n\n",
         "message||a;");
    READ("\xef\xbb\xbf\xef\xbb\xbf"
         "data: a\n\ndata: b\n\n",
         "message||b;");
    READ("data: a\n\n\xef\xbb\xbf"
         "data: b\n\n",
         "message||a;");
    READ("\xef\xbb\xbf\n\ndata: b\n\n", "message||b;");
}

Test(sse_source, retry)
{
    READ_RETRY("retry: 250\n", "", 250);
    READ_RETRY("retry: 0\nretry: 1x\nretry: -1\nretry:\nretry:  2\n", "", 0);
    READ_RETRY("retry: 99999999999999999999\n", "", INT32_MAX);
}

Test(sse_source, what_is_too_long)
{
    char text[300] = "data: ";
    memset(text + 6, 'x', 99);
    READ("data: x\n\n", "message||x;");
    read_as(text, 105, "failed", -1);
    struct sse_parser p = {.max_bytes = 100, .retry_ms = -1};
    for (int i = 0; i < 20; i++)
        memcpy(text + 9 * i, "data: xx\n", 9);
    cr_expect_str_eq(events_of(&p, text, 180, 7), "", "18 bytes of data a line fit");
    sse_parser_begin(&p);
    for (int i = 0; i < 36; i++)
        memcpy(text + 8 * i, "data: x\n", 8);
    p.max_bytes = 60;
    cr_expect_str_eq(events_of(&p, text, 288, 288), "failed");
    sse_parser_free(&p);
}

Test(sse_source, another_connection_keeps_the_id)
{
    struct sse_parser p = {.max_bytes = 100, .retry_ms = -1};
    cr_expect(sse_parser_set_id(&p, "5", 1));
    sse_parser_begin(&p);
    cr_expect_str_eq(events_of(&p, "data: a\n\nid: 6\ndata: b", 22, 22), "message|5|a;");
    sse_parser_begin(&p);
    cr_expect_str_eq(events_of(&p, "data: c\n\nid: 7\ndata: d\n\n", 24, 24),
                     "message|5|c;message|7!|d;");
    sse_parser_free(&p);
}

static void line_is(const char *data, const char *wanted)
{
    char text[100];
    snprintf(text, sizeof text, "%s", data);
    text[data_line(text, (int64_t)strlen(data))] = 0;
    cr_expect_str_eq(text, wanted);
}

Test(sse_source, data_as_a_line)
{
    line_is("", "\n");
    line_is("a\nb", "a\nb\n");
    line_is("{\n \"a\": 1\n}", "{  \"a\": 1 }\n");
    line_is("\n [1,\n2]", "  [1, 2]\n");
    line_is("{\"a\\\"\n\":\n1}", "{\"a\\\"\n\": 1}\n");
    line_is("1,\"{\n\"", "1,\"{\n\"\n");
}
