/* SPDX-License-Identifier: Apache-2.0 */
#include "sync.h"

#include "durable.h"
#include "turn.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int look(int fd)
{
    if (fcntl(fd, F_GETFD) < 0)
        return -1;
    conform_durable_synced(fd);
    return 0;
}

static int look_at_all(int fd)
{
    if (fcntl(fd, F_GETFD) < 0)
        return -1;
    conform_durable_synced_all();
    return 0;
}

static void look_everywhere(void)
{
    conform_durable_synced_all();
}

static int look_at_memory(void *at, size_t size, int flags)
{
    int code = (int)syscall(SYS_msync, at, size, (flags & ~MS_SYNC) | MS_ASYNC);
    if (!code && flags & MS_SYNC)
        conform_durable_synced_memory();
    return code;
}

/* Our own references are turned, too. */
static int closing(int fd)
{
    conform_durable_closes(fd);
    return (int)syscall(SYS_close, fd);
}

static const struct conform_turned functions[] = {
    {"fsync", (conform_function *)look},           {"fdatasync", (conform_function *)look},
    {"syncfs", (conform_function *)look_at_all},   {"sync", look_everywhere},
    {"msync", (conform_function *)look_at_memory},
};

static const struct conform_turned closes[] = {{"close", (conform_function *)closing}};

void conform_sync_never(void)
{
    conform_turn_all(functions, sizeof functions / sizeof *functions);
}

void conform_sync_watch(void)
{
    conform_sync_never();
    conform_turn_all(closes, sizeof closes / sizeof *closes);
}
