/* SPDX-License-Identifier: Apache-2.0 */
#include "since.h"
#include "../../shared/http/url.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char mark[] = "{since}";

static int32_t no_memory(const struct since *s)
{
    return qetl_fail(s->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for what is new");
}

int32_t since_read(struct since *s, struct qetl_env env, const struct asking *asking)
{
    *s = (struct since){.env = env, .param = qetl_option_text(env, "/since/param")};
    s->form = qetl_option_text(env, "/since/as");
    s->text = qetl_option_text(env, "/since/value");
    if (s->text && !strstr(s->text, mark))
        return qetl_fail(env, QETL_E_CONFIG, "/since/value", "write it as gte.{since}",
                         "`%.200s` has no {since}, in whose place the value would stand", s->text);
    return asking_in_body(s->param) ? asking_body_check(asking, env, "/since/param", s->param)
                                    : QETL_OK;
}

void since_free(struct since *s)
{
    free(s->value);
    *s = (struct since){0};
}

/* ---- how a moment is written ---- */

/* "2026-01-31", or "2026-01-31 23:59:58.25+02:00"; what has no zone is in UTC. *rest: behind the
 * seconds. false: it is no such text. */
static bool moment_read(const char *text, struct tm *out, const char **rest)
{
    *out = (struct tm){.tm_mday = 1};
    *rest = strptime(text, "%Y-%m-%d", out);
    if (*rest && (**rest == ' ' || **rest == 'T'))
        *rest = strptime(*rest + 1, "%H:%M:%S", out);
    return *rest;
}

/* Seconds east of Greenwich behind a fraction. */
static bool zone_read(const char *text, long *out)
{
    int hours = 0, minutes = 0;
    char sign = 0;
    *out = 0;
    text += *text == '.' ? 1 + strspn(text + 1, "0123456789") : 0;
    if (!*text || strcmp(text, "Z") == 0)
        return true;
    if (sscanf(text, "%c%2d:%2d", &sign, &hours, &minutes) < 2 || (sign != '+' && sign != '-'))
        return false;
    *out = (sign == '-' ? -1 : 1) * (hours * 3600L + minutes * 60L);
    return true;
}

static int64_t milliseconds(const char *fraction)
{
    int64_t ms = 0;
    for (int i = 1; *fraction == '.' && i <= 3; i++)
        ms = ms * 10 + (strspn(fraction + 1, "0123456789") >= (size_t)i ? fraction[i] - '0' : 0);
    return ms;
}

/* The same moment as the service reads it, to be freed. *known: it is one that is known here. */
static char *moment_write(const char *text, const char *form, bool *known)
{
    struct tm tm;
    const char *rest;
    long zone = 0;
    char *out = NULL;
    int size;
    *known = moment_read(text, &tm, &rest) && zone_read(rest, &zone);
    if (!*known)
        return NULL;
    bool is_date = strlen(text) == 10;
    int64_t seconds = timegm(&tm) - zone;
    if (strcmp(form, "unix") == 0)
        size = asprintf(&out, "%lld", (long long)seconds);
    else if (strcmp(form, "unix_ms") == 0)
        size = asprintf(&out, "%lld", (long long)(seconds * 1000 + milliseconds(rest)));
    else if (strcmp(form, "date") == 0 || is_date)
        size = asprintf(&out, "%.10s", text);
    else
        size = asprintf(&out, "%.10sT%.8s%.*s%s", text, text + 11, (int)strcspn(rest, "+-Z"), rest,
                        zone ? rest + strcspn(rest, "+-Z") : "Z");
    return size < 0 ? NULL : out;
}

/* ---- the condition ---- */

static bool is_call(const json_t *tree, const char *name)
{
    const char *call = json_string_value(json_object_get(tree, "call"));
    return call && strcmp(call, name) == 0;
}

/* Of "column >= literal", or of that with "or column is null"; NULL: it is another. */
static const json_t *literal_of(const json_t *tree)
{
    const json_t *args = json_object_get(tree, "args");
    if (is_call(tree, "or") && is_call(json_array_get(args, 1), "is null")) {
        tree = json_array_get(args, 0);
        args = json_object_get(tree, "args");
    }
    bool from = is_call(tree, ">=") && json_object_get(json_array_get(args, 0), "column");
    return from ? json_array_get(args, 1) : NULL;
}

/* To be freed; *known: the literal is one that is known here. */
static char *literal_text(const struct since *s, const json_t *literal, bool *known)
{
    const char *form = s->form ? s->form : "rfc3339";
    const char *moment =
        json_string_value(json_object_get(json_object_get(literal, "arg"), "text"));
    const char *text = json_string_value(json_object_get(literal, "text"));
    bool negative = is_call(literal, "negate");
    const json_t *plain = negative ? json_array_get(json_object_get(literal, "args"), 0) : literal;
    const char *number = json_string_value(json_object_get(plain, "number"));
    char *out = NULL;
    *known = true;
    if (moment && json_object_get(literal, "cast"))
        return moment_write(moment, form, known);
    *known = text || number;
    return !*known || asprintf(&out, "%s%s", negative ? "-" : "", text ? text : number) < 0 ? NULL
                                                                                            : out;
}

int32_t since_take(struct since *s, const char *tree_text)
{
    json_t *tree = s->param && !s->value ? json_loads(tree_text, 0, NULL) : NULL;
    const json_t *literal = literal_of(tree);
    bool known = false;
    if (literal)
        s->value = literal_text(s, literal, &known);
    json_decref(tree);
    return s->value ? QETL_PUSH_PARTIAL : known ? no_memory(s) : QETL_PUSH_NO;
}

/* ---- requests ---- */

/* Within the text of the option, to be freed. NULL: no memory. */
static char *framed(const struct since *s, const char *value)
{
    const char *at = s->text ? strstr(s->text, mark) : NULL;
    char *out = NULL;
    if (!at)
        return strdup(value);
    return asprintf(&out, "%.*s%s%s", (int)(at - s->text), s->text, value, at + sizeof mark - 1) < 0
               ? NULL
               : out;
}

/* A number is one in a body, too, unless there is text around it. */
static char *in_body(const struct since *s, const char *text)
{
    char *end;
    json_t *json = json_string(text);
    char *quoted = json ? json_dumps(json, JSON_ENCODE_ANY) : NULL;
    strtod(text, &end);
    json_decref(json);
    if (!quoted || s->text || *end || !*text)
        return quoted;
    free(quoted);
    return strdup(text);
}

static bool replace(char **what, char *with)
{
    if (!with)
        return false;
    free(*what);
    *what = with;
    return true;
}

int32_t since_apply(const struct since *s, struct asking *asking)
{
    const char *value = s->value ? s->value : qetl_option_text(s->env, "/since/first");
    if (!s->param || !value)
        return QETL_OK;
    char *text = framed(s, value);
    bool fine;
    if (text && asking_in_body(s->param)) {
        char *json = in_body(s, text);
        fine = json && replace(&asking->body, asking_body_set(asking->body, s->param, json));
        asking->body_size = asking->body ? strlen(asking->body) : 0;
        free(json);
    } else {
        fine = text && replace(&asking->url, http_url_set(asking->url, s->param, text));
    }
    free(text);
    return fine ? QETL_OK : no_memory(s);
}
