/* SPDX-License-Identifier: Apache-2.0 */
/* The program: picks the command. */
#include "cli.h"
#include "host/ending.h"
#include "pages.h"
#include "show/style.h"
#include "trace/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <qetl/plugin.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int fail(const struct qetl_findings *findings)
{
    qetl_findings_print(findings, stderr, qetl_style_colour(stderr));
    return QETL_EXIT_CONFIG;
}

/* words: the command's name, then its operands and options. */
static int run_command(int n, char **words)
{
    struct qetl_cli cli = {0};
    struct qetl_findings findings = {0};
    size_t n_name;
    int exit_code = QETL_EXIT_OK;
    const struct qetl_command *command = qetl_command_find((size_t)n, words, &n_name);
    if (!command) {
        qetl_command_unknown((size_t)n, words, &findings);
        exit_code = fail(&findings);
        qetl_findings_free(&findings);
        return exit_code;
    }
    int skip = (int)n_name - 1;
    if (qetl_cli_parse(&cli, command, n - skip, words + skip, &findings))
        exit_code = qetl_cli_answer(&cli, QETL_EXIT_CONFIG, NULL, NULL, &findings);
    else if (cli.help)
        qetl_page_text(command, stdout, qetl_style_colour(stdout));
    else
        exit_code = command->run(&cli, &findings);
    qetl_cli_clear(&cli);
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

/* An answer that did not arrive is none. */
static int close_stdout(int exit_code)
{
    errno = 0;
    if (!fflush(stdout) && !ferror(stdout))
        return exit_code;
    int error = errno;
    struct pollfd pipe = {.fd = STDOUT_FILENO, .events = POLLOUT};
    bool gone = error == EPIPE || (poll(&pipe, 1, 0) == 1 && pipe.revents & POLLERR);
    if (!gone)
        fprintf(stderr, "qetl: the answer cannot be written to stdout: %s\n",
                error ? strerror(error) : "an earlier write failed");
    if (exit_code != QETL_EXIT_OK)
        return exit_code;
    return gone ? QETL_EXIT_SIGPIPE : QETL_EXIT_FAILED;
}

int main(int argc, char **argv)
{
    fill_standard_streams();
    qetl_ending_watch(QETL_EXIT_FAILED, qetl_trace_crashed);
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is an answer of write(2) */
    signal(SIGXFSZ, SIG_IGN); /* so is a file size limit */
    static char help[] = "help", version[] = "version";
    char *alone[] = {help, NULL};
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
        argv[1] = help;
    else if (argc > 1 && strcmp(argv[1], "--version") == 0)
        argv[1] = version;
    int exit_code = argc < 2 ? run_command(1, alone) : run_command(argc - 1, argv + 1);
    exit_code = close_stdout(exit_code);
    qetl_ending_own();
    return exit_code;
}
