/* SPDX-License-Identifier: Apache-2.0 */
#include "durable.h"

#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { PATHS = 1024, DEPTH = 8, MANY = 1024 };

struct note { /* of a file its bytes, of a folder what it names: as it was synced last */
    dev_t device;
    ino_t number;
    struct conform_text held;
};

static struct {
    atomic_bool begun;
    pthread_mutex_t lock;
    char folder[PATHS];
    struct note notes[MANY];
    size_t n;
} durable = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- what a file or a folder holds ---- */

/* No name has a slash in it. */
static void entry_print(const char *name, ino_t number, char out[300])
{
    snprintf(out, 300, "/%llu:%s/", (unsigned long long)number, name);
}

static bool is_entry(const char *name)
{
    return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static void folder_read(int fd, struct conform_text *out)
{
    DIR *dir = fdopendir(dup(fd));
    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        struct stat about;
        char line[300];
        if (!is_entry(entry->d_name) || fstatat(fd, entry->d_name, &about, AT_SYMLINK_NOFOLLOW))
            continue;
        entry_print(entry->d_name, about.st_ino, line);
        conform_text_put(out, line, strlen(line));
    }
    if (dir)
        closedir(dir);
}

static void file_read(int fd, struct conform_text *out)
{
    char data[4096];
    for (ssize_t n; (n = pread(fd, data, sizeof data, (off_t)out->size)) > 0;)
        conform_text_put(out, data, (size_t)n);
}

/* 0; -1: it is neither file nor folder, or gone. */
static int path_read(const char *path, struct stat *about, struct conform_text *out)
{
    if (stat(path, about) || (!S_ISREG(about->st_mode) && !S_ISDIR(about->st_mode)))
        return -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (S_ISDIR(about->st_mode))
        folder_read(fd, out);
    else
        file_read(fd, out);
    close(fd);
    return 0;
}

/* ---- notes, under the lock ---- */

static struct note *note_find(const struct stat *about)
{
    for (size_t i = 0; i < durable.n; i++)
        if (durable.notes[i].number == about->st_ino && durable.notes[i].device == about->st_dev)
            return &durable.notes[i];
    return NULL;
}

static void path_note(const char *path)
{
    struct stat about;
    struct conform_text held = {0};
    if (path_read(path, &about, &held))
        return;
    struct note *note = note_find(&about);
    if (!note && durable.n < MANY) {
        note = &durable.notes[durable.n++];
        *note = (struct note){about.st_dev, about.st_ino, {0}};
    }
    if (note) {
        conform_text_free(&note->held);
        note->held = held;
    } else {
        conform_text_free(&held);
    }
}

static void fd_note(int fd)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    path_note(path);
}

/* `at` is called with the path of each entry, and with the note and the entry's line of its folder;
 * a folder comes before what is in it. True: it wants no more. */
typedef bool visit(void *arg, const char *path, const struct note *folder, const char *line);

static bool walk(const char *folder, int depth, visit *at, void *arg)
{
    struct stat about;
    DIR *dir = depth && !stat(folder, &about) ? opendir(folder) : NULL;
    bool ends = false;
    for (const struct dirent *entry; dir && !ends && (entry = readdir(dir));) {
        char path[PATHS], line[300];
        struct stat own;
        snprintf(path, sizeof path, "%.700s/%s", folder, entry->d_name);
        if (!is_entry(entry->d_name) || lstat(path, &own))
            continue;
        entry_print(entry->d_name, own.st_ino, line);
        ends = at(arg, path, note_find(&about), line) ||
               (S_ISDIR(own.st_mode) && walk(path, depth - 1, at, arg));
    }
    if (dir)
        closedir(dir);
    return ends;
}

static bool entry_note(void *arg, const char *path, const struct note *folder, const char *line)
{
    (void)arg, (void)folder, (void)line;
    path_note(path);
    return false;
}

static void all_note(void)
{
    path_note(durable.folder);
    walk(durable.folder, DEPTH, entry_note, NULL);
}

/* Whether the process has it in memory, to write there. */
static bool is_shared(const struct stat *about)
{
    char line[PATHS];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps && !found && fgets(line, sizeof line, maps)) {
        unsigned device[2];
        unsigned long long number;
        char rights[8];
        found =
            sscanf(line, "%*s %7s %*s %x:%x %llu", rights, &device[0], &device[1], &number) == 4 &&
            strncmp(rights, "rw-s", 4) == 0 && number == about->st_ino;
    }
    if (maps)
        fclose(maps);
    return found;
}

static bool shared_note(void *arg, const char *path, const struct note *folder, const char *line)
{
    struct stat about;
    (void)arg, (void)folder, (void)line;
    if (!stat(path, &about) && S_ISREG(about.st_mode) && is_shared(&about))
        path_note(path);
    return false;
}

/* ---- what is noted ---- */

void conform_durable_begin(const char *folder)
{
    snprintf(durable.folder, sizeof durable.folder, "%s", folder);
    all_note();
    atomic_store(&durable.begun, true);
}

void conform_durable_synced(int fd)
{
    int error = errno;
    if (!atomic_load(&durable.begun))
        return;
    pthread_mutex_lock(&durable.lock);
    fd_note(fd);
    pthread_mutex_unlock(&durable.lock);
    errno = error;
}

void conform_durable_synced_all(void)
{
    int error = errno;
    if (!atomic_load(&durable.begun))
        return;
    pthread_mutex_lock(&durable.lock);
    all_note();
    pthread_mutex_unlock(&durable.lock);
    errno = error;
}

void conform_durable_synced_memory(void)
{
    int error = errno;
    if (!atomic_load(&durable.begun))
        return;
    pthread_mutex_lock(&durable.lock);
    walk(durable.folder, DEPTH, shared_note, NULL);
    pthread_mutex_unlock(&durable.lock);
    errno = error;
}

void conform_durable_closes(int fd)
{
    int flags = atomic_load(&durable.begun) ? fcntl(fd, F_GETFL) : -1;
    if (flags > 0 && flags & O_DSYNC)
        conform_durable_synced(fd);
}

/* ---- what is lacking, under the lock ---- */

/* As if those that are open were closed. */
static void open_note(void)
{
    DIR *dir = opendir("/proc/self/fd");
    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        int fd = atoi(entry->d_name), flags = is_entry(entry->d_name) ? fcntl(fd, F_GETFL) : -1;
        if (flags > 0 && flags & O_DSYNC)
            fd_note(fd);
    }
    if (dir)
        closedir(dir);
}

struct lack {
    char *what;
    size_t size;
};

static bool is_in(const struct note *note, const char *line)
{
    return note && note->held.data && strstr(note->held.data, line);
}

/* Files of which nothing would be missed are not asked for. */
static bool entry_lacks(void *arg, const char *path, const struct note *folder, const char *line)
{
    const struct lack *lack = arg;
    const char *name = path + strlen(durable.folder) + 1;
    struct stat about;
    struct conform_text held = {0};
    if (path_read(path, &about, &held))
        return false;
    const struct note *note = note_find(&about);
    bool empty = !held.size;
    bool file = S_ISREG(about.st_mode) && !(note && conform_text_same(&note->held, &held));
    bool named = is_in(folder, line);
    conform_text_free(&held);
    if (empty || (!file && named) || is_shared(&about))
        return false;
    if (file)
        snprintf(lack->what, lack->size, "'%.200s' was %s: call fsync of it", name,
                 note ? "written again since it was synced" : "never synced");
    else
        snprintf(lack->what, lack->size,
                 "the name '%.200s' was never synced: call fsync of its folder, too, behind what "
                 "made or renamed it",
                 name);
    return true;
}

bool conform_durable_lacks(char *what, size_t size)
{
    struct lack lack = {what, size};
    pthread_mutex_lock(&durable.lock);
    open_note();
    bool found = walk(durable.folder, DEPTH, entry_lacks, &lack);
    pthread_mutex_unlock(&durable.lock);
    return found;
}
