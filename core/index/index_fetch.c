/* SPDX-License-Identifier: Apache-2.0 */
/* A package that an index names, fetched. */
#include "index_open.h"

#include "disk/refuse.h"
#include "package/package_limits.h"

#include <stdlib.h>
#include <string.h>

static int check_bytes(const struct index_package *wanted, const char *called,
                       const unsigned char *bytes, size_t size, struct qetl_findings *findings)
{
    uint8_t sha256[QETL_SHA256];
    if (size != wanted->size) {
        qetl_finding_mend(qetl_refuse(findings, called, NULL, "download_cut",
                                      "it has %zu bytes, the index says %llu", size,
                                      (unsigned long long)wanted->size),
                          "try again");
        return -1;
    }
    qetl_package_digest(bytes, size, sha256);
    if (memcmp(sha256, wanted->sha256, sizeof sha256) == 0)
        return 0;
    qetl_finding_mend(qetl_refuse(findings, called, NULL, "package_swapped",
                                  "it is another file than the index names"),
                      "do not use it; tell whoever runs the index");
    return -1;
}

static int check_facts(const struct index_package *wanted, const struct package *package,
                       struct qetl_findings *findings)
{
    const struct package_contents *is = package->contents, *said = &wanted->is;
    if (strcmp(is->name, said->name) == 0 && strcmp(is->version, said->version) == 0 &&
        strcmp(is->platform, said->platform) == 0 && strcmp(is->libc, said->libc) == 0 &&
        strcmp(is->abi_min, said->abi_min) == 0 && strcmp(is->abi_max, said->abi_max) == 0 &&
        memcmp(package->digest, wanted->digest, sizeof wanted->digest) == 0)
        return 0;
    qetl_refuse(findings, package->file, NULL, "package_mismatch",
                "the index calls it %s %s for %s, itself says %s %s for %s", said->name,
                said->version, said->platform, is->name, is->version, is->platform);
    return -1;
}

struct package *qetl_index_fetch(const char *place, const struct index_package *wanted,
                                 qetl_progress_fn *progress, void *arg,
                                 struct qetl_findings *findings)
{
    struct qetl_download limits = {.most = wanted->size, .progress = progress, .arg = arg};
    struct package *package = NULL;
    char *name = NULL, *called = NULL, *title = qetl_package_contents_title(&wanted->is);
    unsigned char *bytes = NULL;
    size_t size;
    if (!title || asprintf(&name, "%s%s", title, QETL_PACKAGE_SUFFIX) < 0)
        qetl_findings_no_memory(findings);
    else
        bytes = qetl_index_place_read(place, name, &limits, &size, &called, findings);
    if (bytes && check_bytes(wanted, called, bytes, size, findings) == 0) {
        package = qetl_package_parse(bytes, size, called, findings);
        bytes = NULL;
    }
    if (package && check_facts(wanted, package, findings)) {
        qetl_package_free(package);
        package = NULL;
    }
    free(bytes);
    free(called);
    free(name);
    free(title);
    return package;
}
