/* SPDX-License-Identifier: Apache-2.0 */
#include "transform_rig.h"

#include "../core/expr/expr.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

extern __attribute__((weak)) int32_t qetl_plugin_entry(const struct qetl_host *, struct qetl_ctx *,
                                                       uint32_t *, const struct qetl_plugin **);

static int32_t last_answer;

__attribute__((weak)) const struct qetl_host *qetl_ctx_host(struct qetl_ctx *ctx)
{
    return &((struct qetl_fake_host *)ctx)->host;
}

__attribute__((weak)) struct qetl_expr_session qetl_ctx_expr_session(struct qetl_ctx *ctx)
{
    (void)ctx;
    return (struct qetl_expr_session){0};
}

static const void *lend_expr(struct qetl_fake_host *fake, const char *id)
{
    (void)fake;
    return strcmp(id, QETL_EXT_EXPR) ? NULL : qetl_expr_service();
}

void transform_rig_open(struct rig *rig, const char *config)
{
    const struct qetl_plugin *plugin;
    uint32_t abi = QETL_ABI_VERSION;

    memset(rig, 0, sizeof *rig);
    qetl_fake_host_init(&rig->fake, config);
    rig->fake.extension = lend_expr;
    qetl_fake_binder_init(&rig->binder);
    assert(qetl_plugin_entry &&
           qetl_plugin_entry(&rig->fake.host, rig->fake.ctx, &abi, &plugin) == 0);
    rig->component = plugin->components[0];
    rig->self = calloc(1, rig->component->state_size);
    assert(rig->self && rig->component->create(rig->self, &rig->fake.host, rig->fake.ctx,
                                               rig->fake.config_json) == 0);
}

static void value_put(struct qetl_builder *b, const char *text, size_t size)
{
    int32_t status;

    if (size == 1 && *text == '~')
        status = qetl_builder_null(b);
    else if (b->layout == 'v')
        status = size == 2 && *text == '"' ? qetl_builder_text(b, "", 0)
                                           : qetl_builder_text(b, text, (int64_t)size);
    else if (b->layout == 'g' || b->layout == 'f')
        status = qetl_builder_real(b, atof(text));
    else if (b->layout == 'd')
        status = qetl_builder_decimal(b, atoll(text)); /* unscaled */
    else if (b->layout == 'b')
        status = qetl_builder_bool(b, *text == 't');
    else
        status = qetl_builder_int(b, atoll(text));
    assert(status == 0);
}

/* Calls put for each piece of text between separators. */
static int64_t pieces_put(struct qetl_builder *b, const char *text, size_t size, char separator)
{
    int64_t n = 0;

    for (size_t at = 0; at <= size; n++) {
        const char *end = memchr(text + at, separator, size - at);
        size_t piece = end ? (size_t)(end - text) - at : size - at;
        value_put(b, text + at, piece);
        at += piece + 1;
    }
    return n;
}

static void list_make(struct rig *rig, const struct ArrowSchema *field, const char *values,
                      struct ArrowArray *out)
{
    struct qetl_env env = rig->fake.env;
    struct qetl_builder b;
    struct ArrowArray elements;
    int32_t *offsets = env.host->buffer_alloc(env.ctx, 4000);
    uint8_t *validity = env.host->buffer_alloc(env.ctx, 100);
    int64_t rows = 0, nulls = 0;

    assert(!qetl_builder_open(&b, env, field->children[0], 8));
    memset(validity, 0xff, 100);
    offsets[0] = 0;
    for (const char *at = values; *at; rows++) {
        size_t size = strcspn(at, "|");
        bool null = size == 1 && *at == '~';
        int64_t n = null || *at == '[' ? 0 : pieces_put(&b, at, size, ' ');
        offsets[rows + 1] = offsets[rows] + (int32_t)n;
        nulls += null;
        if (null)
            validity[rows >> 3] &= (uint8_t) ~(1 << (rows & 7));
        at += size + (at[size] == '|');
    }
    assert(!qetl_builder_close(&b, &elements));
    assert(!qetl_array_list(env, rows, nulls, validity, offsets, &elements, out));
}

/* Of scalars; a row's members are separated by commas, and ~ alone is a NULL struct. */
static void struct_make(struct rig *rig, const struct ArrowSchema *field, const char *values,
                        struct ArrowArray *out)
{
    struct qetl_env env = rig->fake.env;
    struct qetl_builder b[8];
    struct ArrowArray children[8];
    uint8_t *validity = env.host->buffer_alloc(env.ctx, 100);
    const void *buffers[1] = {validity};
    int64_t rows = 0, nulls = 0;

    memset(validity, 0xff, 100);
    for (int64_t c = 0; c < field->n_children; c++)
        assert(!qetl_builder_open(&b[c], env, field->children[c], 8));
    for (const char *at = values; *at; rows++) {
        size_t size = strcspn(at, "|");
        bool null = size == 1 && *at == '~';
        for (int64_t c = 0; c < field->n_children; c++) {
            size_t piece = null ? size : strcspn(at, ",|");
            value_put(&b[c], null ? "7" : at, null ? 1 : piece); /* what lies below must not show */
            at += null ? 0 : piece + (at[piece] == ',');
        }
        nulls += null;
        if (null)
            validity[rows >> 3] &= (uint8_t) ~(1 << (rows & 7));
        at += null ? size : 0;
        at += *at == '|';
    }
    for (int64_t c = 0; c < field->n_children; c++)
        assert(!qetl_builder_close(&b[c], &children[c]));
    assert(!qetl_array_make(env, rows, nulls, 1, buffers, field->n_children, children, out));
}

void rig_column(struct rig *rig, uint32_t port, const char *name, const char *type,
                const char *values)
{
    struct ArrowSchema field;
    struct ArrowArray *out;
    struct qetl_builder b;

    if (!rig->schemas[port].release)
        assert(!qetl_schema_init_struct(&rig->schemas[port]));
    assert(!qetl_type_field(type, name, &field));
    out = &rig->columns[port][rig->schemas[port].n_children];
    if (!strcmp(field.format, "+l")) {
        list_make(rig, &field, values, out);
    } else if (!strcmp(field.format, "+s")) {
        struct_make(rig, &field, values, out);
    } else {
        assert(!qetl_builder_open(&b, rig->fake.env, &field, 8));
        if (*values)
            pieces_put(&b, values, strlen(values), '|');
        assert(!qetl_builder_close(&b, out));
    }
    rig->rows[port] = out->length;
    if (port + 1 > rig->n_inputs)
        rig->n_inputs = port + 1;
    assert(!qetl_schema_append(&rig->schemas[port], &field));
}

int32_t rig_bind(struct rig *rig)
{
    const struct ArrowSchema *inputs[RIG_PORTS];

    for (uint32_t i = 0; i < rig->n_inputs; i++)
        inputs[i] = &rig->schemas[i];
    return rig->component->transform->bind(rig->self, rig->n_inputs, inputs, &rig->binder.binder);
}

static void say(struct rig *rig, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct rig *rig, const char *format, ...)
{
    size_t used = strlen(rig->text);
    va_list list;

    va_start(list, format);
    vsnprintf(rig->text + used, RIG_TEXT - used, format, list);
    va_end(list);
}

const char *rig_bound(struct rig *rig)
{
    static const char *const kinds[] = {"?", "keep", "subset", "expand", "stateful"};
    char type[128];

    rig->text[0] = '\0';
    for (int64_t i = 0; i < rig->binder.n_columns; i++) {
        const struct qetl_fake_column *c = &rig->binder.columns[i];
        if (c->column < 0)
            say(rig, "%s:%s ", c->name, qetl_type_name(&c->field, type, sizeof type));
        else if (c->out_column < 0)
            say(rig, "%s=%u.%d ", c->name, c->in_port, (int)c->column);
        else
            say(rig, "[%d]=%u.%d ", (int)c->out_column, c->in_port, (int)c->column);
    }
    say(rig, "%s", kinds[rig->binder.rows[0]]);
    return rig->text;
}

static void say_rows(struct rig *rig, const struct ArrowSchema *field,
                     const struct ArrowArray *array)
{
    struct qetl_fake_space space;
    struct qetl_column column;

    assert(!qetl_column_open(&column, field, array));
    say(rig, " | %s:", field->name);
    for (int64_t i = 0; i < rig->out.rows; i++) {
        int64_t at = rig->out.derived_map ? rig->out.derived_map[i] : i;
        qetl_fake_space_init(&space);
        if (at >= 0 && !qetl_column_is_null(&column, at))
            assert(!qetl_render(&column, at, &space.space));
        else
            assert(!qetl_space_put(&space.space, "~", 1));
        say(rig, "%s%.*s", i ? "," : " ", (int)space.space.size, (const char *)space.space.data);
        qetl_fake_space_free(&space);
    }
}

static void say_output(struct rig *rig)
{
    struct qetl_output *o = &rig->out;
    int64_t child = 0;

    say(rig, "%srows %d", rig->text[0] ? "; " : "", (int)o->rows);
    if (o->port)
        say(rig, " port %u", o->port);
    if (o->rows_filtered)
        say(rig, " filtered %d", (int)o->rows_filtered);
    if (o->rows_added)
        say(rig, " added %d", (int)o->rows_added);
    if (o->rows_reduced)
        say(rig, " reduced %d", (int)o->rows_reduced);
    for (int64_t i = 0; o->row_map && i < o->rows; i++)
        say(rig, "%s%d", i ? "," : " map ", o->row_map[i]);
    for (int64_t i = 0; o->batch.release && i < rig->binder.n_columns; i++)
        if (rig->binder.columns[i].column < 0) {
            char message[200] = "";
            const struct ArrowSchema *field = &rig->binder.columns[i].field;
            const struct ArrowArray *array = o->batch.children[child++];
            if (qetl_array_validate(field, array, message, sizeof message))
                say(rig, " INVALID %s", message);
            say_rows(rig, field, array);
        }
    qetl_array_release(&o->batch);
}

static const char *call(struct rig *rig, const struct qetl_event *event)
{
    rig->text[0] = '\0';
    do {
        rig->out = (struct qetl_output){.struct_size = sizeof rig->out};
        last_answer = rig->component->transform->process(rig->self, event, &rig->out);
        event = NULL;
        if (last_answer >= 0)
            say_output(rig);
    } while (last_answer == QETL_MORE);
    return rig->text;
}

const char *rig_process(struct rig *rig, uint32_t port, int64_t first, int64_t count)
{
    struct ArrowArray parts[16], batch;
    struct qetl_event event = {.struct_size = sizeof event,
                               .kind = QETL_EVENT_BATCH,
                               .port = port,
                               .batch = &batch,
                               .rows = count};
    int64_t n = 0;
    const char *text;

    for (int64_t i = 0; i < rig->binder.n_reads; i++) {
        if (rig->binder.reads[i].port != port)
            continue;
        parts[n] = rig->columns[port][rig->binder.reads[i].column];
        parts[n].offset += first;
        parts[n].length = count;
        parts[n].null_count = -1;
        parts[n++].release = NULL;
    }
    /* borrowed: a plugin that moves the batch gets copies that refer to the originals */
    struct qetl_shared *shared[16];
    for (int64_t i = 0; i < n; i++) {
        struct ArrowArray whole = parts[i];
        assert(!qetl_shared_new(&whole, &shared[i]));
        assert(!qetl_shared_part(rig->fake.env, shared[i], qetl_shared_array(shared[i]), 0, count,
                                 NULL, &parts[i]));
        qetl_shared_free(shared[i]);
    }
    assert(!qetl_array_struct(rig->fake.env, count, n, parts, &batch));
    text = call(rig, &event);
    qetl_array_release(&batch);
    return text;
}

const char *rig_event(struct rig *rig, uint32_t kind, uint32_t port)
{
    struct qetl_event event = {.struct_size = sizeof event, .kind = kind, .port = port};

    return call(rig, &event);
}

int32_t rig_answer(const struct rig *rig)
{
    (void)rig;
    return last_answer;
}

void transform_rig_close(struct rig *rig)
{
    if (rig->component->destroy)
        rig->component->destroy(rig->self);
    free(rig->self);
    for (uint32_t p = 0; p < rig->n_inputs; p++) {
        for (int64_t i = 0; i < rig->schemas[p].n_children; i++)
            qetl_array_release(&rig->columns[p][i]);
        qetl_schema_release(&rig->schemas[p]);
    }
    qetl_fake_binder_free(&rig->binder);
    qetl_fake_host_close(&rig->fake);
}

static int32_t state_write(void *stream, const void *data, size_t size)
{
    struct rig *rig = stream;
    if (rig->state_size + size > sizeof rig->state)
        return QETL_E_NO_MEMORY;
    memcpy(rig->state + rig->state_size, data, size);
    rig->state_size += size;
    return QETL_OK;
}

static int64_t state_read(void *stream, void *data, size_t capacity)
{
    struct rig *rig = stream;
    size_t left = rig->state_size - rig->state_taken, size = left < capacity ? left : capacity;
    size = size < 7 ? size : 7; /* in pieces */
    memcpy(data, rig->state + rig->state_taken, size);
    rig->state_taken += size;
    return (int64_t)size;
}

int32_t rig_save(struct rig *rig)
{
    struct qetl_writer writer = {rig, state_write};
    rig->state_size = 0;
    return rig->component->save(rig->self, &rig->state_version, &writer);
}

int32_t rig_restore(struct rig *rig, const struct rig *saved)
{
    struct rig lent = *saved;
    struct qetl_reader reader = {&lent, state_read};
    lent.state_taken = 0;
    return rig->component->restore(rig->self, saved->state_version, &reader);
}
