/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the rows for which a condition is true; FALSE and NULL are filtered, alike. */
#include <qetl/exprs.h>
#include <qetl/row_transform.h>

struct filter {
    struct qetl_row row;
    struct qetl_exprs exprs;
    struct qetl_expr *where;
};

static int32_t filter_create(void *self)
{
    struct filter *filter = self;

    return qetl_exprs_create(&filter->exprs, filter->row.env, "filter", "no memory to filter rows");
}

static void filter_close(void *self)
{
    struct filter *filter = self;

    if (filter->exprs.service)
        filter->exprs.service->free(filter->where);
}

static int32_t filter_bind(void *self, const struct ArrowSchema *input)
{
    struct filter *filter = self;
    const int64_t *columns;

    filter->exprs.service->free(filter->where);
    filter->where = NULL;
    int32_t status =
        qetl_exprs_condition(&filter->exprs, "/where", "`where`", input, &filter->where);
    if (status)
        return status;
    int64_t n = filter->exprs.service->columns(filter->where, &columns);
    for (int64_t i = 0; i < n; i++)
        qetl_row_read_column(&filter->row, columns[i]);
    return QETL_ROWS_SUBSET;
}

static int64_t filter_batch(void *self, const struct qetl_event *event, int32_t *kept,
                            int64_t *rejected)
{
    const struct filter *filter = self;

    return filter->exprs.service->select(filter->where, event->batch, event->rows, kept, rejected);
}

static const char *filter_condition(void *self)
{
    const struct filter *filter = self;

    return qetl_option_text(filter->row.env, "/where");
}

static const struct qetl_row_transform filter = {.create = filter_create,
                                                 .bind = filter_bind,
                                                 .batch = filter_batch,
                                                 .close = filter_close,
                                                 .condition = filter_condition};

QETL_ROW_TRANSFORM(filter, "filter", struct filter)
QETL_PLUGIN("filter", "0.1.0", &filter_component)
