/* SPDX-License-Identifier: Apache-2.0 */
/* Arbitrary text as an expression over columns of all types; what compiles is evaluated. */
#include "../core/expr/expr.h"
#include "expr_batch.h"

#include <stdlib.h>

enum { ROWS = 1100, TEXT_MAX = 4096 };

const struct qetl_host *qetl_ctx_host(struct qetl_ctx *ctx)
{
    return &((struct qetl_fake_host *)ctx)->host;
}

struct qetl_expr_session qetl_ctx_expr_session(struct qetl_ctx *ctx)
{
    (void)ctx;
    return (struct qetl_expr_session){0};
}

static void check(bool condition)
{
    if (!condition)
        abort();
}

static void evaluate(struct qetl_fake_host *fake, const struct expr_batch *data,
                     struct qetl_expr *expr)
{
    const struct qetl_expr_host *service = qetl_expr_service();
    struct ArrowArray *children[EXPR_BATCH_COLUMNS], batch, out;
    struct ArrowSchema field;
    const int64_t *columns;
    int64_t n = service->columns(expr, &columns), failed, again = 0;
    static int32_t selected[ROWS];
    static uint8_t failures[ROWS / 8 + 1];
    char message[200];

    memset(failures, 0, sizeof failures);
    expr_batch_view(data, n, columns, children, &batch);
    check(!service->evaluate(expr, &batch, ROWS, &out, failures, &failed));
    check(!service->result(expr, "r", &field));
    if (qetl_array_validate(&field, &out, message, sizeof message))
        abort();
    check(failed == fake->n_rejects);
    for (int64_t i = 0; i < ROWS; i++)
        again += failures[i >> 3] >> (i & 7) & 1;
    check(again == failed);
    if (!strcmp(field.format, "b"))
        check(service->select(expr, &batch, ROWS, selected, &again) >= 0 && again == failed);
    qetl_schema_release(&field);
    qetl_array_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct qetl_fake_host fake;
    static struct expr_batch batch;
    char text[TEXT_MAX];
    struct qetl_expr *expr;

    if (!batch.rows) {
        qetl_fake_host_init(&fake, NULL);
        expr_batch_open(&batch, &fake, ROWS);
    }
    if (size >= TEXT_MAX)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    qetl_fake_host_reset(&fake);
    if (!qetl_expr_service()->compile(fake.ctx, text, "/where", &batch.schema, &expr)) {
        check(qetl_expr_service()->tree(expr) != NULL);
        evaluate(&fake, &batch, expr);
        qetl_expr_service()->free(expr);
    } else {
        check(fake.n_errors == 1);
    }
    return 0;
}
