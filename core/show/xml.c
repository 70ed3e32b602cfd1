/* SPDX-License-Identifier: Apache-2.0 */
#include "xml.h"

#include <qetl/sdk.h>

#include <stdint.h>

/* XML 1.0 has no other control characters, not even as references. */
void qetl_xml_put(FILE *out, const char *text)
{
    for (; text && *text; text++) {
        unsigned char c = (unsigned char)*text;
        const char *entity = c == '&'    ? "&amp;"
                             : c == '<'  ? "&lt;"
                             : c == '>'  ? "&gt;"
                             : c == '"'  ? "&quot;"
                             : c == '\n' ? "&#10;"
                             : c == '\t' ? "&#9;"
                                         : NULL;
        int64_t n = 1;
        while (c >= 0x80 && n < 4 && !qetl_utf8_valid(text, n) && text[n])
            n++;
        bool good = c >= 0x80 ? qetl_utf8_valid(text, n) : c >= 0x20;
        if (c == 0xef &&
            (strncmp(text, "\xef\xbf\xbe", 3) == 0 || strncmp(text, "\xef\xbf\xbf", 3) == 0))
            good = false;
        if (entity)
            fputs(entity, out);
        else if (!good)
            fputc('?', out);
        else
            fwrite(text, 1, (size_t)n, out);
        text += good ? n - 1 : 0;
    }
}
