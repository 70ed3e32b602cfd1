/* SPDX-License-Identifier: Apache-2.0 */
/* SQL names of types, Arrow formats, and both ways. */
#include <qetl/sdk.h>

#include <criterion/criterion.h>

static void expect_parse(const char *sql, const char *expected)
{
    char format[QETL_TYPE_FORMAT_MAX] = "";
    int32_t status = qetl_type_parse(sql, format);
    if (expected) {
        cr_expect_eq(status, QETL_OK, "%s is refused", sql);
        cr_expect_str_eq(format, expected, "%s became %s", sql, format);
    } else {
        cr_expect_eq(status, QETL_E_UNSUPPORTED, "%s is taken as %s", sql, format);
    }
}

static void expect_name(const char *format, const char *expected)
{
    char name[128];
    struct ArrowSchema field = {.format = format};
    cr_expect_str_eq(qetl_type_name(&field, name, sizeof name), expected);
}

Test(sdk_types, names_that_are_types)
{
    static const char *const cases[][2] = {{"boolean", "b"},
                                           {"tinyint", "c"},
                                           {"smallint", "s"},
                                           {"int", "i"},
                                           {"INTEGER", "i"},
                                           {"BigInt", "l"},
                                           {"bigint unsigned", "L"},
                                           {"unsigned int", "I"},
                                           {"real", "f"},
                                           {"double", "g"},
                                           {" double \t precision ", "g"},
                                           {"text", "vu"},
                                           {"binary", "vz"},
                                           {"date", "tdD"},
                                           {"time", "ttu"},
                                           {"timestamp", "tsu:"},
                                           {"timestamp(3)", "tsm:"},
                                           {"timestamp ( 9 ) with time zone", "tsn:UTC"},
                                           {"time(0)", "tts"},
                                           {"timestamp with time zone", "tsu:UTC"},
                                           {"timestamp without time zone", "tsu:"},
                                           {"decimal(12,2)", "d:12,2"},
                                           {"Decimal ( 38 , 38 )", "d:38,38"},
                                           {"numeric(5)", "d:5,0"},
                                           {"dec(3,1)", "d:3,1"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_parse(cases[i][0], cases[i][1]);
}

Test(sdk_types, names_that_are_none)
{
    static const char *const cases[] = {
        "",
        " ",
        "txt",
        "big int",
        "decimal",
        "decimal()",
        "decimal(0,0)",
        "decimal(39,0)",
        "decimal(5,6)",
        "decimal(5,-1)",
        "decimal(5,2",
        "decimal(5,2)x",
        "decimal(5)x",
        "decimal(5,2,1)",
        "decimalx(5,2)",
        "timestamp(4)",
        "timestamp(33)",
        "time(3) with time zone",
        "varchar(10)",
        "timestamp(3)with",
        "list(bigint)",
        "integerinteger",
        "vu",
        "a name that is far longer than the name of any type that anyone would ever think of"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_parse(cases[i], NULL);
    char format[QETL_TYPE_FORMAT_MAX];
    cr_expect_eq(qetl_type_parse(NULL, format), QETL_E_UNSUPPORTED);
}

Test(sdk_types, every_name_comes_back)
{
    static const char *const formats[] = {
        "b",    "c",       "s",    "i",       "l",    "C",      "S",     "I",   "L",
        "f",    "g",       "vu",   "vz",      "tdD",  "ttu",    "tts",   "ttm", "ttn",
        "tsu:", "tsu:UTC", "tss:", "tsm:UTC", "tsn:", "d:12,2", "d:38,0"};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        char name[64], again[QETL_TYPE_FORMAT_MAX];
        struct ArrowSchema field = {.format = formats[i]};
        qetl_type_name(&field, name, sizeof name);
        cr_expect_eq(qetl_type_parse(name, again), QETL_OK, "%s", name);
        cr_expect_str_eq(again, formats[i], "%s became %s became %s", formats[i], name, again);
    }
}

Test(sdk_types, names_for_people)
{
    expect_name("l", "bigint");
    expect_name("I", "integer unsigned");
    expect_name("u", "text");
    expect_name("Z", "binary");
    expect_name("n", "null");
    expect_name("tdm", "date");
    expect_name("tsu:Europe/Berlin", "timestamp with time zone");
    expect_name("d:10,-2", "decimal(10,-2)");
    expect_name("e", "unknown type e");
    expect_name("d:77,2,256", "unknown type d:77,2,256");
    expect_name("w:16", "unknown type w:16");
    expect_name("ts", "unknown type ts");
    expect_name("t", "unknown type t");
    expect_name("ttq", "unknown type ttq");
    expect_name("tsu", "unknown type tsu");
}

Test(sdk_types, nested_and_cut_names)
{
    char name[128];
    struct ArrowSchema row, list;
    qetl_schema_init_struct(&row);
    qetl_schema_add(&row, "a", "l");
    qetl_schema_init_field(&list, "b", "+l");
    qetl_schema_add(&list, "item", "vu");
    qetl_schema_append(&row, &list);
    cr_expect_str_eq(qetl_type_name(&row, name, sizeof name), "struct(a bigint, b text[])");
    for (size_t size = 1; size < 28; size++) {
        char *small = malloc(size);
        cr_expect_eq(strlen(qetl_type_name(&row, small, size)), size - 1);
        free(small);
    }
    qetl_schema_release(&row);
}

Test(sdk_types, decimals)
{
    int32_t precision = 0, scale = 0;
    cr_expect(qetl_type_decimal("d:12,2", &precision, &scale) && precision == 12 && scale == 2);
    cr_expect(qetl_type_decimal("d:38,-3,128", &precision, &scale) && scale == -3);
    cr_expect_not(qetl_type_decimal("d:12,2,256", &precision, &scale));
    cr_expect_not(qetl_type_decimal("d:39,2", &precision, &scale));
    cr_expect_not(qetl_type_decimal("d:0,0", &precision, &scale));
    cr_expect_not(qetl_type_decimal("d:12", &precision, &scale));
    cr_expect_not(qetl_type_decimal("d:,2", &precision, &scale));
    cr_expect_not(qetl_type_decimal("d:1,", &precision, &scale));
    cr_expect_not(qetl_type_decimal("l", &precision, &scale));
    cr_expect_not(qetl_type_decimal(NULL, &precision, &scale));
}
