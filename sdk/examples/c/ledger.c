/* SPDX-License-Identifier: Apache-2.0 */
/* A format of lines such as "2024-01-31 -12.50 coffee and cake": a day, an amount, and what it was
 * for. Lines that begin with a semicolon are comments. */
#include <qetl/row_format.h>

QETL_EMBED_MANIFEST("ledger.qetl.json");

enum { DAY, AMOUNT, WHAT, N_COLUMNS };

struct ledger {
    struct qetl_row row;
    int64_t places[N_COLUMNS]; /* among the columns that are written */
};

/* Up to the next blank, which is taken, too. */
static struct qetl_text word_take(struct qetl_text *line)
{
    const char *blank = line->size ? memchr(line->data, ' ', (size_t)line->size) : NULL;
    struct qetl_text word = {line->data, blank ? blank - line->data : line->size};
    line->data += word.size + (blank != NULL);
    line->size -= word.size + (blank != NULL);
    return word;
}

/* What is no date, or no amount, has the line rejected, with the column's name and type. */
static int32_t ledger_decode(void *self, struct qetl_text line)
{
    struct ledger *l = self;
    if (!line.size || *line.data == ';')
        return QETL_ROW_NONE;
    struct qetl_text day = word_take(&line), amount = word_take(&line);
    qetl_row_put_parsed(&l->row, DAY, day.data, day.size);
    qetl_row_put_parsed(&l->row, AMOUNT, amount.data, amount.size);
    if (line.size)
        qetl_row_put_text(&l->row, WHAT, line.data, line.size);
    return QETL_OK;
}

static int32_t ledger_encode_open(void *self, const struct ArrowSchema *schema)
{
    static const char *const names[] = {"day", "amount", "what"};
    struct ledger *l = self;
    for (int i = 0; i < N_COLUMNS; i++) {
        l->places[i] = qetl_schema_require(l->row.env, schema, NULL, names[i]);
        if (l->places[i] < 0)
            return (int32_t)l->places[i];
    }
    return QETL_OK;
}

static int32_t ledger_encode(void *self, struct qetl_space *out)
{
    struct ledger *l = self;
    int64_t from = out->size;
    int32_t status = QETL_OK;
    if (qetl_row_is_null(&l->row, l->places[DAY]) || qetl_row_is_null(&l->row, l->places[AMOUNT]))
        return qetl_row_reject(&l->row, -1, "incomplete", "a line has a day and an amount");
    for (int i = 0; i < N_COLUMNS && !status; i++) {
        status = qetl_row_render(&l->row, l->places[i], out);
        if (!status)
            status = qetl_space_put(out, i == WHAT ? "\n" : " ", 1);
    }
    if (!status && memchr(out->data + from, '\n', (size_t)(out->size - from - 1)))
        return qetl_row_reject(&l->row, l->places[WHAT], "line_feed",
                               "what it was for is one line");
    return status;
}

static const struct qetl_row_format ledger = {
    .columns = "day date, amount decimal(12,2), what text",
    .decode = ledger_decode,
    .encode_open = ledger_encode_open,
    .encode = ledger_encode,
};

QETL_ROW_FORMAT(ledger, "ledger", struct ledger)
QETL_PLUGIN("ledger", "0.1.0", &ledger_component)
