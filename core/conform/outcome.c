/* SPDX-License-Identifier: Apache-2.0 */
/* What came out of two runs, and whether it is the same. */
#include "cases.h"

#include <stdio.h>

static const struct conform_text *part(const struct conform_bench *b, size_t i)
{
    return i < CONFORM_OUTS ? &b->outs[i] : i == CONFORM_OUTS ? &b->rejects : &b->written;
}

enum { PARTS = CONFORM_OUTS + 2, WRITTEN = CONFORM_OUTS + 1 };

/* The first part that is another, of so many; PARTS: none. */
static size_t different(const struct conform_bench *a, const struct conform_bench *b, size_t parts)
{
    for (size_t i = 0; i < parts; i++)
        if (!conform_text_same(part(a, i), part(b, i)))
            return i;
    return PARTS;
}

/* Rows that come otherwise may be laid out otherwise; what they are is another's affair. */
static bool writes_alike(const struct conform_bench *b)
{
    const struct conform_knobs *k = &b->knobs;
    return !b->trial->record->files_vary && !k->rows && !k->bytes && !k->cut_at && !k->without;
}

bool conform_outcome_differs(const struct conform_bench *a, const struct conform_bench *b,
                             bool files, char difference[CONFORM_DIFFERENCE])
{
    size_t at = different(a, b, files ? PARTS : WRITTEN);
    if (at == PARTS)
        return false;
    conform_text_difference(part(a, at), part(b, at), difference, CONFORM_DIFFERENCE);
    return true;
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

uint64_t conform_outcome_sum(const struct conform_bench *b)
{
    uint64_t sum = 1469598103934665603u;
    for (size_t i = 0; i < (b->trial->record->files_vary ? WRITTEN : PARTS); i++) {
        const struct conform_text *text = part(b, i);
        for (size_t k = 0; k < text->size; k++)
            sum = (sum ^ (uint8_t)text->data[k]) * 1099511628211u;
        sum = (sum ^ text->size) * 1099511628211u;
    }
    return sum;
}

void conform_outcome_judge(const struct conform_bench *a, const struct conform_bench *b)
{
    struct conform_record *record = a->trial->record;
    char difference[CONFORM_DIFFERENCE];
    record->unruly = conform_outcome_differs(a, b, false, difference);
    record->files_vary = !record->unruly && conform_outcome_differs(a, b, true, difference);
    if (record->unruly)
        snprintf(record->suspect, sizeof record->suspect,
                 "a second instance has another outcome than the first: %s", difference);
    record->outcome = conform_outcome_sum(a);
}
