/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include "config/suggest.h"
#include "data/cell.h"
#include "expr/expr.h"
#include "lookout.h"
#include "op.h"
#include "run_internal.h"

#include <stdlib.h>
#include <string.h>

enum { TAP_BATCHES = 16 };

struct qetl_tap {
    atomic_int refs; /* the lookout's and the reader's */
    struct qetl_tap *next;
    struct qetl_lookout *lookout;
    const struct qetl_run *run;
    struct ArrowSchema schema;  /* the logical columns */
    struct ArrowSchema visible; /* what an expression may use */
    struct qetl_want *wants;    /* of the visible columns, in their order */
    struct qetl_ctx *ctx;       /* in whose name the expression is compiled */
    struct qetl_expr *where;
    struct qetl_want *where_wants;
    atomic_llong missed;
    long long missed_before; /* the lookout's, when it was opened */
    int64_t failed;
    struct qetl_batch *batch; /* being read */
    int64_t at, n_selected;   /* of the batch's selected rows */
    int32_t *selected;        /* NULL: all */

    pthread_mutex_t lock; /* of what follows */
    struct qetl_batch *queue[TAP_BATCHES];
    size_t first, count;
    bool ended;
};

/* ---- the run's side ---- */

bool qetl_tap_has_room(struct qetl_tap *tap)
{
    if (pthread_mutex_trylock(&tap->lock))
        return false;
    bool room = tap->count < TAP_BATCHES;
    pthread_mutex_unlock(&tap->lock);
    return room;
}

void qetl_tap_offer(struct qetl_tap *tap, const struct qetl_batch *batch, int64_t rows)
{
    bool taken = false;
    if (batch && !pthread_mutex_trylock(&tap->lock)) {
        bool room = tap->count < TAP_BATCHES && !tap->ended;
        struct qetl_batch *copy = room ? qetl_batch_columns(batch) : NULL;
        taken = copy != NULL;
        if (taken)
            tap->queue[(tap->first + tap->count++) % TAP_BATCHES] = copy;
        pthread_mutex_unlock(&tap->lock);
    }
    if (!taken)
        atomic_fetch_add_explicit(&tap->missed, rows, memory_order_relaxed);
}

struct qetl_tap *qetl_tap_next(const struct qetl_tap *tap)
{
    return tap->next;
}

void qetl_tap_end(struct qetl_tap *tap)
{
    pthread_mutex_lock(&tap->lock);
    tap->ended = true;
    pthread_mutex_unlock(&tap->lock);
}

void qetl_tap_unref(struct qetl_tap *tap)
{
    if (!tap || atomic_fetch_sub_explicit(&tap->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (; tap->count; tap->count--, tap->first++)
        qetl_batch_unref(tap->queue[tap->first % TAP_BATCHES]);
    qetl_batch_unref(tap->batch);
    if (tap->where)
        qetl_expr_service()->free(tap->where);
    qetl_instance_free(tap->ctx);
    qetl_schema_release(&tap->schema);
    qetl_schema_release(&tap->visible);
    free(tap->wants);
    free(tap->where_wants);
    free(tap->selected);
    pthread_mutex_destroy(&tap->lock);
    free(tap);
}

/* ---- opening ---- */

static int complain(struct qetl_findings *findings, const char *code, const char *message,
                    const char *what, const char *mend)
{
    struct qetl_finding *finding = qetl_finding_add(findings, QETL_ERROR, code, message, what);
    if (finding && mend)
        qetl_finding_mend(finding, "%s", mend);
    return -1;
}

static void names_list(const struct qetl_run *run, char *text, size_t room)
{
    size_t size = (size_t)snprintf(text, room, "it has");
    for (size_t n = 0; n < run->pipeline->n_nodes && size < room; n++)
        size += (size_t)snprintf(text + size, room - size, "%s %s", n ? "," : "",
                                 run->pipeline->nodes[n].id);
}

static int node_find(const struct qetl_run *run, const char *place, size_t size, size_t *out,
                     struct qetl_findings *findings)
{
    struct qetl_suggest suggest;
    char word[256], mend[320] = "";
    snprintf(word, sizeof word, "%.*s", (int)size, place);
    qetl_suggest_init(&suggest, word);
    for (size_t n = 0; n < run->pipeline->n_nodes; n++) {
        if (strcmp(run->pipeline->nodes[n].id, word) == 0) {
            *out = n;
            return 0;
        }
        qetl_suggest_offer(&suggest, run->pipeline->nodes[n].id);
    }
    if (suggest.best)
        snprintf(mend, sizeof mend, "did you mean '%s'?", suggest.best);
    else
        names_list(run, mend, sizeof mend);
    return complain(findings, "unknown_component", "the pipeline has no component '%s'", word,
                    *mend ? mend : NULL);
}

static int port_find(const struct qetl_node *node, const char *name, uint32_t *out,
                     struct qetl_findings *findings)
{
    *out = 0;
    if (!name)
        return 0;
    char *end;
    unsigned long input = strtoul(name, &end, 10);
    if (node->kind == QETL_SINK && !*end && input >= 1 && input <= node->n_inputs) {
        *out = (uint32_t)input - 1;
        return 0;
    }
    for (size_t i = 0; i < node->n_outputs; i++)
        if (strcmp(node->outputs[i], name) == 0) {
            *out = (uint32_t)i;
            return 0;
        }
    return complain(findings, "unknown_port", "the component has no port '%s'", name, NULL);
}

/* The forms of a column here: of what leaves a component, or, of a sink, of what it takes, since
 * others may want the same output in other forms. */
static uint32_t forms_at(const struct qetl_port_flow *flow, const struct qetl_take_flow *take,
                         int64_t c)
{
    for (int64_t i = 0; take && i < take->n_wants; i++)
        if (take->wants[i].column == c)
            return take->wants[i].form;
    return take ? 0 : flow->columns[c].wanted;
}

/* The columns as an expression finds them: a value where there is one, else the text. */
static int32_t visible_make(struct qetl_tap *tap, const struct qetl_port_flow *flow,
                            const struct qetl_take_flow *take)
{
    int32_t status = qetl_schema_init_struct(&tap->visible);
    tap->wants = calloc((size_t)flow->n_columns + 1, sizeof *tap->wants);
    if (!tap->wants)
        return QETL_E_NO_MEMORY;
    for (int64_t c = 0; !status && c < flow->n_columns; c++) {
        const struct ArrowSchema *field = flow->schema->children[c];
        struct ArrowSchema copy;
        uint32_t wanted = forms_at(flow, take, c);
        if (!wanted)
            continue;
        bool value = wanted & QETL_FORM_VALUE;
        tap->wants[tap->visible.n_children] =
            (struct qetl_want){.column = c, .form = value ? QETL_FORM_VALUE : QETL_FORM_LEXICAL};
        status = value ? qetl_schema_copy(field, &copy)
                       : qetl_schema_init_field(&copy, field->name, "vu");
        if (!status)
            status = qetl_schema_append(&tap->visible, &copy);
    }
    return status;
}

/* What a condition reads and is not decoded here, as a list; NULL: something else is wrong. */
static char *undecoded_make(struct qetl_tap *tap, const char *where)
{
    const struct qetl_expr_host *service = qetl_expr_service();
    struct qetl_expr *expr = NULL;
    const int64_t *columns;
    char *list = NULL;
    if (service->compile(tap->ctx, where, NULL, &tap->schema, &expr))
        return NULL;
    int64_t n = service->columns(expr, &columns);
    for (int64_t i = 0; i < n; i++) {
        const char *name = tap->schema.children[columns[i]]->name;
        char *longer = NULL;
        if (qetl_schema_find(&tap->visible, name) >= 0)
            continue;
        if (asprintf(&longer, "%s%s%s", list ? list : "", list ? ", " : "", name) < 0)
            longer = NULL;
        free(list);
        list = longer;
    }
    service->free(expr);
    return list;
}

static int where_refuse(struct qetl_tap *tap, const char *where, int32_t status,
                        struct qetl_findings *findings)
{
    struct qetl_error_report error = qetl_instance_take_error(tap->ctx);
    char *undecoded = status ? undecoded_make(tap, where) : NULL;
    if (undecoded)
        complain(findings, "expression", "nothing downstream reads %s, so it is not decoded here",
                 undecoded, "qetl preview shows all columns of the first rows");
    else
        complain(findings, "expression", "%s",
                 error.message ? error.message : "a condition must be true or false",
                 error.suggestion ? error.suggestion
                 : status         ? NULL
                                  : "compare it with something");
    free(undecoded);
    qetl_error_report_free(&error);
    return -1;
}

static int where_compile(struct qetl_tap *tap, const struct qetl_node *node, const char *where,
                         struct qetl_findings *findings)
{
    const struct qetl_run *run = tap->run;
    tap->ctx = qetl_instance_new(&run->env, node, &node->use,
                                 run->attempt.flows[node - run->pipeline->nodes].component);
    tap->where_wants = calloc((size_t)tap->visible.n_children + 1, sizeof *tap->where_wants);
    if (!tap->ctx || !tap->where_wants)
        return complain(findings, "out_of_memory", "%s", "no memory for a tap", NULL);
    int32_t status =
        qetl_expr_service()->compile(tap->ctx, where, NULL, &tap->visible, &tap->where);
    struct ArrowSchema result = {0};
    if (!status)
        status = qetl_expr_service()->result(tap->where, NULL, &result);
    bool condition = !status && strcmp(result.format, "b") == 0;
    qetl_schema_release(&result);
    return condition ? 0 : where_refuse(tap, where, status, findings);
}

static int attach(struct qetl_tap *tap, struct qetl_findings *findings)
{
    struct qetl_lookout *lookout = tap->lookout;
    pthread_mutex_lock(&lookout->lock);
    bool ended = lookout->ended;
    if (!ended) {
        atomic_fetch_add(&tap->refs, 1);
        tap->missed_before = atomic_load(&lookout->missed);
        tap->next = lookout->taps;
        lookout->taps = tap;
        atomic_fetch_add(&lookout->looking, 1);
    }
    pthread_mutex_unlock(&lookout->lock);
    return ended ? complain(findings, "over", "%s", "the run is over", NULL) : 0;
}

static int tap_make(struct qetl_tap *tap, size_t n, uint32_t port, const char *where,
                    struct qetl_findings *findings)
{
    const struct qetl_run *run = tap->run;
    const struct qetl_node *node = &run->pipeline->nodes[n];
    const struct qetl_port_flow *flow =
        node->kind == QETL_SINK
            ? qetl_flow_input(run->attempt.flows, run->pipeline, &node->inputs[port])
            : &run->attempt.flows[n].ports[port];
    if (node->kind == QETL_SINK && run->attempt.flows[n].one_encoder)
        port = 0; /* there all inputs arrive by one */
    tap->lookout = &run->attempt.flows[n].lookouts[port];
    const struct qetl_take_flow *take =
        node->kind == QETL_SINK ? &run->attempt.flows[n].takes[port] : NULL;
    if (qetl_schema_copy(flow->schema, &tap->schema) || visible_make(tap, flow, take))
        return complain(findings, "out_of_memory", "%s", "no memory for a tap", NULL);
    if (where && where_compile(tap, node, where, findings))
        return -1;
    return attach(tap, findings);
}

struct qetl_tap *qetl_tap_open(struct qetl_run *run, const char *place, const char *where,
                               struct qetl_findings *findings)
{
    const char *dot = strrchr(place, '.');
    size_t n;
    uint32_t port;
    if (node_find(run, place, dot ? (size_t)(dot - place) : strlen(place), &n, findings) ||
        port_find(&run->pipeline->nodes[n], dot ? dot + 1 : NULL, &port, findings))
        return NULL;
    struct qetl_tap *tap = calloc(1, sizeof *tap);
    if (!tap) {
        complain(findings, "out_of_memory", "%s", "no memory for a tap", NULL);
        return NULL;
    }
    atomic_init(&tap->refs, 1);
    pthread_mutex_init(&tap->lock, NULL);
    tap->run = run;
    pthread_mutex_lock(&run->lock); /* what it looks at stays while it looks */
    int failed =
        atomic_load(&run->phase) == QETL_PHASE_PROCESSING
            ? tap_make(tap, n, port, where, findings)
            : complain(findings, "not_running", "%s", "the run is not processing rows now", NULL);
    pthread_mutex_unlock(&run->lock);
    if (!failed)
        return tap;
    qetl_tap_unref(tap);
    return NULL;
}

void qetl_tap_close(struct qetl_tap *tap)
{
    if (!tap)
        return;
    struct qetl_lookout *lookout = tap->lookout;
    pthread_mutex_lock(&lookout->lock);
    struct qetl_tap **at = &lookout->taps;
    while (*at != tap)
        at = &(*at)->next;
    *at = tap->next;
    atomic_fetch_sub(&lookout->looking, 1);
    pthread_mutex_unlock(&lookout->lock);
    qetl_tap_unref(tap);
    qetl_tap_unref(tap);
}

/* ---- the reader's side ---- */

json_t *qetl_tap_columns(const struct qetl_tap *tap)
{
    json_t *columns = json_array();
    for (int64_t c = 0, v = 0; c < tap->schema.n_children; c++) {
        char type[128];
        bool visible = v < tap->visible.n_children && tap->wants[v].column == c;
        v += visible;
        json_array_append_new(
            columns, json_pack("{s:s, s:s, s:b}", "name", tap->schema.children[c]->name, "type",
                               qetl_type_name(tap->schema.children[c], type, sizeof type),
                               "visible", visible));
    }
    return columns;
}

static struct qetl_batch *take(struct qetl_tap *tap)
{
    struct qetl_batch *batch = NULL;
    pthread_mutex_lock(&tap->lock);
    if (tap->count) {
        batch = tap->queue[tap->first];
        tap->first = (tap->first + 1) % TAP_BATCHES;
        tap->count--;
    }
    pthread_mutex_unlock(&tap->lock);
    return batch;
}

static int32_t select_rows(struct qetl_tap *tap)
{
    const int64_t *columns;
    int64_t n = qetl_expr_service()->columns(tap->where, &columns);
    for (int64_t i = 0; i < n; i++)
        tap->where_wants[i] = tap->wants[columns[i]];
    struct ArrowArray view;
    free(tap->selected);
    tap->selected = calloc((size_t)tap->batch->rows + 1, sizeof *tap->selected);
    if (!tap->selected || qetl_batch_view(tap->batch, n, tap->where_wants, &view))
        return QETL_E_NO_MEMORY;
    int64_t failed = 0;
    tap->n_selected =
        qetl_expr_service()->select(tap->where, &view, tap->batch->rows, tap->selected, &failed);
    qetl_array_release(&view);
    qetl_instance_drop_rejected(tap->ctx);
    tap->failed += failed;
    return tap->n_selected < 0 ? (int32_t)tap->n_selected : QETL_OK;
}

static bool batch_next(struct qetl_tap *tap)
{
    qetl_batch_unref(tap->batch);
    tap->batch = take(tap);
    tap->at = 0;
    if (!tap->batch)
        return false;
    tap->n_selected = tap->batch->rows;
    if (tap->where && select_rows(tap)) {
        atomic_fetch_add(&tap->missed, tap->batch->rows);
        tap->n_selected = 0;
    }
    return true;
}

int64_t qetl_tap_read(struct qetl_tap *tap, int64_t most,
                      void (*row)(void *arg, const char *json, size_t size), void *arg)
{
    struct qetl_space text;
    int64_t given = 0;
    qetl_heap_space(&text);
    while (given < most) {
        if ((!tap->batch || tap->at == tap->n_selected) && !batch_next(tap))
            break;
        if (tap->at == tap->n_selected)
            continue;
        int64_t at = tap->where ? tap->selected[tap->at] : tap->at;
        tap->at++;
        text.size = 0;
        if (qetl_row_json(&tap->schema, tap->batch, at, &text)) {
            atomic_fetch_add(&tap->missed, 1);
            continue;
        }
        row(arg, (const char *)text.data, (size_t)text.size);
        given++;
    }
    free(text.data);
    return given;
}

bool qetl_tap_over(struct qetl_tap *tap)
{
    pthread_mutex_lock(&tap->lock);
    bool over = tap->ended && !tap->count;
    pthread_mutex_unlock(&tap->lock);
    return over && (!tap->batch || tap->at == tap->n_selected);
}

int64_t qetl_tap_missed(struct qetl_tap *tap)
{
    return atomic_load(&tap->missed) + atomic_load(&tap->lookout->missed) - tap->missed_before;
}

int64_t qetl_tap_failed(const struct qetl_tap *tap)
{
    return tap->failed;
}
