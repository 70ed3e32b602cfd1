/* SPDX-License-Identifier: Apache-2.0 */
/* Which package of an index is meant. */
#include "index_open.h"

#include "disk/refuse.h"
#include "package/library_facts.h"
#include "package/plugin_check.h"
#include "package/range.h"

#include <stdlib.h>
#include <string.h>

enum { VERSIONS_TOLD = 8 };

/* The packages of a name stand together: the first of them, and how many; by halves. */
static const struct index_package *group_of(const struct package_index *index, const char *name,
                                            size_t *count)
{
    size_t low = 0, high = index->n_packages;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(index->packages[middle].is.name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *count = 0;
    while (low + *count < index->n_packages &&
           strcmp(index->packages[low + *count].is.name, name) == 0)
        ++*count;
    return &index->packages[low];
}

bool qetl_index_has(const struct package_index *index, const char *name)
{
    size_t count;
    group_of(index, name, &count);
    return count > 0;
}

bool qetl_index_has_beyond(const struct package_index *index, const char *name)
{
    const struct index_package *beyond = &index->packages[index->n_packages];
    for (size_t i = 0; i < index->n_beyond; i++)
        if (strcmp(beyond[i].is.name, name) == 0)
            return true;
    return false;
}

static bool runs_here(const struct index_package *package, const char *place)
{
    struct qetl_findings none = {0};
    bool runs = qetl_package_machine_check(&package->is, place, &none) == 0;
    qetl_findings_free(&none);
    return runs;
}

/* "0.1.0, 0.2.0": the newest ones that it has. */
static char *versions_of(const struct package_index *index, const char *name)
{
    char *list = strdup("");
    const char *last = "";
    int told = 0;
    size_t count;
    const struct index_package *group = group_of(index, name, &count);
    while (list && count-- > 0 && told < VERSIONS_TOLD) {
        const struct package_contents *is = &group[count].is;
        char *longer;
        if (strcmp(is->version, last) == 0)
            continue;
        if (asprintf(&longer, "%s%s%s", list, told++ ? ", " : "", is->version) < 0)
            longer = NULL;
        free(list);
        list = longer;
        last = is->version;
    }
    return list;
}

static void refuse_none(const struct package_index *index, const char *place, const char *name,
                        const char *range, struct qetl_findings *findings)
{
    char *versions = versions_of(index, name);
    qetl_finding_mend(qetl_refuse(findings, place, NULL, "no_package",
                                  "the index `%s` has no %s%s%s", index->name, name,
                                  range ? " of version " : "", range ? range : ""),
                      "it has %s", versions ? versions : "others");
    free(versions);
}

const struct index_package *qetl_index_choose(const struct package_index *index, const char *place,
                                              const char *name, const char *range,
                                              struct qetl_findings *findings)
{
    const struct index_package *best = NULL, *nearest = NULL;
    size_t count;
    const struct index_package *group = group_of(index, name, &count);
    for (const struct index_package *package = group; package < group + count; package++) {
        if (!qetl_version_range_has(range, package->is.version))
            continue;
        if (runs_here(package, place))
            best = package;
        else if (!nearest || strcmp(package->is.platform, qetl_machine_platform()) == 0 ||
                 strcmp(nearest->is.platform, qetl_machine_platform()) != 0)
            nearest = package;
    }
    if (!best && nearest) /* why not even the newest does */
        qetl_package_machine_check(&nearest->is, place, findings);
    else if (!best)
        refuse_none(index, place, name, range, findings);
    return best;
}
