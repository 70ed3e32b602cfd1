/* SPDX-License-Identifier: Apache-2.0 */
#include "template.h"
#include "bytes.h"

#include <stdlib.h>
#include <string.h>

struct compiling {
    struct template *template;
    struct qetl_env env;
    const struct ArrowSchema *schema;
    const char *option, *own;
    enum part_kind inside; /* what a column within a text is */
    bool in_path;
};

static int32_t no_memory(struct qetl_env env)
{
    return qetl_fail(env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for a template");
}

/* ---- compiling ---- */

static struct part *part_add(struct template *t, enum part_kind kind)
{
    struct part *parts = realloc(t->parts, (t->n + 1) * sizeof *parts);
    if (!parts)
        return NULL;
    t->parts = parts;
    parts[t->n] = (struct part){.kind = kind, .column = -1, .literal = bytes_none()};
    return &parts[t->n++];
}

static int32_t literal_add(struct template *t, struct qetl_env env, const char *text, size_t size)
{
    struct part *part = t->n && t->parts[t->n - 1].kind == PART_LITERAL ? &t->parts[t->n - 1]
                                                                        : part_add(t, PART_LITERAL);
    return part && !qetl_space_put(&part->literal, text, (int64_t)size) ? QETL_OK : no_memory(env);
}

int32_t template_literal(struct template *t, struct qetl_env env, const char *text)
{
    return literal_add(t, env, text, strlen(text));
}

static int32_t name_add(struct compiling *c, const char *name, size_t size, enum part_kind kind)
{
    char text[256];
    int64_t column = -1;
    if (size >= sizeof text)
        return qetl_fail(c->env, QETL_E_CONFIG, c->option, NULL, "a name in it is too long");
    memcpy(text, name, size);
    text[size] = 0;
    bool own = *c->own && strcmp(text, c->own) == 0;
    if (own && kind != PART_VALUE)
        return qetl_fail(c->env, QETL_E_CONFIG, c->option, "let it be a value of its own",
                         "{%s} stands within a text", text);
    if (own)
        kind = strcmp(text, "rows") == 0 ? PART_ROWS : PART_ROW;
    else
        column = qetl_schema_require(c->env, c->schema, c->option, text);
    if (!own && column < 0)
        return (int32_t)column;
    struct part *part = part_add(c->template, kind);
    if (!part)
        return no_memory(c->env);
    part->column = column;
    part->in_path = c->in_path;
    c->template->has_columns |= !own;
    return QETL_OK;
}

/* What lies between two brackets goes out as it stands, or escaped. */
static int32_t between_add(struct compiling *c, const char *text, size_t size)
{
    struct qetl_space escaped = bytes_none();
    int32_t status = QETL_OK;
    if (c->inside == PART_TEXT)
        status = bytes_put_escaped(&escaped, (const uint8_t *)text, (int64_t)size);
    else
        status = qetl_space_put(&escaped, text, (int64_t)size);
    status =
        status ? no_memory(c->env)
               : literal_add(c->template, c->env, (const char *)escaped.data, (size_t)escaped.size);
    bytes_free(&escaped);
    return status;
}

static int32_t brackets_fail(const struct compiling *c, const char *text)
{
    return qetl_fail(c->env, QETL_E_CONFIG, c->option,
                     "write {column}, and {{ or }} for the bracket itself",
                     "a bracket stands alone in it: %.100s", text);
}

static int32_t text_add(struct compiling *c, const char *text)
{
    int32_t status = QETL_OK;
    for (const char *at = text; *at && !status;) {
        size_t plain = strcspn(at, "{}");
        if (plain && memchr(at, '?', plain))
            c->in_path = false;
        if (plain)
            status = between_add(c, at, plain);
        at += plain;
        if (!*at || status)
            continue;
        const char *end = strpbrk(at + 1, "{}");
        if (at[1] == at[0]) {
            status = between_add(c, at, 1);
            at += 2;
        } else if (*at == '}' || !end || *end != '}' || end == at + 1) {
            status = brackets_fail(c, text);
        } else {
            status = name_add(c, at + 1, (size_t)(end - at - 1), c->inside);
            at = end + 1;
        }
    }
    return status;
}

int32_t template_url(struct template *t, struct qetl_env env, const struct ArrowSchema *schema,
                     const char *option)
{
    struct compiling c = {.template = t,
                          .env = env,
                          .schema = schema,
                          .option = option,
                          .own = "",
                          .inside = PART_URL,
                          .in_path = true};
    return text_add(&c, qetl_option_text(env, option));
}

/* "{column}" and nothing else is the value, of whatever type. */
static bool is_one_name(const char *text)
{
    size_t size = strlen(text);
    return size > 2 && text[0] == '{' && text[size - 1] == '}' &&
           strcspn(text + 1, "{}") == size - 2;
}

static int32_t string_add(struct compiling *c, const char *text)
{
    if (is_one_name(text))
        return name_add(c, text + 1, strlen(text) - 2, PART_VALUE);
    int32_t status = template_literal(c->template, c->env, "\"");
    if (!status)
        status = text_add(c, text);
    return status ? status : template_literal(c->template, c->env, "\"");
}

static int32_t json_add(struct compiling *c, const json_t *value);

static int32_t member_add(struct compiling *c, const char *key, const json_t *value)
{
    int32_t status = template_literal(c->template, c->env, "\"");
    if (!status)
        status = between_add(c, key, strlen(key));
    if (!status)
        status = template_literal(c->template, c->env, "\":");
    return status ? status : json_add(c, value);
}

static int32_t object_add(struct compiling *c, const json_t *object)
{
    const char *key, *comma = "{";
    json_t *value;
    int32_t status = QETL_OK;
    json_object_foreach ((json_t *)object, key, value) {
        if (!status)
            status = template_literal(c->template, c->env, comma);
        if (!status)
            status = member_add(c, key, value);
        comma = ",";
    }
    return status ? status
                  : template_literal(c->template, c->env, json_object_size(object) ? "}" : "{}");
}

static int32_t list_add(struct compiling *c, const json_t *list)
{
    size_t i;
    const json_t *value;
    int32_t status = template_literal(c->template, c->env, "[");
    json_array_foreach (list, i, value) {
        if (!status && i)
            status = template_literal(c->template, c->env, ",");
        if (!status)
            status = json_add(c, value);
    }
    return status ? status : template_literal(c->template, c->env, "]");
}

static int32_t scalar_add(struct compiling *c, const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    int32_t status = text ? template_literal(c->template, c->env, text) : no_memory(c->env);
    free(text);
    return status;
}

static int32_t json_add(struct compiling *c, const json_t *value)
{
    return json_is_object(value)   ? object_add(c, value)
           : json_is_array(value)  ? list_add(c, value)
           : json_is_string(value) ? string_add(c, json_string_value(value))
                                   : scalar_add(c, value);
}

int32_t template_json(struct template *t, struct qetl_env env, const struct ArrowSchema *schema,
                      const char *option, const json_t *value, const char *own)
{
    struct compiling c = {.template = t,
                          .env = env,
                          .schema = schema,
                          .option = option,
                          .own = own,
                          .inside = PART_TEXT};
    return json_add(&c, value);
}

void template_free(struct template *t)
{
    for (size_t i = 0; i < t->n; i++)
        bytes_free(&t->parts[i].literal);
    free(t->parts);
    *t = (struct template){0};
}

/* ---- filling ---- */

/* "." and ".." are no names of anything: whoever resolves the URL goes elsewhere. */
static bool leads_elsewhere(const struct qetl_space *url, int64_t begin)
{
    const char *text = (const char *)url->data + begin, *end = (const char *)url->data + url->size;
    const char *query = memchr(text, '?', (size_t)(end - text));
    if (query)
        end = query;
    while (text < end) {
        const char *slash = memchr(text, '/', (size_t)(end - text));
        size_t size = (size_t)((slash ? slash : end) - text);
        if ((size == 1 && text[0] == '.') || (size == 2 && text[0] == '.' && text[1] == '.'))
            return true;
        text += size + 1;
    }
    return false;
}

static int32_t encoded_fill(const struct part *part, const struct rows *rows, int64_t row,
                            struct qetl_space *out, bool within_json)
{
    struct qetl_space text = bytes_none();
    int32_t status = rows_put_text(rows, row, part->column, &text);
    if (!status)
        status = within_json ? bytes_put_escaped(out, text.data, text.size)
                             : bytes_put_encoded(out, text.data, text.size);
    if (!status && part->in_path && !text.size)
        status = QETL_E_ROW;
    bytes_free(&text);
    return status;
}

static int32_t part_fill(const struct part *part, const struct rows *rows, int64_t row,
                         const struct qetl_space *list, struct qetl_space *out)
{
    switch (part->kind) {
    case PART_LITERAL:
        return qetl_space_put(out, part->literal.data, part->literal.size);
    case PART_VALUE:
        return rows_put_value(rows, row, part->column, out);
    case PART_TEXT:
        return encoded_fill(part, rows, row, out, true);
    case PART_URL:
        return rows_is_null(rows, row, part->column) ? QETL_E_ROW
                                                     : encoded_fill(part, rows, row, out, false);
    case PART_ROW:
        return rows_put(rows, row, out);
    default:
        return qetl_space_put(out, list->data, list->size);
    }
}

int32_t template_fill(const struct template *t, const struct rows *rows, int64_t row,
                      const struct qetl_space *list, struct qetl_space *out, int64_t *lacks)
{
    int64_t begin = out->size;
    int32_t status = QETL_OK;
    bool url = false;
    for (size_t i = 0; i < t->n && !status; i++) {
        status = part_fill(&t->parts[i], rows, row, list, out);
        *lacks = t->parts[i].column;
        url |= t->parts[i].kind == PART_URL;
    }
    if (!status && url && leads_elsewhere(out, begin)) {
        *lacks = -1;
        status = QETL_E_ROW;
    }
    return status;
}
