/* SPDX-License-Identifier: Apache-2.0 */
#include "trust.h"

#include "disk/refuse.h"
#include "disk/safe_file.h"
#include "plugin/beneath.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void qetl_trust_free(struct package_trust *trust)
{
    if (!trust)
        return;
    for (size_t i = 0; i < trust->n_keys; i++)
        qetl_key_clear(&trust->keys[i]);
    free(trust->keys);
    free(trust);
}

/* ---- reading ---- */

static int refuse_unsafe(const char *path, struct qetl_findings *findings)
{
    qetl_finding_mend_file(qetl_refuse(findings, path, NULL, "unsafe_key",
                                       "others on this machine may change which keys are "
                                       "trusted"),
                           "it must belong to you or to root: chmod go-w {}", path);
    return 0;
}

static void refuse_unreadable(const char *path, int error, struct qetl_findings *findings)
{
    qetl_finding_mend_file(
        qetl_refuse(findings, path, NULL, "bad_key", "this key cannot be read: %s",
                    error == ENODATA ? "it is no plain file" : strerror(error)),
        error == EACCES ? "whoever is to trust it has to be able to read it: chmod a+r {}"
                        : "ls -l {} shows what it is; if it is not wanted: rm {}",
        path);
}

static int text_read(int fd, char text[QETL_KEY_FILE_MAX + 1], size_t *size)
{
    *size = 0;
    while (*size <= QETL_KEY_FILE_MAX) {
        ssize_t n = read(fd, text + *size, QETL_KEY_FILE_MAX + 1 - *size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0)
            return 0;
        *size += (size_t)n;
    }
    return EFBIG;
}

/* 0, or -1 without memory: what is wrong with the key is told, and it is left out. */
static int key_add(struct package_trust *trust, int fd, const char *path, bool all,
                   struct qetl_findings *findings)
{
    struct stat status;
    struct key_file key;
    size_t size;
    char *text = malloc(QETL_KEY_FILE_MAX + 1);
    struct key_file *keys = reallocarray(trust->keys, trust->n_keys + 1, sizeof *keys);
    if (keys)
        trust->keys = keys;
    if (!text || !keys) {
        free(text);
        return -1;
    }
    int error = fd < 0 || fstat(fd, &status) ? errno : !S_ISREG(status.st_mode) ? ENODATA : 0;
    if (!error && !all && !qetl_is_safe(&status))
        refuse_unsafe(path, findings);
    else if (error || (error = text_read(fd, text, &size)))
        refuse_unreadable(path, error, findings);
    else if (qetl_key_file_parse(text, size, path, &key, findings) == 0) {
        key.is_unsafe = !qetl_is_safe(&status);
        trust->keys[trust->n_keys++] = key;
    }
    free(text);
    return 0;
}

static int is_key(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name), suffix = strlen(QETL_KEY_SUFFIX);
    return entry->d_name[0] != '.' && size > suffix &&
           strcmp(entry->d_name + size - suffix, QETL_KEY_SUFFIX) == 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int folder_read(struct package_trust *trust, const char *folder, int fd, bool is_unsafe,
                       bool all, struct qetl_findings *findings)
{
    struct dirent **entries = NULL;
    struct stat status;
    is_unsafe |= fstat(fd, &status) || !qetl_is_safe(&status);
    if (is_unsafe && !all)
        return refuse_unsafe(folder, findings);
    int n = scandirat(fd, ".", &entries, is_key, by_bytes), bad = n < 0 ? -1 : 0;
    for (int i = 0; i < n; i++) {
        char *path = NULL;
        if (!bad && asprintf(&path, "%s/%s", folder, entries[i]->d_name) >= 0) {
            int key = openat(fd, entries[i]->d_name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
            bad = key_add(trust, key, path, all, findings);
            if (key >= 0)
                close(key);
        } else
            bad = -1;
        free(path);
        free(entries[i]);
    }
    free(entries);
    for (size_t i = 0; is_unsafe && i < trust->n_keys; i++)
        trust->keys[i].is_unsafe = true;
    return bad;
}

static void refuse_place(const char *folder, int error, struct qetl_findings *findings)
{
    qetl_finding_mend(qetl_refuse(findings, folder, NULL, "bad_key",
                                  "this folder of trusted keys cannot be read: %s",
                                  strerror(error)),
                      error == ENOENT ? "mount what its link leads to, or remove the link"
                                      : "ls -ld shows what it is, and who may read it");
}

/* That there is none is believed where nobody else could have moved it away. */
static int place_read(struct package_trust *trust, const char *folder, bool all,
                      struct qetl_findings *findings)
{
    struct qetl_findings said = {0};
    bool is_unsafe = qetl_safe_folder_check(folder, "which keys are trusted", &said) != 0;
    int bad = 0, fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error = errno;
    if (!all && is_unsafe)
        qetl_findings_move(findings, &said);
    else if (fd >= 0)
        bad = folder_read(trust, folder, fd, is_unsafe, all, findings);
    else if (qetl_is_there(folder))
        refuse_place(folder, error, findings);
    qetl_findings_free(&said);
    if (fd >= 0)
        close(fd);
    return bad;
}

static struct package_trust *keys_read(const char *const *folders, bool all,
                                       struct qetl_findings *findings)
{
    struct package_trust *trust = calloc(1, sizeof *trust);
    int bad = !trust;
    for (; !bad && *folders; folders++)
        bad = place_read(trust, *folders, all, findings);
    if (!bad)
        return trust;
    qetl_findings_no_memory(findings);
    qetl_trust_free(trust);
    return NULL;
}

struct package_trust *qetl_trust_load(const char *const *folders, struct qetl_findings *findings)
{
    return keys_read(folders, false, findings);
}

struct package_trust *qetl_trust_look(const char *folder, struct qetl_findings *findings)
{
    const char *const one[] = {folder, NULL};
    return keys_read(one, true, findings);
}

/* ---- judging ---- */

static int key_signs(const struct key_file *key, const char *plugin)
{
    for (size_t i = 0; i < key->n_plugins; i++)
        if (fnmatch(key->plugins[i], plugin, FNM_NOESCAPE) == 0)
            return 1;
    return 0;
}

/* By a pattern that has a letter, and not by * or ?*: whoever trusts the key had that name in mind.
 */
static int key_claims(const struct key_file *key, const char *plugin)
{
    for (size_t i = 0; i < key->n_plugins; i++)
        if (strspn(key->plugins[i], "*?") < strlen(key->plugins[i]) &&
            fnmatch(key->plugins[i], plugin, FNM_NOESCAPE) == 0)
            return 1;
    return 0;
}

/* The day is that of UTC, and belongs to the key as a whole. */
int qetl_key_is_expired(const struct key_file *key, time_t now)
{
    struct tm tm;
    char today[16];
    if (!*key->expires)
        return 0;
    return !gmtime_r(&now, &tm) || strftime(today, sizeof today, "%Y-%m-%d", &tm) != 10 ||
           strcmp(today, key->expires) > 0;
}

/* One key may stand in several files; the one that allows most decides. name NULL: any. */
static enum package_verdict judge(const struct package_trust *trust,
                                  const struct package_signature *signature, bool of_index,
                                  const char *name, time_t now, const struct key_file **key)
{
    enum package_verdict best = QETL_KEY_UNKNOWN;
    *key = NULL;
    for (size_t i = 0; i < trust->n_keys; i++) {
        const struct key_file *at = &trust->keys[i];
        if (memcmp(at->key.bytes, signature->key.bytes, QETL_KEY_BYTES) != 0)
            continue;
        enum package_verdict verdict = at->for_indexes != of_index || (name && !key_signs(at, name))
                                           ? QETL_KEY_OUT_OF_SCOPE
                                       : qetl_key_is_expired(at, now) ? QETL_KEY_EXPIRED
                                                                      : QETL_TRUSTED;
        if (verdict >= best)
            continue;
        best = verdict;
        *key = at;
    }
    return best;
}

enum package_verdict qetl_trust_judge(const struct package_trust *trust,
                                      const struct package_signature *signature, const char *name,
                                      time_t now, const struct key_file **key)
{
    *key = NULL;
    return signature ? judge(trust, signature, false, name, now, key) : QETL_UNSIGNED;
}

enum package_verdict qetl_trust_judge_index(const struct package_trust *trust,
                                            const struct package_signature *signature,
                                            const char *name, time_t now,
                                            const struct key_file **key)
{
    return judge(trust, signature, true, name, now, key);
}

/* ---- claims ---- */

bool qetl_trust_index_claims(const struct package_trust *trust,
                             const struct package_signature *signature, const char *name,
                             time_t now)
{
    for (size_t i = 0; i < trust->n_keys; i++) {
        const struct key_file *at = &trust->keys[i];
        if (at->for_indexes && memcmp(at->key.bytes, signature->key.bytes, QETL_KEY_BYTES) == 0 &&
            !qetl_key_is_expired(at, now) && key_claims(at, name))
            return true;
    }
    return false;
}

const struct key_file *qetl_trust_claims(const struct package_trust *trust, const char *name)
{
    for (size_t i = 0; i < trust->n_keys; i++)
        if (!trust->keys[i].for_indexes && key_claims(&trust->keys[i], name))
            return &trust->keys[i];
    return NULL;
}

void qetl_trust_refuse(enum package_verdict verdict, const struct key_file *key,
                       const struct package_signature *signature, const char *plugin,
                       const char *file, struct qetl_findings *findings)
{
    char text[QETL_KEY_TEXT] = "";
    if (signature)
        qetl_key_text(signature->key.bytes, text);
    switch (verdict) {
    case QETL_TRUSTED:
        return;
    case QETL_KEY_EXPIRED:
        qetl_finding_mend(qetl_refuse(findings, file, NULL, "key_expired",
                                      "the key `%s` that signed it was trusted until %s", key->name,
                                      key->expires),
                          "ask for a package with a newer signature, or trust the key for longer: "
                          "qetl key add --replace");
        return;
    case QETL_KEY_OUT_OF_SCOPE:
        qetl_finding_mend(qetl_refuse(findings, file, NULL, "key_out_of_scope",
                                      key->for_indexes
                                          ? "the key `%s` that signed it is trusted with "
                                            "indexes alone, and not with the plugin `%s`"
                                          : "the key `%s` that signed it is not trusted "
                                            "with the plugin `%s`",
                                      key->name, plugin),
                          "if it should be, add `%s` to what it may sign (%s)", plugin, key->path);
        return;
    case QETL_KEY_UNKNOWN:
        qetl_finding_mend(qetl_refuse(findings, file, NULL, "untrusted_key",
                                      "the plugin %s is signed by a key that is not "
                                      "trusted here (%s)",
                                      plugin, text),
                          "if that is the key of whom you have it from: qetl key add "
                          "KEY.qkey --plugins '%s'",
                          plugin);
        return;
    case QETL_UNSIGNED:
        qetl_finding_mend(qetl_refuse(findings, file, NULL, "unsigned_package", "nobody signed it"),
                          "get it from where it is signed, or take it on trust with "
                          "--allow-unsigned");
    }
}
