/* SPDX-License-Identifier: Apache-2.0 */
/* The component: a transform that the host puts behind a source with `incremental`. */
#include "increment.h"

#include "condition.h"

#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAVED_VERSION = 1, KEYS_MAX = 32 };

struct increment {
    struct qetl_env env;
    struct cursor cursor;
    struct window window;
    int64_t cursor_index;          /* among the columns that process gets */
    int64_t key_indices[KEYS_MAX]; /* … */
    struct ArrowSchema *schemas;   /* of those columns */
    int64_t n_schemas, n_keys;
    int nulls;
    int32_t *selected;
    int64_t room;
    struct qetl_space space; /* a row's key as text */
};

enum { NULLS_REJECT, NULLS_LOAD, NULLS_SKIP };
static const char *const null_words[] = {"reject", "load", "skip"};

static int32_t no_memory(const struct increment *inc)
{
    return qetl_fail(inc->env, QETL_E_NO_MEMORY, NULL, NULL,
                     "no memory for what incremental loading remembers");
}

static int32_t space_grow(struct qetl_space *space, int64_t more)
{
    int64_t room = (space->size + more) * 2 + 64;
    uint8_t *grown = realloc(space->data, (size_t)room);
    if (!grown)
        return QETL_E_NO_MEMORY;
    space->data = grown;
    space->capacity = room;
    return QETL_OK;
}

static int32_t increment_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                                const char *config)
{
    struct increment *inc = self;
    (void)config;
    inc->env = (struct qetl_env){host, ctx};
    inc->space.reserve = space_grow;
    const char *nulls = qetl_option_text(inc->env, "/nulls");
    for (int i = NULLS_REJECT; i <= NULLS_SKIP; i++)
        if (nulls && strcmp(nulls, null_words[i]) == 0)
            inc->nulls = i;
    return QETL_OK;
}

static void schemas_free(struct increment *inc)
{
    for (int64_t i = 0; i < inc->n_schemas; i++)
        qetl_schema_release(&inc->schemas[i]);
    free(inc->schemas);
    inc->schemas = NULL;
    inc->n_schemas = 0;
}

static void increment_destroy(void *self)
{
    struct increment *inc = self;
    schemas_free(inc);
    window_free(&inc->window);
    cursor_close(&inc->cursor);
    free(inc->selected);
    free(inc->space.data);
}

/* ---- bind ---- */

/* Its index among the columns that process gets. */
static int64_t column_read(struct increment *inc, const struct ArrowSchema *schema,
                           const char *pointer, const char *name, struct qetl_binder *binder)
{
    int64_t column = qetl_schema_require(inc->env, schema, pointer, name);
    if (column < 0)
        return column;
    int64_t index = binder->read(binder, 0, column, QETL_FORM_VALUE);
    if (index < inc->n_schemas)
        return index; /* it was asked for before, or that failed */
    struct ArrowSchema *grown =
        realloc(inc->schemas, (size_t)(inc->n_schemas + 1) * sizeof *inc->schemas);
    if (!grown)
        return no_memory(inc);
    inc->schemas = grown;
    int32_t status = qetl_schema_copy(schema->children[column], &grown[inc->n_schemas]);
    if (status)
        return status;
    inc->n_schemas++;
    return index;
}

static int32_t keys_read(struct increment *inc, const struct ArrowSchema *schema,
                         struct qetl_binder *binder)
{
    char pointer[32];
    int64_t n = qetl_option_count(inc->env, "/key");
    bool one = n < 0 && qetl_option_given(inc->env, "/key");
    inc->n_keys = one ? 1 : n < 0 ? 0 : n;
    for (int64_t k = 0; k < inc->n_keys; k++) {
        snprintf(pointer, sizeof pointer, one ? "/key" : "/key/%lld", (long long)k);
        inc->key_indices[k] =
            column_read(inc, schema, pointer, qetl_option_text(inc->env, pointer), binder);
        if (inc->key_indices[k] < 0)
            return (int32_t)inc->key_indices[k];
    }
    return QETL_OK;
}

/* Empty, for the cursor and the lag. */
static void window_set(struct increment *inc, qetl_int128 lag)
{
    window_free(&inc->window);
    inc->window.cursor = &inc->cursor;
    inc->window.lag = lag;
    inc->window.keys.most = (size_t)qetl_option_int(inc->env, "/max_keys");
}

static int32_t lag_read(struct increment *inc)
{
    qetl_int128 lag;
    char number[64];
    const char *text = qetl_option_text(inc->env, "/lag");
    bool is_number = qetl_option_given(inc->env, "/lag") && !text;
    if (is_number) {
        snprintf(number, sizeof number, "%.17g", qetl_option_real(inc->env, "/lag"));
        text = number;
    }
    int32_t wrong = cursor_lag(&inc->cursor, text, is_number, &lag);
    window_set(inc, lag);
    if (!wrong)
        return QETL_OK;
    return qetl_fail(inc->env, QETL_E_CONFIG, "/lag",
                     "a time such as 5m for dates and timestamps, a number for numbers, none for "
                     "texts (`types` of a format says what its texts are)",
                     "`lag` does not fit the cursor `%s`, which is of type %s", inc->cursor.name,
                     inc->cursor.type);
}

static int32_t cursor_read(struct increment *inc, const struct ArrowSchema *schema,
                           struct qetl_binder *binder)
{
    const char *name = qetl_option_text(inc->env, "/cursor");
    if (!schema->n_children)
        return qetl_fail(inc->env, QETL_E_CONFIG, "/cursor",
                         "say what columns there are, as in `format: {type: json, types: {id: "
                         "bigint, updated_at: timestamp}}`",
                         "no row came that would tell whether there is a column \"%s\"", name);
    inc->cursor_index = column_read(inc, schema, "/cursor", name, binder);
    if (inc->cursor_index < 0)
        return (int32_t)inc->cursor_index;
    int32_t status = cursor_open(&inc->cursor, inc->env, &inc->schemas[inc->cursor_index]);
    return status ? status : lag_read(inc);
}

static int32_t increment_bind(void *self, uint32_t n_inputs,
                              const struct ArrowSchema *const *inputs, struct qetl_binder *binder)
{
    struct increment *inc = self;
    (void)n_inputs;
    schemas_free(inc);
    int32_t status = cursor_read(inc, inputs[0], binder);
    if (!status)
        status = keys_read(inc, inputs[0], binder);
    for (int64_t i = 0; i < inputs[0]->n_children && status >= 0; i++)
        status = binder->copy(binder, 0, -1, 0, i, NULL);
    if (status >= 0)
        status = binder->distribution(binder, QETL_DISTRIBUTION_SINGLE, 0, NULL);
    return status < 0 ? status : binder->rows(binder, 0, QETL_ROWS_SUBSET);
}

/* ---- rows ---- */

/* Lengths are part of it, so that ("a", "bc") is not ("ab", "c"). false: a part is NULL. */
static int32_t key_digest(struct increment *inc, const struct qetl_column *columns, int64_t row,
                          uint8_t digest[KEY_DIGEST], bool *is)
{
    struct sha256_ctx context;
    sha256_init(&context);
    *is = inc->n_keys > 0;
    for (int64_t k = 0; k < inc->n_keys; k++) {
        const struct qetl_column *column = &columns[inc->key_indices[k]];
        uint64_t size;
        *is &= !qetl_column_is_null(column, row);
        if (!*is)
            return QETL_OK;
        inc->space.size = 0;
        int32_t status = qetl_render(column, row, &inc->space);
        if (status)
            return no_memory(inc);
        size = (uint64_t)inc->space.size;
        sha256_update(&context, sizeof size, (const uint8_t *)&size);
        sha256_update(&context, (size_t)size, inc->space.data);
    }
    sha256_digest(&context, KEY_DIGEST, digest);
    return QETL_OK;
}

static enum window_answer take(struct increment *inc, const struct qetl_column *cursor, int64_t row,
                               const uint8_t *digest)
{
    qetl_int128 number = 0;
    if (cursor_is_text(&inc->cursor)) {
        struct qetl_text text = qetl_column_text(cursor, row);
        return window_take_text(&inc->window, text.data, text.size, digest);
    }
    cursor_number(&inc->cursor, cursor, row, &number);
    return window_take(&inc->window, number, digest);
}

/* Most rows are old, or far from any key that is remembered: those need no digest. */
static bool needs_digest(const struct increment *inc, const struct qetl_column *cursor, int64_t row)
{
    qetl_int128 number;
    if (!inc->n_keys || cursor_is_text(&inc->cursor))
        return inc->n_keys > 0;
    cursor_number(&inc->cursor, cursor, row, &number);
    return window_is_near(&inc->window, number);
}

static bool has_cursor(const struct increment *inc, const struct qetl_column *cursor, int64_t row)
{
    qetl_int128 number;
    return cursor_is_text(&inc->cursor) ? !qetl_column_is_null(cursor, row)
                                        : cursor_number(&inc->cursor, cursor, row, &number);
}

static bool without_cursor(struct increment *inc, int64_t row, struct qetl_output *out)
{
    char message[160];
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = row,
                                 .column = inc->cursor_index,
                                 .code = "no_cursor",
                                 .message = message};
    snprintf(message, sizeof message, "`%s` is NULL: nobody can tell whether the row is new",
             inc->cursor.name);
    if (inc->nulls == NULLS_REJECT)
        inc->env.host->reject(inc->env.ctx, &reject);
    out->rows_filtered += inc->nulls == NULLS_SKIP;
    return inc->nulls == NULLS_LOAD;
}

static int32_t full(const struct increment *inc)
{
    return qetl_fail(inc->env, QETL_E_CONFIG, "/max_keys",
                     "shorten `lag`, or raise `max_keys` (about 100 bytes of memory each)",
                     "more than %lld keys lie within the lag of `%s`",
                     (long long)inc->window.keys.most, inc->cursor.name);
}

/* 1: it passes, 0: it does not, or a failure. */
static int32_t row_take(struct increment *inc, const struct qetl_column *columns, int64_t row,
                        struct qetl_output *out)
{
    const struct qetl_column *cursor = &columns[inc->cursor_index];
    uint8_t digest[KEY_DIGEST];
    bool is_key = false;
    if (!has_cursor(inc, cursor, row))
        return without_cursor(inc, row, out);
    if (needs_digest(inc, cursor, row)) {
        int32_t status = key_digest(inc, columns, row, digest, &is_key);
        if (status)
            return status;
    }
    switch (take(inc, cursor, row, is_key ? digest : NULL)) {
    case WINDOW_PASS:
        return 1;
    case WINDOW_FULL:
        return full(inc);
    case WINDOW_NO_MEMORY:
        return no_memory(inc);
    default:
        out->rows_filtered++;
        return 0;
    }
}

static int32_t selected_reserve(struct increment *inc, int64_t rows)
{
    if (rows <= inc->room)
        return QETL_OK;
    int32_t *grown = realloc(inc->selected, (size_t)rows * sizeof *grown);
    if (!grown)
        return no_memory(inc);
    inc->selected = grown;
    inc->room = rows;
    return QETL_OK;
}

static int32_t columns_open(const struct increment *inc, const struct ArrowArray *batch,
                            struct qetl_column columns[KEYS_MAX + 1])
{
    int32_t status = QETL_OK;
    for (int64_t i = 0; !status && i < inc->n_schemas; i++)
        status = qetl_column_open(&columns[i], &inc->schemas[i], batch->children[i]);
    return status ? qetl_fail(inc->env, QETL_E_FATAL, NULL, NULL,
                              "a column is not laid out as was agreed")
                  : QETL_OK;
}

static int32_t batch_take(struct increment *inc, const struct qetl_event *event,
                          struct qetl_output *out)
{
    struct qetl_column columns[KEYS_MAX + 1];
    int32_t status = selected_reserve(inc, event->rows);
    if (!status)
        status = columns_open(inc, event->batch, columns);
    for (int64_t row = 0; status >= 0 && row < event->rows; row++) {
        status = row_take(inc, columns, row, out);
        if (status > 0)
            inc->selected[out->rows++] = (int32_t)row;
    }
    if (status < 0)
        return status;
    out->row_map = out->rows == event->rows ? NULL : inc->selected;
    return out->rows ? QETL_OUTPUT : QETL_NEED_INPUT;
}

static int32_t increment_process(void *self, const struct qetl_event *event,
                                 struct qetl_output *out)
{
    struct increment *inc = self;
    if (event && event->kind == QETL_EVENT_BATCH)
        return batch_take(inc, event, out);
    return QETL_NEED_INPUT;
}

void qetl_increment_ended(void *self)
{
    struct increment *inc = self;
    inc->window.complete = true;
}

/* ---- what is remembered ---- */

static int32_t increment_save(void *self, uint32_t *version, const struct qetl_writer *out)
{
    struct increment *inc = self;
    *version = SAVED_VERSION;
    int32_t status = window_trim(&inc->window) ? window_save(&inc->window, out) : QETL_E_NO_MEMORY;
    return status == QETL_E_NO_MEMORY ? no_memory(inc) : status;
}

static int32_t unreadable(const struct increment *inc)
{
    return qetl_fail(inc->env, QETL_E_CONFIG, NULL,
                     "`qetl state set` says anew where to go on; --full-refresh loads everything",
                     "what the last run has kept of `%s` cannot be read", inc->cursor.name);
}

static int32_t begin(struct increment *inc, const struct qetl_watermark *mark)
{
    const char *name = inc->cursor.name;
    if (mark->cursor && strcmp(mark->cursor, name) != 0)
        return qetl_fail(inc->env, QETL_E_CONFIG, "/cursor",
                         "`qetl state set` says where to go on by the new one; --full-refresh "
                         "loads everything",
                         "the watermark is one of `%s`, but the cursor is `%s` now", mark->cursor,
                         name);
    int32_t status = window_begin(&inc->window, mark->value);
    if (status == QETL_E_NO_MEMORY)
        return no_memory(inc);
    return status ? qetl_fail(inc->env, QETL_E_CONFIG, "/cursor",
                              "`qetl state set` says where to go on; --full-refresh loads "
                              "everything",
                              "the watermark `%s` is no value of `%s`, which is of type %s",
                              mark->value, name, inc->cursor.type)
                  : QETL_OK;
}

/* Of another type, say: then its keys are not those of this one. */
static int32_t remember(struct increment *inc, const struct qetl_blob *saved)
{
    struct qetl_blob mark, memory;
    if (!saved)
        return QETL_OK;
    if (!qetl_increment_split(saved->data, saved->size, &mark, &memory))
        return unreadable(inc);
    int32_t status = window_unpack(&inc->window, memory.data, memory.size);
    if (status == QETL_E_NO_MEMORY)
        return no_memory(inc);
    if (status == QETL_E_DATA)
        return unreadable(inc);
    if (status == QETL_E_CONFIG)
        keys_free(&inc->window.keys);
    return QETL_OK;
}

int32_t qetl_increment_begin(void *self, const struct qetl_blob *mark_entry,
                             const struct qetl_blob *saved)
{
    struct increment *inc = self;
    struct qetl_watermark mark = {0};
    int error = qetl_watermark_read(mark_entry->data, mark_entry->size, &mark);
    int32_t status = error ? unreadable(inc) : remember(inc, saved);
    if (!status)
        status = begin(inc, &mark);
    qetl_watermark_free(&mark);
    return status;
}

/* ---- of a run that was cut short ---- */

static int32_t read_all(const struct qetl_reader *in, char **data, size_t *size)
{
    size_t room = 0;
    *data = NULL;
    *size = 0;
    for (;;) {
        if (*size == room) {
            room = room ? room * 2 : 4096;
            char *grown = realloc(*data, room);
            if (!grown)
                return QETL_E_NO_MEMORY;
            *data = grown;
        }
        int64_t got = in->read(in->stream, *data + *size, room - *size);
        if (got <= 0)
            return (int32_t)got;
        *size += (size_t)got;
    }
}

static int32_t increment_restore(void *self, uint32_t version, const struct qetl_reader *in)
{
    struct increment *inc = self;
    struct qetl_blob mark = {0}, memory = {0};
    char *data;
    size_t size;
    if (version != SAVED_VERSION)
        return QETL_E_UNSUPPORTED;
    int32_t status = read_all(in, &data, &size);
    if (!status && !qetl_increment_split(data, size, &mark, &memory))
        status = unreadable(inc);
    window_set(inc, inc->window.lag);
    if (!status && window_unpack(&inc->window, memory.data, memory.size))
        status = unreadable(inc);
    free(data);
    return status;
}

/* ---- what is asked of the source ---- */

char *qetl_increment_predicate(void *self)
{
    const struct increment *inc = self;
    return window_condition(&inc->window, inc->nulls != NULLS_SKIP);
}

char *qetl_increment_says(void *self)
{
    const struct increment *inc = self;
    char *bound = window_bound(&inc->window), *text = NULL;
    int failed = bound ? asprintf(&text, "%s from %s on", inc->cursor.name, bound)
                       : asprintf(&text, "everything: %s has no watermark yet", inc->cursor.name);
    free(bound);
    return failed < 0 ? NULL : text;
}

static const struct qetl_transform increment_transform = {
    .struct_size = sizeof increment_transform,
    .bind = increment_bind,
    .process = increment_process,
};

const struct qetl_component qetl_increment_component = {
    .struct_size = sizeof qetl_increment_component,
    .kind = QETL_TRANSFORM,
    .id = "incremental",
    .state_size = sizeof(struct increment),
    .create = increment_create,
    .destroy = increment_destroy,
    .save = increment_save,
    .restore = increment_restore,
    .transform = &increment_transform,
};

const struct qetl_manifest_component qetl_increment_manifest = {
    .kind = QETL_TRANSFORM,
    .id = "incremental",
    .summary = "Lets pass what is new since the last run",
    .inputs_max = 1,
};
