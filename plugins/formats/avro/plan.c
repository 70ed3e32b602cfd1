/* SPDX-License-Identifier: Apache-2.0 */
/* A plan from a file's schema and the columns: what goes where, and what cannot. */
#include "plan.h"

#include "names.h"

#include <stdio.h>
#include <stdlib.h>

struct planner {
    struct qetl_env env;
    struct avro_plan *plan;
    enum avro_policy policy;
    int64_t column; /* at which we are, or -1 */
    const char *object;
};

static int32_t node_make(struct planner *p, const struct avro_type *type,
                         const struct ArrowSchema *field, struct avro_node *out);

/* ---- what cannot be read ---- */

/* The first reason is told; rows are then rejected. */
static int32_t refuse(struct planner *p, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int32_t refuse(struct planner *p, const char *code, const char *format, ...)
{
    va_list list;
    if (p->plan->refusal)
        return QETL_OK;
    p->plan->refusal = code;
    p->plan->refused = p->column;
    va_start(list, format);
    vsnprintf(p->plan->reason, sizeof p->plan->reason, format, list);
    va_end(list);
    return QETL_OK;
}

static int32_t refuse_type(struct planner *p, const struct avro_type *type,
                           const struct ArrowSchema *field, struct avro_node *out)
{
    char there[100], here[100];
    struct ArrowSchema shape;
    int32_t status = avro_shape_field(type, "", &shape);
    if (status)
        return status;
    out->skip = true;
    status = refuse(p, "bad_type", "\"%.60s\" is %s, and in %.100s it is %s: declare no type twice",
                    field->name, qetl_type_name(field, here, sizeof here), p->object,
                    qetl_type_name(&shape, there, sizeof there));
    qetl_schema_release(&shape);
    return status;
}

/* ---- values without parts ---- */

static bool is_number(const struct ArrowSchema *field)
{
    return strlen(field->format) == 1 && strchr("ilfg", *field->format);
}

static enum avro_op op_of(const struct avro_type *type)
{
    static const enum avro_op ops[] = {
        [AVRO_NULL] = AVRO_OP_NULL,     [AVRO_BOOLEAN] = AVRO_OP_BOOL,
        [AVRO_INT] = AVRO_OP_INT,       [AVRO_LONG] = AVRO_OP_LONG,
        [AVRO_FLOAT] = AVRO_OP_FLOAT,   [AVRO_DOUBLE] = AVRO_OP_DOUBLE,
        [AVRO_BYTES] = AVRO_OP_BYTES,   [AVRO_STRING] = AVRO_OP_BYTES,
        [AVRO_FIXED] = AVRO_OP_FIXED,   [AVRO_ENUM] = AVRO_OP_ENUM,
        [AVRO_RECORD] = AVRO_OP_RECORD, [AVRO_ARRAY] = AVRO_OP_ARRAY,
        [AVRO_MAP] = AVRO_OP_MAP,       [AVRO_UNION] = AVRO_OP_CHOICE};
    if (type->logical == AVRO_DECIMAL)
        return type->kind == AVRO_FIXED ? AVRO_OP_DECIMAL_FIXED : AVRO_OP_DECIMAL;
    if (type->logical == AVRO_UUID && type->kind == AVRO_FIXED)
        return AVRO_OP_UUID;
    return type->logical == AVRO_DURATION ? AVRO_OP_DURATION : ops[type->kind];
}

static int64_t power10(int32_t exponent)
{
    int64_t power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

/* A column of more digits behind the point takes a decimal of fewer. */
static bool decimal_fits(const struct avro_type *type, const struct ArrowSchema *field,
                         struct avro_node *out)
{
    int32_t precision, scale;
    if (!qetl_type_decimal(field->format, &precision, &scale) || scale < type->scale ||
        scale - type->scale > 18)
        return false;
    out->factor = power10(scale - type->scale);
    return true;
}

/* Whether values of a type without parts can stand in the field, and how. */
static int32_t scalar_fit(const struct avro_type *type, const struct ArrowSchema *field,
                          struct avro_node *out, bool *fits)
{
    struct ArrowSchema shape;
    int32_t status = avro_shape_field(type, "", &shape);
    if (status)
        return status;
    bool real = *field->format == 'f' || *field->format == 'g';
    bool text = *field->format == 'v', integer = type->kind == AVRO_INT || type->kind == AVRO_LONG;
    *fits = strcmp(shape.format, field->format) == 0;
    out->utf8 = !strcmp(field->format, "vu") && out->op != AVRO_OP_ENUM;
    if (out->op == AVRO_OP_DECIMAL || out->op == AVRO_OP_DECIMAL_FIXED)
        *fits = decimal_fits(type, field, out);
    else if (is_number(&shape) && is_number(field))
        *fits = real || integer;
    else if (*shape.format == 'v' && text)
        *fits = true;
    out->real = real && integer;
    if (type->logical == AVRO_TIME_MILLIS || type->logical == AVRO_INSTANT_MILLIS ||
        type->logical == AVRO_LOCAL_MILLIS)
        out->factor = power10(3);
    qetl_schema_release(&shape);
    return QETL_OK;
}

static int32_t scalar_make(struct planner *p, const struct avro_type *type,
                           const struct ArrowSchema *field, struct avro_node *out)
{
    static const int64_t least[] = {[AVRO_OP_BOOL] = 1,  [AVRO_OP_INT] = 1,     [AVRO_OP_LONG] = 1,
                                    [AVRO_OP_FLOAT] = 4, [AVRO_OP_DOUBLE] = 8,  [AVRO_OP_BYTES] = 1,
                                    [AVRO_OP_ENUM] = 1,  [AVRO_OP_DECIMAL] = 1, [AVRO_OP_UUID] = 0};
    bool fixed = out->op == AVRO_OP_FIXED || out->op == AVRO_OP_DECIMAL_FIXED ||
                 out->op == AVRO_OP_UUID || out->op == AVRO_OP_DURATION;
    bool fits = true;
    out->size = type->size;
    out->least = fixed ? type->size : least[out->op];
    int32_t status =
        field && out->op != AVRO_OP_NULL ? scalar_fit(type, field, out, &fits) : QETL_OK;
    return !status && !fits ? refuse_type(p, type, field, out) : status;
}

/* ---- values of parts ---- */

static int32_t children_new(struct avro_node *node, int64_t n)
{
    node->children = calloc((size_t)n + 1, sizeof *node->children);
    node->n = node->children ? n : 0;
    for (int64_t i = 0; i < node->n; i++)
        node->children[i].target = -1;
    return node->children ? QETL_OK : QETL_E_NO_MEMORY;
}

/* Which of the target's n children nothing goes to. */
static int32_t missing_note(struct avro_node *node, int64_t n)
{
    bool *met = calloc((size_t)n + 1, sizeof *met);
    node->missing = calloc((size_t)n + 1, sizeof *node->missing);
    for (int64_t i = 0; met && i < node->n; i++)
        if (node->children[i].target >= 0)
            met[node->children[i].target] = true;
    for (int64_t i = 0; met && node->missing && i < n; i++)
        if (!met[i])
            node->missing[node->n_missing++] = i;
    free(met);
    return met && node->missing ? QETL_OK : QETL_E_NO_MEMORY;
}

static int32_t field_unknown(struct planner *p, const char *name)
{
    if (p->policy == AVRO_NEW_DROP)
        return QETL_OK;
    return refuse(p, "new_column",
                  "%.100s has \"%.60s\", which the first file does not have; see new_columns",
                  p->object, name);
}

/* The fields of a record to the children of a struct, by name. */
static int32_t record_make(struct planner *p, const struct avro_type *type,
                           const struct ArrowSchema *field, struct avro_node *out)
{
    struct avro_name *names = field ? avro_names_sort(field) : NULL;
    int32_t status = field && !names ? QETL_E_NO_MEMORY : children_new(out, type->n);
    for (int64_t i = 0; !status && i < type->n; i++) {
        const struct avro_type *own = &type->children[i];
        struct avro_node *child = &out->children[i];
        int64_t target = field ? avro_names_find(names, field->n_children, own->name) : -1;
        if (field && target < 0)
            status = field_unknown(p, own->name);
        if (!status)
            status = node_make(p, own, target < 0 ? NULL : field->children[target], child);
        child->target = target;
        child->name = own->name;
        out->least += child->least;
    }
    free(names);
    return status || !field ? status : missing_note(out, field->n_children);
}

static int32_t elements_make(struct planner *p, const struct avro_type *type,
                             const struct ArrowSchema *field, struct avro_node *out)
{
    const struct ArrowSchema *item = field ? field->children[0] : NULL;
    int32_t status = children_new(out, 1);
    bool map = type->kind == AVRO_MAP;
    if (status)
        return status;
    if (map && item && (strcmp(item->format, "+s") != 0 || item->n_children != 2))
        return refuse_type(p, type, field, out);
    out->least = 1;
    status = node_make(p, type->children, map && item ? item->children[1] : item, out->children);
    out->children->least += map;
    return status;
}

/* ---- unions ---- */

static int32_t branches_note(const struct avro_type *type, struct avro_node *out)
{
    out->branches = (int32_t)type->n;
    out->null_branch = -1;
    for (int64_t i = 0; i < type->n; i++)
        if (type->children[i].kind == AVRO_NULL)
            out->null_branch = (int32_t)i;
    return QETL_OK;
}

static int32_t one_make(struct planner *p, const struct avro_type *type,
                        const struct ArrowSchema *field, struct avro_node *out)
{
    const struct avro_type *own = &type->children[0];
    if (own->kind == AVRO_NULL && type->n > 1)
        own = &type->children[1];
    int32_t status = node_make(p, own, field, out);
    branches_note(type, out);
    out->least = type->n > 1 ? 1 : out->least + 1;
    return status;
}

static int32_t choice_make(struct planner *p, const struct avro_type *type,
                           const struct ArrowSchema *field, struct avro_node *out)
{
    bool apart = avro_union_choice(type) == AVRO_CHOICE_STRUCT;
    struct avro_name *names = field && apart ? avro_names_sort(field) : NULL;
    int32_t status = field && apart && !names ? QETL_E_NO_MEMORY : children_new(out, type->n);
    out->op = apart ? AVRO_OP_BRANCH : AVRO_OP_CHOICE;
    out->least = 1;
    for (int64_t i = 0; !status && i < type->n; i++) {
        const struct avro_type *own = &type->children[i];
        const struct ArrowSchema *target = apart ? NULL : field;
        if (names && own->kind != AVRO_NULL) {
            int64_t at = avro_names_find(names, field->n_children, own->name);
            target = at < 0 ? NULL : field->children[at];
            out->children[i].target = at;
            status = at < 0 ? field_unknown(p, own->name) : QETL_OK;
        }
        int64_t at = out->children[i].target;
        if (!status)
            status = node_make(p, own, target, &out->children[i]);
        out->children[i].target = at;
    }
    free(names);
    branches_note(type, out);
    return status;
}

static int32_t union_make(struct planner *p, const struct avro_type *type,
                          const struct ArrowSchema *field, struct avro_node *out)
{
    enum avro_choice choice = avro_union_choice(type);
    if (choice == AVRO_CHOICE_ONE)
        return one_make(p, type, field, out);
    if (choice == AVRO_CHOICE_STRUCT && field && strcmp(field->format, "+s") != 0)
        return refuse_type(p, type, field, out);
    return choice_make(p, type, field, out);
}

static int64_t weight_of(const struct avro_node *node)
{
    int64_t weight = 1 + node->n_missing;
    for (int64_t i = 0; i < node->n; i++)
        weight += node->children[i].weight;
    return weight;
}

static int32_t node_fill(struct planner *p, const struct avro_type *type,
                         const struct ArrowSchema *field, struct avro_node *out)
{
    *out = (struct avro_node){.op = op_of(type),
                              .type = type,
                              .skip = !field,
                              .factor = 1,
                              .null_branch = -1,
                              .target = -1};
    switch (out->op) {
    case AVRO_OP_CHOICE:
        return union_make(p, type, field, out);
    case AVRO_OP_RECORD:
        if (field && strcmp(field->format, "+s") != 0)
            return refuse_type(p, type, field, out);
        return record_make(p, type, field, out);
    case AVRO_OP_ARRAY:
    case AVRO_OP_MAP:
        if (field && strcmp(field->format, "+l") != 0)
            return refuse_type(p, type, field, out);
        return elements_make(p, type, field, out);
    default:
        return scalar_make(p, type, field, out);
    }
}

static int32_t node_make(struct planner *p, const struct avro_type *type,
                         const struct ArrowSchema *field, struct avro_node *out)
{
    int32_t status = node_fill(p, type, field, out);
    out->weight = weight_of(out);
    return status;
}

static void node_free(struct avro_node *node)
{
    for (int64_t i = 0; i < node->n; i++)
        node_free(&node->children[i]);
    free(node->children);
    free(node->missing);
}

/* ---- the record ---- */

static int32_t root_make(struct planner *p, const struct ArrowSchema *schema, const int64_t *wants,
                         int64_t n_wants)
{
    struct avro_plan *plan = p->plan;
    struct avro_node *root = &plan->root;
    struct avro_name *names = avro_names_sort(schema);
    bool record = plan->type.kind == AVRO_RECORD;
    int64_t matched = 0;
    int32_t status = names ? children_new(root, record ? plan->type.n : 1) : QETL_E_NO_MEMORY;
    root->op = AVRO_OP_RECORD;
    for (int64_t i = 0; !status && i < root->n; i++) {
        const struct avro_type *own = record ? &plan->type.children[i] : &plan->type;
        const char *name = record ? own->name : "value";
        int64_t column = p->column = avro_names_find(names, schema->n_children, name);
        if (column < 0)
            status = field_unknown(p, name);
        if (!status)
            status =
                node_make(p, own, column < 0 ? NULL : schema->children[column], &root->children[i]);
        root->children[i].target = column < 0 ? -1 : wants[column];
        root->children[i].name = name;
        matched += column >= 0;
        root->least += root->children[i].least;
    }
    free(names);
    if (!status && !matched && root->n && schema->n_children && p->policy != AVRO_NEW_EVOLVE)
        return qetl_fail(p->env, QETL_E_DATA, "/new_columns",
                         "read it on its own, or set new_columns: evolve",
                         "%s has no column of the first file", p->object);
    if (!status)
        status = missing_note(root, n_wants);
    root->weight = weight_of(root);
    return status;
}

static int32_t grown_make(struct avro_plan *plan, const struct ArrowSchema *schema)
{
    struct ArrowSchema shape;
    bool changed = false;
    int32_t status = avro_shape_columns(&plan->type, &shape);
    if (status)
        return status;
    status = avro_widen(schema, &shape, &plan->grown, &changed);
    qetl_schema_release(&shape);
    if (status || !changed)
        qetl_schema_release(&plan->grown);
    return status;
}

int32_t avro_plan_make(struct avro_plan *plan, struct qetl_env env, struct qetl_blob about,
                       const char *object, enum avro_policy policy,
                       const struct ArrowSchema *schema, const int64_t *wants, int64_t n_wants)
{
    struct planner p = {env, plan, policy, -1, object ? object : "the file"};
    *plan = (struct avro_plan){.refused = -1};
    const char *codec = about.data;
    struct avro_header header = {.codec = codec, .codec_size = (int64_t)strlen(codec)};
    header.schema = codec + header.codec_size + 1;
    header.schema_size = (int64_t)about.size - header.codec_size - 1;
    int32_t status = avro_header_open(env, &header, object, &plan->codec, &plan->type);
    if (!status && policy == AVRO_NEW_EVOLVE)
        status = grown_make(plan, schema);
    return status ? status : root_make(&p, schema, wants, n_wants);
}

void avro_plan_free(struct avro_plan *plan)
{
    node_free(&plan->root);
    avro_type_free(&plan->type);
    qetl_schema_release(&plan->grown);
    *plan = (struct avro_plan){0};
}

int32_t avro_about_make(const struct avro_header *header, struct qetl_blob *out)
{
    size_t codec = (size_t)header->codec_size, schema = (size_t)header->schema_size;
    char *data = calloc(codec + schema + 2, 1);
    if (!data)
        return QETL_E_NO_MEMORY;
    memcpy(data, header->codec, codec);
    memcpy(data + codec + 1, header->schema, schema);
    *out = (struct qetl_blob){data, codec + schema + 1};
    return QETL_OK;
}
