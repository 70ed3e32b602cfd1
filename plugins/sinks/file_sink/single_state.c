/* SPDX-License-Identifier: Apache-2.0 */
/* What has to be known of the file to go on with it in another process: which one it is, and how
 * far it counts. */
#include "aside.h"
#include "fault.h"
#include "intent.h"
#include "publish.h"
#include "run_owner.h"
#include "single.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

enum { STATE_MOST = 1 << 20 };

struct state {
    int64_t place;
    struct handle handle;
    const uint8_t *tail; /* what stands before the place to go on at */
    size_t tail_size;
};

/* ---- Saving ---- */

static size_t tail_read(int fd, int64_t length, uint8_t tail[SINGLE_TAIL_BYTES])
{
    int64_t size = length < SINGLE_TAIL_BYTES ? length : SINGLE_TAIL_BYTES;
    ssize_t n = size ? pread(fd, tail, (size_t)size, length - size) : 0;
    return n == size ? (size_t)size : 0; /* a file that may be written only is not compared */
}

int32_t single_save(struct single *s, uint32_t *version, const struct qetl_writer *out)
{
    struct handle h = s->handle;
    struct record r = {0};
    uint8_t tail[SINGLE_TAIL_BYTES];
    char none[] = "";
    bool nothing = s->place == PLACE_SPECIAL || !s->epoch;
    *version = SINGLE_STATE_VERSION;
    if (s->turns) {
        h.action = HANDLE_APPEND;
        h.staged = none;
    }
    record_number(&r, nothing ? PLACE_NONE : s->turns ? PLACE_IN : s->place);
    if (!nothing) {
        handle_put(&h, &r);
        record_bytes(&r, tail, tail_read(s->output.fd, h.length, tail));
    }
    int32_t status = record_send(&r, out);
    s->saved |= !nothing;
    return status == QETL_E_NO_MEMORY ? fault_memory(s->env) : status;
}

/* ---- Going on ---- */

static int state_read(struct state *state, const struct record *r)
{
    struct cursor c = {.at = r->data, .end = r->data + r->size};
    *state = (struct state){.place = cursor_number(&c)};
    if (!c.error && state->place == PLACE_NONE)
        return c.at == c.end ? 0 : EINVAL;
    handle_get(&state->handle, &c);
    state->tail = cursor_bytes(&c, &state->tail_size);
    bool in = state->place == PLACE_IN && state->handle.action == HANDLE_APPEND;
    bool staged = state->place == PLACE_STAGED &&
                  (state->handle.action == HANDLE_CREATE || state->handle.action == HANDLE_REPLACE);
    if (!c.error && (c.at != c.end || (!in && !staged) || state->tail_size > SINGLE_TAIL_BYTES ||
                     (int64_t)state->tail_size > state->handle.length))
        c.error = EINVAL;
    if (c.error)
        handle_free(&state->handle);
    return c.error;
}

static int32_t in_doubt(struct single *s, const char *name, const char *what)
{
    return qetl_fail(s->env, QETL_E_IN_DOUBT, "/path",
                     "put the file back as it was; or begin anew with --full-refresh, which leaves "
                     "it as it is",
                     "%s: the run cannot go on with it: %s", name, what);
}

static int32_t file_open(struct single *s, const struct state *state, const char *name)
{
    struct stat st;
    int in_place = state->place == PLACE_IN ? O_APPEND : 0;
    int fd = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | in_place);
    if (fd < 0 && errno == EACCES)
        fd = open(name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | in_place);
    if (fd < 0 && errno == ENOENT)
        return in_doubt(s, name, "it is gone");
    if (fd < 0)
        return fault_report(s->env, errno, name, "cannot be opened again");
    output_init(&s->output, s->env, s->waker, s->path, fd, true, s->packing);
    s->output.level = s->level;
    if (fstat(fd, &st) != 0)
        return fault_report(s->env, errno, name, "cannot be examined");
    if ((int64_t)st.st_ino != state->handle.inode || (int64_t)st.st_dev != state->handle.device)
        return in_doubt(s, name, "it is another file than the one that was written");
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return qetl_fail(s->env, QETL_E_ENVIRONMENT, "/path", "wait until the other run has ended",
                         "%s: another process is writing it", name);
    return QETL_OK;
}

/* What stands behind the last decided epoch comes again. */
static int32_t file_cut(struct single *s, const struct state *state, const char *name)
{
    struct stat st;
    uint8_t tail[SINGLE_TAIL_BYTES];
    char what[128];
    int fd = s->output.fd;
    int64_t length = state->handle.length;
    if (fstat(fd, &st) != 0)
        return fault_report(s->env, errno, name, "cannot be examined");
    if (st.st_size < length) {
        snprintf(what, sizeof what, "it has %lld bytes, and %lld were written for good",
                 (long long)st.st_size, (long long)length);
        return in_doubt(s, name, what);
    }
    size_t size = state->tail_size ? tail_read(fd, length, tail) : 0;
    if (size && (size != state->tail_size || memcmp(tail, state->tail, size) != 0))
        return in_doubt(s, name, "it was changed in the meantime");
    bool in = state->place == PLACE_IN;
    int32_t status = st.st_size > length && in
                         ? aside_keep(s->env, name, state->handle.given, length, st.st_size)
                         : QETL_OK;
    if (status)
        return status;
    if (st.st_size > length)
        qetl_logf(s->env, in ? QETL_LOG_WARN : QETL_LOG_INFO,
                  "%s is cut back from %lld bytes to %lld: what was written behind them was not "
                  "decided yet, and comes again",
                  name, (long long)st.st_size, (long long)length);
    if ((st.st_size > length && ftruncate(fd, length) != 0) ||
        lseek(fd, length, SEEK_SET) != length)
        return fault_report(s->env, errno, name, "cannot be cut back");
    return QETL_OK;
}

static void note_drop(struct single *s)
{
    const char *owner = run_owner(s->env);
    char *note = owner && s->place == PLACE_IN ? intent_path(s->handle.final, owner) : NULL;
    intent_drop(note);
    free(note);
}

static int32_t state_adopt(struct single *s, struct state *state)
{
    bool in = state->place == PLACE_IN;
    const char *name = in ? state->handle.final : state->handle.staged;
    int32_t status = file_open(s, state, name);
    if (status == QETL_OK)
        status = file_cut(s, state, name);
    if (status == QETL_OK)
        status = append_head(&s->append, s->env, state->handle.given, s->packing, s->output.fd,
                             state->handle.length);
    if (status)
        return status;
    s->place = (enum place)state->place;
    s->handle = state->handle;
    state->handle = (struct handle){0};
    s->base = s->output.begin = s->handle.length;
    s->rows_prepared = s->handle.rows;
    s->restored = s->saved = s->named = true;
    note_drop(s);
    return lseek(s->output.fd, s->base, SEEK_SET) < 0
               ? fault_report(s->env, errno, name, "cannot be positioned")
               : QETL_OK;
}

int32_t single_restore(struct single *s, uint32_t version, const struct qetl_reader *in)
{
    struct record r = {0};
    struct state state = {0};
    int error = version == SINGLE_STATE_VERSION ? record_take(&r, in, STATE_MOST) : EINVAL;
    if (!error)
        error = state_read(&state, &r);
    int32_t status = QETL_OK;
    if (error == ENOMEM)
        status = fault_memory(s->env);
    else if (error)
        status = qetl_fail(s->env, QETL_E_UNSUPPORTED, NULL,
                           "begin anew with --full-refresh, or use the qetl that wrote it",
                           "the state of the sink file is none of this version of it");
    else if (state.place != PLACE_NONE)
        status = state_adopt(s, &state);
    handle_free(&state.handle);
    record_free(&r);
    return status;
}

/* ---- Looking ---- */

int single_state_look(uint32_t version, struct qetl_blob blob, struct handle *h,
                      struct qetl_blob *tail)
{
    struct state state = {0};
    const struct record r = {.data = (uint8_t *)blob.data, .size = blob.size};
    int error = version == SINGLE_STATE_VERSION ? state_read(&state, &r) : EINVAL;
    *h = state.handle;
    *tail = (struct qetl_blob){state.tail, error ? 0 : state.tail_size};
    return error;
}
