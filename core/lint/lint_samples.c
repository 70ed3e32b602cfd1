/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that need the columns: what a run would be, once the sources were sampled. */
#include "calculator.h"
#include "lint.h"
#include "plugin/said.h"
#include "show/report_plan.h"

#include <qetl/plugin.h>
#include <string.h>

static void unused_columns(struct qetl_lint *lint, size_t n, const struct qetl_run_component *c)
{
    for (size_t p = 0; p < c->n_outputs; p++)
        for (size_t i = 0; i < c->outputs[p].n_columns; i++) {
            const struct qetl_run_column *column = &c->outputs[p].columns[i];
            if (!column->from && !column->forms)
                qetl_finding_mend(qetl_lint_option(lint, QETL_RULE_UNUSED_COLUMN, n, "",
                                                   "nobody reads its column '%s'", column->name),
                                  "leave it out");
        }
}

static void no_effect(struct qetl_lint *lint, size_t n, const struct qetl_run_component *c)
{
    if (!c->untouched || c->n_inputs != 1 || c->n_outputs != 1 ||
        c->inputs[0].n_columns != c->outputs[0].n_columns)
        return;
    for (size_t i = 0; i < c->outputs[0].n_columns; i++) {
        const struct qetl_run_column *out = &c->outputs[0].columns[i];
        if (!out->from || strcmp(out->from, out->name) != 0 ||
            strcmp(c->inputs[0].columns[i].name, out->name) != 0)
            return;
    }
    qetl_finding_mend(
        qetl_lint_option(lint, QETL_RULE_NO_EFFECT, n, "", "it hands on what it is given"),
        "leave it out, and let its readers read what it reads");
}

/* With the types known, more folds to a constant: a > 1 OR true. */
static void look_at_condition(struct qetl_lint *lint, void *arg, size_t node, const char *pointer,
                              const char *text, bool condition)
{
    struct qetl_calculator *calculator = arg;
    struct qetl_findings ignored = {0};
    struct qetl_calculated calculated;
    if (!condition)
        return;
    int exit_code = qetl_calculator_evaluate(calculator, text, &calculated, &ignored);
    if (!exit_code && calculated.constant && qetl_calculator_reads(calculated.tree))
        qetl_lint_option(lint, QETL_RULE_CONSTANT_CONDITION, node, pointer,
                         "the condition is %s for every row",
                         calculated.value ? calculated.value : "NULL");
    if (!exit_code)
        qetl_calculated_free(&calculated);
    qetl_findings_free(&ignored);
}

static void conditions(struct qetl_lint *lint, size_t n, const struct qetl_run_component *c)
{
    struct qetl_findings ignored = {0};
    struct qetl_calculator *calculator = qetl_calculator_new();
    const struct qetl_lint_expressions expressions = {look_at_condition, calculator};
    if (!calculator)
        qetl_findings_no_memory(lint->findings);
    /* A column of a type that has no NULL of its own here is left out; what reads it is not told
     * of. */
    for (size_t i = 0; calculator && i < c->inputs[0].n_columns; i++)
        qetl_calculator_declare(calculator, c->inputs[0].columns[i].name,
                                c->inputs[0].columns[i].type, &ignored);
    if (calculator)
        qetl_lint_expressions(lint, n, &expressions);
    qetl_calculator_free(calculator);
    qetl_findings_free(&ignored);
}

static void weak_delivery(struct qetl_lint *lint, const struct qetl_run_description *d)
{
    for (size_t i = 0; i < d->n_paths; i++) {
        const struct qetl_run_path *path = &d->paths[i];
        if (path->guarantee != QETL_EXACTLY_ONCE)
            qetl_lint_option(lint, QETL_RULE_WEAK_DELIVERY, path->sink, "",
                             "%s from %s: its source is %s, this sink is %s",
                             qetl_guarantee_word(path->guarantee),
                             d->components[path->source].node->id,
                             qetl_delivery_word(QETL_SOURCE, path->source_delivery),
                             qetl_delivery_word(QETL_SINK, path->sink_delivery));
    }
}

void qetl_lint_samples(struct qetl_lint *lint, const struct qetl_run_description *d)
{
    for (size_t n = 0; n < d->n_components; n++) {
        if (d->components[n].node->kind != QETL_TRANSFORM)
            continue;
        unused_columns(lint, n, &d->components[n]);
        no_effect(lint, n, &d->components[n]);
        if (d->components[n].n_inputs == 1)
            conditions(lint, n, &d->components[n]);
    }
    weak_delivery(lint, d);
}
