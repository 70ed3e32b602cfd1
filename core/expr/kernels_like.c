/* SPDX-License-Identifier: Apache-2.0 */
/* LIKE, ILIKE, ESCAPE. A constant pattern is taken apart once; those that are a beginning, an end,
 * a part or a whole have loops of their own. */
#include "bind.h"
#include "rows.h"
#include "value/letters.h"
#include "value/like.h"

struct like_state {
    bool constant;
    struct expr_like like;
};

static bool is_ilike(const struct expr_node *call)
{
    return call->op->name[0] == 'i';
}

static struct expr_text folded(struct expr_arena *arena, struct expr_text text)
{
    char *out = qetl_expr_arena_alloc(arena, (size_t)text.size * 2);

    if (!out)
        return (struct expr_text){NULL, -1};
    return (struct expr_text){out, qetl_expr_letters_case(text, EXPR_CASE_LOWER, out)};
}

static bool is_escape(struct expr_text escape)
{
    return escape.size == 0 || expr_letter_size(escape.data, escape.size) == escape.size;
}

/* The escape character, folded as the pattern is. */
static enum expr_like_made pattern_make(struct expr_arena *arena, bool fold,
                                        struct expr_text pattern, struct expr_text escape,
                                        struct expr_like *out)
{
    if (fold) {
        pattern = folded(arena, pattern);
        escape = folded(arena, escape);
        if (pattern.size < 0 || escape.size < 0)
            return EXPR_LIKE_NO_MEMORY;
    }
    return qetl_expr_like_make(arena, pattern, escape, out);
}

static bool like_prepare(struct expr_binder *b, struct expr_node *call)
{
    struct like_state *state = qetl_expr_new(b->source, sizeof *state);
    struct expr_text escape = {"\\", 1};

    call->state = state;
    if (!state)
        return false;
    state->constant = true;
    for (uint32_t k = 1; k < call->n_args; k++)
        state->constant &= call->args[k]->kind == EXPR_NODE_CONSTANT;
    if (!state->constant)
        return true;
    if (call->n_args > 2)
        escape = call->args[2]->value.text;
    if (!is_escape(escape)) {
        qetl_expr_mistake(b->source, call->args[2]->span, "give one character, or '' for none",
                          "ESCAPE with more than one character");
        return false;
    }
    switch (pattern_make(b->source->arena, is_ilike(call), call->args[1]->value.text, escape,
                         &state->like)) {
    case EXPR_LIKE_MADE:
        return true;
    case EXPR_LIKE_BAD_END:
        qetl_expr_mistake(b->source, call->args[1]->span, "double it to mean the character itself",
                          "the pattern ends with its escape character");
        return false;
    default:
        qetl_expr_no_memory(b->source);
        return false;
    }
}

#define ROWS(test)                                                                           \
    do {                                                                                     \
        for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1)) { \
            struct expr_text text = expr_vec_text(in->args[0], i);                           \
            r[i >> 6] |= (uint64_t)(test) << (i & 63);                                       \
        }                                                                                    \
    } while (0)

/* One part without _: the ends decide. */
static void match_simple(const struct expr_instr *in, const struct expr_like *like,
                         const uint64_t *todo, uint64_t *r)
{
    const struct expr_like_part part = like->parts[0];
    size_t size = (size_t)part.size;

    if (!like->open_begin && !like->open_end)
        ROWS(text.size == part.size && !memcmp(text.data, part.data, size));
    else if (!like->open_begin)
        ROWS(text.size >= part.size && !memcmp(text.data, part.data, size));
    else if (!like->open_end)
        ROWS(text.size >= part.size && !memcmp(text.data + text.size - size, part.data, size));
    else
        ROWS(text.size >= part.size && memmem(text.data, (size_t)text.size, part.data, size));
}

static int32_t match_folded(struct expr_frame *f, const struct expr_instr *in,
                            const struct expr_like *like, const uint64_t *todo, uint64_t *r)
{
    for (int64_t i = expr_bits_next(todo, 0); i >= 0; i = expr_bits_next(todo, i + 1)) {
        struct expr_text text = folded(&f->heap, expr_vec_text(in->args[0], i));
        if (text.size < 0)
            return QETL_E_NO_MEMORY;
        r[i >> 6] |= (uint64_t)qetl_expr_like_matches(like, text) << (i & 63);
    }
    return QETL_OK;
}

/* A pattern, or an escape, of the row's own. */
static int32_t match_row(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text text = row_text(in, 0, i), pattern = row_text(in, 1, i), escape = {"\\", 1};
    bool fold = is_ilike(in->node);
    struct expr_like like;
    enum expr_like_made made;

    if (in->node->n_args > 2)
        escape = row_text(in, 2, i);
    if (!is_escape(escape)) {
        qetl_expr_row_fail(f, in, i, "bad_pattern", "ESCAPE with more than one character");
        return QETL_OK;
    }
    if (fold)
        text = folded(&f->heap, text);
    made =
        text.size < 0 ? EXPR_LIKE_NO_MEMORY : pattern_make(&f->heap, fold, pattern, escape, &like);
    if (made == EXPR_LIKE_NO_MEMORY)
        return QETL_E_NO_MEMORY;
    if (made == EXPR_LIKE_BAD_END) {
        qetl_expr_row_fail(f, in, i, "bad_pattern", "the pattern ends with its escape character");
        return QETL_OK;
    }
    return row_put_bool(in, i, qetl_expr_like_matches(&like, text));
}

static int32_t kernel_like(struct expr_frame *f, const struct expr_instr *in)
{
    const struct like_state *state = in->node->state;
    uint64_t *r = in->dst->data, todo[EXPR_WORDS];
    int32_t status = QETL_OK;

    qetl_expr_valid_and(f, in, in->node->n_args);
    qetl_expr_valid_masked(f, in);
    memset(r, 0, EXPR_WORDS * sizeof *r);
    if (!qetl_expr_todo(f, in, todo))
        return QETL_OK;
    if (!state->constant)
        for (int64_t i = expr_bits_next(todo, 0); i >= 0 && !status;
             i = expr_bits_next(todo, i + 1))
            status = match_row(f, in, i);
    else if (is_ilike(in->node))
        status = match_folded(f, in, &state->like, todo, r);
    else if (state->like.n_parts == 1 && !state->like.parts[0].any)
        match_simple(in, &state->like, todo, r);
    else
        ROWS(qetl_expr_like_matches(&state->like, text));
    return status;
}

#define LIKE(name)                                                             \
    {name,                                                                     \
     2,                                                                        \
     {EXPR_TEXT, EXPR_TEXT},                                                   \
     EXPR_BOOL,                                                                \
     EXPR_OP_MASKED,                                                           \
     .kernel = kernel_like,                                                    \
     .prepare = like_prepare},                                                 \
    {                                                                          \
        name, 3, {EXPR_TEXT, EXPR_TEXT, EXPR_TEXT}, EXPR_BOOL, EXPR_OP_MASKED, \
            .kernel = kernel_like, .prepare = like_prepare                     \
    }

static const struct expr_op ops[] = {LIKE("like"), LIKE("ilike")};

const struct expr_family qetl_expr_family_like = {ops, sizeof ops / sizeof ops[0]};
