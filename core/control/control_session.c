/* SPDX-License-Identifier: Apache-2.0 */
#include "control_session.h"

#include "run/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OUT_ENOUGH = 256 << 10, ROWS_A_TURN = 256 };

struct qetl_session *qetl_session_new(int fd, struct qetl_run *run,
                                      const struct qetl_pipeline *pipeline)
{
    struct qetl_session *session = calloc(1, sizeof *session);
    if (session)
        session->in = malloc(QETL_CONTROL_REQUEST);
    if (!session || !session->in) {
        close(fd);
        free(session);
        return NULL;
    }
    session->fd = fd;
    session->run = run;
    session->pipeline = pipeline;
    return session;
}

void qetl_session_free(struct qetl_session *session)
{
    if (!session)
        return;
    qetl_tap_close(session->tap);
    close(session->fd);
    free(session->in);
    free(session->out);
    free(session);
}

/* ---- sending ---- */

static void put(struct qetl_session *s, const char *text, size_t size)
{
    if (s->out_at == s->out_end)
        s->out_at = s->out_end = 0;
    if (s->out_end + size > s->out_room) {
        size_t room = s->out_room * 2 > s->out_end + size ? s->out_room * 2 : s->out_end + size;
        char *grown = realloc(s->out, room);
        if (!grown) {
            s->broken = true;
            return;
        }
        s->out = grown;
        s->out_room = room;
    }
    memcpy(s->out + s->out_end, text, size);
    s->out_end += size;
}

static void put_json(struct qetl_session *s, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    if (text) {
        put(s, text, strlen(text));
        put(s, "\n", 1);
    } else {
        s->broken = true;
    }
    free(text);
    json_decref(json);
}

void qetl_session_write(struct qetl_session *s)
{
    while (s->out_at < s->out_end) {
        ssize_t n = send(s->fd, s->out + s->out_at, s->out_end - s->out_at, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n < 0) {
            s->broken = true;
            return;
        }
        s->out_at += (size_t)n;
    }
}

bool qetl_session_has_output(const struct qetl_session *s)
{
    return s->out_at < s->out_end;
}

bool qetl_session_is_done(const struct qetl_session *s)
{
    return s->broken || (s->closing && !qetl_session_has_output(s));
}

/* ---- taps ---- */

static void put_row(void *arg, const char *json, size_t size)
{
    struct qetl_session *s = arg;
    put(s, "{\"row\":", 7);
    put(s, json, size);
    put(s, "}\n", 2);
    s->given++;
}

static void put_missed(struct qetl_session *s)
{
    int64_t missed = qetl_tap_missed(s->tap);
    if (missed > s->missed)
        put_json(s, json_pack("{s:I}", "missed", (json_int_t)missed));
    s->missed = missed;
}

static void tap_end(struct qetl_session *s, const char *reason)
{
    put_json(s, json_pack("{s:s, s:I, s:I, s:I}", "end", reason, "rows", (json_int_t)s->given,
                          "missed", (json_int_t)qetl_tap_missed(s->tap), "failed",
                          (json_int_t)qetl_tap_failed(s->tap)));
    qetl_tap_close(s->tap);
    s->tap = NULL;
    s->closing = true;
}

void qetl_session_pump(struct qetl_session *s)
{
    while (s->tap && !s->broken && s->out_end - s->out_at < OUT_ENOUGH) {
        int64_t most = s->left < ROWS_A_TURN ? s->left : ROWS_A_TURN;
        int64_t n = qetl_tap_read(s->tap, most, put_row, s);
        s->left -= n;
        if (!s->left) {
            tap_end(s, "limit");
        } else if (!n && qetl_tap_over(s->tap)) {
            tap_end(s, "over");
        } else if (!n) {
            put_missed(s);
            return;
        }
    }
}

static void answer_findings(struct qetl_session *s, const struct qetl_findings *findings)
{
    const struct qetl_finding *first = findings->count ? &findings->items[0] : NULL;
    put_json(s, first ? qetl_control_error(first->code, first->message, first->suggestion)
                      : qetl_control_error("out_of_memory", "memory is short", NULL));
}

/* What is wrong with a request for a tap; NULL: nothing. */
static const char *tap_mistake(const struct qetl_session *s, const json_t *request)
{
    const json_t *where = json_object_get(request, "where");
    const json_t *limit = json_object_get(request, "limit");
    if (s->tap)
        return "one tap a connection";
    if (!json_is_string(json_object_get(request, "place")))
        return "place is missing";
    if (where && !json_is_null(where) && !json_is_string(where))
        return "where must be text";
    if (limit && !json_is_null(limit) && !(json_is_integer(limit) && json_integer_value(limit) > 0))
        return "limit must be a whole number above 0";
    return NULL;
}

static void answer_tap(struct qetl_session *s, const json_t *request)
{
    struct qetl_findings findings = {0};
    const char *place = json_string_value(json_object_get(request, "place"));
    const char *where = json_string_value(json_object_get(request, "where"));
    json_int_t limit = json_integer_value(json_object_get(request, "limit"));
    const char *mistake = tap_mistake(s, request);
    if (mistake) {
        put_json(s, qetl_control_error("bad_request", mistake, NULL));
        return;
    }
    s->tap = qetl_tap_open(s->run, place, where, &findings);
    s->left = limit > 0 ? limit : INT64_MAX;
    if (s->tap)
        put_json(s, json_pack("{s:i, s:b, s:o}", "qetl", QETL_CONTROL_VERSION, "ok", 1, "columns",
                              qetl_tap_columns(s->tap)));
    else
        answer_findings(s, &findings);
    qetl_findings_free(&findings);
}

/* ---- requests ---- */

static void answer(struct qetl_session *s, const char *line, size_t size)
{
    json_t *request = json_loadb(line, size, 0, NULL);
    const char *what = json_string_value(json_object_get(request, "do"));
    const json_t *version = json_object_get(request, "qetl");
    if (!json_is_object(request))
        put_json(s,
                 qetl_control_error("bad_request", "a request is a JSON object in a line", NULL));
    else if (version && json_integer_value(version) != QETL_CONTROL_VERSION)
        put_json(s, qetl_control_error("version", "this pipeline speaks version 1", NULL));
    else if (what && strcmp(what, "status") == 0)
        put_json(s, qetl_control_status(s->run, s->pipeline));
    else if (what && strcmp(what, "tap") == 0)
        answer_tap(s, request);
    else
        put_json(s, qetl_control_error("unknown_request", what ? what : "do is missing",
                                       "status or tap"));
    json_decref(request);
}

void qetl_session_read(struct qetl_session *s)
{
    ssize_t n = recv(s->fd, s->in + s->n_in, QETL_CONTROL_REQUEST - s->n_in, 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return;
    if (n <= 0) {
        s->broken = true;
        return;
    }
    s->n_in += (size_t)n;
    char *end;
    while (!s->broken && (end = memchr(s->in, '\n', s->n_in))) {
        size_t size = (size_t)(end - s->in) + 1;
        answer(s, s->in, size - 1);
        memmove(s->in, s->in + size, s->n_in - size);
        s->n_in -= size;
    }
    if (s->n_in < QETL_CONTROL_REQUEST)
        return;
    put_json(s, qetl_control_error("bad_request", "the request is too long", NULL));
    s->closing = true;
    s->n_in = 0;
}
