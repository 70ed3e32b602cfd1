/* SPDX-License-Identifier: Apache-2.0 */
#include "fault.h"

#include <errno.h>
#include <stdio.h>

static const char *fault_mend(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return "check the path; a relative one starts at the folder where qetl was started";
    case EACCES:
    case EPERM:
        return "give the user who runs qetl permission to read it (chmod, chown), or run as "
               "another user";
    case EMFILE:
    case ENFILE:
        return "raise the limit of open files (ulimit -n)";
    case EIO:
        return "the device failed to deliver the data: see the system log, and copy the file "
               "elsewhere";
    case ESTALE:
        return "the file server replaced the file while it was read: run again";
    default:
        return NULL;
    }
}

int32_t fault_report(struct qetl_env env, int error, const char *option, const char *name,
                     const char *what)
{
    char line[2048];
    int32_t code = error == ENOMEM ? QETL_E_NO_MEMORY : QETL_E_ENVIRONMENT;
    struct qetl_error_info info = {.struct_size = sizeof info,
                                   .code = code,
                                   .message = line,
                                   .suggestion = fault_mend(error),
                                   .option = option,
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
