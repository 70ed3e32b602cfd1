/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host small enough for unit tests and fuzzers of plugins: buffers from malloc (so that
 * sanitizers see every byte), errors and rejects kept in arrays, options from JSON text.
 *
 * Invariant: buffers are filled with 0xa5 and end where they were asked to end.
 * Ownership: errors, rejects, outputs and config belong to the fake; reset and free drop them.
 * Threads:   buffers and wakes are atomic; everything else is for one thread.
 */
#ifndef QETL_FAKE_HOST_H
#define QETL_FAKE_HOST_H

#include <qetl/sdk.h>

#include <jansson.h>

#ifdef __cplusplus
extern "C" {
#endif

struct qetl_fake_error {
    int32_t code;
    char *message, *suggestion, *option, *vendor_code;
    int64_t retry_after_ms;
};

struct qetl_fake_reject {
    int32_t port;
    int64_t row, column, bytes_size, bytes_offset;
    char *code, *message;
    uint8_t *bytes; /* a copy, or NULL */
};

struct qetl_fake_output {
    char *uri;
    int64_t rows, bytes;
};

struct qetl_fake_host {
    struct qetl_host host;
    struct qetl_env env;  /* {&host, ctx}: for the helpers of the SDK */
    struct qetl_ctx *ctx; /* points at the fake */
    json_t *config;
    char *config_json; /* canonical: for create */
    struct qetl_fake_error *errors;
    int64_t n_errors;
    struct qetl_fake_reject *rejects;
    int64_t n_rejects;
    struct qetl_fake_output *outputs;
    int64_t n_outputs;
    int64_t allocs_left; /* buffer_alloc answers NULL once it is 0; -1: never */
    int64_t allocs;      /* how many were made */
    int64_t buffers_live;
    int64_t wakes;
    int64_t epochs_requested;
    int32_t cancelled;
    /* Tests may lend further extensions. */
    const void *(*extension)(struct qetl_fake_host *, const char *id);
    void *user;
};

/* config_json NULL means {}. Text that is not JSON aborts: it is the test's fault. */
void qetl_fake_host_init(struct qetl_fake_host *fake, const char *config_json);
/* Forgets errors, rejects, outputs and wakes; keeps config, buffers and what a test has set. */
void qetl_fake_host_reset(struct qetl_fake_host *fake);
/* Frees all but buffers, which their owners release; answers how many of those are still alive. */
int64_t qetl_fake_host_free(struct qetl_fake_host *fake);
/* As free, but aborts if buffers are alive: for a test suite's .fini, whose assertions Criterion
 * does not count. */
void qetl_fake_host_close(struct qetl_fake_host *fake);
/* The last error's message, or "". */
const char *qetl_fake_host_message(const struct qetl_fake_host *fake);

/* An encoder's space in malloc'ed memory that moves at every reserve, to catch stale pointers. */
struct qetl_fake_space {
    struct qetl_space space; /* first: reserve gets its address */
    int64_t limit;           /* reserve answers NO_MEMORY beyond it; -1: none */
};
void qetl_fake_space_init(struct qetl_fake_space *space);
void qetl_fake_space_free(struct qetl_fake_space *space);

#ifdef __cplusplus
}
#endif

#endif
