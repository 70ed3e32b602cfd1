/* SPDX-License-Identifier: Apache-2.0 */
/* qetl dlq list: which rows were rejected, and why. */
#include "dlq.h"
#include "show/report_table.h"
#include "show/style.h"

#include <qetl/plugin.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT = 100 };

struct own {
    struct qetl_dlq_options letters;
    int64_t limit; /* 0: not given */
    bool summary;
};

static const char *text_of(const json_t *letter, const char *key)
{
    const char *text = json_string_value(json_object_get(letter, key));
    return text ? text : "";
}

/* 2026-11-21T15:28:02.058Z: 11-21 15:28 */
static void short_time(const json_t *letter, char out[16])
{
    const char *time = text_of(letter, "time");
    bool whole = strlen(time) >= 16;
    snprintf(out, 16, "%.5s %.5s", whole ? time + 5 : "", whole ? time + 11 : "");
}

static void place_of(const json_t *letter, char *out, size_t size)
{
    const char *object = text_of(letter, "object"), *slash = strrchr(object, '/');
    json_int_t row = json_integer_value(json_object_get(letter, "row"));
    object = *object ? (slash ? slash + 1 : object) : text_of(letter, "source");
    if (row)
        snprintf(out, size, "%s:%lld", object, (long long)row);
    else
        snprintf(out, size, "%s", object);
}

static void add_letter(struct qetl_table *table, const json_t *letter, bool all)
{
    char time[16], place[200], message[300];
    const char *status = text_of(letter, "status");
    bool plain = strcmp(status, "waiting") == 0 || (!all && strcmp(status, "replayed") == 0);
    short_time(letter, time);
    place_of(letter, place, sizeof place);
    snprintf(message, sizeof message, "%s%s%s%s", plain ? "" : "(", plain ? "" : status,
             plain ? "" : ") ", text_of(letter, "message"));
    qetl_table_put(table, "%lld", (long long)json_integer_value(json_object_get(letter, "id")));
    qetl_table_put(table, "%s", time);
    qetl_table_put(table, "%s", text_of(letter, "component"));
    qetl_table_put(table, "%s", text_of(letter, "code"));
    qetl_table_put_bytes(table, place, strlen(place));
    qetl_table_put_bytes(table, message, strlen(message));
}

static const struct qetl_table_column columns[] = {
    {.title = "ID", .right = 1}, {.title = "TIME", .least = 11},
    {.title = "COMPONENT"},      {.title = "REASON", .least = 10},
    {.title = "PLACE"},          {.title = "MESSAGE", .least = 20, .wraps = 1}};
static const struct qetl_table_column sums[] = {{.title = "LETTERS", .right = 1},
                                                {.title = "COMPONENT"},
                                                {.title = "REASON"},
                                                {.title = "FIRST", .least = 11},
                                                {.title = "LAST", .least = 11}};

/* By component and reason, in the order of the first. */
static void sum_up(json_t *groups, const json_t *letter)
{
    char key[300], time[16];
    snprintf(key, sizeof key, "%s/%s", text_of(letter, "component"), text_of(letter, "code"));
    json_t *group = json_object_get(groups, key);
    short_time(letter, time);
    if (!group) {
        group = json_pack("{s:s, s:s, s:i, s:s}", "component", text_of(letter, "component"),
                          "reason", text_of(letter, "code"), "letters", 0, "first", time);
        json_object_set_new(groups, key, group);
    }
    json_object_set_new(group, "last", json_string(time));
    json_object_set_new(group, "letters",
                        json_integer(json_integer_value(json_object_get(group, "letters")) + 1));
}

static void add_sums(struct qetl_table *table, json_t *groups)
{
    const char *key;
    json_t *group;
    json_object_foreach (groups, key, group) {
        qetl_table_put(table, "%lld",
                       (long long)json_integer_value(json_object_get(group, "letters")));
        qetl_table_put(table, "%s", text_of(group, "component"));
        qetl_table_put(table, "%s", text_of(group, "reason"));
        qetl_table_put(table, "%s", text_of(group, "first"));
        qetl_table_put(table, "%s", text_of(group, "last"));
    }
}

static size_t replayed(const struct qetl_box *box)
{
    size_t n = 0;
    for (size_t i = 0; i < box->n; i++)
        n += box->entries[i].state == QETL_LETTER_REPLAYED;
    return n;
}

static void say_count(const struct qetl_dlq *dlq, size_t shown, bool summary)
{
    char count[48];
    size_t hidden = dlq->filter.all ? 0 : replayed(dlq->box);
    fprintf(stderr, "%s in %s", qetl_dlq_count(dlq->n_meant, count), dlq->path);
    if (shown < dlq->n_meant && !summary)
        fprintf(stderr, "; the first %zu are shown (--limit)", shown);
    if (dlq->absent)
        fputs(": there is no such file, since no run in this folder rejected a row", stderr);
    if (hidden)
        fprintf(stderr, "; %zu more were replayed (--all)", hidden);
    fputc('\n', stderr);
}

static json_t *list(struct qetl_cli *cli, struct qetl_dlq *dlq, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    size_t limit = own->limit ? (size_t)own->limit : cli->json || own->summary ? SIZE_MAX : LIMIT;
    struct qetl_table *table = own->summary
                                   ? qetl_table_new(sums, sizeof sums / sizeof sums[0])
                                   : qetl_table_new(columns, sizeof columns / sizeof columns[0]);
    json_t *letters = json_array(), *groups = json_object();
    size_t shown = 0;
    for (size_t i = 0; shown < limit && i < dlq->box->n; i++) {
        json_t *letter = dlq->meant[i] ? qetl_dlq_letter(dlq, cli, i, findings) : NULL;
        if (!letter)
            continue;
        shown++;
        sum_up(groups, letter);
        if (!own->summary && !cli->json)
            add_letter(table, letter, own->letters.all);
        else if (cli->json && !own->summary)
            json_array_append(letters, letter);
        json_decref(letter);
    }
    if (own->summary)
        add_sums(table, groups);
    if (!cli->json && shown &&
        qetl_table_print(table, stdout, 0, qetl_style_columns(stdout), qetl_style_colour(stdout)))
        qetl_findings_no_memory(findings);
    if (!cli->json && !cli->quiet)
        say_count(dlq, shown, own->summary);
    qetl_table_free(table);
    json_t *result =
        json_pack("{s:s, s:I, s:I, s:O, s:O}", "path", dlq->path, "count", (json_int_t)dlq->n_meant,
                  "bytes", (json_int_t)dlq->box->bytes, "letters", letters, "summary", groups);
    json_decref(letters);
    json_decref(groups);
    return result;
}

static int dlq_list(struct qetl_cli *cli, struct qetl_findings *findings)
{
    struct qetl_dlq dlq;
    json_t *result = qetl_dlq_open(&dlq, cli, false, findings) ? NULL : list(cli, &dlq, findings);
    qetl_dlq_close(&dlq);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, result, findings);
}

static const struct qetl_option options[] = {
    {"limit", .kind = QETL_ARG_NUMBER, .offset = offsetof(struct own, limit), .value = "N",
     .least = 1, .most = INT64_MAX,
     .help = "show at most so many (default: 100; with --json: all)"},
    {"summary", .kind = QETL_ARG_FLAG, .offset = offsetof(struct own, summary),
     .help = "how many for each component and reason"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("List", true, options);

const struct qetl_command qetl_command_dlq_list = {
    .name = "dlq list",
    .section = "Dead letters",
    .summary = "rejected rows, and why",
    .synopses = (const char *const[]){"[FILE] [ID...]", NULL},
    .description =
        "Lists dead letters: rows that a pipeline rejected, each with a number, the component that "
        "rejected it, the reason, and where it came from. FILE is the pipeline, or the file of its "
        "letters; left out, it is the only one in dead-letters/. An ID is a number, or several: "
        "3-9.",
    .operands = QETL_DLQ_OPERANDS,
    .groups = {&group, &qetl_options_letters, &qetl_options_json, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl dlq list orders.yaml", "all that wait"},
            {"qetl dlq list orders.yaml --summary", "what is wrong, in numbers"},
            {"qetl dlq list orders.yaml --reason 'bad_*' --since 7d", "of the last week"},
            {"qetl dlq list orders.yaml --where \"decoded ->> 'country' = 'DE'\"",
             "by a column of the row"},
            {"qetl dlq list orders.yaml --json | jq '.result.letters[].original'", "for a program"},
            {NULL, NULL}},
    .exits = qetl_exits_show,
    .own_size = sizeof(struct own),
    .run = dlq_list,
};
