/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: casts, -> ->> #> #>>, and what asks about a value. Answers are parts of the text that is
 * there. */
#include "bind.h"
#include "rows.h"
#include "value/json_write.h"

static int32_t put_part(const struct expr_instr *in, int64_t i, struct expr_text part)
{
    part = qetl_expr_json_trim(part);
    return row_put_text(in, i, part.data, part.size);
}

static int32_t put_null(const struct expr_instr *in, int64_t i)
{
    qetl_expr_row_null(in, i);
    return QETL_OK;
}

/* As ->> answers: a string without quotes, null as NULL, all else as it stands. */
static int32_t put_plain(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                         struct expr_text part)
{
    struct expr_text inside;
    int32_t status;
    bool escaped;
    char *space;

    part = qetl_expr_json_trim(part);
    if (qetl_expr_json_kind(part) == EXPR_JSON_NULL)
        return put_null(in, i);
    if (qetl_expr_json_kind(part) != EXPR_JSON_STRING)
        return put_part(in, i, part);
    inside = qetl_expr_json_inside(part, &escaped);
    if (!escaped)
        return row_put_text(in, i, inside.data, inside.size);
    space = qetl_expr_row_space(f, in, i, inside.size, &status);
    return space ? row_put_text(in, i, space, qetl_expr_json_unescape(inside, space)) : status;
}

/* ---- casts ---- */

static void fail_json(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    qetl_expr_fail_cast(f, in, i);
}

static int32_t row_to_json(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text text = row_text(in, 0, i);

    if (!qetl_expr_json_check(text, false))
        fail_json(f, in, i);
    return row_put_text(in, i, text.data, text.size);
}

static int32_t row_to_jsonb(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text text = row_text(in, 0, i);
    struct expr_json_writer writer = {.arena = &f->heap};

    if (!qetl_expr_json_check(text, true))
        fail_json(f, in, i);
    else if (qetl_expr_json_canon(&writer, text))
        return row_put_text(in, i, writer.data, writer.size);
    else if (!writer.beyond)
        return QETL_E_NO_MEMORY;
    else
        qetl_expr_row_fail(f, in, i, "numeric_overflow",
                           "a number of the JSON is beyond all decimals");
    return row_put_text(in, i, "", 0);
}

static int32_t row_same(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text text = row_text(in, 0, i);

    (void)f;
    return row_put_text(in, i, text.data, text.size);
}

static int32_t row_valid(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    (void)f;
    return row_put_bool(in, i, qetl_expr_json_check(row_text(in, 0, i), false));
}

/* ---- parts ---- */

static bool member_of(const struct expr_instr *in, int64_t i, struct expr_text *out)
{
    return qetl_expr_json_member(row_text(in, 0, i), row_text(in, 1, i), out);
}

static bool element_of(const struct expr_instr *in, int64_t i, struct expr_text *out)
{
    struct expr_text value = row_text(in, 0, i);
    int64_t index = row_int4(in, 1, i);

    /* jsonb takes a scalar for the one element of an array. */
    if (in->node->args[0]->type.id == EXPR_JSONB && qetl_expr_json_kind(value) < EXPR_JSON_ARRAY &&
        (index == 0 || index == -1)) {
        *out = value;
        return true;
    }
    return qetl_expr_json_element(value, index, out);
}

static int32_t row_member(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text part;

    (void)f;
    return member_of(in, i, &part) ? put_part(in, i, part) : put_null(in, i);
}

static int32_t row_member_text(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text part;

    return member_of(in, i, &part) ? put_plain(f, in, i, part) : put_null(in, i);
}

static int32_t row_element(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text part;

    (void)f;
    return element_of(in, i, &part) ? put_part(in, i, part) : put_null(in, i);
}

static int32_t row_element_text(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text part;

    return element_of(in, i, &part) ? put_plain(f, in, i, part) : put_null(in, i);
}

/* ---- along a path ---- */

/* A step into an array is a whole number. */
static bool index_of(struct expr_text step, int64_t *out)
{
    bool minus = step.size > 0 && *step.data == '-';

    if (step.size - minus < 1 || step.size - minus > 10)
        return false;
    *out = 0;
    for (int64_t i = minus; i < step.size; i++) {
        if (step.data[i] < '0' || step.data[i] > '9')
            return false;
        *out = *out * 10 + (step.data[i] - '0');
    }
    *out = minus ? -*out : *out;
    return *out == (int32_t)*out;
}

static bool step_into(struct expr_text *value, struct expr_text step)
{
    int64_t index;

    if (qetl_expr_json_kind(*value) == EXPR_JSON_ARRAY)
        return index_of(step, &index) && qetl_expr_json_element(*value, index, value);
    return qetl_expr_json_member(*value, step, value);
}

/* {a,"b c",0}: the next step, unquoted into space where it must be. False: the end, or *bad. */
static bool path_next(struct expr_text *rest, char *space, struct expr_text *step, bool *bad)
{
    const char *at = rest->data, *end = at + rest->size;
    bool quoted = at < end && *at == '"';
    int64_t size = 0;

    if (at == end)
        return false;
    for (at += quoted; at < end && (quoted ? *at != '"' : *at != ','); at++) {
        at += *at == '\\' && at + 1 < end;
        space[size++] = *at;
    }
    *bad |= quoted ? at == end : !size;
    at += quoted && at < end;
    *bad |= at < end && *at != ',';
    if (at < end && *at == ',')
        *bad |= ++at == end;
    *rest = (struct expr_text){at, end - at};
    *step = (struct expr_text){space, size};
    return !*bad;
}

/* The value that args[0] has at the path of args[1]. False: there is none, or the row has failed.
 */
static bool path_walk(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                      struct expr_text *value, int32_t *status)
{
    struct expr_text path = qetl_expr_json_trim(row_text(in, 1, i)), step;
    bool found = true,
         bad = path.size < 2 || path.data[0] != '{' || path.data[path.size - 1] != '}';
    char *space = qetl_expr_row_space(f, in, i, path.size, status);

    if (!space)
        return false;
    *value = row_text(in, 0, i);
    path = bad ? path : (struct expr_text){path.data + 1, path.size - 2};
    while (!bad && path_next(&path, space, &step, &bad))
        found = found && step_into(value, step);
    if (bad)
        qetl_expr_row_fail(f, in, i, "bad_cast", "a path is written {key,\"another key\",0}");
    return found && !bad;
}

static int32_t row_path(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text value;
    int32_t status = QETL_OK;

    if (path_walk(f, in, i, &value, &status))
        return put_part(in, i, value);
    return status ? status : put_null(in, i);
}

static int32_t row_path_text(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text value;
    int32_t status = QETL_OK;

    if (path_walk(f, in, i, &value, &status))
        return put_plain(f, in, i, value);
    return status ? status : put_null(in, i);
}

static bool steps_walk(const struct expr_instr *in, int64_t i, struct expr_text *value)
{
    *value = row_text(in, 0, i);
    for (uint32_t k = 1; k < in->node->n_args; k++)
        if (!step_into(value, row_text(in, k, i)))
            return false;
    return true;
}

static int32_t row_steps(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text value;

    (void)f;
    return steps_walk(in, i, &value) ? put_part(in, i, value) : put_null(in, i);
}

static int32_t row_steps_text(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text value;

    return steps_walk(in, i, &value) ? put_plain(f, in, i, value) : put_null(in, i);
}

/* ---- about a value ---- */

static int32_t row_typeof(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    static const char *const names[] = {"",       "null",  "boolean", "number",
                                        "string", "array", "object"};
    const char *name = names[qetl_expr_json_kind(row_text(in, 0, i))];

    (void)f;
    return row_put_text(in, i, name, (int64_t)strlen(name));
}

static int32_t row_length(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text value = row_text(in, 0, i);

    if (qetl_expr_json_kind(value) != EXPR_JSON_ARRAY)
        qetl_expr_row_fail(f, in, i, "bad_argument", "only arrays have a length");
    return row_put_int4(in, i, qetl_expr_json_length(value));
}

/* A member of that name, or a string among an array's elements. */
static int32_t row_has(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text value = row_text(in, 0, i), key = row_text(in, 1, i), part;
    struct expr_json_walk walk = qetl_expr_json_open(value);
    enum expr_json_kind kind = qetl_expr_json_kind(value);
    bool found = false;

    (void)f;
    if (kind == EXPR_JSON_STRING)
        found = qetl_expr_json_string_is(qetl_expr_json_trim(value), key);
    else if (walk.members)
        found = qetl_expr_json_member(value, key, &part);
    while (kind == EXPR_JSON_ARRAY && !found && qetl_expr_json_next(&walk, NULL, &part))
        found =
            qetl_expr_json_kind(part) == EXPR_JSON_STRING && qetl_expr_json_string_is(part, key);
    return row_put_bool(in, i, found);
}

static bool is_same(const struct expr_instr *in, int64_t i)
{
    struct expr_text a = row_text(in, 0, i), b = row_text(in, 1, i);

    return a.size == b.size && !memcmp(a.data, b.data, (size_t)a.size);
}

static int32_t row_equal(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    (void)f;
    return row_put_bool(in, i, is_same(in, i));
}

static int32_t row_unequal(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    (void)f;
    return row_put_bool(in, i, !is_same(in, i));
}

#define OP1(called, from, to, by)                                                           \
    {                                                                                       \
        .name = called, .n_args = 1, .args = {from}, .result = to, .flags = EXPR_OP_MASKED, \
        .row = by                                                                           \
    }
#define OP2(called, type, other, to, by)                                                           \
    {                                                                                              \
        .name = called, .n_args = 2, .args = {type, other}, .result = to, .flags = EXPR_OP_MASKED, \
        .row = by                                                                                  \
    }
#define STEPS(called, type, to, by)                                           \
    {                                                                         \
        .name = called, .n_args = 2, .args = {type, EXPR_TEXT}, .result = to, \
        .flags = EXPR_OP_MASKED | EXPR_OP_VARIADIC, .row = by                 \
    }
#define ACCESS(type)                                                                             \
    OP2("->", type, EXPR_TEXT, type, row_member), OP2("->", type, EXPR_INT4, type, row_element), \
        OP2("->>", type, EXPR_TEXT, EXPR_TEXT, row_member_text),                                 \
        OP2("->>", type, EXPR_INT4, EXPR_TEXT, row_element_text),                                \
        OP2("#>", type, EXPR_TEXT, type, row_path),                                              \
        OP2("#>>", type, EXPR_TEXT, EXPR_TEXT, row_path_text)

static const struct expr_op ops[] = {
    OP1("cast", EXPR_TEXT, EXPR_JSON, row_to_json),
    OP1("cast", EXPR_TEXT, EXPR_JSONB, row_to_jsonb),
    OP1("cast", EXPR_JSON, EXPR_JSONB, row_to_jsonb),
    OP1("cast", EXPR_JSON, EXPR_TEXT, row_same),
    OP1("cast", EXPR_JSONB, EXPR_TEXT, row_same),
    OP1("cast", EXPR_JSONB, EXPR_JSON, row_same),
    OP1("json_valid", EXPR_TEXT, EXPR_BOOL, row_valid),
    ACCESS(EXPR_JSON),
    ACCESS(EXPR_JSONB),
    STEPS("json_extract_path", EXPR_JSON, EXPR_JSON, row_steps),
    STEPS("json_extract_path_text", EXPR_JSON, EXPR_TEXT, row_steps_text),
    STEPS("jsonb_extract_path", EXPR_JSONB, EXPR_JSONB, row_steps),
    STEPS("jsonb_extract_path_text", EXPR_JSONB, EXPR_TEXT, row_steps_text),
    OP1("json_typeof", EXPR_JSON, EXPR_TEXT, row_typeof),
    OP1("jsonb_typeof", EXPR_JSONB, EXPR_TEXT, row_typeof),
    OP1("json_array_length", EXPR_JSON, EXPR_INT4, row_length),
    OP1("jsonb_array_length", EXPR_JSONB, EXPR_INT4, row_length),
    OP2("jsonb_exists", EXPR_JSONB, EXPR_TEXT, EXPR_BOOL, row_has),
    OP2("=", EXPR_JSONB, EXPR_JSONB, EXPR_BOOL, row_equal),
    OP2("<>", EXPR_JSONB, EXPR_JSONB, EXPR_BOOL, row_unequal),
    OP2("?", EXPR_JSONB, EXPR_TEXT, EXPR_BOOL, row_has),
};

const struct expr_family qetl_expr_family_json = {ops, sizeof ops / sizeof ops[0]};
