/* SPDX-License-Identifier: Apache-2.0 */
/* The format ndjson: what its options change. */
#include "ndjson_rig.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Rows of `rest` as a schema from `first` has them; then rejects. */
static char *later(const char *options, uint32_t form, const char *first, const char *rest)
{
    struct rig rig;
    ndjson_rig_open(&rig, options);
    rig_infer(&rig, first, strlen(first));
    rig_want(&rig, form);
    rig_run(&rig, rest, strlen(rest), SIZE_MAX, 0);
    cr_expect_eq(rig.rows + rig.rejected, rig.records);
    char *text = rig_take(&rig);
    ndjson_rig_close(&rig);
    return text;
}

Test(ndjson_options, new_columns)
{
    const char *first = "{\"a\":1,\"b\":2}\n";
    const char *rest = "{\"a\":1,\"b\":2}\n{\"x\":5,\"a\":3,\"b\":4}\n{\"a\":5,\"x\":{\"y\":[1]},"
                       "\"b\":6}\n{\"a\":7,\"b\":8,\"\\u0078\":\"t\", \"z\" : null }\n"
                       "{\"x\":1}\n{\"a\":9,\"x\":[1,}\n{\"a\":10,\"x\":1 \"b\":2}\n";
    EXPECT_TEXT(later(NULL, QETL_FORM_LEXICAL, first, rest),
                "=1|=2|\n!unknown_key:{\"x\":5,\"a\":3,\"b\":4}\n"
                "!unknown_key:{\"a\":5,\"x\":{\"y\":[1]},\"b\":6}\n"
                "!unknown_key:{\"a\":7,\"b\":8,\"\\u0078\":\"t\", \"z\" : null }\n"
                "!unknown_key:{\"x\":1}\n!bad_json:{\"a\":9,\"x\":[1,}\n"
                "!bad_json:{\"a\":10,\"x\":1 \"b\":2}\n");
    EXPECT_TEXT(later("{\"new_columns\":\"drop\"}", QETL_FORM_LEXICAL, first, rest),
                "=1|=2|\n=3|=4|\n=5|=6|\n=7|=8|\n~|~|\n!bad_json:{\"a\":9,\"x\":[1,}\n"
                "!bad_json:{\"a\":10,\"x\":1 \"b\":2}\n");
}

Test(ndjson_options, new_columns_inside_a_struct)
{
    const char *first = "{\"a\":{\"b\":1}}\n";
    const char *rest = "{\"a\":{\"c\":{\"d\":1},\"b\":1}}\n{\"a\":{\"c\":2}}\n";
    EXPECT_TEXT(later(NULL, QETL_FORM_VALUE, first, rest),
                "!unknown_key:{\"a\":{\"c\":{\"d\":1},\"b\":1}}\n!unknown_key:{\"a\":{\"c\":2}}\n");
    EXPECT_TEXT(later("{\"new_columns\":\"drop\"}", QETL_FORM_VALUE, first, rest),
                "={\"b\":1}|\n={\"b\":null}|\n");
    EXPECT_TEXT(later("{\"new_columns\":\"drop\",\"types\":{\"a\":\"struct(b integer)\"}}",
                      QETL_FORM_CHECKED, first, rest),
                "={\"c\":{\"d\":1},\"b\":1}|\n={\"c\":2}|\n");
}

/* Doubles, as VALUE and as the text that they were in CSV. */
static char *written(const char *options, bool lexical)
{
    static const double values[] = {1.5, NAN, INFINITY, -INFINITY};
    static const char *const texts[] = {"1.5", "NaN", "inf", "-Infinity"};
    struct rig rig;
    struct qetl_fake_space space;
    struct ArrowArray column, batch;
    struct qetl_builder b;
    struct ArrowSchema *field;
    ndjson_rig_open(&rig, options);
    qetl_fake_space_init(&space);
    qetl_schema_init_struct(&rig.schema);
    qetl_schema_add(&rig.schema, "d", lexical ? "vu" : "g");
    field = rig.schema.children[0];
    if (lexical) {
        qetl_schema_set_metadata(field, "qetl:type", "double");
        qetl_schema_set_metadata(field, "qetl:lexical", "csv");
    }
    qetl_builder_open(&b, rig.fake.env, field, 4);
    for (int i = 0; i < 4; i++)
        if (lexical)
            qetl_builder_text(&b, texts[i], (int64_t)strlen(texts[i]));
        else
            qetl_builder_real(&b, values[i]);
    qetl_builder_close(&b, &column);
    qetl_array_struct(rig.fake.env, 4, 1, &column, &batch);
    cr_assert_eq(ndjson_encoder_open(&rig.encoder, rig.fake.env, &rig.schema), QETL_OK);
    cr_assert_eq(ndjson_encode_batch(&rig.encoder, &batch, &space.space), QETL_OK);
    rig_add(&rig, space.space.data, (size_t)space.space.size);
    for (int64_t i = 0; i < rig.fake.n_rejects; i++)
        rig_add(&rig, "!", 1);
    char *text = rig_take(&rig);
    qetl_array_release(&batch);
    qetl_builder_free(&b);
    qetl_fake_space_free(&space);
    ndjson_rig_close(&rig);
    return text;
}

Test(ndjson_options, nan)
{
    for (int lexical = 0; lexical < 2; lexical++) {
        EXPECT_TEXT(written(NULL, lexical), "{\"d\":1.5}\n!!!");
        EXPECT_TEXT(written("{\"nan\":\"reject\"}", lexical), "{\"d\":1.5}\n!!!");
        EXPECT_TEXT(written("{\"nan\":\"null\"}", lexical),
                    "{\"d\":1.5}\n{\"d\":null}\n{\"d\":null}\n{\"d\":null}\n");
        EXPECT_TEXT(written("{\"nan\":\"string\"}", lexical),
                    "{\"d\":1.5}\n{\"d\":\"NaN\"}\n{\"d\":\"Infinity\"}\n{\"d\":\"-Infinity\"}\n");
    }
}
