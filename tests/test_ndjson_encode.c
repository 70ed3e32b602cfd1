/* SPDX-License-Identifier: Apache-2.0 */
/* The format ndjson: what is written, what is rather rejected, and that lines come back as they
 * were. */
#include "../plugins/formats/ndjson/quote.h"
#include "ndjson_rig.h"
#include "sdk_random.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- lines to lines ---- */

static const char *const unchanged[] = {
    "{\"a\":1,\"b\":\"x\",\"c\":true}\n{\"a\":2,\"b\":\"\",\"c\":false}\n",
    "{\"a\":1.0}\n{\"a\":1.50}\n{\"a\":-0.0}\n",
    "{\"a\":1e5}\n{\"a\":1E+05}\n{\"a\":-0}\n{\"a\":0.10e-7}\n",
    "{\"a\":-0}\n{\"a\":7}\n",
    "{\"a\":123456789012345678901234567890}\n{\"a\":1}\n",
    "{\"a\":1234567890123456789012345678901234567890}\n",
    "{\"a\":1,\"b\":2}\n{\"a\":null,\"b\":2}\n{\"b\":2}\n{\"a\":null}\n{}\n",
    "{\"a\":\"x\"}\n{\"a\":null}\n{}\n",
    "{\"a\":1}\n{\"a\":\"1\"}\n{\"a\":true}\n{\"a\":null}\n{}\n{\"a\":[1, 2]}\n",
    "{\"a\":{\"b\": [1.0, \"\\u0041\", null]}}\n{\"a\":[]}\n",
    "{\"a\":\"\\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f\"}\n",
    "{\"a\":\"\x7f\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80/\"}\n",
    "{\"a \\\"key\\\" \\\\ \\n\":1,\"\xc3\xa9\":2,\"\":3}\n",
    "{\"a key that is much longer than one vector of thirty-two bytes\":\"x\",\"b\":1}\n",
    "{\"a\":\"0123456789abcdef0123456789abcde\\n0123456789abcdef0123456789abcdef0123456789abcdef\"}"
    "\n",
};

Test(ndjson_encode, lines_come_back_as_they_were)
{
    for (size_t i = 0; i < LENGTH(unchanged); i++)
        EXPECT_TEXT(rig_all(NULL, 0, unchanged[i]), unchanged[i]);
}

Test(ndjson_encode, spelling_outside_of_values_and_escapes_is_made_plain)
{
    EXPECT_TEXT(
        rig_all(NULL, 0, " { \"a\" : \"\\u0041\\/\" , \"b\" : 1 } \r\n\n{\"b\":2,\"a\":\"\"}"),
        "{\"a\":\"A/\",\"b\":1}\n{\"a\":\"\",\"b\":2}\n");
}

/* Sample: the first line. The kind of a value never changes on the way: it is rejected instead. */
Test(ndjson_encode, kinds_survive_or_the_row_is_rejected)
{
    struct rig rig;
    const char *data = "{\"a\":1,\"b\":\"x\"}\n{\"a\":\"1\"}\n{\"b\":2}\n{\"a\":3}\n";
    ndjson_rig_open(&rig, NULL);
    rig_infer(&rig, data, 16);
    rig_want_for_encode(&rig);
    rig_run(&rig, data, strlen(data), SIZE_MAX, 0);
    EXPECT_TEXT(rig_take(&rig), "{\"a\":1,\"b\":\"x\"}\n{\"a\":3}\n");
    cr_expect_eq(rig.rejected, 2);
    ndjson_rig_close(&rig);
}

Test(ndjson_encode, declared_types_decide_the_kind)
{
    EXPECT_TEXT(rig_all("{\"types\":{\"n\":\"decimal(9,2)\",\"t\":\"text\",\"b\":\"boolean\","
                        "\"s\":\"timestamp\",\"z\":\"binary\"}}",
                        0,
                        "{\"n\":\"1.50\",\"t\":5.0,\"b\":\"TRUE\",\"s\":\"2024-01-31T00:00:00\","
                        "\"z\":\"aGk=\"}\n"),
                "{\"n\":1.50,\"t\":\"5.0\",\"b\":true,\"s\":\"2024-01-31T00:00:00\","
                "\"z\":\"aGk=\"}\n");
}

/* ---- text that claims to be something else ---- */

struct column {
    const char *name, *format, *type, *origin;
};

/* Encodes one batch of text columns (cells[row * n + column], NULL: no value, spelled as nothing)
 * from the row `skip` on. */
static char *encoded_from(struct rig *rig, const struct column *columns, int64_t n,
                          const char *const *cells, int64_t rows, int64_t skip)
{
    struct ArrowSchema schema;
    struct ArrowArray batch, children[8] = {0};
    struct qetl_fake_space space;
    qetl_fake_space_init(&space);
    qetl_schema_init_struct(&schema);
    for (int64_t c = 0; c < n; c++) {
        struct ArrowSchema field;
        struct qetl_builder builder;
        qetl_schema_init_field(&field, columns[c].name, columns[c].format);
        if (columns[c].type)
            qetl_schema_set_metadata(&field, "qetl:type", columns[c].type);
        if (columns[c].origin)
            qetl_schema_set_metadata(&field, "qetl:lexical", columns[c].origin);
        qetl_builder_open(&builder, rig->fake.env, &field, rows);
        for (int64_t r = 0; r < rows; r++) {
            const char *cell = cells[r * n + c];
            if (cell)
                qetl_builder_text(&builder, cell, (int64_t)strlen(cell));
            else
                qetl_builder_null(&builder);
        }
        qetl_builder_close(&builder, &children[c]);
        qetl_schema_append(&schema, &field);
    }
    qetl_array_struct(rig->fake.env, rows, n, children, &batch);
    batch.offset = skip;
    batch.length = rows - skip;
    rig->status = ndjson_encoder_open(&rig->encoder, rig->fake.env, &schema);
    rig->encoder.kernel = rig->kernel;
    if (!rig->status)
        rig->status = ndjson_encode_batch(&rig->encoder, &batch, &space.space);
    rig_add(rig, space.space.data, (size_t)space.space.size);
    qetl_array_release(&batch);
    qetl_schema_release(&schema);
    qetl_fake_space_free(&space);
    return rig_take(rig);
}

static char *encoded(struct rig *rig, const struct column *columns, int64_t n,
                     const char *const *cells, int64_t rows)
{
    return encoded_from(rig, columns, n, cells, rows, 0);
}

static const struct {
    const char *type, *cell, *expected; /* expected NULL: rejected */
} cells[] = {
    {"bigint", "5", "5"},
    {"bigint", "007", "7"},
    {"bigint", "+5", "5"},
    {"bigint", "-007", "-7"},
    {"bigint", "0", "0"},
    {"bigint", "000", "0"},
    {"bigint", "-0", "-0"},
    {"bigint", "", NULL},
    {"bigint", "-", NULL},
    {"bigint", "5 ", NULL},
    {"bigint", "abc", NULL},
    {"bigint", "+-5", NULL},
    {"decimal(9,2)", "1.50", "1.50"},
    {"decimal(9,2)", ".5", "0.5"},
    {"decimal(9,2)", "1.", "1"},
    {"decimal(9,2)", "-.5", "-0.5"},
    {"decimal(9,2)", ".", NULL},
    {"decimal(9,2)", "1.2.3", NULL},
    {"double", "1e5", "1e5"},
    {"double", "1.e5", "1e5"},
    {"double", "+.5E-07", "0.5E-07"},
    {"double", "NaN", NULL},
    {"double", "inf", NULL},
    {"double", "0x10", NULL},
    {"double", "1e", NULL},
    {"double", "00.5", "0.5"},
    {"double", "1_000", NULL},
    {"boolean", "true", "true"},
    {"boolean", "True", "true"},
    {"boolean", "t", "true"},
    {"boolean", "FALSE", "false"},
    {"boolean", "0", "false"},
    {"boolean", "maybe", NULL},
    {"text", "5", "\"5\""},
    {"text", "true", "\"true\""},
    {"text", "", "\"\""},
    {"date", "2024-01-31", "\"2024-01-31\""},
    {"timestamp", "2024-01-31 00:00", "\"2024-01-31 00:00\""},
    {"json", "[1, 2]", "[1, 2]"},
    {"json", "[1, 2", NULL},
    {"json", "[1,\n2]", "[1,2]"},
    {"json", "1 ", "1"},
    {"json", "1 2", NULL},
    {"json", "", NULL},
    {"json", "{\"a\":1,\"a\":1}", NULL},
};

Test(ndjson_encode, text_of_a_type_becomes_json_of_that_kind)
{
    for (size_t i = 0; i < LENGTH(cells); i++) {
        struct column column = {"a", "vu", cells[i].type, "csv"};
        char expected[100] = "{\"a\":0}\n";
        const char *rows[] = {"0", cells[i].cell};
        struct rig rig;
        ndjson_rig_open(&rig, NULL);
        if (cells[i].expected)
            snprintf(expected, sizeof expected, "{\"a\":%s}\n", cells[i].expected);
        else
            expected[0] = 0;
        char *got = encoded(&rig, &column, 1, rows + 1, 1);
        cr_expect_str_eq(got, expected, "%s as %s gave %s", cells[i].cell, cells[i].type, got);
        cr_expect_eq(rig.fake.n_rejects, cells[i].expected ? 0 : 1);
        cr_expect(cells[i].expected || !strncmp(rig.fake.rejects[0].code, "not_json", 8));
        free(got);
        ndjson_rig_close(&rig);
    }
}

enum { CELL_BYTES = 320 };

/* A cell of 0 to 14 bytes, now and then of 256 more, more often than not one that is nearly a
 * number; NULL: no value. */
static const char *random_cell(uint64_t *seed, char cell[CELL_BYTES])
{
    static const char near[] = "00123456789.-", any[] = "19.-+eE\"\\ \t\x7fz/:";
    int64_t size = random_below(seed, 15) + (random_below(seed, 50) ? 0 : 256);
    bool number = random_below(seed, 3);
    for (int64_t i = 0; i < size; i++) {
        bool odd = number ? !random_below(seed, 30) : random_below(seed, 2);
        bool digit = number && random_below(seed, 4);
        cell[i] = odd     ? any[random_below(seed, sizeof any - 1)]
                  : digit ? (char)('0' + random_below(seed, 10))
                          : near[random_below(seed, sizeof near - 1)];
    }
    cell[size] = 0;
    return random_below(seed, 20) ? cell : NULL;
}

/* Rows that stand together go another way than a row by itself. */
Test(ndjson_encode, many_rows_are_written_as_each_alone)
{
    enum { ROWS = 150, ROUNDS = 60 };
    static const struct column columns[] = {
        {"t", "vu", "text", "csv"}, {"n", "vu", "double", "csv"}, {"m", "vu", "bigint", "ndjson"}};
    static char text[ROWS * 3][CELL_BYTES];
    const char *cells_at[ROWS * 3];
    uint64_t seed = 11;
    for (int k = 0; k < ndjson_kernels_count * ROUNDS; k++) {
        struct rig rig;
        struct qetl_fake_space alone;
        int64_t rows = 1 + random_below(&seed, ROWS);
        for (int64_t i = 0; i < rows * 3; i++)
            cells_at[i] = random_cell(&seed, text[i]);
        qetl_fake_space_init(&alone);
        int64_t skip = random_below(&seed, rows);
        for (int64_t r = skip; r < rows; r++) {
            ndjson_rig_open(&rig, NULL);
            rig.kernel = &ndjson_kernel_portable;
            char *row = encoded(&rig, columns, 3, cells_at + r * 3, 1);
            qetl_space_put(&alone.space, row, (int64_t)strlen(row));
            free(row);
            ndjson_rig_close(&rig);
        }
        qetl_space_put(&alone.space, "", 1);
        ndjson_rig_open(&rig, NULL);
        rig.kernel = kernel_at(k / ROUNDS);
        char *together = encoded_from(&rig, columns, 3, cells_at, rows, skip);
        cr_assert_str_eq(together, (char *)alone.space.data, "kernel %s", rig.kernel->name);
        free(together);
        ndjson_rig_close(&rig);
        qetl_fake_space_free(&alone);
    }
}

Test(ndjson_encode, a_rejected_row_leaves_no_bytes)
{
    static const struct column columns[] = {{"t", "vu", "text", "csv"},
                                            {"n", "vu", "double", "csv"}};
    static const char *const rows[] = {"x", "1", "y", "NaN", "z", "2"};
    struct rig rig;
    ndjson_rig_open(&rig, NULL);
    EXPECT_TEXT(encoded(&rig, columns, 2, rows, 3),
                "{\"t\":\"x\",\"n\":1}\n{\"t\":\"z\",\"n\":2}\n");
    cr_assert_eq(rig.fake.n_rejects, 1);
    cr_expect_eq(rig.fake.rejects[0].row, 1);
    cr_expect_eq(rig.fake.rejects[0].column, 1);
    ndjson_rig_close(&rig);
}

Test(ndjson_encode, null_is_null_and_only_our_own_missing_key_is_left_out)
{
    static const struct column columns[] = {
        {"a", "vu", "text", "csv"}, {"b", "vu", NULL, NULL}, {"c", "vu", "bigint", "ndjson"}};
    static const char *const rows[] = {NULL, NULL, NULL, "x", "y", "5"};
    struct rig rig;
    ndjson_rig_open(&rig, NULL);
    EXPECT_TEXT(encoded(&rig, columns, 3, rows, 2),
                "{\"a\":null,\"b\":null}\n{\"a\":\"x\",\"b\":\"y\",\"c\":5}\n");
    ndjson_rig_close(&rig);
}

/* A value's field that still names its origin is no text for that. */
Test(ndjson_encode, other_text_layouts_are_read)
{
    static const char *const formats[] = {"vu", "u", "U"};
    static const char *const rows[] = {"a \"quoted\" text of some length", "short"};
    for (size_t i = 0; i < LENGTH(formats); i++) {
        struct ArrowSchema schema;
        struct rig rig;
        struct qetl_fake_space space;
        int32_t offsets[] = {0, 30, 35};
        int64_t wide[] = {0, 30, 35};
        static const char text[] = "a \"quoted\" text of some lengthshort";
        const void *buffers[] = {NULL, i == 1 ? (void *)offsets : (void *)wide, text};
        struct ArrowArray child = {.length = 2, .n_buffers = 3, .buffers = buffers};
        struct ArrowArray *children[] = {&child};
        struct ArrowArray batch = {.length = 2, .n_children = 1, .children = children};
        struct column column = {"a", formats[i], NULL, i ? "csv" : NULL};
        ndjson_rig_open(&rig, NULL);
        qetl_fake_space_init(&space);
        if (!i) {
            EXPECT_TEXT(encoded(&rig, &column, 1, rows, 2),
                        "{\"a\":\"a \\\"quoted\\\" text of some length\"}\n{\"a\":\"short\"}\n");
        } else {
            qetl_schema_init_struct(&schema);
            qetl_schema_add(&schema, "a", formats[i]);
            cr_assert_eq(ndjson_encoder_open(&rig.encoder, rig.fake.env, &schema), QETL_OK);
            cr_assert_eq(ndjson_encode_batch(&rig.encoder, &batch, &space.space), QETL_OK);
            rig_add(&rig, space.space.data, (size_t)space.space.size);
            EXPECT_TEXT(rig_take(&rig),
                        "{\"a\":\"a \\\"quoted\\\" text of some length\"}\n{\"a\":\"short\"}\n");
            qetl_schema_release(&schema);
        }
        qetl_fake_space_free(&space);
        ndjson_rig_close(&rig);
    }
}

/* ---- values ---- */

static char *encoded_values(struct rig *rig, const char *format, const void *data, int64_t rows)
{
    struct ArrowSchema schema;
    struct qetl_fake_space space;
    const void *buffers[] = {NULL, data};
    struct ArrowArray child = {.length = rows, .n_buffers = 2, .buffers = buffers};
    struct ArrowArray *children[] = {&child};
    struct ArrowArray batch = {.length = rows, .n_children = 1, .children = children};
    qetl_fake_space_init(&space);
    qetl_schema_init_struct(&schema);
    qetl_schema_add(&schema, "a", format);
    rig->status = ndjson_encoder_open(&rig->encoder, rig->fake.env, &schema);
    if (!rig->status)
        rig->status = ndjson_encode_batch(&rig->encoder, &batch, &space.space);
    rig_add(rig, space.space.data, (size_t)space.space.size);
    qetl_schema_release(&schema);
    qetl_fake_space_free(&space);
    return rig_take(rig);
}

Test(ndjson_encode, values_are_written_in_full)
{
    struct rig rig;
    int64_t longs[] = {0, -1, 99, 100, INT64_MIN, INT64_MAX};
    uint64_t unsigneds[] = {UINT64_MAX};
    int8_t bytes[] = {-128, 127};
    double doubles[] = {0.1, -0.0, 1e22, 5, NAN, INFINITY, 1e-7};
    float floats[] = {0.1f};
    uint8_t bits[] = {0x02};
    __int128 decimals[] = {-5, 1050};
    int32_t dates[] = {0, 19753, 10000000};
    int64_t stamps[] = {0, 1706702400123456, -1};
    ndjson_rig_open(&rig, NULL);
    EXPECT_TEXT(encoded_values(&rig, "l", longs, 6),
                "{\"a\":0}\n{\"a\":-1}\n{\"a\":99}\n{\"a\":100}\n{\"a\":-9223372036854775808}\n"
                "{\"a\":9223372036854775807}\n");
    EXPECT_TEXT(encoded_values(&rig, "L", unsigneds, 1), "{\"a\":18446744073709551615}\n");
    EXPECT_TEXT(encoded_values(&rig, "c", bytes, 2), "{\"a\":-128}\n{\"a\":127}\n");
    EXPECT_TEXT(encoded_values(&rig, "f", floats, 1), "{\"a\":0.1}\n");
    EXPECT_TEXT(encoded_values(&rig, "b", bits, 2), "{\"a\":false}\n{\"a\":true}\n");
    EXPECT_TEXT(encoded_values(&rig, "d:9,2", decimals, 2), "{\"a\":-0.05}\n{\"a\":10.50}\n");
    EXPECT_TEXT(encoded_values(&rig, "ttu", longs + 3, 1), "{\"a\":\"00:00:00.0001\"}\n");
    EXPECT_TEXT(encoded_values(&rig, "tsu:", stamps, 3),
                "{\"a\":\"1970-01-01T00:00:00\"}\n{\"a\":\"2024-01-31T12:00:00.123456\"}\n"
                "{\"a\":\"1969-12-31T23:59:59.999999\"}\n");
    EXPECT_TEXT(encoded_values(&rig, "tsu:UTC", stamps, 1), "{\"a\":\"1970-01-01T00:00:00Z\"}\n");
    cr_expect_eq(rig.fake.n_rejects, 0);
    EXPECT_TEXT(encoded_values(&rig, "g", doubles, 7),
                "{\"a\":0.1}\n{\"a\":-0}\n{\"a\":1e+22}\n{\"a\":5}\n{\"a\":1e-07}\n");
    cr_assert_eq(rig.fake.n_rejects, 2);
    cr_expect_str_eq(rig.fake.rejects[0].code, "not_json_number");
    EXPECT_TEXT(encoded_values(&rig, "tdD", dates, 3),
                "{\"a\":\"1970-01-01\"}\n{\"a\":\"2024-01-31\"}\n");
    cr_expect_str_eq(rig.fake.rejects[2].code, "not_rfc3339");
    EXPECT_TEXT(encoded_values(&rig, "tDu", longs, 1), "");
    cr_expect_eq(rig.status, QETL_E_UNSUPPORTED);
    ndjson_rig_close(&rig);
}

Test(ndjson_encode, nested_values_are_json)
{
    struct ArrowSchema schema, item, list, pair;
    struct qetl_fake_space space;
    struct rig rig;
    int32_t offsets[] = {0, 2, 2};
    double reals[] = {1.5, 2};
    uint8_t first[] = {1};
    const void *real_buffers[] = {NULL, reals}, *list_buffers[] = {first, offsets},
               *none[] = {NULL};
    struct ArrowArray values = {.length = 2, .n_buffers = 2, .buffers = real_buffers},
                      *under[] = {&values};
    struct ArrowArray lists = {.length = 2,
                               .null_count = 1,
                               .n_buffers = 2,
                               .buffers = list_buffers,
                               .n_children = 1,
                               .children = under};
    struct ArrowArray *members[] = {&lists, &values};
    struct ArrowArray pairs = {
        .length = 2, .n_buffers = 1, .buffers = none, .n_children = 2, .children = members};
    struct ArrowArray *columns[] = {&pairs};
    struct ArrowArray batch = {
        .length = 2, .n_buffers = 1, .buffers = none, .n_children = 1, .children = columns};
    ndjson_rig_open(&rig, NULL);
    qetl_fake_space_init(&space);
    qetl_schema_init_struct(&schema);
    qetl_schema_init_struct(&pair);
    qetl_schema_set_name(&pair, "p");
    qetl_schema_init_field(&list, "l\"", "+l");
    qetl_schema_init_field(&item, "item", "g");
    qetl_schema_append(&list, &item);
    qetl_schema_append(&pair, &list);
    qetl_schema_add(&pair, "v", "g");
    qetl_schema_append(&schema, &pair);
    cr_assert_eq(ndjson_encoder_open(&rig.encoder, rig.fake.env, &schema), QETL_OK);
    cr_assert_eq(ndjson_encode_batch(&rig.encoder, &batch, &space.space), QETL_OK);
    rig_add(&rig, space.space.data, (size_t)space.space.size);
    EXPECT_TEXT(rig_take(&rig),
                "{\"p\":{\"l\\\"\":[1.5,2],\"v\":1.5}}\n{\"p\":{\"l\\\"\":null,\"v\":2}}\n");
    reals[1] = NAN;
    space.space.size = 0;
    cr_assert_eq(ndjson_encode_batch(&rig.encoder, &batch, &space.space), QETL_OK);
    cr_expect_eq(space.space.size, 0);
    cr_expect_eq(rig.fake.n_rejects, 2);
    qetl_schema_release(&schema);
    qetl_fake_space_free(&space);
    ndjson_rig_close(&rig);
}

/* ---- escaping ---- */

Test(ndjson_encode, every_kernel_escapes_alike)
{
    uint64_t seed = 3;
    uint8_t data[400], expected[400 * 6 + 64], got[400 * 6 + 64];
    for (int round = 0; round < 20000; round++) {
        int64_t size = random_below(&seed, 300);
        for (int64_t i = 0; i < size; i++)
            data[i] = (uint8_t)(random_below(&seed, 30) ? 0x20 + random_below(&seed, 0xe0)
                                                        : random_below(&seed, 0x30));
        /* A block of its own size, so that a sanitizer sees a read beyond it. */
        uint8_t *copy = malloc((size_t)size + 1);
        memcpy(copy, data, (size_t)size);
        const uint8_t *end = ndjson_quote_tail(expected, data, data + size);
        for (int k = 0; k < ndjson_kernels_count; k++) {
            int64_t room = random_below(&seed, 100);
            const uint8_t *limit = round & 1 ? copy + size : data + size + room;
            const uint8_t *out = kernel_at(k)->quote(got, round & 1 ? copy : data, size, limit);
            cr_assert_eq(out - got, end - expected);
            cr_assert(!memcmp(got, expected, (size_t)(out - got)));
        }
        free(copy);
    }
}

Test(ndjson_encode, every_kernel_counts_lines_alike)
{
    uint64_t seed = 5;
    uint8_t data[300];
    for (int round = 0; round < 5000; round++) {
        int64_t size = random_below(&seed, 300), expected = 0;
        bool ascii = true;
        for (int64_t i = 0; i < size; i++) {
            data[i] = random_below(&seed, 5) ? 'a' : '\n';
            if (!random_below(&seed, 1000))
                data[i] = 0x80;
            expected += data[i] == '\n';
            ascii = ascii && data[i] < 0x80;
        }
        for (int k = 0; k < ndjson_kernels_count; k++) {
            bool seen;
            cr_assert_eq(kernel_at(k)->lines(data, size, &seen), expected);
            cr_assert_eq(seen, ascii);
        }
    }
}

Test(ndjson_encode, a_long_text_is_written_in_pieces)
{
    enum { SIZE = 100000 };
    static const struct column column = {"a", "vu", NULL, NULL};
    char *cell = malloc(SIZE + 1), *expected = malloc(SIZE * 2 + 32), *out = expected;
    struct rig rig;
    out = stpcpy(out, "{\"a\":\"");
    for (int i = 0; i < SIZE; i++) {
        cell[i] = i % 7 ? 'x' : '"';
        out = stpcpy(out, i % 7 ? "x" : "\\\"");
    }
    cell[SIZE] = 0;
    strcpy(out, "\"}\n");
    ndjson_rig_open(&rig, NULL);
    const char *rows[] = {cell};
    EXPECT_TEXT(encoded(&rig, &column, 1, rows, 1), expected);
    free(cell);
    free(expected);
    ndjson_rig_close(&rig);
}

Test(ndjson_encode, no_room_is_an_error_after_a_whole_row)
{
    struct ArrowSchema schema;
    struct qetl_fake_space space;
    struct rig rig;
    int64_t longs[] = {1, 2, 3};
    const void *buffers[] = {NULL, longs};
    struct ArrowArray child = {.length = 3, .n_buffers = 2, .buffers = buffers};
    struct ArrowArray *children[] = {&child};
    struct ArrowArray batch = {.length = 3, .n_children = 1, .children = children};
    ndjson_rig_open(&rig, NULL);
    qetl_schema_init_struct(&schema);
    qetl_schema_add(&schema, "a", "l");
    cr_assert_eq(ndjson_encoder_open(&rig.encoder, rig.fake.env, &schema), QETL_OK);
    for (int64_t limit = 0; limit < 200; limit++) {
        qetl_fake_space_init(&space);
        space.limit = limit;
        int32_t status = ndjson_encode_batch(&rig.encoder, &batch, &space.space);
        cr_expect(status == QETL_OK || status == QETL_E_NO_MEMORY);
        cr_expect_eq(space.space.size % 8, 0, "%lld bytes", (long long)space.space.size);
        cr_expect(status || space.space.size == 24);
        qetl_fake_space_free(&space);
    }
    qetl_schema_release(&schema);
    ndjson_rig_close(&rig);
}
