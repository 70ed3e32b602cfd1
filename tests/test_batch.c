/* SPDX-License-Identifier: Apache-2.0 */
/* Batches: shared vectors, and views that a plugin may take to pieces. */
#include "data/batch.h"

#include <qetl/sdk.h>

#include <criterion/criterion.h>
#include <stdlib.h>

static int released;

static void array_release(struct ArrowArray *array)
{
    released++;
    array->release = NULL;
}

static struct qetl_vector *vector_make(int64_t number)
{
    struct ArrowArray array = {.length = 3, .null_count = number, .release = array_release};
    struct qetl_vector *vector = qetl_vector_new(&array);
    cr_assert_null(array.release, "moved");
    return vector;
}

TestSuite(batch, .timeout = 60);

Test(batch, a_vector_is_released_with_its_last_reference)
{
    struct qetl_vector *vector = vector_make(1);
    cr_expect_eq(qetl_vector_ref(vector), vector);
    qetl_vector_unref(vector);
    cr_expect_eq(released, 0);
    qetl_vector_unref(vector);
    cr_expect_eq(released, 1);
    cr_expect_null(qetl_vector_ref(NULL));
    qetl_vector_unref(NULL);
}

static struct qetl_batch *batch_make(void)
{
    struct qetl_batch *batch = qetl_batch_new(3, 2, NULL);
    batch->columns[0].value = vector_make(10);
    batch->columns[1].value = vector_make(11);
    batch->columns[1].lexical = vector_make(12);
    return batch;
}

static const struct qetl_want wants[] = {{.column = 1, .form = QETL_FORM_LEXICAL},
                                         {.column = 0, .form = QETL_FORM_VALUE},
                                         {.column = 1, .form = QETL_FORM_VALUE},
                                         {.column = 1, .form = QETL_FORM_CHECKED}};

Test(batch, a_view_has_the_wanted_forms_in_order)
{
    struct qetl_batch *batch = batch_make();
    struct ArrowArray view;
    cr_assert_eq(qetl_batch_view(batch, 4, wants, &view), QETL_OK);
    cr_expect_eq(view.length, 3);
    cr_expect_eq(view.n_buffers, 1);
    cr_expect_null(view.buffers[0], "no nulls of its own");
    cr_assert_eq(view.n_children, 4);
    static const int64_t numbers[] = {12, 10, 11, 12};
    for (int i = 0; i < 4; i++)
        cr_expect_eq(view.children[i]->null_count, numbers[i]);
    qetl_batch_unref(batch);
    cr_expect_eq(released, 0, "the view holds what it shows");
    view.release(&view);
    cr_expect_eq(released, 3);
    cr_expect_null(view.release);
}

Test(batch, a_plugin_may_move_children_away)
{
    struct qetl_batch *batch = batch_make();
    struct ArrowArray view, moved;
    cr_assert_eq(qetl_batch_view(batch, 2, wants, &view), QETL_OK);
    moved = *view.children[0];
    view.children[0]->release = NULL;
    view.release(&view);
    qetl_batch_unref(batch);
    cr_expect_eq(released, 2, "all but the moved one");
    cr_expect_eq(moved.null_count, 12);
    moved.release(&moved);
    cr_expect_eq(released, 3);
}

Test(batch, a_view_of_no_columns_has_rows)
{
    struct qetl_batch *batch = batch_make();
    struct ArrowArray view;
    cr_assert_eq(qetl_batch_view(batch, 0, NULL, &view), QETL_OK);
    cr_expect_eq(view.length, 3);
    cr_expect_eq(view.n_children, 0);
    view.release(&view);
    qetl_batch_ref(batch);
    qetl_batch_unref(batch);
    cr_expect_eq(released, 0);
    qetl_batch_unref(batch);
    cr_expect_eq(released, 3);
    qetl_batch_unref(NULL);
}

Test(batch, rows_know_their_record)
{
    struct qetl_pool *pool = qetl_pool_new(1 << 16);
    struct qetl_batch *batch = qetl_batch_new(3, 0, NULL);
    cr_expect_eq(qetl_batch_record(batch, 2), 2);
    batch->record_map = qetl_pool_alloc(pool, 3 * sizeof *batch->record_map);
    for (int i = 0; i < 3; i++)
        batch->record_map[i] = 10 * i;
    cr_expect_eq(qetl_batch_record(batch, 2), 20);
    qetl_batch_unref(batch);
    cr_expect_eq(qetl_pool_in_use(pool), 0, "the map goes with the batch");
    qetl_pool_free(pool);
}

Test(batch, a_block_owns_its_bytes)
{
    struct qetl_pool *pool = qetl_pool_new(1 << 16);
    struct qetl_block *block = qetl_block_new(qetl_pool_alloc(pool, 10), 10, 2);
    cr_expect_eq(block->size, 10);
    cr_expect_eq(block->rows, 2);
    cr_expect_neq(qetl_pool_in_use(pool), 0);
    qetl_block_free(block);
    cr_expect_eq(qetl_pool_in_use(pool), 0);
    qetl_block_free(NULL);
    qetl_pool_free(pool);
}
