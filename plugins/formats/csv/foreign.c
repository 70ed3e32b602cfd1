/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a dialect is foreign, and what it is. */
#include "foreign.h"

#include <stdlib.h>

static void mark_set(struct csv_mark *m, const char *text)
{
    m->size = (uint8_t)strlen(text);
    memcpy(m->text, text, m->size);
}

void csv_foreign_delimiter(struct csv *self, uint8_t delimiter)
{
    self->foreign->delimiter.size = 1;
    self->foreign->delimiter.text[0] = delimiter;
    csv_foreign_settle(self->foreign);
}

/* The marks of a foreign dialect are its own; those that the kernels see are two control bytes. */
int32_t csv_foreign_need(struct csv *self)
{
    struct csv_foreign *f = self->foreign;

    if (f)
        return QETL_OK;
    f = self->foreign = calloc(1, sizeof *f);
    if (!f)
        return QETL_E_NO_MEMORY;
    f->from = f->into = (iconv_t)-1;
    f->width = 1;
    f->crlf = self->dialect.crlf;
    self->dialect.crlf = false;
    f->locale.mark = '.';
    f->quote = self->dialect.marks.quote;
    f->delimiter.size = 1;
    f->delimiter.text[0] = self->dialect.marks.delimiter;
    self->dialect.marks =
        (struct csv_marks){.delimiter = CSV_CANON_DELIMITER, .quote = CSV_CANON_QUOTE};
    csv_foreign_settle(f);
    return QETL_OK;
}

int32_t csv_foreign_comma(struct csv *self)
{
    struct csv_locale *l;

    if (csv_foreign_need(self))
        return QETL_E_NO_MEMORY;
    l = &self->foreign->locale;
    l->mark = ',';
    l->thousands[0] = '.';
    l->n_thousands = 1;
    l->numbers = self->foreign->comma_found = true;
    return QETL_OK;
}

static void converter_close(iconv_t *converter)
{
    if (*converter != (iconv_t)-1)
        iconv_close(*converter);
    *converter = (iconv_t)-1;
}

void csv_foreign_free(struct csv_foreign *f)
{
    if (!f)
        return;
    converter_close(&f->from);
    converter_close(&f->into);
    free(f->locale.columns);
    free(f->spans);
    free(f->text.data);
    free(f->cell.data);
    free(f->local.data);
    free(f->canon.data);
    free(f->faults);
    free(f);
}

/* The delimiter in units of the encoding, and how much of it fits where one does not. */
void csv_foreign_settle(struct csv_foreign *f)
{
    struct csv_mark *d = &f->delimiter;
    struct csv_bytes raw = {0};

    d->n_units = 0;
    if (f->encoding && !csv_foreign_encode_text(f, d->text, d->size, &raw))
        for (int64_t at = 0; at + f->width <= raw.size && d->n_units < CSV_MARK_MAX; at += f->width)
            d->units[d->n_units++] = (uint16_t)csv_unit(f, raw.data + at);
    for (int i = 0; !f->encoding && i < d->size; i++)
        d->units[d->n_units++] = d->text[i];
    free(raw.data);
    for (int i = 1, k = 0; i < d->n_units; i++) {
        while (k && d->units[i] != d->units[k])
            k = d->fall[k];
        k += d->units[i] == d->units[k];
        d->fall[i + 1] = (uint8_t)k;
    }
    memset(f->stops, 0, sizeof f->stops);
    f->stops['\n'] = f->stops['\r'] = f->stops[d->units[0] & 0xff] = 1;
    f->stops[f->quote] = f->stops[f->escape] = 1;
}

/* Encodings whose second bytes may be ASCII from '@' on. */
static bool seconds_are_ascii(const char *encoding)
{
    static const char *const names[] = {"shift_jis", "gb18030", "gbk", "big5"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(encoding, names[i]))
            return true;
    return false;
}

static bool marks_stand_apart(const struct csv_foreign *f)
{
    for (int i = 0; i < f->delimiter.size; i++)
        if (f->delimiter.text[i] >= '@')
            return false;
    return f->quote < '@' && f->escape < '@';
}

int32_t csv_foreign_encoding(struct csv *self, const char *encoding)
{
    struct csv_foreign *f;
    const char *name = !strcmp(encoding, "shift_jis") ? "cp932" : encoding;

    if (csv_foreign_need(self))
        return QETL_E_NO_MEMORY;
    f = self->foreign;
    free(self->encoding);
    self->encoding = NULL;
    if (!strcmp(encoding, "utf-16"))
        name = encoding = "utf-16le";
    f->encoding = encoding;
    f->width = strncmp(encoding, "utf-16", 6) ? 1 : 2;
    f->big = !strcmp(encoding, "utf-16be");
    converter_close(&f->from);
    converter_close(&f->into);
    f->from = iconv_open("UTF-8", name);
    f->into = iconv_open(name, "UTF-8");
    if (f->from == (iconv_t)-1 || f->into == (iconv_t)-1)
        return qetl_fail(self->env, QETL_E_ENVIRONMENT, "/encoding",
                         "Install the C library's character sets, or convert the file by iconv.",
                         "this machine cannot convert from %s", encoding);
    csv_foreign_settle(f);
    if (!f->delimiter.n_units)
        return qetl_fail(self->env, QETL_E_CONFIG, "/delimiter", "Choose another delimiter.",
                         "%s has no character \"%.*s\"", encoding, f->delimiter.size,
                         (const char *)f->delimiter.text);
    if (seconds_are_ascii(encoding) && !marks_stand_apart(f))
        return qetl_fail(self->env, QETL_E_CONFIG, "/encoding",
                         "Convert the file to UTF-8 by iconv before.",
                         "in %s, the byte of a delimiter, quote or escape from @ on may be half a "
                         "character",
                         encoding);
    return QETL_OK;
}

const char *csv_foreign_detect(const uint8_t *data, int64_t size)
{
    if (size >= 2 && data[0] == 0xff && data[1] == 0xfe)
        return "utf-16le";
    if (size >= 2 && data[0] == 0xfe && data[1] == 0xff)
        return "utf-16be";
    if (size < 4)
        return NULL;
    if (data[0] && !data[1] && data[2] && !data[3])
        return "utf-16le";
    return !data[0] && data[1] && !data[2] && data[3] ? "utf-16be" : NULL;
}

bool csv_foreign_returns(const struct csv_foreign *f, const uint8_t *data, int64_t size)
{
    bool found = false;

    if (!f || f->width == 1)
        return size > 1 && memchr(data, '\r', (size_t)size - 1) &&
               !memchr(data, '\n', (size_t)size);
    for (int64_t at = 0; at + f->width <= size; at += f->width) {
        uint32_t unit = csv_unit(f, data + at);

        if (unit == '\n')
            return false;
        found |= unit == '\r' && at + 2 * f->width <= size;
    }
    return found;
}

/* ---- Options ---- */

static int32_t byte_read(struct csv *self, const char *pointer, const char *what, uint8_t *out)
{
    const char *text = qetl_option_text(self->env, pointer);
    uint8_t byte = text ? (uint8_t)text[0] : 0;

    if (!text)
        return QETL_OK;
    if (!byte || text[1] || byte >= 0x80 || byte == '\r' || byte == '\n')
        return qetl_fail(self->env, QETL_E_CONFIG, pointer,
                         "Give one character of ASCII that is no line end, such as \"\\\\\".",
                         "the %s \"%s\" is not one character of ASCII", what, text);
    *out = byte;
    return QETL_OK;
}

static int32_t comment_read(struct csv *self, const char *text)
{
    struct csv_foreign *f = self->foreign;

    for (const char *c = text; *c; c++)
        if ((uint8_t)*c >= 0x80 || *c == '\n' || *c == '\r' || *c == (char)f->quote)
            return qetl_fail(self->env, QETL_E_CONFIG, "/comment", "Use \"#\", \"//\" or such.",
                             "comments cannot begin with \"%s\"", text);
    f->n_comment = (uint8_t)strlen(text);
    memcpy(f->comment, text, f->n_comment);
    return QETL_OK;
}

static int32_t pattern_read(struct csv *self, const char *pointer, struct csv_pattern *out)
{
    const char *text = qetl_option_text(self->env, pointer), *fault = NULL;

    if (!text || csv_pattern_compile(text, out, &fault))
        return QETL_OK;
    return qetl_fail(self->env, QETL_E_CONFIG, pointer,
                     "Use %Y %y %m %d %e %b %B %H %I %M %S %f %p %z %Z %a %A %F %T %D %R %%.",
                     "\"%s\" is no format of dates: \"%.2s\" is not known", text,
                     fault ? fault : text);
}

static int32_t formats_read(struct csv *self)
{
    struct csv_locale *l = &self->foreign->locale;
    int64_t count = qetl_option_count(self->env, "/formats");
    int32_t status = QETL_OK;

    if (count <= 0)
        return QETL_OK;
    l->columns = calloc((size_t)count, sizeof *l->columns);
    for (int64_t i = 0; !status && l->columns && i < count; i++) {
        char *pointer = csv_option_pointer("/formats/", qetl_option_key(self->env, "/formats", i));

        status = pointer ? pattern_read(self, pointer, &l->columns[i]) : QETL_E_NO_MEMORY;
        free(pointer);
    }
    return l->columns ? status : QETL_E_NO_MEMORY;
}

static int32_t locale_read(struct csv *self)
{
    struct csv_locale *l = &self->foreign->locale;
    const char *mark = qetl_option_text(self->env, "/decimal_mark");
    const char *thousands = qetl_option_text(self->env, "/thousands");
    int32_t status;

    if (mark)
        l->mark = mark[0];
    if (thousands) {
        l->n_thousands = (uint8_t)strlen(thousands);
        memcpy(l->thousands, thousands, l->n_thousands);
    }
    l->numbers = l->mark != '.' || l->n_thousands;
    if (l->n_thousands == 1 && l->thousands[0] == l->mark)
        return qetl_fail(self->env, QETL_E_CONFIG, "/thousands",
                         "Set decimal_mark: \",\" where thousands is \".\".",
                         "the mark of decimals and that of thousands are the same");
    status = pattern_read(self, "/date_format", &l->dates);
    if (!status)
        status = pattern_read(self, "/time_format", &l->times);
    if (!status)
        status = pattern_read(self, "/timestamp_format", &l->stamps);
    return status ? status : formats_read(self);
}

static bool option_differs(struct csv *self, const char *pointer, const char *usual)
{
    const char *text = qetl_option_text(self->env, pointer);

    return text && strcmp(text, usual) != 0;
}

static bool options_are_foreign(struct csv *self)
{
    const char *delimiter = qetl_option_text(self->env, "/delimiter");
    const char *encoding = qetl_option_text(self->env, "/encoding");

    return option_differs(self, "/trim", "none") || option_differs(self, "/escape", "") ||
           option_differs(self, "/comment", "") || option_differs(self, "/blank_lines", "reject") ||
           option_differs(self, "/decimal_mark", ".") || option_differs(self, "/thousands", "") ||
           option_differs(self, "/date_format", "") || option_differs(self, "/time_format", "") ||
           option_differs(self, "/timestamp_format", "") ||
           qetl_option_count(self->env, "/formats") > 0 || self->dialect.returns ||
           (delimiter && strlen(delimiter) > 1) ||
           (qetl_option_given(self->env, "/quote") && !*qetl_option_text(self->env, "/quote")) ||
           (encoding && csv_encoding_is_wide(encoding));
}

static int32_t marks_read(struct csv *self)
{
    struct csv_foreign *f = self->foreign;
    const char *delimiter = qetl_option_text(self->env, "/delimiter");
    const char *trim = qetl_option_text(self->env, "/trim");
    const char *comment = qetl_option_text(self->env, "/comment");
    const char *blank = qetl_option_text(self->env, "/blank_lines");
    const char *quote = qetl_option_text(self->env, "/quote");

    if (delimiter)
        mark_set(&f->delimiter, delimiter);
    if (quote && !*quote)
        f->quote = 0;
    f->returns = self->dialect.returns;
    f->coded = qetl_option_bool(self->env, "/escape_codes");
    f->skip_blank = blank && !strcmp(blank, "skip");
    if (trim)
        f->trim = !strcmp(trim, "all")        ? CSV_TRIM_ALL
                  : !strcmp(trim, "unquoted") ? CSV_TRIM_UNQUOTED
                                              : CSV_TRIM_NONE;
    int32_t status = byte_read(self, "/escape", "escape", &f->escape);

    if (f->escape == f->quote)
        f->escape = 0; /* the quote doubled is what a quote within is anyway */
    if (!status && (strpbrk((const char *)f->delimiter.text, "\r\n") ||
                    memchr(f->delimiter.text, f->escape, f->delimiter.size) ||
                    memchr(f->delimiter.text, f->quote, f->delimiter.size)))
        status = qetl_fail(self->env, QETL_E_CONFIG, "/delimiter",
                           "Choose a delimiter without quotes, escapes and line ends.",
                           "the delimiter holds the quote, the escape, or a line end");
    return !status && comment ? comment_read(self, comment) : status;
}

int32_t csv_foreign_open(struct csv *self)
{
    const char *encoding = qetl_option_text(self->env, "/encoding");
    int32_t status;

    if (!options_are_foreign(self))
        return QETL_OK;
    status = csv_foreign_need(self);
    if (!status)
        status = marks_read(self);
    if (!status)
        status = locale_read(self);
    if (!status && encoding && strcmp(encoding, "utf-8") != 0 && strcmp(encoding, "detect") != 0)
        status = csv_foreign_encoding(self, encoding);
    if (!status)
        csv_foreign_settle(self->foreign);
    return status;
}
