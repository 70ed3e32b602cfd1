/* SPDX-License-Identifier: Apache-2.0 */
/* A sheet's XML to rows. Formulas are passed over, their values that were last computed are read.
 */
#include "sheet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static int32_t find(const struct xlsx_package *p, const struct xlsx_book *b, const char *name,
                    int64_t index, const char **target)
{
    char names[160] = "";
    for (int64_t i = 0; i < b->n_sheets; i++) {
        size_t used = strlen(names);
        bool wanted = name ? !strcmp(b->sheets[i].name, name) : i == index - 1;
        if (wanted && (*target = b->sheets[i].target))
            return QETL_OK;
        if (used < 120)
            snprintf(names + used, sizeof names - used, "%s%.30s", i ? ", " : "",
                     b->sheets[i].name);
    }
    if (name)
        return xlsx_package_fail(p, QETL_E_DATA, "name one of these in the option sheet",
                                 "it has no sheet '%s' with rows; its sheets: %s", name, names);
    return xlsx_package_fail(p, QETL_E_DATA, "choose another in the option sheet",
                             "it has no sheet %lld with rows; its sheets: %s", (long long)index,
                             names);
}

static int32_t misplaced(const struct xlsx_sheet *s, const char *element)
{
    return xlsx_package_fail(s->book->package, QETL_E_DATA, "save the workbook again",
                             "%s: behind row %d is a <%s> that stands in no sheet or row, or in "
                             "one of its kind",
                             s->book->package->member, s->last_row + 1, element);
}

static int32_t row_begin(struct xlsx_sheet *s, const char **attributes)
{
    if (s->in_row)
        return misplaced(s, "row");
    s->in_row = true;
    const char *number = xlsx_attribute(attributes, "r");
    long row = number ? strtol(number, NULL, 10) - 1 : (long)s->last_row + 1;
    if (row <= s->last_row || row >= XLSX_ROWS_MAX)
        return xlsx_package_fail(s->book->package, QETL_E_DATA, "save the workbook again",
                                 "%s: row %ld stands behind row %d", s->book->package->member,
                                 row + 1, s->last_row + 1);
    s->row = s->last_row = (int32_t)row;
    s->column = -1;
    s->n_cells = 0;
    s->heap.size = 0;
    s->over = s->row > s->range.last_row;
    return QETL_OK;
}

static int32_t row_end(struct xlsx_sheet *s)
{
    s->in_row = false;
    if (s->row < s->range.row || s->row > s->range.last_row)
        return QETL_OK;
    for (int32_t i = 0; i < s->n_cells; i++)
        if (s->cells[i].inline_text)
            s->cells[i].text.data = s->heap.data + (intptr_t)s->cells[i].text.data;
    return s->on_row(s->user, s->row, s->cells, s->n_cells);
}

/* The letters of a reference as a column from 0, or -1. */
static int32_t column_of(const char *reference)
{
    int32_t column = 0;
    for (; (*reference | 32) >= 'a' && (*reference | 32) <= 'z' && column <= XLSX_COLUMNS_MAX;
         reference++)
        column = column * 26 + (*reference | 32) - 'a' + 1;
    return column && column <= XLSX_COLUMNS_MAX ? column - 1 : -1;
}

static char type_of(const char *text)
{
    static const struct {
        const char *name;
        char type;
    } types[] = {{"s", 's'}, {"b", 'b'}, {"e", 'e'}, {"d", 'd'}, {"str", 'S'}, {"inlineStr", 'S'}};
    for (size_t i = 0; text && i < sizeof types / sizeof *types; i++)
        if (!strcmp(text, types[i].name))
            return types[i].type;
    return 'n';
}

static int32_t cell_begin(struct xlsx_sheet *s, const char **attributes)
{
    if (!s->in_row || s->in_cell)
        return misplaced(s, "c");
    s->in_cell = true;
    const char *reference = xlsx_attribute(attributes, "r");
    const char *style = xlsx_attribute(attributes, "s");
    int64_t format = style ? strtoll(style, NULL, 10) : 0;
    s->column = reference ? column_of(reference) : s->column + 1;
    if (s->column < 0 || s->column >= XLSX_COLUMNS_MAX)
        return xlsx_package_fail(s->book->package, QETL_E_DATA, "save the workbook again",
                                 "%s: row %d has a cell at no column", s->book->package->member,
                                 s->row + 1);
    s->class = format >= 0 && format < s->book->n_classes ? s->book->classes[format] : XLSX_PLAIN;
    s->type = type_of(xlsx_attribute(attributes, "t"));
    s->from = s->heap.size;
    s->has_value = false;
    return QETL_OK;
}

static int32_t cells_room(struct xlsx_sheet *s, int32_t at)
{
    if (at >= s->room) {
        int32_t room = at < XLSX_COLUMNS_MAX / 2 ? at * 2 + 16 : XLSX_COLUMNS_MAX;
        struct xlsx_cell *grown = realloc(s->cells, (size_t)room * sizeof *grown);
        if (!grown)
            return QETL_E_NO_MEMORY;
        s->cells = grown;
        s->room = room;
    }
    for (; s->n_cells <= at; s->n_cells++)
        s->cells[s->n_cells] = (struct xlsx_cell){0};
    return QETL_OK;
}

static int32_t bad_value(const struct xlsx_sheet *s, const char *text)
{
    char letters[8];
    xlsx_column_letters(s->column, letters);
    return xlsx_package_fail(s->book->package, QETL_E_DATA, "save the workbook again",
                             "%s: cell %s%d holds '%.40s', which its type does not allow",
                             s->book->package->member, letters, s->row + 1, text);
}

static int32_t shared(const struct xlsx_sheet *s, const char *text, struct xlsx_cell *cell)
{
    char *end;
    long long i = strtoll(text, &end, 10);
    const struct xlsx_book *b = s->book;
    if (*end || end == text || i < 0 || i >= b->n_strings)
        return bad_value(s, text);
    int64_t from = i ? b->ends[i - 1] : 0;
    bool empty = b->ends[i] == from; /* and where all are, there is no heap */
    cell->kind = XLSX_TEXT;
    cell->text = (struct qetl_text){empty ? "" : b->heap.data + from, b->ends[i] - from};
    return QETL_OK;
}

/* Up to 15 digits are exact. */
static bool digits_read(const char *text, double *out)
{
    int64_t number = 0;
    const char *at = text + (*text == '-');
    for (; *at >= '0' && *at <= '9' && at - text < 16; at++)
        number = number * 10 + (*at - '0');
    *out = (double)(*text == '-' ? -number : number);
    return !*at && at > text + (*text == '-');
}

static int32_t number(struct xlsx_sheet *s, const char *text, struct xlsx_cell *cell)
{
    char *end;
    if (!digits_read(text, &cell->number)) {
        cell->number = strtod_l(text, &end, s->c_locale);
        bool spelled = !text[strspn(text, "0123456789+-.eE")]; /* neither NaN nor 0x10 */
        if (*end || end == text || !spelled || !isfinite(cell->number))
            return bad_value(s, text);
    }
    cell->kind = s->type == 'b' ? XLSX_BOOL : XLSX_NUMBER;
    cell->class = s->type == 'b' ? XLSX_PLAIN : s->class;
    return QETL_OK;
}

static int32_t own_text(struct xlsx_sheet *s, struct xlsx_cell *cell)
{
    s->heap.size--; /* the end that others need */
    xlsx_text_unescape(&s->heap, s->from);
    cell->kind = s->type == 'e' ? XLSX_ERROR : XLSX_TEXT;
    cell->inline_text = true;
    cell->text = (struct qetl_text){(const char *)(intptr_t)s->from, s->heap.size - s->from};
    return QETL_OK;
}

static int32_t cell_end(struct xlsx_sheet *s)
{
    s->in_cell = false;
    bool wanted = s->row >= s->range.row && s->row <= s->range.last_row &&
                  s->column >= s->range.column && s->column <= s->range.last_column;
    bool text = s->type == 'S' || s->type == 'e' || s->type == 'd';
    if (!wanted || !s->has_value || (!text && s->heap.size == s->from))
        return QETL_OK;
    int32_t status = cells_room(s, s->column - s->range.column);
    if (!status)
        status = xlsx_text_add(&s->heap, "", 1);
    if (status)
        return status;
    struct xlsx_cell *cell = &s->cells[s->column - s->range.column];
    *cell = (struct xlsx_cell){0};
    const char *spelled = s->heap.data + s->from;
    if (text)
        return own_text(s, cell);
    status = s->type == 's' ? shared(s, spelled, cell) : number(s, spelled, cell);
    s->heap.size = s->from;
    return status;
}

static int32_t on_start(void *user, const char *name, const char **attributes)
{
    struct xlsx_sheet *s = user;
    if (!s->in_data) {
        s->in_data = !strcmp(name, "sheetData");
        return QETL_OK;
    }
    if (!strcmp(name, "row"))
        return row_begin(s, attributes);
    if (!strcmp(name, "c"))
        return cell_begin(s, attributes);
    s->in_inline |= !strcmp(name, "is");
    s->phonetic += !strcmp(name, "rPh");
    s->in_text = !s->phonetic && (s->in_inline ? !strcmp(name, "t") : !strcmp(name, "v"));
    s->has_value |= s->in_text;
    return QETL_OK;
}

static int32_t on_end(void *user, const char *name)
{
    struct xlsx_sheet *s = user;
    s->in_text = false;
    if (!s->in_data)
        return QETL_OK;
    if (!strcmp(name, "c"))
        return cell_end(s);
    if (!strcmp(name, "row"))
        return row_end(s);
    s->in_inline = s->in_inline && strcmp(name, "is") != 0;
    s->phonetic -= !strcmp(name, "rPh");
    s->in_data = strcmp(name, "sheetData") != 0;
    return QETL_OK;
}

static int32_t on_text(void *user, const char *text, int64_t size)
{
    struct xlsx_sheet *s = user;
    if (!s->in_text)
        return QETL_OK;
    if (s->heap.size + size > XLSX_TOKEN_MAX)
        return bad_value(s, "over 16 MiB of text");
    return xlsx_text_add(&s->heap, text, size);
}

int32_t xlsx_sheet_open(struct xlsx_sheet *s, struct xlsx_package *p, const struct xlsx_book *b,
                        const char *name, int64_t index)
{
    const struct xlsx_handlers on = {on_start, on_end, on_text};
    const char *target = NULL;
    s->book = b;
    s->row = s->last_row = s->column = -1;
    s->c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    int32_t status = s->c_locale ? find(p, b, name, index, &target) : QETL_E_NO_MEMORY;
    if (!status)
        status = xlsx_member_open(p, target);
    if (status == XLSX_MISSING)
        return xlsx_package_fail(p, QETL_E_DATA, "save the workbook again", "it has no %s", target);
    return status ? status : xlsx_xml_open(&s->xml, p, &on, s);
}

int32_t xlsx_sheet_step(struct xlsx_sheet *s)
{
    return xlsx_xml_step(&s->xml);
}

void xlsx_sheet_close(struct xlsx_sheet *s)
{
    xlsx_xml_close(&s->xml);
    free(s->cells);
    free(s->heap.data);
    if (s->c_locale)
        freelocale(s->c_locale);
    *s = (struct xlsx_sheet){0};
}
