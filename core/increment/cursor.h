/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values of a cursor column as numbers that are in its order; texts as such.
 *
 * Invariant: a moment is nanoseconds whatever its column counts; a real, an integer that is in the
 *            order of reals. Neither NULL nor NaN has a number.
 * Ownership: a cursor owns its field and its texts.
 * Threads:   one at a time.
 */
#ifndef QETL_CORE_INCREMENT_CURSOR_H
#define QETL_CORE_INCREMENT_CURSOR_H

#include <qetl/plugin.h>
#include <qetl/sdk.h>

#include <stdbool.h>

struct cursor {
    struct qetl_env env;
    const struct qetl_expr_host *service;
    char *name, *type;        /* of the column; its SQL name */
    struct ArrowSchema field; /* of values that are made here */
    enum qetl_kind kind;
    int32_t scale;
};

/* Of an input's column. A failure is reported: it cannot be in an order. */
int32_t cursor_open(struct cursor *, struct qetl_env, const struct ArrowSchema *field);
void cursor_close(struct cursor *);
bool cursor_is_text(const struct cursor *);

/* false: it has none. Not of texts. */
bool cursor_number(const struct cursor *, const struct qetl_column *, int64_t row, qetl_int128 *);
/* As a cast to its type reads it; NULL without memory or where there is no such value. */
char *cursor_text(const struct cursor *, qetl_int128 number);
/* The reverse. CONFIG, unreported: it is no such value. */
int32_t cursor_parse(const struct cursor *, const char *text, qetl_int128 *number);
/* lag: a time ("5m"), a number, or NULL. CONFIG, unreported: not of this type. */
int32_t cursor_lag(const struct cursor *, const char *text, bool is_number, qetl_int128 *lag);
/* A number less a lag; reals by their values. */
qetl_int128 cursor_less(const struct cursor *, qetl_int128 number, qetl_int128 lag);

#endif
