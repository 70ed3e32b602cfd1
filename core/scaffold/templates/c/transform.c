/* SPDX-License-Identifier: Apache-2.0 */
/*
 * newplugin: a transform. Adds a column with the sum of another one's values so far.
 *
 * What you will change: `total_bind`, `total_row`, and the options, which the manifest
 * newplugin.qetl.json declares. What has to stay true is said where it matters; what can be said
 * beside it stands in qetl/row_transform.h.
 */
#include <qetl/row_transform.h>

QETL_EMBED_MANIFEST("newplugin.qetl.json");

/* The state of one instance, zeroed before the first call. There are no globals, since a pipeline
 * may use the plugin twice. */
struct total {
    struct qetl_row row; /* the first member: the row at hand, and whom to report to */
    const char *column, *into;
    int64_t sum;
};

/* They were checked against the manifest's schema already. */
static const struct qetl_option_field options[] = {
    {"/column", QETL_OPTION_TEXT, offsetof(struct total, column), NULL, NULL},
    {"/into", QETL_OPTION_TEXT, offsetof(struct total, into), "total", NULL},
};

/* What a run that is cut short must not lose. It is saved at every checkpoint. */
static const struct qetl_kept_field state[] = {QETL_KEPT_INT(struct total, sum)};

/* Says what is read and what is made; columns that are not named never come here, and go on byte
 * for byte. The sum of which a row makes too much has to be refused: not all rows are kept. */
static int32_t total_bind(void *self, const struct ArrowSchema *input)
{
    struct total *t = self;
    (void)input; /* all columns that there are */
    qetl_row_read(&t->row, "/column", t->column, "bigint");
    qetl_row_make(&t->row, t->into, "bigint");
    return QETL_ROWS_SUBSET;
}

/* 0 is the first column that was read, and the first that is made. */
static int32_t total_row(void *self)
{
    struct total *t = self;
    int64_t value = qetl_row_is_null(&t->row, 0) ? 0 : qetl_row_int(&t->row, 0), sum;
    if (__builtin_add_overflow(t->sum, value, &sum)) /* no reason to fail: to the dead letters */
        return qetl_row_reject(&t->row, 0, "overflow", "the sum is larger than a bigint can be");
    t->sum = sum;
    qetl_row_put_int(&t->row, 0, sum);
    return QETL_OK;
}

static const struct qetl_row_transform total = {
    .options = QETL_TABLE(options),
    .state = QETL_TABLE(state),
    .bind = total_bind,
    .row = total_row,
};

QETL_ROW_TRANSFORM_SAVED(total, "newplugin", struct total)
QETL_PLUGIN("newplugin", "0.1.0", &total_component)
