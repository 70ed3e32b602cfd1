/* SPDX-License-Identifier: Apache-2.0 */
#include "refuse.h"

#include <stdarg.h>

struct qetl_finding *qetl_refuse(struct qetl_findings *findings, const char *file,
                                 const char *entry, const char *code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct qetl_finding *finding = qetl_finding_vadd(findings, QETL_ERROR, code, format, args);
    va_end(args);
    qetl_finding_at(finding, file, 0, 0, entry);
    qetl_finding_environment(finding);
    return finding;
}
