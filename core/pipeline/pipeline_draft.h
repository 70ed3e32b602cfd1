/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pipeline while it is being checked: components as they stand in the file, not yet a graph.
 *
 * Invariant: every entry of the three sections is a draft, also a broken one, so that a name which
 *            stands in the file is never called unknown.
 * Ownership: a draft owns its node until the pipeline takes it over.
 * Threads:   one.
 */
#ifndef QETL_CORE_PIPELINE_DRAFT_H
#define QETL_CORE_PIPELINE_DRAFT_H

#include "config/document.h"
#include "pipeline.h"

enum { QETL_COMPONENTS_MAX = 1000, QETL_INPUTS_MAX = 1000 };

struct qetl_link { /* an input as written, "split.large", and what it was found to name */
    size_t draft;  /* SIZE_MAX: nothing */
    char *port;    /* or NULL */
};

struct qetl_draft {
    struct qetl_node node;
    char *pointer; /* "/sources/orders" */
    json_t *json;  /* borrowed from the draft's root; NULL: no mapping */
    struct qetl_link *links;
    size_t n_links;
    int used;         /* somebody reads it, or meant to */
    char *ports_used; /* per output */
    int wrong;        /* an error was told of it */
    int sound;        /* plugin known and options good: its outputs can be told */
};

struct qetl_file_use { /* a file that a component names */
    const struct qetl_draft *draft;
    char *path; /* absolute, without . and .. and doubled slashes */
    char *pointer;
    int writes;
};

struct qetl_drafts {
    const struct qetl_document *document;
    const struct qetl_registry *registry;
    struct qetl_findings *findings;
    json_t *root;    /* a copy of the document's, defaults filled in, streams written out */
    json_t *origins; /* of those that there are one a stream: as the file calls it; or NULL */
    struct qetl_draft *items;
    size_t count;
    struct qetl_file_use *files;
    size_t n_files;
    int partial; /* a section is missing or unreadable: who reads whom cannot be told */
};

/* pipeline_streams.c: one component a stream. Nonzero without memory. */
int qetl_drafts_streams(struct qetl_drafts *drafts);
/* The name that the file has for a component. */
const char *qetl_drafts_origin(const struct qetl_drafts *drafts, const char *id);
int qetl_id_is_legal(const char *id);
/* Plugin, options, format and outputs of a draft, with findings for what is wrong. */
/* pipeline_checkpoint.c: `checkpoint` and `delivery`. */
void qetl_drafts_checkpoint(struct qetl_drafts *drafts, struct qetl_pipeline *pipeline);
void qetl_draft_fill(struct qetl_drafts *drafts, struct qetl_draft *draft);
/* Expressions, type names and files in options, by what their schema says of them. */
void qetl_draft_texts(struct qetl_drafts *drafts, const struct qetl_draft *draft,
                      const json_t *schema, const json_t *value, const char *pointer);
/* pipeline_letters.c: what dead_letters says; nonzero without memory. And the path alone, with the
 * pointer to it; NULL: none is named. */
int qetl_drafts_letters(struct qetl_drafts *drafts, struct qetl_pipeline *pipeline);
const char *qetl_drafts_letters_path(const struct qetl_drafts *drafts, const char **pointer);
void qetl_letter_rules_clear(struct qetl_letter_rules *rules);
/* A path so; links are not looked at. NULL without memory. */
char *qetl_path_clean(const char *path);
/* Once all files are known: none that is written may be read or written elsewhere. */
void qetl_drafts_files(struct qetl_drafts *drafts);
/* The pipeline's own list of them. 0, or -1 without memory. */
int qetl_drafts_take_files(const struct qetl_drafts *drafts, struct qetl_pipeline *pipeline);
/* The source that is to read, where the one that is named gives bytes and the format's are not read
 * front to back: then also the options of its format are the component's own. */
const struct qetl_manifest_component *
qetl_draft_instead(struct qetl_drafts *drafts, struct qetl_draft *draft,
                   const struct qetl_manifest_component *plugin);
/* The format of a byte source or sink, from `format` or the names of its files. */
void qetl_draft_format(struct qetl_drafts *drafts, struct qetl_draft *draft);
/* What this value of a misplaced or misspelt input names counts as read. */
void qetl_draft_mark(struct qetl_drafts *drafts, const json_t *input);
/* What its inputs name. */
void qetl_draft_connect(struct qetl_drafts *drafts, struct qetl_draft *draft);
/* Once all are connected: cycles, and what is read by nobody. */
void qetl_drafts_connected(struct qetl_drafts *drafts);
/* The drafts' numbers so that inputs come first, else as in the file; the caller frees. */
size_t *qetl_drafts_order(const struct qetl_drafts *drafts);

/* Puts what `incremental` asks for behind the sources. 0, or -1 without memory. */
int qetl_pipeline_increment(struct qetl_pipeline *pipeline);

/* An error at the draft's own key, or at the value of one of its keys ("/input"). */
struct qetl_finding *qetl_draft_error(struct qetl_drafts *drafts, const struct qetl_draft *draft,
                                      const char *below, const char *code, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* An error there, if another plugin offers what was found for that id as well. */
void qetl_draft_check_rival(struct qetl_drafts *drafts, const struct qetl_draft *draft,
                            const char *below, const struct qetl_manifest_component *found,
                            const char *id);
/* An error there, if what was not found may be of a package that could not be taken. */
bool qetl_draft_blame(struct qetl_drafts *drafts, const struct qetl_draft *draft, const char *below,
                      const char *what, const char *id);
void qetl_drafts_no_memory(struct qetl_drafts *drafts);

#endif
