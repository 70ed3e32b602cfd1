/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sink that takes one row after the other, and perhaps commits what it took with each epoch.
 *
 *     static int32_t lines_row(void *self)
 *     {
 *         struct lines *l = self;
 *         struct qetl_text text = qetl_row_text(&l->row, 0);
 *         if (fwrite(text.data, 1, (size_t)text.size, l->file) == (size_t)text.size)
 *             return QETL_OK;
 *         return …;
 *     }
 *
 * Invariant: every row is written or rejected, once: behind RETRY_CALL and THROTTLED the row that
 *            answered them is the next to come, and none before it.
 * Ownership: of what the author's functions acquire, close disposes.
 * Threads:   as in the ABI.
 */
#ifndef QETL_ROW_SINK_H
#define QETL_ROW_SINK_H

#include <qetl/parcel.h>
#include <qetl/row.h>

#ifdef __cplusplus
extern "C" {
#endif

struct qetl_row_sink {
    uint32_t delivery; /* QETL_APPEND …; of one that commits QETL_TRANSACTIONAL */
    struct qetl_option_table options;
    int32_t (*create)(void *self); /* (opt) the options have been read */
    /* (opt) The columns, there until the next open: row->columns has a reader for each. */
    int32_t (*open)(void *self, const struct ArrowSchema *schema);
    /* QETL_OK | QETL_ROW_REJECTED or a failure. It comes again with the same row behind RETRY_CALL
     * (the row was not taken, all before it are) and THROTTLED alone. RETRY_EPOCH: what was taken
     * since the last epoch is lost, too, and comes again. */
    int32_t (*row)(void *self);
    int32_t (*stop)(void *self); /* (opt) behind the last row */
    void (*close)(void *self);   /* (opt) once, whatever came before */

    /* Of QETL_ROW_SINK_COMMITS, which carries nothing from one epoch into the next. prepare makes
     * durable what came since the last one, and puts into the handle how it is found again;
     * QETL_ROW_NONE: nothing came. commit shows it, abort removes it, also on an instance that
     * wrote nothing, also twice. abort with handle NULL: what was written since the last prepare.
     */
    int32_t (*prepare)(void *self, const struct qetl_epoch *epoch, struct qetl_parcel *handle);
    int32_t (*commit)(void *self, const struct qetl_epoch *epoch, struct qetl_parcel_in *handle);
    int32_t (*abort)(void *self, const struct qetl_epoch *epoch, struct qetl_parcel_in *handle);
    uint8_t handle_version; /* raised when its fields change; 0 is 1 */
};

int32_t qetl_row_sink_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                             const struct qetl_row_sink *spec, const char *id, bool commits);
void qetl_row_sink_destroy(void *self);
int32_t qetl_row_sink_stop(void *self);
int32_t qetl_row_sink_save(void *self, uint32_t *version, const struct qetl_writer *out);
int32_t qetl_row_sink_restore(void *self, uint32_t version, const struct qetl_reader *in);
extern const struct qetl_sink qetl_row_sink_table, qetl_row_sink_commits_table;

/* Both define spec_component; type: the struct of the state. */
#define QETL_ROW_SINK(spec, component_id, type) \
    QETL_ROW_SINK_WITH(spec, component_id, type, false, NULL, NULL, qetl_row_sink_table)
#define QETL_ROW_SINK_COMMITS(spec, component_id, type)                                           \
    QETL_ROW_SINK_WITH(spec, component_id, type, true, qetl_row_sink_save, qetl_row_sink_restore, \
                       qetl_row_sink_commits_table)

#define QETL_ROW_SINK_WITH(spec, component_id, type, commits, save, restore, table)       \
    QETL_ROW_FIRST(spec, type)                                                            \
    static int32_t spec##_component_create(void *self, const struct qetl_host *host,      \
                                           struct qetl_ctx *ctx, const char *config)      \
    {                                                                                     \
        (void)config;                                                                     \
        return qetl_row_sink_create(self, host, ctx, &spec, component_id, commits);       \
    }                                                                                     \
    static const struct qetl_component spec##_component = {sizeof(struct qetl_component), \
                                                           QETL_SINK,                     \
                                                           component_id,                  \
                                                           sizeof(type),                  \
                                                           spec##_component_create,       \
                                                           qetl_row_sink_destroy,         \
                                                           NULL,                          \
                                                           qetl_row_sink_stop,            \
                                                           NULL,                          \
                                                           save,                          \
                                                           restore,                       \
                                                           NULL,                          \
                                                           NULL,                          \
                                                           NULL,                          \
                                                           &table,                        \
                                                           NULL};

#ifdef __cplusplus
}
#endif

#endif
