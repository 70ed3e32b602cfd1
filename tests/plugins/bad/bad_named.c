/* SPDX-License-Identifier: Apache-2.0 */
/* A transform that adds the double of a column that an option names; and one fault. */
#include "faults.h"

#include <qetl/row_transform.h>

QETL_EMBED_MANIFEST("bad_named.qetl.json");

enum { no_fault, column_by_place };

struct named {
    struct qetl_row row;
    const char *column;
};

static const struct qetl_option_field options[] = {
    {"/column", QETL_OPTION_TEXT, offsetof(struct named, column), NULL, NULL},
};

static int32_t named_bind(void *self, const struct ArrowSchema *input)
{
    struct named *n = self;
    (void)input;
    if (IS(column_by_place))
        qetl_row_read_column(&n->row, 0);
    else
        qetl_row_read(&n->row, "/column", n->column, "bigint");
    qetl_row_make(&n->row, "double", "bigint");
    return QETL_ROWS_KEEP;
}

static int32_t named_row(void *self)
{
    struct named *n = self;
    if (!qetl_row_is_null(&n->row, 0))
        qetl_row_put_int(&n->row, 0, 2 * qetl_row_int(&n->row, 0));
    return QETL_OK;
}

static const struct qetl_row_transform named = {
    .options = QETL_TABLE(options), .bind = named_bind, .row = named_row};

QETL_ROW_TRANSFORM(named, "bad_named", struct named)
QETL_PLUGIN("bad-named", "0.1.0", &named_component)
