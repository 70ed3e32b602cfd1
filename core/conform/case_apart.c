/* SPDX-License-Identifier: Apache-2.0 */
/* Several instances in a process: one behind the other, in turns, and all at once. */
#include "cases.h"
#include "host/call.h"
#include "side.h"
#include "values.h"

#include <stdio.h>

enum { SIDES = 3, OTHERS_MOST = 6, RACE_ROWS = 160, RACE_MS = 250, RACES = 200 };

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

static int sides_run(struct conform_side *sides, int n)
{
    int started = 0;
    while (started < n &&
           !pthread_create(&sides[started].thread, NULL, conform_side_run, &sides[started]))
        started++;
    for (int i = started; i < n; i++)
        if (sides[i].knobs.relay)
            conform_relay_leave(sides[i].knobs.relay, i);
    for (int i = 0; i < started; i++)
        pthread_join(sides[i].thread, NULL);
    return started;
}

struct abreast {
    const struct conform_trial *trial;
    const struct conform_bench *alone;
};

/* In turns with another, of the same options or of others. Whether that is enough. */
static bool turns_try(void *arg, json_t *options, const char *what)
{
    static struct conform_side sides[2];
    const struct abreast *a = arg;
    struct conform_relay relay;
    char beside[160];
    conform_relay_init(&relay);
    for (int i = 0; i < 2; i++)
        conform_side_make(&sides[i], a->trial, i, &relay);
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
            conform_side_judge(&sides[i], a->alone, beside);
        conform_side_close(&sides[i]);
    }
    conform_relay_clear(&relay);
    return ended || conform_is_broken(a->trial->record, CONFORM_APART_RULE);
}

static void race(const struct abreast *a)
{
    static struct conform_side sides[SIDES];
    for (int i = 0; i < SIDES; i++)
        conform_side_make(&sides[i], a->trial, i, NULL);
    int started = sides_run(sides, SIDES);
    for (int i = 0; i < started; i++) {
        conform_side_judge(&sides[i], a->alone, "beside others");
        conform_side_close(&sides[i]);
    }
}

/* One after the other, as what they do to each other depends on the moment; of more rows, so that
 * they are at work at the same time. */
static void races(const struct conform_trial *t)
{
    struct conform_check check = *t->check;
    struct conform_trial with = *t;
    struct conform_bench alone;
    const struct abreast a = {&with, &alone};
    with.check = &check;
    for (size_t i = 0; i < check.n_tables; i++) {
        struct conform_table *table = &check.tables[i];
        size_t n = json_array_size(table->rows);
        table->rows = json_copy(table->rows);
        for (size_t row = 0; n && json_array_size(table->rows) < RACE_ROWS; row++)
            json_array_append(table->rows, json_array_get(table->rows, row % n));
    }
    int32_t status = conform_try(&alone, &with, &plain);
    int64_t end = qetl_call_now_ns() + RACE_MS * 1000000LL;
    for (int i = 0; !status && i < RACES && (!i || qetl_call_now_ns() < end) &&
                    !conform_is_broken(t->record, CONFORM_APART_RULE);
         i++)
        race(&a);
    conform_bench_close(&alone);
    for (size_t i = 0; i < check.n_tables; i++)
        json_decref(check.tables[i].rows);
}

void conform_case_apart(const struct conform_trial *t)
{
    struct conform_bench alone;
    struct abreast a = {t, &alone};
    conform_try(&alone, t, &plain);
    turns_try(&a, NULL, "");
    others_each(t, turns_try, &a);
    races(t);
    conform_bench_close(&alone);
}
