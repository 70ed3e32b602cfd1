/* SPDX-License-Identifier: Apache-2.0 */
/* A call over constants is computed at once, by its own kernel over one row. */
#include "bind.h"
#include "op.h"

#include <stdio.h>
#include <stdlib.h>

enum { CONSTANT_TEXT_MAX = 64 << 20 };

struct fold {
    struct expr_reporter reporter;
    char message[400];
};

/* One-row storage for a vec; kernels clear whole bitmaps, so a boolean needs all words. */
struct fold_cell {
    _Alignas(16) uint64_t words[EXPR_WORDS];
};

static void fold_fail(struct expr_reporter *reporter, const struct expr_frame *frame,
                      const struct expr_node *node, int64_t row, const char *code,
                      const char *message)
{
    struct fold *fold = (struct fold *)(void *)reporter;

    (void)frame;
    (void)node;
    (void)row;
    snprintf(fold->message, sizeof fold->message, "%s (%s)", message, code);
}

static void vec_prepare(struct expr_vec *vec, struct fold_cell *cell)
{
    memset(vec, 0, sizeof *vec);
    memset(cell, 0, sizeof *cell);
    vec->data = vec->space = cell->words;
}

/* Constants stay as long as the expression does: they are bounded in all. */
static bool text_keep(struct expr_binder *b, struct fold *fold, struct expr_text *text)
{
    if (text->size > CONSTANT_TEXT_MAX - b->source->constant_bytes) {
        snprintf(fold->message, sizeof fold->message,
                 "the constant texts of an expression would take over 64 MiB (text_too_long)");
        return false;
    }
    b->source->constant_bytes += text->size;
    text->data =
        qetl_expr_arena_text(b->source->arena, text->size ? text->data : "", (size_t)text->size);
    if (!text->data)
        qetl_expr_no_memory(b->source);
    return text->data != NULL;
}

bool qetl_expr_fold(struct expr_binder *b, const struct expr_node *call, struct expr_value *out)
{
    struct expr_vec vecs[EXPR_CALL_ARGS_MAX + 1], *args[EXPR_CALL_ARGS_MAX];
    struct fold_cell cells[EXPR_CALL_ARGS_MAX + 1];
    uint64_t mask[EXPR_WORDS] = {1};
    struct fold fold = {.reporter = {fold_fail}};
    struct expr_frame frame = {.rows = 1,
                               .mask = mask,
                               .reporter = &fold.reporter,
                               .zone = {.zone = b->source->zone},
                               .heap = {.most = EXPR_HEAP_MAX}};
    struct expr_instr in = {.dst = &vecs[EXPR_CALL_ARGS_MAX], .node = call};
    int32_t status;
    bool folded;

    assert(call->n_args <= EXPR_CALL_ARGS_MAX);
    in.kernel = call->op->kernel ? call->op->kernel : qetl_expr_kernel_rows;
    vec_prepare(in.dst, &cells[EXPR_CALL_ARGS_MAX]);
    for (uint32_t i = 0; i < call->n_args; i++) {
        vec_prepare(&vecs[i], &cells[i]);
        qetl_expr_vec_set(&vecs[i], call->args[i]->type.id, 0, &call->args[i]->value);
        args[i] = &vecs[i];
    }
    in.args = args;
    status = in.kernel(&frame, &in);
    if (status == QETL_E_NO_MEMORY)
        qetl_expr_no_memory(b->source);
    folded = !status && !(frame.failed[0] & 1);
    if (folded) {
        *out = qetl_expr_vec_get(in.dst, call->type.id, 0);
        folded = !expr_type_is_text(call->type.id) || out->null || text_keep(b, &fold, &out->text);
    }
    if (!folded && !b->guard && !b->source->status)
        qetl_expr_mistake(b->source, call->span, NULL, "%s", fold.message);
    qetl_expr_arena_free(&frame.heap);
    return folded && !b->source->status;
}
