/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Failpoints at work, in the build that has them.
 *
 *   QETL_FAILPOINT=NAME:N      kills the process at the N-th time that it comes by; NAME:N+ stops
 * it there (SIGSTOP) instead, for whoever wants two processes at once QETL_FAILPOINT_PAGE=FILE   of
 * 4096 bytes: for each point, in the order of the table, a 32-bit count, and in front of all the
 * number of the point that was passed last (0: none)
 */
#include "run/failpoint.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *const points[] = {"",
                                     "source.cut",
                                     "sink.prepare.before",
                                     "sink.prepare.after",
                                     "decide.before",
                                     "decide.after",
                                     "commit.before",
                                     "commit.between",
                                     "commit.after",
                                     "recover.before",
                                     "recover.commit",
                                     "recover.restore",
                                     "begin",
                                     "finish",
                                     "settle.before",
                                     "settle.after",
                                     "decide.prepared"};
enum { POINTS = sizeof points / sizeof *points };

struct page {
    atomic_uint last;
    atomic_uint counts[POINTS];
};
static struct page own, *page = &own;
static int target;
static unsigned target_n;
static int deed = SIGKILL;

static int number_of(const char *name, size_t size)
{
    for (int i = 1; i < POINTS; i++)
        if (strlen(points[i]) == size && memcmp(points[i], name, size) == 0)
            return i;
    fprintf(stderr, "failpoint %.*s is not known\n", (int)size, name);
    abort();
}

__attribute__((constructor)) static void configure(void)
{
    const char *wanted = getenv("QETL_FAILPOINT"), *path = getenv("QETL_FAILPOINT_PAGE");
    if (wanted) {
        size_t size = strcspn(wanted, ":");
        target = number_of(wanted, size);
        target_n = (unsigned)strtoul(wanted + size + 1, NULL, 10);
        deed = strchr(wanted, '+') ? SIGSTOP : SIGKILL;
    }
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd >= 0) {
        void *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
        page = shared == MAP_FAILED ? page : shared;
    }
}

void qetl_failpoint(const char *name)
{
    int number = number_of(name, strlen(name));
    atomic_store(&page->last, (unsigned)number);
    unsigned n = atomic_fetch_add(&page->counts[number], 1) + 1;
    if (number == target && n == target_n)
        kill(getpid(), deed);
}
