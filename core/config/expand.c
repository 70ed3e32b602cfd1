/* SPDX-License-Identifier: Apache-2.0 */
#include "expand.h"

#include "document_build.h"
#include "mask.h"
#include "pointer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALL_MAX = 4 * QETL_DOCUMENT_BYTES, ERRORS_MAX = 50 };

struct expander {
    struct qetl_document *document; /* the copy */
    struct qetl_variables *variables;
    struct qetl_findings *findings;
    size_t before;  /* errors */
    size_t written; /* bytes of all texts: what placeholders may blow a document up to */
};

/* One text under way. */
struct leaf {
    struct expander *expander;
    const char *pointer;
    const char *raw; /* as it stands in the file */
    struct qetl_expansion expansion;
    FILE *out;
    size_t written;
    int bad;
};

static struct qetl_finding *tell(struct leaf *leaf, const char *at, enum qetl_severity severity,
                                 const char *code, const char *message)
{
    struct expander *e = leaf->expander;
    size_t begin = (size_t)(at - leaf->raw), size = strcspn(at, "}");
    struct qetl_finding *finding = qetl_finding_add(e->findings, severity, code, "%s", message);
    qetl_document_text_at(e->document, finding, leaf->pointer, begin,
                          begin + size + (at[size] == '}'));
    leaf->bad |= severity == QETL_ERROR;
    return finding;
}

static void fail_memory(struct leaf *leaf)
{
    qetl_findings_no_memory(leaf->expander->findings);
    leaf->bad = 1;
}

static void put(struct leaf *leaf, const char *text, size_t size)
{
    struct expander *e = leaf->expander;
    int fits = e->written <= ALL_MAX;
    e->written += size;
    leaf->written += size;
    if (e->written > ALL_MAX && fits) /* once: no text is replaced after this one */
        qetl_finding_mend(tell(leaf, leaf->raw, QETL_ERROR, "too_large",
                               "with what placeholders stand for, the file is larger than 64 MiB"),
                          "a configuration is not the place for data: keep it in a file");
    else if (e->written > ALL_MAX)
        leaf->bad = 1;
    else if (fwrite(text, 1, size, leaf->out) != size)
        fail_memory(leaf);
}

/* From here on, text of the result comes from `at` of what is written; fixed: all of it. */
static void piece_add(struct leaf *leaf, const char *at, int fixed)
{
    struct qetl_expansion *x = &leaf->expansion;
    struct qetl_piece *pieces = reallocarray(x->pieces, x->n_pieces + 1, sizeof *pieces);
    if (!pieces) {
        fail_memory(leaf);
        return;
    }
    x->pieces = pieces;
    pieces[x->n_pieces++] = (struct qetl_piece){leaf->written, (size_t)(at - leaf->raw), fixed};
}

static void mend_undefined(struct leaf *leaf, struct qetl_finding *finding, const char *name)
{
    char *near = qetl_variables_near(leaf->expander->variables, name);
    if (near)
        qetl_finding_mend(finding, "did you mean `${%s}`?", near);
    else
        qetl_finding_mend(finding,
                          "set it in the environment or by --env-file, or give a default:"
                          "  ${%s:-…}",
                          name);
    free(near);
}

static void take_variable(struct leaf *leaf, const char *at, const char *name, const char *fallback)
{
    const char *value = qetl_variables_get(leaf->expander->variables, name);
    char *message;
    if (fallback && (!value || !*value))
        value = fallback;
    if (value) {
        json_t *json = json_string(value);
        if (json)
            put(leaf, value, strlen(value));
        else
            qetl_finding_mend(
                tell(leaf, at, QETL_ERROR, "not_utf8", "the value of this variable is not UTF-8"),
                "set `%s` to text in UTF-8", name);
        json_decref(json);
        return;
    }
    if (asprintf(&message, "the variable `%s` is not set", name) < 0) {
        fail_memory(leaf);
        return;
    }
    mend_undefined(leaf, tell(leaf, at, QETL_ERROR, "undefined_variable", message), name);
    free(message);
}

static void mend_secret(struct leaf *leaf, struct qetl_finding *finding, const char *name)
{
    const char *dir = qetl_variables_dir(leaf->expander->variables);
    if (dir)
        qetl_finding_mend(finding, "put it into %s/%s, or set the variable %s", dir, name, name);
    else
        qetl_finding_mend(finding,
                          "set the variable %s, or name a folder with a file %s: --secrets-dir DIR",
                          name, name);
}

static void take_secret(struct leaf *leaf, const char *at, const char *name)
{
    struct expander *e = leaf->expander;
    char why[200], *message = NULL;
    const char *value = qetl_variables_secret(e->variables, name, e->findings, why);
    int hidden = value ? qetl_mask_add(e->document->mask, value) : 0;
    if (value)
        put(leaf, value, strlen(value));
    else if (asprintf(&message, "the secret `%s` %s%s", name,
                      *why ? "cannot be used: " : "is nowhere to be found", why) < 0)
        message = NULL;
    if (hidden < 0 || (!value && !message))
        fail_memory(leaf);
    else if (hidden > 0)
        qetl_finding_mend(tell(leaf, at, QETL_WARNING, "short_secret",
                               "this secret is too short to be hidden in messages"),
                          "secrets of %d bytes and more are", QETL_MASK_SHORTEST);
    else if (!value)
        mend_secret(leaf, tell(leaf, at, QETL_ERROR, "undefined_secret", message), name);
    free(message);
}

static int is_secret_name(const char *name)
{
    size_t good = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
    return good > 0 && !name[good] && *name != '.' && *name != '-';
}

/* `inside` is what stands between the braces. */
static void take_inside(struct leaf *leaf, const char *at, char *inside)
{
    static const char mend[] = "write ${NAME}, ${NAME:-default} or ${secret:NAME}; a text ${ is "
                               "written $${";
    char *colon = strstr(inside, ":-");
    if (strncmp(inside, "secret:", 7) == 0 && is_secret_name(inside + 7)) {
        take_secret(leaf, at, inside + 7);
        return;
    }
    if (colon)
        *colon = '\0';
    if (!qetl_variables_name(inside, strlen(inside)))
        qetl_finding_mend(
            tell(leaf, at, QETL_ERROR, "bad_placeholder",
                 *inside ? "this placeholder names no variable" : "this placeholder is empty"),
            "%s", mend);
    else if (colon && strstr(colon + 2, "${"))
        qetl_finding_mend(
            tell(leaf, at, QETL_ERROR, "bad_placeholder", "a default cannot hold a placeholder"),
            "write the default out");
    else
        take_variable(leaf, at, inside, colon ? colon + 2 : NULL);
}

/* Answers what is behind the placeholder. */
static const char *take_placeholder(struct leaf *leaf, const char *at)
{
    size_t size = strcspn(at + 2, "}");
    if (!at[2 + size]) {
        qetl_finding_mend(
            tell(leaf, at, QETL_ERROR, "bad_placeholder", "this placeholder is not closed"),
            "close it with }; a text ${ is written $${");
        return at + 2 + size;
    }
    char *inside = strndup(at + 2, size);
    piece_add(leaf, at, 1);
    if (inside)
        take_inside(leaf, at, inside);
    else
        fail_memory(leaf);
    free(inside);
    piece_add(leaf, at + size + 3, 0);
    return at + size + 3;
}

static void take_text(struct leaf *leaf)
{
    piece_add(leaf, leaf->raw, 0);
    for (const char *at = leaf->raw;
         *at && leaf->expander->findings->errors < leaf->expander->before + ERRORS_MAX;) {
        const char *next = strstr(at, "${");
        if (!next) {
            put(leaf, at, strlen(at));
            return;
        }
        int escaped = next > at && next[-1] == '$';
        put(leaf, at, (size_t)(next - at) - (size_t)escaped);
        if (escaped) {
            piece_add(leaf, next, 0);
            put(leaf, "${", 2);
            at = next + 2;
        } else {
            at = take_placeholder(leaf, next);
        }
    }
}

/* The text with its placeholders replaced; NULL with a finding: it stays. */
static json_t *expand_text(struct expander *e, const char *raw, const char *pointer)
{
    struct leaf leaf = {.expander = e, .pointer = pointer, .raw = raw};
    size_t size = 0;
    json_t *value = NULL;
    leaf.expansion.raw = strdup(raw);
    leaf.out = open_memstream(&leaf.expansion.text, &size);
    if (!leaf.out || !leaf.expansion.raw)
        fail_memory(&leaf);
    else
        take_text(&leaf);
    if (leaf.out && fclose(leaf.out))
        fail_memory(&leaf);
    leaf.expansion.failed = leaf.bad;
    if (!leaf.bad && !(value = json_stringn(leaf.expansion.text, size)))
        fail_memory(&leaf);
    if (qetl_document_note_expansion(e->document, pointer, &leaf.expansion))
        fail_memory(&leaf);
    return value;
}

static void warn_key(struct expander *e, const char *pointer)
{
    struct qetl_place place = qetl_document_key_place(e->document, pointer);
    char *dotted = qetl_pointer_dotted(pointer);
    struct qetl_finding *finding =
        qetl_finding_add(e->findings, QETL_WARNING, "placeholder_in_key",
                         "placeholders are replaced in values, not in keys");
    qetl_finding_at(finding, place.file, place.line, place.column, dotted);
    qetl_finding_mend(finding, "write the key out");
    free(dotted);
}

static void expand_value(struct expander *e, json_t *value, const char *pointer);

/* What the value below becomes, or NULL: nothing changes. */
static json_t *expand_child(struct expander *e, json_t *value, const char *pointer)
{
    if (!pointer)
        qetl_findings_no_memory(e->findings);
    else if (!json_is_string(value))
        expand_value(e, value, pointer);
    else if (e->written <= ALL_MAX && strstr(json_string_value(value), "${"))
        return expand_text(e, json_string_value(value), pointer);
    return NULL;
}

static void expand_value(struct expander *e, json_t *value, const char *pointer)
{
    const char *key;
    json_t *child, *changed;
    void *next;
    if (json_is_object(value))
        json_object_foreach_safe(value, next, key, child)
        {
            char *below = qetl_pointer_key(pointer, key);
            if (below && strstr(key, "${"))
                warn_key(e, below);
            changed = expand_child(e, child, below);
            if (changed && json_object_set_new(value, key, changed))
                qetl_findings_no_memory(e->findings);
            free(below);
        }
    for (size_t i = 0; i < json_array_size(value); i++) {
        char *below = qetl_pointer_index(pointer, i);
        changed = expand_child(e, json_array_get(value, i), below);
        if (changed && json_array_set_new(value, i, changed))
            qetl_findings_no_memory(e->findings);
        free(below);
    }
}

struct qetl_document *qetl_document_expanded(const struct qetl_document *document,
                                             struct qetl_variables *variables,
                                             struct qetl_findings *findings)
{
    struct expander e = {NULL, variables, findings, findings->errors, 0};
    e.document = qetl_document_edited(document, NULL, 0, findings);
    if (e.document)
        expand_value(&e, e.document->root, "");
    return e.document;
}
