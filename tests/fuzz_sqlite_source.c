/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arbitrary bytes as what the source `sqlite` reads. The first byte chooses. Held: a moment or
 * number that is taken is written and read again as the same; integers are what the C library says;
 * whatever is declared gives a column or none; whatever tree is asked for, and whatever split is
 * opened, makes SQL that SQLite understands.
 */
#include "fake_host.h"
#include "plugins/sources/sqlite_source/declared.h"
#include "plugins/sources/sqlite_source/moment.h"
#include "plugins/sources/sqlite_source/number.h"
#include "plugins/sources/sqlite_source/predicate.h"
#include "plugins/sources/sqlite_source/span.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "not held: %s\n", what);
    abort();
}

/* The value as text, as qetl writes it. */
static struct qetl_text written(const char *format, const void *value, struct qetl_fake_space *room)
{
    const void *buffers[] = {NULL, value};
    struct ArrowSchema field = {.format = format, .name = "x"};
    struct ArrowArray array = {.length = 1, .n_buffers = 2, .buffers = buffers};
    struct qetl_column column;
    expect(!qetl_column_open(&column, &field, &array), "a column opens");
    qetl_render(&column, 0, &room->space);
    return (struct qetl_text){(char *)room->space.data, room->space.size};
}

static void moments(struct qetl_text text, uint8_t choice)
{
    static const char *const times[] = {"tts", "ttm", "ttu", "ttn"};
    static const char *const stamps[] = {"tss:", "tsm:", "tsu:", "tsn:"};
    static const char *const zoned[] = {"tss:UTC", "tsm:UTC", "tsu:UTC", "tsn:UTC"};
    int unit = choice >> 4 & 3;
    bool zone = choice >> 6 & 1;
    int64_t value, again;
    struct qetl_fake_space room[3];
    for (int i = 0; i < 3; i++)
        qetl_fake_space_init(&room[i]);
    if (moment_date(text, &value)) {
        int32_t days = (int32_t)value;
        expect(days == value, "a date has 32 bits");
        expect(moment_date(written("tdD", &days, &room[0]), &again) && again == value, "dates");
    }
    if (moment_time(text, unit * 3, &value)) {
        int32_t narrow = (int32_t)value;
        const void *stored = unit < 2 ? (const void *)&narrow : &value;
        expect(moment_time(written(times[unit], stored, &room[1]), unit * 3, &again) &&
                   again == value,
               "times");
    }
    if (moment_timestamp(text, unit * 3, zone, &value))
        expect(moment_timestamp(written(zone ? zoned[unit] : stamps[unit], &value, &room[2]),
                                unit * 3, zone, &again) &&
                   again == value,
               "timestamps");
    for (int i = 0; i < 3; i++)
        qetl_fake_space_free(&room[i]);
}

static void numbers(struct qetl_text text, uint8_t choice)
{
    int64_t integer;
    uint64_t natural;
    double real, again;
    qetl_int128 decimal, same;
    char *end, *copy = strndup(text.data, (size_t)text.size), shown[NUMBER_TEXT_MAX], format[16];
    errno = 0;
    if (number_int(text, &integer))
        expect(strtoll(copy, &end, 10) == integer && !*end && !errno, "integers");
    if (number_uint(text, &natural))
        expect(strtoull(copy, &end, 10) == natural && !*end && !errno, "naturals");
    if (number_real(text, &real) && real == real)
        expect(number_real(number_real_text(real, shown), &again) && again == real, "reals");
    int32_t scale = choice >> 2 & 31;
    if (number_decimal(text, scale, &decimal) && decimal < ((qetl_int128)1 << 120) &&
        decimal > -((qetl_int128)1 << 120)) {
        struct qetl_fake_space room;
        qetl_fake_space_init(&room);
        snprintf(format, sizeof format, "d:38,%d", scale);
        expect(number_decimal(written(format, &decimal, &room), scale, &same) && same == decimal,
               "decimals");
        qetl_fake_space_free(&room);
    }
    free(copy);
}

static void declarations(struct qetl_text text)
{
    struct ArrowSchema field = {0};
    char *declared = strndup(text.data, (size_t)text.size);
    int32_t status = declared_field(declared, "x", &field);
    expect(status == QETL_E_UNSUPPORTED || (!status && field.format), "a column, or none");
    qetl_schema_release(&field);
    free(declared);
}

/* A table of every kind of column, made once. */
struct relations {
    struct qetl_fake_host fake;
    struct database database;
    struct relation relation;
};

static struct relations *relations_open(void)
{
    static struct relations r;
    char path[] = "/tmp/fuzz-sqlite-XXXXXX", config[200];
    sqlite3 *db = NULL;
    int fd = mkstemp(path);
    expect(fd >= 0 && !close(fd) && !sqlite3_open(path, &db), "a file for the database");
    expect(!sqlite3_exec(db,
                         "CREATE TABLE t (n INT, s TEXT, d DATE, r REAL, \"q\"\"x\" TIMESTAMP, "
                         "id INTEGER PRIMARY KEY)",
                         NULL, NULL, NULL),
           "a table");
    sqlite3_close(db);
    snprintf(config, sizeof config, "{\"path\": \"%s\", \"table\": \"t\", \"busy_timeout_ms\": 0}",
             path);
    qetl_fake_host_init(&r.fake, config);
    r.database.env = r.fake.env;
    r.database.path = qetl_option_text(r.fake.env, "/path");
    expect(!database_open(&r.database) && !relation_open(&r.relation, &r.database), "a relation");
    unlink(path);
    return &r;
}

static struct relations *relations(void)
{
    static struct relations *r;
    r = r ? r : relations_open();
    return r;
}

static void trees(struct qetl_text text)
{
    struct relations *r = relations();
    int64_t wants[] = {0, 1};
    struct predicates predicates = {0};
    sqlite3_stmt *statement = NULL;
    char *tree = strndup(text.data, (size_t)text.size);
    int32_t answer = predicates_add(&predicates, &r->relation, tree);
    expect(answer >= QETL_PUSH_NO, "an answer");
    expect((answer > QETL_PUSH_NO) == (predicates.where != NULL), "a condition where one is known");
    struct relation_part part = {.behind = true, .where = predicates.where};
    char *sql = relation_select(&r->relation, &r->database, 2, wants, &part);
    expect(sqlite3_prepare_v2(r->database.db, sql, -1, &statement, NULL) == SQLITE_OK,
           "SQL that SQLite understands");
    predicates_bind(&predicates, statement, r->relation.n_keys);
    expect(sqlite3_step(statement) == SQLITE_DONE, "SQL that runs");
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    predicates_free(&predicates);
    free(tree);
}

static void splits(struct qetl_text text)
{
    struct relations *r = relations();
    int64_t wants[] = {0, 1};
    struct span span;
    sqlite3_stmt *statement = NULL;
    struct qetl_blob blob = {text.data, (size_t)text.size};
    int32_t status = span_unpack(&span, &r->relation, &r->database, blob);
    expect(status == QETL_OK || status == QETL_E_UNSUPPORTED, "a split, or none of these options");
    struct relation_part part = {.span = status || span_is_all(&span) ? NULL : &span};
    char *sql = relation_select(&r->relation, &r->database, 2, wants, &part);
    expect(sqlite3_prepare_v2(r->database.db, sql, -1, &statement, NULL) == SQLITE_OK,
           "SQL that SQLite understands");
    sqlite3_finalize(statement);
    sqlite3_free(sql);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    struct qetl_text text = {(const char *)data + 1, (int64_t)size - 1};
    switch (data[0] & 3) {
    case 0:
        moments(text, data[0]);
        break;
    case 1:
        numbers(text, data[0]);
        break;
    case 2:
        declarations(text);
        break;
    default:
        if (data[0] & 4)
            splits(text);
        else
            trees(text);
    }
    return 0;
}
