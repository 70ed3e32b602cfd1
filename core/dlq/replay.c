/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include "data/origin.h"
#include "feed.h"
#include "run/describe.h"
#include "run/observe.h"
#include "run/replaying.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SAMPLE_BYTES = 1 << 20 };

struct session { /* one group's run */
    const struct qetl_replay *replay;
    const struct qetl_replay_group *group;
    struct qetl_findings *findings;
    struct qetl_box *box;
    size_t *letters; /* of the box's entries, those that still wait */
    size_t n;
    struct qetl_feed feed;
    char *head;
    char *sample;
    char *prologue;
    struct ArrowSchema schema;
    struct qetl_pipeline *graph;
    int64_t from;
};

/* ---- columns and dialect as they were ---- */

/* Whether the format has the options that it had. */
static bool options_are_same(const struct session *s)
{
    const json_t *dialect = json_object_get(s->group->first, "dialect");
    const char *before = json_string_value(json_object_get(dialect, "options"));
    const char *format = json_string_value(json_object_get(dialect, "format"));
    const struct qetl_plugin_use *now = &s->group->node->format;
    char digest[65], *options = json_dumps(now->options, JSON_SORT_KEYS | JSON_COMPACT);
    qetl_letter_digest(options ? options : "", options ? (int64_t)strlen(options) : 0, digest);
    free(options);
    digest[16] = 0;
    return before && format && now->plugin && strcmp(format, now->plugin->id) == 0 &&
           strcmp(before, digest) == 0;
}

static int recall(struct session *s, struct qetl_inferred *out)
{
    const json_t *dialect = json_object_get(s->group->first, "dialect");
    const char *name;
    json_t *type;
    size_t size = 0;
    free(s->prologue);
    s->prologue = qetl_letter_member(dialect, "prologue", &size);
    int failed = !s->prologue || qetl_schema_init_struct(&out->schema);
    json_object_foreach (json_object_get(s->group->first, "types"), name, type) {
        struct ArrowSchema field;
        failed = failed || qetl_type_field(json_string_value(type), name, &field) ||
                 qetl_schema_append(&out->schema, &field);
    }
    out->prologue = (struct qetl_blob){s->prologue, size};
    out->summary = json_string_value(json_object_get(dialect, "summary"));
    if (failed)
        qetl_schema_release(&out->schema);
    return !failed;
}

/* All letters behind one head, as far as there is room: one record is too small a sample. */
static void sample_make(struct session *s, struct qetl_sample *sample)
{
    size_t size;
    char *text = malloc(SAMPLE_BYTES);
    size_t used = s->feed.fallback_size < SAMPLE_BYTES ? s->feed.fallback_size : 0;
    if (text && used)
        memcpy(text, s->feed.fallback_head, used);
    for (size_t i = 0; text && i < s->n; i++) {
        json_t *letter = qetl_box_letter(s->box, &s->box->entries[s->letters[i]], s->findings);
        char *bytes = letter ? qetl_letter_original(letter, &size) : NULL;
        if (bytes && used + size <= SAMPLE_BYTES) {
            memcpy(text + used, bytes, size);
            used += size;
        }
        free(bytes);
        json_decref(letter);
    }
    free(s->sample);
    s->sample = text;
    if (!text)
        return;
    sample->data = (const uint8_t *)text;
    sample->size = (int64_t)used;
    sample->whole = 1;
    sample->glimpse = NULL;
}

static int infer(void *arg, const struct qetl_node *node, struct qetl_sample *sample,
                 struct qetl_inferred *out)
{
    struct session *s = arg;
    (void)node;
    if (s->group->rows)
        return 0;
    if (options_are_same(s) && recall(s, out))
        return 1;
    sample_make(s, sample);
    return 0;
}

static const struct qetl_component *source(void *arg, const struct qetl_node *node)
{
    (void)node;
    return &((struct session *)arg)->feed.component;
}

static const struct qetl_component *format(void *arg, const struct qetl_node *node)
{
    const struct session *s = arg;
    (void)node;
    return s->group->rows ? &s->feed.format_component : NULL;
}

/* ---- what is rejected again ---- */

static void copy_member(json_t *to, const json_t *from, const char *key)
{
    if (json_object_get(from, key))
        json_object_set(to, key, json_object_get(from, key));
}

/* It says where the row first came from, and of which letter it is. */
static void note_letter(void *arg, struct qetl_letter *letter)
{
    static const char *const keys[] = {"source",         "object",          "row",
                                       "byte_offset",    "original",        "original_base64",
                                       "original_bytes", "original_sha256", "original_truncated"};
    struct session *s = arg;
    const struct qetl_object *object = letter->origin ? letter->origin->object : NULL;
    if (!object || object->number < 0 || (size_t)object->number >= s->n)
        return;
    struct qetl_findings findings = {0};
    json_t *before =
        qetl_box_letter(s->box, &s->box->entries[s->letters[object->number]], &findings);
    qetl_findings_free(&findings);
    json_t *more = letter->more ? json_incref(letter->more) : json_object();
    letter->again = json_integer_value(json_object_get(before, "id"));
    letter->attempts = json_integer_value(json_object_get(before, "attempts")) + 1;
    size_t n = s->group->rows ? sizeof keys / sizeof keys[0] : 4;
    for (size_t i = 0; more && i < n; i++)
        copy_member(more, before, keys[i]);
    if (s->group->rows) { /* its bytes are those of the letter */
        free(letter->bytes);
        letter->bytes = NULL;
        letter->bytes_offset = -1;
    }
    if (more)
        qetl_letter_set_more(letter, more);
    json_decref(before);
}

/* ---- the mark ---- */

static json_t *ranges_of(const struct session *s)
{
    json_t *ranges = json_array();
    for (size_t i = 0, k; i < s->n; i = k) {
        int64_t from = s->box->entries[s->letters[i]].id, to = from;
        for (k = i + 1; k < s->n && s->box->entries[s->letters[k]].id == to + 1; k++)
            to++;
        json_array_append_new(ranges, to > from
                                          ? json_pack("[I, I]", (json_int_t)from, (json_int_t)to)
                                          : json_integer(from));
    }
    return ranges;
}

static char *mark_of(const struct session *s)
{
    char stamp[40], *line;
    time_t now = time(NULL);
    struct tm utc;
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    json_t *mark =
        json_pack("{s:o, s:s, s:b}", "replayed", ranges_of(s), "time", stamp, "replay", 1);
    char *text = mark ? json_dumps(mark, JSON_COMPACT) : NULL;
    json_decref(mark);
    if (!text || asprintf(&line, "%s\n", text) < 0)
        line = NULL;
    free(text);
    return line;
}

/* ---- the run ---- */

/* Those that nobody replayed meanwhile. */
static int letters_find(struct session *s)
{
    s->letters = calloc(s->group->n + 1, sizeof *s->letters);
    for (size_t i = 0, at = 0; s->letters && i < s->group->n; i++) {
        while (at < s->box->n && s->box->entries[at].id < s->group->ids[i])
            at++;
        if (at < s->box->n && s->box->entries[at].id == s->group->ids[i] &&
            s->box->entries[at].state == QETL_LETTER_WAITING)
            s->letters[s->n++] = at;
    }
    return s->letters ? 0 : -1;
}

static int session_open(struct session *s)
{
    s->box = qetl_box_open_before(s->replay->path, !s->replay->dry, s->from, s->findings);
    if (!s->box)
        return -1;
    s->from = s->from == INT64_MAX ? s->box->file.last : s->from;
    if (letters_find(s)) {
        qetl_findings_no_memory(s->findings);
        return -1;
    }
    qetl_feed_init(&s->feed, s->box, s->letters, s->n);
    s->head = qetl_letter_member(s->group->first, "head", &s->feed.fallback_size);
    s->feed.fallback_head = s->head;
    s->feed.fallback_size = s->head ? s->feed.fallback_size : 0;
    if (s->group->rows && qetl_feed_rows(&s->feed, s->group->first)) {
        qetl_finding_add(s->findings, QETL_ERROR, "replay",
                         "the columns of the letters cannot be made again");
        return -1;
    }
    s->graph = qetl_replay_graph(s->replay->plan, s->group, s->replay->registry, s->findings);
    return s->graph ? 0 : -1;
}

static void session_close(struct session *s)
{
    qetl_replay_graph_free(s->graph);
    qetl_feed_free(&s->feed);
    free(s->prologue);
    free(s->sample);
    free(s->head);
    free(s->letters);
    qetl_box_free(s->box);
}

/* A row goes through a sum alone, and the sum would be wrong. */
static int check_stateless(struct session *s, const struct qetl_run_options *options)
{
    struct qetl_run *run = qetl_run_new(s->graph, s->replay->registry, options, s->findings);
    int exit_code = run ? qetl_run_resolve(run) : QETL_EXIT_FAILED;
    for (size_t n = 0; !exit_code && n < s->graph->n_nodes; n++) {
        if (s->graph->nodes[n].kind != QETL_TRANSFORM || !qetl_run_is_stateful(run, n))
            continue;
        struct qetl_finding *finding = qetl_finding_add(
            s->findings, QETL_ERROR, "replay",
            "the letters' rows would go through '%s' alone, which makes what it gives out of many "
            "rows",
            s->graph->nodes[n].id);
        qetl_finding_mend(finding, "run the corrected pipeline over all of its input");
        exit_code = QETL_EXIT_CONFIG;
    }
    qetl_run_free(run);
    return exit_code;
}

static int execute(struct session *s, struct qetl_run_options *options)
{
    const struct qetl_replay *replay = s->replay;
    if (replay->begin && replay->begin(replay->arg, s->graph, options)) {
        qetl_findings_no_memory(s->findings);
        return QETL_EXIT_FAILED;
    }
    struct qetl_run *run = qetl_run_new(s->graph, replay->registry, options, s->findings);
    if (!run) {
        qetl_findings_no_memory(s->findings);
        return QETL_EXIT_FAILED;
    }
    int exit_code = qetl_run_execute(run);
    if (replay->end)
        replay->end(replay->arg, s->graph, run);
    qetl_run_free(run);
    return exit_code;
}

static int not_noted(struct session *s, int error)
{
    struct qetl_finding *finding =
        qetl_finding_add(s->findings, QETL_ERROR, "replay", "'%s' cannot be written: %s",
                         s->replay->intent, strerror(error));
    qetl_finding_environment(finding);
    return QETL_EXIT_ENVIRONMENT;
}

/* After a failure before anything was sealed, nothing is left to be settled. */
static int settle(struct session *s, int exit_code)
{
    int64_t last = 0;
    bool sealed = qetl_letter_file_peek(s->replay->path, &last) || last > s->from;
    int error = exit_code && sealed ? 0 : qetl_replay_over(s->replay);
    return error && !exit_code ? not_noted(s, error) : exit_code;
}

static int session_run(struct session *s)
{
    struct qetl_replaying replaying = {
        .arg = s, .source = source, .format = format, .infer = infer, .letter = note_letter};
    struct qetl_run_options options = s->replay->options;
    options.replaying = &replaying;
    options.barrier_ms = -1;
    options.state_folder = options.state_name = NULL;
    int exit_code = check_stateless(s, &options);
    options.state_folder = s->replay->dry ? NULL : s->replay->options.state_folder;
    options.state_name = s->replay->options.state_name;
    if (exit_code)
        return exit_code;
    char *mark = s->replay->dry ? NULL : mark_of(s);
    if (!mark && !s->replay->dry) {
        qetl_findings_no_memory(s->findings);
        return QETL_EXIT_FAILED;
    }
    replaying.mark = mark;
    replaying.file = &s->box->file;
    replaying.from = s->from;
    int error = mark ? qetl_replay_note(s->replay, s->group, s->from) : 0;
    if (error)
        exit_code = not_noted(s, error);
    else
        exit_code = execute(s, &options);
    free(mark);
    return mark && !error ? settle(s, exit_code) : exit_code;
}

int qetl_replay_group(const struct qetl_replay *replay, const struct qetl_replay_group *group,
                      size_t *n, int64_t from, struct qetl_findings *findings)
{
    struct session s = {.replay = replay, .group = group, .findings = findings, .from = from};
    int exit_code = session_open(&s) ? qetl_run_verdict(findings) : QETL_EXIT_OK;
    if (!exit_code && s.n)
        exit_code = session_run(&s);
    *n = s.n;
    session_close(&s);
    return exit_code;
}
