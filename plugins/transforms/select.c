/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses, orders, renames, drops and casts columns. Only casts touch values: without them the host
 * carries all columns past, and process is never called. */
#include <qetl/plugin.h>
#include <qetl/sdk.h>

#include <stdio.h>
#include <stdlib.h>

enum { POINTER_MAX = 600, SQL_MAX = 1400 };

/* One column of the output. */
struct chosen {
    int64_t column; /* of the input */
    const char *name;
    const char *type; /* what it is cast to, or NULL */
    struct qetl_expr *expr;
    int64_t place; /* of the column among those that process gets */
};

struct select {
    struct qetl_env env;
    const struct qetl_expr_host *service;
    struct chosen *chosen;
    int64_t n_chosen, n_casts;
    uint8_t *failures; /* of the batch at hand, a bit a row */
    int32_t *row_map;
    struct ArrowArray *results;
    int64_t capacity;
};

static int32_t no_memory(const struct select *select)
{
    return qetl_fail(select->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for select");
}

/* The pointer of an option's member; a key that is too long is cut, and then found nowhere. */
static void pointer_make(char *out, const char *option, const char *key)
{
    if (qetl_option_pointer(out, POINTER_MAX, option, key))
        snprintf(out, POINTER_MAX, "%s", option);
}

static int64_t column_find(const struct select *select, const struct ArrowSchema *input,
                           const char *option, const char *name)
{
    return qetl_schema_require(select->env, input, option, name);
}

/* ---- what is chosen ---- */

static void chosen_reset(struct select *select)
{
    for (int64_t i = 0; i < select->n_chosen; i++)
        select->service->free(select->chosen[i].expr);
    free(select->chosen);
    select->chosen = NULL;
    select->n_chosen = select->n_casts = 0;
}

/* Entry i of `columns`: a name, or {old: new}. */
static int32_t choose_entry(struct select *select, const struct ArrowSchema *input, int64_t i)
{
    char pointer[POINTER_MAX], inner[POINTER_MAX];
    const char *old, *name;
    int64_t column;

    snprintf(pointer, sizeof pointer, "/columns/%lld", (long long)i);
    old = name = qetl_option_text(select->env, pointer);
    if (qetl_option_kind(select->env, pointer) == QETL_OPTION_OBJECT) {
        if (qetl_option_count(select->env, pointer) != 1)
            return qetl_fail(select->env, QETL_E_CONFIG, pointer,
                             "give each renamed column an entry of its own: - {old: new}",
                             "an entry that renames holds exactly one {old: new}");
        old = qetl_option_key(select->env, pointer, 0);
        pointer_make(inner, pointer, old);
        name = qetl_option_text(select->env, inner);
    }
    column = column_find(select, input, pointer, old);
    if (column < 0)
        return (int32_t)column;
    select->chosen[select->n_chosen++] = (struct chosen){.column = column, .name = name};
    return QETL_OK;
}

static int32_t choose(struct select *select, const struct ArrowSchema *input)
{
    bool listed = qetl_option_given(select->env, "/columns");
    int64_t n = listed ? qetl_option_count(select->env, "/columns") : input->n_children;
    int32_t status = QETL_OK;

    select->chosen = calloc((size_t)n + 1, sizeof *select->chosen);
    if (!select->chosen)
        return no_memory(select);
    for (int64_t i = 0; i < n && !status; i++) {
        if (listed)
            status = choose_entry(select, input, i);
        else
            select->chosen[select->n_chosen++] =
                (struct chosen){.column = i, .name = input->children[i]->name};
    }
    return status;
}

static int32_t drop(struct select *select, const struct ArrowSchema *input)
{
    char pointer[POINTER_MAX];
    int64_t n =
        qetl_option_given(select->env, "/drop") ? qetl_option_count(select->env, "/drop") : 0;

    for (int64_t i = 0; i < n; i++) {
        int64_t column, kept = 0;
        snprintf(pointer, sizeof pointer, "/drop/%lld", (long long)i);
        column = column_find(select, input, pointer, qetl_option_text(select->env, pointer));
        if (column < 0)
            return (int32_t)column;
        for (int64_t k = 0; k < select->n_chosen; k++)
            if (select->chosen[k].column != column)
                select->chosen[kept++] = select->chosen[k];
        select->n_chosen = kept;
    }
    if (select->n_chosen == 0)
        return qetl_fail(select->env, QETL_E_CONFIG, n ? "/drop" : NULL, "keep at least one column",
                         "select leaves no column");
    return QETL_OK;
}

/* The column that an entry of `rename` or `cast` names, which must be among the chosen ones. */
static int64_t keyed_find(struct select *select, const struct ArrowSchema *input,
                          const char *option, int64_t i, char *pointer)
{
    const char *key = qetl_option_key(select->env, option, i);
    int64_t column;

    pointer_make(pointer, option, key ? key : "");
    column = column_find(select, input, pointer, key);
    for (int64_t k = 0; column >= 0 && k < select->n_chosen; k++)
        if (select->chosen[k].column == column)
            return column;
    if (column < 0)
        return column;
    return qetl_fail(select->env, QETL_E_CONFIG, pointer, "take it out here, or choose the column",
                     "column \"%s\" does not go on to the output", key);
}

static int32_t rename_chosen(struct select *select, const struct ArrowSchema *input)
{
    int64_t n =
        qetl_option_given(select->env, "/rename") ? qetl_option_count(select->env, "/rename") : 0;
    char pointer[POINTER_MAX];

    for (int64_t i = 0; i < n; i++) {
        int64_t column = keyed_find(select, input, "/rename", i, pointer);
        if (column < 0)
            return (int32_t)column;
        for (int64_t k = 0; k < select->n_chosen; k++)
            if (select->chosen[k].column == column)
                select->chosen[k].name = qetl_option_text(select->env, pointer);
    }
    return QETL_OK;
}

static int32_t names_check(const struct select *select)
{
    for (int64_t i = 0; i < select->n_chosen; i++)
        for (int64_t k = 0; k < i; k++)
            if (!strcmp(select->chosen[i].name, select->chosen[k].name))
                return qetl_fail(select->env, QETL_E_CONFIG, "/columns",
                                 "give one of them another name: {old: new}",
                                 "two columns of the output are named \"%s\"",
                                 select->chosen[i].name);
    return QETL_OK;
}

/* ---- casts ---- */

static int32_t sql_make(const struct select *select, const char *name, const char *type, char *sql)
{
    size_t used = (size_t)snprintf(sql, SQL_MAX, "CAST(\"");

    if (2 * strlen(name) + strlen(type) + 32 > SQL_MAX)
        return qetl_fail(select->env, QETL_E_UNSUPPORTED, "/cast",
                         "rename the column in a step before",
                         "a column whose name has %zu bytes cannot be cast", strlen(name));
    for (; *name; name++) {
        if (*name == '"')
            sql[used++] = '"';
        sql[used++] = *name;
    }
    snprintf(sql + used, SQL_MAX - used, "\" AS %s)", type);
    return QETL_OK;
}

static int32_t cast_compile(struct select *select, const struct ArrowSchema *input,
                            struct chosen *c, const char *pointer)
{
    const struct ArrowSchema *field = input->children[c->column];
    char format[QETL_TYPE_FORMAT_MAX], sql[SQL_MAX];
    int32_t status;

    if (qetl_type_parse(c->type, format))
        return qetl_fail(
            select->env, QETL_E_CONFIG, pointer,
            "known are boolean, smallint, integer, bigint (and … unsigned), real, double, "
            "decimal(p,s), text, date, time, timestamp, timestamp with time zone",
            "\"%s\" is not a type", c->type);
    if (!field->dictionary && !strcmp(format, field->format))
        return QETL_OK;
    status = sql_make(select, field->name, c->type, sql);
    if (!status)
        status = select->service->compile(select->env.ctx, sql, pointer, input, &c->expr);
    select->n_casts += !status;
    return status;
}

static int32_t casts_compile(struct select *select, const struct ArrowSchema *input)
{
    int64_t n =
        qetl_option_given(select->env, "/cast") ? qetl_option_count(select->env, "/cast") : 0;
    char pointer[POINTER_MAX];
    int32_t status = QETL_OK;

    for (int64_t i = 0; i < n && !status; i++) {
        int64_t column = keyed_find(select, input, "/cast", i, pointer);
        if (column < 0)
            return (int32_t)column;
        for (int64_t k = 0; k < select->n_chosen && !status; k++) {
            if (select->chosen[k].column != column)
                continue;
            select->chosen[k].type = qetl_option_text(select->env, pointer);
            if (!select->chosen[k].type)
                return qetl_fail(select->env, QETL_E_CONFIG, pointer, "write a type's name",
                                 "a type was expected here");
            status = cast_compile(select, input, &select->chosen[k], pointer);
        }
    }
    return status;
}

/* ---- the component ---- */

static int32_t select_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                             const char *config)
{
    struct select *select = self;

    (void)config;
    select->env = (struct qetl_env){host, ctx};
    select->service = host->get_extension(ctx, QETL_EXT_EXPR);
    if (!select->service)
        return qetl_fail(select->env, QETL_E_UNSUPPORTED, NULL, "use a newer qetl",
                         "select needs a host that offers " QETL_EXT_EXPR);
    return QETL_OK;
}

static void select_destroy(void *self)
{
    struct select *select = self;

    chosen_reset(select);
    free(select->failures);
    free(select->row_map);
    free(select->results);
}

static int32_t bind_column(const struct select *select, struct chosen *c,
                           struct qetl_binder *binder)
{
    struct ArrowSchema field;
    int32_t status;

    if (!c->expr)
        return binder->copy(binder, 0, -1, 0, c->column, c->name);
    status = binder->read(binder, 0, c->column, QETL_FORM_VALUE);
    if (status < 0)
        return status;
    c->place = status;
    status = select->service->result(c->expr, c->name, &field);
    if (status)
        return status;
    status = binder->derive(binder, 0, &field, 1, &c->column);
    qetl_schema_release(&field);
    return status;
}

static int32_t select_bind(void *self, uint32_t n_inputs, const struct ArrowSchema *const *inputs,
                           struct qetl_binder *binder)
{
    struct select *select = self;
    int32_t status;

    (void)n_inputs;
    chosen_reset(select);
    status = choose(select, inputs[0]);
    if (!status)
        status = drop(select, inputs[0]);
    if (!status)
        status = rename_chosen(select, inputs[0]);
    if (!status)
        status = names_check(select);
    if (!status)
        status = casts_compile(select, inputs[0]);
    for (int64_t i = 0; i < select->n_chosen && status >= 0; i++)
        status = bind_column(select, &select->chosen[i], binder);
    if (status < 0)
        return status;
    free(select->results);
    select->results = calloc((size_t)select->n_casts + 1, sizeof *select->results);
    if (!select->results)
        return no_memory(select);
    return binder->rows(binder, 0, select->n_casts ? QETL_ROWS_SUBSET : QETL_ROWS_KEEP);
}

/* ---- batches ---- */

static int32_t rows_reserve(struct select *select, int64_t rows)
{
    if (rows > select->capacity) {
        free(select->failures);
        free(select->row_map);
        select->failures = malloc((size_t)rows / 8 + 1);
        select->row_map = malloc((size_t)rows * sizeof *select->row_map);
        select->capacity = select->failures && select->row_map ? rows : 0;
        if (!select->capacity)
            return no_memory(select);
    }
    memset(select->failures, 0, (size_t)rows / 8 + 1);
    return QETL_OK;
}

/* Evaluates every cast; rows that failed in one are left out by the next. */
static int32_t casts_evaluate(struct select *select, const struct qetl_event *event,
                              int64_t *failed)
{
    int32_t status = QETL_OK;
    int64_t at = 0, more;

    for (int64_t i = 0; i < select->n_chosen && !status; i++) {
        struct ArrowArray *child, view;
        if (!select->chosen[i].expr)
            continue;
        child = event->batch->children[select->chosen[i].place];
        view = (struct ArrowArray){.length = event->rows,
                                   .offset = event->batch->offset,
                                   .n_buffers = 1,
                                   .buffers = (const void *[1]){NULL},
                                   .n_children = 1,
                                   .children = &child};
        status = select->service->evaluate(select->chosen[i].expr, &view, event->rows,
                                           &select->results[at], select->failures, &more);
        at++;
        *failed += more;
    }
    return status;
}

static int64_t survivors_list(struct select *select, int64_t rows)
{
    int64_t count = 0;

    for (int64_t i = 0; i < rows; i++)
        if (!(select->failures[i >> 3] >> (i & 7) & 1))
            select->row_map[count++] = (int32_t)i;
    return count;
}

static void results_drop(struct select *select)
{
    for (int64_t i = 0; i < select->n_casts; i++)
        qetl_array_release(&select->results[i]);
}

static int32_t select_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    struct select *select = self;
    int64_t failed = 0;
    int32_t status;

    if (!event || event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    status = rows_reserve(select, event->rows);
    if (!status)
        status = casts_evaluate(select, event, &failed);
    out->rows = failed ? survivors_list(select, event->rows) : event->rows;
    if (failed)
        out->row_map = out->derived_map = select->row_map;
    if (!status && select->n_casts)
        status = qetl_array_struct(select->env, event->rows, select->n_casts, select->results,
                                   &out->batch);
    if (status)
        results_drop(select);
    return status ? status : QETL_OUTPUT;
}

static const struct qetl_transform select_transform = {
    .struct_size = sizeof select_transform,
    .bind = select_bind,
    .process = select_process,
};

static const struct qetl_component select_component = {
    .struct_size = sizeof select_component,
    .kind = QETL_TRANSFORM,
    .id = "select",
    .state_size = sizeof(struct select),
    .create = select_create,
    .destroy = select_destroy,
    .transform = &select_transform,
};

QETL_PLUGIN("select", "0.1.0", &select_component)
