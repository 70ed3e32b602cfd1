/* SPDX-License-Identifier: Apache-2.0 */
#include "select.h"

#include <stdio.h>
#include <stdlib.h>

/* The pointer of an option's member; a key that is too long is cut, and then found nowhere. */
static void pointer_make(char *out, const char *option, const char *key)
{
    if (qetl_option_pointer(out, SELECT_POINTER_MAX, option, key))
        snprintf(out, SELECT_POINTER_MAX, "%s", option);
}

/* A column of that name; a failure, or SELECT_SKIPPED where missing names are passed over. */
static int64_t column_find(const struct select *select, const struct ArrowSchema *input,
                           const char *option, const char *name)
{
    if (!select->skips || !name || qetl_schema_find(input, name) >= 0)
        return qetl_schema_require(select->env, input, option, name);
    qetl_logf(select->env, QETL_LOG_WARN, "there is no column \"%s\" (%s): passed over", name,
              option);
    return SELECT_SKIPPED;
}

/* A star stands for any text; a name that the input has is no pattern. */
static bool is_pattern(const struct ArrowSchema *input, const char *name)
{
    return name && strchr(name, '*') && qetl_schema_find(input, name) < 0;
}

static bool matches(const char *pattern, const char *name)
{
    const char *star = NULL, *back = NULL;

    while (*name) {
        if (*pattern == '*') {
            star = pattern++;
            back = name;
        } else if (*pattern == *name) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star + 1;
            name = ++back;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

static int32_t pattern_fail(const struct select *select, const char *option, const char *pattern)
{
    if (!select->skips)
        return qetl_fail(select->env, QETL_E_CONFIG, option, "qetl preview shows the columns",
                         "no column's name is like \"%s\"", pattern);
    qetl_logf(select->env, QETL_LOG_WARN, "no column's name is like \"%s\" (%s)", pattern, option);
    return QETL_OK;
}

void select_reset(struct select *select)
{
    for (int64_t i = 0; i < select->n_chosen; i++)
        select->exprs.service->free(select->chosen[i].expr);
    free(select->chosen);
    select->chosen = NULL;
    select->n_chosen = select->n_casts = 0;
}

/* All columns that a pattern names and no entry before it. */
static int32_t choose_pattern(struct select *select, const struct ArrowSchema *input,
                              const char *option, const char *pattern)
{
    bool any = false;

    for (int64_t i = 0; i < input->n_children; i++) {
        bool chosen = false;
        if (!matches(pattern, input->children[i]->name))
            continue;
        any = true;
        for (int64_t k = 0; k < select->n_chosen; k++)
            chosen |= select->chosen[k].column == i;
        if (!chosen)
            select->chosen[select->n_chosen++] =
                (struct chosen){.column = i, .name = input->children[i]->name};
    }
    return any ? QETL_OK : pattern_fail(select, option, pattern);
}

/* Entry i of `columns`: a name, a pattern, or {old: new}. */
static int32_t choose_entry(struct select *select, const struct ArrowSchema *input, int64_t i)
{
    char pointer[SELECT_POINTER_MAX], inner[SELECT_POINTER_MAX];
    const char *old, *name;
    int64_t column;

    snprintf(pointer, sizeof pointer, "/columns/%lld", (long long)i);
    old = name = qetl_option_text(select->env, pointer);
    if (qetl_option_kind(select->env, pointer) == QETL_OPTION_OBJECT) {
        if (qetl_option_count(select->env, pointer) != 1)
            return qetl_fail(select->env, QETL_E_CONFIG, pointer,
                             "give each renamed column an entry of its own: - {old: new}",
                             "an entry that renames holds exactly one {old: new}");
        old = qetl_option_key(select->env, pointer, 0);
        pointer_make(inner, pointer, old);
        name = qetl_option_text(select->env, inner);
    } else if (is_pattern(input, old)) {
        return choose_pattern(select, input, pointer, old);
    }
    column = column_find(select, input, pointer, old);
    if (column < 0)
        return column == SELECT_SKIPPED ? QETL_OK : (int32_t)column;
    select->chosen[select->n_chosen++] = (struct chosen){.column = column, .name = name};
    return QETL_OK;
}

static int32_t choose(struct select *select, const struct ArrowSchema *input)
{
    bool listed = qetl_option_given(select->env, "/columns");
    int64_t n = listed ? qetl_option_count(select->env, "/columns") : input->n_children;
    int32_t status = QETL_OK;

    select->chosen = calloc((size_t)(n + input->n_children) + 1, sizeof *select->chosen);
    if (!select->chosen)
        return qetl_exprs_fail_memory(&select->exprs);
    for (int64_t i = 0; i < n; i++) {
        int32_t one = listed ? choose_entry(select, input, i) : QETL_OK;
        status = status ? status : one;
        if (!listed)
            select->chosen[select->n_chosen++] =
                (struct chosen){.column = i, .name = input->children[i]->name};
    }
    return status;
}

/* Takes out what entry i of `drop` names. */
static int32_t drop_entry(struct select *select, const struct ArrowSchema *input, int64_t i)
{
    char pointer[SELECT_POINTER_MAX];
    int64_t column = -1, kept = 0;
    const char *name;
    bool pattern, any = false;

    snprintf(pointer, sizeof pointer, "/drop/%lld", (long long)i);
    name = qetl_option_text(select->env, pointer);
    pattern = is_pattern(input, name);
    if (!pattern)
        column = column_find(select, input, pointer, name);
    if (!pattern && column < 0)
        return column == SELECT_SKIPPED ? QETL_OK : (int32_t)column;
    for (int64_t k = 0; k < input->n_children; k++)
        any |= pattern && matches(name, input->children[k]->name);
    if (pattern && !any)
        return pattern_fail(select, pointer, name);
    for (int64_t k = 0; k < select->n_chosen; k++) {
        const struct chosen *c = &select->chosen[k];
        if (pattern ? !matches(name, input->children[c->column]->name) : c->column != column)
            select->chosen[kept++] = *c;
    }
    select->n_chosen = kept;
    return QETL_OK;
}

static int32_t drop(struct select *select, const struct ArrowSchema *input)
{
    int64_t n =
        qetl_option_given(select->env, "/drop") ? qetl_option_count(select->env, "/drop") : 0;
    int32_t status = QETL_OK;

    for (int64_t i = 0; i < n; i++) {
        int32_t one = drop_entry(select, input, i);
        status = status ? status : one;
    }
    if (status)
        return status;
    if (select->n_chosen == 0)
        return qetl_fail(select->env, QETL_E_CONFIG, n ? "/drop" : NULL, "keep at least one column",
                         "select leaves no column");
    return QETL_OK;
}

/* The column that an entry of `rename` or `cast` names, which must be among the chosen ones. */
int64_t select_keyed(struct select *select, const struct ArrowSchema *input, const char *option,
                     int64_t i, char pointer[SELECT_POINTER_MAX])
{
    const char *key = qetl_option_key(select->env, option, i);
    int64_t column;

    pointer_make(pointer, option, key ? key : "");
    column = column_find(select, input, pointer, key);
    for (int64_t k = 0; column >= 0 && k < select->n_chosen; k++)
        if (select->chosen[k].column == column)
            return column;
    if (column < 0)
        return column;
    return qetl_fail(select->env, QETL_E_CONFIG, pointer, "take it out here, or choose the column",
                     "column \"%s\" does not go on to the output", key);
}

static int32_t rename_chosen(struct select *select, const struct ArrowSchema *input)
{
    int64_t n =
        qetl_option_given(select->env, "/rename") ? qetl_option_count(select->env, "/rename") : 0;
    char pointer[SELECT_POINTER_MAX];
    int32_t status = QETL_OK;

    for (int64_t i = 0; i < n; i++) {
        int64_t column = select_keyed(select, input, "/rename", i, pointer);
        if (column < 0 && column != SELECT_SKIPPED && !status)
            status = (int32_t)column;
        for (int64_t k = 0; k < select->n_chosen; k++)
            if (select->chosen[k].column == column)
                select->chosen[k].name = qetl_option_text(select->env, pointer);
    }
    return status;
}

static int32_t names_check(const struct select *select)
{
    for (int64_t i = 0; i < select->n_chosen; i++)
        for (int64_t k = 0; k < i; k++)
            if (!strcmp(select->chosen[i].name, select->chosen[k].name))
                return qetl_fail(select->env, QETL_E_CONFIG, "/columns",
                                 "give one of them another name: {old: new}",
                                 "two columns of the output are named \"%s\"",
                                 select->chosen[i].name);
    return QETL_OK;
}

int32_t select_choose(struct select *select, const struct ArrowSchema *input)
{
    int32_t status;

    select_reset(select);
    status = choose(select, input);
    if (!status)
        status = drop(select, input);
    if (!status)
        status = rename_chosen(select, input);
    return status ? status : names_check(select);
}
