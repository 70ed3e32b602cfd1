/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <string.h>

static const char general[] =
    "qetl moves rows from sources through transforms to sinks, and accounts for each.\n"
    "\n"
    "  qetl run FILE                     run a pipeline file (YAML or JSON)\n"
    "  qetl run --from SRC --to DST      run a one-liner\n"
    "  qetl validate FILE...             check pipeline files without touching data\n"
    "  qetl plugin list                  the connectors that are installed\n"
    "  qetl plugin info NAME             one of them, with its options\n"
    "  qetl help COMMAND                 more about a command\n"
    "  qetl --version\n"
    "\n"
    "Options of every command\n"
    "  --plugin-dir DIR    look for plugins here first (may be repeated)\n"
    "  --json              answer with one JSON object on stdout\n"
    "  --json-file PATH    answer with one JSON object in a file\n"
    "  -q, --quiet         errors only\n"
    "\n"
    "Environment: QETL_PLUGIN_PATH (folders, by colons), NO_COLOR.\n"
    "Exit codes: 0 ok, 1 run failed, 2 bad configuration, 3 plugin or service missing,\n"
    "129/130/143 interrupted, 141 the reader of our output went away.\n";

static const char run[] =
    "qetl run FILE\n"
    "qetl run --from SRC --to DST [--where EXPR] [--select COLUMNS]\n"
    "\n"
    "Runs a pipeline to its end. Rows that cannot go on are kept, with reason and place,\n"
    "in a dead-letter file; every row is accounted for, or the run fails. Outputs appear\n"
    "under their names only when they are whole.\n"
    "\n"
    "  --from SRC, --to DST     files, globs, or - for stdin and stdout\n"
    "  --from-format, --to-format  csv, ndjson, ... where the name does not tell\n"
    "  --where EXPR             keep the rows for which this is true\n"
    "  --select a,b             keep these columns\n"
    "  -s, --set PATH=VALUE     set a value of the pipeline (may be repeated; the last wins)\n"
    "  --workers N              data threads in all (default: one per processor)\n"
    "  --memory SIZE            memory budget (default 256MiB)\n"
    "  --driver pool|pull       threads, or the calling thread alone\n"
    "  --validate full|cheap    check every batch of every plugin in full (default cheap)\n"
    "  --log-level LEVEL        error, warn, info, debug, trace (default warn)\n"
    "  --log-file PATH          append the log to a file\n"
    "\n"
    "Examples\n"
    "  qetl run orders.yaml\n"
    "  qetl run --from orders.csv.gz --to big.ndjson --where \"quantity > 100\"\n"
    "  qetl run --from 'data/*.csv' --to - --to-format ndjson --select order_id,country\n"
    "  qetl run orders.yaml -s sources.orders.path=today.csv -s max_rejected=0\n"
    "  qetl run orders.yaml --json | jq .summary\n";

static const char validate[] =
    "qetl validate FILE...\n"
    "\n"
    "Checks pipeline files without touching data: words, types, plugins and their options,\n"
    "the graph. Every mistake is named with file, line, column and mend, all in one go.\n"
    "\n"
    "  -s, --set PATH=VALUE     set a value of the pipeline (may be repeated; the last wins)\n"
    "\n"
    "Examples\n"
    "  qetl validate orders.yaml\n"
    "  qetl validate *.yaml --json | jq .error.findings\n";

static const char plugin[] =
    "qetl plugin list\n"
    "qetl plugin info NAME\n"
    "\n"
    "Shows installed connectors and their options, from their manifests: nothing is loaded.\n"
    "\n"
    "Examples\n"
    "  qetl plugin list\n"
    "  qetl plugin info csv\n"
    "  qetl plugin list --plugin-dir ./build --json\n";

int qetl_cli_help(const char *command, FILE *out)
{
    static const struct {
        const char *command, *text;
    } pages[] = {{"", general}, {"run", run}, {"validate", validate}, {"plugin", plugin}};
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        if (strcmp(pages[i].command, command) != 0)
            continue;
        fputs(pages[i].text, out);
        return 0;
    }
    return -1;
}
