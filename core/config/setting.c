/* SPDX-License-Identifier: Apache-2.0 */
/* PATH=VALUE of the command line as an edit of the document. */
#include "document.h"
#include "pointer.h"
#include "scalar.h"

#include <stdlib.h>
#include <string.h>

struct setting {
    const char *text;
    struct qetl_findings *findings;
    char *pointer;
    char *label; /* "--set PATH=…": a value may be a secret */
    json_t *value;
};

static struct qetl_finding *fail(const struct setting *setting, const char *code,
                                 const char *message)
{
    struct qetl_finding *finding =
        qetl_finding_add(setting->findings, QETL_ERROR, code, "%s", message);
    qetl_finding_at(finding, setting->label, 0, 0, NULL);
    return finding;
}

static int fail_path(const struct setting *setting, const char *message, const char *mend)
{
    qetl_finding_mend(fail(setting, "bad_setting", message), "%s", mend);
    return -1;
}

/* ---- the path ---- */

static int pointer_add(struct setting *setting, const char *step, size_t size)
{
    char *token = strndup(step, size);
    char *longer = token ? qetl_pointer_key(setting->pointer, token) : NULL;
    free(token);
    if (!longer) {
        qetl_findings_no_memory(setting->findings);
        return -1;
    }
    free(setting->pointer);
    setting->pointer = longer;
    return 0;
}

/* A step in double or single quotes; a doubled quote inside is one. Answers what is behind it. */
static const char *take_quoted(struct setting *setting, const char *at)
{
    char quote = *at++;
    char *step = strdup(at), *to = step;
    while (step && *at && (*at != quote || at[1] == quote)) {
        at += *at == quote;
        *to++ = *at++;
    }
    int closed = *at == quote;
    int bad = !step;
    if (bad)
        qetl_findings_no_memory(setting->findings);
    else if (!closed)
        bad = fail_path(setting, "a quote in the path is not closed",
                        "for example  --set 'transforms.names.columns.\"Unit Price\"=price'");
    else
        bad = pointer_add(setting, step, (size_t)(to - step));
    free(step);
    return bad ? NULL : at + 1;
}

static const char *take_index(struct setting *setting, const char *at)
{
    size_t size = strspn(at + 1, "0123456789");
    if (size == 0 || at[1 + size] != ']') {
        fail_path(setting, "the path has a [ without a number and ]",
                  "for example  --set 'transforms.slim.columns[0]=id'");
        return NULL;
    }
    return pointer_add(setting, at + 1, size) ? NULL : at + size + 2;
}

static const char *take_word(struct setting *setting, const char *at)
{
    size_t size = strcspn(at, ".[=");
    if (size == 0) {
        fail_path(setting, "a step of the path is empty",
                  "for example  --set sources.orders.path=orders.csv");
        return NULL;
    }
    return pointer_add(setting, at, size) ? NULL : at + size;
}

/* What stands behind the `=` of the path; NULL with a finding. */
static const char *take_path(struct setting *setting)
{
    const char *at = setting->text;
    for (int first = 1;; first = 0) {
        if (!first && *at == '=')
            return at + 1;
        if (!first && *at == '[')
            at = take_index(setting, at);
        else if (!first && *at != '.')
            break;
        else if (at[!first] == '"' || at[!first] == '\'')
            at = take_quoted(setting, at + !first);
        else
            at = take_word(setting, at + !first);
        if (!at)
            return NULL;
    }
    fail_path(setting, *at ? "the path goes on without a dot" : "there is no = in it",
              "for example  --set sources.orders.path=orders.csv");
    return NULL;
}

/* ---- the value ---- */

/* Only quotes and brackets are YAML's affair: `a #b`, `*.csv` and `x: y` are text here, and so is
 * nothing at all. */
static json_t *value_parse(const struct setting *setting, const char *text)
{
    struct qetl_findings findings = {0};
    json_t *value = NULL;
    const char *begin = text + strspn(text, " \t\n"), *end = begin + strlen(begin);
    while (end > begin && strchr(" \t\n", end[-1]))
        end--;
    if (end == begin)
        return json_string(text);
    if (!strchr("\"'[{", *begin))
        return qetl_scalar_plain(begin, (size_t)(end - begin));
    struct qetl_document *document = qetl_document_parse(text, strlen(text), "--set", &findings);
    if (findings.errors == 0 && document) {
        value = json_deep_copy(qetl_document_root(document));
    } else {
        const char *why = findings.count > 0 ? findings.items[0].message : "out of memory";
        qetl_finding_mend(fail(setting, "bad_setting", why),
                          "a value in brackets or quotes is YAML: put other text that begins so "
                          "into quotes, once more for the shell");
    }
    qetl_document_free(document);
    qetl_findings_free(&findings);
    return value;
}

static int is_utf8(const char *text)
{
    json_t *json = json_string(text);
    json_decref(json);
    return json != NULL;
}

static int label_make(struct setting *setting, size_t path_size)
{
    if (asprintf(&setting->label, "--set %.*s%s", (int)path_size, setting->text,
                 setting->text[path_size] ? "=…" : "") >= 0)
        return 0;
    setting->label = NULL;
    qetl_findings_no_memory(setting->findings);
    return -1;
}

static int setting_parse(struct setting *setting)
{
    setting->pointer = strdup("");
    if (label_make(setting, strcspn(setting->text, "=")))
        return -1;
    if (!is_utf8(setting->text))
        return fail_path(setting, "it is not UTF-8", "give path and value as UTF-8");
    const char *value = setting->pointer ? take_path(setting) : NULL;
    if (!value)
        return -1;
    free(setting->label); /* a quoted step may hold a = */
    if (label_make(setting, (size_t)(value - 1 - setting->text)))
        return -1;
    setting->value = value_parse(setting, value);
    return setting->value ? 0 : -1;
}

static void setting_reset(struct setting *setting)
{
    free(setting->pointer);
    free(setting->label);
    json_decref(setting->value);
}

struct qetl_document *qetl_document_set(const struct qetl_document *document,
                                        const char *const *settings, size_t n_settings,
                                        struct qetl_findings *findings)
{
    struct setting *items = calloc(n_settings + 1, sizeof *items);
    struct qetl_edit *edits = calloc(n_settings + 1, sizeof *edits);
    struct qetl_document *copy = NULL;
    size_t good = 0;
    if (!items || !edits)
        qetl_findings_no_memory(findings);
    for (size_t i = 0; items && edits && i < n_settings; i++) {
        items[i] = (struct setting){.text = settings[i], .findings = findings};
        if (setting_parse(&items[i]) == 0)
            edits[good++] =
                (struct qetl_edit){items[i].pointer, items[i].value, {items[i].label, 0, 0}};
    }
    if (items && edits)
        copy = qetl_document_edited(document, edits, good, findings);
    if (copy && good < n_settings) {
        qetl_document_free(copy);
        copy = NULL;
    }
    for (size_t i = 0; items && i < n_settings; i++)
        setting_reset(&items[i]);
    free(items);
    free(edits);
    return copy;
}
