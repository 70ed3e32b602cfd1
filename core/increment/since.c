/* SPDX-License-Identifier: Apache-2.0 */
/* What a run is going to let pass, before anybody has seen a column: by what the last run left. */
#include "increment.h"

#include "condition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool lag_take(struct window *window, const json_t *lag)
{
    char number[64];
    const char *text = json_string_value(lag);
    bool is_number = json_is_number(lag);
    if (is_number) {
        snprintf(number, sizeof number, "%.17g", json_number_value(lag));
        text = number;
    }
    return !cursor_lag(window->cursor, text, is_number, &window->lag);
}

/* The cursor was of this type in the last run, which is all that is known of it yet. */
static char *condition(struct qetl_env env, const json_t *incremental,
                       const struct qetl_watermark *mark)
{
    struct ArrowSchema field;
    struct cursor cursor = {0};
    struct window window = {.cursor = &cursor};
    const char *nulls = json_string_value(json_object_get(incremental, "nulls"));
    char *tree = NULL;
    if (qetl_type_field(mark->type, mark->cursor, &field))
        return NULL;
    if (!cursor_open(&cursor, env, &field) &&
        lag_take(&window, json_object_get(incremental, "lag")) &&
        !window_begin(&window, mark->value))
        tree = window_condition(&window, !nulls || strcmp(nulls, "skip") != 0);
    window_free(&window);
    cursor_close(&cursor);
    qetl_schema_release(&field);
    return tree;
}

char *qetl_increment_since(struct qetl_env env, const json_t *incremental,
                           const struct qetl_blob *mark_entry)
{
    struct qetl_watermark mark = {0};
    const char *name = json_string_value(json_object_get(incremental, "cursor"));
    char *tree = NULL;
    if (!name || qetl_watermark_read(mark_entry->data, mark_entry->size, &mark))
        return NULL;
    if (mark.value && mark.type && mark.cursor && strcmp(mark.cursor, name) == 0)
        tree = condition(env, incremental, &mark);
    qetl_watermark_free(&mark);
    return tree;
}
