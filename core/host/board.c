/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

#include "instance.h"

#include <stdlib.h>
#include <string.h>

struct note {
    struct note *next; /* older */
    char *plugin, *name, *text;
};

struct qetl_notes {
    struct note *newest;
};

struct qetl_notes *qetl_notes_new(void)
{
    return calloc(1, sizeof(struct qetl_notes));
}

static void note_free(struct note *note)
{
    free(note->plugin);
    free(note->name);
    free(note->text);
    free(note);
}

void qetl_notes_free(struct qetl_notes *notes)
{
    while (notes && notes->newest) {
        struct note *next = notes->newest->next;
        note_free(notes->newest);
        notes->newest = next;
    }
    free(notes);
}

static const char *plugin_of(const struct qetl_ctx *ctx)
{
    return ctx->use->plugin->plugin->id;
}

static const char *board_read(struct qetl_ctx *ctx, const char *name)
{
    for (const struct note *n = ctx->env->notes->newest; n; n = n->next)
        if (strcmp(n->plugin, plugin_of(ctx)) == 0 && strcmp(n->name, name) == 0)
            return n->text;
    return NULL;
}

static int32_t board_write(struct qetl_ctx *ctx, const char *name, const char *text)
{
    struct note *note = calloc(1, sizeof *note);
    if (note)
        *note = (struct note){ctx->env->notes->newest, strdup(plugin_of(ctx)), strdup(name),
                              strdup(text)};
    if (note && note->plugin && note->name && note->text) {
        ctx->env->notes->newest = note;
        return QETL_OK;
    }
    if (note)
        note_free(note);
    return qetl_fail(qetl_instance_sdk_env(ctx), QETL_E_NO_MEMORY, NULL, NULL, "out of memory");
}

const struct qetl_board qetl_host_board = {sizeof qetl_host_board, 0, board_read, board_write};
