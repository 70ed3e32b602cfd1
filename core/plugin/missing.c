/* SPDX-License-Identifier: Apache-2.0 */
#include "missing.h"

#include <stdlib.h>
#include <string.h>

struct qetl_missing {
    struct qetl_missing *next;
    char *plugin, *version; /* NULL: nobody knows */
    bool hidden;            /* another version of it has the name */
    struct qetl_findings faults;
};

static void one_free(struct qetl_missing *one)
{
    qetl_findings_free(&one->faults);
    free(one->plugin);
    free(one->version);
    free(one);
}

void qetl_missing_free(struct qetl_missing *missing)
{
    while (missing) {
        struct qetl_missing *next = missing->next;
        one_free(missing);
        missing = next;
    }
}

int qetl_missing_add(struct qetl_missing **missing, const char *plugin, const char *version,
                     int hidden, struct qetl_findings *faults)
{
    struct qetl_missing *one = calloc(1, sizeof *one);
    if (!one)
        return -1;
    one->hidden = hidden;
    one->plugin = plugin ? strdup(plugin) : NULL;
    one->version = version ? strdup(version) : NULL;
    qetl_findings_move(&one->faults, faults);
    if ((plugin && !one->plugin) || (version && !one->version)) {
        one_free(one);
        return -1;
    }
    while (*missing)
        missing = &(*missing)->next;
    *missing = one;
    return 0;
}

bool qetl_missing_covers(const struct qetl_missing *missing, const struct qetl_manifest *manifest)
{
    for (; missing; missing = missing->next)
        if (manifest->sealed && missing->plugin && strcmp(missing->plugin, manifest->id) == 0 &&
            strcmp(missing->version, manifest->version) == 0)
            return true;
    return false;
}

bool qetl_missing_hides(const struct qetl_missing *missing, const struct qetl_manifest *manifest)
{
    for (; missing; missing = missing->next)
        if (missing->plugin ? !missing->hidden && strcmp(missing->plugin, manifest->id) == 0
                            : manifest->sealed != NULL)
            return true;
    return false;
}

/* `tally` and `tally_rows`, also with a version, may be of the plugin tally; all may be of one that
 * nobody knows. */
static bool may_have(const struct qetl_missing *one, const char *id)
{
    size_t size = one->plugin ? strlen(one->plugin) : 0;
    if (!id)
        return !one->plugin || size > 0;
    return !one->plugin ||
           (strncmp(id, one->plugin, size) == 0 && (!id[size] || strchr("_-@", id[size])));
}

static const struct qetl_finding *why(const struct qetl_missing *one)
{
    for (size_t i = 0; i < one->faults.count; i++)
        if (one->faults.items[i].severity == QETL_ERROR)
            return &one->faults.items[i];
    return NULL;
}

const struct qetl_finding *qetl_missing_of(const struct qetl_missing *missing, const char *id)
{
    const struct qetl_finding *found = NULL;
    for (; missing && !found; missing = missing->next)
        if (may_have(missing, id))
            found = why(missing);
    return found;
}

static bool is_of(const struct qetl_missing *one, const char *plugin)
{
    return plugin && one->plugin && strcmp(one->plugin, plugin) == 0;
}

int qetl_missing_tell(const struct qetl_missing *missing, const char *but,
                      enum qetl_severity severity, struct qetl_findings *findings)
{
    int any = 0;
    for (; missing; missing = missing->next)
        for (size_t i = 0; !is_of(missing, but) && i < missing->faults.count; i++) {
            const struct qetl_finding *from = &missing->faults.items[i];
            struct qetl_finding *to =
                qetl_finding_add(findings, severity, from->code, "%s", from->message);
            qetl_finding_at(to, from->file, from->line, from->column, from->path);
            if (from->suggestion)
                qetl_finding_mend(to, "%s", from->suggestion);
            if (from->environment)
                qetl_finding_environment(to);
            any = 1;
        }
    return any;
}
