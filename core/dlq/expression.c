/* SPDX-License-Identifier: Apache-2.0 */
/* --where: an expression over the columns of a letter. */
#include "config/excerpt.h"
#include "expr/expr.h"
#include "host/instance.h"
#include "select.h"
#include "value_read.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BUDGET_BYTES = 64 << 20 };

static const struct {
    const char *name, *key, *type;
} columns[] = {
    {"id", "id", "bigint"},
    {"time", "time", "timestamp with time zone"},
    {"status", "status", "text"},
    {"component", "component", "text"},
    {"plugin", "plugin", "text"},
    {"reason", "code", "text"},
    {"message", "message", "text"},
    {"column_name", "column", "text"},
    {"source", "source", "text"},
    {"object", "object", "text"},
    {"row_number", "row", "bigint"},
    {"byte_offset", "byte_offset", "bigint"},
    {"epoch", "epoch", "bigint"},
    {"run", "run", "text"},
    {"attempts", "attempts", "bigint"},
    {"original", "original", "text"},
    {"decoded", "decoded", "json"},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

const char qetl_letter_columns[] =
    "id, time, status, component, plugin, reason, message, column_name, source, object, "
    "row_number, byte_offset, epoch, run, attempts, original, decoded (as JSON)";

struct qetl_letter_where {
    struct qetl_instance_env env;
    struct qetl_node node;
    struct qetl_component component;
    struct qetl_ctx *ctx;
    struct ArrowSchema schema;
    struct qetl_expr *expr;
};

static void log_nothing(void *arg, const char *component, int32_t level, const char *message)
{
    (void)arg, (void)component, (void)level, (void)message;
}

static int schema_make(struct ArrowSchema *schema)
{
    int32_t status = qetl_schema_init_struct(schema);
    for (size_t c = 0; !status && c < COLUMNS; c++) {
        struct ArrowSchema field;
        status = qetl_type_field(columns[c].type, columns[c].name, &field);
        if (!status)
            status = qetl_schema_append(schema, &field);
    }
    return status;
}

static void refuse(struct qetl_letter_where *where, struct qetl_findings *findings)
{
    struct qetl_error_report error = qetl_instance_take_error(where->ctx);
    struct qetl_finding *finding =
        qetl_finding_add(findings, QETL_ERROR, "bad_expression", "--where: %s",
                         error.message ? error.message : "the expression cannot be compiled");
    if (error.text)
        qetl_finding_excerpt(finding, error.text, strlen(error.text), (size_t)error.text_begin,
                             (size_t)error.text_end);
    qetl_finding_mend(finding, "%s", error.suggestion ? error.suggestion : qetl_letter_columns);
    qetl_error_report_free(&error);
}

struct qetl_letter_where *qetl_letter_where_new(const char *text, struct qetl_findings *findings)
{
    struct qetl_letter_where *where = calloc(1, sizeof *where);
    if (where) {
        where->env = (struct qetl_instance_env){.pool = qetl_pool_new(BUDGET_BYTES),
                                                .log = log_nothing,
                                                .now_us = (int64_t)time(NULL) * 1000000};
        where->node.id = "where";
        where->node.use.options = json_object();
        if (where->env.pool && where->node.use.options && !schema_make(&where->schema))
            where->ctx =
                qetl_instance_new(&where->env, &where->node, &where->node.use, &where->component);
    }
    if (!where || !where->ctx)
        qetl_findings_no_memory(findings);
    else if (qetl_expr_service()->compile(where->ctx, text, NULL, &where->schema, &where->expr))
        refuse(where, findings);
    else
        return where;
    qetl_letter_where_free(where);
    return NULL;
}

void qetl_letter_where_free(struct qetl_letter_where *where)
{
    if (!where)
        return;
    if (where->expr)
        qetl_expr_service()->free(where->expr);
    qetl_schema_release(&where->schema);
    qetl_instance_free(where->ctx);
    json_decref(where->node.use.options);
    qetl_pool_free(where->env.pool);
    free(where);
}

/* JSON is text to expressions. */
static int32_t column_make(struct qetl_letter_where *where, int64_t c, const json_t *letter,
                           struct ArrowArray *out)
{
    struct qetl_builder builder;
    const struct ArrowSchema *field = where->schema.children[c];
    const json_t *value = json_object_get(letter, columns[c].key);
    int32_t status = qetl_builder_open(&builder, qetl_instance_sdk_env(where->ctx), field, 1);
    if (status)
        return status;
    if (qetl_value_read(value, field, &builder))
        status = qetl_builder_null(&builder);
    if (!status)
        status = qetl_builder_close(&builder, out);
    qetl_builder_free(&builder);
    return status;
}

int qetl_letter_where_holds(struct qetl_letter_where *where, const json_t *letter, bool *holds)
{
    const int64_t *read;
    const void *no_buffers[1] = {NULL};
    struct ArrowArray arrays[COLUMNS] = {0}, *children[COLUMNS];
    struct ArrowArray batch = {
        .length = 1, .n_buffers = 1, .buffers = no_buffers, .children = children};
    int32_t selected[1], status = QETL_OK;
    batch.n_children = qetl_expr_service()->columns(where->expr, &read);
    for (int64_t i = 0; !status && i < batch.n_children; i++) {
        children[i] = &arrays[i];
        status = column_make(where, read[i], letter, &arrays[i]);
    }
    int64_t n =
        status ? status : qetl_expr_service()->select(where->expr, &batch, 1, selected, NULL);
    for (size_t i = 0; i < COLUMNS; i++)
        qetl_array_release(&arrays[i]);
    qetl_instance_drop_rejected(where->ctx);
    *holds = n == 1;
    return n < 0;
}
