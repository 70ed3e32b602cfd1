/* SPDX-License-Identifier: Apache-2.0 */
#include "said.h"

#include "plugin/said.h"

static struct qetl_said said_by(const struct conform_bench *b)
{
    return qetl_said_of(b->use.plugin->kind, b->use.plugin->json, b->use.options);
}

static bool delivery_kept(const struct conform_bench *b, uint32_t said, uint32_t delivery)
{
    const uint32_t kind = b->use.plugin->kind;
    if (!said || said == delivery)
        return true;
    conform_break(b->trial->record, CONFORM_DESCRIBE_RULE,
                  "describe answered delivery %s, and the manifest says %s of these options "
                  "(`delivery`, `delivery_if`)",
                  qetl_delivery_word(kind, delivery), qetl_delivery_word(kind, said));
    return false;
}

bool conform_said_of_source(const struct conform_bench *b, const struct qetl_source_info *info)
{
    const struct qetl_said said = said_by(b);
    if (!delivery_kept(b, said.delivery, info->delivery))
        return false;
    if (!said.delivery || said.endless == (info->endless != 0))
        return true;
    conform_break(b->trial->record, CONFORM_DESCRIBE_RULE,
                  "describe answered endless %u, and the manifest says %s of these options "
                  "(`endless` in `delivery_if`)",
                  info->endless, said.endless ? "that it is" : "nothing like it");
    return false;
}

bool conform_said_of_sink(const struct conform_bench *b, const struct qetl_sink_info *info)
{
    static const char *const words[] = {"nothing", "two-phase", "one-phase"};
    const struct qetl_said said = said_by(b);
    if (!delivery_kept(b, said.delivery, info->delivery))
        return false;
    const bool unsaid = !said.commit && info->commit != QETL_COMMIT_ONE_PHASE;
    if (info->delivery != QETL_TRANSACTIONAL || said.commit == info->commit || unsaid)
        return true;
    conform_break(b->trial->record, CONFORM_DESCRIBE_RULE,
                  "describe answered commit %s, and the manifest says %s (`commit`)",
                  words[info->commit], words[said.commit]);
    return false;
}
