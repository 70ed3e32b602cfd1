/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

char *qetl_expr_row_space(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                          int64_t size, int32_t *status)
{
    char *space;

    *status = QETL_OK;
    if (size > EXPR_RESULT_TEXT_MAX) {
        qetl_expr_row_fail(f, in, i, "text_too_long", "a text of %lld bytes is over 1 GiB",
                           (long long)size);
        return NULL;
    }
    if (!expr_arena_allows(&f->heap, (size_t)size)) {
        qetl_expr_fail_heap(f, in, i, size);
        return NULL;
    }
    space = qetl_expr_arena_alloc(&f->heap, (size_t)size);
    if (!space)
        *status = QETL_E_NO_MEMORY;
    return space;
}
