/* SPDX-License-Identifier: Apache-2.0 */
#include "entry_name.h"

#include "package_limits.h"

#include <string.h>

/* No letters beyond ASCII: file systems fold and compose those each in its own way, so that two
 * names might become one. */
static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static int is_part(const char *part, size_t size)
{
    for (size_t i = 1; i < size; i++)
        if (!is_letter(part[i]) && !strchr(".+-", part[i]))
            return 0;
    return size > 0 && is_letter(part[0]);
}

static const char *part_fault(const char *part, size_t size)
{
    if (size == 0)
        return "has two slashes in a row, or one at its end";
    if (size == 2 && memcmp(part, "..", 2) == 0)
        return "leads out of the package by `..`";
    if (!is_part(part, size))
        return "has other characters than letters, digits and ._+- in it, or a part of it begins "
               "with one of .+-";
    return NULL;
}

const char *qetl_package_name_fault(const char *path)
{
    if (!*path)
        return "is empty";
    if (*path == '/')
        return "is absolute";
    if (strlen(path) > QETL_PACKAGE_PATH_MAX)
        return "is longer than 100 bytes";
    for (;;) {
        size_t size = strcspn(path, "/");
        const char *fault = part_fault(path, size);
        if (fault || !path[size])
            return fault;
        path += size + 1;
    }
}

static unsigned char fold(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

int qetl_package_name_compare(const char *one, const char *other)
{
    while (*one && fold(*one) == fold(*other)) {
        one++;
        other++;
    }
    return fold(*one) - fold(*other);
}
