/* SPDX-License-Identifier: Apache-2.0 */
/* The options that commands share. */
#include "cli.h"

#define AT(field) .offset = offsetof(struct qetl_cli, field)

static const struct qetl_option general[] = {
    {"quiet", 'q', QETL_ARG_FLAG, AT(quiet), .help = "say nothing but errors and warnings"},
    {"help", 'h', QETL_ARG_FLAG, AT(help), .help = "show this text"},
};

static const struct qetl_option json[] = {
    {"json", .kind = QETL_ARG_FLAG, AT(json), .help = "answer with one JSON object on stdout"},
    {"json-file", .kind = QETL_ARG_TEXT, QETL_COMPLETES_FILE, AT(json_file), .value = "PATH",
     .help = "answer with one JSON object in a file"},
};

static const struct qetl_option plugins[] = {
    {"plugin-dir", .kind = QETL_ARG_TEXTS, QETL_COMPLETES_FOLDER, AT(plugin_dirs), .value = "DIR",
     .help = "look for plugins here first, in place of installed ones of their names; may be "
             "repeated. A folder that everyone may write to is refused"},
    {"lock", .kind = QETL_ARG_TEXT, QETL_COMPLETES_FILE, AT(lock), .value = "FILE",
     .help = "the lock of its plugins (default: PIPELINE.lock, beside the file that is read, if it "
             "is there)"},
};

static const struct qetl_option pipeline[] = {
    {"set", 's', .kind = QETL_ARG_TEXTS, AT(settings), .value = "PATH=VALUE",
     .help = "set a value of the pipeline; may be repeated, the last wins"},
    {"mode", .kind = QETL_ARG_TEXT, AT(mode), .value = "MODE",
     .help = "batch: large batches; stream: every record at once; hybrid: batches grow under load "
             "and shrink when idle (default: the pipeline's, else hybrid)"},
    {"env-file", 'e', .kind = QETL_ARG_TEXTS, QETL_COMPLETES_FILE, AT(env_files), .value = "FILE",
     .help = "read NAME=value lines for ${NAME} in the pipeline; may be repeated, later files win, "
             "and the environment wins over all"},
    {"secrets-dir", .kind = QETL_ARG_TEXT, QETL_COMPLETES_FOLDER, AT(secrets_dir), .value = "DIR",
     .help = "take ${secret:NAME} from DIR/NAME, then from the environment"},
};

static const struct qetl_option oneliner[] = {
    {"from", .kind = QETL_ARG_TEXT, QETL_COMPLETES_FILE, AT(oneliner.from), .value = "SRC",
     .help = "read a file, a folder, a pattern, or - for stdin"},
    {"to", .kind = QETL_ARG_TEXT, QETL_COMPLETES_FILE, AT(oneliner.to), .value = "DST",
     .help = "write a file, or - for stdout"},
    {"from-format", .kind = QETL_ARG_TEXT, QETL_COMPLETES_FORMAT, AT(oneliner.from_format),
     .value = "FORMAT", .help = "the format read, where the name's extension does not tell it"},
    {"to-format", .kind = QETL_ARG_TEXT, QETL_COMPLETES_FORMAT, AT(oneliner.to_format),
     .value = "FORMAT", .help = "the format written, where the name's extension does not tell it"},
    {"where", .kind = QETL_ARG_TEXT, AT(oneliner.where), .value = "EXPR",
     .help = "keep the rows for which this SQL expression is true"},
    {"compute", .kind = QETL_ARG_TEXTS, AT(computed), .value = "NAME=EXPR",
     .help = "add or replace a column by an SQL expression, after --where; may be repeated"},
    {"limit", .kind = QETL_ARG_NUMBER, AT(oneliner.limit), .value = "N", .least = 0,
     .most = INT64_MAX, .help = "stop after so many rows that pass --where"},
    {"select", .kind = QETL_ARG_TEXT, AT(oneliner.select), .value = "COLUMNS",
     .help = "keep these columns, in this order: a,b,c"},
};

static const char *const drivers[] = {"pool", "pull", NULL};
static const char *const validations[] = {"cheap", "full", NULL};

static const struct qetl_option limits[] = {
    {"workers", .kind = QETL_ARG_NUMBER, AT(workers), .value = "N", .least = 1, .most = 1024,
     .help = "data threads in all, reader and writer included (default: one per processor)"},
    {"memory", .kind = QETL_ARG_BYTES, AT(memory_bytes), .value = "SIZE", .least = 8 << 20,
     .help = "budget of the run's buffers, such as 512MiB (default: 256MiB)"},
    {"driver", .kind = QETL_ARG_CHOICE, AT(driver), .value = "DRIVER", .choices = drivers,
     .help = "pool: worker threads; pull: the calling thread alone, with the same result "
             "(default: pool)"},
    {"validate", .kind = QETL_ARG_CHOICE, AT(validate), .value = "DEPTH", .choices = validations,
     .help = "how closely every batch of every plugin is checked (default: cheap)"},
};

static const char *const levels[] = {"error", "warn", "info", "debug", "trace", NULL};

static const struct qetl_option logging[] = {
    {"log-level", .kind = QETL_ARG_CHOICE, AT(log_level), .value = "LEVEL", .choices = levels,
     .help = "the least that is logged (default: warn)"},
    {"log-file", .kind = QETL_ARG_TEXT, QETL_COMPLETES_FILE, AT(log_file), .value = "PATH",
     .help = "append the log to a file instead of writing it to stderr"},
};

const struct qetl_option_group qetl_options_general = QETL_OPTION_GROUP("General", false, general);
const struct qetl_option_group qetl_options_help = {"General", false, 1, &general[1]};
const struct qetl_option_group qetl_options_json = QETL_OPTION_GROUP("Answer", false, json);
const struct qetl_option_group qetl_options_plugins = {"Plugins", false, 1, plugins};
const struct qetl_option_group qetl_options_locked = QETL_OPTION_GROUP("Plugins", false, plugins);
const struct qetl_option_group qetl_options_pipeline =
    QETL_OPTION_GROUP("Pipeline", false, pipeline);
const struct qetl_option_group qetl_options_oneliner =
    QETL_OPTION_GROUP("One-liner", false, oneliner);
const struct qetl_option_group qetl_options_limits = QETL_OPTION_GROUP("Limits", false, limits);
const struct qetl_option_group qetl_options_log = QETL_OPTION_GROUP("Log", false, logging);

const struct qetl_exit qetl_exits_run[] = {
    {"0", "all rows are accounted for, all outputs are whole"},
    {"1", "the run failed"},
    {"2", "the command line or the pipeline is wrong, or names a plugin that is not installed"},
    {"3", "a plugin cannot be loaded, or a file or a service is missing"},
    {"129, 130, 143", "interrupted by SIGHUP, SIGINT, SIGTERM"},
    {"141", "the reader of stdout went away"},
    {NULL, NULL},
};

const struct qetl_exit qetl_exits_check[] = {
    {"0", "nothing is wrong"},
    {"1", "the answer could not be written"},
    {"2",
     "the command line or what was looked at is wrong, or names a plugin that is not installed"},
    {"3", "a plugin cannot be loaded, or a file or a service is missing"},
    {"141", "the reader of stdout went away"},
    {NULL, NULL},
};

const struct qetl_exit qetl_exits_show[] = {
    {"0", "it was shown"},
    {"1", "the answer could not be written"},
    {"2", "the command line is wrong, or names what there is not"},
    {"3", "a file, or a folder of plugins, is missing or cannot be read"},
    {"141", "the reader of stdout went away"},
    {NULL, NULL},
};
