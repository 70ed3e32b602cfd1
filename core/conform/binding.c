/* SPDX-License-Identifier: Apache-2.0 */
#include "binding.h"

#include "drive.h"

#include <stdio.h>
#include <stdlib.h>

struct listening {
    struct qetl_binder base; /* first: the plugin's pointer is ours */
    struct qetl_binder *host;
    struct conform_binding *binding;
};

static _Thread_local struct listening *current; /* qetl_bind has no place to hand it through */
static _Thread_local const struct qetl_transform *transform;

static struct listening *listening_of(struct qetl_binder *base)
{
    return (struct listening *)base;
}

static int32_t hear_read(struct qetl_binder *base, uint32_t port, int64_t column, uint32_t form)
{
    struct listening *l = listening_of(base);
    if (port < CONFORM_INPUTS && column >= 0 && column < 64)
        l->binding->reads[port] |= 1ull << column;
    return l->host->read(l->host, port, column, form);
}

static int32_t hear_copy(struct qetl_binder *base, uint32_t out_port, int64_t out_column,
                         uint32_t in_port, int64_t column, const char *name)
{
    struct qetl_binder *host = listening_of(base)->host;
    return host->copy(host, out_port, out_column, in_port, column, name);
}

static int32_t hear_derive(struct qetl_binder *base, uint32_t port, struct ArrowSchema *field,
                           int64_t n, const int64_t *inputs)
{
    struct listening *l = listening_of(base);
    struct conform_binding *b = l->binding;
    if (port < CONFORM_OUTS && b->n_derived[port] < CONFORM_DERIVED) {
        struct conform_origin *origin = &b->derived[port][b->n_derived[port]++];
        origin->opaque = n < 0;
        for (int64_t i = 0; i < n; i++)
            origin->inputs |= inputs[i] >= 0 && inputs[i] < 64 ? 1ull << inputs[i] : 0;
    }
    return l->host->derive(l->host, port, field, n, inputs);
}

static int32_t hear_rows(struct qetl_binder *base, uint32_t port, uint32_t rows)
{
    struct qetl_binder *host = listening_of(base)->host;
    return host->rows(host, port, rows);
}

static int32_t hear_distribution(struct qetl_binder *base, uint32_t kind, int64_t n,
                                 const int64_t *columns)
{
    struct listening *l = listening_of(base);
    for (int64_t i = 0; i < n; i++)
        l->binding->keys |= columns[i] >= 0 && columns[i] < 64 ? 1ull << columns[i] : 0;
    return l->host->distribution(l->host, kind, n, columns);
}

static int32_t hear_input(struct qetl_binder *base, uint32_t port, uint32_t kind)
{
    struct qetl_binder *host = listening_of(base)->host;
    return host->input(host, port, kind);
}

static int32_t bind_heard(void *self, uint32_t n, const struct ArrowSchema *const *inputs,
                          struct qetl_binder *host)
{
    current->base =
        (struct qetl_binder){sizeof current->base, hear_read, hear_copy, hear_derive, hear_rows,
                             hear_distribution,    hear_input};
    current->host = host;
    return transform->bind(self, n, inputs, &current->base);
}

uint32_t conform_outputs(const struct conform_bench *b)
{
    const struct qetl_manifest_component *c = b->trial->promised;
    if (!c->outputs_from)
        return 1;
    const json_t *options = b->use.options;
    size_t n = json_object_size(json_object_get(options, c->outputs_from + 1));
    n += c->outputs_and && json_object_get(options, c->outputs_and + 1);
    return (uint32_t)(n ? n : 1);
}

int32_t conform_bind(struct conform_bench *b, struct conform_binding *out)
{
    const struct ArrowSchema *inputs[CONFORM_INPUTS];
    const struct qetl_component *component = b->ctx->component;
    struct qetl_transform heard = *component->transform;
    struct qetl_component with = *component;
    struct listening listening = {.binding = out};
    struct conform_record *record = b->trial->record;
    for (size_t i = 0; i < b->trial->check->n_tables; i++)
        inputs[i] = conform_schema_lend(b, &b->trial->check->tables[i].schema);
    memset(out, 0, sizeof *out);
    heard.bind = bind_heard;
    with.transform = &heard;
    transform = component->transform;
    current = &listening;
    b->ctx->component = &with;
    struct qetl_error_report earlier = qetl_instance_take_error(b->ctx);
    qetl_error_report_free(&earlier);
    conform_call_begin(b, "bind");
    int32_t status = qetl_bind(b->ctx, (uint32_t)b->trial->check->n_tables, inputs,
                               conform_outputs(b), &out->host);
    conform_call_end(b);
    conform_schema_take_back(b);
    b->ctx->component = component;
    if (status) {
        const char *why = b->ctx->error.message ? b->ctx->error.message : "no reason given";
        conform_error_check(b, "bind", status);
        if (strstr(why, "bind is wrong"))
            conform_break(record, CONFORM_BIND_RULE, "%s", why);
    } else {
        conform_hold(record, CONFORM_BIND_RULE);
    }
    return status;
}

void conform_binding_free(struct conform_binding *binding)
{
    qetl_binding_free(&binding->host);
}
