/* SPDX-License-Identifier: Apache-2.0 */
/* Rows to sheets. A row is made ready as a whole before its first cell is written. */
#include "writer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int32_t xlsx_forms(void *self, const struct ArrowSchema *schema, uint32_t *forms)
{
    (void)self;
    for (int64_t i = 0; i < schema->n_children; i++)
        forms[i] = QETL_FORM_VALUE;
    return QETL_OK;
}

static void book_close(struct xlsx_writer *w)
{
    if (w->book)
        workbook_close(w->book);
    if (w->file >= 0)
        close(w->file);
    free(w->scales);
    w->book = NULL;
    w->sheet = NULL;
    w->file = -1;
    w->scales = NULL;
}

void xlsx_writer_free(struct xlsx *x)
{
    struct xlsx_writer *w = x->writer;
    if (!w)
        return;
    book_close(w);
    for (int64_t i = 0; w->cells && i < w->schema.n_children; i++)
        free(w->cells[i].text.data);
    qetl_schema_release(&w->schema);
    free(w->cells);
    free(w->columns);
    free(w);
    x->writer = NULL;
}

static int32_t options_take(struct xlsx_writer *w)
{
    const char *title = qetl_option_text(w->env, "/sheet");
    const char *overflow = qetl_option_text(w->env, "/overflow");
    w->title = title ? title : "Sheet1";
    w->header = qetl_option_bool(w->env, "/header");
    w->freeze = qetl_option_bool(w->env, "/freeze");
    w->autofilter = qetl_option_bool(w->env, "/autofilter");
    w->max_rows = qetl_option_int(w->env, "/max_rows");
    w->reject_overflow = overflow && !strcmp(overflow, "reject");
    if (strlen(w->title) > LXW_SHEETNAME_MAX || strpbrk(w->title, "[]:*?/\\") ||
        *w->title == '\'' || w->title[strlen(w->title) - 1] == '\'')
        return qetl_fail(w->env, QETL_E_CONFIG, "/sheet",
                         "up to 31 characters, none of [ ] : * ? / \\, no quote at its ends",
                         "Excel takes no sheet called \"%s\"", w->title);
    return QETL_OK;
}

int32_t xlsx_open_encode(void *self, const struct ArrowSchema *schema)
{
    struct xlsx *x = self;
    if (schema->n_children > XLSX_COLUMNS_MAX)
        return qetl_fail(x->env, QETL_E_CONFIG, NULL, "select fewer",
                         "a sheet has %d columns at most, and these are %lld", XLSX_COLUMNS_MAX,
                         (long long)schema->n_children);
    xlsx_writer_free(x);
    struct xlsx_writer *w = x->writer = calloc(1, sizeof *w);
    if (!w)
        return QETL_E_NO_MEMORY;
    w->env = x->env;
    w->file = -1;
    int32_t status = qetl_schema_copy(schema, &w->schema);
    w->cells = calloc((size_t)schema->n_children + 1, sizeof *w->cells);
    w->columns = calloc((size_t)schema->n_children + 1, sizeof *w->columns);
    if (!status && (!w->cells || !w->columns))
        status = QETL_E_NO_MEMORY;
    return status ? status : options_take(w);
}

/* ---- the workbook ---- */

static lxw_format *format_add(struct xlsx_writer *w, const char *code)
{
    lxw_format *format = workbook_add_format(w->book);
    if (format)
        format_set_num_format(format, code);
    return format;
}

static int32_t formats_add(struct xlsx_writer *w)
{
    char code[32];
    w->scales = calloc(16, sizeof *w->scales);
    w->bold = workbook_add_format(w->book);
    if (!w->scales || !w->bold)
        return QETL_E_NO_MEMORY;
    format_set_bold(w->bold);
    w->date = format_add(w, "yyyy-mm-dd");
    w->stamp = format_add(w, "yyyy-mm-dd hh:mm:ss");
    w->stamp_ms = format_add(w, "yyyy-mm-dd hh:mm:ss.000");
    w->clock = format_add(w, "hh:mm:ss");
    w->clock_ms = format_add(w, "hh:mm:ss.000");
    w->span = format_add(w, "[h]:mm:ss");
    w->span_ms = format_add(w, "[h]:mm:ss.000");
    for (int scale = 0; scale < 16; scale++) {
        snprintf(code, sizeof code, "0%s%.*s", scale ? "." : "", scale, "000000000000000");
        w->scales[scale] = format_add(w, code);
    }
    return w->scales[15] && w->span_ms ? QETL_OK : QETL_E_NO_MEMORY;
}

static int32_t header_write(struct xlsx_writer *w)
{
    lxw_error error = LXW_NO_ERROR;
    lxw_col_t last = (lxw_col_t)(w->schema.n_children - 1);
    for (int64_t i = 0; !error && i < w->schema.n_children; i++)
        error =
            worksheet_write_string(w->sheet, 0, (lxw_col_t)i, w->schema.children[i]->name, w->bold);
    if (error)
        return qetl_fail(w->env, QETL_E_DATA, NULL, "give the columns shorter names",
                         "the header cannot be written: %s", lxw_strerror(error));
    if (w->freeze)
        worksheet_freeze_panes(w->sheet, 1, 0);
    if (w->autofilter && w->schema.n_children)
        worksheet_autofilter(w->sheet, 0, 0, (lxw_row_t)(w->max_rows - 1), last);
    w->row = 1;
    return QETL_OK;
}

static int32_t sheet_add(struct xlsx_writer *w)
{
    char name[LXW_SHEETNAME_MAX * 4 + 32];
    snprintf(name, sizeof name, "%s", w->title);
    if (++w->sheets > 1)
        snprintf(name, sizeof name, "%.24s (%lld)", w->title, (long long)w->sheets);
    w->sheet = workbook_add_worksheet(w->book, name);
    w->row = 0;
    if (!w->sheet)
        return qetl_fail(w->env, QETL_E_CONFIG, "/sheet", "choose another name",
                         "the sheet \"%s\" cannot be made", name);
    return w->header ? header_write(w) : QETL_OK;
}

/* A file without a name, so that nothing stays behind however the run ends. */
static int32_t file_open(struct xlsx_writer *w, const char *folder)
{
    char *path;
    if (asprintf(&path, "%s/qetl-xlsx-XXXXXX", folder) < 0)
        return QETL_E_NO_MEMORY;
    w->file = mkostemp(path, O_CLOEXEC);
    int32_t status = w->file >= 0 ? QETL_OK
                                  : qetl_fail(w->env, QETL_E_ENVIRONMENT, NULL,
                                              "set TMPDIR to a folder with room",
                                              "no file can be made in %s: %m", folder);
    if (w->file >= 0)
        unlink(path);
    free(path);
    return status;
}

/* Rows may come before the object is begun. */
static int32_t book_open(struct xlsx_writer *w)
{
    const char *folder = getenv("TMPDIR");
    char path[40];
    if (w->book)
        return QETL_OK;
    w->sheets = 0;
    folder = folder && *folder ? folder : "/tmp";
    int32_t status = file_open(w, folder);
    if (status)
        return status;
    snprintf(path, sizeof path, "/proc/self/fd/%d", w->file);
    lxw_workbook_options options = {
        .constant_memory = LXW_TRUE, .tmpdir = (char *)folder, .use_zip64 = LXW_FALSE};
    w->book = workbook_new_opt(path, &options);
    status = w->book ? formats_add(w) : QETL_E_NO_MEMORY;
    return status ? status : sheet_add(w);
}

int32_t xlsx_begin(void *self, struct qetl_space *out)
{
    struct xlsx *x = self;
    (void)out;
    x->writer->begun = true;
    return book_open(x->writer);
}

static int32_t file_read(struct xlsx_writer *w, struct qetl_space *out)
{
    enum { PIECE_BYTES = 1 << 20 };
    int32_t status = QETL_OK;
    ssize_t n = 1;
    for (int64_t at = 0; !status && n > 0; at += n) {
        status = out->reserve(out, PIECE_BYTES);
        n = status ? 0 : pread(w->file, out->data + out->size, PIECE_BYTES, at);
        out->size += n > 0 ? n : 0;
    }
    return n >= 0 ? status
                  : qetl_fail(w->env, QETL_E_ENVIRONMENT, NULL, "set TMPDIR to a folder with room",
                              "the workbook cannot be read again: %m");
}

/* What a cell does not hold, and is no reason to reject a row. */
static void losses_tell(struct xlsx_writer *w)
{
    if (w->rounded)
        qetl_logf(w->env, QETL_LOG_WARN,
                  "%lld numbers of 17 digits were rounded to 16, which is more than Excel shows; "
                  "cast to text what must not be",
                  (long long)w->rounded);
    if (w->emptied)
        qetl_logf(w->env, QETL_LOG_WARN,
                  "%lld texts of no bytes became empty cells, which is what NULL is in a workbook",
                  (long long)w->emptied);
    w->rounded = w->emptied = 0;
}

int32_t xlsx_finish(void *self, struct qetl_space *out)
{
    struct xlsx *x = self;
    struct xlsx_writer *w = x->writer;
    if (!w->begun)
        return qetl_fail(w->env, QETL_E_CONFIG, NULL, "write to a new file",
                         "rows cannot be appended to a workbook");
    int32_t status = book_open(w);
    if (status)
        return status;
    w->begun = false;
    lxw_error error = workbook_close(w->book);
    w->book = NULL;
    losses_tell(w);
    if (error)
        status = qetl_fail(w->env, QETL_E_ENVIRONMENT, NULL, "set TMPDIR to a folder with room",
                           "the workbook cannot be put together: %s", lxw_strerror(error));
    if (!status)
        status = file_read(w, out);
    book_close(w);
    return status;
}

/* ---- rows ---- */

static void row_reject(struct xlsx_writer *w, int64_t row, int64_t column, const char *code,
                       const char *why)
{
    struct qetl_reject reject = {
        .struct_size = sizeof reject, .row = row, .column = column, .code = code, .message = why};
    w->env.host->reject(w->env.ctx, &reject);
}

static lxw_error cell_write(struct xlsx_writer *w, int64_t column, const struct xlsx_prepared *cell)
{
    lxw_row_t row = (lxw_row_t)w->row;
    lxw_col_t col = (lxw_col_t)column;
    switch (cell->put) {
    case XLSX_PUT_NUMBER:
        return worksheet_write_number(w->sheet, row, col, cell->number, cell->format);
    case XLSX_PUT_BOOL:
        return worksheet_write_boolean(w->sheet, row, col, cell->number != 0, NULL);
    case XLSX_PUT_TEXT:
        return worksheet_write_string(w->sheet, row, col, cell->text.data, NULL);
    default:
        return LXW_NO_ERROR;
    }
}

static int32_t row_write(struct xlsx_writer *w)
{
    lxw_error error = LXW_NO_ERROR;
    for (int64_t c = 0; !error && c < w->schema.n_children; c++) {
        struct xlsx_text *text = &w->cells[c].text;
        if (w->cells[c].put == XLSX_PUT_TEXT && xlsx_text_add(text, "", 1))
            return QETL_E_NO_MEMORY;
        error = cell_write(w, c, &w->cells[c]);
    }
    w->row++;
    return error ? qetl_fail(w->env, QETL_E_FATAL, NULL, NULL, "row %lld cannot be written: %s",
                             (long long)w->row, lxw_strerror(error))
                 : QETL_OK;
}

static int32_t row_take(struct xlsx_writer *w, int64_t row)
{
    const char *code = "", *why = "";
    int32_t status = QETL_OK;
    if (w->row >= w->max_rows && w->reject_overflow) {
        row_reject(w, row, -1, "sheet_full", "the sheet has as many rows as max_rows allows");
        return QETL_OK;
    }
    for (int64_t c = 0; !status && c < w->schema.n_children; c++) {
        status = xlsx_cell_prepare(w, &w->columns[c], row, &w->cells[c], &code, &why);
        if (status == QETL_E_DATA) {
            row_reject(w, row, c, code, why);
            return QETL_OK;
        }
    }
    if (!status && w->row >= w->max_rows)
        status = sheet_add(w);
    return status ? status : row_write(w);
}

int32_t xlsx_encode(void *self, const struct ArrowArray *batch, struct qetl_space *out)
{
    struct xlsx *x = self;
    struct xlsx_writer *w = x->writer;
    struct qetl_column rows;
    (void)out;
    int32_t status = book_open(w);
    if (!status)
        status = qetl_column_open(&rows, &w->schema, batch);
    for (int64_t c = 0; !status && c < w->schema.n_children; c++)
        status = qetl_column_child(&rows, c, &w->columns[c]);
    for (int64_t i = 0; !status && i < batch->length; i++)
        status = row_take(w, i);
    return status;
}
