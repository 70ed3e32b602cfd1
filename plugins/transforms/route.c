/* SPDX-License-Identifier: Apache-2.0 */
/* Gives each row to the first output whose condition is true for it. Rows are not copied: every
 * output gets a row map. */
#include <qetl/plugin.h>
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
    struct qetl_env env;
    const struct qetl_expr_host *service;
    struct branch *branches;
    uint32_t n_branches, n_routes;
    int64_t n_reads;
    struct ArrowArray *reads, **children;
    uint8_t *settled; /* a bit a row: it has its output, or was rejected */
    int32_t *rows;    /* n_branches times capacity */
    int64_t capacity;
    int64_t n_input; /* rows of the batch at hand */
    uint32_t next;   /* the branch that is to be given out next */
};

static int32_t no_memory(const struct route *route)
{
    return qetl_fail(route->env, QETL_E_NO_MEMORY, NULL, "make batches smaller, or raise --memory",
                     "no memory to route rows");
}

static int32_t route_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    struct route *route = self;

    (void)config;
    route->env = (struct qetl_env){host, ctx};
    route->service = host->get_extension(ctx, QETL_EXT_EXPR);
    if (!route->service)
        return qetl_fail(route->env, QETL_E_UNSUPPORTED, NULL, "use a newer qetl",
                         "route needs a host that offers " QETL_EXT_EXPR);
    return QETL_OK;
}

static void bound_reset(struct route *route)
{
    for (uint32_t i = 0; i < route->n_branches; i++) {
        route->service->free(route->branches[i].where);
        free(route->branches[i].places);
    }
    free(route->branches);
    free(route->reads);
    free(route->children);
    route->branches = NULL;
    route->reads = NULL;
    route->children = NULL;
    route->n_branches = route->n_routes = 0;
    route->n_reads = 0;
}

static void route_destroy(void *self)
{
    struct route *route = self;

    bound_reset(route);
    free(route->settled);
    free(route->rows);
}

/* ---- bind ---- */

static int32_t where_check(const struct route *route, const struct branch *branch,
                           const char *pointer)
{
    struct ArrowSchema field;
    char name[64];
    int32_t status = route->service->result(branch->where, "where", &field);

    if (status)
        return status;
    if (strcmp(field.format, "b") != 0)
        status = qetl_fail(route->env, QETL_E_CONFIG, pointer,
                           "compare it with something, for example: quantity > 0",
                           "the condition is of type %s, not boolean: %s",
                           qetl_type_name(&field, name, sizeof name),
                           qetl_option_text(route->env, pointer));
    qetl_schema_release(&field);
    return status;
}

/* places: of each input column among those that are read, or -1. */
static int32_t columns_read(struct route *route, struct branch *branch, int64_t *places,
                            struct qetl_binder *binder)
{
    const int64_t *columns;
    int64_t n = route->service->columns(branch->where, &columns);

    branch->places = calloc((size_t)n + 1, sizeof *branch->places);
    if (!branch->places)
        return no_memory(route);
    branch->n_places = n;
    for (int64_t i = 0; i < n; i++) {
        if (places[columns[i]] < 0) {
            int32_t place = binder->read(binder, 0, columns[i], QETL_FORM_VALUE);
            if (place < 0)
                return place;
            places[columns[i]] = place;
            route->n_reads++;
        }
        branch->places[i] = places[columns[i]];
    }
    return QETL_OK;
}

static int32_t branch_bind(struct route *route, uint32_t i, const struct ArrowSchema *input,
                           int64_t *places, struct qetl_binder *binder)
{
    struct branch *branch = &route->branches[i];
    const char *name = qetl_option_key(route->env, "/routes", i), *text;
    char pointer[POINTER_MAX];
    int32_t status = qetl_option_pointer(pointer, sizeof pointer, "/routes", name ? name : "");

    if (status)
        return qetl_fail(route->env, QETL_E_CONFIG, "/routes", "choose a shorter one",
                         "an output's name has more than %d bytes", POINTER_MAX / 2);
    text = qetl_option_text(route->env, pointer);
    status =
        route->service->compile(route->env.ctx, text ? text : "", pointer, input, &branch->where);
    if (!status)
        status = where_check(route, branch, pointer);
    return status ? status : columns_read(route, branch, places, binder);
}

static int32_t branches_open(struct route *route, const struct ArrowSchema *input)
{
    int64_t routes = qetl_option_count(route->env, "/routes");
    const char *rest = qetl_option_text(route->env, "/default");
    size_t columns = (size_t)input->n_children + 1;

    bound_reset(route);
    if (routes <= 0)
        return qetl_fail(route->env, QETL_E_CONFIG, "/routes",
                         "name an output and its condition: routes: {large: amount > 100}",
                         "`routes` is empty");
    for (int64_t i = 0; rest && i < routes; i++)
        if (!strcmp(qetl_option_key(route->env, "/routes", i), rest))
            return qetl_fail(route->env, QETL_E_CONFIG, "/default",
                             "give the default a name of its own",
                             "output \"%s\" has a condition, and cannot be the default too", rest);
    route->branches = calloc((size_t)routes + 1, sizeof *route->branches);
    route->reads = calloc(columns, sizeof *route->reads);
    route->children = calloc(columns, sizeof *route->children);
    if (!route->branches || !route->reads || !route->children)
        return no_memory(route);
    route->n_routes = (uint32_t)routes;
    route->n_branches = route->n_routes + (rest != NULL);
    return QETL_OK;
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
    int64_t *places;

    (void)n_inputs;
    if (status)
        return status;
    places = malloc(((size_t)inputs[0]->n_children + 1) * sizeof *places);
    if (!places)
        return no_memory(route);
    for (int64_t i = 0; i < inputs[0]->n_children; i++)
        places[i] = -1;
    for (uint32_t i = 0; i < route->n_routes; i++) {
        int32_t one = branch_bind(route, i, inputs[0], places, binder);
        status = status < 0 ? status : one;
    }
    free(places);
    return status < 0 ? status : outputs_bind(route, inputs[0], binder);
}

/* ---- batches ---- */

static int32_t rows_reserve(struct route *route, int64_t rows)
{
    if (rows > route->capacity || !route->settled) {
        free(route->settled);
        free(route->rows);
        route->settled = malloc((size_t)rows / 8 + 1);
        route->rows = malloc(((size_t)rows * route->n_branches + 1) * sizeof *route->rows);
        route->capacity = route->settled && route->rows ? rows : 0;
        if (!route->settled || !route->rows)
            return no_memory(route);
    }
    memset(route->settled, 0, (size_t)rows / 8 + 1);
    for (uint32_t i = 0; i < route->n_branches; i++) {
        route->branches[i].rows = route->rows + (size_t)i * (size_t)route->capacity;
        route->branches[i].n_rows = 0;
    }
    return QETL_OK;
}

/* The rows of a branch from its condition's result; they are settled with that. */
static void rows_take(struct route *route, struct branch *branch, const struct ArrowArray *result)
{
    const uint8_t *valid = result->buffers[0], *value = result->buffers[1];

    for (int64_t at = 0; at < route->n_input; at += 8) {
        unsigned bits = value[at >> 3] & (valid ? valid[at >> 3] : 0xffu);
        bits &= (unsigned)~route->settled[at >> 3];
        if (route->n_input - at < 8)
            bits &= (1u << (route->n_input - at)) - 1;
        route->settled[at >> 3] |= (uint8_t)bits;
        for (; bits; bits &= bits - 1)
            branch->rows[branch->n_rows++] = (int32_t)(at + __builtin_ctz(bits));
    }
}

static int32_t branch_evaluate(struct route *route, struct branch *branch, int64_t *failed)
{
    struct ArrowArray view = {.length = route->n_input,
                              .n_buffers = 1,
                              .buffers = (const void *[1]){NULL},
                              .n_children = branch->n_places,
                              .children = route->children};
    struct ArrowArray result;
    int64_t more = 0;
    int32_t status;

    for (int64_t i = 0; i < branch->n_places; i++)
        route->children[i] = &route->reads[branch->places[i]];
    status = route->service->evaluate(branch->where, &view, route->n_input, &result, route->settled,
                                      &more);
    if (status)
        return status;
    *failed += more;
    rows_take(route, branch, &result);
    qetl_array_release(&result);
    return QETL_OK;
}

static void rest_take(struct route *route)
{
    struct branch *rest = &route->branches[route->n_routes];

    for (int64_t i = 0; i < route->n_input; i++)
        if (!(route->settled[i >> 3] >> (i & 7) & 1))
            rest->rows[rest->n_rows++] = (int32_t)i;
}

/* Every row of the batch gets its branch; answers how many get none, or a failure. */
static int64_t rows_route(struct route *route, const struct qetl_event *event)
{
    int64_t failed = 0, taken = 0;
    int32_t status = rows_reserve(route, event->rows);

    for (int64_t i = 0; i < route->n_reads; i++) {
        route->reads[i] = *event->batch->children[i];
        route->reads[i].offset += event->batch->offset;
        route->reads[i].length = event->rows;
        if (event->batch->offset)
            route->reads[i].null_count = -1;
    }
    route->n_input = event->rows;
    for (uint32_t i = 0; i < route->n_routes && !status; i++)
        status = branch_evaluate(route, &route->branches[i], &failed);
    if (status)
        return status;
    if (route->n_branches > route->n_routes)
        rest_take(route);
    for (uint32_t i = 0; i < route->n_branches; i++)
        taken += route->branches[i].n_rows;
    return event->rows - failed - taken;
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
