/* SPDX-License-Identifier: Apache-2.0 */
/* Gives each row to the first output whose condition is true for it. Rows are not copied: every
 * output gets a row map. */
#include <qetl/exprs.h>
#include <qetl/sdk.h>

#include <stdlib.h>

enum { POINTER_MAX = 600 };

struct branch {
    struct qetl_expr *where; /* NULL: takes what no other takes */
    int64_t *places;         /* of its columns among those that process gets */
    int64_t n_places;
    int32_t *rows;
    int64_t n_rows;
};

struct route {
    struct qetl_exprs exprs; /* failures: the rows that have their output, too */
    struct branch *branches;
    uint32_t n_branches, n_routes;
    int32_t *rows; /* n_branches times capacity */
    int64_t capacity;
    int64_t n_input; /* rows of the batch at hand */
    uint32_t next;   /* the branch that is to be given out next */
};

static int32_t route_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    struct route *route = self;

    (void)config;
    return qetl_exprs_create(&route->exprs, (struct qetl_env){host, ctx}, "route",
                             "no memory to route rows");
}

static void bound_reset(struct route *route)
{
    for (uint32_t i = 0; i < route->n_branches; i++) {
        route->exprs.service->free(route->branches[i].where);
        free(route->branches[i].places);
    }
    free(route->branches);
    route->branches = NULL;
    route->n_branches = route->n_routes = 0;
}

static void route_destroy(void *self)
{
    struct route *route = self;

    bound_reset(route);
    qetl_exprs_free(&route->exprs);
    free(route->rows);
}

/* ---- bind ---- */

static int32_t branch_bind(struct route *route, uint32_t i, const struct ArrowSchema *input,
                           struct qetl_binder *binder)
{
    struct branch *branch = &route->branches[i];
    const char *name = qetl_option_key(route->exprs.env, "/routes", i);
    char pointer[POINTER_MAX];
    int32_t status = qetl_option_pointer(pointer, sizeof pointer, "/routes", name ? name : "");

    if (status)
        return qetl_fail(route->exprs.env, QETL_E_CONFIG, "/routes", "choose a shorter one",
                         "an output's name has more than %d bytes", POINTER_MAX / 2);
    status = qetl_exprs_condition(&route->exprs, pointer, "the condition", input, &branch->where);
    return status ? status
                  : qetl_exprs_read_all(&route->exprs, binder, branch->where, &branch->places,
                                        &branch->n_places);
}

static int32_t branches_open(struct route *route, const struct ArrowSchema *input)
{
    int64_t routes = qetl_option_count(route->exprs.env, "/routes");
    const char *rest = qetl_option_text(route->exprs.env, "/default");

    bound_reset(route);
    if (routes <= 0)
        return qetl_fail(route->exprs.env, QETL_E_CONFIG, "/routes",
                         "name an output and its condition: routes: {large: amount > 100}",
                         "`routes` is empty");
    for (int64_t i = 0; rest && i < routes; i++)
        if (!strcmp(qetl_option_key(route->exprs.env, "/routes", i), rest))
            return qetl_fail(route->exprs.env, QETL_E_CONFIG, "/default",
                             "give the default a name of its own",
                             "output \"%s\" has a condition, and cannot be the default too", rest);
    route->branches = calloc((size_t)routes + 1, sizeof *route->branches);
    if (!route->branches)
        return qetl_exprs_fail_memory(&route->exprs);
    route->n_routes = (uint32_t)routes;
    route->n_branches = route->n_routes + (rest != NULL);
    return qetl_exprs_bind(&route->exprs, input, 0);
}

static int32_t outputs_bind(const struct route *route, const struct ArrowSchema *input,
                            struct qetl_binder *binder)
{
    int32_t status = QETL_OK;

    for (uint32_t p = 0; p < route->n_branches && status >= 0; p++) {
        for (int64_t i = 0; i < input->n_children && status >= 0; i++)
            status = binder->copy(binder, p, -1, 0, i, NULL);
        if (status >= 0)
            status = binder->rows(binder, p, QETL_ROWS_SUBSET);
    }
    return status;
}

static int32_t route_bind(void *self, uint32_t n_inputs, const struct ArrowSchema *const *inputs,
                          struct qetl_binder *binder)
{
    struct route *route = self;
    int32_t status = branches_open(route, inputs[0]);

    (void)n_inputs;
    if (status)
        return status;
    for (uint32_t i = 0; i < route->n_routes; i++) {
        int32_t one = branch_bind(route, i, inputs[0], binder);
        status = status < 0 ? status : one;
    }
    return status < 0 ? status : outputs_bind(route, inputs[0], binder);
}

/* ---- batches ---- */

static int32_t batch_begin(struct route *route, const struct qetl_event *event)
{
    int64_t rows = event->rows;

    if (rows > route->capacity || !route->rows) {
        free(route->rows);
        route->rows = malloc(((size_t)rows * route->n_branches + 1) * sizeof *route->rows);
        route->capacity = route->rows ? rows : 0;
        if (!route->rows)
            return qetl_exprs_fail_memory(&route->exprs);
    }
    for (uint32_t i = 0; i < route->n_branches; i++) {
        route->branches[i].rows = route->rows + (size_t)i * (size_t)route->capacity;
        route->branches[i].n_rows = 0;
    }
    route->n_input = rows;
    return qetl_exprs_begin(&route->exprs, event->batch, rows);
}

/* The rows of a branch from its condition's result; they are settled with that. */
static void rows_take(struct route *route, struct branch *branch, const struct ArrowArray *result)
{
    const uint8_t *valid = result->buffers[0], *value = result->buffers[1];
    uint8_t *settled = route->exprs.failures;

    for (int64_t at = 0; at < route->n_input; at += 8) {
        unsigned bits = value[at >> 3] & (valid ? valid[at >> 3] : 0xffu);
        bits &= (unsigned)~settled[at >> 3];
        if (route->n_input - at < 8)
            bits &= (1u << (route->n_input - at)) - 1;
        settled[at >> 3] |= (uint8_t)bits;
        for (; bits; bits &= bits - 1)
            branch->rows[branch->n_rows++] = (int32_t)(at + __builtin_ctz(bits));
    }
}

static int32_t branch_evaluate(struct route *route, struct branch *branch)
{
    struct ArrowArray result;
    int32_t status = qetl_exprs_evaluate(&route->exprs, branch->where, branch->places,
                                         branch->n_places, &result);

    if (status)
        return status;
    rows_take(route, branch, &result);
    qetl_array_release(&result);
    return QETL_OK;
}

static void rest_take(struct route *route)
{
    struct branch *rest = &route->branches[route->n_routes];

    for (int64_t i = 0; i < route->n_input; i++)
        if (!(route->exprs.failures[i >> 3] >> (i & 7) & 1))
            rest->rows[rest->n_rows++] = (int32_t)i;
}

/* Every row of the batch gets its branch; answers how many get none, or a failure. */
static int64_t rows_route(struct route *route, const struct qetl_event *event)
{
    int64_t taken = 0;
    int32_t status = batch_begin(route, event);

    for (uint32_t i = 0; i < route->n_routes && !status; i++)
        status = branch_evaluate(route, &route->branches[i]);
    if (status)
        return status;
    if (route->n_branches > route->n_routes)
        rest_take(route);
    for (uint32_t i = 0; i < route->n_branches; i++)
        taken += route->branches[i].n_rows;
    return event->rows - route->exprs.failed - taken;
}

/* The next output that gets rows. */
static uint32_t branch_next(const struct route *route, uint32_t from)
{
    while (from < route->n_branches && !route->branches[from].n_rows)
        from++;
    return from;
}

static int32_t branch_give(struct route *route, struct qetl_output *out)
{
    const struct branch *branch;
    uint32_t port = branch_next(route, route->next);

    if (port >= route->n_branches)
        return QETL_NEED_INPUT;
    branch = &route->branches[port];
    out->port = port;
    out->rows = branch->n_rows;
    out->row_map = branch->n_rows == route->n_input ? NULL : branch->rows;
    route->next = branch_next(route, port + 1);
    return route->next < route->n_branches ? QETL_MORE : QETL_OUTPUT;
}

static int32_t route_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    struct route *route = self;

    if (event && event->kind == QETL_EVENT_BATCH) {
        int64_t filtered = rows_route(route, event);
        if (filtered < 0)
            return (int32_t)filtered;
        out->rows_filtered = filtered;
        route->next = 0;
    } else if (event) {
        return QETL_NEED_INPUT;
    }
    return branch_give(route, out);
}

static const struct qetl_transform route_transform = {
    .struct_size = sizeof route_transform,
    .bind = route_bind,
    .process = route_process,
};

static const struct qetl_component route_component = {
    .struct_size = sizeof route_component,
    .kind = QETL_TRANSFORM,
    .id = "route",
    .state_size = sizeof(struct route),
    .create = route_create,
    .destroy = route_destroy,
    .transform = &route_transform,
};

QETL_PLUGIN("route", "0.1.0", &route_component)
