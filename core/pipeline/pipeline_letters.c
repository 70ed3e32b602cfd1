/* SPDX-License-Identifier: Apache-2.0 */
/* What a pipeline says of its dead letters: where, how many, and what is never to be in them. */
#include "config/units.h"
#include "pipeline_draft.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST_BYTES = 64 * 1024, ALARM_PERCENT = 80 };
#define MOST_BYTES (INT64_C(1) << 30)

static void wrong(struct qetl_drafts *drafts, const char *pointer, const char *what,
                  const char *mend)
{
    qetl_finding_mend(qetl_document_error(drafts->document, pointer, QETL_AT_VALUE,
                                          drafts->findings, "out_of_range", "%s", what),
                      "%s", mend);
}

static void read_bounds(struct qetl_drafts *drafts, const json_t *said,
                        struct qetl_letter_rules *rules)
{
    const json_t *size = json_object_get(said, "max_size");
    const char *age = json_string_value(json_object_get(said, "max_age"));
    const json_t *alarm = json_object_get(said, "alarm");
    bool text = json_is_string(size);
    if (json_is_integer(size))
        rules->max_bytes = json_integer_value(size);
    if ((text && qetl_units_bytes(json_string_value(size), &rules->max_bytes)) ||
        rules->max_bytes < LEAST_BYTES)
        wrong(drafts, "/dead_letters/max_size", "`max_size` is a size of at least 64 KiB",
              "for example  max_size: 256MiB");
    if (age && (qetl_units_ns(age, &rules->max_age_ns) || rules->max_age_ns <= 0))
        wrong(drafts, "/dead_letters/max_age", "`max_age` is a time, with its unit",
              "for example  max_age: 30d");
    if (json_is_integer(alarm))
        rules->alarm = (int)json_integer_value(alarm);
    if (json_is_false(alarm))
        rules->alarm = 0;
}

static int read_private(const json_t *columns, struct qetl_letter_rules *rules)
{
    size_t i;
    json_t *column;
    rules->private = calloc(json_array_size(columns) + 1, sizeof *rules->private);
    json_array_foreach (columns, i, column) {
        char *name = rules->private ? strdup(json_string_value(column)) : NULL;
        if (!name)
            return -1;
        rules->private[rules->n_private++] = name;
    }
    return rules->private ? 0 : -1;
}

const char *qetl_drafts_letters_path(const struct qetl_drafts *drafts, const char **pointer)
{
    const json_t *said = json_object_get(drafts->root, "dead_letters");
    *pointer = json_is_object(said) ? "/dead_letters/path" : "/dead_letters";
    return json_string_value(json_is_object(said) ? json_object_get(said, "path") : said);
}

int qetl_drafts_letters(struct qetl_drafts *drafts, struct qetl_pipeline *pipeline)
{
    const json_t *said = json_object_get(drafts->root, "dead_letters");
    const char *pointer, *path = qetl_drafts_letters_path(drafts, &pointer);
    if (json_is_false(said))
        path = "";
    pipeline->letters = (struct qetl_letter_rules){.max_bytes = MOST_BYTES, .alarm = ALARM_PERCENT};
    read_bounds(drafts, said, &pipeline->letters);
    pipeline->dead_letters = path ? strdup(path) : NULL;
    bool failed = path && !pipeline->dead_letters;
    return failed || read_private(json_object_get(said, "private"), &pipeline->letters) ? -1 : 0;
}

void qetl_letter_rules_clear(struct qetl_letter_rules *rules)
{
    for (size_t i = 0; i < rules->n_private; i++)
        free(rules->private[i]);
    free(rules->private);
}
