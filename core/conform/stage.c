/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROWS = 5 };

int32_t conform_stage_ready(struct conform_stage *g, const struct conform_trial *t,
                            uint64_t generation)
{
    const struct conform_knobs knobs = {.resumes = generation > 1 && !g->s.stranger,
                                        .stranger = g->s.stranger};
    g->s.b = &g->bench;
    g->s.table = &t->check->tables[0];
    g->s.epoch = g->s.epoch ? g->s.epoch : generation;
    g->s.generation = generation;
    int32_t status = conform_bench_open(&g->bench, t, &knobs);
    return status ? status : conform_sink_ready(&g->s);
}

int32_t conform_stage_write(struct conform_stage *g)
{
    int32_t status = conform_sink_open(&g->s);
    return status ? status : conform_sink_write(&g->s, (int64_t)(g->s.generation % 3) * ROWS, ROWS);
}

int32_t conform_stage_prepare(struct conform_stage *g)
{
    int32_t status = conform_sink_prepare(&g->s);
    return status ? status : conform_save_state(&g->bench, &g->s.saved);
}

int32_t conform_stage_whole(struct conform_stage *g)
{
    int32_t status = conform_stage_write(g);
    status = status ? status : conform_stage_prepare(g);
    return status ? status : conform_sink_decide(&g->s, &conform_commit);
}

bool conform_stage_has_phases(const struct conform_trial *t, const struct conform_stage *g,
                              enum conform_rule_id rule)
{
    if (g->s.commit == QETL_COMMIT_TWO_PHASE)
        return true;
    conform_skip(t->record, rule, "the sink is not TWO_PHASE");
    return false;
}

void conform_stage_close(struct conform_stage *g)
{
    conform_sink_clear(&g->s);
    if (g->bench.trial)
        conform_bench_close(&g->bench);
}

/* ---- in a process that is gone ---- */

static void text_send(int fd, const struct conform_text *text)
{
    if (write(fd, &text->size, sizeof text->size) != sizeof text->size)
        _exit(1);
    for (size_t at = 0; at < text->size;) {
        ssize_t n = write(fd, text->data + at, text->size - at);
        if (n <= 0)
            _exit(1);
        at += (size_t)n;
    }
}

static bool bytes_take(int fd, void *to, size_t size)
{
    ssize_t n = 1;
    for (size_t at = 0; n > 0 && at<size; at += n> 0 ? (size_t)n : 0)
        n = read(fd, (char *)to + at, size - at);
    return n > 0;
}

static bool text_take(int fd, struct conform_text *text)
{
    char byte;
    size_t size;
    text->size = 0;
    if (!bytes_take(fd, &size, sizeof size))
        return false;
    for (size_t i = 0; i < size; i++) {
        if (!bytes_take(fd, &byte, 1))
            return false;
        conform_text_put(text, &byte, 1);
    }
    return true;
}

_Noreturn static void child_run(const struct conform_trial *t, bool final, bool prepares, int fd)
{
    struct conform_stage g = {.s.final = final};
    int32_t status = conform_stage_ready(&g, t, 1);
    status = status ? status : conform_stage_write(&g);
    if (!status && prepares)
        status = conform_stage_prepare(&g);
    size_t n = status ? 0 : g.s.n_handles;
    if (write(fd, &status, sizeof status) != sizeof status || write(fd, &n, sizeof n) != sizeof n ||
        write(fd, &g.s.saved, sizeof g.s.saved) != sizeof g.s.saved)
        _exit(1);
    text_send(fd, &g.s.saved.bytes);
    for (size_t i = 0; i < n; i++)
        text_send(fd, &g.s.texts[i]);
    _exit(0);
}

static int32_t stage_take(struct conform_stage *g, int fd)
{
    int32_t status;
    struct conform_saved saved;
    if (!bytes_take(fd, &status, sizeof status) ||
        !bytes_take(fd, &g->s.n_handles, sizeof g->s.n_handles) ||
        !bytes_take(fd, &saved, sizeof saved) || !text_take(fd, &g->s.saved.bytes))
        return QETL_E_FATAL;
    g->s.saved.any = saved.any;
    g->s.saved.version = saved.version;
    for (size_t i = 0; i < g->s.n_handles; i++) {
        if (!text_take(fd, &g->s.texts[i]))
            return QETL_E_FATAL;
        g->s.handles[i] = (struct qetl_blob){g->s.texts[i].data, g->s.texts[i].size};
    }
    return status;
}

int32_t conform_stage_elsewhere(struct conform_stage *g, const struct conform_trial *t,
                                bool prepares)
{
    int ends[2], ended;
    if (pipe(ends))
        return QETL_E_ENVIRONMENT;
    pid_t pid = fork();
    if (!pid) {
        close(ends[0]);
        child_run(t, g->s.final, prepares, ends[1]);
    }
    close(ends[1]);
    int32_t status = pid < 0 ? QETL_E_ENVIRONMENT : stage_take(g, ends[0]);
    close(ends[0]);
    while (pid > 0 && waitpid(pid, &ended, 0) < 0 && errno == EINTR)
        ;
    return status;
}
