/* SPDX-License-Identifier: Apache-2.0 */
#include "depot_list.h"

#include "data/json_text.h"
#include "disk/refuse.h"
#include "package/contents_check.h"
#include "package/version.h"
#include "plugin/beneath.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char type[] = "qetl-installed/2";

enum { LIST_MAX = 16 << 20 };

static int is_digest(const char *text)
{
    return strlen(text) == QETL_DIGEST_TEXT - 1 &&
           strspn(text, "0123456789abcdef") == QETL_DIGEST_TEXT - 1;
}

/* That nobody signed it stands there, too: null. */
static int entry_read(struct depot *depot, json_t *json)
{
    const char *name, *version, *digest, *since = NULL, *from = NULL;
    struct package_signature signature;
    json_t *signed_by;
    int active;
    if (json_unpack(json, "{s:s, s:s, s:s, s:b, s:o, s?s, s?s !}", "name", &name, "version",
                    &version, "digest", &digest, "active", &active, "signature", &signed_by,
                    "since", &since, "from", &from) ||
        (!json_is_null(signed_by) && qetl_signature_take(signed_by, &signature)) ||
        !qetl_package_is_name(name) || !qetl_package_is_version(version) || !is_digest(digest) ||
        qetl_depot_find(depot, name, version) || (active && qetl_depot_find(depot, name, NULL)) ||
        qetl_depot_add(depot, name, version, digest))
        return -1;
    struct depot_entry *entry = qetl_depot_find(depot, name, version);
    entry->active = active;
    qetl_depot_sign(entry, json_is_null(signed_by) ? NULL : &signature);
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

/* What was seen of indexes stays. */
#define MEND_LIST                                                                            \
    "have it from a backup; or install all packages again, from those that signed them, as " \
    "nothing says any more who did, after: rm -rf {}/" QETL_DEPOT_LIST " {}/content"

static void refuse_list(const struct depot *depot, const char *what, const char *mend,
                        struct qetl_findings *findings)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", depot->path, QETL_DEPOT_LIST) < 0)
        path = NULL;
    qetl_finding_mend_file(qetl_refuse(findings, path ? path : depot->path, NULL, "bad_packages",
                                       "the list of installed packages %s", what),
                           mend, depot->path);
    free(path);
}

static int list_refuse(const struct depot *depot, int error, struct qetl_findings *findings)
{
    if (error == EPERM)
        qetl_depot_refuse_unsafe(depot, QETL_DEPOT_LIST, findings);
    else if (error == ENOENT)
        refuse_list(depot, "is missing, and packages are there", MEND_LIST, findings);
    else if (error == EBADMSG || error == ELOOP || error == EFBIG)
        refuse_list(depot, "cannot be understood",
                    "install the newest qetl; if it is damaged, " MEND_LIST, findings);
    else
        qetl_depot_refuse_read(depot, findings, "the list of installed packages", error);
    return -1;
}

/* What cannot be looked at is told elsewhere. */
static bool has_content(const struct depot *depot)
{
    int fd;
    bool has = false;
    DIR *all = qetl_beneath_folder(depot->folder, "content", &fd) ? NULL : fdopendir(fd);
    if (!all && fd >= 0)
        close(fd);
    for (struct dirent *entry; all && !has && (entry = readdir(all));)
        has = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    if (all)
        closedir(all);
    return has;
}

int qetl_depot_list_read(struct depot *depot, struct qetl_findings *findings)
{
    char *text = NULL;
    size_t size = 0;
    int error = qetl_beneath_file(depot->folder, QETL_DEPOT_LIST, &depot->list);
    if (error == ENOENT && !has_content(depot))
        return 0;
    if (error == ENOENT) /* the first one may have come in between */
        error = qetl_beneath_file(depot->folder, QETL_DEPOT_LIST, &depot->list);
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
        json_t *signature = entry->is_signed ? qetl_signature_json(&entry->signature) : json_null();
        bad |= json_array_append_new(
            packages, json_pack("{s:s, s:s, s:s, s:b, s:o, s:s*, s:o*}", "name", entry->name,
                                "version", entry->version, "digest", entry->digest, "active",
                                entry->active, "signature", signature, "since", entry->since,
                                "from", entry->from ? qetl_json_text(entry->from) : NULL));
    }
    json_t *json = json_pack("{s:s, s:o}", "type", type, "packages", packages);
    char *text = bad || !json ? NULL : json_dumps(json, JSON_INDENT(1)), *line = NULL;
    if (text && asprintf(&line, "%s\n", text) < 0)
        line = NULL;
    free(text);
    json_decref(json);
    return line;
}
