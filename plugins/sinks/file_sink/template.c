/* SPDX-License-Identifier: Apache-2.0 */
#include "template.h"

#include "fault.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static const char NULL_NAME[] = "__HIVE_DEFAULT_PARTITION__";
static const char EMPTY_NAME[] = "__EMPTY__";

struct text {
    char *data;
    size_t size, room;
};

static bool text_add(struct text *text, const char *data, size_t size)
{
    if (text->room - text->size <= size) {
        size_t room = (text->size + size + 64) * 2;
        char *grown = realloc(text->data, room);
        if (!grown)
            return false;
        text->data = grown;
        text->room = room;
    }
    memcpy(text->data + text->size, data, size);
    text->size += size;
    text->data[text->size] = '\0';
    return true;
}

/* ---- Values ---- */

/* As Hive escapes them, so that its readers find the value again. */
static bool escape_add(struct text *text, const uint8_t *data, size_t size, bool first)
{
    static const char special[] = "\"#%'*/:=?\\{}[]^<>|\x7f";
    bool good = true;
    bool disguised = size == sizeof NULL_NAME - 1 && memcmp(data, NULL_NAME, size) == 0;
    for (size_t i = 0; i < size && good; i++) {
        char hex[4];
        bool hidden = i == 0 && ((first && data[i] == '.') || disguised);
        if (data[i] >= ' ' && !strchr(special, data[i]) && !hidden) {
            good = text_add(text, (const char *)data + i, 1);
        } else {
            snprintf(hex, sizeof hex, "%%%02X", data[i]);
            good = text_add(text, hex, 3);
        }
    }
    return good;
}

static bool value_add(struct text *text, const struct piece *next, const struct qetl_blob *value)
{
    bool first = text->size == 0 || text->data[text->size - 1] == '/';
    bool last = !next || (next->kind == PIECE_TEXT && *next->text == '/');
    if (!value->data)
        return text_add(text, NULL_NAME, sizeof NULL_NAME - 1);
    if (value->size == 0 && first && last)
        return text_add(text, EMPTY_NAME, sizeof EMPTY_NAME - 1);
    return escape_add(text, value->data, value->size, first);
}

/* ---- Parsing ---- */

static struct piece *piece_add(struct template *t, enum piece_kind kind, const char *text,
                               size_t size)
{
    struct piece *grown = realloc(t->pieces, (size_t)(t->count + 1) * sizeof *grown);
    if (!grown)
        return NULL;
    t->pieces = grown;
    struct piece *piece = &grown[t->count];
    *piece = (struct piece){.kind = kind, .text = strndup(text, size)};
    if (!piece->text)
        return NULL;
    t->count++;
    t->numbered |= kind == PIECE_NUMBER;
    return piece;
}

static int32_t brace_fault(struct qetl_env env, const char *path)
{
    return qetl_fail(env, QETL_E_CONFIG, "/path",
                     "write {COLUMN}, {#} for a number, {{ and }} for braces",
                     "%s: a brace is not closed, or holds no name", path);
}

static enum stamp stamp_of(const char *word, size_t size)
{
    return size != 8                          ? STAMP_NONE
           : memcmp(word, "run.date", 8) == 0 ? STAMP_DATE
           : memcmp(word, "run.time", 8) == 0 ? STAMP_TIME
                                              : STAMP_NONE;
}

/* Of the beginning of the run, UTC. */
static void stamp_write(const struct template *t, enum stamp stamp, char *out, size_t room)
{
    struct tm utc;
    const char *layout = stamp == STAMP_DATE ? "%Y-%m-%d" : "%H%M%S";
    if (!gmtime_r(&t->began, &utc) || !strftime(out, room, layout, &utc))
        snprintf(out, room, "%lld", (long long)t->began);
}

static bool stamp_add(struct template *t, enum stamp stamp)
{
    char text[32];
    stamp_write(t, stamp, text, sizeof text);
    struct piece *piece = piece_add(t, PIECE_TEXT, text, strlen(text));
    if (piece)
        piece->stamp = stamp;
    return piece != NULL;
}

/* What stands within braces. */
static int32_t place_parse(struct template *t, struct qetl_env env, const char *path,
                           const char **at)
{
    const char *word = *at + 1, *end = strchr(word, '}');
    if (!end || end == word || memchr(word, '{', (size_t)(end - word)))
        return brace_fault(env, path);
    size_t size = (size_t)(end - word);
    enum stamp stamp = stamp_of(word, size);
    bool epoch = size == 5 && memcmp(word, "epoch", 5) == 0, good;
    *at = end + 1;
    if (size == 1 && *word == '#')
        good = piece_add(t, PIECE_NUMBER, "", 0) != NULL;
    else if (stamp)
        good = stamp_add(t, stamp);
    else if (epoch)
        good = piece_add(t, PIECE_EPOCH, "", 0) != NULL;
    else
        good = piece_add(t, PIECE_COLUMN, word, size) != NULL;
    t->dated |= stamp || epoch;
    t->by_epoch |= epoch;
    return good ? QETL_OK : fault_memory(env);
}

static int32_t stretch_parse(struct template *t, struct qetl_env env, const char *path,
                             const char *at, const char *end)
{
    struct text text = {0};
    int32_t status = QETL_OK;
    while (status == QETL_OK && at < end) {
        bool doubled = (*at == '{' || *at == '}') && at[1] == *at;
        if (*at == '}' && !doubled) {
            status = brace_fault(env, path);
        } else if (*at == '{' && !doubled) {
            if (text.size && !piece_add(t, PIECE_TEXT, text.data, text.size))
                status = fault_memory(env);
            text.size = 0;
            if (status == QETL_OK)
                status = place_parse(t, env, path, &at);
        } else {
            if (!text_add(&text, at, 1))
                status = fault_memory(env);
            at += doubled ? 2 : 1;
        }
    }
    if (status == QETL_OK && text.size && !piece_add(t, PIECE_TEXT, text.data, text.size))
        status = fault_memory(env);
    free(text.data);
    return status;
}

static int32_t hive_add(struct template *t, struct qetl_env env, const char *column, bool keep)
{
    struct text name = {0};
    bool good = escape_add(&name, (const uint8_t *)column, strlen(column), true) &&
                text_add(&name, "=", 1) && piece_add(t, PIECE_TEXT, name.data, name.size);
    struct piece *piece = good ? piece_add(t, PIECE_COLUMN, column, strlen(column)) : NULL;
    if (piece)
        piece->leaves_out = !keep;
    good = piece && piece_add(t, PIECE_TEXT, "/", 1);
    free(name.data);
    return good ? QETL_OK : fault_memory(env);
}

static int32_t hive_parse(struct template *t, struct qetl_env env)
{
    bool list = qetl_option_kind(env, "/partition_by") == QETL_OPTION_LIST;
    int64_t count =
        list ? qetl_option_count(env, "/partition_by") : qetl_option_given(env, "/partition_by");
    const char *columns = qetl_option_text(env, "/partition_columns");
    bool keep = columns && strcmp(columns, "keep") == 0;
    int32_t status = QETL_OK;
    for (int64_t i = 0; i < count && status == QETL_OK; i++) {
        char option[48] = "/partition_by";
        if (list)
            snprintf(option, sizeof option, "/partition_by/%lld", (long long)i);
        status = hive_add(t, env, qetl_option_text(env, option), keep);
    }
    return status;
}

/* "-{#}" in front of the name's ending, which may be two: ".csv.gz". */
static int32_t number_add(struct template *t, struct qetl_env env, bool first_too)
{
    struct piece *last = &t->pieces[t->count - 1];
    char *ending = NULL;
    if (last->kind == PIECE_TEXT) {
        char *name = strrchr(last->text, '/');
        name = name ? name + 1 : last->text;
        ending = strchr(name, '.');
    }
    char *kept = strdup(ending ? ending : "");
    if (!kept)
        return fault_memory(env);
    if (ending)
        *ending = '\0';
    bool good = first_too ? piece_add(t, PIECE_TEXT, "-", 1) && piece_add(t, PIECE_NUMBER, "", 0)
                          : piece_add(t, PIECE_MORE, "", 0) != NULL;
    good = good && piece_add(t, PIECE_TEXT, kept, strlen(kept));
    free(kept);
    return good ? QETL_OK : fault_memory(env);
}

static int32_t root_make(struct template *t, struct qetl_env env)
{
    struct text text = {0};
    bool good = text_add(&text, "", 0);
    for (int64_t i = 0; i < t->count && t->pieces[i].kind == PIECE_TEXT && good; i++)
        good = text_add(&text, t->pieces[i].text, strlen(t->pieces[i].text));
    const char *slash = good ? strrchr(text.data, '/') : NULL;
    size_t size = slash ? (size_t)(slash - text.data) : 0;
    t->root = slash && !size ? strdup("/") : slash ? strndup(text.data, size) : strdup(".");
    free(text.data);
    return good && t->root ? QETL_OK : fault_memory(env);
}

bool template_wanted(struct qetl_env env, const char *path)
{
    return strpbrk(path, "{}") || qetl_option_given(env, "/partition_by") ||
           qetl_option_given(env, "/max_rows") || qetl_option_given(env, "/max_bytes");
}

int32_t template_parse(struct template *t, struct qetl_env env, const char *path, bool numbered)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (!*name)
        return qetl_fail(env, QETL_E_CONFIG, "/path",
                         "add a file name; the folders of partition_by go in front of it",
                         "\"%s\" names no file", path);
    t->began = time(NULL);
    int32_t status = stretch_parse(t, env, path, path, name);
    if (status == QETL_OK)
        status = hive_parse(t, env);
    if (status == QETL_OK)
        status = stretch_parse(t, env, path, name, name + strlen(name));
    if (status == QETL_OK && !t->numbered)
        status = number_add(t, env, numbered);
    return status ? status : root_make(t, env);
}

/* ---- Columns ---- */

static int64_t column_find(const struct ArrowSchema *schema, const char *name)
{
    for (int64_t c = 0; c < schema->n_children; c++)
        if (strcmp(schema->children[c]->name, name) == 0)
            return c;
    return -1;
}

static int32_t column_fault(struct qetl_env env, const struct piece *piece, const char *what)
{
    bool hive = qetl_option_given(env, "/partition_by");
    return qetl_fail(env, QETL_E_CONFIG, hive ? "/partition_by" : "/path",
                     "name a column of the rows that come in; qetl preview shows them", "%s: %s",
                     piece->text, what);
}

int64_t template_columns(struct template *t, struct qetl_env env, const struct ArrowSchema *schema,
                         int64_t *columns, int32_t *leave_out)
{
    int64_t n = 0;
    for (int64_t i = 0; i < t->count; i++) {
        struct piece *piece = &t->pieces[i];
        if (piece->kind != PIECE_COLUMN)
            continue;
        int64_t column = column_find(schema, piece->text), key = 0;
        if (column < 0)
            return column_fault(env, piece, "there is no such column");
        if (schema->children[column]->format[0] == '+')
            return column_fault(env, piece, "a list or struct makes no name of a file");
        while (key < n && columns[key] != column)
            key++;
        piece->key = key;
        if (key == n) {
            leave_out[n] = 0;
            columns[n++] = column;
        }
        leave_out[key] |= piece->leaves_out;
    }
    return n;
}

/* ---- Expanding ---- */

static int32_t names_check(struct qetl_env env, const char *path)
{
    for (const char *part = path; part; part = strchr(part, '/')) {
        part += *part == '/';
        size_t size = strcspn(part, "/");
        if (size <= NAME_MAX)
            continue;
        return qetl_fail(env, QETL_E_DATA, "/path",
                         "part the rows by a shorter column, for example substr(COLUMN, 1, 60)",
                         "a value makes a name of %zu bytes, and names have %d at most: %.80s...",
                         size, NAME_MAX, part);
    }
    return QETL_OK;
}

int32_t template_expand(const struct template *t, struct qetl_env env, const struct qetl_blob *keys,
                        int64_t number, char **out)
{
    struct text text = {0};
    bool good = true;
    for (int64_t i = 0; i < t->count && good; i++) {
        const struct piece *piece = &t->pieces[i];
        char digits[24];
        if (piece->kind == PIECE_TEXT) {
            good = text_add(&text, piece->text, strlen(piece->text));
        } else if (piece->kind == PIECE_NUMBER) {
            int size = snprintf(digits, sizeof digits, "%05lld", (long long)number);
            good = text_add(&text, digits, (size_t)size);
        } else if (piece->kind == PIECE_EPOCH) {
            int size = snprintf(digits, sizeof digits, "%08llu", (unsigned long long)t->epoch);
            good = text_add(&text, digits, (size_t)size);
        } else if (piece->kind == PIECE_MORE) {
            int size = snprintf(digits, sizeof digits, "-%05lld", (long long)number);
            good = number <= 1 || text_add(&text, digits, (size_t)size);
        } else {
            good = value_add(&text, i + 1 < t->count ? piece + 1 : NULL, &keys[piece->key]);
        }
    }
    int32_t status = good ? names_check(env, text.data) : fault_memory(env);
    *out = status ? NULL : text.data;
    if (status)
        free(text.data);
    return status;
}

int32_t template_restamp(struct template *t, struct qetl_env env, time_t began)
{
    t->began = began;
    for (int64_t i = 0; i < t->count; i++) {
        char text[32], *copy;
        if (!t->pieces[i].stamp)
            continue;
        stamp_write(t, t->pieces[i].stamp, text, sizeof text);
        copy = strdup(text);
        if (!copy)
            return fault_memory(env);
        free(t->pieces[i].text);
        t->pieces[i].text = copy;
    }
    free(t->root);
    t->root = NULL;
    return root_make(t, env);
}

int64_t template_keys(const struct template *t)
{
    int64_t n = 0;
    for (int64_t i = 0; i < t->count; i++)
        if (t->pieces[i].kind == PIECE_COLUMN && t->pieces[i].key >= n)
            n = t->pieces[i].key + 1;
    return n;
}

void template_free(struct template *t)
{
    for (int64_t i = 0; i < t->count; i++)
        free(t->pieces[i].text);
    free(t->pieces);
    free(t->root);
    *t = (struct template){0};
}
