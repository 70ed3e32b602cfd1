/* SPDX-License-Identifier: Apache-2.0 */
/* Components written a row at a time: what the skeletons promise, through the test host. */
#include <criterion/criterion.h>
#include <qetl/row_sink.h>
#include <qetl/row_source.h>
#include <qetl/row_transform.h>
#include <qetl/testhost.h>
#include <stdio.h>

/* ---- A source that counts, and does what its script says at each row ---- */

struct script {
    struct qetl_row row;
    const char *steps;
    int64_t at;
    char last[8];
    bool retried;
};
static const struct qetl_option_field script_options[] = {
    {"/steps", QETL_OPTION_TEXT, offsetof(struct script, steps), "", NULL},
};
static const struct qetl_kept_field script_position[] = {
    QETL_KEPT_INT(struct script, at),
    QETL_KEPT_TEXT(struct script, last),
};

static int32_t script_row(void *self)
{
    struct script *s = self;
    struct qetl_row *row = &s->row;
    char step = s->steps[s->at];
    if (!step)
        return QETL_END;
    if (step == '~' && !s->retried) {
        s->retried = true;
        return qetl_fail(row->env, QETL_E_RETRY_CALL, NULL, NULL, "not now");
    }
    s->retried = false;
    s->at++;
    qetl_row_put_int(row, 0, step == 'b' ? 70000 : s->at); /* smallint: it does not fit */
    if (step == 'n')
        return QETL_OK;
    if (step == 'w') {
        char *room = qetl_row_put_room(row, 1, 2);
        if (room)
            memcpy(room, "\xc3(", 2);
        return QETL_OK;
    }
    qetl_row_put_text(row, 1, s->last, (int64_t)strlen(s->last));
    snprintf(s->last, sizeof s->last, "%c", step);
    switch (step) {
    case '-':
        return QETL_ROW_NONE;
    case 'r':
        return qetl_row_reject_bytes(row, "odd", s->steps, 2, "step %d", (int)s->at);
    case 'R':
        qetl_row_reject(row, 1, "odd", "first");
        return qetl_row_reject(row, 1, "odd", "second");
    case '2':
        qetl_row_put_int(row, 0, 1);
        return QETL_OK;
    case '9':
        qetl_row_put_int(row, 9, 1);
        return QETL_OK;
    case 't':
        qetl_row_put_bool(row, 2, true);
        return QETL_OK;
    case 'u':
        snprintf(s->last, sizeof s->last, "\xff"); /* which the next row has as its text */
        return QETL_ROW_NONE;
    case 'q': /* nobody said why */
        return QETL_ROW_REJECTED;
    case 'x':
        return qetl_fail(row->env, QETL_E_ENVIRONMENT, NULL, NULL, "it is broken");
    default:
        qetl_row_put_decimal(row, 2, step == 'd' ? 1000 : 125);
        return QETL_OK;
    }
}
static const struct qetl_row_source script = {
    .columns = "at smallint, before text, price decimal(3,2)",
    .options = QETL_TABLE(script_options),
    .position = QETL_TABLE(script_position),
    .row = script_row,
};
QETL_ROW_SOURCE(script, "script", struct script)

/* ---- A transform: every other row, numbered, with a column replaced ---- */

struct halve {
    struct qetl_row row;
    const char *mode;
    int64_t seen, most;
};
static const struct qetl_option_field halve_options[] = {
    {"/mode", QETL_OPTION_TEXT, offsetof(struct halve, mode), "", NULL},
    {"/most", QETL_OPTION_INT, offsetof(struct halve, most), "1000", NULL},
};
static const struct qetl_kept_field halve_state[] = {QETL_KEPT_INT(struct halve, seen)};

static int32_t halve_bind(void *self, const struct ArrowSchema *input)
{
    struct halve *h = self;
    int64_t name = qetl_row_read(&h->row, "/mode", "name", NULL);
    (void)input;
    qetl_row_make(&h->row, "seen", "bigint");
    qetl_row_replace(&h->row, name, NULL);
    if (strcmp(h->mode, "twice") == 0)
        qetl_row_replace(&h->row, name, "text");
    if (strcmp(h->mode, "nothing") == 0)
        qetl_row_replace(&h->row, 5, "text");
    if (strcmp(h->mode, "rows") == 0)
        return QETL_ROWS_EXPAND;
    return strcmp(h->mode, "keep") == 0 ? QETL_ROWS_KEEP : QETL_ROWS_SUBSET;
}

static int32_t halve_row(void *self)
{
    struct halve *h = self;
    int64_t seen = ++h->seen;
    if (seen == h->most)
        qetl_row_end(&h->row);
    if (seen % 2 == 0)
        return QETL_ROW_NONE;
    qetl_row_put_int(&h->row, 0, seen);
    if (qetl_row_is_null(&h->row, 0))
        return QETL_OK;
    struct qetl_text name = qetl_row_text(&h->row, 0);
    if (name.size == 1)
        return qetl_row_reject(&h->row, 0, "short", "too short");
    char *room = qetl_row_put_room(&h->row, 1, name.size);
    if (!room)
        return QETL_E_NO_MEMORY;
    for (int64_t i = 0; i < name.size; i++)
        room[i] = name.data[name.size - 1 - i];
    return QETL_OK;
}
static int32_t halve_restored(void *self)
{
    return ((struct halve *)self)->seen >= 0 ? QETL_OK : QETL_E_UNSUPPORTED;
}
static const struct qetl_row_transform halve = {
    .options = QETL_TABLE(halve_options),
    .bind = halve_bind,
    .row = halve_row,
    .state = QETL_TABLE(halve_state),
    .restored = halve_restored,
};
QETL_ROW_TRANSFORM_SAVED(halve, "halve", struct halve)

/* ---- The same by the batch, without state: the rows from `first` on, with a column more ---- */

struct tail {
    struct qetl_row row;
    int64_t first, wrong;
};
static const struct qetl_option_field tail_options[] = {
    {"/first", QETL_OPTION_INT, offsetof(struct tail, first), "0", NULL},
    {"/wrong", QETL_OPTION_INT, offsetof(struct tail, wrong), "0", NULL},
};
static int32_t tail_bind(void *self, const struct ArrowSchema *input)
{
    struct tail *t = self;
    (void)input;
    qetl_row_read(&t->row, NULL, "id", "bigint");
    qetl_row_make(&t->row, "double", "bigint");
    return QETL_ROWS_SUBSET;
}
static int64_t tail_batch(void *self, const struct qetl_event *event, int32_t *kept,
                          int64_t *rejected)
{
    struct tail *t = self;
    struct qetl_builder *made = qetl_row_builder(&t->row, 0);
    int64_t n = 0;
    (void)rejected;
    for (int64_t i = t->first; i < event->rows; i++) {
        int64_t id = qetl_column_int(&t->row.columns[0], i);
        t->row.index = i;
        if (id < 0) {
            qetl_row_reject(&t->row, 0, "negative", "%lld", (long long)id);
            continue;
        }
        int32_t status = qetl_builder_int(made, 2 * id);
        if (status)
            return status;
        kept[n++] = (int32_t)i;
    }
    return n + t->wrong;
}
static const struct qetl_row_transform tail = {
    .options = QETL_TABLE(tail_options), .bind = tail_bind, .batch = tail_batch};
QETL_ROW_TRANSFORM(tail, "tail", struct tail)

/* ---- A sink: it counts, does what a text says, and commits how many ---- */

struct tally {
    struct qetl_row row;
    int64_t taken;
    bool wordy;
};
static int64_t shown, plain_rows;
static bool busy;

static int32_t tally_row(void *self)
{
    struct tally *t = self;
    struct qetl_text word =
        qetl_row_is_null(&t->row, 0) ? (struct qetl_text){"", 0} : qetl_row_text(&t->row, 0);
    if (word.size && *word.data == 'r')
        return qetl_row_reject(&t->row, 0, "odd", "it is odd");
    if (word.size && *word.data == '~' && busy)
        return qetl_fail(t->row.env, QETL_E_RETRY_CALL, NULL, NULL, "not now");
    t->wordy |= word.size && *word.data == 'w';
    t->taken++;
    plain_rows++;
    return QETL_OK;
}
static int32_t tally_prepare(void *self, const struct qetl_epoch *epoch, struct qetl_parcel *handle)
{
    struct tally *t = self;
    (void)epoch;
    if (!t->taken)
        return QETL_ROW_NONE;
    qetl_parcel_put_int(handle, t->taken);
    for (int i = 0; t->wordy && i < 600; i++)
        qetl_parcel_put_int(handle, i);
    t->taken = 0;
    return QETL_OK;
}
static int32_t tally_commit(void *self, const struct qetl_epoch *epoch,
                            struct qetl_parcel_in *handle)
{
    (void)self;
    (void)epoch;
    shown += qetl_parcel_int(handle);
    return qetl_parcel_close(handle);
}
static int32_t tally_abort(void *self, const struct qetl_epoch *epoch,
                           struct qetl_parcel_in *handle)
{
    struct tally *t = self;
    (void)epoch;
    if (!handle)
        t->taken = 0;
    return QETL_OK;
}
static const struct qetl_row_sink tally = {.delivery = QETL_TRANSACTIONAL,
                                           .row = tally_row,
                                           .prepare = tally_prepare,
                                           .commit = tally_commit,
                                           .abort = tally_abort};
QETL_ROW_SINK_COMMITS(tally, "tally", struct tally)
static const struct qetl_row_sink plain = {.delivery = QETL_APPEND, .row = tally_row};
QETL_ROW_SINK(plain, "plain", struct tally)
static const struct qetl_row_sink half = {.delivery = QETL_TRANSACTIONAL, .row = tally_row};
QETL_ROW_SINK_COMMITS(half, "half", struct tally)

/* A spec with a state, in a component that does not save it. */
static const struct qetl_row_transform forgets = {
    .options = QETL_TABLE(halve_options),
    .bind = halve_bind,
    .row = halve_row,
    .state = QETL_TABLE(halve_state),
};
QETL_ROW_TRANSFORM(forgets, "forgets", struct halve)

QETL_PLUGIN("rows", "0.1.0", &script_component, &halve_component, &tail_component,
            &forgets_component, &tally_component, &plain_component, &half_component)

static struct qetl_rig *rig_of(const char *component, const char *options)
{
    return qetl_rig_open_entry(qetl_plugin_entry, NULL, component, options);
}

static void expect_closed(struct qetl_rig *t)
{
    cr_expect_eq(qetl_rig_close(t), 0);
}

Test(sdk_row, a_source_gives_rejects_and_passes_over_rows)
{
    struct qetl_rig *t = rig_of("script", "{\"steps\": \"a-brnRd\"}");
    qetl_rig_demand(t, 1000, 0); /* as many bytes as there are */
    cr_expect_eq(qetl_rig_read(t, -1), QETL_END);
    cr_expect_str_eq(qetl_rig_columns(t, 0), "at smallint, before text, price decimal(3,2)");
    cr_expect_str_eq(qetl_rig_rows(t, 0), "1||1.25\n5|NULL|NULL\n");
    cr_expect_str_eq(qetl_rig_rejects(t),
                     "1|0|does_not_fit|column \"at\" is of the type smallint, and cannot hold it\n"
                     "2|-1|odd|step 4|a-\n"
                     "4|1|odd|first\n"
                     "5|2|does_not_fit|column \"price\" is of the type decimal(3,2), and cannot "
                     "hold it\n");
    expect_closed(t);
}

Test(sdk_row, a_text_that_is_no_utf8_has_its_row_rejected)
{
    struct qetl_rig *t = rig_of("script", "{\"steps\": \"aucaw\"}");
    qetl_rig_demand(t, 1000, 0);
    cr_expect_eq(qetl_rig_read(t, -1), QETL_END);
    cr_expect_str_eq(qetl_rig_rows(t, 0), "1||1.25\n4|c|1.25\n");
    cr_expect_str_eq(qetl_rig_rejects(t),
                     "1|1|bad_utf8|the text for column \"before\" is no UTF-8\n"
                     "3|1|bad_utf8|the text for column \"before\" is no UTF-8\n");
    expect_closed(t);
}

Test(sdk_row, a_row_is_rejected_by_who_says_why)
{
    struct qetl_rig *t = rig_of("script", "{\"steps\": \"aqa\"}");
    qetl_rig_demand(t, 1, 0);
    cr_expect_eq(qetl_rig_read(t, -1), QETL_E_FATAL);
    cr_expect_str_eq(qetl_rig_rows(t, 0), "1||1.25\n");
    cr_expect_str_eq(qetl_rig_errors(t),
                     "FATAL: script: a row is answered as rejected, and was not - mend the plugin: "
                     "return qetl_row_reject(...), which says why\n");
    expect_closed(t);
}

Test(sdk_row, a_source_goes_on_behind_each_row)
{
    for (int64_t rows = 1; rows < 6; rows++) {
        struct qetl_rig *t = rig_of("script", "{\"steps\": \"abrca\"}");
        qetl_rig_demand(t, 1, 1);
        qetl_rig_read(t, rows);
        qetl_rig_epoch(t);
        qetl_rig_restart(t);
        cr_expect_eq(qetl_rig_read(t, -1), QETL_END);
        cr_expect_str_eq(qetl_rig_rows(t, 0), "1||1.25\n4|r|1.25\n5|c|1.25\n", "%d", (int)rows);
        expect_closed(t);
    }
}

Test(sdk_row, what_can_be_repeated_is_called_again_and_loses_nothing)
{
    struct qetl_rig *t = rig_of("script", "{\"steps\": \"a~c\"}");
    cr_expect_eq(qetl_rig_read(t, 1), QETL_OK);
    cr_expect_str_eq(qetl_rig_rows(t, 0), "1||1.25\n");
    cr_expect_eq(qetl_rig_read(t, -1), QETL_END);
    cr_expect_str_eq(qetl_rig_rows(t, 0), "1||1.25\n2|a|1.25\n3|~|1.25\n");
    expect_closed(t);
    t = rig_of("script", "{\"steps\": \"~c\"}");
    cr_expect_eq(qetl_rig_read(t, -1), QETL_E_RETRY_CALL);
    cr_expect_eq(qetl_rig_read(t, -1), QETL_END);
    cr_expect_str_eq(qetl_rig_rows(t, 0), "1||1.25\n2|~|1.25\n");
    expect_closed(t);
}

Test(sdk_row, behind_a_failure_a_source_goes_no_further)
{
    static const struct {
        const char *options, *errors;
    } cases[] = {
        {"{\"steps\": \"axa\"}", "ENVIRONMENT: it is broken\nFATAL: script has failed before\n"},
        {"{\"steps\": \"a2a\"}", "FATAL: a second value for one row was put into column \"at\" - "
                                 "mend the plugin\nFATAL: script has failed before\n"},
        {"{\"steps\": \"a9a\"}",
         "FATAL: a value was put into column 9, and there are 3, from 0 on - mend the "
         "plugin\nFATAL: script has failed before\n"},
        {"{\"steps\": \"ata\"}",
         "FATAL: a value of another type was put into "
         "column \"price\", which is decimal(3,2) - mend the plugin\nFATAL: script has failed "
         "before\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct qetl_rig *t = rig_of("script", cases[i].options);
        cr_expect(qetl_rig_read(t, -1) < 0);
        cr_expect_eq(qetl_rig_read(t, -1), QETL_E_FATAL);
        cr_expect_str_eq(qetl_rig_errors(t), cases[i].errors);
        cr_expect_str_eq(qetl_rig_rows(t, 0), "");
        expect_closed(t);
    }
}

/* Each buffer in turn cannot be had: a failure, or every row. */
Test(sdk_row, a_source_without_memory)
{
    int failures = 0;
    for (int64_t after = 0; after < 16; after++) {
        struct qetl_rig *t = rig_of("script", "{\"steps\": \"abcn\"}");
        qetl_rig_fail_alloc(t, after);
        int32_t status = qetl_rig_read(t, -1);
        cr_expect(status == QETL_END || status == QETL_E_NO_MEMORY);
        failures += status < 0;
        cr_expect_str_eq(qetl_rig_rows(t, 0), status < 0 ? "" : "1||1.25\n3|b|1.25\n4|NULL|NULL\n");
        expect_closed(t);
    }
    cr_expect(failures >= 3 && failures < 16);
}

Test(sdk_row, a_transform_filters_replaces_and_makes)
{
    struct qetl_rig *t = rig_of("halve", "{}");
    qetl_rig_input(t, 0, "id bigint, name text, city text");
    cr_expect_eq(qetl_rig_feed(t, 0, "1|abc|x\n2|NULL|y\n3|NULL|z\n4|o|u\n5|o|v\n"), QETL_OUTPUT);
    cr_expect_str_eq(qetl_rig_columns(t, 0), "id bigint, name text, city text, seen bigint");
    cr_expect_str_eq(qetl_rig_rows(t, 0), "1|cba|x|1\n3|NULL|z|3\n");
    cr_expect_str_eq(qetl_rig_rejects(t), "4|0|short|too short\n");
    cr_expect_str_eq(qetl_rig_counts(t), "filtered 2 added 0 reduced 0 held 0");
    qetl_rig_epoch(t);
    qetl_rig_restart(t);
    cr_expect_eq(qetl_rig_feed(t, 0, "6|def|x\n"), QETL_NEED_INPUT);
    cr_expect_eq(qetl_rig_feed(t, 0, "7|a long name, no view|x\n"), QETL_OUTPUT);
    cr_expect_eq(qetl_rig_end(t), QETL_END);
    cr_expect_str_eq(qetl_rig_rows(t, 0), "1|cba|x|1\n3|NULL|z|3\n7|weiv on ,eman gnol a|x|7\n");
    expect_closed(t);
}

Test(sdk_row, a_transform_ends_where_no_more_is_wanted)
{
    struct qetl_rig *t = rig_of("halve", "{\"most\": 3}");
    qetl_rig_input(t, 0, "name text");
    cr_expect_eq(qetl_rig_feed(t, 0, "ab\ncd\nef\ngh\nij\n"), QETL_END);
    cr_expect_str_eq(qetl_rig_rows(t, 0), "ba|1\nfe|3\n");
    cr_expect_str_eq(qetl_rig_counts(t), "filtered 3 added 0 reduced 0 held 0");
    expect_closed(t);
}

/* Each buffer in turn cannot be had; the batch is then fed again, and nothing was counted twice. */
Test(sdk_row, a_batch_that_failed_leaves_state_and_columns_as_they_were)
{
    int failures = 0;
    for (int64_t after = 0; after < 6; after++) {
        struct qetl_rig *t = rig_of("halve", "{}");
        qetl_rig_input(t, 0, "name text");
        qetl_rig_feed(t, 0, "ab\n");
        qetl_rig_fail_alloc(t, after);
        int32_t status = qetl_rig_feed(t, 0, "cd\na longer name\nNULL\nx\nNULL\n");
        failures += status == QETL_E_NO_MEMORY;
        if (status < 0)
            qetl_rig_feed(t, 0, "cd\na longer name\nNULL\nx\nNULL\n");
        cr_expect_str_eq(qetl_rig_rows(t, 0), "ba|1\neman regnol a|3\n", "%d", (int)after);
        expect_closed(t);
    }
    cr_expect(failures >= 2);
}

Test(sdk_row, mistakes_of_a_plugin_are_told)
{
    static const struct {
        const char *component, *options, *error;
    } cases[] = {
        {"halve", "{\"mode\": \"twice\"}",
         "FATAL: halve: a column is replaced twice in bind - mend the plugin\n"},
        {"halve", "{\"mode\": \"nothing\"}",
         "FATAL: halve: a column that is not read is replaced in bind - mend the plugin\n"},
        {"halve", "{\"mode\": \"rows\"}",
         "FATAL: halve: rows are neither QETL_ROWS_KEEP nor QETL_ROWS_SUBSET in bind - mend the "
         "plugin\n"},
        {"halve", "{\"mode\": \"keep\"}",
         "FATAL: halve: a row does not go on, and bind answered QETL_ROWS_KEEP - mend the "
         "plugin: bind answers QETL_ROWS_SUBSET where a row may be rejected or stay behind\n"},
        {"tail", "{\"wrong\": 1}",
         "FATAL: column \"double\" has 2 values for 3 rows - mend the plugin\n"},
        {"forgets", "{}",
         "FATAL: forgets: a bind, row or batch, and a state if it is to be saved are needed - mend "
         "the plugin: QETL_ROW_TRANSFORM_SAVED goes with a state, or save and restore\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct qetl_rig *t = rig_of(cases[i].component, cases[i].options);
        qetl_rig_input(t, 0, "id bigint, name text");
        cr_expect_eq(qetl_rig_feed(t, 0, "1|ab\n2|cd\n"), QETL_E_FATAL);
        cr_expect_str_eq(qetl_rig_errors(t), cases[i].error);
        cr_expect_str_eq(qetl_rig_rows(t, 0), "");
        expect_closed(t);
    }
}

Test(sdk_row, by_the_batch)
{
    struct qetl_rig *t = rig_of("tail", "{\"first\": 1}");
    qetl_rig_input(t, 0, "id bigint, name text");
    cr_expect_eq(qetl_rig_feed(t, 0, "1|a\n-2|b\n3|c\n4|d\n"), QETL_OUTPUT);
    cr_expect_str_eq(qetl_rig_rows(t, 0), "3|c|6\n4|d|8\n");
    cr_expect_str_eq(qetl_rig_rejects(t), "1|0|negative|-2\n");
    cr_expect_str_eq(qetl_rig_counts(t), "filtered 1 added 0 reduced 0 held 0");
    cr_expect_eq(qetl_rig_feed(t, 0, "1|a\n"), QETL_NEED_INPUT);
    expect_closed(t);
    t = rig_of("tail", "{}");
    qetl_rig_input(t, 0, "id text");
    cr_expect_eq(qetl_rig_feed(t, 0, "a\n"), QETL_E_CONFIG);
    cr_expect_str_eq(qetl_rig_errors(t),
                     "CONFIG: column \"id\" is of the type text - name a column "
                     "of the type bigint, or make it one: with `types` in the source's "
                     "format, or with CAST in a compute\n");
    expect_closed(t);
}

Test(sdk_row, a_sink_takes_rejects_and_commits)
{
    struct qetl_rig *t = rig_of("tally", "{}");
    qetl_rig_input(t, 0, "word text");
    cr_expect_eq(qetl_rig_feed(t, 0, "a\nr\nNULL\n"), QETL_OK);
    cr_expect_str_eq(qetl_rig_rejects(t), "1|0|odd|it is odd\n");
    qetl_rig_epoch(t);
    qetl_rig_restart(t);
    cr_expect_eq(shown, 0);
    qetl_rig_commit(t);
    cr_expect_eq(shown, 2);
    qetl_rig_feed(t, 0, "a\n");
    qetl_rig_epoch(t);
    qetl_rig_abort(t);
    qetl_rig_epoch(t); /* nothing came */
    cr_expect_eq(qetl_rig_commit(t), QETL_OK);
    cr_expect_eq(shown, 2);
    qetl_rig_feed(t, 0, "w\n");
    cr_expect_eq(qetl_rig_epoch(t), QETL_E_FATAL);
    cr_expect_str_eq(qetl_rig_errors(t),
                     "FATAL: tally: a handle has room for 4096 bytes - mend the plugin\n");
    expect_closed(t);
}

/* A batch that comes again goes on at the row that failed, and tells once what it rejected. */
Test(sdk_row, a_sink_writes_no_row_twice)
{
    struct qetl_rig *t = rig_of("plain", "{}");
    qetl_rig_input(t, 0, "word text");
    busy = true;
    cr_expect_eq(qetl_rig_feed(t, 0, "~\na\n"), QETL_E_RETRY_CALL);
    busy = false;
    cr_expect_eq(qetl_rig_feed(t, 0, "~\na\n"), QETL_OK);
    busy = true;
    plain_rows = 0;
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(qetl_rig_feed(t, 0, "a\nr\n~\nr\na\n"), QETL_E_RETRY_CALL);
        cr_expect_str_eq(qetl_rig_rejects(t), "");
    }
    busy = false;
    cr_expect_eq(qetl_rig_feed(t, 0, "a\nr\n~\nr\na\n"), QETL_OK);
    cr_expect_str_eq(qetl_rig_rejects(t), "1|0|odd|it is odd\n3|0|odd|it is odd\n");
    cr_expect_eq(plain_rows, 3);
    expect_closed(t);
}

Test(sdk_row, a_sink_refuses_what_is_not_its_own)
{
    struct tally self = {0};
    const struct qetl_sink *table = tally_component.sink;
    struct qetl_epoch epoch = {.struct_size = sizeof epoch, .number = 1};
    struct qetl_parcel parcel;
    cr_assert_eq(qetl_row_sink_create(&self, NULL, NULL, &tally, "tally", true), QETL_OK);
    qetl_parcel_begin(&parcel, 1);
    qetl_parcel_put_int(&parcel, 5);
    struct qetl_blob handle = qetl_parcel_blob(&parcel);
    shown = 0;
    cr_expect_eq(table->commit(&self, &epoch, 1, &handle), QETL_OK);
    cr_expect_eq(shown, 5);
    for (size_t i = 0; i < handle.size; i++) {
        parcel.bytes[i] ^= 1;
        cr_expect_eq(table->commit(&self, &epoch, 1, &handle), QETL_E_UNSUPPORTED);
        cr_expect_eq(table->abort(&self, &epoch, 1, &handle), QETL_E_UNSUPPORTED);
        parcel.bytes[i] ^= 1;
    }
    cr_expect_eq(shown, 5);
    cr_expect_eq(tally_component.restore(&self, 2, NULL), QETL_E_UNSUPPORTED);
    qetl_row_sink_destroy(&self);
    struct qetl_rig *t = rig_of("half", "{}");
    cr_expect_str_eq(qetl_rig_errors(t), "FATAL: half: a row is needed, and to commit a prepare, "
                                         "commit and abort - mend the plugin\n");
    expect_closed(t);
}
