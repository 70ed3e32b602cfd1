/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Corrections of a letter: other bytes for its decoder, or other values for its row.
 *
 * Invariant: a corrected value is one of its column's type.
 * Ownership: what is answered, the members that change, is the caller's; NULL with findings.
 * Threads:   one.
 */
#ifndef QETL_CORE_EDIT_H
#define QETL_CORE_EDIT_H

#include "config/finding.h"

#include <jansson.h>

json_t *qetl_edit_original(const json_t *letter, const char *text, size_t size,
                           struct qetl_findings *);
/* settings: "COLUMN=VALUE"; nulls: columns. */
json_t *qetl_edit_row(const json_t *letter, const char *const *settings, size_t n_settings,
                      const char *const *nulls, size_t n_nulls, struct qetl_findings *);
/* By the editor that VISUAL or EDITOR names. */
json_t *qetl_edit_by_hand(const json_t *letter, struct qetl_findings *);

#endif
