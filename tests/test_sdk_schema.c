/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas: composing, copying, metadata. Leaks are the sanitizer's to find. */
#include <qetl/sdk.h>

#include <criterion/criterion.h>
#include <stdio.h>

static void expect_metadata(const struct ArrowSchema *schema, const char *key, const char *value)
{
    size_t size = 0;
    const char *found = qetl_schema_metadata(schema, key, &size);
    if (!value) {
        cr_expect_null(found);
        return;
    }
    cr_assert_not_null(found, "%s is missing", key);
    cr_expect(size == strlen(value) && !memcmp(found, value, size), "%s is %.*s", key, (int)size,
              found);
}

Test(sdk_schema, compose_and_find)
{
    struct ArrowSchema schema;
    cr_assert_eq(qetl_schema_init_struct(&schema), QETL_OK);
    cr_expect_str_eq(schema.format, "+s");
    cr_expect_eq(schema.flags & ARROW_FLAG_NULLABLE, 0);
    for (int i = 0; i < 50; i++) {
        char name[16];
        snprintf(name, sizeof name, "c%d", i);
        cr_assert_eq(qetl_schema_add(&schema, name, "l"), QETL_OK);
    }
    cr_expect_eq(qetl_schema_find(&schema, "c49"), 49);
    cr_expect_eq(qetl_schema_find(&schema, "c0"), 0);
    cr_expect_eq(qetl_schema_find(&schema, "C49"), -1);
    cr_expect_eq(qetl_schema_find(&schema, ""), -1);
    cr_expect_eq(schema.children[7]->flags, ARROW_FLAG_NULLABLE);
    cr_expect_eq(qetl_schema_set_name(schema.children[7], "other"), QETL_OK);
    cr_expect_eq(qetl_schema_find(&schema, "other"), 7);
    qetl_schema_release(&schema);
    cr_expect_null(schema.release);
    qetl_schema_release(&schema);
    qetl_schema_release(NULL);
}

Test(sdk_schema, metadata_set_and_replaced)
{
    struct ArrowSchema field;
    qetl_schema_init_field(&field, "a", "vu");
    expect_metadata(&field, "k", NULL);
    cr_expect_not(qetl_schema_is_lexical(&field));
    cr_assert_eq(qetl_schema_set_metadata(&field, "k", "1"), QETL_OK);
    cr_assert_eq(qetl_schema_set_metadata(&field, "qetl:type", "bigint"), QETL_OK);
    cr_assert_eq(qetl_schema_set_metadata(&field, "qetl:lexical", "csv"), QETL_OK);
    cr_assert_eq(qetl_schema_set_metadata(&field, "k", "a longer value than before"), QETL_OK);
    cr_assert_eq(qetl_schema_set_metadata(&field, "empty", ""), QETL_OK);
    expect_metadata(&field, "k", "a longer value than before");
    expect_metadata(&field, "qetl:type", "bigint");
    expect_metadata(&field, "empty", "");
    expect_metadata(&field, "qetl:typ", NULL);
    expect_metadata(&field, "qetl:types", NULL);
    cr_expect(qetl_schema_is_lexical(&field));
    int32_t count;
    memcpy(&count, field.metadata, sizeof count);
    cr_expect_eq(count, 4);
    qetl_schema_release(&field);
}

Test(sdk_schema, copy_is_deep)
{
    struct ArrowSchema schema, list, copy;
    qetl_schema_init_struct(&schema);
    qetl_schema_add(&schema, "a", "d:12,2");
    qetl_schema_init_field(&list, "b", "+l");
    qetl_schema_add(&list, "item", "vu");
    qetl_schema_set_metadata(list.children[0], "deep", "down");
    qetl_schema_append(&schema, &list);
    cr_expect_null(list.release, "append must move");
    schema.children[0]->flags = 0;
    schema.children[0]->dictionary = calloc(1, sizeof(struct ArrowSchema));
    qetl_schema_init_field(schema.children[0]->dictionary, "", "u");
    cr_assert_eq(qetl_schema_copy(&schema, &copy), QETL_OK);
    qetl_schema_release(&schema);
    cr_assert_eq(copy.n_children, 2);
    cr_expect_str_eq(copy.children[0]->format, "d:12,2");
    cr_expect_str_eq(copy.children[0]->dictionary->format, "u");
    cr_expect_eq(copy.children[0]->flags, 0);
    cr_expect_str_eq(copy.children[1]->children[0]->name, "item");
    expect_metadata(copy.children[1]->children[0], "deep", "down");
    qetl_schema_release(&copy);
}

static void foreign_release(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

Test(sdk_schema, foreign_schemas_are_copied_but_not_changed)
{
    struct ArrowSchema foreign = {.format = "l", .release = foreign_release}, field, copy;
    qetl_schema_init_field(&field, "a", "l");
    cr_expect_eq(qetl_schema_set_name(&foreign, "b"), QETL_E_UNSUPPORTED);
    cr_expect_eq(qetl_schema_set_metadata(&foreign, "b", "c"), QETL_E_UNSUPPORTED);
    cr_expect_eq(qetl_schema_append(&foreign, &field), QETL_E_UNSUPPORTED);
    cr_expect_null(field.release, "a field that was not moved is released all the same");
    cr_assert_eq(qetl_schema_copy(&foreign, &copy), QETL_OK);
    cr_expect_str_eq(copy.name, "");
    qetl_schema_release(&copy);
    qetl_schema_release(&field);
    qetl_schema_release(&foreign);
}
