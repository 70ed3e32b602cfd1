/* SPDX-License-Identifier: Apache-2.0 */
/* A binder for unit tests of transforms. */
#include "fake_binder.h"

#include <assert.h>
#include <stdio.h>

static struct qetl_fake_binder *fake_of(struct qetl_binder *binder)
{
    return (struct qetl_fake_binder *)binder;
}

static bool fails(struct qetl_fake_binder *fake)
{
    if (fake->calls_until_error < 0)
        return false;
    return fake->calls_until_error-- == 0;
}

static int32_t fake_read(struct qetl_binder *binder, uint32_t in_port, int64_t column,
                         uint32_t form)
{
    struct qetl_fake_binder *fake = fake_of(binder);
    int32_t before = 0;
    if (fails(fake))
        return QETL_E_NO_MEMORY;
    assert(fake->n_reads < QETL_FAKE_BINDER_MOST && column >= 0);
    for (int64_t i = 0; i < fake->n_reads; i++)
        before += fake->reads[i].port == in_port;
    fake->reads[fake->n_reads++] = (struct qetl_fake_read){in_port, form, column};
    return before;
}

static struct qetl_fake_column *column_add(struct qetl_fake_binder *fake)
{
    assert(fake->n_columns < QETL_FAKE_BINDER_MOST);
    return &fake->columns[fake->n_columns++];
}

static int32_t fake_copy(struct qetl_binder *binder, uint32_t out_port, int64_t out_column,
                         uint32_t in_port, int64_t column, const char *name)
{
    struct qetl_fake_binder *fake = fake_of(binder);
    if (fails(fake))
        return QETL_E_NO_MEMORY;
    struct qetl_fake_column *made = column_add(fake);
    *made = (struct qetl_fake_column){
        .out_port = out_port, .in_port = in_port, .out_column = out_column, .column = column};
    snprintf(made->name, sizeof made->name, "%s", name ? name : "");
    return QETL_OK;
}

static int32_t fake_derive(struct qetl_binder *binder, uint32_t out_port, struct ArrowSchema *field,
                           int64_t n_inputs, const int64_t *inputs)
{
    struct qetl_fake_binder *fake = fake_of(binder);
    if (fails(fake))
        return QETL_E_NO_MEMORY;
    struct qetl_fake_column *made = column_add(fake);
    *made = (struct qetl_fake_column){.out_port = out_port,
                                      .out_column = -1,
                                      .column = -1,
                                      .field = *field,
                                      .n_inputs = n_inputs};
    snprintf(made->name, sizeof made->name, "%s", field->name ? field->name : "");
    for (int64_t i = 0; i < n_inputs; i++)
        made->inputs[i] = inputs[i];
    field->release = NULL;
    return QETL_OK;
}

static int32_t fake_rows(struct qetl_binder *binder, uint32_t out_port, uint32_t rows)
{
    struct qetl_fake_binder *fake = fake_of(binder);
    if (fails(fake))
        return QETL_E_NO_MEMORY;
    fake->rows[out_port] = rows;
    return QETL_OK;
}

static int32_t fake_distribution(struct qetl_binder *binder, uint32_t kind, int64_t n_columns,
                                 const int64_t *columns)
{
    struct qetl_fake_binder *fake = fake_of(binder);
    (void)n_columns;
    (void)columns;
    if (fails(fake))
        return QETL_E_NO_MEMORY;
    fake->distribution = kind;
    return QETL_OK;
}

static int32_t fake_input(struct qetl_binder *binder, uint32_t in_port, uint32_t kind)
{
    struct qetl_fake_binder *fake = fake_of(binder);
    if (fails(fake))
        return QETL_E_NO_MEMORY;
    fake->inputs[in_port] = kind;
    return QETL_OK;
}

void qetl_fake_binder_init(struct qetl_fake_binder *fake)
{
    memset(fake, 0, sizeof *fake);
    fake->binder = (struct qetl_binder){.struct_size = sizeof fake->binder,
                                        .read = fake_read,
                                        .copy = fake_copy,
                                        .derive = fake_derive,
                                        .rows = fake_rows,
                                        .distribution = fake_distribution,
                                        .input = fake_input};
    fake->calls_until_error = -1;
}

void qetl_fake_binder_free(struct qetl_fake_binder *fake)
{
    for (int64_t i = 0; i < fake->n_columns; i++)
        qetl_schema_release(&fake->columns[i].field);
    fake->n_columns = fake->n_reads = 0;
}
