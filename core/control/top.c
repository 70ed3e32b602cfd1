/* SPDX-License-Identifier: Apache-2.0 */
#include "top.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- pictures ---- */

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void item_free(struct qetl_top_item *item)
{
    struct qetl_control_peer *alone = malloc(sizeof *alone);
    json_decref(item->before);
    if (!alone)
        return;
    *alone = item->peer;
    qetl_control_peers_free(alone, 1);
}

static void item_refresh(struct qetl_top_item *item)
{
    json_t *before = json_incref(item->peer.status);
    if (qetl_control_refresh(&item->peer)) {
        json_decref(before);
        item->gone = true;
        return;
    }
    json_decref(item->before);
    item->before = before;
    item->before_ns = item->at_ns;
    item->at_ns = now_ns();
}

static bool is_known(const struct qetl_top *top, const char *path)
{
    for (size_t i = 0; i < top->n; i++)
        if (strcmp(top->items[i].peer.path, path) == 0)
            return true;
    return false;
}

static int item_add(struct qetl_top *top, const struct qetl_control_peer *peer)
{
    struct qetl_top_item *items = realloc(top->items, (top->n + 1) * sizeof *items);
    if (!items)
        return -1;
    top->items = items;
    items[top->n++] = (struct qetl_top_item){.peer = *peer, .at_ns = now_ns()};
    return 0;
}

static void forget_gone(struct qetl_top *top)
{
    size_t kept = 0;
    for (size_t i = 0; i < top->n; i++) {
        if (top->items[i].gone)
            item_free(&top->items[i]);
        else
            top->items[kept++] = top->items[i];
    }
    top->n = kept;
}

int qetl_top_refresh(struct qetl_top *top)
{
    struct qetl_control_peer *peers;
    size_t n;
    for (size_t i = 0; i < top->n; i++)
        item_refresh(&top->items[i]);
    forget_gone(top);
    int failed = qetl_control_peers(&peers, &n);
    for (size_t i = 0; i < n; i++) {
        if (failed || is_known(top, peers[i].path))
            continue;
        failed = item_add(top, &peers[i]);
        if (!failed)
            peers[i] = (struct qetl_control_peer){.fd = -1};
    }
    qetl_control_peers_free(peers, n);
    return failed;
}

void qetl_top_free(struct qetl_top *top)
{
    for (size_t i = 0; i < top->n; i++)
        item_free(&top->items[i]);
    free(top->items);
}

/* ---- rates ---- */

static double per_second(const struct qetl_top_item *item, const json_t *now, const json_t *before,
                         const char *key)
{
    double seconds = (double)(item->at_ns - item->before_ns) / 1e9;
    double by = json_number_value(json_object_get(now, key)) -
                json_number_value(json_object_get(before, key));
    return before && seconds > 0 && by > 0 ? by / seconds : 0;
}

static json_t *rates_of(const struct qetl_top_item *item, const json_t *now, const json_t *before,
                        const char *const *keys)
{
    json_t *rates = json_object();
    for (; *keys; keys++)
        json_object_set_new(rates, *keys, json_real(per_second(item, now, before, *keys)));
    return rates;
}

static void add_rates(const struct qetl_top_item *item, json_t *list, const char *name,
                      const char *const *keys)
{
    const json_t *before = json_object_get(item->before, name);
    size_t i;
    json_t *entry;
    json_array_foreach (list, i, entry)
        json_object_set_new(entry, "rates", rates_of(item, entry, json_array_get(before, i), keys));
}

json_t *qetl_top_json(const struct qetl_top_item *item)
{
    static const char *const of_run[] = {"rows_in",  "rows_out",  "rows_rejected",
                                         "bytes_in", "bytes_out", NULL};
    static const char *const of_component[] = {"rows_in", "rows_out", "seconds", NULL};
    static const char *const of_edge[] = {"blocked_s", NULL};
    json_t *picture = json_deep_copy(item->peer.status);
    if (!picture)
        return json_null();
    json_object_set_new(picture, "rates",
                        rates_of(item, json_object_get(picture, "summary"),
                                 json_object_get(item->before, "summary"), of_run));
    add_rates(item, json_object_get(picture, "components"), "components", of_component);
    add_rates(item, json_object_get(picture, "edges"), "edges", of_edge);
    return picture;
}
