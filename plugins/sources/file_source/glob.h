/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File name patterns: `*`, `?`, `[a-z]`, `[!a-z]`, `\x`, and `**` for folders of any depth.
 *
 * Invariant: results stand in byte order, once each, whatever the locale; hidden names match only a
 *            pattern that begins with a dot, unless all are wanted; no symbolic link to a folder is
 *            followed for `**`.
 * Ownership: the caller owns the list that it passes.
 * Threads:   none of its own; no globals.
 */
#ifndef FILE_SOURCE_GLOB_H
#define FILE_SOURCE_GLOB_H

#include "names.h"

#include <stdbool.h>

bool glob_is_pattern(const char *text);
/* One name against one pattern without `/`. `?` and the sets take whole UTF-8 characters. */
bool glob_match(const char *pattern, const char *name);
/* As match; a hidden name is one like any other. */
bool glob_match_all(const char *pattern, const char *name);
/* A path against a pattern with `/`, as names within archives are matched. */
bool glob_match_path(const char *pattern, const char *path);
/* Whether one of the patterns matches: the last part of the path, or all of it where the pattern
 * has a `/`; hidden or not. */
bool glob_match_one(const struct names *patterns, const char *path);

/* What an expansion leaves out. All is borrowed. */
struct glob_rules {
    const struct names *exclude; /* of folders, with all that is in them, and of files */
    bool hidden;                 /* hidden names are like any others */
    bool skip_links;             /* symbolic links are passed over */
    int depth;                   /* folders below the first of `**`; -1: any */
    struct names *unreadable;    /* what cannot be looked into goes here; NULL: it is an error */
};

/* Appends what matches and is no folder. 0, or an errno with the path at fault in *culprit (to be
 * freed). *folders counts the folders that matched and were left out. */
int glob_expand(const char *pattern, const struct glob_rules *, struct names *out, int64_t *folders,
                char **culprit);
/* All files of a folder, as deep as the rules say; its own name is no pattern. */
int glob_folder(const char *folder, const struct glob_rules *, struct names *out, char **culprit);

#endif
