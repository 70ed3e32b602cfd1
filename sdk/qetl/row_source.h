/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source that makes one row after the other.
 *
 *     static const struct qetl_row_source readings = {.columns = "line bigint, station text",
 *                                                     .options = QETL_TABLE(options),
 *                                                     .position = QETL_TABLE(position),
 *                                                     .open = readings_open,
 *                                                     .row = readings_row,
 *                                                     .close = readings_close};
 *     QETL_ROW_SOURCE(readings, "readings", struct readings)
 *     QETL_PLUGIN("readings", "0.1.0", &readings_component)
 *
 * Invariant: each batch is handed over with the position behind its last row, and may be the last
 *            before a restart.
 * Ownership: of what open and row acquire, close disposes.
 * Threads:   as in the ABI; interrupt comes on any.
 */
#ifndef QETL_ROW_SOURCE_H
#define QETL_ROW_SOURCE_H

#include <qetl/row.h>

#ifdef __cplusplus
extern "C" {
#endif

struct qetl_row_source {
    const char *columns; /* "id bigint, city text" */
    struct qetl_option_table options;
    struct qetl_kept_table position; /* none: a run that was cut short begins anew */
    uint8_t position_version;        /* raised when the table changes; 0 is 1 */
    int32_t (*create)(void *self);   /* (opt) the options have been read */
    /* (opt) Adds to describe's answer what is known: rows_expected, endless; columns NULL: schema.
     */
    int32_t (*describe)(void *self, struct qetl_source_info *out);
    /* (opt) Begins where the position says; may come again. */
    int32_t (*open)(void *self);
    /* Makes the next row, and moves the position behind it. QETL_OK | QETL_ROW_NONE |
     * QETL_ROW_REJECTED | QETL_END | QETL_IDLE (wake() will say when) or a failure. It may be
     * called again behind RETRY_CALL and THROTTLED alone, which leave the position as it was. */
    int32_t (*row)(void *self);
    void (*close)(void *self);     /* (opt) once, whatever came before */
    void (*interrupt)(void *self); /* (opt) as in the ABI: row is to return soon */
};

int32_t qetl_row_source_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                               const struct qetl_row_source *spec, const char *id);
void qetl_row_source_destroy(void *self);
void qetl_row_source_interrupt(void *self);
extern const struct qetl_source qetl_row_source_table;

/* Defines spec_component; type: the struct of the state. */
#define QETL_ROW_SOURCE(spec, component_id, type)                                         \
    QETL_ROW_FIRST(spec, type)                                                            \
    static int32_t spec##_component_create(void *self, const struct qetl_host *host,      \
                                           struct qetl_ctx *ctx, const char *config)      \
    {                                                                                     \
        (void)config;                                                                     \
        return qetl_row_source_create(self, host, ctx, &spec, component_id);              \
    }                                                                                     \
    static const struct qetl_component spec##_component = {sizeof(struct qetl_component), \
                                                           QETL_SOURCE,                   \
                                                           component_id,                  \
                                                           sizeof(type),                  \
                                                           spec##_component_create,       \
                                                           qetl_row_source_destroy,       \
                                                           NULL,                          \
                                                           NULL,                          \
                                                           qetl_row_source_interrupt,     \
                                                           NULL,                          \
                                                           NULL,                          \
                                                           NULL,                          \
                                                           &qetl_row_source_table,        \
                                                           NULL,                          \
                                                           NULL,                          \
                                                           NULL};

#ifdef __cplusplus
}
#endif

#endif
