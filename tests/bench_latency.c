/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a line takes from stdin to stdout: a paced writer, each line's round trip, and what the
 * idle program costs.
 *
 *   bench_latency QETL [--seconds S] [--rate LINES_PER_S]... [QETL_OPTION...]
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINES_MOST = 1 << 20, RATES_MOST = 8 };

static int64_t sent_ns[LINES_MOST], took_ns[LINES_MOST];
static int to_child = -1, from_child = -1;
static pid_t child;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "bench_latency: %s: %s\n", what, strerror(errno));
    if (child > 0)
        kill(child, SIGKILL);
    exit(1);
}

static void child_start(char **argv)
{
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
        die("pipe");
    child = fork();
    if (child < 0)
        die("fork");
    if (!child) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        execv(argv[0], argv);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    to_child = in[1];
    from_child = out[0];
    fcntl(from_child, F_SETFL, O_NONBLOCK);
}

static void send_text(const char *text, size_t size)
{
    while (size > 0) {
        ssize_t n = write(to_child, text, size);
        if (n < 0 && errno != EINTR)
            die("writing to qetl");
        text += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
}

/* Lines that came back by now, which end in their number: ...,N */
static int64_t take_lines(int64_t done)
{
    static char text[1 << 16];
    static size_t held;
    ssize_t n = read(from_child, text + held, sizeof text - held);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        die("reading from qetl");
    if (n == 0) {
        errno = EPIPE;
        die("qetl ended");
    }
    held += n > 0 ? (size_t)n : 0;
    int64_t now = now_ns();
    char *at = text, *end;
    while ((end = memchr(at, '\n', held - (size_t)(at - text)))) {
        *end = 0;
        const char *comma = strrchr(at, ',');
        int64_t line = comma ? strtoll(comma + 1, NULL, 10) : 0;
        if (line > 0 && line < LINES_MOST) {
            took_ns[line - 1] = now - sent_ns[line - 1];
            done++;
        }
        at = end + 1;
    }
    held -= (size_t)(at - text);
    memmove(text, at, held);
    return done;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double us_at(int64_t n, double part)
{
    int64_t at = (int64_t)((double)n * part);
    return (double)took_ns[at < n ? at : n - 1] / 1000;
}

/* Sends n lines in time, and reads in between. */
static void run_rate(double rate, double seconds)
{
    int64_t n = (int64_t)(rate * seconds), sent = 0, done = 0;
    n = n < 3 ? 3 : n < LINES_MOST ? n : LINES_MOST - 1;
    int64_t start = now_ns();
    while (done < n) {
        int64_t due = start + (int64_t)((double)sent / rate * 1e9), now = now_ns();
        if (sent < n && now >= due) {
            char line[64];
            int size = snprintf(line, sizeof line, "%d,abc,%lld\n", 150, (long long)sent + 1);
            sent_ns[sent++] = now_ns();
            send_text(line, (size_t)size);
            continue;
        }
        struct pollfd set = {.fd = from_child, .events = POLLIN};
        int64_t wait = sent < n ? due - now : 10000000000;
        struct timespec left = {wait / 1000000000, wait % 1000000000};
        int ready = ppoll(&set, 1, &left, NULL);
        if (ready > 0)
            done = take_lines(done);
        else if (ready == 0 && sent == n)
            die("lines were lost");
    }
    qsort(took_ns, (size_t)n, sizeof *took_ns, compare);
    printf("%8.0f lines/s: %7lld lines  p50 %7.1f us  p99 %7.1f us  p99.9 %7.1f us  max %7.1f us\n",
           rate, (long long)n, us_at(n, 0.5), us_at(n, 0.99), us_at(n, 0.999), us_at(n, 1));
    fflush(stdout);
}

/* User and system time of the child so far, in clock ticks. */
static long child_ticks(void)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)child);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (n <= 0)
        die(path);
    close(fd);
    text[n] = 0;
    long user = 0, system = 0;
    const char *at = strrchr(text, ')');
    if (!at ||
        sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &system) != 2)
        die(path);
    return user + system;
}

static void run_idle(double seconds)
{
    long before = child_ticks();
    int64_t ns = (int64_t)(seconds * 1e9);
    struct timespec pause = {ns / 1000000000, ns % 1000000000};
    nanosleep(&pause, NULL);
    double used = (double)(child_ticks() - before) / (double)sysconf(_SC_CLK_TCK);
    printf("    idle: %.0f ms of CPU in %.1f s\n", used * 1000, seconds);
}

/* The header and a first row: what is measured begins after the set-up. */
static void warm_up(void)
{
    static const char text[] = "amount,name,n\n150,abc,0\n";
    send_text(text, sizeof text - 1);
    struct pollfd set = {.fd = from_child, .events = POLLIN};
    if (poll(&set, 1, 20000) != 1)
        die("qetl does not answer");
    take_lines(0);
}

int main(int argc, char **argv)
{
    double rates[RATES_MOST] = {1, 100, 10000}, seconds = 3;
    int n_rates = 3, given = 0, at = 2;
    char *program = argc > 1 ? argv[1] : getenv("QETL");
    if (!program)
        return fputs("usage: bench_latency QETL [--seconds S] [--rate R]... [OPTION...]\n", stderr),
               2;
    for (; at + 1 < argc; at += 2) {
        if (strcmp(argv[at], "--seconds") == 0)
            seconds = atof(argv[at + 1]);
        else if (strcmp(argv[at], "--rate") == 0 && given < RATES_MOST)
            rates[given++] = atof(argv[at + 1]);
        else
            break;
    }
    n_rates = given ? given : n_rates;
    char *command[64] = {program,
                         "run",
                         "--from",
                         "-",
                         "--from-format",
                         "csv",
                         "--to",
                         "-",
                         "--to-format",
                         "csv",
                         "--where",
                         "amount > 100",
                         "--compute",
                         "total=amount * 2",
                         "--select",
                         "total,name,n",
                         "-q"};
    int n = 17;
    while (at < argc && n < 63)
        command[n++] = argv[at++];
    signal(SIGPIPE, SIG_IGN);
    child_start(command);
    warm_up();
    for (int i = 0; i < n_rates; i++)
        run_rate(rates[i], seconds);
    run_idle(seconds);
    close(to_child);
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
