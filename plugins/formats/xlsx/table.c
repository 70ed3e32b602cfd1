/* SPDX-License-Identifier: Apache-2.0 */
/* A table within a sheet: the header, rows that are blank. */
#include "xlsx.h"

static int32_t letters_add(struct xlsx_table *t)
{
    char letters[8];
    xlsx_column_letters(t->options->range.column + t->n_names, letters);
    return xlsx_name_add(t, (struct qetl_text){letters, (int64_t)strlen(letters)}, true);
}

int32_t xlsx_table_widen(struct xlsx_table *t, int32_t n)
{
    int32_t status = QETL_OK;
    while (!status && t->n_names < n)
        status = letters_add(t);
    return status;
}

static int32_t header_take(struct xlsx_table *t, const struct xlsx_cell *cells, int32_t n)
{
    char room[XLSX_SPELLED_MAX];
    int32_t status = QETL_OK;
    for (int32_t i = 0; !status && i < n; i++) {
        struct qetl_text text = xlsx_spell(&cells[i], t->book.from_1904, room);
        status = text.size ? xlsx_name_add(t, text, false) : letters_add(t);
    }
    t->named = true;
    return status;
}

/* Cells up to the last that has a value. */
static int32_t width(const struct xlsx_cell *cells, int32_t n)
{
    while (n && cells[n - 1].kind == XLSX_EMPTY)
        n--;
    return n;
}

static int32_t gap_fill(struct xlsx_table *t, int32_t row)
{
    int32_t status = QETL_OK;
    for (; t->options->keep_blank && !status && t->next_row < row; t->next_row++)
        status = t->on_row(t->user, t->next_row, NULL, 0);
    return status;
}

static int32_t row_take(void *user, int32_t row, const struct xlsx_cell *cells, int32_t n)
{
    struct xlsx_table *t = user;
    n = width(cells, n);
    if (!n)
        return QETL_OK;
    int32_t status = QETL_OK;
    if (t->named)
        status = gap_fill(t, row);
    else
        status = header_take(t, cells, t->options->header ? n : 0);
    bool is_header = t->options->header && t->next_row < 0;
    t->next_row = row + 1;
    return status || is_header ? status : t->on_row(t->user, row, cells, n);
}

int32_t xlsx_table_open(struct xlsx_table *t, struct qetl_env env,
                        const struct xlsx_options *options, const char *object, const uint8_t *data,
                        int64_t size)
{
    t->options = options;
    t->next_row = -1;
    t->open = true;
    int32_t status = xlsx_package_open(&t->package, env, object, data, size, options->max_ratio);
    if (!status)
        status = xlsx_book_open(&t->book, &t->package, options->max_strings);
    t->sheet.range = options->range;
    t->sheet.on_row = row_take;
    t->sheet.user = t;
    if (!status)
        status = xlsx_sheet_open(&t->sheet, &t->package, &t->book, options->sheet, options->index);
    return status;
}

int32_t xlsx_table_step(struct xlsx_table *t, bool *done)
{
    int32_t status = xlsx_sheet_step(&t->sheet);
    *done = t->sheet.xml.done || t->sheet.over;
    return status;
}

void xlsx_table_close(struct xlsx_table *t)
{
    if (!t->open)
        return;
    xlsx_sheet_close(&t->sheet);
    xlsx_member_close(&t->package);
    xlsx_book_free(&t->book);
    xlsx_names_free(t);
    *t = (struct xlsx_table){0};
}
