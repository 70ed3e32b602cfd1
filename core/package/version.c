/* SPDX-License-Identifier: Apache-2.0 */
#include "version.h"

#include <string.h>

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t digits(const char *text)
{
    size_t size = 0;
    while (is_digit(text[size]))
        size++;
    return size;
}

/* "1.2.3" at the beginning: its length, or 0. */
static size_t core_size(const char *text)
{
    size_t at = 0;
    for (int part = 0; part < 3; part++) {
        if (part && text[at++] != '.')
            return 0;
        size_t size = digits(text + at);
        if (size == 0 || size > 9 || (size > 1 && text[at] == '0'))
            return 0;
        at += size;
    }
    return at;
}

int qetl_package_is_version(const char *text)
{
    size_t at = core_size(text);
    if (at == 0 || strlen(text) > QETL_PACKAGE_VERSION_MAX ||
        (text[at] && text[at] != '-' && text[at] != '+'))
        return 0;
    for (char before = text[at]; text[at]; before = text[at++]) {
        char c = text[at];
        int letter = is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !strchr(".-+", c))
            return 0;
        if (c == '.' && strchr(".-+", before))
            return 0;
    }
    return is_digit(text[at - 1]) || !strchr(".-+", text[at - 1]);
}

static int number_compare(const char *one, size_t one_size, const char *other, size_t other_size)
{
    while (one_size > 1 && *one == '0')
        one++, one_size--;
    while (other_size > 1 && *other == '0')
        other++, other_size--;
    if (one_size != other_size)
        return one_size < other_size ? -1 : 1;
    return memcmp(one, other, one_size);
}

/* An identifier of a pre-release: numbers come before words, and go by their value. */
static int word_compare(const char *one, size_t one_size, const char *other, size_t other_size)
{
    int one_number = digits(one) >= one_size, other_number = digits(other) >= other_size;
    if (one_number != other_number)
        return one_number ? -1 : 1;
    if (one_number)
        return number_compare(one, one_size, other, other_size);
    int order = memcmp(one, other, one_size < other_size ? one_size : other_size);
    return order ? order : (one_size > other_size) - (one_size < other_size);
}

static int pre_compare(const char *one, const char *other)
{
    for (;;) {
        size_t one_size = strcspn(one, ".+"), other_size = strcspn(other, ".+");
        int order = word_compare(one, one_size, other, other_size);
        if (order)
            return order;
        int one_more = one[one_size] == '.', other_more = other[other_size] == '.';
        if (!one_more || !other_more)
            return one_more - other_more;
        one += one_size + 1;
        other += other_size + 1;
    }
}

int qetl_package_version_compare(const char *one, const char *other)
{
    const char *a = one, *b = other;
    for (int part = 0; part < 3; part++) {
        size_t a_size = digits(a), b_size = digits(b);
        int order = number_compare(a, a_size, b, b_size);
        if (order)
            return order;
        a += a_size + (part < 2);
        b += b_size + (part < 2);
    }
    if ((*a == '-') != (*b == '-'))
        return *a == '-' ? -1 : 1; /* a pre-release comes before its release */
    int order = *a == '-' ? pre_compare(a + 1, b + 1) : 0;
    return order ? order : strcmp(one, other); /* builds: any order, but one */
}
