/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an instance: its orders, its host, its threads, its end. */
#include "cases.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { INTERRUPTS = 24 };

static const struct conform_knobs plain = {0};

static int64_t pick(int64_t i, int64_t n, int64_t most)
{
    return n <= most ? i + 1 : 1 + i * n / most;
}

void conform_case_run(const struct conform_trial *t)
{
    struct conform_bench first, second;
    t->record->barren = true; /* until something comes */
    if (conform_try(&first, t, &plain) < 0) {
        conform_break(t->record, CONFORM_RUN_RULE, "%s",
                      first.error[0] ? first.error : "it did not come to its end");
        conform_bench_close(&first);
        return;
    }
    conform_hold(t->record, CONFORM_RUN_RULE);
    t->record->barren = conform_outcome_empty(&first);
    conform_try(&second, t, &plain);
    conform_outcome_judge(&first, &second);
    conform_bench_close(&second);
    conform_bench_close(&first);
}

/* Given up at each of its calls, and twice behind create: with and without a stop. */
void conform_case_lifecycle(const struct conform_trial *t)
{
    struct conform_bench b;
    conform_try(&b, t, &plain);
    int64_t calls = b.calls, most = 48;
    conform_bench_close(&b);
    for (int64_t i = 0; i < (calls < most ? calls : most) && conform_may_try(t); i++) {
        struct conform_knobs k = {.leave_at = pick(i, calls, most)};
        conform_try(&b, t, &k);
        conform_bench_close(&b);
    }
    conform_hold(t->record, CONFORM_LIFE_ORDER_RULE);
    conform_hold(t->record, CONFORM_STATE_SIZE_RULE);
}

void conform_case_growth(const struct conform_trial *t)
{
    struct conform_knobs k = {.grown = true};
    conform_try_same(t, &k, CONFORM_GROWTH_RULE, "with the structs of a later version");
}

/* Refused in whatever call, or served: with another outcome it went on without what it asked for.
 */
static void without_try(const struct conform_trial *t, const struct conform_bench *all,
                        const char *extension)
{
    struct conform_knobs k = {.without = extension};
    struct conform_bench b;
    char what[64];
    snprintf(what, sizeof what, "on a host without %s", *extension ? extension : "extensions");
    if (conform_try(&b, t, &k) == QETL_OK)
        conform_outcome_same(all, &b, CONFORM_EXTENSIONS_RULE, what);
    else
        conform_hold(t->record, CONFORM_EXTENSIONS_RULE);
    conform_bench_close(&b);
}

void conform_case_extensions(const struct conform_trial *t)
{
    static const char *const extensions[] = {
        "", QETL_EXT_OPTIONS, QETL_EXT_OUTPUTS, QETL_EXT_POLL, QETL_EXT_RUN, QETL_EXT_EXPR};
    struct conform_bench all;
    conform_try(&all, t, &plain);
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++)
        without_try(t, &all, extensions[i]);
    conform_bench_close(&all);
}

/* Rows may be the same where what is handed out beside them, positions and state, is not. */
static void migrate_further(const struct conform_trial *t)
{
    const char *what = "with a thread for each call, and new instances that go on";
    struct conform_knobs near = {.rows = 1, .bytes = 64, .cut_at = 1, .cut_every = 1}, far = near;
    struct conform_bench one, other;
    far.migrate = true;
    int32_t status = conform_try(&one, t, &near);
    bool goes_on = !status && one.chances;
    if (goes_on && conform_try(&other, t, &far))
        conform_break(t->record, CONFORM_MIGRATION_RULE, "%s: %s", what, other.error);
    else if (goes_on)
        conform_outcome_same(&one, &other, CONFORM_MIGRATION_RULE, what);
    if (goes_on)
        conform_bench_close(&other);
    conform_bench_close(&one);
}

void conform_case_migration(const struct conform_trial *t)
{
    struct conform_knobs k = {.migrate = true};
    if (conform_try_same(t, &k, CONFORM_MIGRATION_RULE, "with a thread for each call"))
        migrate_further(t);
}

/* The process goes to a locale that writes numbers with a comma, if the machine has one: the
 * user's, or one of those that most machines have. */
static bool comma_find(void)
{
    static const char *const locales[] = {"",
                                          "de_DE.UTF-8",
                                          "fr_FR.UTF-8",
                                          "es_ES.UTF-8",
                                          "it_IT.UTF-8",
                                          "nl_NL.UTF-8",
                                          "pl_PL.UTF-8",
                                          "pt_BR.UTF-8",
                                          "ru_RU.UTF-8",
                                          "sv_SE.UTF-8",
                                          "tr_TR.UTF-8"};
    for (size_t i = 0; i < sizeof locales / sizeof *locales; i++)
        if (setlocale(LC_ALL, locales[i]) && strcmp(localeconv()->decimal_point, ",") == 0) {
            if (*locales[i])
                setenv("LC_ALL", locales[i], 1);
            return true;
        }
    return false;
}

/* Half a day away, with a comma in numbers; where the machine knows no such language, the time zone
 * alone can break the rule, and nothing holds it. The process is the case's alone. */
void conform_case_surroundings(const struct conform_trial *t)
{
    const enum conform_rule_id rule = CONFORM_SURROUNDINGS_RULE;
    struct conform_bench here, there;
    char difference[CONFORM_DIFFERENCE];
    conform_try(&here, t, &plain);
    setenv("TZ", "<+1245>-12:45", 1);
    tzset();
    bool comma = comma_find();
    if (conform_try(&there, t, &plain))
        conform_break(t->record, rule, "in another time zone and locale: %s", there.error);
    else if (!comma && !conform_outcome_differs(&here, &there, true, difference))
        conform_skip(t->record, rule,
                     "this machine has no locale that writes numbers with a comma, as de_DE.UTF-8 "
                     "does: another time zone alone was tried");
    else
        conform_outcome_same(&here, &there, rule, "in another time zone and locale");
    conform_bench_close(&there);
    conform_bench_close(&here);
}

/* ---- interrupts ---- */

struct alarm {
    struct conform_bench *bench;
    const struct conform_trial *trial;
    struct conform_knobs knobs;
    atomic_bool over;
};

static void *alarm_run(void *arg)
{
    struct alarm *a = arg;
    conform_drive(a->bench, a->trial, &a->knobs);
    atomic_store(&a->over, true);
    return NULL;
}

/* From this thread, while another drives, after so many steps of it. */
static void interrupt_from_aside(const struct conform_trial *t, int64_t steps)
{
    struct conform_bench b;
    struct alarm a = {&b, t, {0}, false};
    pthread_t thread;
    struct timespec moment = {.tv_nsec = 20000};
    conform_scratch(t);
    memset(&b, 0, sizeof b);
    int64_t from = atomic_load(&t->record->steps);
    if (pthread_create(&thread, NULL, alarm_run, &a))
        return;
    while (atomic_load(&t->record->steps) - from < steps && !atomic_load(&a.over))
        sched_yield();
    for (int i = 0; i < 3 && !atomic_load(&a.over); i++) {
        if (atomic_load(&b.life))
            conform_interrupt(&b);
        nanosleep(&moment, NULL);
    }
    pthread_join(thread, NULL);
    conform_bench_close(&b);
}

void conform_case_interrupt(const struct conform_trial *t)
{
    struct conform_bench b;
    uint64_t seed = t->seed;
    conform_try(&b, t, &plain);
    int64_t calls = b.calls;
    conform_bench_close(&b);
    for (int i = 0; i < INTERRUPTS && conform_may_try(t); i++) {
        struct conform_knobs k = {.interrupt_at = pick(i, calls, INTERRUPTS)};
        conform_try(&b, t, &k);
        conform_bench_close(&b);
        interrupt_from_aside(t, (int64_t)(conform_draw(&seed) % (uint64_t)(calls + 2)));
    }
    if (!t->component->interrupt)
        conform_skip(t->record, CONFORM_INTERRUPT_RULE, "the component has no interrupt");
    else
        conform_hold(t->record, CONFORM_INTERRUPT_RULE);
}
