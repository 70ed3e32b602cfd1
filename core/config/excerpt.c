/* SPDX-License-Identifier: Apache-2.0 */
#include "excerpt.h"

#include <stdlib.h>
#include <string.h>

enum { BEFORE_MAX = 90 };

static int is_tail(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

static int characters_between(const char *text, size_t begin, size_t end)
{
    int count = 0;
    for (size_t i = begin; i < end; i++)
        count += !is_tail(text[i]);
    return count;
}

static int ends_line(char c)
{
    return c == '\n' || c == '\r';
}

/* Where the word that begins there ends; at least one character behind. */
static size_t word_end(const char *text, size_t size, size_t begin)
{
    size_t end = begin;
    if (begin < size && (text[begin] == '"' || text[begin] == '\'')) {
        while (++end < size && text[end] != text[begin] && !ends_line(text[end]))
            ;
        return end + 1;
    }
    if (begin + 1 < size && text[begin] == '$' && text[begin + 1] == '{') {
        while (end < size && text[end] != '}' && !ends_line(text[end]))
            end++;
        return end + (end < size && text[end] == '}');
    }
    while (end < size && (((text[end] | 32) >= 'a' && (text[end] | 32) <= 'z') ||
                          (text[end] >= '0' && text[end] <= '9') || strchr("_-./*", text[end]) ||
                          (unsigned char)text[end] >= 0x80))
        end++;
    return end > begin ? end : begin + 1;
}

/* The places of secrets are known once a file is understood, which is not always. */
static int is_telling(const char *line, size_t size)
{
    static const char *const words[] = {"password", "passwd", "secret",    "token",
                                        "api_key",  "apikey", "credential"};
    char *copy = strndup(line, size);
    int telling = !copy;
    for (char *c = copy; copy && *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c | 32 : *c);
    for (size_t i = 0; copy && i < sizeof words / sizeof *words; i++)
        for (const char *at = strstr(copy, words[i]); at; at = strstr(at, words[i])) {
            int named = at < copy + 2 || strncmp(at - 2, "${", 2) != 0; /* not ${secret:NAME} */
            at += strlen(words[i]);
            at += strspn(at, "_abcdefghijklmnopqrstuvwxyz0123456789\"'");
            if (named && *at == ':')
                at += 1 + strspn(at + 1, " \t\"'");
            else
                continue;
            telling |= *at && strncmp(at, "${", 2) != 0 && !strchr("}]#", *at);
        }
    free(copy);
    return telling;
}

void qetl_finding_excerpt(struct qetl_finding *finding, const char *text, size_t size, size_t begin,
                          size_t end)
{
    size_t first = begin, last = begin;
    if (!finding || begin > size)
        return;
    while (first > 0 && !ends_line(text[first - 1]) && begin - first < BEFORE_MAX)
        first--;
    while (last < size && !ends_line(text[last]) && last - first < QETL_EXCERPT_MAX)
        last++;
    while (first < begin && is_tail(text[first]))
        first++;
    while (last > begin && last < size && is_tail(text[last]))
        last--;
    free(finding->excerpt);
    finding->excerpt =
        is_telling(text + first, last - first) ? NULL : strndup(text + first, last - first);
    for (char *c = finding->excerpt; c && *c; c++)
        *c = *c == '\t' ? ' ' : *c;
    if (end <= begin)
        end = word_end(text, size, begin);
    end = end < last ? end : last;
    finding->caret = characters_between(text, first, begin);
    finding->caret_width = end > begin ? characters_between(text, begin, end) : 1;
}

size_t qetl_excerpt_offset(const char *text, size_t size, int line, int column)
{
    size_t at = 0;
    for (; line > 1; line--) {
        while (at < size && !ends_line(text[at]))
            at++;
        at += at + 1 < size && text[at] == '\r' && text[at + 1] == '\n' ? 2 : 1;
    }
    for (; column > 1 && at < size; column--)
        for (at++; at < size && is_tail(text[at]);)
            at++;
    return at;
}

void qetl_finding_excerpt_line(struct qetl_finding *finding, const char *text, size_t size,
                               size_t width)
{
    size_t at, end;
    if (!finding || !text || finding->line < 1 || finding->column < 1)
        return;
    at = qetl_excerpt_offset(text, size, finding->line, finding->column);
    for (end = at; width > 0 && end < size && !ends_line(text[end]); width--)
        for (end++; end < size && is_tail(text[end]);)
            end++;
    qetl_finding_excerpt(finding, text, size, at, end);
}

int qetl_excerpt_print(const struct qetl_finding *finding, int indent, FILE *out)
{
    if (!finding->excerpt || !*finding->excerpt)
        return -1;
    fprintf(out, "%*s%s\n%*s^", indent, "", finding->excerpt, indent + finding->caret, "");
    for (int i = 1; i < finding->caret_width; i++)
        fputc('~', out);
    return 0;
}
