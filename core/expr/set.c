/* SPDX-License-Identifier: Apache-2.0 */
/* IN lists: constants become a set, other items are compared one after the other. */
#include "set.h"

#include "bind.h"
#include "op.h"

#include <stdlib.h>

static bool add_text(struct expr_set *set, struct expr_text text)
{
    struct expr_view view = {.size = (int32_t)text.size};
    uint64_t(*words)[2] = set->views;

    set->texts[set->count] = text;
    if (words && text.size <= 12) {
        if (text.size)
            memcpy(view.inlined, text.data, (size_t)text.size);
        memcpy(words[set->count], &view, sizeof view);
    } else {
        set->views = NULL;
    }
    set->count++;
    return true;
}

static void add_value(struct expr_set *set, const struct expr_value *value)
{
    if (value->null)
        set->has_null = true;
    else if (set->type == EXPR_TEXT)
        add_text(set, value->text);
    else if (set->type != EXPR_DECIMAL)
        set->integers[set->count++] = value->integer;
    else if (value->decimal == (int64_t)value->decimal)
        set->integers[set->count++] = (int64_t)value->decimal;
    else
        set->decimals[set->n_decimals++] = value->decimal;
}

static void slot_fill(struct expr_set *set)
{
    for (uint32_t k = 0; k < set->count; k++) {
        uint64_t at = set->type == EXPR_TEXT ? qetl_expr_hash_text(set->texts[k])
                                             : expr_hash_integer(set->integers[k]);
        while (set->slots[at & (set->n_slots - 1)])
            at++;
        set->slots[at & (set->n_slots - 1)] = k + 1;
    }
}

static struct expr_set *set_new(struct expr_binder *b, enum expr_type_id type, uint32_t n)
{
    struct expr_set *set = qetl_expr_new(b->source, sizeof *set);

    if (!set)
        return NULL;
    set->type = type;
    set->n_slots = 16;
    while (set->n_slots < 2 * n)
        set->n_slots *= 2;
    set->slots = qetl_expr_new(b->source, set->n_slots * sizeof *set->slots);
    set->integers = qetl_expr_new(b->source, n * sizeof *set->integers);
    set->decimals = qetl_expr_new(b->source, n * sizeof *set->decimals);
    set->texts = qetl_expr_new(b->source, n * sizeof *set->texts);
    set->views = qetl_expr_new(b->source, n * sizeof *set->views);
    return b->source->status ? NULL : set;
}

struct expr_node *qetl_expr_in(struct expr_binder *b, struct expr_node *node, uint32_t n,
                               struct expr_node *const *items, struct expr_span span)
{
    const struct expr_op *op = qetl_expr_op_find("in", 1, &node->type.id, EXPR_BOOL);
    struct expr_set *set = set_new(b, node->type.id, n);

    if (!set)
        return NULL;
    assert(op);
    for (uint32_t i = 0; i < n; i++)
        add_value(set, &items[i]->value);
    slot_fill(set);
    return qetl_expr_call(b, op, expr_type_of(EXPR_BOOL), span, &node, set);
}
