/* SPDX-License-Identifier: Apache-2.0 */
/* The test host sees what a plugin breaks: a test of such a plugin fails, with a message that says
 * what was wanted and what was found. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <qetl/rows.h>
#include <qetl/sdk.h>
#include <qetl/testhost.h>
#include <stdio.h>
#include <unistd.h>

/* ---- A plugin that does one thing wrong: what its option says ---- */

struct wrong {
    struct qetl_env env;
    const char *what;
    struct ArrowSchema field;
    bool ended;
};

static void *volatile leaked; /* seen from here, so that a sanitizer finds no leak of its own */
static struct qetl_rig *volatile last;

static bool is(const struct wrong *w, const char *what)
{
    return w->what && strcmp(w->what, what) == 0;
}

static int32_t wrong_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    struct wrong *w = self;
    (void)config;
    w->env = (struct qetl_env){host, ctx};
    w->what = qetl_option_text(w->env, "/wrong");
    if (is(w, "leak"))
        leaked = host->buffer_alloc(ctx, 100);
    return qetl_schema_init_field(&w->field, "made", "vu");
}

static void wrong_destroy(void *self)
{
    qetl_schema_release(&((struct wrong *)self)->field);
}

static int32_t transform_bind(void *self, uint32_t n_inputs,
                              const struct ArrowSchema *const *inputs, struct qetl_binder *binder)
{
    const struct wrong *w = self;
    int64_t none = 9;
    (void)n_inputs;
    if (is(w, "read"))
        return binder->read(binder, 0, 9, QETL_FORM_VALUE);
    if (is(w, "copy"))
        return binder->copy(binder, 0, -1, 0, 9, NULL);
    if (is(w, "rows"))
        return binder->rows(binder, 0, 17);
    if (is(w, "hash"))
        return binder->distribution(binder, QETL_DISTRIBUTION_HASH, 1, &none);
    int32_t status = qetl_bind_all(binder, inputs[0]);
    if (!status)
        status = qetl_bind_field(binder, 0, &w->field, 0, NULL);
    return status ? status : binder->rows(binder, 0, QETL_ROWS_SUBSET);
}

static int32_t made_column(const struct wrong *w, int64_t rows, struct ArrowArray *out)
{
    struct qetl_builder b;
    struct ArrowArray column;
    const char *text = is(w, "utf8") ? "\xff" : "made";
    int32_t status = qetl_builder_open(&b, w->env, &w->field, 0);
    for (int64_t i = 0; i < rows && !status; i++)
        status = qetl_builder_text(&b, text, (int64_t)strlen(text));
    if (!status)
        status = qetl_builder_close(&b, &column);
    if (is(w, "null count"))
        column.null_count = 5;
    return status ? status : qetl_array_struct(w->env, rows, 1, &column, out);
}

static int32_t transform_process(void *self, const struct qetl_event *event,
                                 struct qetl_output *out)
{
    static const int32_t beyond[] = {7, 8, 9};
    const struct wrong *w = self;
    if (event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    int32_t status = made_column(w, event->rows, &out->batch);
    out->rows = event->rows;
    if (is(w, "loses"))
        out->rows--;
    if (is(w, "counts twice"))
        out->rows_filtered = 1;
    if (is(w, "row map"))
        out->row_map = beyond;
    if (is(w, "derived map"))
        out->derived_map = beyond;
    if (is(w, "port"))
        out->port = 3;
    if (is(w, "released"))
        qetl_array_release(&out->batch);
    return status ? status : QETL_OUTPUT;
}

static int32_t source_describe(void *self, struct qetl_source_info *out)
{
    if (!is(self, "bytes"))
        return qetl_describe_rows(out, "made text", QETL_REPLAYABLE);
    out->emits = QETL_EMITS_BYTES;
    out->delivery = QETL_REPLAYABLE;
    return QETL_OK;
}

static int32_t source_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    (void)self;
    (void)split;
    (void)position;
    return QETL_OK;
}

static int32_t source_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct wrong *w = self;
    if (w->ended)
        return QETL_END;
    w->ended = true;
    if (is(w, "bytes")) {
        out->bytes = demand->max_bytes + 1;
        return QETL_BYTES;
    }
    int32_t status = made_column(w, demand->max_rows + is(w, "too many"), &out->batch);
    return status ? status : QETL_BATCH;
}

static int32_t sink_describe(void *self, struct qetl_sink_info *out)
{
    (void)self;
    out->takes = QETL_TAKES_BATCHES;
    out->delivery = QETL_APPEND;
    return QETL_OK;
}

static int32_t sink_open(void *self, uint32_t stream, const struct ArrowSchema *schema)
{
    (void)self;
    (void)stream;
    (void)schema;
    return QETL_OK;
}

static int32_t sink_write(void *self, struct qetl_write *write)
{
    write->rows_written = is(self, "loses") ? write->rows - 1 : write->rows;
    return QETL_OK;
}

static const struct qetl_transform transform_table = {
    .struct_size = sizeof transform_table, .bind = transform_bind, .process = transform_process};
static const struct qetl_source source_table = {.struct_size = sizeof source_table,
                                                .describe = source_describe,
                                                .open = source_open,
                                                .next = source_next};
static const struct qetl_sink sink_table = {.struct_size = sizeof sink_table,
                                            .describe = sink_describe,
                                            .open = sink_open,
                                            .write = sink_write};
static const struct qetl_sink sink_half = {.struct_size = sizeof sink_half,
                                           .describe = sink_describe};

#define WRONG(component, which, component_id, table)                                    \
    static const struct qetl_component component = {.struct_size = sizeof component,    \
                                                    .kind = which,                      \
                                                    .id = component_id,                 \
                                                    .state_size = sizeof(struct wrong), \
                                                    .create = wrong_create,             \
                                                    .destroy = wrong_destroy,           \
                                                    table}
WRONG(a_transform, QETL_TRANSFORM, "transform", .transform = &transform_table);
WRONG(a_source, QETL_SOURCE, "source", .source = &source_table);
WRONG(a_sink, QETL_SINK, "sink", .sink = &sink_table);
WRONG(a_half, QETL_SINK, "half", .sink = &sink_half);
WRONG(a_none, QETL_SINK, "none", .source = &source_table);

QETL_PLUGIN("wrong", "0.1.0", &a_transform, &a_source, &a_sink, &a_half, &a_none)

/* ---- What a test of it comes to ---- */

static const char said_file[] = "said-by-the-test-host.txt";
static int stderr_kept = -1;

static void listen(void)
{
    char name[64];
    snprintf(name, sizeof name, "%s.%d", said_file, (int)getpid());
    fflush(stderr);
    stderr_kept = dup(STDERR_FILENO);
    int fd = open(name, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
    unlink(name);
    cr_assert(fd >= 0 && dup2(fd, STDERR_FILENO) >= 0);
    close(fd);
}

static const char *heard(void)
{
    static char text[4000];
    fflush(stderr);
    ssize_t size = pread(STDERR_FILENO, text, sizeof text - 1, 0);
    text[size > 0 ? size : 0] = 0;
    dup2(stderr_kept, STDERR_FILENO);
    close(stderr_kept);
    return text;
}

/* How many failures a careless test comes to that looks at nothing, and what is said. */
static int careless(const char *component, const char *what, const char **said)
{
    char options[100];
    snprintf(options, sizeof options, "{\"wrong\": \"%s\"}", what);
    listen();
    struct qetl_rig *t = last = qetl_rig_open_entry(qetl_plugin_entry, NULL, component, options);
    if (strcmp(component, "source") == 0) {
        qetl_rig_demand(t, 3, 100);
        qetl_rig_read(t, -1);
    } else {
        qetl_rig_input(t, 0, "id bigint");
        qetl_rig_feed(t, 0, "1\n2\n3\n");
        qetl_rig_end(t);
    }
    int failed = qetl_rig_close(t);
    *said = heard();
    return failed;
}

Test(sdk_rig, who_breaks_nothing_passes)
{
    static const char *const components[] = {"transform", "source", "sink"};
    for (int i = 0; i < 3; i++) {
        const char *said;
        cr_expect_eq(careless(components[i], "nothing", &said), 0);
        cr_expect_str_eq(said, "0 passed, 0 failed\n");
    }
}

Test(sdk_rig, a_broken_rule_fails_also_a_test_that_does_not_look)
{
    static const struct {
        const char *component, *what, *said;
    } cases[] = {
        {"transform", "loses",
         "3 rows went in, and 2 out (0 of them added), 0 filtered, 0 reduced, "
         "0 rejected, 0 held"},
        {"transform", "counts twice",
         "3 rows went in, and 3 out (0 of them added), 1 filtered, 0 "
         "reduced, 0 rejected, 0 held"},
        {"transform", "row map", "row_map names no row of the input"},
        {"transform", "derived map", "row 0 has no derived row"},
        {"transform", "port", "there is no output port 3"},
        {"transform", "released", "the batch has been released already"},
        {"transform", "utf8", "the batch breaks a rule of Arrow: made: row 0 is not valid UTF-8"},
        {"transform", "null count", "the batch breaks a rule of Arrow: made: null_count"},
        {"transform", "read", "bind: there is no such column to read"},
        {"transform", "copy", "bind: there is no such column to copy"},
        {"transform", "rows", "bind: no such rows"},
        {"transform", "hash", "bind: there is no such column to hash"},
        {"source", "too many", "next brought 4 rows and was asked for 3"},
        {"source", "bytes", "next wrote more bytes than it had room for"},
        {"source", "utf8", "the batch breaks a rule of Arrow: made: row 0 is not valid UTF-8"},
        {"sink", "loses", "of 3 rows 2 were written and 0 rejected"},
        {"half", "nothing", "the callback open is missing"},
        {"none", "nothing", "create or the table that kind names is missing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *said;
        char wanted[200];
        int failed = careless(cases[i].component, cases[i].what, &said);
        snprintf(wanted, sizeof wanted, "the plugin breaks a rule: %s", cases[i].said);
        bool twice = strncmp(cases[i].said, "bind", 4) == 0; /* with the rows, and with their end */
        cr_expect_eq(failed, 1 + twice, "%s: %s", cases[i].component, cases[i].what);
        cr_expect(strstr(said, wanted), "%s: %s: is \"%s\", wanted \"%s\"", cases[i].component,
                  cases[i].what, said, wanted);
    }
}

Test(sdk_rig, a_leak_fails)
{
    const char *said;
    cr_expect_eq(careless("sink", "leak", &said), 1);
    cr_expect_str_eq(said, "1 buffer was never freed\n0 passed, 1 failed\n");
}

Test(sdk_rig, expectations_say_what_is_and_what_was_wanted)
{
    listen();
    struct qetl_rig *t = qetl_rig_open_entry(qetl_plugin_entry, NULL, "transform", "{}");
    qetl_rig_input(t, 0, "id bigint, city text");
    QETL_EXPECT_NUMBER(t, qetl_rig_feed(t, 0, "1|berlin\n"), QETL_OUTPUT);
    int text = QETL_EXPECT(t, qetl_rig_rows(t, 0), "1|bonn|made\n"), line = __LINE__;
    QETL_EXPECT_NUMBER(t, qetl_rig_feed(t, 0, "x|berlin\n"), QETL_OUTPUT);
    QETL_EXPECT(t, NULL, "");
    int failed = qetl_rig_close(t);
    const char *said = heard();
    char wanted[1000];
    snprintf(wanted, sizeof wanted,
             "%s:%d: qetl_rig_rows(t, 0)\n  is:     1|berlin|made\n\n  wanted: 1|bonn|made\n\n"
             "%s:%d: qetl_rig_feed(t, 0, \"x|berlin\\n\")\n  is -3, wanted 6\n"
             "  errors: DATA: row 0, column 0 of what is fed: ",
             __FILE__, line, __FILE__, line + 1);
    cr_expect_eq(text, 0);
    cr_expect_eq(failed, 3);
    cr_expect_eq(strncmp(said, wanted, strlen(wanted)), 0, "is \"%s\", wanted \"%s\"", said,
                 wanted);
    cr_expect(strstr(said, "  is:     (none)\n  wanted: \n"), "%s", said);
    cr_expect(strstr(said, "\n1 passed, 3 failed\n"), "%s", said);
}

/* A test that is wrong itself is told so; nothing of the plugin is called. */
Test(sdk_rig, mistakes_of_a_test)
{
    static const struct {
        const char *component, *options, *errors;
    } cases[] = {
        {"transfrom", "{}", "CONFIG: the plugin has no component \"transfrom\"\n"},
        {"sink", "{\"wrong\"", "CONFIG: the options are no JSON, from byte 8 on\n"},
        {"sink", "[]", "CONFIG: options are a JSON object\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct qetl_rig *t =
            qetl_rig_open_entry(qetl_plugin_entry, NULL, cases[i].component, cases[i].options);
        cr_expect_eq(qetl_rig_status(t), QETL_E_CONFIG);
        cr_expect_eq(qetl_rig_input(t, 0, "id bigint"), QETL_E_CONFIG);
        cr_expect_eq(qetl_rig_feed(t, 0, "1\n"), QETL_E_CONFIG);
        cr_expect_eq(qetl_rig_end(t), QETL_E_CONFIG);
        cr_expect_str_eq(qetl_rig_errors(t), cases[i].errors);
        qetl_rig_close(t);
    }
    struct qetl_rig *t = qetl_rig_open_entry(qetl_plugin_entry, NULL, "sink", "{}");
    cr_expect_eq(qetl_rig_feed(t, 0, "1\n"), QETL_E_FATAL);
    cr_expect_eq(qetl_rig_input(t, 1, "id bigint"), QETL_E_FATAL);
    cr_expect_eq(qetl_rig_input(t, 0, "id number"), QETL_E_UNSUPPORTED);
    cr_expect_eq(qetl_rig_read(t, -1), QETL_E_FATAL);
    cr_expect_str_eq(qetl_rig_errors(t), "FATAL: declare the columns with qetl_rig_input first\n"
                                         "FATAL: inputs are declared in order, from 0 on\n"
                                         "UNSUPPORTED: these are no columns: id number\n"
                                         "FATAL: only sources are read\n");
    qetl_rig_close(t);
}

Test(sdk_rig, options_are_held_against_the_manifest)
{
    static const char manifest[] =
        "{\"id\": \"wrong\", \"components\": [{\"kind\": \"sink\", \"id\": \"sink\", \"options\": "
        "{\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"wrong\"], "
        "\"properties\": {\"wrong\": {\"type\": \"string\"}, \"n\": {\"type\": \"integer\"}}}}]}";
    static const struct {
        const char *component, *options, *errors;
    } cases[] = {
        {"sink", "{}", "CONFIG (/wrong): by the manifest, the option is missing\n"},
        {"sink", "{\"wrong\": \"a\", \"n\": \"1\"}",
         "CONFIG (/n): by the manifest, the option is of another type or value\n"},
        {"sink", "{\"wrong\": \"a\", \"m\": 1}",
         "CONFIG (/m): by the manifest, the option is unknown\n"},
        {"source", "{}", "FATAL: the manifest does not name the source \"source\"\n"},
        {"sink", "{\"wrong\": \"a\"}", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct qetl_rig *t =
            qetl_rig_open_entry(qetl_plugin_entry, manifest, cases[i].component, cases[i].options);
        cr_expect_str_eq(qetl_rig_errors(t), cases[i].errors);
        cr_expect_eq(qetl_rig_status(t) < 0, *cases[i].errors != 0);
        qetl_rig_close(t);
    }
}
