/* SPDX-License-Identifier: Apache-2.0 */
#include "depot_list.h"

#include "contents_check.h"
#include "refuse.h"
#include "version.h"

#include "data/json_text.h"
#include "plugin/beneath.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char type[] = "qetl-installed/1";

enum { LIST_MAX = 16 << 20 };

static int is_digest(const char *text)
{
    return strlen(text) == QETL_DIGEST_TEXT - 1 &&
           strspn(text, "0123456789abcdef") == QETL_DIGEST_TEXT - 1;
}

static int entry_read(struct depot *depot, json_t *json)
{
    const char *name, *version, *digest, *since = NULL, *from = NULL;
    int active, is_unsigned;
    if (json_unpack(json, "{s:s, s:s, s:s, s:b, s:b, s?s, s?s !}", "name", &name, "version",
                    &version, "digest", &digest, "active", &active, "unsigned", &is_unsigned,
                    "since", &since, "from", &from) ||
        !qetl_package_is_name(name) || !qetl_package_is_version(version) || !is_digest(digest) ||
        qetl_depot_find(depot, name, version) || (active && qetl_depot_find(depot, name, NULL)) ||
        qetl_depot_add(depot, name, version, digest, is_unsigned))
        return -1;
    struct depot_entry *entry = qetl_depot_find(depot, name, version);
    entry->active = active;
    return qetl_depot_tell(entry, since, from);
}

int qetl_depot_list_parse(struct depot *depot, const char *text, size_t size)
{
    const char *kind;
    json_t *packages, *entry, *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    size_t i;
    int bad = !json || json_unpack(json, "{s:s, s:o !}", "type", &kind, "packages", &packages) ||
              strcmp(kind, type) != 0 || !json_is_array(packages);
    if (!bad)
        json_array_foreach (packages, i, entry)
            bad |= entry_read(depot, entry);
    json_decref(json);
    return bad ? -1 : 0;
}

static void refuse_list(const struct depot *depot, struct qetl_findings *findings)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", depot->path, QETL_DEPOT_LIST) < 0)
        path = NULL;
    qetl_finding_mend(qetl_package_refuse(findings, path ? path : depot->path, NULL, "bad_packages",
                                          "the list of installed packages cannot be understood"),
                      "install the newest qetl; if it is damaged, remove %s and install the "
                      "packages again",
                      depot->path);
    free(path);
}

static int list_refuse(const struct depot *depot, int error, struct qetl_findings *findings)
{
    if (error == EPERM)
        qetl_depot_refuse_unsafe(depot, QETL_DEPOT_LIST, findings);
    else if (error == EBADMSG || error == ELOOP || error == EFBIG)
        refuse_list(depot, findings);
    else
        qetl_depot_refuse(depot, findings, "the list of installed packages cannot be read", error);
    return -1;
}

int qetl_depot_list_read(struct depot *depot, struct qetl_findings *findings)
{
    char *text = NULL;
    size_t size = 0;
    int error = qetl_beneath_file(depot->folder, QETL_DEPOT_LIST, &depot->list);
    if (error == ENOENT)
        return 0;
    if (!error)
        error = qetl_read_whole(depot->list, LIST_MAX, &text, &size);
    if (!error && qetl_depot_list_parse(depot, text, size))
        error = EBADMSG;
    free(text);
    return error ? list_refuse(depot, error, findings) : 0;
}

char *qetl_depot_list_write(const struct depot *depot)
{
    json_t *packages = json_array();
    int bad = 0;
    for (size_t i = 0; i < depot->n_entries; i++) {
        const struct depot_entry *entry = &depot->entries[i];
        bad |= json_array_append_new(packages,
                                     json_pack("{s:s, s:s, s:s, s:b, s:b, s:s*, s:o*}", "name",
                                               entry->name, "version", entry->version, "digest",
                                               entry->digest, "active", entry->active, "unsigned",
                                               entry->is_unsigned, "since", entry->since, "from",
                                               entry->from ? qetl_json_text(entry->from) : NULL));
    }
    json_t *json = json_pack("{s:s, s:o}", "type", type, "packages", packages);
    char *text = bad || !json ? NULL : json_dumps(json, JSON_INDENT(1)), *line = NULL;
    if (text && asprintf(&line, "%s\n", text) < 0)
        line = NULL;
    free(text);
    json_decref(json);
    return line;
}
