/* SPDX-License-Identifier: Apache-2.0 */
/* What was found out about a source, so that a run that goes on need not find it out again. */
#include "checkpoint.h"
#include "increment/increment.h"
#include "op_source.h"
#include "recover.h"
#include "run_internal.h"
#include "state/schema_bytes.h"

#include <stdlib.h>
#include <string.h>

enum { LAYOUT = 1, SPLIT_BYTES_LEAST = 8 };

static int32_t source_note(struct qetl_run *run, const struct qetl_node *node,
                           struct qetl_pack *pack)
{
    const struct qetl_node_flow *flow = &run->attempt.flows[node - run->pipeline->nodes];
    const struct qetl_source_state *state = flow->reader;
    bool instead = flow->bytes && flow->format_use == &flow->instead;
    qetl_pack_u8(pack, LAYOUT);
    qetl_pack_text(pack, instead ? flow->instead.plugin->id : NULL);
    qetl_pack_text(pack, instead ? flow->why : NULL);
    qetl_pack_schema(pack, &flow->schema);
    qetl_pack_blob(pack, flow->prologue, flow->prologue_size);
    qetl_pack_u32(pack, (uint32_t)state->n_splits);
    for (size_t i = 0; i < state->n_splits; i++)
        qetl_pack_blob(pack, state->splits[i].data, state->splits[i].size);
    return pack->failed
               ? qetl_run_fault(run, node, "out_of_memory", "no memory to note what the source is")
               : QETL_OK;
}

void qetl_remembered_free(struct qetl_remembered *was)
{
    for (size_t i = 0; i < was->n_splits; i++)
        free((void *)was->splits[i].data);
    free(was->splits);
    free(was->instead);
    free(was->why);
    free(was->prologue);
    qetl_schema_release(&was->schema);
    for (size_t i = 0; i < was->n_stands; i++)
        qetl_stand_free(was->stands[i]);
    free(was->stands);
    *was = (struct qetl_remembered){0};
}

static bool blob_copy(struct qetl_unpack *unpack, void **data, size_t *size)
{
    const void *from = qetl_unpack_blob(unpack, size);
    *data = malloc(*size + 1);
    if (*data && *size)
        memcpy(*data, from, *size);
    return *data && !unpack->failed;
}

static bool splits_unpack(struct qetl_unpack *unpack, struct qetl_remembered *was)
{
    uint32_t n = qetl_unpack_count(unpack, SPLIT_BYTES_LEAST);
    was->splits = calloc((size_t)n + 1, sizeof *was->splits);
    bool good = was->splits && !unpack->failed;
    for (uint32_t i = 0; good && i < n; i++) {
        void *data;
        size_t size;
        good = blob_copy(unpack, &data, &size);
        was->splits[was->n_splits++] = (struct qetl_blob){data, size};
    }
    return good;
}

static bool note_unpack(const struct qetl_entry *entry, struct qetl_remembered *was)
{
    struct qetl_unpack unpack = qetl_unpack_from(entry->data, entry->size);
    if (qetl_unpack_u8(&unpack) != LAYOUT)
        return false;
    was->instead = qetl_unpack_text(&unpack);
    was->why = qetl_unpack_text(&unpack);
    if (unpack.failed || qetl_unpack_schema(&unpack, &was->schema))
        return false;
    return blob_copy(&unpack, &was->prologue, &was->prologue_size) && splits_unpack(&unpack, was) &&
           unpack.at == unpack.end;
}

/* One for each of the readers that it had. */
static bool stands_unpack(const struct qetl_run *run, const struct qetl_node *node,
                          struct qetl_remembered *was)
{
    const struct qetl_record *record = &run->attempt.recovered;
    const struct qetl_entry *position;
    size_t n = 0;
    while (qetl_record_find(record, QETL_ENTRY_POSITION, node->id, (uint32_t)n))
        n++;
    was->stands = calloc(n + 1, sizeof *was->stands);
    for (; was->stands && was->n_stands < n; was->n_stands++) {
        position = qetl_record_find(record, QETL_ENTRY_POSITION, node->id, (uint32_t)was->n_stands);
        struct qetl_stand *stand = qetl_stand_unpack(position->data, position->size);
        if (!stand)
            return false;
        was->stands[was->n_stands] = stand;
    }
    return was->n_stands > 0;
}

int32_t qetl_source_remember(struct qetl_run *run, size_t n)
{
    const struct qetl_node *node = &run->pipeline->nodes[n];
    struct qetl_remembered *was = &run->attempt.remembered[n];
    const struct qetl_entry *schema =
        qetl_record_find(&run->attempt.recovered, QETL_ENTRY_SCHEMA, node->id, 0);
    return schema && note_unpack(schema, was) && stands_unpack(run, node, was)
               ? QETL_OK
               : qetl_run_fault(run, node, "state_unreadable",
                                "where the run that was cut short stood in it cannot be "
                                "read; --full-refresh begins anew");
}

int32_t qetl_source_recall(struct qetl_run *run, const struct qetl_node *node,
                           struct qetl_node_flow *flow)
{
    struct qetl_remembered *was = &run->attempt.remembered[node - run->pipeline->nodes];
    flow->schema = was->schema;
    was->schema.release = NULL;
    flow->prologue = was->prologue;
    flow->prologue_size = was->prologue_size;
    was->prologue = NULL;
    return QETL_OK;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* What the format will be told is what it was told then, but for the columns. */
static bool is_same_reading(const struct qetl_node_flow *flow, const struct qetl_remembered *was)
{
    bool instead = flow->format_use == &flow->instead;
    return same_text(instead ? flow->instead.plugin->id : NULL, was->instead) &&
           flow->prologue_size == was->prologue_size &&
           (!was->prologue_size || memcmp(flow->prologue, was->prologue, was->prologue_size) == 0);
}

void qetl_source_recall_columns(struct qetl_run *run, const struct qetl_node *node,
                                struct qetl_node_flow *flow)
{
    const struct qetl_record *record = &run->attempt.recovered;
    const struct qetl_entry *entry = qetl_record_find(record, QETL_ENTRY_SCHEMA, node->id, 0);
    struct qetl_remembered was = {0};
    if (flow->schema.n_children || !entry ||
        !qetl_record_find(record, QETL_ENTRY_WATERMARK, node->id, QETL_WATERMARK_VALUE))
        return;
    if (note_unpack(entry, &was) && was.schema.n_children && is_same_reading(flow, &was)) {
        qetl_schema_release(&flow->schema);
        flow->schema = was.schema;
        was.schema.release = NULL;
        if (run->env.log)
            run->env.log(run->env.arg, node->id, QETL_LOG_INFO,
                         "no row came that would tell what columns there are: they are taken to be "
                         "those of the last run");
    }
    qetl_remembered_free(&was);
}

int32_t qetl_sources_note(struct qetl_run *run)
{
    int32_t status = QETL_OK;
    for (size_t n = 0; !status && run->env.checkpoints && n < run->pipeline->n_nodes; n++) {
        struct qetl_pack pack = {0};
        if (run->pipeline->nodes[n].kind != QETL_SOURCE)
            continue;
        status = source_note(run, &run->pipeline->nodes[n], &pack);
        run->attempt.notes[n] = (struct qetl_blob){pack.data, pack.size};
    }
    return status;
}
