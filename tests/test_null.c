/* SPDX-License-Identifier: Apache-2.0 */
/* The sink `null`: takes batches as they come, whatever their form, and keeps nothing. */
#include "fake_host.h"

#include <criterion/criterion.h>
#include <stdlib.h>

int32_t qetl_plugin_entry(const struct qetl_host *, struct qetl_ctx *, uint32_t *,
                          const struct qetl_plugin **);

Test(null, takes_every_row_in_any_form)
{
    struct qetl_fake_host fake;
    const struct qetl_plugin *plugin;
    uint32_t abi = QETL_ABI_VERSION, forms[2] = {0};
    struct qetl_sink_info info = {.struct_size = sizeof info};
    struct ArrowSchema schema;
    struct ArrowArray batch = {.length = 7};
    struct qetl_write write = {.struct_size = sizeof write, .batch = &batch, .rows = 7};
    qetl_fake_host_init(&fake, NULL);
    cr_assert_eq(qetl_plugin_entry(&fake.host, fake.ctx, &abi, &plugin), QETL_OK);
    const struct qetl_component *null = plugin->components[0];
    void *self = calloc(1, null->state_size);
    cr_assert_eq(null->create(self, &fake.host, fake.ctx, fake.config_json), QETL_OK);
    cr_assert_eq(null->sink->describe(self, &info), QETL_OK);
    cr_expect_eq(info.takes, QETL_TAKES_BATCHES, "or rows would be encoded for nothing");
    cr_expect_eq(info.commit, QETL_COMMIT_NONE);
    cr_assert_eq(qetl_schema_init_struct(&schema), QETL_OK);
    cr_assert_eq(qetl_schema_add(&schema, "a", "l"), QETL_OK);
    cr_assert_eq(qetl_schema_add(&schema, "b", "vu"), QETL_OK);
    cr_assert_eq(null->sink->forms(self, &schema, forms), QETL_OK);
    for (int i = 0; i < 2; i++)
        cr_expect_eq(forms[i], QETL_FORM_LEXICAL | QETL_FORM_VALUE | QETL_FORM_CHECKED);
    for (uint32_t stream = 0; stream < 2; stream++) {
        cr_assert_eq(null->sink->open(self, stream, &schema), QETL_OK);
        write.rows_written = 0;
        cr_assert_eq(null->sink->write(self, &write), QETL_OK);
        cr_expect_eq(write.rows_written, 7);
    }
    cr_expect_eq(null->stop(self), QETL_OK);
    qetl_schema_release(&schema);
    free(self);
    cr_expect_eq(qetl_fake_host_free(&fake), 0);
}
