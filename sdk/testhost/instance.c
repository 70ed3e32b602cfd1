/* SPDX-License-Identifier: Apache-2.0 */
/* A test from open to close: the library, its component, one instance after the other. */
#include "test.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static const char *kind_word(uint32_t kind)
{
    static const char *const words[] = {"?", "source", "transform", "sink", "format"};
    return kind <= QETL_FORMAT ? words[kind] : words[0];
}

/* "upper" or "transform upper". */
static bool name_fits(const char *wanted, const char *kind, const char *id)
{
    size_t size = strlen(kind);
    if (!wanted || strcmp(wanted, id) == 0)
        return true;
    return strncmp(wanted, kind, size) == 0 && wanted[size] == ' ' &&
           strcmp(wanted + size + 1, id) == 0;
}

static char *file_read(const char *path, size_t *size)
{
    struct text content = {0};
    char piece[4096];
    FILE *file = fopen(path, "r");
    text_put(&content, "", 0);
    *size = 0;
    if (!file) {
        text_free(&content);
        return NULL;
    }
    while ((*size = fread(piece, 1, sizeof piece, file)) > 0)
        text_put(&content, piece, *size);
    fclose(file);
    *size = content.size;
    return content.data;
}

static int32_t manifest_take(struct qetl_rig *t, const char *text, size_t size, const char *where)
{
    size_t at;
    t->manifest = json_read(text, size, &at);
    if (!t->manifest)
        return test_fail(t, QETL_E_FATAL, "%s is no JSON, from byte %zu on", where, at);
    return QETL_OK;
}

/* NAME.qetl.json for NAME.so. */
static int32_t manifest_beside(struct qetl_rig *t, const char *file)
{
    const char *dot = strrchr(file, '.');
    char path[4096];
    size_t size;
    snprintf(path, sizeof path, "%.*s.qetl.json", (int)(dot ? dot - file : (long)strlen(file)),
             file);
    char *text = file_read(path, &size);
    if (!text)
        return test_fail(t, QETL_E_ENVIRONMENT, "there is no manifest %s", path);
    int32_t status = manifest_take(t, text, size, path);
    free(text);
    return status;
}

static int32_t component_find(struct qetl_rig *t, const struct qetl_plugin *plugin,
                              const char *wanted)
{
    for (uint32_t i = 0; i < plugin->n_components && !t->component; i++)
        if (name_fits(wanted, kind_word(plugin->components[i]->kind), plugin->components[i]->id))
            t->component = plugin->components[i];
    if (!t->component)
        return test_fail(t, QETL_E_CONFIG, "the plugin has no component \"%s\"",
                         wanted ? wanted : "");
    const struct json *declared = json_get(t->manifest, "components");
    for (int64_t i = 0; declared && i < declared->n; i++) {
        const struct json *kind = json_get(declared->items[i], "kind");
        const struct json *id = json_get(declared->items[i], "id");
        if (kind && id && kind->text && id->text && strcmp(id->text, t->component->id) == 0 &&
            strcmp(kind->text, kind_word(t->component->kind)) == 0) {
            t->schema = json_get(declared->items[i], "options");
            return QETL_OK;
        }
    }
    return t->manifest ? test_fail(t, QETL_E_FATAL, "the manifest does not name the %s \"%s\"",
                                   kind_word(t->component->kind), t->component->id)
                       : QETL_OK;
}

static int32_t entry_call(struct qetl_rig *t, qetl_plugin_entry_fn *entry, const char *component)
{
    const struct qetl_plugin *plugin = NULL;
    uint32_t abi = QETL_ABI_VERSION;
    int32_t status = entry(&t->host, (struct qetl_ctx *)t, &abi, &plugin);
    if (status || !plugin)
        return test_fail(t, status ? status : QETL_E_FATAL, "the entry answered %d", (int)status);
    t->host.abi = abi;
    return component_find(t, plugin, component);
}

int32_t test_instance_make(struct qetl_rig *t)
{
    const struct qetl_component *c = t->component;
    int32_t status = test_callbacks_check(t);
    if (status)
        return status;
    t->self = memory_need(calloc(1, c->state_size + 1));
    status = c->create(t->self, &t->host, (struct qetl_ctx *)t, text_of(&t->config_text));
    if (status >= 0 && c->start)
        status = c->start(t->self);
    return status < 0 ? status : QETL_OK;
}

void test_instance_drop(struct qetl_rig *t)
{
    if (t->self && t->component->destroy)
        t->component->destroy(t->self);
    free(t->self);
    t->self = NULL;
    t->begun = t->split_open = t->restored = false;
    transform_unbind(t);
}

static int32_t options_take(struct qetl_rig *t, const char *options)
{
    size_t at;
    t->config = json_read(options, strlen(options), &at);
    if (!t->config)
        return test_fail(t, QETL_E_CONFIG, "the options are no JSON, from byte %zu on", at);
    return test_options_fill(t);
}

static struct qetl_rig *test_make(void)
{
    struct qetl_rig *t = memory_need(calloc(1, sizeof *t));
    test_host_init(t);
    return t;
}

static struct qetl_rig *open_with(struct qetl_rig *t, qetl_plugin_entry_fn *entry,
                                  const char *component, const char *options)
{
    int32_t status = t->opened;
    if (!status)
        status = entry_call(t, entry, component);
    if (!status)
        status = options_take(t, options ? options : "{}");
    if (!status)
        status = test_instance_make(t);
    t->opened = test_done(t, status);
    return t;
}

struct qetl_rig *qetl_rig_open_entry(qetl_plugin_entry_fn *entry, const char *manifest,
                                     const char *component, const char *options)
{
    struct qetl_rig *t = test_make();
    if (manifest)
        t->opened = manifest_take(t, manifest, strlen(manifest), "the manifest");
    return open_with(t, entry, component, options);
}

struct qetl_rig *qetl_rig_open(const char *file, const char *component, const char *options)
{
    struct qetl_rig *t = test_make();
    qetl_plugin_entry_fn *entry = NULL;
    t->opened = manifest_beside(t, file);
    if (!t->opened) {
        t->library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
        void *symbol = t->library ? dlsym(t->library, QETL_PLUGIN_ENTRY) : NULL;
        memcpy(&entry, &symbol, sizeof entry);
        if (!entry)
            t->opened = test_fail(t, QETL_E_ENVIRONMENT, "%s", dlerror());
    }
    return open_with(t, entry, component, options);
}

static void note_free(struct note *note)
{
    for (int64_t i = 0; i < note->n_handles; i++)
        text_free(&note->handles[i]);
    free(note->handles);
    text_free(&note->state);
    text_free(&note->position);
    *note = (struct note){0};
}

static void texts_free(struct qetl_rig *t)
{
    struct text *const texts[] = {&t->errors, &t->logs,   &t->rejects,  &t->outputs,
                                  &t->bytes,  &t->counts, &t->position, &t->config_text};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        text_free(texts[i]);
    for (int i = 0; i < PORTS_MAX; i++) {
        text_free(&t->rows[i]);
        text_free(&t->columns[i]);
        qetl_schema_release(&t->inputs[i]);
    }
    for (int64_t i = 0; i < t->n_splits; i++)
        text_free(&t->splits[i]);
    free(t->splits);
}

static void test_free(struct qetl_rig *t)
{
    note_free(&t->note);
    texts_free(t);
    qetl_schema_release(&t->made);
    json_free(t->manifest);
    json_free(t->config);
    pthread_cond_destroy(&t->woken);
    pthread_mutex_destroy(&t->lock);
    /* The library stays: what it made may be released later, and leak checkers name its lines. */
    free(t);
}

int qetl_rig_close(struct qetl_rig *t)
{
    if (!t)
        return 0;
    if (!t->opened && t->component->stop && !atomic_load(&t->cancelled))
        t->component->stop(t->self);
    test_instance_drop(t);
    long long left = atomic_load(&t->buffers);
    int failed = t->failed + (left != 0);
    if (left)
        fprintf(stderr, "%lld %s never freed\n", left, left == 1 ? "buffer was" : "buffers were");
    fprintf(stderr, "%d passed, %d failed\n", t->passed, failed);
    if (left) /* whoever still holds one may give it back */
        return failed;
    test_free(t);
    return failed;
}
