/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration file, YAML or JSON, as JSON with the place of every key and value.
 *
 * Invariant: the tree is at most QETL_DOCUMENT_DEPTH deep and has at most QETL_PLACES_MAX values;
 * no text in it holds a NUL; keys are unique. Ownership: the document owns its tree and the file
 * strings of its places. Threads:   immutable once made.
 */
#ifndef QETL_CORE_DOCUMENT_H
#define QETL_CORE_DOCUMENT_H

#include "finding.h"
#include "place.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum { QETL_DOCUMENT_DEPTH = 64, QETL_DOCUMENT_BYTES = 16 << 20 };

struct qetl_document;

/* NULL if the file cannot be understood at all. A document may come with errors counted in findings
 * (a duplicate key, say), so that what else is wrong can be told in one go: never run such a one.
 * path "-" is standard input. A name that ends in .json is read as JSON, all else as YAML. */
struct qetl_document *qetl_document_load(const char *path, struct qetl_findings *findings);
struct qetl_document *qetl_document_parse(const char *text, size_t size, const char *name,
                                          struct qetl_findings *findings);
void qetl_document_free(struct qetl_document *document);

const char *qetl_document_name(const struct qetl_document *document);
int qetl_document_is_oneliner(const struct qetl_document *document);
const json_t *qetl_document_root(const struct qetl_document *document);

/* Of the value at a JSON pointer, or of its nearest known ancestor. */
struct qetl_place qetl_document_place(const struct qetl_document *document, const char *pointer);
/* Of the key that leads to it; of the value where no key does. */
struct qetl_place qetl_document_key_place(const struct qetl_document *document,
                                          const char *pointer);

/* Of byte `offset` of the text at a pointer, behind quotes, escapes, folded lines and placeholders;
 * of the text where that cannot be told. */
struct qetl_place qetl_document_text_place(const struct qetl_document *document,
                                           const char *pointer, size_t offset);
/* The finding shows the line of its place, if that is in the document's text. */
void qetl_document_show(const struct qetl_document *, struct qetl_finding *, struct qetl_place);
/* Puts a finding at bytes [begin, end) of the text at a pointer, with the line that they stand in;
 * where the text is not of the file, with the line of the text itself. */
void qetl_document_text_at(const struct qetl_document *document, struct qetl_finding *finding,
                           const char *pointer, size_t begin, size_t end);
/* Where the comment begins that ends a text without quotes as an operator of expressions would go
 * on: column #>> 'path'. Line 0: none does. */
struct qetl_place qetl_document_cut_place(const struct qetl_document *, const char *pointer);
/* Nonzero if placeholders were replaced in the text at a pointer. */
int qetl_document_is_expanded(const struct qetl_document *document, const char *pointer);
/* The secrets in it; shared by its copies, and by what is made of it. */
struct qetl_mask *qetl_document_mask(const struct qetl_document *document);
/* Before anything was added to its own. */
void qetl_document_use_mask(struct qetl_document *document, struct qetl_mask *mask);
/* The file that somebody named as the lock of its plugins; NULL: nobody did. Kept by its copies. */
const char *qetl_document_lock(const struct qetl_document *document);
/* 0, or -1 without memory. */
int qetl_document_use_lock(struct qetl_document *document, const char *path);

/* An error at a pointer, its dotted path included; the rest as qetl_finding_add. NULL
 * without an error where the text there was broken before. */
enum qetl_place_part { QETL_AT_VALUE, QETL_AT_KEY };
struct qetl_finding *qetl_document_error(const struct qetl_document *document, const char *pointer,
                                         enum qetl_place_part part, struct qetl_findings *findings,
                                         const char *code, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* A change: the value at a JSON pointer becomes this one. Objects on the way are made; "-", or the
 * number of entries, adds to a list. */
struct qetl_edit {
    const char *pointer;
    const json_t *value;     /* copied; NULL: the member goes */
    struct qetl_place place; /* of the value from now on; .file NULL: where the old one stood, or
                              * what would have held it; copied */
};
/* A copy with the edits done one after the other; NULL with findings for each that cannot be. */
struct qetl_document *qetl_document_edited(const struct qetl_document *document,
                                           const struct qetl_edit *edits, size_t n_edits,
                                           struct qetl_findings *findings);
/* A copy with values from the command line: "sources.orders.path=orders.csv". Steps of a path are
 * words, quoted words and [3]; the value is a YAML scalar or flow collection. Places then name the
 * option. NULL with findings. */
struct qetl_document *qetl_document_set(const struct qetl_document *document,
                                        const char *const *settings, size_t n_settings,
                                        struct qetl_findings *findings);

/* The one-liner's options; NULL or -1 where not given. */
struct qetl_oneliner {
    const char *from, *to;
    const char *from_format, *to_format;
    const char *where;
    const char *const *compute; /* NAME=EXPRESSION, ended by NULL; or NULL */
    const char *select; /* columns, separated by commas; "…" around a name that holds one */
    int64_t limit;
};
/* The pipeline file that the options stand for; its places name the options ("--where"). */
struct qetl_document *qetl_document_from_oneliner(const struct qetl_oneliner *options,
                                                  struct qetl_findings *findings);

#endif
