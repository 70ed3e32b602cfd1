/* SPDX-License-Identifier: Apache-2.0 */
/* States that were cut, changed or replaced: what is accepted is what was decided last, and what is
 * not is set aside and never begun over in silence. */
#include "sdk_random.h"
#include "state/store.h"
#include "store_scratch.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <qetl/plugin.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(store_damage, .init = store_scratch, .fini = store_scratch_end, .timeout = 120);

enum { LARGE = 70000, FILES = 4 };
static const char *names[FILES] = {"state.db", "state.db-wal", "anchor", NULL};
static char *contents[FILES], large[LARGE], blob_name[100];
static size_t sizes[FILES];

/* ---- a state that is worth something ---- */

static void decide(struct qetl_store *store, uint64_t number)
{
    char position[32];
    snprintf(position, sizeof position, "position %d", (int)number);
    struct qetl_entry entries[] = {
        {QETL_ENTRY_POSITION, "orders", 0, 1, position, strlen(position)},
        {QETL_ENTRY_STATE, "sum", 0, 1, large, LARGE}};
    struct qetl_record record = {.number = number, .rows = 7, .entries = entries, .n_entries = 2};
    int32_t status = qetl_store_decide(store, &record);
    cr_assert_eq(status, 0, "%s", qetl_store_reason(store));
}

static void file_read(int index)
{
    FILE *file = fopen(store_path(names[index]), "rb");
    cr_assert_not_null(file, "no file %s", names[index]);
    contents[index] = malloc(1 << 20);
    sizes[index] = fread(contents[index], 1, 1 << 20, file);
    fclose(file);
}

static void name_note(const char *name)
{
    snprintf(blob_name, sizeof blob_name, "%s", name);
}

/* Epoch 4 (one bit) is decided; in the database itself (checkpointed) or in its log. */
static void state_make(bool in_log)
{
    memset(large, 'x', LARGE);
    struct qetl_store *store = store_open();
    for (uint64_t number = 2; number <= 4; number++)
        decide(store, number);
    qetl_store_close(store);
    if (!in_log) {
        sqlite3 *db;
        cr_assert_eq(sqlite3_open(store_path("state.db"), &db), 0);
        cr_assert_eq(sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL), 0);
        sqlite3_close(db);
        close(open(store_path("state.db-wal"), O_CREAT | O_WRONLY, 0600));
    }
    store_each("blob-", name_note);
    names[3] = blob_name;
    for (int i = 0; i < FILES; i++)
        file_read(i);
}

static void state_forget(void)
{
    for (int i = 0; i < FILES; i++)
        free(contents[i]);
}

static void file_write(int index, size_t size)
{
    int fd = open(store_path(names[index]), O_CREAT | O_WRONLY | O_TRUNC, 0600);
    cr_assert_eq(write(fd, contents[index], size), (ssize_t)size);
    close(fd);
}

static void state_put(void)
{
    store_unlink_matching("state.db");
    store_unlink_matching("blob-");
    for (int i = 0; i < FILES; i++)
        file_write(i, sizes[i]);
}

/* ---- what comes of it ---- */

enum outcome { RIGHT, REFUSED, WRONG };

static bool is_right(const struct qetl_record *record)
{
    return record->number == 4 && record->stage == QETL_STAGE_DECIDED && !record->final &&
           record->rows == 7 && record->n_entries == 2 &&
           strcmp(record->entries[0].component, "orders") == 0 &&
           strcmp(record->entries[0].data, "position 4") == 0 && record->entries[1].size == LARGE &&
           memcmp(record->entries[1].data, large, LARGE) == 0;
}

static enum outcome outcome(void)
{
    struct qetl_record decided, prepared;
    struct qetl_findings findings = {0};
    struct qetl_store *store = store_open();
    enum outcome answer = REFUSED;
    int32_t status = qetl_store_recover(store, &decided, &prepared, &findings);
    if (status == 0) {
        answer = is_right(&decided) && prepared.stage == QETL_STAGE_NONE ? RIGHT : WRONG;
        qetl_record_free(&decided);
        qetl_record_free(&prepared);
    } else if (!findings.errors || !*findings.items[0].message)
        answer = WRONG;
    qetl_findings_free(&findings);
    qetl_store_close(store);
    return answer;
}

/* ---- every length of every file ---- */

static void expect_cut(int index, size_t size, bool must_refuse)
{
    state_put();
    file_write(index, size);
    enum outcome answer = outcome();
    cr_assert_neq(answer, WRONG, "%s of %zu bytes, cut to %zu: accepted", names[index],
                  sizes[index], size);
    if (must_refuse)
        cr_assert_eq(answer, REFUSED, "%s of %zu bytes, cut to %zu", names[index], sizes[index],
                     size);
}

static void cut_all(int index, bool must_refuse, size_t step)
{
    for (size_t size = 0; size < sizes[index]; size += step)
        expect_cut(index, size, must_refuse);
}

Test(store_damage, database_cut_at_each_byte)
{
    state_make(false);
    cut_all(0, true, 1);
    state_forget();
}

Test(store_damage, log_cut_at_each_byte)
{
    state_make(true);
    cut_all(1, true, 1);
    state_forget();
}

Test(store_damage, anchor_and_large_entry_cut)
{
    state_make(true);
    cut_all(2, false, 1);
    cut_all(3, true, 97);
    state_forget();
}

Test(store_damage, each_file_missing)
{
    for (int i = 0; i < FILES; i++) {
        state_make(true);
        state_put();
        store_unlink(names[i]);
        enum outcome answer = outcome();
        cr_expect_eq(answer, i == 2 ? RIGHT : REFUSED, "without %s: %d", names[i], answer);
        state_forget();
        store_unlink_matching("");
    }
}

/* ---- flipped bits, and garbage ---- */

static uint64_t seed(void)
{
    const char *text = getenv("SEED");
    uint64_t number = text ? strtoull(text, NULL, 10) : 1;
    fprintf(stderr, "SEED=%llu\n", (unsigned long long)number);
    return number;
}

static void flip(uint64_t *draw, int index)
{
    for (size_t at = 0; at < sizes[index]; at += index == 3 ? 997 : 3) {
        size_t byte = at + (size_t)random_below(draw, 3);
        if (byte >= sizes[index])
            break;
        char bit = (char)(1 << random_below(draw, 8));
        state_put();
        contents[index][byte] ^= bit;
        file_write(index, sizes[index]);
        contents[index][byte] ^= bit;
        enum outcome answer = outcome();
        cr_assert_neq(answer, WRONG, "%s: bit %d of byte %zu flipped: accepted", names[index], bit,
                      byte);
    }
}

Test(store_damage, flipped_bits)
{
    uint64_t draw = seed();
    for (int in_log = 0; in_log < 2; in_log++) {
        state_make(in_log);
        for (int i = 0; i < FILES; i++)
            flip(&draw, i);
        state_forget();
        store_unlink_matching("");
    }
}

Test(store_damage, garbage)
{
    uint64_t draw = seed();
    state_make(false);
    for (int i = 0; i < 200; i++) {
        size_t from = (size_t)random_below(&draw, (int64_t)sizes[0]), to = from;
        char *kept = malloc(sizes[0]);
        memcpy(kept, contents[0], sizes[0]);
        for (; to < sizes[0] && to < from + 5000; to++)
            contents[0][to] = (char)random_below(&draw, 256);
        state_put();
        cr_assert_neq(outcome(), WRONG, "garbage from byte %zu on is accepted", from);
        memcpy(contents[0], kept, sizes[0]);
        free(kept);
    }
    state_forget();
}

/* ---- what is refused stays, and stays refused ---- */

static void damage(void)
{
    state_make(true);
    store_unlink("state.db-wal");
}

static int32_t refused(const char *code, const char *words)
{
    struct qetl_record decided, prepared;
    struct qetl_findings findings = {0};
    struct qetl_store *store = store_open();
    int32_t status = qetl_store_recover(store, &decided, &prepared, &findings);
    cr_assert_eq(findings.count, 1);
    cr_expect_str_eq(findings.items[0].code, code);
    cr_expect_not_null(strstr(findings_text(&findings), words), "%s", findings_text(&findings));
    cr_expect_eq(qetl_store_decide(store, &(struct qetl_record){.number = 5}), QETL_E_ENVIRONMENT);
    qetl_findings_free(&findings);
    qetl_store_close(store);
    return status;
}

Test(store_damage, unreadable_is_set_aside_until_clear)
{
    damage();
    cr_expect_eq(refused("state_unreadable", "state.db.unreadable-"), QETL_E_ENVIRONMENT);
    cr_expect_gt(store_count("state.db.unreadable-"), 0);
    cr_expect_eq(refused("state_unreadable", "--full-refresh"), QETL_E_ENVIRONMENT,
                 "a second run begins anew in silence");
    struct qetl_store_owner owner;
    struct qetl_store *store = store_open();
    cr_expect_eq(qetl_store_owner(store, &owner), 0);
    cr_expect_eq(qetl_store_owner_keep(store), 0);
    cr_expect_eq(qetl_store_clear(store), 0);
    cr_expect_eq(store_count("owner"), 0, "epochs are counted anew: their names must differ");
    decide(store, 4);
    qetl_store_close(store);
    cr_expect_eq(outcome(), RIGHT);
    cr_expect_gt(store_count("state.db.unreadable-"), 0, "what was set aside is not deleted");
    state_forget();
}

Test(store_damage, a_head_that_tells_of_no_epoch)
{
    sqlite3 *db;
    state_make(false);
    cr_assert_eq(sqlite3_open(store_path("state.db"), &db), 0);
    cr_assert_eq(sqlite3_exec(db, "UPDATE head SET decided = 0", NULL, NULL, NULL), 0);
    sqlite3_close(db);
    cr_expect_eq(outcome(), REFUSED);
    state_forget();
}

Test(store_damage, later_version_stays_untouched)
{
    sqlite3 *db;
    state_make(false);
    cr_assert_eq(sqlite3_open(store_path("state.db"), &db), 0);
    cr_assert_eq(sqlite3_exec(db, "PRAGMA user_version = 2; PRAGMA wal_checkpoint(TRUNCATE)", NULL,
                              NULL, NULL),
                 0);
    sqlite3_close(db);
    free(contents[0]);
    file_read(0);
    char *before = contents[0];
    cr_expect_eq(refused("state_version", "format 2"), QETL_E_ENVIRONMENT);
    struct qetl_store *store = store_open();
    cr_expect_eq(qetl_store_clear(store), QETL_E_ENVIRONMENT, "not even --full-refresh");
    qetl_store_close(store);
    file_read(0);
    cr_expect_eq(memcmp(before, contents[0], sizes[0]), 0);
    free(before);
    state_forget();
}

Test(store_damage, what_a_killed_process_left_is_no_harm)
{
    struct qetl_store *store = store_open();
    close(open(store_path("new.db"), O_CREAT | O_WRONLY, 0600));
    close(open(store_path("unfinished"), O_CREAT | O_WRONLY, 0600));
    close(open(store_path("blob-00"), O_CREAT | O_WRONLY, 0600));
    memset(large, 'x', LARGE);
    decide(store, 4);
    qetl_store_close(store);
    cr_expect_eq(outcome(), RIGHT);
    cr_expect_eq(store_count("blob-"), 1);
}
