/* SPDX-License-Identifier: Apache-2.0 */
/* Sources and sinks of random pipelines; transforms: toy_stress_transform.c. */
#include "toy_stress_part.h"

#include <stdio.h>
#include <stdlib.h>

struct toy_part toy_parts[TOY_PARTS_MOST];

void toy_stress_reset(void)
{
    for (int i = 0; i < TOY_PARTS_MOST; i++) {
        for (int s = 0; s < TOY_SOURCES_MOST; s++)
            free(toy_parts[i].seen[s].ids);
        free(toy_parts[i].written);
        memset(&toy_parts[i], 0, sizeof toy_parts[i]);
    }
}

uint64_t toy_mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
    return x ^ x >> 31;
}

void toy_ids_add(struct toy_ids *list, int64_t id)
{
    if (list->count == list->room) {
        list->room = list->room ? list->room * 2 : 256;
        list->ids = realloc(list->ids, (size_t)list->room * sizeof *list->ids);
    }
    list->ids[list->count++] = id;
}

int toy_fate(const struct toy_part *part, int64_t id)
{
    uint64_t h = toy_mix(part->seed ^ (uint64_t)id);
    if (part->rejects && h % 41 == 0)
        return -1;
    if (part->filters && h / 64 % 3 == 0)
        return 0;
    return part->expands && h / 1024 % 5 == 0 ? 2 + (int)(h % 2) : 1;
}

int toy_port(const struct toy_part *part, int64_t id)
{
    return part->ports > 1 ? (int)(toy_mix(part->seed + 1 + (uint64_t)id) % (uint64_t)part->ports)
                           : 0;
}

int toy_record_fault(const struct toy_part *part, int64_t row)
{
    uint64_t h = toy_mix(part->seed ^ (uint64_t)row);
    return h % 53 == 0 ? 1 : h % 59 == 0 ? 2 : 0;
}

/* Batches hold NULLs; short texts stand in their views, long ones do not. */
int toy_text(int64_t id, char text[64])
{
    uint64_t h = toy_mix((uint64_t)id);
    if (!toy_parts[id / TOY_SOURCE_STRIDE].text && h % 7 == 0)
        return -1;
    return snprintf(text, 64, h % 3 ? "t%lld" : "a text longer than twelve: %lld", (long long)id);
}

int64_t toy_d(int64_t id)
{
    return (int64_t)(toy_mix((uint64_t)id ^ 0xd) >> 8);
}

int32_t toy_member_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                          const char *config)
{
    struct toy_member *m = self;
    (void)config;
    m->env = (struct qetl_env){host, ctx};
    m->part = &toy_parts[qetl_option_int(m->env, "/number")];
    m->random = m->part->seed ^ (uint64_t)(uintptr_t)ctx;
    return QETL_OK;
}

void toy_member_destroy(void *self)
{
    struct toy_member *m = self;
    free(m->map);
    free(m->held);
    qetl_schema_release(&m->schema);
}

/* ---- sources ---- */

static int32_t batches_describe(void *self, struct qetl_source_info *out)
{
    (void)self;
    out->emits = QETL_EMITS_BATCHES;
    int32_t status = qetl_schema_init_struct(&out->schema);
    if (!status)
        status = qetl_schema_add(&out->schema, "id", "l");
    return status ? status : qetl_schema_add(&out->schema, "text", "vu");
}

static int32_t source_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    (void)self, (void)split, (void)position;
    return QETL_OK;
}

/* Nothing now: a wake comes later, or at once. */
static int32_t be_idle(struct toy_member *m)
{
    int64_t how = random_below(&m->random, 2);
    if (how == 0)
        toy_wake_later(m->env.host, m->env.ctx, random_below(&m->random, 100000));
    else
        m->env.host->wake(m->env.ctx);
    return QETL_IDLE;
}

static int32_t batches_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct toy_member *m = self;
    int64_t left = m->part->rows - m->done, rows = random_below(&m->random, 60);
    if (!left)
        return QETL_END;
    if (random_below(&m->random, 6) == 0)
        return be_idle(m);
    rows = rows < left ? rows : left;
    (void)demand;
    int64_t *ids = malloc(((size_t)rows + 1) * sizeof *ids);
    for (int64_t i = 0; i < rows; i++)
        ids[i] = m->part->source * TOY_SOURCE_STRIDE + m->done + i;
    int32_t status = toy_batch_make(m->env, ids, rows, TOY_ID | TOY_TEXT, &out->batch);
    free(ids);
    m->done += rows;
    out->flags = random_below(&m->random, 4) ? QETL_ITEM_CUT : 0;
    return status ? status : QETL_BATCH;
}

static int32_t text_describe(void *self, struct qetl_source_info *out)
{
    (void)self;
    out->emits = QETL_EMITS_BYTES;
    out->bytes_expected = -1;
    return QETL_OK;
}

/* The bytes of record `row`; the last of an object may lack its newline. */
static int record_text(const struct toy_part *part, int64_t row, char *line)
{
    int64_t id = part->source * TOY_SOURCE_STRIDE + row;
    char text[64];
    int fault = toy_record_fault(part, row), size;
    if (fault == 1) {
        size = sprintf(line, "no record %lld", (long long)id);
    } else if (fault == 2) {
        size = sprintf(line, "%lld|%*d", (long long)id, 1200, 0);
    } else {
        toy_text(id, text);
        size = sprintf(line, "%lld|%s", (long long)id, text);
    }
    bool last = row + 1 == part->rows || (row + 1) % TOY_OBJECT_ROWS == 0;
    if (!last || toy_mix((uint64_t)id) % 2)
        line[size++] = '\n';
    return size;
}

/* Pieces of any size: within a record, within an object, the last of an object by itself or not. */
static int32_t text_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct toy_member *m = self;
    char line[2048], *space = demand->space;
    if (m->done == m->part->rows)
        return QETL_END;
    if (random_below(&m->random, 6) == 0)
        return be_idle(m);
    int64_t most = 1 + random_below(&m->random, 3000);
    most = most < demand->max_bytes ? most : demand->max_bytes;
    out->flags = m->done % TOY_OBJECT_ROWS == 0 && !m->within ? QETL_ITEM_OBJECT_START : 0;
    out->object = "object";
    while (out->bytes < most) {
        int size = record_text(m->part, m->done, line);
        int64_t piece = size - m->within < most - out->bytes ? size - m->within : most - out->bytes;
        memcpy(space + out->bytes, line + m->within, (size_t)piece);
        out->bytes += piece;
        m->within = m->within + piece < size ? m->within + piece : 0;
        m->done += !m->within;
        if (!m->within && (m->done == m->part->rows || m->done % TOY_OBJECT_ROWS == 0)) {
            out->flags |= QETL_ITEM_OBJECT_END;
            break;
        }
    }
    out->bytes_read = out->bytes;
    return QETL_BYTES;
}

static const struct qetl_source batches = {.struct_size = sizeof batches,
                                           .describe = batches_describe,
                                           .open = source_open,
                                           .next = batches_next};
static const struct qetl_source text = {
    .struct_size = sizeof text, .describe = text_describe, .open = source_open, .next = text_next};

/* ---- sinks ---- */

static int32_t sink_describe(void *self, struct qetl_sink_info *out)
{
    const struct toy_member *m = self;
    out->takes = m->part->bytes ? QETL_TAKES_BYTES : QETL_TAKES_BATCHES;
    return QETL_OK;
}

static int32_t sink_forms(void *self, const struct ArrowSchema *schema, uint32_t *forms)
{
    const struct toy_member *m = self;
    for (int64_t c = 0; c < schema->n_children; c++)
        forms[c] = QETL_FORM_VALUE | (m->part->lexical ? QETL_FORM_LEXICAL : 0);
    return QETL_OK;
}

static int32_t sink_open(void *self, uint32_t stream, const struct ArrowSchema *schema)
{
    struct toy_member *m = self;
    m->streams[stream].release = NULL;
    return m->part->bytes ? QETL_OK : qetl_schema_copy(schema, &m->streams[stream]);
}

static int64_t id_of(const struct qetl_column *column, int64_t row)
{
    if (column->kind == QETL_KIND_INT)
        return qetl_column_int(column, row);
    char digits[32];
    struct qetl_text text = qetl_column_text(column, row);
    snprintf(digits, sizeof digits, "%.*s", (int)text.size, text.data);
    return strtoll(digits, NULL, 10);
}

static void row_check(struct toy_part *part, const struct qetl_column *columns, int64_t n,
                      int64_t row)
{
    char expected[64];
    int64_t id = id_of(&columns[0], row);
    if (id < 0 || id / TOY_SOURCE_STRIDE >= TOY_SOURCES_MOST) {
        snprintf(part->fault, sizeof part->fault, "id %lld", (long long)id);
        return;
    }
    int size = toy_text(id, expected);
    bool null = qetl_column_is_null(&columns[1], row);
    struct qetl_text found = null ? (struct qetl_text){0} : qetl_column_text(&columns[1], row);
    if (null != (size < 0) ||
        (!null && (found.size != size || memcmp(found.data, expected, (size_t)size) != 0)))
        snprintf(part->fault, sizeof part->fault, "text of row %lld: '%.*s'", (long long)id,
                 (int)(found.size < 60 ? found.size : 60), null ? "NULL" : found.data);
    if (n > 2 && qetl_column_int(&columns[2], row) != toy_d(id))
        snprintf(part->fault, sizeof part->fault, "d of row %lld", (long long)id);
    toy_ids_add(&part->seen[id / TOY_SOURCE_STRIDE], id);
}

static int32_t write_batch(struct toy_member *m, const struct qetl_write *write)
{
    struct qetl_column whole, columns[3];
    const struct ArrowSchema *schema = &m->streams[write->stream];
    int32_t status = qetl_column_open(&whole, schema, write->batch);
    for (int64_t c = 0; !status && c < schema->n_children; c++)
        status = qetl_column_child(&whole, c, &columns[c]);
    for (int64_t i = 0; !status && i < write->rows; i++)
        row_check(m->part, columns, schema->n_children, i);
    return status;
}

static int32_t sink_write(void *self, struct qetl_write *write)
{
    struct toy_member *m = self;
    struct toy_part *part = m->part;
    if (part->busy && random_below(&m->random, 4) == 0) {
        if (random_below(&m->random, 2))
            m->env.host->wake(m->env.ctx);
        else
            toy_wake_later(m->env.host, m->env.ctx, random_below(&m->random, 100000));
        return QETL_BUSY;
    }
    if (write->batch)
        return write_batch(m, write);
    part->written = realloc(part->written, (size_t)(part->written_size + write->bytes_size) + 1);
    memcpy(part->written + part->written_size, write->bytes, (size_t)write->bytes_size);
    part->written_size += write->bytes_size;
    part->written[part->written_size] = 0;
    return QETL_OK;
}

static void sink_destroy(void *self)
{
    struct toy_member *m = self;
    for (int i = 0; i < TOY_STREAMS_MOST; i++)
        qetl_schema_release(&m->streams[i]);
    toy_member_destroy(self);
}

static const struct qetl_sink sink = {.struct_size = sizeof sink,
                                      .describe = sink_describe,
                                      .forms = sink_forms,
                                      .open = sink_open,
                                      .write = sink_write};

#define MEMBER(kind_, id_, destroy_, field, table)                                                 \
    {                                                                                              \
        .struct_size = sizeof(struct qetl_component), .kind = kind_, .id = id_,                    \
        .state_size = sizeof(struct toy_member), .create = toy_member_create, .destroy = destroy_, \
        .field = table                                                                             \
    }

const struct qetl_component toy_stress_source =
    MEMBER(QETL_SOURCE, "batches", toy_member_destroy, source, &batches);
const struct qetl_component toy_stress_text =
    MEMBER(QETL_SOURCE, "text", toy_member_destroy, source, &text);
const struct qetl_component toy_stress_sink =
    MEMBER(QETL_SINK, "checks", sink_destroy, sink, &sink);
