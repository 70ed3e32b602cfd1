/* SPDX-License-Identifier: Apache-2.0 */
/* Several instances in a process: one behind the other, in turns, and all at once. */
#include "cases.h"
#include "values.h"

#include <stdio.h>
#include <sys/stat.h>

enum { SIDES = 3, OTHERS_MOST = 6 };

static const struct conform_knobs plain = {0};

/* ---- one behind the other ---- */

typedef bool other_each(void *arg, json_t *options, const char *what);

/* What differs from the check's options in that one; NULL: nothing does. */
static json_t *other_find(const struct conform_trial *t, const json_t *options, const char *name,
                          const json_t *schema, char what[128])
{
    json_t *values = json_object_get(schema, "x-file")
                         ? NULL
                         : conform_values(schema, json_object_get(options, name)),
           *value;
    json_t *found = NULL;
    size_t i;
    json_array_foreach (values, i, value)
        if (!found && !json_equal(json_object_get(options, name), value) &&
            !json_equal(json_object_get(schema, "maximum"), value)) { /* which may take long */
            found = conform_options_with(t, options, name, value);
            conform_value_print(name, value, what, 128);
        }
    json_decref(values);
    return found;
}

/* Options that all differ, and if nothing comes of those, each that differs by itself. */
static void others_each(const struct conform_trial *t, other_each *each, void *arg)
{
    const json_t *properties = json_object_get(t->promised->options, "properties");
    json_t *all = json_deep_copy(t->check->options), *schema;
    const char *name;
    char what[128];
    int n = 0;
    json_object_foreach ((json_t *)properties, name, schema) {
        json_t *more = other_find(t, all, name, schema, what);
        json_decref(more ? all : NULL);
        all = more ? more : all;
    }
    bool enough = json_equal(all, t->check->options) || each(arg, all, "all its options others");
    json_decref(all);
    json_object_foreach ((json_t *)properties, name, schema) {
        if (enough || n == OTHERS_MOST || !conform_may_try(t))
            break;
        json_t *other = other_find(t, t->check->options, name, schema, what);
        if (other)
            each(arg, other, what);
        n += other != NULL;
        json_decref(other);
    }
}

/* Whether it came to an end. */
static bool other_run(void *arg, json_t *options, const char *what)
{
    const struct conform_trial *t = arg;
    struct conform_knobs k = {.options = options, .leave_at = 400};
    struct conform_bench b;
    (void)what;
    bool ended = conform_try(&b, t, &k) == QETL_OK;
    conform_bench_close(&b);
    return ended;
}

static void plain_sum(const struct conform_trial *t, uint64_t *sum)
{
    struct conform_bench b;
    conform_try(&b, t, &plain);
    *sum = conform_outcome_sum(&b);
    conform_bench_close(&b);
}

/* Behind others with other options, an instance that is not the first of its process. */
void conform_case_behind(const struct conform_trial *t)
{
    struct conform_record *record = t->record;
    uint64_t sum;
    if (record->unruly)
        return;
    others_each(t, other_run, (void *)t);
    plain_sum(t, &sum);
    if (sum != record->outcome)
        snprintf(record->suspect, sizeof record->suspect,
                 "behind an instance with other options an instance has another outcome");
}

/* What is the same in each process, but not in each instance, is what they share. */
void conform_case_alone(const struct conform_trial *t)
{
    uint64_t sum;
    if (!t->record->suspect[0])
        return;
    plain_sum(t, &sum);
    if (sum == t->record->outcome)
        conform_break(t->record, CONFORM_APART_RULE, "%s", t->record->suspect);
    else
        conform_skip(t->record, CONFORM_APART_RULE, "two equal runs have different outcomes");
}

/* ---- at once ---- */

struct side {
    struct conform_bench bench;
    struct conform_trial trial;
    struct conform_check check;
    struct conform_knobs knobs;
    json_t *options;           /* of the knobs */
    char name[24], place[600]; /* no two components of a pipeline have the same name */
    pthread_t thread;
};

/* Where sinks write, each has a folder of its own. */
static void side_make(struct side *s, const struct conform_trial *t, int number,
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

static void *side_run(void *arg)
{
    struct side *s = arg;
    conform_drive(&s->bench, &s->trial, &s->knobs);
    if (s->knobs.relay)
        conform_relay_leave(s->knobs.relay, s->knobs.runner);
    return NULL;
}

static int sides_run(struct side *sides, int n)
{
    int started = 0;
    while (started < n && !pthread_create(&sides[started].thread, NULL, side_run, &sides[started]))
        started++;
    for (int i = started; i < n; i++)
        if (sides[i].knobs.relay)
            conform_relay_leave(sides[i].knobs.relay, i);
    for (int i = 0; i < started; i++)
        pthread_join(sides[i].thread, NULL);
    return started;
}

static void side_judge(const struct side *s, const struct conform_bench *alone, const char *what)
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

static void side_close(struct side *s)
{
    conform_bench_close(&s->bench);
    json_decref(s->check.options);
    json_decref(s->options);
}

struct abreast {
    const struct conform_trial *trial;
    const struct conform_bench *alone;
};

/* In turns with another, of the same options or of others. Whether that is enough. */
static bool turns_try(void *arg, json_t *options, const char *what)
{
    static struct side sides[2];
    const struct abreast *a = arg;
    struct conform_relay relay;
    char beside[160];
    conform_relay_init(&relay);
    for (int i = 0; i < 2; i++)
        side_make(&sides[i], a->trial, i, &relay);
    if (options) {
        json_t *moved = json_object();
        conform_options_move(options, a->trial->promised, a->trial->scratch, sides[1].place,
                             &moved);
        sides[1].options = moved;
        sides[1].knobs.options = moved;
        sides[1].knobs.leave_at = 400;
    }
    snprintf(beside, sizeof beside, "in turns with another%s%s", options ? ", with " : "",
             options ? what : "");
    int started = sides_run(sides, 2);
    bool ended = started == 2 && sides[1].bench.status == QETL_OK;
    for (int i = 0; i < started; i++) {
        if (!i || !options)
            side_judge(&sides[i], a->alone, beside);
        side_close(&sides[i]);
    }
    conform_relay_clear(&relay);
    return ended || conform_is_broken(a->trial->record, CONFORM_APART_RULE);
}

static void race(const struct abreast *a)
{
    static struct side sides[SIDES];
    for (int i = 0; i < SIDES; i++)
        side_make(&sides[i], a->trial, i, NULL);
    int started = sides_run(sides, SIDES);
    for (int i = 0; i < started; i++) {
        side_judge(&sides[i], a->alone, "beside others");
        side_close(&sides[i]);
    }
}

void conform_case_apart(const struct conform_trial *t)
{
    struct conform_bench alone;
    struct abreast a = {t, &alone};
    conform_try(&alone, t, &plain);
    turns_try(&a, NULL, "");
    others_each(t, turns_try, &a);
    race(&a);
    conform_bench_close(&alone);
}
