/* SPDX-License-Identifier: Apache-2.0 */
#include "format.h"

#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS = 64 };

struct encoding {
    struct conform_formatting *f;
    const struct conform_table *table;
    struct qetl_want wants[COLUMNS];
    int64_t n_wants;
    struct ArrowSchema schema;
    struct qetl_space space;
};

static int32_t space_reserve(struct qetl_space *space, int64_t n)
{
    int64_t capacity = space->size + n + 16; /* tight: it moves often */
    if (n < 0)
        return QETL_E_FATAL;
    if (space->capacity >= space->size + n)
        return QETL_OK;
    uint8_t *moved = malloc((size_t)capacity);
    if (!moved)
        return QETL_E_NO_MEMORY;
    if (space->size)
        memcpy(moved, space->data, (size_t)space->size);
    memset(moved + space->size, 0xa5, (size_t)(capacity - space->size));
    free(space->data);
    space->data = moved;
    space->capacity = capacity;
    return QETL_OK;
}

/* A call that appends: what stood there stays, and of rows that were all rejected comes nothing. */
static int32_t append(struct encoding *e, const struct conform_call *call,
                      const struct ArrowArray *batch, int64_t rows)
{
    struct conform_bench *b = e->f->b;
    struct conform_text before = {0};
    conform_text_put(&before, e->space.data, (size_t)e->space.size);
    int32_t status =
        conform_call(b, call, (struct conform_args){.a = batch, .out = &e->space, .rows = rows});
    if (e->space.size < (int64_t)before.size || e->space.size > e->space.capacity ||
        (before.size && memcmp(e->space.data, before.data, before.size) != 0))
        conform_break(b->trial->record, CONFORM_ENCODE_RULE,
                      "%s changed what was there, or says that it wrote beyond its space",
                      call->name);
    else if (!status && rows && b->rejected == rows && e->space.size != (int64_t)before.size)
        conform_break(b->trial->record, CONFORM_ENCODE_RULE,
                      "%s rejected the row%s, and left %lld bytes", call->name, rows > 1 ? "s" : "",
                      (long long)(e->space.size - (int64_t)before.size));
    else
        conform_hold(b->trial->record, CONFORM_ENCODE_RULE);
    if (e->space.size < 0 || e->space.size > e->space.capacity)
        e->space.size = (int64_t)before.size; /* what is behind it is nobody's */
    conform_text_free(&before);
    return status;
}

static int32_t forms(struct encoding *e)
{
    uint32_t asked[COLUMNS] = {0};
    const struct ArrowSchema *schema = &e->table->schema;
    e->n_wants = schema->n_children < COLUMNS ? schema->n_children : COLUMNS;
    int32_t status = conform_call(e->f->b, &conform_forms_format,
                                  (struct conform_args){.a = schema, .out = asked});
    for (int64_t i = 0; i < e->n_wants; i++) {
        if (!status && (!asked[i] || asked[i] > 7))
            conform_break(e->f->b->trial->record, CONFORM_DESCRIBE_RULE,
                          "forms answered %u, which is no form", asked[i]);
        e->wants[i].column = i;
        e->wants[i].form = asked[i] & QETL_FORM_VALUE ? QETL_FORM_VALUE : QETL_FORM_LEXICAL;
    }
    return status ? status : conform_forms_schema(schema, e->n_wants, e->wants, "csv", &e->schema);
}

static int32_t batch_encode(struct encoding *e, int64_t first, int64_t rows)
{
    struct conform_bench *b = e->f->b;
    struct ArrowArray all = {0}, batch = {0};
    b->row_base = first;
    int32_t status = conform_table_batch(e->table, conform_lender(b), first, rows, b->knobs.offset,
                                         UINT64_MAX, &all);
    if (!status)
        conform_fill_unseen(b, &e->table->schema, &all);
    status = status ? status
                    : conform_forms_batch(b, &e->table->schema, &all, e->n_wants, e->wants, &batch);
    status = status ? status : append(e, &conform_encode, &batch, rows);
    if (!status && !batch.release)
        conform_break(b->trial->record, CONFORM_RELEASE_RULE, "encode released what it was lent");
    conform_take_back(b, &batch);
    return status;
}

static int32_t encoder_open(struct encoding *e)
{
    const struct ArrowSchema *lent = conform_schema_lend(e->f->b, &e->schema);
    int32_t status = conform_call(e->f->b, &conform_open_encode, (struct conform_args){.a = lent});
    conform_schema_take_back(e->f->b);
    return status;
}

/* Another instance goes on: with the state of the first, or, CONCATENABLE, without. */
static int32_t replace(struct encoding *e)
{
    struct conform_bench *b = e->f->b;
    int32_t status = conform_save_state(b, &e->f->saved);
    status = status ? status : conform_format_renew(e->f);
    status = status ? status : encoder_open(e);
    return status ? status : conform_restore_state(b, &conform_restore, &e->f->saved);
}

int32_t conform_format_encode(struct conform_formatting *f)
{
    struct conform_bench *b = f->b;
    const struct qetl_format *format = b->trial->component->format;
    struct encoding e = {
        .f = f, .table = &b->trial->check->tables[0], .space = {.reserve = space_reserve}};
    int64_t all = (int64_t)json_array_size(e.table->rows), size = b->knobs.rows ? b->knobs.rows : 8;
    bool may_replace = b->trial->component->save || f->encode & QETL_ENCODE_CONCATENABLE;
    int32_t status = forms(&e);
    status = status ? status : encoder_open(&e);
    if (!status)
        conform_restore_unknown(b);
    if (!status && format->begin)
        status = append(&e, &conform_begin, NULL, 0);
    for (int64_t first = 0; !status && first < all; first += size) {
        status = batch_encode(&e, first, all - first < size ? all - first : size);
        if (!status && may_replace && conform_due(b))
            status = replace(&e);
    }
    if (!status && format->finish)
        status = append(&e, &conform_finish, NULL, 0);
    conform_text_put(&f->bytes, e.space.data, status ? 0 : (size_t)e.space.size);
    b->encoded.size = 0;
    conform_text_put(&b->encoded, f->bytes.data, f->bytes.size);
    free(e.space.data);
    qetl_schema_release(&e.schema);
    return status;
}
