/* SPDX-License-Identifier: Apache-2.0 */
#include "widen.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* In a row, each wider than the one before. */
static const char *const whole[] = {"smallint", "integer", "bigint", NULL};
static const char *const real[] = {"real", "double precision", NULL};

static int place_in(const char *const *row, const char *type)
{
    for (int i = 0; row[i]; i++)
        if (strcmp(row[i], type) == 0)
            return i;
    return -1;
}

static bool rises(const char *const *row, const char *from, const char *to)
{
    int first = place_in(row, from);
    return first >= 0 && place_in(row, to) > first;
}

enum { ANY_LENGTH = 1 << 30 };

/* How many characters it has at most; -1: it is no text of variable length. */
static int length_of(const char *type)
{
    int length, end = 0;
    if (strcmp(type, "text") == 0 || strcmp(type, "character varying") == 0)
        return ANY_LENGTH;
    bool fits = sscanf(type, "character varying(%9d)%n", &length, &end) == 1;
    return fits && end && !type[end] ? length : -1;
}

struct digits {
    int before, behind; /* the point */
};

/* Those of whole numbers, and of numeric; without precision, any. */
static bool digits_of(const char *type, struct digits *out)
{
    static const int of_whole[] = {5, 10, 19};
    int precision, scale, end = 0, at = place_in(whole, type);
    if (at >= 0) {
        *out = (struct digits){of_whole[at], 0};
        return true;
    }
    if (strcmp(type, "numeric") == 0) {
        *out = (struct digits){ANY_LENGTH, ANY_LENGTH};
        return true;
    }
    if (sscanf(type, "numeric(%4d,%5d)%n", &precision, &scale, &end) != 2)
        return false;
    *out = (struct digits){precision - scale, scale};
    return end && !type[end];
}

static bool lengthens(const char *from, const char *to)
{
    int first = length_of(from);
    return first >= 0 && length_of(to) > first;
}

static bool gains_digits(const char *from, const char *to)
{
    struct digits a, b;
    bool known = digits_of(from, &a) && digits_of(to, &b) && strncmp(to, "numeric", 7) == 0;
    return known && b.before >= a.before && b.behind >= a.behind && strcmp(from, to) != 0;
}

bool widens(const char *from, const char *to)
{
    return rises(whole, from, to) || rises(real, from, to) || lengthens(from, to) ||
           gains_digits(from, to);
}
