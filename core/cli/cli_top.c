/* SPDX-License-Identifier: Apache-2.0 */
/* qetl top: what running pipelines do, on a screen that refreshes, or once. */
#include "cli.h"
#include "control/top.h"
#include "show/style.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { INTERVAL_MS = 1000 };

struct own {
    bool once;
    int64_t interval_ms; /* 0: not given */
};

static volatile sig_atomic_t ended;

static void on_end(int signal)
{
    ended = signal;
}

static void on_resize(int signal)
{
    (void)signal; /* it interrupts the wait, and the next picture has the new size */
}

/* ---- once ---- */

static void wait_ms(int64_t ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&left, &left) && errno == EINTR)
        ;
}

static int once(struct qetl_cli *cli, struct qetl_findings *findings, int64_t interval_ms)
{
    struct qetl_top top = {0};
    int failed = qetl_top_refresh(&top);
    if (!failed && top.n) {
        wait_ms(interval_ms);
        failed = qetl_top_refresh(&top);
    }
    if (failed)
        qetl_findings_no_memory(findings);
    json_t *pipelines = json_array();
    for (size_t i = 0; i < top.n; i++)
        json_array_append_new(pipelines, qetl_top_json(&top.items[i]));
    if (!cli->json && !failed)
        qetl_top_print(&top, qetl_style_columns(stdout), 0, qetl_style_colour(stdout), stdout);
    qetl_top_free(&top);
    return qetl_cli_answer(cli, failed ? QETL_EXIT_FAILED : QETL_EXIT_OK, NULL,
                           json_pack("{s:o}", "pipelines", pipelines), findings);
}

/* ---- the screen ---- */

static int screen_lines(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_row < 4 ? 24 : size.ws_row;
}

static void draw(const struct qetl_top *top, int colour)
{
    char *text = NULL;
    size_t size = 0;
    FILE *page = open_memstream(&text, &size);
    if (!page)
        return;
    qetl_top_print(top, qetl_style_columns(stdout), screen_lines() - 2, colour, page);
    fclose(page);
    fputs("\033[H", stdout);
    for (char *at = text; at && *at;) { /* what stood on a longer line before goes */
        size_t n = strcspn(at, "\n");
        printf("%.*s\033[K\n", (int)n, at);
        at += n + (at[n] == '\n');
    }
    fputs("\033[Jq quits", stdout);
    fflush(stdout);
    free(text);
}

/* Until the time is over; true: the user has enough. */
static bool wait_for_key(int64_t ms)
{
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
    char key = 0;
    int ready = poll(&fd, 1, (int)ms);
    if (ready > 0 && read(STDIN_FILENO, &key, 1) <= 0)
        return true;
    return ended || key == 'q' || key == 'Q' || key == 3 || key == 4;
}

static void catch (int signal, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, NULL);
}

static int screen(struct qetl_cli *cli, struct qetl_findings *findings, int64_t interval_ms)
{
    struct qetl_top top = {0};
    struct termios before, raw;
    int colour = qetl_style_colour(stdout), failed = 0;
    tcgetattr(STDIN_FILENO, &before);
    raw = before;
    raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
    catch (SIGINT, on_end);
    catch (SIGTERM, on_end);
    catch (SIGHUP, on_end);
    catch (SIGWINCH, on_resize);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
    fputs("\033[?1049h\033[?25l\033[2J", stdout); /* a screen of its own, without a cursor */
    do {
        failed = qetl_top_refresh(&top);
        draw(&top, colour);
    } while (!failed && !ferror(stdout) && !wait_for_key(interval_ms));
    fputs("\033[?25h\033[?1049l", stdout);
    fflush(stdout);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    qetl_top_free(&top);
    if (failed)
        qetl_findings_no_memory(findings);
    return qetl_cli_answer(cli, failed ? QETL_EXIT_FAILED : QETL_EXIT_OK, NULL, NULL, findings);
}

static int top_command(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    int64_t interval_ms = own->interval_ms ? own->interval_ms : INTERVAL_MS;
    bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (own->once || cli->json || cli->json_file || !terminal)
        return once(cli, findings, interval_ms);
    return screen(cli, findings, interval_ms);
}

#define AT(field) .offset = offsetof(struct own, field)

static const struct qetl_option options[] = {
    {"once", .kind = QETL_ARG_FLAG, AT(once), .help = "show one picture and end"},
    {"interval-ms", .kind = QETL_ARG_NUMBER, AT(interval_ms), .value = "N", .least = 10,
     .most = 3600000, .help = "time between two pictures, which rates are of (default: 1000)"},
};

static const struct qetl_option_group looking = QETL_OPTION_GROUP("Top", true, options);

const struct qetl_command qetl_command_top = {
    .name = "top",
    .section = "Look in",
    .summary = "what running pipelines do",
    .synopses = (const char *const[]){"", NULL},
    .description =
        "Shows each running pipeline of yours: rows and bytes a second, how busy its components "
        "are, how full the queues between its stages, and for how much of the time those before a "
        "queue waited for room in it (that is where the pipeline is slow: behind the last full "
        "queue). On a terminal the screen refreshes until q is pressed; else, or with --once or "
        "--json, there is one picture.\n\n"
        "Busy is the share of one processor: a component of several replicas can take more than "
        "100 %.",
    .groups = {&looking, &qetl_options_json, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl top", "a screen that refreshes"},
            {"qetl top --once", "one picture"},
            {"qetl top --json --interval-ms 5000 | jq '.result.pipelines[].rates'",
             "rates of five seconds, for a program"},
            {NULL, NULL}},
    .exits = qetl_exits_show,
    .own_size = sizeof(struct own),
    .run = top_command,
};
