/* SPDX-License-Identifier: Apache-2.0 */
#include "style.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int qetl_style_colour(FILE *out)
{
    const char *none = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE");
    const char *terminal = getenv("TERM");
    if (none && *none)
        return 0;
    if (force && *force && strcmp(force, "0") != 0)
        return 1;
    return isatty(fileno(out)) && terminal && strcmp(terminal, "dumb") != 0;
}

int qetl_style_columns(FILE *out)
{
    enum { DEFAULT = 80, LEAST = 40 };
    struct winsize size;
    if (ioctl(fileno(out), TIOCGWINSZ, &size) || !size.ws_col)
        return DEFAULT;
    return size.ws_col < LEAST ? LEAST : size.ws_col;
}
