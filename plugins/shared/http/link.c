/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include <string.h>
#include <strings.h>

static const char *blanks(const char *at)
{
    return at + strspn(at, " \t");
}

/* Behind a quoted text, whose content is [*text, *text + *size). */
static const char *quoted(const char *at, const char **text, size_t *size)
{
    const char *end = at + 1;
    while (*end && *end != '"')
        end += *end == '\\' && end[1] ? 2 : 1;
    *text = at + 1;
    *size = (size_t)(end - at - 1);
    return *end ? end + 1 : end;
}

static bool has_word(const char *text, size_t size, const char *word)
{
    size_t wanted = strlen(word);
    for (size_t i = 0; i < size;) {
        size_t n = i;
        while (n < size && text[n] != ' ' && text[n] != '\t')
            n++;
        if (n - i == wanted && strncasecmp(text + i, word, wanted) == 0)
            return true;
        i = n + 1;
    }
    return false;
}

/* One parameter: behind its semicolon. The first `rel` counts. */
static const char *parameter(const char *at, const char *relation, bool *seen, bool *found)
{
    const char *name = blanks(at), *text = "";
    size_t named = strcspn(name, "=;, \t"), size = 0;
    at = blanks(name + named);
    if (*at == '=') {
        text = blanks(at + 1);
        if (*text == '"') {
            at = quoted(text, &text, &size);
        } else {
            size = strcspn(text, ";, \t");
            at = text + size;
        }
    }
    if (named == 3 && strncasecmp(name, "rel", 3) == 0 && !*seen) {
        *seen = true;
        *found = has_word(text, size, relation);
    }
    return blanks(at);
}

bool http_link_find(const char *header, const char *relation, const char **target, size_t *size)
{
    for (const char *at = header; *at;) {
        at += strspn(at, " \t,");
        if (*at != '<')
            return false;
        const char *begin = at + 1, *end = strchr(begin, '>');
        bool seen = false, found = false;
        if (!end)
            return false;
        for (at = blanks(end + 1); *at == ';';)
            at = parameter(at + 1, relation, &seen, &found);
        if (found) {
            *target = begin;
            *size = (size_t)(end - begin);
            return true;
        }
        if (*at && *at != ',')
            return false;
    }
    return false;
}
