/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects of one file: itself, or the members of an archive, one after the other.
 *
 * Invariant: offset is the decoded offset of the next byte in the object at hand; ordinal counts
 * the file's objects that went before. Ownership: owns everything below it; name is valid until the
 * next object begins. Threads:   one at a time.
 */
#ifndef FILE_SOURCE_OBJECT_H
#define FILE_SOURCE_OBJECT_H

#include "tail.h"
#include "unpack.h"

enum object_stage {
    OBJECT_CLOSED,
    OBJECT_SNIFF, /* what the file is has to be found out */
    OBJECT_SEEK,  /* between members */
    OBJECT_DATA
};

struct object {
    struct feed feed;
    struct unpack unpack;
    enum object_stage stage;
    bool packed;
    bool archive;
    const char *file;    /* borrowed */
    const char *members; /* pattern of members that are wanted, or NULL; borrowed */
    bool hidden;         /* members with hidden names are wanted too */
    bool unpacking;      /* look into compressed files and archives at all */
    char *name;
    int64_t ordinal;
    int64_t offset;
    int64_t decoded;   /* bytes that came out of the file */
    int64_t max_ratio; /* of those to the file's own, or 0 */
};

void object_init(struct object *);
/* Readies the file; next must follow. */
int32_t object_open(struct object *, struct qetl_env, struct waker *, const char *file);
/* Begins the file's next object: OK, END (there is none), IDLE or a failure. */
int32_t object_next(struct object *, int64_t deadline_ns);
/* OK with *got > 0, END (of the object), IDLE or a failure. */
int32_t object_read(struct object *, void *data, int64_t capacity, int64_t deadline_ns,
                    int64_t *got);
bool object_at_end(struct object *);
/* Goes to a decoded offset at once if that can be done; else it has to be read and dropped. */
bool object_seek(struct object *, int64_t offset);
/* Looking ahead: how long the object is, -1 if that cannot be done; and how many bytes lie there.
 */
int64_t object_size(const struct object *);
int64_t object_glimpse(const struct object *, int64_t offset, void *data, int64_t capacity);
/* Behind a seek: the bytes before it, at most so many. */
struct tail object_tail(const struct object *, int64_t size);
/* The object is over, or passed over. */
void object_leave(struct object *);
void object_close(struct object *);
void object_free(struct object *, struct qetl_env);

#endif
