/* SPDX-License-Identifier: Apache-2.0 */
#include "unreadable.h"

#include <errno.h>

const char *qetl_unreadable_mend(int error)
{
    switch (error) {
    case EMFILE:
    case ENFILE:
        return "let this process open more files (ulimit -n)";
    case EFBIG:
        return "let this process write larger files (ulimit -f), as a copy in memory is one";
    case EACCES:
        return "what is installed has to be readable by those that use it: ls -l shows by whom it "
               "is, chmod -R a+rX gives it to all";
    default:
        return "look at the disk, or the server, that it lies on; nothing says that it is damaged";
    }
}
