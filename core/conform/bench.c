/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include "lender.h"

#include <stdio.h>
#include <stdlib.h>

enum { TAIL = 64, TAIL_BYTE = 0x5c, POOL = 64 << 20 };

/* ---- structs ---- */

static struct conform_guard *struct_find(struct conform_bench *b, const void *data)
{
    for (size_t i = 0; i < sizeof b->structs / sizeof *b->structs; i++)
        if (b->structs[i].data == data)
            return &b->structs[i];
    return NULL;
}

void *conform_struct_new(struct conform_bench *b, size_t size)
{
    struct conform_guard *guard = struct_find(b, NULL);
    size_t all = size + (b->knobs.grown ? TAIL : 0);
    uint32_t struct_size = (uint32_t)all;
    if (!guard || conform_guard_make(guard, all, CONFORM_GROWTH_RULE))
        abort();
    memset(guard->data + size, TAIL_BYTE, all - size);
    memcpy(guard->data, &struct_size, sizeof struct_size);
    return guard->data;
}

void conform_struct_free(struct conform_bench *b, void *data)
{
    struct conform_guard *guard = struct_find(b, data);
    if (!data || !guard)
        return;
    for (size_t i = 0; b->knobs.grown && i < TAIL; i++)
        if (guard->data[guard->size - TAIL + i] != TAIL_BYTE) {
            conform_break(b->trial->record, CONFORM_GROWTH_RULE,
                          "%s: wrote behind the end of the struct that it knows",
                          b->doing ? b->doing->name : "a call");
            break;
        }
    conform_guard_free(guard);
}

/* ---- an instance ---- */

static void env_log(void *arg, const char *component, int32_t level, const char *message)
{
    (void)arg, (void)component, (void)level, (void)message;
}

static void env_output(void *arg, const char *uri, int64_t rows, int64_t bytes)
{
    (void)arg, (void)uri, (void)rows, (void)bytes;
}

static int self_guard(struct conform_bench *b)
{
    size_t size = b->trial->component->state_size;
    b->self_owned = b->ctx->self;
    if (conform_guard_make(&b->self, size ? (size + 7) / 8 * 8 : 8, CONFORM_STATE_SIZE_RULE))
        return -1;
    b->ctx->self = b->self.data;
    return 0;
}

int32_t conform_bench_create(struct conform_bench *b)
{
    b->ctx = qetl_instance_new(&b->env, &b->node, &b->use, b->trial->component);
    if (!b->ctx || self_guard(b))
        return QETL_E_NO_MEMORY;
    b->ctx->created = true;
    b->wakes = 0;
    int32_t status = conform_call(b, &conform_create, (struct conform_args){.a = b->ctx->config});
    if (!status)
        atomic_store(&b->life, 1);
    b->ran = b->ran || !status;
    return status;
}

int32_t conform_bench_open(struct conform_bench *b, const struct conform_trial *trial,
                           const struct conform_knobs *knobs)
{
    memset(b, 0, sizeof *b);
    b->trial = trial;
    b->knobs = *knobs;
    pthread_mutex_init(&b->lock, NULL);
    qetl_parker_init(&b->parker);
    b->pool = qetl_pool_new(POOL);
    memset(b->room, 0xee, sizeof b->room);
    b->host = conform_host;
    b->host.struct_size += knobs->grown ? TAIL : 0;
    b->use = (struct qetl_plugin_use){.plugin = trial->promised,
                                      .options = knobs->options ? (json_t *)knobs->options
                                                                : trial->check->options};
    b->node = (struct qetl_node){.id = (char *)(knobs->name ? knobs->name : "check"),
                                 .path = (char *)"check",
                                 .kind = trial->promised->kind,
                                 .use = b->use};
    b->env =
        (struct qetl_instance_env){.pool = b->pool,
                                   .parker = &b->parker,
                                   .stopping = &b->stopping,
                                   .epoch_requests = &b->epochs,
                                   .log = env_log,
                                   .output = env_output,
                                   .checkpoints = true,
                                   .resumes = knobs->resumes,
                                   .state = knobs->stranger ? "another pipeline" : trial->scratch,
                                   .arg = b};
    return b->pool ? conform_bench_create(b) : QETL_E_NO_MEMORY;
}

int32_t conform_bench_start(struct conform_bench *b)
{
    int32_t status = conform_call(b, &conform_start, (struct conform_args){0});
    b->ctx->started = status == QETL_OK;
    return status;
}

void conform_bench_stop(struct conform_bench *b)
{
    if (b->ctx && b->ctx->started)
        conform_call(b, &conform_stop, (struct conform_args){0});
    if (b->ctx)
        b->ctx->started = false;
}

void conform_bench_destroy(struct conform_bench *b)
{
    if (!b->ctx)
        return;
    pthread_mutex_lock(&b->lock); /* no interrupt from here on */
    atomic_store(&b->life, 0);
    pthread_mutex_unlock(&b->lock);
    void *self = b->ctx->self;
    if (b->self.base && b->trial->component->destroy) {
        conform_call_begin(b, "destroy");
        b->trial->component->destroy(self);
        conform_call_end(b);
    }
    b->ctx->created = false;
    b->ctx->self = b->self.base ? b->self_owned : self;
    conform_guard_free(&b->self);
    qetl_instance_free(b->ctx);
    b->ctx = NULL;
}

void conform_bench_close(struct conform_bench *b)
{
    conform_bench_stop(b);
    conform_bench_destroy(b);
    conform_lent_open(b);
    for (; b->n_kept; b->n_kept--)
        qetl_array_release(&b->kept[b->n_kept - 1]);
    if (b->pool && qetl_pool_in_use(b->pool) && !b->distrusted)
        conform_break(b->trial->record, CONFORM_LEAK_BUFFERS_RULE,
                      "%lld bytes of host buffers were never freed",
                      (long long)qetl_pool_in_use(b->pool));
    else
        conform_hold(b->trial->record, CONFORM_LEAK_BUFFERS_RULE);
    for (size_t i = 0; i < b->n_lists; i++)
        conform_guard_free(&b->lists[i]);
    for (size_t i = 0; i < b->n_schemas; i++)
        qetl_schema_release(&b->schemas[i]);
    free(b->schemas);
    free(b->lists);
    free(b->shut);
    for (size_t i = 0; i < CONFORM_OUTS; i++)
        conform_text_free(&b->outs[i]);
    conform_text_free(&b->rejects);
    conform_text_free(&b->gone);
    conform_text_free(&b->encoded);
    conform_tree_free(&b->tree);
    qetl_pool_free(b->pool);
    pthread_mutex_destroy(&b->lock);
    b->pool = NULL;
}

void conform_interrupt(struct conform_bench *b)
{
    atomic_store(&b->stopping, 1);
    pthread_mutex_lock(&b->lock);
    if (atomic_load(&b->life) && b->trial->component->interrupt)
        b->trial->component->interrupt(b->ctx->self);
    pthread_mutex_unlock(&b->lock);
    qetl_parker_notify_all(&b->parker);
}
