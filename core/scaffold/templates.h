/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that a new plugin's folder is made of, as they stand in core/scaffold/templates.
 *
 * Invariant: for each kind and language that scaffold.h offers there is one Makefile, one source
 *            file, one manifest, one test; no two templates of a folder have the same name.
 * Ownership: constant, part of the program.
 * Threads:   any.
 */
#ifndef QETL_CORE_TEMPLATES_H
#define QETL_CORE_TEMPLATES_H

/* The name that the templates bear: it becomes the plugin's. */
#define QETL_TEMPLATE_NAME "newplugin"
/* The name of the source file in texts; its suffix becomes the language's. */
#define QETL_TEMPLATE_SOURCE QETL_TEMPLATE_NAME ".lang"

struct qetl_template {
    unsigned kinds, langs; /* bits: 1 << enum qetl_scaffold_kind, _lang */
    const char *path;      /* in the new folder */
    const char *begin, *end;
};

extern const struct qetl_template qetl_templates[]; /* ended by a NULL path */

#endif
