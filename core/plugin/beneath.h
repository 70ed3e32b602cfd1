/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files beneath a folder, where nobody but its owner and root may change what is found: each part
 * of a name is opened from the descriptor of the one above, and looked at by its own.
 *
 * Invariant: what was answered lies beneath the folder, was reached through no link, and it and
 *            each folder on the way belongs to us or to root, and is nobody else's to write.
 * Ownership: descriptors and bytes are the caller's.
 * Threads:   any.
 */
#ifndef QETL_CORE_BENEATH_H
#define QETL_CORE_BENEATH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* Ours or root's, and nobody else's to change. */
bool qetl_is_safe(const struct stat *);

/* Whether there is anything at a place; what may not be looked at is there, and so is what lies
 * behind a link that leads nowhere just now. */
bool qetl_is_there(const char *path);

/* Each 0, or an errno: ENOENT, ENOTDIR: it is not there; EPERM: somebody else may change it; ELOOP:
 * a link; EBADMSG: it is neither a plain file, nor a folder; whatever else open(2) says. */
int qetl_beneath_file(int folder, const char *path, int *fd);
int qetl_beneath_folder(int folder, const char *path, int *fd); /* "." is the folder itself */
/* All of an open file, with a 0 behind it; EFBIG: it is larger than `most`. */
int qetl_read_whole(int fd, size_t most, char **bytes, size_t *size);
/* All of a file beneath a folder. */
int qetl_beneath_slurp(int folder, const char *path, size_t most, char **bytes, size_t *size);

#endif
