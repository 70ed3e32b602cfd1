/* SPDX-License-Identifier: Apache-2.0 */
/* From types to their SQL names. */
#include "internal.h"

#include <stdio.h>

/* A text that is cut where its space ends, and never overflows; wanted counts on. */
struct phrase {
    char *data;
    size_t size, capacity, wanted;
};

static void phrase_add(struct phrase *p, const char *text)
{
    p->wanted += strlen(text);
    for (; *text && p->size + 1 < p->capacity; text++)
        p->data[p->size++] = *text;
    if (p->capacity)
        p->data[p->size] = 0;
}

static void phrase_add_char(struct phrase *p, char c)
{
    phrase_add(p, (char[]){c, 0});
}

static bool name_is_plain(const char *name)
{
    for (const char *at = name; *at; at++) {
        bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || *at == '_';
        if (!letter && !(at > name && *at >= '0' && *at <= '9'))
            return false;
    }
    return *name;
}

static void phrase_add_name(struct phrase *p, const char *name)
{
    if (name_is_plain(name)) {
        phrase_add(p, name);
        return;
    }
    phrase_add(p, "\"");
    for (; *name; name++) {
        if (*name == '"')
            phrase_add(p, "\"");
        phrase_add_char(p, *name);
    }
    phrase_add(p, "\"");
}

static void phrase_add_type(struct phrase *p, const struct ArrowSchema *field, int depth);

static void phrase_add_struct(struct phrase *p, const struct ArrowSchema *field, int depth)
{
    phrase_add(p, "struct(");
    for (int64_t i = 0; i < field->n_children; i++) {
        if (i)
            phrase_add(p, ", ");
        phrase_add_name(p, field->children[i]->name ? field->children[i]->name : "");
        phrase_add(p, " ");
        phrase_add_type(p, field->children[i], depth + 1);
    }
    phrase_add(p, ")");
}

static void phrase_add_time(struct phrase *p, const struct qetl_sdk_type *type)
{
    char digits[8] = "";
    if (type->scale != 6)
        snprintf(digits, sizeof digits, "(%d)", type->scale);
    phrase_add(p, type->kind == QETL_KIND_TIME ? "time" : "timestamp");
    phrase_add(p, digits);
    if (type->zoned)
        phrase_add(p, " with time zone");
}

static void phrase_add_scalar(struct phrase *p, const char *format,
                              const struct qetl_sdk_type *type)
{
    char decimal[40];
    if (type->kind == QETL_KIND_TIME || type->kind == QETL_KIND_TIMESTAMP) {
        phrase_add_time(p, type);
        return;
    }
    if (type->kind == QETL_KIND_DECIMAL) {
        snprintf(decimal, sizeof decimal, "decimal(%d,%d)", type->precision, type->scale);
        phrase_add(p, decimal);
        return;
    }
    const char *word = qetl_sdk_type_word(format);
    phrase_add(p, word                             ? word
                  : type->kind == QETL_KIND_TEXT   ? "text"
                  : type->kind == QETL_KIND_BINARY ? "binary"
                  : type->kind == QETL_KIND_DATE   ? "date"
                                                   : "null");
}

static void phrase_add_type(struct phrase *p, const struct ArrowSchema *field, int depth)
{
    struct qetl_sdk_type type;
    if (field->dictionary)
        field = field->dictionary;
    if (qetl_sdk_type_of(field->format, &type) || depth > QETL_SDK_DEPTH_MAX) {
        phrase_add(p, "unknown type ");
        phrase_add(p, field->format ? field->format : "");
    } else if (type.kind == QETL_KIND_LIST && field->n_children == 1) {
        phrase_add_type(p, field->children[0], depth + 1);
        phrase_add(p, "[]");
    } else if (type.kind == QETL_KIND_LIST || type.kind == QETL_KIND_STRUCT) {
        phrase_add_struct(p, field, depth);
    } else if (qetl_schema_is_json(field)) {
        phrase_add(p, "json");
    } else {
        phrase_add_scalar(p, field->format, &type);
    }
}

const char *qetl_type_name(const struct ArrowSchema *field, char *name, size_t size)
{
    struct phrase p = {name, 0, size, 0};
    phrase_add(&p, "");
    phrase_add_type(&p, field, 0);
    return name;
}

char *qetl_type_text(const struct ArrowSchema *field)
{
    struct phrase p = {NULL, 0, 0, 0};
    phrase_add_type(&p, field, 0);
    size_t size = p.wanted + 1;
    char *text = malloc(size);
    return text ? (char *)qetl_type_name(field, text, size) : NULL;
}
