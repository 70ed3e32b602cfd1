/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of a sheet, one after the other, within a range.
 *
 * Invariant: rows come in ascending order, each once; cells of a row are those of the range's
 * columns from its first on, EMPTY where nothing stands. Ownership: what a row lends is valid
 * until its call returns. Threads:   one.
 */
#ifndef XLSX_SHEET_H
#define XLSX_SHEET_H

#include "book.h"

#include <locale.h>

enum { XLSX_ROWS_MAX = 1048576, XLSX_COLUMNS_MAX = 16384, XLSX_REFERENCE_MAX = 24 };

enum xlsx_kind { XLSX_EMPTY, XLSX_NUMBER, XLSX_BOOL, XLSX_TEXT, XLSX_ERROR };

struct xlsx_cell {
    uint8_t kind, class;
    double number;
    struct qetl_text text; /* of TEXT and ERROR */
    bool inline_text;      /* while the row is read: text.data is an offset into its heap */
};

struct xlsx_range { /* from 0, ends included */
    int32_t column, row, last_column, last_row;
};

/* "", "A1:F100", "A:F", "3:10", "B2"; false: none of these. */
bool xlsx_range_parse(const char *text, struct xlsx_range *out);
void xlsx_column_letters(int32_t column, char out[8]);

struct xlsx_sheet {
    struct xlsx_xml xml;
    const struct xlsx_book *book;
    struct xlsx_range range;
    int32_t (*on_row)(void *user, int32_t row, const struct xlsx_cell *cells, int32_t n);
    void *user;
    locale_t c_locale; /* numbers are spelled so, wherever we are */
    struct xlsx_cell *cells;
    int32_t n_cells, room;
    struct xlsx_text heap;
    /* the element at hand */
    bool in_data, in_row, in_cell, in_inline, in_text;
    int phonetic;
    int32_t row, last_row, column;
    char type; /* n s b e d, S: text itself */
    uint8_t class;
    int64_t from; /* where the cell's text begins in the heap */
    bool has_value;
    bool over; /* behind the range */
};

/* name, or if that is NULL the index-th from 1. Afterwards step until xml.done or over. */
int32_t xlsx_sheet_open(struct xlsx_sheet *s, struct xlsx_package *p, const struct xlsx_book *b,
                        const char *name, int64_t index);
int32_t xlsx_sheet_step(struct xlsx_sheet *s);
void xlsx_sheet_close(struct xlsx_sheet *s);

#endif
