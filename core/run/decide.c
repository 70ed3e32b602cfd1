/* SPDX-License-Identifier: Apache-2.0 */
/* The record of an epoch, made of what was handed in; and the calls that a decision is made of. */
#include "checkpoint.h"
#include "config/document.h"
#include "decider.h"
#include "failpoint.h"
#include "host/call.h"
#include "increment/increment.h"
#include "known.h"
#include "recover.h"
#include "run_internal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- who wants rows ---- */

/* While others run on, as it was when it handed in. */
static bool is_satisfied(const struct qetl_run *run, size_t slot, bool final)
{
    return final ? run->attempt.slots[slot]->satisfied
                 : qetl_epochs_base(run->attempt.epochs, slot)->satisfied;
}

static bool wants_itself(const struct qetl_run *run, const struct qetl_node *node, bool final)
{
    for (size_t s = 0; s < run->attempt.n_slots; s++)
        if (run->attempt.slots[s]->node == node && is_satisfied(run, s, final))
            return false;
    return true;
}

/* Whether rows of a node are wanted: components stand in topological order. */
static bool is_wanted(const struct qetl_run *run, const struct qetl_node *node, bool final)
{
    const struct qetl_pipeline *pipeline = run->pipeline;
    size_t index = (size_t)(node - pipeline->nodes);
    bool consumed = false;
    for (size_t n = index + 1; n < pipeline->n_nodes; n++)
        for (size_t i = 0; i < pipeline->nodes[n].n_inputs; i++) {
            if (pipeline->nodes[n].inputs[i].component != index)
                continue;
            consumed = true;
            if (wants_itself(run, &pipeline->nodes[n], final) &&
                is_wanted(run, &pipeline->nodes[n], final))
                return true;
        }
    return !consumed;
}

/* ---- entries ---- */

struct composer {
    struct qetl_run *run;
    struct qetl_record *record;
    bool failed;
};

/* The record's own copy, so that nothing of it depends on what is handed in meanwhile. */
static void add(struct composer *c, enum qetl_entry_kind kind, const char *component, uint32_t part,
                uint32_t version, const void *data, size_t size)
{
    struct qetl_record *record = c->record;
    struct qetl_entry *entries =
        realloc(record->entries, (record->n_entries + 1) * sizeof *entries);
    if (entries)
        record->entries = entries;
    void *copy = entries ? malloc(size + 1) : NULL;
    c->failed |= !copy;
    if (!copy)
        return;
    if (size)
        memcpy(copy, data, size);
    entries[record->n_entries++] = (struct qetl_entry){.kind = kind,
                                                       .component = component,
                                                       .part = part,
                                                       .version = version,
                                                       .data = copy,
                                                       .size = size};
}

void qetl_record_discompose(struct qetl_record *record)
{
    for (size_t i = 0; i < record->n_entries; i++)
        free((void *)record->entries[i].data);
    free(record->entries);
    *record = (struct qetl_record){0};
}

static uint32_t part_of(const struct qetl_op *op)
{
    return op->class == &qetl_op_encode ? QETL_PART_ENCODER
           : op->partial                ? QETL_PART_SHARE + op->replica
                                        : QETL_PART_WHOLE + op->replica;
}

static void add_place(struct composer *c, const struct qetl_op *op, const struct qetl_stand *stand)
{
    struct qetl_pack pack = {0};
    /* acquire: pairs with the tracker, which has counted all rows before the barrier by now */
    bool settled =
        atomic_load_explicit(&((struct qetl_stand *)stand)->settled, memory_order_acquire);
    assert(settled);
    (void)settled;
    qetl_stand_pack(stand, &pack);
    c->failed |= pack.failed;
    if (!pack.failed)
        add(c, QETL_ENTRY_POSITION, op->node->id, op->reader, 1, pack.data, pack.size);
    qetl_pack_free(&pack);
}

/* Of incremental loading, beside its state: under its source's name, for people and the next run.
 * Rows that nobody wanted any more were not loaded; whoever had enough has handed in by now. */
static void add_watermark(struct composer *c, const struct qetl_node *node)
{
    struct qetl_blob saved, mark, memory;
    const struct qetl_node *source = &c->run->pipeline->nodes[node->inputs[0].component];
    const struct qetl_entry *state = &c->record->entries[c->record->n_entries - 1];
    if (c->failed || !qetl_state_saved(state->data, state->size, &saved))
        return;
    if (!is_wanted(c->run, node, c->record->final))
        qetl_increment_take_back((void *)saved.data, saved.size);
    if (qetl_increment_split(saved.data, saved.size, &mark, &memory))
        add(c, QETL_ENTRY_WATERMARK, source->id, QETL_WATERMARK_VALUE, QETL_WATERMARK_VERSION,
            mark.data, mark.size);
}

static void add_slot(struct composer *c, size_t slot)
{
    const struct qetl_op *op = c->run->attempt.slots[slot];
    const struct qetl_handed *handed = qetl_epochs_base(c->run->attempt.epochs, slot);
    const char *id = op->node->id;
    if (handed->stand)
        add_place(c, op, handed->stand);
    if (handed->has_state)
        add(c, QETL_ENTRY_STATE, id, part_of(op), handed->version, handed->state,
            handed->state_size);
    if (handed->has_state && op->node->own)
        add_watermark(c, op->node);
    for (size_t i = 0; i < handed->n_handles; i++)
        add(c, QETL_ENTRY_HANDLE, id, (uint32_t)i, 1, handed->handles[i].data,
            handed->handles[i].size);
}

/* ---- counts ---- */

/* As handed in; at the end, when nothing is under way, as they stand. */
static void counts_of(const struct composer *c, const struct qetl_node *node,
                      struct qetl_counts *sum, int64_t *batches)
{
    const struct qetl_run *run = c->run;
    *sum = (struct qetl_counts){0};
    *batches = 0;
    for (size_t i = 0; c->record->final && i < run->attempt.n_instances; i++)
        if (run->attempt.instances[i]->node == node) {
            qetl_counts_add(sum, &run->attempt.instances[i]->tally);
            *batches += qetl_tally_get(&run->attempt.instances[i]->tally.batches);
        }
    for (size_t s = 0; !c->record->final && s < run->attempt.n_slots; s++)
        if (run->attempt.slots[s]->node == node) {
            const struct qetl_handed *handed = qetl_epochs_base(run->attempt.epochs, s);
            qetl_counts_sum(sum, &handed->counts);
            *batches += handed->batches;
        }
}

static void add_counts(struct composer *c, const struct qetl_node *node)
{
    struct qetl_counts n;
    int64_t batches;
    char text[640];
    counts_of(c, node, &n, &batches);
    int size =
        snprintf(text, sizeof text,
                 "{\"rows_in\":%" PRId64 ",\"rows_out\":%" PRId64 ",\"rows_filtered\":%" PRId64
                 ",\"rows_rejected\":%" PRId64 ",\"rows_added\":%" PRId64
                 ",\"rows_reduced\":%" PRId64 ",\"rows_held\":%" PRId64 ",\"bytes_in\":%" PRId64
                 ",\"bytes_out\":%" PRId64 ",\"batches\":%" PRId64 "}",
                 n.rows_in, n.rows_out, n.rows_filtered, n.rows_rejected, n.rows_added,
                 n.rows_reduced, n.rows_held, n.bytes_in, n.bytes_out, batches);
    add(c, QETL_ENTRY_COUNTS, node->id, 0, 1, text, (size_t)size);
}

/* What expressions take for the present stays what it was; and, for who looks at the state later,
 * which file the pipeline is, and where its relative names begin. */
static void add_facts(struct composer *c)
{
    const struct qetl_run *run = c->run;
    const struct qetl_document *document = run->options.document;
    char *file = document ? realpath(qetl_document_name(document), NULL) : NULL;
    char *folder = getcwd(NULL, 0);
    json_t *facts = json_pack("{s:I, s:s?, s:s?, s:s?, s:s?}", "now_us",
                              (json_int_t)run->env.now_us, "file", file, "folder", folder, "state",
                              run->env.state, "letters", qetl_letter_store_name(run->letters));
    if (!facts) /* a name that is no UTF-8 */
        facts = json_pack("{s:I}", "now_us", (json_int_t)run->env.now_us);
    char *text = json_dumps(facts, JSON_COMPACT);
    c->failed |= !text;
    if (text)
        add(c, QETL_ENTRY_COUNTS, "", 0, 1, text, strlen(text));
    free(text);
    json_decref(facts);
    free(folder);
    free(file);
}

static int32_t add_letters(struct composer *c)
{
    struct qetl_pack pack = {0};
    int32_t status = qetl_run_letters_seal(c->run, c->record->number, &pack);
    c->failed |= pack.failed;
    if (!pack.failed)
        add(c, QETL_ENTRY_LETTERS, "", 0, 1, pack.data, pack.size);
    qetl_pack_free(&pack);
    return status;
}

int32_t qetl_record_compose(struct qetl_run *run, uint64_t number, bool final,
                            struct qetl_record *out)
{
    struct composer c = {.run = run, .record = out};
    *out = (struct qetl_record){.number = number, .stage = QETL_STAGE_DECIDED, .final = final};
    for (size_t n = 0; n < run->pipeline->n_nodes; n++) {
        const struct qetl_node *node = &run->pipeline->nodes[n];
        if (node->kind == QETL_SOURCE && run->env.checkpoints)
            add(&c, QETL_ENTRY_SCHEMA, node->id, 0, 1, run->attempt.notes[n].data,
                run->attempt.notes[n].size);
        add_counts(&c, node);
    }
    for (size_t s = 0; s < run->attempt.n_slots; s++) {
        add_slot(&c, s);
        if (run->attempt.slots[s]->class == &qetl_op_sink)
            out->rows += qetl_epochs_base(run->attempt.epochs, s)->counts.rows_out;
    }
    add_facts(&c);
    int32_t status = c.failed ? QETL_OK : add_letters(&c);
    if (!c.failed && !status)
        return QETL_OK;
    qetl_record_discompose(out);
    return status ? status
                  : qetl_run_fault(run, NULL, "out_of_memory", "no memory to decide an epoch");
}

/* ---- calls ---- */

struct qetl_epoch qetl_epoch_of(const struct qetl_run *run, const struct qetl_node *node,
                                uint64_t number, bool final)
{
    return (struct qetl_epoch){.struct_size = sizeof(struct qetl_epoch),
                               .flags = final ? QETL_EPOCH_FINAL : 0,
                               .number = number,
                               .generation = run->generation,
                               .pipeline = run->pipeline->name ? run->pipeline->name : "",
                               .component = node->id};
}

int32_t qetl_run_store_failed(struct qetl_run *run, int32_t status)
{
    char message[600];
    const char *reason = qetl_store_reason(run->store);
    if (status == QETL_E_FENCED)
        snprintf(message, sizeof message,
                 "another process has taken this pipeline's state over, so that this one may not "
                 "decide anything any more%s%s",
                 *reason ? ": " : "", reason);
    else
        snprintf(message, sizeof message, "the state of the run cannot be kept: %s",
                 *reason ? reason : "no reason is known");
    return qetl_run_fault_as(run, NULL, status == QETL_E_FENCED ? "fenced" : "state",
                             status == QETL_E_NO_MEMORY ? QETL_E_NO_MEMORY : QETL_E_ENVIRONMENT,
                             message);
}

int32_t qetl_sink_commit(struct qetl_run *run, const struct qetl_node *node, struct qetl_ctx *ctx,
                         const struct qetl_epoch *epoch, int64_t n, const struct qetl_blob *handles)
{
    const struct qetl_sink *sink = ctx->component->sink;
    struct qetl_retry retry = {0};
    int32_t status;
    if (!sink->commit)
        return QETL_OK;
    do {
        qetl_call_enter(ctx, "commit");
        status = sink->commit(ctx->self, epoch, n, handles);
        QETL_FAILPOINT("commit.between");
        qetl_call_leave();
    } while (qetl_run_again(run, ctx, &retry, "commit", status));
    return status < 0 ? qetl_run_fail(run, node, ctx, "commit", status)
                      : qetl_known_done(run, node, "commit", status);
}
