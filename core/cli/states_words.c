/* SPDX-License-Identifier: Apache-2.0 */
/* States in words. */
#include "epoch/stand.h"
#include "show/report.h"
#include "states.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *qetl_states_stage(enum qetl_epoch_stage stage)
{
    static const char *const words[] = {"none", "prepared", "decided", "committed", "finished"};
    return (size_t)stage < sizeof words / sizeof words[0] ? words[stage] : "unknown";
}

const char *qetl_states_kind(enum qetl_entry_kind kind)
{
    static const char *const words[] = {"",       "schema", "position", "state",
                                        "handle", "counts", "letters",  "watermark"};
    return (size_t)kind < sizeof words / sizeof words[0] ? words[kind] : "unknown";
}

const char *qetl_states_status(const struct qetl_state_look *look)
{
    if (look->holder.pid)
        return "running";
    if (look->condition == QETL_STATE_UNREADABLE || look->condition == QETL_STATE_GONE)
        return "unreadable";
    if (look->condition == QETL_STATE_LATER)
        return "later version";
    if (look->prepared.stage != QETL_STAGE_NONE)
        return "cut short";
    return look->decided.stage == QETL_STAGE_NONE       ? "empty"
           : look->decided.stage == QETL_STAGE_FINISHED ? "finished"
                                                        : "cut short";
}

char *qetl_states_time(int64_t at_ms, char text[QETL_STATES_TIME])
{
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm utc;
    if (!at_ms || !strftime(text, QETL_STATES_TIME, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc)))
        strcpy(text, "");
    return text;
}

json_t *qetl_states_summary_json(const struct qetl_state_look *look)
{
    char when[QETL_STATES_TIME];
    const struct qetl_record *last = &look->decided;
    json_t *holder = look->holder.pid ? json_pack("{s:I, s:s}", "pid", (json_int_t)look->holder.pid,
                                                  "host", look->holder.host)
                                      : json_null();
    qetl_states_time(last->at_ms, when);
    return json_pack("{s:s, s:s, s:s, s:I, s:s, s:s?, s:I, s:I, s:I, s:o, s:s?}", "pipeline",
                     look->pipeline, "path", look->path, "status", qetl_states_status(look),
                     "epoch", (json_int_t)last->number, "stage", qetl_states_stage(last->stage),
                     "at", *when ? when : NULL, "rows", (json_int_t)last->rows, "bytes",
                     (json_int_t)look->bytes, "generation", (json_int_t)look->generation, "held_by",
                     holder, "problem", look->reason);
}

/* ---- entries ---- */

static char *watermark_says(const struct qetl_entry *entry)
{
    struct qetl_watermark mark;
    char *text = NULL;
    if (qetl_watermark_read(entry->data, entry->size, &mark))
        return strdup("");
    if (asprintf(&text, "%s = %s", mark.cursor ? mark.cursor : "(any column)",
                 mark.value ? mark.value : "(nothing yet)") < 0)
        text = NULL;
    qetl_watermark_free(&mark);
    return text;
}

static int stand_text(const struct qetl_stand *stand, char **text)
{
    char number[QETL_NUMBER_MAX];
    const struct qetl_stand_object *object = stand->in_object ? stand->objects : NULL;
    if (stand->ended)
        return asprintf(text, "at its end");
    if (object && object->name && *object->name)
        return asprintf(text, "%s, behind row %s", object->name,
                        qetl_number_text(object->rows, number));
    return asprintf(text, stand->begun ? "behind row %s" : "at its beginning",
                    qetl_number_text(stand->rows, number));
}

static char *position_says(const struct qetl_entry *entry)
{
    struct qetl_stand *stand = qetl_stand_unpack(entry->data, entry->size);
    char *text = NULL;
    if (!stand)
        return strdup("(bytes)");
    if (stand_text(stand, &text) < 0)
        text = NULL;
    qetl_stand_free(stand);
    return text;
}

static bool is_text(const struct qetl_entry *entry)
{
    const unsigned char *bytes = entry->data;
    for (size_t i = 0; i < entry->size; i++)
        if (bytes[i] < 0x20 || bytes[i] == 0x7f)
            return false;
    json_t *text = json_stringn(entry->data, entry->size);
    json_decref(text);
    return text != NULL;
}

char *qetl_states_says(const struct qetl_entry *entry)
{
    char *text = NULL;
    if (!entry->data)
        return strdup("(in a file of its own)");
    if (entry->kind == QETL_ENTRY_WATERMARK && entry->part == QETL_WATERMARK_VALUE)
        return watermark_says(entry);
    if (entry->kind == QETL_ENTRY_POSITION)
        return position_says(entry);
    if (!is_text(entry))
        return strdup("(bytes)");
    return asprintf(&text, "%.*s", (int)entry->size, (const char *)entry->data) < 0 ? NULL : text;
}
