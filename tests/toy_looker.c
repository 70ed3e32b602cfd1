/* SPDX-License-Identifier: Apache-2.0 */
#include "toy_looker.h"

#include "run/observe.h"
#include "run/tap.h"
#include "sdk_random.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TAPS_MOST = 3 };

struct toy_looker {
    struct qetl_run *run;
    const struct qetl_pipeline *pipeline;
    uint64_t random;
    pthread_t thread;
    atomic_bool over;
    struct qetl_tap *taps[TAPS_MOST];
    int64_t rows;
    const char *fault;
};

static void see_row(void *arg, const char *json, size_t size)
{
    struct toy_looker *looker = arg;
    looker->rows++;
    if (size < 2 || json[0] != '{' || json[size - 1] != '}')
        looker->fault = "a row is no object";
}

static void look_at_tap(struct toy_looker *looker, struct qetl_tap **tap)
{
    static const char *const wheres[] = {NULL, NULL, "id % 3 = 0", "1 / (id % 2) = 1"};
    if (!*tap) {
        struct qetl_findings findings = {0};
        size_t n = (size_t)random_below(&looker->random, (int64_t)looker->pipeline->n_nodes);
        *tap = qetl_tap_open(looker->run, looker->pipeline->nodes[n].id,
                             wheres[random_below(&looker->random, 4)], &findings);
        qetl_findings_free(&findings);
    } else if (random_below(&looker->random, 8) == 0) {
        qetl_tap_close(*tap);
        *tap = NULL;
    } else {
        qetl_tap_read(*tap, random_below(&looker->random, 50), see_row, looker);
    }
}

static void look_at_reports(struct toy_looker *looker)
{
    struct qetl_run_report report;
    struct qetl_flow_report flow;
    qetl_run_report(looker->run, &report);
    qetl_run_report_free(&report);
    qetl_flow_report(looker->run, &flow);
    for (size_t i = 0; i < flow.n_edges; i++)
        if (flow.edges[i].depth > flow.edges[i].capacity || flow.edges[i].blocked_s < 0)
            looker->fault = "an edge is fuller than full";
    qetl_flow_report_free(&flow);
}

static void *looker_main(void *arg)
{
    struct toy_looker *looker = arg;
    while (!atomic_load(&looker->over)) {
        look_at_tap(looker, &looker->taps[random_below(&looker->random, TAPS_MOST)]);
        if (random_below(&looker->random, 4) == 0)
            look_at_reports(looker);
        nanosleep(&(struct timespec){.tv_nsec = 1 + random_below(&looker->random, 60000)}, NULL);
    }
    return NULL;
}

struct toy_looker *toy_looker_start(struct qetl_run *run, const struct qetl_pipeline *pipeline,
                                    uint64_t seed)
{
    struct toy_looker *looker = calloc(1, sizeof *looker);
    looker->run = run;
    looker->pipeline = pipeline;
    looker->random = seed;
    if (!pthread_create(&looker->thread, NULL, looker_main, looker))
        return looker;
    free(looker);
    return NULL;
}

const char *toy_looker_stop(struct toy_looker *looker, int64_t *rows)
{
    atomic_store(&looker->over, true);
    pthread_join(looker->thread, NULL);
    for (int i = 0; i < TAPS_MOST; i++) {
        if (!looker->taps[i])
            continue;
        while (qetl_tap_read(looker->taps[i], 1000, see_row, looker) > 0)
            ;
        if (!qetl_tap_over(looker->taps[i]))
            looker->fault = "a tap outlives the run";
        qetl_tap_close(looker->taps[i]);
    }
    const char *fault = looker->fault;
    *rows += looker->rows;
    free(looker);
    return fault;
}
