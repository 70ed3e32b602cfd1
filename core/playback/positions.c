/* SPDX-License-Identifier: Apache-2.0 */
/* Splits and positions name what they are of: where a source reads a copy, those of then are others
 * now. What it gave out then stands beside what it gave out here, in the same place of the same
 * call. */
#include "playback_internal.h"

#include <stdlib.h>
#include <string.h>

static int32_t position_put(struct step *step, struct qetl_blob then, struct qetl_blob now)
{
    struct replay *replay = step->replay;
    size_t n = replay->n_positions;
    if ((n & (n - 1)) == 0) {
        struct qetl_position_pair *grown =
            reallocarray(replay->positions, n ? n * 2 : 1, sizeof *replay->positions);
        if (!grown)
            return QETL_E_NO_MEMORY;
        replay->positions = grown;
    }
    void *copy = malloc(now.size + 1);
    if (!copy)
        return QETL_E_NO_MEMORY;
    if (now.size)
        memcpy(copy, now.data, now.size);
    replay->positions[replay->n_positions++] =
        (struct qetl_position_pair){step->player->recorded->component, then, {copy, now.size}};
    return QETL_OK;
}

struct qetl_blob qetl_position_now(const struct step *step, struct qetl_blob then)
{
    const struct replay *replay = step->replay;
    for (size_t i = replay->n_positions; i > 0; i--) {
        const struct qetl_position_pair *pair = &replay->positions[i - 1];
        if (pair->then.size == then.size &&
            strcmp(pair->component, step->player->recorded->component) == 0 &&
            (!then.size || memcmp(pair->then.data, then.data, then.size) == 0))
            return pair->now;
    }
    return then;
}

int qetl_position_note(struct step *step, struct qetl_blob now)
{
    struct qetl_values values;
    if (!step->replay->options->n_settings || !now.size || !step->answer ||
        qetl_entry_values(step->answer, &values))
        return 0;
    struct qetl_blob then = qetl_values_blob(&values, "position");
    return then.size ? position_put(step, then, now) : 0;
}

/* The next split of the recording goes with the one that is written now. */
static int32_t split_write(void *stream, const void *data, size_t size)
{
    struct qetl_position_splits *splits = stream;
    struct step *step = splits->step;
    struct qetl_values values;
    while (splits->at < step->n_asked) {
        const struct qetl_entry *asked = step->asked[splits->at++];
        if (strcmp(asked->call, "plan_splits.write") != 0)
            continue;
        if (!step->replay->options->n_settings || qetl_entry_values(asked, &values))
            return QETL_OK;
        return position_put(step, qetl_values_blob(&values, "data"),
                            (struct qetl_blob){data, size});
    }
    return QETL_OK; /* one more than then: the comparison says so */
}

void qetl_position_splits(struct qetl_position_splits *splits, struct step *step)
{
    *splits = (struct qetl_position_splits){{splits, split_write}, step, 0};
}

void qetl_positions_free(struct replay *replay)
{
    for (size_t i = 0; i < replay->n_positions; i++)
        free((void *)replay->positions[i].now.data);
    free(replay->positions);
}
