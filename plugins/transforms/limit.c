/* SPDX-License-Identifier: Apache-2.0 */
/* Lets so many rows through, in the order of the input; the source need not read the rest. */
#include <qetl/row_transform.h>

struct limit {
    struct qetl_row row;
    int64_t skip, left; /* rows still to be passed over, then rows still to go on */
};

static const struct qetl_option_field options[] = {
    {"/offset", QETL_OPTION_INT, offsetof(struct limit, skip), "0", "0.."},
    {"/rows", QETL_OPTION_INT, offsetof(struct limit, left), NULL, "0.."},
};
static const struct qetl_kept_field state[] = {
    QETL_KEPT_INT(struct limit, skip),
    QETL_KEPT_INT(struct limit, left),
};

static int32_t limit_bind(void *self, const struct ArrowSchema *input)
{
    (void)self;
    (void)input;
    return QETL_ROWS_SUBSET;
}

static int64_t limit_batch(void *self, const struct qetl_event *event, int32_t *kept,
                           int64_t *rejected)
{
    struct limit *limit = self;
    int64_t first = limit->skip < event->rows ? limit->skip : event->rows;
    int64_t count = event->rows - first < limit->left ? event->rows - first : limit->left;

    (void)rejected;
    for (int64_t i = 0; count < event->rows && i < count; i++)
        kept[i] = (int32_t)(first + i);
    limit->skip -= first;
    limit->left -= count;
    if (!limit->left)
        qetl_row_end(&limit->row);
    return count;
}

static int64_t limit_rows(void *self)
{
    const struct limit *limit = self;
    int64_t rows;

    return __builtin_add_overflow(limit->skip, limit->left, &rows) ? -1 : rows;
}

/* No more is left than there was at the beginning. */
static int32_t limit_restored(void *self)
{
    const struct limit *limit = self;
    bool fits = limit->skip >= 0 && limit->skip <= qetl_option_int(limit->row.env, "/offset") &&
                limit->left >= 0 && limit->left <= qetl_option_int(limit->row.env, "/rows");

    return fits ? QETL_OK : QETL_E_UNSUPPORTED;
}

static const struct qetl_row_transform limit = {
    .options = QETL_TABLE(options),
    .bind = limit_bind,
    .batch = limit_batch,
    .state = QETL_TABLE(state),
    .restored = limit_restored,
    .rows = limit_rows,
};

QETL_ROW_TRANSFORM_SAVED(limit, "limit", struct limit)
QETL_PLUGIN("limit", "0.1.0", &limit_component)
