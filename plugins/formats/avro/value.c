/* SPDX-License-Identifier: Apache-2.0 */
/* Values of the binary encoding, one by one, as their nodes say. */
#include "decoder.h"

#include "wire.h"

#include <stdio.h>

enum {
    UUID_BYTES = 16,
    UUID_TEXT = 36,
    DURATION_BYTES = 12,
    SHORT_TEXT = 16,
    DECIMAL_BYTES_MAX = 16,
    MILLISECOND_NS = 1000000,
    VIEW_INLINE = 12,
    VIEW_PREFIX = 4,
    VIEW_READ = 12,
    VIEW_BYTES = 16
};

/* ---- faults ---- */

static int32_t fault_set(struct avro_reader *r, const char *code, bool fatal, const char *text)
{
    r->code = code;
    r->fatal = fatal;
    r->path[0] = 0;
    snprintf(r->text, sizeof r->text, "%s", text);
    return QETL_E_DATA;
}

static int32_t fault_short(struct avro_reader *r)
{
    return fault_set(r, "bad_record", true, "the block ends within it");
}

static int32_t long_read(struct avro_reader *r, int64_t *out)
{
    switch (avro_varint(&r->at, r->end, out)) {
    case AVRO_WIRE_OK:
        return QETL_OK;
    case AVRO_WIRE_SHORT:
        return fault_short(r);
    default:
        return fault_set(r, "bad_record", true, "a number has more than 64 bits");
    }
}

/* ---- values without parts ---- */

/* What a builder says of a value. */
static int32_t put_check(struct avro_reader *r, int32_t status)
{
    return status == QETL_E_DATA || status == QETL_E_UNSUPPORTED
               ? fault_set(r, "bad_value", false, "the value does not fit the column's type")
               : status;
}

static int32_t integer_read(struct avro_reader *r, const struct avro_node *node,
                            struct qetl_builder *b)
{
    int64_t value;
    int32_t status = long_read(r, &value);
    if (status)
        return status;
    if (node->op == AVRO_OP_INT && value != (int32_t)value)
        return fault_set(r, "bad_record", true, "an int has more than 32 bits");
    if (!b)
        return QETL_OK;
    if (node->real) {
        double real = (double)value;
        bool exact = real < 0x1p63 && (int64_t)real == value;
        return put_check(r, exact ? qetl_builder_real(b, real) : QETL_E_DATA);
    }
    if (__builtin_mul_overflow(value, node->factor, &value))
        return put_check(r, QETL_E_DATA);
    return put_check(r, qetl_builder_int(b, value));
}

static int32_t real_read(struct avro_reader *r, const struct avro_node *node,
                         struct qetl_builder *b)
{
    double value;
    float single;
    size_t size = node->op == AVRO_OP_FLOAT ? sizeof single : sizeof value;
    if ((size_t)(r->end - r->at) < size)
        return fault_short(r);
    memcpy(node->op == AVRO_OP_FLOAT ? (void *)&single : (void *)&value, r->at, size);
    r->at += size;
    if (!b)
        return QETL_OK;
    if (node->op == AVRO_OP_FLOAT)
        value = (double)single;
    else if (b->layout == 'f' && value == value && (double)(float)value != value)
        return put_check(r, QETL_E_DATA);
    return put_check(r, qetl_builder_real(b, value));
}

static int32_t bool_read(struct avro_reader *r, struct qetl_builder *b)
{
    if (r->at == r->end)
        return fault_short(r);
    uint8_t value = *r->at++;
    if (value > 1)
        return fault_set(r, "bad_record", true, "a boolean is neither 0 nor 1");
    return b ? put_check(r, qetl_builder_bool(b, value)) : QETL_OK;
}

/* So many bytes, or as many as say themselves. */
static int32_t span_read(struct avro_reader *r, const struct avro_node *node, bool fixed,
                         const uint8_t **data, int64_t *size)
{
    int32_t status = fixed ? QETL_OK : long_read(r, size);
    if (fixed)
        *size = node->size;
    if (status)
        return status;
    if (*size < 0)
        return fault_set(r, "bad_record", true, "a length is negative");
    if (*size > r->end - r->at)
        return fault_short(r);
    *data = r->at;
    r->at += *size;
    return QETL_OK;
}

/* Short texts stand in their views: two loads instead of a copy of so many bytes. */
static bool view_put_short(const struct avro_reader *r, struct qetl_builder *b, const uint8_t *data,
                           int64_t size)
{
    uint64_t low, high;
    if (size > VIEW_INLINE || r->end - data < VIEW_READ || b->layout != 'v' ||
        b->length >= b->capacity)
        return false;
    memcpy(&low, data, sizeof low);
    memcpy(&high, data + VIEW_PREFIX, sizeof high);
    low = size < VIEW_PREFIX ? low & ((UINT64_C(1) << 8 * size) - 1) : low & UINT32_MAX;
    int64_t behind = size > VIEW_PREFIX ? size - VIEW_PREFIX : 0;
    high = behind < 8 ? high & ((UINT64_C(1) << 8 * behind) - 1) : high;
    low = low << 32 | (uint64_t)size;
    uint8_t *at = b->values + b->length++ * VIEW_BYTES;
    memcpy(at, &low, sizeof low);
    memcpy(at + sizeof low, &high, sizeof high);
    return true;
}

static bool text_is_valid(const uint8_t *data, int64_t size)
{
    uint8_t seen = 0;
    if (size > SHORT_TEXT)
        return qetl_utf8_valid(data, size);
    for (int64_t i = 0; i < size; i++)
        seen |= data[i];
    return seen < 0x80 || qetl_utf8_valid(data, size);
}

static int32_t bytes_read(struct avro_reader *r, const struct avro_node *node,
                          struct qetl_builder *b)
{
    const uint8_t *data;
    int64_t size;
    int32_t status = span_read(r, node, node->op == AVRO_OP_FIXED, &data, &size);
    if (status || !b)
        return status;
    if (node->utf8 && !text_is_valid(data, size))
        return fault_set(r, "bad_utf8", false, "the text is not UTF-8");
    if (view_put_short(r, b, data, size))
        return QETL_OK;
    return put_check(r, qetl_builder_view(b, (const char *)data, size));
}

static int32_t enum_read(struct avro_reader *r, const struct avro_node *node,
                         struct qetl_builder *b)
{
    int64_t value;
    int32_t status = long_read(r, &value);
    if (status)
        return status;
    if (value < 0 || value >= node->type->n_symbols)
        return fault_set(r, "bad_record", true, "an enum has no symbol of that number");
    const char *symbol = node->type->symbols[value];
    return b ? put_check(r, qetl_builder_text(b, symbol, (int64_t)strlen(symbol))) : QETL_OK;
}

/* Big-endian two's complement; leading bytes may repeat the sign. */
static int32_t decimal_read(struct avro_reader *r, const struct avro_node *node,
                            struct qetl_builder *b)
{
    const uint8_t *data;
    int64_t size;
    int32_t status = span_read(r, node, node->op == AVRO_OP_DECIMAL_FIXED, &data, &size);
    if (status || !b)
        return status;
    uint8_t sign = size && data[0] & 0x80 ? 0xff : 0;
    for (; size > DECIMAL_BYTES_MAX && *data == sign; size--)
        data++;
    if (size > DECIMAL_BYTES_MAX)
        return put_check(r, QETL_E_DATA);
    unsigned __int128 raw = sign ? ~(unsigned __int128)0 : 0;
    for (int64_t i = 0; i < size; i++)
        raw = raw << 8 | data[i];
    qetl_int128 value = (qetl_int128)raw;
    bool signs_differ = size == DECIMAL_BYTES_MAX && (value < 0) != (sign != 0);
    if (signs_differ || __builtin_mul_overflow(value, (qetl_int128)node->factor, &value))
        return put_check(r, QETL_E_DATA);
    return put_check(r, qetl_builder_decimal(b, value));
}

static int32_t uuid_read(struct avro_reader *r, const struct avro_node *node,
                         struct qetl_builder *b)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *data;
    char text[UUID_TEXT];
    int64_t size, at = 0;
    int32_t status = span_read(r, node, true, &data, &size);
    if (status || !b)
        return status;
    for (int i = 0; i < UUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            text[at++] = '-';
        text[at++] = digits[data[i] >> 4];
        text[at++] = digits[data[i] & 15];
    }
    return put_check(r, qetl_builder_text(b, text, at));
}

/* Months, days and milliseconds, little-endian. */
static int32_t duration_read(struct avro_reader *r, const struct avro_node *node,
                             struct qetl_builder *b)
{
    const uint8_t *data;
    uint32_t parts[DURATION_BYTES / sizeof(uint32_t)];
    int64_t size;
    int32_t status = span_read(r, node, true, &data, &size);
    if (status || !b)
        return status;
    memcpy(parts, data, sizeof parts);
    if (parts[0] > INT32_MAX || parts[1] > INT32_MAX)
        return put_check(r, QETL_E_DATA);
    struct qetl_interval value = {(int32_t)parts[0], (int32_t)parts[1],
                                  (int64_t)parts[2] * MILLISECOND_NS};
    return put_check(r, qetl_builder_interval(b, value));
}

/* ---- values of parts ---- */

static struct qetl_builder *target_of(const struct avro_node *child, struct qetl_builder *children)
{
    return child->target < 0 || !children ? NULL : &children[child->target];
}

/* On the way out from where reading ended. */
static void path_prepend(struct avro_reader *r, const char *name)
{
    char behind[AVRO_FAULT_TEXT];
    snprintf(behind, sizeof behind, "%s", r->path);
    snprintf(r->path, sizeof r->path, "%.60s%s%.200s", name, *behind ? "." : "", behind);
}

/* Fields into children; those that have none are NULL. */
int32_t avro_record_read(struct avro_reader *r, const struct avro_node *root,
                         struct qetl_builder *builders, bool skip)
{
    int32_t status = QETL_OK;
    for (int64_t i = 0; !status && i < root->n; i++) {
        const struct avro_node *child = &root->children[i];
        status = avro_value_read(r, child, skip ? NULL : target_of(child, builders));
        if (status) {
            path_prepend(r, child->name);
            r->field = i;
        }
    }
    for (int64_t i = 0; !status && !skip && i < root->n_missing; i++)
        status = qetl_builder_null(&builders[root->missing[i]]);
    return status;
}

static int32_t struct_read(struct avro_reader *r, const struct avro_node *node,
                           struct qetl_builder *b)
{
    int32_t status = avro_record_read(r, node, b ? b->children : NULL, !b);
    return status || !b ? status : qetl_builder_struct(b);
}

/* The number of values in the next run, 0 at the end; *bytes: their size, or -1. */
static int32_t run_read(struct avro_reader *r, const struct avro_node *node, int64_t *count,
                        int64_t *bytes)
{
    int32_t status = long_read(r, count);
    *bytes = -1;
    if (!status && *count < 0) {
        status = long_read(r, bytes);
        if (!status && (*count == INT64_MIN || *bytes < 0 || *bytes > r->end - r->at))
            return fault_set(r, "bad_record", true, "a run of values has an impossible size");
        *count = status ? 0 : -*count;
    }
    int64_t least = node->children->least;
    if (status)
        return status;
    int64_t weight = node->children->weight;
    if (least ? *count > (r->end - r->at) / least : *count > r->nothings / weight)
        return fault_set(r, "bad_record", true, "a run has more values than its block");
    r->nothings -= least ? 0 : *count * weight;
    return QETL_OK;
}

static int32_t entry_read(struct avro_reader *r, const struct avro_node *node,
                          struct qetl_builder *item)
{
    static const struct avro_node key = {.op = AVRO_OP_BYTES, .utf8 = true, .target = -1};
    int32_t status = bytes_read(r, &key, item ? &item->children[0] : NULL);
    if (!status)
        status = avro_value_read(r, node->children, item ? &item->children[1] : NULL);
    return status || !item ? status : qetl_builder_struct(item);
}

static int32_t elements_read(struct avro_reader *r, const struct avro_node *node,
                             struct qetl_builder *b)
{
    struct qetl_builder *item = b ? &b->children[0] : NULL;
    int64_t count, bytes;
    int32_t status = run_read(r, node, &count, &bytes);
    while (!status && count) {
        if (!b && bytes >= 0) {
            r->at += bytes;
            count = 0;
        }
        for (; !status && count > 0; count--)
            status = node->op == AVRO_OP_MAP ? entry_read(r, node, item)
                                             : avro_value_read(r, node->children, item);
        if (!status)
            status = run_read(r, node, &count, &bytes);
    }
    return status || !b ? status : qetl_builder_list(b);
}

/* ---- unions ---- */

static int32_t branch_read(struct avro_reader *r, const struct avro_node *node,
                           struct qetl_builder *b, int64_t branch)
{
    const struct avro_node *child = &node->children[branch];
    if (node->op == AVRO_OP_CHOICE || !b)
        return avro_value_read(r, child, b);
    int32_t status =
        avro_value_read(r, child, child->target < 0 ? NULL : &b->children[child->target]);
    for (int64_t i = 0; !status && i < b->n_children; i++)
        if (i != child->target)
            status = qetl_builder_null(&b->children[i]);
    return status ? status : qetl_builder_struct(b);
}

static int32_t plain_read(struct avro_reader *r, const struct avro_node *node,
                          struct qetl_builder *b)
{
    switch (node->op) {
    case AVRO_OP_NULL:
        return b ? qetl_builder_null(b) : QETL_OK;
    case AVRO_OP_BOOL:
        return bool_read(r, b);
    case AVRO_OP_INT:
    case AVRO_OP_LONG:
        return integer_read(r, node, b);
    case AVRO_OP_FLOAT:
    case AVRO_OP_DOUBLE:
        return real_read(r, node, b);
    case AVRO_OP_BYTES:
    case AVRO_OP_FIXED:
        return bytes_read(r, node, b);
    case AVRO_OP_ENUM:
        return enum_read(r, node, b);
    case AVRO_OP_DECIMAL:
    case AVRO_OP_DECIMAL_FIXED:
        return decimal_read(r, node, b);
    case AVRO_OP_UUID:
        return uuid_read(r, node, b);
    case AVRO_OP_DURATION:
        return duration_read(r, node, b);
    case AVRO_OP_RECORD:
        return struct_read(r, node, b);
    default:
        return elements_read(r, node, b);
    }
}

int32_t avro_value_read(struct avro_reader *r, const struct avro_node *node, struct qetl_builder *b)
{
    int64_t branch = 0;
    if (node->skip)
        b = NULL;
    if (!node->branches)
        return plain_read(r, node, b);
    int32_t status = long_read(r, &branch);
    if (status)
        return status;
    if (branch < 0 || branch >= node->branches)
        return fault_set(r, "bad_record", true, "a union has no branch of that number");
    if (branch == node->null_branch)
        return b ? qetl_builder_null(b) : QETL_OK;
    if (node->op == AVRO_OP_CHOICE || node->op == AVRO_OP_BRANCH)
        return branch_read(r, node, b, branch);
    return plain_read(r, node, b);
}
