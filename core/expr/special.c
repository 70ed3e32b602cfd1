/* SPDX-License-Identifier: Apache-2.0 */
/* What looks like a call but is none: arguments that are computed only where they are needed, or
 * whose types decide one another's. */
#include "bind.h"
#include "op.h"
#include "value/number.h"

struct expr_type qetl_expr_branch_type(const struct expr_type *a, const struct expr_type *b)
{
    struct expr_type type = qetl_expr_common(a, b);

    if (a->id == EXPR_UNKNOWN && b->id == EXPR_UNKNOWN)
        return *a;
    /* A real takes in all but a double, where arithmetic would go over to double. */
    if (type.id == EXPR_FLOAT8 && a->id != EXPR_FLOAT8 && b->id != EXPR_FLOAT8)
        return expr_type_of(EXPR_FLOAT4);
    return type;
}

/* ---- branches: values of one type ---- */

struct branches {
    uint32_t count;
    struct expr_node **nodes;
    struct expr_guard **guards; /* under which each is bound; NULL: all rows */
};

static bool branches_open(struct expr_binder *b, struct branches *branches, uint32_t capacity)
{
    branches->count = 0;
    branches->nodes = qetl_expr_new(b->source, capacity * sizeof(struct expr_node *));
    branches->guards = qetl_expr_new(b->source, capacity * sizeof(struct expr_guard *));
    return branches->nodes && branches->guards;
}

/* Binds one more, under the binder's guard. */
static struct expr_node *branch_add(struct expr_binder *b, struct branches *branches,
                                    const struct expr_ast *ast)
{
    struct expr_node *node = qetl_expr_promote(b, qetl_expr_bind(b, ast));

    branches->nodes[branches->count] = node;
    branches->guards[branches->count] = b->guard;
    branches->count++;
    return node;
}

/* The branch that is text among numbers; NULL: that is not what is wrong. */
static const struct expr_node *text_branch(const struct branches *branches,
                                           const struct expr_node *node,
                                           const struct expr_type *type)
{
    if (qetl_expr_is_wordy(&node->type) && expr_type_is_numeric(type->id))
        return node;
    for (uint32_t i = 0; expr_type_is_numeric(node->type.id) && i < branches->count; i++)
        if (qetl_expr_is_wordy(&branches->nodes[i]->type))
            return branches->nodes[i];
    return NULL;
}

static bool branches_differ(struct expr_binder *b, const struct branches *branches,
                            const struct expr_node *node, const char *where,
                            const struct expr_type *type)
{
    char one[EXPR_TYPE_NAME_MAX], other[EXPR_TYPE_NAME_MAX];
    const struct expr_node *text = text_branch(branches, node, type);
    struct expr_wanted wanted = {.mend = "convert one of them with CAST"};

    if (text)
        qetl_expr_wanted_number(b, text, &wanted);
    qetl_expr_mistake(b->source, node->span, wanted.mend, "%s cannot choose between %s and %s%s",
                      where, qetl_expr_type_name(type, one, sizeof one),
                      qetl_expr_type_name(&node->type, other, sizeof other), wanted.what);
    return false;
}

/* An untyped literal among decimals brings its own digits. */
static bool literal_measure(const struct expr_node *node, struct expr_type *type)
{
    int32_t precision, scale;

    if (node->type.id != EXPR_UNKNOWN || node->value.null || type->id != EXPR_DECIMAL ||
        qetl_expr_measure_decimal(node->value.text, &precision, &scale) != EXPR_PARSED)
        return false;
    *type = qetl_expr_common(type, &(struct expr_type){EXPR_DECIMAL, precision, scale, NULL});
    return true;
}

static bool branches_type(struct expr_binder *b, const struct branches *branches, const char *where,
                          struct expr_type *type)
{
    *type = expr_type_of(EXPR_UNKNOWN);
    for (uint32_t i = 0; i < branches->count; i++) {
        const struct expr_node *node = branches->nodes[i];
        struct expr_type wider = qetl_expr_branch_type(type, &node->type);
        if (wider.id == EXPR_OPAQUE || (wider.id == EXPR_UNKNOWN && node->type.id != EXPR_UNKNOWN))
            return branches_differ(b, branches, node, where, type);
        *type = wider;
    }
    for (uint32_t i = 0; i < branches->count; i++)
        literal_measure(branches->nodes[i], type);
    if (type->id == EXPR_UNKNOWN)
        *type = expr_type_of(EXPR_TEXT);
    return true;
}

/* All to one type, each cast under the guard of its branch. */
static bool branches_settle(struct expr_binder *b, struct branches *branches, const char *where,
                            struct expr_type *type)
{
    struct expr_guard *outer = b->guard;
    bool settled = branches_type(b, branches, where, type);

    for (uint32_t i = 0; i < branches->count && settled; i++) {
        b->guard = branches->guards[i];
        branches->nodes[i] =
            qetl_expr_cast(b, branches->nodes[i], *type, false, branches->nodes[i]->span);
        settled = branches->nodes[i] != NULL;
    }
    b->guard = outer;
    return settled;
}

static struct expr_node *null_of(struct expr_binder *b, struct expr_type type,
                                 struct expr_span span)
{
    struct expr_value value = {.null = true};

    return qetl_expr_constant(b, type, &value, span);
}

struct expr_node *qetl_expr_select_node(struct expr_binder *b, struct expr_span span,
                                        struct expr_node *const *args,
                                        struct expr_guard *const *guards)
{
    const struct expr_node *condition = args[0];
    struct expr_type type = args[1]->type;
    const enum expr_type_id ids[3] = {EXPR_BOOL, type.id, type.id};
    struct expr_node *node;

    if (condition->kind == EXPR_NODE_CONSTANT)
        return condition->value.null || !condition->value.boolean ? args[2] : args[1];
    node = qetl_expr_call(b, qetl_expr_op_find("select", 3, ids, type.id), type, span, args, NULL);
    for (uint32_t k = 1; node && guards && k < 3; k++)
        if (!qetl_expr_guard_set(b, node, k, guards[k]))
            return NULL;
    return node;
}

/* ---- CASE ---- */

/* Searched: conditions and values by turns, perhaps an odd value at the end. Simple: before them
 * the value that is compared. */
struct cases {
    uint32_t count;
    struct expr_node **conditions;
    struct expr_guard **rest; /* where all conditions up to this one are not true */
    struct branches branches; /* the values, and the one of ELSE */
};

static struct expr_node *condition_bind(struct expr_binder *b, const struct expr_ast *ast,
                                        struct expr_node *operand)
{
    struct expr_node *node = qetl_expr_bind(b, ast);

    if (operand)
        return node ? qetl_expr_compare(b, "=", ast->span, operand, node) : NULL;
    return qetl_expr_boolean(b, node, "WHEN");
}

static bool cases_bind(struct expr_binder *b, const struct expr_ast *ast, struct cases *c,
                       uint32_t first, struct expr_node *operand)
{
    for (uint32_t i = first; i + 1 < ast->n_args; i += 2) {
        struct expr_node *condition = condition_bind(b, ast->args[i], operand);
        struct expr_guard *before = b->guard;
        if (!condition || !qetl_expr_guard_enter(b, EXPR_WHERE_TRUE, condition) ||
            !branch_add(b, &c->branches, ast->args[i + 1]))
            return false;
        b->guard = before;
        c->rest[c->count] = qetl_expr_guard_enter(b, EXPR_UNLESS_TRUE, condition);
        if (!c->rest[c->count])
            return false;
        c->conditions[c->count++] = condition;
    }
    return (ast->n_args - first) % 2 == 0 ||
           branch_add(b, &c->branches, ast->args[ast->n_args - 1]) != NULL;
}

static struct expr_node *cases_join(struct expr_binder *b, const struct expr_ast *ast,
                                    const struct cases *c, struct expr_type type)
{
    struct expr_node *node =
        c->branches.count > c->count ? c->branches.nodes[c->count] : null_of(b, type, ast->span);

    for (uint32_t i = c->count; i-- > 0 && node;) {
        struct expr_node *args[3] = {c->conditions[i], c->branches.nodes[i], node};
        struct expr_guard *guards[3] = {NULL, c->branches.guards[i], c->rest[i]};
        node = qetl_expr_select_node(b, ast->span, args, guards);
    }
    return node;
}

static struct expr_node *bind_case(struct expr_binder *b, const struct expr_ast *ast)
{
    struct expr_guard *outer = b->guard;
    struct expr_node *operand = NULL;
    struct expr_type type, text = expr_type_of(EXPR_TEXT);
    struct cases c = {0};
    uint32_t first = !strcmp(ast->name, "case of");
    bool bound;

    if (first) {
        operand = qetl_expr_settle(b, qetl_expr_bind(b, ast->args[0]), &text);
        if (!operand)
            return NULL;
    }
    c.conditions = qetl_expr_new(b->source, ast->n_args * sizeof(struct expr_node *));
    c.rest = qetl_expr_new(b->source, ast->n_args * sizeof(struct expr_guard *));
    if (!c.conditions || !c.rest || !branches_open(b, &c.branches, ast->n_args))
        return NULL;
    bound = cases_bind(b, ast, &c, first, operand);
    b->guard = outer;
    return bound && branches_settle(b, &c.branches, "CASE", &type) ? cases_join(b, ast, &c, type)
                                                                   : NULL;
}

/* ---- COALESCE, NULLIF, GREATEST, LEAST ---- */

/* first where it is not NULL, else the rest, which is computed only there. */
static struct expr_node *coalesce_join(struct expr_binder *b, struct expr_span span,
                                       struct expr_node *first, struct expr_node *rest,
                                       struct expr_guard *guard)
{
    const enum expr_type_id ids[2] = {first->type.id, first->type.id};
    struct expr_node *args[2] = {first, rest}, *node;

    if (first->kind == EXPR_NODE_CONSTANT)
        return first->value.null ? rest : first;
    node = qetl_expr_call(b, qetl_expr_op_find("coalesce", 2, ids, first->type.id), first->type,
                          span, args, NULL);
    return node && qetl_expr_guard_set(b, node, 1, guard) ? node : NULL;
}

/* Each argument is bound where those before it are NULL: `guards[i]` holds the i-th. */
static struct expr_node *bind_coalesce(struct expr_binder *b, const struct expr_ast *ast)
{
    struct expr_guard *outer = b->guard;
    struct branches branches;
    struct expr_type type;
    struct expr_node *node;

    if (!branches_open(b, &branches, ast->n_args))
        return NULL;
    for (uint32_t i = 0; i < ast->n_args; i++) {
        node = branch_add(b, &branches, ast->args[i]);
        if (!node || !qetl_expr_guard_enter(b, EXPR_WHERE_NULL, node))
            break;
    }
    b->guard = outer;
    if (b->source->status || !branches_settle(b, &branches, "COALESCE", &type))
        return NULL;
    node = branches.nodes[branches.count - 1];
    for (uint32_t i = branches.count - 1; i-- > 0 && node;)
        node = coalesce_join(b, ast->span, branches.nodes[i], node, branches.guards[i + 1]);
    return node;
}

/* NULLIF keeps its first argument, as it takes part in the comparison. */
static struct expr_node *bind_nullif(struct expr_binder *b, const struct expr_ast *ast)
{
    struct expr_type text = expr_type_of(EXPR_TEXT);
    struct expr_node *left = qetl_expr_promote(b, qetl_expr_bind(b, ast->args[0]));
    struct expr_node *right = left ? qetl_expr_promote(b, qetl_expr_bind(b, ast->args[1])) : NULL;
    struct expr_node *args[3];

    if (!right)
        return NULL;
    left = qetl_expr_settle(b, left, right->type.id == EXPR_UNKNOWN ? &text : &right->type);
    args[0] = qetl_expr_compare(b, "=", ast->span, left, right);
    if (!args[0])
        return NULL;
    if (expr_type_is_integer(left->type.id) && !expr_type_is_integer(right->type.id) &&
        expr_type_is_numeric(right->type.id))
        left = qetl_expr_cast(
            b, left, expr_type_of(right->type.id == EXPR_DECIMAL ? EXPR_DECIMAL : EXPR_FLOAT8),
            right->type.id == EXPR_DECIMAL, left->span);
    else if (left->type.id == EXPR_DECIMAL && expr_type_is_float(right->type.id))
        left = qetl_expr_cast(b, left, expr_type_of(EXPR_FLOAT8), false, left->span);
    args[1] = left ? null_of(b, left->type, ast->span) : NULL;
    args[2] = left;
    return args[1] ? qetl_expr_select_node(b, ast->span, args, NULL) : NULL;
}

/* a where b is NULL or a >= b (a <= b), else b. */
static struct expr_node *extreme_join(struct expr_binder *b, const struct expr_ast *ast,
                                      struct expr_node *left, struct expr_node *right)
{
    static const enum expr_type_id ids[2] = {EXPR_BOOL, EXPR_BOOL};
    const struct expr_op *is_null = qetl_expr_op_find("is null", 1, &right->type.id, EXPR_BOOL);
    struct expr_type boolean = expr_type_of(EXPR_BOOL);
    struct expr_node *tests[2], *args[3] = {NULL, left, right};

    tests[0] = qetl_expr_compare(b, *ast->name == 'g' ? ">=" : "<=", ast->span, left, right);
    tests[1] = qetl_expr_call(b, is_null, boolean, ast->span, &right, NULL);
    args[0] = qetl_expr_call(b, qetl_expr_op_find("or", 2, ids, EXPR_BOOL), boolean, ast->span,
                             tests, NULL);
    return args[0] ? qetl_expr_select_node(b, ast->span, args, NULL) : NULL;
}

static struct expr_node *bind_extreme(struct expr_binder *b, const struct expr_ast *ast)
{
    struct branches branches;
    struct expr_type type;
    struct expr_node *node;

    if (!branches_open(b, &branches, ast->n_args))
        return NULL;
    for (uint32_t i = 0; i < ast->n_args; i++)
        if (!branch_add(b, &branches, ast->args[i]))
            return NULL;
    if (!branches_settle(b, &branches, *ast->name == 'g' ? "GREATEST" : "LEAST", &type))
        return NULL;
    node = branches.nodes[0];
    for (uint32_t i = 1; i < branches.count && node; i++)
        node = extreme_join(b, ast, node, branches.nodes[i]);
    return node;
}

/* ---- concat ---- */

/* A value as PostgreSQL sends it: a boolean is t or f, all else as CAST has it. */
static struct expr_node *output_of(struct expr_binder *b, struct expr_node *node)
{
    const enum expr_type_id boolean = EXPR_BOOL;

    if (node && node->type.id == EXPR_BOOL)
        return qetl_expr_call(b, qetl_expr_op_find("output", 1, &boolean, EXPR_TEXT),
                              expr_type_of(EXPR_TEXT), node->span, &node, NULL);
    return qetl_expr_cast(b, node, expr_type_of(EXPR_TEXT), false,
                          node ? node->span : (struct expr_span){0, 0});
}

static struct expr_node *bind_concat(struct expr_binder *b, const struct expr_ast *ast)
{
    struct expr_node **args = qetl_expr_new(b->source, ast->n_args * sizeof(struct expr_node *));

    if (!args)
        return NULL;
    for (uint32_t i = 0; i < ast->n_args; i++) {
        args[i] = qetl_expr_bind(b, ast->args[i]);
        /* The separator of concat_ws is a text by itself. */
        args[i] = i > 0 || !strcmp(ast->name, "concat") ? output_of(b, args[i]) : args[i];
        if (!args[i])
            return NULL;
    }
    return qetl_expr_function(b, ast->name, ast->span, ast->n_args, args, false);
}

/* mod(a, b) is a % b. */
static struct expr_node *bind_mod(struct expr_binder *b, const struct expr_ast *ast)
{
    struct expr_ast percent = *ast;
    struct expr_node *left = qetl_expr_bind(b, ast->args[0]);
    struct expr_node *right = left ? qetl_expr_bind(b, ast->args[1]) : NULL;

    percent.name = "%";
    return qetl_expr_arithmetic(b, &percent, left, right);
}

static const struct expr_special specials[] = {
    {"mod", 2, 2, bind_mod},
    {"case", 2, UINT32_MAX, bind_case},
    {"case of", 3, UINT32_MAX, bind_case},
    {"coalesce", 1, EXPR_CALL_ARGS_MAX, bind_coalesce},
    {"nullif", 2, 2, bind_nullif},
    {"greatest", 1, EXPR_CALL_ARGS_MAX, bind_extreme},
    {"least", 1, EXPR_CALL_ARGS_MAX, bind_extreme},
    {"now", 0, 0, qetl_expr_bind_now},
    {"current_timestamp", 0, 0, qetl_expr_bind_now},
    {"transaction_timestamp", 0, 0, qetl_expr_bind_now},
    {"localtimestamp", 0, 0, qetl_expr_bind_now},
    {"current_date", 0, 0, qetl_expr_bind_now},
    {"localtime", 0, 0, qetl_expr_bind_now},
    {"age", 1, 2, qetl_expr_bind_age},
    {"concat", 1, EXPR_CALL_ARGS_MAX, bind_concat},
    {"concat_ws", 2, EXPR_CALL_ARGS_MAX, bind_concat},
};

const struct expr_special *qetl_expr_special_find(const char *name)
{
    for (size_t i = 0; i < sizeof specials / sizeof specials[0]; i++)
        if (!strcmp(specials[i].name, name))
            return &specials[i];
    return NULL;
}

bool qetl_expr_special_takes(struct expr_source *source, const struct expr_special *special,
                             const struct expr_ast *ast)
{
    if (ast->n_args >= special->least && ast->n_args <= special->most)
        return true;
    return qetl_expr_mistake(source, ast->span, NULL, "%s takes %s%u argument%s, not %u", ast->name,
                             special->most == special->least ? ""
                             : ast->n_args < special->least  ? "at least "
                                                             : "at most ",
                             ast->n_args > special->most ? special->most : special->least,
                             special->least == 1 && ast->n_args < 1 ? "" : "s",
                             ast->n_args) != NULL;
}
