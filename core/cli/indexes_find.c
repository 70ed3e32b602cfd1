/* SPDX-License-Identifier: Apache-2.0 */
/* Which index decides about a name. */
#include "indexes.h"

#include "config/suggest.h"

#include <string.h>

void qetl_indexes_tell(struct qetl_indexes *indexes, bool as_warnings,
                       struct qetl_findings *findings)
{
    for (size_t i = 0; i < indexes->count; i++) {
        struct qetl_findings *said = &indexes->items[i].said;
        for (size_t k = 0; as_warnings && k < said->count; k++)
            if (said->items[k].severity == QETL_ERROR)
                said->items[k].severity = QETL_WARNING;
        if (as_warnings)
            said->errors = 0;
        qetl_findings_move(findings, said);
    }
}

const struct qetl_indexes_item *qetl_indexes_first(const struct qetl_indexes *indexes,
                                                   const char *name)
{
    for (size_t i = 0; i < indexes->count; i++)
        if (indexes->items[i].index && qetl_index_has(indexes->items[i].index, name))
            return &indexes->items[i];
    return NULL;
}

const char *qetl_indexes_suggest(const struct qetl_indexes *indexes, const char *name)
{
    struct qetl_suggest suggest;
    qetl_suggest_init(&suggest, name);
    for (size_t i = 0; i < indexes->count; i++) {
        const struct package_index *index = indexes->items[i].index;
        for (size_t k = 0; index && k < index->n_packages; k++)
            qetl_suggest_offer(&suggest, index->packages[k].is.name);
    }
    return suggest.best;
}

/* It may have the name, or not: to go on would leave the choice to whoever made it fail. */
static int refuse_closed(struct qetl_indexes_item *item, const char *name,
                         struct qetl_findings *findings)
{
    qetl_findings_move(findings, &item->said);
    qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "index_closed",
                                       "%s is not looked for behind the index %s, which cannot be "
                                       "had",
                                       name, item->place),
                      "mend that index; or name the one that is meant with --index");
    qetl_finding_environment(&findings->items[findings->count - 1]);
    return -1;
}

static int refuse_beyond(const struct qetl_indexes_item *item, const char *name,
                         struct qetl_findings *findings)
{
    struct qetl_finding *finding = qetl_finding_add(
        findings, QETL_ERROR, "index_scope",
        "the index `%s` has %s, with which its key `%s` is not trusted; the indexes behind it are "
        "not asked",
        item->index->name, name, item->index->key->name);
    qetl_finding_at(finding, item->place, 0, 0, NULL);
    qetl_finding_mend(finding,
                      "add `%s` to what it may name (%s), or name the index that is meant with "
                      "--index",
                      name, item->index->key->path);
    qetl_finding_environment(finding);
    return -1;
}

static int refuse_claimed(const struct qetl_indexes_item *owner,
                          const struct qetl_indexes_item *item, const char *name,
                          struct qetl_findings *findings)
{
    struct qetl_finding *finding = qetl_finding_add(
        findings, QETL_ERROR, "index_claimed",
        "the index `%s` has %s, a name that belongs to the index `%s` (%s), which does not have it",
        item->index->name, name, owner->index->name, owner->place);
    qetl_finding_at(finding, item->place, 0, 0, NULL);
    qetl_finding_mend(finding, "if that is the one that is meant: --index '%s'", item->place);
    qetl_finding_environment(finding);
    return -1;
}

int qetl_indexes_find(struct qetl_indexes *indexes, const char *name,
                      const struct qetl_indexes_item **item, struct qetl_findings *findings)
{
    const struct qetl_indexes_item *owner = NULL;
    time_t now = time(NULL);
    *item = NULL;
    for (size_t i = 0; i < indexes->count; i++) {
        struct qetl_indexes_item *at = &indexes->items[i];
        if (!at->index)
            return refuse_closed(at, name, findings);
        bool claims = qetl_trust_index_claims(indexes->trust, &at->index->signature, name, now);
        if (qetl_index_has(at->index, name)) {
            if (owner && !claims)
                return refuse_claimed(owner, at, name, findings);
            *item = at;
            return 0;
        }
        if (qetl_index_has_beyond(at->index, name))
            return refuse_beyond(at, name, findings);
        if (!owner && claims)
            owner = at;
    }
    return 0;
}
