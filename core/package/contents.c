/* SPDX-License-Identifier: Apache-2.0 */
#include "contents.h"

#include "contents_check.h"
#include "entry_name.h"
#include "package_limits.h"

#include "disk/canonical.h"
#include "disk/refuse.h"
#include "plugin/manifest.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char type[] = "qetl-package/1";

void qetl_package_contents_free(struct package_contents *contents)
{
    if (!contents)
        return;
    for (size_t i = 0; i < contents->n_files; i++)
        free(contents->files[i].path);
    free(contents->files);
    free(contents->manifest);
    free(contents->library);
    free(contents->abi_max);
    free(contents->abi_min);
    free(contents->libc);
    free(contents->platform);
    free(contents->version);
    free(contents->name);
    free(contents);
}

char *qetl_package_manifest_of(const char *library)
{
    char *manifest = NULL;
    size_t size = strlen(library);
    if (size > 3 && strcmp(library + size - 3, ".so") == 0)
        size -= 3;
    return asprintf(&manifest, "%.*s%s", (int)size, library, QETL_MANIFEST_SUFFIX) < 0 ? NULL
                                                                                       : manifest;
}

char *qetl_package_contents_title(const struct package_contents *contents)
{
    char *title = NULL;
    int size = asprintf(&title, "%s-%s-%s", contents->name, contents->version, contents->platform);
    return size < 0 ? NULL : title;
}

static int by_path(const void *key, const void *file)
{
    return strcmp(key, ((const struct package_file *)file)->path);
}

const struct package_file *qetl_package_contents_find(const struct package_contents *contents,
                                                      const char *path)
{
    return bsearch(path, contents->files, contents->n_files, sizeof *contents->files, by_path);
}

/* ---- writing ---- */

void qetl_hash_text(const uint8_t sha256[QETL_SHA256], char text[QETL_HASH_TEXT])
{
    for (int i = 0; i < QETL_SHA256; i++)
        snprintf(text + 2 * i, 3, "%02x", sha256[i]);
}

static json_t *file_json(const struct package_file *file)
{
    char hex[QETL_HASH_TEXT];
    qetl_hash_text(file->sha256, hex);
    return json_pack("{s:s, s:I, s:s}", "path", file->path, "size", (json_int_t)file->size,
                     "sha256", hex);
}

char *qetl_package_contents_write(const struct package_contents *contents)
{
    json_t *files = json_array();
    int bad = 0;
    for (size_t i = 0; i < contents->n_files; i++)
        bad |= json_array_append_new(files, file_json(&contents->files[i]));
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s}, s:s, s:o}", "type", type, "name",
                  contents->name, "version", contents->version, "platform", contents->platform,
                  "libc", contents->libc, "abi", "min", contents->abi_min, "max", contents->abi_max,
                  "library", contents->library, "files", files);
    if (bad) {
        json_decref(json);
        json = NULL;
    }
    return qetl_canonical_write(json);
}

/* ---- reading ---- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int qetl_hash_read(const char *hex, uint8_t sha256[QETL_SHA256])
{
    if (strlen(hex) != 2 * QETL_SHA256)
        return -1;
    for (int i = 0; i < QETL_SHA256; i++) {
        int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return -1;
        sha256[i] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

static int file_read(json_t *json, struct package_file *file)
{
    const char *path, *hash;
    json_int_t size;
    if (json_unpack(json, "{s:s, s:I, s:s !}", "path", &path, "size", &size, "sha256", &hash) ||
        size < 0 || size > QETL_PACKAGE_FILE_MAX || qetl_hash_read(hash, file->sha256))
        return -1;
    file->size = (uint64_t)size;
    file->path = strdup(path);
    return file->path ? 0 : -1;
}

static int files_read(json_t *json, struct package_contents *contents)
{
    size_t count = json_array_size(json);
    if (!json_is_array(json) || count == 0 || count > QETL_PACKAGE_FILES_MAX)
        return -1;
    contents->files = calloc(count, sizeof *contents->files);
    if (!contents->files)
        return -1;
    for (; contents->n_files < count; contents->n_files++)
        if (file_read(json_array_get(json, contents->n_files), &contents->files[contents->n_files]))
            return -1;
    return 0;
}

static struct package_contents *contents_make(json_t *json)
{
    const char *kind, *name, *version, *platform, *libc, *min, *max, *library;
    json_t *files;
    struct package_contents *contents = calloc(1, sizeof *contents);
    if (!contents ||
        json_unpack(json, "{s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s !}, s:s, s:o !}", "type", &kind,
                    "name", &name, "version", &version, "platform", &platform, "libc", &libc, "abi",
                    "min", &min, "max", &max, "library", &library, "files", &files) ||
        strcmp(kind, type) != 0 || files_read(files, contents)) {
        qetl_package_contents_free(contents);
        return NULL;
    }
    contents->name = strdup(name);
    contents->version = strdup(version);
    contents->platform = strdup(platform);
    contents->libc = strdup(libc);
    contents->abi_min = strdup(min);
    contents->abi_max = strdup(max);
    contents->library = strdup(library);
    contents->manifest = qetl_package_manifest_of(library);
    if (contents->name && contents->version && contents->platform && contents->libc &&
        contents->abi_min && contents->abi_max && contents->library && contents->manifest)
        return contents;
    qetl_package_contents_free(contents);
    return NULL;
}

static void refuse_list(json_t *json, const char *file, struct qetl_findings *findings)
{
    const char *found = json_string_value(json_object_get(json, "type"));
    if (found && strncmp(found, "qetl-package/", 13) == 0 && strcmp(found, type) != 0)
        qetl_finding_mend(qetl_refuse(findings, file, QETL_PACKAGE_CONTENTS, "package_format",
                                      "it is a package of the format %.40s, this qetl knows "
                                      "%s",
                                      found, type),
                          "install a newer qetl");
    else
        qetl_finding_mend(qetl_refuse(findings, file, QETL_PACKAGE_CONTENTS, "package_contents",
                                      "its list of files is not as `qetl plugin pack` "
                                      "writes it"),
                          "have it packed again, or ask where it comes from");
}

struct package_contents *qetl_package_contents_read(const void *text, size_t size, const char *file,
                                                    struct qetl_findings *findings)
{
    json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    struct package_contents *contents = json ? contents_make(json) : NULL;
    if (contents && !qetl_canonical_is(qetl_package_contents_write(contents), text, size)) {
        qetl_package_contents_free(contents);
        contents = NULL;
    }
    if (!contents)
        refuse_list(json, file, findings);
    json_decref(json);
    if (contents && qetl_package_contents_check(contents, file, findings)) {
        qetl_package_contents_free(contents);
        contents = NULL;
    }
    return contents;
}
