/* SPDX-License-Identifier: Apache-2.0 */
/* Which files there are to follow, and how their changes are noticed. */
#include "fault.h"
#include "follow.h"
#include "glob.h"
#include "listing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { FALLBACK_MS = 250 };

/* ---- Noticing ---- */

/* Others may write to these without this kernel seeing it. */
static bool is_remote(const char *path)
{
    static const long kinds[] = {0x6969 /* NFS */,      0xff534d42 /* CIFS */,
                                 0xfe534d42 /* SMB2 */, 0x65735546 /* FUSE */,
                                 0x01021997 /* 9P */,   0x00c36400 /* Ceph */};
    struct statfs st;
    if (statfs(path, &st) != 0)
        return false;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if ((long)(uint32_t)st.f_type == kinds[i])
            return true;
    return false;
}

static int32_t timer_begin(struct follow *f, int64_t poll_ms)
{
    struct timespec every = {poll_ms / 1000, poll_ms % 1000 * 1000000};
    struct itimerspec spec = {.it_interval = every, .it_value = every};
    if (f->timer_fd >= 0)
        return QETL_OK;
    f->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (f->timer_fd < 0 || timerfd_settime(f->timer_fd, 0, &spec, NULL))
        return fault_report(f->env, errno, NULL, "a timer", "cannot be made");
    return QETL_OK;
}

int32_t follow_watches(struct follow *f, int64_t poll_ms)
{
    bool remote = false;
    for (int64_t i = 0; i < f->named.count; i++)
        remote |= is_remote(f->named.items[i]);
    if (!poll_ms && !remote)
        f->events_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    return f->events_fd >= 0 ? QETL_OK : timer_begin(f, poll_ms ? poll_ms : FALLBACK_MS);
}

/* Changes of the file itself, and of its folder: names come and go there. */
int32_t follow_watch(struct follow *f, const struct followed *file)
{
    char by_descriptor[40];
    if (f->events_fd < 0)
        return QETL_OK;
    snprintf(by_descriptor, sizeof by_descriptor, "/proc/self/fd/%d", file->fd);
    const char *slash = strrchr(file->name, '/');
    char *folder = !slash                ? strdup(".")
                   : slash == file->name ? strdup("/")
                                         : strndup(file->name, (size_t)(slash - file->name));
    if (!folder)
        return fault_memory(f->env);
    bool watched =
        inotify_add_watch(f->events_fd, by_descriptor, IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF) >= 0 &&
        inotify_add_watch(f->events_fd, folder, IN_CREATE | IN_MOVED_TO | IN_DELETE) >= 0;
    free(folder);
    return watched ? QETL_OK : timer_begin(f, FALLBACK_MS); /* out of watches: look now and then */
}

static void drop_events(int fd)
{
    char events[4096] __attribute__((aligned(8)));
    while (fd >= 0 && read(fd, events, sizeof events) > 0)
        ;
}

void follow_await(struct follow *f)
{
    const struct qetl_poll *host = f->env.host->get_extension(f->env.ctx, QETL_EXT_POLL);
    bool watched = host != NULL;
    if (host && f->events_fd >= 0)
        watched &= host->watch(f->env.ctx, f->events_fd, QETL_POLL_IN) >= 0;
    if (host && f->timer_fd >= 0)
        watched &= host->watch(f->env.ctx, f->timer_fd, QETL_POLL_IN) >= 0;
    for (int64_t i = 0; host && i < f->count; i++)
        if (f->files[i].fifo && f->files[i].fd >= 0)
            watched &= host->watch(f->env.ctx, f->files[i].fd, QETL_POLL_IN) >= 0;
    if (!watched)
        f->env.host->wake(f->env.ctx); /* nobody watches: be asked again */
}

/* ---- Finding ---- */

static struct followed *known_inode(struct follow *f, const struct stat *st)
{
    for (int64_t i = 0; i < f->count; i++)
        if ((f->files[i].fd >= 0 || f->files[i].path) && f->files[i].device == st->st_dev &&
            f->files[i].inode == st->st_ino)
            return &f->files[i];
    return NULL;
}

struct followed *follow_slot(struct follow *f)
{
    if (f->count == f->room) {
        int64_t room = f->room ? f->room * 2 : 8;
        struct followed *grown = realloc(f->files, (size_t)room * sizeof *grown);
        if (!grown)
            return NULL;
        f->files = grown;
        f->room = room;
    }
    struct followed *file = &f->files[f->count++];
    *file = (struct followed){.fd = -1};
    return file;
}

/* The one before the former is let go: its writer had a whole generation's time. */
static void retire(struct follow *f, const char *name)
{
    for (int64_t i = 0; i < f->count; i++) {
        struct followed *file = &f->files[i];
        if ((file->fd < 0 && !file->path) || strcmp(file->name, name) != 0)
            continue;
        if (file->retired && file->flushed && f->open != i)
            follow_forget(f, file);
        file->retired = true;
    }
}

/* A file that is under one of the names for the first time. */
static int32_t file_add(struct follow *f, const char *name, const struct stat *st)
{
    bool fifo = S_ISFIFO(st->st_mode);
    /* a FIFO that is open for writing here has no end when its writers go */
    int fd = open(name, (fifo ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat opened;
    if (fd < 0 && errno == ENOENT)
        return QETL_OK; /* gone again; the next look will tell */
    if (fd < 0 || fstat(fd, &opened) != 0) {
        int error = errno;
        if (fd >= 0)
            close(fd);
        return fault_report(f->env, error, "/path", name, "cannot be opened");
    }
    retire(f, name);
    struct followed *file = follow_slot(f);
    if (!file || !(file->name = strdup(name))) {
        close(fd);
        return fault_memory(f->env);
    }
    file->fd = fd;
    f->n_open++;
    file->fifo = fifo;
    file->device = opened.st_dev;
    file->inode = opened.st_ino;
    int32_t status = follow_watch(f, file);
    follow_rest(f, NULL);
    return status;
}

static int32_t name_look(struct follow *f, const char *name)
{
    struct stat st;
    if (stat(name, &st) != 0)
        return QETL_OK; /* between two files of that name; the former goes on being read */
    if (known_inode(f, &st) || S_ISDIR(st.st_mode))
        return QETL_OK;
    return file_add(f, name, &st);
}

int32_t follow_scan(struct follow *f)
{
    drop_events(f->events_fd);
    drop_events(f->timer_fd);
    int32_t status = listing_grow(f->env, f->choice, &f->named);
    for (int64_t i = 0; !status && i < f->named.count; i++)
        status = name_look(f, f->named.items[i]);
    return status;
}
