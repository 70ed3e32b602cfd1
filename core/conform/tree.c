/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH = 8, PATHS = 1024, HIDDEN_LEAST = 4, LINE = 300 };

/* ---- taking one ---- */

static struct conform_leaf *leaf_add(struct conform_tree *tree, const char *name)
{
    if (tree->n % 16 == 0)
        tree->leaves = realloc(tree->leaves, (tree->n + 16) * sizeof *tree->leaves);
    if (!tree->leaves)
        abort(); /* as text.c has it */
    tree->leaves[tree->n] = (struct conform_leaf){.name = strdup(name)};
    return &tree->leaves[tree->n++];
}

static void file_read(struct conform_leaf *leaf, const char *path)
{
    char data[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    for (ssize_t n = 1; fd >= 0 && n > 0;) {
        n = read(fd, data, sizeof data);
        conform_text_put(&leaf->data, data, n > 0 ? (size_t)n : 0);
    }
    if (fd >= 0)
        close(fd);
}

static void folder_take(struct conform_tree *tree, const char *folder, size_t skip, int depth)
{
    DIR *dir = depth ? opendir(folder) : NULL;
    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        char path[PATHS], to[PATHS];
        struct stat about;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        snprintf(path, sizeof path, "%.600s/%s", folder, entry->d_name);
        if (lstat(path, &about))
            continue;
        if (S_ISDIR(about.st_mode)) {
            folder_take(tree, path, skip, depth - 1);
            continue;
        }
        struct conform_leaf *leaf = leaf_add(tree, path + skip);
        ssize_t n = S_ISLNK(about.st_mode) ? readlink(path, to, sizeof to) : 0;
        conform_text_put(&leaf->data, to, n > 0 ? (size_t)n : 0);
        if (S_ISREG(about.st_mode))
            file_read(leaf, path);
    }
    if (dir)
        closedir(dir);
}

static int leaf_compare(const void *a, const void *b)
{
    return strcmp(((const struct conform_leaf *)a)->name, ((const struct conform_leaf *)b)->name);
}

void conform_tree_take(struct conform_tree *tree, const char *folder)
{
    conform_tree_free(tree);
    folder_take(tree, folder, strlen(folder) + 1, DEPTH);
    if (tree->n)
        qsort(tree->leaves, tree->n, sizeof *tree->leaves, leaf_compare);
}

void conform_tree_free(struct conform_tree *tree)
{
    for (size_t i = 0; i < tree->n; i++) {
        free(tree->leaves[i].name);
        conform_text_free(&tree->leaves[i].data);
    }
    free(tree->leaves);
    *tree = (struct conform_tree){0};
}

/* ---- two of them ---- */

const struct conform_leaf *conform_tree_find(const struct conform_tree *tree, const char *name)
{
    for (size_t i = 0; i < tree->n; i++)
        if (strcmp(tree->leaves[i].name, name) == 0)
            return &tree->leaves[i];
    return NULL;
}

const char *conform_tree_differs(const struct conform_tree *a, const struct conform_tree *b)
{
    for (size_t i = 0; i < a->n || i < b->n; i++) {
        int order = i == a->n ? 1 : i == b->n ? -1 : strcmp(a->leaves[i].name, b->leaves[i].name);
        if (order || !conform_text_same(&a->leaves[i].data, &b->leaves[i].data))
            return order > 0 ? b->leaves[i].name : a->leaves[i].name;
    }
    return NULL;
}

/* ---- as text ---- */

/* Numbers are hidden, of whatever base: of a time, a process, chance. */
static void name_print(const char *name, char *out, size_t size)
{
    size_t n = 0;
    while (*name && n + 1 < size) {
        size_t run = strspn(name, "0123456789abcdefABCDEF");
        bool number = run >= HIDDEN_LEAST || strcspn(name, "0123456789") < run;
        if (number) {
            out[n++] = '#';
            name += run;
            continue;
        }
        for (size_t i = 0; i < run + !run && *name && n + 1 < size; i++)
            out[n++] = *name++;
    }
    out[n] = 0;
}

static int line_compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void leaf_print(const struct conform_leaf *leaf, int level, char line[LINE])
{
    char name[200] = "a file";
    const char *slash = strrchr(leaf->name, '/'), *dot = strrchr(slash ? slash : leaf->name, '.');
    uint64_t sum = 1469598103934665603u;
    if (level == CONFORM_TREE_NAMES)
        name_print(leaf->name, name, sizeof name);
    else if (dot && strlen(dot) < 6 && !strpbrk(dot, "0123456789"))
        snprintf(name, sizeof name, "a %s", dot);
    for (size_t i = 0; i < leaf->data.size && level < CONFORM_TREE_SIZES; i++)
        sum = (sum ^ (uint8_t)leaf->data.data[i]) * 1099511628211u;
    snprintf(line, LINE, "%s: %zu bytes, %016llx\n", name, leaf->data.size,
             (unsigned long long)sum);
}

void conform_tree_print(const struct conform_tree *tree, int level, struct conform_text *out)
{
    char(*lines)[LINE] = tree->n ? calloc(tree->n, LINE) : NULL;
    if (!lines || level >= CONFORM_TREE_NOTHING) {
        free(lines);
        return;
    }
    for (size_t i = 0; i < tree->n; i++)
        leaf_print(&tree->leaves[i], level, lines[i]);
    qsort(lines, tree->n, LINE, line_compare);
    for (size_t i = 0; i < tree->n; i++)
        conform_text_put(out, lines[i], strlen(lines[i]));
    free(lines);
}
