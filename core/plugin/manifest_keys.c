/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest_keys.h"

#include "config/pointer.h"
#include "config/suggest.h"

#include <qetl/plugin.h>

#include <stdlib.h>
#include <string.h>

/* What is near to the key, and not there beside it. */
static const char *meant(const json_t *properties, const json_t *object, const char *key)
{
    struct qetl_suggest suggest;
    const char *known;
    json_t *property;
    qetl_suggest_init(&suggest, key);
    json_object_foreach ((json_t *)properties, known, property)
        if (!json_object_get(object, known))
            qetl_suggest_offer(&suggest, known);
    return suggest.best;
}

static void refuse(const struct qetl_manifest_keys *keys, const char *place, const char *key,
                   const char *near)
{
    qetl_finding_mend(qetl_document_error(keys->document, place, QETL_AT_KEY, keys->mistakes,
                                          "unknown_key", "`%s` is not known here", key),
                      "did you mean `%s`?", near);
}

static void pass_over(const struct qetl_manifest_keys *keys, const char *pointer, const char *key,
                      const char *near)
{
    struct qetl_place place = qetl_document_key_place(keys->document, pointer);
    char *dotted = qetl_pointer_dotted(pointer);
    struct qetl_finding *finding =
        qetl_finding_add(keys->passed_over, QETL_WARNING, "unknown_key",
                         "`%s` is not known to ABI %u.%u, which this qetl has, and is passed over",
                         key, QETL_ABI_VERSION >> 16, QETL_ABI_VERSION & 0xffff);
    qetl_finding_at(finding, place.file, place.line, place.column, dotted);
    qetl_document_show(keys->document, finding, place);
    free(dotted);
    if (near)
        qetl_finding_mend(finding, "did you mean `%s`?", near);
    else if (!keys->newer)
        qetl_finding_mend(finding, "what is your own begins with `x-`");
}

static void check_key(const struct qetl_manifest_keys *keys, const char *place, const char *key,
                      const char *near)
{
    if (near && !keys->newer)
        refuse(keys, place, key, near);
    else
        pass_over(keys, place, key, near);
}

void qetl_manifest_keys_check(const struct qetl_manifest_keys *keys, const json_t *schema,
                              const json_t *object, const char *pointer)
{
    const json_t *properties = json_object_get(schema, "properties");
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)object, key, value) {
        if (json_object_get(properties, key) || strncmp(key, "x-", 2) == 0)
            continue;
        char *place = qetl_pointer_key(pointer, key);
        if (place)
            check_key(keys, place, key, meant(properties, object, key));
        else
            qetl_findings_no_memory(keys->mistakes);
        free(place);
    }
}
