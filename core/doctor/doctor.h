/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is sound about an installation and the states of its pipelines, and what is not, with its
 * mend.
 *
 * Invariant: without `repair` nothing on disk is changed; with it, only what nothing refers to is
 *            removed, and what is damaged is set aside.
 * Ownership: the caller owns findings and checks; all else is lent for the call.
 * Threads:   one.
 */
#ifndef QETL_CORE_DOCTOR_H
#define QETL_CORE_DOCTOR_H

#include "config/document.h"
#include "config/finding.h"
#include "plugin/registry.h"

#include <jansson.h>
#include <stdbool.h>

enum qetl_cure {
    QETL_CURE_USER,    /* has to do it */
    QETL_CURE_OFFERED, /* repair does it */
    QETL_CURE_DONE
};

struct qetl_doctor {
    bool deep, repair;
    const char *states; /* the folder of all of them, absolute */
    const char *named;  /* the same, as runs name it, whose staged files bear a mark of that */
    const char *packages[2], *keys[2]; /* folders: the user's, the machine's; NULL: none */
    const char *const *plugin_dirs;    /* as --plugin-dir named them, ended by NULL; and … */
    const char *plugin_path;           /* … QETL_PLUGIN_PATH; or NULL */
    const struct qetl_registry *registry;
    /* The pipeline in the file at path, with the options of the command line; NULL with findings.
     */
    struct qetl_document *(*load)(void *arg, const char *path, struct qetl_findings *);
    void *load_arg;

    struct qetl_findings findings;
    json_t *checks;                      /* {"subject", "check", "status", "says"}, in order */
    json_t *plugins;                     /* those of the registry: versions, ABI, whose they are */
    json_t *about;                       /* of each finding: {"pipeline", "component", "repair"} */
    const char *subject;                 /* the pipeline at hand; NULL: the machine */
    size_t open;                         /* errors and warnings that are left */
    size_t again_errors, again_warnings; /* of this check, and of one before it */
    size_t repaired;
    bool no_memory;
};

/* ---- telling (doctor.c) ---- */

struct qetl_ailment {
    enum qetl_severity severity; /* notes are for information: nothing is wrong */
    const char *code, *file;
    const char *component; /* or NULL */
    enum qetl_cure cure;
};

/* Its mend is set by the caller. NULL without memory. */
struct qetl_finding *qetl_doctor_tell(struct qetl_doctor *, const struct qetl_ailment *,
                                      const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What others found, and nobody told yet. */
void qetl_doctor_take(struct qetl_doctor *, const struct qetl_findings *);
/* What was looked at: sound, unless errors or warnings were told since there were `before`. */
void qetl_doctor_check(struct qetl_doctor *, const char *check, size_t before, const char *format,
                       ...) __attribute__((format(printf, 4, 5)));
void qetl_doctor_free(struct qetl_doctor *); /* what was told */

/* ---- looking ---- */

/* doctor_machine.c: versions, and every plugin of the registry, which is loaded. */
void qetl_doctor_machine(struct qetl_doctor *);
/* doctor_folders.c: where plugins lie, and which of those with one name is used. */
void qetl_doctor_folders(struct qetl_doctor *);
/* doctor_packages.c: what is installed from packages, file by file; and the keys that are trusted.
 */
void qetl_doctor_packages(struct qetl_doctor *);
void qetl_doctor_keys(struct qetl_doctor *);
/* doctor_state.c: the folder of all states; one pipeline's, by the name of its folder. document,
 * pipeline: it was named by its file; or NULL. */
struct qetl_pipeline;
void qetl_doctor_folder(struct qetl_doctor *);
void qetl_doctor_state(struct qetl_doctor *, const char *name, const struct qetl_pipeline *);

#endif
