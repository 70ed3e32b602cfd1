/* SPDX-License-Identifier: Apache-2.0 */
/* A source of batches that counts: id and name. It pauses now and then, hands over the wanted
 * columns alone, goes on from any position, and asks once to be taken back to the last epoch. */
#include "kept.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

QETL_EMBED_MANIFEST("kept_source.qetl.json");

struct numbers {
    struct kept kept;
    int64_t rows, batch_rows, next, calls;
    const char *stumble;
    int64_t n_columns, columns[2];
};

static int32_t numbers_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                              const char *config)
{
    struct numbers *n = self;
    int32_t status = kept_open(&n->kept, host, ctx);
    if (status || config[0] != '{')
        return status ? status : QETL_E_CONFIG;
    n->rows = n->kept.options->integer(ctx, "/rows");
    n->batch_rows = n->kept.options->integer(ctx, "/batch_rows");
    n->stumble = n->kept.options->text(ctx, "/stumble");
    n->n_columns = 2;
    n->columns[1] = 1;
    return QETL_OK;
}

static int32_t numbers_describe(void *self, struct qetl_source_info *out)
{
    struct numbers *n = self;
    out->emits = QETL_EMITS_BATCHES;
    out->delivery = QETL_REPLAYABLE;
    out->bytes_expected = -1;
    out->rows_expected = n->rows;
    kept_schema(&out->schema, "", 0, "+s", 2);
    kept_schema(out->schema.children[0], "id", 2, "l", 0);
    kept_schema(out->schema.children[1], "name", 4, "vu", 0);
    return QETL_OK;
}

static int32_t numbers_negotiate(void *self, struct qetl_pushdown *request)
{
    struct numbers *n = self;
    for (int64_t i = 0; i < request->n_predicates; i++)
        request->predicates_answer[i] = QETL_PUSH_NO;
    *request->limit_answer = QETL_PUSH_NO;
    *request->columns_answer = request->n_columns >= 0 ? QETL_PUSH_EXACT : QETL_PUSH_NO;
    if (request->n_columns < 0)
        return QETL_OK;
    n->n_columns = request->n_columns;
    memcpy(n->columns, request->columns, (size_t)request->n_columns * sizeof *n->columns);
    return QETL_OK;
}

static int32_t numbers_plan(void *self, int64_t splits_wanted, const struct qetl_writer *out)
{
    (void)self, (void)splits_wanted;
    return out->write(out->stream, "all", 3);
}

static int32_t numbers_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    struct numbers *n = self;
    if (split.size != 3 || memcmp(split.data, "all", 3) != 0)
        return kept_fail(&n->kept, QETL_E_FATAL, "that split is not mine");
    n->next = 0;
    if (position && position->size != sizeof n->next)
        return kept_fail(&n->kept, QETL_E_UNSUPPORTED, "that position is not mine");
    if (position)
        memcpy(&n->next, position->data, sizeof n->next);
    return QETL_OK;
}

static int32_t numbers_stumble(struct numbers *n)
{
    int fd = n->stumble && n->next * 2 >= n->rows
                 ? open(n->stumble, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600)
                 : -1;
    if (fd < 0)
        return QETL_OK;
    close(fd);
    return kept_fail(&n->kept, QETL_E_RETRY_EPOCH, "it stumbled");
}

static int32_t numbers_column(struct numbers *n, int64_t which, int64_t rows,
                              struct ArrowArray *out)
{
    int64_t *ids = which ? NULL : kept_integers(&n->kept, rows, out);
    struct kept_view *names = which ? kept_texts(&n->kept, rows, NULL, 0, out) : NULL;
    if (!ids && !names)
        return QETL_E_NO_MEMORY;
    for (int64_t i = 0; i < rows; i++) {
        char text[24];
        if (ids)
            ids[i] = n->next + i;
        else
            kept_view_set(&names[i], text,
                          snprintf(text, sizeof text, "n%lld", (long long)n->next + i), 0);
    }
    return QETL_OK;
}

static int32_t numbers_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct numbers *n = self;
    if (n->next >= n->rows)
        return QETL_END;
    if (++n->calls % 50 == 0)
        n->kept.host->request_epoch(n->kept.ctx);
    if (n->calls % 7 == 0) {
        n->kept.host->wake(n->kept.ctx);
        return QETL_IDLE;
    }
    int32_t status = numbers_stumble(n);
    int64_t rows = n->batch_rows < demand->max_rows ? n->batch_rows : demand->max_rows;
    rows = rows > n->rows - n->next ? n->rows - n->next : rows;
    if (status)
        return status;
    kept_array_make(&n->kept, rows, 1, (const void *[]){NULL}, n->n_columns, &out->batch);
    for (int64_t i = 0; i < n->n_columns && !status; i++)
        status = numbers_column(n, n->columns[i], rows, out->batch.children[i]);
    if (status) {
        out->batch.release(&out->batch);
        return status;
    }
    n->next += rows;
    out->flags = QETL_ITEM_CUT;
    out->position = (struct qetl_blob){&n->next, sizeof n->next};
    return QETL_BATCH;
}

static const struct qetl_source numbers_source = {.struct_size = sizeof numbers_source,
                                                  .describe = numbers_describe,
                                                  .negotiate = numbers_negotiate,
                                                  .plan_splits = numbers_plan,
                                                  .open = numbers_open,
                                                  .next = numbers_next};
static const struct qetl_component numbers = {.struct_size = sizeof numbers,
                                              .kind = QETL_SOURCE,
                                              .id = "kept_numbers",
                                              .state_size = sizeof(struct numbers),
                                              .create = numbers_create,
                                              .source = &numbers_source};

KEPT_PLUGIN("kept_source", numbers)
