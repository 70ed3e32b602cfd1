/* SPDX-License-Identifier: Apache-2.0 */
#include "document_build.h"
#include "excerpt.h"
#include "pointer.h"
#include "slurp.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct qetl_document *qetl_document_make(const char *name, json_t *root, struct qetl_places *places)
{
    struct qetl_document *document = calloc(1, sizeof *document);
    char *copy = strdup(name);
    if (!document || !copy || !root || !places) {
        free(document);
        free(copy);
        json_decref(root);
        qetl_places_free(places);
        return NULL;
    }
    *document = (struct qetl_document){.name = copy, .root = root, .places = places};
    document->mask = qetl_mask_new();
    if (document->mask)
        return document;
    qetl_document_free(document);
    return NULL;
}

void qetl_document_free(struct qetl_document *document)
{
    if (!document)
        return;
    json_decref(document->root);
    qetl_places_free(document->places);
    for (size_t i = 0; i < document->n_labels; i++)
        free(document->labels[i]);
    free(document->labels);
    for (size_t i = 0; i < document->n_expansions; i++)
        qetl_expansion_reset(&document->expansions[i]);
    free(document->expansions);
    qetl_mask_release(document->mask);
    free(document->lock);
    free(document->text);
    free(document->name);
    free(document);
}

const char *qetl_document_name(const struct qetl_document *document)
{
    return document->name;
}

const json_t *qetl_document_root(const struct qetl_document *document)
{
    return document->root;
}

static struct qetl_place place_of(const struct qetl_document *document, const char *pointer,
                                  int key)
{
    uint32_t number = qetl_places_find(document->places, pointer);
    if (number == QETL_PLACE_NONE)
        return (struct qetl_place){document->name, 0, 0};
    const struct qetl_place_entry *entry = qetl_places_at(document->places, number);
    struct qetl_mark mark = key && entry->key.line > 0 ? entry->key : entry->value;
    return (struct qetl_place){entry->file, mark.line, mark.column};
}

struct qetl_place qetl_document_place(const struct qetl_document *document, const char *pointer)
{
    return place_of(document, pointer, 0);
}

struct qetl_place qetl_document_key_place(const struct qetl_document *document, const char *pointer)
{
    return place_of(document, pointer, 1);
}

/* What could not be read as it stands is told once: what follows from that is no second mistake. */
static int is_told(const struct qetl_findings *findings, struct qetl_place place)
{
    static const char *const codes[] = {"unknown_alias", "alias_in_itself", "unknown_tag",
                                        "wrong_tag", "nul_in_text"};
    for (size_t i = 0; place.line > 0 && i < findings->count; i++) {
        const struct qetl_finding *finding = &findings->items[i];
        if (finding->line != place.line || finding->column != place.column || !finding->file ||
            strcmp(finding->file, place.file) != 0)
            continue;
        for (size_t k = 0; k < sizeof codes / sizeof *codes; k++)
            if (strcmp(finding->code, codes[k]) == 0)
                return 1;
    }
    return 0;
}

void qetl_document_show(const struct qetl_document *document, struct qetl_finding *finding,
                        struct qetl_place place)
{
    if (place.file == document->name && document->text && place.line > 0)
        qetl_finding_excerpt_line(finding, document->text, document->text_size, 0);
}

struct qetl_finding *qetl_document_error(const struct qetl_document *document, const char *pointer,
                                         enum qetl_place_part part, struct qetl_findings *findings,
                                         const char *code, const char *format, ...)
{
    va_list args;
    struct qetl_place place = place_of(document, pointer, part == QETL_AT_KEY);
    if (qetl_document_is_broken(document, pointer) || is_told(findings, place))
        return NULL;
    va_start(args, format);
    struct qetl_finding *finding = qetl_finding_vadd(findings, QETL_ERROR, code, format, args);
    va_end(args);
    char *dotted = qetl_pointer_dotted(pointer);
    qetl_finding_at(finding, place.file, place.line, place.column,
                    dotted && *dotted ? dotted : NULL);
    qetl_document_show(document, finding, place);
    free(dotted);
    return finding;
}

/* Length of the well-formed UTF-8 character at the beginning, 0 if there is none. */
static size_t utf8_size(const unsigned char *at, size_t size)
{
    static const struct {
        unsigned char lead_min, lead_max, next_min, next_max, size;
    } forms[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (*at < forms[i].lead_min || *at > forms[i].lead_max)
            continue;
        if (size < forms[i].size)
            return 0;
        if (forms[i].size > 1 && (at[1] < forms[i].next_min || at[1] > forms[i].next_max))
            return 0;
        for (size_t k = 2; k < forms[i].size; k++)
            if ((at[k] & 0xc0) != 0x80)
                return 0;
        return forms[i].size;
    }
    return 0;
}

static int check_utf8(struct qetl_build *build)
{
    struct qetl_mark mark = {1, 1};
    size_t at = 0;
    while (at < build->size) {
        const unsigned char *text = (const unsigned char *)build->text + at;
        size_t size = utf8_size(text, build->size - at);
        if (size == 0) {
            struct qetl_finding *finding = qetl_build_error(
                build, mark, "not_utf8", "byte 0x%02x is no part of a UTF-8 character", *text);
            qetl_finding_mend(finding,
                              "save the file as UTF-8 (iconv -f latin1 -t utf-8 converts)");
            return -1;
        }
        mark.column++;
        if (*text == '\n')
            mark = (struct qetl_mark){mark.line + 1, 1};
        at += size;
    }
    return 0;
}

static int check_size(struct qetl_build *build)
{
    if (build->size <= QETL_DOCUMENT_BYTES)
        return 0;
    struct qetl_finding *finding =
        qetl_build_error(build, (struct qetl_mark){0, 0}, "too_large",
                         "the file is larger than %d MiB", QETL_DOCUMENT_BYTES >> 20);
    qetl_finding_mend(finding, "give the configuration's name, not that of a data file");
    return -1;
}

static int is_named_json(const char *name)
{
    size_t size = strlen(name);
    return size >= 5 && strcmp(name + size - 5, ".json") == 0;
}

static json_t *read_tree(struct qetl_build *build)
{
    if (check_size(build) || check_utf8(build))
        return NULL;
    if (build->size >= 3 && memcmp(build->text, "\xef\xbb\xbf", 3) == 0) {
        build->text += 3;
        build->size -= 3;
    }
    return is_named_json(build->file) ? qetl_json_read(build) : qetl_yaml_read(build);
}

static int keep_text(struct qetl_document *document, const char *text, size_t size)
{
    document->text = malloc(size + 1);
    if (!document->text)
        return -1;
    memcpy(document->text, text, size);
    document->text[size] = '\0';
    document->text_size = size;
    return 0;
}

struct qetl_document *qetl_document_parse(const char *text, size_t size, const char *name,
                                          struct qetl_findings *findings)
{
    struct qetl_document *document = calloc(1, sizeof *document);
    if (!document || !(document->name = strdup(name)) || !(document->mask = qetl_mask_new()) ||
        !(document->places = qetl_places_new()) ||
        qetl_places_root(document->places, document->name) == QETL_PLACE_NONE) {
        qetl_finding_add(findings, QETL_ERROR, "no_memory", "out of memory while reading %s", name);
        qetl_document_free(document);
        return NULL;
    }
    struct qetl_build build = {document->name, text, size, document->places, findings, 0};
    document->root = read_tree(&build);
    if (document->root && keep_text(document, build.text, build.size))
        qetl_findings_no_memory(findings);
    else if (document->root)
        return document;
    assert(findings->errors > 0);
    qetl_document_free(document);
    return NULL;
}

struct qetl_document *qetl_document_load(const char *path, struct qetl_findings *findings)
{
    char *text = NULL;
    size_t size = 0;
    struct qetl_document *document = NULL;
    if (qetl_slurp(path, QETL_DOCUMENT_BYTES, &text, &size, findings) == 0)
        document = qetl_document_parse(text, size, strcmp(path, "-") ? path : "<stdin>", findings);
    free(text);
    return document;
}
