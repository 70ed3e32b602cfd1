/* SPDX-License-Identifier: Apache-2.0 */
#include "sync.h"

#include "turn.h"

#include <fcntl.h>

static int look(int fd)
{
    return fcntl(fd, F_GETFD) < 0 ? -1 : 0;
}

static const struct conform_turned functions[] = {
    {"fsync", (conform_function *)look},
    {"fdatasync", (conform_function *)look},
    {"syncfs", (conform_function *)look},
};

void conform_sync_never(void)
{
    conform_turn_all(functions, sizeof functions / sizeof *functions);
}
