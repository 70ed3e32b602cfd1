/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which columns are taken out of an answer, and where they stand in it.
 *
 * Invariant: what was found is of the columns' types.
 * Ownership: what was found is its holder's.
 * Threads:   one at a time.
 */
#ifndef REST_LOOKUP_FOUND_H
#define REST_LOOKUP_FOUND_H

#include <jansson.h>
#include <qetl/sdk.h>

struct found_columns {
    struct qetl_env env;
    const char *rows; /* JSON pointer of a list, each element of which makes a row; NULL: none */
    bool takes_first; /* of a list that goes on on another page */
    int64_t n;
    struct found_column {
        const char *name, *at, *type;
        enum qetl_kind kind;
        bool json; /* text that holds JSON */
        struct qetl_builder builder;
    } * columns;
};

/* What came of one answer: n rows of values, or why there are none. */
struct found {
    const char *url; /* borrowed */
    int64_t n;       /* 0: there is nothing */
    json_t **values; /* n times one of each column; NULL: absent */
    char code[24];   /* "": it is as it should be */
    char *message;
};

/* OK, or a failure that was reported. */
int32_t found_columns_read(struct found_columns *, struct qetl_env);
/* Behind the input's columns. */
int32_t found_columns_bind(struct found_columns *, struct qetl_binder *, int64_t n_inputs,
                           const int64_t *inputs);
void found_columns_free(struct found_columns *);

/* link: the answer's header, or NULL. false: no memory. */
bool found_read(struct found *, const struct found_columns *, const uint8_t *body, int64_t size,
                const char *link);
bool found_refuse(struct found *, const char *code, const char *message);
void found_free(struct found *, const struct found_columns *);

/* A row of the output: row i of what was found; NULL: all are NULL. A status of the builders. */
int32_t found_put(struct found_columns *, const struct found *, int64_t i);
int32_t found_columns_close(struct found_columns *, int64_t rows, struct ArrowArray *out);

#endif
