/* SPDX-License-Identifier: Apache-2.0 */
#include "pager.h"
#include "../../shared/http/scan.h"
#include "../../shared/http/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- options ---- */

/* Which words each kind of pagination has, and what they are where nothing is said. */
struct kind {
    const char *word, *param, *words;
};

static const struct kind kinds[] = {
    [PAGER_NONE] = {"none", NULL, ""},
    [PAGER_OFFSET] =
        {"offset", "offset",
         " param limit limit_param first more ends total until end_status repeats stable "},
    [PAGER_PAGE] = {"page", "page",
                    " param limit limit_param first more ends total pages until end_status "
                    "repeats stable "},
    [PAGER_CURSOR] = {"cursor", "cursor",
                      " param limit limit_param from last header more ends until "},
    [PAGER_NEXT] = {"next", NULL, " limit limit_param from header more ends until stable "},
    [PAGER_LINK] = {"link", NULL, " limit limit_param more ends until stable "},
};

static int32_t words_check(struct qetl_env env, const struct kind *kind)
{
    const char *word;
    for (int64_t i = 0; (word = qetl_option_key(env, "/pagination", i)); i++) {
        char pointer[80], padded[80];
        snprintf(padded, sizeof padded, " %s ", word);
        snprintf(pointer, sizeof pointer, "/pagination/%s", word);
        if (strcmp(word, "kind") != 0 && !strstr(kind->words, padded) &&
            qetl_option_given(env, pointer))
            return qetl_fail(env, QETL_E_CONFIG, pointer, NULL, "pagination `%s` has no `%s`",
                             kind->word, word);
    }
    return QETL_OK;
}

static int32_t pointer_read(struct qetl_env env, const char *option, const char **out)
{
    *out = qetl_option_text(env, option);
    if (!*out || scan_pointer_good(*out))
        return QETL_OK;
    return qetl_fail(env, QETL_E_CONFIG, option, "write it as /data/items; a slash in a key is ~1",
                     "`%s` is no JSON pointer", *out);
}

static const char *text_or(struct qetl_env env, const char *option, const char *fallback)
{
    const char *text = qetl_option_text(env, option);
    return text ? text : fallback;
}

/* A cursor or URL stands in one place. */
static int32_t sources_check(const struct pager *p, const struct kind *kind)
{
    struct qetl_env env = p->env;
    int n = qetl_option_given(env, "/pagination/from") +
            qetl_option_given(env, "/pagination/last") + (p->header != NULL);
    bool pointed = p->kind == PAGER_CURSOR || p->kind == PAGER_NEXT;
    if (!pointed || n == 1)
        return QETL_OK;
    if (n)
        return qetl_fail(env, QETL_E_CONFIG, "/pagination", "say one of them",
                         "`from`, `last` and `header` each say what is next");
    return qetl_fail(env, QETL_E_CONFIG, "/pagination", "say `from: /meta/next`, a JSON pointer",
                     "pagination `%s` needs `from`%s or `header`: where a page says what is next",
                     kind->word, p->kind == PAGER_CURSOR ? ", `last`" : "");
}

static int32_t words_read(struct pager *p, const struct kind *kind)
{
    struct qetl_env env = p->env;
    p->param = text_or(env, "/pagination/param", kind->param);
    p->limit_param = text_or(env, "/pagination/limit_param", "limit");
    p->limit = qetl_option_int(env, "/pagination/limit");
    p->first = qetl_option_given(env, "/pagination/first")
                   ? qetl_option_int(env, "/pagination/first")
                   : p->kind == PAGER_PAGE;
    p->until_short = strcmp(text_or(env, "/pagination/until", "empty"), "short") == 0;
    p->allows_repeats = strcmp(text_or(env, "/pagination/repeats", "error"), "allow") == 0;
    if (p->until_short && !p->limit)
        return qetl_fail(env, QETL_E_CONFIG, "/pagination/until", "say `limit`",
                         "how many rows a page has must be known, to know which one is short");
    if (p->kind == PAGER_PAGE && !p->limit && qetl_option_given(env, "/pagination/total"))
        return qetl_fail(
            env, QETL_E_CONFIG, "/pagination/total", "say `limit`",
            "how many rows a page has must be known, to know how many pages there are");
    p->header = qetl_option_text(env, "/pagination/header");
    if (!p->limit && qetl_option_given(env, "/pagination/limit_param"))
        return qetl_fail(env, QETL_E_CONFIG, "/pagination/limit_param", "say `limit`",
                         "there is no limit to be sent");
    int32_t status = sources_check(p, kind);
    if (!status)
        status = pointer_read(env, "/pagination/from", &p->from);
    if (!status)
        status = pointer_read(env, "/pagination/last", &p->last);
    if (!status)
        status = pointer_read(env, "/pagination/more", &p->more);
    if (!status)
        status = pointer_read(env, "/pagination/total", &p->total);
    if (!status)
        status = pointer_read(env, "/pagination/pages", &p->pages);
    if (!status)
        status = ending_read(&p->ending, env);
    return status ? status : pointer_read(env, "/records", &p->records);
}

int32_t pager_init(struct pager *p, struct qetl_env env)
{
    const char *word = qetl_option_text(env, "/pagination/kind");
    size_t n = sizeof kinds / sizeof *kinds, kind = PAGER_NONE;
    *p = (struct pager){.env = env};
    while (word && kind < n && strcmp(word, kinds[kind].word) != 0)
        kind++;
    if (kind == n)
        return qetl_fail(env, QETL_E_CONFIG, "/pagination/kind", NULL,
                         "`%s` is no kind of pagination", word);
    p->kind = (enum pager_kind)kind;
    int32_t status = words_check(env, &kinds[kind]);
    return status ? status : words_read(p, &kinds[kind]);
}

int32_t pager_check(const struct pager *p, const struct asking *asking)
{
    int32_t status = QETL_OK;
    if (asking_in_body(p->param) && p->header)
        return qetl_fail(p->env, QETL_E_CONFIG, "/pagination/param", "name one of the query",
                         "what a header says does not go into the body");
    if (asking_in_body(p->param))
        status = asking_body_check(asking, p->env, "/pagination/param", p->param);
    if (!status && p->limit && asking_in_body(p->limit_param))
        status = asking_body_check(asking, p->env, "/pagination/limit_param", p->limit_param);
    return status;
}

void pager_free(struct pager *p)
{
    seen_free(&p->seen);
    seen_free(&p->cut);
}

void pager_start(struct pager *p, struct place *first)
{
    seen_free(&p->seen);
    p->bound = p->total || p->pages ? p->first : INT64_MAX;
    *first = (struct place){.number = p->first};
}

/* ---- places ---- */

void place_free(struct place *place)
{
    free(place->text);
    *place = (struct place){0};
}

bool place_copy(struct place *out, const struct place *from)
{
    *out = *from;
    out->text = from->text ? strdup(from->text) : NULL;
    return !from->text || out->text;
}

bool place_equals(const struct place *a, const struct place *b)
{
    return a->ended == b->ended && a->number == b->number && !a->text == !b->text &&
           (!a->text || strcmp(a->text, b->text) == 0);
}

bool pager_guess(const struct pager *p, const struct place *at, struct place *out)
{
    *out = (struct place){0};
    if (p->kind == PAGER_PAGE)
        out->number = at->number + 1;
    else if (p->kind == PAGER_OFFSET && p->limit)
        out->number = at->number + p->limit;
    else
        return false;
    return out->number < p->bound;
}

bool pager_ends_with(const struct pager *p, const struct place *at, long status)
{
    int64_t n = qetl_option_count(p->env, "/pagination/end_status");
    for (int64_t i = 0; i < n && at->number != p->first; i++) {
        char pointer[64];
        snprintf(pointer, sizeof pointer, "/pagination/end_status/%lld", (long long)i);
        if (qetl_option_int(p->env, pointer) == status)
            return true;
    }
    return false;
}

/* ---- requests ---- */

/* Takes url. */
static char *with_number(char *url, const char *name, int64_t value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", (long long)value);
    char *longer = url ? http_url_set(url, name, digits) : NULL;
    free(url);
    return longer;
}

char *pager_url(const struct pager *p, const char *base, const struct place *at)
{
    bool in_url = !asking_in_body(p->param);
    if (at->text && p->kind != PAGER_CURSOR)
        return strdup(at->text);
    char *url = at->text && in_url ? http_url_set(base, p->param, at->text) : strdup(base);
    if (in_url && (p->kind == PAGER_OFFSET || p->kind == PAGER_PAGE))
        url = with_number(url, p->param, at->number);
    if (p->limit && !asking_in_body(p->limit_param))
        url = with_number(url, p->limit_param, p->limit);
    return url;
}

/* Takes body; NULL: base. */
static char *with_json(char *body, const char *base, const char *param, const char *json,
                       bool *failed)
{
    char *changed = *failed ? NULL : asking_body_set(body ? body : base, param, json);
    *failed |= !changed;
    free(body);
    return changed;
}

char *pager_body(const struct pager *p, const char *base, const struct place *at, bool *failed)
{
    char digits[24], *body = NULL;
    bool numbered = p->kind == PAGER_OFFSET || p->kind == PAGER_PAGE;
    *failed = false;
    if (asking_in_body(p->param) && (numbered || at->text)) {
        snprintf(digits, sizeof digits, "%lld", (long long)at->number);
        body = with_json(body, base, p->param, numbered ? digits : at->text, failed);
    }
    if (p->limit && asking_in_body(p->limit_param)) {
        snprintf(digits, sizeof digits, "%lld", (long long)p->limit);
        body = with_json(body, base, p->limit_param, digits, failed);
    }
    return body;
}
