/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The border: unwatched, the core has the plugins' own tables; watched, whatever a plugin lacks is
 * lacking, and every call is told once and reaches the plugin with its own state.
 */
#include "../core/border/border.h"
#include "../core/data/pool.h"
#include "../core/host/host.h"
#include "../core/host/instance.h"
#include "../core/plugin/loader.h"

#include <criterion/criterion.h>
#include <dlfcn.h>

/* ---- every plugin of the tree ---- */

static const struct qetl_component *own_of(const struct qetl_manifest_component *promised)
{
    void *library = dlopen(promised->plugin->library_path, RTLD_NOW | RTLD_LOCAL);
    cr_assert(library, "%s", dlerror());
    qetl_plugin_entry_fn *entry;
    *(void **)&entry = dlsym(library, QETL_PLUGIN_ENTRY);
    const struct qetl_plugin *plugin = NULL;
    uint32_t abi = QETL_ABI_VERSION;
    cr_assert_eq(entry(&qetl_host_table, NULL, &abi, &plugin), QETL_OK);
    for (uint32_t i = 0; i < plugin->n_components; i++)
        if (plugin->components[i]->kind == promised->kind &&
            strcmp(plugin->components[i]->id, promised->id) == 0)
            return plugin->components[i];
    cr_assert_fail("%s has no %s", promised->plugin->id, promised->id);
    return NULL;
}

static const void *table_of(const struct qetl_component *component)
{
    return component->source      ? (const void *)component->source
           : component->transform ? (const void *)component->transform
           : component->sink      ? (const void *)component->sink
                                  : (const void *)component->format;
}

/* Behind struct_size there is nothing but callbacks. */
static void expect_same_gaps(const char *who, const void *own, const void *watched, size_t from)
{
    uint32_t own_size = *(const uint32_t *)own, size = *(const uint32_t *)watched;
    for (size_t at = from; at + sizeof(void *) <= size; at += sizeof(void *)) {
        void *of_own = NULL, *of_watched;
        if (at + sizeof of_own <= own_size)
            memcpy(&of_own, (const char *)own + at, sizeof of_own);
        memcpy(&of_watched, (const char *)watched + at, sizeof of_watched);
        cr_assert_eq(!of_own, !of_watched, "%s: the callback at %zu", who, at);
        cr_assert(!of_own || of_own != of_watched, "%s: the callback at %zu is not watched", who,
                  at);
    }
}

static void expect_watched(const struct qetl_component *own, const struct qetl_component *watched)
{
    cr_assert_neq(own, watched);
    cr_assert_str_eq(own->id, watched->id);
    cr_assert_eq(own->kind, watched->kind);
    cr_assert_gt(watched->state_size, own->state_size);
    cr_assert(watched->create && watched->destroy);
    cr_assert_eq(!own->start, !watched->start);
    cr_assert_eq(!own->stop, !watched->stop);
    cr_assert_eq(!own->interrupt, !watched->interrupt);
    cr_assert_eq(!own->save, !watched->save);
    cr_assert_eq(!own->restore, !watched->restore);
    cr_assert_eq(!own->get_extension, !watched->get_extension);
    expect_same_gaps(own->id, table_of(own), table_of(watched), sizeof(void *));
}

static const struct qetl_component *loaded(const struct qetl_manifest_component *promised)
{
    const struct qetl_component *component = NULL;
    struct qetl_findings findings = {0};
    cr_assert_eq(qetl_load_component(promised, &qetl_host_table, NULL, &component, &findings), 0);
    qetl_findings_free(&findings);
    return component;
}

Test(border, without_it_the_tables_are_the_plugins_own)
{
    struct qetl_findings findings = {0};
    const char *dirs[] = {getenv("QETL_PLUGIN_PATH"), NULL};
    cr_assert(dirs[0], "QETL_PLUGIN_PATH is not set");
    struct qetl_registry *registry = qetl_registry_new(dirs, &findings);
    size_t components = 0;
    for (size_t i = 0; i < qetl_registry_count(registry); i++) {
        const struct qetl_manifest *manifest = qetl_registry_at(registry, i);
        for (size_t c = 0; c < manifest->n_components; c++, components++) {
            const struct qetl_component *own = own_of(&manifest->components[c]);
            cr_assert_eq(loaded(&manifest->components[c]), own);
            struct qetl_border *border = qetl_border_new(registry);
            const struct qetl_component *watched = loaded(&manifest->components[c]);
            expect_watched(own, watched);
            cr_assert_eq(loaded(&manifest->components[c]), watched);
            qetl_border_free(border);
            cr_assert_eq(loaded(&manifest->components[c]), own);
        }
    }
    cr_assert_gt(components, 20);
    qetl_registry_free(registry);
    qetl_findings_free(&findings);
}

/* ---- a plugin of our own ---- */

struct state {
    const struct qetl_host *host;
    struct qetl_ctx *ctx;
    int64_t written, zero[7];
};

static int32_t sink_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                           const char *config)
{
    struct state *s = self;
    cr_assert_eq((uintptr_t)self % 16, 0);
    for (int i = 0; i < 7; i++)
        cr_assert_eq(s->zero[i], 0);
    cr_assert_str_eq(config, "{\"path\":\"x\"}");
    s->host = host;
    s->ctx = ctx;
    const struct qetl_options *options = host->get_extension(ctx, QETL_EXT_OPTIONS);
    cr_assert_str_eq(options->text(ctx, "/path"), "x");
    return QETL_OK;
}

static int32_t sink_describe(void *self, struct qetl_sink_info *out)
{
    (void)self;
    out->takes = QETL_TAKES_BYTES;
    return QETL_OK;
}

static int32_t sink_open(void *self, uint32_t stream, const struct ArrowSchema *schema)
{
    (void)self, (void)stream, (void)schema;
    return QETL_OK;
}

static int32_t sink_write(void *self, struct qetl_write *write)
{
    struct state *s = self;
    struct qetl_reject reject = {.struct_size = sizeof reject, .row = 1, .column = -1};
    reject.code = "bad";
    reject.message = "as it were";
    s->host->reject(s->ctx, &reject);
    s->written += write->rows;
    write->rows_written = write->rows - 1;
    return s->written == 7 ? QETL_OK : QETL_E_FATAL;
}

static const struct qetl_sink sink = {
    .struct_size = sizeof sink, .describe = sink_describe, .open = sink_open, .write = sink_write};
static const struct qetl_component component = {.struct_size = sizeof component,
                                                .kind = QETL_SINK,
                                                .id = "own",
                                                .state_size = sizeof(struct state),
                                                .create = sink_create,
                                                .sink = &sink};

struct told {
    char calls[1024];
    int begun;
    int64_t rows, rows_written, answer;
};

static void on_begun(void *arg, const struct qetl_crossing *crossing)
{
    struct told *told = arg;
    told->begun++;
    for (int i = 0; i < crossing->n_cargo; i++)
        cr_assert(!crossing->cargo[i].out);
}

static void on_ended(void *arg, const struct qetl_crossing *crossing)
{
    struct told *told = arg;
    size_t size = strlen(told->calls);
    cr_assert_str_eq(qetl_guest_component(crossing->guest), "there");
    cr_assert_eq(qetl_guest_number(crossing->guest), 1);
    snprintf(told->calls + size, sizeof told->calls - size, "%s%s ", crossing->to_host ? "<" : ">",
             crossing->call);
    told->answer = crossing->answer;
    for (int i = 0; i < crossing->n_cargo; i++) {
        if (strcmp(crossing->cargo[i].name, "rows") == 0)
            told->rows = crossing->cargo[i].number;
        if (strcmp(crossing->cargo[i].name, "rows_written") == 0) {
            cr_assert(crossing->cargo[i].out);
            told->rows_written = crossing->cargo[i].number;
        }
    }
}

Test(border, each_call_is_told_once_in_order)
{
    struct told told = {0};
    struct qetl_border_watcher watcher = {on_begun, on_ended, &told};
    struct qetl_border *border = qetl_border_new(NULL);
    qetl_border_watch(border, &watcher);
    const struct qetl_component *watched = qetl_border_exchange(border, &component);
    cr_assert_eq(qetl_border_exchange(border, &component), watched);
    cr_assert(!watched->start && !watched->get_extension && !watched->sink->prepare);

    struct qetl_instance_env env = {0};
    json_t *options = json_pack("{s:s}", "path", "x");
    struct qetl_plugin_use use = {.options = options};
    struct qetl_node node = {.id = (char *)"there"};
    struct qetl_ctx *ctx = qetl_instance_new(&env, &node, &use, watched);
    cr_assert_eq(qetl_instance_create(ctx), QETL_OK);
    struct qetl_write write = {.struct_size = sizeof write, .rows = 7, .bytes = "abc"};
    cr_assert_eq(watched->sink->write(ctx->self, &write), QETL_OK);
    cr_assert_eq(write.rows_written, 6);
    cr_assert_eq(ctx->n_rejected, 1);
    cr_assert_eq(told.rows, 7);
    cr_assert_eq(told.rows_written, 6);
    cr_assert_eq(watched->sink->write(ctx->self, &write), QETL_E_FATAL);
    cr_assert_eq(told.answer, QETL_E_FATAL);
    qetl_instance_free(ctx);
    cr_assert_str_eq(told.calls, "<get_extension <options.text >create <reject >write <reject "
                                 ">write >destroy ");
    cr_assert_eq(told.begun, 8);
    qetl_border_free(border);
    json_decref(options);
}
