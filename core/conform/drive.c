/* SPDX-License-Identifier: Apache-2.0 */
#include "drive.h"

#include "host/call.h"
#include "host/host.h"
#include "lender.h"
#include "unseen.h"

#include <stdlib.h>

enum { LOOK_MS = 3, CUTS_MORE = 7 };

int32_t conform_drive(struct conform_bench *b, const struct conform_trial *trial,
                      const struct conform_knobs *knobs)
{
    b->status = conform_bench_open(b, trial, knobs);
    if (b->status)
        return b->status;
    switch (trial->promised->kind) {
    case QETL_SOURCE:
        b->status = conform_drive_source(b);
        break;
    case QETL_TRANSFORM:
        b->status = conform_drive_transform(b);
        break;
    case QETL_SINK:
        b->status = conform_drive_sink(b);
        break;
    default:
        b->status = conform_drive_format(b);
    }
    if (b->left) { /* given up in the middle: stop is not owed */
        b->ctx->started = b->calls % 2 && b->ctx->started;
        b->status = QETL_E_CANCELLED;
    }
    conform_bench_stop(b);
    conform_bench_destroy(b);
    if (!b->status && trial->promised->kind == QETL_SINK)
        conform_tree_take(&b->tree, trial->scratch);
    return b->status;
}

bool conform_due(struct conform_bench *b)
{
    const struct conform_knobs *k = &b->knobs;
    int64_t behind = ++b->chances - k->cut_at;
    return !behind || (k->cut_every && behind > 0 && behind % k->cut_every == 0 &&
                       behind / k->cut_every <= CUTS_MORE);
}

struct qetl_env conform_lender(struct conform_bench *b)
{
    return (struct qetl_env){b->knobs.poison ? conform_lender_host() : &qetl_host_table, b->ctx};
}

/* ---- state ---- */

static int32_t saved_write(void *stream, const void *data, size_t size)
{
    conform_text_put(stream, data, size);
    return QETL_OK;
}

int32_t conform_save_state(struct conform_bench *b, struct conform_saved *saved)
{
    struct qetl_writer writer = {&saved->bytes, saved_write};
    conform_saved_free(saved);
    if (!b->trial->component->save)
        return QETL_OK;
    int32_t status =
        conform_call(b, &conform_save, (struct conform_args){.out = &saved->version, .a = &writer});
    saved->any = status == QETL_OK;
    return status;
}

struct piecemeal {
    const char *data;
    size_t size, at;
};

/* In small pieces, which a reader has to put together. */
static int64_t saved_read(void *stream, void *data, size_t capacity)
{
    struct piecemeal *p = stream;
    size_t n = p->size - p->at < capacity ? p->size - p->at : capacity;
    n = n > 7 ? 7 : n;
    if (n)
        memcpy(data, p->data + p->at, n);
    p->at += n;
    return (int64_t)n;
}

int32_t conform_restore_state(struct conform_bench *b, const struct conform_call *call,
                              const struct conform_saved *saved)
{
    const int damage = b->knobs.damage;
    struct conform_text bytes = {0};
    if (!saved->any)
        return QETL_OK;
    if (damage > 0 && damage < 4 && !saved->bytes.size) {
        b->chances = 0; /* there is nothing to be damaged */
        return QETL_E_CANCELLED;
    }
    conform_text_put(&bytes, saved->bytes.data, saved->bytes.size);
    for (size_t i = 0; damage == 2 && i < bytes.size; i++)
        bytes.data[i] ^= (char)(b->trial->seed >> (i % 8 * 8) | 0x81);
    struct piecemeal p = {bytes.data,
                          damage == 1   ? bytes.size / 2
                          : damage == 3 ? 0
                                        : bytes.size,
                          0};
    struct qetl_reader reader = {&p, saved_read};
    int32_t status =
        conform_call(b, call,
                     (struct conform_args){
                         .version = damage == 4 ? ~saved->version : saved->version, .a = &reader});
    conform_text_free(&bytes);
    return status;
}

void conform_restore_unknown(struct conform_bench *b)
{
    struct piecemeal p = {"nobody wrote this", 17, 0};
    struct qetl_reader reader = {&p, saved_read};
    if (b->knobs.damage != 5 || !b->trial->component->restore)
        return;
    int32_t status = conform_call(b, &conform_restore,
                                  (struct conform_args){.version = 0xfffffff0u, .a = &reader});
    char name[CONFORM_STATUS];
    if (status != QETL_E_UNSUPPORTED)
        conform_break(b->trial->record, CONFORM_RESTORE_RULE,
                      "restore of an unknown version answered %s instead of UNSUPPORTED",
                      conform_status_name(status, name));
}

void conform_saved_free(struct conform_saved *saved)
{
    conform_text_free(&saved->bytes);
    saved->any = false;
}

/* ---- arrays ---- */

bool conform_check_schema(struct conform_bench *b, const char *call,
                          const struct ArrowSchema *schema)
{
    struct ArrowArray nulls = {0};
    char message[256] = "it has no release, or is no struct";
    bool good = schema->release && schema->format && strcmp(schema->format, "+s") == 0;
    if (good && qetl_array_nulls(conform_lender(b), schema, 1, &nulls) == QETL_OK)
        good = qetl_array_validate(schema, &nulls, message, sizeof message) == QETL_OK;
    if (!good)
        conform_break(b->trial->record, CONFORM_ARROW_RULE, "%s: a bad schema: %s", call, message);
    qetl_array_release(&nulls);
    return good;
}

static void *release_run(void *array)
{
    qetl_array_release(array);
    return NULL;
}

void conform_release_away(struct conform_bench *b, const char *call, struct ArrowArray *array)
{
    struct conform_record *record = b->trial->record;
    pthread_t thread;
    if (!array->release)
        return;
    if (b->knobs.keep_arrays && b->n_kept < sizeof b->kept / sizeof *b->kept) {
        b->kept[b->n_kept++] = *array;
        array->release = NULL;
        return;
    }
    if (pthread_create(&thread, NULL, release_run, array))
        return;
    pthread_join(thread, NULL);
    if (array->release)
        conform_break(record, CONFORM_RELEASE_RULE, "%s: release left its mark unset", call);
    else
        conform_hold(record, CONFORM_RELEASE_RULE);
    array->release = NULL;
}

void conform_take_columns(struct conform_bench *b, const char *call,
                          const struct ArrowSchema *schema, struct ArrowArray *array,
                          const int64_t *columns, int64_t n, struct conform_text *out)
{
    char message[256];
    if (qetl_array_validate(schema, array, message, sizeof message)) {
        conform_break(b->trial->record, CONFORM_ARROW_RULE, "%s: %s", call, message);
        array->release = NULL; /* what it is made of cannot be trusted, and so stays */
        b->distrusted = true;
        return;
    }
    conform_hold(b->trial->record, CONFORM_ARROW_RULE);
    if (b->knobs.cells)
        conform_cells_add(b->knobs.cells, schema, array);
    conform_text_columns(out, schema, array, columns, n);
    conform_release_away(b, call, array);
}

void conform_take_batch(struct conform_bench *b, const char *call, const struct ArrowSchema *schema,
                        struct ArrowArray *array, struct conform_text *out)
{
    conform_take_columns(b, call, schema, array, NULL, schema->n_children, out);
}

void conform_fill_unseen(struct conform_bench *b, const struct ArrowSchema *schema,
                         struct ArrowArray *batch)
{
    conform_unseen_fill(schema, batch, b->knobs.unseen);
}

void conform_take_back(struct conform_bench *b, struct ArrowArray *array)
{
    if (!array->release)
        return;
    if (b->knobs.poison && b->n_kept < sizeof b->kept / sizeof *b->kept) {
        conform_lent_shut(b, array);
        b->kept[b->n_kept++] = *array; /* so that its buffers do not come again as others */
        array->release = NULL;
    }
    qetl_array_release(array);
}

const struct ArrowSchema *conform_schema_lend(struct conform_bench *b,
                                              const struct ArrowSchema *schema)
{
    if (!b->knobs.poison || b->n_schemas == CONFORM_SCHEMAS)
        return schema;
    if (!b->schemas)
        b->schemas = calloc(CONFORM_SCHEMAS, sizeof *b->schemas);
    if (!b->schemas || qetl_schema_copy(schema, &b->schemas[b->n_schemas]))
        return schema;
    return &b->schemas[b->n_schemas++];
}

/* Copies are ours, to the last letter. */
static void schema_spoil(struct ArrowSchema *schema)
{
    if (schema->format)
        memset((char *)(uintptr_t)schema->format, '?', strlen(schema->format));
    if (schema->name)
        memset((char *)(uintptr_t)schema->name, '?', strlen(schema->name));
    for (int64_t i = 0; i < schema->n_children; i++)
        schema_spoil(schema->children[i]);
}

void conform_schema_take_back(struct conform_bench *b)
{
    for (size_t i = 0; i < b->n_schemas; i++)
        schema_spoil(&b->schemas[i]);
}

bool conform_is_whole(const struct ArrowArray *batch)
{
    bool whole = !batch || batch->release;
    for (int64_t i = 0; whole && batch && i < batch->n_children; i++)
        whole = batch->children[i]->release;
    return whole;
}

/* Wakes where a descriptor is ready, or soon: next and write have to ask again in any case, and
 * what others do to the descriptor need not happen here. */
static void watched_look(struct conform_bench *b)
{
    poll(b->watched, b->n_watched, LOOK_MS);
    b->n_watched = 0;
    qetl_host_table.wake(b->ctx);
}

bool conform_await(struct conform_bench *b, const char *call)
{
    int64_t end = qetl_call_now_ns() + b->trial->patience_ns;
    for (;;) {
        uint32_t ticket = qetl_parker_prepare(&b->parker);
        unsigned now = atomic_load(&b->ctx->wakes);
        int64_t left = end - qetl_call_now_ns();
        if (now != b->wakes || atomic_load(&b->stopping) || left <= 0) {
            qetl_parker_cancel(&b->parker);
            bool woken = now != b->wakes || left > 0;
            b->wakes = now;
            if (woken)
                conform_hold(b->trial->record, CONFORM_WAKE_RULE);
            else
                conform_break(b->trial->record, CONFORM_WAKE_RULE,
                              "%s asked to be called later, and did not wake the host", call);
            return woken;
        }
        if (b->n_watched) {
            qetl_parker_cancel(&b->parker);
            watched_look(b);
        } else {
            qetl_parker_wait(&b->parker, ticket, left);
        }
    }
}
