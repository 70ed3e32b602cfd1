/* SPDX-License-Identifier: Apache-2.0 */
#include "display.h"

#include <assert.h>
#include <limits.h>
#include <locale.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static locale_t unicode;

static void unicode_make(void)
{
    unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

/* The locale before, to be restored; wcwidth knows of scripts only inside a locale that does. */
static locale_t unicode_enter(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, unicode_make);
    return unicode ? uselocale(unicode) : (locale_t)0;
}

static void unicode_leave(locale_t before)
{
    if (before)
        uselocale(before);
}

/* Those that end lines, or show what follows in another order than it stands there. */
static bool turns_text(wchar_t letter)
{
    return letter == 0x061c || letter == 0x200e || letter == 0x200f ||
           (letter >= 0x2028 && letter <= 0x202e) || (letter >= 0x2066 && letter <= 0x2069);
}

/* What nobody sees, so that two texts that differ look alike. Joiners are not among them: scripts
 * are written with those, and faces. */
static bool is_unseen(wchar_t letter)
{
    static const wchar_t ranges[][2] = {{0x00ad, 0x00ad},   {0x034f, 0x034f},   {0x115f, 0x1160},
                                        {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x200b, 0x200b},
                                        {0x2060, 0x2065},   {0x206a, 0x206f},   {0x3164, 0x3164},
                                        {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},
                                        {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}};
    for (size_t i = 0; letter >= ranges[0][0] && i < sizeof ranges / sizeof *ranges; i++)
        if (letter >= ranges[i][0] && letter <= ranges[i][1])
            return true;
    return false;
}

/* One character: its bytes (0: it is no UTF-8) and its columns (-1: a control character). */
static size_t step(const char *text, size_t size, int *columns)
{
    mbstate_t state = {0};
    wchar_t letter = 0;
    size_t bytes = mbrtowc(&letter, text, size, &state);
    if (bytes == (size_t)-1 || bytes == (size_t)-2)
        return 0;
    *columns = letter && !turns_text(letter) && !is_unseen(letter) ? wcwidth(letter) : -1;
    return bytes ? bytes : 1;
}

static void put_escape(FILE *out, unsigned char byte)
{
    if (byte == '\n')
        fputs("\\n", out);
    else if (byte == '\t')
        fputs("\\t", out);
    else if (byte == '\r')
        fputs("\\r", out);
    else
        fprintf(out, "\\x%02x", byte);
}

char *qetl_display_printable(const char *text, size_t size)
{
    char *printable = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&printable, &length);
    if (!out)
        return NULL;
    locale_t before = unicode_enter();
    for (size_t at = 0; at < size;) {
        int columns = 0;
        size_t bytes = step(text + at, size - at, &columns);
        if (bytes && columns >= 0)
            fwrite(text + at, 1, bytes, out);
        else
            for (size_t i = 0; i < (bytes ? bytes : 1); i++)
                put_escape(out, (unsigned char)text[at + i]);
        at += bytes ? bytes : 1;
    }
    unicode_leave(before);
    if (!fclose(out))
        return printable;
    free(printable);
    return NULL;
}

void qetl_display_print(FILE *out, const char *format, ...)
{
    va_list texts;
    va_start(texts, format);
    for (const char *at = format; *at; at++) {
        if (*at != '%') {
            fputc(*at, out);
            continue;
        }
        if (*++at == '%') {
            fputc('%', out);
            continue;
        }
        assert(*at == 's');
        const char *text = va_arg(texts, const char *);
        char *printable = qetl_display_printable(text, strlen(text));
        fputs(printable ? printable : "?", out);
        free(printable);
    }
    va_end(texts);
}

size_t qetl_display_fit(const char *text, int most, int *taken)
{
    size_t size = strlen(text), at = 0;
    locale_t before = unicode_enter();
    for (*taken = 0; at < size;) {
        int columns = 0;
        size_t bytes = step(text + at, size - at, &columns);
        if (!bytes || columns < 0)
            columns = 1;
        if (columns > most - *taken)
            break;
        *taken += columns;
        at += bytes ? bytes : 1;
    }
    unicode_leave(before);
    return at;
}

int qetl_display_width(const char *text)
{
    int width;
    qetl_display_fit(text, INT_MAX, &width);
    return width;
}
