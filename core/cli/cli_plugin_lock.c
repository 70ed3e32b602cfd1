/* SPDX-License-Identifier: Apache-2.0 */
/* qetl plugin lock: the very plugins of a pipeline, written down beside it. */
#include "cli.h"
#include "disk/durable.h"
#include "disk/unwritable.h"
#include "lock/lock_place.h"
#include "lock/locked.h"
#include "lock/locked_used.h"
#include "package/library_facts.h"
#include "show/display.h"

#include <qetl/plugin.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *plugins_json(const struct lock_platform *platform)
{
    json_t *plugins = json_array();
    for (size_t i = 0; i < platform->n_plugins; i++) {
        const struct lock_plugin *plugin = &platform->plugins[i];
        char library[QETL_HASH_TEXT], package[QETL_HASH_TEXT];
        qetl_hash_text(plugin->library, library);
        qetl_hash_text(plugin->package, package);
        json_array_append_new(plugins, json_pack("{s:s, s:s, s:s, s:s?}", "name", plugin->name,
                                                 "version", plugin->version, "library", library,
                                                 "package", plugin->is_packaged ? package : NULL));
    }
    return plugins;
}

/* A link stays one, and leads to what is written. */
static int lock_write(const char *path, const struct plugin_lock *lock,
                      struct qetl_findings *findings)
{
    char *text = qetl_lock_write(lock), *real = realpath(path, NULL);
    int error =
        text ? qetl_durable_write(real ? real : path, text, strlen(text), 0644, true) : ENOMEM;
    free(real);
    free(text);
    if (error)
        qetl_refuse_write(findings, path, error, "the lock cannot be written");
    return error ? -1 : 0;
}

/* Lists of other machines stay. */
static int pipeline_lock(struct qetl_cli *cli, const char *file, const char *path,
                         const struct qetl_registry *registry, json_t *done,
                         struct qetl_findings *findings)
{
    struct plugin_lock *lock = NULL;
    size_t errors = findings->errors, count = 0;
    struct qetl_document *document = qetl_cli_document(cli, file, findings);
    struct qetl_pipeline *pipeline =
        document ? qetl_pipeline_new(document, registry, findings) : NULL;
    if (pipeline)
        qetl_locked_judge(pipeline, registry, findings);
    struct lock_plugin *plugins = pipeline && findings->errors == errors
                                      ? qetl_lock_of(pipeline, registry, &count, findings)
                                      : NULL;
    int bad = !plugins || qetl_lock_read(path, &lock, findings);
    if (!bad && !lock) {
        lock = calloc(1, sizeof *lock);
        bad = !lock;
        if (bad)
            qetl_findings_no_memory(findings);
    }
    if (!bad) {
        bad = qetl_lock_set(lock, qetl_machine_platform(), plugins, count);
        plugins = NULL;
        if (bad)
            qetl_findings_no_memory(findings);
        else
            bad = lock_write(path, lock, findings);
    }
    if (!bad) {
        json_array_append_new(
            done, json_pack("{s:s, s:s, s:s, s:o}", "pipeline", file, "lock", path, "platform",
                            qetl_machine_platform(), "plugins",
                            plugins_json(qetl_lock_platform(lock, qetl_machine_platform()))));
        if (!cli->json && !cli->quiet) {
            qetl_display_print(stdout, "%s", path);
            printf(": %zu plugins\n", count);
        }
    }
    qetl_lock_plugins_free(plugins, plugins ? count : 0);
    qetl_lock_free(lock);
    qetl_pipeline_free(pipeline);
    qetl_document_free(document);
    return bad ? -1 : 0;
}

static int plugin_lock(struct qetl_cli *cli, struct qetl_findings *findings)
{
    struct qetl_registry *registry = qetl_cli_registry(cli, findings);
    json_t *done = json_array();
    bool several = cli->lock && cli->n_operands > 1;
    if (several)
        qetl_cli_usage(findings, "lock one after the other", "--lock is of one pipeline");
    for (size_t i = 0; registry && !several && i < cli->n_operands; i++) {
        const char *file = cli->operands[i];
        char *path = cli->lock ? strdup(cli->lock) : NULL;
        if (!cli->lock && qetl_lock_place(file, &path, findings))
            continue;
        if (path)
            pipeline_lock(cli, file, path, registry, done, findings);
        else if (cli->lock)
            qetl_findings_no_memory(findings);
        else
            qetl_cli_usage(findings, "--lock FILE says where",
                           "a pipeline that comes through a pipe has no place for a lock");
        free(path);
    }
    qetl_registry_free(registry);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, json_pack("{s:o}", "locks", done),
                           findings);
}

static const struct qetl_exit exits[] = {
    {"0", "all of them are locked"},
    {"2", "the command line is wrong, or a pipeline is"},
    {"3", "a plugin cannot be read, or a lock cannot be read or written"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_plugin_lock = {
    .name = "plugin lock",
    .section = "Plugins",
    .summary = "write down the very plugins of a pipeline",
    .synopses = (const char *const[]){"FILE...", NULL},
    .description =
        "Writes PIPELINE.lock beside each pipeline: every plugin that it uses, with its version, "
        "the SHA-256 of its library, and the digest of the package that it came in, if it did. "
        "Keep it where the pipeline is kept.\n\n"
        "From then on run, validate, preview, test and dlq replay use these and no others: of "
        "versions that stand side by side those of the lock, whichever was installed last; and "
        "what is missing, or is another library than it was, is refused before any plugin is "
        "loaded. The lock is beside the file that is read, also where a link leads to it, or it is "
        "standard input; what comes through a pipe has the lock that --lock names, or none, which "
        "is "
        "said. An upgrade changes the pipeline when it is locked anew, and not before.\n\n"
        "Libraries differ from machine to machine: a lock has a list for each platform, and this "
        "command writes that of the machine it runs on. It comes after changes of the pipeline "
        "that bring plugins, and after a new version of qetl, whose own plugins are locked too.",
    .operands = {.name = "FILE", .least = 1, .most = 1000, .completes = QETL_COMPLETES_FILE},
    .groups = {&qetl_options_pipeline, &qetl_options_json, &qetl_options_locked,
               &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl plugin lock orders.yaml", "its plugins, as they are now"},
            {"qetl plugin lock orders.yaml --json | jq -r '.result.locks[].plugins[].name'",
             "which ones those are"},
            {"qetl plugin lock orders.yaml --lock all.lock", "beside no pipeline"},
            {NULL, NULL}},
    .exits = exits,
    .run = plugin_lock,
};
