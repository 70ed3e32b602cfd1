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

static bool is_shown(const char *pattern, const char *name)
{
    return *name != '.' || *pattern == '.' || (pattern[0] == '\\' && pattern[1] == '.');
}

bool glob_match(const char *pattern, const char *name)
{
    return is_shown(pattern, name) && glob_match_all(pattern, name);
}

bool glob_match_all(const char *pattern, const char *name)
{
    const char *star = NULL, *retry = NULL;
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

static bool path_match(const char *pattern, const char *path, bool hidden, int depth)
{
    char *want = NULL, *have = NULL;
    const char *want_rest = part_split(pattern, &want);
    const char *have_rest = part_split(path, &have);
    bool matched = false;
    if (!want || !have || depth > DEPTH_MAX)
        goto out;
    if (strcmp(want, "**") == 0 && want_rest)
        matched = path_match(want_rest, path, hidden, depth + 1) ||
                  (have_rest && (hidden || *have != '.') &&
                   path_match(pattern, have_rest, hidden, depth + 1));
    else if (hidden ? glob_match_all(want, have) : glob_match(want, have))
        matched = want_rest && have_rest ? path_match(want_rest, have_rest, hidden, depth + 1)
                                         : !want_rest && !have_rest;
out:
    free(want);
    free(have);
    return matched;
}

bool glob_match_path(const char *pattern, const char *path)
{
    return path_match(pattern, path, false, 0);
}

bool glob_match_one(const struct names *patterns, const char *path)
{
    const char *slash = strrchr(path, '/');
    for (int64_t i = 0; i < patterns->count; i++) {
        const char *pattern = patterns->items[i];
        if (strchr(pattern, '/') ? path_match(pattern, path, true, 0)
                                 : glob_match_all(pattern, slash ? slash + 1 : path))
            return true;
    }
    return false;
}

/* ---- Expansion ---- */

struct walk {
    const struct glob_rules *rules;
    struct names *out;
    int64_t folders;
    int entered; /* folders that `**` went down */
    char *culprit;
};

static int walk_path(struct walk *walk, const char *folder, const char *rest, int depth);

static int walk_fault(struct walk *walk, const char *path, int error)
{
    if (walk->rules->unreadable && error != ENOMEM)
        return names_add(walk->rules->unreadable, path);
    walk->culprit = strdup(path);
    return error;
}

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
        return walk_fault(walk, path, error);
    }
    if (walk->rules->skip_links && S_ISLNK(st.st_mode))
        return 0;
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

static int walk_down(struct walk *walk, const char *folder, const char *whole, int depth)
{
    int error = 0;
    if (walk->rules->depth >= 0 && walk->entered >= walk->rules->depth)
        return 0;
    walk->entered++;
    error = walk_path(walk, folder, whole, depth + 1);
    walk->entered--;
    return error;
}

/* One entry of a listed folder: part is its pattern, rest what the pattern says behind it. */
static int walk_entry(struct walk *walk, const char *folder, const char *name, const char *part,
                      const char *rest, const char *whole, int depth)
{
    const struct glob_rules *rules = walk->rules;
    bool any_depth = strcmp(part, "**") == 0;
    char *path;
    int error = 0;
    if (!rules->hidden && !is_shown(part, name))
        return 0;
    if (!any_depth && !glob_match_all(part, name))
        return 0;
    path = names_join(folder, name);
    if (!path)
        return ENOMEM;
    if (rules->exclude && glob_match_one(rules->exclude, path)) {
        free(path);
        return 0;
    }
    if (any_depth) {
        if (is_real_folder(path))
            error = walk_down(walk, path, whole, depth);
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
    return walk_fault(walk, *folder ? folder : ".", error);
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
        error = walk_fault(walk, folder, ELOOP);
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

int glob_expand(const char *pattern, const struct glob_rules *rules, struct names *out,
                int64_t *folders, char **culprit)
{
    struct walk walk = {.rules = rules, .out = out};
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

int glob_folder(const char *folder, const struct glob_rules *rules, struct names *out,
                char **culprit)
{
    struct walk walk = {.rules = rules, .out = out};
    int64_t first = out->count;
    int error = walk_folder(&walk, folder, "**", NULL, "**", 0);
    names_sort(out, first);
    *culprit = walk.culprit;
    return error;
}
