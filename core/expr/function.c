/* SPDX-License-Identifier: Apache-2.0 */
/* Calls by name: which of the overloads is meant, as PostgreSQL decides it. */
#include "bind.h"
#include "config/suggest.h"
#include "doc.h"
#include "op.h"

#include <stdio.h>

enum { CANDIDATES_MAX = 64, SIGNATURES_SHOWN = 6, MEND_TEXT = 700 };

struct candidates {
    const char *name;
    uint32_t n_args;
    struct expr_node **args;
    bool narrow; /* a bigint is taken where an integer is wanted */
    const struct expr_op *ops[CANDIDATES_MAX];
    uint32_t count;
};

static char category(enum expr_type_id id)
{
    if (expr_type_is_numeric(id))
        return 'N';
    if (id == EXPR_TEXT)
        return 'S';
    if (id == EXPR_BOOL)
        return 'B';
    return id == EXPR_DATE || id == EXPR_TIME || id == EXPR_TIMESTAMP || id == EXPR_TIMESTAMPTZ
               ? 'D'
               : (char)id;
}

static bool is_preferred(enum expr_type_id id)
{
    return id == EXPR_FLOAT8 || id == EXPR_TEXT || id == EXPR_BOOL || id == EXPR_TIMESTAMPTZ ||
           id == EXPR_INTERVAL;
}

/* PostgreSQL's implicit casts go up within numbers and within dates and timestamps. */
static bool is_implicit(enum expr_type_id from, enum expr_type_id to)
{
    static const int rank[EXPR_TYPES] = {
        [EXPR_INT2] = 1,    [EXPR_INT4] = 2,       [EXPR_INT8] = 3,
        [EXPR_DECIMAL] = 4, [EXPR_FLOAT4] = 5,     [EXPR_FLOAT8] = 6,
        [EXPR_DATE] = 11,   [EXPR_TIMESTAMP] = 12, [EXPR_TIMESTAMPTZ] = 13,
    };

    return from == to || (from == EXPR_TIME && to == EXPR_INTERVAL) ||
           (from == EXPR_TEXT && to == EXPR_JSON) ||
           (rank[from] && category(from) == category(to) && rank[from] < rank[to]);
}

static bool takes(const struct candidates *c, const struct expr_op *op, uint32_t k)
{
    enum expr_type_id from = c->args[k]->type.id, to = expr_op_arg(op, k);

    return from == EXPR_UNKNOWN || is_implicit(from, to) ||
           (c->narrow && from == EXPR_INT8 && to == EXPR_INT4);
}

static bool has_arity(const struct expr_op *op, uint32_t n_args)
{
    return op->n_args == n_args || (op->flags & EXPR_OP_VARIADIC && n_args > op->n_args);
}

static void candidates_gather(struct candidates *c)
{
    c->count = 0;
    for (const struct expr_op *op = qetl_expr_op_named(c->name, NULL); op;
         op = qetl_expr_op_named(c->name, op)) {
        bool fits = has_arity(op, c->n_args);
        for (uint32_t k = 0; k < c->n_args && fits; k++)
            fits = takes(c, op, k);
        if (fits && c->count < CANDIDATES_MAX)
            c->ops[c->count++] = op;
    }
}

/* Keeps those with the highest score. */
static void keep_best(struct candidates *c,
                      int (*score)(const struct candidates *c, const struct expr_op *op))
{
    int best = -1;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < c->count; i++) {
        int points = score(c, c->ops[i]);
        if (points > best) {
            best = points;
            kept = 0;
        }
        if (points == best)
            c->ops[kept++] = c->ops[i];
    }
    c->count = kept;
}

static int score_exact(const struct candidates *c, const struct expr_op *op)
{
    int points = 0;

    for (uint32_t k = 0; k < c->n_args; k++)
        points += c->args[k]->type.id == expr_op_arg(op, k);
    return points;
}

static int score_preferred(const struct candidates *c, const struct expr_op *op)
{
    int points = 0;

    for (uint32_t k = 0; k < c->n_args; k++) {
        enum expr_type_id from = c->args[k]->type.id, to = expr_op_arg(op, k);
        points += from != EXPR_UNKNOWN &&
                  (from == to || (category(from) == category(to) && is_preferred(to)));
    }
    return points;
}

/* The category that untyped literals at place k take: text if any candidate does; 0: they differ.
 */
static char slot_category(const struct candidates *c, uint32_t k, bool *preferred)
{
    char found = category(expr_op_arg(c->ops[0], k));

    for (uint32_t i = 1; i < c->count; i++) {
        char other = category(expr_op_arg(c->ops[i], k));
        if (other == 'S' || found == 'S')
            found = 'S';
        else if (other != found)
            found = '\0';
    }
    *preferred = false;
    for (uint32_t i = 0; i < c->count; i++)
        *preferred |=
            category(expr_op_arg(c->ops[i], k)) == found && is_preferred(expr_op_arg(c->ops[i], k));
    return found;
}

static void keep_literals(struct candidates *c)
{
    for (uint32_t k = 0; k < c->n_args && c->count > 1; k++) {
        bool preferred;
        uint32_t kept = 0;
        char wanted;
        if (c->args[k]->type.id != EXPR_UNKNOWN)
            continue;
        wanted = slot_category(c, k, &preferred);
        for (uint32_t i = 0; i < c->count && wanted; i++) {
            enum expr_type_id to = expr_op_arg(c->ops[i], k);
            if (category(to) == wanted && (!preferred || is_preferred(to)))
                c->ops[kept++] = c->ops[i];
        }
        if (kept)
            c->count = kept;
    }
}

/* Untyped literals as the one type that all others have. */
static void keep_alike(struct candidates *c)
{
    enum expr_type_id known = EXPR_UNKNOWN;
    uint32_t kept = 0;

    for (uint32_t k = 0; k < c->n_args; k++) {
        enum expr_type_id id = c->args[k]->type.id;
        if (id != EXPR_UNKNOWN && known != EXPR_UNKNOWN && id != known)
            return;
        known = id != EXPR_UNKNOWN ? id : known;
    }
    for (uint32_t i = 0; i < c->count && known != EXPR_UNKNOWN; i++) {
        bool alike = true;
        for (uint32_t k = 0; k < c->n_args; k++)
            alike &= c->args[k]->type.id != EXPR_UNKNOWN ||
                     is_implicit(known, expr_op_arg(c->ops[i], k));
        if (alike)
            c->ops[kept++] = c->ops[i];
    }
    c->count = kept ? kept : c->count;
}

/* An operator's untyped side is first taken to be of the other side's type. */
static void keep_twins(struct candidates *c)
{
    bool left = c->args[0]->type.id == EXPR_UNKNOWN, right = c->args[1]->type.id == EXPR_UNKNOWN;
    enum expr_type_id known = c->args[left ? 1 : 0]->type.id;

    for (uint32_t i = 0; i < c->count && left != right; i++) {
        if (c->ops[i]->args[0] == known && c->ops[i]->args[1] == known) {
            c->ops[0] = c->ops[i];
            c->count = 1;
        }
    }
}

static void candidates_choose(struct candidates *c, bool is_operator)
{
    candidates_gather(c);
    if (!c->count) {
        c->narrow = true;
        candidates_gather(c);
    }
    if (is_operator && c->n_args == 2)
        keep_twins(c);
    if (c->count > 1)
        keep_best(c, score_exact);
    if (c->count > 1)
        keep_best(c, score_preferred);
    if (c->count > 1)
        keep_literals(c);
    if (c->count > 1)
        keep_alike(c);
}

/* ---- mistakes ---- */

static void args_print(const struct candidates *c, char *out, size_t size)
{
    size_t used = 0;
    char name[EXPR_TYPE_NAME_MAX];

    *out = '\0';
    for (uint32_t k = 0; k < c->n_args && used + EXPR_TYPE_NAME_MAX < size; k++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", k ? ", " : "",
                                 qetl_expr_type_name(&c->args[k]->type, name, sizeof name));
}

static void signature_print(const struct expr_op *op, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "%s(", op->name);

    for (uint32_t k = 0; k < op->n_args && used + EXPR_TYPE_NAME_MAX < size; k++) {
        struct expr_type type = expr_type_of(op->args[k]);
        char name[EXPR_TYPE_NAME_MAX];
        qetl_expr_type_name(&type, name, sizeof name);
        name[strcspn(name, "(")] = '\0';
        used += (size_t)snprintf(out + used, size - used, "%s%s%s", k ? ", " : "", name,
                                 op->flags & EXPR_OP_VARIADIC && k + 1 == op->n_args ? ", …" : "");
    }
    snprintf(out + used, size - used, ")");
}

static void signatures_print(const char *name, char *out, size_t size)
{
    const struct expr_op *op = qetl_expr_op_named(name, NULL);
    size_t used = (size_t)snprintf(out, size, "there is");

    for (int shown = 0; op; op = qetl_expr_op_named(name, op), shown++) {
        char one[200];
        signature_print(op, one, sizeof one);
        if (shown == SIGNATURES_SHOWN || used + sizeof one > size) {
            snprintf(out + used, size - used, ", …");
            break;
        }
        used += (size_t)snprintf(out + used, size - used, "%s %s", shown ? "," : "", one);
    }
}

/* Whether all functions of the name take numbers at place k. */
static bool wants_number(const struct candidates *c, uint32_t k)
{
    bool wants = true;

    for (const struct expr_op *op = qetl_expr_op_named(c->name, NULL); op;
         op = qetl_expr_op_named(c->name, op))
        wants &= op->n_args > k && expr_type_is_numeric(op->args[k]);
    return wants;
}

static struct expr_node *no_candidate(struct expr_binder *b, const struct candidates *c,
                                      struct expr_span span)
{
    char types[400], mend[MEND_TEXT + 100];

    args_print(c, types, sizeof types);
    signatures_print(c->name, mend, MEND_TEXT);
    if (c->count)
        return qetl_expr_mistake(b->source, span, "say which type is meant with CAST(… AS type)",
                                 "%s(%s) could be one of several functions", c->name, types);
    for (uint32_t k = 0; k < c->n_args; k++) {
        struct expr_wanted wanted;
        if (!qetl_expr_is_wordy(&c->args[k]->type) || !wants_number(c, k))
            continue;
        qetl_expr_wanted_number(b, c->args[k], &wanted);
        return qetl_expr_mistake(b->source, span, wanted.mend, "there is no %s(%s)%s", c->name,
                                 types, wanted.what);
    }
    strcat(mend, "; convert with CAST(… AS type)");
    return qetl_expr_mistake(b->source, span, mend, "there is no %s(%s)", c->name, types);
}

static struct expr_node *no_operator(struct expr_binder *b, const struct candidates *c,
                                     struct expr_span span)
{
    char left[EXPR_TYPE_NAME_MAX], right[EXPR_TYPE_NAME_MAX], mend[MEND_TEXT];
    const struct expr_type *last = &c->args[c->n_args - 1]->type;

    if (qetl_expr_op_known(c->name))
        signatures_print(c->name, mend, sizeof mend);
    else
        snprintf(mend, sizeof mend, "no function of this program uses it");
    qetl_expr_type_name(&c->args[0]->type, left, sizeof left);
    return qetl_expr_mistake(b->source, span, mend, "there is no %s%s%s %s",
                             c->n_args == 2 ? left : "", c->n_args == 2 ? " " : "", c->name,
                             qetl_expr_type_name(last, right, sizeof right));
}

static void *unknown_function(struct expr_source *source, const char *name, struct expr_span span)
{
    struct qetl_suggest suggest;
    const struct expr_doc_group *group;
    char mend[160];

    qetl_suggest_init(&suggest, name);
    for (size_t g = 0; (group = qetl_expr_doc_group(g)); g++)
        for (size_t i = 0; i < group->count; i++)
            qetl_suggest_offer(&suggest, group->docs[i].name);
    if (suggest.best)
        snprintf(mend, sizeof mend, "did you mean %s?", suggest.best);
    return qetl_expr_mistake(source, span,
                             suggest.best ? mend : "docs/reference/expressions.md lists them all",
                             "there is no function %.60s", name);
}

static bool function_is_known(const char *name)
{
    return qetl_expr_doc_find(name) && qetl_expr_op_known(name);
}

static bool takes_so_many(const char *name, uint32_t n_args)
{
    const struct expr_op *op = qetl_expr_op_named(name, NULL);

    for (; op; op = qetl_expr_op_named(name, op))
        if (op->n_args == n_args || (op->flags & EXPR_OP_VARIADIC && op->n_args < n_args))
            return true;
    return false;
}

static bool call_is_possible(struct expr_source *source, const struct expr_ast *ast)
{
    const struct expr_special *special = qetl_expr_special_find(ast->name);
    char mend[MEND_TEXT];

    if (special || !ast->function)
        return !special || qetl_expr_special_takes(source, special, ast);
    if (!function_is_known(ast->name))
        return unknown_function(source, ast->name, ast->span) != NULL;
    if (takes_so_many(ast->name, ast->n_args))
        return true;
    signatures_print(ast->name, mend, sizeof mend);
    return qetl_expr_mistake(source, ast->span, mend, "there is no %s with %u argument%s",
                             ast->name, ast->n_args, ast->n_args == 1 ? "" : "s") != NULL;
}

bool qetl_expr_calls_are_possible(struct expr_source *source, const struct expr_ast *ast)
{
    for (uint32_t i = 0; i < ast->n_args; i++)
        if (!qetl_expr_calls_are_possible(source, ast->args[i]))
            return false;
    return ast->kind != EXPR_AST_CALL || call_is_possible(source, ast);
}

/* ---- the call ---- */

static struct expr_node *argument_cast(struct expr_binder *b, struct expr_node *node,
                                       enum expr_type_id id)
{
    if (node->type.id == id && id != EXPR_UNKNOWN)
        return node;
    return qetl_expr_cast(b, node, expr_type_of(id), id == EXPR_DECIMAL, node->span);
}

struct expr_node *qetl_expr_function(struct expr_binder *b, const char *name, struct expr_span span,
                                     uint32_t n_args, struct expr_node **args, bool is_operator)
{
    struct candidates c = {.name = name, .n_args = n_args, .args = args};
    const struct expr_op *op;
    struct expr_type type;

    if (!is_operator && !function_is_known(name))
        return unknown_function(b->source, name, span);
    for (uint32_t k = 0; k < n_args; k++) {
        args[k] = qetl_expr_promote(b, args[k]);
        if (!args[k])
            return NULL;
    }
    candidates_choose(&c, is_operator);
    if (c.count != 1)
        return is_operator ? no_operator(b, &c, span) : no_candidate(b, &c, span);
    op = c.ops[0];
    for (uint32_t k = 0; k < n_args; k++) {
        args[k] = argument_cast(b, args[k], expr_op_arg(op, k));
        if (!args[k])
            return NULL;
    }
    type = expr_type_of(op->result);
    if (op->typing && !op->typing(b, span, n_args, args, &type))
        return NULL;
    return qetl_expr_call_of(b, op, type, span, n_args, args, NULL);
}
