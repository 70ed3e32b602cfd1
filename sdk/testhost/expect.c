/* SPDX-License-Identifier: Apache-2.0 */
/* What a test sees, and what it expects. */
#include "test.h"

#include <stdio.h>

int32_t qetl_rig_status(const struct qetl_rig *t)
{
    return t->status;
}

static const char *of_port(const struct text *texts, uint32_t port)
{
    return port < PORTS_MAX ? text_of(&texts[port]) : "";
}

const char *qetl_rig_rows(const struct qetl_rig *t, uint32_t port)
{
    return of_port(t->rows, port);
}

const char *qetl_rig_columns(const struct qetl_rig *t, uint32_t port)
{
    return of_port(t->columns, port);
}

const char *qetl_rig_rejects(const struct qetl_rig *t)
{
    return text_of(&t->rejects);
}

const char *qetl_rig_errors(const struct qetl_rig *t)
{
    return text_of(&t->errors);
}

const char *qetl_rig_logs(const struct qetl_rig *t)
{
    return text_of(&t->logs);
}

const char *qetl_rig_outputs(const struct qetl_rig *t)
{
    return text_of(&t->outputs);
}

const char *qetl_rig_bytes(const struct qetl_rig *t, size_t *size)
{
    if (size)
        *size = t->bytes.size;
    return text_of(&t->bytes);
}

const char *qetl_rig_counts(struct qetl_rig *t)
{
    text_clear(&t->counts);
    text_print(&t->counts, "filtered %lld added %lld reduced %lld held %lld",
               (long long)t->filtered, (long long)t->added, (long long)t->reduced,
               (long long)t->held);
    return text_of(&t->counts);
}

void qetl_rig_forget(struct qetl_rig *t)
{
    struct text *const texts[] = {&t->errors, &t->logs, &t->rejects, &t->outputs, &t->bytes};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        text_clear(texts[i]);
    for (int i = 0; i < PORTS_MAX; i++)
        text_clear(&t->rows[i]);
    t->filtered = t->added = t->reduced = t->held = 0;
}

void qetl_rig_fail_alloc(struct qetl_rig *t, int64_t count)
{
    atomic_store(&t->fail_alloc, count);
}

void qetl_rig_interrupt(struct qetl_rig *t)
{
    if (t->opened)
        return;
    atomic_store(&t->cancelled, 1);
    if (t->component->interrupt)
        t->component->interrupt(t->self);
}

static int count(struct qetl_rig *t, bool good)
{
    t->passed += good;
    t->failed += !good;
    return good;
}

int qetl_rig_expect_text(struct qetl_rig *t, const char *file, int line, const char *what,
                         const char *got, const char *wanted)
{
    if (got && strcmp(got, wanted) == 0)
        return count(t, true);
    fprintf(stderr, "%s:%d: %s\n  is:     %s\n  wanted: %s\n", file, line, what,
            got ? got : "(none)", wanted);
    if (t->errors.size)
        fprintf(stderr, "  errors: %s\n", t->errors.data);
    return count(t, false);
}

int qetl_rig_expect_number(struct qetl_rig *t, const char *file, int line, const char *what,
                           int64_t got, int64_t wanted)
{
    if (got == wanted)
        return count(t, true);
    fprintf(stderr, "%s:%d: %s\n  is %lld, wanted %lld\n", file, line, what, (long long)got,
            (long long)wanted);
    if (t->errors.size)
        fprintf(stderr, "  errors: %s\n", t->errors.data);
    return count(t, false);
}
