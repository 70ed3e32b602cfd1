/* SPDX-License-Identifier: Apache-2.0 */
#include "conns.h"
#include "show/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *say(struct qetl_conns *c, const struct qetl_node *node, const char *status,
                   const char *says)
{
    json_t *one = json_pack("{s:s, s:s, s:s, s:s, s:s}", "component", node->id, "kind",
                            qetl_kind_word(node->kind), "plugin", node->use.plugin->id, "status",
                            status, "says", says);
    if (json_array_append_new(c->found, one))
        qetl_findings_no_memory(&c->findings);
    return one;
}

void qetl_conns_say(struct qetl_conns *c, const struct qetl_node *node, const char *status,
                    const char *format, ...)
{
    char *says = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&says, format, args) < 0)
        says = NULL;
    va_end(args);
    if (says)
        say(c, node, status, says);
    else
        qetl_findings_no_memory(&c->findings);
    free(says);
}

/* Without "sink 'out' (sqlite): ", which stands beside it already. */
static const char *message_alone(const struct qetl_node *node, const char *message)
{
    char prefix[256];
    int size = snprintf(prefix, sizeof prefix, "%s '%s' (%s): ", qetl_kind_word(node->kind),
                        node->id, node->use.plugin->id);
    bool has = size > 0 && size < (int)sizeof prefix && strncmp(message, prefix, (size_t)size) == 0;
    return has ? message + size : message;
}

void qetl_conns_fail(struct qetl_conns *c, const struct qetl_node *node,
                     struct qetl_findings *findings)
{
    const struct qetl_finding *why = NULL;
    for (size_t i = 0; !why && i < findings->count; i++)
        if (findings->items[i].severity == QETL_ERROR)
            why = &findings->items[i];
    json_t *one =
        say(c, node, "failed", why ? message_alone(node, why->message) : "it was interrupted");
    if (one && why) {
        json_object_set_new(one, "code", json_string(why->code));
        if (why->suggestion)
            json_object_set_new(one, "mend", json_string(why->suggestion));
        if (why->line)
            json_object_set_new(one, "line", json_integer(why->line));
    }
    c->failed++;
    qetl_findings_move(&c->findings, findings);
}
