/* SPDX-License-Identifier: Apache-2.0 */
/* A transform that writes one column of text in capitals: the letters a to z; all others stay, or
 * have their row rejected. */
#include <qetl/row_transform.h>

QETL_EMBED_MANIFEST("upper.qetl.json");

enum { OTHERS_KEEP, OTHERS_REJECT };

struct upper {
    struct qetl_row row;
    const char *column;
    int32_t others;
};

static const struct qetl_option_field options[] = {
    {"/column", QETL_OPTION_TEXT, offsetof(struct upper, column), NULL, NULL},
    {"/others", QETL_OPTION_WORD, offsetof(struct upper, others), "keep", "keep|reject"},
};

/* The column is read, and made anew in its place; all others pass by untouched. */
static int32_t upper_bind(void *self, const struct ArrowSchema *input)
{
    struct upper *u = self;
    (void)input;
    qetl_row_replace(&u->row, qetl_row_read(&u->row, "/column", u->column, "text"), "text");
    return u->others == OTHERS_KEEP ? QETL_ROWS_KEEP : QETL_ROWS_SUBSET;
}

static int32_t upper_row(void *self)
{
    struct upper *u = self;
    if (qetl_row_is_null(&u->row, 0))
        return QETL_OK; /* what is not put is NULL */
    struct qetl_text text = qetl_row_text(&u->row, 0);
    char *to = qetl_row_put_room(&u->row, 0, text.size);
    for (int64_t k = 0; to && k < text.size; k++) {
        if (u->others == OTHERS_REJECT && text.data[k] & 0x80)
            return qetl_row_reject(&u->row, 0, "not_ascii",
                                   "\"%.*s\" has letters other than a to z", (int)text.size,
                                   text.data);
        to[k] = (char)(text.data[k] - 32 * (text.data[k] >= 'a' && text.data[k] <= 'z'));
    }
    return QETL_OK;
}

static const struct qetl_row_transform upper = {
    .options = QETL_TABLE(options),
    .bind = upper_bind,
    .row = upper_row,
};

QETL_ROW_TRANSFORM(upper, "upper", struct upper)
QETL_PLUGIN("upper", "0.1.0", &upper_component)
