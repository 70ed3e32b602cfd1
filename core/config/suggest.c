/* SPDX-License-Identifier: Apache-2.0 */
#include "suggest.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { WORD_MAX = 64 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* ASCII alone: what the locale thinks of letters must not change a message. */
static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Optimal string alignment, three rows at a time. */
size_t qetl_suggest_distance(const char *a, const char *b)
{
    size_t a_size = strlen(a), b_size = strlen(b);
    size_t rows[3][WORD_MAX + 1];
    if (a_size > WORD_MAX || b_size > WORD_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b_size; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t change = above[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));
            row[j] = least(change, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return rows[a_size % 3][b_size];
}

void qetl_suggest_init(struct qetl_suggest *suggest, const char *word)
{
    size_t size = strlen(word);
    *suggest = (struct qetl_suggest){word, NULL, size < 6 ? 2 : size / 3 + 1};
    if (size < 3)
        suggest->distance = size == 0 ? 0 : 1 + (size > 1);
}

/* `delim` is `delimiter`. */
static int is_beginning(const char *word, const char *candidate)
{
    size_t size = strlen(word);
    return size >= 4 && strncasecmp(word, candidate, size) == 0;
}

void qetl_suggest_offer(struct qetl_suggest *suggest, const char *candidate)
{
    size_t distance = qetl_suggest_distance(suggest->word, candidate);
    if (distance > 1 && is_beginning(suggest->word, candidate))
        distance = 1;
    if (distance >= suggest->distance)
        return;
    suggest->distance = distance;
    suggest->best = candidate;
}
