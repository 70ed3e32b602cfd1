/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A format of records, each of which is one row at most.
 *
 *     static int32_t pairs_decode(void *self, struct qetl_text record)
 *     {
 *         struct pairs *p = self;
 *         const char *sign = memchr(record.data, '=', (size_t)record.size);
 *         if (!sign)
 *             return qetl_row_reject(&p->row, -1, "bad_pair", "there is no =");
 *         qetl_row_put_text(&p->row, 0, record.data, sign - record.data);
 *         …
 *     }
 *
 *     static const struct qetl_row_format pairs = {.columns = "key text, value text",
 *                                                  .decode = pairs_decode,
 *                                                  .encode = pairs_encode};
 *     QETL_ROW_FORMAT(pairs, "pairs", struct pairs)
 *     QETL_PLUGIN("pairs", "0.1.0", &pairs_component)
 *
 * Invariant: each record is a row, is none on purpose, or is rejected with its bytes and its place;
 *            a row that cannot be written leaves no bytes.
 * Ownership: of what the author's functions acquire, close disposes.
 * Threads:   as in the ABI: many instances decode and encode at once.
 */
#ifndef QETL_ROW_FORMAT_H
#define QETL_ROW_FORMAT_H

#include <qetl/row.h>

#ifdef __cplusplus
extern "C" {
#endif

struct qetl_row_format {
    const char *columns; /* of what is read: "key text, value bigint"; NULL: infer says */
    struct qetl_option_table options;
    int32_t (*create)(void *self); /* (opt) the options have been read */
    void (*close)(void *self);     /* (opt) once, whatever came before */

    /* ---- Reading; or nothing of it, and "reads": false in the manifest ---- */

    /* (opt) In the place of columns: those of the object whose beginning the sample is, into *out.
     * QETL_NEED_INPUT: it is too little to say. */
    int32_t (*infer)(void *self, const struct qetl_sample *sample, struct ArrowSchema *out);
    /* (opt) The columns that decode puts, as they were inferred by this instance or another. */
    int32_t (*decode_open)(void *self, const struct ArrowSchema *schema);
    /* The row of a record, by qetl_row_put_…: QETL_OK | QETL_ROW_NONE (a comment, say: it does not
     * count as a record) | QETL_ROW_REJECTED (by qetl_row_reject, which adds the record's bytes) or
     * a failure. A record is one row at most. It is lent, without its end: a line feed, a carriage
     * return before it; one that `record` found with its end, since that is known there alone. */
    int32_t (*decode)(void *self, struct qetl_text record);
    int32_t header; /* so many records of each object stand before the rows, and are passed over */
    /* (opt) Of records that do not end at a line feed: the size of the first, with its end; 0: that
     * is not there yet. ended: nothing comes behind the data, so that all of it belongs to records.
     * It is asked for the same record by several instances, and knows nothing but its bytes. */
    int64_t (*record)(void *self, struct qetl_text data, bool ended);

    /* ---- Writing; or nothing of it, and "writes": false in the manifest ---- */

    /* (opt) The columns, there until the next call: row->columns has a reader for each. */
    int32_t (*encode_open)(void *self, const struct ArrowSchema *schema);
    /* (opt) What an object begins with. */
    int32_t (*begin)(void *self, struct qetl_space *out);
    /* Appends the row at hand, read by qetl_row_text … or qetl_row_render, and its end: QETL_OK |
     * QETL_ROW_REJECTED or a failure. */
    int32_t (*encode)(void *self, struct qetl_space *out);
};

int32_t qetl_row_format_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                               const struct qetl_row_format *spec, const char *id);
void qetl_row_format_destroy(void *self);
extern const struct qetl_format qetl_row_format_table;

/* Defines spec_component; type: the struct of the state. */
#define QETL_ROW_FORMAT(spec, component_id, type)                                         \
    QETL_ROW_FIRST(spec, type)                                                            \
    static int32_t spec##_component_create(void *self, const struct qetl_host *host,      \
                                           struct qetl_ctx *ctx, const char *config)      \
    {                                                                                     \
        (void)config;                                                                     \
        return qetl_row_format_create(self, host, ctx, &spec, component_id);              \
    }                                                                                     \
    static const struct qetl_component spec##_component = {sizeof(struct qetl_component), \
                                                           QETL_FORMAT,                   \
                                                           component_id,                  \
                                                           sizeof(type),                  \
                                                           spec##_component_create,       \
                                                           qetl_row_format_destroy,       \
                                                           NULL,                          \
                                                           NULL,                          \
                                                           NULL,                          \
                                                           NULL,                          \
                                                           NULL,                          \
                                                           NULL,                          \
                                                           NULL,                          \
                                                           NULL,                          \
                                                           NULL,                          \
                                                           &qetl_row_format_table};

#ifdef __cplusplus
}
#endif

#endif
