/* SPDX-License-Identifier: Apache-2.0 */
/* What csv writes, and that it reads back as what it was. */
#include "csv_rig.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

static struct rig rig;
static const struct csv_rows_kernel *rows_kernel; /* NULL: the best */
static void (*spoil)(struct ArrowArray *);        /* or NULL */

/* csv to csv by one form; the bytes written. */
static const char *copy_of(const char *from, uint32_t form, const char *to, const char *data)
{
    csv_rig_open(&rig, from);
    rig_infer(&rig, data, strlen(data));
    rig_want(&rig, form);
    rig.rows_kernel = rows_kernel;
    rig.spoil = spoil;
    rig_encode_to_csv(&rig, to);
    rig_run(&rig, data, strlen(data), 0, 1);
    cr_assert_eq(rig.status, 0, "%s", qetl_fake_host_message(&rig.fake));
    if (qetl_space_put(&rig.encoded.space, "", 1))
        cr_assert_fail();
    return (const char *)rig.encoded.space.data;
}

Test(csv_encode, untouched_values_come_back_byte_for_byte)
{
    static const char data[] = "a,b,c,d\n"
                               "007,10.50,1e5,NaN\n"
                               "123456789012345678901234567890, x ,\"line\nbreak\",\"\"\n"
                               ",-0,+1,\"he said \"\"hi\"\"\"\n"
                               "\"with, comma and more\",\"\r\",a\rb,Stra\xc3\x9f"
                               "e\n";
    static const char want[] = "a,b,c,d\n"
                               "007,10.50,1e5,NaN\n"
                               "123456789012345678901234567890, x ,\"line\nbreak\",\"\"\n"
                               ",-0,+1,\"he said \"\"hi\"\"\"\n"
                               "\"with, comma and more\",\"\r\",\"a\rb\",Stra\xc3\x9f"
                               "e\n";

    cr_assert_str_eq(copy_of("{\"delimiter\": \",\"}", QETL_FORM_LEXICAL, NULL, data), want);
    csv_rig_close(&rig);
}

Test(csv_encode, quotes_stand_only_where_they_are_needed)
{
    cr_assert_str_eq(copy_of("{\"delimiter\": \";\"}", QETL_FORM_LEXICAL, "{\"newline\": \"crlf\"}",
                             "a;\"b,c\"\n\"1\";\"two\"\nx,y;\"a b\"\n\"\";\n"),
                     "a,\"b,c\"\r\n1,two\r\n\"x,y\",a b\r\n\"\",\r\n");
    csv_rig_close(&rig);
    cr_assert_str_eq(copy_of(NULL, QETL_FORM_LEXICAL,
                             "{\"delimiter\": \"\\t\", \"quote\": \"'\", \"header\": false}",
                             "a,b\nit's,\"a\tb\"\n\"\"\"\",x\n"),
                     "'it''s'\t'a\tb'\n\"\tx\n");
    csv_rig_close(&rig);
}

Test(csv_encode, nulls_keep_their_spelling_where_it_reads_back_as_null)
{
    static const char data[] = "a,b\nNA,\"NA\"\n,\"\"\nx,NA\n";

    cr_assert_str_eq(copy_of("{\"null\": [\"\", \"NA\"]}", QETL_FORM_LEXICAL, NULL, data),
                     "a,b\n,NA\n,\"\"\nx,\n");
    csv_rig_close(&rig);
    cr_assert_str_eq(copy_of("{\"null\": [\"\", \"NA\"]}", QETL_FORM_LEXICAL,
                             "{\"null\": [\"\", \"NA\"]}", data),
                     "a,b\nNA,\"NA\"\n,\"\"\nx,NA\n");
    csv_rig_close(&rig);
    cr_assert_str_eq(
        copy_of(NULL, QETL_FORM_LEXICAL, "{\"null\": [\"-\"]}", "a,b\n-,\"-\"\n,\"\"\n"),
        "a,b\n\"-\",\"-\"\n-,\"\"\n");
    csv_rig_close(&rig);
}

/* Every size around the borders of the fast ways, plain and with a quote in each place. */
Test(csv_encode, kernels_write_the_same_bytes)
{
    char data[256], want[256];

    for (int k = 0; k < csv_rows_kernels_count; k++)
        for (int size = 0; csv_rows_kernels[k]->usable() && size < 70; size++)
            for (int at = -1; at < size; at++) {
                char text[80], *out = text;

                for (int i = 0; i < size; i++) {
                    *out++ = i == at ? '"' : (char)('a' + i % 26);
                    if (i == at)
                        *out++ = '"';
                }
                *out = 0;
                snprintf(data, sizeof data, "a,b\n\"%s\",\"%s\"\n%s,1\n", text, text,
                         at < 0 ? text : "");
                snprintf(want, sizeof want,
                         at < 0 && size ? "a,b\n%s,%s\n%s,1\n" : "a,b\n\"%s\",\"%s\"\n%s,1\n", text,
                         text, at < 0 ? text : "");
                rows_kernel = csv_rows_kernels[k];
                cr_assert_str_eq(copy_of("{\"delimiter\": \",\"}", QETL_FORM_LEXICAL, NULL, data),
                                 want, "%s, %d", rows_kernel->name, size);
                csv_rig_close(&rig);
            }
}

static uint32_t garbage[4];

static void put_garbage_under_nulls(struct ArrowArray *batch)
{
    for (int64_t i = 0; i < batch->n_children; i++) {
        const struct ArrowArray *column = batch->children[i];
        const uint8_t *validity = column->buffers[0];
        uint8_t *views = (uint8_t *)column->buffers[1];
        for (int64_t row = column->offset; validity && row < column->offset + column->length; row++)
            if (!(validity[row / 8] >> row % 8 & 1))
                memcpy(views + 16 * row, garbage, sizeof garbage);
    }
}

/* Sizes of all ways to copy a text, places that there are not. */
Test(csv_encode, what_stands_under_a_null_is_not_followed)
{
    static const uint32_t sizes[] = {0, 1, 12, 13, 16, 31, 32, 33, 256, 0x7fffffff, 0xffffffff};

    for (int k = 0; k < csv_rows_kernels_count; k++)
        for (size_t i = 0; csv_rows_kernels[k]->usable() && i < sizeof sizes / sizeof *sizes; i++) {
            garbage[0] = sizes[i];
            garbage[1] = 0xbfbbefbf;
            garbage[2] = garbage[3] = 0xfffffff0;
            spoil = put_garbage_under_nulls;
            rows_kernel = csv_rows_kernels[k];
            cr_assert_str_eq(copy_of("{\"delimiter\": \",\"}", QETL_FORM_VALUE, NULL,
                                     "a,b\n,x\ny,\n,\nz,a text of more than twelve bytes\n"),
                             "a,b\n,x\ny,\n,\nz,a text of more than twelve bytes\n", "%s, %u",
                             rows_kernel->name, sizes[i]);
            csv_rig_close(&rig);
        }
}

Test(csv_encode, a_lone_null_is_never_an_empty_line)
{
    cr_assert_str_eq(copy_of(NULL, QETL_FORM_LEXICAL, NULL, "a\nx\n\n\"\"\ny\n"),
                     "a\nx\n\"\"\ny\n");
    cr_assert_str_eq(rig.writer.rejects[0].code, "lone_null");
    cr_assert_eq(rig.writer.n_rejects, 1);
    cr_assert_eq(rig.writer.rejects[0].row, 1);
    csv_rig_close(&rig);
    cr_assert_str_eq(
        copy_of(NULL, QETL_FORM_LEXICAL, "{\"null\": [\"\", \"NA\"]}", "a\nx\n\n\"NA\"\n"),
        "a\nx\nNA\n\"NA\"\n");
    cr_assert_eq(rig.writer.n_rejects, 0);
    csv_rig_close(&rig);
}

Test(csv_encode, a_byte_order_mark_of_the_content_is_not_lost)
{
    cr_assert_str_eq(
        copy_of("{\"header\": false, \"delimiter\": \",\"}", QETL_FORM_LEXICAL,
                "{\"header\": false}",
                "\"\xef\xbb\xbfx\",\xef\xbb\xbfy\n\"\xef\xbb\xbf and much more of it\",\n"),
        "\"\xef\xbb\xbfx\",\xef\xbb\xbfy\n\"\xef\xbb\xbf and much more of it\",\n");
    csv_rig_close(&rig);
}

Test(csv_encode, values_are_written_in_full)
{
    static const char options[] =
        "{\"types\": {\"i\": \"bigint\", \"u\": \"bigint unsigned\", \"d\": \"decimal(38,4)\", "
        "\"r\": \"double\", \"b\": \"boolean\", \"t\": \"timestamp\", \"x\": \"text\", \"y\": "
        "\"date\"}}";

    cr_assert_str_eq(copy_of(options, QETL_FORM_VALUE, NULL,
                             "i,u,d,r,b,t,x,y\n"
                             "-9223372036854775808,18446744073709551615,-0.5,1e3,t,2024-01-02T03:"
                             "04,\"a,\"\"b\",2024-02-29\n"
                             "0,0,99999999999999999999.1234,0.1,no,2024-01-02,\"\",0001-01-01\n"
                             "99,100,-0.0001,,,,,\n"),
                     "i,u,d,r,b,t,x,y\n"
                     "-9223372036854775808,18446744073709551615,-0.5000,1000,true,2024-01-02 "
                     "03:04:00,\"a,\"\"b\",2024-02-29\n"
                     "0,0,99999999999999999999.1234,0.1,false,2024-01-02 00:00:00,\"\",0001-01-01\n"
                     "99,100,-0.0001,,,,,\n");
    csv_rig_close(&rig);
}

Test(csv_encode, a_number_that_spells_null_or_holds_the_delimiter_is_quoted)
{
    cr_assert_str_eq(
        copy_of("{\"delimiter\": \",\", \"types\": {\"a\": \"bigint\", \"b\": \"decimal(4,1)\"}}",
                QETL_FORM_VALUE, "{\"null\": [\"0\"], \"delimiter\": \".\"}", "a,b\n0,1.5\n10,\n"),
        "a.b\n\"0\".\"1.5\"\n10.0\n");
    csv_rig_close(&rig);
}

/* ---- Round trips of anything ---- */

static int cell_make(unsigned *seed, char *out)
{
    static const char *const parts[] = {
        "a",  ",",          "\"",           "\n",          "\r", "\r\n", "é",  " ",
        "NA", "0123456789", "\xef\xbb\xbf", "12345678901", "\t", ";",    "x,y"};
    int n = 0;

    for (int i = rand_r(seed) % 5; i > 0; i--) {
        const char *part = parts[(unsigned)rand_r(seed) % (sizeof parts / sizeof *parts)];

        memcpy(out + n, part, strlen(part));
        n += (int)strlen(part);
    }
    return n;
}

/* Any cells, quoted wherever they may be, NULLs among them. */
static int table_make(unsigned *seed, char *out, int columns)
{
    int n = sprintf(out, columns == 3 ? "a,b,c\n" : "a\n");

    for (int row = rand_r(seed) % 12; row > 0; row--)
        for (int c = 0; c < columns; c++) {
            char cell[256];
            int size = cell_make(seed, cell);
            bool null = rand_r(seed) % 6 == 0;

            for (int i = -1; !null && i <= size; i++) {
                if (i < 0 || i == size || cell[i] == '"')
                    out[n++] = '"';
                if (i >= 0 && i < size)
                    out[n++] = cell[i];
            }
            n += null && columns == 1 ? sprintf(out + n, "NA") : 0;
            out[n++] = c == columns - 1 ? '\n' : ',';
        }
    out[n] = 0;
    return n;
}

static char *rows_of(const char *options, const char *data, size_t size)
{
    char *text;

    csv_rig_open(&rig, options);
    rig_infer(&rig, data, size);
    rig_want(&rig, QETL_FORM_LEXICAL);
    rig_run(&rig, data, size, -1, 3);
    cr_assert_eq(rig.status, 0, "%s", qetl_fake_host_message(&rig.fake));
    cr_assert_eq(rig.rejected, 0, "%s", rig.rejects.data);
    text = strdup(rig.text.data);
    csv_rig_close(&rig);
    return text;
}

Test(csv_encode, what_was_written_reads_back_as_it_was)
{
    static const char *const writers[] = {
        "{\"null\": [\"\", \"NA\"], \"delimiter\": \",\"}",
        "{\"null\": [\"\", \"NA\"], \"delimiter\": \"\\t\", \"newline\": \"crlf\"}",
        "{\"null\": [\"\", \"NA\"], \"delimiter\": \";\", \"quote\": \"a\"}"};
    static char data[4096];

    for (unsigned seed = 1; seed < 3000; seed++) {
        unsigned s = seed;
        int size = table_make(&s, data, seed % 2 ? 3 : 1);
        const char *writer = writers[seed % 3];
        int kernel = (int)(seed / 6) % csv_rows_kernels_count;
        char *before = rows_of(writers[0], data, (size_t)size), *after;
        struct rig_text written = {0};

        rows_kernel = csv_rows_kernels[kernel]->usable() ? csv_rows_kernels[kernel] : NULL;
        copy_of(writers[0], QETL_FORM_LEXICAL, writer, data);
        rig_text_add(&written, rig.encoded.space.data, (size_t)rig.encoded.space.size - 1);
        csv_rig_close(&rig);
        after = rows_of(writer, written.data, written.size);
        cr_assert_str_eq(after, before, "seed %u", seed);
        free(before);
        free(after);
        free(written.data);
    }
}

Test(csv_encode, without_memory_whole_rows_stay)
{
    static char data[300000] = "a,b\n";
    static const char row[] = "12345,\"a long cell, in quotes, of more than twelve bytes\"\n";
    size_t n = strlen(data);

    for (; n + sizeof row < sizeof data; n += sizeof row - 1)
        memcpy(data + n, row, sizeof row);
    for (int64_t limit = 0; limit < 250000; limit += 9973) {
        csv_rig_open(&rig, NULL);
        rig_infer(&rig, data, n);
        rig_want(&rig, QETL_FORM_LEXICAL);
        rig_encode_to_csv(&rig, NULL);
        rig.encoded.limit = limit;
        rig_run(&rig, data, n, 0, 1);
        cr_assert_eq(rig.status, QETL_E_NO_MEMORY);
        cr_assert_eq((rig.encoded.space.size - 4) % (int64_t)(sizeof row - 1), 0);
        csv_rig_close(&rig);
    }
}
