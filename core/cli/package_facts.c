/* SPDX-License-Identifier: Apache-2.0 */
/* Which package a plugin is of: version, digest, who signed it, since when it is here, where from.
 */
#include "package_facts.h"

#include "data/json_text.h"
#include "plugin/sealed.h"
#include "show/display.h"

#include <stdio.h>

void qetl_cli_package_facts_print(const struct qetl_manifest *plugin)
{
    const struct qetl_sealed *sealed = plugin->sealed;
    if (!sealed)
        return;
    qetl_display_print(stdout, "  package %s, for %s%s\n    digest %s\n    signed %s%s\n",
                       sealed->package, sealed->is_system ? "all users" : "you",
                       plugin->hidden ? "; not used, but by its version" : "", sealed->digest,
                       sealed->signed_by ? "by the key " : "by nobody whom you trust",
                       sealed->signed_by ? sealed->signed_by : "");
    if (sealed->since)
        qetl_display_print(stdout, "    since  %s\n", sealed->since);
    if (sealed->from)
        qetl_display_print(stdout, "    from   %s\n", sealed->from);
    for (size_t i = 0; i < sealed->told.count; i++)
        qetl_display_print(stdout, "    but    %s\n", sealed->told.items[i].message);
}

json_t *qetl_cli_package_facts(const struct qetl_manifest *plugin)
{
    const struct qetl_sealed *sealed = plugin->sealed;
    if (!sealed)
        return json_null();
    return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:o, s:b, s:b, s:o}", "name", plugin->id,
                     "version", plugin->version, "digest", sealed->digest, "signed_by",
                     sealed->signed_by, "since", sealed->since, "from",
                     qetl_json_text(sealed->from), "system", sealed->is_system, "used",
                     !plugin->hidden, "findings", qetl_findings_json(&sealed->told));
}
