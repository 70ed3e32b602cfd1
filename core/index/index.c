/* SPDX-License-Identifier: Apache-2.0 */
#include "index.h"

#include "disk/canonical.h"
#include "disk/refuse.h"
#include "package/contents_check.h"
#include "package/package.h"
#include "package/package_limits.h"
#include "package/version.h"
#include "trust/key_file.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char type[] = "qetl-index/1";

enum { SUMMARY_MAX = 1000, COMPONENT_MAX = 100, COMPONENTS_MAX = 1000 };

void qetl_index_package_clear(struct index_package *package)
{
    free(package->is.name);
    free(package->is.version);
    free(package->is.platform);
    free(package->is.libc);
    free(package->is.abi_min);
    free(package->is.abi_max);
    free(package->summary);
    for (size_t i = 0; i < package->n_components; i++)
        free(package->components[i]);
    free(package->components);
    *package = (struct index_package){0};
}

void qetl_index_free(struct package_index *index)
{
    if (!index)
        return;
    for (size_t i = 0; i < index->n_packages + index->n_beyond; i++)
        qetl_index_package_clear(&index->packages[i]);
    free(index->packages);
    free(index->name);
    free(index);
}

int qetl_index_order(const struct index_package *one, const struct index_package *other)
{
    int order = strcmp(one->is.name, other->is.name);
    if (!order)
        order = qetl_package_version_compare(one->is.version, other->is.version);
    return order ? order : strcmp(one->is.platform, other->is.platform);
}

int qetl_is_index_name(const char *text)
{
    return qetl_is_key_name(text);
}

/* ---- times ---- */

void qetl_index_time(time_t when, char text[QETL_INDEX_TIME])
{
    struct tm tm;
    if (!gmtime_r(&when, &tm) || !strftime(text, QETL_INDEX_TIME, "%Y-%m-%dT%H:%M:%SZ", &tm))
        *text = '\0';
}

time_t qetl_index_time_read(const char *text)
{
    struct tm tm = {0};
    char again[QETL_INDEX_TIME];
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    time_t when = end && !*end ? timegm(&tm) : -1;
    if (when < 0)
        return -1;
    qetl_index_time(when, again);
    return strcmp(again, text) == 0 ? when : -1;
}

/* ---- writing ---- */

static json_t *package_json(const struct index_package *package)
{
    char sha256[QETL_HASH_TEXT], digest[QETL_HASH_TEXT];
    const struct package_contents *is = &package->is;
    json_t *components = json_array();
    for (size_t i = 0; i < package->n_components; i++)
        json_array_append_new(components, json_string(package->components[i]));
    qetl_hash_text(package->sha256, sha256);
    qetl_hash_text(package->digest, digest);
    return json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:s}, s:s, s:o, s:I, s:s, s:s}", "name",
                     is->name, "version", is->version, "platform", is->platform, "libc", is->libc,
                     "abi", "min", is->abi_min, "max", is->abi_max, "summary", package->summary,
                     "components", components, "size", (json_int_t)package->size, "sha256", sha256,
                     "digest", digest);
}

/* What is signed. NULL without memory. */
static char *body_write(const struct package_index *index)
{
    json_t *packages = json_array();
    int bad = !packages;
    for (size_t i = 0; !bad && i < index->n_packages; i++)
        bad = json_array_append_new(packages, package_json(&index->packages[i]));
    json_t *json = json_pack("{s:s, s:s, s:I, s:s, s:s, s:o}", "type", type, "name", index->name,
                             "version", (json_int_t)index->version, "issued", index->issued,
                             "expires", index->expires, "packages", packages);
    if (bad) {
        json_decref(json);
        json = NULL;
    }
    return qetl_canonical_write(json);
}

char *qetl_index_write(struct package_index *index, const struct package_secret *secret)
{
    char *body = body_write(index), *signature = NULL, *text = NULL;
    if (body) {
        qetl_signature_make(secret, body, strlen(body), &index->signature);
        qetl_package_digest(body, strlen(body), index->digest);
        signature = qetl_signature_write(&index->signature);
    }
    if (signature && asprintf(&text, "%s%s", body, signature) < 0)
        text = NULL;
    free(signature);
    free(body);
    return text;
}

/* ---- reading ---- */

/* Some bytes are no index, whatever they mean: nothing of them is answered. */
static int take(char **to, const char *text)
{
    *to = strdup(text);
    return *to ? 0 : -1;
}

static int components_read(json_t *json, struct index_package *package)
{
    size_t count = json_array_size(json);
    if (!json_is_array(json) || count > COMPONENTS_MAX)
        return -1;
    package->components = calloc(count + 1, sizeof *package->components);
    for (size_t i = 0; package->components && i < count; i++) {
        const char *text = json_string_value(json_array_get(json, i));
        if (!text || strlen(text) > COMPONENT_MAX || take(&package->components[i], text))
            return -1;
        package->n_components++;
    }
    return package->components ? 0 : -1;
}

static int package_read(json_t *json, struct index_package *package)
{
    const char *name, *version, *platform, *libc, *min, *max, *summary, *sha256, *digest, *value;
    json_t *components;
    json_int_t size;
    *package = (struct index_package){0};
    if (json_unpack(json, "{s:s, s:s, s:s, s:s, s:{s:s, s:s !}, s:s, s:o, s:I, s:s, s:s !}", "name",
                    &name, "version", &version, "platform", &platform, "libc", &libc, "abi", "min",
                    &min, "max", &max, "summary", &summary, "components", &components, "size",
                    &size, "sha256", &sha256, "digest", &digest) ||
        size <= 0 || size > QETL_PACKAGE_BYTES_MAX || strlen(summary) > SUMMARY_MAX ||
        qetl_hash_read(sha256, package->sha256) || qetl_hash_read(digest, package->digest))
        return -1;
    package->size = (uint64_t)size;
    return take(&package->is.name, name) || take(&package->is.version, version) ||
                   take(&package->is.platform, platform) || take(&package->is.libc, libc) ||
                   take(&package->is.abi_min, min) || take(&package->is.abi_max, max) ||
                   take(&package->summary, summary) || components_read(components, package) ||
                   qetl_package_words_fault(&package->is, &value)
               ? -1
               : 0;
}

static int packages_read(json_t *json, struct package_index *index)
{
    size_t count = json_array_size(json);
    if (!json_is_array(json) || count > QETL_INDEX_PACKAGES_MAX)
        return -1;
    index->packages = calloc(count + 1, sizeof *index->packages);
    for (size_t i = 0; index->packages && i < count; i++) {
        struct index_package *package = &index->packages[index->n_packages++];
        if (package_read(json_array_get(json, i), package) ||
            (i && qetl_index_order(package - 1, package) >= 0))
            return -1;
    }
    return index->packages ? 0 : -1;
}

static int body_read(json_t *json, struct package_index *index)
{
    const char *kind, *name, *issued, *expires;
    json_int_t version;
    json_t *packages;
    if (json_unpack(json, "{s:s, s:s, s:I, s:s, s:s, s:o !}", "type", &kind, "name", &name,
                    "version", &version, "issued", &issued, "expires", &expires, "packages",
                    &packages) ||
        strcmp(kind, type) != 0 || !qetl_is_index_name(name) || version < 1 ||
        (uint64_t)version > QETL_INDEX_RELEASE_MAX || qetl_index_time_read(issued) < 0 ||
        qetl_index_time_read(expires) <= qetl_index_time_read(issued) ||
        packages_read(packages, index))
        return -1;
    memcpy(index->issued, issued, sizeof index->issued);
    memcpy(index->expires, expires, sizeof index->expires);
    index->version = (uint64_t)version;
    return take(&index->name, name);
}

/* Where the second document begins. No line of the first but its own begins so, as it is indented.
 */
static size_t body_size(const char *text, size_t size)
{
    for (size_t at = size; at-- > 1;)
        if (text[at] == '{' && text[at - 1] == '\n')
            return at;
    return 0;
}

static void refuse(const char *text, size_t size, const char *file, struct qetl_findings *findings)
{
    static const char head[] = "{\n \"type\": \"";
    int later = size > sizeof head + 12 && memcmp(text, head, sizeof head - 1) == 0 &&
                memcmp(text + sizeof head - 1, type, sizeof type - 2) == 0 &&
                text[sizeof head - 1 + sizeof type - 2] != '1';
    if (later)
        qetl_finding_mend(qetl_refuse(findings, file, NULL, "index_format",
                                      "it is an index of another format than %s, which is "
                                      "what this qetl knows",
                                      type),
                          "install a newer qetl");
    else
        qetl_finding_mend(qetl_refuse(findings, file, NULL, "index_damaged",
                                      "this is no index as `qetl plugin index` writes it: "
                                      "it is another file, was cut off or was changed"),
                          "try again; if that does not help, tell whoever runs the index");
}

/* Signature first: what nobody signed is looked at no further. */
struct package_index *qetl_index_read(const char *text, size_t size, const char *file,
                                      struct qetl_findings *findings)
{
    struct package_index *index = calloc(1, sizeof *index);
    size_t body = size <= QETL_INDEX_BYTES_MAX ? body_size(text, size) : 0;
    if (!index) {
        qetl_findings_no_memory(findings);
        return NULL;
    }
    int bad = body == 0 || qetl_signature_read(text + body, size - body, &index->signature) ||
              qetl_signature_check(&index->signature, text, body);
    if (!bad) {
        json_t *json = json_loadb(text, body, JSON_REJECT_DUPLICATES, NULL);
        bad = !json || body_read(json, index) || !qetl_canonical_is(body_write(index), text, body);
        json_decref(json);
        qetl_package_digest(text, body, index->digest);
    }
    if (!bad)
        return index;
    refuse(text, size, file, findings);
    qetl_index_free(index);
    return NULL;
}
