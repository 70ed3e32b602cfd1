/* SPDX-License-Identifier: Apache-2.0 */
#include "items.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { POINTER_MAX = 600 };

static const struct {
    const char *name;
    enum reduce_kind kind;
} functions[] = {{"count", REDUCE_COUNT},
                 {"sum", REDUCE_SUM},
                 {"avg", REDUCE_AVG},
                 {"min", REDUCE_MIN},
                 {"max", REDUCE_MAX}};

void items_clear(struct items *items)
{
    for (int64_t i = 0; i < items->count; i++) {
        struct item *item = &items->list[i];
        items->exprs.service->free(item->expr);
        free(item->places);
        qetl_schema_release(&item->values);
        qetl_schema_release(&item->field);
        qetl_array_release(&item->result);
        reduce_clear(&item->reduction);
    }
    free(items->list);
    items->list = NULL;
    items->count = 0;
}

/* ---- what is written ---- */

static const char *blanks_skip(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

/* The closing parenthesis that belongs to the opening one at text, quotes heeded; or NULL. */
static const char *closing_find(const char *text)
{
    int depth = 0;
    char quote = 0;

    for (; *text; text++) {
        if (quote) {
            quote = *text == quote ? 0 : quote;
        } else if (*text == '\'' || *text == '"') {
            quote = *text;
        } else if (*text == '(') {
            depth++;
        } else if (*text == ')' && --depth == 0) {
            return text;
        }
    }
    return NULL;
}

/* "sum(a * b)": which function, and a copy of what stands between the parentheses. */
static int32_t call_parse(const struct items *items, struct item *item, const char *pointer,
                          char **inner)
{
    const char *text = qetl_option_text(items->env, pointer), *name = blanks_skip(text ? text : "");
    size_t size = strcspn(name, "( \t\r\n"), i = 0;
    const char *open = blanks_skip(name + size), *close = closing_find(open);

    *inner = NULL;
    while (i < 5 &&
           (strlen(functions[i].name) != size || strncasecmp(functions[i].name, name, size) != 0))
        i++;
    if (i == 5 || *open != '(' || !close)
        return qetl_fail(items->env, QETL_E_CONFIG, pointer,
                         "for example  sum(quantity * unit_price)  or  count(*)",
                         "`%s` is no aggregate: count, sum, avg, min and max are, with an "
                         "expression in parentheses",
                         text ? text : "");
    if (*blanks_skip(close + 1))
        return qetl_fail(
            items->env, QETL_E_CONFIG, pointer,
            "aggregate each part for itself, and put them together in a compute behind",
            "something stands behind the aggregate: %s", blanks_skip(close + 1));
    item->reduction.kind = functions[i].kind;
    *inner = strndup(open + 1, (size_t)(close - open - 1));
    if (!*inner)
        return qetl_exprs_fail_memory(&items->exprs);
    text = blanks_skip(*inner);
    item->rows = item->reduction.kind == REDUCE_COUNT && *text == '*' && !*blanks_skip(text + 1);
    return QETL_OK;
}

/* ---- types ---- */

static int32_t types_settle(const struct items *items, struct item *item, const char *pointer)
{
    char format[QETL_TYPE_FORMAT_MAX], name[100];
    struct ArrowArray none;
    struct qetl_column column;
    int32_t status;

    if (!reduce_type(item->reduction.kind, &item->values, format))
        return qetl_fail(items->env, QETL_E_CONFIG, pointer,
                         "count, min and max take other types; a CAST makes numbers of text",
                         "there is no %s of values of type %s",
                         functions[item->reduction.kind].name,
                         qetl_type_name(&item->values, name, sizeof name));
    if (qetl_schema_init_field(&item->field, item->name, format) ||
        qetl_array_nulls(items->env, &item->values, 0, &none))
        return qetl_exprs_fail_memory(&items->exprs);
    status = qetl_column_open(&column, &item->values, &none);
    item->reduction.type = column.kind;
    qetl_array_release(&none);
    qetl_type_decimal(item->values.format, &item->reduction.precision, &item->scale);
    return status ? qetl_exprs_fail_memory(&items->exprs) : QETL_OK;
}

/* An expression that is nothing but a column need not be computed. */
static bool is_column(const struct items *items, const struct item *item,
                      const struct ArrowSchema *input, int64_t column)
{
    return qetl_exprs_is_column(&items->exprs, item->expr) && !input->children[column]->dictionary;
}

static int32_t expression_bind(struct items *items, struct item *item, const char *inner,
                               const char *pointer, const struct ArrowSchema *input,
                               struct qetl_binder *binder)
{
    const int64_t *columns;
    int32_t status =
        items->exprs.service->compile(items->env.ctx, inner, pointer, input, &item->expr);

    if (!status)
        status = items->exprs.service->result(item->expr, item->name, &item->values);
    if (status)
        return status;
    items->exprs.service->columns(item->expr, &columns);
    status = qetl_exprs_read_all(&items->exprs, binder, item->expr, &item->places, &item->n_places);
    if (!status && item->n_places == 1 && is_column(items, item, input, columns[0])) {
        const struct ArrowSchema *field = input->children[columns[0]]; /* columns goes, too */
        items->exprs.service->free(item->expr);
        item->expr = NULL;
        qetl_schema_release(&item->values);
        status = qetl_schema_copy(field, &item->values) ? qetl_exprs_fail_memory(&items->exprs)
                                                        : QETL_OK;
    }
    return status ? status : types_settle(items, item, pointer);
}

static int32_t item_bind(struct items *items, struct item *item, const struct ArrowSchema *input,
                         struct qetl_binder *binder)
{
    char pointer[POINTER_MAX], *inner = NULL;
    int32_t status = qetl_option_pointer(pointer, sizeof pointer, "/set", item->name);

    if (status)
        return qetl_fail(items->env, QETL_E_CONFIG, "/set", "choose a shorter one",
                         "a column's name has more than %d bytes", POINTER_MAX / 2);
    status = call_parse(items, item, pointer, &inner);
    if (!status && item->rows)
        status = qetl_schema_init_field(&item->field, item->name, "l")
                     ? qetl_exprs_fail_memory(&items->exprs)
                     : QETL_OK;
    else if (!status)
        status = expression_bind(items, item, inner, pointer, input, binder);
    free(inner);
    return status ? status : qetl_bind_field(binder, 0, &item->field, -1, NULL);
}

int32_t items_bind(struct items *items, const struct ArrowSchema *input, struct qetl_binder *binder)
{
    int64_t n = qetl_option_count(items->env, "/set");
    int32_t status;

    items_clear(items);
    items->list = calloc((size_t)(n > 0 ? n : 0) + 1, sizeof *items->list);
    if (!items->list)
        return qetl_exprs_fail_memory(&items->exprs);
    status = qetl_exprs_bind(&items->exprs, input, 0);
    if (status)
        return status;
    if (n <= 0)
        status =
            qetl_fail(items->env, QETL_E_CONFIG, "/set",
                      "name a column and what it counts: set: {rows: count(*)}", "`set` is empty");
    for (int64_t i = 0; i < n; i++) {
        items->list[i].name = qetl_option_key(items->env, "/set", i);
        items->count++;
        int32_t one = item_bind(items, &items->list[i], input, binder);
        status = status ? status : one;
    }
    return status < 0 ? status : binder->rows(binder, 0, QETL_ROWS_STATEFUL);
}
