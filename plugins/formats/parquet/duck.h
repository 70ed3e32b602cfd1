/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is used of DuckDB's C interface, found by name in a library that is opened at run time.
 *
 * Invariant: every call stands in DuckDB's stable interface since 1.2 at the latest, but
 *            pending_prepared_streaming, which every release since 0.10 has and for which there is
 *            no successor: without it a result is gathered in memory before its first row is seen.
 * Ownership: as DuckDB has it: what a call makes, the call named destroy_, close_ or free_ ends.
 * Threads:   a connection is used by one thread at a time; interrupt may be called by any.
 */
#ifndef PARQUET_DUCK_H
#define PARQUET_DUCK_H

#include <qetl/sdk.h>

struct duck_database;
struct duck_connection;
struct duck_config;
struct duck_statement;
struct duck_pending;
struct duck_chunk;
struct duck_vector;
struct duck_type;
struct duck_function;
struct duck_call; /* bind, init and function have one each */

enum duck_id {
    DUCK_INVALID,
    DUCK_BOOLEAN,
    DUCK_TINYINT,
    DUCK_SMALLINT,
    DUCK_INTEGER,
    DUCK_BIGINT,
    DUCK_UTINYINT,
    DUCK_USMALLINT,
    DUCK_UINTEGER,
    DUCK_UBIGINT,
    DUCK_FLOAT,
    DUCK_DOUBLE,
    DUCK_TIMESTAMP,
    DUCK_DATE,
    DUCK_TIME,
    DUCK_INTERVAL,
    DUCK_HUGEINT,
    DUCK_VARCHAR,
    DUCK_BLOB,
    DUCK_DECIMAL,
    DUCK_TIMESTAMP_S,
    DUCK_TIMESTAMP_MS,
    DUCK_TIMESTAMP_NS,
    DUCK_LIST = 24,
    DUCK_STRUCT,
    DUCK_MAP,
    DUCK_UUID,
    DUCK_TIME_TZ = 30,
    DUCK_TIMESTAMP_TZ,
    DUCK_TIME_NS = 39
};

struct duck_result {
    uint64_t unused[3];
    void *unused_columns;
    char *unused_error;
    void *internal;
};

struct duck_list {
    uint64_t offset, length;
};

struct duck_interval {
    int32_t months, days;
    int64_t microseconds;
};

/* Up to 12 bytes stand in the string itself. */
struct duck_string {
    uint32_t size;
    char head[4];
    union {
        const char *data;
        char rest[8];
    };
};

static inline struct qetl_text duck_text(const struct duck_string *s)
{
    return (struct qetl_text){s->size <= 12 ? s->head : s->data, s->size};
}

typedef void duck_callback(struct duck_call *);
typedef void duck_function_callback(struct duck_call *, struct duck_chunk *);

/* result, name without duckdb_, parameters */
#define DUCK_CALLS(X)                                                                          \
    X(const char *, library_version, (void))                                                   \
    X(int, create_config, (struct duck_config **))                                             \
    X(int, set_config, (struct duck_config *, const char *, const char *))                     \
    X(void, destroy_config, (struct duck_config **))                                           \
    X(int, open_ext, (const char *, struct duck_database **, struct duck_config *, char **))   \
    X(void, close, (struct duck_database **))                                                  \
    X(int, connect, (struct duck_database *, struct duck_connection **))                       \
    X(void, disconnect, (struct duck_connection **))                                           \
    X(void, interrupt, (struct duck_connection *))                                             \
    X(void, free, (void *))                                                                    \
    X(int, query, (struct duck_connection *, const char *, struct duck_result *))              \
    X(void, destroy_result, (struct duck_result *))                                            \
    X(const char *, result_error, (struct duck_result *))                                      \
    X(uint64_t, column_count, (struct duck_result *))                                          \
    X(const char *, column_name, (struct duck_result *, uint64_t))                             \
    X(struct duck_type *, column_logical_type, (struct duck_result *, uint64_t))               \
    X(int, prepare, (struct duck_connection *, const char *, struct duck_statement **))        \
    X(const char *, prepare_error, (struct duck_statement *))                                  \
    X(void, destroy_prepare, (struct duck_statement **))                                       \
    X(int, pending_prepared_streaming, (struct duck_statement *, struct duck_pending **))      \
    X(const char *, pending_error, (struct duck_pending *))                                    \
    X(int, execute_pending, (struct duck_pending *, struct duck_result *))                     \
    X(void, destroy_pending, (struct duck_pending **))                                         \
    X(struct duck_chunk *, fetch_chunk, (struct duck_result))                                  \
    X(void, destroy_data_chunk, (struct duck_chunk **))                                        \
    X(uint64_t, data_chunk_get_size, (struct duck_chunk *))                                    \
    X(void, data_chunk_set_size, (struct duck_chunk *, uint64_t))                              \
    X(struct duck_vector *, data_chunk_get_vector, (struct duck_chunk *, uint64_t))            \
    X(uint64_t, vector_size, (void))                                                           \
    X(void *, vector_get_data, (struct duck_vector *))                                         \
    X(uint64_t *, vector_get_validity, (struct duck_vector *))                                 \
    X(void, vector_ensure_validity_writable, (struct duck_vector *))                           \
    X(void, vector_assign_string_element_len,                                                  \
      (struct duck_vector *, uint64_t, const char *, uint64_t))                                \
    X(struct duck_vector *, list_vector_get_child, (struct duck_vector *))                     \
    X(int, list_vector_set_size, (struct duck_vector *, uint64_t))                             \
    X(int, list_vector_reserve, (struct duck_vector *, uint64_t))                              \
    X(struct duck_vector *, struct_vector_get_child, (struct duck_vector *, uint64_t))         \
    X(struct duck_type *, create_logical_type, (int))                                          \
    X(struct duck_type *, create_list_type, (struct duck_type *))                              \
    X(struct duck_type *, create_struct_type, (struct duck_type **, const char **, uint64_t))  \
    X(struct duck_type *, create_decimal_type, (uint8_t, uint8_t))                             \
    X(void, destroy_logical_type, (struct duck_type **))                                       \
    X(int, get_type_id, (struct duck_type *))                                                  \
    X(uint8_t, decimal_width, (struct duck_type *))                                            \
    X(uint8_t, decimal_scale, (struct duck_type *))                                            \
    X(int, decimal_internal_type, (struct duck_type *))                                        \
    X(struct duck_type *, list_type_child_type, (struct duck_type *))                          \
    X(struct duck_type *, map_type_key_type, (struct duck_type *))                             \
    X(struct duck_type *, map_type_value_type, (struct duck_type *))                           \
    X(uint64_t, struct_type_child_count, (struct duck_type *))                                 \
    X(char *, struct_type_child_name, (struct duck_type *, uint64_t))                          \
    X(struct duck_type *, struct_type_child_type, (struct duck_type *, uint64_t))              \
    X(char *, logical_type_get_alias, (struct duck_type *))                                    \
    X(void, logical_type_set_alias, (struct duck_type *, const char *))                        \
    X(struct duck_function *, create_table_function, (void))                                   \
    X(void, table_function_set_name, (struct duck_function *, const char *))                   \
    X(void, table_function_set_bind, (struct duck_function *, duck_callback *))                \
    X(void, table_function_set_init, (struct duck_function *, duck_callback *))                \
    X(void, table_function_set_function, (struct duck_function *, duck_function_callback *))   \
    X(void, table_function_set_extra_info, (struct duck_function *, void *, void (*)(void *))) \
    X(int, register_table_function, (struct duck_connection *, struct duck_function *))        \
    X(void, destroy_table_function, (struct duck_function **))                                 \
    X(void *, bind_get_extra_info, (struct duck_call *))                                       \
    X(void, bind_add_result_column, (struct duck_call *, const char *, struct duck_type *))    \
    X(void, init_set_max_threads, (struct duck_call *, uint64_t))                              \
    X(void *, function_get_extra_info, (struct duck_call *))                                   \
    X(void, function_set_error, (struct duck_call *, const char *))

struct duck {
    void *library;
#define DUCK_MEMBER(result, name, parameters) result(*name) parameters;
    DUCK_CALLS(DUCK_MEMBER)
#undef DUCK_MEMBER
};

#endif
