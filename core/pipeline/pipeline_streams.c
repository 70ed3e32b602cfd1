/* SPDX-License-Identifier: Apache-2.0 */
/* A source with `streams` is one source for each of them, and what reads it is there once for each,
 * too: `shop.orders`. That is done before the file is made components of, by writing it out. */
#include "pipeline_streams.h"

#include "pipeline_draft.h"

#include "config/pointer.h"

#include <qetl/plugin.h>

#include <stdlib.h>
#include <string.h>

static const char *const sections[] = {"sources", "transforms", "sinks"};
static const char placeholder[] = "{stream}";

struct streams {
    struct qetl_drafts *drafts;
    json_t *root;
    json_t *names;         /* by component: a list, where there is one for each; else null */
    size_t written, bytes; /* components, and texts in them */
    bool no_memory;
};

/* What a few lines may become: beyond, the rest is not written out, and that is told. */
enum { BYTES_MAX = 64 << 20 };

/* Both take the value, and note that there was no memory for it. */
static void list_put(struct streams *s, json_t *list, json_t *value)
{
    s->no_memory |= json_array_append_new(list, value) != 0;
}

static void member_put(struct streams *s, json_t *object, const char *key, json_t *value)
{
    s->no_memory |= json_object_set_new(object, key, value) != 0;
}

/* ---- which there are ---- */

static json_t *entry_of(const struct streams *s, const char *id, const char **section)
{
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        json_t *entry = json_object_get(json_object_get(s->root, sections[i]), id);
        *section = sections[i];
        if (json_is_object(entry))
            return entry;
    }
    return NULL;
}

static struct qetl_finding *fail(const struct streams *s, const char *section, const char *id,
                                 const char *below, const char *code, const char *message)
{
    char *base = qetl_pointer_key("", section), *pointer = NULL;
    char *own = base ? qetl_pointer_key(base, id) : NULL;
    if (!own || asprintf(&pointer, "%s%s", own, below) < 0)
        pointer = NULL;
    struct qetl_finding *finding =
        qetl_document_error(s->drafts->document, pointer ? pointer : "", QETL_AT_VALUE,
                            s->drafts->findings, code, "%s", message);
    free(pointer);
    free(own);
    free(base);
    return finding;
}

static bool is_told(const json_t *names, const char *name, size_t size)
{
    size_t i;
    const json_t *one;
    json_array_foreach (names, i, one)
        if (json_string_length(one) == size && memcmp(json_string_value(one), name, size) == 0)
            return true;
    return false;
}

bool qetl_stream_is_pattern(const char *name)
{
    return name && strpbrk(name, "*?[");
}

static json_t *inputs_of(const json_t *entry)
{
    json_t *input = json_object_get(entry, "input");
    if (json_is_string(input))
        return json_pack("[O]", input);
    return json_is_array(input) ? json_incref(input) : json_array();
}

/* `shop.orders`, where somebody reads that one. */
static void named_add(struct streams *s, const char *id, const char *text, json_t *names)
{
    size_t size = strcspn(text, ".");
    if (strlen(id) != size || memcmp(text, id, size) != 0 || !text[size])
        return;
    const char *rest = text + size + 1;
    char *name = strndup(rest, strcspn(rest, "."));
    if (name && qetl_id_is_legal(name) && !is_told(names, name, strlen(name)))
        list_put(s, names, json_string(name));
    free(name);
}

/* Where the source was not asked, one stands for those like that, beside those that others name. */
static bool pattern_add(struct streams *s, const char *id, json_t *names)
{
    static const char any[] = "any";
    const char *reader;
    json_t *entry, *input;
    size_t k;
    for (size_t i = 1; i < sizeof sections / sizeof *sections; i++)
        json_object_foreach (json_object_get(s->root, sections[i]), reader, entry) {
            json_t *inputs = inputs_of(entry);
            json_array_foreach (inputs, k, input)
                if (json_is_string(input))
                    named_add(s, id, json_string_value(input), names);
            json_decref(inputs);
        }
    if (!is_told(names, any, strlen(any)))
        list_put(s, names, json_string(any));
    return true;
}

static bool name_add(struct streams *s, const char *id, json_t *names, const char *name)
{
    if (qetl_stream_is_pattern(name))
        return pattern_add(s, id, names);
    if (!name || !qetl_id_is_legal(name))
        qetl_finding_mend(fail(s, "sources", id, "/streams", "bad_stream",
                               "a stream's name has 1 to 100 of the letters a to z and A to Z, "
                               "digits, _ and -"),
                          "name it so, and say beside it what it is:  streams: {order_lines: "
                          "{table: Order Lines}}");
    else if (is_told(names, name, strlen(name)))
        qetl_finding_mend(
            fail(s, "sources", id, "/streams", "bad_stream", "a stream stands there twice"),
            "leave `%s` there once", name);
    else
        return json_array_append_new(names, json_string(name)) == 0;
    return false;
}

/* As the source has it: a list of names, or what is beside each; patterns for names, or one. */
static json_t *declared(struct streams *s, const char *id, const json_t *entry)
{
    json_t *word = json_object_get(entry, "streams"), *names, *value;
    const char *name;
    size_t i;
    if (!word || !(names = json_array()))
        return NULL;
    bool pattern = qetl_stream_is_pattern(json_string_value(word));
    if (json_array_size(word) + json_object_size(word) > QETL_COMPONENTS_MAX) {
        s->written = QETL_COMPONENTS_MAX + 1; /* told in the end */
        json_decref(names);
        return NULL;
    }
    bool good =
        pattern ? pattern_add(s, id, names) : json_array_size(word) + json_object_size(word) > 0;
    if (!good)
        qetl_finding_mend(fail(s, "sources", id, "/streams", "bad_stream",
                               "`streams` must be a list of names, or a mapping of names to what "
                               "is particular to each"),
                          "for example  streams: [orders, users]; or, where the source can say "
                          "what it has, streams: \"*\"");
    json_array_foreach (word, i, value)
        good = name_add(s, id, names, json_string_value(value)) && good;
    json_object_foreach (word, name, value) {
        good = name_add(s, id, names, name) && good;
        if (json_is_object(value) || json_is_null(value))
            continue;
        qetl_finding_mend(fail(s, "sources", id, "/streams", "bad_stream",
                               "beside a stream's name stand options of its own"),
                          "for example  streams: {orders: {path: /v1/orders}}");
        good = false;
    }
    if (good)
        return names;
    json_decref(names);
    return NULL;
}

static bool is_mentioned(json_t *value)
{
    const char *key, *text = json_string_value(value);
    json_t *part;
    size_t i;
    bool found = text && strstr(text, placeholder);
    json_array_foreach (value, i, part)
        found = found || is_mentioned(part);
    json_object_foreach (value, key, part)
        found = found || is_mentioned(part);
    return found;
}

static json_t *names_of(struct streams *s, const char *id);

/* Of whom an input names all: `shop`, but not `shop.orders`. behind: the port, or "". */
static json_t *names_of_input(struct streams *s, const char *text, const char **behind)
{
    size_t size = strcspn(text, ".");
    char *id = strndup(text, size);
    json_t *names = id ? names_of(s, id) : NULL;
    const char *rest = text[size] ? text + size + 1 : "";
    free(id);
    *behind = text + size;
    return names && *rest && is_told(names, rest, strcspn(rest, ".")) ? NULL : names;
}

/* As what it reads; NULL, too, where that differs. */
static json_t *inherited(struct streams *s, const char *section, const char *id,
                         const json_t *entry)
{
    json_t *inputs = inputs_of(entry), *names = NULL, *input;
    const char *behind;
    size_t i;
    json_array_foreach (inputs, i, input) {
        json_t *own =
            json_is_string(input) ? names_of_input(s, json_string_value(input), &behind) : NULL;
        if (own && names && !json_equal(own, names)) {
            qetl_finding_mend(fail(s, section, id, "/input", "other_streams",
                                   "its inputs do not have the same streams"),
                              "name single ones:  input: [shop.orders, depot.orders]");
            names = NULL;
            break;
        }
        names = own ? own : names;
    }
    json_decref(inputs);
    return json_incref(names);
}

/* What takes several inputs takes those of all streams, unless it names the stream. */
static bool gathers(const struct streams *s, const char *section, json_t *entry)
{
    const char *plugin = json_string_value(json_object_get(entry, "plugin"));
    uint32_t kind = section == sections[1] ? QETL_TRANSFORM : QETL_SINK;
    const struct qetl_manifest_component *found =
        plugin ? qetl_registry_find(s->drafts->registry, kind, plugin) : NULL;
    return found && found->inputs_max != 1 && !is_mentioned(entry);
}

static json_t *names_of(struct streams *s, const char *id)
{
    const char *section;
    json_t *known = json_object_get(s->names, id), *names = NULL;
    if (known)
        return json_is_array(known) ? known : NULL;
    json_object_set_new(s->names, id, json_null()); /* in case that rows go round in a circle */
    json_t *entry = entry_of(s, id, &section);
    if (entry && section == sections[0])
        names = declared(s, id, entry);
    else if (entry && !gathers(s, section, entry))
        names = inherited(s, section, id, entry);
    if (names)
        json_object_set_new(s->names, id, names);
    return names;
}

/* ---- written out ---- */

static json_t *text_filled(struct streams *s, const char *text, const char *name)
{
    char *made = NULL;
    size_t size = 0, before = s->bytes;
    FILE *out = open_memstream(&made, &size);
    if (!out)
        return NULL;
    for (const char *at; (at = strstr(text, placeholder)) && s->bytes <= BYTES_MAX;) {
        fprintf(out, "%.*s%s", (int)(at - text), text, name);
        s->bytes += (size_t)(at - text) + strlen(name);
        text = at + strlen(placeholder);
    }
    fputs(text, out);
    json_t *value = fclose(out) ? NULL : json_string(made);
    s->bytes = before + size;
    free(made);
    return value;
}

/* A copy with the stream's name in its texts. */
static json_t *filled(struct streams *s, json_t *value, const char *name)
{
    const char *key;
    json_t *part, *copy;
    size_t i;
    if (json_is_string(value))
        return text_filled(s, json_string_value(value), name);
    if (!json_is_array(value) && !json_is_object(value))
        return json_incref(value);
    copy = json_is_array(value) ? json_array() : json_object();
    json_array_foreach (value, i, part)
        list_put(s, copy, filled(s, part, name));
    json_object_foreach (value, key, part)
        member_put(s, copy, key, filled(s, part, name));
    return copy;
}

static void input_add(struct streams *s, json_t *inputs, const char *text, const char *behind,
                      const char *name)
{
    list_put(s, inputs, json_sprintf("%.*s.%s%s", (int)(behind - text), text, name, behind));
}

/* name NULL: of each stream. */
static void inputs_put(struct streams *s, json_t *entry, const char *name)
{
    json_t *was = inputs_of(entry), *inputs = json_array(), *input, *one;
    const char *behind;
    size_t i, k;
    json_array_foreach (was, i, input) {
        const char *text = json_string_value(input);
        json_t *names = text ? names_of_input(s, text, &behind) : NULL;
        if (!names)
            list_put(s, inputs, json_incref(input));
        else if (name)
            input_add(s, inputs, text, behind, name);
        else
            json_array_foreach (names, k, one)
                input_add(s, inputs, text, behind, json_string_value(one));
    }
    bool single = json_is_string(json_object_get(entry, "input")) && json_array_size(inputs) == 1;
    if (json_array_size(was))
        member_put(s, entry, "input", json_incref(single ? json_array_get(inputs, 0) : inputs));
    json_decref(inputs);
    json_decref(was);
}

static json_t *component_of(struct streams *s, json_t *entry, const char *name)
{
    json_t *one = filled(s, entry, name);
    json_t *own = json_object_get(json_object_get(one, "streams"), name);
    const char *key;
    json_t *value;
    json_incref(own);
    json_object_del(one, "streams");
    if (json_is_object(own))
        s->no_memory |= json_object_update_recursive(one, own) != 0;
    json_object_foreach (own, key, value)
        if (json_is_null(value)) /* not what all others have */
            json_object_del(one, key);
    json_decref(own);
    inputs_put(s, one, name);
    return one;
}

static void entry_write(struct streams *s, json_t *to, const char *id, json_t *entry)
{
    size_t i;
    json_t *name, *names = json_is_object(entry) ? names_of(s, id) : NULL;
    if (!names) {
        json_t *one = json_deep_copy(entry);
        if (json_is_object(one))
            inputs_put(s, one, NULL);
        json_object_del(one, "streams");
        member_put(s, to, id, one);
        s->written++;
        return;
    }
    json_array_foreach (names, i, name) {
        char *own;
        if (++s->written > QETL_COMPONENTS_MAX || s->bytes > BYTES_MAX)
            return;
        if (asprintf(&own, "%s.%s", id, json_string_value(name)) < 0) {
            s->no_memory = true;
            return;
        }
        member_put(s, to, own, component_of(s, entry, json_string_value(name)));
        member_put(s, s->drafts->origins, own, json_string(id));
        free(own);
    }
}

static bool has_streams(const json_t *sources)
{
    const char *id;
    json_t *entry;
    json_object_foreach ((json_t *)sources, id, entry)
        if (json_object_get(entry, "streams"))
            return true;
    return false;
}

int qetl_drafts_streams(struct qetl_drafts *drafts)
{
    struct streams s = {.drafts = drafts};
    const char *id;
    json_t *entry;
    if (!has_streams(json_object_get(drafts->root, "sources")))
        return 0;
    s.root = json_deep_copy(drafts->root);
    s.names = json_object();
    drafts->origins = json_object();
    int bad = !s.root || !s.names || !drafts->origins;
    for (size_t i = 0; !bad && i < sizeof sections / sizeof *sections; i++) {
        json_t *from = json_object_get(s.root, sections[i]), *to = json_object();
        json_object_foreach (from, id, entry)
            entry_write(&s, to, id, entry);
        bad = json_is_object(from) ? json_object_set_new(drafts->root, sections[i], to) : 0;
        if (!json_is_object(from))
            json_decref(to);
    }
    if (s.written > QETL_COMPONENTS_MAX || s.bytes > BYTES_MAX) {
        qetl_finding_mend(qetl_document_error(drafts->document, "/sources", QETL_AT_KEY,
                                              drafts->findings, "too_many_components",
                                              "with their streams there are more than %d "
                                              "components, or more than %d MiB of options",
                                              QETL_COMPONENTS_MAX, BYTES_MAX >> 20),
                          "make several pipelines of it");
        drafts->partial = 1;
    }
    json_decref(s.root);
    json_decref(s.names);
    return bad || s.no_memory ? -1 : 0;
}

const char *qetl_drafts_origin(const struct qetl_drafts *drafts, const char *id)
{
    const char *origin = json_string_value(json_object_get(drafts->origins, id));
    return origin ? origin : id;
}
