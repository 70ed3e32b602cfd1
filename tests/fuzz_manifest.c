/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arbitrary bytes as a manifest and as the library beside it. Held: what is refused has a reason;
 * of what is accepted, every component has a kind and a name, and its schema takes any options
 * without running over them; the note of a library lies inside of it, as do the names of those that
 * it needs.
 */
#include "../core/config/document.h"
#include "../core/config/schema_check.h"
#include "../core/plugin/elf_needs.h"
#include "../core/plugin/elf_note.h"
#include "../core/plugin/manifest.h"

#include <qetl/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MANIFEST_MAX = 1 << 16 };

static void expect(int held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "not held: %s\n", what);
    abort();
}

static void note_find(const uint8_t *data, size_t size)
{
    const void *desc = NULL;
    size_t desc_size = 0;
    if (qetl_elf_note_find(data, size, QETL_NOTE_OWNER, QETL_NOTE_MANIFEST, &desc, &desc_size) !=
        QETL_NOTE_FOUND)
        return;
    size_t at = (size_t)((const uint8_t *)desc - data);
    expect(at <= size && desc_size <= size - at, "the note lies inside the library");
}

struct bytes {
    const char *data;
    size_t size;
};

static void need_use(void *arg, const char *name)
{
    const struct bytes *all = arg;
    char package[QETL_PACKAGE];
    size_t at = (size_t)(name - all->data);
    expect(at < all->size && memchr(name, 0, all->size - at) != NULL, "a name lies inside");
    expect(strlen(qetl_library_package(name, package)) < QETL_PACKAGE, "a package has room");
}

static void needs_find(const uint8_t *data, size_t size)
{
    struct bytes all = {(const char *)data, size};
    qetl_elf_needs(data, size, need_use, &all);
}

/* Options of each JSON type, by the names that the schema has. */
static json_t *options_make(const json_t *schema, int round)
{
    static const char *const values[] = {"1",    "\"a\"", "[\"a\", -1]", "{\"a\": {}}",
                                         "true", "null",  "1.5"};
    json_t *options = json_object(), *option;
    const char *name;
    int i = round;
    json_object_foreach (json_object_get(schema, "properties"), name, option)
        json_object_set_new(
            options, name,
            json_loads(values[i++ % (int)(sizeof values / sizeof *values)], JSON_DECODE_ANY, NULL));
    return options;
}

static void component_use(const struct qetl_manifest_component *component)
{
    expect(component->kind >= QETL_SOURCE && component->kind <= QETL_FORMAT, "a kind");
    expect(component->id && *component->id, "a name");
    expect(json_is_object(component->options), "a schema");
    expect(component->inputs_max == -1 || component->inputs_max > 0, "inputs");
    for (int round = 0; round < 8; round++) {
        struct qetl_findings findings = {0};
        struct qetl_document *document = qetl_document_parse("{}", 2, "p.json", &findings);
        json_t *options = round ? options_make(component->options, round) : json_object();
        size_t errors = qetl_schema_check(component->options, options, document, "", &findings);
        expect(errors == findings.errors, "as many findings as mistakes");
        json_decref(options);
        qetl_document_free(document);
        qetl_findings_free(&findings);
    }
}

static void manifest_read(const uint8_t *data, size_t size)
{
    char path[] = "/tmp/qetl-fuzz-XXXXXX" QETL_MANIFEST_SUFFIX;
    struct qetl_findings findings = {0};
    int fd = mkstemps(path, sizeof QETL_MANIFEST_SUFFIX - 1);
    expect(fd >= 0 && write(fd, data, size) == (ssize_t)size, "a file");
    close(fd);
    struct qetl_manifest *manifest = qetl_manifest_load(path, &findings);
    unlink(path);
    expect(!manifest == (findings.errors > 0), "what is refused has a reason");
    for (size_t i = 0; manifest && i < manifest->n_components; i++)
        component_use(&manifest->components[i]);
    expect(!manifest || (manifest->n_components && *manifest->id), "whole");
    expect(!manifest || manifest->abi_min <= manifest->abi_max, "a range");
    qetl_manifest_free(manifest);
    qetl_findings_free(&findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > MANIFEST_MAX)
        return 0;
    if (size && data[0] == 0x7f) {
        note_find(data, size);
        needs_find(data, size);
    } else
        manifest_read(data, size);
    return 0;
}
