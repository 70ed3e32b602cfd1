/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: one file a command, each over the same common options.
 *
 * Invariant: with --json, stdout carries one JSON object and nothing else; people read stderr.
 * Ownership: the options point into argv.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_CLI_H
#define QETL_CORE_CLI_H

#include "config/document.h"
#include "config/finding.h"
#include "log.h"
#include "plugin/registry.h"
#include "run/run.h"

#include <stdbool.h>

enum { QETL_CLI_DIRS_MAX = 64, QETL_CLI_SETTINGS_MAX = 256 };

struct qetl_cli {
    const char *plugin_dirs[QETL_CLI_DIRS_MAX + 1]; /* ended by NULL */
    size_t n_plugin_dirs;
    bool json, quiet, help, validate_full;
    const char *json_file;
    struct qetl_log log;
    const char *log_file;
    int workers;
    int64_t memory_bytes;
    enum qetl_driver driver;
    struct qetl_oneliner oneliner;
    const char *settings[QETL_CLI_SETTINGS_MAX]; /* --set PATH=VALUE */
    size_t n_settings;
    char **operands; /* what is no option */
    size_t n_operands;
};

/* cli_options.c: 0, or -1 with findings. */
int qetl_cli_parse(struct qetl_cli *, int argc, char **argv, struct qetl_findings *);
/* The registry of the options' directories, or NULL with findings. */
struct qetl_registry *qetl_cli_registry(const struct qetl_cli *, struct qetl_findings *);

/* cli_document.c: the pipeline file (path NULL: the one-liner) with the options that change it;
 * NULL with findings, and sometimes not without, as qetl_document_load. */
struct qetl_document *qetl_cli_document(const struct qetl_cli *, const char *path,
                                        struct qetl_findings *);

/* cli_answer.c: what a command says at its end. result moves; report may be NULL. Answers
 * exit_code. */
int qetl_cli_answer(const struct qetl_cli *, const char *command, int exit_code,
                    const struct qetl_run_report *, json_t *result, const struct qetl_findings *);

/* The exit code of what was found before anything ran. */
int qetl_cli_verdict(const struct qetl_findings *);

/* cli_help.c */
int qetl_cli_help(const char *command, FILE *out); /* -1 if there is no such command */

/* The commands answer an exit code. */
int qetl_cli_run(struct qetl_cli *, struct qetl_findings *);
int qetl_cli_validate(struct qetl_cli *, struct qetl_findings *);
int qetl_cli_plugin(struct qetl_cli *, struct qetl_findings *);

#endif
