/* SPDX-License-Identifier: Apache-2.0 */
#include "refuse.h"

#include <stdarg.h>
#include <stdlib.h>

struct qetl_finding *qetl_package_refuse(struct qetl_findings *findings, const char *file,
                                         const char *entry, const char *code, const char *format,
                                         ...)
{
    char *message;
    va_list args;
    va_start(args, format);
    if (vasprintf(&message, format, args) < 0)
        message = NULL;
    va_end(args);
    struct qetl_finding *finding =
        qetl_finding_add(findings, QETL_ERROR, code, "%s", message ? message : code);
    qetl_finding_at(finding, file, 0, 0, entry);
    qetl_finding_environment(finding);
    free(message);
    return finding;
}
