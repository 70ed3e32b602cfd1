/* SPDX-License-Identifier: Apache-2.0 */
#include "key_file.h"

#include "config/slurp.h"
#include "disk/durable.h"
#include "disk/refuse.h"
#include "disk/unwritable.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char key_type[] = "qetl-key/1";
static const char secret_type[] = "qetl-secret/1";
static const char signs_indexes[] = "indexes"; /* in place of packages */

static int is_word(const char *text, const char *more, size_t most)
{
    size_t size = strlen(text);
    return size > 0 && size <= most && strspn(text, more) == size;
}

int qetl_is_key_name(const char *name)
{
    return is_word(name, "abcdefghijklmnopqrstuvwxyz0123456789_-", QETL_KEY_NAME_MAX) &&
           *name != '-';
}

int qetl_is_key_glob(const char *glob)
{
    return is_word(glob, "abcdefghijklmnopqrstuvwxyz0123456789_-*?", QETL_KEY_NAME_MAX);
}

static int days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month < 1 || month > 12 ? 0 : days[month - 1] + (month == 2 && leap);
}

int qetl_is_day(const char *text)
{
    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-' || strspn(text, "0123456789") != 4 ||
        strspn(text + 5, "0123456789") != 2 || strspn(text + 8, "0123456789") != 2)
        return 0;
    int day = atoi(text + 8);
    return day >= 1 && day <= days_of(atoi(text), atoi(text + 5));
}

void qetl_key_clear(struct key_file *file)
{
    for (size_t i = 0; i < file->n_plugins; i++)
        free(file->plugins[i]);
    free(file->plugins);
    free(file->path);
    free(file->name);
    *file = (struct key_file){0};
}

static int refuse_key(const char *path, struct qetl_findings *findings, const char *message)
{
    qetl_refuse(findings, path, NULL, "bad_key", "%s", message);
    return -1;
}

/* ---- public keys ---- */

static int globs_read(const json_t *json, struct key_file *file)
{
    size_t count = json_array_size(json);
    if (!json)
        return 0;
    if (count == 0 || count > QETL_KEY_GLOBS_MAX)
        return -1;
    file->plugins = calloc(count, sizeof *file->plugins);
    for (size_t i = 0; file->plugins && i < count; i++) {
        const char *glob = json_string_value(json_array_get(json, i));
        char *copy = glob && qetl_is_key_glob(glob) ? strdup(glob) : NULL;
        if (!copy)
            return -1;
        file->plugins[file->n_plugins++] = copy;
    }
    return file->plugins ? 0 : -1;
}

int qetl_key_file_parse(const char *text, size_t size, const char *path, struct key_file *file,
                        struct qetl_findings *findings)
{
    const char *type, *name, *key, *expires = NULL, *signs = NULL;
    json_t *plugins = NULL, *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    *file = (struct key_file){0};
    int bad = !json ||
              json_unpack(json, "{s:s, s:s, s:s, s?o, s?s, s?s !}", "type", &type, "name", &name,
                          "key", &key, "plugins", &plugins, "expires", &expires, "signs", &signs) ||
              strcmp(type, key_type) != 0 || !qetl_is_key_name(name) ||
              qetl_key_read(key, file->key.bytes) || globs_read(plugins, file) ||
              (expires && !qetl_is_day(expires)) || (signs && strcmp(signs, signs_indexes) != 0);
    if (!bad) {
        file->path = strdup(path);
        file->name = strdup(name);
        file->for_indexes = signs != NULL;
        memcpy(file->expires, expires ? expires : "", expires ? sizeof file->expires : 1);
        bad = !file->path || !file->name;
    }
    json_decref(json);
    if (!bad)
        return 0;
    qetl_key_clear(file);
    qetl_finding_mend(qetl_refuse(findings, path, NULL, "bad_key", "this is no public key of qetl"),
                      "a file NAME%s, as `qetl plugin keygen` and `qetl key add` write it",
                      QETL_KEY_SUFFIX);
    return -1;
}

int qetl_key_file_read(const char *path, struct key_file *file, struct qetl_findings *findings)
{
    char *text;
    size_t size;
    *file = (struct key_file){0};
    int bad = qetl_slurp(path, QETL_KEY_FILE_MAX, &text, &size, findings);
    if (!bad && size > QETL_KEY_FILE_MAX)
        bad = refuse_key(path, findings, "this is larger than any public key");
    if (!bad)
        bad = qetl_key_file_parse(text, size, path, file, findings);
    free(text);
    return bad;
}

static char *key_json(const struct key_file *file)
{
    char key[QETL_KEY_TEXT];
    qetl_key_text(file->key.bytes, key);
    json_t *json = json_pack("{s:s, s:s, s:s}", "type", key_type, "name", file->name, "key", key);
    json_t *plugins = file->n_plugins ? json_array() : NULL;
    for (size_t i = 0; i < file->n_plugins; i++)
        json_array_append_new(plugins, json_string(file->plugins[i]));
    if (plugins)
        json_object_set_new(json, "plugins", plugins);
    if (*file->expires)
        json_object_set_new(json, "expires", json_string(file->expires));
    if (file->for_indexes)
        json_object_set_new(json, "signs", json_string(signs_indexes));
    char *text = json_dumps(json, JSON_INDENT(1));
    json_decref(json);
    return text;
}

static int text_write(const char *path, const char *text, mode_t mode, bool replace,
                      const char *mend, struct qetl_findings *findings)
{
    char *line = NULL;
    if (!text || asprintf(&line, "%s\n", text) < 0) {
        qetl_findings_no_memory(findings);
        return -1;
    }
    int error = qetl_durable_write(path, line, strlen(line), mode, replace);
    if (error) {
        struct qetl_finding *finding =
            qetl_refuse_write(findings, path, error, "it cannot be written");
        if (error == EEXIST)
            qetl_finding_mend(finding, "%s", mend);
    }
    sodium_memzero(line, strlen(line));
    free(line);
    return error ? -1 : 0;
}

int qetl_key_file_write(const struct key_file *file, bool replace, struct qetl_findings *findings)
{
    char *text = key_json(file);
    int bad = text_write(file->path, text, 0644, replace,
                         "choose another name; or have it replaced, with qetl key add --replace",
                         findings);
    free(text);
    return bad;
}

/* ---- secrets ---- */

static int secret_parse(const char *text, size_t size, struct package_secret *secret)
{
    const char *type, *name, *seed;
    json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    int bad = !json ||
              json_unpack(json, "{s:s, s:s, s:s !}", "type", &type, "name", &name, "seed", &seed) ||
              strcmp(type, secret_type) != 0 || qetl_key_read(seed, secret->seed);
    json_decref(json);
    return bad ? -1 : 0;
}

int qetl_secret_file_read(const char *path, struct package_secret *secret,
                          struct qetl_findings *findings)
{
    struct stat status;
    char *text;
    size_t size;
    if (stat(path, &status) == 0 && status.st_mode & (S_IRWXG | S_IRWXO)) {
        qetl_finding_mend_file(qetl_refuse(findings, path, NULL, "open_secret",
                                           "others on this machine may read this secret"),
                               "chmod 600 {}; if they may have read it, make a new key", path);
        return -1;
    }
    int bad = qetl_slurp(path, QETL_KEY_FILE_MAX, &text, &size, findings);
    if (!bad && secret_parse(text, size, secret))
        bad = refuse_key(path, findings,
                         "this is no secret of qetl (a file NAME" QETL_SECRET_SUFFIX
                         ", as `qetl plugin keygen` writes it)");
    if (text)
        sodium_memzero(text, size);
    free(text);
    return bad;
}

int qetl_secret_file_write(const char *path, const char *name, const struct package_secret *secret,
                           struct qetl_findings *findings)
{
    char seed[QETL_KEY_TEXT];
    qetl_key_text(secret->seed, seed);
    json_t *json = json_pack("{s:s, s:s, s:s}", "type", secret_type, "name", name, "seed", seed);
    char *text = json ? json_dumps(json, JSON_INDENT(1)) : NULL;
    int bad = text_write(path, text, 0600, false,
                         "choose another name: what that key signed, no other can renew", findings);
    if (text)
        sodium_memzero(text, strlen(text));
    sodium_memzero(seed, sizeof seed);
    free(text);
    json_decref(json);
    return bad;
}
