/* SPDX-License-Identifier: Apache-2.0 */
#include "value_read.h"

#include "time/moment.h"
#include "value/number.h"

#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>

static int32_t answer(enum expr_parsed parsed)
{
    return parsed == EXPR_PARSED ? QETL_OK : QETL_E_DATA;
}

/* What is no text is read as it would be typed. */
static char *text_of(const json_t *value, struct expr_text *text)
{
    char *typed = json_is_string(value)
                      ? NULL
                      : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(17));
    const char *words = typed ? typed : json_string_value(value);
    *text = (struct expr_text){words ? words : "",
                               typed ? (int64_t)strlen(typed) : (int64_t)json_string_length(value)};
    return typed;
}

static int32_t read_bool(struct expr_text text, struct qetl_builder *out)
{
    bool yes = text.size == 4 && memcmp(text.data, "true", 4) == 0;
    bool no = text.size == 5 && memcmp(text.data, "false", 5) == 0;
    return yes || no ? qetl_builder_bool(out, yes) : QETL_E_DATA;
}

static int32_t read_integer(struct expr_text text, bool natural, struct qetl_builder *out)
{
    int64_t value = 0;
    uint64_t unsigned_value = 0;
    int32_t status = natural ? answer(qetl_expr_parse_natural(text, &unsigned_value))
                             : answer(qetl_expr_parse_integer(text, &value));
    if (status)
        return status;
    return natural ? qetl_builder_uint(out, unsigned_value) : qetl_builder_int(out, value);
}

static int32_t read_decimal(struct expr_text text, const char *format, struct qetl_builder *out)
{
    int32_t precision, scale;
    expr_int128 value;
    if (!qetl_type_decimal(format, &precision, &scale))
        return QETL_E_UNSUPPORTED;
    int32_t status = answer(qetl_expr_parse_decimal(text, scale, &value));
    return status ? status : qetl_builder_decimal(out, value);
}

static int32_t read_real(struct expr_text text, bool single, struct qetl_builder *out)
{
    double value;
    int32_t status = answer(qetl_expr_parse_real(text, single, &value));
    return status ? status : qetl_builder_real(out, value);
}

static int32_t read_moment(struct expr_text text, const char *format, struct qetl_builder *out)
{
    static const struct {
        const char *format;
        enum expr_type_id type;
    } known[] = {{"tdD", EXPR_DATE}, {"ttu", EXPR_TIME}, {"tsu:", EXPR_TIMESTAMP}};
    enum expr_type_id type = EXPR_TIMESTAMPTZ;
    int64_t value;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(format, known[i].format) == 0)
            type = known[i].type;
    if (type == EXPR_TIMESTAMPTZ && strncmp(format, "tsu:", 4) != 0)
        return QETL_E_UNSUPPORTED;
    int32_t status = answer(qetl_expr_parse_moment(text, type, NULL, &value));
    return status ? status : qetl_builder_int(out, value);
}

static int32_t read_interval(struct expr_text text, struct qetl_builder *out)
{
    struct expr_interval value;
    int32_t status = answer(qetl_expr_parse_interval(text, &value));
    struct qetl_interval arrow = {value.months, value.days, value.us * 1000};
    return status ? status : qetl_builder_interval(out, arrow);
}

static int32_t read_base64(const char *text, size_t length, struct qetl_builder *out)
{
    struct base64_decode_ctx state;
    size_t size;
    uint8_t *bytes = malloc(BASE64_DECODE_LENGTH(length) + 1);
    base64_decode_init(&state);
    int32_t status =
        !bytes ? QETL_E_NO_MEMORY
        : base64_decode_update(&state, &size, bytes, length, text) && base64_decode_final(&state)
            ? qetl_builder_text(out, (const char *)bytes, (int64_t)size)
            : QETL_E_DATA;
    free(bytes);
    return status;
}

static int32_t read_scalar(struct expr_text text, const char *format, struct qetl_builder *out)
{
    switch (*format) {
    case 'b':
        return read_bool(text, out);
    case 'c':
    case 's':
    case 'i':
    case 'l':
        return read_integer(text, false, out);
    case 'C':
    case 'S':
    case 'I':
    case 'L':
        return read_integer(text, true, out);
    case 'f':
    case 'g':
        return read_real(text, *format == 'f', out);
    case 'd':
        return read_decimal(text, format, out);
    case 'u':
    case 'U':
        return qetl_builder_text(out, text.data, text.size);
    case 'v':
        return format[1] == 'u' ? qetl_builder_text(out, text.data, text.size)
                                : read_base64(text.data, (size_t)text.size, out);
    case 'z':
    case 'Z':
        return read_base64(text.data, (size_t)text.size, out);
    case 't':
        return format[1] == 'i' ? read_interval(text, out) : read_moment(text, format, out);
    default:
        return QETL_E_UNSUPPORTED;
    }
}

static int32_t read_list(const json_t *value, const struct ArrowSchema *field,
                         struct qetl_builder *out)
{
    size_t i;
    json_t *element;
    int32_t status = json_is_array(value) ? QETL_OK : QETL_E_DATA;
    json_array_foreach (value, i, element)
        if (!status)
            status = qetl_value_read(element, field->children[0], qetl_builder_child(out, 0));
    return status ? status : qetl_builder_list(out);
}

static int32_t read_struct(const json_t *value, const struct ArrowSchema *field,
                           struct qetl_builder *out)
{
    int32_t status = json_is_object(value) ? QETL_OK : QETL_E_DATA;
    for (int64_t k = 0; !status && k < field->n_children; k++) {
        const json_t *member = json_object_get(value, field->children[k]->name);
        status = qetl_value_read(member, field->children[k], qetl_builder_child(out, k));
    }
    return status ? status : qetl_builder_struct(out);
}

int32_t qetl_value_read(const json_t *value, const struct ArrowSchema *field,
                        struct qetl_builder *out)
{
    const json_t *encoded = *field->format != '+' ? json_object_get(value, "base64") : NULL;
    struct expr_text text;
    int64_t before = out->length;
    int32_t status;
    if (!value || json_is_null(value))
        return qetl_builder_null(out);
    if (encoded) { /* text that is no UTF-8 */
        status = json_is_string(encoded)
                     ? read_base64(json_string_value(encoded), json_string_length(encoded), out)
                     : QETL_E_DATA;
    } else if (*field->format == '+') {
        status =
            field->format[1] == 's' ? read_struct(value, field, out) : read_list(value, field, out);
    } else {
        char *typed = text_of(value, &text);
        status = read_scalar(text, field->format, out);
        free(typed);
    }
    if (status)
        qetl_builder_truncate(out, before);
    return status;
}
