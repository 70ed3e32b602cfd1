/* SPDX-License-Identifier: Apache-2.0 */
/* A host for unit tests and fuzzers of plugins. */
#include "fake_host.h"

#include "../core/config/excerpt.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { POISON = 0xa5, BUFFER_ALIGNMENT = 64 };

/* Stands in front of each buffer. */
struct buffer_head {
    _Alignas(BUFFER_ALIGNMENT) struct qetl_fake_host *fake;
    int64_t references;
};

static struct qetl_fake_host *fake_of(struct qetl_ctx *ctx)
{
    return (struct qetl_fake_host *)ctx;
}

static char *text_copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

/* One more entry at the end of an array. */
static void *entry_add(void *array, int64_t *count, size_t size, void **entry)
{
    char *grown = realloc(array, (size_t)(*count + 1) * size);
    assert(grown);
    *entry = grown + (size_t)*count * size;
    ++*count;
    return grown;
}

/* As the host shows a part of an option's text: by number, and with a caret under it. */
static char *message_of(const struct qetl_error_info *info)
{
    struct qetl_finding finding = {0};
    size_t character = 1, size = 0;
    char *message = NULL;
    if (!info->text || info->code != QETL_E_CONFIG)
        return text_copy(info->message);
    FILE *out = open_memstream(&message, &size);
    assert(out);
    for (int64_t i = 0; i < info->text_begin; i++)
        character += ((unsigned char)info->text[i] & 0xc0) != 0x80;
    qetl_finding_excerpt(&finding, info->text, strlen(info->text), (size_t)info->text_begin,
                         (size_t)info->text_end);
    fprintf(out, "character %zu: %s\n", character, info->message);
    qetl_excerpt_print(&finding, 2, out);
    assert(fclose(out) == 0);
    free(finding.excerpt);
    return message;
}

static int32_t fake_error(struct qetl_ctx *ctx, const struct qetl_error_info *info)
{
    struct qetl_fake_host *fake = fake_of(ctx);
    void *entry;
    assert(info->struct_size == sizeof *info && info->message && info->code < 0);
    fake->errors = entry_add(fake->errors, &fake->n_errors, sizeof *fake->errors, &entry);
    *(struct qetl_fake_error *)entry =
        (struct qetl_fake_error){.code = info->code,
                                 .message = message_of(info),
                                 .suggestion = text_copy(info->suggestion),
                                 .option = text_copy(info->option),
                                 .vendor_code = text_copy(info->vendor_code),
                                 .retry_after_ms = info->retry_after_ms};
    return info->code;
}

static void fake_log(struct qetl_ctx *ctx, int32_t level, const char *message)
{
    (void)ctx;
    (void)level;
    assert(message && !strchr(message, '\n'));
}

static void fake_reject(struct qetl_ctx *ctx, const struct qetl_reject *reject)
{
    struct qetl_fake_host *fake = fake_of(ctx);
    void *entry;
    uint8_t *bytes = NULL;
    assert(reject->struct_size == sizeof *reject && reject->code && reject->message);
    if (reject->bytes) {
        bytes = malloc((size_t)reject->bytes_size + 1);
        assert(bytes);
        memcpy(bytes, reject->bytes, (size_t)reject->bytes_size);
        bytes[reject->bytes_size] = 0;
    }
    fake->rejects = entry_add(fake->rejects, &fake->n_rejects, sizeof *fake->rejects, &entry);
    *(struct qetl_fake_reject *)entry =
        (struct qetl_fake_reject){.port = reject->port,
                                  .row = reject->row,
                                  .column = reject->column,
                                  .bytes_size = reject->bytes_size,
                                  .bytes_offset = reject->bytes_offset,
                                  .code = text_copy(reject->code),
                                  .message = text_copy(reject->message),
                                  .bytes = bytes};
}

static void fake_wake(struct qetl_ctx *ctx)
{
    __atomic_fetch_add(&fake_of(ctx)->wakes, 1, __ATOMIC_SEQ_CST);
}

static int32_t fake_cancelled(struct qetl_ctx *ctx)
{
    return fake_of(ctx)->cancelled;
}

static void fake_request_epoch(struct qetl_ctx *ctx)
{
    fake_of(ctx)->epochs_requested++;
}

static void *fake_buffer_alloc(struct qetl_ctx *ctx, size_t size)
{
    struct qetl_fake_host *fake = fake_of(ctx);
    void *memory;
    if (!fake->allocs_left)
        return NULL;
    if (fake->allocs_left > 0)
        fake->allocs_left--;
    if (posix_memalign(&memory, BUFFER_ALIGNMENT, sizeof(struct buffer_head) + size))
        return NULL;
    struct buffer_head *head = memory;
    *head = (struct buffer_head){.fake = fake, .references = 1};
    __atomic_fetch_add(&fake->buffers_live, 1, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&fake->allocs, 1, __ATOMIC_SEQ_CST);
    return memset(head + 1, POISON, size);
}

static void fake_buffer_retain(void *buffer)
{
    struct buffer_head *head = (struct buffer_head *)buffer - 1;
    __atomic_fetch_add(&head->references, 1, __ATOMIC_SEQ_CST);
}

static void fake_buffer_free(void *buffer)
{
    struct buffer_head *head = (struct buffer_head *)buffer - 1;
    int64_t left = __atomic_sub_fetch(&head->references, 1, __ATOMIC_SEQ_CST);
    assert(left >= 0);
    if (left)
        return;
    __atomic_fetch_sub(&head->fake->buffers_live, 1, __ATOMIC_SEQ_CST);
    free(head);
}

/* One step of a JSON pointer: *pointer stands on '/', and ends behind the token. */
static const json_t *pointer_step(const json_t *value, const char **pointer)
{
    char *token = malloc(strlen(*pointer));
    size_t size = 0;
    const char *at = *pointer + 1;
    assert(token);
    for (; *at && *at != '/'; at++) {
        char c = *at;
        if (c == '~' && (at[1] == '0' || at[1] == '1'))
            c = *++at == '1' ? '/' : '~';
        token[size++] = c;
    }
    token[size] = 0;
    *pointer = at;
    if (json_is_array(value))
        value = size ? json_array_get(value, strtoul(token, NULL, 10)) : NULL;
    else
        value = json_object_get(value, token);
    free(token);
    return value;
}

static const json_t *option_find(struct qetl_ctx *ctx, const char *pointer)
{
    const json_t *value = fake_of(ctx)->config;
    assert(!*pointer || *pointer == '/');
    while (value && *pointer)
        value = pointer_step(value, &pointer);
    return value;
}

static int32_t option_kind(struct qetl_ctx *ctx, const char *pointer)
{
    const json_t *value = option_find(ctx, pointer);
    if (!value)
        return QETL_OPTION_ABSENT;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return QETL_OPTION_OBJECT;
    case JSON_ARRAY:
        return QETL_OPTION_LIST;
    case JSON_STRING:
        return QETL_OPTION_TEXT;
    case JSON_INTEGER:
        return QETL_OPTION_INT;
    case JSON_REAL:
        return QETL_OPTION_REAL;
    case JSON_TRUE:
    case JSON_FALSE:
        return QETL_OPTION_BOOL;
    default:
        return QETL_OPTION_NULL;
    }
}

static int64_t option_count(struct qetl_ctx *ctx, const char *pointer)
{
    const json_t *value = option_find(ctx, pointer);
    if (json_is_array(value))
        return (int64_t)json_array_size(value);
    return json_is_object(value) ? (int64_t)json_object_size(value) : -1;
}

static const char *option_key(struct qetl_ctx *ctx, const char *pointer, int64_t index)
{
    json_t *value = (json_t *)option_find(ctx, pointer);
    void *iter = json_is_object(value) ? json_object_iter(value) : NULL;
    while (iter && index-- > 0)
        iter = json_object_iter_next(value, iter);
    return iter ? json_object_iter_key(iter) : NULL;
}

static const char *option_text(struct qetl_ctx *ctx, const char *pointer)
{
    return json_string_value(option_find(ctx, pointer));
}

static int64_t option_integer(struct qetl_ctx *ctx, const char *pointer)
{
    return json_integer_value(option_find(ctx, pointer));
}

static double option_real(struct qetl_ctx *ctx, const char *pointer)
{
    return json_number_value(option_find(ctx, pointer));
}

static int32_t option_boolean(struct qetl_ctx *ctx, const char *pointer)
{
    return json_is_true(option_find(ctx, pointer));
}

static void output_add(struct qetl_ctx *ctx, const char *uri, int64_t rows, int64_t bytes)
{
    struct qetl_fake_host *fake = fake_of(ctx);
    void *entry;
    fake->outputs = entry_add(fake->outputs, &fake->n_outputs, sizeof *fake->outputs, &entry);
    *(struct qetl_fake_output *)entry = (struct qetl_fake_output){text_copy(uri), rows, bytes};
}

static const void *fake_get_extension(struct qetl_ctx *ctx, const char *id)
{
    static const struct qetl_options options = {
        .struct_size = sizeof options,
        .kind = option_kind,
        .count = option_count,
        .key = option_key,
        .text = option_text,
        .integer = option_integer,
        .real = option_real,
        .boolean = option_boolean,
    };
    static const struct qetl_outputs outputs = {.struct_size = sizeof outputs, .add = output_add};
    struct qetl_fake_host *fake = fake_of(ctx);
    const void *lent = fake->extension ? fake->extension(fake, id) : NULL;
    if (lent)
        return lent;
    if (!strcmp(id, QETL_EXT_OPTIONS))
        return &options;
    return strcmp(id, QETL_EXT_OUTPUTS) ? NULL : &outputs;
}

void qetl_fake_host_init(struct qetl_fake_host *fake, const char *config_json)
{
    json_error_t error;
    *fake = (struct qetl_fake_host){.host = {.struct_size = sizeof fake->host,
                                             .abi = QETL_ABI_VERSION,
                                             .error = fake_error,
                                             .log = fake_log,
                                             .reject = fake_reject,
                                             .wake = fake_wake,
                                             .cancelled = fake_cancelled,
                                             .request_epoch = fake_request_epoch,
                                             .buffer_alloc = fake_buffer_alloc,
                                             .buffer_retain = fake_buffer_retain,
                                             .buffer_free = fake_buffer_free,
                                             .get_extension = fake_get_extension},
                                    .allocs_left = -1};
    fake->ctx = (struct qetl_ctx *)fake;
    fake->env = (struct qetl_env){&fake->host, fake->ctx};
    fake->config = json_loads(config_json ? config_json : "{}", JSON_DECODE_ANY, &error);
    assert(fake->config);
    fake->config_json = json_dumps(fake->config, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
}

void qetl_fake_host_reset(struct qetl_fake_host *fake)
{
    for (int64_t i = 0; i < fake->n_errors; i++) {
        free(fake->errors[i].message);
        free(fake->errors[i].suggestion);
        free(fake->errors[i].option);
        free(fake->errors[i].vendor_code);
    }
    for (int64_t i = 0; i < fake->n_rejects; i++) {
        free(fake->rejects[i].code);
        free(fake->rejects[i].message);
        free(fake->rejects[i].bytes);
    }
    for (int64_t i = 0; i < fake->n_outputs; i++)
        free(fake->outputs[i].uri);
    free(fake->errors);
    free(fake->rejects);
    free(fake->outputs);
    fake->errors = NULL;
    fake->rejects = NULL;
    fake->outputs = NULL;
    fake->n_errors = fake->n_rejects = fake->n_outputs = fake->wakes = 0;
}

int64_t qetl_fake_host_free(struct qetl_fake_host *fake)
{
    qetl_fake_host_reset(fake);
    json_decref(fake->config);
    free(fake->config_json);
    fake->config = NULL;
    fake->config_json = NULL;
    return fake->buffers_live;
}

void qetl_fake_host_close(struct qetl_fake_host *fake)
{
    int64_t alive = qetl_fake_host_free(fake);
    if (!alive)
        return;
    fprintf(stderr, "%lld buffers were never freed\n", (long long)alive);
    abort();
}

const char *qetl_fake_host_message(const struct qetl_fake_host *fake)
{
    return fake->n_errors ? fake->errors[fake->n_errors - 1].message : "";
}

static int32_t space_reserve(struct qetl_space *space, int64_t n)
{
    struct qetl_fake_space *fake = (struct qetl_fake_space *)space;
    if (fake->limit >= 0 && space->size + n > fake->limit)
        return QETL_E_NO_MEMORY;
    int64_t capacity =
        space->size + n > space->capacity * 2 ? space->size + n : space->capacity * 2;
    uint8_t *moved = malloc((size_t)capacity + 1);
    if (!moved)
        return QETL_E_NO_MEMORY;
    if (space->size)
        memcpy(moved, space->data, (size_t)space->size);
    free(space->data);
    space->data = moved;
    space->capacity = capacity;
    return QETL_OK;
}

void qetl_fake_space_init(struct qetl_fake_space *space)
{
    *space = (struct qetl_fake_space){.space = {.reserve = space_reserve}, .limit = -1};
}

void qetl_fake_space_free(struct qetl_fake_space *space)
{
    free(space->space.data);
    space->space.data = NULL;
    space->space.size = space->space.capacity = 0;
}
