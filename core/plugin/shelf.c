/* SPDX-License-Identifier: Apache-2.0 */
#include "shelf.h"

#include "beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BYTE_DIGITS = 15 }; /* of a digest, in hex: as many as an offset has */

int qetl_shelf_open(int depot, struct qetl_shelf **out, int *locks)
{
    int folder, error = qetl_beneath_folder(depot, "content", &folder);
    struct qetl_shelf *shelf = error ? NULL : calloc(1, sizeof *shelf);
    *out = shelf;
    *locks = 0;
    if (error)
        return error;
    if (!shelf) {
        close(folder);
        return ENOMEM;
    }
    *shelf = (struct qetl_shelf){.folder = folder, .holders = 1};
    *locks = qetl_beneath_file(depot, QETL_SHELF_USERS, &shelf->users);
    return 0;
}

struct qetl_shelf *qetl_shelf_hold(struct qetl_shelf *shelf)
{
    if (shelf)
        shelf->holders++;
    return shelf;
}

void qetl_shelf_release(struct qetl_shelf *shelf)
{
    if (!shelf || --shelf->holders > 0)
        return;
    if (shelf->users >= 0)
        close(shelf->users);
    close(shelf->folder);
    free(shelf);
}

static struct flock byte_of(const char *digest, short type)
{
    char digits[BYTE_DIGITS + 1];
    snprintf(digits, sizeof digits, "%s", digest);
    return (struct flock){.l_type = type,
                          .l_whence = SEEK_SET,
                          .l_start = (off_t)strtoull(digits, NULL, 16),
                          .l_len = 1};
}

void qetl_shelf_use(const struct qetl_shelf *shelf, const char *digest)
{
    struct flock lock = byte_of(digest, F_RDLCK);
    if (shelf->users >= 0)
        while (fcntl(shelf->users, F_OFD_SETLK, &lock) && errno == EINTR)
            ;
}

bool qetl_shelf_is_used(int users, const char *digest)
{
    struct flock lock = byte_of(digest, F_WRLCK);
    return fcntl(users, F_OFD_GETLK, &lock) || lock.l_type != F_UNLCK;
}
