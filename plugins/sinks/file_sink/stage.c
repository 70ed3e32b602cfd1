/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 100, TOKEN_LENGTH = 6, AFFIX_LENGTH = 26 /* the most that is put around a name */ };

static void token_make(char token[TOKEN_LENGTH + 1])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
    uint8_t noise[TOKEN_LENGTH];
    if (getrandom(noise, sizeof noise, 0) != (ssize_t)sizeof noise)
        memset(noise, (int)(clock() & 0xff),
               sizeof noise); /* a name that is taken is tried again */
    for (int i = 0; i < TOKEN_LENGTH; i++)
        token[i] = letters[noise[i] % 32];
    token[TOKEN_LENGTH] = '\0';
}

/* How much of the name fits beside what is put around it. */
static int name_length(const char *name)
{
    size_t length = strlen(name);
    return length > NAME_MAX - AFFIX_LENGTH ? NAME_MAX - AFFIX_LENGTH : (int)length;
}

static const char *name_of(const struct target *t)
{
    return strrchr(t->path, '/') + 1;
}

int32_t stage_create(struct qetl_env env, const struct target *t, int *fd, char **path)
{
    const char *name = name_of(t);
    int error = EEXIST;
    for (int i = 0; error == EEXIST && i < TRIES; i++) {
        char token[TOKEN_LENGTH + 1];
        token_make(token);
        if (asprintf(path, "%s/.%.*s.qetl-%s.part", t->folder, name_length(name), name, token) <
            0) {
            *path = NULL;
            return fault_memory(env);
        }
        *fd = open(*path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (*fd >= 0)
            return QETL_OK;
        error = errno;
        free(*path);
        *path = NULL;
    }
    return fault_report(env, error, t->given, "no file can be made beside it");
}

void stage_mode(int fd, const struct stat *former)
{
    struct stat now;
    mode_t mode = former->st_mode & 0777;
    if (fchown(fd, former->st_uid, former->st_gid) != 0 &&
        (fstat(fd, &now) != 0 || now.st_gid != former->st_gid) &&
        fchown(fd, (uid_t)-1, former->st_gid) != 0)
        mode &= ~(mode_t)0070 | ((mode & 0007) << 3); /* another group gets what all others get */
    if (fchmod(fd, mode) != 0)
        return; /* a file system without permissions */
}

char *stage_backup(const struct target *t)
{
    const char *name = name_of(t);
    char stamp[32], *path = NULL;
    time_t now = time(NULL);
    struct tm utc;
    if (!gmtime_r(&now, &utc) || !strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc))
        snprintf(stamp, sizeof stamp, "former");
    if (asprintf(&path, "%s/%.*s.%s.bak", t->folder, name_length(name), name, stamp) < 0)
        return NULL;
    return path;
}
