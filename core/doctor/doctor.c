/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor.h"

#include "data/json_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *text_of(const char *format, va_list args)
{
    char *text;
    return vasprintf(&text, format, args) < 0 ? NULL : text;
}

static const char *repair_word(enum qetl_cure cure)
{
    static const char *const words[] = {NULL, "offered", "done"};
    return words[cure];
}

struct qetl_finding *qetl_doctor_tell(struct qetl_doctor *d, const struct qetl_ailment *ailment,
                                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = text_of(format, args);
    va_end(args);
    bool done = ailment->cure == QETL_CURE_DONE;
    enum qetl_severity severity = done ? QETL_NOTE : ailment->severity;
    d->open += severity != QETL_NOTE;
    d->repaired += done;
    d->no_memory |= !text;
    struct qetl_finding *finding =
        qetl_finding_add(&d->findings, severity, ailment->code, "%s", text ? text : "");
    qetl_finding_at(finding, ailment->file, 0, 0,
                    ailment->component ? ailment->component : d->subject);
    d->no_memory |=
        !finding ||
        json_array_append_new(d->about,
                              json_pack("{s:o, s:s?, s:s?}", "pipeline", qetl_json_text(d->subject),
                                        "component", ailment->component, "repair",
                                        repair_word(ailment->cure)));
    free(text);
    return finding;
}

static bool was_told(const struct qetl_doctor *d, const struct qetl_finding *f)
{
    for (size_t i = 0; i < d->findings.count; i++) {
        const struct qetl_finding *told = &d->findings.items[i];
        if (told->code && told->message && told->file && f->code && f->message && f->file &&
            !strcmp(told->code, f->code) && !strcmp(told->message, f->message) &&
            !strcmp(told->file, f->file))
            return true;
    }
    return false;
}

void qetl_doctor_take(struct qetl_doctor *d, const struct qetl_findings *from)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct qetl_finding *f = &from->items[i];
        if (was_told(d, f)) {
            d->again_errors += f->severity == QETL_ERROR;
            d->again_warnings += f->severity == QETL_WARNING;
            continue;
        }
        struct qetl_finding *told = qetl_doctor_tell(
            d, &(struct qetl_ailment){.severity = f->severity, .code = f->code, .file = f->file},
            "%s", f->message);
        if (f->suggestion)
            qetl_finding_mend(told, "%s", f->suggestion);
    }
}

static const char *status_of(const struct qetl_doctor *d, size_t before, char text[48])
{
    size_t errors = d->again_errors, warnings = d->again_warnings;
    for (size_t i = before; i < d->findings.count; i++) {
        errors += d->findings.items[i].severity == QETL_ERROR;
        warnings += d->findings.items[i].severity == QETL_WARNING;
    }
    if (errors)
        snprintf(text, 48, "%zu error%s", errors, errors == 1 ? "" : "s");
    else if (warnings)
        snprintf(text, 48, "%zu warning%s", warnings, warnings == 1 ? "" : "s");
    else
        snprintf(text, 48, "ok");
    return text;
}

void qetl_doctor_check(struct qetl_doctor *d, const char *check, size_t before, const char *format,
                       ...)
{
    char status[48];
    va_list args;
    va_start(args, format);
    char *text = text_of(format, args);
    va_end(args);
    d->no_memory |= !text || json_array_append_new(
                                 d->checks, json_pack("{s:o, s:s, s:s, s:o}", "pipeline",
                                                      qetl_json_text(d->subject), "check", check,
                                                      "status", status_of(d, before, status),
                                                      "says", qetl_json_text(text)));
    d->again_errors = d->again_warnings = 0;
    free(text);
}

void qetl_doctor_free(struct qetl_doctor *d)
{
    qetl_findings_free(&d->findings);
    json_decref(d->checks);
    json_decref(d->plugins);
    json_decref(d->about);
    d->checks = d->plugins = d->about = NULL;
}
