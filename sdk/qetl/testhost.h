/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host for unit tests of one component, without qetl (libqetl_testhost.a, qetl-testhost.pc). A
 * test feeds rows as text, and compares as text what came of them:
 *
 *     struct qetl_rig *t = qetl_rig_open("./upper.so", "upper", "{\"column\": \"city\"}");
 *     qetl_rig_input(t, 0, "id bigint, city text");
 *     qetl_rig_feed(t, 0, "1|berlin\n2|NULL\n");
 *     QETL_EXPECT(t, qetl_rig_rows(t, 0), "1|BERLIN\n2|NULL\n");
 *     return qetl_rig_close(t) != 0;
 *
 * Rows as text: a line each, cells parted by |. NULL stands for a NULL; \| \\ and \n for these
 * characters, and \NULL for the text NULL. Values are written as qetl_render writes them.
 *
 * Invariant: what the plugin hands over is validated in full; what breaks a rule is told on stderr,
 *            and fails the test.
 * Ownership: texts that are answered belong to the test; they are valid until the next call of it.
 * Threads:   one thread calls; wake, log, error and buffers may be used by threads of the plugin.
 */
#ifndef QETL_TESTHOST_H
#define QETL_TESTHOST_H

#include <qetl/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

struct qetl_rig;

/* ---- One instance of a component, created and started ---- */

/* file: the library; its manifest NAME.qetl.json beside it gives the defaults of options, and
 * refuses unknown, missing and mistyped ones. component: its id, or "sink file" where it takes the
 * kind to tell; NULL: the first one. options: JSON, NULL: {}. Never NULL; qetl_rig_status says
 * whether all went well, and every call on a test that could not be opened answers the same. */
struct qetl_rig *qetl_rig_open(const char *file, const char *component, const char *options);
/* As open, of a plugin that is linked into the test. manifest: its text, or NULL: options are
 * passed as they are. */
struct qetl_rig *qetl_rig_open_entry(qetl_plugin_entry_fn *entry, const char *manifest,
                                     const char *component, const char *options);
/* Stops and destroys the instance; says on stderr what leaked. Answers how many expectations did
 * not come true, rules were broken and buffers leaked: 0 is success. Accepts NULL. */
int qetl_rig_close(struct qetl_rig *t);

/* What the last call answered. */
int32_t qetl_rig_status(const struct qetl_rig *t);

/* ---- Driving it. All answer a status of the ABI: 0, an outcome, or a failure ---- */

/* Of transforms, sinks and encoders: the columns of an input, "id bigint, city text". */
int32_t qetl_rig_input(struct qetl_rig *t, uint32_t port, const char *columns);
/* Makes a batch of these rows and has it processed, written or encoded. */
int32_t qetl_rig_feed(struct qetl_rig *t, uint32_t port, const char *rows);
/* As feed, of a batch that the test made; moved. */
int32_t qetl_rig_feed_batch(struct qetl_rig *t, uint32_t port, struct ArrowArray *batch);
/* As feed, of a sink that takes bytes. */
int32_t qetl_rig_feed_bytes(struct qetl_rig *t, const void *bytes, size_t size, int64_t rows);
/* A source: rows, or bytes, until END, which it answers, or until at least so many rows came (-1:
 * no matter how many), which answers OK. IDLE is waited out: 5 s without a wake answer IDLE. */
int32_t qetl_rig_read(struct qetl_rig *t, int64_t rows);
/* What next may deliver from now on; at first 1000 rows and 64 KiB. */
void qetl_rig_demand(struct qetl_rig *t, int64_t max_rows, int64_t max_bytes);
/* A format: infers the columns of a whole object and reads it. */
int32_t qetl_rig_decode(struct qetl_rig *t, const void *bytes, size_t size);
/* The end of all inputs: a transform's last rows, an encoder's footer, a sink's last epoch. */
int32_t qetl_rig_end(struct qetl_rig *t);

/* ---- Epochs: a barrier, then commit, or a crash by restart and then commit or abort ---- */

/* The position of a source, what a sink prepared, and what save writes are noted. */
int32_t qetl_rig_epoch(struct qetl_rig *t);
/* A sink: the noted epoch is decided, or given up. A source: what was noted is acknowledged. */
int32_t qetl_rig_commit(struct qetl_rig *t);
int32_t qetl_rig_abort(struct qetl_rig *t);
/* Destroys the instance as a crash would leave it (no stop), and has a new one go on from the
 * last epoch that was noted; without one, from the beginning. */
int32_t qetl_rig_restart(struct qetl_rig *t);

/* ---- What came of it, as text; "" where there is nothing ---- */

const char *qetl_rig_rows(const struct qetl_rig *t, uint32_t port);
/* "id bigint, city text", of a source, a decoder or an output port. */
const char *qetl_rig_columns(const struct qetl_rig *t, uint32_t port);
/* A line each: row|column|code|message, and |bytes where there were any. */
const char *qetl_rig_rejects(const struct qetl_rig *t);
/* A line each: the status's name, the option in parentheses, message, and mend behind a dash:
 * "CONFIG (/column): there is no column "x" - the input has "y"". */
const char *qetl_rig_errors(const struct qetl_rig *t);
/* A line each: "info: connected". */
const char *qetl_rig_logs(const struct qetl_rig *t);
/* A line each: uri|rows|bytes, as a sink named them by qetl.outputs/1. */
const char *qetl_rig_outputs(const struct qetl_rig *t);
/* What a source of bytes read or an encoder wrote; a NUL stands behind. */
const char *qetl_rig_bytes(const struct qetl_rig *t, size_t *size);
/* Rows that went in or came out and were filtered, added, reduced, and that are still held:
 * "filtered 1 added 0 reduced 0 held 0". */
const char *qetl_rig_counts(struct qetl_rig *t);
/* Forgets all of these. */
void qetl_rig_forget(struct qetl_rig *t);

/* ---- Things that go wrong ---- */

/* The buffer_alloc after `count` more fails once; -1: none does. */
void qetl_rig_fail_alloc(struct qetl_rig *t, int64_t count);
/* Calls interrupt, and host->cancelled answers nonzero from now on. */
void qetl_rig_interrupt(struct qetl_rig *t);

/* ---- Expectations: counted, and said on stderr with file and line where they fail ---- */

int qetl_rig_expect_text(struct qetl_rig *t, const char *file, int line, const char *what,
                         const char *got, const char *wanted);
int qetl_rig_expect_number(struct qetl_rig *t, const char *file, int line, const char *what,
                           int64_t got, int64_t wanted);
#define QETL_EXPECT(t, got, wanted) qetl_rig_expect_text(t, __FILE__, __LINE__, #got, got, wanted)
#define QETL_EXPECT_NUMBER(t, got, wanted) \
    qetl_rig_expect_number(t, __FILE__, __LINE__, #got, got, wanted)

#ifdef __cplusplus
}
#endif

#endif
