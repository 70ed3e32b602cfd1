/* SPDX-License-Identifier: Apache-2.0 */
#include "zone.h"

#include "calendar.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUCKETS = 256, PATH_SIZE = 512, FILE_SIZE_MAX = 1 << 20 };

static const char root[] = "/usr/share/zoneinfo";

struct entry {
    struct entry *next;
    struct expr_zone *zone;
    char name[EXPR_ZONE_TEXT_MAX]; /* in small letters */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry *table[BUCKETS];
static size_t n_entries;

/* ---- files ---- */

/* Appends the entry of the folder `path` that is `name` in some case. */
static bool path_extend(char path[PATH_SIZE], const char *name, size_t size)
{
    DIR *folder = opendir(path);
    struct dirent *item;
    bool found = false;

    while (folder && !found && (item = readdir(folder))) {
        size_t used = strlen(path);
        if (*item->d_name == '.' || strlen(item->d_name) != size ||
            strncasecmp(item->d_name, name, size) != 0 || used + size + 2 > PATH_SIZE)
            continue;
        path[used] = '/';
        memcpy(path + used + 1, item->d_name, size + 1);
        found = true;
    }
    if (folder)
        closedir(folder);
    return found;
}

/* The file of that name: every part is an entry of its folder, so that none leads elsewhere. */
static bool path_find(const char *name, char path[PATH_SIZE])
{
    strcpy(path, root);
    for (;;) {
        size_t size = strcspn(name, "/");
        if (!size || !path_extend(path, name, size))
            return false;
        if (!name[size])
            return true;
        name += size + 1;
    }
}

static struct expr_zone *file_read(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct expr_zone *zone = NULL;
    char *bytes = NULL;
    struct stat info;
    ssize_t size;

    if (fd < 0 || fstat(fd, &info) || !S_ISREG(info.st_mode) || info.st_size > FILE_SIZE_MAX)
        goto out;
    bytes = malloc((size_t)info.st_size + 1);
    size = bytes ? read(fd, bytes, (size_t)info.st_size) : -1;
    if (size == info.st_size)
        zone = qetl_expr_zone_read(bytes, (size_t)size);
out:
    free(bytes);
    if (fd >= 0)
        close(fd);
    return zone;
}

/* ---- names ---- */

static struct expr_zone *zone_make(const char *lower, struct expr_text written)
{
    char path[PATH_SIZE], upper[EXPR_ZONE_NAME_MAX];
    struct expr_zone *zone = NULL;
    int32_t offset;
    size_t i;
    bool dst;

    if (qetl_expr_zone_abbreviation((struct expr_text){lower, written.size}, &offset, &dst)) {
        for (i = 0; lower[i] && i + 1 < sizeof upper; i++)
            upper[i] = lower[i] >= 'a' && lower[i] <= 'z' ? (char)(lower[i] - 32) : lower[i];
        upper[i] = '\0';
        return qetl_expr_zone_fixed(upper, offset, dst);
    }
    if (path_find(lower, path))
        zone = file_read(path);
    return zone ? zone : qetl_expr_zone_posix(written);
}

static struct entry **entry_find(const char *name)
{
    uint32_t hash = 2166136261u;
    struct entry **at;

    for (const char *c = name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    for (at = &table[hash % BUCKETS]; *at; at = &(*at)->next)
        if (!strcmp((*at)->name, name))
            break;
    return at;
}

/* Names come from data too, so there is an end to what is kept. */
static struct entry *entry_make(const char *lower, struct expr_text written)
{
    struct expr_zone *zone = n_entries < EXPR_ZONES_MAX ? zone_make(lower, written) : NULL;
    struct entry *entry = zone ? calloc(1, sizeof *entry) : NULL;

    if (!entry) {
        qetl_expr_zone_free(zone);
        return NULL;
    }
    strcpy(entry->name, lower);
    entry->zone = zone;
    n_entries++;
    return entry;
}

const struct expr_zone *qetl_expr_zone_find(struct expr_text name)
{
    char lower[EXPR_ZONE_TEXT_MAX];
    struct entry **at;
    const struct expr_zone *zone;

    if (name.size <= 0 || name.size >= EXPR_ZONE_TEXT_MAX ||
        memchr(name.data, 0, (size_t)name.size))
        return NULL;
    for (int64_t i = 0; i < name.size; i++)
        lower[i] =
            name.data[i] >= 'A' && name.data[i] <= 'Z' ? (char)(name.data[i] + 32) : name.data[i];
    lower[name.size] = '\0';
    pthread_mutex_lock(&lock);
    at = entry_find(lower);
    if (!*at)
        *at = entry_make(lower, name);
    zone = *at ? (*at)->zone : NULL;
    pthread_mutex_unlock(&lock);
    return zone;
}

const struct expr_zone *qetl_expr_zone_utc(void)
{
    static struct expr_zone_kind kind = {.name = "UTC"};
    static const struct expr_zone utc = {.kinds = &kind, .n_kinds = 1, .repeat_from = INT64_MAX};

    return &utc;
}

/* ---- time ---- */

/* Foreign columns may hold instants at the very ends. */
static int64_t shifted(int64_t us, int64_t seconds)
{
    int64_t sum;

    if (__builtin_add_overflow(us, 1000000 * seconds, &sum))
        return seconds < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

int64_t qetl_expr_zone_local(struct expr_zone_cursor *c, int64_t us)
{
    return shifted(us, expr_zone_kind_at(c, expr_floor_divide(us, 1000000))->offset);
}

int64_t qetl_expr_zone_utc_of(struct expr_zone_cursor *c, int64_t local_us)
{
    int64_t local = expr_floor_divide(local_us, 1000000), before, after;
    const struct expr_zone_kind *next;
    struct expr_zone_span span;

    /* Far enough from both ends of the span at hand, no transition is near. */
    if (c->span.kind && local - 172800 > c->span.from && local + 172800 < c->span.until)
        return shifted(local_us, -c->span.kind->offset);
    c->span = span = qetl_expr_zone_span(c->zone, local - 86400);
    if (span.until == INT64_MAX)
        return shifted(local_us, -span.kind->offset);
    next = qetl_expr_zone_span(c->zone, span.until).kind;
    before = local - span.kind->offset;
    after = local - next->offset;
    if ((before > span.until && after >= span.until) ||
        !((before < span.until && after < span.until) || before > after))
        return shifted(local_us, -next->offset);
    return shifted(local_us, -span.kind->offset);
}
