/* SPDX-License-Identifier: Apache-2.0 */
#include "scope.h"

#include "disk/refuse.h"
#include "plugin/manifest.h"

#include <string.h>

struct scope {
    const struct package_trust *trust;
    const struct package_signature *signature; /* NULL: nobody signed it */
    const struct qetl_manifest *manifest;
    const char *file;
    bool is_installed;
    struct qetl_findings *findings;
};

/* `tally`, `tally_rows` and `tally-rows` of the plugin tally. Less than its name is another word:
 * whoever may sign `kafka-*` may not sign `kafka`. */
static bool is_own(const struct qetl_manifest_component *component)
{
    const char *word = component->id, *plugin = component->plugin->id;
    size_t size = strlen(plugin);
    return strncmp(word, plugin, size) == 0 &&
           (!word[size] || word[size] == '_' || word[size] == '-');
}

/* ---- signed ---- */

/* A key of packages that is there for the word: the signer's, or another one. */
static const struct key_file *claimant(const struct scope *scope, const char *word, bool signer)
{
    for (size_t i = 0; i < scope->trust->n_keys; i++) {
        const struct package_trust alone = {&scope->trust->keys[i], 1};
        bool is_signer = memcmp(alone.keys->key.bytes, scope->signature->key.bytes,
                                sizeof scope->signature->key.bytes) == 0;
        if (is_signer == signer && qetl_trust_claims(&alone, word))
            return alone.keys;
    }
    return NULL;
}

/* Whoever is trusted with any name, or with the plugin's alone, has none that another one is there
 * for; two that are both there for it may both sign it. */
static int check_others(const struct scope *scope, const char *what, const char *word)
{
    const struct key_file *own, *other = claimant(scope, word, false);
    if (!other || claimant(scope, word, true))
        return 0;
    qetl_trust_judge(scope->trust, scope->signature, scope->manifest->id, time(NULL), &own);
    struct qetl_finding *finding = qetl_refuse(
        scope->findings, scope->file, NULL, "claimed_name",
        "the name of the %s `%s` belongs to the key `%s`, and no pattern of the key `%s` that "
        "signed the plugin %s is there for it (a bare * is there for no name)",
        what, word, other->name, own ? own->name : "?", scope->manifest->id);
    if (own)
        qetl_finding_mend(finding, "get one that `%s` signed; if both may sign it, add `%s` to %s",
                          other->name, word, own->path);
    return -1;
}

static int refuse_word(const struct scope *scope, const struct qetl_manifest_component *component,
                       const struct key_file *key)
{
    struct qetl_finding *finding = qetl_refuse(
        scope->findings, scope->file, NULL, "key_out_of_scope",
        "the plugin %s brings the %s `%s`, with whose name the key `%s` that signed it is not "
        "trusted",
        scope->manifest->id, qetl_kind_name(component->kind), component->id, key ? key->name : "?");
    if (key)
        qetl_finding_mend(finding, "if it should be, add `%s` to what it may sign (%s)",
                          component->id, key->path);
    return -1;
}

/* What is installed goes on, as the plugin itself does when its key expires. */
static int tell_expired(const struct scope *scope, const struct qetl_manifest_component *component,
                        const struct key_file *key, time_t now)
{
    const struct key_file *decided;
    bool is_told = qetl_trust_judge(scope->trust, scope->signature, scope->manifest->id, now,
                                    &decided) == QETL_KEY_EXPIRED;
    if (scope->is_installed && is_told)
        return 0;
    struct qetl_finding *finding = qetl_finding_add(
        scope->findings, scope->is_installed ? QETL_WARNING : QETL_ERROR, "key_expired",
        "the plugin %s brings the %s `%s`, with whose name the key `%s` that signed it was trusted "
        "until %s",
        scope->manifest->id, qetl_kind_name(component->kind), component->id, key->name,
        key->expires);
    qetl_finding_at(finding, scope->file, 0, 0, NULL);
    qetl_finding_mend(finding, "if it is to be trusted for longer, say so in %s", key->path);
    if (scope->is_installed)
        return 0;
    qetl_finding_environment(finding);
    return -1;
}

static int check_signed(const struct scope *scope)
{
    time_t now = time(NULL);
    int bad = check_others(scope, "plugin", scope->manifest->id);
    for (size_t i = 0; i < scope->manifest->n_components; i++) {
        const struct qetl_manifest_component *component = &scope->manifest->components[i];
        const struct key_file *key = NULL;
        enum package_verdict verdict =
            is_own(component)
                ? QETL_TRUSTED
                : qetl_trust_judge(scope->trust, scope->signature, component->id, now, &key);
        if (verdict == QETL_KEY_EXPIRED)
            bad |= tell_expired(scope, component, key, now);
        else if (verdict != QETL_TRUSTED)
            bad |= refuse_word(scope, component, key);
        else if (strcmp(component->id, scope->manifest->id) != 0)
            bad |= check_others(scope, qetl_kind_name(component->kind), component->id);
    }
    return bad;
}

/* ---- unsigned ---- */

static int check_unclaimed(const struct scope *scope, const char *what, const char *word)
{
    const struct key_file *key = qetl_trust_claims(scope->trust, word);
    if (!key)
        return 0;
    qetl_finding_mend(
        qetl_refuse(scope->findings, scope->file, NULL, "claimed_name",
                    "nobody signed the plugin %s, and the name of the %s `%s` belongs to "
                    "the key `%s`",
                    scope->manifest->id, what, word, key->name),
        "get one that is signed; what you build yourself is used with --plugin-dir; if the "
        "name is not to be that key's, take its pattern out of %s",
        key->path);
    return -1;
}

/* It was taken on trust, with all of its words: those that nobody would guess are said. */
static int check_unsigned(const struct scope *scope)
{
    int bad = check_unclaimed(scope, "plugin", scope->manifest->id);
    for (size_t i = 0; i < scope->manifest->n_components; i++) {
        const struct qetl_manifest_component *component = &scope->manifest->components[i];
        const char *kind = qetl_kind_name(component->kind);
        if (strcmp(component->id, scope->manifest->id) != 0)
            bad |= check_unclaimed(scope, kind, component->id);
        if (!bad && !scope->is_installed && !is_own(component))
            qetl_finding_at(qetl_finding_add(scope->findings, QETL_WARNING, "unsigned_word",
                                             "pipelines that name the %s `%s` get it from the "
                                             "plugin %s, which nobody signed",
                                             kind, component->id, scope->manifest->id),
                            scope->file, 0, 0, NULL);
    }
    return bad;
}

int qetl_scope_check(const struct package_trust *trust, const struct package_signature *signature,
                     const struct qetl_manifest *manifest, const char *file, bool is_installed,
                     struct qetl_findings *findings)
{
    struct scope scope = {trust, signature, manifest, file, is_installed, findings};
    return signature ? check_signed(&scope) : check_unsigned(&scope);
}
