/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transform of single rows: it lets them pass or not, and puts columns in the place of others or
 * beside them. All other columns pass by untouched.
 *
 *     static int32_t upper_bind(void *self, const struct ArrowSchema *input)
 *     {
 *         struct upper *u = self;
 *         int64_t city = qetl_row_read(&u->row, "/column", u->column, "text");
 *         qetl_row_replace(&u->row, city, "text");
 *         return QETL_ROWS_KEEP;
 *     }
 *
 * Invariant: every row of a batch goes on, is filtered, or is rejected; after a failure columns and
 *            kept fields are as they were before the batch.
 * Ownership: of what the author's functions acquire, close disposes.
 * Threads:   as in the ABI.
 */
#ifndef QETL_ROW_TRANSFORM_H
#define QETL_ROW_TRANSFORM_H

#include <qetl/needs.h>
#include <qetl/row.h>

#ifdef __cplusplus
extern "C" {
#endif

struct qetl_row_transform {
    struct qetl_option_table options;
    int32_t (*create)(void *self); /* (opt) the options have been read */
    /* Says by the calls below what is read and made; answers QETL_ROWS_KEEP, QETL_ROWS_SUBSET (a
     * row may be filtered, or rejected) or a failure. May come again. */
    int32_t (*bind)(void *self, const struct ArrowSchema *input);
    /* One of the two. QETL_OK | QETL_ROW_NONE (it is filtered) | QETL_ROW_REJECTED or a failure. */
    int32_t (*row)(void *self);
    /* For the quick ones: answers how many rows go on, or a failure; which, into kept, which has
     * room for all of them, and is not looked at where all go on. The builder of each made column
     * gets a value for each that goes on. *rejected: how many went to the dead letters otherwise
     * than by qetl_row_reject. */
    int64_t (*batch)(void *self, const struct qetl_event *event, int32_t *kept, int64_t *rejected);
    void (*close)(void *self); /* (opt) once, whatever came before */

    /* Of a transform with state (QETL_ROW_TRANSFORM_SAVED), which gets all rows, in order. */
    struct qetl_kept_table state;
    uint32_t state_version; /* raised when the table changes; 0 is 1 */
    /* (opt) Looks at the fields that came back; UNSUPPORTED: there is no such state. */
    int32_t (*restored)(void *self);
    /* (opt, both) What the table cannot hold, of any size: in pieces, at each barrier; and back,
     * all of it, once the fields of the table are there. UNSUPPORTED: it cannot be read. Since
     * nothing of it is taken back, a failure behind the first row of a batch is one of the whole
     * epoch. */
    int32_t (*save)(void *self, const struct qetl_writer *out);
    int32_t (*restore)(void *self, const struct qetl_reader *in);

    /* (opt) As in qetl/needs.h, of one that makes no columns. */
    const char *(*condition)(void *self);
    int64_t (*rows)(void *self);
};

/* ---- In bind; failures need not be looked at: bind fails ---- */

/* The number of a reader in row->columns, from 0. The name stands at an option (or NULL); type:
 * "text"; NULL: any. */
int64_t qetl_row_read(struct qetl_row *row, const char *option, const char *name, const char *type);
int64_t qetl_row_read_column(struct qetl_row *row, int64_t column); /* by its place in the input */
/* The number of a made column, from 0: in the place of the one that the reader reads, and made of
 * it alone. type NULL: as that one's. */
int64_t qetl_row_replace(struct qetl_row *row, int64_t reader, const char *type);
/* The same: a new one, behind the others, made of all that are read. */
int64_t qetl_row_make(struct qetl_row *row, const char *name, const char *type);

/* In row and batch: no row behind this one, or this batch, is wanted any more. */
void qetl_row_end(struct qetl_row *row);

int32_t qetl_row_transform_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                                  const struct qetl_row_transform *spec, const char *id,
                                  bool saved);
void qetl_row_transform_destroy(void *self);
int32_t qetl_row_transform_save(void *self, uint32_t *version, const struct qetl_writer *out);
int32_t qetl_row_transform_restore(void *self, uint32_t version, const struct qetl_reader *in);
const void *qetl_row_transform_extension(void *self, const char *id);
extern const struct qetl_transform qetl_row_transform_table;

/* Both define spec_component; type: the struct of the state. */
#define QETL_ROW_TRANSFORM(spec, component_id, type) \
    QETL_ROW_TRANSFORM_WITH(spec, component_id, type, false, NULL, NULL)
#define QETL_ROW_TRANSFORM_SAVED(spec, component_id, type)                           \
    QETL_ROW_TRANSFORM_WITH(spec, component_id, type, true, qetl_row_transform_save, \
                            qetl_row_transform_restore)

#define QETL_ROW_TRANSFORM_WITH(spec, component_id, type, saved, save, restore)           \
    QETL_ROW_FIRST(spec, type)                                                            \
    static int32_t spec##_component_create(void *self, const struct qetl_host *host,      \
                                           struct qetl_ctx *ctx, const char *config)      \
    {                                                                                     \
        (void)config;                                                                     \
        return qetl_row_transform_create(self, host, ctx, &spec, component_id, saved);    \
    }                                                                                     \
    static const struct qetl_component spec##_component = {sizeof(struct qetl_component), \
                                                           QETL_TRANSFORM,                \
                                                           component_id,                  \
                                                           sizeof(type),                  \
                                                           spec##_component_create,       \
                                                           qetl_row_transform_destroy,    \
                                                           NULL,                          \
                                                           NULL,                          \
                                                           NULL,                          \
                                                           save,                          \
                                                           restore,                       \
                                                           qetl_row_transform_extension,  \
                                                           NULL,                          \
                                                           &qetl_row_transform_table,     \
                                                           NULL,                          \
                                                           NULL};

#ifdef __cplusplus
}
#endif

#endif
