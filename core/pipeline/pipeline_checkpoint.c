/* SPDX-License-Identifier: Apache-2.0 */
/* How often a pipeline's run is decided, and what is demanded of it. */
#include "config/units.h"
#include "pipeline_draft.h"

#include <string.h>

enum { TIMEOUT_MS = 10 * 60 * 1000, DAY_MS = 24 * 60 * 60 * 1000 };

static void time_option(struct qetl_drafts *drafts, const json_t *in, const char *key, int64_t *ms)
{
    const char *text = json_string_value(json_object_get(in, key));
    char pointer[32];
    int64_t ns;
    snprintf(pointer, sizeof pointer, "/checkpoint/%s", key);
    if (!text)
        return;
    if (qetl_units_ns(text, &ns))
        qetl_finding_mend(qetl_document_error(drafts->document, pointer, QETL_AT_VALUE,
                                              drafts->findings, "bad_time",
                                              "`%s` is no length of time", key),
                          "a number and its unit: 250ms, 1s, 10m");
    else if (ns < 1000000 || ns / 1000000 > DAY_MS)
        qetl_finding_mend(qetl_document_error(drafts->document, pointer, QETL_AT_VALUE,
                                              drafts->findings, "out_of_range",
                                              "`%s` must be from 1ms to 1d", key),
                          "for example  %s: 1s", key);
    else
        *ms = ns / 1000000;
}

static enum qetl_delivery delivery_of(const char *word)
{
    static const char *const words[] = {"", "best-effort", "at-least-once", "exactly-once"};
    for (int i = QETL_DELIVERY_BEST_EFFORT; word && i <= QETL_DELIVERY_EXACTLY_ONCE; i++)
        if (strcmp(word, words[i]) == 0)
            return (enum qetl_delivery)i;
    return QETL_DELIVERY_ANY;
}

void qetl_drafts_checkpoint(struct qetl_drafts *drafts, struct qetl_pipeline *pipeline)
{
    const json_t *checkpoint = json_object_get(drafts->root, "checkpoint");
    pipeline->checkpoint_timeout_ms = TIMEOUT_MS;
    pipeline->checkpoint_every_ms = json_is_false(checkpoint) ? -1 : 0;
    time_option(drafts, checkpoint, "every", &pipeline->checkpoint_every_ms);
    time_option(drafts, checkpoint, "timeout", &pipeline->checkpoint_timeout_ms);
    pipeline->delivery = delivery_of(json_string_value(json_object_get(drafts->root, "delivery")));
}
