/* SPDX-License-Identifier: Apache-2.0 */
/* The format ndjson: any cut of the input and any kernel give the same. */
#include "ndjson_rig.h"
#include "sdk_random.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- frames ---- */

Test(ndjson_frame, a_byte_order_mark_is_passed_over)
{
    struct rig rig;
    const char *data = "\xef\xbb\xbf{\"a\":1}\n{\"a\":2}\n";
    for (size_t block = 1; block < 20; block++) {
        ndjson_rig_open(&rig, NULL);
        rig_infer(&rig, data + 3, strlen(data) - 3);
        rig_want(&rig, QETL_FORM_LEXICAL);
        rig_run(&rig, data, strlen(data), block, 0);
        EXPECT_TEXT(rig_take(&rig), "=1|\n=2|\n");
        ndjson_rig_close(&rig);
    }
}

Test(ndjson_frame, a_record_over_max_record_is_rejected_and_the_next_one_is_read)
{
    const char *data =
        "{\"a\":1}\n{\"a\":\"0123456789012345678901234567890123456789\"}\n{\"a\":2}\n"
        "{\"a\":\"0123456789012345678901234567890123456789\"}\n"
        "{\"a\":\"0123456789012345678901234567890123456789\"}\n{\"a\":3}\n"
        "{\"a\":\"0123456789012345678901234567890123456789\"}";
    for (size_t block = 1; block < 300; block++) {
        struct rig rig;
        ndjson_rig_open(&rig, NULL);
        rig_infer(&rig, "{\"a\":1}", 7);
        rig_want(&rig, QETL_FORM_LEXICAL);
        rig.max_record = 20;
        rig_run(&rig, data, strlen(data), block, 0);
        cr_expect_eq(rig.rows, 3, "%zu: %lld rows", block, (long long)rig.rows);
        cr_expect_eq(rig.rejected, 4, "%zu: %lld rejected", block, (long long)rig.rejected);
        cr_expect_eq(rig.records, 7);
        for (int64_t i = 0; i < rig.rejected; i++)
            cr_expect_eq(rig.fake.rejects[i].bytes_size, 20);
        for (int64_t i = 0; i < rig.rejected; i++)
            cr_expect_str_eq(rig.fake.rejects[i].code, "oversize_record");
        ndjson_rig_close(&rig);
    }
}

/* Behind a record that was cut off stands just what would complete it. */
Test(ndjson_frame, nothing_behind_a_chunk_is_believed)
{
    const char *data =
        "{\"a\":1,\"b\":\"x\",\"c\":true}\n{\"a\":23456,\"b\":\"y\\u00e9\",\"c\":null}\n"
        "{\"a\":2.5,\"b\":\"0123456789abcdef0123456789abcdef01234567\",\"c\":[1]}\n";
    for (size_t size = strcspn(data, "\n") + 2; size < strlen(data); size++)
        for (int k = 0; k < ndjson_kernels_count; k++) {
            struct rig rig;
            ndjson_rig_open(&rig, "{\"types\":{\"c\":\"json\"}}");
            rig.kernel = kernel_at(k);
            rig.lure = data + size;
            rig_infer(&rig, data, strlen(data));
            rig_want(&rig, QETL_FORM_LEXICAL);
            rig_run(&rig, data, size, SIZE_MAX, 0);
            int64_t whole = 0;
            for (size_t i = 0; i < size; i++)
                whole += data[i] == '\n';
            bool complete = data[size - 1] == '}', none = data[size - 1] == '\n';
            cr_expect_eq(rig.rows, whole + complete, "%zu bytes, %s", size, rig.kernel->name);
            cr_expect_eq(rig.rejected, !complete && !none, "%zu bytes", size);
            ndjson_rig_close(&rig);
        }
}

/* ---- any cut, any kernel ---- */

static void random_string(struct rig *rig, uint64_t *seed)
{
    static const char *const pieces[] = {
        "a",    "\\n",  "\\u00e9", "\xc3\xa9",         "\\\\",           "\\\"",
        "{",    "}",    ",",       "0123456789abcdef", "\\ud83d\\ude00", " ",
        "\x01", "\xff", "\\x"};
    rig_add(rig, "\"", 1);
    for (int64_t n = random_below(seed, 8); n > 0; n--) {
        const char *piece = pieces[random_below(seed, random_below(seed, 40) ? 12 : 15)];
        rig_add(rig, piece, strlen(piece));
    }
    rig_add(rig, "\"", 1);
}

static void random_value(struct rig *rig, uint64_t *seed, int depth)
{
    static const char *const plain[] = {
        "0",    "-1",    "12.50", "1e5",
        "true", "false", "null",  "1234567890123456789012345678901234567890",
        "01",   "tru"};
    int64_t kind = random_below(seed, depth < 3 ? 8 : 6);
    if (kind < 3) {
        random_string(rig, seed);
    } else if (kind < 6) {
        const char *word = plain[random_below(seed, random_below(seed, 40) ? 8 : 10)];
        rig_add(rig, word, strlen(word));
    } else {
        bool object = kind == 6;
        rig_add(rig, object ? "{" : "[", 1);
        for (int64_t i = 0, n = random_below(seed, 4); i < n; i++) {
            char key[64];
            snprintf(key, sizeof key, "%s\"k%lld\":", i ? "," : "",
                     (long long)random_below(seed, 12));
            rig_add(rig, object ? key : i ? "," : "", object ? strlen(key) : i > 0);
            random_value(rig, seed, depth + 1);
        }
        rig_add(rig, object ? "}" : "]", 1);
    }
}

static void random_lines(struct rig *rig, uint64_t *seed, int n)
{
    static const char *const ends[] = {"\n", "\r\n", " \n", "\n\n", "x\n"};
    for (; n > 0; n--) {
        bool ordered = random_below(seed, 3);
        rig_add(rig, "{", 1);
        for (int64_t i = 0, keys = random_below(seed, 6); i < keys; i++) {
            char key[64];
            int64_t name = ordered ? i : random_below(seed, 5);
            snprintf(key, sizeof key, "%s\"%s%lld\":%s", i ? "," : "",
                     name == 3 ? "a key that is longer " : "c", (long long)name,
                     random_below(seed, 20) ? "" : " ");
            rig_add(rig, key, strlen(key));
            random_value(rig, seed, 0);
        }
        rig_add(rig, "}", 1);
        const char *end = ends[random_below(seed, random_below(seed, 10) ? 2 : 5)];
        rig_add(rig, end, strlen(end));
    }
}

static char *run_cut(const char *data, size_t size, size_t sample, uint32_t form, int kernel,
                     size_t block, unsigned seed)
{
    struct rig rig;
    ndjson_rig_open(&rig, NULL);
    rig.kernel = kernel_at(kernel);
    rig_infer(&rig, data, sample);
    rig_want(&rig, form);
    rig_run(&rig, data, size, block, seed);
    cr_assert_eq(rig.status, QETL_OK);
    cr_assert_eq(rig.records, rig.rows + rig.rejected);
    /* The sample is read by the plain parser, which foresees nothing. */
    if (sample == size && form == QETL_FORM_LEXICAL)
        cr_assert_eq(rig.rows, rig.infer.records);
    char *text = rig_take(&rig);
    ndjson_rig_close(&rig);
    return text;
}

Test(ndjson_frame, any_cut_and_any_kernel_give_the_same)
{
    static const uint32_t forms[] = {QETL_FORM_LEXICAL, QETL_FORM_CHECKED, QETL_FORM_VALUE};
    for (unsigned round = 0; round < 150; round++) {
        uint64_t seed = round;
        struct rig rig;
        ndjson_rig_open(&rig, NULL);
        random_lines(&rig, &seed, 25);
        size_t size = rig.text_size, sample = size;
        if (round & 1)
            sample = (size_t)random_below(&seed, (int64_t)size);
        char *data = rig_take(&rig);
        ndjson_rig_close(&rig);
        if (round % 10 == 5 && size)
            size--;
        uint32_t form = forms[round % 3];
        char *whole = run_cut(data, size, sample, form, ndjson_kernels_count - 1, SIZE_MAX, 0);
        for (int k = 0; k < ndjson_kernels_count; k++) {
            EXPECT_TEXT(run_cut(data, size, sample, form, k, SIZE_MAX, 0), whole);
            EXPECT_TEXT(run_cut(data, size, sample, form, k, 0, round), whole);
            EXPECT_TEXT(run_cut(data, size, sample, form, k, 1 + round % 70, 0), whole);
        }
        free(whole);
        free(data);
    }
}

Test(ndjson_frame, memory_that_runs_out_is_an_error_and_leaks_nothing)
{
    const char *data = "{\"a\":\"\\n\",\"b\":null,\"c\":1,\"d\":true}\n{\"a\":\"x\"}\n";
    for (int64_t left = 0; left < 40; left++) {
        struct rig rig;
        ndjson_rig_open(&rig, NULL);
        rig_infer(&rig, data, strlen(data));
        rig_want(&rig, QETL_FORM_VALUE);
        rig.fake.allocs_left = left;
        rig_run(&rig, data, strlen(data), SIZE_MAX, 0);
        cr_expect(rig.status == QETL_E_NO_MEMORY || rig.rows == 2, "%lld", (long long)left);
        if (left == 0)
            cr_expect_eq(rig.status, QETL_E_NO_MEMORY);
        ndjson_rig_close(&rig);
    }
}

Test(ndjson_frame, chunks_of_many_columns_have_few_lines)
{
    static const char data[] = "{}\n{\"a\":1}\n\n{}\n{}";
    struct qetl_env env = {0};
    struct ndjson_framer framer = ndjson_framer_for(NDJSON_BATCH_BYTES / NDJSON_CELL_BYTES / 2);
    int64_t expected[] = {11, 17}, at = 0;
    cr_expect_eq(framer.rows_max, 2);
    cr_expect_eq(ndjson_framer_for(INT32_MAX).rows_max, 1);
    for (int i = 0; i < 2; i++) {
        struct qetl_frame frame = {.struct_size = sizeof frame,
                                   .flags = (i ? 0 : QETL_ITEM_OBJECT_START) | QETL_ITEM_OBJECT_END,
                                   .data = (const uint8_t *)data + at,
                                   .size = (int64_t)sizeof data - 1 - at,
                                   .max_record = 100};
        cr_assert_eq(ndjson_frame(&framer, env, &frame), QETL_OK);
        at += frame.used;
        cr_expect_eq(at, expected[i], "%lld", (long long)at);
    }
}
