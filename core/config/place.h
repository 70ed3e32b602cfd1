/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invariant: line and column count from 1, columns in characters; 0 means that none is known.
 * Ownership: file belongs to the document that answered, and lives as long as it.
 * Threads:   plain data.
 */
#ifndef QETL_CORE_PLACE_H
#define QETL_CORE_PLACE_H

struct qetl_place {   /* where something stands in a configuration file */
    const char *file; /* or the option of the command line that said it: "--where" */
    int line, column;
};

#endif
