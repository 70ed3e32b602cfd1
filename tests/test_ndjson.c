/* SPDX-License-Identifier: Apache-2.0 */
/* The format ndjson: the grammar of RFC 8259, and keys foreseen and not. */
#include "ndjson_rig.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- grammar ---- */

static const char *const valid_values[] = {
    "0",
    "-0",
    "1",
    "-1",
    "12345678901234567890",
    "123456789012345678901234567890",
    "0.0",
    "-0.0",
    "1.50",
    "0.1",
    "1e5",
    "1E5",
    "1e+5",
    "1e-5",
    "0e0",
    "-0e-0",
    "1.5e300",
    "1e400",
    "10.0e01",
    "9007199254740993",
    "123456789012345678901234567890.123456789012345678901234567890",
    "true",
    "false",
    "\"\"",
    "\"a\"",
    "\" \"",
    "\"\\\"\"",
    "\"\\\\\"",
    "\"\\/\"",
    "\"/\"",
    "\"\\b\\f\\n\\r\\t\"",
    "\"\\u0000\"",
    "\"\\u0041\"",
    "\"\\u00e9\"",
    "\"\\u20AC\"",
    "\"\\ud83d\\ude00\"",
    "\"\\uD83D\\uDE00x\"",
    "\"\\uffff\"",
    "\"\x7f\"",
    "\"\xc3\xa9\"",
    "\"\xe2\x82\xac\"",
    "\"\xf0\x9f\x98\x80\"",
    "\"\xef\xbf\xbf\"",
    "\"\xe2\x80\xa8\"",
    "\"0123456789abcdef0123456789abcde\"",
    "\"0123456789abcdef0123456789abcdef\"",
    "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\\\\\"",
    "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"",
    "\"a\\\\\"",
    "\"a\\\\\\\"b\"",
    "\"{}[]:,\"",
    "\"null\"",
    "\"\\\\u0041\"",
    "[]",
    "[ ]",
    "[1]",
    "[1,2]",
    "[ 1 , 2 ]",
    "[\"a\",null,true,{}]",
    "[[]]",
    "[[],[]]",
    "[[[[[[]]]]]]",
    "{}",
    "{ }",
    "{\"b\":1}",
    "{ \"b\" : 1 }",
    "{\"b\":{\"b\":{\"b\":[]}}}",
    "{\"\":1}",
    "{\"b\":1,\"c\":2}",
    "{\"a\":1}",
    "{\"\\u0062\":1,\"c\":2}",
    "{\"b\":\"}\"}",
    "[{\"b\":1},{\"b\":1}]",
    "{\"b\":[{\"c\":1},{\"c\":2}]}",
    "[1,\t2,\r3]",
    "{\"k1\":1,\"k2\":1,\"k3\":1,\"k4\":1,\"k5\":1,\"k6\":1,\"k7\":1,\"k8\":1,\"k9\":1,\"k10\":1,"
    "\"k11\":1,\"k12\":1,\"k13\":1,\"k14\":1,\"k15\":1,\"k16\":1,\"k17\":1,\"k18\":1}",
};

static const struct {
    const char *value, *code;
} invalid_values[] = {
    {"", "bad_json"},
    {"+1", "bad_json"},
    {"01", "bad_json"},
    {"-01", "bad_json"},
    {"00", "bad_json"},
    {"-", "bad_json"},
    {"1.", "bad_json"},
    {".5", "bad_json"},
    {"-.5", "bad_json"},
    {"1.e5", "bad_json"},
    {"1e", "bad_json"},
    {"1e+", "bad_json"},
    {"1e-", "bad_json"},
    {"1e5.5", "bad_json"},
    {"1.5.5", "bad_json"},
    {"--1", "bad_json"},
    {"1-", "bad_json"},
    {"1a", "bad_json"},
    {"1:", "bad_json"},
    {"12/", "bad_json"},
    {"1.5:", "bad_json"},
    {"1:5", "bad_json"},
    {"0x10", "bad_json"},
    {"1_000", "bad_json"},
    {"NaN", "bad_json"},
    {"Infinity", "bad_json"},
    {"-Infinity", "bad_json"},
    {"inf", "bad_json"},
    {"1 2", "bad_json"},
    {"1 000", "bad_json"},
    {"\xef\xbc\x91", "bad_json"},
    {"-a", "bad_json"},
    {"0e", "bad_json"},
    {"2.e+3", "bad_json"},
    {"True", "bad_json"},
    {"tru", "bad_json"},
    {"truee", "bad_json"},
    {"nul", "bad_json"},
    {"Null", "bad_json"},
    {"falsee", "bad_json"},
    {"fals", "bad_json"},
    {"undefined", "bad_json"},
    {"a", "bad_json"},
    {"'a'", "bad_json"},
    {"\"", "bad_json"},
    {"\"a", "bad_json"},
    {"\"a\\\"", "bad_json"},
    {"\"\\", "bad_json"},
    {"\"\\\"", "bad_json"},
    {"\"\\a\"", "bad_json"},
    {"\"\\x41\"", "bad_json"},
    {"\"\\'\"", "bad_json"},
    {"\"\\0\"", "bad_json"},
    {"\"\\U0041\"", "bad_json"},
    {"\"\\ \"", "bad_json"},
    {"\"\\u\"", "bad_json"},
    {"\"\\u1\"", "bad_json"},
    {"\"\\u12\"", "bad_json"},
    {"\"\\u123\"", "bad_json"},
    {"\"\\u123g\"", "bad_json"},
    {"\"\\u 123\"", "bad_json"},
    {"\"\\u+123\"", "bad_json"},
    {"\"\\ud800\"", "bad_json"},
    {"\"\\udc00\"", "bad_json"},
    {"\"\\ud800\\u0041\"", "bad_json"},
    {"\"\\ud800\\ud800\"", "bad_json"},
    {"\"\\ud800x\"", "bad_json"},
    {"\"\\ud800\\n\"", "bad_json"},
    {"\"\\ud83d\\ude0\"", "bad_json"},
    {"\"\\ude00\\ud83d\"", "bad_json"},
    {"\"\t\"", "bad_json"},
    {"\"\x01\"", "bad_json"},
    {"\"\x1f\"", "bad_json"},
    {"\"a\rb\"", "bad_json"},
    {"\"0123456789abcdef0123456789abcdef\x02\"", "bad_json"},
    {"\"a\"b", "bad_json"},
    {"\"a\" \"b\"", "bad_json"},
    {"\"a\"\"b\"", "bad_json"},
    {"[", "bad_json"},
    {"]", "bad_json"},
    {"[1", "bad_json"},
    {"[1,", "bad_json"},
    {"[1,]", "bad_json"},
    {"[,1]", "bad_json"},
    {"[1,,2]", "bad_json"},
    {"[,]", "bad_json"},
    {"[1 2]", "bad_json"},
    {"[1}", "bad_json"},
    {"[1]]", "bad_json"},
    {"[\"a\":1]", "bad_json"},
    {"[\"a", "bad_json"},
    {"[[1]", "bad_json"},
    {"[a]", "bad_json"},
    {"{", "bad_json"},
    {"{\"b\"", "bad_json"},
    {"{\"b\":", "bad_json"},
    {"{\"b\":1", "bad_json"},
    {"{\"b\":1,", "bad_json"},
    {"{\"b\":1,}", "bad_json"},
    {"{,}", "bad_json"},
    {"{\"b\":}", "bad_json"},
    {"{\"b\":,}", "bad_json"},
    {"{\"b\"}", "bad_json"},
    {"{\"b\",1}", "bad_json"},
    {"{b:1}", "bad_json"},
    {"{'b':1}", "bad_json"},
    {"{1:1}", "bad_json"},
    {"{null:1}", "bad_json"},
    {"{\"b\"::1}", "bad_json"},
    {"{\"b\":1 \"c\":2}", "bad_json"},
    {"{\"b\":1;\"c\":2}", "bad_json"},
    {"{\"b\":1]", "bad_json"},
    {"{\"b\":1,,\"c\":2}", "bad_json"},
    {"{[]:1}", "bad_json"},
    {"{\"b\":1}}", "bad_json"},
    {"[1] // note", "bad_json"},
    {"/**/1", "bad_json"},
    {"1,", "bad_json"},
    {",1", "bad_json"},
    {"1,,", "bad_json"},
    {"\f1", "bad_json"},
    {"\xc2\xa0"
     "1",
     "bad_json"},
    {"1}{\"a\":1", "bad_json"},
    {"1} x", "bad_json"},
    {"1}}", "bad_json"},
    {"1},", "bad_json"},
    {"\"\xff\"", "bad_utf8"},
    {"\"\xc3\"", "bad_utf8"},
    {"\"\xc0\x80\"", "bad_utf8"},
    {"\"\xed\xa0\x80\"", "bad_utf8"},
    {"\"\xf4\x90\x80\x80\"", "bad_utf8"},
    {"\"\xe2\x82\"", "bad_utf8"},
    {"\"\x80\"", "bad_utf8"},
    {"\xff", "bad_utf8"},
    {"1\xfe", "bad_utf8"},
    {"{\"b\":1,\"b\":2}", "duplicate_key"},
    {"{\"b\":1,\"c\":2,\"b\":1}", "duplicate_key"},
    {"{\"b\":1,\"\\u0062\":2}", "duplicate_key"},
    {"[{\"b\":[],\"b\":[]}]", "duplicate_key"},
    {"{\"\":1,\"\":1}", "duplicate_key"},
    {"{\"b\":{\"c\":1,\"c\":1}}", "duplicate_key"},
    {"{\"k1\":1,\"k2\":1,\"k3\":1,\"k4\":1,\"k5\":1,\"k6\":1,\"k7\":1,\"k8\":1,\"k9\":1,\"k10\":1,"
     "\"k11\":1,\"k12\":1,\"k13\":1,\"k14\":1,\"k15\":1,\"k16\":1,\"k17\":1,\"k3\":1}",
     "duplicate_key"},
    {"1,\"a\":2", "duplicate_key"},
    {"1,\"\\u0061\":2", "duplicate_key"},
    {"1,\"z\":2", "unknown_key"},
    {"1,\"z\":2,\"z\":3", "duplicate_key"},
    {"1,\"z\":{\"y\":2,\"y\":3}", "duplicate_key"},
    {"1,\"z\":2,\"y\":tru", "bad_json"},
};

/* A record before and one behind, so that prediction is at work, and must still be after a
 * rejection. */
static void try_value(const char *value, const char *code, const struct ndjson_kernel *kernel,
                      bool last)
{
    char data[1024], expected[1024];
    struct rig rig;
    ndjson_rig_open(&rig, "{\"types\":{\"a\":\"json\"}}");
    rig.kernel = kernel;
    rig_infer(&rig, "", 0);
    rig_want(&rig, QETL_FORM_LEXICAL);
    snprintf(data, sizeof data, "{\"a\":0}\n{\"a\":%s}%s", value, last ? "" : "\n{\"a\":0}\n");
    const char *rest = last ? "" : "=0|\n";
    if (code)
        snprintf(expected, sizeof expected, "=0|\n%s!%s:{\"a\":%s}\n", rest, code, value);
    else
        snprintf(expected, sizeof expected, "=0|\n=%s|\n%s", value, rest);
    rig_run(&rig, data, strlen(data), SIZE_MAX, 0);
    char *text = rig_take(&rig);
    cr_expect_str_eq(text, expected, "%s: %s gave\n%s", kernel->name, value, text);
    cr_expect_eq(rig.records, rig.rows + rig.rejected);
    free(text);
    ndjson_rig_close(&rig);
}

Test(ndjson, valid_values_are_kept_as_they_are)
{
    for (size_t i = 0; i < LENGTH(valid_values); i++)
        for (int k = 0; k < ndjson_kernels_count; k++) {
            try_value(valid_values[i], NULL, kernel_at(k), false);
            try_value(valid_values[i], NULL, kernel_at(k), true);
        }
}

Test(ndjson, invalid_values_reject_their_record_alone)
{
    for (size_t i = 0; i < LENGTH(invalid_values); i++)
        for (int k = 0; k < ndjson_kernels_count; k++) {
            try_value(invalid_values[i].value, invalid_values[i].code, kernel_at(k), false);
            try_value(invalid_values[i].value, invalid_values[i].code, kernel_at(k), true);
        }
}

static const struct {
    const char *line, *expected;
} lines[] = {
    {"", ""},
    {" \t\r", ""},
    {"{\"a\":1}", "=1|\n"},
    {"{\"a\":1}\r", "=1|\n"},
    {"  {\"a\":1}  \t", "=1|\n"},
    {" { \"a\" : 1 } ", "=1|\n"},
    {"{\"\\u0061\":1}", "=1|\n"},
    {"{\"a\":null}", "~null|\n"},
    {"{}", "~|\n"},
    {" { } ", "~|\n"},
    {"{\"a\":1}x", "!bad_json:{\"a\":1}x\n"},
    {"{\"a\":1}{\"a\":1}", "!bad_json:{\"a\":1}{\"a\":1}\n"},
    {"{\"a\":1},", "!bad_json:{\"a\":1},\n"},
    {"{\"a\":1", "!bad_json:{\"a\":1\n"},
    {"{\"a\":", "!bad_json:{\"a\":\n"},
    {"{\"a\"", "!bad_json:{\"a\"\n"},
    {"{\"a", "!bad_json:{\"a\n"},
    {"{\"", "!bad_json:{\"\n"},
    {"{", "!bad_json:{\n"},
    {"{,}", "!bad_json:{,}\n"},
    {"{\"a\":1,}", "!bad_json:{\"a\":1,}\n"},
    {"{\"a\" 1}", "!bad_json:{\"a\" 1}\n"},
    {"{\"a\";1}", "!bad_json:{\"a\";1}\n"},
    {"[1]", "!not_an_object:[1]\n"},
    {"[{\"a\":1}]", "!not_an_object:[{\"a\":1}]\n"},
    {"1", "!not_an_object:1\n"},
    {"-1.5e3", "!not_an_object:-1.5e3\n"},
    {"\"a\"", "!not_an_object:\"a\"\n"},
    {"true", "!not_an_object:true\n"},
    {"false ", "!not_an_object:false \n"},
    {"null", "!not_an_object:null\n"},
    {"}", "!bad_json:}\n"},
    {"]", "!bad_json:]\n"},
    {"[1", "!bad_json:[1\n"},
    {"tru", "!bad_json:tru\n"},
    {"# note", "!bad_json:# note\n"},
    {"a,b", "!bad_json:a,b\n"},
    {"\xff", "!bad_utf8:\xff\n"},
};

Test(ndjson, a_line_is_an_object_or_is_rejected)
{
    for (size_t i = 0; i < LENGTH(lines); i++) {
        char data[200];
        snprintf(data, sizeof data, "%s\n", lines[i].line);
        for (int k = 0; k < ndjson_kernels_count; k++) {
            struct rig rig;
            ndjson_rig_open(&rig, "{\"types\":{\"a\":\"json\"}}");
            rig.kernel = kernel_at(k);
            rig_infer(&rig, "", 0);
            rig_want(&rig, QETL_FORM_LEXICAL);
            rig_run(&rig, data, strlen(data), SIZE_MAX, 0);
            EXPECT_TEXT(rig_take(&rig), lines[i].expected);
            rig_run(&rig, data, strlen(data) - 1, SIZE_MAX, 0);
            free(rig_take(&rig));
            cr_expect_eq(rig.rejected, lines[i].expected[0] == '!' ? 2 : 0);
            ndjson_rig_close(&rig);
        }
    }
}

static char *nested(int depth, char open, char close)
{
    char *text = calloc(1, (size_t)depth * 5 + 64);
    strcpy(text, "{\"a\":");
    for (int i = 1; i < depth; i++)
        strcat(text, open == '[' ? "[" : i == depth - 1 ? "{" : "{\"b\":");
    size_t n = strlen(text);
    for (int i = 1; i < depth; i++)
        text[n++] = close;
    text[n] = '}';
    return text;
}

Test(ndjson, sixty_four_levels_are_the_most)
{
    for (int shape = 0; shape < 2; shape++)
        for (int depth = 63; depth <= 66; depth++) {
            char *text = nested(depth, "[{"[shape], "]}"[shape]);
            char *got = rig_all("{\"types\":{\"a\":\"json\"}}", QETL_FORM_LEXICAL, text);
            cr_expect_eq(got[0], depth <= 64 ? '=' : '!', "%d levels gave %s", depth, got);
            cr_expect(depth <= 64 || !strncmp(got, "!too_deep:", 10));
            free(got);
            free(text);
        }
    char *text = nested(100000, '[', ']');
    char *got = rig_all("{\"types\":{\"a\":\"json\"}}", QETL_FORM_LEXICAL, text);
    cr_expect(!strncmp(got, "!too_deep:", 10));
    free(got);
    free(text);
}

Test(ndjson, strings_are_unescaped)
{
    EXPECT_TEXT(rig_all(NULL, QETL_FORM_LEXICAL,
                        "{\"a\":\"x\\\"\\\\\\/\\b\\f\\n\\r\\ty\"}\n"
                        "{\"a\":\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\\u007F\"}\n"
                        "{\"a\":\"twelve bytes and more \\u00e9 than that\"}\n"
                        "{\"a\":\"plain\"}\n"),
                "=x\"\\/\b\f\n\r\ty|\n=A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f|\n"
                "=twelve bytes and more \xc3\xa9 than that|\n=plain|\n");
    struct rig rig;
    ndjson_rig_open(&rig, NULL);
    rig_infer(&rig, "{\"a\":\"\"}", 8);
    rig_want(&rig, QETL_FORM_VALUE);
    rig_run(&rig, "{\"a\":\"x\\u0000y\"}", 16, SIZE_MAX, 0);
    cr_expect_eq(rig.text_size, 6);
    cr_expect(!memcmp(rig.text, "=x\0y|\n", 6));
    ndjson_rig_close(&rig);
}

Test(ndjson, a_rejected_record_takes_its_unescaped_text_and_nulls_along)
{
    EXPECT_TEXT(rig_all(NULL, QETL_FORM_LEXICAL,
                        "{\"a\":\"\\n1234567890abcd\",\"b\":null,\"c\":1}\n"
                        "{\"a\":\"\\n1234567890abcd\",\"b\":null,\"c\":x}\n"
                        "{\"a\":\"\\n1234567890abcd\",\"b\":true,\"c\":1}\n"),
                "=\n1234567890abcd|~null|=1|\n=\n1234567890abcd|=true|=1|\n"
                "!bad_json:{\"a\":\"\\n1234567890abcd\",\"b\":null,\"c\":x}\n");
}

/* ---- prediction ---- */

Test(ndjson, keys_in_any_order_and_spelling_are_found)
{
    EXPECT_TEXT(rig_all(NULL, QETL_FORM_LEXICAL,
                        "{\"a\":1,\"b\":2,\"c\":3}\n{\"a\":4,\"b\":5,\"c\":6}\n"
                        "{\"c\":7,\"a\":8,\"b\":9}\n{\"c\":1,\"a\":2,\"b\":3}\n"
                        "{\"b\":4}\n{\"a\":5,\"c\":6}\n{ \"a\" : 7, \"b\" : 8 , \"c\":9 }\n"
                        "{ \"a\" : 1, \"b\" : 2 , \"c\":3 }\n{\"\\u0061\":4,\"b\":5,\"c\":6}\n"
                        "{\"a\":null,\"b\":5,\"c\":6}\n"),
                "=1|=2|=3|\n=4|=5|=6|\n=8|=9|=7|\n=2|=3|=1|\n~|=4|~|\n=5|~|=6|\n=7|=8|=9|\n"
                "=1|=2|=3|\n=4|=5|=6|\n~null|=5|=6|\n");
}

Test(ndjson, blanks_may_come_and_go)
{
    EXPECT_TEXT(rig_all(NULL, QETL_FORM_LEXICAL,
                        "{\"a\":1,\"b\":\"x\"}\n{\"a\": 2,\"b\":  \"y\"}\n{\"a\":3 ,\"b\":\"z\" }\n"
                        "{\"a\":\t4, \"b\": null}\n{ \"a\":5,\"b\":\"\"} \n{\"a\":6,\"b\":\"\"}\n"),
                "=1|=x|\n=2|=y|\n=3|=z|\n=4|~null|\n=5|=|\n=6|=|\n");
}

/* The last record of an object may lack its line feed; the next object is read by the same decoder.
 */
Test(ndjson, the_end_of_an_object_is_no_end_of_lines)
{
    static const char *const ends[] = {"{\"a\":1}", "{\"a\":1 }", "{}", "{ }"};
    for (size_t i = 0; i < LENGTH(ends); i++) {
        struct rig rig;
        ndjson_rig_open(&rig, NULL);
        rig_infer(&rig, "{\"a\":1}", 7);
        rig_want(&rig, QETL_FORM_LEXICAL);
        rig_objects(&rig, ends[i],
                    "{\"a\":1}x\n{\"a\":2}{}\n{\"a\":1 }}\n{}{}\n{ }{}\n{\"a\":3}\n");
        cr_expect_eq(rig.rows, 2, "%s", ends[i]);
        cr_expect_eq(rig.rejected, 5, "%s", ends[i]);
        ndjson_rig_close(&rig);
    }
}

Test(ndjson, a_key_that_is_the_beginning_of_another_is_told_apart)
{
    EXPECT_TEXT(rig_all(NULL, QETL_FORM_LEXICAL,
                        "{\"a\":1,\"ab\":2}\n{\"ab\":3,\"a\":4}\n{\"ab\":5,\"a\":6}\n{\"a\":7}\n"),
                "=1|=2|\n=4|=3|\n=6|=5|\n=7|~|\n");
}

Test(ndjson, long_keys_are_read_though_not_predicted)
{
    char data[4096], key[200];
    for (int size = 20; size < 140; size++) {
        memset(key, 'k', (size_t)size);
        key[size] = 0;
        snprintf(data, sizeof data,
                 "{\"%s\":1,\"%s2\":2}\n{\"%s\":3,\"%s2\":4}\n{\"%s2\":5,\"%s\":6}\n", key, key,
                 key, key, key, key);
        EXPECT_TEXT(rig_all(NULL, QETL_FORM_LEXICAL, data), "=1|=2|\n=3|=4|\n=6|=5|\n");
    }
}

Test(ndjson, a_key_twice_is_refused_also_where_prediction_goes_in_circles)
{
    EXPECT_TEXT(
        rig_all(
            NULL, QETL_FORM_LEXICAL,
            "{\"a\":1,\"b\":2}\n{\"b\":1,\"a\":2}\n{\"a\":1,\"b\":2,\"a\":3}\n{\"a\":5,\"b\":6}\n"),
        "=1|=2|\n=2|=1|\n=5|=6|\n!duplicate_key:{\"a\":1,\"b\":2,\"a\":3}\n");
}

/* What stood behind one value is foreseen behind that column alone. */
Test(ndjson, what_was_learned_behind_one_column_is_not_believed_behind_another)
{
    EXPECT_TEXT(rig_all(NULL, QETL_FORM_LEXICAL,
                        "{\"a\":1}\n{}\n{\"a\":2{}\n{\"b\":1,\"a\":2}\n{\"a\":1}\n"
                        "{\"b\":3{\"a\":4}\n{\"a\":5}\n"),
                "=1|~|\n~|~|\n=2|=1|\n=1|~|\n=5|~|\n"
                "!bad_json:{\"a\":2{}\n!bad_json:{\"b\":3{\"a\":4}\n");
}

/* Few keys in many orders, now and then with a byte too many, too few, or another. */
static size_t draw_record(char *out, unsigned *seed)
{
    static const char bytes[] = "{}[],:\"a1 ";
    size_t n = 0;
    int keys = rand_r(seed) % 4, first = rand_r(seed) % 3;

    out[n++] = '{';
    for (int i = 0; i < keys; i++)
        n += (size_t)sprintf(out + n, "%s\"%c\":%s", i ? "," : "", 'a' + (first + i) % 3,
                             rand_r(seed) % 2 ? "1" : "\"x\"");
    out[n++] = '}';
    size_t at = (size_t)rand_r(seed) % n;
    char byte = bytes[(size_t)rand_r(seed) % (sizeof bytes - 1)];
    switch (rand_r(seed) % 6) {
    case 0: /* one less */
        memmove(out + at, out + at + 1, --n - at);
        break;
    case 1: /* one more */
        memmove(out + at + 1, out + at, n++ - at);
        out[at] = byte;
        break;
    case 2:
        out[at] = byte;
        break;
    default:
        break;
    }
    out[n] = 0;
    return n;
}

/* As another parser has it. */
static bool is_record(const char *line)
{
    json_t *value = json_loads(line, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    bool is = json_is_object(value);
    const char *key;
    json_t *member;

    json_object_foreach (value, key, member)
        is &= strlen(key) == 1 && key[0] >= 'a' && key[0] <= 'c';
    json_decref(value);
    return is;
}

Test(ndjson, prediction_takes_what_another_parser_takes)
{
    enum { DOCUMENTS = 1000, LINES = 30 };
    unsigned seed = 1;

    for (int d = 0; d < DOCUMENTS; d++) {
        char data[LINES * 64], line[64];
        int64_t wanted = 0, records = 0;
        size_t n = 0;
        for (int i = 0; i < LINES; i++) {
            draw_record(line, &seed);
            wanted += is_record(line);
            records += line[strspn(line, " ")] != 0;
            n += (size_t)sprintf(data + n, "%s\n", line);
        }
        struct rig rig;
        ndjson_rig_open(&rig, "{\"types\":{\"a\":\"json\",\"b\":\"json\",\"c\":\"json\"}}");
        rig.kernel = kernel_at(d % ndjson_kernels_count);
        rig_infer(&rig, "", 0);
        rig_want(&rig, QETL_FORM_LEXICAL);
        rig_run(&rig, data, n, SIZE_MAX, 0);
        cr_assert_eq(rig.records, records);
        cr_assert_eq(rig.rows, wanted, "%s takes %lld of %lld records:\n%s", rig.kernel->name,
                     (long long)rig.rows, (long long)wanted, data);
        ndjson_rig_close(&rig);
    }
}

Test(ndjson, a_record_that_was_no_example_is_told_by_what_is_wrong_with_it)
{
    EXPECT_TEXT(rig_all(NULL, QETL_FORM_LEXICAL, "{\"a\":1,\"a\":2}\n"),
                "!duplicate_key:{\"a\":1,\"a\":2}\n");
    EXPECT_TEXT(rig_all(NULL, QETL_FORM_LEXICAL, "{\"a\":1,}\n"), "!bad_json:{\"a\":1,}\n");
}

Test(ndjson, a_key_first_seen_behind_the_sample_rejects_its_record)
{
    struct rig rig;
    const char *data = "{\"a\":1}\n{\"a\":1,\"new\":2}\n{\"a\":3}\n";
    ndjson_rig_open(&rig, NULL);
    rig_infer(&rig, data, 8);
    rig_want(&rig, QETL_FORM_LEXICAL);
    rig_run(&rig, data, strlen(data), SIZE_MAX, 0);
    EXPECT_TEXT(rig_take(&rig), "=1|\n=3|\n!unknown_key:{\"a\":1,\"new\":2}\n");
    cr_expect(strstr(rig.fake.rejects[0].message, "\"new\""), "%s", rig.fake.rejects[0].message);
    cr_expect_eq(rig.fake.rejects[0].row, 1);
    cr_expect_eq(rig.fake.rejects[0].bytes_offset, 8);
    ndjson_rig_close(&rig);
}
