/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format xlsx. Reading order: package.c unpacks and parses; book.c finds the parts, styles.c
 * and strings.c keep what cells refer to; sheet.c makes rows of XML; value.c and put.c say what
 * cells mean; table.c finds header and names; infer.c looks at a sample, decode.c and rows.c make
 * batches; encode.c and cells.c write.
 */
#include "xlsx.h"

#include <stdlib.h>

int32_t xlsx_options_read(struct qetl_env env, struct xlsx_options *out)
{
    const char *errors = qetl_option_text(env, "/errors");
    const char *blank = qetl_option_text(env, "/blank_rows");
    const char *columns = qetl_option_text(env, "/new_columns");
    const char *range = qetl_option_text(env, "/range");
    int64_t skip = qetl_option_int(env, "/skip_rows");
    *out = (struct xlsx_options){.sheet = qetl_option_text(env, "/sheet"),
                                 .index = qetl_option_int(env, "/sheet"),
                                 .header = qetl_option_bool(env, "/header"),
                                 .keep_blank = blank && !strcmp(blank, "keep"),
                                 .sample_rows = qetl_option_int(env, "/sample_rows"),
                                 .max_bytes = qetl_option_int(env, "/max_bytes"),
                                 .max_ratio = qetl_option_int(env, "/max_ratio"),
                                 .max_strings = qetl_option_int(env, "/max_strings")};
    out->errors = errors && !strcmp(errors, "null")   ? XLSX_ERRORS_NULL
                  : errors && !strcmp(errors, "text") ? XLSX_ERRORS_TEXT
                                                      : XLSX_ERRORS_REJECT;
    out->new_columns = columns && !strcmp(columns, "drop")     ? XLSX_NEW_DROP
                       : columns && !strcmp(columns, "evolve") ? XLSX_NEW_EVOLVE
                                                               : XLSX_NEW_REJECT;
    if (!xlsx_range_parse(range ? range : "", &out->range))
        return qetl_fail(env, QETL_E_CONFIG, "/range",
                         "write cells as A1:F100, columns as A:F, rows as 3:10",
                         "\"%s\" is no range of cells", range);
    if (skip > out->range.last_row - out->range.row)
        return qetl_fail(env, QETL_E_CONFIG, "/skip_rows", "skip fewer", "no row is left");
    out->range.row += (int32_t)skip;
    return QETL_OK;
}

static int32_t type_check(struct qetl_env env, const char *name)
{
    char pointer[600];
    struct ArrowSchema field;
    if (qetl_option_pointer(pointer, sizeof pointer, "/types", name))
        return qetl_fail(env, QETL_E_CONFIG, "/types",
                         "rename it in the workbook, or CAST it behind",
                         "column \"%.40s...\": its name is too long to be given a type here", name);
    const char *sql = qetl_option_text(env, pointer);
    int32_t status = qetl_type_field(sql, name, &field);
    bool known = !status && !field.n_children && strcmp(field.format, "vz") != 0;
    if (!status)
        qetl_schema_release(&field);
    if (status == QETL_E_NO_MEMORY || known)
        return status;
    return qetl_fail(env, QETL_E_CONFIG, pointer,
                     "name a SQL type, as bigint, decimal(12,2), timestamp, text",
                     "column \"%s\": a cell cannot hold the type \"%s\"", name, sql ? sql : "");
}

static int32_t create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                      const char *config)
{
    struct xlsx *x = self;
    (void)config;
    x->env = (struct qetl_env){host, ctx};
    int32_t status = xlsx_options_read(x->env, &x->options);
    int64_t n = qetl_option_count(x->env, "/types");
    for (int64_t i = 0; !status && i < n; i++)
        status = type_check(x->env, qetl_option_key(x->env, "/types", i));
    return status;
}

static void destroy(void *self)
{
    struct xlsx *x = self;
    xlsx_decode_free(x);
    xlsx_writer_free(x);
    qetl_schema_release(&x->schema);
}

static int32_t describe(void *self, struct qetl_format_info *out)
{
    const struct xlsx *x = self;
    out->encode = QETL_ENCODE_CLOSED | QETL_ENCODE_UNSIZED;
    out->decode = QETL_DECODE_VALUES | QETL_DECODE_WHOLE;
    if (x->options.new_columns == XLSX_NEW_EVOLVE)
        out->decode |= QETL_DECODE_GROWS;
    return QETL_OK;
}

static const struct qetl_format format = {
    .struct_size = sizeof format,
    .describe = describe,
    .infer = xlsx_infer,
    .open_decode = xlsx_open_decode,
    .frame = xlsx_frame,
    .decode = xlsx_decode,
    .forms = xlsx_forms,
    .open_encode = xlsx_open_encode,
    .begin = xlsx_begin,
    .finish = xlsx_finish,
    .encode = xlsx_encode,
};

static const struct qetl_component component = {
    .struct_size = sizeof component,
    .kind = QETL_FORMAT,
    .id = "xlsx",
    .state_size = sizeof(struct xlsx),
    .create = create,
    .destroy = destroy,
    .format = &format,
};

QETL_PLUGIN("xlsx", "0.1.0", &component)
