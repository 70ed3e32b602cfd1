/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Framing and decoding against an independent reader that goes byte by byte over the whole object:
 * any cut into blocks, every kernel, any small max_record must give the same rows and the same
 * rejections.
 */
#include "csv_rig.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

enum { CELLS_MAX = 512, CASE_MAX = 400 };

/* ---- The reference ---- */

struct reference {
    const uint8_t *data;
    int64_t size, max_record, columns;
    struct rig_text rows, rejects;
};

struct scan_end {
    int64_t end; /* behind the record's line feed, or -1 */
    bool quoted; /* the data ended within quotes */
};

static struct scan_end record_end(const struct reference *r, int64_t at, int64_t limit)
{
    bool begins = true, quoted = false;

    for (; at < limit; at++) {
        uint8_t c = r->data[at];

        if (quoted) {
            if (c == '"' && at + 1 < limit && r->data[at + 1] == '"')
                at++;
            else if (c == '"')
                quoted = begins = false;
        } else if (c == '"' && begins) {
            quoted = true;
        } else if (c == '\n') {
            return (struct scan_end){at + 1, false};
        } else {
            begins = c == ',';
        }
    }
    return (struct scan_end){-1, quoted};
}

struct cells {
    struct rig_text text[CELLS_MAX];
    bool quoted[CELLS_MAX];
    int64_t n;
    const char *fault;
};

static void fault_note(struct cells *c, const char *fault)
{
    if (!c->fault || !strcmp(c->fault, "bare_quote"))
        c->fault = fault;
}

/* Reads the record's text, without its line end, into cells. strict: no quote may stand within a
 * cell without quotes; else none that only blanks stand before. */
static void cells_read(struct cells *c, const uint8_t *p, int64_t size, bool strict)
{
    int64_t at = 0;

    c->n = 0;
    c->fault = NULL;
    for (;;) {
        struct rig_text *text = &c->text[c->n];

        bool begun = false;
        rig_text_clear(text);
        c->quoted[c->n] = at < size && p[at] == '"';
        if (c->quoted[c->n]) {
            bool closed = false;

            for (at++; at < size && !closed; at++) {
                if (p[at] != '"')
                    rig_text_add(text, p + at, 1);
                else if (at + 1 < size && p[at + 1] == '"')
                    rig_text_add(text, p + at++, 1);
                else
                    closed = true;
            }
            if (!closed)
                fault_note(c, "unterminated_quote");
            if (at < size && p[at] != ',')
                fault_note(c, "text_after_quote");
        }
        for (; at < size && p[at] != ','; at++) {
            begun |= p[at] != '"' && p[at] != ' ' && p[at] != '\t';
            if (p[at] == '"' && !c->quoted[c->n] && (strict || !begun))
                fault_note(c, "bare_quote");
            rig_text_add(text, p + at, 1);
        }
        c->n++;
        if (at >= size || c->n == CELLS_MAX)
            return;
        at++;
    }
}

static void reference_reject(struct reference *r, int64_t at, int64_t size, const char *code)
{
    char line[96];

    rig_text_add(&r->rejects, line,
                 (size_t)snprintf(line, sizeof line, "%lld+%lld %s\n", (long long)at,
                                  (long long)size, code));
}

static struct cells cells;

static void reference_row(struct reference *r, int64_t at, int64_t end)
{
    int64_t size = end - at;

    size -= size && r->data[end - 1] == '\n';
    size -= size && r->data[at + size - 1] == '\r';
    cells_read(&cells, r->data + at, size, false);
    if (cells.fault) {
        reference_reject(r, at, end - at, cells.fault);
    } else if (!qetl_utf8_valid(r->data + at, end - at)) {
        reference_reject(r, at, end - at, "bad_utf8");
    } else if (cells.n != r->columns) {
        reference_reject(r, at, end - at, "ragged_row");
    } else {
        for (int64_t i = 0; i < cells.n; i++)
            rig_text_cell(&r->rows, cells.text[i].data, cells.text[i].size,
                          !cells.quoted[i] && !cells.text[i].size);
        rig_text_add(&r->rows, "\n", 1);
    }
}

static bool is_empty_rest(const struct reference *r, int64_t at)
{
    int64_t size = r->size - at;

    return (size == 1 && (r->data[at] == '\n' || r->data[at] == '\r')) ||
           (size == 2 && !memcmp(r->data + at, "\r\n", 2));
}

static int64_t line_end_of(const struct reference *r, int64_t at)
{
    const uint8_t *feed = memchr(r->data + at, '\n', (size_t)(r->size - at));

    return feed ? feed + 1 - r->data : r->size;
}

static bool is_whole_row(const struct reference *r, int64_t at, int64_t end)
{
    int64_t size = end - at;

    size -= size && r->data[end - 1] == '\n';
    size -= size && r->data[at + size - 1] == '\r';
    cells_read(&cells, r->data + at, size, true);
    return !cells.fault && cells.n == r->columns;
}

/* Behind the rejected beginning of a record, [piece, at): the rest of it is passed over, up to
 * where its quotes end, or to a line that is a whole row. */
static int64_t reference_tail(const struct reference *r, int64_t piece, int64_t at)
{
    struct scan_end e = record_end(r, piece, r->size);
    int64_t behind = e.end < 0 ? r->size : e.end;

    while (r->columns > 1 && at < behind) {
        int64_t end = line_end_of(r, at), size = end - at;
        bool feed = r->data[end - 1] == '\n';

        if (size <= r->max_record && (feed || size < r->max_record) && is_whole_row(r, at, end))
            break;
        at = end;
    }
    return at;
}

static bool goes_on(const struct reference *r, int64_t piece, int64_t *at)
{
    int64_t behind = reference_tail(r, piece, *at);
    bool passed = behind > *at;

    *at = behind;
    return passed;
}

/*
 * Line by line from `at` until a line begins at or behind `until`. Answers where it does. A line
 * that is too long is one rejection, of its first bytes; other lines that are no rows are rejected
 * together, as many as are no longer than one record may be.
 */
static int64_t reference_careful(struct reference *r, int64_t at, int64_t until, const char *code)
{
    int64_t piece = at;

    while (at < r->size && at < until) {
        int64_t end = line_end_of(r, at), size = end - at;
        bool feed = r->data[end - 1] == '\n';
        bool too_long = size > r->max_record || (!feed && size >= r->max_record);

        if (is_empty_rest(r, at))
            break;
        if (too_long) {
            if (piece < at) {
                reference_reject(r, piece, at - piece, code);
                if (strcmp(code, "oversize_record") == 0 && goes_on(r, piece, &at)) {
                    code = "broken_line";
                    piece = at;
                    continue;
                }
            }
            reference_reject(r, at, r->max_record, "oversize_record");
            code = "broken_line";
            piece = at = end;
            continue;
        }
        if (is_whole_row(r, at, end)) {
            if (piece < at) {
                reference_reject(r, piece, at - piece, code);
                code = "broken_line";
            }
            reference_row(r, at, end);
            piece = end;
        } else if (piece < at && end - piece > r->max_record) {
            bool oversize = strcmp(code, "oversize_record") == 0;

            reference_reject(r, piece, at - piece, code);
            code = "broken_line";
            bool passed = oversize && goes_on(r, piece, &at);
            piece = at;
            if (passed)
                continue;
        }
        at = end;
    }
    if (piece < at) {
        reference_reject(r, piece, at - piece, code);
        if (strcmp(code, "oversize_record") == 0)
            goes_on(r, piece, &at);
    }
    return at;
}

static void reference_run(struct reference *r, int64_t at)
{
    rig_text_clear(&r->rows);
    rig_text_clear(&r->rejects);
    while (at < r->size && !is_empty_rest(r, at)) {
        int64_t limit = r->size - at < r->max_record ? r->size : at + r->max_record;
        struct scan_end e = record_end(r, at, limit);

        if (e.end < 0 && limit - at >= r->max_record) {
            at = reference_careful(r, at, limit, "oversize_record");
        } else if (e.end < 0 && e.quoted) {
            at = reference_careful(r, at, limit, "unterminated_quote");
        } else {
            int64_t end = e.end < 0 ? r->size : e.end;

            reference_row(r, at, end);
            at = end;
        }
    }
}

/* ---- Against it ---- */

/* Only place and code of each rejection. */
static void messages_cut(const char *text, struct rig_text *out)
{
    rig_text_clear(out);
    while (*text) {
        const char *end = strchr(text, '\n'), *colon = strstr(text, ": ");

        rig_text_add(out, text, (size_t)((colon && colon < end ? colon : end) - text));
        rig_text_add(out, "\n", 1);
        text = end + 1;
    }
}

static void compare(const struct reference *want, const char *header,
                    const struct csv_kernel *kernel, int64_t block, unsigned seed)
{
    struct rig rig;
    struct rig_text codes = {0};

    csv_rig_open(&rig,
                 header ? "{\"delimiter\": \",\"}" : "{\"delimiter\": \",\", \"header\": false}");
    rig.kernel = kernel;
    rig.max_record = want->max_record;
    rig_infer(&rig, header ? header : ",,\n", header ? strlen(header) : 3);
    rig_want(&rig, QETL_FORM_LEXICAL);
    rig_run(&rig, want->data, (size_t)want->size, block, seed);
    messages_cut(rig.rejects.data, &codes);
    if (rig.status || strcmp(rig.text.data, want->rows.data) ||
        strcmp(codes.data, want->rejects.data)) {
        fprintf(stderr, "kernel %s, block %lld, seed %u, max_record %lld, data: ", kernel->name,
                (long long)block, seed, (long long)want->max_record);
        for (int64_t i = 0; i < want->size; i++)
            fprintf(stderr, "\\x%02x", want->data[i]);
        fprintf(stderr, "\n");
    }
    cr_assert_eq(rig.status, 0, "%s", qetl_fake_host_message(&rig.fake));
    cr_assert_str_eq(rig.text.data, want->rows.data);
    cr_assert_str_eq(codes.data, want->rejects.data);
    cr_assert_eq(rig.rows + rig.rejected, rig.records);
    free(codes.data);
    csv_rig_close(&rig);
}

static void reference_free(struct reference *r)
{
    free(r->rows.data);
    free(r->rejects.data);
    for (int i = 0; i < CELLS_MAX; i++)
        free(cells.text[i].data);
    memset(&cells, 0, sizeof cells);
}

/* Bytes that matter, in runs that make rows likely. */
static int64_t case_make(unsigned *seed, uint8_t *out, int64_t most)
{
    static const char *const parts[] = {"a",
                                        "bc",
                                        ",",
                                        ",",
                                        ",",
                                        "\n",
                                        "\n",
                                        "\r\n",
                                        "\"",
                                        "\"",
                                        "\"\"",
                                        "\",\"",
                                        "\"x\"",
                                        "\n\"",
                                        "\"\n",
                                        "\r",
                                        "1,2,3\n",
                                        "\"q\",\"r\"\"s\",t\n",
                                        ",,\n",
                                        "é",
                                        "\xff",
                                        "a,b\"c,d\n",
                                        " ",
                                        "\"a\nb\",c,d\n",
                                        "\n\n",
                                        "0123456789abcdef",
                                        "\xe2\x82\xac",
                                        "\xc2\xa2",
                                        "\xc2\x8a",
                                        "\xc2\x8d",
                                        "\"o"};
    int64_t n = 0;
    int count = rand_r(seed) % 60;

    for (int i = 0; i < count; i++) {
        const char *part = parts[(unsigned)rand_r(seed) % (sizeof parts / sizeof *parts)];
        int64_t size = (int64_t)strlen(part);

        if (n + size > most)
            break;
        memcpy(out + n, part, (size_t)size);
        n += size;
    }
    return n;
}

static void property_try(unsigned seed, bool with_header)
{
    static const int64_t blocks[] = {0, 1, 2, 7, 64, -1};
    static const int64_t maxima[] = {1 << 20, 1 << 20, 40, 17, 100};
    const char *header = with_header ? "a,b,c\n" : NULL;
    unsigned s = seed;
    uint8_t data[CASE_MAX];
    struct reference want = {.data = data, .columns = 3};
    int64_t front = header ? (int64_t)strlen(header) : 0;

    memcpy(data, header ? header : "", (size_t)front);
    want.size = front + case_make(&s, data + front, CASE_MAX - front);
    want.max_record = maxima[(unsigned)rand_r(&s) % 5];
    reference_run(&want, front);
    for (int k = 0; k < csv_kernels_count; k++)
        for (size_t b = 0; csv_kernels[k]->usable() && b < sizeof blocks / sizeof *blocks; b++)
            compare(&want, header, csv_kernels[k], blocks[b], seed);
    reference_free(&want);
}

Test(csv_frame, any_cut_gives_what_the_reference_gives)
{
    const char *runs = getenv("QETL_PROPERTY_RUNS");
    unsigned n = runs ? (unsigned)atoi(runs) : 1500;

    for (unsigned seed = 1; seed <= n; seed++)
        property_try(seed, seed % 3 != 0);
}

/* What may go wrong where two blocks of a kernel meet, at every distance from there. */
Test(csv_frame, nothing_is_lost_at_the_border_of_blocks)
{
    static const char *const snippets[] = {"\"x\"\"y\",", "b\"c,",      "\"d\"e,",   "\"f\"\r\n,",
                                           "\"g\"\rh,",   "\"\",\"\",", "\"i\nj\",", "\r\n,",
                                           "k\r,",        "\"\"\"\","};
    static char data[512];

    for (size_t i = 0; i < sizeof snippets / sizeof *snippets; i++)
        for (int pad = 0; pad < 140; pad++) {
            struct reference want = {.data = (uint8_t *)data, .columns = 3, .max_record = 1 << 20};

            want.size =
                sprintf(data, "%.*s%s2,\"3\"\n4,5,\"6\"\n", pad,
                        "1,2,3\n4,\"5 and\",6\n7,8,nine ten eleven twelve thirteen fourteen\n"
                        "15,\"16\",17\n18,\"nineteen \"\"20\"\" and twenty-one\",22\n23,24,25\n",
                        snippets[i]);
            reference_run(&want, 0);
            for (int k = 0; k < csv_kernels_count; k++)
                if (csv_kernels[k]->usable())
                    compare(&want, NULL, csv_kernels[k], 0, (unsigned)pad);
            reference_free(&want);
        }
}

/* ---- Single facts ---- */

static struct rig rig;

static const char *rows_of(const char *options, const char *data)
{
    csv_rig_open(&rig, options);
    rig_infer(&rig, data, strlen(data));
    rig_want(&rig, QETL_FORM_LEXICAL);
    rig_run(&rig, data, strlen(data), 0, 1);
    cr_assert_eq(rig.status, 0, "%s", qetl_fake_host_message(&rig.fake));
    return rig.text.data;
}

Test(csv_frame, an_open_quote_costs_its_own_line_alone)
{
    cr_assert_str_eq(rows_of(NULL, "a,b\n1,2\n2,\"x\n3,y\n4,z"), "[1][2]\n[3][y]\n[4][z]\n");
    cr_assert_str_eq(rig.rejects.data,
                     "8+5 unterminated_quote: a quote is opened and never closed; "
                     "reading goes on at the next line that is a whole row\n");
    csv_rig_close(&rig);
}

Test(csv_frame, ragged_rows_name_both_counts)
{
    cr_assert_str_eq(rows_of(NULL, "a,b\n1\n1,2,3\n\n4,5\n"), "[4][5]\n");
    cr_assert_str_eq(rig.rejects.data,
                     "4+2 ragged_row: the row has 1 cell where 2 are expected\n"
                     "6+6 ragged_row: the row has 3 cells where 2 are expected\n"
                     "12+1 ragged_row: the row has 1 cell where 2 are expected\n");
    csv_rig_close(&rig);
}

Test(csv_frame, an_empty_line_is_a_null_of_the_only_column_but_not_at_the_end)
{
    cr_assert_str_eq(rows_of(NULL, "a\n1\n\n2\n\n"), "[1]\n<>\n[2]\n");
    csv_rig_close(&rig);
    cr_assert_str_eq(rows_of(NULL, "a\r\n1\r\n\r\n2\r\n\r\n"), "[1]\n<>\n[2]\n");
    csv_rig_close(&rig);
    cr_assert_str_eq(rows_of(NULL, "a\n\n\n"), "<>\n");
    csv_rig_close(&rig);
}

Test(csv_frame, objects_without_rows_have_none)
{
    static const char *const objects[] = {"",
                                          "\n",
                                          "\r\n",
                                          "a,b",
                                          "a,b\n",
                                          "a,b\r\n",
                                          "a,b\n\n",
                                          "\xef\xbb\xbf",
                                          "\xef\xbb\xbf"
                                          "a,b\n",
                                          "\"a\",\"b\"\r\n\r\n"};

    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        cr_assert_str_eq(rows_of(NULL, objects[i]), "");
        cr_assert_eq(rig.records, 0, "object %zu", i);
        cr_assert_eq(rig.schema.n_children, strchr(objects[i], 'a') ? 2 : 0);
        csv_rig_close(&rig);
    }
}

Test(csv_frame, a_byte_order_mark_and_crlf_are_no_content)
{
    cr_assert_str_eq(rows_of(NULL, "\xef\xbb\xbf"
                                   "a,b\r\n1,\r\n\"2\",\"x\r\"\r\n3,y\r"),
                     "[1]<>\n[2][x\\0d]\n[3][y]\n");
    cr_assert_str_eq(rig.schema.children[0]->name, "a");
    csv_rig_close(&rig);
}

Test(csv_frame, another_header_is_an_error_that_names_both)
{
    static const char second[] = "d,c\n1,2\n";

    rows_of(NULL, "a,b\n1,2\n");
    cr_assert_eq(rig_run(&rig, second, strlen(second), 0, 1), QETL_E_DATA);
    cr_assert_str_eq(qetl_fake_host_message(&rig.fake),
                     "orders.csv: its header (d, c) is not that of the first object (a, b)");
    csv_rig_close(&rig);
}

Test(csv_frame, each_object_has_its_own_header_and_mark)
{
    static const char second[] = "\xef\xbb\xbf\"a\",b\r\n3,4\r\n";

    rows_of(NULL, "a,b\n1,2\n");
    for (int64_t block = 0; block < 9; block++)
        cr_assert_eq(rig_run(&rig, second, strlen(second), block, 1), 0);
    cr_assert_eq(rig.rows, 10);
    cr_assert_eq(rig_run(&rig, "", 0, 0, 1), 0);
    cr_assert_eq(rig.rows, 10);
    csv_rig_close(&rig);
}

/* Rows and rejections, each rejection a line up to its message, of data under max_record 64. */
static void long_try(const char *data, int64_t block, const char *rows, const char *rejects)
{
    struct rig_text codes = {0};

    csv_rig_open(&rig, "{\"delimiter\": \",\"}");
    rig.max_record = 64;
    rig_infer(&rig, data, strlen(data));
    rig_want(&rig, QETL_FORM_LEXICAL);
    cr_assert_eq(rig_run(&rig, data, strlen(data), block, 1), 0);
    messages_cut(rig.rejects.data, &codes);
    cr_assert_str_eq(rig.text.data, rows);
    cr_assert_str_eq(codes.data, rejects);
    cr_assert_eq(rig.rows + rig.rejected, rig.records);
    free(codes.data);
    csv_rig_close(&rig);
}

Test(csv_frame, a_record_beyond_max_record_is_one_rejected_row)
{
    char x[301] = "", data[1024];

    memset(x, 'x', 300);
    for (int64_t block = 0; block < 80; block++) {
        sprintf(data, "a,b\n1,2\n3,%s\n4,5\n", x);
        long_try(data, block, "[1][2]\n[4][5]\n", "8+64 oversize_record\n");
        sprintf(data, "a,b\n1,2\n3,\"%s\"\r\n4,5\n", x);
        long_try(data, block, "[1][2]\n[4][5]\n", "8+64 oversize_record\n");
        sprintf(data, "a,b\n1,2\n3,%s\n4,%s", x, x);
        long_try(data, block, "[1][2]\n", "8+64 oversize_record\n311+64 oversize_record\n");
        sprintf(data, "a,b\n3,%s\n\n", x);
        long_try(data, block, "", "4+64 oversize_record\n");
        sprintf(data, "a,b\n3,%.62s\n4,%.61s\n5,6\n", x, x);
        sprintf(data + 260, "[4][%.61s]\n[5][6]\n", x);
        long_try(data, block, data + 260, "4+64 oversize_record\n");
    }
}

/* The opening line is one rejected row; those behind it are judged by themselves. */
Test(csv_frame, a_quoted_record_beyond_max_record_costs_no_line_twice)
{
    char x[301] = "", data[1024];

    memset(x, 'x', 300);
    for (int64_t block = 0; block < 80; block++) {
        sprintf(data, "a,b\n1,\"\n2,3\ny\n%s\n4,5\n", x);
        long_try(data, block, "[2][3]\n[4][5]\n",
                 "4+4 oversize_record\n12+2 broken_line\n14+64 oversize_record\n");
        sprintf(data, "a,b\n1,\"%s\n2,3\n", x);
        long_try(data, block, "[2][3]\n", "4+64 oversize_record\n");
    }
}

/* Each line leaves the next within quotes: the search for an end must not begin anew at each. */
Test(csv_frame, hostile_quotes_cost_no_more_than_a_second, .timeout = 60)
{
    static const char line[] = "y\"z,\"\na,b\n";
    enum { LINES = 60000, LINE = sizeof line - 1 };
    static char data[LINES * LINE + 16] = "a,b\n1,\"\na,b\n";
    size_t n = strlen(data);

    for (int i = 0; i < LINES; i++)
        memcpy(data + n + i * LINE, line, LINE);
    csv_rig_open(&rig, NULL);
    rig_infer(&rig, "a,b\n", 4);
    rig_want(&rig, QETL_FORM_LEXICAL);
    cr_assert_eq(rig_run(&rig, data, strlen(data), 0, 1), 0);
    cr_assert_eq(rig.rows + rig.rejected, rig.records);
    csv_rig_close(&rig);
}
