/* SPDX-License-Identifier: Apache-2.0 */
/* Batches: what is lent, what is released, how many rows there are at a time. */
#include "cases.h"

void conform_case_lent(const struct conform_trial *t)
{
    struct conform_knobs k = {.poison = true}, pieces = {.poison = true, .bytes = 16};
    conform_try_same(t, &k, CONFORM_LENT_RULE, "with what was lent shut behind each call");
    if (t->promised->kind == QETL_FORMAT)
        conform_try_same(t, &pieces, CONFORM_LENT_RULE, "with small chunks shut behind each call");
}

void conform_case_release(const struct conform_trial *t)
{
    struct conform_knobs k = {.keep_arrays = true};
    conform_try_same(t, &k, CONFORM_RELEASE_RULE, "with arrays released behind destroy");
}

void conform_case_pieces(const struct conform_trial *t)
{
    struct conform_knobs one = {.rows = 1, .bytes = 1}, few = {.rows = 3, .bytes = 7};
    if (conform_try_same(t, &one, CONFORM_PIECES_RULE, "row by row and byte by byte"))
        conform_try_same(t, &few, CONFORM_PIECES_RULE, "by three rows and seven bytes");
}

void conform_case_offset(const struct conform_trial *t)
{
    struct conform_knobs k = {.offset = 3};
    if (t->promised->kind == QETL_FORMAT && (!t->promised->writes || t->check->reads_only)) {
        conform_skip(t->record, CONFORM_OFFSET_RULE, "the format is given no arrays");
        return;
    }
    conform_try_same(t, &k, CONFORM_OFFSET_RULE, "with other rows in front of each array");
}
