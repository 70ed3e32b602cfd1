/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Components written a row at a time: the author says what a row is, and a skeleton does what the
 * ABI asks for around it (row_source.h, row_transform.h, row_sink.h, row_format.h). This is what
 * the skeletons share: the head of a component's state, tables, and the row at hand.
 *
 * Invariant: nothing is lost: a value that does not fit has its row rejected; after a failure the
 *            rows at hand are as they were, or the instance goes no further; and no value is
 *            allocated for.
 * Ownership: a component's state begins with a struct qetl_row; tables are constant.
 * Threads:   the one that is in the component's function.
 */
#ifndef QETL_ROW_H
#define QETL_ROW_H

#include <qetl/manifest.h>
#include <qetl/rows.h>
#include <qetl/sdk.h>

#ifdef __cplusplus
extern "C" {
#endif

struct qetl_row_own;

/* The first member of a component's state, which is called row. */
struct qetl_row {
    struct qetl_env env;
    struct qetl_column *columns; /* readers of what bind asked for, of the batch at hand … */
    int64_t n_columns;
    int64_t index;            /* … and the row in it */
    struct qetl_row_own *own; /* the skeleton's */
};

/* ---- Tables, such as .options = QETL_TABLE(options) ---- */

#define QETL_TABLE(table)                                 \
    {                                                     \
        table, (int64_t)(sizeof(table) / sizeof *(table)) \
    }
struct qetl_option_table {
    const struct qetl_option_field *fields;
    int64_t n;
};

/* Fields of the state that a restart brings back: where a source stands, what a transform has
 * counted. They begin as 0 and "". QETL_KEPT_INT: an int64_t; QETL_KEPT_TEXT: an array of char. All
 * together have room in a parcel. */
struct qetl_kept_field {
    size_t offset, size;
    bool text;
};
struct qetl_kept_table {
    const struct qetl_kept_field *fields;
    int64_t n;
};
#define QETL_KEPT_INT(type, field)                                  \
    {                                                               \
        offsetof(type, field), sizeof(((type *)NULL)->field), false \
    }
#define QETL_KEPT_TEXT(type, field)                                \
    {                                                              \
        offsetof(type, field), sizeof(((type *)NULL)->field), true \
    }

/* What a function for one row answers beside QETL_OK and failures. NONE: it makes no row, on
 * purpose. */
enum { QETL_ROW_NONE = 101, QETL_ROW_REJECTED = 102 };

/* Does not compile where another member is the first. */
#define QETL_ROW_FIRST(spec, type) \
    enum { spec##_state_begins_with_its_row = 1 / (offsetof(type, row) == 0) };

/* ---- What is read of a row; of a NULL, "" or 0. A column that is not there, or is of another
 * kind, reads as NULL, and fails the row with a message that names it ---- */

enum {
    QETL_ROW_TEXTS = 1 << QETL_KIND_TEXT | 1 << QETL_KIND_BINARY,
    QETL_ROW_INTS = 1 << QETL_KIND_BOOL | 1 << QETL_KIND_INT | 1 << QETL_KIND_UINT |
                    1 << QETL_KIND_DATE | 1 << QETL_KIND_TIME | 1 << QETL_KIND_TIMESTAMP,
    QETL_ROW_REALS =
        1 << QETL_KIND_INT | 1 << QETL_KIND_UINT | 1 << QETL_KIND_REAL | 1 << QETL_KIND_DECIMAL
};
/* Tells that it is neither of the kinds; answers false. */
bool qetl_row_misread(const struct qetl_row *row, int64_t column, const char *wanted);

static inline bool qetl_row_reads(const struct qetl_row *row, int64_t column, int kinds,
                                  const char *wanted)
{
    return (column >= 0 && column < row->n_columns && kinds >> row->columns[column].kind & 1) ||
           qetl_row_misread(row, column, wanted);
}
static inline bool qetl_row_is_null(const struct qetl_row *row, int64_t column)
{
    return !qetl_row_reads(row, column, ~0, "anything") ||
           qetl_column_is_null(&row->columns[column], row->index);
}
static inline bool qetl_row_has(const struct qetl_row *row, int64_t column, int kinds,
                                const char *wanted)
{
    return qetl_row_reads(row, column, kinds, wanted) &&
           !qetl_column_is_null(&row->columns[column], row->index);
}
static inline struct qetl_text qetl_row_text(const struct qetl_row *row, int64_t column)
{
    const struct qetl_text none = {"", 0};
    return qetl_row_has(row, column, QETL_ROW_TEXTS, "a text")
               ? qetl_column_text(&row->columns[column], row->index)
               : none;
}
static inline int64_t qetl_row_int(const struct qetl_row *row, int64_t column)
{
    return qetl_row_has(row, column, QETL_ROW_INTS, "a whole number")
               ? qetl_column_int(&row->columns[column], row->index)
               : 0;
}
static inline double qetl_row_real(const struct qetl_row *row, int64_t column)
{
    return qetl_row_has(row, column, QETL_ROW_REALS, "a number")
               ? qetl_column_real(&row->columns[column], row->index)
               : 0;
}
/* The canonical text of any value, as CSV writes it, appended; nothing for a NULL. */
static inline int32_t qetl_row_render(const struct qetl_row *row, int64_t column,
                                      struct qetl_space *out)
{
    return qetl_row_reads(row, column, ~0, "anything")
               ? qetl_render(&row->columns[column], row->index, out)
               : QETL_OK;
}

/* ---- What is made of it. What was not put is NULL. There are no answers to be looked at: a value
 * that the column's type cannot hold has its row rejected (does_not_fit), a text that is no UTF-8,
 * too (bad_utf8) ---- */

void qetl_row_put_null(struct qetl_row *row, int64_t column);
void qetl_row_put_bool(struct qetl_row *row, int64_t column, bool value);
void qetl_row_put_int(struct qetl_row *row, int64_t column, int64_t value); /* dates, times too */
void qetl_row_put_real(struct qetl_row *row, int64_t column, double value);
void qetl_row_put_decimal(struct qetl_row *row, int64_t column, qetl_int128 value);
void qetl_row_put_text(struct qetl_row *row, int64_t column, const char *data, int64_t size);
/* A text as a value of the column's type, whatever that is, as qetl/parse.h reads it: 2024-01-31,
 * 12.50, true. One that is none has its row rejected (bad_value). */
void qetl_row_put_parsed(struct qetl_row *row, int64_t column, const char *data, int64_t size);
/* Room for a text of so many bytes, all of which the author writes before anything else is called;
 * NULL: there is no memory, and the row fails. */
char *qetl_row_put_room(struct qetl_row *row, int64_t column, int64_t size);
/* For all else: append one value, and tell what that answered by qetl_row_put. */
struct qetl_builder *qetl_row_builder(struct qetl_row *row, int64_t column);
void qetl_row_put(struct qetl_row *row, int64_t column, int32_t status);

/* `return qetl_row_reject(…)`: the row goes to the dead letters. column: of those that a transform
 * reads or a source makes; -1: the row as a whole. */
int32_t qetl_row_reject(struct qetl_row *row, int64_t column, const char *code, const char *format,
                        ...) __attribute__((format(printf, 4, 5)));
/* The same, with the bytes that the row was to be made of. */
int32_t qetl_row_reject_bytes(struct qetl_row *row, const char *code, const void *bytes,
                              int64_t size, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#ifdef __cplusplus
}
#endif

#endif
