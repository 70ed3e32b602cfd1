/* SPDX-License-Identifier: Apache-2.0 */
/* A source reads again what it read then. Where that is gone, its answer says nothing of the
 * plugin: the recording holds what a source handed out, and not what it read. */
#include "playback_internal.h"

/* What a plugin answers where something outside is not as it should be: its options, which are
 * those of then, name nothing that is there. */
static bool is_of_outside(int64_t status)
{
    return status == QETL_E_CONFIG || status == QETL_E_ENVIRONMENT || status == QETL_E_AUTH ||
           status == QETL_E_THROTTLED || status == QETL_E_RETRY_CALL ||
           status == QETL_E_RETRY_EPOCH;
}

/* What the plugin said of it, in the frames of its call; else "". */
static struct qetl_blob reason_of(const struct step *step)
{
    const struct qetl_pack *captured = &step->replay->captured;
    struct qetl_unpack in = qetl_unpack_from(captured->data, captured->size);
    struct qetl_blob reason = {"", 0};
    struct qetl_values values;
    struct qetl_entry entry;
    while (qetl_unpack_entry(&in, &entry) == 1) {
        const struct qetl_value *message =
            strcmp(entry.call, "error") == 0 && !qetl_entry_values(&entry, &values)
                ? qetl_values_find(&values, "message")
                : NULL;
        if (message && message->data)
            reason = (struct qetl_blob){message->data, message->size};
    }
    return reason;
}

bool qetl_step_source_is_gone(const struct step *step, int64_t status)
{
    const struct qetl_entry *then = step->answer;
    return step->player->recorded->kind == QETL_SOURCE && is_of_outside(status) && then &&
           then->answers == QETL_ANSWERS_STATUS && then->answer != status;
}

int qetl_step_source_gone(const struct step *step)
{
    struct qetl_blob reason = reason_of(step);
    struct qetl_finding *finding =
        qetl_finding_add(step->replay->findings, QETL_ERROR, "source_gone",
                         "%s is a source, and cannot read again what it read then: %s failed%s%.*s",
                         step->player->recorded->component, step->call->call,
                         reason.size ? ": " : "", (int)reason.size, (const char *)reason.data);
    qetl_finding_mend(finding, "a recording holds what a source handed out, not what it read: put "
                               "that back, or name a copy of it, as in -s path=COPY; the other "
                               "plugins of the recording are played without it");
    return -1;
}
