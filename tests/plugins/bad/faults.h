/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One fault a build: cc -DFAULT=rows_ignored …; without it the plugin is as it should be.
 *
 * Invariant: each name stands in the table of cases/650-plugin-check.sh, beside the rule that it
 * breaks. Ownership: none. Threads:   any.
 */
#ifndef BAD_FAULTS_H
#define BAD_FAULTS_H

#ifndef FAULT
#define FAULT no_fault
#endif
#define IS(name) (FAULT == (name))

#endif
