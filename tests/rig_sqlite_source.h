/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source `sqlite` at work over the fake host, as the host would drive it.
 *
 * Invariant: rows stand in `rows` as text, values split by blanks, each row ended by a newline.
 * Ownership: reader_end destroys the instance, and fails the test if a buffer was kept. Threads:
 * one.
 */
#ifndef QETL_RIG_SQLITE_SOURCE_H
#define QETL_RIG_SQLITE_SOURCE_H

#include "fake_host.h"
#include "file_scratch.h"

#include <sqlite3.h>

struct reader {
    struct qetl_fake_host fake;
    const struct qetl_component *component;
    void *self;
    struct ArrowSchema schema;
    int64_t *wants; /* of negotiate, or NULL: all */
    int64_t n_wants;
    struct qetl_fake_space rows;
    int64_t n_rows, n_batches, largest;
    uint8_t position[4096]; /* behind the last batch */
    size_t position_size;
};

/* create, start and describe; options: members of an object beside the path, x.db. */
int32_t reader_make(struct reader *r, const char *options);
int32_t reader_open(struct reader *r, const struct reader *behind);
/* The next batch of at most so many rows: next's answer. */
int32_t reader_next(struct reader *r, int64_t most);
/* make, open and all that comes, which has to succeed. */
void reader_all(struct reader *r, const char *options);
int32_t reader_rest(struct reader *r, int64_t most);
void reader_end(struct reader *r);
void expect_rows(const struct reader *r, const char *rows);

void db_run(const char *sql); /* on a connection of its own to x.db */

#endif
