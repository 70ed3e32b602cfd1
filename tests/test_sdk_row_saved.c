/* SPDX-License-Identifier: Apache-2.0 */
/* A transform of rows whose state no table can hold. */
#include <criterion/criterion.h>
#include <qetl/row_transform.h>
#include <qetl/testhost.h>
#include <stdlib.h>

static bool busy;

/* Lets each word through once: all that came are its state, of any size. */
struct novel {
    struct qetl_row row;
    int64_t rows;
    char *words; /* each behind the one before, with its NUL */
    size_t size;
};

static int32_t novel_bind(void *self, const struct ArrowSchema *input)
{
    struct novel *n = self;
    (void)input;
    qetl_row_read(&n->row, NULL, "word", "text");
    return QETL_ROWS_SUBSET;
}
static int32_t novel_row(void *self)
{
    struct novel *n = self;
    struct qetl_text word = qetl_row_text(&n->row, 0);
    if (word.size && *word.data == '~' && busy)
        return qetl_fail(n->row.env, QETL_E_RETRY_CALL, NULL, NULL, "not now");
    n->rows++;
    for (const char *at = n->words; at < n->words + n->size; at += strlen(at) + 1)
        if (strlen(at) == (size_t)word.size && !memcmp(at, word.data, (size_t)word.size))
            return QETL_ROW_NONE;
    char *grown = realloc(n->words, n->size + (size_t)word.size + 1);
    if (!grown)
        return qetl_fail(n->row.env, QETL_E_NO_MEMORY, NULL, NULL, "no memory");
    n->words = grown;
    memcpy(n->words + n->size, word.data, (size_t)word.size);
    n->size += (size_t)word.size;
    n->words[n->size++] = 0;
    return QETL_OK;
}
static void novel_close(void *self)
{
    free(((struct novel *)self)->words);
}
static int32_t novel_save(void *self, const struct qetl_writer *out)
{
    const struct novel *n = self;
    int32_t status = QETL_OK;
    for (size_t at = 0; at < n->size && !status; at += strlen(n->words + at) + 1)
        status = out->write(out->stream, n->words + at, strlen(n->words + at) + 1);
    return status;
}
static int32_t novel_restore(void *self, const struct qetl_reader *in)
{
    struct novel *n = self;
    char piece[5000];
    for (int64_t size; (size = in->read(in->stream, piece, sizeof piece)) > 0;) {
        char *grown = realloc(n->words, n->size + (size_t)size);
        if (!grown)
            return QETL_E_NO_MEMORY;
        n->words = grown;
        memcpy(n->words + n->size, piece, (size_t)size);
        n->size += (size_t)size;
    }
    return n->size && n->words[n->size - 1] ? QETL_E_UNSUPPORTED : QETL_OK;
}
static const struct qetl_kept_field novel_state[] = {QETL_KEPT_INT(struct novel, rows)};
static const struct qetl_row_transform novel = {.bind = novel_bind,
                                                .row = novel_row,
                                                .close = novel_close,
                                                .state = QETL_TABLE(novel_state),
                                                .save = novel_save,
                                                .restore = novel_restore};
QETL_ROW_TRANSFORM_SAVED(novel, "novel", struct novel)
static const struct qetl_row_transform bare = {.bind = novel_bind,
                                               .row = novel_row,
                                               .close = novel_close,
                                               .save = novel_save,
                                               .restore = novel_restore};
QETL_ROW_TRANSFORM_SAVED(bare, "bare", struct novel)
static const struct qetl_row_transform torn = {
    .bind = novel_bind, .row = novel_row, .close = novel_close, .save = novel_save};
QETL_ROW_TRANSFORM_SAVED(torn, "torn", struct novel)

QETL_PLUGIN("saved", "0.1.0", &novel_component, &bare_component, &torn_component)

static int lines_of(const char *text)
{
    int n = 0;
    for (; (text = strchr(text, '\n')); text++)
        n++;
    return n;
}

/* What no table could hold is there again in the next process, with and without a table beside it.
 */
Test(sdk_row_saved, a_state_of_any_size_is_saved_by_the_author)
{
    static const char *const components[] = {"novel", "bare"};
    enum { WORDS = 20, SIZE = 30000 };
    char *rows = malloc(WORDS * (SIZE + 1) + 1);
    for (int i = 0; i < WORDS; i++) {
        memset(rows + (size_t)i * (SIZE + 1), 'a' + i, SIZE);
        rows[(size_t)(i + 1) * (SIZE + 1) - 1] = '\n';
    }
    rows[WORDS * (SIZE + 1)] = 0;
    for (int c = 0; c < 2; c++) {
        struct qetl_rig *t = qetl_rig_open_entry(qetl_plugin_entry, NULL, components[c], "{}");
        qetl_rig_input(t, 0, "word text");
        cr_expect_geq(qetl_rig_feed(t, 0, "a\nb\na\n"), 0);
        cr_expect_geq(qetl_rig_feed(t, 0, rows), 0);
        cr_expect_eq(lines_of(qetl_rig_rows(t, 0)), 2 + WORDS);
        cr_expect_eq(qetl_rig_epoch(t), QETL_OK);
        qetl_rig_restart(t);
        cr_expect_geq(qetl_rig_feed(t, 0, rows), 0);
        cr_expect_geq(qetl_rig_feed(t, 0, "b\nc\na\n"), 0);
        cr_expect_eq(lines_of(qetl_rig_rows(t, 0)), 2 + WORDS + 1);
        busy = true;
        cr_expect_eq(qetl_rig_feed(t, 0, "~\nd\n"), QETL_E_RETRY_CALL);
        cr_expect_eq(qetl_rig_feed(t, 0, "d\n~\n"), QETL_E_RETRY_EPOCH);
        busy = false;
        cr_expect_eq(qetl_rig_close(t), 0);
    }
    free(rows);
    struct qetl_rig *t = qetl_rig_open_entry(qetl_plugin_entry, NULL, "torn", "{}");
    qetl_rig_input(t, 0, "word text");
    cr_expect_eq(qetl_rig_feed(t, 0, "a\n"), QETL_E_FATAL);
    cr_expect_eq(qetl_rig_close(t), 0);
}
