/* SPDX-License-Identifier: Apache-2.0 */
/* A date is a number whose format shows a date: what each cell format shows. */
#include "book.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

enum { STYLES_MAX = 1 << 20, FORMAT_IDS = 1 << 16 };

/* What stands in quotes, behind a backslash, or in brackets says nothing, but [h], [mm], [s]. */
static const char *passed_over(const char *at, bool *duration)
{
    const char *end = NULL;
    if (*at == '"')
        end = strchr(at + 1, '"');
    else if (*at == '[')
        end = strchr(at, ']');
    else if (strchr("\\_*", *at))
        return at[1] ? at + 2 : at + 1;
    else
        return at;
    if (*at == '[' && end && strspn(at + 1, "hHmMsS") == (size_t)(end - at - 1) && end > at + 1)
        *duration = true;
    return end ? end + 1 : at + strlen(at);
}

enum xlsx_class xlsx_class_of_code(const char *code)
{
    bool date = false, time = false, month = false, duration = false;
    if (!strncasecmp(code, "General", 7))
        return XLSX_PLAIN;
    while (*code && *code != ';') {
        const char *next = passed_over(code, &duration);
        int c = tolower((unsigned char)*code);
        if (next != code) {
            code = next;
            continue;
        }
        date |= c == 'y' || c == 'd';
        time |= c == 'h' || c == 's';
        month |= c == 'm';
        code += 1;
    }
    if (duration && !date)
        return XLSX_DURATION;
    date |= month && !time;
    return date && time ? XLSX_STAMP : date ? XLSX_DATE : time ? XLSX_TIME : XLSX_PLAIN;
}

/* Those that every program knows without being told. */
static enum xlsx_class class_of_builtin(int64_t id)
{
    if ((id >= 14 && id <= 17) || (id >= 27 && id <= 31) || id == 36 || (id >= 50 && id <= 54) ||
        id == 57 || id == 58)
        return XLSX_DATE;
    if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || id == 45 || id == 47 || id == 55 ||
        id == 56)
        return XLSX_TIME;
    return id == 22 ? XLSX_STAMP : id == 46 ? XLSX_DURATION : XLSX_PLAIN;
}

struct styles {
    struct xlsx_book *book;
    bool in_cells; /* in cellXfs */
    int64_t room;
    uint8_t codes[FORMAT_IDS]; /* class + 1 of the formats that the workbook defines */
};

static int64_t number_of(const char *text)
{
    return text ? strtoll(text, NULL, 10) : 0;
}

static int32_t cell_format(struct styles *s, int64_t id)
{
    struct xlsx_book *b = s->book;
    if (b->n_classes == s->room) {
        s->room = s->room ? s->room * 2 : 64;
        uint8_t *grown = s->room > STYLES_MAX ? NULL : realloc(b->classes, (size_t)s->room);
        if (!grown)
            return QETL_E_NO_MEMORY;
        b->classes = grown;
    }
    bool known = id >= 0 && id < FORMAT_IDS && s->codes[id];
    b->classes[b->n_classes++] =
        (uint8_t)(known ? (enum xlsx_class)(s->codes[id] - 1) : class_of_builtin(id));
    return QETL_OK;
}

static int32_t on_start(void *user, const char *name, const char **attributes)
{
    struct styles *s = user;
    int64_t id = number_of(xlsx_attribute(attributes, "numFmtId"));
    const char *code = xlsx_attribute(attributes, "formatCode");
    if (!strcmp(name, "cellXfs"))
        s->in_cells = true;
    else if (!strcmp(name, "numFmt") && code && id >= 0 && id < FORMAT_IDS)
        s->codes[id] = (uint8_t)(xlsx_class_of_code(code) + 1);
    else if (!strcmp(name, "xf") && s->in_cells)
        return cell_format(s, id);
    return QETL_OK;
}

static int32_t on_end(void *user, const char *name)
{
    struct styles *s = user;
    s->in_cells = s->in_cells && strcmp(name, "cellXfs") != 0;
    return QETL_OK;
}

int32_t xlsx_styles_read(struct xlsx_book *b)
{
    const struct xlsx_handlers on = {.start = on_start, .end = on_end};
    struct styles *s = calloc(1, sizeof *s);
    if (!s)
        return QETL_E_NO_MEMORY;
    s->book = b;
    int32_t status = xlsx_xml_read(b->package, b->styles_at, &on, s);
    free(s);
    return status == XLSX_MISSING ? QETL_OK : status;
}
