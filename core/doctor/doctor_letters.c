/* SPDX-License-Identifier: Apache-2.0 */
/* The dead letters of a pipeline: whether each can be read, and whether the state agrees. */
#include "data/letter_store.h"
#include "dlq/box.h"
#include "patient.h"
#include "run/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct letters {
    struct qetl_patient *patient;
    const char *path;
    struct stat about;
    int64_t decided; /* the newest that counts; -1: nobody said so */
    struct qetl_box *box;
    int64_t last;
    size_t counts[3]; /* by state */
};

static struct qetl_finding *tell(const struct letters *l, enum qetl_severity severity,
                                 const char *code, enum qetl_cure cure, const char *message)
{
    return qetl_doctor_tell(
        l->patient->doctor,
        &(struct qetl_ailment){.severity = severity, .code = code, .file = l->path, .cure = cure},
        "%s", message);
}

static int64_t decided_of(const struct qetl_patient *p)
{
    const struct qetl_entry *entry =
        qetl_record_find(&p->exam.look.decided, QETL_ENTRY_LETTERS, "", 0);
    struct qetl_letter_length length;
    if (!entry || !entry->data || !qetl_record_letters(&p->exam.look.decided, &length))
        return -1;
    return length.apart ? -1 : length.last;
}

/* ---- the file ---- */

static void mode_check(const struct letters *l)
{
    char message[120];
    if (!(l->about.st_mode & 077))
        return;
    bool mended = l->patient->doctor->repair && !chmod(l->path, 0600);
    snprintf(message, sizeof message, "others may read these dead letters (mode %04o)%s",
             (unsigned)l->about.st_mode & 07777, mended ? ": they have mode 0600 now" : "");
    struct qetl_finding *finding =
        tell(l, QETL_WARNING, "letters_mode", mended ? QETL_CURE_DONE : QETL_CURE_OFFERED, message);
    if (!mended)
        qetl_finding_mend_file(finding, "chmod 600 {}, or --repair", l->path);
}

/* Opening it for writing removes a line that was torn. */
static void torn_check(struct letters *l)
{
    int64_t torn = l->about.st_size - l->box->bytes;
    char message[160];
    if (torn <= 0 || l->patient->at_work)
        return;
    bool mended = false;
    struct qetl_findings said = {0};
    if (l->patient->doctor->repair) {
        struct qetl_box *locked = qetl_box_open(l->path, true, &said);
        mended = locked != NULL;
        qetl_box_free(locked);
    }
    qetl_findings_free(&said);
    snprintf(message, sizeof message,
             "the last line is torn: %lld bytes of a letter that was not "
             "decided%s",
             (long long)torn, mended ? "; removed" : "");
    struct qetl_finding *finding =
        tell(l, QETL_WARNING, "letters_torn", mended ? QETL_CURE_DONE : QETL_CURE_OFFERED, message);
    if (!mended)
        qetl_finding_mend(finding, "the next run removes it, as does --repair");
}

static void size_check(const struct letters *l)
{
    const struct qetl_pipeline *pipeline = l->patient->pipeline;
    int64_t most = pipeline ? pipeline->letters.max_bytes : 0;
    char message[160];
    int percent = most ? (int)((double)l->about.st_size * 100 / (double)most) : 0;
    if (!most || !pipeline->letters.alarm || percent < pipeline->letters.alarm)
        return;
    snprintf(message, sizeof message, "the dead letters have %d%% of max_size, %lld bytes", percent,
             (long long)most);
    qetl_finding_mend(tell(l, QETL_WARNING, "letters_full", QETL_CURE_USER, message),
                      "replay or drop some (qetl dlq), or raise max_size: a full store stops the "
                      "run");
}

/* ---- the letters ---- */

static bool set_aside(const struct letters *l, char **aside)
{
    for (int i = 0; i < 1000; i++) {
        int size = i ? asprintf(aside, "%s.unreadable.%d", l->path, i)
                     : asprintf(aside, "%s.unreadable", l->path);
        if (size < 0) {
            *aside = NULL;
            return false;
        }
        if (!renameat2(AT_FDCWD, l->path, AT_FDCWD, *aside, RENAME_NOREPLACE))
            return true;
        free(*aside);
        *aside = NULL;
        if (errno != EEXIST)
            return false;
    }
    return false;
}

/* A run that goes on needs them: then they stay, and it says so. */
static void damage_tell(const struct letters *l, const char *what)
{
    const struct qetl_patient *p = l->patient;
    char message[600], *aside = NULL;
    bool may = !p->unfinished && !p->at_work;
    bool mended = may && p->doctor->repair && set_aside(l, &aside);
    snprintf(message, sizeof message, "%s%s%s", what, mended ? "; set aside as " : "",
             mended ? aside : "");
    struct qetl_finding *finding = tell(l, QETL_ERROR, "letters_damaged",
                                        mended ? QETL_CURE_DONE
                                        : may  ? QETL_CURE_OFFERED
                                               : QETL_CURE_USER,
                                        message);
    if (mended)
        qetl_finding_mend(finding, "what can be read of them is still in that file, a letter a "
                                   "line");
    else if (may)
        qetl_finding_mend(finding, "put a copy back if there is one; else --repair sets the file "
                                   "aside, and deletes nothing");
    else
        qetl_finding_mend(finding, "a run goes on from them: put a copy back, or begin anew with "
                                   "`qetl run --full-refresh` once the file was moved away");
    free(aside);
}

static bool read_all(struct letters *l)
{
    struct qetl_findings said = {0};
    for (size_t i = 0; i < l->box->n; i++) {
        json_t *letter = qetl_box_letter(l->box, &l->box->entries[i], &said);
        l->counts[l->box->entries[i].state]++;
        json_decref(letter);
    }
    bool whole = !said.count;
    char what[400];
    snprintf(what, sizeof what, "%zu of %zu dead letters cannot be read: %s", said.count, l->box->n,
             whole ? "" : said.items[0].message);
    if (!whole)
        damage_tell(l, what);
    qetl_findings_free(&said);
    return whole;
}

static void decided_check(const struct letters *l)
{
    char message[200];
    bool unfinished = l->patient->unfinished && l->decided >= 0;
    if (unfinished && l->last < l->decided) {
        snprintf(message, sizeof message,
                 "the newest letter has number %lld, and the run that was cut short had come to "
                 "%lld: letters are gone",
                 (long long)l->last, (long long)l->decided);
        qetl_finding_mend(tell(l, QETL_ERROR, "letters_gone", QETL_CURE_USER, message),
                          "put the file back as it was; or begin anew with `qetl run "
                          "--full-refresh`");
    } else if (l->counts[QETL_LETTER_UNDECIDED] && !l->patient->at_work) {
        bool one = l->counts[QETL_LETTER_UNDECIDED] == 1;
        snprintf(message, sizeof message,
                 "%zu letter%s not decided: the run failed or was killed before",
                 l->counts[QETL_LETTER_UNDECIDED], one ? " was" : "s were");
        qetl_finding_mend(tell(l, QETL_NOTE, "letters_undecided", QETL_CURE_USER, message),
                          "the next run takes %s back: %s again", one ? "it" : "them",
                          one ? "its row comes" : "their rows come");
    }
}

/* Which were decided the state knows. */
static int judge(struct letters *l, struct qetl_findings *said)
{
    const struct qetl_state_look *look = &l->patient->exam.look;
    struct qetl_letters_behind behind = {"state", look->owner.name, qetl_state_look_decided(look)};
    bool known = *look->owner.name && !qetl_state_look_is_refused(look);
    return known ? qetl_box_judge(l->box, &behind, said) : 0;
}

static void letters_check(struct letters *l)
{
    struct qetl_findings said = {0};
    mode_check(l);
    l->box = qetl_box_open(l->path, false, &said);
    int64_t last = 0;
    if (l->box && !qetl_letter_file_peek(l->path, &last))
        l->last = last;
    if (!l->box || judge(l, &said))
        damage_tell(l, said.count ? said.items[0].message : "they cannot be read");
    else if (read_all(l)) {
        torn_check(l);
        decided_check(l);
        size_check(l);
    }
    qetl_findings_free(&said);
}

static void gone_tell(const struct letters *l)
{
    if (l->decided <= 0 || !l->patient->unfinished)
        return;
    char message[160];
    snprintf(message, sizeof message,
             "the dead letters are gone; the run that was cut short had come to number %lld",
             (long long)l->decided);
    qetl_finding_mend(tell(l, QETL_ERROR, "letters_gone", QETL_CURE_USER, message),
                      "put the file back; or begin anew with `qetl run --full-refresh`");
}

static void file_check(struct letters *l)
{
    struct qetl_doctor *d = l->patient->doctor;
    size_t before = d->findings.count;
    if (stat(l->path, &l->about)) {
        bool none = errno == ENOENT || errno == ENOTDIR;
        const char *why = none ? "none" : strerror(errno);
        gone_tell(l);
        qetl_doctor_check(d, "dead letters", before, "%s: %s", l->path, why);
        return;
    }
    if (!S_ISREG(l->about.st_mode))
        return;
    letters_check(l);
    qetl_doctor_check(d, "dead letters", before, "%s: %zu waiting, %zu replayed, %zu undecided",
                      l->path, l->counts[QETL_LETTER_WAITING], l->counts[QETL_LETTER_REPLAYED],
                      l->counts[QETL_LETTER_UNDECIDED]);
    qetl_box_free(l->box);
}

/* Where the pipeline says; else where its last run had them, or the next one will. */
void qetl_doctor_letters(struct qetl_patient *p)
{
    const struct qetl_pipeline *pipeline = p->pipeline;
    const char *said = pipeline ? pipeline->dead_letters : NULL;
    struct qetl_letter_store *usual =
        pipeline && pipeline->name ? qetl_letter_store_new(NULL, pipeline->name, true) : NULL;
    struct letters l = {.patient = p, .decided = decided_of(p)};
    l.path = said ? said : qetl_patient_fact(p, "letters");
    if (!l.path && usual)
        l.path = qetl_letter_store_name(usual);
    if (l.path && *l.path)
        file_check(&l);
    qetl_letter_store_free(usual);
}
