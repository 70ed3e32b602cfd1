/* SPDX-License-Identifier: Apache-2.0 */
#include "conform.h"

#include "cases.h"
#include "child.h"
#include "folder.h"
#include "host/call.h"
#include "host/host.h"
#include "library.h"
#include "pace.h"
#include "plugin/loader.h"
#include "plugin/manifest.h"
#include "sync.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct checking {
    const struct qetl_manifest *manifest;
    const struct conform_options *options;
    struct conform_results *results;
    struct qetl_findings *findings;
    struct conform_folder folder;
    struct conform_pace pace;
    char beside[PATH_MAX]; /* the folder of the manifest */
};

/* ---- one case ---- */

struct case_errand {
    struct checking *c;
    const struct qetl_manifest_component *promised;
    const struct conform_case *tried;
    struct conform_record *record;
    const json_t *given; /* of --options */
    size_t number;       /* of the component's checks */
    int64_t share_ns;    /* of the time */
};

/* Whoever let one call hang may do so in each case: the check comes to its end all the same. */
static int64_t timeout_of(const struct case_errand *e)
{
    int64_t timeout = e->c->options->timeout_ns;
    return e->record->hung ? timeout / 10 : timeout;
}

static const json_t *given_for(const struct checking *c, const char *name)
{
    return json_object_get(c->options->given, name);
}

static void case_begin(const struct case_errand *e, const struct conform_trial *trial)
{
    conform_sync_never();
    e->tried->run(trial);
}

/* In the child: the component is loaded, and the case is run. */
static void case_run(void *arg)
{
    const struct case_errand *e = arg;
    struct qetl_findings findings = {0};
    struct conform_check check;
    char why[CONFORM_NOTE];
    struct conform_budget budget = {e->share_ns, qetl_call_now_ns(), 0};
    struct conform_trial trial = {.record = e->record,
                                  .promised = e->promised,
                                  .check = &check,
                                  .scratch = e->c->folder.scratch,
                                  .seed = e->c->options->seed,
                                  .further = e->number > 0,
                                  .patience_ns = timeout_of(e) / 2,
                                  .budget = &budget};
    if (conform_check_make(e->promised, e->given, e->number,
                           e->given ? e->c->options->folder : e->c->beside, e->c->folder.scratch,
                           &check, why, sizeof why))
        conform_break(e->record, CONFORM_RUN_RULE, "%s", why);
    else if (qetl_load_component(e->promised, &qetl_host_table, NULL, &trial.component, &findings))
        conform_skip(e->record, e->tried->rule, "the library does not load");
    else
        case_begin(e, &trial);
    qetl_findings_free(&findings);
    conform_check_free(&check);
}

static int no_process(const struct checking *c)
{
    qetl_finding_environment(qetl_finding_add(c->findings, QETL_ERROR, "no_process",
                                              "no process can be made for the plugin: %s",
                                              strerror(errno)));
    return -1;
}

static int case_try(struct case_errand *e, const char *component)
{
    struct checking *c = e->c;
    const char *rule = conform_rules[e->tried->rule].id;
    struct conform_errand errand = {
        .record = e->record,
        .rule = e->tried->rule,
        .scratch = c->folder.scratch,
        .log = c->folder.log,
        .out = c->folder.out,
        .prints = json_is_true(json_object_get(e->promised->json, "uses_stdout")),
        .timeout_ns = timeout_of(e),
        .run = case_run,
        .arg = e};
    e->share_ns = conform_pace_share(&c->pace, component, rule, &errand.end_ns);
    e->record->late += !e->share_ns;
    if (!e->share_ns)
        conform_skip(e->record, e->tried->rule, "the %lld s of --limit were over",
                     (long long)(c->pace.limit_ns / 1000000000));
    else if (conform_child_run(&errand))
        return no_process(c);
    return conform_pace_interrupted() ? -1 : 0;
}

/* ---- a component ---- */

/* Options that the schema has and that nobody ever looked at. */
static void options_judge(const struct qetl_manifest_component *promised, struct conform_record *r)
{
    const char *name;
    json_t *schema;
    size_t i = 0;
    if (conform_is_broken(r, CONFORM_RUN_RULE))
        return;
    if (r->late) {
        conform_skip(r, CONFORM_OPTIONS_READ_RULE, "--limit came before all was tried");
        return;
    }
    if (!r->asked_any) {
        bool has = json_object_size(json_object_get(promised->options, "properties")) > 0;
        conform_skip(r, CONFORM_OPTIONS_READ_RULE, "%s",
                     has ? "the plugin reads the text of its options itself"
                         : "the component has no options");
        return;
    }
    json_object_foreach (json_object_get(promised->options, "properties"), name, schema) {
        if (i < CONFORM_OPTIONS && !r->asked[i])
            conform_break(r, CONFORM_OPTIONS_READ_RULE,
                          "the schema has the option `%s`, and nothing ever asks for it", name);
        i++;
    }
    conform_hold(r, CONFORM_OPTIONS_READ_RULE);
}

static bool has_case(enum conform_rule_id rule)
{
    for (size_t i = 0; i < conform_n_cases; i++)
        if (conform_cases[i].rule == rule)
            return true;
    return false;
}

/* Whether all cases look at it: what has none of its own, and how failures are told. */
static bool is_general(enum conform_rule_id rule)
{
    return rule == CONFORM_N_RULES || rule == CONFORM_ERROR_RULE || !has_case(rule) ||
           !(conform_rules[rule].kinds & CONFORM_EACH);
}

static bool wanted(const struct checking *c, const struct conform_case *tried)
{
    enum conform_rule_id only = c->options->only;
    return is_general(only) || tried->rule == only || tried->rule == CONFORM_RUN_RULE ||
           tried->rule == CONFORM_PIECES_RULE;
}

/* All cases with one of its checks. */
static int cases_try(struct case_errand *e, const struct conform_result *result)
{
    for (size_t k = 0; k < conform_n_cases; k++) {
        e->tried = &conform_cases[k];
        if (!(e->tried->kinds & result->kinds) || !wanted(e->c, e->tried))
            continue;
        if (k && conform_is_broken(e->record, CONFORM_RUN_RULE) &&
            e->tried->rule != CONFORM_LIFE_ORDER_RULE) {
            conform_skip(e->record, e->tried->rule, "the plain run fails");
            e->c->pace.done++;
            continue;
        }
        if (case_try(e, result->name))
            return -1;
    }
    return 0;
}

static int component_check(struct checking *c, size_t i, struct conform_result *result)
{
    const struct qetl_manifest_component *promised = &c->manifest->components[i];
    struct case_errand e = {.c = c, .promised = promised, .record = result->record};
    e.given = given_for(c, result->name);
    memcpy(result->record->shared, c->results->items[0].record->shared,
           sizeof result->record->shared);
    size_t checks = conform_check_count(promised, e.given);
    for (; e.number < checks; e.number++) {
        conform_record_check(result->record, e.number, checks);
        if (cases_try(&e, result))
            return -1;
    }
    conform_skip(result->record, CONFORM_RETRY_RULE, "no call asked to be repeated");
    conform_skip(result->record, CONFORM_MOVED_RULE, "no call failed that was lent a batch");
    conform_skip(result->record, CONFORM_WAKE_RULE, "no call asked to be called later");
    if (c->options->only == CONFORM_N_RULES || c->options->only == CONFORM_OPTIONS_READ_RULE)
        options_judge(promised, result->record);
    return 0;
}

static int library_check(struct checking *c, struct conform_result *result)
{
    struct conform_loading loading = {c->manifest, result->record};
    struct conform_errand errand = {.record = result->record,
                                    .rule = CONFORM_LOAD_RULE,
                                    .scratch = c->folder.scratch,
                                    .log = c->folder.log,
                                    .out = c->folder.out,
                                    .timeout_ns = c->options->timeout_ns,
                                    .run = conform_library_load,
                                    .arg = &loading};
    snprintf(result->name, sizeof result->name, "library");
    result->kinds = CONFORM_LIBRARY;
    conform_library_examine(c->manifest, result->record);
    return conform_child_run(&errand) ? no_process(c) : 0;
}

/* ---- all ---- */

static int results_new(struct conform_results *results, size_t n)
{
    results->items = calloc(n, sizeof *results->items);
    for (size_t i = 0; results->items && i < n; i++, results->count++)
        if (!(results->items[i].record = conform_record_new()))
            return -1;
    return results->items ? 0 : -1;
}

/* What each is called; how many cases there are in all. */
static size_t results_name(const struct checking *c)
{
    size_t cases = 0;
    for (size_t i = 0; i < c->manifest->n_components; i++) {
        const struct qetl_manifest_component *promised = &c->manifest->components[i];
        struct conform_result *result = &c->results->items[i + 1];
        size_t own = 0;
        snprintf(result->name, sizeof result->name, "%s %s", qetl_kind_name(promised->kind),
                 promised->id);
        for (size_t k = 0; k < conform_n_cases; k++)
            own += conform_cases[k].kinds & 1u << promised->kind && wanted(c, &conform_cases[k]);
        cases += own * conform_check_count(promised, given_for(c, result->name));
    }
    return cases;
}

static int components_check(struct checking *c)
{
    const struct conform_verdict *load = &c->results->items[0].record->verdicts[CONFORM_LOAD_RULE];
    enum conform_rule_id only = c->options->only;
    int bad = 0;
    if (atomic_load(&load->state) != CONFORM_HELD ||
        (only != CONFORM_N_RULES && !(conform_rules[only].kinds & CONFORM_EACH)))
        return 0;
    for (size_t i = 0; !bad && i < c->manifest->n_components; i++) {
        c->results->items[i + 1].kinds = 1u << c->manifest->components[i].kind;
        bad = component_check(c, i, &c->results->items[i + 1]);
    }
    return bad;
}

int conform_check(const struct qetl_manifest *manifest, const struct conform_options *options,
                  struct conform_results *results, struct qetl_findings *findings)
{
    struct checking c = {
        .manifest = manifest, .options = options, .results = results, .findings = findings};
    int64_t start = qetl_call_now_ns();
    *results = (struct conform_results){.only = options->only};
    if (results_new(results, manifest->n_components + 1)) {
        qetl_findings_no_memory(findings);
        return -1;
    }
    results->cases = results_name(&c);
    conform_pace_begin(&c.pace, options->limit_ns, results->cases, options->shows);
    if (conform_folder_make(&c.folder)) {
        qetl_finding_environment(qetl_finding_add(findings, QETL_ERROR, "no_folder",
                                                  "no folder can be made in %s: %s", c.folder.path,
                                                  strerror(errno)));
        conform_pace_end(&c.pace);
        return -1;
    }
    if (realpath(manifest->library_path, c.beside))
        *strrchr(c.beside, '/') = 0;
    int bad = library_check(&c, &results->items[0]);
    bad = bad ? bad : components_check(&c);
    conform_folder_remove(&c.folder);
    conform_pace_end(&c.pace);
    results->seconds = (double)(qetl_call_now_ns() - start) / 1e9;
    return bad;
}

void conform_results_free(struct conform_results *results)
{
    for (size_t i = 0; i < results->count; i++)
        conform_record_free(results->items[i].record);
    free(results->items);
    *results = (struct conform_results){0};
}
