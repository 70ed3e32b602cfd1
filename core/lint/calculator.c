/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator.h"

#include "config/excerpt.h"
#include "data/cell.h"
#include "expr/expr.h"
#include "host/instance.h"
#include "run/run.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { BUDGET_BYTES = 64 << 20 };

struct qetl_calculator {
    struct qetl_instance_env env;
    struct qetl_node node;
    struct qetl_component component;
    struct qetl_ctx *ctx;
    struct ArrowSchema schema;
    struct ArrowArray *columns; /* of one row each */
};

static void log_nothing(void *arg, const char *component, int32_t level, const char *message)
{
    (void)arg;
    (void)component;
    (void)level;
    (void)message;
}

struct qetl_calculator *qetl_calculator_new(void)
{
    struct qetl_calculator *calculator = calloc(1, sizeof *calculator);
    if (!calculator)
        return NULL;
    calculator->env.pool = qetl_pool_new(BUDGET_BYTES);
    calculator->env.log = log_nothing;
    calculator->env.now_us = (int64_t)time(NULL) * 1000000;
    calculator->node.id = "expression";
    calculator->node.use.options = json_object();
    if (calculator->env.pool && calculator->node.use.options)
        calculator->ctx = qetl_instance_new(&calculator->env, &calculator->node,
                                            &calculator->node.use, &calculator->component);
    if (calculator->ctx && !qetl_schema_init_struct(&calculator->schema))
        return calculator;
    qetl_calculator_free(calculator);
    return NULL;
}

void qetl_calculator_free(struct qetl_calculator *calculator)
{
    if (!calculator)
        return;
    for (int64_t c = 0; calculator->columns && c < calculator->schema.n_children; c++)
        qetl_array_release(&calculator->columns[c]);
    free(calculator->columns);
    qetl_schema_release(&calculator->schema);
    qetl_instance_free(calculator->ctx);
    json_decref(calculator->node.use.options);
    qetl_pool_free(calculator->env.pool);
    free(calculator);
}

/* ---- evaluation ---- */

/* What the service reported, as a finding. */
static int refuse(struct qetl_calculator *calculator, int32_t status,
                  struct qetl_findings *findings)
{
    struct qetl_error_report error = qetl_instance_take_error(calculator->ctx);
    struct qetl_finding *finding = qetl_finding_add(
        findings, QETL_ERROR, status == QETL_E_NO_MEMORY ? "no_memory" : "bad_expression", "%s",
        error.message ? error.message : "the expression cannot be compiled");
    if (error.text)
        qetl_finding_excerpt(finding, error.text, strlen(error.text), (size_t)error.text_begin,
                             (size_t)error.text_end);
    if (error.suggestion)
        qetl_finding_mend(finding, "%s", error.suggestion);
    qetl_error_report_free(&error);
    return status == QETL_E_NO_MEMORY ? QETL_EXIT_FAILED : QETL_EXIT_CONFIG;
}

static int32_t call_service(struct qetl_calculator *calculator, struct qetl_expr *expr,
                            struct ArrowArray *out)
{
    const int64_t *read;
    const void *no_buffers[1] = {NULL};
    struct ArrowArray batch = {.length = 1, .n_buffers = 1, .buffers = no_buffers};
    batch.n_children = qetl_expr_service()->columns(expr, &read);
    batch.children = calloc((size_t)batch.n_children + 1, sizeof *batch.children);
    if (!batch.children)
        return QETL_E_NO_MEMORY;
    for (int64_t c = 0; c < batch.n_children; c++)
        batch.children[c] = &calculator->columns[read[c]];
    int32_t status = qetl_expr_service()->evaluate(expr, &batch, 1, out, NULL, NULL);
    free(batch.children);
    return status;
}

/* Evaluates over the one row. */
static int call(struct qetl_calculator *calculator, struct qetl_expr *expr, struct ArrowArray *out,
                struct qetl_findings *findings)
{
    struct qetl_ctx *ctx = calculator->ctx;
    qetl_instance_drop_rejected(ctx);
    if (call_service(calculator, expr, out)) {
        qetl_findings_no_memory(findings);
        return QETL_EXIT_FAILED;
    }
    if (!ctx->n_rejected)
        return QETL_EXIT_OK;
    qetl_finding_add(findings, QETL_ERROR, ctx->rejected[0].code, "%s", ctx->rejected[0].message);
    qetl_array_release(out);
    return QETL_EXIT_FAILED;
}

/* Compiles; the expression and the field of its result are the caller's then. */
static int compile(struct qetl_calculator *calculator, const char *text, const char *name,
                   struct qetl_expr **expr, struct ArrowSchema *field,
                   struct qetl_findings *findings)
{
    const struct qetl_expr_host *service = qetl_expr_service();
    int32_t status = service->compile(calculator->ctx, text, NULL, &calculator->schema, expr);
    if (status)
        return refuse(calculator, status, findings);
    if (!service->result(*expr, name, field))
        return QETL_EXIT_OK;
    service->free(*expr);
    qetl_findings_no_memory(findings);
    return QETL_EXIT_FAILED;
}

static int describe_value(const struct ArrowSchema *field, const struct ArrowArray *array,
                          struct qetl_calculated *out)
{
    struct qetl_column column;
    struct qetl_space space;
    if (qetl_column_open(&column, field, array))
        return -1;
    out->textual = column.kind != QETL_KIND_BOOL && column.kind != QETL_KIND_INT &&
                   column.kind != QETL_KIND_UINT && column.kind != QETL_KIND_REAL &&
                   column.kind != QETL_KIND_DECIMAL;
    if (qetl_column_is_null(&column, 0))
        return 0;
    qetl_heap_space(&space);
    if (!qetl_render(&column, 0, &space))
        out->value = strndup(space.data ? (const char *)space.data : "", (size_t)space.size);
    free(space.data);
    return out->value ? 0 : -1;
}

int qetl_calculator_evaluate(struct qetl_calculator *calculator, const char *text,
                             struct qetl_calculated *out, struct qetl_findings *findings)
{
    struct qetl_expr *expr;
    struct ArrowSchema field;
    struct ArrowArray array;
    *out = (struct qetl_calculated){0};
    int exit_code = compile(calculator, text, "result", &expr, &field, findings);
    if (exit_code)
        return exit_code;
    out->type = qetl_type_text(&field);
    out->tree = json_loads(qetl_expr_service()->tree(expr), JSON_DECODE_ANY, NULL);
    const int64_t *read;
    out->constant = !qetl_expr_service()->columns(expr, &read);
    exit_code = call(calculator, expr, &array, findings);
    if (!exit_code) {
        if (!out->type || describe_value(&field, &array, out)) {
            qetl_findings_no_memory(findings);
            exit_code = QETL_EXIT_FAILED;
        }
        qetl_array_release(&array);
    }
    qetl_schema_release(&field);
    qetl_expr_service()->free(expr);
    return exit_code;
}

void qetl_calculated_free(struct qetl_calculated *calculated)
{
    free(calculated->type);
    free(calculated->value);
    json_decref(calculated->tree);
    *calculated = (struct qetl_calculated){0};
}

/* ---- columns ---- */

/* SQL's own literals; all else stands for itself, as text. */
static bool is_literal(const char *value)
{
    static const char *const words[] = {"true", "false", "null"};
    static const char *const prefixes[] = {"date '", "time '", "timestamp '"};
    const char *digits = value + (*value == '-' || *value == '+');
    if (*value == '\'' || (*digits && strspn(digits, "0123456789.eE+-_") == strlen(digits) &&
                           (isdigit((unsigned char)*digits) || *digits == '.')))
        return true;
    for (size_t i = 0; i < 3; i++)
        if (strcasecmp(value, words[i]) == 0 ||
            strncasecmp(value, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

/* 'value', its quotes doubled. */
static void put_quoted(const char *value, FILE *out)
{
    fputc('\'', out);
    for (; *value; value++)
        fprintf(out, *value == '\'' ? "''" : "%c", *value);
    fputc('\'', out);
}

/* The expression that makes the column's value. */
static char *expression_of(const char *type, const char *value)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    if (type)
        fputs("CAST(", out);
    if (!value)
        fputs("NULL", out);
    else if (is_literal(value) && !(type && *value != '\'' && strcasecmp(value, "null") != 0))
        fputs(value, out);
    else
        put_quoted(value, out);
    if (type)
        fprintf(out, " AS %s)", type);
    if (!fclose(out))
        return text;
    free(text);
    return NULL;
}

static int keep(struct qetl_calculator *calculator, struct ArrowSchema *field,
                struct ArrowArray *array)
{
    int64_t at = qetl_schema_find(&calculator->schema, field->name);
    if (at >= 0) {
        qetl_schema_release(calculator->schema.children[at]);
        qetl_array_release(&calculator->columns[at]);
        *calculator->schema.children[at] = *field;
        field->release = NULL;
        calculator->columns[at] = *array;
        return 0;
    }
    int64_t n = calculator->schema.n_children;
    struct ArrowArray *columns = realloc(calculator->columns, (size_t)(n + 1) * sizeof *columns);
    if (!columns)
        return -1;
    calculator->columns = columns;
    if (qetl_schema_append(&calculator->schema, field))
        return -1;
    columns[n] = *array;
    return 0;
}

static int declare(struct qetl_calculator *calculator, const char *name, const char *type,
                   const char *value, struct qetl_findings *findings)
{
    struct qetl_expr *expr;
    struct ArrowSchema field;
    struct ArrowArray array;
    char *text = expression_of(type, value);
    if (!text)
        qetl_findings_no_memory(findings);
    int failed = text ? compile(calculator, text, name, &expr, &field, findings) : -1;
    free(text);
    if (failed)
        return -1;
    failed = call(calculator, expr, &array, findings);
    if (!failed && keep(calculator, &field, &array)) {
        qetl_findings_no_memory(findings);
        qetl_array_release(&array);
        failed = -1;
    }
    qetl_schema_release(&field);
    qetl_expr_service()->free(expr);
    return failed ? -1 : 0;
}

int qetl_calculator_declare(struct qetl_calculator *calculator, const char *name, const char *type,
                            struct qetl_findings *findings)
{
    return declare(calculator, name, type, NULL, findings);
}

bool qetl_calculator_reads(const json_t *tree)
{
    size_t i;
    json_t *arg;
    if (!tree)
        return false;
    if (json_object_get(tree, "column") || qetl_calculator_reads(json_object_get(tree, "arg")))
        return true;
    json_array_foreach (json_object_get(tree, "args"), i, arg)
        if (qetl_calculator_reads(arg))
            return true;
    return false;
}

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t size = strlen(text);
    while (size && strchr(" \t", text[size - 1]))
        text[--size] = 0;
    return text;
}

/* The first sign of `signs` outside of quotes and parentheses, or the end. */
static char *find_outside(char *text, const char *signs)
{
    int depth = 0;
    bool quoted = false;
    for (; *text; text++) {
        if (*text == '\'')
            quoted = !quoted;
        else if (!quoted && (*text == '(' || *text == ')'))
            depth += *text == '(' ? 1 : -1;
        else if (!quoted && depth <= 0 && strchr(signs, *text))
            return text;
    }
    return text;
}

static int declare_text(struct qetl_calculator *calculator, char *text,
                        struct qetl_findings *findings)
{
    char *sign = find_outside(text, ":="), *type = NULL, *value = NULL;
    char mark = *sign;
    *sign = 0;
    if (mark == ':') {
        type = sign + 1;
        char *equals = find_outside(type, "=");
        value = *equals ? equals + 1 : NULL;
        *equals = 0;
        type = trim(type);
    } else if (mark) {
        value = sign + 1;
    }
    char *name = trim(text);
    if (*name && mark && (!type || *type))
        return declare(calculator, name, type, value ? trim(value) : NULL, findings);
    struct qetl_finding *finding =
        qetl_finding_add(findings, QETL_ERROR, "bad_column", "'%s' declares no column", name);
    qetl_finding_mend(finding, "write NAME=VALUE, NAME:TYPE or NAME:TYPE=VALUE, as in "
                               "a=1,b:text,price:decimal(12,2)=9.50");
    return -1;
}

int qetl_calculator_columns(struct qetl_calculator *calculator, const char *declarations,
                            struct qetl_findings *findings)
{
    char *copy = strdup(declarations);
    int failed = 0;
    if (!copy) {
        qetl_findings_no_memory(findings);
        return -1;
    }
    for (char *at = copy, *end; at; at = end) {
        end = find_outside(at, ",");
        end = *end ? (*end = 0, end + 1) : NULL;
        failed |= declare_text(calculator, at, findings);
    }
    free(copy);
    return failed;
}

bool qetl_calculator_column(const struct qetl_calculator *calculator, size_t i, const char **name,
                            char **type)
{
    if ((int64_t)i >= calculator->schema.n_children)
        return false;
    *name = calculator->schema.children[i]->name;
    *type = qetl_type_text(calculator->schema.children[i]);
    return true;
}
