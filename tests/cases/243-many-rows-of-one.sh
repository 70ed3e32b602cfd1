#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A transform that makes many rows of one: some at a time is as much as anybody wants; all at once is refused before it fills
# the memory.
# tsan: no
. "$(dirname "$0")/lib.sh"

[ -z "$QETL_SANITIZER" ] || skip_all 'the library here is built with the sanitizer'
cat >many.qetl.json <<'JSON'
{"id": "many", "version": "0.1.0", "summary": "Many of one", "abi": {"min": "1.0", "max": "1.0"}, "permissions": [],
 "components": [{"kind": "transform", "id": "many", "summary": "Each row many times", "inputs": 1,
   "options": {"type": "object", "additionalProperties": false, "properties": {
     "stateful": {"type": "boolean", "default": false, "description": "Rows of its own"},
     "times": {"type": "integer", "minimum": 1, "default": 1, "description": "How often"},
     "at_once": {"type": "integer", "minimum": 1, "default": 1000, "description": "Of the rows that a call answers"}}}}]}
JSON
cat >many.c <<'C'
/* Each row so many times, so many of them in a call. */
#include <qetl/manifest.h>
#include <qetl/rows.h>
#include <stdlib.h>

QETL_EMBED_MANIFEST("many.qetl.json");

struct many {
    struct qetl_env env;
    int64_t times, at_once, rows, next; /* next: of the rows that the batch becomes */
    int32_t *map;
    bool stateful;
    struct qetl_builder number; /* of a row of its own */
};

static const struct qetl_option_field options[] = {
    {"/times", QETL_OPTION_INT, offsetof(struct many, times), "1", NULL},
    {"/at_once", QETL_OPTION_INT, offsetof(struct many, at_once), "1000", NULL},
    {"/stateful", QETL_OPTION_BOOL, offsetof(struct many, stateful), "false", NULL},
};

static int32_t many_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx, const char *config)
{
    struct many *m = self;
    (void)config;
    m->env = (struct qetl_env){host, ctx};
    int32_t status = qetl_options_read(m->env, options, 3, m);
    const struct ArrowSchema field = {.format = "l"};
    if (!status)
        status = qetl_builder_open(&m->number, m->env, &field, 1);
    m->map = status ? NULL : malloc((size_t)m->at_once * sizeof *m->map);
    return status || m->map ? status : QETL_E_NO_MEMORY;
}

static void many_destroy(void *self)
{
    qetl_builder_free(&((struct many *)self)->number);
    free(((struct many *)self)->map);
}

static int32_t many_bind(void *self, uint32_t n, const struct ArrowSchema *const *inputs, struct qetl_binder *binder)
{
    const struct many *m = self;
    struct ArrowSchema field;
    int32_t status = QETL_OK;
    (void)n;
    if (m->stateful) {
        status = qetl_schema_init_field(&field, "n", "l");
        status = status ? status : binder->derive(binder, 0, &field, 0, NULL);
        return status < 0 ? status : binder->rows(binder, 0, QETL_ROWS_STATEFUL);
    }
    for (int64_t i = 0; i < inputs[0]->n_children && status >= 0; i++)
        status = binder->copy(binder, 0, -1, 0, i, NULL);
    return status < 0 ? status : binder->rows(binder, 0, QETL_ROWS_EXPAND);
}

/* One row, of which all are made. */
static int32_t own_rows(struct many *m, struct qetl_output *out)
{
    struct ArrowArray column;
    int32_t status = qetl_builder_int(&m->number, m->next);
    status = status ? status : qetl_builder_close(&m->number, &column);
    out->row_map = NULL;
    out->derived_map = memset(m->map, 0, (size_t)out->rows * sizeof *m->map);
    return status ? status : qetl_array_struct(m->env, 1, 1, &column, &out->batch);
}

static int32_t many_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    struct many *m = self;
    if (event && event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    if (event) {
        m->rows = event->rows;
        m->next = 0;
        out->rows_added = m->rows * (m->times - 1);
    }
    int64_t left = m->rows * m->times - m->next;
    out->rows = left < m->at_once ? left : m->at_once;
    for (int64_t i = 0; i < out->rows; i++)
        m->map[i] = (int32_t)(m->next++ / m->times);
    out->row_map = m->map;
    if (m->stateful) {
        int32_t status = own_rows(m, out);
        if (status)
            return status;
    }
    return left > out->rows ? QETL_MORE : QETL_OUTPUT;
}

static const struct qetl_transform many = {.struct_size = sizeof many, .bind = many_bind, .process = many_process};
static const struct qetl_component component = {.struct_size = sizeof component, .kind = QETL_TRANSFORM, .id = "many",
    .state_size = sizeof(struct many), .create = many_create, .destroy = many_destroy, .transform = &many};
QETL_PLUGIN("many", "0.1.0", &component)
C
expect_exit 0 gcc -std=gnu11 -O2 -Wall -Wextra -Werror -fPIC -shared -fvisibility=hidden -I"$root/sdk" -o many.so many.c "$QETL_BUILD/libqetl_sdk.a" -lm
echo '{"a":"a text that stands beside its view","b":1,"c":2,"d":3}' >in.ndjson
cat >p.yaml <<'YAML'
name: many
sources: {in: {plugin: file, path: in.ndjson}}
transforms: {m: {plugin: many, input: in}}
sinks: {out: {plugin: "null", input: m}}
YAML

# By and by, any number; and at once what a batch has otherwise.
run() { # EXIT TIMES AT_ONCE MEMORY
    expect_exit "$1" qetl run p.yaml --plugin-dir . --set "transforms.m.times=$2" --set "transforms.m.at_once=$3" --memory "$4" --json
}
run 0 3000000 10000 16MiB
expect_json out '.summary.rows_out == 3000000 and .summary.balanced'
run 0 60000 60000 16MiB
expect_json out '.summary.rows_out == 60000'

# At once, and that is more than a quarter of the memory: 68 bytes a row.
run 0 900000 900000 256MiB
expect_exit 1 qetl run p.yaml --plugin-dir . --set transforms.m.times=1000000 --set transforms.m.at_once=1000000 --memory 256MiB
expect_text err 'process answered 1000000 rows at once, of 1 that came: with 4 columns that is more than a quarter of the memory'
expect_text err 'mend: raise --memory; or mend the plugin: QETL_MORE with the first'
run 0 1000000 1000000 1GiB

# The same of rows that are no rows of the input: 20 bytes each.
stateful=(--plugin-dir . --memory 64MiB --set transforms.m.stateful=true --set transforms.m.times=2000000)
expect_exit 0 qetl run p.yaml "${stateful[@]}" --set transforms.m.at_once=100000 --json
expect_json out '.summary.rows_out == 2000000 and .summary.balanced'
expect_exit 1 qetl run p.yaml "${stateful[@]}" --set transforms.m.at_once=1000000
expect_text err 'process answered 1000000 rows at once, of 1 that came: with 1 columns that is more than a quarter of the memory'
