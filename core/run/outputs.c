/* SPDX-License-Identifier: Apache-2.0 */
#include "outputs.h"

#include "config/mask.h"
#include "run_internal.h"

#include <stdlib.h>
#include <string.h>

/* What grows from epoch to epoch is one output. */
static bool grows(struct qetl_output_list *list, const struct qetl_output_report *more)
{
    enum { LATELY = 64 };
    for (size_t i = list->n; i > 0 && list->n - i < LATELY; i--) {
        struct qetl_output_report *output = &list->items[i - 1];
        if (strcmp(output->uri, more->uri) != 0)
            continue;
        output->rows += more->rows;
        output->bytes = output->bytes < 0 || more->bytes < 0 ? -1 : output->bytes + more->bytes;
        return true;
    }
    return false;
}

/* Takes the name; without memory the report lacks it. */
static void add(struct qetl_output_list *list, struct qetl_output_report moved)
{
    bool is_new = moved.uri && !grows(list, &moved);
    struct qetl_output_report *items =
        is_new ? realloc(list->items, (list->n + 1) * sizeof *items) : NULL;
    if (items) {
        list->items = items;
        items[list->n++] = moved;
    } else {
        free(moved.uri);
    }
}

void qetl_outputs_note(void *arg, const char *uri, int64_t rows, int64_t bytes)
{
    struct qetl_run *run = arg;
    char *copy = strdup(uri);
    qetl_mask_text(run->pipeline->mask, copy);
    pthread_mutex_lock(&run->lock);
    add(&run->attempt.outputs, (struct qetl_output_report){copy, rows, bytes});
    pthread_mutex_unlock(&run->lock);
}

void qetl_outputs_keep(struct qetl_run *run)
{
    struct qetl_output_list *named = &run->attempt.outputs;
    pthread_mutex_lock(&run->lock);
    for (size_t i = 0; i < named->n; i++)
        add(&run->outputs, named->items[i]);
    named->n = 0;
    pthread_mutex_unlock(&run->lock);
}

void qetl_outputs_free(struct qetl_output_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i].uri);
    free(list->items);
    *list = (struct qetl_output_list){0};
}
