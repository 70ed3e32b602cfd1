/* SPDX-License-Identifier: Apache-2.0 */
#include "fault.h"

#include <errno.h>
#include <stdio.h>

static const char *fault_mend(int error)
{
    switch (error) {
    case EACCES:
    case EPERM:
        return "give the user who runs qetl permission to write there, or name another path";
    case ENOSPC:
        return "make room on that file system, or name a path on another one";
    case EDQUOT:
        return "the user's quota is used up: remove files, or name a path on another file system";
    case EFBIG:
        return "the file system or the limit of the process (ulimit -f) allows no larger file: "
               "write "
               "several, or name a path on another file system";
    case EROFS:
        return "the file system is mounted read-only: name a path on another one";
    case ENAMETOOLONG:
        return "name a shorter path";
    case ENOTDIR:
        return "a part of the path is a file, not a folder: name another path";
    case EMFILE:
    case ENFILE:
        return "raise the limit of open files (ulimit -n)";
    case EBUSY:
    case EXDEV:
        return "a file system is mounted there, and stays: name a folder in it";
    case EIO:
        return "the device failed to take the data: see the system log, and write elsewhere";
    default:
        return NULL;
    }
}

static int32_t fault_class(int error)
{
    return error == ENOMEM ? QETL_E_NO_MEMORY : error == EPIPE ? QETL_E_CLOSED : QETL_E_ENVIRONMENT;
}

int32_t fault_report(struct qetl_env env, int error, const char *name, const char *what)
{
    char line[2048];
    struct qetl_error_info info = {.struct_size = sizeof info,
                                   .code = fault_class(error),
                                   .message = line,
                                   .suggestion = fault_mend(error),
                                   .option = "/path",
                                   .vendor_code = strerrorname_np(error)};
    snprintf(line, sizeof line, "%s: %s: %s", name, what, strerrordesc_np(error));
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = '?'; /* a name may hold a newline, a message may not */
    return env.host->error(env.ctx, &info);
}

int32_t fault_memory(struct qetl_env env)
{
    return qetl_fail(env, QETL_E_NO_MEMORY, NULL, NULL, "out of memory");
}
