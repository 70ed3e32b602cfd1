/* SPDX-License-Identifier: Apache-2.0 */
#include "json_path.h"

#include "number.h"

struct walk {
    struct expr_text root;
    expr_path_found *found;
    void *arg;
};

static bool step_walk(const struct walk *w, const struct expr_path_step *step,
                      struct expr_text value);

/* ---- filters ---- */

/* Unknown is where kinds differ; NOT leaves it unknown. */
enum truth { TRUTH_FALSE, TRUTH_TRUE, TRUTH_UNKNOWN };

static bool note_found(void *arg, struct expr_text value)
{
    (void)value;
    *(bool *)arg = true;
    return false;
}

/* Exact as long as 38 digits hold both, 12 of them behind the point. */
static int number_order(struct expr_text a, struct expr_text b)
{
    expr_int128 x, y;
    double p = 0, q = 0;
    int32_t digits, scale, other;

    if (qetl_expr_measure_decimal(a, &digits, &scale) == EXPR_PARSED &&
        qetl_expr_measure_decimal(b, &digits, &other) == EXPR_PARSED) {
        scale = scale > other ? scale : other;
        if (qetl_expr_parse_decimal(a, scale, &x) == EXPR_PARSED &&
            qetl_expr_parse_decimal(b, scale, &y) == EXPR_PARSED)
            return (x > y) - (x < y);
    }
    qetl_expr_parse_real(a, false, &p);
    qetl_expr_parse_real(b, false, &q);
    return (p > q) - (p < q);
}

static bool order_is(enum expr_path_verb verb, int order)
{
    switch (verb) {
    case EXPR_PATH_EQUAL:
        return order == 0;
    case EXPR_PATH_UNEQUAL:
        return order != 0;
    case EXPR_PATH_LESS:
        return order < 0;
    case EXPR_PATH_LESS_EQUAL:
        return order <= 0;
    case EXPR_PATH_GREATER:
        return order > 0;
    default:
        return order >= 0;
    }
}

static enum truth value_test(const struct expr_path_test *test, struct expr_text value)
{
    enum expr_json_kind kind = qetl_expr_json_kind(value);
    int order = 0;

    if (kind != test->kind) {
        if (kind != EXPR_JSON_NULL && test->kind != EXPR_JSON_NULL)
            return TRUTH_UNKNOWN;
        return test->verb == EXPR_PATH_UNEQUAL ? TRUTH_TRUE : TRUTH_FALSE;
    }
    if (kind == EXPR_JSON_STRING)
        order = qetl_expr_json_string_order(value, test->literal);
    else if (kind == EXPR_JSON_NUMBER)
        order = number_order(value, test->literal);
    else if (kind == EXPR_JSON_BOOLEAN)
        order = (*value.data == 't') - (*test->literal.data == 't');
    return order_is(test->verb, order) ? TRUTH_TRUE : TRUTH_FALSE;
}

struct comparison {
    const struct expr_path_test *test;
    enum truth truth;
};

/* In lax mode one value that fits is enough, and the elements of an array are compared. False: it
 * is found. */
static bool compare_one(struct comparison *c, struct expr_text value)
{
    enum truth truth = value_test(c->test, value);

    if (truth != TRUTH_FALSE)
        c->truth = truth;
    return truth != TRUTH_TRUE;
}

static bool compare_found(void *arg, struct expr_text value)
{
    struct expr_json_walk walk = qetl_expr_json_open(value);

    if (qetl_expr_json_kind(value) != EXPR_JSON_ARRAY)
        return compare_one(arg, value);
    while (qetl_expr_json_next(&walk, NULL, &value))
        if (!compare_one(arg, value))
            return false;
    return true;
}

static enum truth test_value(const struct walk *w, const struct expr_path_test *test,
                             struct expr_text value)
{
    struct comparison comparison = {test, TRUTH_FALSE};
    struct walk inner = {w->root, compare_found, &comparison};
    enum truth left, right;
    bool any = false;

    switch (test->verb) {
    case EXPR_PATH_AND:
        left = test_value(w, test->left, value);
        right = left == TRUTH_FALSE ? left : test_value(w, test->right, value);
        return right == TRUTH_FALSE || left == TRUTH_TRUE ? right : left;
    case EXPR_PATH_OR:
        left = test_value(w, test->left, value);
        right = left == TRUTH_TRUE ? left : test_value(w, test->right, value);
        return right == TRUTH_TRUE || left == TRUTH_FALSE ? right : left;
    case EXPR_PATH_NOT:
        left = test_value(w, test->left, value);
        return left == TRUTH_UNKNOWN ? left : left == TRUTH_TRUE ? TRUTH_FALSE : TRUTH_TRUE;
    case EXPR_PATH_EXISTS:
        inner.found = note_found;
        inner.arg = &any;
        step_walk(&inner, test->steps, test->from_root ? w->root : value);
        return any ? TRUTH_TRUE : TRUTH_FALSE;
    default:
        step_walk(&inner, test->steps, test->from_root ? w->root : value);
        return comparison.truth;
    }
}

/* ---- steps ---- */

static bool filter_walk(const struct walk *w, const struct expr_path_step *step,
                        struct expr_text value)
{
    return test_value(w, step->test, value) != TRUTH_TRUE || step_walk(w, step->next, value);
}

static bool object_walk(const struct walk *w, const struct expr_path_step *step,
                        struct expr_text value)
{
    struct expr_json_walk walk;
    struct expr_text member;

    if (qetl_expr_json_kind(value) != EXPR_JSON_OBJECT)
        return true;
    if (step->form == EXPR_PATH_KEY)
        return !qetl_expr_json_member(value, step->key, &member) ||
               step_walk(w, step->next, member);
    walk = qetl_expr_json_open(value);
    while (qetl_expr_json_next(&walk, NULL, &member))
        if (!step_walk(w, step->next, member))
            return false;
    return true;
}

static bool elements_walk(const struct walk *w, const struct expr_path_step *step,
                          struct expr_text value)
{
    bool array = qetl_expr_json_kind(value) == EXPR_JSON_ARRAY;
    int64_t last, from, to, at = 0;
    struct expr_json_walk walk;
    struct expr_text element;

    last = !array                             ? 0
           : step->from_last || step->to_last ? qetl_expr_json_length(value) - 1
                                              : INT64_MAX;
    from = step->from_last ? last - step->from : step->from;
    to = step->to_last ? last - step->to : step->to;
    if (!array)
        return from > 0 || to < 0 || step_walk(w, step->next, value);
    walk = qetl_expr_json_open(value);
    for (; at <= to && qetl_expr_json_next(&walk, NULL, &element); at++)
        if (at >= from && !step_walk(w, step->next, element))
            return false;
    return true;
}

/* False: enough was found. Keys and filters look at an array's elements instead of it. */
static bool step_walk(const struct walk *w, const struct expr_path_step *step,
                      struct expr_text value)
{
    bool (*visit)(const struct walk *w, const struct expr_path_step *step, struct expr_text value) =
        filter_walk;
    struct expr_json_walk walk;
    struct expr_text element;

    if (!step)
        return w->found(w->arg, value);
    if (step->form == EXPR_PATH_ELEMENTS)
        return elements_walk(w, step, value);
    if (step->form != EXPR_PATH_FILTER)
        visit = object_walk;
    if (qetl_expr_json_kind(value) != EXPR_JSON_ARRAY)
        return visit(w, step, value);
    walk = qetl_expr_json_open(value);
    while (qetl_expr_json_next(&walk, NULL, &element))
        if (!visit(w, step, element))
            return false;
    return true;
}

void qetl_expr_path_walk(const struct expr_path *path, struct expr_text json,
                         expr_path_found *found, void *arg)
{
    json = qetl_expr_json_trim(json);
    step_walk(&(struct walk){json, found, arg}, path->steps, json);
}
