/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a line takes from the input to stdout, through a filter and a computed column: each
 * line's round trip with one line under way, and at rates; and what the idle program costs.
 *
 *   bench_latency QETL [--format csv|ndjson|binary] [--via pipe|fifo|follow] [--seconds S]
 *                 [--rate LINES_PER_S]... [QETL_OPTION...]
 *   bench_latency [QETL]      every format and way in, by both drivers, in stream mode; hybrid mode
 *
 * Rate 0 is one line under way, 2000 of them. The second form exits with 1 where a median is a
 * millisecond or more, or the idle program takes a hundredth of its time.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINES_MOST = 1 << 20, RATES_MOST = 8, TURNS = 2000, OPTIONS_MOST = 32 };

static int64_t sent_ns[LINES_MOST], took_ns[LINES_MOST];
static int to_child = -1, from_child = -1;
static pid_t child;
static int missed;

struct way {
    const char *qetl, *format, *via;
    double rates[RATES_MOST], seconds;
    int n_rates;
    char *options[OPTIONS_MOST]; /* of qetl */
    int n_options;
};

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

static void child_start(char **argv, int in)
{
    int out[2];
    if (pipe2(out, O_CLOEXEC))
        die("pipe");
    child = fork();
    if (child < 0)
        die("fork");
    if (!child) {
        dup2(in, STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        execv(argv[0], argv);
        _exit(127);
    }
    close(in);
    close(out[1]);
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

/* Every line ends in its number: ...,N or ..."n":N} */
static int64_t number_of(const char *line, const char *end)
{
    while (end > line && (end[-1] < '0' || end[-1] > '9'))
        end--;
    while (end > line && end[-1] >= '0' && end[-1] <= '9')
        end--;
    return strtoll(end, NULL, 10);
}

/* Lines that came back by now. */
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
        int64_t line = number_of(at, end);
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

static bool is_binary(const struct way *way)
{
    return strcmp(way->format, "binary") == 0;
}

/* As the struct string <q4sq has it: amount, name, n. */
static void send_record(int64_t number)
{
    char record[20] = {(char)150, [8] = 'a', 'b', 'c'};
    memcpy(record + 12, &number, sizeof number);
    send_text(record, sizeof record);
}

static void send_line(const struct way *way, int64_t number)
{
    char line[64];
    if (is_binary(way)) {
        sent_ns[number - 1] = now_ns();
        send_record(number);
        return;
    }
    int size =
        snprintf(line, sizeof line,
                 strcmp(way->format, "csv") == 0 ? "150,abc,%lld\n"
                                                 : "{\"amount\":150,\"name\":\"abc\",\"n\":%lld}\n",
                 (long long)number);
    sent_ns[number - 1] = now_ns();
    send_text(line, (size_t)size);
}

/* Sends n lines in time, and reads in between; without a rate, each once the last came back. */
static void run_rate(const struct way *way, double rate)
{
    int64_t n = rate > 0 ? (int64_t)(rate * way->seconds) : TURNS, sent = 0, done = 0;
    n = n < 3 ? 3 : n < LINES_MOST ? n : LINES_MOST - 1;
    int64_t start = now_ns();
    while (done < n) {
        int64_t now = now_ns(), due = now + (sent > done);
        if (rate > 0)
            due = start + (int64_t)((double)sent / rate * 1e9);
        if (sent < n && now >= due) {
            send_line(way, ++sent);
            continue;
        }
        struct pollfd set = {.fd = from_child, .events = POLLIN};
        int64_t wait = sent < n && rate > 0 ? due - now : 10000000000;
        struct timespec left = {wait / 1000000000, wait % 1000000000};
        int ready = ppoll(&set, 1, &left, NULL);
        if (ready > 0)
            done = take_lines(done);
        else if (ready == 0 && (sent == n || rate <= 0))
            die("lines were lost");
    }
    qsort(took_ns, (size_t)n, sizeof *took_ns, compare);
    missed |= us_at(n, 0.5) >= 1000;
    if (rate > 0)
        printf("%8.0f lines/s:", rate);
    else
        printf(" one by one     :");
    printf(" %7lld lines  p50 %7.1f us  p99 %7.1f us  p99.9 %7.1f us  max %7.1f us\n", (long long)n,
           us_at(n, 0.5), us_at(n, 0.99), us_at(n, 0.999), us_at(n, 1));
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
    missed |= used > seconds / 100 + 0.01;
    printf("    idle: %.0f ms of CPU in %.1f s\n", used * 1000, seconds);
    fflush(stdout);
}

/* The header and a first row: what is measured begins after the set-up. */
static void warm_up(const struct way *way)
{
    static const char csv[] = "amount,name,n\n150,abc,0\n",
                      ndjson[] = "{\"amount\":150,\"name\":\"abc\",\"n\":0}\n";
    const char *text = strcmp(way->format, "csv") == 0 ? csv : ndjson;
    if (is_binary(way))
        send_record(0);
    else
        send_text(text, strlen(text));
    struct pollfd set = {.fd = from_child, .events = POLLIN};
    if (poll(&set, 1, 20000) != 1)
        die("qetl does not answer");
    take_lines(0);
}

/* Opens the way in: path is what qetl reads, or "-"; answers its stdin. */
static int input_open(const struct way *way, const char *path)
{
    int in[2];
    if (strcmp(way->via, "pipe") == 0) {
        if (pipe2(in, O_CLOEXEC))
            die("pipe");
        to_child = in[1];
        return in[0];
    }
    bool fifo = strcmp(way->via, "fifo") == 0;
    if (fifo && mkfifo(path, 0600))
        die(path);
    to_child =
        open(path, fifo ? O_RDWR | O_CLOEXEC : O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (to_child < 0 || in[0] < 0)
        die(path);
    return in[0];
}

static void command_make(const struct way *way, const char *path, const char *report,
                         char **command)
{
    const char *const fixed[] = {way->qetl,
                                 "run",
                                 "--from",
                                 path,
                                 "--from-format",
                                 way->format,
                                 "--to",
                                 "-",
                                 "--to-format",
                                 is_binary(way) ? "ndjson" : way->format,
                                 "--where",
                                 "amount > 100",
                                 "--compute",
                                 "total=amount * 2",
                                 "--select",
                                 "total,name,n",
                                 "-q",
                                 "--no-control",
                                 "--json-file",
                                 report};
    size_t n = sizeof fixed / sizeof *fixed;
    for (size_t i = 0; i < n; i++)
        command[i] = (char *)fixed[i];
    if (strcmp(way->via, "follow") == 0) {
        command[n++] = "-s";
        command[n++] = "sources.in.follow=true";
    }
    if (is_binary(way)) {
        command[n++] = "-s";
        command[n++] = "sources.in.format={type: binary, struct: <q4sq, names: [amount, name, n]}";
    }
    for (int i = 0; i < way->n_options; i++)
        command[n++] = way->options[i];
    command[n] = NULL;
}

/* What the report says of the source, which is its first component. */
static void print_batches(const char *report)
{
    static const char key[] = "\"rows_per_batch\":";
    char text[8192] = "";
    int fd = open(report, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    const char *found = n > 0 ? strstr(text, key) : NULL;
    if (found)
        printf("    rows per batch: %.1f\n", atof(found + sizeof key - 1));
    if (fd >= 0)
        close(fd);
}

static int run_way(const struct way *way)
{
    char folder[] = "/tmp/bench-latency-XXXXXX", path[64] = "-", report[64],
         *command[32 + OPTIONS_MOST];
    int status = 0;
    if (!mkdtemp(folder))
        die(folder);
    if (strcmp(way->via, "pipe") != 0)
        snprintf(path, sizeof path, "%s/lines", folder);
    snprintf(report, sizeof report, "%s/report.json", folder);
    command_make(way, path, report, command);
    child_start(command, input_open(way, path));
    warm_up(way);
    for (int i = 0; i < way->n_rates; i++)
        run_rate(way, way->rates[i]);
    run_idle(way->seconds);
    close(to_child);
    if (strcmp(way->via, "follow") == 0)
        kill(child, SIGTERM);
    waitpid(child, &status, 0);
    close(from_child);
    print_batches(report);
    unlink(path);
    unlink(report);
    rmdir(folder);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* In stream mode, five seconds each, of which most are idle. */
static int run_stream(const char *qetl)
{
    static const char *const formats[] = {"csv", "ndjson"},
                             *const vias[] = {"pipe", "fifo", "follow"},
                             *const drivers[] = {"pool", "pull"};
    int failed = 0;
    for (int i = 0; i < 12; i++) {
        struct way way = {
            .qetl = qetl,
            .format = formats[i / 6],
            .via = vias[i / 2 % 3],
            .rates = {0, 1000},
            .n_rates = 2,
            .seconds = 5,
            .options = {"--mode", "stream", "--workers", "2", "--driver", (char *)drivers[i % 2]},
            .n_options = 6};
        printf("%s by %s, driver %s, stream\n", way.format, way.via, drivers[i % 2]);
        failed |= run_way(&way);
    }
    return failed || missed;
}

/* Batches grow with the load. What a line may wait for others is bounded by linger_ms. */
static int run_hybrid(const char *qetl)
{
    static const double rates[] = {100, 20000, 200000};
    int failed = 0;
    for (int i = 0; i < 3; i++) {
        struct way way = {.qetl = qetl,
                          .format = "csv",
                          .via = "pipe",
                          .rates = {rates[i]},
                          .n_rates = 1,
                          .seconds = 2,
                          .options = {"--mode", "hybrid", "--workers", "2", "-s", "linger_ms=5"},
                          .n_options = 6};
        printf("csv by pipe, driver pool, hybrid\n");
        failed |= run_way(&way);
    }
    return failed;
}

int main(int argc, char **argv)
{
    struct way way = {.qetl = argc > 1 ? argv[1] : getenv("QETL"),
                      .format = "csv",
                      .via = "pipe",
                      .rates = {1, 100, 10000},
                      .n_rates = 3,
                      .seconds = 3};
    int given = 0, at = 2;
    if (!way.qetl)
        return fputs("usage: bench_latency QETL [--format F] [--via W] [--seconds S] [--rate R]... "
                     "[OPTION...]\n",
                     stderr),
               2;
    signal(SIGPIPE, SIG_IGN);
    if (argc < 3)
        return run_stream(way.qetl) | run_hybrid(way.qetl);
    for (; at + 1 < argc; at += 2) {
        if (strcmp(argv[at], "--seconds") == 0)
            way.seconds = atof(argv[at + 1]);
        else if (strcmp(argv[at], "--format") == 0)
            way.format = argv[at + 1];
        else if (strcmp(argv[at], "--via") == 0)
            way.via = argv[at + 1];
        else if (strcmp(argv[at], "--rate") == 0 && given < RATES_MOST)
            way.rates[given++] = atof(argv[at + 1]);
        else
            break;
    }
    way.n_rates = given ? given : way.n_rates;
    while (at < argc && way.n_options < OPTIONS_MOST)
        way.options[way.n_options++] = argv[at++];
    int status = run_way(&way);
    return status;
}
