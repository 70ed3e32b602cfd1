/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder of a check, and how folders are emptied.
 *
 * Invariant: what is emptied lies in a folder that the checker made. Ownership: the caller removes.
 * Threads:   one.
 */
#ifndef QETL_CORE_CONFORM_FOLDER_H
#define QETL_CORE_CONFORM_FOLDER_H

enum { CONFORM_PATH = 512 };

struct conform_folder {
    char path[CONFORM_PATH], scratch[CONFORM_PATH]; /* scratch: where the plugin is at work */
    char log[CONFORM_PATH], out[CONFORM_PATH];      /* its stderr and stdout */
};

int conform_folder_make(struct conform_folder *); /* 0, or -1 with errno */
void conform_folder_remove(const struct conform_folder *);
/* All that lies below it. */
void conform_folder_empty(const char *path);

#endif
