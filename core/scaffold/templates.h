/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that a new plugin's folder is made of, as they stand in core/scaffold/templates and
 * sdk/rust.
 *
 * Invariant: for each kind and language that scaffold.h offers there is one Makefile, one source
 *            file, one manifest, one test; templates of one path are parts of one file, in their
 *            order.
 * Ownership: constant, part of the program.
 * Threads:   any.
 */
#ifndef QETL_CORE_TEMPLATES_H
#define QETL_CORE_TEMPLATES_H

/* The name that the templates bear: it becomes the plugin's. */
#define QETL_TEMPLATE_NAME "newplugin"
/* The name of the source file in texts. */
#define QETL_TEMPLATE_SOURCE QETL_TEMPLATE_NAME ".lang"

/* What stands below it is qetl's own, and stays as it is. */
#define QETL_TEMPLATE_BINDINGS "src/qetl/"

struct qetl_template {
    unsigned kinds, langs; /* bits: 1 << enum qetl_scaffold_kind, _lang */
    const char *path;      /* in the new folder */
    const char *begin, *end;
};

extern const struct qetl_template qetl_templates[]; /* ended by a NULL path */

#endif
