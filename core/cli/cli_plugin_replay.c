/* SPDX-License-Identifier: Apache-2.0 */
/* qetl plugin replay: a recording is played to a plugin again. */
#include "cli.h"
#include "playback/playback.h"
#include "plugin_named.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct own {
    const char *component;
    struct qetl_texts settings;
};

static void print_difference(const struct qetl_playback_difference *d)
{
    printf("differs at entry %" PRIu64 ", call %" PRIu64 ": %s of %s\n", d->entry, d->call,
           d->function, d->component);
    printf("  %s", d->what);
    if (d->row >= 0)
        printf(", row %" PRId64, d->row);
    if (d->column)
        printf(", column '%s'", d->column);
    printf("\n  expected  %s\n  got       %s\n", d->expected, d->got);
}

static void print_result(const struct qetl_playback_result *result)
{
    size_t i;
    json_t *note;
    json_array_foreach (result->notes, i, note)
        printf("note: %s\n", json_string_value(note));
    if (result->differs)
        print_difference(&result->difference);
    else
        printf("the same: %" PRIu64 " calls of %zu instances\n", result->compared,
               result->instances);
}

static json_t *difference_json(const struct qetl_playback_result *result)
{
    const struct qetl_playback_difference *d = &result->difference;
    if (!result->differs)
        return json_null();
    return json_pack("{s:I, s:I, s:s, s:s, s:s, s:o, s:s?, s:s, s:s}", "entry",
                     (json_int_t)d->entry, "call", (json_int_t)d->call, "component", d->component,
                     "function", d->function, "what", d->what, "row",
                     d->row < 0 ? json_null() : json_integer(d->row), "column", d->column,
                     "expected", d->expected, "got", d->got);
}

static json_t *result_json(const struct qetl_playback_result *result)
{
    return json_pack("{s:b, s:I, s:I, s:I, s:I, s:o, s:O}", "same", !result->differs, "calls",
                     (json_int_t)result->calls, "compared", (json_int_t)result->compared,
                     "passed_over", (json_int_t)result->passed_over, "instances",
                     (json_int_t)result->instances, "difference", difference_json(result), "notes",
                     result->notes);
}

static int replay(struct qetl_cli *cli, const struct qetl_recording *recording,
                  const struct qetl_manifest *plugin, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    struct qetl_playback_result result;
    struct qetl_playback_options options = {.recording = recording,
                                            .plugin = plugin,
                                            .component = own->component,
                                            .settings = own->settings.items,
                                            .n_settings = own->settings.count};
    json_t *answer = NULL;
    int exit_code = QETL_EXIT_OK;
    if (qetl_playback(&options, &result, findings)) {
        exit_code = qetl_run_verdict(findings);
    } else {
        exit_code = result.differs ? QETL_EXIT_FAILED : QETL_EXIT_OK;
        answer = result_json(&result);
        if (!cli->json && (!cli->quiet || result.differs))
            print_result(&result);
        if (result.differs)
            qetl_finding_add(findings, QETL_ERROR, "differs",
                             "the plugin does not answer as it was recorded: %s of %s, %s",
                             result.difference.function, result.difference.component,
                             result.difference.what);
    }
    qetl_playback_result_free(&result);
    return qetl_cli_answer(cli, exit_code, NULL, answer, findings);
}

static int plugin_replay(struct qetl_cli *cli, struct qetl_findings *findings)
{
    struct qetl_plugin_named plugin;
    struct qetl_recording *recording = NULL;
    if (!qetl_plugin_named_find(cli, cli->operands[1], &plugin, findings))
        recording = qetl_recording_open(cli->operands[0], findings);
    int exit_code = recording
                        ? replay(cli, recording, plugin.manifest, findings)
                        : qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, NULL, findings);
    qetl_recording_free(recording);
    qetl_plugin_named_free(&plugin);
    return exit_code;
}

static const struct qetl_option options[] = {
    {"component", .kind = QETL_ARG_TEXT, .offset = offsetof(struct own, component),
     .value = "COMPONENT",
     .help = "play this component of the pipeline alone (default: all that the plugin can play)"},
    {"set", 's', .kind = QETL_ARG_TEXTS, .offset = offsetof(struct own, settings),
     .value = "PATH=VALUE",
     .help = "set an option of the component: a secret, which is not recorded, or where a sink "
             "writes to now; may be repeated"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Replay", true, options);

static const struct qetl_exit exits[] = {
    {"0", "the plugin answered what it answered then"},
    {"1", "it answered otherwise, or the answer could not be written"},
    {"2", "the command line is wrong, or the recording cannot be played"},
    {"3", "the plugin is missing, or cannot be loaded"},
    {"141", "the reader of stdout went away"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_plugin_replay = {
    .name = "plugin replay",
    .section = "Plugins",
    .summary = "play a recorded run to a plugin again",
    .synopses = (const char *const[]){"DIR FILE.so", "DIR NAME", NULL},
    .description =
        "Calls the plugin as a run called it that was recorded with qetl run --record DIR: in the "
        "same order, with the same batches and bytes, on one thread, without what the rows came "
        "from. What it answers is compared with what was recorded (status, rows, cells, row maps, "
        "bytes, rejected rows, errors), and the first difference is told.\n\n"
        "A recording holds what a source handed out, not what it read: played itself, a source "
        "reads again, from where it read then or from a copy (-s path=…), and is not played where "
        "that is gone. A sink writes: it needs another target (-s path=…). Secrets are not in the "
        "recording: give them with -s. What waited or "
        "failed for the moment is passed over.",
    .operands = {.name = "FILE", .least = 2, .most = 2, .completes = QETL_COMPLETES_FILE},
    .groups = {&group, &qetl_options_json, &qetl_options_plugins, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl plugin replay rec filter",
             "what `run --record rec` kept; a plugin just built is named by its FILE.so"},
            {"qetl plugin replay rec file-sink -s path=copy.ndjson", "a sink, with another target"},
            {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = plugin_replay,
};
