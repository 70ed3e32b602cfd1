/* SPDX-License-Identifier: Apache-2.0 */
/* The sink `sqlite`: what a mode makes of the table, and when others change it meanwhile. */
#include "rig_sqlite_sink.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(sqlite_sink_modes, .init = scratch, .fini = scratch_end, .timeout = 120);

/* On a connection of its own, between two epochs. */
static void other_does(const char *sql)
{
    sqlite3 *db = NULL;
    cr_assert_eq(sqlite3_open("x.db", &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void epoch_end(struct sqlite_rig *rig, uint64_t number)
{
    cr_assert_eq(rig_prepare(rig, number), QETL_OK);
    cr_assert_eq(rig_commit(rig, number), QETL_OK);
}

/* ---- While rows are written ---- */

static void lose_a_column(struct sqlite_rig *rig, const char *options)
{
    rig_begin(rig, 1, options);
    cr_assert_eq(rig_put(rig, 1, 2, "a"), QETL_OK);
    epoch_end(rig, 1);
    other_does("ALTER TABLE t DROP COLUMN t");
}

Test(sqlite_sink_modes, a_column_that_goes_meanwhile_comes_again)
{
    struct sqlite_rig rig;
    lose_a_column(&rig, "\"new_columns\": \"evolve\"");
    cr_assert_eq(rig_put(&rig, 3, 1, "b"), QETL_OK);
    epoch_end(&rig, 2);
    expect_asked("SELECT id, t IS NULL, t IS 'b' FROM t", "1 1 0,2 1 0,3 0 1");
    rig_end(&rig);
}

Test(sqlite_sink_modes, a_column_that_goes_meanwhile_is_left_out)
{
    struct sqlite_rig rig;
    lose_a_column(&rig, "\"new_columns\": \"drop\"");
    cr_assert_eq(rig_put(&rig, 3, 1, "b"), QETL_OK);
    epoch_end(&rig, 2);
    expect_asked("SELECT * FROM t", "1,2,3");
    rig_end(&rig);
}

Test(sqlite_sink_modes, a_column_that_goes_meanwhile_takes_its_rows_along)
{
    struct sqlite_rig rig;
    lose_a_column(&rig, "\"new_columns\": \"reject\"");
    cr_assert_eq(rig_put(&rig, 3, 2, "b"), QETL_OK);
    epoch_end(&rig, 2);
    cr_assert_eq(rig.fake.n_rejects, 2);
    cr_expect_str_eq(rig.fake.rejects[0].code, "new_column");
    expect_asked("SELECT * FROM t", "1,2");
    rig_end(&rig);
}

Test(sqlite_sink_modes, a_column_that_goes_meanwhile_ends_the_run)
{
    struct sqlite_rig rig;
    lose_a_column(&rig, "\"new_columns\": \"freeze\"");
    cr_expect_eq(rig_put(&rig, 3, 1, "b"), QETL_E_CONFIG);
    cr_expect(strstr(qetl_fake_host_message(&rig.fake), "the table t has no column t"), "%s",
              qetl_fake_host_message(&rig.fake));
    rig_end(&rig);
    expect_asked("SELECT * FROM t", "1,2");
}

Test(sqlite_sink_modes, a_table_that_is_emptied_is_not_emptied_again)
{
    struct sqlite_rig rig;
    rig_begin(&rig, 1, "\"mode\": \"truncate\"");
    cr_assert_eq(rig_put(&rig, 1, 2, "a"), QETL_OK);
    epoch_end(&rig, 1);
    other_does("CREATE INDEX i ON t (t)");
    cr_assert_eq(rig_put(&rig, 3, 1, "b"), QETL_OK);
    epoch_end(&rig, 2);
    expect_asked("SELECT id FROM t", "1,2,3");
    rig_end(&rig);
}

Test(sqlite_sink_modes, a_table_that_goes_meanwhile_is_made_again)
{
    struct sqlite_rig rig;
    rig_begin(&rig, 1, "");
    cr_assert_eq(rig_put(&rig, 1, 2, "a"), QETL_OK);
    epoch_end(&rig, 1);
    other_does("DROP TABLE t");
    cr_assert_eq(rig_put(&rig, 3, 1, "b"), QETL_OK);
    epoch_end(&rig, 2);
    expect_asked("SELECT * FROM t", "3 b");
    rig_end(&rig);
}

/* ---- Replaced ---- */

Test(sqlite_sink_modes, a_run_that_was_given_up_leaves_the_table_as_it_was)
{
    static const char *const REPLACE = "\"mode\": \"replace\"";
    struct sqlite_rig rig;
    other_does("CREATE TABLE t (old); INSERT INTO t VALUES (7)");
    rig_begin(&rig, 1, REPLACE);
    cr_assert_eq(rig_put(&rig, 1, 2, "a"), QETL_OK);
    epoch_end(&rig, 1);
    rig_end(&rig);
    expect_asked("SELECT * FROM t", "7");
    expect_asked("SELECT count(*) FROM _qetl_new_t", "2");
    rig_begin(&rig, 2, REPLACE); /* anew */
    cr_assert_eq(rig_put(&rig, 5, 1, "b"), QETL_OK);
    rig.final = true;
    epoch_end(&rig, 2);
    rig_end(&rig);
    expect_asked("SELECT * FROM t", "5 b");
    expect_asked("SELECT count(*) FROM sqlite_schema WHERE name = '_qetl_new_t'", "0");
}

Test(sqlite_sink_modes, what_was_prepared_and_given_up_shows_nothing)
{
    struct sqlite_rig rig;
    other_does("CREATE TABLE t (old); INSERT INTO t VALUES (7)");
    rig_begin(&rig, 1, "\"mode\": \"replace\"");
    cr_assert_eq(rig_put(&rig, 1, 2, "a"), QETL_OK);
    rig.final = true;
    cr_assert_eq(rig_prepare(&rig, 1), QETL_OK);
    cr_assert_eq(rig_prepare(&rig, 1), QETL_OK); /* as the host may ask */
    cr_assert_eq(rig_abort(&rig, 1), QETL_OK);
    rig_end(&rig);
    expect_asked("SELECT * FROM t", "7");
}

/* ---- Versions ---- */

Test(sqlite_sink_modes, versions_of_one_epoch_hold_from_one_moment_on)
{
    struct sqlite_rig rig;
    rig_begin(&rig, 1, "\"mode\": \"scd2\", \"key\": \"id\"");
    cr_assert_eq(rig_put(&rig, 1, 3, "a"), QETL_OK);
    cr_assert_eq(rig_put(&rig, 1, 1, "b"), QETL_OK); /* of the same moment: overwritten */
    epoch_end(&rig, 1);
    expect_asked("SELECT id, t, valid_to IS NULL, is_current FROM t ORDER BY id",
                 "1 b 1 1,2 a 1 1,3 a 1 1");
    expect_asked("SELECT count(DISTINCT valid_from) FROM t", "1");
    cr_assert_eq(rig_put(&rig, 1, 2, "a"), QETL_OK);
    epoch_end(&rig, 2);
    expect_asked("SELECT id, t, valid_to IS NULL, is_current FROM t ORDER BY id, valid_from",
                 "1 b 0 0,1 a 1 1,2 a 1 1,3 a 1 1");
    expect_asked("SELECT count(*) FROM t WHERE valid_to <= valid_from", "0");
    rig_end(&rig);
}

Test(sqlite_sink_modes, a_version_that_is_refused_leaves_the_former_one)
{
    struct sqlite_rig rig;
    rig_begin(&rig, 1, "\"mode\": \"scd2\", \"key\": \"id\"");
    cr_assert_eq(rig_put(&rig, 1, 2, "a"), QETL_OK);
    epoch_end(&rig, 1);
    other_does("CREATE TRIGGER no BEFORE INSERT ON t WHEN new.id = 1 BEGIN "
               "SELECT raise(ABORT, 'no'); END");
    cr_assert_eq(rig_put(&rig, 1, 2, "b"), QETL_OK);
    epoch_end(&rig, 2);
    cr_assert_eq(rig.fake.n_rejects, 1);
    cr_expect_str_eq(rig.fake.rejects[0].code, "trigger");
    expect_asked("SELECT id, t FROM t WHERE is_current ORDER BY id", "1 a,2 b");
    rig_end(&rig);
}
