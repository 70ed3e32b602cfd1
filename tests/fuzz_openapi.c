/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arbitrary descriptions of services. Held: what is not understood is reported; a stream has a name
 * and a URL, types that are types, and notes of one line each; no text of a description becomes a
 * placeholder, by which it could ask for a secret.
 */
#include "fake_host.h"
#include "plugins/sources/openapi/streams.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "not held: %s\n", what);
    abort();
}

/* "${NAME}" of a part of the path or a parameter, and "${secret:NAME}" where may_hide. */
static void text_check(const char *text, bool may_hide)
{
    for (const char *at = strstr(text, "${"); at; at = strstr(at + 2, "${")) {
        const char *name = at + 2;
        if (at > text && at[-1] == '$')
            continue;
        bool hides = strncmp(name, "secret:", 7) == 0;
        name += hides ? 7 : 0;
        const char *end = name;
        while (isalnum((unsigned char)*end) || *end == '_')
            end++;
        expect(*end == '}' && end > name && !isdigit((unsigned char)*name), "a name");
        expect(!hides || may_hide, "secrets are those of auth");
    }
}

static void texts_check(const json_t *value, bool may_hide)
{
    const char *key;
    json_t *member;
    size_t i;
    if (json_is_string(value))
        text_check(json_string_value(value), may_hide);
    json_array_foreach (value, i, member)
        texts_check(member, may_hide);
    json_object_foreach ((json_t *)value, key, member)
        texts_check(member, may_hide || strcmp(key, "auth") == 0);
}

static void types_check(const json_t *types)
{
    const char *name;
    json_t *type;
    json_object_foreach ((json_t *)types, name, type) {
        struct ArrowSchema field;
        expect(!qetl_type_field(json_string_value(type), name, &field), "a type");
        qetl_schema_release(&field);
    }
}

static void stream_check(const json_t *stream)
{
    const json_t *options = json_object_get(stream, "options"), *line;
    size_t i;
    expect(json_is_object(stream), "a stream");
    expect(json_is_string(json_object_get(stream, "name")), "it has a name");
    expect(json_is_string(json_object_get(options, "url")), "it has a URL");
    texts_check(options, false);
    types_check(json_object_get(stream, "types"));
    json_array_foreach (json_object_get(stream, "notes"), i, line)
        for (const char *c = json_string_value(line); *c; c++)
            expect((unsigned char)*c >= ' ', "a line is one");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qetl_fake_host fake;
    char *text = malloc(size + 1);
    if (!text || !size)
        return free(text), 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = 0;
    qetl_fake_host_init(&fake, "{}");
    struct document document = {.env = fake.env, .path = "x"};
    if (document_read(&document, text, size - 1)) {
        expect(fake.n_errors == 1, "why not is told once");
    } else {
        json_t *streams = streams_of(&document, data[0] & 1 ? "http://a.example/${b}" : NULL), *one;
        size_t i;
        json_array_foreach (streams, i, one)
            stream_check(one);
        json_decref(streams);
    }
    document_close(&document);
    expect(qetl_fake_host_free(&fake) == 0, "no buffer is left");
    free(text);
    return 0;
}
