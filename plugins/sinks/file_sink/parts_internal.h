/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One of the files of a sink in parts, and the folder that they are staged in.
 *
 * Invariant: a file that is done has been ended, and is only waiting for its name.
 * Ownership: parts own their files; a file its handle, output and buffer. Threads:   one.
 */
#ifndef FILE_SINK_PARTS_INTERNAL_H
#define FILE_SINK_PARTS_INTERNAL_H

#include "parts.h"

struct part_stream { /* the rows of one set of values: one file, or one after the other */
    struct part_stream *next;
    uint64_t hash;
    char *name; /* the path with the number 0 */
    struct part_file *file;
    int64_t index; /* among all, as they were first asked for */
    int64_t number;
    bool early;             /* the last file was ended before it was full */
    struct qetl_blob *keys; /* one allocation with their bytes */
};

struct part_file {
    struct part_file *next;          /* in the order of their making */
    struct part_file *newer, *older; /* among those with a descriptor */
    struct handle handle;
    struct output out;
    bool done;
    const struct part_stream *stream; /* {epoch}: whose rows these are, and … */
    int64_t number;                   /* … which of its files */
    int64_t synced;                   /* bytes that are durable */
    int64_t index;                    /* among those of the state under way */
    uint8_t *buffer;
    int64_t buffered, room;
    int64_t plain; /* bytes of rows, header too, before compression */
};

/* parts.c: the stream with these keys, made if it is new. A failure was reported. */
int32_t part_stream_find(struct parts *, const struct qetl_blob *keys, struct part_stream **out);

/* part_file.c: a new file that will have this name; NULL: it gets one later. A failure was
 * reported. */
int32_t part_file_make(struct parts *, const char *path, struct part_file **out);
/* Its name, once that is known. */
int32_t part_file_name(struct parts *, struct part_file *, const char *path);
void part_file_add(struct parts *, struct part_file *);
/* What was written is on its way to be durable; sync: it is. */
int32_t part_file_pause(struct parts *, struct part_file *, bool sync);
int32_t part_file_put(struct parts *, struct part_file *, const void *data, size_t size);
int32_t part_file_flush_all(struct parts *);
/* Ends it: footer, last compressed block; durable if so wished. */
int32_t part_file_finish(struct parts *, struct part_file *, bool durable);
void part_file_free(struct parts *, struct part_file *);

/* part_folder.c */
int32_t part_folder_make(struct parts *);
/* The one of a former process, where only these files are to stay. */
int32_t part_folder_reopen(struct parts *, const char *path);
int32_t part_folder_tidy(struct parts *);
void part_folder_drop(struct parts *, bool keep);
/* The path, with the folders that are there already, does not lead out of the root. */
int32_t part_folder_check(const struct parts *, const struct target *);

/* part_root.c: where the root is, once more. */
int32_t part_root_resolve(struct parts *);

/* part_root.c: whole folders take the place of others; files are staged as they will lie in them.
 */
bool part_swaps(const struct parts *);
int32_t part_swap_name(struct parts *, struct handle *, const char *path);
/* Handles for the folders; those of the files come behind them. */
int32_t part_swaps_hand(struct parts *, const struct qetl_writer *);

#endif
