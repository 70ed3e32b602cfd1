/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File name patterns: `*`, `?`, `[a-z]`, `[!a-z]`, `\x`, and `**` for folders of any depth.
 *
 * Invariant: results stand in byte order, once each, whatever the locale; hidden names match only a
 *            pattern that begins with a dot; no symbolic link to a folder is followed for `**`.
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
/* A path against a pattern with `/`, as names within archives are matched. */
bool glob_match_path(const char *pattern, const char *path);

/* Appends what matches and is no folder. 0, or an errno with the path at fault in *culprit (to be
 * freed). *folders counts the folders that matched and were left out. */
int glob_expand(const char *pattern, struct names *out, int64_t *folders, char **culprit);

#endif
