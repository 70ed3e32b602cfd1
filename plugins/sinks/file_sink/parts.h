/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many files at once: a file for each set of values, the next one when it is full.
 *
 * Invariant: at most max_open descriptors and HELD_BYTES of rows are held, however many files there
 * are. All are written in a hidden folder below the root, which is locked while we live; nothing
 * stands under a final name before commit. Ownership: owns its files, folder and descriptors.
 * Threads:   one at a time.
 */
#ifndef FILE_SINK_PARTS_H
#define FILE_SINK_PARTS_H

#include "handle.h"
#include "output.h"
#include "stage.h"
#include "template.h"

struct part_file;
struct part_stream;

enum { PARTS_STATE_VERSION = 2 };

struct parts {
    struct qetl_env env;
    struct waker *waker;
    struct template template;
    enum if_exists if_exists;
    enum packing packing;
    int level;
    int64_t max_rows, max_bytes; /* of a file; 0: any */
    int64_t max_open;
    bool whole;        /* each file is ended from outside, by who encodes it */
    int64_t broken;    /* files that were ended for others' sake, and had more rows to come */
    int64_t row_bytes; /* of the rows of late, rather more than fewer */
    struct qetl_blob header, footer;
    struct part_stream **table; /* by path; open hashing */
    int64_t n_streams, table_size;
    struct part_file *files; /* all, in the order of their making */
    struct part_file **files_end;
    struct part_file *newest; /* of those with a descriptor, by last use */
    int64_t n_files, n_open, held;
    int64_t n_staged; /* files ever: their names in the folder */
    uint64_t handed;  /* {epoch}: whose files these are, prepared; 0: of the one under way */
    bool rooted;      /* the folder's own name is durable … */
    bool named;       /* … and are the names in it */
    bool dirty;       /* something was written since */
    bool gave;        /* {epoch}: files in the folder are handles' */
    bool saved;       /* a state names them */
    bool restored;
    char *root;   /* absolute; after start */
    char *folder; /* where they are staged; NULL: not made yet */
    int folder_fd;
};

/* Reads the options. OK or a failure, which has been reported. */
int32_t parts_init(struct parts *, struct qetl_env, struct waker *, const char *path,
                   enum if_exists, enum packing, int level);
/* Files will be ended by parts_end: how many may be unfinished at a time, or a failure. */
int64_t parts_whole(struct parts *, uint32_t encode);
/* The number of the files that rows with these keys go to, or a failure. */
int64_t parts_object(struct parts *, const struct qetl_blob *keys);
int32_t parts_end(struct parts *, const struct qetl_blob *keys);
int32_t parts_frame(struct parts *, struct qetl_blob header, struct qetl_blob footer);
/* May the run begin, with what stands there? */
int32_t parts_start(struct parts *);
int32_t parts_open(struct parts *);
int64_t parts_room(struct parts *, const struct qetl_blob *keys);
int32_t parts_write(struct parts *, const struct qetl_write *);
/* Behind the last epoch, or with {epoch}: ends all files and hands out a handle for each. Else what
 * was written becomes durable. */
int32_t parts_prepare(struct parts *, const struct qetl_epoch *, const struct qetl_writer *);
/* parts_state.c */
int32_t parts_save(struct parts *, uint32_t *version, const struct qetl_writer *);
int32_t parts_restore(struct parts *, uint32_t version, const struct qetl_reader *);
/* Gives a prepared file its name, in folders that are made for it. */
int32_t part_show(struct qetl_env, const struct handle *);
/* Removes what is empty of the folder that it was staged in. */
void part_folder_clear(const struct handle *);
/* Undoes prepare. */
int32_t part_hide(struct qetl_env, const struct handle *);
/* Makes the names durable: of all on the handle's file system. */
int32_t parts_sync(struct qetl_env, const struct handle *);
/* Folders of staged files that runs left which were killed. 0 or ENOMEM. */
int part_folder_left_each(const char *root, const char *owner, const struct stage_left *);
/* What a saved state names: the folder, the caller's ("": none), and each file. 0, EINVAL, ENOMEM.
 */
int parts_state_each(uint32_t version, struct qetl_blob state, char **folder,
                     void (*each)(void *arg, const struct handle *), void *arg);
/* part_root.c: where the root is; the caller's. NULL after an error. */
char *part_root_path(const struct parts *);
/* Removes what is left of the staged files. */
void parts_free(struct parts *, bool prepared); /* prepared: they are somebody's handles */

#endif
