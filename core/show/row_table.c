/* SPDX-License-Identifier: Apache-2.0 */
#include "row_table.h"

#include <stdlib.h>
#include <string.h>

enum { CELL_MOST = 32, CELL_LEAST = 12, CELL_BYTES = CELL_MOST * 8, GAP = 2 };

/* ---- how wide text is ---- */

static uint32_t character_at(const char *text, size_t size, size_t *bytes)
{
    unsigned char c = (unsigned char)*text;
    size_t n = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 0;
    *bytes = 1;
    if (!n || n > size || !qetl_utf8_valid(text, (int64_t)n))
        return 0xfffd;
    *bytes = n;
    uint32_t code = n == 1 ? c : c & (0x7fu >> n);
    for (size_t i = 1; i < n; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3f);
    return code;
}

static int character_width(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } wide[] = {{0x1100, 0x115f},   {0x2e80, 0xa4cf},   {0xac00, 0xd7a3},  {0xf900, 0xfaff},
                {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},  {0x1f300, 0x1f64f},
                {0x1f680, 0x1f6ff}, {0x1f900, 0x1faff}, {0x20000, 0x3fffd}},
      none[] = {{0x300, 0x36f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        if (code >= none[i].first && code <= none[i].last)
            return 0;
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (code >= wide[i].first && code <= wide[i].last)
            return 2;
    return 1;
}

int qetl_text_width(const char *text, size_t size)
{
    int width = 0;
    for (size_t at = 0, n; at < size; at += n)
        width += character_width(character_at(text + at, size - at, &n));
    return width;
}

/* ---- cells ---- */

static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
           code == 0xfeff;
}

static bool needs_quotes(const struct qetl_shown_cell *cell)
{
    if (!cell->size || strcmp(cell->text, "NULL") == 0 || *cell->text == ' ' ||
        *cell->text == '\'' || cell->text[cell->size - 1] == ' ')
        return true;
    for (size_t at = 0, n; at < (size_t)cell->size; at += n)
        if (is_control(character_at(cell->text + at, (size_t)cell->size - at, &n)))
            return true;
    return false;
}

/* A character as it is shown: those that would move the cursor as an escape. */
static int character_shown(uint32_t code, const char *from, size_t bytes, char piece[16])
{
    const char *escape = code == '\n' ? "\\n" : code == '\t' ? "\\t" : code == '\r' ? "\\r" : NULL;
    if (code == 0xfffd && bytes == 1)
        snprintf(piece, 16, "\xef\xbf\xbd");
    else if (escape)
        snprintf(piece, 16, "%s", escape);
    else if (is_control(code))
        snprintf(piece, 16, "\\u%04x", code);
    else
        snprintf(piece, 16, "%.*s", (int)bytes, from);
    return is_control(code) ? (int)strlen(piece) : character_width(code);
}

int qetl_cell_shown(const struct qetl_shown_cell *cell, enum qetl_cell_kind kind, int most,
                    char *text, size_t size)
{
    if (!cell->text)
        return snprintf(text, size, "NULL");
    bool quoted = kind == QETL_CELL_TEXT && needs_quotes(cell);
    size_t used = (size_t)snprintf(text, size, quoted ? "'" : ""), kept = used;
    int width = (int)used, kept_width = width;
    for (size_t at = 0, n; at < (size_t)cell->size; at += n) {
        char piece[16];
        uint32_t code = character_at(cell->text + at, (size_t)cell->size - at, &n);
        int w = character_shown(code, cell->text + at, n, piece);
        if (width + w + quoted > most || used + sizeof piece + 8 > size) {
            snprintf(text + kept, size - kept, "…");
            return kept_width + 1;
        }
        used += (size_t)snprintf(text + used, size - used, "%s", piece);
        width += w;
        if (width + 1 <= most) { /* an ellipsis could follow here */
            kept = used;
            kept_width = width;
        }
    }
    if (quoted)
        snprintf(text + used, size - used, "'");
    return width + quoted;
}

/* ---- tables ---- */

static int shown_width(const struct qetl_shown_rows *rows, int64_t c, int most)
{
    const struct qetl_shown_column *column = &rows->columns[c];
    const struct qetl_shown_cell name = {column->name, (int64_t)strlen(column->name)};
    const struct qetl_shown_cell type = {column->type, (int64_t)strlen(column->type)};
    char text[CELL_BYTES];
    int width = qetl_cell_shown(&name, QETL_CELL_NUMBER, most, text, sizeof text);
    int other = qetl_cell_shown(&type, QETL_CELL_NUMBER, most, text, sizeof text);
    width = other > width ? other : width;
    for (int64_t r = 0; r < rows->n_rows; r++) {
        other = qetl_cell_shown(qetl_shown_at(rows, r, c), column->kind, most, text, sizeof text);
        width = other > width ? other : width;
    }
    return width;
}

static void put_cell(const struct qetl_shown_cell *cell, enum qetl_cell_kind kind, bool right,
                     int width, bool last, FILE *out)
{
    char text[CELL_BYTES];
    int taken = qetl_cell_shown(cell, kind, width, text, sizeof text);
    int pad = width > taken ? width - taken : 0;
    fprintf(out, "%*s%s%*s", right ? pad : 0, "", text, right || last ? 0 : pad, "");
    if (!last)
        fprintf(out, "%*s", GAP, "");
}

static void put_word(const char *word, bool right, int width, bool last, FILE *out)
{
    const struct qetl_shown_cell cell = {(char *)word, (int64_t)strlen(word)};
    put_cell(&cell, QETL_CELL_NUMBER, right, width, last, out);
}

static void put_block(const struct qetl_shown_rows *rows, const int *widths, int64_t first,
                      int64_t end, int number_width, int colour, FILE *out)
{
    const char *dim = colour ? "\033[2m" : "", *bold = colour ? "\033[1m" : "";
    const char *plain = colour ? "\033[0m" : "";
    for (int line = 0; line < 2; line++) {
        fprintf(out, "  %*s%s", number_width, "", line ? dim : bold);
        for (int64_t c = first; c < end; c++)
            put_word(line ? rows->columns[c].type : rows->columns[c].name,
                     rows->columns[c].kind == QETL_CELL_NUMBER, widths[c], c + 1 == end, out);
        fprintf(out, "%s\n", plain);
    }
    for (int64_t r = 0; r < rows->n_rows; r++) {
        fprintf(out, "  ");
        if (number_width)
            fprintf(out, "%s%*lld%s%*s", dim, number_width - GAP, (long long)r + 1, plain, GAP, "");
        for (int64_t c = first; c < end; c++) {
            const struct qetl_shown_cell *cell = qetl_shown_at(rows, r, c);
            fputs(cell->text ? "" : dim, out);
            put_cell(cell, rows->columns[c].kind, rows->columns[c].kind == QETL_CELL_NUMBER,
                     widths[c], c + 1 == end, out);
            fputs(cell->text ? "" : plain, out);
        }
        fputc('\n', out);
    }
}

static int total_width(const int *widths, int64_t n)
{
    int total = 0;
    for (int64_t c = 0; c < n; c++)
        total += widths[c] + (c ? GAP : 0);
    return total;
}

/* The widest give way until all fit, but none to under CELL_LEAST. */
static void narrow(int *widths, int64_t n, int room)
{
    while (total_width(widths, n) > room) {
        int64_t widest = 0;
        for (int64_t c = 1; c < n; c++)
            widest = widths[c] > widths[widest] ? c : widest;
        if (widths[widest] <= CELL_LEAST)
            return;
        widths[widest]--;
    }
}

static int digits_of(int64_t number)
{
    char text[32];
    return snprintf(text, sizeof text, "%lld", (long long)number);
}

void qetl_row_table(const struct qetl_shown_rows *rows, int width, int colour, FILE *out)
{
    enum { MARGIN = 2 };
    int *widths = calloc((size_t)rows->n_columns + 1, sizeof *widths);
    if (!widths)
        return;
    for (int64_t c = 0; c < rows->n_columns; c++)
        widths[c] = shown_width(rows, c, CELL_MOST);
    int room = width - MARGIN, number_width = 0;
    int *narrowed = malloc(sizeof *narrowed * ((size_t)rows->n_columns + 1));
    if (narrowed) {
        memcpy(narrowed, widths, sizeof *widths * (size_t)rows->n_columns);
        narrow(narrowed, rows->n_columns, room);
    }
    if (narrowed && total_width(narrowed, rows->n_columns) <= room) {
        memcpy(widths, narrowed, sizeof *widths * (size_t)rows->n_columns);
    } else {
        number_width = digits_of(rows->n_rows) + GAP;
        room -= number_width;
    }
    free(narrowed);
    for (int64_t first = 0, end; first < rows->n_columns; first = end) {
        int used = widths[first];
        for (end = first + 1; end < rows->n_columns && used + GAP + widths[end] <= room; end++)
            used += GAP + widths[end];
        if (first)
            fputc('\n', out);
        put_block(rows, widths, first, end, number_width, colour, out);
    }
    free(widths);
}
