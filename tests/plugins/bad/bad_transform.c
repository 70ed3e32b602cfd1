/* SPDX-License-Identifier: Apache-2.0 */
/* Three transforms over a number (a running sum, the sum of all, its double), and one fault. */
#include "faults.h"

#include <qetl/manifest.h>
#include <qetl/sdk.h>

#include <pthread.h>
#include <stdlib.h>

QETL_EMBED_MANIFEST("bad_transform.qetl.json");

enum {
    no_fault,
    map_beyond,
    map_backward,
    rows_lost,
    input_kept,
    input_reread, /* which changes nothing */
    offset_ignored,
    batches_seen,
    state_forgotten,
    state_since, /* restore: right until a second instance goes on */
    state_unversioned,
    state_unchecked,
    derived_wrongly,
    column_invented,
    column_overread,
    merge_forgets,
    kept_on_failure,
    column_on_failure,
    derived_short,
    ends_never,
    blocked_bare,
    null_forgotten,
    bind_silent,
    padding_read,
    rejects_beyond,
    rejects_aside,
    distribution_unsaid,
    scratch_shared
};

enum { VERSION = 1, ROWS_MOST = 256 };

struct bad {
    struct qetl_env env;
    struct ArrowSchema field;
    int64_t sum, rows, restored;
    int32_t map[ROWS_MOST];
    int64_t passed[ROWS_MOST]; /* scratch_shared */
    const int64_t *values;     /* input_kept: of a batch that is gone */
    bool blocked;
};

static int32_t bad_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                          const char *config)
{
    struct bad *s = self;
    (void)config;
    s->env = (struct qetl_env){host, ctx};
    return qetl_schema_init_field(&s->field, "result", "l");
}

static void bad_destroy(void *self)
{
    struct bad *s = self;
    qetl_schema_release(&s->field);
}

static int32_t derive(struct bad *s, struct qetl_binder *binder, int64_t n)
{
    const int64_t inputs[] = {0};
    struct ArrowSchema field;
    int32_t status = qetl_schema_copy(&s->field, &field);
    status = status ? status : binder->derive(binder, 0, &field, n, inputs);
    return status;
}

/* ---- a running sum: rows leave, in order, with the sum so far ---- */

static int32_t sum_bind(void *self, uint32_t n, const struct ArrowSchema *const *inputs,
                        struct qetl_binder *binder)
{
    struct bad *s = self;
    (void)n;
    int32_t status = strcmp(inputs[0]->children[0]->format, "l") != 0
                         ? IS(bind_silent) ? QETL_E_CONFIG
                                           : qetl_fail(s->env, QETL_E_CONFIG, NULL, NULL,
                                                       "no number comes first")
                         : binder->read(binder, 0, 0, QETL_FORM_VALUE);
    for (int64_t c = 0; status >= 0 && c < inputs[0]->n_children; c++)
        status = binder->copy(binder, 0, -1, 0, c, NULL);
    if (IS(column_invented) && status >= 0)
        status = binder->copy(binder, 0, -1, 0, 77, NULL);
    status = status < 0 ? status : derive(s, binder, -1);
    if (status >= 0 && !IS(distribution_unsaid))
        status = binder->distribution(binder, QETL_DISTRIBUTION_SINGLE, 0, NULL);
    return status < 0 ? status : binder->rows(binder, 0, QETL_ROWS_SUBSET);
}

static int64_t value_at(const struct bad *s, const struct ArrowArray *n, int64_t row)
{
    const int64_t *values = IS(input_kept) && s->values ? s->values : n->buffers[1];
    return values[row + (IS(offset_ignored) ? 0 : n->offset)];
}

static bool is_null(const struct ArrowArray *n, int64_t row)
{
    const uint8_t *bits = n->buffers[0];
    int64_t at = row + (IS(offset_ignored) ? 0 : n->offset);
    return bits && !(bits[at >> 3] >> (at & 7) & 1);
}

static int32_t sum_rows(struct bad *s, const struct qetl_event *event, struct qetl_output *out)
{
    const struct ArrowArray *n = event->batch->children[0];
    struct ArrowArray *column = calloc(1, sizeof *column);
    struct qetl_builder b;
    int32_t status =
        column ? qetl_builder_open(&b, s->env, &s->field, event->rows) : QETL_E_NO_MEMORY;
    if (status) {
        free(column);
        return status;
    }
    if (IS(column_overread))
        s->rows += event->batch->children[1]->length;
    for (int64_t i = 0; !status && i < event->rows; i++) {
        if (is_null(n, i))
            continue;
        s->sum += value_at(s, n, i) + (IS(batches_seen) && !i);
        s->map[out->rows++] = IS(map_beyond) ? (int32_t)event->rows : (int32_t)i;
        status = qetl_builder_int(&b, s->sum);
    }
    out->rows_filtered = event->rows - out->rows + (IS(rows_lost) && event->rows > out->rows);
    if (IS(map_backward) && out->rows > 1)
        s->map[1] = s->map[0];
    if (IS(derived_short) && out->rows)
        qetl_builder_truncate(&b, out->rows - 1);
    status = status ? status : qetl_builder_close(&b, column);
    status = status ? status : qetl_array_struct(s->env, column->length, 1, column, &out->batch);
    qetl_builder_free(&b);
    qetl_array_release(column);
    free(column);
    out->row_map = s->map;
    if (IS(input_reread) && s->values)
        s->rows += *(volatile const int64_t *)s->values & 0;
    if ((IS(input_kept) || IS(input_reread)) && event->rows)
        s->values = n->buffers[1];
    return status ? status : QETL_OUTPUT;
}

/* In a thread of the plugin's own, for which the call waits. */
static void *reject_aside(void *arg)
{
    struct bad *s = arg;
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .column = -1,
                                 .code = "aside",
                                 .message = "the first row is not good enough"};
    s->env.host->reject(s->env.ctx, &reject);
    return NULL;
}

/* Before anything is looked at. 0: go on. */
static int32_t odd_answer(struct bad *s, const struct qetl_event *event)
{
    struct qetl_error_info why = {
        .struct_size = sizeof why, .code = QETL_E_FATAL, .message = "it did not work"};
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = event->rows,
                                 .column = -1,
                                 .code = "beyond",
                                 .message = "a row that there is not"};
    if (IS(blocked_bare) && !s->blocked) {
        s->blocked = true;
        return QETL_BLOCKED;
    }
    if (IS(kept_on_failure) && event->rows > 1) {
        event->batch->release(event->batch);
        return s->env.host->error(s->env.ctx, &why);
    }
    if (IS(column_on_failure) && event->rows > 1) {
        event->batch->children[0]->release(event->batch->children[0]);
        return s->env.host->error(s->env.ctx, &why);
    }
    if (IS(rejects_beyond) && event->rows)
        s->env.host->reject(s->env.ctx, &reject);
    pthread_t aside;
    if (IS(rejects_aside) && event->rows && !pthread_create(&aside, NULL, reject_aside, s))
        pthread_join(aside, NULL);
    return 0;
}

static int32_t sum_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    struct bad *s = self;
    if (IS(ends_never))
        return QETL_MORE;
    if (event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    int32_t status = odd_answer(s, event);
    return status ? status : sum_rows(s, event, out);
}

/* ---- state: one number ---- */

static int32_t bad_save(void *self, uint32_t *version, const struct qetl_writer *out)
{
    struct bad *s = self;
    int64_t kept = s->sum - (IS(state_since) ? s->restored : 0);
    const int64_t numbers[] = {IS(state_forgotten) ? 0 : kept, s->rows};
    *version = VERSION;
    if (IS(state_unchecked))
        return out->write(out->stream, numbers, sizeof numbers);
    return qetl_state_write_numbers(out, 2, numbers);
}

static int32_t state_take(struct bad *s, uint32_t version, const struct qetl_reader *in,
                          int64_t add)
{
    int64_t numbers[2] = {0, 0};
    int32_t status = QETL_OK;
    if (version != VERSION && !IS(state_unversioned))
        return QETL_E_UNSUPPORTED;
    if (IS(state_unchecked))
        for (char *at = (char *)numbers, *end = at + sizeof numbers; at < end;) {
            int64_t n = in->read(in->stream, at, (size_t)(end - at));
            if (n <= 0)
                break;
            at += n;
        }
    else
        status = qetl_state_read_numbers(in, 2, numbers);
    if (status && !IS(state_unversioned))
        return status;
    s->sum = s->sum * add + numbers[0];
    s->restored = s->sum;
    s->rows = s->rows * add + numbers[1];
    return QETL_OK;
}

static int32_t bad_restore(void *self, uint32_t version, const struct qetl_reader *in)
{
    return state_take(self, version, in, 0);
}

/* ---- the sum of all ---- */

static int32_t total_bind(void *self, uint32_t n, const struct ArrowSchema *const *inputs,
                          struct qetl_binder *binder)
{
    struct bad *s = self;
    (void)n;
    int32_t status = strcmp(inputs[0]->children[0]->format, "l") != 0
                         ? qetl_fail(s->env, QETL_E_CONFIG, NULL, NULL, "no number comes first")
                         : binder->read(binder, 0, 0, QETL_FORM_VALUE);
    status = status < 0 ? status : derive(s, binder, -1);
    return status < 0 ? status : binder->rows(binder, 0, QETL_ROWS_STATEFUL);
}

static int32_t total_give(struct bad *s, struct qetl_output *out)
{
    struct ArrowArray column = {0};
    struct qetl_builder b;
    int32_t status = qetl_builder_open(&b, s->env, &s->field, 1);
    if (status)
        return status;
    status = qetl_builder_int(&b, s->sum);
    status = status ? status : qetl_builder_close(&b, &column);
    status = status ? status : qetl_array_struct(s->env, 1, 1, &column, &out->batch);
    qetl_builder_free(&b);
    qetl_array_release(&column);
    out->rows = out->rows_added = 1;
    return status ? status : QETL_OUTPUT;
}

static int32_t total_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    struct bad *s = self;
    if (event->kind == QETL_EVENT_END)
        return total_give(s, out);
    if (event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    if (IS(padding_read) && event->rows)
        s->sum += value_at(s, event->batch->children[0], event->rows);
    for (int64_t i = 0; i < event->rows; i++)
        if (!is_null(event->batch->children[0], i))
            s->sum += value_at(s, event->batch->children[0], i);
    out->rows_reduced = event->rows;
    return QETL_NEED_INPUT;
}

static int32_t total_merge(void *self, uint32_t version, const struct qetl_reader *in)
{
    return state_take(self, version, in, !IS(merge_forgets));
}

/* ---- the double: a column derived from the first, in an output that keeps all rows ---- */

static int32_t double_bind(void *self, uint32_t n, const struct ArrowSchema *const *inputs,
                           struct qetl_binder *binder)
{
    struct bad *s = self;
    (void)n;
    int32_t status = inputs[0]->n_children < 2 || strcmp(inputs[0]->children[1]->format, "l") != 0
                         ? qetl_fail(s->env, QETL_E_CONFIG, NULL, NULL, "no numbers come first")
                         : binder->read(binder, 0, 0, QETL_FORM_VALUE);
    status = status < 0 ? status : binder->read(binder, 0, 1, QETL_FORM_VALUE);
    status = status < 0 ? status : derive(s, binder, 1);
    return status < 0 ? status : binder->rows(binder, 0, QETL_ROWS_KEEP);
}

/* The values, by way of memory that all instances have in common. */
static void scratch_pass(struct bad *s, const struct ArrowArray *n, int64_t rows)
{
    static int64_t scratch[ROWS_MOST];
    for (int64_t i = 0; i < rows && i < ROWS_MOST; i++)
        scratch[i] = value_at(s, n, i);
    memcpy(s->passed, scratch, sizeof *scratch * (size_t)(rows < ROWS_MOST ? rows : ROWS_MOST));
}

static int32_t double_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    struct bad *s = self;
    struct ArrowArray column = {0};
    struct qetl_builder b;
    if (event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    const struct ArrowArray *n = event->batch->children[IS(derived_wrongly)];
    int32_t status = qetl_builder_open(&b, s->env, &s->field, event->rows);
    if (status)
        return status;
    if (IS(scratch_shared))
        scratch_pass(s, n, event->rows);
    for (int64_t i = 0; !status && i < event->rows; i++)
        status =
            is_null(n, i) && !IS(null_forgotten)
                ? qetl_builder_null(&b)
                : qetl_builder_int(&b, 2 * (IS(scratch_shared) ? s->passed[i] : value_at(s, n, i)));
    status = status ? status : qetl_builder_close(&b, &column);
    status = status ? status : qetl_array_struct(s->env, event->rows, 1, &column, &out->batch);
    qetl_builder_free(&b);
    qetl_array_release(&column);
    out->rows = event->rows;
    return status ? status : QETL_OUTPUT;
}

#define TRANSFORM(name, id_, ...)                                                                  \
    static const struct qetl_transform name##_transform = {.struct_size = sizeof name##_transform, \
                                                           .bind = name##_bind,                    \
                                                           .process = name##_process,              \
                                                           __VA_ARGS__};                           \
    static const struct qetl_component name##_component = {.struct_size = sizeof name##_component, \
                                                           .kind = QETL_TRANSFORM,                 \
                                                           .id = (id_),                            \
                                                           .state_size = sizeof(struct bad),       \
                                                           .create = bad_create,                   \
                                                           .destroy = bad_destroy,                 \
                                                           .save = bad_save,                       \
                                                           .restore = bad_restore,                 \
                                                           .transform = &name##_transform}

TRANSFORM(sum, "bad", .merge = NULL);
TRANSFORM(total, "bad_total", .merge = total_merge);
TRANSFORM(double, "bad_double", .merge = NULL);

QETL_PLUGIN("bad-transform", "0.1.0", &sum_component, &total_component, &double_component)
