/* SPDX-License-Identifier: Apache-2.0 */
#include "index_seen.h"

#include "depot/depot.h"
#include "disk/durable.h"
#include "disk/refuse.h"
#include "disk/safe_file.h"
#include "disk/unwritable.h"
#include "plugin/beneath.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char type[] = "qetl-seen/1";

enum { SEEN_MAX = 4 << 20 };

/* One index, as it was seen at one place; by an early qetl, which kept no key: "". */
struct sight {
    const char *place, *name, *key, *digest;
    json_int_t version;
};

static int sight_read(json_t *json, struct sight *sight)
{
    sight->key = "";
    return json_unpack(json, "{s:s, s:s, s?s, s:I, s:s !}", "place", &sight->place, "name",
                       &sight->name, "key", &sight->key, "version", &sight->version, "digest",
                       &sight->digest);
}

static json_t *sight_json(const char *place, const struct package_index *index)
{
    char digest[QETL_HASH_TEXT], key[QETL_KEY_TEXT];
    qetl_hash_text(index->digest, digest);
    qetl_key_text(index->signature.key.bytes, key);
    return json_pack("{s:s, s:s, s:s, s:I, s:s}", "place", place, "name", index->name, "key", key,
                     "version", (json_int_t)index->version, "digest", digest);
}

/* ---- the file ---- */

static int is_good(json_t *json, json_t **sights)
{
    const char *kind;
    struct sight sight;
    json_t *one;
    size_t i;
    if (!json || json_unpack(json, "{s:s, s:o !}", "type", &kind, "indexes", sights) ||
        strcmp(kind, type) != 0 || !json_is_array(*sights))
        return 0;
    json_array_foreach (*sights, i, one)
        if (sight_read(one, &sight))
            return 0;
    return 1;
}

static void refuse_seen(const char *path, const json_t *json, size_t size,
                        struct qetl_findings *findings)
{
    const char *kind = json_string_value(json_object_get(json, "type"));
    int is_other = kind && strncmp(kind, type, sizeof "qetl-seen") == 0 && strcmp(kind, type) != 0;
    struct qetl_finding *finding = qetl_refuse(findings, path, NULL, "bad_seen",
                                               "what was seen of indexes cannot be understood: %s",
                                               !size      ? "the file is empty"
                                               : is_other ? "another version of qetl wrote it"
                                               : json     ? "it has other words than qetl writes"
                                                          : "it is no JSON");
    if (is_other)
        qetl_finding_mend(finding, "install the newest qetl");
    else
        qetl_finding_mend_file(finding,
                               "have it from a backup; or remove it, with which an older index "
                               "than was seen is not noticed once: rm {}",
                               path);
}

/* The caller's; NULL with a finding. */
static json_t *seen_read(const char *path, struct qetl_findings *findings)
{
    char *text = NULL;
    size_t size = 0;
    json_t *sights, *json = NULL;
    if (!qetl_is_there(path))
        return json_pack("{s:s, s:[]}", "type", type, "indexes");
    if (qetl_safe_slurp(path, SEEN_MAX, "which releases of indexes were seen", &text, &size,
                        findings))
        return NULL;
    json = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    if (is_good(json, &sights))
        return json;
    refuse_seen(path, json, size, findings);
    json_decref(json);
    return NULL;
}

static int seen_write(const char *path, const json_t *json, struct qetl_findings *findings)
{
    char *text = json_dumps(json, JSON_INDENT(1));
    int error = text ? qetl_durable_write(path, text, strlen(text), 0644, true) : ENOMEM;
    free(text);
    if (error)
        qetl_refuse_write(findings, path, error, "what was seen of an index cannot be kept");
    return error ? -1 : 0;
}

/* ---- judging ---- */

struct judging {
    const char *path, *place; /* of seen.json; of the index */
    const struct package_index *index;
    struct qetl_findings *findings;
};

static int refuse_other(const struct judging *j, const struct sight *seen)
{
    struct qetl_finding *finding =
        strcmp(seen->name, j->index->name) != 0
            ? qetl_refuse(j->findings, j->place, NULL, "index_other",
                          "here was the index `%s`, now it is `%s`", seen->name, j->index->name)
            : qetl_refuse(j->findings, j->place, NULL, "index_other",
                          "the index `%s` was signed by another key until now (%s)", seen->name,
                          seen->key);
    qetl_finding_mend_file(finding, "if whoever runs it tells you so: qetl plugin forget {}",
                           j->place);
    return -1;
}

static int refuse_older(const struct judging *j, const struct sight *seen)
{
    qetl_finding_mend_file(
        qetl_refuse(j->findings, j->place, NULL, "index_older",
                    "this is release %llu of the index `%s`; release %lld was seen already "
                    "(%s): the server is behind, or somebody would have you miss what is "
                    "new",
                    (unsigned long long)j->index->version, j->index->name, (long long)seen->version,
                    seen->place),
        "try again later; if whoever runs it tells you that it began anew: qetl plugin forget {}",
        seen->place);
    return -1;
}

static int refuse_changed(const struct judging *j)
{
    qetl_finding_mend(qetl_refuse(j->findings, j->place, NULL, "index_changed",
                                  "release %llu of the index `%s` is another one than was "
                                  "seen before",
                                  (unsigned long long)j->index->version, j->index->name),
                      "whoever runs it has to number each release anew: tell them");
    return -1;
}

/* -1 with a finding; *known: just this is kept already; *at: where its place is, or -1. */
static int judge(const struct judging *j, const json_t *sights, int *known, int *at)
{
    struct sight seen;
    char digest[QETL_HASH_TEXT], key[QETL_KEY_TEXT];
    *known = 0;
    *at = -1;
    qetl_hash_text(j->index->digest, digest);
    qetl_key_text(j->index->signature.key.bytes, key);
    for (size_t i = 0; i < json_array_size(sights); i++) {
        sight_read(json_array_get(sights, i), &seen);
        int same_place = strcmp(seen.place, j->place) == 0;
        int same_index = strcmp(seen.name, j->index->name) == 0 &&
                         (*seen.key ? strcmp(seen.key, key) == 0 : same_place);
        if (same_place && !same_index)
            return refuse_other(j, &seen);
        if (same_index && (uint64_t)seen.version > j->index->version)
            return refuse_older(j, &seen);
        if (same_index && (uint64_t)seen.version == j->index->version) {
            if (strcmp(seen.digest, digest) != 0)
                return refuse_changed(j);
            *known |= same_place && *seen.key;
        }
        if (same_place)
            *at = (int)i;
    }
    return 0;
}

/* With the lock, as somebody may have seen a newer one in the meantime. */
static int sight_keep(const struct judging *j, const char *path)
{
    struct depot depot = QETL_DEPOT_CLOSED;
    json_t *json = NULL, *sights;
    int known = 0, at, bad = qetl_depot_open(&depot, path, j->findings);
    if (!bad) {
        json = seen_read(j->path, j->findings);
        sights = json_object_get(json, "indexes");
        bad = json ? judge(j, sights, &known, &at) : -1;
    }
    if (!bad && !known) {
        json_t *sight = sight_json(j->place, j->index);
        if (at < 0 ? json_array_append_new(sights, sight)
                   : json_array_set_new(sights, (size_t)at, sight)) {
            qetl_findings_no_memory(j->findings);
            bad = -1;
        } else
            bad = seen_write(j->path, json, j->findings);
    }
    json_decref(json);
    qetl_depot_close(&depot);
    return bad ? -1 : 0;
}

int qetl_index_seen(const char *depot, const char *place, const struct package_index *index,
                    bool keep, struct qetl_findings *findings)
{
    char *path;
    int known = 0, at;
    if (asprintf(&path, "%s/%s", depot, QETL_DEPOT_SEEN) < 0) {
        qetl_findings_no_memory(findings);
        return -1;
    }
    struct judging judging = {path, place, index, findings};
    json_t *json = seen_read(path, findings);
    int bad = json ? judge(&judging, json_object_get(json, "indexes"), &known, &at) : -1;
    json_decref(json);
    if (!bad && !known && keep)
        bad = sight_keep(&judging, depot);
    free(path);
    return bad;
}

/* ---- forgetting ---- */

static int is_of(const struct sight *sight, const json_t *indexes)
{
    struct sight one;
    for (size_t i = 0; i < json_array_size(indexes); i++)
        if (sight_read(json_array_get(indexes, i), &one) == 0 &&
            strcmp(one.name, sight->name) == 0 && strcmp(one.key, sight->key) == 0)
            return 1;
    return 0;
}

/* Elsewhere, too: else a mirror's release would still be the newest. */
static json_t *sights_without(const json_t *sights, const char *place)
{
    json_t *indexes = json_array(), *kept = json_array();
    struct sight sight;
    for (size_t i = 0; i < json_array_size(sights); i++)
        if (sight_read(json_array_get(sights, i), &sight) == 0 && strcmp(sight.place, place) == 0)
            json_array_append(indexes, json_array_get(sights, i));
    for (size_t i = 0; i < json_array_size(sights); i++)
        if (sight_read(json_array_get(sights, i), &sight) == 0 && !is_of(&sight, indexes))
            json_array_append(kept, json_array_get(sights, i));
    json_decref(indexes);
    return kept;
}

int qetl_index_forget(const char *path, const char *place, size_t *count,
                      struct qetl_findings *findings)
{
    struct depot depot = QETL_DEPOT_CLOSED;
    json_t *json = NULL;
    char *file = NULL;
    int bad = qetl_depot_open(&depot, path, findings);
    *count = 0;
    if (!bad && asprintf(&file, "%s/%s", path, QETL_DEPOT_SEEN) < 0) {
        qetl_findings_no_memory(findings);
        bad = -1;
    }
    if (!bad)
        bad = !(json = seen_read(file, findings));
    if (!bad) {
        json_t *sights = json_object_get(json, "indexes"), *kept = sights_without(sights, place);
        *count = json_array_size(sights) - json_array_size(kept);
        json_object_set_new(json, "indexes", kept);
        bad = *count ? seen_write(file, json, findings) : 0;
    }
    json_decref(json);
    free(file);
    qetl_depot_close(&depot);
    return bad ? -1 : 0;
}
