/* SPDX-License-Identifier: Apache-2.0 */
#include "predicate.h"

#include "moment.h"
#include "number.h"
#include "take.h"

#include <jansson.h>
#include <stdlib.h>

/* SQLite takes 100 parentheses in one another, and its planner takes its time for many conditions.
 */
enum { CONDITIONS_MAX = 200, DEPTH_MAX = 30 };

/* The condition under way. */
struct judge {
    struct predicates *p;
    const struct relation *r;
    int64_t n; /* conditions so far */
    int depth;
};

struct condition {
    char *sql;
    int32_t answer; /* QETL_PUSH_ */
};

static const struct condition no;

static struct condition condition_of(char *sql, int32_t answer)
{
    return (struct condition){sql, sql ? answer : QETL_E_NO_MEMORY};
}

/* ---- Literals ---- */

/* A parameter for the value, counted from the first behind those of a position. */
static int64_t value_add(struct judge *j, struct predicate_value value)
{
    struct predicates *p = j->p;
    struct predicate_value *grown =
        realloc(p->values, ((size_t)p->n_values + 1) * sizeof *p->values);
    if (!grown) {
        free(value.text);
        return -1;
    }
    p->values = grown;
    p->values[p->n_values++] = value;
    return j->r->n_keys + p->n_values;
}

/* The text of a number, with the sign that stands before it. */
static bool number_text(const json_t *tree, char out[NUMBER_TEXT_MAX])
{
    const char *call = json_string_value(json_object_get(tree, "call"));
    bool negative = call && strcmp(call, "negate") == 0;
    if (negative)
        tree = json_array_get(json_object_get(tree, "args"), 0);
    const char *number = json_string_value(json_object_get(tree, "number"));
    if (!number || strlen(number) + 2 > NUMBER_TEXT_MAX)
        return false;
    sqlite3_snprintf(NUMBER_TEXT_MAX, out, "%s%s", negative ? "-" : "", number);
    return true;
}

static struct qetl_text text_of(const char *text)
{
    return (struct qetl_text){text, (int64_t)strlen(text)};
}

/* ---- Comparisons ---- */

/* What is no number is greater than all numbers to SQLite, and what is a blob than all texts. */
static bool passes_by_itself(const char *op)
{
    return *op == '>' || strcmp(op, "<>") == 0;
}

static struct condition compare(const struct column_fact *fact, const char *name, const char *op,
                                int64_t parameter, const char *beyond, int32_t answer)
{
    if (parameter < 0)
        return (struct condition){NULL, QETL_E_NO_MEMORY};
    const char *collate = *beyond == 'x' ? " COLLATE BINARY" : "";
    char *sql = fact->sure || passes_by_itself(op)
                    ? sqlite3_mprintf("\"%w\"%s %s ?%lld", name, collate, op, parameter)
                    : sqlite3_mprintf("(\"%w\"%s %s ?%lld OR \"%w\" >= %s)", name, collate, op,
                                      parameter, name, beyond);
    return condition_of(sql, answer);
}

static struct condition compare_integer(struct judge *j, const struct column_fact *fact,
                                        const char *name, const char *op, const json_t *literal)
{
    char text[NUMBER_TEXT_MAX];
    struct predicate_value value = {.class = SQLITE_INTEGER};
    if (!fact->numeric || !number_text(literal, text) || !number_int(text_of(text), &value.integer))
        return no;
    return compare(fact, name, op, value_add(j, value), "''", QETL_PUSH_EXACT);
}

/* How a fraction is rounded on the way to a double is not SQLite's to say: the border stays in. */
static struct condition compare_real(struct judge *j, const struct column_fact *fact,
                                     const char *name, const char *op, const json_t *literal)
{
    char text[NUMBER_TEXT_MAX];
    struct predicate_value value = {.class = SQLITE_FLOAT};
    if (!fact->numeric || strcmp(op, "<>") == 0 || !number_text(literal, text) ||
        !number_real(text_of(text), &value.real))
        return no;
    const char *wide = *op == '<' ? "<=" : *op == '>' ? ">=" : op;
    return compare(fact, name, wide, value_add(j, value), "''", QETL_PUSH_PARTIAL);
}

static struct condition compare_text(struct judge *j, const struct column_fact *fact,
                                     const char *name, const char *op, const json_t *literal)
{
    const char *text = json_string_value(json_object_get(literal, "text"));
    if (!text || !fact->textual)
        return no;
    struct predicate_value value = {.class = SQLITE_TEXT, .text = strdup(text)};
    int64_t parameter = value.text ? value_add(j, value) : -1;
    return compare(fact, name, op, parameter, "x''", QETL_PUSH_EXACT);
}

/* The day before the day before, as text: whatever the zone, what is later is not less. */
static char *days_before(struct qetl_text moment)
{
    int64_t days;
    struct qetl_text date = {moment.data, 10};
    if (moment.size < 10 || !moment_date(date, &days) || days < -700000)
        return NULL;
    int32_t before = (int32_t)days - 2;
    const void *values[] = {&before};
    struct ArrowSchema field = {.format = "tdD"};
    struct qetl_column column = {
        .kind = QETL_KIND_DATE, .layout = 'i', .buffers = values, .length = 1, .schema = &field};
    char room[NUMBER_TEXT_MAX];
    struct qetl_space space = {(uint8_t *)room, 0, sizeof room, NULL};
    qetl_render(&column, 0, &space);
    return strndup(room, (size_t)space.size);
}

/* Only from a moment on: texts of four-digit years are in the order of time as far as their day.
 * What begins otherwise is read, and rejected if it is none. */
static struct condition compare_moment(struct judge *j, const char *name, const char *op,
                                       const json_t *literal)
{
    const char *text = json_string_value(json_object_get(json_object_get(literal, "arg"), "text"));
    if (*op != '>' || !json_object_get(literal, "cast") || !text)
        return no;
    struct predicate_value value = {.class = SQLITE_TEXT, .text = days_before(text_of(text))};
    if (!value.text)
        return no;
    int64_t parameter = value_add(j, value);
    if (parameter < 0)
        return (struct condition){NULL, QETL_E_NO_MEMORY};
    return condition_of(sqlite3_mprintf("(\"%w\" >= ?%lld OR \"%w\" < '/' OR \"%w\" GLOB "
                                        "'[0-9][0-9][0-9][0-9][0-9]*')",
                                        name, parameter, name, name),
                        QETL_PUSH_PARTIAL);
}

static struct condition comparison(struct judge *j, const char *op, const json_t *column,
                                   const json_t *literal)
{
    const char *name = json_string_value(json_object_get(column, "column"));
    int64_t at = name ? qetl_schema_find(&j->r->schema, name) : -1;
    if (at < 0 || ++j->n > CONDITIONS_MAX)
        return no;
    const struct column_fact *fact = &j->r->facts[at];
    switch (fact->way) {
    case TAKE_INT:
        return compare_integer(j, fact, name, op, literal);
    case TAKE_REAL:
        return compare_real(j, fact, name, op, literal);
    case TAKE_TEXT:
        return compare_text(j, fact, name, op, literal);
    case TAKE_DATE:
    case TAKE_TIMESTAMP:
        return compare_moment(j, name, op, literal);
    default:
        return no;
    }
}

static const char *op_turned(const char *op)
{
    static const char *const ops[] = {"<", ">", "<=", ">=", NULL};
    for (int i = 0; ops[i]; i++)
        if (strcmp(ops[i], op) == 0)
            return ops[i ^ 1];
    return op;
}

/* ---- Trees ---- */

static struct condition judge_tree(struct judge *j, const json_t *tree);

/* Takes both. Of AND, a part that is not known may be left out. Parentheses are still to come. */
static struct condition join(struct condition a, struct condition b, bool both)
{
    struct condition out = no;
    if (a.answer < 0 || b.answer < 0) {
        out.answer = QETL_E_NO_MEMORY;
    } else if (a.answer && b.answer) {
        int32_t answer = a.answer < b.answer ? a.answer : b.answer;
        out = condition_of(sqlite3_mprintf("%s %s %s", a.sql, both ? "AND" : "OR", b.sql), answer);
    } else if (both && (a.answer || b.answer)) {
        char **known = a.answer ? &a.sql : &b.sql;
        out = condition_of(*known, QETL_PUSH_PARTIAL);
        *known = NULL;
    }
    sqlite3_free(a.sql);
    sqlite3_free(b.sql);
    return out;
}

static struct condition enclose(struct condition moved)
{
    if (moved.answer <= 0)
        return moved;
    char *sql = sqlite3_mprintf("(%s)", moved.sql);
    sqlite3_free(moved.sql);
    return condition_of(sql, moved.answer);
}

static struct condition judge_list(struct judge *j, const json_t *args, bool both)
{
    struct condition all = judge_tree(j, json_array_get(args, 0));
    for (size_t i = 1; i < json_array_size(args); i++)
        all = join(all, judge_tree(j, json_array_get(args, i)), both);
    return enclose(all);
}

static struct condition judge_in(struct judge *j, const json_t *args)
{
    const json_t *column = json_array_get(args, 0);
    struct condition all = comparison(j, "=", column, json_array_get(args, 1));
    for (size_t i = 2; i < json_array_size(args); i++)
        all = join(all, comparison(j, "=", column, json_array_get(args, i)), false);
    return enclose(all);
}

static struct condition judge_null(struct judge *j, const json_t *column, const char *is)
{
    const char *name = json_string_value(json_object_get(column, "column"));
    if (!name || qetl_schema_find(&j->r->schema, name) < 0 || ++j->n > CONDITIONS_MAX)
        return no;
    return condition_of(sqlite3_mprintf("\"%w\" %s NULL", name, is), QETL_PUSH_EXACT);
}

static bool is_call(const json_t *tree, const char *name)
{
    const char *call = json_string_value(json_object_get(tree, "call"));
    return call && strcmp(call, name) == 0;
}

static struct condition judge_call(struct judge *j, const json_t *tree)
{
    static const char *const ops[] = {"=", "<>", "<", "<=", ">", ">=", NULL};
    const json_t *args = json_object_get(tree, "args"), *first = json_array_get(args, 0);
    const json_t *second = json_array_get(args, 1);
    if (is_call(tree, "and") || is_call(tree, "or"))
        return judge_list(j, args, is_call(tree, "and"));
    if (is_call(tree, "in"))
        return judge_in(j, args);
    if (is_call(tree, "between"))
        return enclose(join(comparison(j, ">=", first, second),
                            comparison(j, "<=", first, json_array_get(args, 2)), true));
    if (is_call(tree, "is null"))
        return judge_null(j, first, "IS");
    if (is_call(tree, "not") && is_call(first, "is null"))
        return judge_null(j, json_array_get(json_object_get(first, "args"), 0), "IS NOT");
    for (int i = 0; ops[i]; i++)
        if (is_call(tree, ops[i]))
            return json_object_get(first, "column")
                       ? comparison(j, ops[i], first, second)
                       : comparison(j, op_turned(ops[i]), second, first);
    return no;
}

static struct condition judge_tree(struct judge *j, const json_t *tree)
{
    struct condition one = no;
    if (++j->depth <= DEPTH_MAX)
        one = judge_call(j, tree);
    j->depth--;
    return one;
}

/* ---- All of them ---- */

static void values_cut(struct predicates *p, int64_t n)
{
    while (p->n_values > n)
        free(p->values[--p->n_values].text);
}

int32_t predicates_add(struct predicates *p, const struct relation *r, const char *tree)
{
    int64_t before = p->n_values;
    struct judge judge = {p, r, p->n_values, 0};
    json_t *json = relation_is_ordered(r) ? json_loads(tree, 0, NULL) : NULL;
    struct condition one = json ? judge_tree(&judge, json) : no;
    json_decref(json);
    if (one.answer == QETL_PUSH_NO)
        values_cut(p, before);
    if (one.answer <= 0)
        return one.answer;
    if (p->where) {
        struct condition all = join((struct condition){p->where, QETL_PUSH_EXACT}, one, true);
        p->where = all.sql;
        return all.answer < 0 ? all.answer : one.answer;
    }
    p->where = one.sql;
    return one.answer;
}

void predicates_bind(const struct predicates *p, sqlite3_stmt *statement, int64_t first)
{
    for (int64_t i = 0; i < p->n_values; i++) {
        const struct predicate_value *v = &p->values[i];
        int parameter = (int)(first + i + 1);
        if (v->class == SQLITE_INTEGER)
            sqlite3_bind_int64(statement, parameter, v->integer);
        else if (v->class == SQLITE_FLOAT)
            sqlite3_bind_double(statement, parameter, v->real);
        else
            sqlite3_bind_text(statement, parameter, v->text, -1, SQLITE_STATIC);
    }
}

void predicates_free(struct predicates *p)
{
    values_cut(p, 0);
    free(p->values);
    sqlite3_free(p->where);
    *p = (struct predicates){0};
}
