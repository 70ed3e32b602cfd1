/* SPDX-License-Identifier: Apache-2.0 */
/* The sink `sqlite`: what the settings of its connection do. */
#include "rig_sqlite_sink.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(sqlite_sink_settings, .init = scratch, .fini = scratch_end, .timeout = 120);

/* In place of the C library's: SQLite asks here for what it wants to be on the disk. */
static int syncs;

int fdatasync(int fd)
{
    (void)fd;
    return syncs++, 0;
}

int fsync(int fd)
{
    return fdatasync(fd);
}

static int64_t size_of(const char *name)
{
    struct stat facts;
    return stat(name, &facts) ? -1 : (int64_t)facts.st_size;
}

static int syncs_of_epoch(const char *options)
{
    struct sqlite_rig rig;
    unlink("x.db");
    rig_begin(&rig, 1, options);
    cr_assert(!rig_put(&rig, 1, 3, NULL) && !rig_prepare(&rig, 1) && !rig_commit(&rig, 1));
    syncs = 0;
    cr_assert(!rig_put(&rig, 10, 3, NULL) && !rig_prepare(&rig, 2) && !rig_commit(&rig, 2));
    int count = syncs;
    rig_end(&rig);
    return count;
}

Test(sqlite_sink_settings, synchronous_says_what_a_commit_waits_for)
{
    int off = syncs_of_epoch("\"synchronous\": \"off\"");
    int normal = syncs_of_epoch("\"synchronous\": \"normal\"");
    int full = syncs_of_epoch("\"synchronous\": \"full\"");
    int extra = syncs_of_epoch("\"synchronous\": \"extra\"");
    cr_expect_eq(off, 0);
    cr_expect(off < normal && normal < full && full < extra, "%d %d %d %d", off, normal, full,
              extra);
    int lazy = syncs_of_epoch("\"synchronous\": \"normal\", \"journal_mode\": \"wal\"");
    int eager = syncs_of_epoch("\"synchronous\": \"full\", \"journal_mode\": \"wal\"");
    cr_expect(lazy == 0 && eager > 0, "%d %d", lazy, eager);
}

Test(sqlite_sink_settings, journal_mode_says_what_stands_beside_the_database)
{
    static const struct {
        const char *options, *mode;
        int64_t least, most; /* bytes of the rollback journal between epochs */
    } cases[] = {{"\"journal_mode\": \"delete\"", "delete", -1, -1},
                 {"\"journal_mode\": \"truncate\"", "delete", 0, 0},
                 {"\"journal_mode\": \"persist\"", "delete", 1, 1 << 20},
                 {"\"journal_mode\": \"wal\"", "wal", -1, -1},
                 {"\"journal_mode\": \"keep\"", "wal", -1, -1},
                 {"\"journal_mode\": \"delete\"", "delete", -1, -1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sqlite_rig rig;
        rig_begin(&rig, i + 1, cases[i].options);
        cr_assert_eq(rig_put(&rig, (int64_t)i * 10, 3, NULL), QETL_OK);
        cr_assert(!rig_prepare(&rig, i + 1) && !rig_commit(&rig, i + 1));
        int64_t size = size_of("x.db-journal");
        cr_expect(size >= cases[i].least && size <= cases[i].most, "%s: %lld", cases[i].options,
                  (long long)size);
        expect_asked("PRAGMA journal_mode", cases[i].mode);
        rig_end(&rig);
        unlink("x.db-journal");
    }
    expect_asked("SELECT count(*) FROM t", "18");
}

/* What does not fit goes to the disk before the epoch's end. */
Test(sqlite_sink_settings, cache_mib_is_what_is_held)
{
    int64_t sizes[2];
    for (int i = 0; i < 2; i++) {
        struct sqlite_rig rig;
        unlink("x.db");
        rig_begin(&rig, 1,
                  i ? "\"journal_mode\": \"wal\", \"cache_mib\": 64"
                    : "\"journal_mode\": \"wal\", \"cache_mib\": 1");
        cr_assert_eq(rig_put(&rig, 1, 200000, "a text of some length"), QETL_OK);
        sizes[i] = size_of("x.db-wal");
        rig_end(&rig);
    }
    cr_expect(sizes[0] > 1 << 20 && sizes[1] < 1 << 18, "%lld %lld", (long long)sizes[0],
              (long long)sizes[1]);
}

Test(sqlite_sink_settings, busy_timeout_ms_is_how_long_it_waits)
{
    static const int waits_ms[] = {0, 300};
    sqlite3 *other;
    cr_assert_eq(sqlite3_open("x.db", &other), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(other, "CREATE TABLE t (id, t); BEGIN IMMEDIATE", NULL, NULL, NULL),
                 SQLITE_OK);
    for (int i = 0; i < 2; i++) {
        struct sqlite_rig rig;
        char option[60];
        snprintf(option, sizeof option, "\"busy_timeout_ms\": %d", waits_ms[i]);
        cr_assert(!rig_make(&rig, 1, option) && !rig_open(&rig));
        int64_t begun = now_ns();
        cr_expect_eq(rig_put(&rig, 1, 1, NULL), QETL_E_RETRY_CALL);
        int64_t waited_ms = (now_ns() - begun) / 1000000;
        cr_expect(waited_ms >= waits_ms[i] && waited_ms < waits_ms[i] + 3000, "%lld",
                  (long long)waited_ms);
        if (i) { /* and not longer than anyone waits for it */
            rig.fake.cancelled = 1;
            begun = now_ns();
            cr_expect_eq(rig_put(&rig, 1, 1, NULL), QETL_E_RETRY_CALL);
            cr_expect_lt(now_ns() - begun, (int64_t)3000 * 1000000);
        }
        rig_end(&rig);
    }
    sqlite3_close(other);
}

/* Each call that found it locked may be made again. */
Test(sqlite_sink_settings, what_was_busy_may_be_asked_again)
{
    struct sqlite_rig rig;
    sqlite3 *other;
    uint64_t number;
    cr_assert_eq(sqlite3_open("x.db", &other), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(other, "CREATE TABLE t (id, t); BEGIN EXCLUSIVE", NULL, NULL, NULL),
                 SQLITE_OK);
    cr_expect_eq(rig_make(&rig, 1, "\"mode\": \"truncate\""), QETL_E_RETRY_CALL);
    cr_expect_eq(rig.component->start(rig.self), QETL_E_RETRY_CALL);
    cr_assert_eq(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    cr_expect_eq(rig.component->start(rig.self), QETL_OK);
    cr_assert_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    cr_expect_eq(rig_last(&rig, &number), QETL_E_RETRY_CALL);
    cr_expect_eq(rig_open(&rig), QETL_E_RETRY_CALL);
    sqlite3_close(other);
    cr_expect_eq(rig_last(&rig, &number), QETL_OK);
    cr_expect_eq(rig_open(&rig), QETL_OK);
    cr_assert(!rig_put(&rig, 1, 3, NULL) && !rig_prepare(&rig, 1) && !rig_commit(&rig, 1));
    rig_end(&rig);
    expect_asked("SELECT count(*) FROM t", "3");
}
