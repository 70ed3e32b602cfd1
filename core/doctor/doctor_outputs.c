/* SPDX-License-Identifier: Apache-2.0 */
/* What sinks find when they compare what was decided with what is there. */
#include "host/host.h"
#include "host/instance.h"
#include "patient.h"
#include "plugin/loader.h"
#include "run/checkpoint.h"
#include "run/recover.h"
#include "run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct looking {
    struct qetl_patient *patient;
    const struct qetl_node *node;
    struct qetl_blob *handles, *prepared;
    size_t objects; /* that were told of */
};

/* ---- an instance without a run ---- */

static void log_drop(void *arg, const char *component, int32_t level, const char *message)
{
    (void)arg;
    (void)component;
    (void)level;
    (void)message;
}

static void output_drop(void *arg, const char *uri, int64_t rows, int64_t bytes)
{
    (void)arg;
    (void)uri;
    (void)rows;
    (void)bytes;
}

static void failure_tell(const struct looking *l, struct qetl_ctx *ctx, const char *what)
{
    struct qetl_error_report report = {0};
    if (ctx)
        report = qetl_instance_take_error(ctx);
    struct qetl_finding *finding = qetl_doctor_tell(
        l->patient->doctor,
        &(struct qetl_ailment){
            .severity = QETL_WARNING, .code = "not_inspected", .component = l->node->id},
        "sink '%s' was not looked at: %s", l->node->id, report.message ? report.message : what);
    if (report.suggestion)
        qetl_finding_mend(finding, "%s", report.suggestion);
    qetl_error_report_free(&report);
}

/* ---- what a sink tells ---- */

static int32_t tell(void *stream, const struct qetl_inspected *what)
{
    struct looking *l = stream;
    static const char *const codes[] = {"", "output_lost", "left_over", "output_open"};
    if (what->kind < QETL_INSPECT_LOST || what->kind > QETL_INSPECT_OPEN || !what->message)
        return QETL_OK;
    bool left = what->kind == QETL_INSPECT_LEFT;
    struct qetl_ailment ailment = {.code = codes[what->kind],
                                   .file = what->object,
                                   .component = l->node->id,
                                   /* What a run that is over wrote is its user's to move. */
                                   .severity = what->kind == QETL_INSPECT_OPEN   ? QETL_NOTE
                                               : left || !l->patient->unfinished ? QETL_WARNING
                                                                                 : QETL_ERROR,
                                   .cure = !left           ? QETL_CURE_USER
                                           : what->cleared ? QETL_CURE_DONE
                                                           : QETL_CURE_OFFERED};
    struct qetl_finding *finding =
        qetl_doctor_tell(l->patient->doctor, &ailment, "sink '%s': %s%s", l->node->id,
                         what->message, left && what->cleared ? "; removed" : "");
    if (left && !what->cleared)
        qetl_finding_mend(finding, "the next run clears it away, as does --repair");
    else if (what->mend)
        qetl_finding_mend(finding, "%s", what->mend);
    l->objects++;
    return QETL_OK;
}

/* ---- epochs of a sink that decides ---- */

static void committed_check(const struct looking *l, int64_t committed)
{
    const struct qetl_state_look *look = &l->patient->exam.look;
    struct qetl_doctor *d = l->patient->doctor;
    bool unfinished = l->patient->unfinished;
    int64_t decided = (int64_t)look->decided.number, prepared = (int64_t)look->prepared.number;
    struct qetl_ailment ailment = {.severity = unfinished ? QETL_ERROR : QETL_WARNING,
                                   .code = "in_doubt",
                                   .component = l->node->id};
    if (committed < 0 || look->decided.stage + look->prepared.stage == 0)
        return;
    if (prepared && committed <= prepared && committed >= decided) {
        ailment.severity = QETL_NOTE;
        ailment.code = "epoch_prepared";
        bool has = committed == prepared;
        qetl_finding_mend(qetl_doctor_tell(d, &ailment, "sink '%s' has %s epoch %lld", l->node->id,
                                           has ? "committed" : "not committed",
                                           (long long)prepared),
                          "%s",
                          has ? "the next run counts it as decided"
                              : "the next run gives it up, and its rows come again");
    } else if (committed < decided)
        qetl_finding_mend(
            qetl_doctor_tell(d, &ailment,
                             "sink '%s' %s epoch %lld, but the state with epoch %lld: it was set "
                             "back or begun anew",
                             l->node->id, committed ? "ends with" : "knows of none, not of",
                             (long long)committed, (long long)decided),
            "%s",
            unfinished ? "put it back as it was, or begin anew with `qetl run --full-refresh`"
                       : "if that was meant, nothing: the next run begins anew");
    else if (unfinished && committed > decided)
        qetl_finding_mend(
            qetl_doctor_tell(d, &ailment,
                             "sink '%s' has committed epoch %lld, but the state ends with epoch "
                             "%lld: to go on from there would write rows twice",
                             l->node->id, (long long)committed, (long long)decided),
            "put the newer state back, or begin anew with `qetl run --full-refresh`");
}

/* ---- one sink ---- */

static int handles_of(const struct looking *l, const struct qetl_record *record,
                      struct qetl_blob **out, int64_t *n)
{
    *n = 0;
    *out = calloc(record->n_entries + 1, sizeof **out);
    for (size_t i = 0; *out && i < record->n_entries; i++) {
        const struct qetl_entry *e = &record->entries[i];
        if (e->kind == QETL_ENTRY_HANDLE && strcmp(e->component, l->node->id) == 0)
            (*out)[(*n)++] = (struct qetl_blob){e->data, e->size};
    }
    return *out ? 0 : -1;
}

static void state_take(const struct looking *l, const struct qetl_record *record,
                       struct qetl_blob *state, uint32_t *version)
{
    for (size_t i = 0; i < record->n_entries; i++) {
        const struct qetl_entry *e = &record->entries[i];
        struct qetl_blob saved;
        if (e->kind != QETL_ENTRY_STATE || strcmp(e->component, l->node->id) != 0 || !e->data ||
            e->part >= QETL_PART_SHARE || !qetl_state_saved(e->data, e->size, &saved) ||
            !saved.size)
            continue;
        *state = saved;
        *version = e->version;
    }
}

static void ask(struct looking *l, struct qetl_ctx *ctx, const struct qetl_inspect *inspect)
{
    struct qetl_patient *p = l->patient;
    const struct qetl_state_look *look = &p->exam.look;
    enum qetl_epoch_stage stage = look->decided.stage;
    struct qetl_epoch epoch = {.struct_size = sizeof epoch,
                               .flags = look->decided.final ? QETL_EPOCH_FINAL : 0,
                               .number = stage ? look->decided.number : 0,
                               .generation = look->generation,
                               .pipeline = p->pipeline->name ? p->pipeline->name : "",
                               .component = l->node->id};
    struct qetl_inspection about = {.struct_size = sizeof about,
                                    .epoch = &epoch,
                                    .committed = -1,
                                    .flags = (p->unfinished ? QETL_INSPECT_GOES_ON : 0) |
                                             (stage > QETL_STAGE_DECIDED ? QETL_INSPECT_SHOWN : 0) |
                                             (p->doctor->repair ? QETL_INSPECT_CLEAR : 0)};
    if (handles_of(l, &look->decided, &l->handles, &about.n_handles) ||
        handles_of(l, &look->prepared, &l->prepared, &about.n_prepared_handles)) {
        p->doctor->no_memory = true;
        return;
    }
    about.handles = l->handles;
    about.prepared_handles = l->prepared;
    state_take(l, &look->decided, &about.state, &about.state_version);
    state_take(l, &look->prepared, &about.prepared, &about.prepared_version);
    if (inspect->inspect(ctx->self, &about, l, tell) < 0)
        failure_tell(l, ctx, "it failed");
    else
        committed_check(l, about.committed);
}

static void sink_check(struct looking *l, const struct qetl_component *component,
                       const struct qetl_instance_env *env)
{
    struct qetl_ctx *ctx = qetl_instance_new(env, l->node, &l->node->use, component);
    if (!ctx || qetl_instance_create(ctx) < 0)
        failure_tell(l, ctx, "it cannot be made");
    else if (component->get_extension) {
        const struct qetl_inspect *inspect = component->get_extension(ctx->self, QETL_EXT_INSPECT);
        if (inspect && inspect->inspect)
            ask(l, ctx, inspect);
    }
    qetl_instance_free(ctx);
    free(l->handles);
    free(l->prepared);
    l->handles = l->prepared = NULL;
}

/* What was configured otherwise then is not what was written. */
static bool is_the_same(const struct qetl_patient *p, const struct qetl_node *node)
{
    char *text = qetl_run_identity(p->pipeline);
    json_t *now = text ? json_loads(text, 0, NULL) : NULL;
    const json_t *before = json_object_get(p->identity, node->id);
    bool same = !before || json_equal(before, json_object_get(now, node->id));
    json_decref(now);
    free(text);
    return same;
}

void qetl_doctor_outputs(struct qetl_patient *p)
{
    struct qetl_doctor *d = p->doctor;
    size_t before = d->findings.count, sinks = 0;
    atomic_int stopping = 0;
    atomic_uint requests = 0;
    struct qetl_pool *pool = qetl_pool_new(QETL_MEMORY_BYTES);
    const char *state = qetl_patient_fact(p, "state");
    char *usual = NULL;
    if (!state && asprintf(&usual, "%s/%s", d->named, p->name) < 0)
        usual = NULL;
    struct qetl_instance_env env = {.pool = pool,
                                    .stopping = &stopping,
                                    .epoch_requests = &requests,
                                    .log = log_drop,
                                    .output = output_drop,
                                    .state = state ? state : usual,
                                    .resumes = p->unfinished};
    for (size_t n = 0; pool && !p->at_work && n < p->pipeline->n_nodes; n++) {
        struct looking l = {.patient = p, .node = &p->pipeline->nodes[n]};
        const struct qetl_component *component;
        struct qetl_findings refused = {0};
        if (l.node->kind != QETL_SINK || !is_the_same(p, l.node))
            continue;
        if (!qetl_load_component(l.node->use.plugin, &qetl_host_table, NULL, &component, &refused))
            sink_check(&l, component, &env);
        qetl_findings_free(&refused); /* the machine's check has told it */
        sinks++;
    }
    qetl_pool_free(pool);
    free(usual);
    if (p->at_work)
        qetl_doctor_check(d, "outputs", before, "not looked at while a process is at work");
    else
        qetl_doctor_check(d, "outputs", before, "of %zu sink%s", sinks, sinks == 1 ? "" : "s");
}
