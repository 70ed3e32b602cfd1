/* SPDX-License-Identifier: Apache-2.0 */
#include "conform.h"

#include "show/xml.h"

#include <errno.h>
#include <string.h>

typedef void each_verdict(void *arg, const struct conform_result *, enum conform_rule_id,
                          const struct conform_verdict *, enum conform_state);

static void verdicts_each(const struct conform_results *results, each_verdict *each, void *arg)
{
    for (size_t i = 0; i < results->count; i++)
        for (int rule = 0; rule < CONFORM_N_RULES; rule++) {
            const struct conform_result *result = &results->items[i];
            const struct conform_verdict *verdict = &result->record->verdicts[rule];
            enum conform_state state = (enum conform_state)atomic_load(&verdict->state);
            if (results->only != CONFORM_N_RULES && (int)results->only != rule &&
                state != CONFORM_BROKEN)
                continue;
            if (conform_rules[rule].kinds & result->kinds || state == CONFORM_BROKEN)
                each(arg, result, (enum conform_rule_id)rule, verdict, state);
        }
}

static const char *why_not(const struct conform_verdict *verdict)
{
    return verdict->note[0] ? verdict->note : "nothing in the check leads there";
}

struct counts {
    size_t states[3];
};

static void count(void *arg, const struct conform_result *result, enum conform_rule_id rule,
                  const struct conform_verdict *verdict, enum conform_state state)
{
    (void)result, (void)rule, (void)verdict;
    ((struct counts *)arg)->states[state]++;
}

size_t conform_broken(const struct conform_results *results)
{
    struct counts counts = {0};
    verdicts_each(results, count, &counts);
    return counts.states[CONFORM_BROKEN];
}

size_t conform_late(const struct conform_results *results)
{
    size_t late = 0;
    for (size_t i = 0; i < results->count; i++)
        late += results->items[i].record->late;
    return late;
}

/* ---- for people ---- */

struct text {
    FILE *out;
    int colour;
    bool brief; /* what is broken alone */
    const struct conform_result *last;
};

static void text_put(void *arg, const struct conform_result *result, enum conform_rule_id rule,
                     const struct conform_verdict *verdict, enum conform_state state)
{
    struct text *t = arg;
    if (state == CONFORM_HELD || (t->brief && state == CONFORM_UNTRIED))
        return;
    if (t->last != result)
        fprintf(t->out, "%s\n", result->name);
    t->last = result;
    if (state == CONFORM_UNTRIED) {
        fprintf(t->out, "  not tried  %s: %s\n", conform_rules[rule].id, why_not(verdict));
        return;
    }
    fprintf(t->out, "  %sbroken%s     %s: %s\n", t->colour ? "\033[31m" : "",
            t->colour ? "\033[0m" : "", conform_rules[rule].id, verdict->note);
    fprintf(t->out, "             the rule: %s\n", conform_rules[rule].holds);
    fprintf(t->out, "             mend: %s\n", conform_rules[rule].mend);
}

void conform_report_text(const struct conform_results *results, const char *plugin, uint64_t seed,
                         FILE *out, int colour, bool brief)
{
    struct counts counts = {0};
    struct text text = {out, colour, brief, NULL};
    verdicts_each(results, text_put, &text);
    if (brief)
        return;
    verdicts_each(results, count, &counts);
    fprintf(out, "%s: %zu rules held, %zu broken, %zu not tried; seed %llu, %.1f s\n", plugin,
            counts.states[CONFORM_HELD], counts.states[CONFORM_BROKEN],
            counts.states[CONFORM_UNTRIED], (unsigned long long)seed, results->seconds);
}

/* ---- for programs ---- */

static void json_put(void *arg, const struct conform_result *result, enum conform_rule_id rule,
                     const struct conform_verdict *verdict, enum conform_state state)
{
    static const char *const words[] = {"not_tried", "held", "broken"};
    json_t *entry =
        json_pack("{s:s, s:s, s:s, s:s}", "component", result->name, "rule", conform_rules[rule].id,
                  "outcome", words[state], "holds", conform_rules[rule].holds);
    if (state == CONFORM_BROKEN) {
        json_object_set_new(entry, "message", json_string(verdict->note));
        json_object_set_new(entry, "findings", json_integer(atomic_load(&verdict->count)));
        json_object_set_new(entry, "mend", json_string(conform_rules[rule].mend));
    } else if (state == CONFORM_UNTRIED) {
        json_object_set_new(entry, "why", json_string(why_not(verdict)));
    }
    json_array_append_new(arg, entry);
}

json_t *conform_report_json(const struct conform_results *results, const char *plugin,
                            uint64_t seed)
{
    struct counts counts = {0};
    json_t *rules = json_array();
    verdicts_each(results, json_put, rules);
    verdicts_each(results, count, &counts);
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:f, s:o}", "plugin", plugin, "seed",
                     (json_int_t)seed, "held", (json_int_t)counts.states[CONFORM_HELD], "broken",
                     (json_int_t)counts.states[CONFORM_BROKEN], "not_tried",
                     (json_int_t)counts.states[CONFORM_UNTRIED], "late",
                     (json_int_t)conform_late(results), "seconds", results->seconds, "rules",
                     rules);
}

static void junit_put(void *arg, const struct conform_result *result, enum conform_rule_id rule,
                      const struct conform_verdict *verdict, enum conform_state state)
{
    FILE *out = arg;
    fprintf(out, "    <testcase classname=\"");
    qetl_xml_put(out, result->name);
    fprintf(out, "\" name=\"%s\"", conform_rules[rule].id);
    if (state == CONFORM_HELD) {
        fputs("/>\n", out);
        return;
    }
    fputs(state == CONFORM_BROKEN ? ">\n      <failure message=\"" : ">\n      <skipped message=\"",
          out);
    qetl_xml_put(out, state == CONFORM_BROKEN ? verdict->note : why_not(verdict));
    fputs(state == CONFORM_BROKEN ? "\">" : "\"/>\n    </testcase>\n", out);
    if (state == CONFORM_BROKEN) {
        qetl_xml_put(out, conform_rules[rule].holds);
        fputs("\nmend: ", out);
        qetl_xml_put(out, conform_rules[rule].mend);
        fputs("</failure>\n    </testcase>\n", out);
    }
}

/* No test case failed, and yet the suite did not come to its end. */
static void junit_late(FILE *out, const char *plugin, size_t late, size_t cases)
{
    fprintf(out, "    <testcase classname=\"");
    qetl_xml_put(out, plugin);
    fprintf(out,
            "\" name=\"time\">\n      <error message=\"--limit left out, or cut short, %zu of %zu "
            "cases\"/>\n    </testcase>\n",
            late, cases);
}

int conform_report_junit(const struct conform_results *results, const char *plugin,
                         const char *path)
{
    struct counts counts = {0};
    FILE *out = fopen(path, "we");
    if (!out)
        return errno;
    verdicts_each(results, count, &counts);
    size_t all = counts.states[0] + counts.states[1] + counts.states[2],
           late = conform_late(results);
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"qetl "
            "plugin check ");
    qetl_xml_put(out, plugin);
    fprintf(out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"%d\" skipped=\"%zu\" time=\"%.3f\">\n",
            all + (late > 0), counts.states[CONFORM_BROKEN], late > 0,
            counts.states[CONFORM_UNTRIED], results->seconds);
    verdicts_each(results, junit_put, out);
    if (late)
        junit_late(out, plugin, late, results->cases);
    fputs("  </testsuite>\n</testsuites>\n", out);
    int error = ferror(out) ? EIO : 0;
    return fclose(out) ? errno : error;
}
