/* SPDX-License-Identifier: Apache-2.0 */
#include "expr_prompt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_LIBEDIT
#include <editline/readline.h>
#endif

static const char prompt[] = "qetl> ";

static char *plain_line(bool terminal)
{
    char *line = NULL;
    size_t room = 0;
    if (terminal) {
        fputs(prompt, stdout);
        fflush(stdout);
    }
    ssize_t size = getline(&line, &room, stdin);
    if (size < 0) {
        if (terminal)
            putchar('\n');
        free(line);
        return NULL;
    }
    line[strcspn(line, "\n")] = 0;
    return line;
}

char *qetl_prompt_line(bool terminal)
{
#ifdef HAVE_LIBEDIT
    if (terminal) {
        char *line = readline(prompt);
        if (line && *line)
            add_history(line);
        return line;
    }
#endif
    return plain_line(terminal);
}
