/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a pipeline: whether it can be gone on from, and what the next run will do. */
#include "lock/locked.h"
#include "patient.h"
#include "run/recover.h"
#include "state/identity.h"
#include "state/store.h"
#include "state/watermark.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define LEAST_FREE (INT64_C(64) << 20)

const char *qetl_patient_fact(const struct qetl_patient *p, const char *key)
{
    return json_string_value(json_object_get(p->facts, key));
}

/* ---- the folder of all ---- */

static void space_check(struct qetl_doctor *d)
{
    struct statvfs about;
    if (statvfs(d->states, &about))
        return;
    int64_t free_bytes = (int64_t)about.f_bavail * (int64_t)about.f_frsize;
    if (free_bytes >= LEAST_FREE)
        return;
    qetl_finding_mend(
        qetl_doctor_tell(d,
                         &(struct qetl_ailment){
                             .severity = QETL_WARNING, .code = "disk_full", .file = d->states},
                         "its file system has %lld MiB left", (long long)(free_bytes >> 20)),
        "make room: a run that cannot write its state ends");
}

void qetl_doctor_folder(struct qetl_doctor *d)
{
    size_t before = d->findings.count;
    struct stat about;
    if (stat(d->states, &about)) {
        if (errno != ENOENT)
            qetl_doctor_tell(d,
                             &(struct qetl_ailment){
                                 .severity = QETL_ERROR, .code = "state_folder", .file = d->states},
                             "the folder of states cannot be looked at: %s", strerror(errno));
        qetl_doctor_check(d, "states", before, "%s: no run has left one", d->states);
        return;
    }
    const struct qetl_ailment ailment = {
        .severity = QETL_ERROR, .code = "state_folder", .file = d->states};
    if (!S_ISDIR(about.st_mode))
        qetl_finding_mend(qetl_doctor_tell(d, &ailment, "this is no folder"),
                          "move it away, or name another folder with --state");
    else if (about.st_mode & 022)
        qetl_finding_mend_file(
            qetl_doctor_tell(d, &ailment, "others may write into the folder of states (mode %04o)",
                             (unsigned)about.st_mode & 07777),
            "chmod go-w {}", d->states);
    else if (access(d->states, W_OK | X_OK))
        qetl_finding_mend(
            qetl_doctor_tell(d, &ailment, "this user cannot write there: %s", strerror(errno)),
            "run as its owner, or name another folder with --state");
    space_check(d);
    qetl_doctor_check(d, "states", before, "%s, mode %04o", d->states,
                      (unsigned)about.st_mode & 07777);
}

/* ---- owner and mode ---- */

static void mode_check(struct qetl_patient *p)
{
    struct qetl_doctor *d = p->doctor;
    const char *path = p->exam.look.path;
    struct qetl_ailment ailment = {.severity = QETL_ERROR, .code = "state_folder", .file = path};
    if (p->exam.owner != geteuid()) {
        qetl_finding_mend(qetl_doctor_tell(d, &ailment,
                                           "this state belongs to user %ld: runs of others are "
                                           "refused",
                                           (long)p->exam.owner),
                          "run as that user, or name another folder with --state");
        return;
    }
    if (!(p->exam.mode & 077))
        return;
    bool mended = d->repair && !chmod(path, 0700);
    ailment.cure = mended ? QETL_CURE_DONE : QETL_CURE_OFFERED;
    struct qetl_finding *finding =
        qetl_doctor_tell(d, &ailment, "others may look into this state (mode %04o)%s",
                         (unsigned)p->exam.mode, mended ? ": it has mode 0700 now" : "");
    if (!mended)
        qetl_finding_mend_file(finding, "chmod 700 {}, or --repair: runs are refused until then",
                               path);
}

/* ---- the store ---- */

/* As the next run would: under its lock, by renaming. */
static bool set_aside(struct qetl_patient *p)
{
    struct qetl_findings said = {0};
    struct qetl_record decided = {0}, prepared = {0};
    struct qetl_state_look look;
    struct qetl_store *store =
        qetl_store_open(p->doctor->states, p->exam.look.pipeline, NULL, &said);
    if (store && !qetl_store_recover(store, &decided, &prepared, &said)) {
        qetl_record_free(&decided);
        qetl_record_free(&prepared);
    }
    qetl_store_close(store);
    qetl_findings_free(&said);
    if (qetl_state_look(p->doctor->states, p->name, &look))
        return false;
    bool aside = look.condition == QETL_STATE_GONE;
    free(p->exam.look.reason);
    p->exam.look.reason = look.reason;
    look.reason = NULL;
    qetl_state_look_free(&look);
    return aside;
}

/* What: not of the examination, which may take another turn here. */
static void damage_tell(struct qetl_patient *p, const char *what, bool is_aside)
{
    struct qetl_doctor *d = p->doctor;
    bool tries = !is_aside && d->repair && !p->at_work;
    bool mended = tries && set_aside(p);
    struct qetl_finding *finding = qetl_doctor_tell(
        d,
        &(struct qetl_ailment){.severity = QETL_ERROR,
                               .code = "state_damaged",
                               .file = p->exam.look.path,
                               .cure = is_aside || mended ? QETL_CURE_USER : QETL_CURE_OFFERED},
        "the state is damaged: %s%s%s", what, mended ? "; now " : "",
        mended ? p->exam.look.reason : "");
    if (is_aside || mended)
        qetl_finding_mend(finding,
                          "what the last run decided is not known any more: look at its outputs, "
                          "then begin anew with `qetl run --full-refresh` or `qetl state clear`, "
                          "which leave them as they are; or put a copy of the state back");
    else
        qetl_finding_mend(finding, "put a copy of the state back if there is one; else --repair "
                                   "sets it aside, as the next run would, and deletes nothing");
}

static void condition_check(struct qetl_patient *p)
{
    const struct qetl_state_look *look = &p->exam.look;
    char what[300];
    if (look->condition == QETL_STATE_LATER)
        qetl_finding_mend(qetl_doctor_tell(p->doctor,
                                           &(struct qetl_ailment){.severity = QETL_ERROR,
                                                                  .code = "state_version",
                                                                  .file = look->path},
                                           "this state was written by a later qetl"),
                          "run the pipeline with that qetl, or name another folder with --state");
    else if (p->exam.out_of_reach)
        qetl_finding_mend(qetl_doctor_tell(p->doctor,
                                           &(struct qetl_ailment){.severity = QETL_ERROR,
                                                                  .code = "state_unreadable",
                                                                  .file = look->path},
                                           "%s", look->reason),
                          "mend what hinders (disk, permissions); nobody says that the state "
                          "itself is damaged, and it is left as it is");
    else if (qetl_state_look_is_refused(look)) {
        snprintf(what, sizeof what, "%s", look->reason);
        damage_tell(p, what, look->condition == QETL_STATE_GONE);
    } else if (p->exam.missing.count) {
        snprintf(what, sizeof what, "%zu file%s that its epoch names, as %s, %s missing or changed",
                 p->exam.missing.count, p->exam.missing.count == 1 ? "" : "s",
                 p->exam.missing.items[0], p->exam.missing.count == 1 ? "is" : "are");
        damage_tell(p, what, false);
    }
}

/* ---- its own name ---- */

static bool name_aside(struct qetl_patient *p)
{
    struct state_folder folder;
    struct qetl_findings said = {0};
    char *aside = NULL;
    if (!qetl_state_folder_open(&folder, p->doctor->states, p->exam.look.pipeline, &said)) {
        aside = qetl_state_folder_set_aside(&folder, "owner");
        qetl_state_folder_close(&folder);
    }
    qetl_findings_free(&said);
    free(aside);
    return aside != NULL;
}

/* Without it letters that were never decided are not known as such; all else is what it was. */
static void name_check(struct qetl_patient *p)
{
    if (!p->exam.name_damaged || p->at_work)
        return;
    bool mended = p->doctor->repair && name_aside(p);
    struct qetl_finding *finding = qetl_doctor_tell(
        p->doctor,
        &(struct qetl_ailment){.severity = QETL_ERROR,
                               .code = "state_name",
                               .file = p->exam.look.path,
                               .cure = mended ? QETL_CURE_DONE : QETL_CURE_OFFERED},
        "the file `owner`, with the state's own name, is damaged%s",
        mended ? "; set aside: the next run draws another one" : "");
    if (!mended)
        qetl_finding_mend(finding, "put a copy of it back; else --repair sets it aside, and dead "
                                   "letters that were never decided have to be dropped by hand");
}

/* ---- files beside it ---- */

static bool idle_remove(struct qetl_patient *p)
{
    struct state_folder folder;
    struct qetl_findings said = {0};
    bool removed = false;
    if (!qetl_state_folder_open(&folder, p->doctor->states, p->exam.look.pipeline, &said)) {
        removed = qetl_state_idle_remove(&folder, &p->exam.idle) == p->exam.idle.count;
        qetl_state_folder_close(&folder);
    }
    qetl_findings_free(&said);
    return removed;
}

static void files_check(struct qetl_patient *p)
{
    struct qetl_doctor *d = p->doctor;
    const struct qetl_state_exam *exam = &p->exam;
    struct qetl_ailment ailment = {
        .severity = QETL_WARNING, .code = "state_left_over", .file = exam->look.path};
    if (exam->idle.count && !p->at_work) {
        bool removed = d->repair && idle_remove(p);
        ailment.cure = removed ? QETL_CURE_DONE : QETL_CURE_OFFERED;
        struct qetl_finding *finding = qetl_doctor_tell(
            d, &ailment, "%zu file%s, as %s, %s left by a run that was killed: no epoch names %s%s",
            exam->idle.count, exam->idle.count == 1 ? "" : "s", exam->idle.items[0],
            exam->idle.count == 1 ? "was" : "were", exam->idle.count == 1 ? "it" : "them",
            removed ? "; removed" : "");
        if (!removed)
            qetl_finding_mend(finding, "the next run clears them away, as does --repair");
    }
    ailment.cure = QETL_CURE_USER;
    ailment.severity = QETL_NOTE;
    ailment.code = "state_set_aside";
    if (exam->aside.count && exam->look.condition == QETL_STATE_WHOLE)
        qetl_finding_mend(qetl_doctor_tell(d, &ailment,
                                           "an earlier state that could not be read is kept as %s",
                                           exam->aside.items[0]),
                          "remove it once nobody needs it");
    ailment.code = "state_strange_file";
    if (exam->strange.count)
        qetl_finding_mend(
            qetl_doctor_tell(d, &ailment, "%s is no file of a state", exam->strange.items[0]),
            "move it elsewhere");
}

/* ---- what comes next ---- */

static char *watermarks_of(const struct qetl_record *record)
{
    char *text = NULL;
    for (size_t i = 0; i < record->n_entries; i++) {
        struct qetl_watermark mark;
        const struct qetl_entry *e = &record->entries[i];
        if (e->kind != QETL_ENTRY_WATERMARK || e->part != QETL_WATERMARK_VALUE || !e->data ||
            qetl_watermark_read(e->data, e->size, &mark))
            continue;
        char *more = NULL;
        if (mark.value && asprintf(&more, "%s%s%s behind %s", text ? text : "", text ? ", " : "",
                                   e->component, mark.value) >= 0) {
            free(text);
            text = more;
        }
        qetl_watermark_free(&mark);
    }
    return text;
}

static void next_check(struct qetl_patient *p)
{
    struct qetl_doctor *d = p->doctor;
    const struct qetl_state_look *look = &p->exam.look;
    const struct qetl_record *last = &look->decided;
    unsigned long long number = last->number, prepared = look->prepared.number;
    size_t before = d->findings.count;
    if (qetl_state_look_is_refused(look) || p->exam.missing.count)
        qetl_doctor_check(d, "next run", before, "is refused until that is mended");
    else if (look->prepared.stage == QETL_STAGE_PREPARED)
        qetl_doctor_check(
            d, "next run", before,
            "asks the sink that decides whether epoch %llu counts, which is prepared, "
            "and goes on there; else behind epoch %llu",
            prepared, number);
    else if (last->stage == QETL_STAGE_DECIDED && last->final)
        qetl_doctor_check(d, "next run", before,
                          "gives the outputs of epoch %llu their names, and is done: all rows are "
                          "through",
                          number);
    else if (last->stage == QETL_STAGE_DECIDED)
        qetl_doctor_check(d, "next run", before,
                          "commits the outputs of epoch %llu, which is decided, and goes on behind "
                          "it",
                          number);
    else if (last->stage == QETL_STAGE_COMMITTED)
        qetl_doctor_check(d, "next run", before, "goes on behind epoch %llu", number);
    else {
        char *marks = watermarks_of(last);
        qetl_doctor_check(d, "next run", before, "begins anew%s%s", marks ? ": " : "",
                          marks ? marks : "");
        free(marks);
    }
}

/* ---- which pipeline it is ---- */

static void facts_take(struct qetl_patient *p)
{
    const struct qetl_record *from =
        p->exam.look.decided.n_entries ? &p->exam.look.decided : &p->exam.look.prepared;
    const struct qetl_entry *entry = qetl_record_find(from, QETL_ENTRY_COUNTS, "", 0);
    p->facts = entry && entry->data ? json_loadb(entry->data, entry->size, 0, NULL) : NULL;
    p->identity = p->exam.look.identity ? json_loads(p->exam.look.identity, 0, NULL) : NULL;
}

static void pipeline_load(struct qetl_patient *p)
{
    struct qetl_doctor *d = p->doctor;
    struct qetl_findings said = {0};
    const char *file = qetl_patient_fact(p, "file");
    if (p->pipeline || !file)
        return;
    p->document = d->load(d->load_arg, file, &said);
    p->of_loaded = p->document ? qetl_locked_pipeline(p->document, d->registry, &said) : NULL;
    p->pipeline = p->of_loaded;
    if (!p->pipeline)
        qetl_finding_mend(
            qetl_doctor_tell(d,
                             &(struct qetl_ailment){
                                 .severity = QETL_NOTE, .code = "pipeline_gone", .file = file},
                             "the pipeline's file cannot be used, so that its outputs were not "
                             "looked at: %s",
                             said.count ? said.items[0].message : "it cannot be read"),
            "name the file where it is now: qetl doctor --deep FILE, with the --set and "
            "--env-file that its runs have");
    qetl_findings_free(&said);
}

static void identity_check(struct qetl_patient *p)
{
    char *now = p->pipeline ? qetl_run_identity(p->pipeline) : NULL, *changes = NULL;
    const char *before = p->exam.look.identity;
    if (p->unfinished && now && before && !qetl_state_identity_compare(before, now, &changes) &&
        changes)
        qetl_finding_mend(
            qetl_doctor_tell(
                p->doctor,
                &(struct qetl_ailment){
                    .severity = QETL_WARNING, .code = "state_changed", .file = p->exam.look.path},
                "a run was cut short, and the pipeline has changed since: %s", changes),
            "undo the change and let that run come to its end, or begin anew with `qetl run "
            "--full-refresh` (outputs stay as they are)");
    free(changes);
    free(now);
}

/* ---- all of it ---- */

static void store_check(struct qetl_patient *p)
{
    struct qetl_doctor *d = p->doctor;
    const struct qetl_state_look *look = &p->exam.look;
    size_t before = d->findings.count;
    mode_check(p);
    condition_check(p);
    name_check(p);
    files_check(p);
    static const char *const stages[] = {"no epoch yet", "prepared", "decided", "committed",
                                         "finished"};
    if (p->at_work)
        qetl_doctor_check(d, "store", before,
                          "process %ld on %s is at work: as it stands now, "
                          "epoch %llu %s",
                          (long)look->holder.pid, *look->holder.host ? look->holder.host : "?",
                          (unsigned long long)look->decided.number, stages[look->decided.stage]);
    else if (look->decided.stage == QETL_STAGE_NONE)
        qetl_doctor_check(d, "store", before, "%s", look->reason ? look->reason : stages[0]);
    else
        qetl_doctor_check(d, "store", before, "epoch %llu %s, generation %llu",
                          (unsigned long long)look->decided.number, stages[look->decided.stage],
                          (unsigned long long)look->generation);
}

/* Relative names begin where the run's did. */
static int folder_enter(const struct qetl_patient *p)
{
    const char *folder = qetl_patient_fact(p, "folder");
    int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (here >= 0 && folder && chdir(folder) != 0 && errno != ENOENT) {
        close(here);
        return -1;
    }
    return here;
}

static void folder_leave(int here)
{
    if (here >= 0 && fchdir(here))
        abort(); /* nothing relative may be touched from a wrong place */
    if (here >= 0)
        close(here);
}

static void content_check(struct qetl_patient *p)
{
    int here = folder_enter(p);
    pipeline_load(p);
    identity_check(p);
    qetl_doctor_letters(p);
    if (p->pipeline)
        qetl_doctor_outputs(p);
    folder_leave(here);
}

/* No run begins while something is mended. */
static void deep_check(struct qetl_patient *p)
{
    struct state_folder folder;
    struct qetl_findings said = {0};
    bool locks = p->doctor->repair && !p->at_work;
    bool locked =
        locks && !qetl_state_folder_open(&folder, p->doctor->states, p->exam.look.pipeline, &said);
    p->at_work |= locks && !locked;
    content_check(p);
    if (locked)
        qetl_state_folder_close(&folder);
    qetl_findings_free(&said);
}

static void patient_check(struct qetl_patient *p)
{
    enum qetl_epoch_stage stage = p->exam.look.decided.stage;
    p->doctor->subject = p->exam.look.pipeline;
    p->at_work = p->exam.look.holder.pid != 0;
    p->unfinished = p->exam.look.prepared.stage == QETL_STAGE_PREPARED ||
                    stage == QETL_STAGE_DECIDED || stage == QETL_STAGE_COMMITTED;
    facts_take(p);
    store_check(p);
    if (p->doctor->deep && !qetl_state_look_is_refused(&p->exam.look) && !p->exam.missing.count)
        deep_check(p);
    if (!p->at_work)
        next_check(p);
    p->doctor->subject = NULL;
}

void qetl_doctor_state(struct qetl_doctor *d, const char *name,
                       const struct qetl_pipeline *pipeline)
{
    struct qetl_patient p = {.doctor = d, .name = name, .pipeline = pipeline};
    int error = qetl_state_examine(d->states, name, &p.exam);
    if (!error)
        patient_check(&p);
    else if (error == ENOMEM)
        d->no_memory = true;
    else if (error != ENOENT && error != ENOTDIR && error != ELOOP)
        qetl_doctor_tell(
            d, &(struct qetl_ailment){.severity = QETL_ERROR, .code = "state_folder", .file = name},
            "the state of '%s' cannot be read: %s", name, strerror(error));
    qetl_pipeline_free(p.of_loaded);
    qetl_document_free(p.document);
    json_decref(p.facts);
    json_decref(p.identity);
    qetl_state_exam_free(&p.exam);
}
