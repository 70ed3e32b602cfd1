/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of the files that folders and patterns mean are read, and in which order.
 *
 * Invariant: what the user names itself is always read; a rule that leaves files out never leaves
 *            out an error. Ownership: owns its patterns. Threads:   none of its own.
 */
#ifndef FILE_SOURCE_CHOICE_H
#define FILE_SOURCE_CHOICE_H

#include "glob.h"

#include <qetl/sdk.h>

enum order { ORDER_NAME, ORDER_NATURAL, ORDER_MODIFIED, ORDER_SIZE };

struct moment { /* a time, or so long before now */
    bool given, ago;
    int64_t ns;
};

struct choice {
    struct names exclude;
    struct glob_rules rules; /* to be used where this struct stands: it points into it */
    struct names unreadable;
    struct moment since, before;
    enum order order;
    bool descending;
    bool skip_unreadable;
    bool none_is_fine;
};

/* OK or a failure, which has been reported. The struct must not move afterwards. */
int32_t choice_read(struct choice *, struct qetl_env);
/* Drops the files from `first` on that are too old or too young. 0 or ENOMEM. */
void choice_age(const struct choice *, struct names *, int64_t first);
/* Puts all files into the order that is wanted: 0 or ENOMEM. */
int choice_sort(const struct choice *, struct names *);
void choice_free(struct choice *);

#endif
