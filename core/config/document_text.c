/* SPDX-License-Identifier: Apache-2.0 */
/* Places inside the text values of a document. */
#include "document_build.h"
#include "excerpt.h"
#include "pointer.h"
#include "scalar_place.h"

#include <stdlib.h>
#include <string.h>

void qetl_expansion_reset(struct qetl_expansion *expansion)
{
    free(expansion->raw);
    free(expansion->text);
    free(expansion->pieces);
    memset(expansion, 0, sizeof *expansion);
}

int qetl_document_note_expansion(struct qetl_document *document, const char *pointer,
                                 struct qetl_expansion *expansion)
{
    struct qetl_expansion *all =
        reallocarray(document->expansions, document->n_expansions + 1, sizeof *all);
    if (!all) {
        qetl_expansion_reset(expansion);
        return -1;
    }
    document->expansions = all;
    expansion->entry = qetl_places_find(document->places, pointer);
    all[document->n_expansions++] = *expansion;
    return 0;
}

/* That of the text that stands there now; NULL: it was written so. */
static const struct qetl_expansion *expansion_find(const struct qetl_document *document,
                                                   const char *pointer)
{
    if (document->n_expansions == 0)
        return NULL;
    uint32_t entry = qetl_places_find(document->places, pointer);
    const char *text = json_string_value(qetl_pointer_get(document->root, pointer));
    for (size_t i = 0; text && i < document->n_expansions; i++) {
        const struct qetl_expansion *expansion = &document->expansions[i];
        const char *now = expansion->failed ? expansion->raw : expansion->text;
        if (expansion->entry == entry && now && strcmp(now, text) == 0)
            return expansion;
    }
    return NULL;
}

int qetl_document_is_expanded(const struct qetl_document *document, const char *pointer)
{
    return expansion_find(document, pointer) != NULL;
}

int qetl_document_is_broken(const struct qetl_document *document, const char *pointer)
{
    const struct qetl_expansion *expansion = expansion_find(document, pointer);
    return expansion && expansion->failed;
}

struct qetl_mask *qetl_document_mask(const struct qetl_document *document)
{
    return document->mask;
}

void qetl_document_use_mask(struct qetl_document *document, struct qetl_mask *mask)
{
    qetl_mask_retain(mask);
    qetl_mask_release(document->mask);
    document->mask = mask;
}

const char *qetl_document_lock(const struct qetl_document *document)
{
    return document->lock;
}

int qetl_document_use_lock(struct qetl_document *document, const char *path)
{
    char *lock = strdup(path);
    free(document->lock);
    document->lock = lock;
    return lock ? 0 : -1;
}

/* The offset in the text as written. */
static size_t raw_offset(const struct qetl_expansion *expansion, size_t offset)
{
    size_t i = expansion->n_pieces;
    while (i > 0 && (expansion->pieces[i - 1].at > offset))
        i--;
    if (i == 0)
        return offset;
    const struct qetl_piece *piece = &expansion->pieces[i - 1];
    return piece->from + (piece->fixed ? 0 : offset - piece->at);
}

struct qetl_place qetl_document_text_place(const struct qetl_document *document,
                                           const char *pointer, size_t offset)
{
    const struct qetl_expansion *expansion = expansion_find(document, pointer);
    const char *raw =
        expansion ? expansion->raw : json_string_value(qetl_pointer_get(document->root, pointer));
    struct qetl_place place = qetl_document_place(document, pointer);
    struct qetl_mark mark = {place.line, place.column}, inside;
    if (expansion && !expansion->failed)
        offset = raw_offset(expansion, offset);
    if (raw && document->text && place.file == document->name && place.line > 0 &&
        qetl_scalar_place(document->text, document->text_size, mark, raw, offset, &inside) == 0) {
        place.line = inside.line;
        place.column = inside.column;
    }
    return place;
}

struct qetl_place qetl_document_cut_place(const struct qetl_document *document, const char *pointer)
{
    const char *value = json_string_value(qetl_pointer_get(document->root, pointer));
    struct qetl_place place = {0};
    size_t at, blanks;
    if (!value || !document->text)
        return place;
    place = qetl_document_text_place(document, pointer, strlen(value));
    if (place.file != document->name || place.line < 1)
        return (struct qetl_place){0};
    at = qetl_excerpt_offset(document->text, document->text_size, place.line, place.column);
    blanks = at < document->text_size ? strspn(document->text + at, " \t") : 0;
    if (!blanks || strncmp(document->text + at + blanks, "#>", 2) != 0)
        return (struct qetl_place){0};
    place.column += (int)blanks;
    return place;
}

void qetl_document_text_at(const struct qetl_document *document, struct qetl_finding *finding,
                           const char *pointer, size_t begin, size_t end)
{
    const char *text = json_string_value(qetl_pointer_get(document->root, pointer));
    struct qetl_place place = qetl_document_text_place(document, pointer, begin);
    struct qetl_place behind = qetl_document_text_place(document, pointer, end);
    char *dotted = qetl_pointer_dotted(pointer);
    qetl_finding_at(finding, place.file, place.line, place.column, dotted);
    free(dotted);
    if (place.file != document->name || !document->text || place.line < 1) {
        if (text)
            qetl_finding_excerpt(finding, text, strlen(text), begin, end);
        return;
    }
    int width = behind.line == place.line  ? behind.column - place.column
                : behind.line > place.line ? QETL_EXCERPT_MAX
                                           : 0;
    qetl_finding_excerpt_line(finding, document->text, document->text_size,
                              width > 0 ? (size_t)width : 0);
}
