/* SPDX-License-Identifier: Apache-2.0 */
/* argv, read by a command's table. */
#include "cli.h"
#include "config/mask.h"
#include "config/suggest.h"
#include "config/units.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <qetl/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MAX = 96, FIRST = 256 };

/* The table in getopt's words: option i of `flat` is FIRST + i. */
struct reading {
    struct qetl_cli *cli;
    struct qetl_findings *findings;
    const struct qetl_option *flat[OPTIONS_MAX];
    bool own[OPTIONS_MAX];
    struct option longs[OPTIONS_MAX + 1];
    char letters[2 * OPTIONS_MAX + 2];
    int count;
};

static void reading_begin(struct reading *r)
{
    char *letter = r->letters;
    *letter++ = ':';
    for (const struct qetl_option_group *const *g = r->cli->command->groups; *g; g++) {
        for (size_t o = 0; o < (*g)->n_options && r->count < OPTIONS_MAX; o++) {
            const struct qetl_option *option = &(*g)->options[o];
            bool flag = option->kind == QETL_ARG_FLAG;
            r->flat[r->count] = option;
            r->own[r->count] = (*g)->own;
            int takes = flag                             ? no_argument
                        : option->kind == QETL_ARG_MAYBE ? optional_argument
                                                         : required_argument;
            r->longs[r->count] = (struct option){option->name, takes, NULL, FIRST + r->count};
            if (option->letter)
                *letter++ = option->letter;
            if (option->letter && !flag)
                *letter++ = ':';
            r->count++;
        }
    }
}

static int number_of(const struct reading *r, int code)
{
    if (code >= FIRST)
        return code - FIRST;
    for (int i = 0; i < r->count; i++)
        if (code && r->flat[i]->letter == code)
            return i;
    return -1;
}

static struct qetl_finding *wrong(struct qetl_findings *findings, const struct qetl_option *option,
                                  const char *value)
{
    return qetl_finding_add(findings, QETL_ERROR, "bad_option", "--%s: '%s' is not understood",
                            option->name, value);
}

static int take_number(const struct qetl_option *option, const char *value, int64_t *to,
                       struct qetl_findings *findings)
{
    char *end;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    *to = number;
    if (!*end && end != value && !errno && number >= option->least && number <= option->most)
        return 0;
    qetl_finding_mend(wrong(findings, option, value), "give a number from %" PRId64 " to %" PRId64,
                      option->least, option->most);
    return -1;
}

static int take_bytes(const struct qetl_option *option, const char *value, int64_t *to,
                      struct qetl_findings *findings)
{
    if (!qetl_units_bytes(value, to) && *to >= option->least)
        return 0;
    struct qetl_finding *finding = wrong(findings, option, value);
    if (option->least >> 20)
        qetl_finding_mend(finding, "give a size of %" PRId64 "MiB or more, as in 512MiB",
                          option->least >> 20);
    else
        qetl_finding_mend(finding, "give a size, as in 64KiB or 512MiB");
    return -1;
}

static int take_choice(const struct qetl_option *option, const char *value, int *to,
                       struct qetl_findings *findings)
{
    char list[256] = "";
    struct qetl_suggest suggest;
    qetl_suggest_init(&suggest, value);
    for (*to = 0; option->choices[*to]; ++*to) {
        if (strcmp(option->choices[*to], value) == 0)
            return 0;
        size_t at = strlen(list);
        snprintf(list + at, sizeof list - at, "%s%s", at ? ", " : "", option->choices[*to]);
        qetl_suggest_offer(&suggest, option->choices[*to]);
    }
    struct qetl_finding *finding = wrong(findings, option, value);
    if (suggest.best)
        qetl_finding_mend(finding, "did you mean %s? There are %s", suggest.best, list);
    else
        qetl_finding_mend(finding, "give one of %s", list);
    return -1;
}

static int take_another(struct qetl_texts *texts, const char *value, struct qetl_findings *findings)
{
    const char **items = realloc(texts->items, (texts->count + 2) * sizeof *items);
    if (!items) {
        qetl_findings_no_memory(findings);
        return -1;
    }
    texts->items = items;
    items[texts->count++] = value;
    items[texts->count] = NULL;
    return 0;
}

static int take(struct reading *r, int i)
{
    const struct qetl_option *option = r->flat[i];
    void *at = (char *)(r->own[i] ? r->cli->own : r->cli) + option->offset;
    switch (option->kind) {
    case QETL_ARG_FLAG:
        *(bool *)at = true;
        return 0;
    case QETL_ARG_TEXT:
        *(const char **)at = optarg;
        return 0;
    case QETL_ARG_MAYBE:
        *(const char **)at = optarg ? optarg : "";
        return 0;
    case QETL_ARG_TEXTS:
        return take_another(at, optarg, r->findings);
    case QETL_ARG_NUMBER:
        return take_number(option, optarg, at, r->findings);
    case QETL_ARG_BYTES:
        return take_bytes(option, optarg, at, r->findings);
    default:
        return take_choice(option, optarg, at, r->findings);
    }
}

/* A command that does know the option, for one that stands at the wrong command. */
static const struct qetl_command *taker_of(const char *name)
{
    for (size_t i = 0; qetl_commands[i]; i++)
        if (qetl_command_option(qetl_commands[i], name))
            return qetl_commands[i];
    return NULL;
}

static int unknown_option(const struct reading *r, const char *given)
{
    const struct qetl_command *command = r->cli->command;
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(given + 2, "="), given + 2);
    const struct qetl_command *other = taker_of(name);
    struct qetl_finding *finding =
        qetl_finding_add(r->findings, QETL_ERROR, "unknown_option", "qetl %s has no option '--%s'",
                         command->name, name);
    struct qetl_suggest suggest;
    qetl_suggest_init(&suggest, name);
    for (int i = 0; i < r->count; i++)
        qetl_suggest_offer(&suggest, r->flat[i]->name);
    if (other)
        qetl_finding_mend(finding, "leave it out: it is an option of qetl %s", other->name);
    else if (suggest.best)
        qetl_finding_mend(finding, "did you mean --%s?", suggest.best);
    else
        qetl_finding_mend(finding, "see qetl %s --help", command->name);
    return -1;
}

/* What getopt answers '?' for: a letter or a name that is none, or a flag with a value. */
static int refuse(const struct reading *r, const char *given)
{
    int known = number_of(r, optopt);
    const char *name = r->cli->command->name;
    if (known >= 0) {
        struct qetl_finding *finding = qetl_finding_add(
            r->findings, QETL_ERROR, "bad_option", "--%s takes no value", r->flat[known]->name);
        qetl_finding_mend(finding, "see qetl %s --help", name);
        return -1;
    }
    if (optopt) {
        struct qetl_finding *finding = qetl_finding_add(
            r->findings, QETL_ERROR, "unknown_option", "qetl %s has no option '-%c'", name, optopt);
        qetl_finding_mend(finding,
                          r->cli->command->operands.name
                              ? "see qetl %s --help; what begins with - and is no option "
                                "stands after --"
                              : "see qetl %s --help",
                          name);
        return -1;
    }
    return unknown_option(r, given);
}

static int missing_value(const struct reading *r)
{
    const struct qetl_option *option = r->flat[number_of(r, optopt)];
    struct qetl_finding *finding = qetl_finding_add(r->findings, QETL_ERROR, "bad_option",
                                                    "--%s: it needs a value", option->name);
    qetl_finding_mend(finding, "--%s %s: %s", option->name, option->value, option->help);
    return -1;
}

static int check_operands(const struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct qetl_operands *operands = &cli->command->operands;
    struct qetl_finding *finding = NULL;
    if (cli->n_operands < operands->least)
        finding = qetl_finding_add(findings, QETL_ERROR, "usage", "qetl %s: no %s was named",
                                   cli->command->name, operands->name);
    else if (cli->n_operands > operands->most)
        finding = qetl_finding_add(findings, QETL_ERROR, "usage", "qetl %s: '%s' is one too many",
                                   cli->command->name, cli->operands[operands->most]);
    else
        return 0;
    qetl_finding_mend(finding, "qetl %s%s%s", cli->command->name,
                      *cli->command->synopses[0] ? " " : "", cli->command->synopses[0]);
    return -1;
}

int qetl_cli_parse(struct qetl_cli *cli, const struct qetl_command *command, int argc, char **argv,
                   struct qetl_findings *findings)
{
    struct reading r = {.cli = cli, .findings = findings};
    cli->command = command;
    cli->log_level = QETL_LOG_WARN;
    cli->oneliner.limit = -1;
    cli->own = command->own_size ? calloc(1, command->own_size) : NULL;
    cli->mask = qetl_mask_new();
    if (!cli->mask || (command->own_size && !cli->own)) {
        qetl_findings_no_memory(findings);
        return -1;
    }
    reading_begin(&r);
    optind = 1;
    opterr = 0;
    int failed = 0, code;
    while ((code = getopt_long(argc, argv, r.letters, r.longs, NULL)) >= 0) {
        if (code == '?')
            failed |= refuse(&r, argv[optind - 1]);
        else
            failed |= code == ':' ? missing_value(&r) : take(&r, number_of(&r, code));
    }
    cli->operands = argv + optind; /* getopt moved them there */
    cli->n_operands = (size_t)(argc - optind);
    cli->log.level = cli->log_level;
    if (!failed && !cli->help)
        failed = check_operands(cli, findings);
    return failed;
}

void qetl_cli_clear(struct qetl_cli *cli)
{
    for (const struct qetl_option_group *const *g = cli->command->groups; *g; g++) {
        void *base = (*g)->own ? cli->own : cli;
        for (size_t o = 0; base && o < (*g)->n_options; o++)
            if ((*g)->options[o].kind == QETL_ARG_TEXTS)
                free(((struct qetl_texts *)((char *)base + (*g)->options[o].offset))->items);
    }
    free(cli->own);
    qetl_mask_release(cli->mask);
}
