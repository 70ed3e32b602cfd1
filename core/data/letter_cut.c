/* SPDX-License-Identifier: Apache-2.0 */
/* What of a letter file was never decided: letters of later epochs of a state, and replays. */
#include "letter_file.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Both members stand side by side. Quotes inside of a text are escaped: what looks like them is the
 * letter's own, or a nested value's, which is told apart by reading. */
bool qetl_letter_is_behind(const struct qetl_letter_line *line,
                           const struct qetl_letters_behind *behind)
{
    char sign[80];
    snprintf(sign, sizeof sign, "\"%s\":\"%s\",\"epoch\":", behind->key, behind->name);
    const char *at = strstr(line->text, sign);
    if (!at || strtoull(at + strlen(sign), NULL, 10) <= behind->epoch)
        return false;
    json_t *letter = json_loadb(line->text, line->size, JSON_ALLOW_NUL, NULL);
    const char *name = json_string_value(json_object_get(letter, behind->key));
    uint64_t epoch = (uint64_t)json_integer_value(json_object_get(letter, "epoch"));
    bool is = name && strcmp(name, behind->name) == 0 && epoch > behind->epoch;
    json_decref(letter);
    return is;
}

static int find_behind(void *arg, const struct qetl_letter_line *line)
{
    return qetl_letter_is_behind(line, arg) ? EEXIST : 0;
}

int qetl_letter_file_look(const char *path, const struct qetl_letters_behind *behind, bool *any)
{
    FILE *in = fopen(path, "re");
    *any = false;
    if (!in)
        return errno == ENOENT ? 0 : errno;
    int error = qetl_letter_lines(in, find_behind, (void *)behind);
    fclose(in);
    *any = error == EEXIST;
    return *any ? 0 : error;
}

static enum qetl_letter_fate judge_behind(void *arg, const struct qetl_letter_line *line)
{
    return qetl_letter_is_behind(line, arg) ? QETL_LETTER_CUT : QETL_LETTER_KEEP;
}

int qetl_letter_file_cut(struct qetl_letter_file *file, const struct qetl_letters_behind *behind)
{
    return qetl_letter_file_thin(file, judge_behind, (void *)behind, false);
}

/* What pipelines decided is not theirs. */
static enum qetl_letter_fate judge_replay(void *arg, const struct qetl_letter_line *line)
{
    if (line->id <= *(int64_t *)arg)
        return QETL_LETTER_KEEP;
    json_t *letter = json_loadb(line->text, line->size, JSON_ALLOW_NUL, NULL);
    bool replay = json_is_true(json_object_get(letter, "replay")) &&
                  !json_object_get(letter, "edit_of") && !json_object_get(letter, "dropped");
    json_decref(letter);
    return replay ? QETL_LETTER_CUT : QETL_LETTER_KEEP;
}

int qetl_letter_file_cut_replays(struct qetl_letter_file *file, int64_t from)
{
    return file->last > from ? qetl_letter_file_thin(file, judge_replay, &from, false) : 0;
}
