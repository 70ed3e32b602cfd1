/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that lie beside a plugin's library: tables, templates, schemas. A library of an installed
 * package is loaded from memory, so that nothing lies beside it: the host has its files.
 *
 * A draft: no part of the ABI yet (docs/abi.md). Hosts that do not know it answer NULL for it, and
 * the helpers look beside the library; a later one may know it by another id alone.
 *
 * Invariant: of an installed package come the bytes that were signed, or none.
 * Ownership: descriptors are the plugin's, who closes them.
 * Threads:   [control]: create, bind, start and the like.
 */
#ifndef QETL_FILES_H
#define QETL_FILES_H

#include <qetl/plugin.h>
#include <qetl/sdk.h>

#ifdef __cplusplus
extern "C" {
#endif

#define QETL_EXT_FILES "qetl.files/draft-1"
struct qetl_files {
    uint32_t struct_size;
    uint32_t reserved;
    /* [control] The file `path` ("layouts/bmp.json"), relative to the library's folder and beneath
     * it, open for reading at its beginning; -1: there is none. Of an installed package it is a
     * copy in memory, which was hashed as it was made and which nobody can change. ENVIRONMENT,
     * reported: it cannot be read, or was changed since it was installed. */
    int32_t (*open)(struct qetl_ctx *ctx, const char *path, int32_t *fd);
    /* [control] The names of the files of `folder` ("layouts"; "": the library's own), not of those
     * in folders beneath it, in the order of their bytes, each in one write; none where there is no
     * such folder. What write answers but OK ends it. */
    int32_t (*list)(struct qetl_ctx *ctx, const char *folder, const struct qetl_writer *names);
};

/* As open; by the extension, else beside the library that this is linked into. */
int32_t qetl_file_open(struct qetl_env env, const char *path, int32_t *fd);
/* As list. */
int32_t qetl_file_list(struct qetl_env env, const char *folder, const struct qetl_writer *names);

#ifdef __cplusplus
}
#endif

#endif
