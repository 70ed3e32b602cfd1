/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas where memory ends: each allocation fails once, nothing leaks, nothing half-made is left.
 */
#include "../sdk/src/internal.h"

#include <criterion/criterion.h>

static int64_t allowed = -1;

static bool is_refused(void)
{
    return allowed >= 0 && allowed-- == 0;
}

static void *failing_malloc(size_t size)
{
    return is_refused() ? NULL : malloc(size);
}

static void *failing_calloc(size_t n, size_t size)
{
    return is_refused() ? NULL : calloc(n, size);
}

static void *failing_realloc(void *old, size_t size)
{
    return is_refused() ? NULL : realloc(old, size);
}

static char *failing_strdup(const char *text)
{
    return is_refused() ? NULL : strdup(text);
}

/* The sources themselves, in this program instead of the library's. */
#define malloc failing_malloc
#define calloc failing_calloc
#define realloc failing_realloc
#define strdup failing_strdup
#include "../sdk/src/metadata.c"
#include "../sdk/src/schema.c"

static int32_t schema_make(struct ArrowSchema *out)
{
    struct ArrowSchema list = {0};
    int32_t status = qetl_schema_init_struct(out);
    if (status)
        return status;
    if (!(status = qetl_schema_add(out, "a", "l")) &&
        !(status = qetl_schema_set_metadata(out, "k", "v")) &&
        !(status = qetl_schema_set_metadata(out, "k2", "v")) &&
        !(status = qetl_schema_set_name(out, "renamed")) &&
        !(status = qetl_schema_init_field(&list, "l", "+l")) &&
        !(status = qetl_schema_add(&list, "item", "vu")) &&
        !(status = qetl_schema_set_metadata(&list, "k", "v")))
        status = qetl_schema_append(out, &list);
    qetl_schema_release(&list);
    if (status)
        qetl_schema_release(out);
    return status;
}

static int32_t dictionary_add(struct ArrowSchema *schema)
{
    schema->children[0]->dictionary = failing_calloc(1, sizeof(struct ArrowSchema));
    return schema->children[0]->dictionary
               ? qetl_schema_init_field(schema->children[0]->dictionary, "", "u")
               : QETL_E_NO_MEMORY;
}

Test(sdk_schema_memory, making_fails_at_each_allocation)
{
    int64_t failures = 0;
    int32_t status = QETL_E_NO_MEMORY;
    for (; status; failures++) {
        struct ArrowSchema schema;
        allowed = failures;
        status = schema_make(&schema);
        allowed = -1;
        cr_assert(status == QETL_OK || status == QETL_E_NO_MEMORY);
        cr_assert_eq(!status, schema.release != NULL);
        qetl_schema_release(&schema);
        cr_assert_lt(failures, 100);
    }
    cr_expect_gt(failures, 15);
}

Test(sdk_schema_memory, copying_fails_at_each_allocation)
{
    struct ArrowSchema schema;
    int64_t failures = 0;
    int32_t status = QETL_E_NO_MEMORY;
    cr_assert_eq(schema_make(&schema), QETL_OK);
    cr_assert_eq(dictionary_add(&schema), QETL_OK);
    for (; status; failures++) {
        struct ArrowSchema copy;
        allowed = failures;
        status = qetl_schema_copy(&schema, &copy);
        allowed = -1;
        cr_assert(status == QETL_OK || status == QETL_E_NO_MEMORY);
        cr_assert_eq(!status, copy.release != NULL);
        qetl_schema_release(&copy);
        cr_assert_lt(failures, 100);
    }
    cr_expect_gt(failures, 15);
    qetl_schema_release(&schema);
}
