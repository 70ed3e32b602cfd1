/* SPDX-License-Identifier: Apache-2.0 */
#include "predicate.h"

#include "literal.h"

#include <jansson.h>

/* Planners take their time for many conditions. */
enum { CONDITIONS_MAX = 200, DEPTH_MAX = 30 };

/* The condition under way. Each judge_… appends to sql what it understands, and answers QETL_PUSH_;
 * NO: it has appended nothing. */
struct judge {
    const struct relation *r;
    struct pg_sql sql;
    struct values *values;
    int64_t n; /* conditions so far */
    int depth;
    bool no_memory;
};

/* Where the text and the values may be cut off again. */
struct mark {
    size_t size;
    int64_t values;
};

static struct mark mark_of(const struct judge *j)
{
    return (struct mark){j->sql.size, j->values->n};
}

static int32_t back_to(struct judge *j, struct mark mark)
{
    j->sql.size = mark.size;
    if (j->sql.text)
        j->sql.text[mark.size] = 0;
    values_cut(j->values, mark.values);
    return QETL_PUSH_NO;
}

/* ---- Comparisons ---- */

static const char *text_of(const json_t *tree)
{
    const json_t *text = json_object_get(tree, "text");
    const char *value = json_string_value(text);
    return value && strlen(value) == json_string_length(text) ? value : NULL;
}

/* A moment: a text, or the cast of one to the column's type. */
static const char *moment_of(const json_t *tree, const char *type)
{
    const char *cast = json_string_value(json_object_get(tree, "cast"));
    if (!cast)
        return text_of(tree);
    return strcmp(cast, type) == 0 ? text_of(json_object_get(tree, "arg")) : NULL;
}

static const char *widened(const char *op)
{
    return strcmp(op, "<") == 0 ? "<=" : strcmp(op, ">") == 0 ? ">=" : op;
}

/* What a comparison of a column of that type with that literal is to the server. */
struct comparison {
    const char *op, *cast;
    bool collate; /* by bytes; an index of another order helps with = alone */
    char value[LITERAL_MAX];
    const char *text; /* in place of value */
    int32_t answer;
};

/* In another encoding bytes have another order, or there is none for the literal. */
static void compare_text(struct comparison *c, const struct relation *r, const struct pg_type *type,
                         const json_t *literal)
{
    c->text = text_of(literal);
    if (!c->text || !type->compares_bytes || !r->utf8)
        return;
    c->collate = true;
    c->cast = "pg_catalog.text";
    c->answer = QETL_PUSH_EXACT;
}

static void compare_truth(struct comparison *c, const json_t *literal)
{
    const json_t *truth = json_object_get(literal, "boolean");
    if (!json_is_boolean(truth) || (strcmp(c->op, "=") != 0 && strcmp(c->op, "<>") != 0))
        return;
    c->text = json_is_true(truth) ? "true" : "false";
    c->cast = "pg_catalog.bool";
    c->answer = QETL_PUSH_EXACT;
}

/* How a fraction is rounded on the way to a double is not the server's to say: the border stays. */
static void compare_real(struct comparison *c, const json_t *literal)
{
    if (!literal_number(literal, c->value) || strcmp(c->op, "<>") == 0)
        return;
    c->op = widened(c->op);
    c->cast = "pg_catalog.float8";
    c->answer = QETL_PUSH_PARTIAL;
}

static struct comparison comparison_of(const struct relation *r, const struct pg_type *type,
                                       const char *op, const json_t *literal)
{
    struct comparison c = {.op = op};
    const char *moment = NULL;
    switch (type->way) {
    case PG_BOOL:
        compare_truth(&c, literal);
        break;
    case PG_INT2:
    case PG_INT4:
    case PG_INT8:
        c.cast = "pg_catalog.int8";
        c.answer = literal_integer(literal, c.value) ? QETL_PUSH_EXACT : QETL_PUSH_NO;
        break;
    case PG_NUMERIC:
        c.cast = "pg_catalog.numeric";
        c.answer =
            literal_decimal(literal, c.value) && !type->cuts ? QETL_PUSH_EXACT : QETL_PUSH_NO;
        break;
    case PG_FLOAT8:
        compare_real(&c, literal);
        break;
    case PG_TEXT:
        compare_text(&c, r, type, literal);
        break;
    case PG_DATE:
    case PG_TIMESTAMP:
    case PG_TIMESTAMPTZ:
        moment = moment_of(literal, type->sql);
        c.text = moment;
        c.cast = type->way == PG_DATE        ? "pg_catalog.date"
                 : type->way == PG_TIMESTAMP ? "pg_catalog.timestamp"
                                             : "pg_catalog.timestamptz";
        c.answer = moment && literal_moment(moment, type->way) ? QETL_PUSH_EXACT : QETL_PUSH_NO;
        break;
    default:
        break;
    }
    return c;
}

static int64_t column_of(const struct judge *j, const json_t *tree)
{
    const char *name = json_string_value(json_object_get(tree, "column"));
    return name ? qetl_schema_find(&j->r->schema, name) : -1;
}

/* ---- Values that are rejected ---- */

/* A value that no column of Arrow's holds (infinity, NaN) is the reader's to reject, whatever the
 * server makes of comparing it: such rows come. Of which kind they are below and above all others.
 */
struct unreadable {
    const char *below, *above; /* SQL behind the column's name, or NULL */
};

static struct unreadable unreadable_of(enum pg_way way)
{
    switch (way) {
    case PG_NUMERIC:
        return (struct unreadable){NULL, "= 'NaN'::pg_catalog.numeric"};
    case PG_DATE:
        return (struct unreadable){"= '-infinity'::pg_catalog.date",
                                   "= 'infinity'::pg_catalog.date"};
    case PG_TIMESTAMP:
        return (struct unreadable){"= '-infinity'::pg_catalog.timestamp",
                                   "> '294247-01-10 04:00:54.775807'::pg_catalog.timestamp"};
    case PG_TIMESTAMPTZ:
        return (struct unreadable){"= '-infinity'::pg_catalog.timestamptz",
                                   "> '294247-01-10 04:00:54.775807+00'::pg_catalog.timestamptz"};
    default:
        return (struct unreadable){NULL, NULL};
    }
}

static void or_put(struct judge *j, const char *name, const char *sql)
{
    if (!sql)
        return;
    pg_sql_put(&j->sql, " OR ");
    pg_sql_name(&j->sql, name);
    pg_sql_format(&j->sql, " OPERATOR(pg_catalog.%c)%s", *sql, sql + 1);
}

/* Those that do not pass the comparison by themselves. */
static void unreadable_put(struct judge *j, int64_t at, const char *op)
{
    struct unreadable u = unreadable_of(j->r->types[at].way);
    const char *name = j->r->schema.children[at]->name;
    if (*op == '=' || *op == '>')
        or_put(j, name, u.below);
    if (*op == '=' || (*op == '<' && op[1] != '>'))
        or_put(j, name, u.above);
}

static void compare_put(struct judge *j, const char *name, const struct comparison *c, bool collate,
                        int64_t value)
{
    pg_sql_name(&j->sql, name);
    pg_sql_format(&j->sql, "%s OPERATOR(pg_catalog.%s) ",
                  collate ? " COLLATE pg_catalog.\"C\"" : "", c->op);
    values_put(&j->sql, value, c->cast);
}

static int32_t judge_comparison(struct judge *j, const char *op, const json_t *column,
                                const json_t *literal)
{
    int64_t at = column_of(j, column);
    if (at < 0 || ++j->n > CONDITIONS_MAX)
        return QETL_PUSH_NO;
    struct comparison c = comparison_of(j->r, &j->r->types[at], op, literal);
    if (!c.answer)
        return QETL_PUSH_NO;
    const char *name = j->r->schema.children[at]->name;
    int64_t number = values_add(j->values, c.text ? c.text : c.value);
    j->no_memory = j->no_memory || number < 0;
    pg_sql_put(&j->sql, "(");
    if (c.collate && *c.op == '=') { /* for the sake of an index in the column's own order */
        compare_put(j, name, &c, false, j->r->n_keys + number);
        pg_sql_put(&j->sql, " AND ");
    }
    compare_put(j, name, &c, c.collate, j->r->n_keys + number);
    unreadable_put(j, at, c.op);
    pg_sql_put(&j->sql, ")");
    return c.answer;
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

static int32_t judge_tree(struct judge *j, const json_t *tree);

/* Of AND, a part that is not known may be left out; of OR, none. */
static int32_t judge_parts(struct judge *j, size_t n, bool both, const void *arg,
                           int32_t (*part)(struct judge *, const void *, size_t))
{
    struct mark mark = mark_of(j);
    int32_t all = QETL_PUSH_EXACT;
    size_t known = 0;
    pg_sql_put(&j->sql, "(");
    for (size_t i = 0; i < n; i++) {
        struct mark before = mark_of(j);
        pg_sql_put(&j->sql, !known ? "" : both ? " AND " : " OR ");
        int32_t one = part(j, arg, i);
        if (!one && !both)
            return back_to(j, mark);
        if (!one)
            back_to(j, before);
        known += one != QETL_PUSH_NO;
        if (one != QETL_PUSH_EXACT)
            all = QETL_PUSH_PARTIAL;
    }
    pg_sql_put(&j->sql, ")");
    return known ? all : back_to(j, mark);
}

static int32_t part_tree(struct judge *j, const void *args, size_t i)
{
    return judge_tree(j, json_array_get(args, i));
}

static int32_t part_in(struct judge *j, const void *args, size_t i)
{
    return judge_comparison(j, "=", json_array_get(args, 0), json_array_get(args, i + 1));
}

static int32_t part_between(struct judge *j, const void *args, size_t i)
{
    return judge_comparison(j, i ? "<=" : ">=", json_array_get(args, 0),
                            json_array_get(args, i + 1));
}

/* IS NULL of a composite asks for its parts; this does not. */
static int32_t judge_null(struct judge *j, const json_t *column, const char *is)
{
    int64_t at = column_of(j, column);
    if (at < 0 || ++j->n > CONDITIONS_MAX)
        return QETL_PUSH_NO;
    pg_sql_name(&j->sql, j->r->schema.children[at]->name);
    pg_sql_format(&j->sql, " %s DISTINCT FROM NULL", is);
    return QETL_PUSH_EXACT;
}

static int32_t judge_truth(struct judge *j, const json_t *column, const char *no)
{
    int64_t at = column_of(j, column);
    if (at < 0 || j->r->types[at].way != PG_BOOL || ++j->n > CONDITIONS_MAX)
        return QETL_PUSH_NO;
    pg_sql_put(&j->sql, no);
    pg_sql_name(&j->sql, j->r->schema.children[at]->name);
    return QETL_PUSH_EXACT;
}

static bool is_call(const json_t *tree, const char *name)
{
    const char *call = json_string_value(json_object_get(tree, "call"));
    return call && strcmp(call, name) == 0;
}

static int32_t judge_call(struct judge *j, const json_t *tree)
{
    static const char *const ops[] = {"=", "<>", "<", "<=", ">", ">=", NULL};
    const json_t *args = json_object_get(tree, "args"), *first = json_array_get(args, 0);
    size_t n = json_array_size(args);
    if (json_object_get(tree, "column"))
        return judge_truth(j, tree, "");
    if (is_call(tree, "and") || is_call(tree, "or"))
        return judge_parts(j, n, is_call(tree, "and"), args, part_tree);
    if (is_call(tree, "in") && n > 1)
        return judge_parts(j, n - 1, false, args, part_in);
    if (is_call(tree, "between") && n == 3)
        return judge_parts(j, 2, true, args, part_between);
    if (is_call(tree, "is null"))
        return judge_null(j, first, "IS NOT");
    if (is_call(tree, "not") && is_call(first, "is null"))
        return judge_null(j, json_array_get(json_object_get(first, "args"), 0), "IS");
    if (is_call(tree, "not"))
        return judge_truth(j, first, "NOT ");
    for (int i = 0; ops[i]; i++)
        if (is_call(tree, ops[i]))
            return json_object_get(first, "column")
                       ? judge_comparison(j, ops[i], first, json_array_get(args, 1))
                       : judge_comparison(j, op_turned(ops[i]), json_array_get(args, 1), first);
    return QETL_PUSH_NO;
}

static int32_t judge_tree(struct judge *j, const json_t *tree)
{
    int32_t answer = ++j->depth <= DEPTH_MAX ? judge_call(j, tree) : QETL_PUSH_NO;
    j->depth--;
    return answer;
}

/* ---- All of them ---- */

int32_t predicates_add(struct predicates *p, const struct relation *r, const char *tree)
{
    json_t *json = json_loads(tree, 0, NULL);
    struct judge judge = {.r = r, .sql = p->where, .values = &p->values};
    struct mark mark = mark_of(&judge);
    pg_sql_put(&judge.sql, mark.size ? " AND " : "");
    int32_t answer = json ? judge_tree(&judge, json) : QETL_PUSH_NO;
    json_decref(json);
    if (!answer)
        back_to(&judge, mark);
    p->where = judge.sql;
    return judge.no_memory || judge.sql.failed ? QETL_E_NO_MEMORY : answer;
}

void predicates_free(struct predicates *p)
{
    pg_sql_free(&p->where);
    values_free(&p->values);
}
