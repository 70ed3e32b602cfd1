/* SPDX-License-Identifier: Apache-2.0 */
/* The sink `sqlite`: rows and epochs in one transaction, over the fake host. */
#include "rig_sqlite_sink.h"
#include "sdk_random.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char COUNT[] = "SELECT count(*) FROM t";
static const char EPOCH[] = "SELECT pipeline, component, epoch, generation FROM _qetl_epochs";

TestSuite(sqlite_sink, .init = scratch, .fini = scratch_end, .timeout = 120);

/* ---- One epoch after the other ---- */

Test(sqlite_sink, shows_rows_and_epoch_at_commit_and_not_before)
{
    struct sqlite_rig rig;
    uint64_t number = 9;
    cr_assert_eq(rig_make(&rig, 7, "\"journal_mode\": \"wal\""),
                 QETL_OK); /* so that others may look */
    cr_assert_eq(rig_last(&rig, &number), QETL_OK);
    cr_expect_eq(number, 0);
    cr_assert_eq(rig_open(&rig), QETL_OK);
    cr_assert_eq(rig_put(&rig, 1, 3, NULL), QETL_OK);
    cr_assert_eq(rig_prepare(&rig, 4), QETL_OK);
    expect_asked("SELECT count(*) FROM sqlite_schema WHERE name = 't'", "0");
    expect_asked(EPOCH, "p out 0 7");
    cr_assert_eq(rig_commit(&rig, 4), QETL_OK);
    expect_asked(COUNT, "3");
    expect_asked(EPOCH, "p out 4 7");
    cr_expect_eq(rig.fake.n_outputs, 1);
    cr_expect_eq(rig.fake.outputs[0].rows, 3);
    rig_end(&rig);
}

Test(sqlite_sink, goes_on_behind_a_commit)
{
    struct sqlite_rig rig;
    rig_begin(&rig, 1, "");
    for (uint64_t epoch = 1; epoch <= 5; epoch++) {
        cr_assert_eq(rig_put(&rig, (int64_t)epoch * 10, 2, NULL), QETL_OK);
        cr_assert_eq(rig_prepare(&rig, epoch), QETL_OK);
        cr_assert_eq(rig_commit(&rig, epoch), QETL_OK);
    }
    expect_asked(COUNT, "10");
    cr_assert_eq(rig_prepare(&rig, 6), QETL_OK);
    cr_assert_eq(rig_commit(&rig, 6), QETL_OK);
    expect_asked(EPOCH, "p out 6 1");
    rig_end(&rig);
}

Test(sqlite_sink, commit_and_abort_may_come_again_and_out_of_order)
{
    struct sqlite_rig rig;
    uint64_t number;
    rig_begin(&rig, 1, "");
    cr_assert_eq(rig_put(&rig, 1, 3, NULL), QETL_OK);
    cr_assert_eq(rig_prepare(&rig, 1), QETL_OK);
    cr_assert_eq(rig_prepare(&rig, 1), QETL_OK);
    cr_assert_eq(rig_commit(&rig, 1), QETL_OK);
    cr_expect_eq(rig_commit(&rig, 1), QETL_OK);
    cr_expect_eq(rig_abort(&rig, 1), QETL_OK);
    cr_expect_eq(rig_commit(&rig, 2), QETL_E_RETRY_EPOCH);
    cr_assert_eq(rig_put(&rig, 10, 3, NULL), QETL_OK);
    cr_assert_eq(rig_prepare(&rig, 2), QETL_OK);
    cr_expect_eq(rig_abort(&rig, 2), QETL_OK);
    cr_expect_eq(rig_abort(&rig, 2), QETL_OK);
    cr_expect_eq(rig_commit(&rig, 2), QETL_E_RETRY_EPOCH);
    cr_expect_eq(rig_commit(&rig, 1), QETL_OK);
    rig_end(&rig);
    expect_asked(COUNT, "3");
    cr_assert_eq(rig_make(&rig, 2, ""), QETL_OK);
    cr_assert_eq(rig_last(&rig, &number), QETL_OK);
    cr_expect_eq(number, 1);
    cr_expect_eq(rig_abort(&rig, 2), QETL_OK);
    rig_end(&rig);
}

Test(sqlite_sink, keeps_no_notes_where_nobody_asks_for_them)
{
    struct sqlite_rig rig;
    cr_assert_eq(rig_make(&rig, 1, ""), QETL_OK);
    cr_assert_eq(rig_open(&rig), QETL_OK);
    cr_assert_eq(rig_put(&rig, 1, 3, NULL), QETL_OK);
    cr_assert_eq(rig_prepare(&rig, 1), QETL_OK);
    cr_assert_eq(rig_commit(&rig, 1), QETL_OK);
    rig_end(&rig);
    expect_asked("SELECT name FROM sqlite_schema", "t");
}

Test(sqlite_sink, leaves_no_empty_file_behind)
{
    struct sqlite_rig rig;
    cr_assert_eq(rig_make(&rig, 1, ""), QETL_OK);
    cr_assert_eq(rig_open(&rig), QETL_OK);
    cr_assert_eq(rig_put(&rig, 1, 3, NULL), QETL_OK);
    rig_end(&rig);
    cr_expect_neq(access("x.db", F_OK), 0);
}

/* ---- Two processes ---- */

Test(sqlite_sink, tells_who_is_too_late)
{
    struct sqlite_rig old, new;
    uint64_t number;
    rig_begin(&old, 1, "");
    cr_assert_eq(rig_put(&old, 1, 3, NULL), QETL_OK);
    cr_assert_eq(rig_make(&new, 2, ""), QETL_OK);
    cr_expect_eq(rig_last(&new, &number), QETL_E_RETRY_CALL, "the old one holds the lock");
    cr_assert_eq(rig_prepare(&old, 1), QETL_OK);
    cr_assert_eq(rig_commit(&old, 1), QETL_OK);
    cr_assert_eq(rig_last(&new, &number), QETL_OK);
    cr_expect_eq(number, 1);
    cr_assert_eq(rig_put(&old, 10, 3, NULL), QETL_OK);
    cr_expect_eq(rig_prepare(&old, 2), QETL_E_FENCED);
    cr_expect_eq(rig_last(&old, &number), QETL_E_FENCED);
    rig_end(&old);
    rig_end(&new);
    expect_asked(COUNT, "3");
    expect_asked(EPOCH, "p out 1 2");
}

/* What a process leaves behind that is killed where `steps` end: w(rite) p(repare) c(ommit). */
static void killed_behind(const char *steps, uint64_t generation)
{
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        struct sqlite_rig rig;
        rig_begin(&rig, generation, "");
        for (const char *at = steps; *at; at++)
            if (*at == 'w'   ? rig_put(&rig, (int64_t)generation * 100, 50, NULL)
                : *at == 'p' ? rig_prepare(&rig, generation)
                             : rig_commit(&rig, generation))
                _exit(1);
        kill(getpid(), SIGKILL);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status), "the child failed");
}

Test(sqlite_sink, knows_after_a_kill_what_was_committed)
{
    static const char *const modes[] = {"\"journal_mode\": \"wal\"",
                                        "\"journal_mode\": \"delete\""};
    for (int m = 0; m < 2; m++) {
        struct sqlite_rig rig;
        uint64_t number;
        unlink("x.db");
        rig_begin(&rig, 1, modes[m]);
        cr_assert_eq(rig_prepare(&rig, 1), QETL_OK);
        cr_assert_eq(rig_commit(&rig, 1), QETL_OK);
        rig_end(&rig);
        killed_behind("w", 2);
        expect_asked(COUNT, "0");
        killed_behind("wp", 3);
        expect_asked(COUNT, "0");
        expect_asked(EPOCH, "p out 1 3");
        killed_behind("wpc", 4);
        killed_behind("wpcw", 5);
        cr_assert_eq(rig_make(&rig, 6, ""), QETL_OK);
        cr_assert_eq(rig_last(&rig, &number), QETL_OK);
        cr_expect_eq(number, 5);
        cr_assert_eq(rig_abort(&rig, 6), QETL_OK);
        rig_end(&rig);
        expect_asked(COUNT, "100");
    }
}

/* Any order of calls against what they mean. */
Test(sqlite_sink, is_what_a_model_says)
{
    uint64_t random = 20261121;
    struct sqlite_rig rig;
    uint64_t generation = 1, epoch = 1, committed = 0, number;
    int64_t next = 0, staged = 0, shown = 0;
    bool prepared = false;
    rig_begin(&rig, generation, "");
    for (int step = 0; step < 400; step++) {
        switch (random_below(&random, 6)) {
        case 0:
        case 1: {
            int64_t n = 1 + (int64_t)random_below(&random, 200);
            cr_assert_eq(rig_put(&rig, next, n, NULL), QETL_OK);
            next += n;
            staged += n;
            prepared = false;
            break;
        }
        case 2:
            cr_assert_eq(rig_prepare(&rig, epoch), QETL_OK);
            prepared = true;
            break;
        case 3:
            if (!prepared)
                break;
            cr_assert_eq(rig_commit(&rig, epoch), QETL_OK);
            shown += staged;
            staged = 0;
            committed = epoch++;
            prepared = false;
            break;
        case 4:
            cr_assert_eq(rig_abort(&rig, epoch), QETL_OK);
            staged = 0;
            epoch += prepared;
            prepared = false;
            if (committed)
                break;
            __attribute__((fallthrough)); /* the table is gone, too */
        default:
            rig_end(&rig);
            cr_assert_eq(rig_make(&rig, ++generation, ""), QETL_OK);
            cr_assert_eq(rig_last(&rig, &number), QETL_OK);
            cr_assert_eq(number, committed);
            cr_assert_eq(rig_open(&rig), QETL_OK);
            staged = 0;
            prepared = false;
        }
    }
    rig_end(&rig);
    char wanted[32];
    snprintf(wanted, sizeof wanted, "%lld", (long long)shown);
    expect_asked(COUNT, wanted);
}

/* ---- State ---- */

struct state {
    char data[16];
    size_t size, at;
};

static int32_t state_write(void *stream, const void *data, size_t size)
{
    struct state *state = stream;
    cr_assert_leq(state->size + size, sizeof state->data);
    memcpy(state->data + state->size, data, size);
    state->size += size;
    return QETL_OK;
}

static int64_t state_read(void *stream, void *data, size_t capacity)
{
    struct state *state = stream;
    if (!capacity || state->at == state->size)
        return 0;
    memcpy(data, state->data + state->at++, 1);
    return 1;
}

Test(sqlite_sink, empties_the_table_once_a_run)
{
    static const char *const TRUNCATE = "\"mode\": \"truncate\"";
    struct sqlite_rig rig;
    struct state state = {.size = 0};
    uint32_t version;
    uint64_t number;
    struct qetl_writer out = {&state, state_write};
    struct qetl_reader in = {&state, state_read};
    rig_begin(&rig, 1, "");
    cr_assert_eq(rig_put(&rig, 1, 3, NULL), QETL_OK);
    cr_assert(!rig_prepare(&rig, 1) && !rig_commit(&rig, 1));
    rig_end(&rig);
    rig_begin(&rig, 2, TRUNCATE);
    cr_assert_eq(rig_put(&rig, 10, 2, NULL), QETL_OK);
    expect_asked(COUNT, "3");
    cr_assert(!rig_prepare(&rig, 2) && !rig.component->save(rig.self, &version, &out));
    cr_assert_eq(rig_commit(&rig, 2), QETL_OK);
    expect_asked(COUNT, "2");
    rig_end(&rig);
    /* goes on */
    cr_assert(!rig_make(&rig, 3, TRUNCATE) && !rig_last(&rig, &number));
    cr_expect_eq(rig.component->restore(rig.self, version + 1, &in), QETL_E_UNSUPPORTED);
    cr_assert(!rig.component->restore(rig.self, version, &in) && !rig_open(&rig));
    cr_assert_eq(rig_put(&rig, 20, 2, NULL), QETL_OK);
    cr_assert(!rig_prepare(&rig, 3) && !rig_commit(&rig, 3));
    expect_asked(COUNT, "4");
    rig_end(&rig);
}

Test(sqlite_sink, takes_no_state_that_is_none)
{
    static const char *const damaged[] = {"", "0", "11", "\xb1"};
    struct sqlite_rig rig;
    cr_assert_eq(rig_make(&rig, 1, ""), QETL_OK);
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        struct state state = {.size = strlen(damaged[i])};
        struct qetl_reader in = {&state, state_read};
        memcpy(state.data, damaged[i], state.size);
        cr_expect_eq(rig.component->restore(rig.self, 1, &in), QETL_E_UNSUPPORTED, "%zu", i);
    }
    rig_end(&rig);
}

/* ---- What goes wrong ---- */

static void release_nothing(struct ArrowArray *array)
{
    array->release = NULL;
}

/* SQLite takes a thousand million bytes; what it does not take would be NULL. */
Test(sqlite_sink, a_value_that_sqlite_refuses_is_no_null)
{
    const size_t sizes[] = {1000000001, 4};
    struct sqlite_rig rig;
    char *data = mmap(NULL, sizes[0], PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int64_t ids[2] = {1, 2}, data_size = (int64_t)sizes[0];
    int32_t views[2][4] = {{1000000001, 0, 0, 0}, {4, 0x64636261, 0, 0}};
    const void *id_buffers[] = {NULL, ids}, *none[] = {NULL};
    const void *text_buffers[] = {NULL, views, data, &data_size};
    struct ArrowArray id = {2, 0, 0, 2, 0, id_buffers, NULL, NULL, release_nothing, NULL};
    struct ArrowArray text = {2, 0, 0, 4, 0, text_buffers, NULL, NULL, release_nothing, NULL};
    struct ArrowArray *children[] = {&id, &text};
    struct ArrowArray batch = {2, 0, 0, 1, 2, none, children, NULL, release_nothing, NULL};
    struct qetl_write write = {.struct_size = sizeof write, .batch = &batch, .rows = 2};
    cr_assert_neq(data, MAP_FAILED);
    rig_begin(&rig, 1, "");
    cr_assert_eq(rig.component->sink->write(rig.self, &write), QETL_OK);
    cr_expect_eq(write.rows_written, 1);
    cr_assert_eq(rig.fake.n_rejects, 1);
    cr_expect_str_eq(rig.fake.rejects[0].code, "too_big");
    cr_expect_eq(rig.fake.rejects[0].row, 0);
    cr_assert(!rig_prepare(&rig, 1) && !rig_commit(&rig, 1));
    rig_end(&rig);
    expect_asked("SELECT id, t FROM t", "2 abcd");
    munmap(data, sizes[0]);
}

Test(sqlite_sink, waits_for_readers_at_prepare)
{
    struct sqlite_rig rig;
    sqlite3 *reader;
    rig_begin(&rig, 1, "");
    cr_assert(!rig_put(&rig, 1, 3, NULL) && !rig_prepare(&rig, 1) && !rig_commit(&rig, 1));
    cr_assert_eq(sqlite3_open("x.db", &reader), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM t", NULL, NULL, NULL),
                 SQLITE_OK);
    cr_assert_eq(rig_put(&rig, 10, 3, NULL), QETL_OK);
    cr_expect_eq(rig_prepare(&rig, 2), QETL_E_RETRY_CALL);
    cr_expect_str_eq(rig.fake.errors[0].vendor_code, "SQLITE_BUSY");
    cr_expect_eq(rig_prepare(&rig, 2), QETL_E_RETRY_CALL);
    sqlite3_close(reader);
    cr_expect_eq(rig_prepare(&rig, 2), QETL_OK);
    cr_expect_eq(rig_commit(&rig, 2), QETL_OK);
    rig_end(&rig);
    expect_asked(COUNT, "6");
}

Test(sqlite_sink, waits_for_writers_before_it_stages)
{
    struct sqlite_rig rig;
    sqlite3 *writer;
    rig_begin(&rig, 1, "");
    cr_assert(!rig_prepare(&rig, 1) && !rig_commit(&rig, 1));
    cr_assert_eq(sqlite3_open("x.db", &writer), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(writer, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    cr_expect_eq(rig_put(&rig, 1, 3, NULL), QETL_E_RETRY_CALL);
    sqlite3_close(writer);
    cr_expect_eq(rig_put(&rig, 1, 3, NULL), QETL_OK);
    cr_assert(!rig_prepare(&rig, 2) && !rig_commit(&rig, 2));
    rig_end(&rig);
    expect_asked(COUNT, "3");
}

Test(sqlite_sink, says_that_the_disk_is_full)
{
    struct sqlite_rig rig;
    rig_begin(&rig, 1, "");
    cr_assert(!rig_put(&rig, 1, 3, NULL) && !rig_prepare(&rig, 1) && !rig_commit(&rig, 1));
    rig_end(&rig);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){64 << 10, 64 << 10});
    rig_begin(&rig, 2, "");
    int32_t status = QETL_OK;
    for (int64_t i = 1; !status && i < 100; i++)
        status = rig_put(&rig, i * 1000, 1000, NULL);
    cr_expect_eq(status, QETL_E_ENVIRONMENT);
    cr_expect(strstr("SQLITE_FULL SQLITE_IOERR", rig.fake.errors[0].vendor_code));
    cr_expect_eq(rig_commit(&rig, 2), QETL_E_RETRY_EPOCH);
    rig_end(&rig);
    expect_asked(COUNT, "3");
    expect_asked(EPOCH, "p out 1 2");
}

Test(sqlite_sink, tells_apart_rows_and_the_whole)
{
    static const struct {
        const char *trigger;
        int32_t status;
        const char *code, *rows;
    } cases[] = {
        {"RAISE(ABORT, 'no')", QETL_OK, "trigger", "2"},
        {"RAISE(IGNORE)", QETL_OK, "ignored", "2"},
        {"RAISE(FAIL, 'no')", QETL_E_DATA, NULL, "0"},
        {"RAISE(ROLLBACK, 'no')", QETL_E_DATA, NULL, "0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sqlite_rig rig;
        char sql[300];
        unlink("x.db");
        snprintf(sql, sizeof sql,
                 "CREATE TRIGGER x %s INSERT ON t WHEN new.id = 2 BEGIN SELECT %s; END",
                 i == 1 ? "BEFORE" : "AFTER", cases[i].trigger);
        asked("CREATE TABLE t (id INTEGER PRIMARY KEY, t TEXT)");
        asked(sql);
        rig_begin(&rig, 1, "");
        cr_expect_eq(rig_put(&rig, 1, 3, NULL), cases[i].status, "%s", cases[i].trigger);
        cr_expect_eq(rig.fake.n_rejects, cases[i].code != NULL);
        if (rig.fake.n_rejects) {
            cr_expect_str_eq(rig.fake.rejects[0].code, cases[i].code);
            cr_expect_eq(rig.fake.rejects[0].row, 1);
        }
        if (!cases[i].status)
            cr_assert(!rig_prepare(&rig, 1) && !rig_commit(&rig, 1));
        rig_end(&rig);
        expect_asked(COUNT, cases[i].rows);
    }
}

/* A conflict is told, whatever the table would do about it. */
Test(sqlite_sink, loses_no_row_to_the_table_s_own_rules)
{
    static const char *const rules[] = {"IGNORE", "REPLACE", "FAIL", "ROLLBACK", "ABORT"};
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct sqlite_rig rig;
        char sql[200];
        unlink("x.db");
        snprintf(sql, sizeof sql, "CREATE TABLE t (id INTEGER, t TEXT UNIQUE ON CONFLICT %s)",
                 rules[i]);
        asked(sql);
        rig_begin(&rig, 1, "");
        cr_expect_eq(rig_put(&rig, 1, 3, "same"), QETL_OK);
        cr_expect_eq(rig.fake.n_rejects, 2);
        cr_assert(!rig_prepare(&rig, 1) && !rig_commit(&rig, 1));
        rig_end(&rig);
        expect_asked("SELECT id FROM t", "1");
    }
}

Test(sqlite_sink, reports_files_that_are_no_databases)
{
    struct sqlite_rig rig;
    text_put("x.db", "this is no database, and long enough to be looked at as one: "
                     "0123456789012345678901234567890123456789012345678901234567890");
    cr_expect_eq(rig_make(&rig, 1, ""), QETL_E_DATA);
    cr_expect_str_eq(rig.fake.errors[0].vendor_code, "SQLITE_NOTADB");
    rig_end(&rig);
    cr_expect_eq(rig_make(&rig, 1, "\"path\": \":memory:\""), QETL_E_CONFIG);
    rig_end(&rig);
    mkdir("folder", 0777);
    cr_expect_eq(rig_make(&rig, 1, "\"path\": \"folder\""), QETL_E_ENVIRONMENT);
    rig_end(&rig);
}

/* As somebody who may not write there, whoever runs the test. */
static void become_nobody(void)
{
    cr_assert(getuid() != 0 || seteuid(65534) == 0);
}

Test(sqlite_sink, says_that_it_may_not_write)
{
    struct sqlite_rig rig;
    cr_assert(!mkdir("closed", 0755) && !chmod(".", 0755));
    rig_begin(&rig, 1, "\"path\": \"closed/x.db\"");
    cr_assert(!rig_put(&rig, 1, 3, NULL) && !rig_prepare(&rig, 1) && !rig_commit(&rig, 1));
    rig_end(&rig);
    cr_assert_eq(chmod("closed", 0555), 0);
    become_nobody();
    cr_expect_eq(rig_make(&rig, 2, "\"path\": \"closed/new.db\""), QETL_OK);
    cr_expect_eq(rig_open(&rig), QETL_E_ENVIRONMENT);
    cr_expect_str_eq(rig.fake.errors[0].vendor_code, "SQLITE_CANTOPEN");
    rig_end(&rig);
    cr_expect_eq(rig_make(&rig, 2, "\"path\": \"closed/no/new.db\""), QETL_OK);
    cr_expect_eq(rig_open(&rig), QETL_E_ENVIRONMENT);
    cr_expect(strstr(qetl_fake_host_message(&rig.fake), "its folder cannot be made"));
    rig_end(&rig);
    int32_t status = rig_make(&rig, 2, "\"path\": \"closed/x.db\"");
    status = status ? status : rig_open(&rig);
    status = status ? status : rig_put(&rig, 10, 3, NULL);
    cr_expect_eq(status, QETL_E_ENVIRONMENT);
    cr_expect(strstr("SQLITE_READONLY SQLITE_CANTOPEN", rig.fake.errors[0].vendor_code));
    rig_end(&rig);
    cr_expect_eq(seteuid(getuid()), 0);
    cr_assert_eq(chmod("closed", 0755), 0);
}

Test(sqlite_sink, writes_tables_of_other_kinds)
{
    static const char *const tables[] = {
        "CREATE TABLE t (id INTEGER, t TEXT, PRIMARY KEY (t, id)) WITHOUT ROWID",
        "CREATE VIRTUAL TABLE t USING fts5(id, t)",
        "CREATE TABLE t (id INTEGER, t TEXT, twice AS (id * 2) STORED)",
        "CREATE TABLE t (id ANY, t ANY) STRICT",
    };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        struct sqlite_rig rig;
        unlink("x.db");
        asked(tables[i]);
        rig_begin(&rig, 1, "");
        cr_assert(!rig_put(&rig, 1, 3, NULL) && !rig_prepare(&rig, 1) && !rig_commit(&rig, 1));
        rig_end(&rig);
        expect_asked("SELECT id FROM t ORDER BY id", "1,2,3");
        expect_asked("SELECT count(*) FROM t WHERE t = '2'", "1");
    }
    struct sqlite_rig rig;
    asked("CREATE VIEW v AS SELECT * FROM t");
    cr_assert_eq(rig_make(&rig, 1, "\"table\": \"v\""), QETL_OK);
    cr_expect_eq(rig_open(&rig), QETL_E_CONFIG);
    rig_end(&rig);
}
