/* SPDX-License-Identifier: Apache-2.0 */
/* The helper library's parsers: UTF-8 in both ways, names of types, decimals of formats, doubles.
 */
#include "../sdk/src/real.h"
#include "../sdk/src/text.h"

static void check(bool good)
{
    if (!good)
        abort();
}

static void fuzz_type(const char *sql)
{
    char format[QETL_TYPE_FORMAT_MAX], again[QETL_TYPE_FORMAT_MAX], name[128];
    int32_t precision, scale;
    qetl_type_decimal(sql, &precision, &scale);
    struct ArrowSchema field = {.format = sql};
    qetl_type_name(&field, name, sizeof name);
    if (qetl_type_parse(sql, format))
        return;
    field.format = format;
    check(!qetl_type_parse(qetl_type_name(&field, name, sizeof name), again));
    check(!strcmp(format, again));
}

/* A type that is read is written, and read again to the same words. */
static void fuzz_field(const char *sql)
{
    struct ArrowSchema field, again;
    if (qetl_type_field(sql, "f", &field))
        return;
    char *words = qetl_type_text(&field);
    check(words && !qetl_type_field(words, "f", &again));
    char *twice = qetl_type_text(&again);
    check(twice && !strcmp(words, twice));
    free(words);
    free(twice);
    qetl_schema_release(&field);
    qetl_schema_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool valid = qetl_sdk_utf8_valid_portable(data, (int64_t)size);
    check(qetl_utf8_valid(data, (int64_t)size) == valid);
    if (qetl_sdk_has_avx2())
        check(qetl_sdk_utf8_valid_avx2(data, (int64_t)size) == valid);
    char *sql = malloc(size + 1);
    if (!sql)
        return 0;
    memcpy(sql, data, size);
    sql[size] = 0;
    fuzz_type(sql);
    fuzz_field(sql);
    free(sql);
    double value;
    if (size >= sizeof value) {
        char text[QETL_SDK_REAL_MAX + 1];
        memcpy(&value, data, sizeof value);
        *qetl_sdk_real_write(value, text) = 0;
        check(strtod(text, NULL) == value || __builtin_isnan(value));
    }
    return 0;
}
