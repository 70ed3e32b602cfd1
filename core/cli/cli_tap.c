/* SPDX-License-Identifier: Apache-2.0 */
/* qetl tap: copies of the rows that pass a component of a running pipeline. */
#include "cli.h"
#include "control/control.h"
#include "show/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LIMIT = 10, SETUP_TRIES = 100, SETUP_WAIT_MS = 50, ANSWER_MS = 2000 };

struct own {
    const char *pipeline, *socket, *where;
    int64_t pid, limit; /* 0: not given */
};

/* ---- which pipeline ---- */

static bool is_meant(const struct own *own, const struct qetl_control_peer *peer)
{
    const char *name = json_string_value(json_object_get(peer->status, "pipeline"));
    json_int_t pid = json_integer_value(json_object_get(peer->status, "pid"));
    return (!own->pipeline || (name && strcmp(name, own->pipeline) == 0)) &&
           (!own->pid || own->pid == pid);
}

static void say_which(const struct own *own, const struct qetl_control_peer *peers, size_t n,
                      size_t n_meant, struct qetl_findings *findings)
{
    char list[1024] = "";
    for (size_t i = 0; i < n; i++) {
        size_t at = strlen(list);
        if (n_meant && !is_meant(own, &peers[i]))
            continue;
        snprintf(list + at, sizeof list - at, "%s%s (--pid %lld)", at ? ", " : "",
                 json_string_value(json_object_get(peers[i].status, "pipeline")),
                 (long long)json_integer_value(json_object_get(peers[i].status, "pid")));
    }
    struct qetl_finding *finding =
        qetl_finding_add(findings, QETL_ERROR, n_meant ? "ambiguous" : "no_pipeline", "%s",
                         n_meant ? "several such pipelines are running"
                         : n     ? "no such pipeline is running"
                                 : "no pipeline of yours is running");
    qetl_finding_environment(finding);
    if (n)
        qetl_finding_mend(finding, "name one of %s", list);
    else
        qetl_finding_mend(finding, "one that was started with --no-control cannot be looked at");
}

static int choose(const struct own *own, struct qetl_control_peer *out,
                  struct qetl_findings *findings)
{
    struct qetl_control_peer *peers;
    size_t n, n_meant = 0, meant = 0;
    if (own->socket) {
        if (!qetl_control_peer_open(out, own->socket))
            return 0;
        qetl_finding_environment(qetl_finding_add(findings, QETL_ERROR, "no_pipeline", "%s: %s",
                                                  own->socket, strerror(errno)));
        return -1;
    }
    if (qetl_control_peers(&peers, &n))
        qetl_findings_no_memory(findings);
    for (size_t i = 0; i < n; i++)
        if (is_meant(own, &peers[i])) {
            n_meant++;
            meant = i;
        }
    if (n_meant == 1) {
        *out = peers[meant];
        peers[meant] = (struct qetl_control_peer){.fd = -1};
    } else {
        say_which(own, peers, n, n_meant, findings);
    }
    qetl_control_peers_free(peers, n);
    return n_meant == 1 ? 0 : -1;
}

/* ---- the tap ---- */

/* The answer to the request; while the run is being set up, it is asked again. */
static json_t *ask(struct qetl_control_peer *peer, const char *place, const struct own *own)
{
    for (int i = 0;; i++) {
        json_t *request = json_pack("{s:i, s:s, s:s, s:s*, s:I}", "qetl", QETL_CONTROL_VERSION,
                                    "do", "tap", "place", place, "where", own->where, "limit",
                                    (json_int_t)(own->limit ? own->limit : LIMIT));
        json_t *answer =
            qetl_control_send(peer, request) ? NULL : qetl_control_receive(peer, ANSWER_MS);
        const char *code =
            json_string_value(json_object_get(json_object_get(answer, "error"), "code"));
        if (!code || strcmp(code, "not_running") != 0 || i == SETUP_TRIES)
            return answer;
        json_decref(answer);
        nanosleep(&(struct timespec){.tv_nsec = SETUP_WAIT_MS * 1000000}, NULL);
    }
}

static int refuse(const json_t *answer, struct qetl_findings *findings)
{
    const json_t *error = json_object_get(answer, "error");
    const char *code = json_string_value(json_object_get(error, "code"));
    const char *message = json_string_value(json_object_get(error, "message"));
    const char *mend = json_string_value(json_object_get(error, "suggestion"));
    struct qetl_finding *finding =
        qetl_finding_add(findings, QETL_ERROR, code ? code : "no_answer", "%s",
                         message ? message : "the pipeline does not answer");
    if (!error || (code && (strcmp(code, "over") == 0 || strcmp(code, "not_running") == 0)))
        qetl_finding_environment(finding);
    if (mend)
        qetl_finding_mend(finding, "%s", mend);
    return -1;
}

static void say_hidden(const json_t *columns)
{
    bool any = false;
    size_t i;
    json_t *column;
    json_array_foreach ((json_t *)columns, i, column) {
        if (json_is_true(json_object_get(column, "visible")))
            continue;
        fprintf(stderr, "%s%s", any ? ", " : "not decoded, since nothing downstream reads it: ",
                json_string_value(json_object_get(column, "name")));
        any = true;
    }
    if (any)
        fputc('\n', stderr);
}

static void say_end(const json_t *end)
{
    char text[QETL_NUMBER_MAX];
    int64_t missed = json_integer_value(json_object_get(end, "missed"));
    int64_t failed = json_integer_value(json_object_get(end, "failed"));
    const char *reason = json_string_value(json_object_get(end, "end"));
    if (reason && strcmp(reason, "over") == 0)
        fprintf(stderr, "the run is over\n");
    if (missed)
        fprintf(stderr, "%s rows passed unseen, faster than they were read\n",
                qetl_number_text(missed, text));
    if (failed)
        fprintf(stderr, "%s rows were left out: --where failed on them\n",
                qetl_number_text(failed, text));
}

/* Rows until the end; -1: the pipeline went away without a word. */
static int follow(struct qetl_control_peer *peer, bool quiet)
{
    static const char row[] = "{\"row\":";
    for (;;) {
        const char *line = qetl_control_line(peer, 1000);
        if (!line && errno == EAGAIN)
            continue;
        if (!line)
            return -1;
        if (strncmp(line, row, sizeof row - 1) == 0) { /* as it is: numbers keep their digits */
            line += sizeof row - 1;
            fwrite(line, 1, strlen(line) - 1, stdout);
            putchar('\n');
            fflush(stdout);
            if (ferror(stdout))
                return 0;
            continue;
        }
        json_t *other = json_loads(line, 0, NULL);
        bool end = json_object_get(other, "end") != NULL;
        if (end && !quiet)
            say_end(other);
        json_decref(other);
        if (end)
            return 0;
    }
}

static int tap(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    struct qetl_control_peer *peer = calloc(1, sizeof *peer);
    int failed = !peer || choose(own, peer, findings);
    json_t *answer = failed ? NULL : ask(peer, cli->operands[0], own);
    if (!failed && !json_object_get(answer, "columns"))
        failed = refuse(answer, findings);
    if (!failed && !cli->quiet)
        say_hidden(json_object_get(answer, "columns"));
    if (!failed && follow(peer, cli->quiet))
        qetl_finding_environment(
            qetl_finding_add(findings, QETL_ERROR, "gone", "the pipeline went away"));
    json_decref(answer);
    if (peer && (peer->fd > 0 || peer->text))
        qetl_control_peers_free(peer, 1);
    else
        free(peer);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, NULL, findings);
}

#define AT(field) .offset = offsetof(struct own, field)

static const struct qetl_option options[] = {
    {"limit", 'n', QETL_ARG_NUMBER, AT(limit), .value = "N", .least = 1, .most = INT64_MAX,
     .help = "end after so many rows (default: 10)"},
    {"where", .kind = QETL_ARG_TEXT, AT(where), .value = "EXPR",
     .help = "only rows for which this SQL expression is true"},
    {"pipeline", .kind = QETL_ARG_TEXT, AT(pipeline), .value = "NAME",
     .help = "of the running pipeline of this name"},
    {"pid", .kind = QETL_ARG_NUMBER, AT(pid), .value = "PID", .least = 1, .most = INT32_MAX,
     .help = "of the pipeline in this process"},
    {"socket", .kind = QETL_ARG_TEXT, QETL_COMPLETES_FILE, AT(socket), .value = "PATH",
     .help = "of the pipeline behind this socket"},
};

static const struct qetl_option_group tapping = QETL_OPTION_GROUP("Tap", true, options);

static const struct qetl_exit exits[] = {
    {"0", "the rows were shown, or the run is over"},
    {"2", "the command line is wrong, or names what the pipeline does not have"},
    {"3", "no such pipeline is running"},
    {"141", "the reader of stdout went away"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_tap = {
    .name = "tap",
    .section = "Look in",
    .summary = "rows that pass in a running pipeline",
    .synopses = (const char *const[]){"COMPONENT[.OUTPUT]", NULL},
    .description =
        "Shows copies of rows as they leave a component of a running pipeline (of a sink, as they "
        "arrive), one JSON object a line. The run does not wait for it: rows that pass faster than "
        "they are read are counted and not shown. A tap changes nothing of the run, so that a "
        "column that is not decoded, since nothing downstream wants it, is not shown, and a column "
        "that passes as text is text in --where: CAST it.",
    .operands = {.name = "COMPONENT", .least = 1, .most = 1},
    .groups = {&tapping, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl tap large", "ten rows of the one pipeline that runs"},
            {"qetl tap orders --where \"country = 'DE'\" --limit 100 >sample.ndjson",
             "a sample of some rows"},
            {"qetl tap out --pipeline big-orders", "what arrives at a sink of one of several"},
            {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = tap,
};
