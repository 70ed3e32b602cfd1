/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Incremental loading: behind a source, a component of the host's own that lets pass what is new
 * since the last run by a cursor column, and each row of a key once.
 *
 * Invariant: what is filtered has a cursor below the bound, which stays where it was when the run
 *            began, or passed before with this key and cursor. The watermark of the next run is the
 *            highest cursor of all rows of a source that came to its end.
 * Ownership: an instance owns what it remembers; answers belong to the caller.
 * Threads:   set-up by the control thread, process and save by the task's.
 */
#ifndef QETL_CORE_INCREMENT_H
#define QETL_CORE_INCREMENT_H

#include "plugin/registry.h"
#include "state/watermark.h"

#include <qetl/plugin.h>
#include <qetl/sdk.h>

extern const struct qetl_component qetl_increment_component;
extern const struct qetl_manifest_component qetl_increment_manifest;

/* The JSON Schema of a source's word `incremental`; a new reference. */
json_t *qetl_increment_schema(void);
/* NULL, or what is wrong with it beyond its schema, and where ("/lag"). */
const char *qetl_increment_check(const json_t *incremental, const char **pointer,
                                 const char **mend);

/* An instance that is bound, at the beginning of a run that is no resumed one: the watermark, and
 * what the last run's instance saved (or NULL). A failure is reported by the instance. */
int32_t qetl_increment_begin(void *self, const struct qetl_blob *mark,
                             const struct qetl_blob *saved);
/* The source came to its end: the watermark moves. Else the next run begins where this one did. */
void qetl_increment_ended(void *self);
/* The condition on its source's rows as a JSON syntax tree, for pushdown; NULL: none, or no
 * memory. */
char *qetl_increment_predicate(void *self);
/* The same before the source is opened, where columns are learnt from what it gives: by the options
 * and the watermark of the last run, of which nothing is known where it was set by hand. */
char *qetl_increment_since(struct qetl_env, const json_t *incremental,
                           const struct qetl_blob *mark);
/* What it lets pass, for people: "updated_at from 2026-01-01 00:00:00 on". NULL without memory. */
char *qetl_increment_says(void *self);

/* Of what its save wrote: the entries of a watermark. false: it is not such bytes. */
bool qetl_increment_split(const void *saved, size_t size, struct qetl_blob *mark,
                          struct qetl_blob *memory);
/* In what its save wrote: not all rows were wanted, so that the watermark stays. */
void qetl_increment_take_back(void *saved, size_t size);

#endif
