/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A random pipeline of the plugins themselves, its input, and what its outputs must hold.
 *
 * Invariant: whether a row is rejected, kept, and by which way it leaves is a function of its
 * number alone. Ownership: the folder and what lies in it are the caller's. Threads:   the feeder
 * has one of its own between feed_start and feed_stop.
 */
#ifndef QETL_PIPES_MODEL_H
#define QETL_PIPES_MODEL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum pipes_via { PIPES_FILE, PIPES_FIFO, PIPES_FOLLOW };
enum pipes_layout { PIPES_LINE, PIPES_ROUTE, PIPES_UNION };
enum pipes_ask { PIPES_ABSENT, PIPES_BEGINNING, PIPES_WHOLE };

struct pipes {
    uint64_t random;
    const char *folder;
    enum pipes_via via;
    enum pipes_layout layout;
    const char *mode;
    int64_t rows, bad_every, limit; /* limit -1: none */
    char yaml[4096];
    bool endless;
    pthread_t feeder;
    atomic_bool over; /* nobody reads any more */
    atomic_bool fed;  /* all rows were written */
    char fault[600];  /* what was found wrong; "" nothing */
};

/* Chooses all from the seed and writes the file, or makes the FIFO. */
void pipes_make(struct pipes *, uint64_t seed, const char *folder);
void pipes_feed_start(struct pipes *);
void pipes_feed_stop(struct pipes *);
/* What stands in the outputs and the dead letters; answers the rows compared. */
int64_t pipes_check(struct pipes *, enum pipes_ask);
void pipes_clear(struct pipes *); /* removes the files */

#endif
