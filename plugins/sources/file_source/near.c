/* SPDX-License-Identifier: Apache-2.0 */
/* Which names in a folder someone may have meant who wrote another one. */
#include "listing.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_BYTES = 128, NEAR_MOST = 3, LOOKED_AT_MOST = 10000 };

struct near {
    int distance;
    char name[NAME_BYTES];
};

static int letter(char c)
{
    return tolower((unsigned char)c);
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Edits from one name to the other; case counts nothing, `*` in `from` stands for anything. */
static int edit_distance(const char *from, const char *to)
{
    int row[NAME_BYTES + 1];
    int length = (int)strlen(to);
    for (int j = 0; j <= length; j++)
        row[j] = j;
    for (int i = 0; from[i]; i++) {
        int diagonal = row[0];
        bool star = from[i] == '*';
        row[0] += !star;
        for (int j = 1; j <= length; j++) {
            int above = row[j];
            int changed = diagonal + (letter(from[i]) != letter(to[j - 1]) && from[i] != '?');
            int edited = least(above + 1, row[j - 1] + 1);
            row[j] = star ? least(above, row[j - 1]) : least(changed, edited);
            diagonal = above;
        }
    }
    return row[length];
}

/* name is shorter than NAME_BYTES. */
static void near_offer(struct near *best, const char *name, int distance)
{
    int at = NEAR_MOST;
    while (at > 0 && (best[at - 1].distance > distance ||
                      (best[at - 1].distance == distance && strcmp(best[at - 1].name, name) > 0)))
        at--;
    if (at == NEAR_MOST)
        return;
    memmove(best + at + 1, best + at, (size_t)(NEAR_MOST - 1 - at) * sizeof *best);
    best[at].distance = distance;
    memcpy(best[at].name, name, strlen(name) + 1);
}

static char *near_text(const char *folder, const struct near *best)
{
    char *text = NULL;
    for (int i = 0; i < NEAR_MOST && best[i].distance < INT32_MAX; i++) {
        char *path = names_join(folder, best[i].name);
        char *longer = NULL;
        if (path && asprintf(&longer, "%s%s%s", text ? text : "", text ? ", " : "", path) < 0)
            longer = NULL;
        free(path);
        free(text);
        text = longer;
        if (!text)
            break;
    }
    return text;
}

char *listing_near(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *wanted = slash ? slash + 1 : path;
    char *folder = slash ? strndup(path, (size_t)(slash - path + 1)) : strdup("");
    DIR *dir = folder ? opendir(*folder ? folder : ".") : NULL;
    struct near best[NEAR_MOST];
    struct dirent *entry;
    char *text = NULL;
    int enough = (int)strlen(wanted) / 3;
    for (int i = 0; i < NEAR_MOST; i++)
        best[i].distance = INT32_MAX;
    for (int looked = 0; dir && looked < LOOKED_AT_MOST && (entry = readdir(dir)); looked++) {
        if (entry->d_name[0] == '.' || strlen(entry->d_name) >= NAME_BYTES)
            continue;
        int distance = edit_distance(wanted, entry->d_name);
        if (distance <= (enough < 2 ? 2 : enough))
            near_offer(best, entry->d_name, distance);
    }
    if (folder)
        text = near_text(folder, best);
    if (dir)
        closedir(dir);
    free(folder);
    return text;
}
