/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options into a struct, by a table: one line an option, which says where it goes, what it is where
 * the pipeline does not say, and what it may be.
 *
 * Invariant: after OK every field of the table is set; after a failure, which was reported and
 *            names the option, fields may be set or not.
 * Ownership: texts belong to the host and live as long as the instance.
 * Threads:   none of its own; call it from create.
 *
 *     struct pages {
 *         struct qetl_env env;
 *         const char *url;
 *         int64_t size;
 *         int32_t order;
 *     };
 *     static const struct qetl_option_field options[] = {
 *         {"/url", QETL_OPTION_TEXT, offsetof(struct pages, url), NULL, NULL},
 *         {"/size", QETL_OPTION_INT, offsetof(struct pages, size), "100", "1..1000"},
 *         {"/order", QETL_OPTION_WORD, offsetof(struct pages, order), "up", "up|down"},
 *     };
 *     … return qetl_options_read(pages->env, options, 3, pages);
 */
#ifndef QETL_OPTIONS_H
#define QETL_OPTIONS_H

#include <qetl/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Who asks, and of which host: what every helper with an error or an allocation needs. Keep one in
 * your state. */
struct qetl_env {
    const struct qetl_host *host;
    struct qetl_ctx *ctx;
};

/* A text that is one of the words of its range; the field is their index, an int32_t. */
enum { QETL_OPTION_WORD = 100 };

struct qetl_option_field {
    const char *pointer; /* "/size"; of an option within another: "/retry/size" */
    /* And so of the field: QETL_OPTION_TEXT const char *, _INT int64_t, _REAL double, _BOOL bool,
     * _WORD int32_t. */
    int32_t type;
    size_t offset; /* of the field */
    /* What it is where it is absent or null, as one would write it: "100", "true", "up", "". NULL:
     * it has to be given. */
    const char *fallback;
    /* NULL: any. INT and REAL: "1..1000", "1..", "..1000", both ends included. TEXT and WORD: the
     * words, "up|down". */
    const char *range;
};

/* CONFIG: an option is missing, of another type or out of its range; it is named, with what it may
 * be. FATAL: the table is wrong. UNSUPPORTED: the host tells no options. All are reported. */
int32_t qetl_options_read(struct qetl_env env, const struct qetl_option_field *table, int64_t n,
                          void *into);
/* The same below a pointer, such as "/columns/0" of a list of objects; "": as above. */
int32_t qetl_options_read_at(struct qetl_env env, const char *parent,
                             const struct qetl_option_field *table, int64_t n, void *into);

#ifdef __cplusplus
}
#endif

#endif
