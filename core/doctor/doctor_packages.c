/* SPDX-License-Identifier: Apache-2.0 */
/* What is installed from packages, file by file, and the keys that are trusted. */
#include "doctor.h"

#include "depot/content_check.h"
#include "plugin/beneath.h"
#include "trust/trust.h"

#include <string.h>
#include <time.h>

enum { SOON_DAYS = 30 };

/* ---- packages ---- */

static void left_overs_check(struct qetl_doctor *d, const char *path, size_t count)
{
    struct depot depot;
    struct qetl_findings said = {0};
    bool mended = false;
    if (!count)
        return;
    if (d->repair) { /* whoever opens it sweeps it */
        mended = !qetl_depot_open(&depot, path, &said) && !qetl_depot_left_overs(&depot);
        qetl_depot_close(&depot);
        qetl_doctor_take(d, &said);
    }
    qetl_findings_free(&said);
    qetl_finding_mend(
        qetl_doctor_tell(
            d,
            &(struct qetl_ailment){.severity = QETL_WARNING,
                                   .code = "packages_left_over",
                                   .file = path,
                                   .cure = mended ? QETL_CURE_DONE : QETL_CURE_OFFERED},
            "%zu thing%s of a change that was cut short, or of packages that are "
            "removed, %s still here",
            count, count == 1 ? "" : "s", count == 1 ? "is" : "are"),
        "the next `qetl plugin install` or `remove` clears them; so does qetl doctor --deep "
        "--repair");
}

static void depot_check(struct qetl_doctor *d, const char *path, const char *whose)
{
    struct qetl_findings said = {0};
    struct depot depot;
    size_t before = d->findings.count, n_unsigned = 0, n = 0, left = 0;
    int looked = qetl_depot_look(&depot, path, &said);
    if (!looked) {
        n = depot.n_entries;
        for (size_t i = 0; i < depot.n_entries; i++) {
            n_unsigned += !depot.entries[i].is_signed;
            qetl_content_check(&depot, &depot.entries[i], &said);
        }
        left = qetl_depot_left_overs(&depot); /* by the list */
    }
    qetl_depot_close(&depot);
    qetl_doctor_take(d, &said);
    qetl_findings_free(&said);
    left_overs_check(d, path, left);
    if (looked)
        qetl_doctor_check(d, "packages", before, "nobody knows what is there for %s: %s", whose,
                          path);
    else
        qetl_doctor_check(d, "packages", before, "%zu for %s, %zu of them unsigned: %s", n, whose,
                          n_unsigned, path);
}

void qetl_doctor_packages(struct qetl_doctor *d)
{
    static const char *const whose[] = {"you", "all users"};
    for (int i = 0; i < 2; i++)
        if (d->packages[i] && !qetl_is_there(d->packages[i]))
            qetl_doctor_check(d, "packages", d->findings.count, "none for %s: %s", whose[i],
                              d->packages[i]);
        else if (d->packages[i])
            depot_check(d, d->packages[i], whose[i]);
}

/* ---- keys ---- */

static struct qetl_finding *tell_key(struct qetl_doctor *d, enum qetl_severity severity,
                                     const char *code, const struct key_file *key,
                                     const char *message)
{
    return qetl_doctor_tell(
        d, &(struct qetl_ailment){.severity = severity, .code = code, .file = key->path},
        "the key `%s` %s%s", key->name, message, key->expires);
}

static void key_check(struct qetl_doctor *d, const struct key_file *key, time_t now)
{
    const time_t soon = now + (time_t)SOON_DAYS * 24 * 60 * 60;
    if (!key->n_plugins)
        qetl_finding_mend_file(
            qetl_doctor_tell(d,
                             &(struct qetl_ailment){.severity = QETL_WARNING,
                                                    .code = "key_without_scope",
                                                    .file = key->path},
                             "the key `%s` is trusted with no plugin", key->name),
            "say which it may sign: qetl key add --replace {} --plugins PATTERN", key->path);
    if (qetl_key_is_expired(key, now))
        qetl_finding_mend(
            tell_key(d, QETL_WARNING, "key_expired", key, "installs nothing new since "),
            "if it is still good, trust it for longer: qetl key add --replace; else qetl key "
            "remove %s, when nothing needs it any more",
            key->name);
    else if (qetl_key_is_expired(key, soon))
        qetl_finding_mend(
            tell_key(d, QETL_NOTE, "key_expires_soon", key, "installs nothing new after "),
            "ask its owner for the next one, or trust it for longer: qetl key add --replace");
}

void qetl_doctor_keys(struct qetl_doctor *d)
{
    static const char *const whose[] = {"you trust", "this machine trusts"};
    for (int i = 0; i < 2; i++) {
        const char *const folders[] = {d->keys[i], NULL};
        struct qetl_findings said = {0};
        size_t before = d->findings.count;
        if (d->keys[i] && !qetl_is_there(d->keys[i]))
            qetl_doctor_check(d, "keys", before, "none that %s: %s", whose[i], d->keys[i]);
        if (!d->keys[i] || !qetl_is_there(d->keys[i]))
            continue;
        struct package_trust *trust = qetl_trust_load(folders, &said);
        qetl_doctor_take(d, &said);
        qetl_findings_free(&said);
        for (size_t k = 0; trust && k < trust->n_keys; k++)
            key_check(d, &trust->keys[k], time(NULL));
        qetl_doctor_check(d, "keys", before, "%zu that %s: %s", trust ? trust->n_keys : 0, whose[i],
                          d->keys[i]);
        qetl_trust_free(trust);
    }
}
