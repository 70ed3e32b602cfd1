/* SPDX-License-Identifier: Apache-2.0 */
/* Rows per second of CPU time of expressions over rows in memory; argument: millions of rows, 10.
 */
#include "../core/expr/expr.h"
#include "fake_host.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BATCH = 16384 };

const struct qetl_host *qetl_ctx_host(struct qetl_ctx *ctx)
{
    return &((struct qetl_fake_host *)ctx)->host;
}

struct qetl_expr_session qetl_ctx_expr_session(struct qetl_ctx *ctx)
{
    (void)ctx;
    return (struct qetl_expr_session){0};
}

/* quantity bigint, unit_price decimal(12,2), country text; amount and cost: the same in double. */
enum { COLUMNS = 5 };

struct table {
    int64_t rows;
    int64_t *quantity;
    qetl_int128 *price;
    char (*country)[16];
    double *amount, *cost;
    struct ArrowArray columns[COLUMNS];
    const void *buffers[COLUMNS][3];
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void table_make(struct table *t, int64_t rows)
{
    static const char names[8][3] = {"DE", "FR", "US", "GB", "IT", "ES", "PL", "NL"};
    uint64_t seed = 42;

    t->rows = rows;
    t->quantity = aligned_alloc(64, (size_t)rows * 8);
    t->price = aligned_alloc(64, (size_t)rows * 16);
    t->country = aligned_alloc(64, (size_t)rows * 16);
    t->amount = aligned_alloc(64, (size_t)rows * 8);
    t->cost = aligned_alloc(64, (size_t)rows * 8);
    assert(t->quantity && t->price && t->country && t->amount && t->cost);
    memset(t->country, 0, (size_t)rows * 16);
    for (int64_t i = 0; i < rows; i++) {
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        t->quantity[i] = 1 + (int64_t)(seed >> 60);
        t->price[i] = (qetl_int128)(seed >> 40 & 0x3fff);
        t->country[i][0] = 2;
        memcpy(t->country[i] + 4, names[seed >> 33 & 7], 2);
        t->amount[i] = (double)t->quantity[i];
        t->cost[i] = (double)t->price[i] / 100;
    }
}

static void batch_make(struct table *t, int64_t first, int64_t rows)
{
    const void *data[COLUMNS] = {t->quantity + first, t->price + first, t->country + first,
                                 t->amount + first, t->cost + first};

    for (int k = 0; k < COLUMNS; k++) {
        t->buffers[k][0] = NULL;
        t->buffers[k][1] = data[k];
        t->buffers[k][2] = NULL;
        t->columns[k] = (struct ArrowArray){
            .length = rows, .n_buffers = k == 2 ? 3 : 2, .buffers = t->buffers[k]};
    }
}

static double pass(struct table *t, struct qetl_expr *expr, int32_t *selected, int64_t *count)
{
    const struct qetl_expr_host *service = qetl_expr_service();
    struct ArrowArray *children[COLUMNS], batch = {.n_buffers = 1, .children = children};
    const void *none[1] = {NULL};
    const int64_t *columns;
    double started = now();

    batch.buffers = none;
    batch.n_children = service->columns(expr, &columns);
    *count = 0;
    for (int64_t first = 0; first < t->rows; first += BATCH) {
        int64_t rows = t->rows - first < BATCH ? t->rows - first : BATCH, n;
        batch_make(t, first, rows);
        for (int64_t k = 0; k < batch.n_children; k++)
            children[k] = &t->columns[columns[k]];
        batch.length = rows;
        n = service->select(expr, &batch, rows, selected, NULL);
        assert(n >= 0);
        *count += n;
    }
    return now() - started;
}

static void bench(struct qetl_fake_host *fake, struct table *t, const struct ArrowSchema *schema,
                  const char *text, int32_t *selected)
{
    struct qetl_expr *expr;
    double best = 1e9;
    int64_t count = 0;

    assert(!qetl_expr_service()->compile(fake->ctx, text, "/where", schema, &expr));
    for (int run = 0; run < 7; run++) {
        double seconds = pass(t, expr, selected, &count);
        best = seconds < best ? seconds : best;
    }
    printf("%8.0f M rows/s  %9lld selected  %s\n", (double)t->rows / best / 1e6, (long long)count,
           text);
    qetl_expr_service()->free(expr);
}

int main(int argc, char **argv)
{
    static const char *const texts[] = {
        "quantity * unit_price > 100 AND country IN ('DE', 'FR', 'US')",
        "quantity * unit_price > 100",
        "amount * cost > 100 AND country IN ('DE', 'FR', 'US')",
        "amount * cost > 100",
        "amount > 5",
        "unit_price > 50",
        "quantity > 5",
        "quantity + 1 > 5",
        "country IN ('DE','FR')",
        "country = 'DE'",
        "country < 'DE'",
        "unit_price / quantity > 10",
        "quantity % 3 = 1",
        "CAST(unit_price AS text) = '1.00'",
    };
    int64_t rows = (int64_t)((argc > 1 ? atof(argv[1]) : 10) * 1e6);
    struct qetl_fake_host fake;
    struct ArrowSchema schema;
    struct table table;
    int32_t *selected = malloc(BATCH * sizeof *selected);

    qetl_fake_host_init(&fake, NULL);
    assert(selected && !qetl_schema_init_struct(&schema) &&
           !qetl_schema_add(&schema, "quantity", "l") &&
           !qetl_schema_add(&schema, "unit_price", "d:12,2") &&
           !qetl_schema_add(&schema, "country", "vu") && !qetl_schema_add(&schema, "amount", "g") &&
           !qetl_schema_add(&schema, "cost", "g"));
    table_make(&table, rows);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        bench(&fake, &table, &schema, texts[i], selected);
    free(table.quantity);
    free(table.price);
    free(table.country);
    free(table.amount);
    free(table.cost);
    free(selected);
    qetl_schema_release(&schema);
    return qetl_fake_host_free(&fake) != 0;
}
