/* SPDX-License-Identifier: Apache-2.0 */
#include "checkpoint.h"

#include "host/call.h"
#include "recover.h"
#include "run_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAYOUT = 1, ENDED = 1, BEGUN = 2, SAVED = 4 };

static void count(struct qetl_handed *handed, const struct qetl_ctx *ctx)
{
    if (!ctx)
        return;
    qetl_counts_add(&handed->counts, &ctx->tally);
    handed->batches += qetl_tally_get(&ctx->tally.batches);
}

int32_t qetl_op_hand_in(struct qetl_op *op, uint64_t epoch, bool ended, struct qetl_handed *more)
{
    struct qetl_run *run = op->run;
    struct qetl_handed handed = more ? *more : (struct qetl_handed){0};
    if (more)
        *more = (struct qetl_handed){0};
    op->epoch = ended ? op->epoch : epoch;
    if (!run->env.checkpoints && op->class != &qetl_op_sink && !op->node->own) {
        qetl_handed_clear(&handed);
        return QETL_OK;
    }
    count(&handed, op->instance);
    if (op->class == &qetl_op_source && op->flow->bytes)
        count(&handed, op->flow->codec); /* it frames in the source's task */
    handed.ended = ended;
    handed.satisfied = op->satisfied;
    return qetl_epochs_hand_in(run->attempt.epochs, op->slot, epoch, &handed)
               ? qetl_op_fault(op, "out_of_memory", "no memory to note an epoch")
               : QETL_OK;
}

int32_t qetl_op_pass(struct qetl_op *op, const struct qetl_message *message)
{
    bool end = message->kind == QETL_SLOT_END;
    int32_t status = qetl_op_hand_in(op, end ? op->epoch + 1 : message->epoch, end, NULL);
    return status ? status : qetl_op_emit_all(op, message->kind, message->epoch);
}

/* ---- saving ---- */

static int32_t pack_write(void *stream, const void *data, size_t size)
{
    struct qetl_pack *pack = stream;
    qetl_pack_raw(pack, data, size);
    return pack->failed ? QETL_E_NO_MEMORY : QETL_OK;
}

int32_t qetl_ctx_save(struct qetl_run *run, const struct qetl_node *node, struct qetl_ctx *ctx,
                      uint32_t *version, struct qetl_pack *pack)
{
    struct qetl_writer writer = {pack, pack_write};
    *version = 0;
    qetl_call_enter(ctx, "save");
    int32_t status = ctx->component->save(ctx->self, version, &writer);
    qetl_call_leave();
    return status < 0 ? qetl_run_fail(run, node, ctx, "save", status) : QETL_OK;
}

static void memory_pack(const struct qetl_op_memory *memory, bool saved, struct qetl_pack *pack)
{
    qetl_pack_u8(pack, LAYOUT);
    qetl_pack_u8(pack, (uint8_t)((memory->ended ? ENDED : 0) | (memory->begun ? BEGUN : 0) |
                                 (saved ? SAVED : 0)));
    qetl_pack_i64(pack, memory->rows_held);
    qetl_pack_u64(pack, memory->ended_ports);
}

int32_t qetl_op_save(struct qetl_op *op, const struct qetl_op_memory *memory,
                     struct qetl_handed *handed)
{
    struct qetl_pack pack = {0};
    bool sink = op->class == &qetl_op_sink;
    bool saves = op->instance->component->save && (sink || op->node->own || !memory->ended);
    memory_pack(memory, saves, &pack);
    int32_t status = QETL_OK;
    if (saves)
        status = qetl_ctx_save(op->run, op->node, op->instance, &handed->version, &pack);
    if (!status && pack.failed)
        status = qetl_op_fault(op, "out_of_memory", "no memory for a component's state");
    if (status) {
        qetl_pack_free(&pack);
        return status;
    }
    free(handed->state);
    handed->has_state = true;
    handed->state = pack.data;
    handed->state_size = pack.size;
    return QETL_OK;
}

/* ---- restoring ---- */

static int64_t bytes_read(void *stream, void *data, size_t capacity)
{
    struct qetl_unpack *unpack = stream;
    size_t left = (size_t)(unpack->end - unpack->at), size = left < capacity ? left : capacity;
    if (size)
        memcpy(data, unpack->at, size);
    unpack->at += size;
    return (int64_t)size;
}

static bool memory_unpack(struct qetl_unpack *unpack, struct qetl_op_memory *memory, bool *saved)
{
    uint8_t layout = qetl_unpack_u8(unpack), flags = qetl_unpack_u8(unpack);
    *saved = flags & SAVED;
    memory->ended = flags & ENDED;
    memory->begun = flags & BEGUN;
    memory->rows_held = qetl_unpack_i64(unpack);
    memory->ended_ports = qetl_unpack_u64(unpack);
    return layout == LAYOUT && !unpack->failed;
}

static int32_t unreadable(struct qetl_run *run, const struct qetl_node *node)
{
    return qetl_run_fault(run, node, "state_unreadable",
                          "what the run that was cut short has kept of it cannot be read; "
                          "--full-refresh begins anew");
}

static const struct qetl_entry *state_entry(const struct qetl_run *run,
                                            const struct qetl_node *node, uint32_t part)
{
    return run->attempt.resumes
               ? qetl_record_find(&run->attempt.recovered, QETL_ENTRY_STATE, node->id, part)
               : NULL;
}

bool qetl_state_saved(const void *data, size_t size, struct qetl_blob *saved)
{
    struct qetl_op_memory memory;
    bool is;
    struct qetl_unpack unpack = qetl_unpack_from(data, size);
    if (!memory_unpack(&unpack, &memory, &is) || !is)
        return false;
    *saved = (struct qetl_blob){unpack.at, (size_t)(unpack.end - unpack.at)};
    return true;
}

int32_t qetl_op_remember(struct qetl_run *run, const struct qetl_node *node, uint32_t part,
                         struct qetl_op_memory *memory, bool *found)
{
    const struct qetl_entry *entry = state_entry(run, node, part);
    *memory = (struct qetl_op_memory){0};
    *found = entry;
    if (!entry)
        return QETL_OK;
    bool saved;
    struct qetl_unpack unpack = qetl_unpack_from(entry->data, entry->size);
    return memory_unpack(&unpack, memory, &saved) ? QETL_OK : unreadable(run, node);
}

/* restore, or merge into what was restored already. */
static int32_t state_give(struct qetl_run *run, const struct qetl_node *node, struct qetl_ctx *ctx,
                          const struct qetl_entry *entry, bool merges)
{
    struct qetl_op_memory memory;
    bool saved;
    const struct qetl_component *component = ctx->component;
    struct qetl_unpack unpack = qetl_unpack_from(entry->data, entry->size);
    struct qetl_reader reader = {&unpack, bytes_read};
    if (!memory_unpack(&unpack, &memory, &saved))
        return unreadable(run, node);
    if (!saved)
        return QETL_OK;
    const char *call = merges ? "merge" : "restore";
    if (!merges && !component->restore)
        return qetl_run_fault(run, node, "unsupported", "it has a save, but no restore");
    qetl_call_enter(ctx, call);
    int32_t status = merges ? component->transform->merge(ctx->self, entry->version, &reader)
                            : component->restore(ctx->self, entry->version, &reader);
    qetl_call_leave();
    return status < 0 ? qetl_run_fail(run, node, ctx, call, status) : QETL_OK;
}

int32_t qetl_ctx_restore(struct qetl_run *run, const struct qetl_node *node, struct qetl_ctx *ctx,
                         uint32_t part)
{
    const struct qetl_entry *entry = state_entry(run, node, part);
    return entry ? state_give(run, node, ctx, entry, false) : QETL_OK;
}

/* Into the first replica: all that the replicas of the other process had. */
static int32_t states_merge(struct qetl_op *op, uint32_t base, uint32_t n,
                            struct qetl_op_memory *memory)
{
    int32_t status = QETL_OK;
    for (uint32_t i = 0; !status && i < n; i++) {
        struct qetl_op_memory one;
        bool found;
        status = qetl_op_remember(op->run, op->node, base + i, &one, &found);
        if (!status)
            status = state_give(op->run, op->node, op->instance,
                                state_entry(op->run, op->node, base + i), i > 0);
        memory->ended |= one.ended;
        memory->ended_ports |= one.ended_ports;
        memory->rows_held += one.rows_held;
    }
    return status;
}

static int32_t too_few_replicas(struct qetl_op *op, uint32_t had)
{
    return qetl_op_fault(op, "replicas_differ",
                         "%u replicas of it were cut short, which cannot be made one: run with "
                         "--workers %u, or begin anew with --full-refresh",
                         had, had);
}

int32_t qetl_transform_restore(struct qetl_op *op, uint32_t replicas, struct qetl_op_memory *memory)
{
    const struct qetl_component *component = op->instance->component;
    uint32_t base = op->partial ? QETL_PART_SHARE : QETL_PART_WHOLE, had = 0;
    *memory = (struct qetl_op_memory){0};
    while (state_entry(op->run, op->node, base + had))
        had++;
    bool merges = component->transform->merge && had != replicas;
    if (had > replicas && !merges)
        return too_few_replicas(op, had);
    if (merges && op->replica == 0)
        return states_merge(op, base, had, memory);
    bool found, own = !merges && op->replica < had;
    int32_t status =
        qetl_op_remember(op->run, op->node, base + (own ? op->replica : 0), memory, &found);
    if (!own)
        memory->rows_held = 0;
    return status || !own ? status
                          : qetl_ctx_restore(op->run, op->node, op->instance, base + op->replica);
}
