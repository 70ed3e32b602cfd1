/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a column of each member of a struct, and of the members of its members. Values are not
 * copied; where a struct is NULL, so are its members. */
#include <qetl/rows.h>
#include <qetl/sdk.h>

#include <stdio.h>
#include <stdlib.h>

enum { DEPTH_MAX = 64, POINTER_MAX = 64 };

/* A member that becomes a column: the way to it from its struct. */
struct leaf {
    int64_t column; /* of the input */
    int64_t shared; /* the struct among those that are taken apart */
    int32_t path[DEPTH_MAX];
    int32_t depth; /* steps of path */
    struct ArrowSchema field;
};

struct flatten {
    struct qetl_env env;
    const char *separator;
    bool prefix;
    int64_t depth; /* levels that are taken apart */
    bool *chosen;  /* a struct of the input that is taken apart */
    struct leaf *leaves;
    int64_t n_leaves, room;
    struct qetl_shared **shared; /* of the batch at hand: a struct column each */
    int64_t n_shared;
    struct ArrowArray *results;
};

static int32_t no_memory(const struct flatten *flatten)
{
    return qetl_fail(flatten->env, QETL_E_NO_MEMORY, NULL,
                     "make batches smaller, or raise --memory", "no memory to flatten a column");
}

static const struct qetl_option_field options[] = {
    {"/separator", QETL_OPTION_TEXT, offsetof(struct flatten, separator), "_", NULL},
    {"/prefix", QETL_OPTION_BOOL, offsetof(struct flatten, prefix), "true", NULL},
    {"/depth", QETL_OPTION_INT, offsetof(struct flatten, depth), "64", "1..64"},
};

static int32_t flatten_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                              const char *config)
{
    struct flatten *flatten = self;

    (void)config;
    flatten->env = (struct qetl_env){host, ctx};
    return qetl_options_read(flatten->env, options, 3, flatten);
}

static void bound_reset(struct flatten *flatten)
{
    for (int64_t i = 0; i < flatten->n_leaves; i++)
        qetl_schema_release(&flatten->leaves[i].field);
    free(flatten->leaves);
    free(flatten->chosen);
    free(flatten->shared);
    free(flatten->results);
    flatten->leaves = NULL;
    flatten->chosen = NULL;
    flatten->shared = NULL;
    flatten->results = NULL;
    flatten->n_leaves = flatten->room = flatten->n_shared = 0;
}

static void flatten_destroy(void *self)
{
    bound_reset(self);
}

/* ---- bind ---- */

static bool is_struct(const struct ArrowSchema *field)
{
    return !strcmp(field->format, "+s");
}

/* `columns`, or all structs. */
static int32_t columns_choose(struct flatten *flatten, const struct ArrowSchema *input)
{
    bool listed = qetl_option_given(flatten->env, "/columns");
    int64_t n = listed ? qetl_option_count(flatten->env, "/columns") : 0;

    flatten->chosen = calloc((size_t)input->n_children + 1, sizeof *flatten->chosen);
    if (!flatten->chosen)
        return no_memory(flatten);
    for (int64_t i = 0; i < input->n_children && !listed; i++)
        flatten->chosen[i] = is_struct(input->children[i]);
    for (int64_t i = 0; i < n; i++) {
        char pointer[POINTER_MAX], type[100];
        int64_t column;
        snprintf(pointer, sizeof pointer, "/columns/%lld", (long long)i);
        column = qetl_schema_require(flatten->env, input, pointer,
                                     qetl_option_text(flatten->env, pointer));
        if (column < 0)
            return (int32_t)column;
        if (!is_struct(input->children[column]))
            return qetl_fail(flatten->env, QETL_E_CONFIG, pointer,
                             "only structs (objects) have members; explode takes lists apart",
                             "column \"%s\" is of type %s", input->children[column]->name,
                             qetl_type_name(input->children[column], type, sizeof type));
        flatten->chosen[column] = true;
    }
    return QETL_OK;
}

static struct leaf *leaf_add(struct flatten *flatten)
{
    if (flatten->n_leaves == flatten->room) {
        int64_t room = flatten->room ? 2 * flatten->room : 16;
        struct leaf *grown = realloc(flatten->leaves, (size_t)room * sizeof *grown);
        if (!grown)
            return NULL;
        flatten->leaves = grown;
        flatten->room = room;
    }
    flatten->leaves[flatten->n_leaves] = (struct leaf){.column = -1};
    return &flatten->leaves[flatten->n_leaves++];
}

/* The name of a member: that of what holds it, the separator, and its own. */
static char *name_make(const struct flatten *flatten, const char *outer, const char *inner)
{
    char *name;

    return asprintf(&name, "%s%s%s", outer, *outer ? flatten->separator : "", inner) < 0 ? NULL
                                                                                         : name;
}

static int32_t leaf_make(struct flatten *flatten, const struct leaf *way, const char *name,
                         const struct ArrowSchema *field)
{
    struct leaf *leaf = leaf_add(flatten);

    if (!leaf)
        return no_memory(flatten);
    *leaf = *way;
    if (qetl_schema_copy(field, &leaf->field))
        return no_memory(flatten);
    leaf->field.flags |= ARROW_FLAG_NULLABLE;
    return qetl_schema_set_name(&leaf->field, name) ? no_memory(flatten) : QETL_OK;
}

/* The leaves below a struct; way: the steps to it. */
static int32_t members_walk(struct flatten *flatten, struct leaf *way, const char *outer,
                            const struct ArrowSchema *parent)
{
    int32_t status = QETL_OK;

    way->depth++;
    for (int64_t i = 0; i < parent->n_children && !status; i++) {
        const struct ArrowSchema *field = parent->children[i];
        char *name = name_make(flatten, outer, field->name);
        way->path[way->depth - 1] = (int32_t)i;
        if (!name)
            status = no_memory(flatten);
        else if (is_struct(field) && way->depth < flatten->depth)
            status = members_walk(flatten, way, name, field);
        else
            status = leaf_make(flatten, way, name, field);
        free(name);
    }
    way->depth--;
    return status;
}

static int32_t leaves_find(struct flatten *flatten, const struct ArrowSchema *input)
{
    int32_t status = QETL_OK;

    for (int64_t i = 0; i < input->n_children && !status; i++) {
        struct leaf way = {.column = i, .shared = flatten->n_shared};
        if (flatten->chosen[i])
            status = members_walk(flatten, &way, flatten->prefix ? input->children[i]->name : "",
                                  input->children[i]);
        flatten->n_shared += flatten->chosen[i];
    }
    return status;
}

static int32_t names_check(const struct flatten *flatten, const struct ArrowSchema *input)
{
    for (int64_t i = 0; i < flatten->n_leaves; i++) {
        const char *name = flatten->leaves[i].field.name;
        bool twice = false;
        for (int64_t k = 0; k < i; k++)
            twice |= !strcmp(name, flatten->leaves[k].field.name);
        for (int64_t k = 0; k < input->n_children; k++)
            twice |= !flatten->chosen[k] && !strcmp(name, input->children[k]->name);
        if (twice)
            return qetl_fail(flatten->env, QETL_E_CONFIG, NULL,
                             "rename one with a select before, or choose another `separator`, or "
                             "`prefix: true`",
                             "two columns of the output would be named \"%s\"", name);
    }
    return QETL_OK;
}

static int32_t column_bind(const struct flatten *flatten, int64_t column,
                           struct qetl_binder *binder)
{
    int32_t status = binder->read(binder, 0, column, QETL_FORM_VALUE);

    for (int64_t i = 0; i < flatten->n_leaves && status >= 0; i++)
        if (flatten->leaves[i].column == column)
            status = qetl_bind_field(binder, 0, &flatten->leaves[i].field, 1, &column);
    return status;
}

static int32_t flatten_bind(void *self, uint32_t n_inputs, const struct ArrowSchema *const *inputs,
                            struct qetl_binder *binder)
{
    struct flatten *flatten = self;
    int32_t status;

    (void)n_inputs;
    bound_reset(flatten);
    status = columns_choose(flatten, inputs[0]);
    if (!status)
        status = leaves_find(flatten, inputs[0]);
    if (!status)
        status = names_check(flatten, inputs[0]);
    if (status)
        return status;
    flatten->shared = calloc((size_t)flatten->n_shared + 1, sizeof *flatten->shared);
    flatten->results = calloc((size_t)flatten->n_leaves + 1, sizeof *flatten->results);
    if (!flatten->shared || !flatten->results)
        return no_memory(flatten);
    for (int64_t i = 0; i < inputs[0]->n_children && status >= 0; i++)
        status = flatten->chosen[i] ? column_bind(flatten, i, binder)
                                    : binder->copy(binder, 0, -1, 0, i, NULL);
    return status < 0 ? status : binder->rows(binder, 0, QETL_ROWS_KEEP);
}

/* ---- batches ---- */

static bool bit_at(const uint8_t *bits, int64_t at)
{
    return bits[at >> 3] >> (at & 7) & 1;
}

/* A validity buffer for `leaf` from its buffers' beginning on: where it and all structs around it
 * are present. levels: those structs, with the place of the first row in each. */
static uint8_t *validity_make(const struct flatten *flatten, const struct ArrowArray *const *levels,
                              const int64_t *starts, int32_t n, int64_t rows)
{
    int64_t first = starts[n - 1];
    size_t bytes = (size_t)(first + rows) / 8 + 1;
    uint8_t *out = flatten->env.host->buffer_alloc(flatten->env.ctx, bytes);

    if (!out)
        return NULL;
    memset(out, 0xff, bytes);
    for (int32_t level = 0; level < n; level++) {
        const uint8_t *bits = levels[level]->n_buffers ? levels[level]->buffers[0] : NULL;
        for (int64_t i = 0; bits && i < rows; i++)
            if (!bit_at(bits, starts[level] + i))
                out[(first + i) >> 3] &= (uint8_t) ~(1 << ((first + i) & 7));
    }
    return out;
}

static int32_t leaf_give(const struct flatten *flatten, const struct leaf *leaf,
                         struct qetl_shared *shared, int64_t rows, struct ArrowArray *out)
{
    const struct ArrowArray *levels[DEPTH_MAX + 1] = {qetl_shared_array(shared)};
    int64_t starts[DEPTH_MAX + 1] = {levels[0]->offset};
    bool nulls = levels[0]->buffers[0] != NULL;
    uint8_t *validity = NULL;
    int32_t n = leaf->depth + 1;

    for (int32_t i = 1; i < n; i++) {
        levels[i] = levels[i - 1]->children[leaf->path[i - 1]];
        starts[i] = starts[i - 1] + levels[i]->offset;
        nulls |= i < n - 1 && levels[i]->buffers[0] != NULL;
    }
    if (nulls && levels[n - 1]->n_buffers) {
        validity = validity_make(flatten, levels, starts, n, rows);
        if (!validity)
            return QETL_E_NO_MEMORY;
    }
    if (!qetl_shared_part(flatten->env, shared, levels[n - 1], starts[n - 2], rows, validity, out))
        return QETL_OK;
    if (validity)
        flatten->env.host->buffer_free(validity);
    return QETL_E_NO_MEMORY;
}

static int32_t structs_take(struct flatten *flatten, const struct qetl_event *event)
{
    for (int64_t i = 0; i < flatten->n_shared; i++) {
        struct ArrowArray moved;
        qetl_batch_move(event->batch, event->rows, i, &moved);
        if (qetl_shared_new(&moved, &flatten->shared[i])) {
            qetl_batch_return(event->batch, i, &moved);
            return QETL_E_NO_MEMORY;
        }
    }
    return QETL_OK;
}

/* Back into the batch, where the call fails. */
static void structs_drop(struct flatten *flatten, const struct qetl_event *event, bool failed)
{
    for (int64_t i = 0; i < flatten->n_shared; i++) {
        struct ArrowArray moved = {.release = NULL};
        if (failed)
            qetl_shared_undo(flatten->shared[i], &moved);
        else
            qetl_shared_free(flatten->shared[i]);
        flatten->shared[i] = NULL;
        qetl_batch_return(event->batch, i, &moved);
    }
}

static int32_t leaves_give(struct flatten *flatten, int64_t rows)
{
    int32_t status = QETL_OK;

    for (int64_t i = 0; i < flatten->n_leaves && !status; i++)
        status = leaf_give(flatten, &flatten->leaves[i], flatten->shared[flatten->leaves[i].shared],
                           rows, &flatten->results[i]);
    return status;
}

static int32_t flatten_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    struct flatten *flatten = self;
    int32_t status;

    if (!event || event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    status = structs_take(flatten, event);
    if (!status)
        status = leaves_give(flatten, event->rows);
    if (!status && flatten->n_leaves)
        status = qetl_array_struct(flatten->env, event->rows, flatten->n_leaves, flatten->results,
                                   &out->batch);
    for (int64_t i = 0; i < flatten->n_leaves; i++)
        qetl_array_release(&flatten->results[i]);
    structs_drop(flatten, event, status != QETL_OK);
    out->rows = event->rows;
    return status ? no_memory(flatten) : QETL_OUTPUT;
}

static const struct qetl_transform flatten_transform = {
    .struct_size = sizeof flatten_transform,
    .bind = flatten_bind,
    .process = flatten_process,
};

static const struct qetl_component flatten_component = {
    .struct_size = sizeof flatten_component,
    .kind = QETL_TRANSFORM,
    .id = "flatten",
    .state_size = sizeof(struct flatten),
    .create = flatten_create,
    .destroy = flatten_destroy,
    .transform = &flatten_transform,
};

QETL_PLUGIN("flatten", "0.1.0", &flatten_component)
