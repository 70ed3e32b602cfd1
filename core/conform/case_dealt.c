/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of one instance, dealt out to two: what runs with several workers is what this finds. */
#include "binding.h"
#include "cases.h"

#include <stdlib.h>

enum { SHARES = 2, AT_ONCE = 2 };

static const struct conform_knobs plain = {0};

/* ---- who gets which row ---- */

static unsigned hash_of(const json_t *row, uint64_t keys)
{
    unsigned hash = 2166136261u;
    for (size_t c = 0; c < json_array_size(row) && c < 64; c++) {
        char *text = keys >> c & 1
                         ? json_dumps(json_array_get(row, c), JSON_ENCODE_ANY | JSON_SORT_KEYS)
                         : NULL;
        for (const char *at = text; at && *at; at++)
            hash = (hash ^ (unsigned char)*at) * 16777619u;
        free(text);
    }
    return hash;
}

/* HASH: rows of the same keys go together, else some to each in turn. */
static unsigned share_of(const json_t *row, size_t i, const struct conform_binding *binding)
{
    if (binding->host.distribution == QETL_DISTRIBUTION_HASH)
        return hash_of(row, binding->keys) / 7 % SHARES;
    return (unsigned)(i / AT_ONCE % SHARES);
}

static void table_deal(const struct conform_table *whole, unsigned share,
                       const struct conform_binding *binding, struct conform_table *out)
{
    json_t *row;
    size_t i;
    *out = *whole;
    out->rows = json_array();
    json_array_foreach (whole->rows, i, row)
        if (share_of(row, i, binding) == share)
            json_array_append(out->rows, row);
}

/* ---- what came, in whatever order ---- */

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lines in the order of their letters, without the numbers of rejected rows. */
static void lines_sort(struct conform_text *text, bool numbered)
{
    size_t n = 0, at = 0;
    for (size_t i = 0; i < text->size; i++)
        n += text->data[i] == '\n';
    char **lines = calloc(n + 1, sizeof *lines);
    struct conform_text sorted = {0};
    if (!lines)
        abort();
    for (size_t i = 0; i < n; i++) {
        char *line = text->data + at, *end = memchr(line, '\n', text->size - at);
        *end = 0;
        at = (size_t)(end - text->data) + 1;
        lines[i] = numbered && strlen(line) > 4 ? line + 4 + strcspn(line + 4, " ") : line;
    }
    qsort(lines, n, sizeof *lines, compare);
    for (size_t i = 0; i < n; i++) {
        conform_text_put(&sorted, lines[i], strlen(lines[i]));
        conform_text_put(&sorted, "\n", 1);
    }
    free(lines);
    conform_text_free(text);
    *text = sorted;
}

static void outcome_sort(struct conform_bench *b)
{
    for (size_t i = 0; i < CONFORM_OUTS; i++)
        lines_sort(&b->outs[i], false);
    lines_sort(&b->rejects, true);
}

static void outcome_add(struct conform_bench *to, const struct conform_bench *from)
{
    for (size_t i = 0; i < CONFORM_OUTS; i++)
        conform_text_put(&to->outs[i], from->outs[i].data, from->outs[i].size);
    conform_text_put(&to->rejects, from->rejects.data, from->rejects.size);
}

/* ---- the case ---- */

static int32_t share_run(const struct conform_trial *t, unsigned share,
                         const struct conform_binding *binding, struct conform_bench *b)
{
    struct conform_check check = *t->check;
    struct conform_trial with = *t;
    table_deal(&t->check->tables[0], share, binding, &check.tables[0]);
    with.check = &check;
    int32_t status = conform_try(b, &with, &plain);
    b->trial = t;
    json_decref(check.tables[0].rows);
    return status;
}

static void deal(const struct conform_trial *t, const struct conform_binding *binding)
{
    struct conform_bench whole, first, second;
    const enum conform_rule_id rule = CONFORM_DISTRIBUTION_RULE;
    conform_try(&whole, t, &plain);
    int32_t status = share_run(t, 0, binding, &first);
    status = share_run(t, 1, binding, &second) ? second.status : status;
    if (status) {
        conform_break(t->record, rule, "with half of the rows: %s",
                      first.status ? first.error : second.error);
    } else {
        outcome_add(&first, &second);
        outcome_sort(&first);
        outcome_sort(&whole);
        conform_outcome_same(&whole, &first, rule,
                             binding->host.distribution == QETL_DISTRIBUTION_HASH
                                 ? "rows of the same keys together, in two instances"
                                 : "rows dealt out to two instances, as bind does not say SINGLE");
    }
    conform_bench_close(&second);
    conform_bench_close(&first);
    conform_bench_close(&whole);
}

/* Whether the host makes several of it; else why not. */
static const char *why_alone(const struct conform_trial *t, const struct conform_binding *binding)
{
    bool hash = binding->host.distribution == QETL_DISTRIBUTION_HASH;
    if (t->check->n_tables != 1)
        return "a transform of several inputs runs alone";
    if (binding->host.distribution == QETL_DISTRIBUTION_SINGLE)
        return "bind says SINGLE: it runs alone";
    for (uint32_t p = 0; !hash && p < binding->host.n_out; p++)
        if (binding->host.out[p].rows == QETL_ROWS_STATEFUL)
            return "rows are STATEFUL: it runs alone, or its states are merged";
    return t->component->transform->process ? NULL : "the transform has no process";
}

void conform_case_dealt(const struct conform_trial *t)
{
    struct conform_binding binding;
    struct conform_bench b;
    const char *why = "bind fails";
    conform_scratch(t);
    bool bound = !conform_bench_open(&b, t, &plain) && !conform_bench_start(&b) &&
                 !conform_bind(&b, &binding);
    if (bound)
        why = why_alone(t, &binding);
    conform_bench_stop(&b);
    if (why)
        conform_skip(t->record, CONFORM_DISTRIBUTION_RULE, "%s", why);
    else
        deal(t, &binding);
    if (bound)
        conform_binding_free(&binding);
    conform_bench_close(&b);
}
