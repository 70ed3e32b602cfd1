/* SPDX-License-Identifier: Apache-2.0 */
/* YAML as the values of JSON. */
#include "document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* Aliases may multiply what there is, or lead into themselves. */
enum { DEPTH_MAX = 200, VALUES_MAX = 4000000 };

struct converting {
    yaml_document_t *document;
    int depth;
    long values;
    const char *why; /* it cannot be done */
    yaml_mark_t at;
};

static json_t *fail(struct converting *c, const yaml_node_t *node, const char *why)
{
    if (!c->why) {
        c->why = why;
        c->at = node->start_mark;
    }
    return NULL;
}

static json_t *plain(const char *text)
{
    static const char *const nothing[] = {"", "~", "null", "Null", "NULL"};
    char *end;
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
        if (strcmp(text, nothing[i]) == 0)
            return json_null();
    if (!strcasecmp(text, "true") || !strcasecmp(text, "false"))
        return json_boolean(*text == 't' || *text == 'T');
    if (strspn(text, "-0123456789") == strlen(text) && strlen(text) < 19) {
        long long number = strtoll(text, &end, 10);
        if (!*end)
            return json_integer(number);
    }
    if (strspn(text, "-+.0123456789eE") == strlen(text)) {
        double number = strtod(text, &end);
        json_t *real = *end ? NULL : json_real(number);
        if (real)
            return real;
    }
    return json_string(text);
}

static json_t *scalar(struct converting *c, const yaml_node_t *node)
{
    const char *text = (const char *)node->data.scalar.value;
    json_t *value =
        node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? plain(text) : json_string(text);
    return value ? value : fail(c, node, "this is no text");
}

static json_t *convert(struct converting *c, int index);

static json_t *sequence(struct converting *c, const yaml_node_t *node)
{
    json_t *list = json_array();
    const yaml_node_item_t *item = node->data.sequence.items.start;
    for (; item < node->data.sequence.items.top; item++) {
        json_t *value = convert(c, *item);
        if (!value || json_array_append_new(list, value)) {
            json_decref(list);
            return fail(c, node, "there is no memory for it");
        }
    }
    return list;
}

/* Keys are texts, as they are spelled: 200, too. */
static json_t *mapping(struct converting *c, const yaml_node_t *node)
{
    json_t *object = json_object();
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    for (; pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = yaml_document_get_node(c->document, pair->key);
        bool text = key && key->type == YAML_SCALAR_NODE;
        json_t *value = text ? convert(c, pair->value) : fail(c, node, "a key here is no text");
        if (!value || json_object_set_new(object, (const char *)key->data.scalar.value, value)) {
            json_decref(object);
            return fail(c, node, "there is no memory for it, or a key is no text");
        }
    }
    return object;
}

static json_t *convert(struct converting *c, int index)
{
    const yaml_node_t *node = yaml_document_get_node(c->document, index);
    json_t *value = NULL;
    if (++c->depth > DEPTH_MAX || ++c->values > VALUES_MAX)
        fail(c, node, "it holds more than a description would: an alias may lead into itself");
    else if (node->type == YAML_SCALAR_NODE)
        value = scalar(c, node);
    else
        value = node->type == YAML_SEQUENCE_NODE ? sequence(c, node) : mapping(c, node);
    c->depth--;
    return value;
}

json_t *yaml_value(const char *text, size_t size, char why[120], size_t *line, size_t *column)
{
    yaml_parser_t parser;
    yaml_document_t document;
    json_t *value = NULL;
    *line = *column = 0;
    if (!yaml_parser_initialize(&parser)) {
        snprintf(why, 120, "there is no memory for it");
        return NULL;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    if (!yaml_parser_load(&parser, &document)) {
        snprintf(why, 120, "it is no YAML: %s",
                 parser.problem ? parser.problem : "why is not known");
        *line = parser.problem_mark.line + 1;
        *column = parser.problem_mark.column + 1;
    } else {
        struct converting c = {.document = &document};
        value = yaml_document_get_root_node(&document) ? convert(&c, 1) : NULL;
        snprintf(why, 120, "%s", c.why ? c.why : "it is empty");
        *line = c.at.line + 1;
        *column = c.at.column + 1;
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    return value;
}
