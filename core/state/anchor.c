/* SPDX-License-Identifier: Apache-2.0 */
#include "anchor.h"

#include <fcntl.h>
#include <nettle/sha2.h>
#include <string.h>
#include <unistd.h>

enum { NUMBER = 8, SIZE = NUMBER + SHA256_DIGEST_SIZE };

static void make(uint64_t sequence, uint8_t bytes[SIZE])
{
    struct sha256_ctx context;
    for (int i = 0; i < NUMBER; i++)
        bytes[i] = (uint8_t)(sequence >> (8 * i));
    sha256_init(&context);
    sha256_update(&context, NUMBER, bytes);
    sha256_digest(&context, SHA256_DIGEST_SIZE, bytes + NUMBER);
}

uint64_t qetl_state_anchor_get(const struct state_folder *folder)
{
    uint8_t found[SIZE], right[SIZE];
    uint64_t sequence = 0;
    int fd = openat(folder->fd, "anchor", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return 0;
    bool whole = pread(fd, found, SIZE, 0) == SIZE;
    close(fd);
    for (int i = NUMBER; whole && i-- > 0;)
        sequence = sequence << 8 | found[i];
    make(sequence, right);
    return whole && memcmp(found, right, SIZE) == 0 ? sequence : 0;
}

void qetl_state_anchor_put(const struct state_folder *folder, uint64_t sequence)
{
    uint8_t bytes[SIZE];
    int fd = openat(folder->fd, "anchor", O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return;
    make(sequence, bytes);
    /* After a failure it says less, or nothing. */
    ssize_t written = pwrite(fd, bytes, SIZE, 0);
    (void)written;
    close(fd);
}
