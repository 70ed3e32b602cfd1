/* SPDX-License-Identifier: Apache-2.0 */
/* The name that a state has for itself: drawn once, in a file of its own that is durable before
 * anything bears it; behind it the newest epoch that was decided before all was forgotten. */
#include "store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <qetl/plugin.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define OWNER_FILE STATE_OWNER_FILE
#define NEW_OWNER STATE_OWNER_FILE ".new"

int qetl_state_owner_read(const struct state_folder *folder, struct qetl_store_owner *owner)
{
    char found[48] = "", end = 0;
    *owner = (struct qetl_store_owner){0};
    int fd = openat(folder->fd, OWNER_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? 0 : errno;
    ssize_t n = read(fd, found, sizeof found - 1);
    int error = n < 0 ? errno : 0;
    close(fd);
    if (error)
        return error;
    if (sscanf(found, "%16[0-9a-f] %" SCNu64 "%c", owner->name, &owner->epoch, &end) == 3 &&
        strlen(owner->name) == QETL_STORE_OWNER && end == '\n')
        return 0;
    *owner = (struct qetl_store_owner){0};
    return EBADMSG;
}

static void draw(struct qetl_store *store)
{
    uint64_t drawn;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (getrandom(&drawn, sizeof drawn, 0) != sizeof drawn)
        drawn = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    snprintf(store->owner.name, sizeof store->owner.name, "%016" PRIx64, drawn);
}

/* What is there already; its name is empty, where nothing is. */
static int32_t owner_find(struct qetl_store *store)
{
    if (*store->owner.name || store->in_memory)
        return 0;
    int error = qetl_state_owner_read(&store->folder, &store->owner);
    store->owner_kept = *store->owner.name;
    return error ? qetl_store_failed_file(store, error, "cannot read the file `" OWNER_FILE "`")
                 : 0;
}

int32_t qetl_store_owner(struct qetl_store *store, struct qetl_store_owner *owner)
{
    int32_t status = owner_find(store);
    if (!status && !*store->owner.name)
        draw(store);
    *owner = store->owner;
    return status;
}

static int owner_write(const struct qetl_store *store)
{
    char line[48];
    int size =
        snprintf(line, sizeof line, "%s %" PRIu64 "\n", store->owner.name, store->owner.epoch);
    int fd = openat(store->folder.fd, NEW_OWNER,
                    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return errno;
    ssize_t n = write(fd, line, (size_t)size);
    int error = n < 0 ? errno : n != size ? ENOSPC : fsync(fd) ? errno : 0;
    close(fd);
    if (!error && renameat(store->folder.fd, NEW_OWNER, store->folder.fd, OWNER_FILE))
        error = errno;
    return error ? error : qetl_state_folder_sync(&store->folder, true);
}

int32_t qetl_store_owner_keep(struct qetl_store *store)
{
    int error = store->owner_kept || store->in_memory ? 0 : owner_write(store);
    store->owner_kept |= !error;
    return error ? qetl_store_failed_file(store, error, "cannot write the file `" OWNER_FILE "`")
                 : 0;
}

int32_t qetl_store_owner_clear(struct qetl_store *store, uint64_t decided)
{
    int32_t status = owner_find(store);
    if (status || !store->owner_kept)
        return status;
    store->owner.epoch = decided > store->owner.epoch ? decided : store->owner.epoch;
    store->owner_kept = false;
    return qetl_store_owner_keep(store);
}

int32_t qetl_store_owner_drop(struct qetl_store *store)
{
    store->owner = (struct qetl_store_owner){0};
    store->owner_kept = false;
    int error = unlinkat(store->folder.fd, OWNER_FILE, 0) && errno != ENOENT ? errno : 0;
    if (!error)
        error = qetl_state_folder_sync(&store->folder, false);
    return error ? qetl_store_failed_file(store, error, "cannot remove the file `" OWNER_FILE "`")
                 : 0;
}
