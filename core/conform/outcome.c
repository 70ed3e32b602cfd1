/* SPDX-License-Identifier: Apache-2.0 */
/* What came out of two runs, and whether it is the same. */
#include "cases.h"

#include <stdio.h>

static const struct conform_text *part(const struct conform_bench *b, size_t i)
{
    return i < CONFORM_OUTS ? &b->outs[i] : &b->rejects;
}

enum { PARTS = CONFORM_OUTS + 1 };

/* Rows that come otherwise may be laid out otherwise; what they are is another's affair. */
static bool writes_alike(const struct conform_bench *b)
{
    const struct conform_knobs *k = &b->knobs;
    return !k->rows && !k->bytes && !k->cut_at && !k->without;
}

/* Of a format that only writes, what came out is bytes. */
static bool gives_bytes(const struct conform_bench *b)
{
    const struct conform_trial *t = b->trial;
    return t->promised->kind == QETL_FORMAT &&
           !(t->promised->reads && t->component->format->decode);
}

static bool trees_differ(const struct conform_bench *a, const struct conform_bench *b, int level,
                         char difference[CONFORM_DIFFERENCE])
{
    struct conform_text in_a = {0}, in_b = {0};
    conform_tree_print(&a->tree, level, &in_a);
    conform_tree_print(&b->tree, level, &in_b);
    bool same = conform_text_same(&in_a, &in_b);
    if (!same)
        conform_text_difference(&in_a, &in_b, difference, CONFORM_DIFFERENCE);
    conform_text_free(&in_a);
    conform_text_free(&in_b);
    return !same;
}

bool conform_outcome_differs(const struct conform_bench *a, const struct conform_bench *b,
                             bool files, char difference[CONFORM_DIFFERENCE])
{
    bool other_bytes = gives_bytes(b) && !writes_alike(b);
    for (size_t i = other_bytes ? CONFORM_OUTS : 0; i < PARTS; i++)
        if (!conform_text_same(part(a, i), part(b, i))) {
            conform_text_difference(part(a, i), part(b, i), difference, CONFORM_DIFFERENCE);
            return true;
        }
    return files && trees_differ(a, b, a->trial->record->tree_level, difference);
}

bool conform_outcome_same(const struct conform_bench *plain, const struct conform_bench *other,
                          enum conform_rule_id rule, const char *what)
{
    struct conform_record *record = plain->trial->record;
    char difference[CONFORM_DIFFERENCE];
    if (record->unruly) {
        conform_skip(record, rule, "%s",
                     record->suspect[0] ? record->suspect
                                        : "two equal runs have different outcomes");
        return true;
    }
    if (!conform_outcome_differs(plain, other, writes_alike(other), difference)) {
        conform_hold(record, rule);
        return true;
    }
    conform_break(record, rule, "%s: the outcome is another: %s", what, difference);
    return false;
}

bool conform_outcome_empty(const struct conform_bench *b)
{
    for (size_t i = 0; i < PARTS; i++)
        if (part(b, i)->size)
            return false;
    return !b->tree.n;
}

static uint64_t text_sum(uint64_t sum, const struct conform_text *text)
{
    for (size_t k = 0; k < text->size; k++)
        sum = (sum ^ (uint8_t)text->data[k]) * 1099511628211u;
    return (sum ^ text->size) * 1099511628211u;
}

uint64_t conform_outcome_sum(const struct conform_bench *b)
{
    uint64_t sum = 1469598103934665603u;
    struct conform_text files = {0};
    for (size_t i = 0; i < PARTS; i++)
        sum = text_sum(sum, part(b, i));
    conform_tree_print(&b->tree, b->trial->record->tree_level, &files);
    sum = text_sum(sum, &files);
    conform_text_free(&files);
    return sum;
}

void conform_outcome_judge(const struct conform_bench *a, const struct conform_bench *b)
{
    struct conform_record *record = a->trial->record;
    char difference[CONFORM_DIFFERENCE];
    record->unruly = conform_outcome_differs(a, b, false, difference);
    while (!record->unruly && trees_differ(a, b, record->tree_level, difference))
        record->tree_level++;
    if (record->unruly)
        snprintf(record->suspect, sizeof record->suspect,
                 "a second instance has another outcome than the first: %s", difference);
    record->outcome = conform_outcome_sum(a);
}
