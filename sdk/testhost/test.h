/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the test host share.
 *
 * Invariant: opened is the status of open; while it is a failure nothing of the plugin is called.
 * Ownership: a test owns its instance, schemas, texts and notes; close takes all of it.
 * Threads:   errors, logs and wakes are under the lock, buffers are counted atomically.
 */
#ifndef QETL_TESTHOST_TEST_H
#define QETL_TESTHOST_TEST_H

#include "json.h"

#include <pthread.h>
#include <qetl/sdk.h>
#include <qetl/testhost.h>
#include <stdatomic.h>

enum { PORTS_MAX = 8, COLUMNS_MAX = 256 };

struct bound_column { /* of an output port */
    uint32_t out_port;
    bool from[PORTS_MAX];      /* COPY: by input port … */
    int64_t column[PORTS_MAX]; /* … of which column */
    int64_t derived;           /* the how manieth derived column of its port, or -1 */
    struct ArrowSchema field;
};

struct binding {
    struct qetl_binder binder; /* first: its calls get its address */
    struct qetl_rig *test;
    int64_t n_columns, n_reads;
    struct bound_column columns[COLUMNS_MAX];
    struct {
        uint32_t port;
        int64_t column;
    } reads[COLUMNS_MAX];
    uint32_t n_out;
};

struct note { /* what an epoch leaves */
    bool noted, saved, final;
    int64_t split;
    uint64_t number;
    uint32_t version;
    struct text state, position;
    bool positioned;
    int64_t n_handles;
    struct text *handles;
};

struct qetl_rig {
    struct qetl_host host;
    void *library;
    const struct qetl_component *component;
    struct json *schema; /* of the options, in the manifest; NULL: there is none */
    struct json *manifest, *config;
    struct text config_text;
    void *self;
    int32_t opened, status;
    bool restored;
    struct qetl_env env;

    pthread_mutex_t lock;
    pthread_cond_t woken;
    int64_t wakes;
    atomic_int_fast64_t buffers, fail_alloc;
    atomic_int cancelled;
    int64_t n_rejected;

    struct text errors, logs, rejects, outputs, bytes, counts;
    struct text rows[PORTS_MAX], columns[PORTS_MAX];
    int64_t filtered, added, reduced, held;

    struct ArrowSchema inputs[PORTS_MAX];
    uint32_t n_inputs;
    bool bound, begun;
    struct binding *binding;

    struct ArrowSchema made; /* of a source or decoder */
    bool splits_planned;
    int64_t n_splits, split; /* the one under way */
    struct text *splits;
    bool split_open;
    struct text position;
    bool positioned;
    int64_t max_rows, max_bytes;
    int64_t rows_read;

    struct note note;
    uint64_t epoch;
    struct qetl_source_info source;
    struct qetl_sink_info sink;

    int passed, failed;
};

/* host.c */
void test_host_init(struct qetl_rig *t);
/* Waits for a wake that was not waited for yet; false: none in 5 s. */
bool test_wait(struct qetl_rig *t);
/* Reports what the test host itself finds, as the plugin reports: answers code. */
int32_t test_fail(struct qetl_rig *t, int32_t code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same of a rule of the ABI that the plugin breaks: said at once, and the test fails. FATAL. */
int32_t test_broken(struct qetl_rig *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int32_t test_done(struct qetl_rig *t, int32_t status); /* becomes what qetl_rig_status says */
/* options.c: checks the options against the manifest, and fills in what it says. */
int32_t test_options_fill(struct qetl_rig *t);
const void *test_extension(struct qetl_ctx *ctx, const char *id);
int32_t test_callbacks_check(struct qetl_rig *t);
/* instance.c */
int32_t test_instance_make(struct qetl_rig *t);
void test_instance_drop(struct qetl_rig *t);
/* epochs.c: what the noted epoch saved, once an instance; nothing where nothing was noted. */
int32_t test_restore(struct qetl_rig *t);
/* table.c */
int32_t test_schema_parse(struct qetl_rig *t, const char *columns, struct ArrowSchema *out);
int32_t test_batch_parse(struct qetl_rig *t, const struct ArrowSchema *schema, const char *rows,
                         struct ArrowArray *out);
int32_t test_rows_print(struct qetl_rig *t, const struct ArrowSchema *schema,
                        const struct ArrowArray *batch, struct text *out);
void test_value_print(struct qetl_rig *t, const struct qetl_column *column, int64_t row,
                      struct text *out);
/* Has something write into a space whose bytes are appended to the text. */
int32_t test_space(struct text *text, void *about,
                   int32_t (*write)(void *about, struct qetl_space *space));
void test_columns_print(const struct ArrowSchema *schema, struct text *out);
/* Everything of Arrow's rules. */
int32_t test_validate(struct qetl_rig *t, const struct ArrowSchema *schema,
                      const struct ArrowArray *batch);
/* sink.c: whether all columns are welcome as VALUE; forms may be NULL. */
int32_t test_forms_check(struct qetl_rig *t,
                         int32_t (*forms)(void *, const struct ArrowSchema *, uint32_t *));
/* source.c, transform.c, sink.c, format.c */
int32_t source_open(struct qetl_rig *t);
int32_t transform_bind(struct qetl_rig *t);
void transform_unbind(struct qetl_rig *t);
int32_t transform_feed(struct qetl_rig *t, uint32_t port, struct ArrowArray *batch);
int32_t transform_event(struct qetl_rig *t, uint32_t port, uint32_t kind);
int32_t sink_open(struct qetl_rig *t);
int32_t sink_write(struct qetl_rig *t, struct qetl_write *write);
int32_t format_encode_open(struct qetl_rig *t);
int32_t format_encode(struct qetl_rig *t, const struct ArrowArray *batch);
int32_t format_finish(struct qetl_rig *t);

#endif
