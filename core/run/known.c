/* SPDX-License-Identifier: Apache-2.0 */
#include "known.h"

#include <stdio.h>

int32_t qetl_known_done(struct qetl_run *run, const struct qetl_node *node, const char *call,
                        int32_t status)
{
    char message[128];
    if (status <= 0)
        return status;
    snprintf(message, sizeof message, "%s answered %d, which this version of qetl does not take",
             call, status);
    return qetl_run_fault(run, node, "unsupported", message);
}

static int32_t known_value(struct qetl_run *run, const struct qetl_node *node, const char *name,
                           uint32_t value, uint32_t least, uint32_t most)
{
    char message[128];
    if (value >= least && value <= most)
        return QETL_OK;
    snprintf(message, sizeof message,
             "describe says %s is %u, which this version of qetl does not know", name, value);
    return qetl_run_fault(run, node, "unsupported", message);
}

int32_t qetl_known_source(struct qetl_run *run, const struct qetl_node *node,
                          const struct qetl_source_info *info)
{
    int32_t status = known_value(run, node, "emits", info->emits, 1, QETL_EMITS_BYTES);
    return status ? status : known_value(run, node, "delivery", info->delivery, 0, QETL_LOSSY);
}

int32_t qetl_known_sink(struct qetl_run *run, const struct qetl_node *node,
                        const struct qetl_sink_info *info)
{
    int32_t status = known_value(run, node, "takes", info->takes, 1, QETL_TAKES_BYTES);
    if (!status)
        status = known_value(run, node, "delivery", info->delivery, 0, QETL_APPEND);
    return status ? status
                  : known_value(run, node, "commit", info->commit, 0, QETL_COMMIT_ONE_PHASE);
}
