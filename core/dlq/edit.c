/* SPDX-License-Identifier: Apache-2.0 */
#include "edit.h"

#include "box.h"
#include "config/suggest.h"
#include "data/letter_value.h"
#include "host/instance.h"
#include "value_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BUDGET_BYTES = 16 << 20, FILE_BYTES = 4 << 20 };

static bool ends_in_newline(const json_t *letter)
{
    size_t size;
    char *bytes = qetl_letter_original(letter, &size);
    bool ends = bytes && size && bytes[size - 1] == '\n';
    free(bytes);
    return ends;
}

static void refuse(struct qetl_findings *findings, const char *message, const char *mend)
{
    qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "edit", "%s", message), "%s", mend);
}

/* Nonzero: reported. */
static int check_letter(const json_t *letter, bool row, struct qetl_findings *findings)
{
    bool has_row = json_object_get(letter, "decoded") != NULL;
    const char *status = json_string_value(json_object_get(letter, "status"));
    const char *why = qetl_letter_obstacle(letter);
    if (why)
        refuse(findings, "what is corrected in the letter would never be replayed", why);
    else if (status && strcmp(status, "replayed") == 0)
        refuse(findings, "the letter was replayed", "its row is in the output: correct it there");
    else if (row && !has_row)
        refuse(findings, "its row was never decoded, so that it has no columns",
               "give other bytes: --original TEXT");
    else if (!row && has_row)
        refuse(findings, "its row had been decoded, and its bytes are not read again",
               "give other values: --set COLUMN=VALUE");
    else
        return 0;
    return -1;
}

json_t *qetl_edit_original(const json_t *letter, const char *text, size_t size,
                           struct qetl_findings *findings)
{
    if (check_letter(letter, false, findings))
        return NULL;
    bool newline = ends_in_newline(letter) && (!size || text[size - 1] != '\n');
    char *bytes = malloc(size + 2);
    if (!bytes) {
        qetl_findings_no_memory(findings);
        return NULL;
    }
    memcpy(bytes, text, size);
    bytes[size] = '\n';
    struct qetl_text whole = {bytes, (int64_t)(size + newline)};
    json_t *words = qetl_letter_words(whole), *edit = json_object();
    json_t *encoded = json_object_get(words, "base64");
    int failed =
        json_object_set(edit, encoded ? "original_base64" : "original", encoded ? encoded : words) |
        json_object_set_new(edit, "original_bytes", json_integer(whole.size));
    json_decref(words);
    free(bytes);
    if (!failed)
        return edit;
    qetl_findings_no_memory(findings);
    json_decref(edit);
    return NULL;
}

/* ---- values ---- */

static void log_nothing(void *arg, const char *component, int32_t level, const char *message)
{
    (void)arg, (void)component, (void)level, (void)message;
}

/* The value as its type writes it; NULL: it is none. */
static json_t *convert(struct qetl_env env, const json_t *value, const struct ArrowSchema *field)
{
    struct qetl_builder builder;
    struct ArrowArray array = {0};
    struct qetl_column column;
    json_t *out = NULL;
    if (qetl_builder_open(&builder, env, field, 1))
        return NULL;
    if (!qetl_value_read(value, field, &builder) && !qetl_builder_close(&builder, &array) &&
        !qetl_column_open(&column, field, &array))
        out = qetl_letter_value(&column, 0);
    qetl_builder_free(&builder);
    qetl_array_release(&array);
    return out;
}

static json_t *typed(const json_t *value, const char *type)
{
    struct qetl_instance_env env = {.pool = qetl_pool_new(BUDGET_BYTES), .log = log_nothing};
    struct qetl_node node = {.id = "edit", .use = {.options = json_object()}};
    static const struct qetl_component component;
    struct qetl_ctx *ctx = env.pool ? qetl_instance_new(&env, &node, &node.use, &component) : NULL;
    struct ArrowSchema field = {0};
    json_t *out = NULL;
    if (ctx && !qetl_type_field(type, "value", &field))
        out = convert(qetl_instance_sdk_env(ctx), value, &field);
    qetl_schema_release(&field);
    qetl_instance_free(ctx);
    json_decref(node.use.options);
    qetl_pool_free(env.pool);
    return out;
}

static int no_column(const json_t *decoded, const char *name, struct qetl_findings *findings)
{
    struct qetl_suggest suggest;
    const char *key;
    json_t *value;
    qetl_suggest_init(&suggest, name);
    json_object_foreach ((json_t *)decoded, key, value)
        qetl_suggest_offer(&suggest, key);
    struct qetl_finding *finding = qetl_finding_add(findings, QETL_ERROR, "unknown_column",
                                                    "the row has no column '%s'", name);
    if (suggest.best)
        qetl_finding_mend(finding, "did you mean %s?", suggest.best);
    return -1;
}

/* What was typed: nested values are JSON, all else is as a cell shows it. */
static json_t *as_typed(const char *text, const char *type)
{
    size_t size = strlen(type);
    bool nested = strncmp(type, "struct", 6) == 0 || (size && type[size - 1] == ']');
    json_t *parsed = nested ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    return parsed ? parsed : json_string(text);
}

static int set_value(json_t *decoded, const json_t *types, const char *name, const json_t *value,
                     struct qetl_findings *findings)
{
    const char *type = json_string_value(json_object_get(types, name));
    if (!json_object_get(decoded, name))
        return no_column(decoded, name, findings);
    json_t *checked = typed(value, type ? type : "text");
    char *shown = checked ? NULL : json_dumps(value, JSON_ENCODE_ANY);
    if (!checked)
        qetl_finding_add(findings, QETL_ERROR, "bad_value", "%s: %s is no %s", name,
                         shown ? shown : "", type ? type : "text");
    free(shown);
    return checked ? json_object_set_new(decoded, name, checked) : -1;
}

static int set_text(json_t *decoded, const json_t *types, const char *setting,
                    struct qetl_findings *findings)
{
    const char *equals = strchr(setting, '=');
    char *name = equals ? strndup(setting, (size_t)(equals - setting)) : NULL;
    if (!name) {
        refuse(findings, "a value is written COLUMN=VALUE", "for example  --set quantity=1");
        return -1;
    }
    const char *type = json_string_value(json_object_get(types, name));
    json_t *value = as_typed(equals + 1, type ? type : "text");
    int failed = set_value(decoded, types, name, value, findings);
    json_decref(value);
    free(name);
    return failed;
}

static json_t *unchanged_names(const json_t *names, const json_t *before, const json_t *after)
{
    json_t *kept = json_array(), *name;
    size_t i;
    json_array_foreach (names, i, name) {
        const char *column = json_string_value(name);
        if (json_equal(json_object_get(before, column), json_object_get(after, column)))
            json_array_append(kept, name);
    }
    return kept;
}

/* How the other columns were spelled goes on to count. Moves decoded. */
static json_t *row_edit(const json_t *letter, json_t *decoded)
{
    const json_t *before = json_object_get(letter, "decoded");
    json_t *spelled = json_object(), *words;
    const char *column;
    json_object_foreach (json_object_get(letter, "spelled"), column, words)
        if (json_equal(json_object_get(before, column), json_object_get(decoded, column)))
            json_object_set(spelled, column, words);
    json_t *unread = unchanged_names(json_object_get(letter, "unread"), before, decoded);
    json_t *unchecked = unchanged_names(json_object_get(letter, "unchecked"), before, decoded);
    return json_pack("{s:o, s:o, s:o, s:o}", "decoded", decoded, "spelled", spelled, "unread",
                     unread, "unchecked", unchecked);
}

json_t *qetl_edit_row(const json_t *letter, const char *const *settings, size_t n_settings,
                      const char *const *nulls, size_t n_nulls, struct qetl_findings *findings)
{
    const json_t *types = json_object_get(letter, "types");
    if (check_letter(letter, true, findings))
        return NULL;
    json_t *decoded = json_deep_copy(json_object_get(letter, "decoded"));
    int failed = 0;
    for (size_t i = 0; !failed && i < n_settings; i++)
        failed = set_text(decoded, types, settings[i], findings);
    for (size_t i = 0; !failed && i < n_nulls; i++)
        failed = json_object_get(decoded, nulls[i])
                     ? json_object_set_new(decoded, nulls[i], json_null())
                     : no_column(decoded, nulls[i], findings);
    if (!failed)
        return row_edit(letter, decoded);
    json_decref(decoded);
    return NULL;
}

/* ---- by hand ---- */

static int write_all(int fd, const char *text, size_t size)
{
    while (size) {
        ssize_t n = write(fd, text, size);
        if (n < 0 && errno != EINTR)
            return errno;
        text += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int run_editor(const char *path)
{
    const char *visual = getenv("VISUAL"), *editor = visual ? visual : getenv("EDITOR");
    char *line;
    int status = -1;
    if (!editor || !*editor || asprintf(&line, "%s \"$1\"", editor) < 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", line, "sh", path, (char *)NULL);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    free(line);
    return pid > 0 ? status : -1;
}

static char *read_all(const char *path, size_t *size)
{
    FILE *in = fopen(path, "re");
    char *text = in ? malloc(FILE_BYTES) : NULL;
    *size = text ? fread(text, 1, FILE_BYTES - 1, in) : 0;
    if (in)
        fclose(in);
    return text;
}

/* What the editor leaves of the text; NULL with findings. */
static char *through_editor(const char *text, size_t size, size_t *size_after,
                            struct qetl_findings *findings)
{
    char path[] = "/tmp/qetl-letter-XXXXXX", *after = NULL;
    int fd = mkostemp(path, O_CLOEXEC); /* 0600 */
    int error = fd < 0 ? errno : write_all(fd, text, size);
    if (fd >= 0)
        close(fd);
    int status = error ? -1 : run_editor(path);
    if (status == 0)
        after = read_all(path, size_after);
    if (fd >= 0)
        unlink(path);
    if (!after)
        refuse(findings, "no editor could be run to its end",
               "set EDITOR, or correct it by --set COLUMN=VALUE or --original TEXT");
    else if (*size_after == size && memcmp(after, text, size) == 0) {
        refuse(findings, "nothing was changed", "the letter stays as it was");
        free(after);
        after = NULL;
    }
    return after;
}

static json_t *row_by_hand(const json_t *letter, struct qetl_findings *findings)
{
    json_error_t error;
    size_t size;
    json_t *decoded = json_object_get(letter, "decoded"), *value;
    json_t *copy = NULL;
    const char *name;
    char *text = json_dumps(decoded, JSON_INDENT(2));
    char *after = text ? through_editor(text, strlen(text), &size, findings) : NULL;
    json_t *row = after ? json_loadb(after, size, JSON_ALLOW_NUL, &error) : NULL;
    if (after && !json_is_object(row))
        qetl_finding_add(findings, QETL_ERROR, "edit", "line %d: %s", error.line,
                         row ? "no object" : error.text);
    if (json_is_object(row)) {
        copy = json_deep_copy(decoded);
        json_object_foreach (row, name, value)
            if (copy && !json_equal(value, json_object_get(copy, name)) &&
                set_value(copy, json_object_get(letter, "types"), name, value, findings)) {
                json_decref(copy);
                copy = NULL;
            }
    }
    json_decref(row);
    free(after);
    free(text);
    return copy ? row_edit(letter, copy) : NULL;
}

json_t *qetl_edit_by_hand(const json_t *letter, struct qetl_findings *findings)
{
    size_t size, size_after;
    bool row = json_object_get(letter, "decoded") != NULL;
    if (check_letter(letter, row, findings))
        return NULL;
    if (row)
        return row_by_hand(letter, findings);
    char *bytes = qetl_letter_original(letter, &size);
    char *after = bytes ? through_editor(bytes, size, &size_after, findings) : NULL;
    json_t *edit = after ? qetl_edit_original(letter, after, size_after, findings) : NULL;
    free(after);
    free(bytes);
    return edit;
}
