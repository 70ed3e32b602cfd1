/* SPDX-License-Identifier: Apache-2.0 */
/* The source `sqlite`: positions, one state of the database, what it leaves out, over the fake
 * host. */
#include "rig_sqlite_source.h"
#include "sdk_random.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(sqlite_source, .init = scratch, .fini = scratch_end, .timeout = 120);

/* ---- Positions ---- */

/* From behind each batch on comes what came behind it the first time. */
static void expect_to_go_on(const char *options, int64_t n, int64_t most)
{
    struct reader all, first;
    reader_all(&all, options);
    cr_assert_eq(all.n_rows, n, "%s", options);
    cr_assert_eq(reader_make(&first, options), QETL_OK);
    cr_assert_eq(reader_open(&first, NULL), QETL_OK);
    while (reader_next(&first, most) == QETL_BATCH) {
        struct reader rest;
        cr_assert_gt(first.position_size, 0);
        cr_assert_eq(reader_make(&rest, options), QETL_OK);
        cr_assert_eq(reader_open(&rest, &first), QETL_OK);
        cr_assert_eq(reader_rest(&rest, 0), QETL_END);
        int64_t size = first.rows.space.size;
        cr_assert_eq(size + rest.rows.space.size, all.rows.space.size, "%s", options);
        cr_assert_eq(memcmp(all.rows.space.data, first.rows.space.data, (size_t)size), 0);
        if (rest.rows.space.size)
            cr_assert_eq(memcmp(all.rows.space.data + size, rest.rows.space.data,
                                (size_t)rest.rows.space.size),
                         0);
        reader_end(&rest);
    }
    cr_assert_eq(first.n_rows, n);
    reader_end(&first);
    reader_end(&all);
}

Test(sqlite_source, goes_on_behind_any_position)
{
    db_run("CREATE TABLE a (x); WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n "
           "WHERE i < 60) INSERT INTO a (rowid, x) SELECT (i - 30) * 1000000007, i FROM n;"
           "CREATE TABLE b (rowid, oid, _rowid_ INTEGER PRIMARY KEY);"
           "INSERT INTO b SELECT 'same', x, rowid FROM a;"
           "CREATE TABLE c (k TEXT COLLATE NOCASE, n INT, PRIMARY KEY (k, n DESC)) WITHOUT ROWID;"
           "INSERT INTO c SELECT char(65 + x % 7 + 32 * (x % 2)), x FROM a;"
           "CREATE TABLE d (r, b BLOB); INSERT INTO d SELECT x / 7.0, CAST(x AS BLOB) FROM a;"
           "CREATE VIEW v AS SELECT x, r FROM a JOIN d ON d.rowid = a.x");
    expect_to_go_on("\"table\": \"a\"", 60, 7);
    expect_to_go_on("\"table\": \"b\"", 60, 1);
    expect_to_go_on("\"table\": \"c\"", 60, 9);
    expect_to_go_on("\"table\": \"v\", \"key\": \"x\"", 60, 11);
    expect_to_go_on("\"query\": \"SELECT r, b FROM d -- all;\", \"key\": [\"r\"]", 60, 8);
    expect_to_go_on("\"query\": \"SELECT r, b FROM d ; \", \"key\": [\"b\", \"r\"]", 60, 8);
    expect_to_go_on("\"table\": \"a\", \"key\": \"x\", \"columns\": [\"x\"]", 60, 59);
}

Test(sqlite_source, has_no_position_without_an_order)
{
    struct reader r;
    db_run("CREATE TABLE t (x); INSERT INTO t VALUES (2), (1)");
    reader_all(&r, "\"query\": \"SELECT x FROM t ORDER BY x\"");
    cr_expect_eq(r.position_size, 0);
    expect_rows(&r, "1\n2\n");
    reader_end(&r);
}

Test(sqlite_source, refuses_keys_that_are_none)
{
    struct reader r;
    db_run("CREATE TABLE t (x, y); INSERT INTO t VALUES (1, 1), (2, 1), (NULL, 2)");
    cr_assert(!reader_make(&r, "\"query\": \"SELECT * FROM t\", \"key\": \"y\"") &&
              !reader_open(&r, NULL));
    cr_expect_eq(reader_rest(&r, 1), QETL_E_DATA);
    cr_expect(strstr(qetl_fake_host_message(&r.fake), "two rows have the same key"));
    reader_end(&r);
    cr_assert(!reader_make(&r, "\"query\": \"SELECT * FROM t\", \"key\": \"x\"") &&
              !reader_open(&r, NULL));
    cr_expect_eq(reader_rest(&r, 1), QETL_E_DATA);
    cr_expect(strstr(qetl_fake_host_message(&r.fake), "NULL in its key"));
    reader_end(&r);
}

Test(sqlite_source, notices_that_rows_have_other_numbers)
{
    struct reader r, rest;
    db_run("CREATE TABLE t (x); CREATE TABLE k (id INTEGER PRIMARY KEY, x);"
           "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 30)"
           "INSERT INTO t SELECT i FROM n; INSERT INTO k SELECT x, x FROM t;"
           "DELETE FROM t WHERE x < 10; DELETE FROM k WHERE x < 10");
    cr_assert(!reader_make(&r, "\"table\": \"t\"") && !reader_open(&r, NULL));
    cr_assert_eq(reader_next(&r, 5), QETL_BATCH);
    cr_assert(!reader_make(&rest, "\"table\": \"t\"") && !reader_open(&rest, &r));
    reader_end(&rest);
    cr_assert(!reader_make(&rest, "\"table\": \"k\"") && !reader_open(&rest, NULL));
    cr_assert_eq(reader_next(&rest, 5), QETL_BATCH);
    struct reader kept = rest;
    reader_end(&rest);
    kept.rows = (struct qetl_fake_space){0};
    struct reader position = r;
    reader_end(&r);
    db_run("VACUUM");
    cr_assert_eq(reader_make(&rest, "\"table\": \"t\""), QETL_OK);
    cr_expect_eq(reader_open(&rest, &position), QETL_E_DATA);
    cr_expect(strstr(qetl_fake_host_message(&rest.fake), "VACUUM"));
    reader_end(&rest);
    cr_assert(!reader_make(&rest, "\"table\": \"k\"") && !reader_open(&rest, &kept));
    cr_expect_eq(reader_rest(&rest, 0), QETL_END);
    cr_expect_eq(rest.n_rows, 16);
    reader_end(&rest);
}

Test(sqlite_source, refuses_positions_of_others)
{
    static const char *const blobs[] = {"", "x", "sqlpos1", "\x73\x71\x6c\x70\x6f\x73\x31\0\1\2"};
    db_run("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)");
    uint64_t random = 7;
    for (int i = 0; i < 200; i++) {
        struct reader r, other = {0};
        cr_assert_eq(reader_make(&r, "\"table\": \"t\""), QETL_OK);
        cr_assert(!reader_open(&r, NULL) && reader_next(&r, 0) == QETL_BATCH);
        memcpy(other.position, r.position, r.position_size);
        other.position_size = r.position_size;
        if (i < 4) {
            other.position_size = i == 3 ? 10 : strlen(blobs[i]);
            memcpy(other.position, blobs[i], other.position_size);
        } else {
            other.position_size = (size_t)random_below(&random, (int64_t)r.position_size + 8);
            other.position[random_below(&random, 32)] = (uint8_t)random_next(&random);
        }
        int32_t status = reader_open(&r, &other);
        cr_expect(status == QETL_OK || status == QETL_E_UNSUPPORTED);
        cr_expect(i == 0 || i > 3 || status == QETL_E_UNSUPPORTED);
        reader_end(&r);
    }
}

/* ---- One state ---- */

Test(sqlite_source, sees_one_state_whatever_others_write)
{
    static const char *const modes[] = {"wal", "delete"};
    for (int m = 0; m < 2; m++) {
        struct reader r;
        char sql[400];
        sqlite3 *writer;
        snprintf(sql, sizeof sql,
                 "PRAGMA journal_mode = %s; DROP TABLE IF EXISTS t; CREATE TABLE t (x); WITH "
                 "RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
                 "INSERT INTO t SELECT i FROM n",
                 modes[m]);
        db_run(sql);
        cr_assert(!reader_make(&r, "\"table\": \"t\"") && !reader_open(&r, NULL));
        cr_assert_eq(reader_next(&r, 100), QETL_BATCH);
        cr_assert_eq(sqlite3_open("x.db", &writer), SQLITE_OK);
        int code = sqlite3_exec(writer, "DELETE FROM t WHERE x > 500; INSERT INTO t VALUES (-1)",
                                NULL, NULL, NULL);
        cr_expect_eq(code, m ? SQLITE_BUSY : SQLITE_OK);
        sqlite3_close(writer);
        cr_expect_eq(reader_rest(&r, 0), QETL_END);
        cr_expect_eq(r.n_rows, 1000);
        reader_end(&r);
    }
}

Test(sqlite_source, waits_for_writers_so_long)
{
    sqlite3 *writer;
    struct reader r;
    db_run("CREATE TABLE t (x)");
    cr_assert_eq(sqlite3_open("x.db", &writer), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(writer, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    for (int wait_ms = 0; wait_ms <= 300; wait_ms += 300) {
        char options[100];
        snprintf(options, sizeof options, "\"table\": \"t\", \"busy_timeout_ms\": %d", wait_ms);
        int64_t begun = now_ns();
        cr_expect_eq(reader_make(&r, options), QETL_E_RETRY_CALL);
        int64_t waited_ms = (now_ns() - begun) / 1000000;
        cr_expect(waited_ms >= wait_ms && waited_ms < wait_ms + 3000, "%lld", (long long)waited_ms);
        cr_expect_str_eq(r.fake.errors[0].vendor_code, "SQLITE_BUSY");
        if (wait_ms) { /* the same call may be repeated */
            sqlite3_close(writer);
            cr_expect_eq(r.component->start(r.self), QETL_OK);
        }
        reader_end(&r);
    }
}

/* A file and a folder that may only be read are enough. */
Test(sqlite_source, needs_no_right_to_write)
{
    struct reader r;
    db_run("CREATE TABLE t (x); INSERT INTO t VALUES (1)");
    cr_assert(!chmod("x.db", 0444) && !chmod(".", 0555));
    cr_assert(getuid() != 0 || seteuid(65534) == 0);
    reader_all(&r, "\"table\": \"t\"");
    expect_rows(&r, "1\n");
    reader_end(&r);
    cr_expect_eq(seteuid(getuid()), 0);
    chmod("x.db", 0000);
    cr_assert(getuid() != 0 || seteuid(65534) == 0);
    cr_expect_eq(reader_make(&r, "\"table\": \"t\""), QETL_E_ENVIRONMENT);
    reader_end(&r);
    cr_expect_eq(seteuid(getuid()), 0);
    cr_assert_eq(chmod(".", 0755), 0);
}

Test(sqlite_source, tells_a_damaged_database)
{
    struct reader r;
    int64_t size;
    db_run("CREATE TABLE t (x); WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n "
           "WHERE i < 20000) INSERT INTO t SELECT i FROM n");
    uint8_t *data = file_get("x.db", &size);
    memset(data + size / 2, 0xff, (size_t)size / 4);
    file_put("x.db", data, (size_t)size);
    free(data);
    cr_assert(!reader_make(&r, "\"table\": \"t\"") && !reader_open(&r, NULL));
    cr_expect_eq(reader_rest(&r, 0), QETL_E_DATA);
    cr_expect_str_eq(r.fake.errors[0].vendor_code, "SQLITE_CORRUPT");
    reader_end(&r);
}

/* ---- Batches ---- */

Test(sqlite_source, holds_no_more_than_a_batch)
{
    struct reader r;
    db_run("CREATE TABLE t (x); WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n "
           "WHERE i < 40) INSERT INTO t SELECT hex(zeroblob(500000)) FROM n");
    reader_all(&r, "\"table\": \"t\"");
    cr_expect_eq(r.n_rows, 40);
    cr_expect_leq(r.largest, 5);
    reader_end(&r);
}

Test(sqlite_source, tells_rejected_rows_by_their_place)
{
    struct reader r;
    db_run("CREATE TABLE t (id INTEGER PRIMARY KEY, n INT); INSERT INTO t VALUES (1, 'a'), (2, 2), "
           "(3, 'b'), (4, 'c'), (5, 5), (6, 'd')");
    cr_assert(!reader_make(&r, "\"table\": \"t\"") && !reader_open(&r, NULL));
    cr_assert_eq(reader_next(&r, 4), QETL_BATCH);
    cr_assert_eq(reader_next(&r, 4), QETL_BATCH);
    cr_expect_eq(reader_next(&r, 4), QETL_END);
    static const int64_t rows[] = {0, 2, 3, 1};
    cr_assert_eq(r.fake.n_rejects, 4);
    for (int i = 0; i < 4; i++) {
        cr_expect_eq(r.fake.rejects[i].row, rows[i]);
        cr_expect_eq(r.fake.rejects[i].column, 1);
    }
    expect_rows(&r, "2 2\n5 5\n");
    reader_end(&r);
}

Test(sqlite_source, stands_a_lack_of_memory_at_every_place)
{
    db_run(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT, d DECIMAL(10,2), b BLOB);"
        "INSERT INTO t VALUES (1, 'a text that is no short one', 1.5, x'00'), (2, 2, NULL, NULL)");
    bool whole = false;
    for (int64_t left = 0; !whole && left < 100; left++) {
        struct reader r;
        cr_assert_eq(reader_make(&r, "\"table\": \"t\""), QETL_OK);
        r.fake.allocs_left = left;
        int32_t status = reader_open(&r, NULL);
        if (!status)
            status = reader_rest(&r, 0);
        whole = status == QETL_END;
        cr_expect(whole || status == QETL_E_NO_MEMORY, "%d", status);
        reader_end(&r);
    }
    cr_expect(whole);
}
