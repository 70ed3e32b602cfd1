/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of dead letters: lines of JSON, each with a number of its own. What is later known of a
 * letter (that it was replayed, edited) is a line more, so that a file only grows, but for what is
 * cut back or dropped.
 *
 * Invariant: numbers ascend and are not given twice; a file that is open here is open nowhere else.
 * Ownership: the struct owns its descriptor, with its lock.
 * Threads:   one at a time.
 */
#ifndef QETL_CORE_LETTER_FILE_H
#define QETL_CORE_LETTER_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct qetl_letter_file {
    char *path;
    int fd;       /* -1: not open */
    bool made;    /* its name is not durable yet */
    bool stream;  /* a device or pipe: nothing can be taken back */
    int64_t size; /* with what was added since the last sync */
    int64_t synced;
    int64_t last; /* the newest letter's number; 0: there is none */
    char *buffer;
    size_t used;
};

/* Made, if need be. 0 or an errno: EWOULDBLOCK: another process has it; EBADMSG: it holds something
 * else. A last line that was torn by a crash goes. */
int qetl_letter_file_open(struct qetl_letter_file *, const char *path);
void qetl_letter_file_close(struct qetl_letter_file *);
/* A line of JSON with its newline, to which the next number is given. 0 or an errno. */
int qetl_letter_file_add(struct qetl_letter_file *, const char *line, size_t size);
/* What was added is durable. 0 or an errno, after which nothing of it is there. */
int qetl_letter_file_sync(struct qetl_letter_file *);

/* The number of the newest letter in the file at path, without opening it for writing: 0 if there
 * is no such file. 0 or an errno. */
int qetl_letter_file_peek(const char *path, int64_t *last);

struct qetl_letter_line {
    const char *text; /* with its newline */
    size_t size;
    int64_t id, offset;
};

/* Lines in order until one answers other than 0; that, or an errno. */
int qetl_letter_lines(FILE *, int (*each)(void *arg, const struct qetl_letter_line *), void *arg);

enum qetl_letter_fate { QETL_LETTER_KEEP, QETL_LETTER_CUT, QETL_LETTER_FAILED /* no memory */ };

/* Without the lines that are cut, in one step: at its end, or as a new file in its place. numbered:
 * the newest number stays known, if its letter goes. 0 or an errno. */
int qetl_letter_file_thin(struct qetl_letter_file *,
                          enum qetl_letter_fate (*judge)(void *arg,
                                                         const struct qetl_letter_line *),
                          void *arg, bool numbered);
/* letter_cut.c: letters of later epochs than this one, which nobody decided. */
struct qetl_letters_behind {
    const char *key, *name; /* "state" and whose they are; "run" without one */
    uint64_t epoch;
};
bool qetl_letter_is_behind(const struct qetl_letter_line *, const struct qetl_letters_behind *);
/* Whether the file has any, without opening it for writing. 0 or an errno. */
int qetl_letter_file_look(const char *path, const struct qetl_letters_behind *, bool *any);
/* They go. 0 or an errno. */
int qetl_letter_file_cut(struct qetl_letter_file *, const struct qetl_letters_behind *);
/* As do lines of replays behind number `from`. */
int qetl_letter_file_cut_replays(struct qetl_letter_file *, int64_t from);

/* The folder's names are durable. */
int qetl_letter_folder_sync(const char *path);
/* Of the file; "." where the path names none. To be freed; NULL without memory. */
char *qetl_letter_folder(const char *path);

#endif
