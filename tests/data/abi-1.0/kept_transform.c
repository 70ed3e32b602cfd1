/* SPDX-License-Identifier: Apache-2.0 */
/* A transform that carries all columns past and adds one: the sum of a column so far. Rows whose
 * number divides by an option are rejected. Its state is the sum. */
#include "kept.h"

QETL_EMBED_MANIFEST("kept_transform.qetl.json");

struct sums {
    struct kept kept;
    int64_t refuse, sum, map_room;
    int32_t *map;
};

static int32_t sums_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                           const char *config)
{
    struct sums *s = self;
    int32_t status = kept_open(&s->kept, host, ctx);
    (void)config;
    if (!status)
        s->refuse = s->kept.options->integer(ctx, "/refuse");
    return status;
}

static void sums_destroy(void *self)
{
    free(((struct sums *)self)->map);
}

static int32_t sums_bind(void *self, uint32_t n_inputs, const struct ArrowSchema *const *inputs,
                         struct qetl_binder *binder)
{
    struct sums *s = self;
    const char *name = s->kept.options->text(s->kept.ctx, "/column");
    int64_t at = -1;
    int32_t status = QETL_OK;
    struct ArrowSchema sum;
    for (int64_t i = 0; n_inputs == 1 && i < inputs[0]->n_children && status >= 0; i++) {
        if (strcmp(inputs[0]->children[i]->name, name) == 0 &&
            strcmp(inputs[0]->children[i]->format, "l") == 0)
            at = i;
        status = binder->copy(binder, 0, -1, 0, i, NULL);
    }
    if (at < 0)
        return kept_fail(&s->kept, QETL_E_CONFIG, "the input has no such column of integers");
    kept_schema(&sum, "sum", 3, "l", 0);
    if (status >= 0)
        status = binder->derive(binder, 0, &sum, 1, &at);
    if (status >= 0)
        status = binder->read(binder, 0, at, QETL_FORM_VALUE);
    if (status >= 0)
        status = binder->rows(binder, 0, QETL_ROWS_SUBSET);
    if (status >= 0)
        status = binder->distribution(binder, QETL_DISTRIBUTION_SINGLE, 0, NULL);
    if (sum.release)
        sum.release(&sum);
    return status < 0 ? status : QETL_OK;
}

static int32_t sums_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    struct sums *s = self;
    if (!event || event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    if (s->map_room < event->rows) {
        int32_t *map = realloc(s->map, (size_t)event->rows * sizeof *map);
        if (!map)
            return QETL_E_NO_MEMORY;
        s->map = map;
        s->map_room = event->rows;
    }
    kept_array_make(&s->kept, event->rows, 1, (const void *[]){NULL}, 1, &out->batch);
    int64_t *sums = kept_integers(&s->kept, event->rows, out->batch.children[0]);
    if (!sums) {
        out->batch.release(&out->batch);
        return QETL_E_NO_MEMORY;
    }
    for (int64_t i = 0; i < event->rows; i++) {
        int64_t value = kept_integer(event->batch->children[0], i);
        if (s->refuse && value % s->refuse == 0) {
            kept_reject(&s->kept, i, 0, "refused", "its number divides");
            continue;
        }
        s->sum += value;
        sums[out->rows] = s->sum;
        s->map[out->rows++] = (int32_t)i;
    }
    out->batch.length = out->batch.children[0]->length = out->rows;
    out->row_map = s->map;
    return QETL_OUTPUT;
}

static int32_t sums_save(void *self, uint32_t *version, const struct qetl_writer *out)
{
    struct sums *s = self;
    *version = 1;
    return out->write(out->stream, &s->sum, sizeof s->sum);
}

static int32_t sums_restore(void *self, uint32_t version, const struct qetl_reader *in)
{
    struct sums *s = self;
    uint64_t had = 0;
    int64_t got = 1;
    while (version == 1 && had < sizeof s->sum && got > 0) {
        got = in->read(in->stream, (char *)&s->sum + had, sizeof s->sum - had);
        had += got > 0 ? (uint64_t)got : 0;
    }
    return had == sizeof s->sum ? QETL_OK : QETL_E_UNSUPPORTED;
}

static const struct qetl_transform sums_transform = {
    .struct_size = sizeof sums_transform, .bind = sums_bind, .process = sums_process};
static const struct qetl_component sums = {.struct_size = sizeof sums,
                                           .kind = QETL_TRANSFORM,
                                           .id = "kept_sums",
                                           .state_size = sizeof(struct sums),
                                           .create = sums_create,
                                           .destroy = sums_destroy,
                                           .save = sums_save,
                                           .restore = sums_restore,
                                           .transform = &sums_transform};

KEPT_PLUGIN("kept_transform", sums)
