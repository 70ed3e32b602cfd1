/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the readers of YAML and JSON share while they make a document.
 *
 * Invariant: every value that a reader makes has an entry in places.
 * Ownership: a reader borrows all of this; the tree that it answers is the caller's.
 * Threads:   one.
 */
#ifndef QETL_CORE_DOCUMENT_BUILD_H
#define QETL_CORE_DOCUMENT_BUILD_H

#include "document.h"
#include "mask.h"
#include "places.h"

enum { QETL_BUILD_ERRORS_MAX = 50 }; /* of one document, then reading stops */

struct qetl_build {
    const char *file;
    const char *text; /* valid UTF-8, without byte order mark */
    size_t size;
    struct qetl_places *places; /* entry 0, the root's, exists */
    struct qetl_findings *findings;
    size_t errors;
};

/* NULL: a finding says why. */
json_t *qetl_yaml_read(struct qetl_build *build);
json_t *qetl_json_read(struct qetl_build *build);

struct qetl_finding *qetl_build_error(struct qetl_build *build, struct qetl_mark mark,
                                      const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Places of a new member or element, or QETL_PLACE_NONE with a finding. A duplicate key is a
 * finding that names both places; *duplicate then says that the value is to be dropped. */
uint32_t qetl_build_member(struct qetl_build *build, uint32_t parent, const char *key,
                           struct qetl_mark mark, int *duplicate);
uint32_t qetl_build_element(struct qetl_build *build, uint32_t parent, struct qetl_mark mark);
/* 0 if text of so many bytes holds no NUL, else -1 with a finding. */
int qetl_build_text(struct qetl_build *build, const char *text, size_t size, struct qetl_mark mark);
/* The value, or NULL with a finding if it is NULL: no memory. */
json_t *qetl_build_value(struct qetl_build *build, json_t *value);
/* Room or memory ran out: says which. */
void qetl_build_full(struct qetl_build *build, struct qetl_mark mark);
void qetl_build_too_deep(struct qetl_build *build, struct qetl_mark mark);

struct qetl_piece { /* from here to the next one, the text … */
    size_t at;      /* … of the value */
    size_t from;    /* … stands here in what is written, */
    int fixed;      /* … all of it in that one place: a placeholder */
};

struct qetl_expansion { /* a text whose placeholders were replaced */
    uint32_t entry;     /* in places */
    char *raw, *text;   /* as written; as it became */
    struct qetl_piece *pieces;
    size_t n_pieces;
    int failed; /* the text is still the raw one */
};

struct qetl_document {
    char *name;
    json_t *root;
    struct qetl_places *places;
    struct qetl_mask *mask;
    char *lock; /* the file that was named as its lock, or NULL */
    char *text; /* of the file; NULL: it has none */
    size_t text_size;
    char **labels; /* what stands for a file in places of edited values; owned */
    size_t n_labels;
    struct qetl_expansion *expansions;
    size_t n_expansions;
};

/* Takes what the expansion owns, in every case. 0, or -1 without memory. */
int qetl_document_note_expansion(struct qetl_document *document, const char *pointer,
                                 struct qetl_expansion *expansion);
void qetl_expansion_reset(struct qetl_expansion *expansion);
/* Nonzero if the text at a pointer could not be replaced: what is wrong with it is told. */
int qetl_document_is_broken(const struct qetl_document *document, const char *pointer);

/* A document of a tree made elsewhere; takes root and places over, also when it answers NULL. */
struct qetl_document *qetl_document_make(const char *name, json_t *root,
                                         struct qetl_places *places);

#endif
