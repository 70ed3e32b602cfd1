/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: one file a command (cli_NAME.c), each over the same common options.
 *
 * Invariant: with --json, stdout carries one JSON object and nothing else; people read stderr.
 * Ownership: the options point into argv; lists are freed by qetl_cli_clear.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_CLI_H
#define QETL_CORE_CLI_H

#include "command.h"
#include "config/document.h"
#include "config/finding.h"
#include "plugin/registry.h"
#include "run/run.h"
#include "show/log.h"

#include <stdbool.h>

struct qetl_cli {
    const struct qetl_command *command;
    void *own;       /* the command's own struct, zeroed before its options were read */
    char **operands; /* what is no option */
    size_t n_operands;

    bool quiet, help, json;
    const char *json_file;
    struct qetl_texts plugin_dirs;
    struct qetl_texts settings;  /* --set PATH=VALUE */
    struct qetl_texts computed;  /* --compute NAME=EXPR */
    struct qetl_texts env_files; /* --env-file FILE */
    const char *secrets_dir;
    const char *lock;              /* --lock; NULL: the pipeline's own */
    const char *mode;              /* --mode; NULL: as the pipeline says */
    struct qetl_mask *mask;        /* what no answer may hold; all documents share it */
    int64_t workers, memory_bytes; /* 0: not given */
    int driver;                    /* enum qetl_driver */
    int validate;                  /* 1: full */
    int log_level;
    const char *log_file;
    struct qetl_log log;
    struct qetl_oneliner oneliner;
};

/* arguments.c: argv[0] is the last word of the command's name. 0, or -1 with findings. */
int qetl_cli_parse(struct qetl_cli *, const struct qetl_command *, int argc, char **argv,
                   struct qetl_findings *);
void qetl_cli_clear(struct qetl_cli *);

/* document_options.c: the pipeline file (path NULL: the one-liner) with the options that change it;
 * NULL with findings, and sometimes not without, as qetl_document_load. */
struct qetl_document *qetl_cli_document(const struct qetl_cli *, const char *path,
                                        struct qetl_findings *);

/* The same of one that was made elsewhere, which moves; NULL stays NULL. */
struct qetl_document *qetl_cli_document_whole(const struct qetl_cli *, struct qetl_document *,
                                              struct qetl_findings *);

/* pipeline_input.c: what several commands begin with. */
/* The registry of the options' folders, or NULL with findings. */
struct qetl_registry *qetl_cli_registry(const struct qetl_cli *, struct qetl_findings *);
/* The same for whoever asks what is installed: a package that cannot be taken is an error there,
 * and a warning to those that may not need it. */
struct qetl_registry *qetl_cli_registry_whole(const struct qetl_cli *, struct qetl_findings *);
/* The same, without a word of packages that cannot be taken: qetl_registry_tell_missed has them.
 * system: as those find it that have no package of their own. */
struct qetl_registry *qetl_cli_registry_raw(const struct qetl_cli *, bool system,
                                            struct qetl_findings *);
/* The one pipeline that was named: a FILE, or --from and --to. NULL with findings. */
struct qetl_document *qetl_cli_named(const struct qetl_cli *, struct qetl_findings *);
/* Nonzero with a finding if the log file cannot be opened. */
int qetl_cli_open_log(struct qetl_cli *, struct qetl_findings *);
/* What --workers, --memory and so on ask of a run. */
struct qetl_run_options qetl_cli_run_options(struct qetl_cli *, const struct qetl_document *);

/* state_options.c: the folder of all pipelines' states, unless another is named; what a pipeline's
 * is called in it. The caller's; NULL: there is no home, or no memory. */
char *qetl_cli_state_folder(void);
char *qetl_cli_state_name(const char *path, const struct qetl_pipeline *);
/* Whether runs of the pipeline in that file keep one, unless they are told not to. */
bool qetl_cli_keeps_state(const char *path, const struct qetl_pipeline *);

/* answer.c: what a command says at its end. result moves; report may be NULL. Answers exit_code. */
int qetl_cli_answer(const struct qetl_cli *, int exit_code, const struct qetl_run_report *,
                    json_t *result, const struct qetl_findings *);
/* A mistake in the command line. */
void qetl_cli_usage(struct qetl_findings *, const char *mend, const char *message);

#endif
