/* SPDX-License-Identifier: Apache-2.0 */
#include "block.h"

#include "wire.h"

#include <stdlib.h>

enum { HEAD = 2, WIDE = BLOCK_BYTES / 16 /* a row of more bytes need not be copied, alone */ };

bool block_open(struct block *b, int32_t n_fields)
{
    int64_t most = n_fields ? BLOCK_FIELDS / n_fields : BLOCK_ROWS;
    most = most < 1 ? 1 : most > BLOCK_ROWS ? BLOCK_ROWS : most;
    *b = (struct block){.n_fields = n_fields, .most = most};
    b->fields = calloc((size_t)(most * n_fields) + 1, sizeof *b->fields);
    b->bytes = calloc(1, BLOCK_BYTES + COLUMN_SPARE);
    return b->fields && b->bytes;
}

struct copy_field *block_row(const struct block *b, int64_t row)
{
    return b->fields + row * b->n_fields;
}

bool block_add(struct block *b, const struct copy *c, const uint8_t *row, int64_t size)
{
    if (b->rows == b->most || size > WIDE || size > BLOCK_BYTES - b->size)
        return false;
    if (size < HEAD || wire_int16(row) != b->n_fields) /* what stays out leaves the last row */
        return false;
    uint8_t *at = b->bytes + b->size;
    memcpy(at, row, (size_t)size);
    if (!copy_split(c, at, size, block_row(b, b->rows)))
        return false;
    b->rows++;
    b->size += size;
    return true;
}

bool block_put(const struct block *b, struct copy *c)
{
    bool taken = true;
    for (int32_t i = 0; i < c->n_columns; i++)
        column_mark(&c->columns[i]);
    for (int32_t i = 0; taken && i < c->n_columns; i++) {
        struct column_run run = {b->fields + i, b->n_fields, b->rows};
        taken = column_put_run(&c->columns[i], c->env, c->rows, &run);
    }
    for (int32_t i = 0; !taken && i < c->n_columns; i++)
        column_back(&c->columns[i], c->env);
    c->rows += taken ? b->rows : 0;
    return taken;
}

struct copy_field *block_clear(struct block *b)
{
    if (b->rows > 1)
        memcpy(b->fields, block_row(b, b->rows - 1), (size_t)b->n_fields * sizeof *b->fields);
    b->rows = b->size = 0;
    return b->fields;
}

void block_free(struct block *b)
{
    free(b->fields);
    free(b->bytes);
    *b = (struct block){0};
}
