/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A binder for unit tests of transforms: it writes down what a transform says of itself.
 *
 * Invariant: columns stand in the order of the calls; read answers how many its port had before.
 * Ownership: derived fields are moved in; free releases them.
 * Threads:   one.
 */
#ifndef QETL_FAKE_BINDER_H
#define QETL_FAKE_BINDER_H

#include <qetl/sdk.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { QETL_FAKE_BINDER_MOST = 64 };

struct qetl_fake_read {
    uint32_t port, form;
    int64_t column;
};

/* A COPY has a column and no field; a derived one has its field and its inputs (column -1). */
struct qetl_fake_column {
    uint32_t out_port, in_port;
    int64_t out_column, column;
    char name[64]; /* "": as it was */
    struct ArrowSchema field;
    int64_t n_inputs, inputs[QETL_FAKE_BINDER_MOST];
};

struct qetl_fake_binder {
    struct qetl_binder binder; /* first: the calls get its address */
    int64_t n_reads, n_columns;
    struct qetl_fake_read reads[QETL_FAKE_BINDER_MOST];
    struct qetl_fake_column columns[QETL_FAKE_BINDER_MOST];
    uint32_t rows[8];          /* per output port; 0: not said */
    uint32_t distribution;     /* 0: not said */
    uint32_t inputs[8];        /* per input port; 0: not said */
    int64_t calls_until_error; /* answers NO_MEMORY then; -1: never */
};

void qetl_fake_binder_init(struct qetl_fake_binder *fake);
void qetl_fake_binder_free(struct qetl_fake_binder *fake);

#ifdef __cplusplus
}
#endif

#endif
