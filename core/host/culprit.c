/* SPDX-License-Identifier: Apache-2.0 */
#include "culprit.h"

#include "instance.h"
#include "plugin/registry.h"
#include "plugin/sealed.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <string.h>
#include <ucontext.h>

enum { FRAMES = 64 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct qetl_ctx *alive; /* by ctx->alive_next */
static const struct link_map *last_of_program;

void qetl_culprit_watch(void)
{
    void *frame;
    backtrace(&frame, 1); /* what it loads for itself it loads now */
    last_of_program = _r_debug.r_map;
    while (last_of_program->l_next)
        last_of_program = last_of_program->l_next;
}

void qetl_culprit_add(struct qetl_ctx *ctx)
{
    pthread_mutex_lock(&lock);
    ctx->alive_next = alive;
    alive = ctx;
    pthread_mutex_unlock(&lock);
}

void qetl_culprit_remove(struct qetl_ctx *ctx)
{
    pthread_mutex_lock(&lock);
    struct qetl_ctx **at = &alive;
    while (*at && *at != ctx)
        at = &(*at)->alive_next;
    if (*at)
        *at = ctx->alive_next;
    pthread_mutex_unlock(&lock);
}

/* ---- from here on without locks and without stdio ---- */

static void put(struct qetl_culprit *out, const char *text)
{
    size_t size = strlen(out->who), room = sizeof out->who - 1 - size, n = strlen(text);
    memcpy(out->who + size, text, n < room ? n : room);
    out->who[size + (n < room ? n : room)] = 0;
}

static void put_component(struct qetl_culprit *out, const struct qetl_ctx *ctx)
{
    put(out, "'");
    put(out, ctx->node->id);
    put(out, "' (");
    put(out, ctx->use->plugin->id);
    put(out, ")");
}

void qetl_culprit_name(const struct qetl_ctx *ctx, struct qetl_culprit *out)
{
    *out = (struct qetl_culprit){"component ", true};
    put_component(out, ctx);
}

/* As the loader has opened it. */
static const char *path_of(const struct qetl_ctx *ctx)
{
    const struct qetl_manifest *manifest = ctx->use->plugin ? ctx->use->plugin->plugin : NULL;
    return manifest ? qetl_sealed_image(manifest) : NULL;
}

static bool is_of(const struct qetl_ctx *ctx, const char *library)
{
    const char *path = path_of(ctx);
    return path && strcmp(path, library) == 0;
}

/* Of several components of one plugin, each is told once, whatever instances it has. */
static bool is_told(const struct qetl_ctx *ctx, const char *library)
{
    for (const struct qetl_ctx *other = alive; other != ctx; other = other->alive_next)
        if (other->node == ctx->node && other->use == ctx->use && is_of(other, library))
            return true;
    return false;
}

static bool put_owners(struct qetl_culprit *out, const char *library)
{
    int n = 0;
    for (const struct qetl_ctx *ctx = alive; ctx; ctx = ctx->alive_next) {
        if (!is_of(ctx, library) || is_told(ctx, library))
            continue;
        put(out, n++ ? " or " : "component ");
        put_component(out, ctx);
    }
    return n > 0;
}

enum place { NOWHERE, QETL, SYSTEM, LIBRARY };

/* What the program began with does as it is told; plugins, and what they bring along, come later.
 */
static bool came_later(const struct link_map *library)
{
    const struct link_map *at = last_of_program ? last_of_program->l_next : NULL;
    while (at && at != library)
        at = at->l_next;
    return at;
}

static enum place place_of(void *address, const char **library)
{
    struct dl_find_object object;
    if (_dl_find_object(address, &object))
        return NOWHERE;
    *library = object.dlfo_link_map->l_name;
    if (!**library)
        return QETL;
    return came_later(object.dlfo_link_map) ? LIBRARY : SYSTEM;
}

/* Where it was, and where who called it goes on if it had jumped to where nothing is. */
static int interrupted(const void *context, void *frames[2])
{
    const ucontext_t *c = context;
    const char *library;
#ifdef __aarch64__
    frames[0] = (void *)c->uc_mcontext.pc;
    frames[1] = (void *)c->uc_mcontext.regs[30];
#else
    frames[0] = (void *)c->uc_mcontext.gregs[REG_RIP];
    if (place_of(frames[0], &library) != NOWHERE)
        return 1;
    memcpy(&frames[1], (const void *)c->uc_mcontext.gregs[REG_RSP], sizeof frames[1]);
#endif
    return place_of(frames[0], &library) == NOWHERE ? 2 : 1;
}

/* What was under way, the innermost first. */
static int stack_walk(const void *context, void *frames[FRAMES])
{
    if (!context)
        return backtrace(frames, FRAMES);
    int n = interrupted(context, frames);
    void *all[FRAMES];
    int walked = backtrace(all, FRAMES), from = 0;
    while (from < walked && all[from] != frames[0] && all[from] != frames[n - 1])
        from++; /* the handler's own */
    for (from++; from < walked && n < FRAMES; from++)
        frames[n++] = all[from];
    return n;
}

bool qetl_culprit_find(const void *context, struct qetl_culprit *out)
{
    void *frames[FRAMES];
    int n = stack_walk(context, frames);
    const char *found = NULL, *library;
    bool named = false;
    *out = (struct qetl_culprit){0};
    for (int i = 0; i < n; i++) {
        enum place place = place_of(frames[i], &library);
        out->called |= found && place == QETL;
        if (place != LIBRARY)
            continue;
        found = found ? found : library;
        named = named || put_owners(out, library);
    }
    if (found && !named) {
        const char *slash = strrchr(found, '/');
        put(out, "the library ");
        put(out, slash ? slash + 1 : found);
    }
    return found;
}
