/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a row of each element of a list, or of each part of a text. Elements are not copied: the
 * host repeats the other columns by the row map, and picks elements by another. */
#include <qetl/rows.h>
#include <qetl/sdk.h>

#include <stdlib.h>

enum { CHUNK_ROWS = 16384 };

struct explode {
    struct qetl_env env;
    const char *separator; /* of text; NULL: the column is a list */
    size_t separator_size;
    const char *ordinality; /* the name of the column, or NULL */
    int32_t keep_empty;
    struct ArrowSchema column, element; /* of the input; of the output, with its name there */

    /* the batch at hand */
    struct qetl_shared *batch;
    struct qetl_column reader, elements;
    int64_t rows, row, at; /* the next element, or byte of text, of that row */
    int64_t nth;           /* parts of the row that went out already */

    struct qetl_builder numbers, texts;
    int32_t *row_map, *element_map;
    int64_t n_out; /* rows of the output that is being made */
    int64_t first; /* list: the first element it refers to */
    int64_t next;  /* and the one behind the last */
    bool gaps;     /* not each element between the two, in turn */
};

static int32_t no_memory(const struct explode *explode)
{
    return qetl_fail(explode->env, QETL_E_NO_MEMORY, NULL,
                     "make batches smaller, or raise --memory", "no memory to explode a column");
}

static const struct qetl_option_field options[] = {
    {"/empty", QETL_OPTION_WORD, offsetof(struct explode, keep_empty), "drop", "drop|null"},
};

static int32_t explode_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                              const char *config)
{
    struct explode *explode = self;
    int32_t status;

    (void)config;
    explode->env = (struct qetl_env){host, ctx};
    status = qetl_options_read(explode->env, options, 1, explode);
    if (status)
        return status;
    explode->separator = qetl_option_text(explode->env, "/separator");
    explode->separator_size = explode->separator ? strlen(explode->separator) : 0;
    explode->ordinality = qetl_option_text(explode->env, "/ordinality");
    explode->row_map = malloc(CHUNK_ROWS * sizeof *explode->row_map);
    explode->element_map = malloc(CHUNK_ROWS * sizeof *explode->element_map);
    return explode->row_map && explode->element_map ? QETL_OK : no_memory(explode);
}

static void bound_reset(struct explode *explode)
{
    qetl_shared_free(explode->batch);
    explode->batch = NULL;
    qetl_builder_free(&explode->numbers);
    qetl_builder_free(&explode->texts);
    qetl_schema_release(&explode->column);
    qetl_schema_release(&explode->element);
}

static void explode_destroy(void *self)
{
    struct explode *explode = self;

    bound_reset(explode);
    free(explode->row_map);
    free(explode->element_map);
}

/* ---- bind ---- */

/* A list, or a text with a separator. */
static int32_t column_check(struct explode *explode, const struct ArrowSchema *field)
{
    bool list = !strcmp(field->format, "+l"), text = !strcmp(field->format, "vu");
    char name[100];

    if (explode->separator ? text : list)
        return QETL_OK;
    qetl_type_name(field, name, sizeof name);
    if (text)
        return qetl_fail(explode->env, QETL_E_CONFIG, "/column",
                         "say what stands between its parts:  separator: \",\"",
                         "column \"%s\" is text, not a list", field->name);
    return qetl_fail(explode->env, QETL_E_CONFIG, list ? "/separator" : "/column",
                     list ? "take it out: the elements of a list are apart already"
                          : "lists can be exploded, and text with a `separator`",
                     "column \"%s\" is of type %s", field->name, name);
}

static int32_t fields_make(struct explode *explode, const struct ArrowSchema *field)
{
    const char *as = qetl_option_text(explode->env, "/as");
    struct ArrowSchema number;
    int32_t status = qetl_schema_copy(field, &explode->column);

    if (!status)
        status = explode->separator ? qetl_schema_init_field(&explode->element, "", "vu")
                                    : qetl_schema_copy(field->children[0], &explode->element);
    if (!status)
        status = qetl_schema_set_name(&explode->element, as ? as : field->name);
    if (!status)
        status = qetl_schema_init_field(&number, "", "l");
    if (status)
        return no_memory(explode);
    explode->element.flags |= explode->keep_empty ? ARROW_FLAG_NULLABLE : 0;
    status = qetl_builder_open(&explode->numbers, explode->env, &number, CHUNK_ROWS);
    qetl_schema_release(&number);
    if (!status && explode->separator)
        status = qetl_builder_open(&explode->texts, explode->env, &explode->element, CHUNK_ROWS);
    return status ? no_memory(explode) : QETL_OK;
}

static int32_t names_check(const struct explode *explode, const struct ArrowSchema *input,
                           int64_t column)
{
    const char *as = explode->element.name, *ordinality = explode->ordinality, *twice = NULL;

    if (ordinality && !strcmp(as, ordinality))
        twice = ordinality;
    for (int64_t i = 0; i < input->n_children && !twice; i++) {
        const char *name = input->children[i]->name;
        if (i != column && (!strcmp(name, as) || (ordinality && !strcmp(name, ordinality))))
            twice = name;
    }
    if (!twice)
        return QETL_OK;
    return qetl_fail(explode->env, QETL_E_CONFIG,
                     ordinality && !strcmp(twice, ordinality) ? "/ordinality" : "/as",
                     "choose a name that the input does not have",
                     "two columns of the output would be named \"%s\"", twice);
}

static int32_t made_bind(struct explode *explode, int64_t column, struct qetl_binder *binder)
{
    int32_t status = qetl_bind_field(binder, 0, &explode->element, 1, &column);

    if (!status && explode->ordinality)
        status = qetl_bind_new(binder, explode->ordinality, "bigint", 1, &column);
    return status;
}

static int32_t explode_bind(void *self, uint32_t n_inputs, const struct ArrowSchema *const *inputs,
                            struct qetl_binder *binder)
{
    struct explode *explode = self;
    const char *name = qetl_option_text(explode->env, "/column");
    int64_t column = qetl_schema_require(explode->env, inputs[0], "/column", name);
    int32_t status;

    (void)n_inputs;
    bound_reset(explode);
    if (column < 0)
        return (int32_t)column;
    status = column_check(explode, inputs[0]->children[column]);
    if (!status)
        status = fields_make(explode, inputs[0]->children[column]);
    if (!status)
        status = names_check(explode, inputs[0], column);
    if (!status)
        status = binder->read(binder, 0, column, QETL_FORM_VALUE);
    for (int64_t i = 0; i < inputs[0]->n_children && status >= 0; i++)
        status = i == column ? made_bind(explode, column, binder)
                             : binder->copy(binder, 0, -1, 0, i, NULL);
    return status < 0 ? status : binder->rows(binder, 0, QETL_ROWS_EXPAND);
}

/* ---- batches ---- */

static int32_t batch_take(struct explode *explode, const struct qetl_event *event)
{
    struct ArrowArray moved;
    int32_t status;

    qetl_batch_move(event->batch, event->rows, 0, &moved);
    if (qetl_shared_new(&moved, &explode->batch)) {
        qetl_batch_return(event->batch, 0, &moved);
        return no_memory(explode);
    }
    explode->rows = event->rows;
    explode->row = explode->at = explode->nth = 0;
    status =
        qetl_column_open(&explode->reader, &explode->column, qetl_shared_array(explode->batch));
    if (!status && !explode->separator)
        status = qetl_column_child(&explode->reader, 0, &explode->elements);
    return status ? qetl_fail(explode->env, status, NULL, NULL, "the column is no valid array")
                  : QETL_OK;
}

/* Back into the batch, where the call that brought it fails. */
static void batch_return(struct explode *explode, const struct qetl_event *event)
{
    struct ArrowArray moved;

    qetl_shared_undo(explode->batch, &moved);
    explode->batch = NULL;
    explode->rows = 0;
    if (event)
        qetl_batch_return(event->batch, 0, &moved);
    qetl_array_release(&moved);
}

static void out_add(struct explode *explode, int64_t element)
{
    int64_t n = explode->n_out++;

    explode->row_map[n] = (int32_t)explode->row;
    if (element < 0) {
        explode->gaps = true;
    } else {
        if (explode->first < 0)
            explode->first = explode->next = element;
        explode->gaps |= element != explode->next;
        explode->next = element + 1;
    }
    explode->element_map[n] = (int32_t)(element < 0 ? -1 : element - explode->first);
}

/* The row at hand has nothing more. */
static void row_end(struct explode *explode, struct qetl_output *out)
{
    out->rows_added += explode->nth - (explode->nth > 0);
    out->rows_filtered += explode->nth == 0;
    explode->row++;
    explode->at = explode->nth = 0;
}

/* A row without elements, which leaves once where that was asked for. */
static int32_t empty_add(struct explode *explode)
{
    int32_t status = QETL_OK;

    if (!explode->keep_empty)
        return QETL_OK;
    explode->nth = 1;
    out_add(explode, -1);
    if (explode->separator)
        status = qetl_builder_null(&explode->texts);
    if (!status && explode->separator && explode->ordinality)
        status = qetl_builder_null(&explode->numbers);
    return status;
}

static int32_t list_row(struct explode *explode, struct qetl_output *out)
{
    int64_t first, count = 0;
    int32_t status = QETL_OK;

    if (!qetl_column_is_null(&explode->reader, explode->row))
        qetl_column_list(&explode->reader, explode->row, &first, &count);
    while (explode->at < count && explode->n_out < CHUNK_ROWS) {
        out_add(explode, first + explode->at++);
        explode->nth++;
    }
    if (explode->at < count)
        return QETL_OK; /* the output is full */
    if (count == 0)
        status = empty_add(explode);
    row_end(explode, out);
    return status;
}

/* The next separator in the text behind `at`, or its end. */
static int64_t part_end(const struct explode *explode, struct qetl_text text)
{
    const char *found = memmem(text.data + explode->at, (size_t)(text.size - explode->at),
                               explode->separator, explode->separator_size);

    return found ? found - text.data : text.size;
}

static int32_t text_row(struct explode *explode, struct qetl_output *out)
{
    struct qetl_text text = {NULL, 0};
    int32_t status = QETL_OK;

    if (!qetl_column_is_null(&explode->reader, explode->row))
        text = qetl_column_text(&explode->reader, explode->row);
    while (text.size && explode->at <= text.size && explode->n_out < CHUNK_ROWS && !status) {
        int64_t end = part_end(explode, text);
        explode->nth++;
        out_add(explode, -1);
        status = qetl_builder_text(&explode->texts, text.data + explode->at, end - explode->at);
        if (!status && explode->ordinality)
            status = qetl_builder_int(&explode->numbers, explode->nth);
        explode->at = end + (int64_t)explode->separator_size;
        if (end == text.size)
            explode->at = end + 1;
    }
    if (status || (text.size && explode->at <= text.size))
        return status;
    if (!text.size)
        status = empty_add(explode);
    row_end(explode, out);
    return status;
}

/* The place of each element in its list; of elements that no list holds, 0. */
static int32_t numbers_make(struct explode *explode)
{
    int64_t at = explode->first, row = -1, first = 0, count = 0;
    int32_t status = QETL_OK;

    for (int64_t i = 0; i < explode->n_out && !status; i++) {
        int64_t element = explode->first + explode->element_map[i];
        if (explode->element_map[i] < 0)
            continue;
        if (explode->row_map[i] != row) {
            row = explode->row_map[i];
            qetl_column_list(&explode->reader, row, &first, &count);
        }
        for (; at < element && !status; at++)
            status = qetl_builder_int(&explode->numbers, 0);
        if (!status)
            status = qetl_builder_int(&explode->numbers, ++at - first);
    }
    return status;
}

static int32_t columns_make(struct explode *explode, struct qetl_output *out)
{
    struct ArrowArray made[2] = {{.release = NULL}, {.release = NULL}};
    int64_t n = 1 + (explode->ordinality != NULL), rows = explode->n_out;
    int32_t status;

    if (explode->separator) {
        status = qetl_builder_close(&explode->texts, &made[0]);
    } else {
        rows = explode->first < 0 ? 0 : explode->next - explode->first;
        status = qetl_shared_part(explode->env, explode->batch, explode->elements.array,
                                  rows ? explode->first : 0, rows, NULL, &made[0]);
        if (!status && explode->ordinality)
            status = numbers_make(explode);
        if (explode->gaps)
            out->derived_map = explode->element_map;
    }
    if (!status && explode->ordinality)
        status = qetl_builder_close(&explode->numbers, &made[1]);
    if (!status)
        status = qetl_array_struct(explode->env, rows, n, made, &out->batch);
    qetl_array_release(&made[0]);
    qetl_array_release(&made[1]);
    return status ? no_memory(explode) : QETL_OK;
}

static int32_t explode_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    struct explode *explode = self;
    int32_t status = QETL_OK;

    if (event && event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    if (event)
        status = batch_take(explode, event);
    explode->n_out = 0;
    explode->first = explode->next = -1;
    explode->gaps = false;
    while (!status && explode->row < explode->rows && explode->n_out < CHUNK_ROWS)
        status = explode->separator ? text_row(explode, out) : list_row(explode, out);
    if (status)
        status = qetl_fail(explode->env, status, NULL, NULL, "the column cannot be exploded");
    out->rows = explode->n_out;
    out->row_map = explode->row_map;
    if (!status && explode->n_out)
        status = columns_make(explode, out);
    if (status) {
        batch_return(explode, event);
        return status;
    }
    if (explode->row < explode->rows)
        return QETL_MORE;
    qetl_shared_free(explode->batch);
    explode->batch = NULL;
    return out->rows ? QETL_OUTPUT : QETL_NEED_INPUT;
}

static const struct qetl_transform explode_transform = {
    .struct_size = sizeof explode_transform,
    .bind = explode_bind,
    .process = explode_process,
};

static const struct qetl_component explode_component = {
    .struct_size = sizeof explode_component,
    .kind = QETL_TRANSFORM,
    .id = "explode",
    .state_size = sizeof(struct explode),
    .create = explode_create,
    .destroy = explode_destroy,
    .transform = &explode_transform,
};

QETL_PLUGIN("explode", "0.1.0", &explode_component)
