/* SPDX-License-Identifier: Apache-2.0 */
/* What a plugin may be called: as the manifest's ids. */
#include "scaffold.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { NAME_MOST = 64 };

static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
static const char others[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";

/* The name with what is wrong replaced; empty where no letter is left. */
static void name_suggest(const char *name, char *out)
{
    size_t n = 0;
    for (; *name && n < NAME_MOST; name++) {
        char c = (char)tolower((unsigned char)*name);
        bool gap = n && out[n - 1] == '-';
        if (strchr(n ? others : letters, c))
            out[n++] = c;
        else if (n && !gap && name[1])
            out[n++] = '-';
    }
    while (n && out[n - 1] == '-')
        n--;
    out[n] = '\0';
}

int qetl_scaffold_check_name(const char *name, struct qetl_findings *findings)
{
    char better[NAME_MOST + 1];
    size_t size = strlen(name);
    if (size && size <= NAME_MOST && strchr(letters, *name) && strspn(name, others) == size)
        return 0;
    struct qetl_finding *finding = qetl_finding_add(
        findings, QETL_ERROR, "bad_name",
        size > NAME_MOST ? "a plugin's name has at most 64 letters: '%s'"
                         : "a plugin's name is of a-z, 0-9, - and _, and begins with a letter: "
                           "'%s'",
        name);
    name_suggest(name, better);
    if (*better)
        qetl_finding_mend(finding, "call it %s", better);
    else
        qetl_finding_mend(finding, "for example qetl plugin new my-source --kind source");
    return -1;
}
