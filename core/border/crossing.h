/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call across the border between core and plugin, with what it carries in and out.
 *
 * Invariant: a crossing begins and ends on one thread; those that begin within it end before it.
 *            Cargo marked `out` is there only when the call has ended.
 * Ownership: borrows everything; it is valid while the watcher looks at it.
 * Threads:   each its own crossings; a watcher is told from any.
 */
#ifndef QETL_CORE_CROSSING_H
#define QETL_CORE_CROSSING_H

#include <qetl/plugin.h>
#include <stdbool.h>

struct qetl_border_guest;

/* The names are those of plugin.h; a recording keeps them as text. */
enum qetl_answer { QETL_ANSWERS_NOTHING, QETL_ANSWERS_STATUS, QETL_ANSWERS_NUMBER };

enum qetl_cargo_kind {
    QETL_CARGO_NUMBER = 1,
    QETL_CARGO_TEXT,
    QETL_CARGO_BYTES,
    QETL_CARGO_NUMBERS, /* int64_t */
    QETL_CARGO_MAP,     /* int32_t */
    QETL_CARGO_SCHEMA,
    QETL_CARGO_ARRAY,
    QETL_CARGO_REAL,
    QETL_CARGO_BLOBS, /* struct qetl_blob */
    QETL_CARGO_TEXTS, /* const char * */
};

struct qetl_cargo {
    const char *name;
    enum qetl_cargo_kind kind;
    bool out;     /* the answer's */
    bool private; /* holds values of rows, or what a plugin says of them: never shown */
    bool lost;    /* too much to be kept */
    bool options; /* TEXT: the JSON of a component's options */
    union {
        int64_t number;
        double real;
        const char *text; /* may be NULL */
        struct {
            const void *data; /* NULL: there is none */
            int64_t count;    /* bytes, numbers, blobs or texts */
        };
        struct {
            const struct ArrowArray *array;
            const struct ArrowSchema *schema; /* ARRAY: NULL where it is not known */
        };
    };
};

enum { QETL_CARGO_MOST = 28 };

struct qetl_crossing {
    const struct qetl_border_guest *guest; /* the instance that calls or is called */
    const char *call;                      /* "next", "options.text" */
    bool to_host;                          /* the plugin calls */
    enum qetl_answer answers;
    int64_t answer;
    int64_t began_ns, lasted_ns; /* CLOCK_MONOTONIC */
    int64_t called_ns;           /* when the callee got it */
    struct qetl_cargo cargo[QETL_CARGO_MOST];
    int n_cargo;
};

/* Who looks on. begun: with what goes in; ended: with all of it. Either may be NULL. */
struct qetl_border_watcher {
    void (*begun)(void *arg, const struct qetl_crossing *);
    void (*ended)(void *arg, const struct qetl_crossing *);
    void *arg;
};

/* In the order of a call: in or to_host, what goes in, begin; the call; what came out, end. */
struct qetl_crossing qetl_crossing_in(const struct qetl_border_guest *, const char *call);
struct qetl_crossing qetl_crossing_to_host(const struct qetl_border_guest *, const char *call);
void qetl_crossing_begin(struct qetl_crossing *);
int32_t qetl_crossing_end(struct qetl_crossing *, int32_t status);        /* answers status */
int64_t qetl_crossing_end_number(struct qetl_crossing *, int64_t answer); /* answers it */
void qetl_crossing_end_void(struct qetl_crossing *);

/* Puts cargo in: before begin what goes in, behind it what comes out. */
struct qetl_cargo *qetl_cargo_number(struct qetl_crossing *, const char *name, int64_t);
void qetl_cargo_nonzero(struct qetl_crossing *, const char *name, int64_t); /* unless it is 0 */
struct qetl_cargo *qetl_cargo_real(struct qetl_crossing *, const char *name, double);
struct qetl_cargo *qetl_cargo_text(struct qetl_crossing *, const char *name, const char *);
struct qetl_cargo *qetl_cargo_bytes(struct qetl_crossing *, const char *name, const void *,
                                    int64_t size);
struct qetl_cargo *qetl_cargo_blob(struct qetl_crossing *, const char *name, struct qetl_blob);
struct qetl_cargo *qetl_cargo_numbers(struct qetl_crossing *, const char *name, const int64_t *,
                                      int64_t n);
struct qetl_cargo *qetl_cargo_map(struct qetl_crossing *, const char *name, const int32_t *,
                                  int64_t n);
struct qetl_cargo *qetl_cargo_blobs(struct qetl_crossing *, const char *name,
                                    const struct qetl_blob *, int64_t n);
struct qetl_cargo *qetl_cargo_texts(struct qetl_crossing *, const char *name, const char *const *,
                                    int64_t n);
struct qetl_cargo *qetl_cargo_schema(struct qetl_crossing *, const char *name,
                                     const struct ArrowSchema *);
struct qetl_cargo *qetl_cargo_array(struct qetl_crossing *, const char *name,
                                    const struct ArrowArray *, const struct ArrowSchema *);

#endif
