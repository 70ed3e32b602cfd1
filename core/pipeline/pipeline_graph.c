/* SPDX-License-Identifier: Apache-2.0 */
/* Components become a graph: what each input names, that there is no cycle, that nothing is lost.
 */
#include "config/suggest.h"
#include "pipeline_draft.h"
#include "plugin/manifest.h"

#include <qetl/plugin.h>

#include <stdlib.h>
#include <string.h>

/* ---- what an input names ---- */

static struct qetl_draft *draft_find(const struct qetl_drafts *drafts, const char *id, size_t size)
{
    for (size_t i = 0; i < drafts->count; i++) {
        const char *own = drafts->items[i].node.id;
        if (strlen(own) == size && memcmp(own, id, size) == 0)
            return &drafts->items[i];
    }
    return NULL;
}

/* How much of an input's name is a component's: `shop.orders.large` may be the output large of
 * `shop.orders`, which is one of the streams of `shop`. */
static size_t id_size(const struct qetl_drafts *drafts, const char *text)
{
    size_t size = strlen(text), first = strcspn(text, ".");
    while (size > first && !draft_find(drafts, text, size))
        for (size--; size > first && text[size] != '.';)
            size--;
    return size;
}

/* Whichever was meant: none of them is to be called unread. */
static void ports_mark(struct qetl_draft *from)
{
    free(from->ports_used);
    from->ports_used = NULL;
}

/* One input as written, at its place in the file. */
struct reference {
    struct qetl_draft *reader;
    const char *text;
    char below[32]; /* "/input" or "/input/2" */
};

static const char *origin_of(const struct qetl_drafts *drafts, size_t i)
{
    return qetl_drafts_origin(drafts, drafts->items[i].node.id);
}

/* The component that was meant counts as read: it is not to be reported twice. */
static void mend_unknown(struct qetl_drafts *drafts, const struct qetl_draft *reader,
                         struct qetl_finding *finding, const char *near)
{
    char list[200] = "";
    size_t size = 0;
    if (near) {
        qetl_finding_mend(finding, "did you mean `%s`?", near);
        for (size_t i = 0; i < drafts->count; i++)
            if (strcmp(origin_of(drafts, i), near) == 0)
                drafts->items[i].used = 1;
        return;
    }
    for (size_t i = 0; i < drafts->count && size < sizeof list; i++)
        if (drafts->items[i].node.kind != QETL_SINK && &drafts->items[i] != reader)
            size += (size_t)snprintf(list + size, sizeof list - size, "%s%s", size ? ", " : "",
                                     drafts->items[i].node.id);
    if (size > 0)
        qetl_finding_mend(finding, "sources and transforms here: %s%s", list,
                          size < sizeof list ? "" : "…");
}

/* `sources.orders` where `orders` was meant. */
static int fail_section(struct qetl_drafts *drafts, const struct reference *at)
{
    static const char *const sections[] = {"sources.", "transforms.", "sinks."};
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        size_t size = strlen(sections[i]);
        const char *id = at->text + size;
        struct qetl_draft *meant = strncmp(at->text, sections[i], size) == 0
                                       ? draft_find(drafts, id, strcspn(id, "."))
                                       : NULL;
        if (!meant)
            continue;
        qetl_finding_mend(qetl_draft_error(drafts, at->reader, at->below, "unknown_input",
                                           "an input is named without its section"),
                          "write `%s`", id);
        meant->used = 1;
        ports_mark(meant);
        return 1;
    }
    return 0;
}

static void fail_unknown(struct qetl_drafts *drafts, const struct reference *at)
{
    size_t size = strcspn(at->text, ".");
    char *id = strndup(at->text, size);
    struct qetl_suggest suggest;
    if (fail_section(drafts, at)) {
        free(id);
        return;
    }
    if (!id) {
        qetl_drafts_no_memory(drafts);
        return;
    }
    qetl_suggest_init(&suggest, id);
    for (size_t i = 0; i < drafts->count; i++)
        if (drafts->items[i].node.kind != QETL_SINK && &drafts->items[i] != at->reader)
            qetl_suggest_offer(&suggest, origin_of(drafts, i));
    if (suggest.best || !drafts->partial) {
        struct qetl_finding *finding =
            qetl_draft_error(drafts, at->reader, at->below, "unknown_input",
                             "there is no component `%s` to take rows from", id);
        mend_unknown(drafts, at->reader, finding, suggest.best);
    }
    free(id);
}

static void mend_ports(struct qetl_finding *finding, const struct qetl_draft *from,
                       const char *port)
{
    const struct qetl_node *node = &from->node;
    struct qetl_suggest suggest;
    char *list = strdup("");
    qetl_suggest_init(&suggest, port);
    for (size_t i = 0; i < node->n_outputs; i++) {
        char *longer = NULL;
        qetl_suggest_offer(&suggest, node->outputs[i]);
        if (!list ||
            asprintf(&longer, "%s%s%s.%s", list, *list ? ", " : "", node->id, node->outputs[i]) < 0)
            longer = NULL;
        free(list);
        list = longer;
    }
    if (*port && suggest.best)
        qetl_finding_mend(finding, "did you mean `%s.%s`?", node->id, suggest.best);
    else if (list)
        qetl_finding_mend(finding, "write one of %s", list);
    free(list);
}

/* Marks the port as read. 0, or -1 with a finding. */
static int check_port(struct qetl_drafts *drafts, const struct reference *at,
                      struct qetl_draft *from, const char *port)
{
    struct qetl_node *node = &from->node;
    if (!from->sound || (!port && node->n_outputs == 0))
        return 0;
    for (size_t i = 0; port && i < node->n_outputs; i++) {
        if (strcmp(node->outputs[i], port) != 0)
            continue;
        if (from->ports_used)
            from->ports_used[i] = 1;
        return 0;
    }
    if (node->n_outputs == 0) {
        qetl_finding_mend(qetl_draft_error(drafts, at->reader, at->below, "unknown_port",
                                           "`%s` has one output, and it has no name", node->id),
                          "write  input: %s", node->id);
    } else if (!port) {
        mend_ports(qetl_draft_error(drafts, at->reader, at->below, "missing_port",
                                    "`%s` has several outputs", node->id),
                   from, "");
        ports_mark(from);
    } else {
        mend_ports(qetl_draft_error(drafts, at->reader, at->below, "unknown_port",
                                    "`%s` has no output `%s`", node->id, port),
                   from, port);
        ports_mark(from);
    }
    return -1;
}

static void link_add(struct qetl_drafts *drafts, const struct reference *at)
{
    size_t size = id_size(drafts, at->text);
    const char *dot = at->text[size] ? at->text + size : NULL;
    struct qetl_draft *from = draft_find(drafts, at->text, size);
    struct qetl_link *link = &at->reader->links[at->reader->n_links++];
    *link = (struct qetl_link){SIZE_MAX, NULL};
    if (!from) {
        fail_unknown(drafts, at);
        return;
    }
    from->used = 1;
    if (from->node.kind == QETL_SINK) {
        qetl_finding_mend(qetl_draft_error(drafts, at->reader, at->below, "input_is_sink",
                                           "`%s` is a sink: no rows come out of it", from->node.id),
                          "name a source or a transform");
        return;
    }
    if (check_port(drafts, at, from, dot ? dot + 1 : NULL))
        return;
    link->draft = (size_t)(from - drafts->items);
    link->port = dot ? strdup(dot + 1) : NULL;
    if (dot && !link->port)
        qetl_drafts_no_memory(drafts);
}

void qetl_draft_mark(struct qetl_drafts *drafts, const json_t *input)
{
    for (size_t i = 0; i < (json_is_array(input) ? json_array_size(input) : 1); i++) {
        const char *text =
            json_string_value(json_is_array(input) ? json_array_get(input, i) : input);
        struct qetl_draft *from = text ? draft_find(drafts, text, id_size(drafts, text)) : NULL;
        if (!from)
            continue;
        from->used = 1;
        ports_mark(from);
    }
}

/* `inputs`, `inptu`: told as an unknown key already. */
static const char *input_misspelt(const struct qetl_draft *draft)
{
    struct qetl_suggest suggest;
    const char *key;
    json_t *value;
    qetl_suggest_init(&suggest, "input");
    json_object_foreach (draft->json, key, value)
        qetl_suggest_offer(&suggest, key);
    return suggest.best;
}

static void fail_missing_input(struct qetl_drafts *drafts, struct qetl_draft *draft)
{
    struct qetl_draft *only = NULL;
    size_t candidates = 0;
    for (size_t i = 0; i < drafts->count; i++) {
        if (drafts->items[i].node.kind == QETL_SINK || &drafts->items[i] == draft)
            continue;
        only = &drafts->items[i];
        candidates++;
    }
    struct qetl_finding *finding =
        qetl_draft_error(drafts, draft, "", "missing_input",
                         "`%s` has no input: %s takes rows from another component", draft->node.id,
                         draft->node.kind == QETL_SINK ? "a sink" : "a transform");
    if (candidates == 1) {
        only->used = 1;
        qetl_finding_mend(finding, "add  input: %s", only->node.id);
    } else {
        qetl_finding_mend(finding, "add  input: NAME  of a source or a transform");
    }
}

static int inputs_too_many(struct qetl_drafts *drafts, struct qetl_draft *draft, size_t count)
{
    const struct qetl_manifest_component *plugin = draft->node.use.plugin;
    size_t most = QETL_INPUTS_MAX;
    if (plugin && plugin->inputs_max >= 0 && plugin->inputs_max < QETL_INPUTS_MAX)
        most = (size_t)plugin->inputs_max;
    if (count <= most)
        return 0;
    qetl_finding_mend(qetl_draft_error(drafts, draft, "/input", "too_many_inputs",
                                       "`%s` takes at most %zu input%s, found %zu", draft->node.id,
                                       most, most == 1 ? "" : "s", count),
                      "put a union transform before it, or make one component for each");
    return count > QETL_INPUTS_MAX;
}

void qetl_draft_connect(struct qetl_drafts *drafts, struct qetl_draft *draft)
{
    const json_t *input = json_object_get(draft->json, "input");
    struct reference at = {draft, NULL, "/input"};
    size_t count = json_is_string(input) ? 1 : json_array_size(input);
    if (!draft->json || draft->node.kind == QETL_SOURCE)
        return;
    const char *misspelt = input ? NULL : input_misspelt(draft);
    if (misspelt)
        qetl_draft_mark(drafts, json_object_get(draft->json, misspelt));
    else if (!input || (json_is_array(input) && count == 0))
        fail_missing_input(drafts, draft);
    drafts->partial |= input && !json_is_string(input) && !json_is_array(input);
    if (count == 0 || inputs_too_many(drafts, draft, count))
        return;
    draft->links = calloc(count, sizeof *draft->links);
    if (!draft->links) {
        qetl_drafts_no_memory(drafts);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        at.text = json_string_value(json_is_string(input) ? input : json_array_get(input, i));
        if (json_is_array(input))
            snprintf(at.below, sizeof at.below, "/input/%zu", i);
        if (at.text)
            link_add(drafts, &at);
    }
}

/* ---- cycles ---- */

enum colour { UNSEEN, OPEN, DONE };

struct walk {
    struct qetl_drafts *drafts;
    enum colour *colours;
    size_t *trail; /* from a component to its inputs */
    size_t depth;
};

static void fail_cycle(struct walk *walk, size_t back)
{
    struct qetl_drafts *drafts = walk->drafts;
    struct qetl_draft *first = &drafts->items[back];
    char *path = strdup(first->node.id);
    for (size_t i = walk->depth; path && i-- > 0;) {
        char *longer = NULL; /* rows flow against the trail */
        const char *id = drafts->items[walk->trail[i]].node.id;
        if (asprintf(&longer, "%s → %s", path, id) < 0)
            longer = NULL;
        free(path);
        path = longer;
        if (walk->trail[i] == back)
            break;
    }
    struct qetl_finding *finding = qetl_draft_error(
        drafts, first, "/input", "cycle", "rows would go round in a circle: %s", path ? path : "");
    qetl_finding_mend(finding, "let one of these take its input from elsewhere");
    free(path);
}

static void walk_inputs(struct walk *walk, size_t at)
{
    const struct qetl_draft *draft = &walk->drafts->items[at];
    walk->colours[at] = OPEN;
    walk->trail[walk->depth++] = at;
    for (size_t i = 0; i < draft->n_links; i++) {
        size_t from = draft->links[i].draft;
        if (from == SIZE_MAX)
            continue;
        if (walk->colours[from] == OPEN)
            fail_cycle(walk, from);
        else if (walk->colours[from] == UNSEEN)
            walk_inputs(walk, from);
    }
    walk->depth--;
    walk->colours[at] = DONE;
}

static void find_cycles(struct qetl_drafts *drafts)
{
    struct walk walk = {drafts, calloc(drafts->count + 1, sizeof(enum colour)),
                        calloc(drafts->count + 1, sizeof(size_t)), 0};
    if (!walk.colours || !walk.trail)
        qetl_drafts_no_memory(drafts);
    for (size_t i = 0; walk.colours && walk.trail && i < drafts->count; i++)
        if (walk.colours[i] == UNSEEN)
            walk_inputs(&walk, i);
    free(walk.colours);
    free(walk.trail);
}

/* ---- what is lost ---- */

static void check_used(struct qetl_drafts *drafts, const struct qetl_draft *draft)
{
    const struct qetl_node *node = &draft->node;
    if (node->kind == QETL_SINK || drafts->partial)
        return;
    if (!draft->used) {
        qetl_finding_mend(qetl_draft_error(drafts, draft, "", "unused_component",
                                           "nobody reads the rows of `%s`", node->id),
                          "remove it, or name it as the input of another component");
        return;
    }
    for (size_t i = 0; draft->ports_used && i < node->n_outputs; i++)
        if (!draft->ports_used[i])
            qetl_finding_mend(qetl_draft_error(drafts, draft, "", "unused_output",
                                               "nobody reads the output `%s.%s`", node->id,
                                               node->outputs[i]),
                              "give it a reader; the sink null takes what is not wanted");
}

void qetl_drafts_connected(struct qetl_drafts *drafts)
{
    find_cycles(drafts);
    for (size_t i = 0; i < drafts->count; i++)
        check_used(drafts, &drafts->items[i]);
}

/* ---- order ---- */

static int is_ready(const struct qetl_draft *draft, const char *placed)
{
    for (size_t i = 0; i < draft->n_links; i++)
        if (!placed[draft->links[i].draft])
            return 0;
    return 1;
}

/* Always the first of the file whose inputs stand already. */
size_t *qetl_drafts_order(const struct qetl_drafts *drafts)
{
    size_t *order = calloc(drafts->count + 1, sizeof *order);
    char *placed = calloc(drafts->count + 1, 1);
    for (size_t n = 0; order && placed && n < drafts->count; n++) {
        size_t next = 0;
        while (placed[next] || !is_ready(&drafts->items[next], placed))
            next++;
        order[n] = next;
        placed[next] = 1;
    }
    if (!placed) {
        free(order);
        order = NULL;
    }
    free(placed);
    return order;
}
