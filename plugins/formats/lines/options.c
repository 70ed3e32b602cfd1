/* SPDX-License-Identifier: Apache-2.0 */
/* What the options say: the separator's bytes, the encoding's table, the columns. */
#include "lines.h"

#include <iconv.h>
#include <stdlib.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One byte behind a backslash; answers the characters that it took, or 0. */
static int64_t escape_read(const char *at, char *out)
{
    static const char letters[] = "nrt\\0", bytes[] = "\n\r\t\\";
    const char *letter = *at ? strchr(letters, *at) : NULL;
    if (letter) {
        *out = bytes[letter - letters]; /* of '0', the text's own end */
        return 1;
    }
    int high = *at == 'x' ? hex_digit(at[1]) : -1;
    int low = high >= 0 ? hex_digit(at[2]) : -1;
    *out = (char)(high * 16 + low);
    return low >= 0 ? 3 : 0;
}

static int32_t separator_read(struct lines *l)
{
    const char *at = qetl_option_text(l->env, "/separator");
    for (l->separator_size = 0; *at && l->separator_size < LINES_SEPARATOR_MAX;) {
        int64_t taken = 1;
        char byte = *at++;
        if (byte == '\\')
            at += taken = escape_read(at, &byte);
        if (!taken)
            return qetl_fail(l->env, QETL_E_CONFIG, "/separator",
                             "write \\n, \\r, \\t, \\\\, \\0 or \\xHH",
                             "a backslash in the separator stands before no letter that it knows");
        l->separator[l->separator_size++] = byte;
    }
    return QETL_OK;
}

static int32_t encoding_fill(struct lines *l, const char *name, iconv_t converter)
{
    struct lines_encoding *e = l->encoding = calloc(1, sizeof *e);
    for (int i = 0; e && i < 256; i++) {
        char byte = (char)i, *in = &byte, *out = e->bytes[i];
        size_t left = 1, room = LINES_ENCODED_MAX;
        if (iconv(converter, &in, &left, &out, &room) != (size_t)-1)
            e->sizes[i] = (uint8_t)(LINES_ENCODED_MAX - room);
    }
    return e ? QETL_OK : qetl_fail(l->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for %s", name);
}

static int32_t encoding_open(struct lines *l)
{
    const char *name = qetl_option_text(l->env, "/encoding");
    l->binary = !strcmp(name, "binary");
    if (l->binary || !strcmp(name, "utf-8"))
        return QETL_OK;
    iconv_t converter = iconv_open("UTF-8", name);
    if (converter == (iconv_t)-1)
        return qetl_fail(l->env, QETL_E_ENVIRONMENT, "/encoding",
                         "install the C library's character sets, or convert the file by iconv",
                         "this machine cannot convert from %s", name);
    int32_t status = encoding_fill(l, name, converter);
    iconv_close(converter);
    return status;
}

static bool option_is(const struct lines *l, const char *option, const char *word)
{
    const char *text = qetl_option_text(l->env, option);
    return text && !strcmp(text, word);
}

int32_t lines_options(struct lines *l)
{
    l->max_bytes = qetl_option_int(l->env, "/max_bytes");
    l->null_rejects = option_is(l, "/nulls", "reject");
    if (l->raw) {
        l->binary = option_is(l, "/as", "binary");
        return QETL_OK;
    }
    l->replace = option_is(l, "/invalid", "replace");
    l->skip_blank = option_is(l, "/blank", "skip");
    int32_t status = separator_read(l);
    l->strip = option_is(l, "/carriage_return", "strip") && l->separator_size == 1 &&
               l->separator[0] == '\n';
    return status ? status : encoding_open(l);
}

int64_t lines_columns(const struct lines *l, const char *names[LINES_COLUMNS_MAX],
                      enum lines_content contents[LINES_COLUMNS_MAX])
{
    const char *pointers[] = {"/column", "/file_column",
                              l->raw ? "/size_column" : "/offset_column"};
    int64_t n = 0;
    for (int i = 0; i < LINES_COLUMNS_MAX; i++) {
        const char *name = qetl_option_text(l->env, pointers[i]);
        if (!name || !*name)
            continue;
        names[n] = name;
        contents[n++] = (enum lines_content)i;
    }
    return n;
}
