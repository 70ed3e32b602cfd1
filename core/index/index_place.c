/* SPDX-License-Identifier: Apache-2.0 */
#include "index_place.h"

#include "config/slurp.h"
#include "disk/refuse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int is_address(const char *place)
{
    return strstr(place, "://") != NULL;
}

char *qetl_index_place(const char *text, struct qetl_findings *findings)
{
    const char *fault = is_address(text) ? qetl_download_fault(text) : NULL;
    if (fault) {
        char *shown = strdup(text);
        if (shown)
            qetl_address_cut(shown);
        qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "bad_index",
                                           "'%.300s' is no place of an index: %s",
                                           shown ? shown : "this", fault),
                          "https://server/folder, or a folder of this machine");
        free(shown);
        return NULL;
    }
    if (!is_address(text)) {
        char *path = realpath(text, NULL);
        if (!path)
            qetl_finding_mend(qetl_refuse(findings, text, NULL, "index_missing",
                                          "there is no index: %s", strerror(errno)),
                              "a folder, or an address with http:// or https://");
        return path;
    }
    size_t size = strlen(text);
    while (text[size - 1] == '/')
        size--;
    char *address = strndup(text, size);
    if (!address)
        qetl_findings_no_memory(findings);
    return address;
}

/* "place/name"; in an address + may be taken for a space. */
static char *path_of(const char *place, const char *name)
{
    char *path = malloc(strlen(place) + 3 * strlen(name) + 2), *at = path;
    if (!path)
        return NULL;
    at += sprintf(at, "%s/", place);
    for (; *name; name++)
        at += sprintf(at, *name == '+' && is_address(place) ? "%%2B" : "%c", *name);
    return path;
}

unsigned char *qetl_index_place_read(const char *place, const char *name,
                                     const struct qetl_download *wanted, size_t *size,
                                     char **called, struct qetl_findings *findings)
{
    char *bytes = NULL;
    *called = path_of(place, name);
    if (!*called) {
        qetl_findings_no_memory(findings);
        return NULL;
    }
    if (is_address(place))
        return qetl_download(*called, wanted, size, findings);
    int bad = qetl_slurp_file(*called, wanted->most, &bytes, size, findings);
    if (!bad && *size <= wanted->most)
        return (unsigned char *)bytes;
    if (bad && findings->count)
        qetl_finding_environment(&findings->items[findings->count - 1]);
    else if (!bad)
        qetl_refuse(findings, *called, NULL, "download_size",
                    "it has more than the %zu bytes that it should", wanted->most);
    free(bytes);
    return NULL;
}
