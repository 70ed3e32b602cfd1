/* SPDX-License-Identifier: Apache-2.0 */
/* Nested values as JSON. */
#include "internal.h"

#include <stdio.h>

static int32_t literal_put(struct qetl_space *out, const char *text)
{
    return qetl_space_put(out, text, (int64_t)strlen(text));
}

static int32_t escape_put(struct qetl_space *out, uint8_t c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    char text[8];
    const char *found = c ? strchr(from, c) : NULL;
    if (found)
        snprintf(text, sizeof text, "\\%c", to[found - from]);
    else
        snprintf(text, sizeof text, "\\u%04x", c);
    return literal_put(out, text);
}

static int32_t text_put(struct qetl_space *out, const char *data, int64_t size)
{
    int64_t done = 0;
    int32_t status = literal_put(out, "\"");
    for (int64_t i = 0; i < size && !status; i++) {
        uint8_t c = (uint8_t)data[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        status = qetl_space_put(out, data + done, i - done);
        if (!status)
            status = escape_put(out, c);
        done = i + 1;
    }
    if (!status)
        status = qetl_space_put(out, data + done, size - done);
    return status ? status : literal_put(out, "\"");
}

static int32_t list_put(const struct qetl_column *c, int64_t i, struct qetl_space *out, int depth)
{
    struct qetl_column child;
    int64_t first, count;
    int32_t status = qetl_column_child(c, 0, &child);
    if (status)
        return status;
    qetl_column_list(c, i, &first, &count);
    status = literal_put(out, "[");
    for (int64_t k = 0; k < count && !status; k++) {
        status = literal_put(out, k ? "," : "");
        if (!status)
            status = qetl_sdk_json_render(&child, first + k, out, depth + 1);
    }
    return status ? status : literal_put(out, "]");
}

static int32_t member_put(const struct qetl_column *c, int64_t k, int64_t i, struct qetl_space *out,
                          int depth)
{
    struct qetl_column child;
    int32_t status = qetl_column_child(c, k, &child);
    if (status)
        return status;
    const char *name = child.schema->name ? child.schema->name : "";
    status = literal_put(out, k ? "," : "");
    if (!status)
        status = text_put(out, name, (int64_t)strlen(name));
    if (!status)
        status = literal_put(out, ":");
    return status ? status : qetl_sdk_json_render(&child, i, out, depth + 1);
}

static int32_t struct_put(const struct qetl_column *c, int64_t i, struct qetl_space *out, int depth)
{
    int32_t status = literal_put(out, "{");
    for (int64_t k = 0; k < c->schema->n_children && !status; k++)
        status = member_put(c, k, i, out, depth);
    return status ? status : literal_put(out, "}");
}

static bool is_bare(const struct qetl_column *c, int64_t i)
{
    if (c->kind == QETL_KIND_REAL)
        return __builtin_isfinite(qetl_column_real(c, i));
    return c->kind == QETL_KIND_BOOL || c->kind == QETL_KIND_INT || c->kind == QETL_KIND_UINT ||
           c->kind == QETL_KIND_DECIMAL;
}

static int32_t base64_put(struct qetl_text bytes, struct qetl_space *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    int32_t status = QETL_OK;
    for (int64_t i = 0; i < bytes.size && !status; i += 3) {
        int64_t left = bytes.size - i;
        const uint8_t *in = (const uint8_t *)bytes.data + i;
        uint32_t bits =
            (uint32_t)in[0] << 16 | (left > 1 ? (uint32_t)in[1] << 8 : 0) | (left > 2 ? in[2] : 0u);
        char quad[] = {digits[bits >> 18], digits[bits >> 12 & 63],
                       left > 1 ? digits[bits >> 6 & 63] : '=', left > 2 ? digits[bits & 63] : '='};
        status = qetl_space_put(out, quad, sizeof quad);
    }
    return status;
}

/* RFC 3339: a T between date and time, and Z for UTC. */
static void stamp_mend(uint8_t *text, struct qetl_space *out)
{
    uint8_t *end = out->data + out->size;
    uint8_t *blank = memchr(text, ' ', (size_t)(end - text));
    uint8_t *zone = memchr(text, '+', (size_t)(end - text));
    if (blank)
        *blank = 'T';
    if (!zone)
        return;
    *zone = 'Z';
    memmove(zone + 1, zone + 3, (size_t)(end - zone - 3));
    out->size -= 2;
}

/* What is written in quotes needs no escape: dates, times, NaN, base64. */
static int32_t quoted_put(const struct qetl_column *c, int64_t i, struct qetl_space *out)
{
    int32_t status = literal_put(out, "\"");
    int64_t begin = out->size;
    if (!status && c->kind == QETL_KIND_BINARY)
        status = base64_put(qetl_column_text(c, i), out);
    else if (!status)
        status = qetl_render(c, i, out);
    if (!status && c->kind == QETL_KIND_TIMESTAMP)
        stamp_mend(out->data + begin, out);
    return status ? status : literal_put(out, "\"");
}

int32_t qetl_sdk_json_render(const struct qetl_column *c, int64_t i, struct qetl_space *out,
                             int depth)
{
    if (depth > QETL_SDK_DEPTH_MAX)
        return QETL_E_UNSUPPORTED;
    if (qetl_column_is_null(c, i))
        return literal_put(out, "null");
    if (c->kind == QETL_KIND_LIST)
        return list_put(c, i, out, depth);
    if (c->kind == QETL_KIND_STRUCT)
        return struct_put(c, i, out, depth);
    if (c->kind == QETL_KIND_TEXT) {
        struct qetl_text text = qetl_column_text(c, i);
        if (qetl_schema_is_json(c->schema))
            return qetl_space_put(out, text.data, text.size);
        return text_put(out, text.data, text.size);
    }
    return is_bare(c, i) ? qetl_render(c, i, out) : quoted_put(c, i, out);
}
