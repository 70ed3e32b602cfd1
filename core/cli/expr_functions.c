/* SPDX-License-Identifier: Apache-2.0 */
#include "expr_functions.h"

#include "config/suggest.h"
#include "expr/doc.h"
#include "show/wrap.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

static bool fits(const struct expr_doc *doc, const char *pattern)
{
    if (!pattern)
        return true;
    if (strpbrk(pattern, "*?["))
        return fnmatch(pattern, doc->name, FNM_CASEFOLD) == 0;
    return strcasestr(doc->name, pattern) != NULL;
}

static size_t count_of(const struct expr_doc_group *group, const char *pattern)
{
    size_t count = 0;
    for (size_t i = 0; i < group->count; i++)
        count += fits(&group->docs[i], pattern);
    return count;
}

static size_t count_all(const char *pattern)
{
    const struct expr_doc_group *group;
    size_t count = 0;
    for (size_t g = 0; (group = qetl_expr_doc_group(g)); g++)
        count += count_of(group, pattern);
    return count;
}

static void print_function(const struct expr_doc *doc, bool example, FILE *out, int width)
{
    enum { INDENT = 4 };
    qetl_wrap(doc->signature, 0, INDENT, width - 1, out);
    fprintf(out, "%*s", INDENT, "");
    qetl_wrap(doc->says, INDENT, INDENT, width - 1, out);
    if (example)
        fprintf(out, "%*s%s is %s\n", INDENT, "", doc->example, doc->result);
}

static void print_group(const struct expr_doc_group *group, const char *pattern, bool examples,
                        FILE *out, int width, int colour)
{
    fprintf(out, "%s%s%s\n", colour ? "\033[1m" : "", group->title, colour ? "\033[0m" : "");
    for (size_t i = 0; i < group->count; i++)
        if (fits(&group->docs[i], pattern))
            print_function(&group->docs[i], examples, out, width);
}

size_t qetl_functions_print(const char *pattern, FILE *out, int width, int colour)
{
    enum { FEW = 5 };
    const struct expr_doc_group *group;
    size_t count = count_all(pattern);
    bool first = true;
    for (size_t g = 0; (group = qetl_expr_doc_group(g)); g++) {
        if (!count_of(group, pattern))
            continue;
        fputs(first ? "" : "\n", out);
        first = false;
        print_group(group, pattern, count <= FEW, out, width, colour);
    }
    return count;
}

json_t *qetl_functions_json(const char *pattern)
{
    const struct expr_doc_group *group;
    json_t *list = json_array();
    for (size_t g = 0; (group = qetl_expr_doc_group(g)); g++)
        for (size_t i = 0; i < group->count; i++)
            if (fits(&group->docs[i], pattern))
                json_array_append_new(
                    list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "name", group->docs[i].name,
                                    "group", group->title, "signature", group->docs[i].signature,
                                    "says", group->docs[i].says, "example", group->docs[i].example,
                                    "result", group->docs[i].result));
    return list;
}

const char *qetl_functions_suggest(const char *word)
{
    const struct expr_doc_group *group;
    struct qetl_suggest suggest;
    qetl_suggest_init(&suggest, word);
    for (size_t g = 0; (group = qetl_expr_doc_group(g)); g++)
        for (size_t i = 0; i < group->count; i++)
            qetl_suggest_offer(&suggest, group->docs[i].name);
    return suggest.best;
}
