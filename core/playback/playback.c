/* SPDX-License-Identifier: Apache-2.0 */
#include "playback.h"

#include "host/call.h"
#include "playback_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { POOL_BYTES = 512 << 20, AGAIN_MOST = 5000 };

void qetl_playback_note(struct replay *replay, const char *format, ...)
{
    char note[400];
    va_list args;
    va_start(args, format);
    vsnprintf(note, sizeof note, format, args);
    va_end(args);
    json_t *notes = replay->result->notes;
    for (size_t i = 0; i < json_array_size(notes); i++)
        if (strcmp(json_string_value(json_array_get(notes, i)), note) == 0)
            return;
    json_array_append_new(notes, json_string(note));
}

/* ---- what the border tells of the calls that are made now ---- */

static void captured_put(void *arg, bool base, const void *frame, size_t size)
{
    struct replay *replay = arg;
    (void)base;
    qetl_pack_raw(&replay->captured, frame, size);
}

static void captured_failed(void *arg)
{
    struct replay *replay = arg;
    replay->captured_failed = true;
}

static int open_all(struct replay *replay)
{
    struct qetl_recorder_options options = {.pipeline = "",
                                            .version = "",
                                            .put = captured_put,
                                            .failed = captured_failed,
                                            .arg = replay};
    replay->result->notes = json_array();
    qetl_parker_init(&replay->parker);
    replay->pool = qetl_pool_new(POOL_BYTES);
    replay->border = qetl_border_new(NULL);
    replay->recorder = qetl_recorder_new(&options);
    replay->poller = qetl_poller_new(NULL, NULL);
    if (!replay->pool || !replay->border || !replay->recorder || !replay->poller)
        return -1;
    struct qetl_border_watcher watcher = qetl_recorder_watcher(replay->recorder);
    qetl_border_watch(replay->border, &watcher);
    return 0;
}

static void close_all(struct replay *replay)
{
    qetl_players_free(replay);
    qetl_positions_free(replay);
    qetl_poller_free(replay->poller);
    qetl_recorder_free(replay->recorder);
    qetl_border_free(replay->border);
    qetl_pack_free(&replay->captured);
    qetl_pool_free(replay->pool);
}

/* ---- a step ---- */

static struct player *player_of(const struct replay *replay, uint32_t guest)
{
    for (size_t i = 0; i < replay->n_players; i++)
        if (replay->players[i].recorded->number == guest)
            return &replay->players[i];
    return NULL;
}

/* What was asked in the call, and its answer: both stand behind it. */
static int step_gather(struct step *step, size_t at)
{
    const struct qetl_recording *recording = step->replay->options->recording;
    for (size_t i = at + 1; i < recording->n_entries && !step->answer; i++) {
        const struct qetl_entry *entry = &recording->entries[i];
        if (entry->within != step->call->seq)
            continue;
        if (entry->kind == QETL_ENTRY_RETURN)
            step->answer = entry;
        if (entry->kind != QETL_ENTRY_ASKED)
            continue;
        size_t n = step->n_asked;
        if ((n & (n - 1)) == 0) {
            const struct qetl_entry **grown =
                reallocarray(step->asked, n ? n * 2 : 1, sizeof *step->asked);
            if (!grown)
                return -1;
            step->asked = grown;
        }
        step->asked[step->n_asked++] = entry;
    }
    return qetl_entry_values(step->call, &step->in) ? -1 : 0;
}

/* What waited for the outside then, or was broken off: a replay has no outside. */
static bool waits(const struct step *step)
{
    if (!step->answer || step->answer->answers != QETL_ANSWERS_STATUS)
        return false;
    static const int64_t outside[] = {QETL_IDLE,          QETL_BUSY,        QETL_BLOCKED,
                                      QETL_E_RETRY_CALL,  QETL_E_THROTTLED, QETL_E_CANCELLED,
                                      QETL_E_RETRY_EPOCH, QETL_E_NO_MEMORY};
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
        if (step->answer->answer == outside[i])
            return strcmp(step->call->call, "create") != 0;
    return false;
}

/* What the host would say of the run. */
static void facts_set(struct step *step)
{
    struct player *player = step->player;
    struct qetl_values values;
    atomic_store(&step->replay->stopping, 0);
    for (size_t i = 0; i < step->n_asked; i++) {
        const struct qetl_entry *asked = step->asked[i];
        if (strcmp(asked->call, "cancelled") == 0 && asked->answer)
            atomic_store(&step->replay->stopping, 1);
        else if (strcmp(asked->call, "run.resumes") == 0)
            player->env.resumes = asked->answer != 0;
        else if (strcmp(asked->call, "run.checkpoints") == 0)
            player->env.checkpoints = asked->answer != 0;
        else if (strcmp(asked->call, "run.endless") == 0)
            player->endless = asked->answer != 0;
        else if (strcmp(asked->call, "run.owner") == 0 && player->ctx && !player->ctx->owner &&
                 !qetl_entry_values(asked, &values) && qetl_values_text(&values, "owner"))
            player->ctx->owner = strdup(qetl_values_text(&values, "owner"));
    }
}

/* The status that the last call of the plugin answered. */
static int64_t captured_status(const struct replay *replay)
{
    struct qetl_unpack in = qetl_unpack_from(replay->captured.data, replay->captured.size);
    struct qetl_entry entry;
    int64_t status = 0;
    while (qetl_unpack_entry(&in, &entry) == 1)
        if (entry.kind == QETL_ENTRY_RETURN && entry.answers == QETL_ANSWERS_STATUS)
            status = entry.answer;
    return status;
}

/* A source that has to wait, a sink that is busy: a moment later it may be ready. */
static int step_play(struct step *step, play_fn *fn)
{
    struct replay *replay = step->replay;
    for (int i = 0; i < AGAIN_MOST; i++) {
        replay->captured.size = 0;
        qetl_call_enter(step->player->ctx, step->call->call); /* for the case of a crash */
        int bad = fn(step);
        if (qetl_call_note.ctx) /* some calls have left by themselves */
            qetl_call_leave();
        int64_t status = bad ? 0 : captured_status(replay);
        if (bad || (status != QETL_IDLE && status != QETL_BUSY && status != QETL_BLOCKED))
            return bad;
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    return 0;
}

/* A call with rows, before the instance was told of which: the host never makes it, and a plugin
 * need not stand it. */
static bool is_too_early(struct step *step)
{
    static const char *const works[] = {"next",   "process", "merge",       "write",
                                        "decode", "encode",  "decode_late", "frame"};
    static const char *const readies[] = {"open", "bind", "open_decode", "open_encode"};
    const char *call = step->call->call;
    for (size_t i = 0; i < sizeof readies / sizeof *readies; i++)
        step->player->readied |= strcmp(call, readies[i]) == 0;
    for (size_t i = 0; !step->player->readied && i < sizeof works / sizeof *works; i++)
        if (strcmp(call, works[i]) == 0)
            return true;
    return false;
}

static int step_compare(struct step *step)
{
    if (qetl_step_source_is_gone(step, captured_status(step->replay)))
        return qetl_step_source_gone(step);
    int differs = qetl_step_compare(step);
    if (differs == 1 && step->player->recorded->kind == QETL_SOURCE)
        qetl_playback_note(step->replay,
                           "%s is a source, and read again: what it read now may be other than "
                           "what it read then, which is not in the recording",
                           step->player->recorded->component);
    return differs;
}

static int step_do(struct step *step)
{
    struct player *player = step->player;
    struct qetl_playback_result *result = step->replay->result;
    play_fn *fn = qetl_play_find(player->recorded->kind, step->call->call);
    if (strcmp(step->call->call, "interrupt") == 0) {
        player->over = true;
        qetl_playback_note(
            step->replay,
            "%s was interrupted at entry %llu; what it did then hung on time, and is "
            "not played",
            player->recorded->component, (unsigned long long)step->call->seq);
        return 0;
    }
    if (!fn)
        return qetl_step_fail(step, "this program does not know the call");
    if (!player->ctx || is_too_early(step)) {
        qetl_playback_note(step->replay, "the making of an instance of %s is not in the recording",
                           player->recorded->component);
        player->over = true;
        return 0;
    }
    for (int i = 0; i < step->in.n; i++) {
        if (!step->in.list[i].lost)
            continue;
        qetl_playback_note(
            step->replay,
            "what went into entry %llu, %s of %s, was not kept (it was too large, held a secret, "
            "or its type is not known): the instance is not played from there on",
            (unsigned long long)step->call->seq, step->call->call, player->recorded->component);
        player->over = true;
        return 0;
    }
    if (waits(step)) {
        result->passed_over++;
        return 0;
    }
    facts_set(step);
    result->calls++;
    if (step_play(step, fn))
        return -1;
    if (!step->answer)
        qetl_playback_note(step->replay,
                           "entry %llu, %s of %s, did not come back then: it is played, "
                           "and there is nothing to compare it with",
                           (unsigned long long)step->call->seq, step->call->call,
                           player->recorded->component);
    return step->answer ? step_compare(step) : 0;
}

static int entry_play(struct replay *replay, size_t at)
{
    const struct qetl_entry *call = &replay->options->recording->entries[at];
    struct step step = {.replay = replay, .player = player_of(replay, call->guest), .call = call};
    if (call->kind != QETL_ENTRY_CALL || !step.player || step.player->over)
        return 0;
    int bad = step_gather(&step, at);
    if (bad)
        qetl_findings_no_memory(replay->findings);
    else
        bad = step_do(&step);
    free(step.asked);
    return bad;
}

/* How many entries may be played: behind a hole nobody knows what an instance is. */
static size_t playable(const struct qetl_recording *recording)
{
    size_t n = 0;
    if (!recording->gap_from || recording->wrapped)
        return recording->n_entries;
    while (n < recording->n_entries && recording->entries[n].seq < recording->gap_from)
        n++;
    return n;
}

static void note_gaps(struct replay *replay)
{
    const struct qetl_recording *recording = replay->options->recording;
    if (!recording->ended)
        qetl_playback_note(
            replay,
            "the recording has no end: the run was killed, its disk was full, or it goes on");
    if (recording->gap_from && !recording->wrapped)
        qetl_playback_note(replay,
                           "entries %llu to %llu are missing: a file of it was cut, or is gone; "
                           "what is behind them is not played",
                           (unsigned long long)recording->gap_from,
                           (unsigned long long)recording->gap_upto);
    else if (recording->gap_from)
        qetl_playback_note(
            replay,
            "entries %llu to %llu gave way to later ones: what a plugin kept of them it "
            "does not have now, and may answer otherwise for that",
            (unsigned long long)recording->gap_from, (unsigned long long)recording->gap_upto);
}

int qetl_playback(const struct qetl_playback_options *options, struct qetl_playback_result *result,
                  struct qetl_findings *findings)
{
    struct replay replay = {.options = options, .result = result, .findings = findings};
    *result = (struct qetl_playback_result){.difference = {.row = -1}};
    int bad = open_all(&replay);
    if (bad)
        qetl_findings_no_memory(findings);
    else
        bad = qetl_players_make(&replay);
    result->instances = replay.n_players;
    if (!bad)
        note_gaps(&replay);
    for (size_t i = 0; !bad && !result->differs && i < playable(options->recording); i++)
        bad = entry_play(&replay, i) < 0;
    close_all(&replay);
    return bad ? -1 : 0;
}

void qetl_playback_result_free(struct qetl_playback_result *result)
{
    free(result->difference.component);
    free(result->difference.function);
    free(result->difference.what);
    free(result->difference.column);
    free(result->difference.expected);
    free(result->difference.got);
    json_decref(result->notes);
}
