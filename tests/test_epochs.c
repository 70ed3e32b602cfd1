/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of an epoch: its parts as bytes and back, and when one is complete. */
#include "epoch/epochs.h"
#include "state/schema_bytes.h"

#include <qetl/sdk.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(epochs, .timeout = 60);

/* ---- bytes ---- */

static void schema_make(struct ArrowSchema *out)
{
    struct ArrowSchema list, item;
    cr_assert_eq(qetl_schema_init_struct(out), 0);
    cr_assert_eq(qetl_schema_add(out, "id", "l"), 0);
    cr_assert_eq(qetl_schema_add(out, "", "vu"), 0);
    cr_assert_eq(qetl_schema_set_metadata(out->children[1], "qetl:type", "text"), 0);
    cr_assert_eq(qetl_schema_set_metadata(out->children[1], "key", ""), 0);
    cr_assert_eq(qetl_schema_init_field(&list, "list", "+l"), 0);
    cr_assert_eq(qetl_schema_init_field(&item, "item", "i"), 0);
    item.flags = 0;
    item.dictionary = calloc(1, sizeof *item.dictionary);
    cr_assert_eq(qetl_schema_init_field(item.dictionary, "words", "vu"), 0);
    cr_assert_eq(qetl_schema_append(&list, &item), 0);
    cr_assert_eq(qetl_schema_append(out, &list), 0);
}

static void expect_equal(const struct ArrowSchema *a, const struct ArrowSchema *b)
{
    cr_expect_str_eq(a->format, b->format);
    cr_expect_str_eq(a->name, b->name);
    cr_expect_eq(a->flags, b->flags);
    cr_expect_eq(!a->metadata, !b->metadata);
    cr_assert_eq(a->n_children, b->n_children);
    for (int64_t i = 0; i < a->n_children; i++)
        expect_equal(a->children[i], b->children[i]);
    cr_assert_eq(!a->dictionary, !b->dictionary);
    if (a->dictionary)
        expect_equal(a->dictionary, b->dictionary);
}

/* Any other bytes are refused or are a schema; none is read beyond its end (ASan looks). */
static void schema_damaged(const struct qetl_pack *pack)
{
    for (size_t size = 0; size < pack->size; size++) {
        struct ArrowSchema schema;
        uint8_t *part = malloc(size + 1);
        memcpy(part, pack->data, size);
        struct qetl_unpack unpack = qetl_unpack_from(part, size);
        cr_expect_lt(qetl_unpack_schema(&unpack, &schema), 0, "%zu bytes of it", size);
        free(part);
    }
    for (size_t at = 0; at < pack->size; at++)
        for (int bit = 0; bit < 8; bit++) {
            struct ArrowSchema schema;
            uint8_t *bytes = malloc(pack->size);
            memcpy(bytes, pack->data, pack->size);
            bytes[at] ^= (uint8_t)(1 << bit);
            struct qetl_unpack unpack = qetl_unpack_from(bytes, pack->size);
            if (!qetl_unpack_schema(&unpack, &schema))
                qetl_schema_release(&schema);
            free(bytes);
        }
}

Test(epochs, a_schema_is_read_back)
{
    struct ArrowSchema schema, back;
    struct qetl_pack pack = {0};
    size_t size;
    schema_make(&schema);
    qetl_pack_schema(&pack, &schema);
    cr_assert_not(pack.failed);
    struct qetl_unpack unpack = qetl_unpack_from(pack.data, pack.size);
    cr_assert_eq(qetl_unpack_schema(&unpack, &back), 0);
    cr_expect_eq(unpack.at, unpack.end);
    expect_equal(&schema, &back);
    cr_expect_eq(strncmp(qetl_schema_metadata(back.children[1], "qetl:type", &size), "text", 4), 0);
    schema_damaged(&pack);
    qetl_schema_release(&back);
    qetl_schema_release(&schema);
    qetl_pack_free(&pack);
}

static void deliver(void *arg, struct qetl_letter *letter)
{
    (void)arg, (void)letter;
}

static struct qetl_stand *stand_make(struct qetl_tracker *tracker)
{
    struct qetl_stand *stand = qetl_stand_new();
    struct qetl_object *object = qetl_object_new("a.csv");
    cr_assert(stand && object);
    qetl_object_note(object, "note", 4);
    cr_assert_eq(qetl_stand_set_position(stand, "position", 8), 0);
    cr_assert_eq(qetl_stand_add_object(stand, object), 0);
    stand->in_object = stand->end_told = true;
    stand->split = 3;
    stand->skip = 77;
    struct qetl_origin *origin = qetl_origin_new(tracker, object, true, 0, NULL, 0, NULL);
    cr_assert_eq(qetl_stand_settle(stand, tracker), 0);
    cr_expect_not(atomic_load(&stand->settled), "rows before it are not counted yet");
    qetl_origin_complete(origin, 12, NULL);
    qetl_origin_unref(origin);
    qetl_object_unref(object);
    cr_expect(atomic_load(&stand->settled));
    return stand;
}

Test(epochs, a_stand_knows_the_rows_before_it)
{
    struct qetl_tracker *tracker = qetl_tracker_new("s", deliver, NULL);
    struct qetl_stand *stand = stand_make(tracker);
    struct qetl_pack pack = {0};
    qetl_stand_pack(stand, &pack);
    struct qetl_stand *back = qetl_stand_unpack(pack.data, pack.size);
    cr_assert(back);
    cr_expect_eq(back->objects[0].rows, 12);
    cr_expect_str_eq(back->objects[0].name, "a.csv");
    cr_expect_eq(back->objects[0].note_size, 4);
    cr_expect(back->in_object && back->end_told && back->begun && !back->ended);
    cr_expect_eq(back->skip, 77);
    cr_expect_eq(back->split, 3);
    for (size_t size = 0; size < pack.size; size++)
        cr_expect_null(qetl_stand_unpack(pack.data, size), "%zu bytes of it", size);
    qetl_stand_free(back);
    qetl_stand_free(stand);
    qetl_pack_free(&pack);
    qetl_tracker_free(tracker);
}

/* ---- when an epoch is complete ---- */

static void hand_in(struct qetl_epochs *e, size_t slot, uint64_t epoch, int64_t rows, bool ended,
                    const char *handle)
{
    struct qetl_handed handed = {.counts.rows_in = rows, .ended = ended};
    if (handle)
        cr_assert_eq(qetl_handed_add(&handed, handle, strlen(handle)), 0);
    cr_assert_eq(qetl_epochs_hand_in(e, slot, epoch, &handed), 0);
}

Test(epochs, all_sinks_make_one_complete_and_late_ones_merge)
{
    static const struct qetl_epoch_slot slots[] = {{"in", false}, {"a", true}, {"b", true}};
    struct qetl_epochs *e = qetl_epochs_new(slots, 3);
    uint64_t epoch;
    int64_t since;
    cr_expect_eq(qetl_epochs_complete(e), 0);
    cr_expect_eq(qetl_epochs_debtor(e, &epoch, &since), SIZE_MAX);
    hand_in(e, 0, 5, 10, false, NULL);
    hand_in(e, 1, 5, 10, false, "a5");
    cr_expect_eq(qetl_epochs_complete(e), 0);
    cr_expect_eq(qetl_epochs_debtor(e, &epoch, &since), 2);
    cr_expect_eq(epoch, 5);
    hand_in(e, 0, 6, 20, false, NULL);
    hand_in(e, 1, 6, 20, false, "a6");
    hand_in(e, 2, 5, 7, false, "b5");
    cr_expect_eq(qetl_epochs_complete(e), 5);
    hand_in(e, 2, 6, 9, true, NULL);
    cr_expect_eq(qetl_epochs_complete(e), 6);
    qetl_epochs_merge(e, 6);
    cr_expect_eq(qetl_epochs_complete(e), 0);
    cr_expect_eq(qetl_epochs_base(e, 0)->counts.rows_in, 20);
    const struct qetl_handed *a = qetl_epochs_base(e, 1), *b = qetl_epochs_base(e, 2);
    cr_assert_eq(a->n_handles, 2);
    cr_expect_eq(memcmp(a->handles[0].data, "a5", 2), 0);
    cr_expect_eq(memcmp(a->handles[1].data, "a6", 2), 0);
    cr_assert_eq(b->n_handles, 1, "that of the epoch before");
    cr_expect(b->ended);
    qetl_epochs_settle(e);
    cr_expect_eq(a->n_handles, 0);
    hand_in(e, 1, 7, 30, false, NULL);
    cr_expect_eq(qetl_epochs_complete(e), 7, "who ended owes nothing");
    cr_expect_not(qetl_epochs_over(e));
    hand_in(e, 1, 8, 30, true, NULL);
    cr_expect(qetl_epochs_over(e));
    qetl_epochs_free(e);
}
