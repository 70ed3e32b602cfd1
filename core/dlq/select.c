/* SPDX-License-Identifier: Apache-2.0 */
#include "select.h"

#include "config/units.h"
#include "time/moment.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

bool qetl_letter_filter_asks(const struct qetl_letter_filter *filter)
{
    return (filter->ids && filter->ids[0]) || filter->reason || filter->component ||
           filter->object || filter->source || filter->run || filter->since || filter->older_than ||
           filter->where || filter->epoch;
}

/* ---- numbers ---- */

struct range {
    int64_t from, to;
};

static bool range_read(const char *text, struct range *out)
{
    char *end;
    out->from = out->to = strtoll(text, &end, 10);
    if (end == text || out->from < 1)
        return false;
    if (*end == '-')
        out->to = strtoll(end + 1, &end, 10);
    return !*end && out->to >= out->from;
}

static struct range *ranges_read(const char *const *ids, size_t *n, struct qetl_findings *findings)
{
    for (*n = 0; ids && ids[*n];)
        ++*n;
    struct range *ranges = calloc(*n + 1, sizeof *ranges);
    for (size_t i = 0; ranges && i < *n; i++) {
        if (range_read(ids[i], &ranges[i]))
            continue;
        qetl_finding_mend(
            qetl_finding_add(findings, QETL_ERROR, "usage", "'%s' is no letter's number", ids[i]),
            "a number, or several: 3-9");
        free(ranges);
        return NULL;
    }
    if (!ranges)
        qetl_findings_no_memory(findings);
    return ranges;
}

static bool is_in(int64_t id, const struct range *ranges, size_t n)
{
    bool in = n == 0;
    for (size_t i = 0; i < n; i++)
        in |= id >= ranges[i].from && id <= ranges[i].to;
    return in;
}

/* ---- times ---- */

static bool moment_read(const char *text, int64_t *us)
{
    struct expr_text words = {text, (int64_t)strlen(text)};
    return qetl_expr_parse_moment(words, EXPR_TIMESTAMPTZ, NULL, us) == EXPR_PARSED;
}

/* An age counts back from now. */
static int bound_read(const char *text, const char *option, int64_t *us,
                      struct qetl_findings *findings)
{
    int64_t age_ns;
    if (!text)
        return 0;
    if (!qetl_units_ns(text, &age_ns)) {
        *us = (int64_t)time(NULL) * 1000000 - age_ns / 1000;
        return 0;
    }
    if (moment_read(text, us))
        return 0;
    qetl_finding_mend(
        qetl_finding_add(findings, QETL_ERROR, "usage", "'%s' is no time for %s", text, option),
        "an age (90m, 7d) or a time (2026-01-31T12:00:00Z)");
    return -1;
}

/* ---- the filter ---- */

struct bounds {
    struct range *ranges;
    size_t n_ranges;
    int64_t since_us, until_us;
    struct qetl_letter_where *where;
};

static bool matches(const json_t *letter, const char *key, const char *pattern)
{
    const char *text = json_string_value(json_object_get(letter, key));
    return !pattern || (text && fnmatch(pattern, text, 0) == 0);
}

static bool is_timely(const json_t *letter, const struct qetl_letter_filter *filter,
                      const struct bounds *bounds)
{
    int64_t at;
    const char *text = json_string_value(json_object_get(letter, "time"));
    if (!filter->since && !filter->older_than)
        return true;
    return text && moment_read(text, &at) && (!filter->since || at >= bounds->since_us) &&
           (!filter->older_than || at < bounds->until_us);
}

static int judge(struct qetl_box *box, const struct qetl_box_entry *entry,
                 const struct qetl_letter_filter *filter, const struct bounds *bounds, bool *meant,
                 struct qetl_findings *findings)
{
    *meant = (filter->all || entry->state != QETL_LETTER_REPLAYED) &&
             is_in(entry->id, bounds->ranges, bounds->n_ranges);
    bool by_number = !filter->reason && !filter->component && !filter->object && !filter->source &&
                     !filter->run && !filter->since && !filter->older_than && !filter->where &&
                     !filter->epoch;
    if (!*meant || by_number)
        return 0;
    json_t *letter = qetl_box_letter(box, entry, findings);
    if (!letter)
        return -1;
    *meant =
        matches(letter, "code", filter->reason) &&
        matches(letter, "component", filter->component) &&
        matches(letter, "object", filter->object) && matches(letter, "source", filter->source) &&
        matches(letter, "run", filter->run) &&
        (!filter->epoch || json_integer_value(json_object_get(letter, "epoch")) == filter->epoch) &&
        is_timely(letter, filter, bounds);
    int failed =
        *meant && bounds->where ? qetl_letter_where_holds(bounds->where, letter, meant) : 0;
    json_decref(letter);
    if (failed)
        qetl_findings_no_memory(findings);
    return failed;
}

bool *qetl_box_select(struct qetl_box *box, const struct qetl_letter_filter *filter,
                      struct qetl_findings *findings)
{
    struct bounds bounds = {0};
    bounds.ranges = ranges_read(filter->ids, &bounds.n_ranges, findings);
    int failed = !bounds.ranges ||
                 bound_read(filter->since, "--since", &bounds.since_us, findings) ||
                 bound_read(filter->older_than, "--older-than", &bounds.until_us, findings);
    if (!failed && filter->where)
        failed = !(bounds.where = qetl_letter_where_new(filter->where, findings));
    bool *meant = failed ? NULL : calloc(box->n + 1, sizeof *meant);
    if (!failed && !meant)
        qetl_findings_no_memory(findings);
    for (size_t i = 0; meant && !failed && i < box->n; i++)
        failed = judge(box, &box->entries[i], filter, &bounds, &meant[i], findings);
    qetl_letter_where_free(bounds.where);
    free(bounds.ranges);
    if (!failed)
        return meant;
    free(meant);
    return NULL;
}
