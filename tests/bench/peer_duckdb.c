/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DuckDB through its library, as a peer: runs SQL statements one after the other, and prints the
 * rows of the last. Usage: peer_duckdb LIBDUCKDB.so SQL...
 * The declarations are those few of DuckDB's C API (duckdb.org/docs/stable/clients/c/api) that it
 * takes.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct result {
    uint64_t deprecated[3];
    void *columns;
    char *error;
    void *internal;
};

struct api {
    const char *(*library_version)(void);
    int (*open)(const char *path, void **database);
    int (*connect)(void *database, void **connection);
    int (*query)(void *connection, const char *sql, struct result *);
    const char *(*result_error)(struct result *);
    uint64_t (*column_count)(struct result *);
    uint64_t (*row_count)(struct result *);
    char *(*value_varchar)(struct result *, uint64_t column, uint64_t row);
    void (*destroy_result)(struct result *);
};

static void *symbol(void *library, const char *name)
{
    void *found = dlsym(library, name);
    if (!found) {
        fprintf(stderr, "peer_duckdb: the library has no %s\n", name);
        exit(2);
    }
    return found;
}

static struct api load(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "peer_duckdb: %s\n", dlerror());
        exit(2);
    }
    return (struct api){
        .library_version = symbol(library, "duckdb_library_version"),
        .open = symbol(library, "duckdb_open"),
        .connect = symbol(library, "duckdb_connect"),
        .query = symbol(library, "duckdb_query"),
        .result_error = symbol(library, "duckdb_result_error"),
        .column_count = symbol(library, "duckdb_column_count"),
        .row_count = symbol(library, "duckdb_row_count"),
        .value_varchar = symbol(library, "duckdb_value_varchar"),
        .destroy_result = symbol(library, "duckdb_destroy_result"),
    };
}

static void print(const struct api *api, struct result *result)
{
    uint64_t columns = api->column_count(result);
    for (uint64_t r = 0; r < api->row_count(result); r++)
        for (uint64_t c = 0; c < columns; c++) {
            char *value = api->value_varchar(result, c, r);
            printf("%s%c", value ? value : "", c + 1 < columns ? ',' : '\n');
        }
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    struct api api = load(argv[1]);
    if (argc == 2)
        return printf("%s\n", api.library_version()) < 0;
    void *database, *connection;
    if (api.open(NULL, &database) || api.connect(database, &connection))
        return 1;
    for (int i = 2; i < argc; i++) {
        struct result result = {0};
        if (api.query(connection, argv[i], &result)) {
            fprintf(stderr, "peer_duckdb: %s\n", api.result_error(&result));
            return 1;
        }
        if (i == argc - 1)
            print(&api, &result);
        api.destroy_result(&result);
    }
    fflush(stdout);
    _Exit(0); /* the work is done: no peer is charged for tearing down */
}
