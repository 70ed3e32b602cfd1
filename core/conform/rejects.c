/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that a call rejected. */
#include "bench.h"

enum { BYTES_LEAST = 4 }; /* fewer are found anywhere */

/* Bytes that stand in what the call was given stand where it says; others were unpacked. */
static void bytes_check(struct conform_bench *b, const struct qetl_rejected *r)
{
    const char *data = b->given.data;
    size_t size = b->given.size, at = (size_t)r->bytes_offset, n = (size_t)r->bytes_kept;
    if (!data || !r->bytes || n < BYTES_LEAST)
        return;
    const char *found = memmem(data, size, r->bytes, n);
    if (found && (at > size || n > size - at || memcmp(data + at, r->bytes, n) != 0))
        conform_break(b->trial->record, CONFORM_DECODE_RULE,
                      "%s: the bytes of rejected record %lld do not stand at %lld, as bytes_offset "
                      "says, but at %lld: dead letters point to others",
                      b->doing->name, (long long)r->row, (long long)r->bytes_offset,
                      (long long)(found - data));
}

void conform_rejects_take(struct conform_bench *b, int64_t rows, int32_t status)
{
    b->rejected = 0;
    b->gone.size = 0;
    /* What was rejected counts only where the call did not fail. */
    for (size_t i = 0; i < b->ctx->n_rejected && status >= 0; i++) {
        const struct qetl_rejected *r = &b->ctx->rejected[i];
        if (r->row < 0 || (rows >= 0 && r->row >= rows))
            conform_break(b->trial->record, CONFORM_HOST_CALLS_RULE,
                          "%s: rejected row %lld of %lld", b->doing->name, (long long)r->row,
                          (long long)rows);
        bytes_check(b, r);
        conform_text_putf(&b->rejects, "row %lld %s\n", (long long)(b->row_base + r->row), r->code);
        conform_text_put(&b->gone, &r->row, sizeof r->row);
        b->rejected++;
    }
    conform_hold(b->trial->record, CONFORM_HOST_CALLS_RULE);
    qetl_instance_drop_rejected(b->ctx);
}

bool conform_rejects_hold(const struct conform_bench *b, int64_t row)
{
    int64_t gone;
    for (size_t at = 0; at < b->gone.size; at += sizeof gone) {
        memcpy(&gone, b->gone.data + at, sizeof gone);
        if (gone == row)
            return true;
    }
    return false;
}
