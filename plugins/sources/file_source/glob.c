/* SPDX-License-Identifier: Apache-2.0 */
/* Not glob(3) and fnmatch(3): those sort and compare by the locale, and know no `**`. */
#include "glob.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 256 };

bool glob_is_pattern(const char *text)
{
    return strpbrk(text, "*?[") != NULL;
}

/* Bytes of the character at s; a byte that is no UTF-8 counts for itself. */
static int character_size(const char *s)
{
    const unsigned char *u = (const unsigned char *)s;
    int size = u[0] < 0xC2 ? 1 : u[0] < 0xE0 ? 2 : u[0] < 0xF0 ? 3 : u[0] < 0xF5 ? 4 : 1;
    for (int i = 1; i < size; i++)
        if ((u[i] & 0xC0) != 0x80)
            return 1;
    return size;
}

static uint32_t character_value(const char *s, int size)
{
    uint32_t value = 0;
    for (int i = 0; i < size; i++)
        value = value << 8 | (unsigned char)s[i];
    return value; /* UTF-8 as a number keeps the order of the code points */
}

/* The end of the set that begins behind `[`, or NULL if it is not closed and `[` stands for itself.
 */
static const char *set_end(const char *set)
{
    const char *p = set;
    if (*p == '!' || *p == '^')
        p++;
    if (*p == ']')
        p++;
    while (*p && *p != ']')
        p += *p == '\\' && p[1] ? 2 : 1;
    return *p ? p : NULL;
}

static uint32_t set_next(const char **p)
{
    if (**p == '\\' && (*p)[1])
        ++*p;
    int size = character_size(*p);
    uint32_t value = character_value(*p, size);
    *p += size;
    return value;
}

static bool set_has(const char *set, const char *end, uint32_t value)
{
    bool negated = *set == '!' || *set == '^';
    bool found = false;
    const char *p = set + negated;
    while (p < end) {
        uint32_t low = set_next(&p);
        uint32_t high = low;
        if (p + 1 < end && *p == '-') {
            p++;
            high = set_next(&p);
        }
        found |= low <= value && value <= high;
    }
    return found != negated;
}

/* One element of a pattern (no `*`) against the character at name; moves both behind it. */
static bool element_match(const char **pattern, const char **name)
{
    const char *p = *pattern;
    int size = character_size(*name);
    const char *end = *p == '[' ? set_end(p + 1) : NULL;
    if (*p == '?') {
        *pattern = p + 1;
    } else if (end) {
        if (!set_has(p + 1, end, character_value(*name, size)))
            return false;
        *pattern = end + 1;
    } else {
        if (*p == '\\' && p[1])
            p++;
        if (*p != **name)
            return false;
        *pattern = p + 1;
        size = 1;
    }
    *name += size;
    return true;
}

bool glob_match(const char *pattern, const char *name)
{
    const char *star = NULL, *retry = NULL;
    if (*name == '.' && *pattern != '.' && !(pattern[0] == '\\' && pattern[1] == '.'))
        return false;
    while (*name) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = name;
        } else if (!*pattern || !element_match(&pattern, &name)) {
            if (!star)
                return false;
            retry += character_size(retry);
            name = retry;
            pattern = star;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

/* Copies the part before the first `/` of path; answers what follows, or NULL at the last part. */
static const char *part_split(const char *path, char **part)
{
    const char *slash = strchr(path, '/');
    *part = slash ? strndup(path, (size_t)(slash - path)) : strdup(path);
    if (!slash)
        return NULL;
    while (*slash == '/')
        slash++;
    return *slash ? slash : NULL;
}

static bool path_match(const char *pattern, const char *path, int depth)
{
    char *want = NULL, *have = NULL;
    const char *want_rest = part_split(pattern, &want);
    const char *have_rest = part_split(path, &have);
    bool matched = false;
    if (!want || !have || depth > DEPTH_MAX)
        goto out;
    if (strcmp(want, "**") == 0 && want_rest)
        matched = path_match(want_rest, path, depth + 1) ||
                  (have_rest && *have != '.' && path_match(pattern, have_rest, depth + 1));
    else if (glob_match(want, have))
        matched = want_rest && have_rest ? path_match(want_rest, have_rest, depth + 1)
                                         : !want_rest && !have_rest;
out:
    free(want);
    free(have);
    return matched;
}

bool glob_match_path(const char *pattern, const char *path)
{
    return path_match(pattern, path, 0);
}

/* ---- Expansion ---- */

struct walk {
    struct names *out;
    int64_t folders;
    char *culprit;
};

static int walk_path(struct walk *walk, const char *folder, const char *rest, int depth);

/* The name without its backslashes: a part that is no pattern still may be escaped. */
static void part_unescape(char *part)
{
    char *to = part;
    for (const char *from = part; *from; from++) {
        if (*from == '\\' && from[1])
            from++;
        *to++ = *from;
    }
    *to = '\0';
}

static int walk_found(struct walk *walk, const char *path)
{
    struct stat st;
    if (lstat(path, &st) != 0) {
        int error = errno;
        if (error == ENOENT || error == ENOTDIR)
            return 0;
        walk->culprit = strdup(path);
        return error;
    }
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        walk->folders++;
        return 0;
    }
    return names_add(walk->out, path);
}

static bool is_real_folder(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* One entry of a listed folder: part is its pattern, rest what the pattern says behind it. */
static int walk_entry(struct walk *walk, const char *folder, const char *name, const char *part,
                      const char *rest, const char *whole, int depth)
{
    bool any_depth = strcmp(part, "**") == 0;
    char *path;
    int error = 0;
    if (any_depth ? *name == '.' : !glob_match(part, name))
        return 0;
    path = names_join(folder, name);
    if (!path)
        return ENOMEM;
    if (any_depth) {
        if (is_real_folder(path))
            error = walk_path(walk, path, whole, depth + 1);
        else if (!rest)
            error = walk_found(walk, path);
    } else {
        error = rest ? walk_path(walk, path, rest, depth + 1) : walk_found(walk, path);
    }
    free(path);
    return error;
}

static int walk_folder(struct walk *walk, const char *folder, const char *part, const char *rest,
                       const char *whole, int depth)
{
    DIR *dir = opendir(*folder ? folder : ".");
    struct dirent *entry;
    int error = 0;
    if (!dir && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (!dir)
        goto failed;
    while (!error && (errno = 0, entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            error = walk_entry(walk, folder, entry->d_name, part, rest, whole, depth);
    if (!error && errno)
        goto failed;
    closedir(dir);
    return error;
failed:
    error = errno;
    if (dir)
        closedir(dir);
    walk->culprit = strdup(*folder ? folder : ".");
    return error;
}

static int walk_literal(struct walk *walk, const char *folder, char *part, const char *rest,
                        int depth)
{
    char *path;
    int error;
    part_unescape(part);
    path = names_join(folder, part);
    if (!path)
        return ENOMEM;
    error = rest ? walk_path(walk, path, rest, depth + 1) : walk_found(walk, path);
    free(path);
    return error;
}

static int walk_path(struct walk *walk, const char *folder, const char *rest, int depth)
{
    char *part = NULL;
    const char *behind = part_split(rest, &part);
    int error = 0;
    if (!part)
        return ENOMEM;
    if (depth > DEPTH_MAX) {
        error = ELOOP;
        walk->culprit = strdup(folder);
    } else if (!glob_is_pattern(part)) {
        error = walk_literal(walk, folder, part, behind, depth);
    } else {
        if (strcmp(part, "**") == 0 && behind)
            error = walk_path(walk, folder, behind, depth + 1);
        if (!error)
            error = walk_folder(walk, folder, part, behind, rest, depth);
    }
    free(part);
    return error;
}

int glob_expand(const char *pattern, struct names *out, int64_t *folders, char **culprit)
{
    struct walk walk = {.out = out};
    int64_t first = out->count;
    const char *root = *pattern == '/' ? "/" : "";
    int error;
    while (*pattern == '/')
        pattern++;
    error = *pattern ? walk_path(&walk, root, pattern, 0) : 0;
    names_sort(out, first);
    *folders = walk.folders;
    *culprit = walk.culprit;
    return error;
}
