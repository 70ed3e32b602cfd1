/* SPDX-License-Identifier: Apache-2.0 */
#include "expr.h"

#include "program.h"

#include <stdlib.h>

static void expr_free(struct qetl_expr *expr)
{
    if (!expr)
        return;
    for (uint32_t i = 0; i < expr->n_loads; i++)
        qetl_schema_release(&expr->loads[i].field);
    qetl_expr_arena_free(&expr->frame.heap);
    free(expr->heaps.buffers);
    free(expr->heaps.used);
    qetl_expr_arena_free(&expr->arena);
    free(expr);
}

/* Text to graph to program. */
static void expr_build(struct expr_source *source, struct qetl_expr *expr)
{
    struct expr_binder *binder = qetl_expr_new(source, sizeof *binder);
    struct expr_ast *tree = binder ? qetl_expr_parse(source) : NULL;
    struct expr_type text = expr_type_of(EXPR_TEXT);

    if (!tree)
        return;
    expr->tree = qetl_expr_tree_json(source, tree);
    binder->source = source;
    expr->root = qetl_expr_bind(binder, tree);
    if (expr->root)
        expr->root = qetl_expr_settle(binder, expr->root, &text);
    if (!expr->root)
        return;
    if (expr->root->type.id == EXPR_OPAQUE)
        qetl_expr_mistake(source, expr->root->span, "copy the column instead of computing it",
                          "the result would be of a nested or binary type");
    else
        qetl_expr_program(source, expr);
}

/* The option's JSON pointer without its first slash, in back quotes. */
static const char *label_make(struct expr_arena *arena, const char *option)
{
    size_t size = option ? strlen(option) : 0;
    char *label = size > 1 ? qetl_expr_arena_text(arena, option, size + 1) : NULL;

    if (!label)
        return "the expression";
    label[0] = '`';
    for (char *at = label + 1; *at; at++)
        if (at[0] == '~' && (at[1] == '0' || at[1] == '1')) {
            at[0] = at[1] == '0' ? '~' : '/';
            memmove(at + 1, at + 2, strlen(at + 2) + 1);
        }
    strcat(label, "`");
    return label;
}

bool qetl_expr_session_open(struct expr_source *source)
{
    struct qetl_expr_session session = qetl_ctx_expr_session(source->ctx);
    const char *name = session.timezone;

    source->now_us = session.now_us;
    source->zone = name ? qetl_expr_zone_find((struct expr_text){name, (int64_t)strlen(name)})
                        : qetl_expr_zone_utc();
    if (source->zone)
        return true;
    source->status = QETL_E_CONFIG;
    qetl_fail((struct qetl_env){source->host, source->ctx}, QETL_E_CONFIG, NULL,
              "name one of the tz database, as in Europe/Berlin; is the package tzdata installed?",
              "timezone: there is no zone %s", name);
    return false;
}

static int32_t service_compile(struct qetl_ctx *ctx, const char *text, const char *option,
                               const struct ArrowSchema *schema, struct qetl_expr **out)
{
    struct qetl_expr *expr = calloc(1, sizeof *expr);
    struct expr_source source = {.ctx = ctx, .host = qetl_ctx_host(ctx), .option = option};

    *out = NULL;
    source.schema = schema;
    if (!expr) {
        qetl_expr_no_memory(&source);
        return QETL_E_NO_MEMORY;
    }
    source.arena = &expr->arena;
    source.size = strlen(text);
    expr->env = (struct qetl_env){source.host, ctx};
    expr->reporter.fail = qetl_expr_row_rejected;
    expr->frame.reporter = &expr->reporter;
    expr->frame.heap.most = EXPR_HEAP_MAX;
    expr->label = label_make(&expr->arena, option);
    expr->text = source.text = qetl_expr_arena_text(&expr->arena, text, source.size);
    if (!source.text)
        qetl_expr_no_memory(&source);
    else if (qetl_expr_session_open(&source)) {
        expr->frame.zone.zone = source.zone;
        expr_build(&source, expr);
    }
    if (source.status) {
        expr_free(expr);
        return source.status;
    }
    *out = expr;
    return QETL_OK;
}

static int64_t service_columns(const struct qetl_expr *expr, const int64_t **out)
{
    *out = expr->columns;
    return expr->n_loads;
}

static int32_t service_result(const struct qetl_expr *expr, const char *name,
                              struct ArrowSchema *out)
{
    char format[EXPR_TYPE_FORMAT_MAX];

    int32_t status;

    qetl_expr_type_format(&expr->root->type, format, sizeof format);
    status = qetl_schema_init_field(out, name ? name : "", format);
    if (!status && expr_type_is_json(expr->root->type.id))
        status = qetl_schema_set_metadata(out, "qetl:type", "json");
    return status;
}

static int32_t call_begin(struct qetl_expr *expr, const struct ArrowArray *batch, uint8_t *failures)
{
    expr->failures = failures;
    expr->n_failed = 0;
    return qetl_expr_load_open(expr, batch);
}

static int32_t service_evaluate(struct qetl_expr *expr, const struct ArrowArray *batch,
                                int64_t rows, struct ArrowArray *out, uint8_t *failures,
                                int64_t *failed)
{
    int32_t status = call_begin(expr, batch, failures);

    if (!status)
        status = qetl_expr_evaluate(expr, rows, out);
    if (failed)
        *failed = expr->n_failed;
    return status;
}

static int64_t service_select(struct qetl_expr *expr, const struct ArrowArray *batch, int64_t rows,
                              int32_t *selected, int64_t *failed)
{
    int64_t count;

    if (expr->root->type.id != EXPR_BOOL)
        return qetl_fail(expr->env, QETL_E_CONFIG, NULL, "compare the value with something",
                         "a condition must be a boolean: %s", expr->text);
    count = call_begin(expr, batch, NULL);
    if (!count)
        count = qetl_expr_select(expr, rows, selected);
    if (failed)
        *failed = expr->n_failed;
    return count;
}

static const char *service_tree(const struct qetl_expr *expr)
{
    return expr->tree;
}

const struct qetl_expr_host *qetl_expr_service(void)
{
    static const struct qetl_expr_host service = {
        .struct_size = sizeof service,
        .compile = service_compile,
        .free = expr_free,
        .columns = service_columns,
        .result = service_result,
        .evaluate = service_evaluate,
        .select = service_select,
        .tree = service_tree,
    };

    return &service;
}
