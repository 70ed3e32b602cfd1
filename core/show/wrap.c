/* SPDX-License-Identifier: Apache-2.0 */
#include "wrap.h"

#include <stdbool.h>
#include <string.h>

void qetl_wrap(const char *text, int at, int indent, int width, FILE *out)
{
    int column = at;
    bool begun = false; /* the line has a word */
    while (*text) {
        if (*text == '\n' && (text[1] == '\n' || text[1] == ' ')) {
            fprintf(out, text[1] == '\n' ? "\n\n%*s" : "\n%*s", indent, "");
            column = indent;
            begun = false;
            text += text[1] == '\n' ? 2 : 1;
            if (*text == ' ') { /* verbatim */
                size_t size = strcspn(text, "\n");
                fwrite(text, 1, size, out);
                text += size;
                begun = true;
            }
            continue;
        }
        size_t size = strcspn(text, " \n");
        if (begun && column + 1 + (int)size > width) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
            begun = false;
        }
        if (begun)
            column += fprintf(out, " ");
        begun = true;
        fwrite(text, 1, size, out);
        column += (int)size;
        text += size;
        text += *text == ' ' || (*text == '\n' && text[1] != '\n' && text[1] != ' ');
    }
    fputc('\n', out);
}
