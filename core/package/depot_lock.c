/* SPDX-License-Identifier: Apache-2.0 */
/* Who changes a depot does so alone: the others wait, say for whom, and not for ever. */
#include "depot.h"

#include "refuse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { STEP_MS = 20 };

static struct {
    int tell_ms, end_ms;
    void (*tell)(const char *path, long process);
} patience = {1000, 120000, NULL};

void qetl_depot_wait(int tell_ms, int end_ms, void (*tell)(const char *path, long process))
{
    patience.tell_ms = tell_ms;
    patience.end_ms = end_ms;
    patience.tell = tell;
}

/* Nobody else may open it: an flock of theirs would keep us out. */
static int file_open(struct depot *depot)
{
    struct stat status;
    depot->lock =
        openat(depot->folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (depot->lock < 0)
        return errno;
    if (fstat(depot->lock, &status))
        return errno;
    if (!S_ISREG(status.st_mode))
        return EBADMSG;
    if (status.st_mode & (S_IRWXG | S_IRWXO) && fchmod(depot->lock, 0600))
        return errno;
    return 0;
}

/* Who holds it, as far as it says so: 0, nobody knows. */
static long holder_of(const struct depot *depot)
{
    char text[24];
    ssize_t n = pread(depot->lock, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    long process = strtol(text, NULL, 10);
    return process > 0 ? process : 0;
}

/* For those that wait: what cannot be written is not needed. */
static void holder_tell(const struct depot *depot)
{
    char text[24];
    int size = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(depot->lock, 0) == 0 && pwrite(depot->lock, text, (size_t)size, 0) < 0)
        return;
}

static void pause_ms(int ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

static int refuse_waiting(const struct depot *depot, struct qetl_findings *findings)
{
    long process = holder_of(depot);
    char who[48] = "another process";
    if (process)
        snprintf(who, sizeof who, "process %ld", process);
    qetl_finding_mend(qetl_package_refuse(findings, depot->path, NULL, "packages_locked",
                                          "%s changes what is installed here, and has not come to "
                                          "its end in %d seconds",
                                          who, patience.end_ms / 1000),
                      process ? "try again later; if it hangs: kill %ld" : "try again later",
                      process);
    return -1;
}

int qetl_depot_lock(struct depot *depot, struct qetl_findings *findings)
{
    static const char cannot[] = "what is installed here cannot be locked";
    int error = file_open(depot), waited = 0;
    bool told = false;
    while (!error && flock(depot->lock, LOCK_EX | LOCK_NB)) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return qetl_depot_refuse(depot, findings, cannot, errno);
        if (waited >= patience.end_ms)
            return refuse_waiting(depot, findings);
        if (!told && waited >= patience.tell_ms && patience.tell) {
            patience.tell(depot->path, holder_of(depot));
            told = true;
        }
        pause_ms(STEP_MS);
        waited += STEP_MS;
    }
    if (error)
        return qetl_depot_refuse(depot, findings, cannot, error);
    holder_tell(depot);
    return 0;
}
