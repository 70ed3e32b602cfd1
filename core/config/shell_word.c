/* SPDX-License-Identifier: Apache-2.0 */
#include "shell_word.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A word that begins with ~ is somebody's home. */
static bool is_plain(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_./+:,@%-";
    return *text && text[strspn(text, plain)] == '\0';
}

/* Nothing but ' ends what it begins: 'it'\''s' is it's. */
static char *in_quotes(const char *text)
{
    char *word = malloc(4 * strlen(text) + 3), *at = word;
    if (!word)
        return NULL;
    *at++ = '\'';
    for (; *text; text++)
        if (*text == '\'') {
            memcpy(at, "'\\''", 4);
            at += 4;
        } else {
            *at++ = *text;
        }
    memcpy(at, "'", 2);
    return word;
}

char *qetl_shell_word(const char *text)
{
    return is_plain(text) ? strdup(text) : in_quotes(text);
}

char *qetl_shell_sentence(const char *sentence, const char *text)
{
    char *word = qetl_shell_word(text), *out = NULL, *at;
    size_t size = word ? strlen(word) : 0, n = 0;
    for (const char *hole = sentence; (hole = strstr(hole, "{}")); hole += 2)
        n++;
    if (word)
        out = at = malloc(strlen(sentence) + n * size + 1);
    if (out)
        for (const char *hole; (hole = strstr(sentence, "{}")); sentence = hole + 2) {
            at = mempcpy(at, sentence, (size_t)(hole - sentence));
            at = mempcpy(at, word, size);
        }
    if (out)
        memcpy(at, sentence, strlen(sentence) + 1);
    free(word);
    return out;
}
