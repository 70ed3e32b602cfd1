/* SPDX-License-Identifier: Apache-2.0 */
#include "unwritable.h"

#include "refuse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *mend_of(int error)
{
    switch (error) {
    case EACCES:
    case EPERM:
        return "run it as a user who may write there: ls -ld shows who may";
    case EROFS:
        return "its file system is mounted for reading alone: mount it for writing";
    case ENOSPC:
        return "make room on its file system: df -h and df -i show what is left";
    case EDQUOT:
        return "your quota there is used up: remove files of yours, or have it raised";
    case EFBIG:
        return "let this process write larger files (ulimit -f); where it may: its file system "
               "takes none";
    case EMFILE:
    case ENFILE:
        return "let this process open more files (ulimit -n)";
    case ENOMEM:
        return "the machine has no memory left for it: end something, and try again";
    case ENOENT:
        return "the folder that it is to be in has to be there: mkdir -p makes it";
    case ENOTDIR:
        return "a part of its path is a file, and no folder: ls -ld shows which";
    case ENAMETOOLONG:
        return "choose a shorter name, or a folder with a shorter one";
    case EISDIR:
    case EEXIST:
    case ENOTEMPTY:
    case ELOOP:
    case EBADMSG:
        return "something else has its name: ls -ld shows what, and may be moved away";
    case ENOLCK:
    case ENOTSUP:
        return "its file system cannot do that, as some of servers cannot: have it on a local disk";
    default:
        return "look at the disk, or the server, that it lies on: dmesg says what became of it";
    }
}

struct qetl_finding *qetl_refuse_write(struct qetl_findings *findings, const char *file, int error,
                                       const char *format, ...)
{
    char *what = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&what, format, args) < 0)
        what = NULL;
    va_end(args);
    struct qetl_finding *finding =
        qetl_refuse(findings, file, NULL, "cannot_write", "%s: %s",
                    what ? what : "it cannot be written", strerror(error));
    qetl_finding_mend(finding, "%s", mend_of(error));
    free(what);
    return finding;
}
