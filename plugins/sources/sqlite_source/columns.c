/* SPDX-License-Identifier: Apache-2.0 */
/* The types of columns: what the option says, else the declaration, else the first values. */
#include "declared.h"
#include "fault.h"
#include "relation.h"
#include "take.h"

#include <stdio.h>
#include <stdlib.h>

enum { SAMPLE_ROWS = 1000 };

static const char read_fault[] = "it cannot be read";

/* By the classes that were seen, as bits: integers among reals are reals. */
static const char *type_of_classes(unsigned seen)
{
    seen &= ~(1U << SQLITE_NULL);
    if (seen == 1U << SQLITE_INTEGER)
        return "bigint";
    if (seen && !(seen & ~(1U << SQLITE_INTEGER | 1U << SQLITE_FLOAT)))
        return "double";
    return seen == 1U << SQLITE_BLOB ? "binary" : "text";
}

/* Looks at values where the declarations said nothing. */
static int32_t classes_read(struct database *d, sqlite3_stmt *all, unsigned *seen)
{
    int n = sqlite3_column_count(all), code = SQLITE_ROW;
    for (int row = 0; row < SAMPLE_ROWS && (code = sqlite3_step(all)) == SQLITE_ROW; row++)
        for (int i = 0; i < n; i++)
            seen[i] |= 1U << sqlite3_column_type(all, i);
    int32_t status = code == SQLITE_ROW || code == SQLITE_DONE
                         ? QETL_OK
                         : database_fault(d, code, "/query", read_fault);
    sqlite3_reset(all);
    return status;
}

/* The type that the option has for it, or NULL. */
static const char *type_given(struct qetl_env env, const char *name, char *pointer, size_t size)
{
    return qetl_option_pointer(pointer, size, "/types", name) ? NULL
                                                              : qetl_option_text(env, pointer);
}

static int32_t type_check(struct database *d, const struct ArrowSchema *field, const char *pointer)
{
    struct taker taker = {0};
    int32_t status = taker_open(&taker, d->env, d->db, field, 0);
    taker_free(&taker);
    if (!status)
        return QETL_OK;
    return qetl_fail(d->env, QETL_E_CONFIG, pointer, "read it as text",
                     "SQLite holds no values of this type");
}

static int32_t field_make(struct database *d, sqlite3_stmt *all, bool told, int i,
                          const unsigned *seen, struct ArrowSchema *field)
{
    char pointer[1200];
    const char *name = sqlite3_column_name(all, i);
    if (!name)
        return fault_memory(d->env);
    const char *given = told ? type_given(d->env, name, pointer, sizeof pointer) : NULL;
    if (given && qetl_type_field(given, name, field))
        return qetl_fail(d->env, QETL_E_CONFIG, pointer, NULL, "there is no type `%s`", given);
    if (given)
        return type_check(d, field, pointer);
    int32_t status = declared_field(sqlite3_column_decltype(all, i), name, field);
    if (status == QETL_E_UNSUPPORTED)
        status = qetl_type_field(type_of_classes(seen[i]), name, field);
    return status ? fault_memory(d->env) : QETL_OK;
}

static bool values_have_to_tell(sqlite3_stmt *all, int i)
{
    struct ArrowSchema field = {0};
    int32_t status = declared_field(sqlite3_column_decltype(all, i), "", &field);
    qetl_schema_release(&field);
    return status == QETL_E_UNSUPPORTED;
}

static int32_t fields_make(struct database *d, sqlite3_stmt *all, bool told, unsigned *seen,
                           struct ArrowSchema *out)
{
    int n = sqlite3_column_count(all);
    bool sample = false;
    for (int i = 0; i < n; i++)
        sample |= values_have_to_tell(all, i);
    int32_t status = sample ? classes_read(d, all, seen) : QETL_OK;
    for (int i = 0; !status && i < n; i++) {
        struct ArrowSchema field = {0};
        status = field_make(d, all, told, i, seen, &field);
        if (!status && qetl_schema_find(out, field.name) >= 0)
            status = qetl_fail(d->env, QETL_E_CONFIG, "/query", "name one of them with AS",
                               "two columns are called %s", field.name);
        if (!status && qetl_schema_append(out, &field))
            status = fault_memory(d->env);
        qetl_schema_release(&field);
    }
    return status;
}

/* A name in the option that is no column would be minded by nobody. */
static int32_t types_check(struct qetl_env env, const struct ArrowSchema *schema)
{
    int64_t n = qetl_option_count(env, "/types");
    for (int64_t i = 0; i < n; i++) {
        char pointer[1200];
        const char *name = qetl_option_key(env, "/types", i);
        if (qetl_option_pointer(pointer, sizeof pointer, "/types", name))
            continue;
        int64_t column = qetl_schema_require(env, schema, pointer, name);
        if (column < 0)
            return (int32_t)column;
    }
    return QETL_OK;
}

static int32_t columns_make(struct database *d, sqlite3_stmt *all, bool told,
                            struct ArrowSchema *out)
{
    unsigned *seen = calloc((size_t)sqlite3_column_count(all) + 1, sizeof *seen);
    int32_t status = seen && !qetl_schema_init_struct(out) ? QETL_OK : fault_memory(d->env);
    if (!status)
        status = fields_make(d, all, told, seen, out);
    free(seen);
    return status;
}

int32_t columns_read(struct database *d, sqlite3_stmt *all, struct ArrowSchema *out)
{
    int32_t status = columns_make(d, all, true, out);
    return status ? status : types_check(d->env, out);
}

int32_t columns_declared(struct database *d, sqlite3_stmt *all, struct ArrowSchema *out)
{
    return columns_make(d, all, false, out);
}
