/* SPDX-License-Identifier: Apache-2.0 */
/* jsonb_path_exists and jsonb_path_query_first. */
#include "bind.h"
#include "rows.h"
#include "value/json_path.h"

#include <stdio.h>

/* A constant path is read once. */
static bool prepare_path(struct expr_binder *b, struct expr_node *call)
{
    const struct expr_node *text = call->args[1];
    struct expr_path *path;

    if (text->kind != EXPR_NODE_CONSTANT || text->value.null)
        return true;
    path = qetl_expr_new(b->source, sizeof *path);
    if (!path)
        return false;
    call->state = path;
    if (qetl_expr_path_read(b->source->arena, text->value.text, path))
        return true;
    if (path->problem)
        qetl_expr_mistake(b->source, text->span, "for example '$.items[*].price'",
                          "this is no path that is known: %s", path->problem);
    else
        qetl_expr_no_memory(b->source);
    return false;
}

/* NULL: the row has failed, or *status. */
static const struct expr_path *row_path(struct expr_frame *f, const struct expr_instr *in,
                                        int64_t i, struct expr_path *read, int32_t *status)
{
    *status = QETL_OK;
    if (in->node->state)
        return in->node->state;
    if (qetl_expr_path_read(&f->heap, row_text(in, 1, i), read))
        return read;
    if (read->problem)
        qetl_expr_row_fail(f, in, i, "bad_cast", "this is no path that is known: %s",
                           read->problem);
    else
        *status = QETL_E_NO_MEMORY;
    return NULL;
}

struct first {
    struct expr_text value;
    bool found;
};

static bool take_first(void *arg, struct expr_text value)
{
    struct first *first = arg;

    first->value = value;
    first->found = true;
    return false;
}

static int32_t row_exists(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct first first = {0};
    struct expr_path read;
    int32_t status;
    const struct expr_path *path = row_path(f, in, i, &read, &status);

    if (path)
        qetl_expr_path_walk(path, row_text(in, 0, i), take_first, &first);
    return status ? status : row_put_bool(in, i, first.found);
}

static int32_t row_first(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct first first = {0};
    struct expr_path read;
    int32_t status;
    const struct expr_path *path = row_path(f, in, i, &read, &status);

    if (path)
        qetl_expr_path_walk(path, row_text(in, 0, i), take_first, &first);
    if (!status && !first.found)
        qetl_expr_row_null(in, i);
    return status ? status : row_put_text(in, i, first.value.data, first.value.size);
}

#define PATH(called, to, by)                                                        \
    {                                                                               \
        .name = called, .n_args = 2, .args = {EXPR_JSONB, EXPR_TEXT}, .result = to, \
        .flags = EXPR_OP_MASKED, .row = by, .prepare = prepare_path                 \
    }

static const struct expr_op ops[] = {
    PATH("jsonb_path_exists", EXPR_BOOL, row_exists),
    PATH("jsonb_path_query_first", EXPR_JSONB, row_first),
};

const struct expr_family qetl_expr_family_json_path = {ops, sizeof ops / sizeof ops[0]};
