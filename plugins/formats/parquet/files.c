/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns and folders become a list of files; their footers say how many rows they have. */
#include "files.h"
#include "parquet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static bool file_add(struct files *f, struct qetl_text path)
{
    if (f->n == f->room) {
        int64_t room = f->room ? 2 * f->room : 16;
        struct file *grown = realloc(f->items, (size_t)room * sizeof *grown);
        if (!grown)
            return false;
        f->items = grown;
        f->room = room;
    }
    struct file *file = &f->items[f->n];
    *file = (struct file){.path = strndup(path.data, (size_t)path.size)};
    f->n += file->path != NULL;
    return file->path != NULL;
}

/* Each row of a result of one text. */
static int32_t files_take(struct files *f, struct session *s, struct duck_result *result)
{
    struct duck_chunk *chunk;
    bool lacks = false;
    while (!lacks && (chunk = s->duck.fetch_chunk(*result))) {
        const struct duck_string *names =
            s->duck.vector_get_data(s->duck.data_chunk_get_vector(chunk, 0));
        uint64_t rows = s->duck.data_chunk_get_size(chunk);
        for (uint64_t i = 0; !lacks && i < rows; i++)
            lacks = !file_add(f, duck_text(&names[i]));
        s->duck.destroy_data_chunk(&chunk);
    }
    return lacks ? session_memory(s) : QETL_OK;
}

static int32_t pattern_expand(struct files *f, struct session *s, const char *path, bool folder)
{
    struct duck_result result;
    struct query q = {0};
    struct query pattern = {0};
    int64_t before = f->n;
    query_add(&pattern, "%s%s", path, folder ? "/**/*.parquet" : "");
    query_add(&q, "SELECT file FROM glob(");
    query_quoted(&q, pattern.bad ? "" : pattern.text, '\'');
    query_add(&q, ") ORDER BY file");
    int32_t status = q.bad || pattern.bad ? session_memory(s) : session_query(s, q.text, &result);
    if (!status) {
        status = files_take(f, s, &result);
        s->duck.destroy_result(&result);
    }
    query_free(&q);
    query_free(&pattern);
    if (!status && f->n == before)
        status = qetl_fail(s->env, QETL_E_ENVIRONMENT, "/path", "is the path right?",
                           folder ? "%s: the folder has no file whose name ends in .parquet"
                                  : "%s: no file matches",
                           path);
    return status;
}

static int32_t path_expand(struct files *f, struct session *s, const char *path)
{
    struct stat st;
    if (strcmp(path, "-") == 0)
        return qetl_fail(s->env, QETL_E_CONFIG, "/path", "write it to a file first",
                         "Parquet cannot be read from standard input: its index stands at the end");
    if (stat(path, &st) != 0) {
        if (strpbrk(path, "*?["))
            return pattern_expand(f, s, path, false);
        return qetl_fail(s->env, QETL_E_ENVIRONMENT, "/path", "is the path right?", "%s: %s", path,
                         strerror(errno));
    }
    if (S_ISDIR(st.st_mode))
        return pattern_expand(f, s, path, true);
    if (!S_ISREG(st.st_mode))
        return qetl_fail(s->env, QETL_E_CONFIG, "/path", "write it to a file first",
                         "%s is no regular file: the index of Parquet stands at the end", path);
    return file_add(f, (struct qetl_text){path, (int64_t)strlen(path)}) ? QETL_OK
                                                                        : session_memory(s);
}

/* A name with the letters of a pattern in it is one name, once it is known. */
static void name_literal(struct query *q, const char *path)
{
    struct query escaped = {0};
    for (const char *at = path; *at; at++)
        query_add(&escaped, strchr("*?[", *at) ? "[%c]" : "%c", *at);
    query_quoted(q, escaped.bad || !escaped.text ? "" : escaped.text, '\'');
    q->bad |= escaped.bad;
    query_free(&escaped);
}

void files_list(struct query *q, const struct files *f)
{
    query_add(q, "[");
    for (int64_t i = 0; i < f->n; i++) {
        query_add(q, i ? "," : "");
        name_literal(q, f->items[i].path);
    }
    query_add(q, "]");
}

static void from_make(struct files *f, struct session *s)
{
    const char *hive = qetl_option_text(s->env, "/hive");
    const char *column = qetl_option_text(s->env, "/file_column");
    const char *fresh = qetl_option_text(s->env, "/new_columns");
    query_add(&f->from, "read_parquet(");
    files_list(&f->from, f);
    query_add(&f->from, ", union_by_name=%s",
              fresh && strcmp(fresh, "drop") == 0 ? "false" : "true");
    if (hive && strcmp(hive, "auto") != 0)
        query_add(&f->from, ", hive_partitioning=%s",
                  strcmp(hive, "always") == 0 ? "true" : "false");
    if (qetl_option_bool(s->env, "/binary_as_text"))
        query_add(&f->from, ", binary_as_string=true");
    if (column) {
        query_add(&f->from, ", filename=");
        query_quoted(&f->from, column, '\'');
    }
    metadata_ask(&f->from, s);
    query_add(&f->from, ")");
    metadata_add(f, s);
}

/* What a footer says of rows. One by one where it matters which file is at fault. */
static int32_t footers_ask(struct files *f, struct session *s, struct files *some)
{
    struct duck_result result;
    struct duck_chunk *chunk;
    struct query q = {0};
    int64_t n = 0;
    query_add(&q, "SELECT num_rows::BIGINT FROM parquet_file_metadata(");
    files_list(&q, some);
    query_add(&q, ")");
    int32_t status = q.bad ? session_memory(s) : QETL_OK;
    s->about = some->items[0].path;
    if (!status && f != some)
        status = session_query(s, q.text, &result);
    else if (!status && s->duck.query(s->connection, q.text, &result)) {
        s->duck.destroy_result(&result);
        status = QETL_E_DATA; /* told by whoever asks for one */
    }
    query_free(&q);
    if (status)
        return status;
    while ((chunk = s->duck.fetch_chunk(result))) {
        const int64_t *rows = s->duck.vector_get_data(s->duck.data_chunk_get_vector(chunk, 0));
        for (uint64_t i = 0; i < s->duck.data_chunk_get_size(chunk); i++, n++) {
            f->rows += rows[i];
            if (n < some->n)
                some->items[n].rows = rows[i];
        }
        s->duck.destroy_data_chunk(&chunk);
    }
    s->duck.destroy_result(&result);
    return QETL_OK;
}

static int32_t footers_read(struct files *f, struct session *s)
{
    int32_t status = footers_ask(f, s, f);
    if (status == QETL_E_DATA) {
        f->rows = 0;
        status = QETL_OK;
        for (int64_t i = 0; !status && i < f->n; i++)
            status = footers_ask(f, s, &(struct files){.items = &f->items[i], .n = 1});
    }
    s->several = f->n > 1;
    return status;
}

const char *files_at(const struct files *f, int64_t row)
{
    int64_t i = 0;
    for (; i < f->n - 1 && row >= f->items[i].rows; i++)
        row -= f->items[i].rows;
    return f->items[i].path;
}

/* The first file of which the query answers a text is told with it. */
static int32_t refuse_if(struct files *f, struct session *s, const char *select,
                         const char *condition, const char *what, const char *mend)
{
    struct duck_result result;
    struct duck_chunk *chunk;
    struct query q = {0};
    query_add(&q, "SELECT %s(", select);
    files_list(&q, f);
    query_add(&q, ") WHERE %s LIMIT 1", condition);
    int32_t status = q.bad ? session_memory(s) : session_query(s, q.text, &result);
    query_free(&q);
    if (status)
        return status;
    if ((chunk = s->duck.fetch_chunk(result))) {
        struct qetl_text text =
            duck_text(s->duck.vector_get_data(s->duck.data_chunk_get_vector(chunk, 0)));
        status = qetl_fail(s->env, QETL_E_UNSUPPORTED, "/path", mend, "%.*s %s", (int)text.size,
                           text.data, what);
        s->duck.destroy_data_chunk(&chunk);
    }
    s->duck.destroy_result(&result);
    return status;
}

int32_t files_open(struct files *f, struct session *s)
{
    int64_t count = qetl_option_count(s->env, "/path");
    int32_t status = QETL_OK;
    if (qetl_option_kind(s->env, "/path") == QETL_OPTION_TEXT)
        status = path_expand(f, s, qetl_option_text(s->env, "/path"));
    for (int64_t i = 0; !status && i < count; i++) {
        char pointer[32];
        snprintf(pointer, sizeof pointer, "/path/%lld", (long long)i);
        status = path_expand(f, s, qetl_option_text(s->env, pointer));
    }
    for (int64_t i = 0; !status && i < f->n; i++) {
        struct stat st;
        if (stat(f->items[i].path, &st) == 0)
            f->bytes += f->items[i].bytes = st.st_size;
    }
    if (!status)
        status = footers_read(f, s);
    if (!status)
        status = refuse_if(f, s, "file_name FROM parquet_file_metadata",
                           "encryption_algorithm IS NOT NULL", "has encrypted columns",
                           session_encrypted);
    if (!status)
        status = refuse_if(f, s, "file_name FROM parquet_schema",
                           "num_children IS NULL GROUP BY file_name HAVING count(*) "
                           "> " PARQUET_MOST_COLUMNS_TEXT,
                           "has more than " PARQUET_MOST_COLUMNS_TEXT
                           " columns, which are too many to be read",
                           "have it written with fewer, as rows of names and values");
    if (!status)
        status = refuse_if(f, s, "file_name || ': column ' || name FROM parquet_schema",
                           "precision > 38",
                           "is a decimal of more than 38 digits, which qetl does not hold", NULL);
    if (!status && qetl_option_given(s->env, "/file_column") &&
        qetl_option_given(s->env, "/metadata"))
        status =
            qetl_fail(s->env, QETL_E_CONFIG, "/file_column", "metadata: {NAME: path} is the same",
                      "file_column cannot stand beside metadata");
    if (!status)
        from_make(f, s);
    return !status && f->from.bad ? session_memory(s) : status;
}

void files_free(struct files *f)
{
    for (int64_t i = 0; i < f->n; i++)
        free(f->items[i].path);
    free(f->items);
    query_free(&f->from);
    *f = (struct files){0};
}
