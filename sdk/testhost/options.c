/* SPDX-License-Identifier: Apache-2.0 */
/* The extensions of the test host: options, outputs, descriptors and the facts of a run. */
#include "test.h"

#include <poll.h>
#include <stdio.h>

static bool type_fits(const struct json *value, const char *type)
{
    static const struct {
        const char *name;
        int32_t kind;
    } types[] = {{"null", QETL_OPTION_NULL},    {"boolean", QETL_OPTION_BOOL},
                 {"integer", QETL_OPTION_INT},  {"number", QETL_OPTION_REAL},
                 {"string", QETL_OPTION_TEXT},  {"array", QETL_OPTION_LIST},
                 {"object", QETL_OPTION_OBJECT}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, type) == 0)
            return value->kind == types[i].kind ||
                   (types[i].kind == QETL_OPTION_REAL && value->kind == QETL_OPTION_INT);
    return true;
}

static bool value_fits(const struct json *value, const struct json *schema)
{
    const struct json *type = json_get(schema, "type"), *words = json_get(schema, "enum");
    bool fits = !type || (type->kind == QETL_OPTION_TEXT && type_fits(value, type->text));
    for (int64_t i = 0; type && i < type->n && !fits; i++)
        fits = type->items[i]->kind == QETL_OPTION_TEXT && type_fits(value, type->items[i]->text);
    if (!fits || !words || value->kind != QETL_OPTION_TEXT)
        return fits;
    for (int64_t i = 0; i < words->n; i++)
        if (words->items[i]->text && strcmp(words->items[i]->text, value->text) == 0)
            return true;
    return false;
}

static int32_t fail_option(struct qetl_rig *t, const char *parent, const char *key,
                           const char *what)
{
    char pointer[512] = "";
    qetl_option_pointer(pointer, sizeof pointer, parent, key);
    return qetl_fail(t->env, QETL_E_CONFIG, pointer, NULL, "by the manifest, the option %s", what);
}

static int32_t object_check(struct qetl_rig *t, struct json *object, const struct json *schema,
                            const char *pointer)
{
    const struct json *properties = json_get(schema, "properties");
    const struct json *required = json_get(schema, "required");
    const struct json *more = json_get(schema, "additionalProperties");
    for (int64_t i = 0; properties && i < properties->n; i++) {
        const struct json *standard = json_get(properties->items[i], "default");
        if (standard && !json_get(object, properties->keys[i]))
            json_set(object, properties->keys[i], json_copy(standard));
    }
    for (int64_t i = 0; required && i < required->n; i++)
        if (!json_get(object, required->items[i]->text))
            return fail_option(t, pointer, required->items[i]->text, "is missing");
    for (int64_t i = 0; i < object->n; i++) {
        const struct json *property = json_get(properties, object->keys[i]);
        char below[512];
        if (!property && more && more->kind == QETL_OPTION_BOOL && !more->boolean)
            return fail_option(t, pointer, object->keys[i], "is unknown");
        if (!property)
            continue;
        qetl_option_pointer(below, sizeof below, pointer, object->keys[i]);
        if (!value_fits(object->items[i], property))
            return fail_option(t, pointer, object->keys[i], "is of another type or value");
        int32_t status = object->items[i]->kind == QETL_OPTION_OBJECT
                             ? object_check(t, object->items[i], property, below)
                             : QETL_OK;
        if (status)
            return status;
    }
    return QETL_OK;
}

int32_t test_options_fill(struct qetl_rig *t)
{
    int32_t status = QETL_OK;
    if (t->config->kind != QETL_OPTION_OBJECT)
        return test_fail(t, QETL_E_CONFIG, "options are a JSON object");
    if (t->schema)
        status = object_check(t, t->config, t->schema, "");
    json_write(t->config, &t->config_text);
    return status;
}

static struct json *find(struct qetl_ctx *ctx, const char *pointer)
{
    return json_at(((struct qetl_rig *)ctx)->config, pointer);
}

static int32_t options_kind(struct qetl_ctx *ctx, const char *pointer)
{
    const struct json *value = find(ctx, pointer);
    return value ? value->kind : QETL_OPTION_ABSENT;
}

static int64_t options_count(struct qetl_ctx *ctx, const char *pointer)
{
    const struct json *value = find(ctx, pointer);
    return value && value->kind >= QETL_OPTION_LIST ? value->n : -1;
}

static const char *options_key(struct qetl_ctx *ctx, const char *pointer, int64_t index)
{
    const struct json *value = find(ctx, pointer);
    return value && value->keys && index >= 0 && index < value->n ? value->keys[index] : NULL;
}

static const char *options_text(struct qetl_ctx *ctx, const char *pointer)
{
    const struct json *value = find(ctx, pointer);
    return value ? value->text : NULL;
}

static int64_t options_integer(struct qetl_ctx *ctx, const char *pointer)
{
    const struct json *value = find(ctx, pointer);
    return value && value->kind == QETL_OPTION_INT ? value->integer : 0;
}

static double options_real(struct qetl_ctx *ctx, const char *pointer)
{
    const struct json *value = find(ctx, pointer);
    return value ? value->real : 0;
}

static int32_t options_boolean(struct qetl_ctx *ctx, const char *pointer)
{
    const struct json *value = find(ctx, pointer);
    return value && value->boolean;
}

static void outputs_add(struct qetl_ctx *ctx, const char *uri, int64_t rows, int64_t bytes)
{
    struct qetl_rig *t = (struct qetl_rig *)ctx;
    pthread_mutex_lock(&t->lock);
    text_print(&t->outputs, "%s|%lld|%lld\n", uri, (long long)rows, (long long)bytes);
    pthread_mutex_unlock(&t->lock);
}

/* One instance, one thread: what is watched is waited for here, or is taken for ready in time. */
static int32_t poll_watch(struct qetl_ctx *ctx, int fd, uint32_t events)
{
    struct qetl_rig *t = (struct qetl_rig *)ctx;
    struct pollfd watched = {.fd = fd, .events = (short)(events & (POLLIN | POLLOUT))};
    if (events & QETL_POLL_HANGUP)
        return QETL_OK;
    if (poll(&watched, 1, 1000) < 0)
        return QETL_E_FATAL;
    t->host.wake(ctx);
    return QETL_OK;
}

static int32_t run_no(struct qetl_ctx *ctx)
{
    (void)ctx;
    return 0;
}

static int32_t run_yes(struct qetl_ctx *ctx)
{
    (void)ctx;
    return 1;
}

static int32_t run_resumes(struct qetl_ctx *ctx)
{
    return ((struct qetl_rig *)ctx)->note.noted;
}

static const char *run_owner(struct qetl_ctx *ctx)
{
    (void)ctx;
    return "test";
}

const void *test_extension(struct qetl_ctx *ctx, const char *id)
{
    static const struct qetl_options options = {sizeof options, options_kind,   options_count,
                                                options_key,    options_text,   options_integer,
                                                options_real,   options_boolean};
    static const struct qetl_outputs outputs = {sizeof outputs, outputs_add};
    static const struct qetl_poll polling = {sizeof polling, poll_watch};
    static const struct qetl_run_facts facts = {sizeof facts, run_no, run_resumes, run_yes,
                                                run_owner};
    static const struct {
        const char *id;
        const void *extension;
    } known[] = {{QETL_EXT_OPTIONS, &options},
                 {QETL_EXT_OUTPUTS, &outputs},
                 {QETL_EXT_POLL, &polling},
                 {QETL_EXT_RUN, &facts}};
    (void)ctx;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].id, id) == 0)
            return known[i].extension;
    return NULL;
}
