/* SPDX-License-Identifier: Apache-2.0 */
/* What an author of a component that is written a row at a time may get wrong: each is told, with
 * its name and how to mend it, and none is a crash. */
#include <criterion/criterion.h>
#include <qetl/row_sink.h>
#include <qetl/row_source.h>
#include <qetl/row_transform.h>
#include <qetl/testhost.h>
#include <stdio.h>

struct wrong {
    struct qetl_row row;
    const char *mode;
};
static const struct qetl_option_field options[] = {
    {"/mode", QETL_OPTION_TEXT, offsetof(struct wrong, mode), NULL, NULL},
};

static bool is_mode(void *self, const char *mode)
{
    return strcmp(((struct wrong *)self)->mode, mode) == 0;
}

static int32_t adds_bind(void *self, const struct ArrowSchema *input)
{
    struct wrong *w = self;
    (void)input;
    qetl_row_read(&w->row, NULL, "name", NULL);
    qetl_row_make(&w->row, "seen", "bigint");
    if (is_mode(self, "no type"))
        qetl_row_make(&w->row, "other", "Int64");
    if (is_mode(self, "no type within"))
        qetl_row_make(&w->row, "other", "struct(a integer, b money)[]");
    if (is_mode(self, "no end"))
        qetl_row_make(&w->row, "other", "struct(a integer");
    if (is_mode(self, "nothing"))
        qetl_row_make(&w->row, "other", NULL);
    if (is_mode(self, "a name of the input"))
        qetl_row_make(&w->row, "id", "bigint");
    if (is_mode(self, "a name twice"))
        qetl_row_make(&w->row, "seen", "text");
    if (is_mode(self, "another spelling"))
        qetl_row_make(&w->row, "Seen", "text");
    if (is_mode(self, "reads in bind"))
        qetl_row_int(&w->row, 0);
    return QETL_ROWS_SUBSET;
}

/* Shared with the sink. */
static int32_t row_read(struct qetl_row *row, void *self)
{
    if (is_mode(self, "reads an int") && qetl_row_int(row, 0))
        return QETL_OK;
    if (is_mode(self, "reads a NULL") &&
        (!qetl_row_is_null(row, 0) || qetl_row_text(row, 0).size || !qetl_row_text(row, 0).data))
        return qetl_row_reject(row, 0, "odd", "a NULL has a value");
    if (is_mode(self, "reads a real") && qetl_row_real(row, 0) == 0)
        return QETL_ROW_NONE;
    if (is_mode(self, "reads behind") && qetl_row_text(row, 2).size == 0)
        return qetl_row_reject(row, -1, "odd", "it is empty");
    if (is_mode(self, "reads before") && qetl_row_is_null(row, -1))
        return QETL_OK;
    return QETL_OK;
}

static int32_t adds_row(void *self)
{
    struct wrong *w = self;
    return row_read(&w->row, self);
}
static const struct qetl_row_transform adds = {
    .options = QETL_TABLE(options), .bind = adds_bind, .row = adds_row};
QETL_ROW_TRANSFORM(adds, "adds", struct wrong)

static int64_t whole_batch(void *self, const struct qetl_event *event, int32_t *kept,
                           int64_t *rejected)
{
    struct wrong *w = self;
    (void)kept, (void)rejected;
    for (int64_t i = 0; i < event->rows; i++)
        qetl_builder_int(qetl_row_builder(&w->row, 0), qetl_row_int(&w->row, 0));
    return event->rows;
}
static const struct qetl_row_transform batch = {
    .options = QETL_TABLE(options), .bind = adds_bind, .batch = whole_batch};
QETL_ROW_TRANSFORM(batch, "batch", struct wrong)

static const struct qetl_row_sink takes = {
    .delivery = QETL_APPEND, .options = QETL_TABLE(options), .row = adds_row};
QETL_ROW_SINK(takes, "takes", struct wrong)

static int32_t gives_row(void *self)
{
    struct wrong *w = self;
    if (is_mode(self, "answers a batch"))
        return QETL_BATCH;
    qetl_row_text(&w->row, 0);
    return QETL_END;
}
static const struct qetl_row_source gives = {
    .columns = "id bigint", .options = QETL_TABLE(options), .row = gives_row};
QETL_ROW_SOURCE(gives, "gives", struct wrong)
static const struct qetl_row_source typed = {
    .columns = "id bigint, \"a b\" datetime", .options = QETL_TABLE(options), .row = gives_row};
QETL_ROW_SOURCE(typed, "typed", struct wrong)
static const struct qetl_row_source twice = {
    .columns = "id bigint, id text", .options = QETL_TABLE(options), .row = gives_row};
QETL_ROW_SOURCE(twice, "twice", struct wrong)

QETL_PLUGIN("wrong", "0.1.0", &adds_component, &batch_component, &takes_component, &gives_component,
            &typed_component, &twice_component)

static struct qetl_rig *rig_of(const char *component, const char *mode)
{
    char config[100];
    snprintf(config, sizeof config, "{\"mode\": \"%s\"}", mode);
    return qetl_rig_open_entry(qetl_plugin_entry, NULL, component, config);
}

static void expect_told(const char *component, const char *mode, int32_t status, const char *said)
{
    struct qetl_rig *t = rig_of(component, mode);
    if (*component == 'g' || (*component == 't' && component[1] != 'a')) {
        cr_expect_eq(qetl_rig_read(t, -1), status, "%s", component);
    } else {
        qetl_rig_input(t, 0, "name text, id bigint");
        cr_expect_eq(qetl_rig_feed(t, 0, "ab|1\ncd|2\n"), status, "%s: %s", component, mode);
        cr_expect_str_eq(qetl_rig_rows(t, 0), "");
        cr_expect_str_eq(qetl_rig_rejects(t), "");
    }
    cr_expect_str_eq(qetl_rig_errors(t), said);
    cr_expect_eq(qetl_rig_close(t), 0);
}

#define TYPES                                                                                   \
    "boolean, tinyint, smallint, integer, bigint (also unsigned), real, double, decimal(P,S), " \
    "text, binary, date, time, timestamp, timestamptz, interval, json, TYPE[] and "             \
    "struct(NAME TYPE, ...) are types\n"

Test(sdk_row_wrong, a_type_that_there_is_not)
{
    expect_told("adds", "no type", QETL_E_FATAL,
                "FATAL: adds: \"Int64\" is no type, in the columns \"other\" Int64 - mend the "
                "plugin: write bigint; " TYPES);
    expect_told("adds", "no type within", QETL_E_FATAL,
                "FATAL: adds: \"money\" is no type, in the columns \"other\" struct(a integer, b "
                "money)[] - mend the plugin: " TYPES);
    expect_told("adds", "no end", QETL_E_FATAL,
                "FATAL: adds: the columns cannot be read: \"other\" struct(a integer; each is a "
                "name and a type, no name comes twice, and one with spaces stands in quotes - "
                "mend the plugin: " TYPES);
    expect_told("adds", "nothing", QETL_E_FATAL,
                "FATAL: adds: \"NULL\" is no type, in the columns \"other\" NULL - mend the "
                "plugin: " TYPES);
    expect_told("typed", "", QETL_E_FATAL,
                "FATAL: typed: \"datetime\" is no type, in the columns id bigint, \"a b\" datetime "
                "- mend the plugin: write timestamp; " TYPES);
    expect_told("twice", "", QETL_E_FATAL,
                "FATAL: twice: the columns cannot be read: id bigint, id text; each is a name and "
                "a type, no name comes twice, and one with spaces stands in quotes - mend the "
                "plugin: " TYPES);
}

#define READS                                                                                \
    " - mend the plugin: a transform reads what its bind has asked for, by the number that " \
    "qetl_row_read answered there; a sink what its open was told\n"
#define KINDS                                                                                    \
    " - mend the plugin: ask for the type in bind or open, where the user can be told, or read " \
    "it by row->columns and the functions of sdk.h\n"

Test(sdk_row_wrong, a_column_that_was_not_asked_for)
{
    expect_told("adds", "reads in bind", QETL_E_FATAL,
                "FATAL: adds: column 0 is read, and there are 0" READS);
    expect_told("adds", "reads behind", QETL_E_FATAL,
                "FATAL: adds: column 2 is read, and there are 1: 0 \"name\"" READS);
    expect_told("adds", "reads before", QETL_E_FATAL,
                "FATAL: adds: column -1 is read, and there are 1: 0 \"name\"" READS);
    expect_told("takes", "reads behind", QETL_E_FATAL,
                "FATAL: takes: column 2 is read, and there are 2: 0 \"name\", 1 \"id\"" READS);
    expect_told("gives", "", QETL_E_FATAL, "FATAL: gives: column 0 is read, and there are 0" READS);
}

Test(sdk_row_wrong, a_column_of_another_type)
{
    expect_told("adds", "reads an int", QETL_E_FATAL,
                "FATAL: adds: column \"name\" is of the type text, and is read as a whole "
                "number" KINDS);
    expect_told("adds", "reads a real", QETL_E_FATAL,
                "FATAL: adds: column \"name\" is of the type text, and is read as a number" KINDS);
    expect_told("batch", "", QETL_E_FATAL,
                "FATAL: batch: column \"name\" is of the type text, and is read as a whole "
                "number" KINDS);
    expect_told("takes", "reads an int", QETL_E_FATAL,
                "FATAL: takes: column \"name\" is of the type text, and is read as a whole "
                "number" KINDS);
}

/* An answer of next is none of row. */
Test(sdk_row_wrong, an_answer_that_there_is_not)
{
    expect_told("gives", "answers a batch", QETL_E_FATAL,
                "FATAL: gives: row answered 1 - mend the plugin: QETL_OK is a row, QETL_ROW_NONE "
                "none, QETL_IDLE says that there is none now, QETL_END that there will be none\n");
}

/* What lies under it is nobody's. */
Test(sdk_row_wrong, a_null_reads_as_nothing)
{
    struct qetl_rig *t = rig_of("adds", "reads a NULL");
    qetl_rig_input(t, 0, "name text");
    cr_expect_eq(qetl_rig_feed(t, 0, "NULL\n"), QETL_OUTPUT);
    cr_expect_str_eq(qetl_rig_rejects(t), "");
    cr_expect_eq(qetl_rig_close(t), 0);
}

/* Names are compared as they are spelled. */
Test(sdk_row_wrong, two_columns_of_one_name)
{
    static const char mend[] =
        "give the new column another name, or rename the input's with a select before; in the "
        "plugin, qetl_row_replace puts one in the place of another";
    char said[400];
    snprintf(said, sizeof said,
             "CONFIG: adds: a column \"id\" is to be made, and the input has one of that name "
             "already - %s\n",
             mend);
    expect_told("adds", "a name of the input", QETL_E_CONFIG, said);
    snprintf(said, sizeof said,
             "CONFIG: adds: a column \"seen\" is to be made, and it makes one of that name "
             "already - %s\n",
             mend);
    expect_told("adds", "a name twice", QETL_E_CONFIG, said);
    struct qetl_rig *t = rig_of("adds", "another spelling");
    qetl_rig_input(t, 0, "name text");
    cr_expect_eq(qetl_rig_feed(t, 0, "ab\n"), QETL_OUTPUT);
    cr_expect_str_eq(qetl_rig_columns(t, 0), "name text, seen bigint, Seen text");
    cr_expect_eq(qetl_rig_close(t), 0);
}
