/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses, orders, renames, drops and casts columns. Only casts touch values: without them the host
 * carries all columns past, and process is never called. */
#include "select.h"

#include <stdio.h>
#include <stdlib.h>

enum { SQL_MAX = 1400 };

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
        status = select->exprs.service->compile(select->env.ctx, sql, pointer, input, &c->expr);
    select->n_casts += !status;
    return status;
}

static int32_t casts_compile(struct select *select, const struct ArrowSchema *input)
{
    int64_t n =
        qetl_option_given(select->env, "/cast") ? qetl_option_count(select->env, "/cast") : 0;
    char pointer[SELECT_POINTER_MAX];
    int32_t status = QETL_OK;

    for (int64_t i = 0; i < n; i++) {
        int64_t column = select_keyed(select, input, "/cast", i, pointer);
        int32_t one = column < 0 && column != SELECT_SKIPPED ? (int32_t)column : QETL_OK;
        for (int64_t k = 0; k < select->n_chosen && !one; k++) {
            if (select->chosen[k].column != column)
                continue;
            select->chosen[k].type = qetl_option_text(select->env, pointer);
            if (!select->chosen[k].type)
                return qetl_fail(select->env, QETL_E_CONFIG, pointer, "write a type's name",
                                 "a type was expected here");
            one = cast_compile(select, input, &select->chosen[k], pointer);
        }
        status = status ? status : one;
    }
    return status;
}

/* ---- the component ---- */

static const struct qetl_option_field options[] = {
    {"/missing", QETL_OPTION_WORD, offsetof(struct select, skips), "error", "error|skip"},
};

static int32_t select_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                             const char *config)
{
    struct select *select = self;
    int32_t status;

    (void)config;
    select->env = (struct qetl_env){host, ctx};
    status = qetl_options_read(select->env, options, 1, select);
    return status
               ? status
               : qetl_exprs_create(&select->exprs, select->env, "select", "no memory for select");
}

static void select_destroy(void *self)
{
    struct select *select = self;

    select_reset(select);
    qetl_exprs_free(&select->exprs);
    free(select->results);
}

static int32_t bind_column(struct select *select, struct chosen *c, struct qetl_binder *binder)
{
    struct ArrowSchema field;
    int32_t status;

    if (!c->expr)
        return binder->copy(binder, 0, -1, 0, c->column, c->name);
    status = qetl_exprs_read(&select->exprs, binder, c->column);
    if (status < 0)
        return status;
    c->place = status;
    status = select->exprs.service->result(c->expr, c->name, &field);
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
    status = select_choose(select, inputs[0]);
    if (!status)
        status = casts_compile(select, inputs[0]);
    if (!status)
        status = qetl_exprs_bind(&select->exprs, inputs[0], 0);
    for (int64_t i = 0; i < select->n_chosen && status >= 0; i++)
        status = bind_column(select, &select->chosen[i], binder);
    if (status < 0)
        return status;
    free(select->results);
    select->results = calloc((size_t)select->n_casts + 1, sizeof *select->results);
    if (!select->results)
        return qetl_exprs_fail_memory(&select->exprs);
    return binder->rows(binder, 0, select->n_casts ? QETL_ROWS_SUBSET : QETL_ROWS_KEEP);
}

/* ---- batches ---- */

/* Every cast; rows that failed in one are left out by the next. */
static int32_t casts_evaluate(struct select *select)
{
    int32_t status = QETL_OK;
    int64_t at = 0;

    for (int64_t i = 0; i < select->n_chosen && !status; i++)
        if (select->chosen[i].expr)
            status = qetl_exprs_evaluate(&select->exprs, select->chosen[i].expr,
                                         &select->chosen[i].place, 1, &select->results[at++]);
    return status;
}

static void results_drop(struct select *select)
{
    for (int64_t i = 0; i < select->n_casts; i++)
        qetl_array_release(&select->results[i]);
}

static int32_t select_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    struct select *select = self;
    int32_t status;

    if (!event || event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    status = qetl_exprs_begin(&select->exprs, event->batch, event->rows);
    if (!status)
        status = casts_evaluate(select);
    if (!status)
        out->rows = qetl_exprs_rest(&select->exprs, &out->row_map);
    if (!status && out->rows < 0)
        status = (int32_t)out->rows;
    out->derived_map = out->row_map;
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
