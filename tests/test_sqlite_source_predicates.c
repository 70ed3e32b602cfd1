/* SPDX-License-Identifier: Apache-2.0 */
/* The source `sqlite`: what it leaves out when it is asked to. */
#include "rig_sqlite_source.h"
#include "sdk_random.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(sqlite_source_predicates, .init = scratch, .fini = scratch_end, .timeout = 120);

struct asked {
    int64_t n_columns, limit;
    const int64_t *columns;
    int32_t columns_answer, limit_answer, answers[4];
};

static void negotiate(struct reader *r, struct asked *a, int64_t n, const char *const *trees)
{
    struct qetl_pushdown request = {.struct_size = sizeof request,
                                    .n_columns = a->n_columns,
                                    .columns = a->columns,
                                    .columns_answer = &a->columns_answer,
                                    .n_predicates = n,
                                    .predicates = trees,
                                    .predicates_answer = a->answers,
                                    .limit = a->limit,
                                    .limit_answer = &a->limit_answer};
    cr_assert_eq(r->component->source->negotiate(r->self, &request), QETL_OK);
    if (a->columns_answer == QETL_PUSH_EXACT) {
        r->wants = (int64_t *)a->columns;
        r->n_wants = a->n_columns;
    }
}

/* Rows of "table" where the tree is true; its answer. */
static int32_t rows_where(struct reader *r, const char *options, const char *tree)
{
    struct asked asked = {.n_columns = -1, .limit = -1};
    cr_assert_eq(reader_make(r, options), QETL_OK, "%s", qetl_fake_host_message(&r->fake));
    negotiate(r, &asked, 1, &tree);
    cr_assert_eq(reader_open(r, NULL), QETL_OK, "%s", qetl_fake_host_message(&r->fake));
    cr_assert_eq(reader_rest(r, 0), QETL_END, "%s", qetl_fake_host_message(&r->fake));
    return asked.answers[0];
}

static void expect_where(const char *options, const char *tree, int32_t answer, const char *rows)
{
    struct reader r;
    cr_expect_eq(rows_where(&r, options, tree), answer, "%s", tree);
    expect_rows(&r, rows);
    reader_end(&r);
}

#define COLUMN "{\"column\": \"x\"}"
#define CALL(op, left, right) "{\"call\": \"" op "\", \"args\": [" left ", " right "]}"
#define NUMBER(n) "{\"number\": \"" #n "\"}"
#define TEXT(t) "{\"text\": \"" t "\"}"
#define CAST(type, t) "{\"cast\": \"" type "\", \"arg\": {\"text\": \"" t "\"}}"

static const char T[] = "\"table\": \"t\", \"columns\": [\"x\"]";

Test(sqlite_source_predicates, compares_numbers_as_numbers)
{
    db_run("CREATE TABLE t (x INT); INSERT INTO t VALUES (1), (10), (9), (NULL), (-5)");
    expect_where(T, CALL(">", COLUMN, NUMBER(9)), QETL_PUSH_EXACT, "10\n");
    expect_where(T, CALL("<", NUMBER(9), COLUMN), QETL_PUSH_EXACT, "10\n");
    expect_where(T, CALL(">=", COLUMN, NUMBER(9)), QETL_PUSH_EXACT, "10\n9\n");
    expect_where(T, CALL("=", COLUMN, NUMBER(9)), QETL_PUSH_EXACT, "9\n");
    expect_where(T, CALL("<>", COLUMN, NUMBER(9)), QETL_PUSH_EXACT, "1\n10\n-5\n");
    expect_where(T, CALL("<=", COLUMN, "{\"call\": \"negate\", \"args\": [" NUMBER(5) "]}"),
                 QETL_PUSH_EXACT, "-5\n");
    expect_where(T, CALL("in", COLUMN, NUMBER(9) ", " NUMBER(1)), QETL_PUSH_EXACT, "1\n9\n");
    expect_where(T, CALL("between", COLUMN, NUMBER(1) ", " NUMBER(9)), QETL_PUSH_EXACT, "1\n9\n");
    expect_where(T, "{\"call\": \"is null\", \"args\": [" COLUMN "]}", QETL_PUSH_EXACT, "-\n");
    expect_where(T,
                 "{\"call\": \"not\", \"args\": [{\"call\": \"is null\", \"args\": [" COLUMN "]}]}",
                 QETL_PUSH_EXACT, "1\n10\n9\n-5\n");
    /* of a half-known AND what is known; of an OR nothing */
    expect_where(T, CALL("and", CALL(">", COLUMN, NUMBER(1)), CALL("like", COLUMN, TEXT("1%"))),
                 QETL_PUSH_PARTIAL, "10\n9\n");
    expect_where(T, CALL("or", CALL(">", COLUMN, NUMBER(1)), CALL("like", COLUMN, TEXT("1%"))),
                 QETL_PUSH_NO, "1\n10\n9\n-\n-5\n");
}

Test(sqlite_source_predicates, knows_what_sqlite_would_judge_otherwise)
{
    static const char *const trees[] = {
        CALL(">", COLUMN, NUMBER(1.5)),
        CALL(">", COLUMN, NUMBER(99999999999999999999)),
        CALL(">", COLUMN, TEXT("1")),
        CALL(">", COLUMN, COLUMN),
        CALL("like", COLUMN, TEXT("1")),
        CALL(">", "{\"column\": \"y\"}", NUMBER(1)),
        CALL("+", COLUMN, NUMBER(1)),
        "{\"boolean\": true}",
        "{\"column\": \"x\"}",
        "not JSON",
        CALL("=", COLUMN, "{\"null\": true}"),
    };
    db_run("CREATE TABLE t (x INT); INSERT INTO t VALUES (1), (2)");
    for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++)
        expect_where(T, trees[i], QETL_PUSH_NO, "1\n2\n");
    /* texts by type, or numbers as text, or another order of texts */
    db_run("DROP TABLE t; CREATE TABLE t (x); INSERT INTO t VALUES ('10'), ('9')");
    expect_where("\"table\": \"t\", \"types\": {\"x\": \"bigint\"}", CALL(">", COLUMN, NUMBER(9)),
                 QETL_PUSH_NO, "10\n9\n");
    db_run("DROP TABLE t; CREATE TABLE t (x DECIMAL(5,1)); INSERT INTO t VALUES (1), (2)");
    expect_where(T, CALL(">", COLUMN, NUMBER(1)), QETL_PUSH_NO, "1.0\n2.0\n");
    expect_where("\"query\": \"SELECT x FROM t\"", CALL("=", COLUMN, NUMBER(1)), QETL_PUSH_NO,
                 "1.0\n2.0\n");
}

/* Of a list beyond what SQLite takes nothing; of conditions that all hold, the first ones. */
Test(sqlite_source_predicates, stays_within_what_sqlite_takes)
{
    static char tree[60000];
    static const int64_t counts[] = {200, 1000};
    db_run("CREATE TABLE t (x INT); INSERT INTO t VALUES (1), (2), (3000)");
    for (int i = 0; i < 2; i++) {
        size_t size = (size_t)snprintf(tree, sizeof tree, "{\"call\": \"in\", \"args\": [" COLUMN);
        for (int64_t k = 1; k <= counts[i]; k++)
            size += (size_t)snprintf(tree + size, sizeof tree - size, ", {\"number\": \"%lld\"}",
                                     (long long)k * 2);
        snprintf(tree + size, sizeof tree - size, "]}");
        expect_where(T, tree, i ? QETL_PUSH_NO : QETL_PUSH_EXACT, i ? "1\n2\n3000\n" : "2\n");
        size = (size_t)snprintf(tree, sizeof tree, "{\"call\": \"and\", \"args\": [");
        for (int64_t k = 1; k <= counts[i]; k++)
            size += (size_t)snprintf(tree + size, sizeof tree - size, "%s%s", k > 1 ? ", " : "",
                                     CALL("<", COLUMN, NUMBER(9)));
        snprintf(tree + size, sizeof tree - size, "]}");
        expect_where(T, tree, i ? QETL_PUSH_PARTIAL : QETL_PUSH_EXACT, "1\n2\n");
    }
}

/* A row whose value is none of its type is told, whichever side of the border it would stand on. */
Test(sqlite_source_predicates, loses_no_value_of_another_class)
{
    static const char *const ops[] = {"=", "<>", "<", "<=", ">", ">="};
    for (int i = 0; i < 6; i++) {
        char tree[200];
        struct reader r;
        db_run("DROP TABLE IF EXISTS t; CREATE TABLE t (x INT);"
               "INSERT INTO t VALUES (5), ('a text'), (x'00')");
        snprintf(tree, sizeof tree, "{\"call\": \"%s\", \"args\": [" COLUMN ", " NUMBER(5) "]}",
                 ops[i]);
        rows_where(&r, T, tree);
        cr_expect_eq(r.fake.n_rejects, 2, "%s", ops[i]);
        reader_end(&r);
        db_run("DROP TABLE t; CREATE TABLE t (x TEXT); INSERT INTO t VALUES ('m'), (x'00')");
        snprintf(tree, sizeof tree, "{\"call\": \"%s\", \"args\": [" COLUMN ", " TEXT("m") "]}",
                 ops[i]);
        rows_where(&r, T, tree);
        cr_expect_eq(r.fake.n_rejects, 1, "%s", ops[i]);
        reader_end(&r);
        db_run("DROP TABLE t; CREATE TABLE t (x DATE); INSERT INTO t VALUES (5), (x'00'), ('x')");
        snprintf(tree, sizeof tree,
                 "{\"call\": \"%s\", \"args\": [" COLUMN ", " CAST("date", "2024-01-01") "]}",
                 ops[i]);
        rows_where(&r, T, tree);
        cr_expect_eq(r.fake.n_rejects, 3, "%s", ops[i]);
        reader_end(&r);
    }
}

Test(sqlite_source_predicates, compares_texts_by_their_bytes)
{
    db_run(
        "CREATE TABLE t (x TEXT COLLATE NOCASE); INSERT INTO t VALUES ('a'), ('B'), ('é'), ('')");
    expect_where(T, CALL("=", COLUMN, TEXT("A")), QETL_PUSH_EXACT, "");
    expect_where(T, CALL("<", COLUMN, TEXT("a")), QETL_PUSH_EXACT, "B\n\n");
    expect_where(T, CALL(">", COLUMN, TEXT("b' OR 1 --")), QETL_PUSH_EXACT, "é\n");
    remove("x.db");
    db_run(
        "PRAGMA encoding = 'UTF-16le'; CREATE TABLE t (x TEXT); INSERT INTO t VALUES ('a'), ('b')");
    expect_where(T, CALL("=", COLUMN, TEXT("a")), QETL_PUSH_NO, "a\nb\n");
}

/* From a moment on: nothing that is later may be missing. */
Test(sqlite_source_predicates, narrows_times_to_the_day)
{
    db_run("CREATE TABLE t (x TIMESTAMP WITH TIME ZONE); INSERT INTO t VALUES "
           "('2024-03-10 12:00:00Z'), ('2024-03-10T00:30:00+14:00'), ('2024-01-01'), "
           "('12024-01-01'), ('2024-03-09 23:59:59-12:00'), ('0044-03-15 BC')");
    const char *later = "2024-03-10 12:00:00+00\n2024-03-09 10:30:00+00\n12024-01-01 00:00:00+00\n"
                        "2024-03-10 11:59:59+00\n";
    expect_where(T, CALL(">=", COLUMN, CAST("timestamp with time zone", "2024-03-10 10:00:00")),
                 QETL_PUSH_PARTIAL, later);
    expect_where(T, CALL("<", CAST("timestamp with time zone", "2024-03-10 10:00:00"), COLUMN),
                 QETL_PUSH_PARTIAL, later);
    struct reader r;
    cr_expect_eq(rows_where(&r, T, CALL("<", COLUMN, CAST("timestamp", "2024-03-10"))),
                 QETL_PUSH_NO);
    cr_expect_eq(r.n_rows, 6);
    reader_end(&r);
}

Test(sqlite_source_predicates, uses_an_index)
{
    struct reader all, some;
    db_run(
        "CREATE TABLE t (x INTEGER PRIMARY KEY, y TEXT); WITH RECURSIVE n(i) AS (VALUES (1) UNION "
        "ALL SELECT i + 1 FROM n WHERE i < 200000) INSERT INTO t SELECT i, hex(i) FROM n");
    int64_t begun = now_ns();
    rows_where(&all, "\"table\": \"t\"", CALL(">", COLUMN, NUMBER(0)));
    int64_t between = now_ns();
    rows_where(&some, "\"table\": \"t\"", CALL(">", COLUMN, NUMBER(199000)));
    int64_t end = now_ns();
    cr_expect_eq(all.n_rows, 200000);
    cr_expect_eq(some.n_rows, 1000);
    cr_expect_lt((end - between) * 5, between - begun);
    reader_end(&all);
    reader_end(&some);
}

Test(sqlite_source_predicates, a_limit_counts_rows_that_are_handed_on)
{
    static const int64_t columns[] = {1};
    const char *tree = CALL(">=", COLUMN, NUMBER(2));
    struct asked asked = {.n_columns = 1, .columns = columns, .limit = 3};
    struct reader r;
    db_run(
        "CREATE TABLE t (x INTEGER PRIMARY KEY, n INT); INSERT INTO t VALUES (1, 1), (2, 'bad'), "
        "(3, 3), (4, 4), (5, 'bad'), (6, 6), (7, 'bad'), (8, 8)");
    cr_assert_eq(reader_make(&r, "\"table\": \"t\""), QETL_OK);
    negotiate(&r, &asked, 1, &tree);
    cr_expect_eq(asked.columns_answer, QETL_PUSH_EXACT);
    cr_expect_eq(asked.limit_answer, QETL_PUSH_EXACT);
    cr_assert_eq(reader_open(&r, NULL), QETL_OK);
    cr_expect_eq(reader_rest(&r, 2), QETL_END);
    expect_rows(&r, "3\n4\n6\n");
    cr_expect_eq(r.fake.n_rejects, 2);
    /* not, where the host still has rows to leave out */
    const char *other = CALL("like", COLUMN, TEXT("1"));
    asked.limit_answer = QETL_PUSH_NO;
    negotiate(&r, &asked, 1, &other);
    cr_expect_eq(asked.limit_answer, QETL_PUSH_NO);
    reader_end(&r);
}

/* ---- Any tree ---- */

struct row {
    int64_t n;
    bool null;
    char s[8];
};

struct maker {
    uint64_t random;
    char tree[4096];
    size_t size;
};

static void put(struct maker *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct maker *m, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    m->size += (size_t)vsnprintf(m->tree + m->size, sizeof m->tree - m->size, format, args);
    va_end(args);
    cr_assert_lt(m->size, sizeof m->tree);
}

/* 1 true, 0 false, -1 NULL, of a comparison of two values. */
static int judge(const char *op, int order)
{
    return op[0] == '='   ? order == 0
           : op[1] == '>' ? order != 0
           : op[0] == '<' ? (order < 0) | (op[1] == '=' && order == 0)
                          : (order > 0) | (op[1] == '=' && order == 0);
}

/* Writes a tree, and computes for each of the rows what it is. */
static void make_tree(struct maker *m, int depth, int n, const struct row *rows, int *out)
{
    static const char *const ops[] = {"=", "<>", "<", "<=", ">", ">="};
    int other[64];
    int kind = depth ? (int)random_below(&m->random, 5) : 2 + (int)random_below(&m->random, 3);
    if (kind < 2) {
        put(m, "{\"call\": \"%s\", \"args\": [", kind ? "and" : "or");
        make_tree(m, depth - 1, n, rows, out);
        put(m, ", ");
        make_tree(m, depth - 1, n, rows, other);
        put(m, "]}");
        for (int i = 0; i < n; i++) {
            int least = out[i] < other[i] ? out[i] : other[i];
            bool decided = kind ? out[i] == 0 || other[i] == 0 : out[i] == 1 || other[i] == 1;
            out[i] = decided ? !kind : least;
        }
        return;
    }
    const char *op = ops[random_below(&m->random, 6)];
    int64_t number = random_below(&m->random, 20) - 10;
    char letter = (char)('a' + random_below(&m->random, 4));
    if (kind == 2)
        put(m, "{\"call\": \"%s\", \"args\": [{\"column\": \"s\"}, {\"text\": \"%c\"}]}", op,
            letter);
    else if (number < 0)
        put(m,
            "{\"call\": \"%s\", \"args\": [{\"column\": \"n\"}, {\"call\": \"negate\", \"args\": "
            "[{\"number\": \"%lld\"}]}]}",
            op, (long long)-number);
    else
        put(m, "{\"call\": \"%s\", \"args\": [{\"column\": \"n\"}, {\"number\": \"%lld\"}]}", op,
            (long long)number);
    for (int i = 0; i < n; i++)
        out[i] = kind == 2      ? judge(op, strcmp(rows[i].s, (char[]){letter, 0}))
                 : rows[i].null ? -1
                                : judge(op, (rows[i].n > number) - (rows[i].n < number));
}

Test(sqlite_source_predicates, any_tree_is_what_it_says)
{
    enum { ROWS = 40 };
    struct row rows[ROWS];
    struct maker m = {.random = 20261121};
    char sql[8000] = "CREATE TABLE t (n INT, s TEXT); INSERT INTO t VALUES ";
    for (int i = 0; i < ROWS; i++) {
        rows[i] =
            (struct row){random_below(&m.random, 20) - 10, random_below(&m.random, 6) == 0, ""};
        for (int64_t k = random_below(&m.random, 3); k > 0; k--)
            rows[i].s[k - 1] = (char)('a' + random_below(&m.random, 4));
        char number[24] = "NULL";
        if (!rows[i].null)
            snprintf(number, sizeof number, "%lld", (long long)rows[i].n);
        size_t size = strlen(sql);
        snprintf(sql + size, sizeof sql - size, "%s(%s, '%s')", i ? ", " : "", number, rows[i].s);
    }
    db_run(sql);
    for (int round = 0; round < 150; round++) {
        int truth[ROWS], wanted = 0;
        struct reader r;
        m.size = 0;
        make_tree(&m, 3, ROWS, rows, truth);
        for (int i = 0; i < ROWS; i++)
            wanted += truth[i] == 1;
        cr_expect_eq(rows_where(&r, "\"table\": \"t\"", m.tree), QETL_PUSH_EXACT, "%s", m.tree);
        cr_expect_eq(r.n_rows, wanted, "%s", m.tree);
        reader_end(&r);
    }
}
