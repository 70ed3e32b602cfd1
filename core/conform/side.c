/* SPDX-License-Identifier: Apache-2.0 */
#include "side.h"

#include "drive.h"

#include <stdio.h>
#include <sys/stat.h>

/* Where sinks write, each has a folder of its own. */
void conform_side_make(struct conform_side *s, const struct conform_trial *t, int number,
                       struct conform_relay *relay)
{
    memset(s, 0, sizeof *s);
    s->trial = *t;
    snprintf(s->name, sizeof s->name, "check%d", number);
    snprintf(s->place, sizeof s->place, "%s-%d", t->scratch, number);
    mkdir(s->place, 0700);
    conform_check_move(t->check, t->promised, t->scratch, s->place, &s->check);
    s->trial.check = &s->check;
    s->trial.scratch = s->place;
    s->knobs = (struct conform_knobs){.name = s->name, .relay = relay, .runner = number};
    conform_scratch(&s->trial);
}

void *conform_side_run(void *arg)
{
    struct conform_side *s = arg;
    conform_drive(&s->bench, &s->trial, &s->knobs);
    if (s->knobs.relay)
        conform_relay_leave(s->knobs.relay, s->knobs.runner);
    return NULL;
}

void conform_side_judge(const struct conform_side *s, const struct conform_bench *alone,
                        const char *what)
{
    struct conform_record *record = alone->trial->record;
    if (alone->tree.n && !s->bench.tree.n) {
        conform_skip(record, CONFORM_APART_RULE,
                     "instances write to the same place: an option that is a file's place says "
                     "\"x-file\": \"writes\", or begins with {tmp} in the check");
        return;
    }
    if (s->bench.status != alone->status)
        conform_break(record, CONFORM_APART_RULE, "%s: %s", what,
                      s->bench.error[0] ? s->bench.error : "it fails no more");
    else
        conform_outcome_same(alone, &s->bench, CONFORM_APART_RULE, what);
}

void conform_side_close(struct conform_side *s)
{
    conform_bench_close(&s->bench);
    json_decref(s->check.options);
    json_decref(s->options);
}
