/* SPDX-License-Identifier: Apache-2.0 */
/* What options say that no type can: expressions, names of SQL types, files read and written. */
#include "config/mask.h"
#include "config/pointer.h"
#include "config/schema_visit.h"
#include "config/suggest.h"
#include "expr/syntax.h"
#include "pipeline_draft.h"

#include <qetl/sdk.h>

#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = 20000 }; /* that are compared; a list may name a million */

struct texts {
    struct qetl_drafts *drafts;
    const struct qetl_draft *draft;
};

/* ---- expressions ---- */

/* YAML takes  #>> 'path'  for a comment, and nobody would miss what it says. */
static int is_cut(struct texts *t, const char *pointer)
{
    const struct qetl_document *document = t->drafts->document;
    struct qetl_place place = qetl_document_cut_place(document, pointer);
    if (place.line == 0)
        return 0;
    struct qetl_finding *finding =
        qetl_document_error(document, pointer, QETL_AT_VALUE, t->drafts->findings, "bad_expression",
                            "to YAML this is a comment, and no part of the "
                            "expression before it");
    char *dotted = qetl_pointer_dotted(pointer);
    qetl_finding_at(finding, place.file, place.line, place.column, dotted);
    free(dotted);
    qetl_document_show(document, finding, place);
    qetl_finding_mend(finding, "put the expression in quotes, or another blank behind the # of a "
                               "comment");
    return 1;
}

static void check_expression(struct texts *t, const char *text, const char *pointer)
{
    struct qetl_expr_fault fault;
    if (is_cut(t, pointer))
        return;
    if (qetl_expr_syntax(text, &fault)) {
        bool secret =
            qetl_mask_holds(qetl_document_mask(t->drafts->document), text, fault.begin, fault.end);
        struct qetl_finding *finding =
            qetl_document_error(t->drafts->document, pointer, QETL_AT_VALUE, t->drafts->findings,
                                "bad_expression", "%s",
                                secret          ? QETL_MASK_MESSAGE
                                : fault.message ? fault.message
                                                : "this is no expression");
        qetl_document_text_at(t->drafts->document, finding, pointer, fault.begin, fault.end);
        qetl_finding_mend(finding, "%s",
                          secret       ? QETL_MASK_MEND
                          : fault.mend ? fault.mend
                                       : "an expression is SQL: quantity * unit_price > 100, "
                                         "name LIKE 'A%'");
    }
    qetl_expr_fault_free(&fault);
}

/* ---- types ---- */

static const char *const types[] = {
    "boolean", "smallint", "integer",   "bigint", "smallint unsigned",       "integer unsigned",
    "real",    "double",   "decimal",   "text",   "bigint unsigned",         "binary",
    "date",    "time",     "timestamp", "json",   "timestamp with time zone"};

/* What others call them. */
static const struct {
    const char *theirs, *ours;
} words[] = {{"string", "text"},
             {"str", "text"},
             {"varchar", "text"},
             {"char", "text"},
             {"utf8", "text"},
             {"float", "double"},
             {"float64", "double"},
             {"float32", "real"},
             {"number", "decimal(18,2)"},
             {"numeric", "decimal(18,2)"},
             {"money", "decimal(18,2)"},
             {"int64", "bigint"},
             {"long", "bigint"},
             {"int32", "integer"},
             {"int16", "smallint"},
             {"uint64", "bigint unsigned"},
             {"datetime", "timestamp"},
             {"bool", "boolean"},
             {"timestamptz", "timestamp with time zone"},
             {"bytes", "binary"},
             {"blob", "binary"},
             {"decimal", "decimal(18,2)"}};

static void mend_type(struct qetl_finding *finding, const char *text)
{
    struct qetl_suggest suggest;
    size_t size = strcspn(text, "(");
    char *word = strndup(text, size);
    const char *meant = NULL;
    qetl_suggest_init(&suggest, word ? word : "");
    for (size_t i = 0; word && i < sizeof words / sizeof *words; i++)
        if (strcasecmp(word, words[i].theirs) == 0)
            meant = words[i].ours;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        qetl_suggest_offer(&suggest, types[i]);
    if (text[size] && (strcasecmp(word ? word : "", "decimal") == 0 ||
                       strcasecmp(word ? word : "", "numeric") == 0))
        qetl_finding_mend(finding, "decimal(p,s) has p digits, 1 to 38, and s of them behind the "
                                   "point, 0 to p");
    else if (meant || suggest.best)
        qetl_finding_mend(finding, "did you mean `%s`?", meant ? meant : suggest.best);
    else
        qetl_finding_mend(finding, "boolean, smallint, integer, bigint (and … unsigned), real, "
                                   "double, decimal(p,s), text, binary, date, time, timestamp, "
                                   "timestamp with time zone");
    free(word);
}

static void check_type(struct texts *t, const char *text, const char *pointer)
{
    struct ArrowSchema schema = {0};
    int known = qetl_type_field(text, "", &schema) == QETL_OK;
    if (schema.release)
        schema.release(&schema);
    if (known || qetl_expr_knows_type(text))
        return;
    mend_type(qetl_document_error(t->drafts->document, pointer, QETL_AT_VALUE, t->drafts->findings,
                                  "unknown_type", "there is no type `%.60s`", text),
              text);
}

/* ---- files ---- */

static void note_file(struct texts *t, const json_t *value, const char *pointer, int writes)
{
    struct qetl_drafts *drafts = t->drafts;
    const char *path = json_string_value(value);
    if (!path || !*path || strcmp(path, "-") == 0 || drafts->n_files >= FILES_MAX)
        return;
    struct qetl_file_use *files =
        reallocarray(drafts->files, drafts->n_files + 1, sizeof *drafts->files);
    if (files)
        drafts->files = files;
    char *copy = strdup(pointer), *clean = qetl_path_clean(path);
    if (files && copy && clean) {
        files[drafts->n_files++] = (struct qetl_file_use){t->draft, clean, copy, writes};
        return;
    }
    free(copy);
    free(clean);
    qetl_drafts_no_memory(drafts);
}

static void check_value(void *arg, const json_t *schema, const json_t *value, const char *pointer)
{
    struct texts *t = arg;
    const char *format = json_string_value(json_object_get(schema, "format"));
    const char *file = json_string_value(json_object_get(schema, "x-file"));
    const char *text = json_string_value(value);
    if (text && format && strcmp(format, "sql-expression") == 0)
        check_expression(t, text, pointer);
    else if (text && format && strcmp(format, "sql-type") == 0)
        check_type(t, text, pointer);
    if (!file)
        return;
    note_file(t, value, pointer, strcmp(file, "writes") == 0);
    for (size_t i = 0; i < json_array_size(value); i++)
        note_file(t, json_array_get(value, i), pointer, strcmp(file, "writes") == 0);
}

void qetl_draft_texts(struct qetl_drafts *drafts, const struct qetl_draft *draft,
                      const json_t *schema, const json_t *value, const char *pointer)
{
    struct texts t = {drafts, draft};
    struct qetl_visit visit = {check_value, &t};
    if (qetl_schema_visit(&visit, schema, value, pointer))
        qetl_drafts_no_memory(drafts);
}
