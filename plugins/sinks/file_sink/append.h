/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing at the end of a file that has content.
 *
 * Invariant: no two processes of qetl append to one file at once, and what is appended goes with
 * what stands there: same compression, no record glued to an unfinished line. Ownership: the caller
 * owns the descriptor. Threads:   any.
 */
#ifndef FILE_SINK_APPEND_H
#define FILE_SINK_APPEND_H

#include "output.h"

struct append {
    int64_t length;   /* when opened */
    bool line_open;   /* the last line has no newline */
    char head[16384]; /* what it begins with, unpacked */
    int64_t head_size;
};

/* OK or a failure, which has been reported. */
int32_t append_open(struct append *, struct qetl_env, const struct target *, enum packing, int *fd);
/* To be asked of the first bytes: may they follow what stands there? */
int32_t append_check(const struct append *, struct qetl_env, const char *given, const void *data,
                     int64_t size);

/* Of a file that the run wrote so far itself: its first bytes. Moves the descriptor's place. */
int32_t append_head(struct append *, struct qetl_env, const char *given, enum packing, int fd,
                    int64_t length);

/* content.c: reads the head of a file that has content, and if `last`, whether its last line ends.
 */
int32_t append_content(struct append *, struct qetl_env, const char *given, enum packing, int fd,
                       bool last);

#endif
