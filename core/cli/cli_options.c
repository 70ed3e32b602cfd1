/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"
#include "config/suggest.h"
#include "config/units.h"
#include "plugin/plugin_dirs.h"

#include <getopt.h>
#include <qetl/plugin.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPT_PLUGIN_DIR = 256,
    OPT_JSON,
    OPT_JSON_FILE,
    OPT_WORKERS,
    OPT_MEMORY,
    OPT_DRIVER,
    OPT_VALIDATE,
    OPT_LOG_LEVEL,
    OPT_LOG_FILE,
    OPT_FROM,
    OPT_TO,
    OPT_FROM_FORMAT,
    OPT_TO_FORMAT,
    OPT_WHERE,
    OPT_SELECT,
};

static const struct option long_options[] = {
    {"plugin-dir", required_argument, NULL, OPT_PLUGIN_DIR},
    {"json", no_argument, NULL, OPT_JSON},
    {"json-file", required_argument, NULL, OPT_JSON_FILE},
    {"workers", required_argument, NULL, OPT_WORKERS},
    {"memory", required_argument, NULL, OPT_MEMORY},
    {"driver", required_argument, NULL, OPT_DRIVER},
    {"validate", required_argument, NULL, OPT_VALIDATE},
    {"log-level", required_argument, NULL, OPT_LOG_LEVEL},
    {"log-file", required_argument, NULL, OPT_LOG_FILE},
    {"from", required_argument, NULL, OPT_FROM},
    {"to", required_argument, NULL, OPT_TO},
    {"from-format", required_argument, NULL, OPT_FROM_FORMAT},
    {"to-format", required_argument, NULL, OPT_TO_FORMAT},
    {"where", required_argument, NULL, OPT_WHERE},
    {"select", required_argument, NULL, OPT_SELECT},
    {"set", required_argument, NULL, 's'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int wrong(struct qetl_findings *findings, const char *option, const char *value,
                 const char *mend)
{
    struct qetl_finding *finding = qetl_finding_add(findings, QETL_ERROR, "bad_option",
                                                    "%s: '%s' is not understood", option, value);
    if (finding)
        qetl_finding_mend(finding, "%s", mend);
    return -1;
}

static int set_workers(struct qetl_cli *cli, struct qetl_findings *findings)
{
    char *end;
    long workers = strtol(optarg, &end, 10);
    if (*end || end == optarg || workers < 1 || workers > 1024)
        return wrong(findings, "--workers", optarg, "give a number of threads, 1 to 1024");
    cli->workers = (int)workers;
    return 0;
}

static int set_memory(struct qetl_cli *cli, struct qetl_findings *findings)
{
    enum { LEAST_BYTES = 8 << 20 };
    if (qetl_units_bytes(optarg, &cli->memory_bytes) || cli->memory_bytes < LEAST_BYTES)
        return wrong(findings, "--memory", optarg, "give a size of 8MiB or more, as in 512MiB");
    return 0;
}

static int set_driver(struct qetl_cli *cli, struct qetl_findings *findings)
{
    bool pull = strcmp(optarg, "pull") == 0;
    if (!pull && strcmp(optarg, "pool") != 0)
        return wrong(findings, "--driver", optarg, "give pool (threads) or pull (none)");
    cli->driver = pull ? QETL_DRIVE_PULL : QETL_DRIVE_POOL;
    return 0;
}

static int set_validate(struct qetl_cli *cli, struct qetl_findings *findings)
{
    cli->validate_full = strcmp(optarg, "full") == 0;
    if (!cli->validate_full && strcmp(optarg, "cheap") != 0)
        return wrong(findings, "--validate", optarg, "give full or cheap");
    return 0;
}

static int set_log_level(struct qetl_cli *cli, struct qetl_findings *findings)
{
    cli->log.level = qetl_log_level(optarg);
    if (cli->log.level < 0)
        return wrong(findings, "--log-level", optarg, "give error, warn, info, debug or trace");
    return 0;
}

static int add_plugin_dir(struct qetl_cli *cli, struct qetl_findings *findings)
{
    if (cli->n_plugin_dirs == QETL_CLI_DIRS_MAX)
        return wrong(findings, "--plugin-dir", optarg, "give at most 64 of them");
    cli->plugin_dirs[cli->n_plugin_dirs++] = optarg;
    return 0;
}

static int add_setting(struct qetl_cli *cli, struct qetl_findings *findings)
{
    if (cli->n_settings == QETL_CLI_SETTINGS_MAX)
        return wrong(findings, "--set", optarg, "give at most 256 of them");
    cli->settings[cli->n_settings++] = optarg;
    return 0;
}

/* The nearest option, for one that does not exist. */
static int unknown_option(const char *given, struct qetl_findings *findings)
{
    struct qetl_finding *finding =
        qetl_finding_add(findings, QETL_ERROR, "unknown_option", "there is no option '%s'", given);
    struct qetl_suggest suggest;
    qetl_suggest_init(&suggest, strncmp(given, "--", 2) == 0 ? given + 2 : given);
    for (const struct option *o = long_options; o->name; o++)
        qetl_suggest_offer(&suggest, o->name);
    if (finding && suggest.best)
        qetl_finding_mend(finding, "did you mean --%s?", suggest.best);
    else if (finding)
        qetl_finding_mend(finding, "see qetl --help");
    return -1;
}

static int take(struct qetl_cli *cli, int option, char **argv, struct qetl_findings *findings)
{
    switch (option) {
    case OPT_PLUGIN_DIR:
        return add_plugin_dir(cli, findings);
    case OPT_JSON:
        cli->json = true;
        return 0;
    case OPT_JSON_FILE:
        cli->json_file = optarg;
        return 0;
    case OPT_WORKERS:
        return set_workers(cli, findings);
    case OPT_MEMORY:
        return set_memory(cli, findings);
    case OPT_DRIVER:
        return set_driver(cli, findings);
    case OPT_VALIDATE:
        return set_validate(cli, findings);
    case OPT_LOG_LEVEL:
        return set_log_level(cli, findings);
    case OPT_LOG_FILE:
        cli->log_file = optarg;
        return 0;
    case OPT_FROM:
        cli->oneliner.from = optarg;
        return 0;
    case OPT_TO:
        cli->oneliner.to = optarg;
        return 0;
    case OPT_FROM_FORMAT:
        cli->oneliner.from_format = optarg;
        return 0;
    case OPT_TO_FORMAT:
        cli->oneliner.to_format = optarg;
        return 0;
    case OPT_WHERE:
        cli->oneliner.where = optarg;
        return 0;
    case OPT_SELECT:
        cli->oneliner.select = optarg;
        return 0;
    case 's':
        return add_setting(cli, findings);
    case 'q':
        cli->quiet = true;
        return 0;
    case 'h':
        cli->help = true;
        return 0;
    case ':':
        return wrong(findings, argv[optind - 1], "", "it needs a value");
    default:
        return unknown_option(argv[optind - 1], findings);
    }
}

int qetl_cli_parse(struct qetl_cli *cli, int argc, char **argv, struct qetl_findings *findings)
{
    cli->log.level = QETL_LOG_WARN;
    cli->oneliner.limit = -1;
    optind = 1;
    opterr = 0;
    int failed = 0;
    for (;;) {
        int option = getopt_long(argc, argv, ":hqs:", long_options, NULL);
        if (option < 0)
            break;
        failed |= take(cli, option, argv, findings);
    }
    cli->operands = argv + optind; /* getopt moved them there */
    cli->n_operands = (size_t)(argc - optind);
    return failed;
}

struct qetl_registry *qetl_cli_registry(const struct qetl_cli *cli, struct qetl_findings *findings)
{
    char **dirs = qetl_plugin_dirs_new(cli->plugin_dirs, getenv("QETL_PLUGIN_PATH"),
                                       QETL_PLUGIN_DIR, findings);
    struct qetl_registry *registry =
        dirs ? qetl_registry_new((const char *const *)dirs, findings) : NULL;
    qetl_plugin_dirs_free(dirs);
    return registry;
}
