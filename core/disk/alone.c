/* SPDX-License-Identifier: Apache-2.0 */
#include "alone.h"

#include "refuse.h"
#include "unwritable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { STEP_MS = 20 };

static struct {
    int tell_ms, end_ms;
    void (*tell)(const struct alone_place *, long process);
} patience = {1000, 120000, NULL};

void qetl_alone_wait(int tell_ms, int end_ms,
                     void (*tell)(const struct alone_place *, long process))
{
    patience.tell_ms = tell_ms;
    patience.end_ms = end_ms;
    patience.tell = tell;
}

/* Nobody else may open it: an flock of theirs would keep us out. */
static int file_open(const struct alone_place *place, int *lock)
{
    struct stat status;
    *lock = openat(place->folder, place->file,
                   O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (*lock < 0)
        return errno;
    if (fstat(*lock, &status))
        return errno;
    if (!S_ISREG(status.st_mode))
        return EBADMSG;
    if (status.st_mode & (S_IRWXG | S_IRWXO) && fchmod(*lock, 0600))
        return errno;
    return 0;
}

/* Who holds it, as far as it says so: 0, nobody knows. */
static long holder_of(int lock)
{
    char text[24];
    ssize_t n = pread(lock, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    long process = strtol(text, NULL, 10);
    return process > 0 ? process : 0;
}

/* For those that wait: what cannot be written is not needed. */
static void holder_tell(int lock)
{
    char text[24];
    int size = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(lock, 0) == 0 && pwrite(lock, text, (size_t)size, 0) < 0)
        return;
}

static void pause_ms(int ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

static void refuse_waiting(const struct alone_place *place, long process,
                           struct qetl_findings *findings)
{
    char who[48] = "another process";
    if (process)
        snprintf(who, sizeof who, "process %ld", process);
    qetl_finding_mend(qetl_refuse(findings, place->path, NULL, place->code,
                                  "%s changes the %s here, and has not come to its end in "
                                  "%d seconds",
                                  who, place->what, patience.end_ms / 1000),
                      process ? "try again later; if it hangs: kill %ld" : "try again later",
                      process);
}

/* 0, an errno, or -1: in vain, with a finding. */
static int lock_take(const struct alone_place *place, int lock, struct qetl_findings *findings)
{
    int waited = 0;
    bool told = false;
    while (flock(lock, LOCK_EX | LOCK_NB)) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return errno;
        if (waited >= patience.end_ms) {
            refuse_waiting(place, holder_of(lock), findings);
            return -1;
        }
        if (!told && waited >= patience.tell_ms && patience.tell) {
            patience.tell(place, holder_of(lock));
            told = true;
        }
        pause_ms(STEP_MS);
        waited += STEP_MS;
    }
    return 0;
}

int qetl_alone_begin(const struct alone_place *place, struct qetl_findings *findings)
{
    int lock, error = file_open(place, &lock);
    if (!error)
        error = lock_take(place, lock, findings);
    if (!error) {
        holder_tell(lock);
        return lock;
    }
    if (error > 0)
        qetl_refuse_write(findings, place->path, error, "the %s here cannot be locked",
                          place->what);
    if (lock >= 0)
        close(lock);
    return -1;
}
