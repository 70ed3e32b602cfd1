/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A workbook that is being written, by libxlsxwriter, row by row into a file without a place among
 * others, and from there to the sink.
 *
 * Invariant: rows come in order; a row that is rejected leaves no cell. Ownership: the writer owns
 * the file until it is read. Threads:   one.
 */
#ifndef XLSX_WRITER_H
#define XLSX_WRITER_H

#include "xlsx.h"

#include <xlsxwriter.h>

enum { XLSX_TEXT_MAX = 32767 };

struct xlsx_writer {
    struct qetl_env env;
    struct ArrowSchema schema;
    bool header, freeze, autofilter, reject_overflow, begun;
    int64_t max_rows, sheets, rounded, emptied; /* emptied: texts of no bytes */
    const char *title;                          /* of the first sheet */
    int file;                                   /* what the workbook is put together in; -1: none */
    lxw_workbook *book;
    lxw_worksheet *sheet;
    int64_t row; /* the next one in the sheet */
    lxw_format *bold, *date, *stamp, *stamp_ms, *clock, *clock_ms, *span, *span_ms;
    lxw_format **scales;         /* of decimals, by scale */
    struct xlsx_prepared *cells; /* of the row at hand */
    struct qetl_column *columns; /* of the batch */
};

/* A cell that is known to fit. */
struct xlsx_prepared {
    enum { XLSX_PUT_NOTHING, XLSX_PUT_NUMBER, XLSX_PUT_BOOL, XLSX_PUT_TEXT } put;
    double number;
    lxw_format *format;
    struct xlsx_text text;
};

/* cells.c: DATA with code and why: the row must be rejected. */
int32_t xlsx_cell_prepare(struct xlsx_writer *w, const struct qetl_column *c, int64_t row,
                          struct xlsx_prepared *out, const char **code, const char **why);

#endif
