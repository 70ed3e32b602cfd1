/* SPDX-License-Identifier: Apache-2.0 */
#include "range.h"

#include "version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PART_MAX = QETL_PACKAGE_VERSION_MAX + 3 };

enum relation { EXACT, PREFIX, LEAST, MORE, MOST, LESS, CARET, TILDE };

struct part {
    enum relation relation;
    char version[PART_MAX + 5]; /* in full: "1.2" is 1.2.0 */
    int numbers;                /* how many it gave of the three */
};

static int relation_read(const char **text, enum relation *relation)
{
    static const struct {
        const char *sign;
        enum relation relation;
    } all[] = {{">=", LEAST}, {"<=", MOST}, {">", MORE}, {"<", LESS},
               {"^", CARET},  {"~", TILDE}, {"=", EXACT}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        size_t size = strlen(all[i].sign);
        if (strncmp(*text, all[i].sign, size) != 0)
            continue;
        *text += size;
        *relation = all[i].relation;
        return 1;
    }
    *relation = EXACT;
    return 0;
}

/* A part of the range, without its comma. 0 or -1: it is none. */
static int part_read(const char *text, size_t size, struct part *part)
{
    char word[PART_MAX + 1];
    const char *at = word;
    if (size == 0 || size > PART_MAX)
        return -1;
    memcpy(word, text, size);
    word[size] = '\0';
    int said = relation_read(&at, &part->relation);
    part->numbers = 1;
    for (const char *c = at; *c && *c != '-' && *c != '+'; c++)
        part->numbers += *c == '.';
    int whole = strspn(at, "0123456789.") == strlen(at);
    if (part->numbers < 3 && !whole)
        return -1;
    snprintf(part->version, sizeof part->version, "%s%s", at,
             part->numbers == 1   ? ".0.0"
             : part->numbers == 2 ? ".0"
                                  : "");
    if (!qetl_package_is_version(part->version))
        return -1;
    if (part->numbers == 3)
        return 0;
    if (!said)
        part->relation = PREFIX;
    /* Whether 1.2.5 is more than 1.2, not even those agree who have such ranges. */
    return part->relation == EXACT || part->relation == MORE || part->relation == MOST ? -1 : 0;
}

static void numbers_of(const char *version, unsigned long numbers[3])
{
    char *end;
    for (int i = 0; i < 3; i++) {
        numbers[i] = strtoul(version, &end, 10);
        version = end + (*end == '.');
    }
}

static int same_numbers(const char *one, const char *other, int count)
{
    unsigned long a[3], b[3];
    numbers_of(one, a);
    numbers_of(other, b);
    for (int i = 0; i < count; i++)
        if (a[i] != b[i])
            return 0;
    return 1;
}

/* Up to the number that says what is compatible: the first one that is not 0. */
static int caret_numbers(const struct part *part)
{
    unsigned long numbers[3];
    numbers_of(part->version, numbers);
    if (numbers[0] || part->numbers == 1)
        return 1;
    return numbers[1] || part->numbers == 2 ? 2 : 3;
}

static int part_has(const struct part *part, const char *version)
{
    int order = qetl_package_version_compare(version, part->version);
    switch (part->relation) {
    case EXACT:
        return order == 0;
    case PREFIX:
        return same_numbers(part->version, version, part->numbers);
    case LEAST:
        return order >= 0;
    case MORE:
        return order > 0;
    case MOST:
        return order <= 0;
    case LESS:
        return order < 0;
    case CARET:
        return order >= 0 && same_numbers(part->version, version, caret_numbers(part));
    case TILDE:
        return order >= 0 && same_numbers(part->version, version, part->numbers == 1 ? 1 : 2);
    }
    return 0;
}

static int is_early(const char *version)
{
    return version[strspn(version, "0123456789.")] == '-';
}

/* -1: it is no range; else whether it has the version. */
static int range_has(const char *range, const char *version)
{
    int has = 1, names_early = 0;
    for (const char *at = range; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        struct part part;
        if (part_read(at, strcspn(at, ","), &part))
            return -1;
        has &= part_has(&part, version);
        names_early |= is_early(part.version) && same_numbers(part.version, version, 3);
    }
    return has && (names_early || !is_early(version));
}

int qetl_is_version_range(const char *text)
{
    return !text || range_has(text, "0.0.0") >= 0;
}

int qetl_version_range_has(const char *range, const char *version)
{
    return range ? range_has(range, version) > 0 : !is_early(version);
}
