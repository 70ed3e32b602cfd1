/* SPDX-License-Identifier: Apache-2.0 */
/* The program: picks the command. */
#include "cli.h"
#include "config/suggest.h"
#include "host/call.h"

#include <fcntl.h>
#include <qetl/plugin.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef QETL_VERSION
#define QETL_VERSION "0.1.0"
#endif

static const struct {
    const char *name;
    int (*run)(struct qetl_cli *, struct qetl_findings *);
} commands[] = {
    {"run", qetl_cli_run},
    {"validate", qetl_cli_validate},
    {"plugin", qetl_cli_plugin},
};
enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static int version(void)
{
    printf("qetl %s (plugin ABI %u.%u%s)\n", QETL_VERSION, QETL_ABI_VERSION >> 16,
           QETL_ABI_VERSION & 0xffff, QETL_ABI_DRAFT ? "-draft" : "");
    return QETL_EXIT_OK;
}

static int unknown(const char *word)
{
    struct qetl_suggest suggest;
    qetl_suggest_init(&suggest, word);
    for (size_t i = 0; i < N_COMMANDS; i++)
        qetl_suggest_offer(&suggest, commands[i].name);
    fprintf(stderr, "qetl: there is no command '%s'%s%s%s; see qetl --help\n", word,
            suggest.best ? ". Did you mean '" : "", suggest.best ? suggest.best : "",
            suggest.best ? "'?" : "");
    return QETL_EXIT_CONFIG;
}

static int help(const char *command)
{
    return qetl_cli_help(command, stdout) ? unknown(command) : QETL_EXIT_OK;
}

static int run_command(size_t i, int argc, char **argv)
{
    struct qetl_cli cli = {0};
    struct qetl_findings findings = {0};
    int exit_code = QETL_EXIT_OK;
    if (qetl_cli_parse(&cli, argc, argv, &findings))
        exit_code =
            qetl_cli_answer(&cli, commands[i].name, QETL_EXIT_CONFIG, NULL, NULL, &findings);
    else if (cli.help)
        qetl_cli_help(commands[i].name, stdout);
    else
        exit_code = commands[i].run(&cli, &findings);
    qetl_findings_free(&findings);
    return exit_code;
}

/* A file must not be given the number of a standard stream that somebody closed; and who uses that
 * stream hears that it is closed: it goes the wrong way. */
static void fill_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
    fill_standard_streams();
    qetl_call_report_crashes(QETL_EXIT_FAILED);
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is an answer of write(2) */
    signal(SIGXFSZ, SIG_IGN); /* so is a file size limit */
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "--version") == 0 || strcmp(word, "version") == 0)
        return version();
    if (strcmp(word, "help") == 0)
        return help(argc > 2 ? argv[2] : "");
    if (!*word || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return help("");
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i].name, word) == 0)
            return run_command(i, argc - 1, argv + 1);
    return unknown(word);
}
