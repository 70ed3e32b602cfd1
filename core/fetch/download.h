/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of a web server, into memory. TLS is verified, redirects stay on the server, and no more
 * is taken than was asked for.
 *
 * Invariant: never more than `most` bytes are held, nor many more taken from the network, nor
 * longer waited than was said, whatever the server says or sends. Ownership: the bytes are the
 * caller's. Threads:   the main thread.
 */
#ifndef QETL_CORE_FETCH_DOWNLOAD_H
#define QETL_CORE_FETCH_DOWNLOAD_H

#include "config/finding.h"

#include <stddef.h>
#include <stdint.h>

/* total: as the server says, or the most that it may be. */
typedef void qetl_progress_fn(void *arg, uint64_t bytes, uint64_t total);

struct qetl_download {
    size_t most;
    long whole_ms;              /* all of it, redirects too; 0: by its size */
    long slow_s;                /* with less than 1,000 bytes a second; 0: 30 */
    qetl_progress_fn *progress; /* or NULL */
    void *arg;
};

/* NULL with a finding. */
unsigned char *qetl_download(const char *url, const struct qetl_download *, size_t *size,
                             struct qetl_findings *);
/* Whether an index may be there: http or https, with neither a password nor a query. NULL: it may;
 * else why not. */
const char *qetl_download_fault(const char *url);
/* Takes name and password out of an address, in its place. */
void qetl_address_cut(char *address);

#endif
