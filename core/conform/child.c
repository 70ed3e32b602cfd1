/* SPDX-License-Identifier: Apache-2.0 */
#include "child.h"

#include "guard.h"
#include "host/call.h"
#include "pace.h"
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 50, TAIL = 320 };

/* ---- in the child ---- */

static void place(const char *path, int flags, int as)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd >= 0 && dup2(fd, as) < 0)
        _exit(1);
    if (fd >= 0)
        close(fd);
}

_Noreturn static void child_main(const struct conform_errand *e)
{
    struct rlimit none = {0, 0};
    conform_pace_child();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    setrlimit(RLIMIT_CORE, &none);
    place("/dev/null", O_RDONLY, STDIN_FILENO);
    place(e->out, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
    place(e->log, O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
    signal(SIGPIPE, SIG_IGN);
    conform_guard_watch(e->record);
    if (chdir(e->scratch))
        _exit(1);
    e->run(e->arg);
    fflush(NULL);
    e->record->ended = true;
    _exit(0);
}

/* ---- in the parent ---- */

/* "    #3 0x… in row_take …/bad.c:12:7": the function and the line, of a file that is there
 * to be named; of what the sanitizer itself stands on no such thing is told. */
static bool frame_read(const char *line, char out[TAIL])
{
    int number, at = 0;
    if (sscanf(line, " #%d 0x%*x in %n", &number, &at) < 1 || !at)
        return false;
    const char *name = line + at, *path = strrchr(line, '/');
    int size = (int)strcspn(name, " \n");
    if (!path || !strchr(path, ':') || strstr(line, "sanitizer") || strstr(line, "/rustc/"))
        return false;
    snprintf(out, TAIL, ", in %.*s (%.*s)", size < 60 ? size : 60, name,
             (int)strcspn(path + 1, " \n"), path + 1);
    return true;
}

/* What the child wrote that says most: a sanitizer's line, with the frame of the plugin's own that
 * it names first; a panic's place and its words, which stand in two; or the last line. */
static void log_tail(const char *path, char line[TAIL])
{
    char at[512], frame[TAIL] = "";
    FILE *file = fopen(path, "re");
    bool found = false, sanitizer = false;
    *line = 0;
    while (file && (!found || (sanitizer && !*frame)) && fgets(at, sizeof at, file)) {
        at[strcspn(at, "\n")] = 0;
        if (found) {
            frame_read(at, frame);
            continue;
        }
        if (*at)
            snprintf(line, TAIL, ": %.150s", at);
        bool panics = strstr(at, "panicked");
        sanitizer = strstr(at, "ERROR: ") || strstr(at, "runtime error: ");
        found = panics || sanitizer || strstr(at, "terminate called");
        size_t size = strlen(line);
        if (panics && fgets(at, sizeof at, file))
            snprintf(line + size, TAIL - size, " %.*s", (int)strcspn(at, "\n"), at);
    }
    size_t size = strlen(line);
    snprintf(line + size, TAIL - size, "%s", frame);
    if (file)
        fclose(file);
}

static const char *word_of(int signal)
{
    return signal == SIGABRT  ? "abort"
           : signal == SIGFPE ? "arithmetic fault"
           : signal == SIGILL ? "illegal instruction"
                              : "memory fault";
}

/* Whoever aborts has said why: an assertion, a panic. */
static void crash_tell(const struct conform_errand *e, const char *tail)
{
    struct conform_record *record = e->record;
    const struct conform_crash *crash = &record->crash;
    static const char *const where[] = {"", ", beyond what it was given",
                                        ", which looked at what was lent to an earlier call"};
    char place[CONFORM_PLACE];
    conform_place_print(crash, place);
    conform_break(record, (enum conform_rule_id)atomic_load(&record->rule), "%s in %s%s%s%s",
                  word_of(crash->signal), record->call[0] ? record->call : "no call",
                  where[crash->where], place, crash->signal == SIGABRT ? tail : "");
}

static void end_judge(const struct conform_errand *e, int status)
{
    struct conform_record *record = e->record;
    char tail[TAIL];
    const char *call = record->call[0] ? record->call : "between its calls";
    if (record->ended)
        return;
    log_tail(e->log, tail);
    if (record->crash.signal)
        crash_tell(e, tail);
    else if (WIFSIGNALED(status))
        conform_break(record, (enum conform_rule_id)atomic_load(&record->rule),
                      "the process was ended by signal %d (%s) in %s%s", WTERMSIG(status),
                      strsignal(WTERMSIG(status)), call, tail);
    else
        conform_break(record, (enum conform_rule_id)atomic_load(&record->rule),
                      "the process ended in %s, with exit code %d%s", call, WEXITSTATUS(status),
                      tail);
}

/* Rows go there, and answers of the command. */
static void out_judge(const struct conform_errand *e)
{
    char line[160] = "";
    FILE *file = e->prints ? NULL : fopen(e->out, "re");
    if (file && fgets(line, sizeof line, file))
        conform_break(e->record, CONFORM_PROCESS_RULE, "it writes to stdout: %.*s",
                      (int)strcspn(line, "\n"), line);
    if (file)
        fclose(file);
}

/* Of the processor, by the child and all its threads. */
static int64_t used_ns(pid_t pid)
{
    struct timespec used = {0};
    clockid_t clock;
    if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &used))
        return 0;
    return used.tv_sec * 1000000000LL + used.tv_nsec;
}

enum { SLEEPS = 20, WORKS = 2, PATIENCE = 6, RUN_SECONDS = 1 };

/* Who neither sleeps nor had the processor for long is waiting for it: the machine is slow. */
static bool is_hanging(int64_t passed_ns, int64_t worked_ns, int64_t timeout_ns)
{
    if (passed_ns <= timeout_ns)
        return false;
    return worked_ns < passed_ns / SLEEPS || worked_ns > timeout_ns / WORKS ||
           passed_ns > timeout_ns * PATIENCE;
}

struct watching {
    const struct conform_errand *errand;
    pid_t pid;
    long long steps;
    int64_t from, since, used; /* when it began, and when it last got on */
};

static void hang_tell(const struct conform_errand *e)
{
    struct conform_record *record = e->record;
    record->call[sizeof record->call - 1] = 0;
    conform_break(record, (enum conform_rule_id)atomic_load(&record->rule),
                  "%s did not come back within %g s", record->call[0] ? record->call : "the plugin",
                  (double)(e->timeout_ns / 100000000) / 10);
    record->hung = true;
}

/* It gets on, and comes to no end. In a plain run that is the plugin's fault, or the check's,
 * unless those before it have left it no time. */
static void end_tell(const struct watching *w)
{
    struct conform_record *record = w->errand->record;
    double seconds = (double)(qetl_call_now_ns() - w->from) / 1e9;
    if (w->errand->rule == CONFORM_RUN_RULE && seconds >= RUN_SECONDS)
        conform_break(record, CONFORM_RUN_RULE,
                      "it comes to no end: after %.0f s it had made %lld calls; give it an input "
                      "that is smaller, or more time by --limit",
                      seconds, w->steps);
    else
        conform_skip(record, w->errand->rule, "%.0f s, its part of --limit, were too few", seconds);
    record->late += w->errand->rule != CONFORM_RUN_RULE || seconds < RUN_SECONDS;
}

/* Whether it was ended, as it hangs, has no time left, or somebody wants to go. */
static bool is_ended(struct watching *w)
{
    const struct conform_errand *e = w->errand;
    int64_t now = qetl_call_now_ns();
    long long steps = atomic_load(&e->record->steps);
    bool hangs = false;
    if (steps != w->steps) {
        w->steps = steps;
        w->since = now;
        w->used = used_ns(w->pid);
    } else {
        hangs = is_hanging(now - w->since, used_ns(w->pid) - w->used, e->timeout_ns);
    }
    bool late = e->end_ns && now > e->end_ns;
    if (!hangs && !late && !conform_pace_interrupted())
        return false;
    kill(-w->pid, SIGKILL);
    kill(w->pid, SIGKILL);
    if (hangs)
        hang_tell(e);
    else if (late)
        end_tell(w);
    e->record->ended = true;
    return true;
}

static int await(const struct conform_errand *e, pid_t pid, int fd)
{
    int64_t now = qetl_call_now_ns();
    struct watching w = {e, pid, -1, now, now, 0};
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    int status = 0;
    while (poll(&ready, 1, LOOK_MS) <= 0 && !is_ended(&w))
        ;
    kill(-pid, SIGKILL); /* what the plugin may have started; the child's number is still its own */
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    end_judge(e, status);
    out_judge(e);
    return 0;
}

int conform_child_run(const struct conform_errand *e)
{
    e->record->ended = false;
    e->record->crash = (struct conform_crash){0};
    conform_record_call(e->record, "");
    conform_record_trying(e->record, "");
    atomic_store(&e->record->rule, (int)e->rule);
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        return -1;
    if (!pid)
        child_main(e);
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        return -1;
    }
    int bad = await(e, pid, fd);
    close(fd);
    return bad;
}
