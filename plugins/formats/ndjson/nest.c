/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second look at a value whose grammar is proven: it is taken apart by the column's type. Fields
 * are foreseen as columns are: behind field a came field b the last time.
 */
#include "nest.h"

#include "decoder.h"

#include <stdio.h>
#include <stdlib.h>

enum { PATH_MAX_TEXT = 100, QUOTED_MAX = 60 };

/* Where in the column we are: from the outermost to the innermost. */
struct trail {
    const struct ndjson_nest *nest;
    const struct trail *around;
};

struct nest_read {
    struct ndjson_decoder *d;
    const struct ndjson_column *column;
    bool stores; /* or only looks */
};

/* ---- made of a schema ---- */

static void nest_reset(struct ndjson_nest *nest)
{
    for (int64_t i = 0; i < nest->n_children; i++)
        nest_reset(&nest->children[i]);
    free(nest->children);
    ndjson_names_reset(&nest->names);
}

void ndjson_nest_free(struct ndjson_nest *nest)
{
    if (nest)
        nest_reset(nest);
    free(nest);
}

static int32_t nest_open(struct ndjson_nest *nest, const struct ArrowSchema *field, bool declared);

static int32_t field_open(struct ndjson_nest *nest, int64_t i, const struct ArrowSchema *field,
                          bool declared)
{
    const char *name = field->name ? field->name : "";
    struct ndjson_nest *child = &nest->children[i];
    if (nest->type.kind == QETL_KIND_STRUCT &&
        ndjson_names_add(&nest->names, (const uint8_t *)name, (int64_t)strlen(name)) != i)
        return QETL_E_NO_MEMORY;
    child->after = i + 1;
    return nest_open(child, field, declared);
}

static int32_t nest_open(struct ndjson_nest *nest, const struct ArrowSchema *field, bool declared)
{
    int32_t status = ndjson_type_open(&nest->type, field);
    nest->type.declared = declared;
    if (status || !field->n_children)
        return status;
    nest->children = calloc((size_t)field->n_children, sizeof *nest->children);
    if (!nest->children)
        return QETL_E_NO_MEMORY;
    nest->n_children = field->n_children;
    for (int64_t i = 0; i < nest->n_children && !status; i++)
        status = field_open(nest, i, field->children[i], declared);
    for (int64_t i = 0; i < nest->names.n && !status; i++)
        nest->children[i].name = nest->names.names[i].data;
    return status;
}

struct ndjson_nest *ndjson_nest_new(struct qetl_env env, const struct ArrowSchema *field,
                                    bool declared, int32_t *status)
{
    char name[128];
    struct ndjson_nest *nest = calloc(1, sizeof *nest);
    *status = nest ? nest_open(nest, field, declared) : QETL_E_NO_MEMORY;
    if (!*status)
        return nest;
    if (*status == QETL_E_UNSUPPORTED)
        qetl_fail(env, *status, NULL, "declare another type for it in types",
                  "column \"%s\": values of type %s cannot be read from JSON", field->name,
                  qetl_type_name(field, name, sizeof name));
    ndjson_nest_free(nest);
    return NULL;
}

void ndjson_nest_share(struct qetl_builder *builder, void *buffer)
{
    if (builder->layout == 'v')
        qetl_builder_share(builder, buffer);
    for (int64_t i = 0; i < builder->n_children; i++)
        ndjson_nest_share(qetl_builder_child(builder, i), buffer);
}

/* ---- faults ---- */

/* "a.b[].c" behind the column's name, cut at its beginning where it is long. */
static void trail_write(const struct trail *trail, char *end, char *begin, char **out)
{
    for (; trail->around; trail = trail->around) {
        const char *name = trail->nest->name ? trail->nest->name : "[]";
        size_t size = strlen(name), dot = *name != '[';
        if ((size_t)(end - begin) < size + dot + 1)
            break;
        end -= size;
        memcpy(end, name, size);
        if (dot)
            *--end = '.';
    }
    *out = end;
}

static const uint8_t *fault_set(const struct nest_read *read, const struct trail *trail,
                                const uint8_t *p, const char *code, const char *what, int64_t size)
{
    char room[PATH_MAX_TEXT], *path;
    int64_t shown = size < QUOTED_MAX ? size : QUOTED_MAX;
    while (shown < size && shown > 0 && (p[shown] & 0xc0) == 0x80)
        shown--;
    room[sizeof room - 1] = 0;
    trail_write(trail, room + sizeof room - 1, room, &path);
    bool declared = read->column->type.declared;
    ndjson_fault_set(&read->d->reader, code, p, "column \"%.60s\"%s%s: %s %.*s%s; the type was %s",
                     ndjson_column_name(read->d, read->column), *path ? " at " : "",
                     path + (*path == '.'), what, (int)shown, p, shown < size ? "…" : "",
                     declared ? "declared in types" : "inferred: declare it in types");
    read->d->reader.fault.column = read->column - read->d->columns;
    return NULL;
}

static const uint8_t *memory_fault(const struct nest_read *read, int32_t status)
{
    read->d->reader.fault.status = status;
    return NULL;
}

/* ---- values ---- */

static int32_t scalar_put(const struct ndjson_nest *nest, struct qetl_builder *b,
                          const struct ndjson_cell *cell, const void *value)
{
    int64_t number = 0;
    double real;
    float single;
    qetl_int128 decimal;
    char *room;
    switch (nest->type.kind) {
    case QETL_KIND_BOOL:
        return qetl_builder_bool(b, *(const uint8_t *)value);
    case QETL_KIND_REAL:
        memcpy(&real, value, sizeof real);
        memcpy(&single, value, sizeof single);
        return qetl_builder_real(b, nest->type.width == 4 ? (double)single : real);
    case QETL_KIND_DECIMAL:
        memcpy(&decimal, value, sizeof decimal);
        return qetl_builder_decimal(b, decimal);
    case QETL_KIND_BINARY:
        room = qetl_builder_text_room(b, cell->size);
        if (room)
            qetl_builder_text_put(b, ndjson_base64_decode(cell->data, cell->size, (uint8_t *)room));
        return room ? QETL_OK : QETL_E_NO_MEMORY;
    case QETL_KIND_TEXT:
        if (nest->type.json)
            return qetl_builder_view(b, (const char *)cell->raw, cell->raw_size);
        if (!cell->in_heap)
            return qetl_builder_view(b, (const char *)cell->data, cell->size);
        return qetl_builder_text(b, (const char *)cell->data, cell->size);
    default:
        if (nest->type.kind == QETL_KIND_UINT) {
            memcpy(&number, value, (size_t)nest->type.width);
            return qetl_builder_uint(b, (uint64_t)number);
        }
        memcpy(&number, value, (size_t)nest->type.width);
        if (nest->type.width < 8) {
            int32_t unused = 64 - 8 * nest->type.width;
            number = (int64_t)((uint64_t)number << unused) >> unused;
        }
        return qetl_builder_int(b, number);
    }
}

static const char *cell_convert(const struct ndjson_nest *nest, const struct ndjson_cell *cell,
                                void *value)
{
    if (cell->token == NDJSON_NESTED && !nest->type.json)
        return "bad_shape";
    return ndjson_convert(&nest->type, cell, value);
}

static const uint8_t *scalar_store(const struct nest_read *read, const struct trail *trail,
                                   struct qetl_builder *b, const uint8_t *p)
{
    _Alignas(16) uint8_t value[16] = {0};
    const struct ndjson_nest *nest = trail->nest;
    struct ndjson_cell cell;
    p = ndjson_value_read(&read->d->reader, p, &cell);
    if (!p)
        return NULL;
    if (cell.escaped && !nest->type.json && !ndjson_cell_unescape(read->d, &cell))
        return NULL;
    const char *code = cell_convert(nest, &cell, value);
    if (code)
        return fault_set(read, trail, cell.raw, code, "this does not fit:", cell.raw_size);
    int32_t status = b ? scalar_put(nest, b, &cell, value) : QETL_OK;
    return status ? memory_fault(read, status) : p;
}

static const uint8_t *value_store(const struct nest_read *read, const struct trail *around,
                                  struct ndjson_nest *nest, struct qetl_builder *b,
                                  const uint8_t *p);

static const uint8_t *list_store(const struct nest_read *read, const struct trail *trail,
                                 struct qetl_builder *b, const uint8_t *p)
{
    const struct ndjson_reader *reader = &read->d->reader;
    struct qetl_builder *elements = b ? qetl_builder_child(b, 0) : NULL;
    p = ndjson_blanks(reader, p + 1);
    while (p && *p != ']') {
        p = value_store(read, trail, trail->nest->children, elements, p);
        p = p ? ndjson_blanks(reader, p) : NULL;
        if (p && *p == ',')
            p = ndjson_blanks(reader, p + 1);
    }
    int32_t status = p && b ? qetl_builder_list(b) : QETL_OK;
    return status ? memory_fault(read, status) : p ? p + 1 : NULL;
}

/* The key at p: its field, or NULL. *p moves to the value, or behind one that is dropped, or
 * becomes NULL with a fault. */
static struct ndjson_nest *field_find(const struct nest_read *read, const struct trail *trail,
                                      int64_t foreseen, const uint8_t **p)
{
    const struct ndjson_nest *nest = trail->nest;
    struct ndjson_key key;
    const uint8_t *begin = *p;
    *p = ndjson_key_read(&read->d->reader, begin, &key);
    if (!*p)
        return NULL;
    if (foreseen < nest->n_children) {
        const struct ndjson_name *name = &nest->names.names[foreseen];
        if (name->size == key.size && !memcmp(name->data, key.data, (size_t)key.size))
            return &nest->children[foreseen];
    }
    int64_t index = ndjson_names_find(&nest->names, key.data, key.size);
    if (index >= 0)
        return &nest->children[index];
    struct ndjson_cell cell;
    if (read->d->drops && !read->d->grows) /* what is only looked at passes as it is */
        *p = read->stores ? ndjson_value_drop(read->d, &key, *p)
                          : ndjson_value_read(&read->d->reader, *p, &cell);
    else
        *p = fault_set(read, trail, begin, "unknown_key", "no record of the sample has the key",
                       key.size + 2);
    return NULL;
}

/* Fields that the object does not have are NULL. */
static int32_t missing_store(const struct ndjson_nest *nest, struct qetl_builder *b)
{
    int32_t status = QETL_OK;
    for (int64_t i = 0; i < nest->n_children && !status; i++)
        if (nest->children[i].seen != nest->stamp)
            status = qetl_builder_null(qetl_builder_child(b, i));
    return status;
}

static const uint8_t *struct_store(const struct nest_read *read, const struct trail *trail,
                                   struct ndjson_nest *nest, struct qetl_builder *b,
                                   const uint8_t *p)
{
    const struct ndjson_reader *reader = &read->d->reader;
    int64_t foreseen = 0, *learn = NULL, found = 0;
    nest->stamp++;
    p = ndjson_blanks(reader, p + 1);
    while (p && *p != '}') {
        struct ndjson_nest *child = field_find(read, trail, foreseen, &p);
        if (child) {
            int64_t index = child - nest->children;
            if (learn)
                *learn = index;
            learn = &child->after;
            foreseen = child->after;
            child->seen = nest->stamp;
            found++;
            p = value_store(read, trail, child, b ? qetl_builder_child(b, index) : NULL, p);
        }
        p = p ? ndjson_blanks(reader, p) : NULL;
        if (p && *p == ',')
            p = ndjson_blanks(reader, p + 1);
    }
    int32_t status = p && b && found < nest->n_children ? missing_store(nest, b) : QETL_OK;
    if (!status && p && b)
        status = qetl_builder_struct(b);
    return status ? memory_fault(read, status) : p ? p + 1 : NULL;
}

static const uint8_t *value_store(const struct nest_read *read, const struct trail *around,
                                  struct ndjson_nest *nest, struct qetl_builder *b,
                                  const uint8_t *p)
{
    struct trail trail = {nest, around};
    struct ndjson_cell cell;
    if (*p == 'n') {
        int32_t status = b ? qetl_builder_null(b) : QETL_OK;
        p = ndjson_scalar_read(&read->d->reader, p, &cell);
        return status ? memory_fault(read, status) : p;
    }
    if (nest->type.kind == QETL_KIND_STRUCT && *p == '{')
        return struct_store(read, &trail, nest, b, p);
    if (nest->type.kind == QETL_KIND_LIST && *p == '[')
        return list_store(read, &trail, b, p);
    if (nest->type.kind != QETL_KIND_STRUCT && nest->type.kind != QETL_KIND_LIST)
        return scalar_store(read, &trail, b, p);
    const uint8_t *behind = ndjson_value_read(&read->d->reader, p, &cell);
    return behind ? fault_set(read, &trail, p, "bad_shape",
                              nest->type.kind == QETL_KIND_LIST ? "a list is expected, not"
                                                                : "an object is expected, not",
                              cell.raw_size)
                  : NULL;
}

bool ndjson_nest_store(struct ndjson_decoder *d, const struct ndjson_column *c,
                       struct qetl_builder *builder, const uint8_t *p)
{
    struct nest_read read = {d, c, builder != NULL};
    /* Keys that were unescaped by the first look are not needed any more. */
    d->reader.scratch_size = 0;
    return value_store(&read, NULL, c->nest, builder, p) != NULL;
}
