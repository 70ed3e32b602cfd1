/* SPDX-License-Identifier: Apache-2.0 */
#include "capture.h"

#include "config/mask.h"
#include "data/json_text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- rows ---- */

static char *type_of(const struct ArrowSchema *field)
{
    char type[128];
    size_t size;
    const char *declared = qetl_schema_metadata(field, "qetl:type", &size);
    return declared ? strndup(declared, size) : strdup(qetl_type_name(field, type, sizeof type));
}

static int columns_note(struct qetl_shown_rows *rows, const struct ArrowSchema *schema)
{
    if (rows->n_columns >= 0)
        return 0;
    rows->columns = calloc((size_t)schema->n_children + 1, sizeof *rows->columns);
    if (!rows->columns)
        return -1;
    rows->n_columns = schema->n_children;
    int failed = 0;
    for (int64_t c = 0; c < rows->n_columns; c++) {
        const struct ArrowSchema *field = schema->children[c];
        rows->columns[c] = (struct qetl_shown_column){
            .name = strdup(field->name), .type = type_of(field), .kind = qetl_cell_kind_of(field)};
        failed |= !rows->columns[c].name || !rows->columns[c].type;
    }
    return failed ? -1 : 0;
}

static int rows_grow(struct qetl_shown_rows *rows)
{
    if (rows->n_rows < rows->room)
        return 0;
    int64_t room = rows->room ? rows->room * 2 : 16;
    size_t bytes = (size_t)(room * rows->n_columns + 1) * sizeof *rows->cells;
    struct qetl_shown_cell *cells = realloc(rows->cells, bytes);
    if (!cells)
        return -1;
    rows->cells = cells;
    rows->room = room;
    return 0;
}

static int cell_keep(const struct qetl_cells *cells, int64_t row, struct qetl_shown_cell *out)
{
    struct qetl_space text;
    *out = (struct qetl_shown_cell){0};
    if (!cells->visible || qetl_cell_is_null(cells, row))
        return 0;
    qetl_heap_space(&text);
    if (qetl_cell_text(cells, row, &text) || qetl_space_put(&text, "", 1)) {
        free(text.data);
        return -1;
    }
    *out = (struct qetl_shown_cell){(char *)text.data, text.size - 1};
    return 0;
}

static int row_keep(struct qetl_shown_rows *rows, const struct qetl_cells *cells, int64_t row)
{
    if (rows_grow(rows))
        return -1;
    struct qetl_shown_cell *to = rows->cells + rows->n_rows * rows->n_columns;
    int failed = 0;
    for (int64_t c = 0; c < rows->n_columns; c++)
        failed |= cell_keep(&cells[c], row, &to[c]);
    rows->n_rows++;
    return failed;
}

static int sight_keep(struct qetl_capture *capture, struct qetl_shown_rows *rows,
                      const struct qetl_sight *sight)
{
    struct qetl_cells *cells = calloc((size_t)sight->schema->n_children + 1, sizeof *cells);
    int failed = !cells || columns_note(rows, sight->schema);
    for (int64_t c = 0; !failed && c < rows->n_columns; c++)
        failed =
            qetl_cells_open(&cells[c], sight->schema->children[c], &sight->batch->columns[c]) != 0;
    for (int64_t row = 0; !failed && row < sight->batch->rows; row++) {
        if (!qetl_sight_holds(sight, row))
            continue;
        rows->passed++;
        if (rows->n_rows < capture->keep_rows)
            failed = row_keep(rows, cells, row);
    }
    free(cells);
    return failed;
}

static void see_rows(void *arg, const struct qetl_sight *sight)
{
    struct qetl_capture *capture = arg;
    pthread_mutex_lock(&capture->lock);
    struct qetl_shown_rows *rows = qetl_capture_find(capture, sight->node, sight->port);
    capture->no_memory |= sight_keep(capture, rows, sight) != 0;
    if (capture->progress)
        capture->progress(capture);
    pthread_mutex_unlock(&capture->lock);
}

/* ---- letters ---- */

static char *original_of(const struct qetl_letter *letter)
{
    if (!letter->bytes)
        return NULL;
    struct qetl_space text;
    qetl_heap_space(&text);
    char *copy = NULL;
    if (!qetl_space_put(&text, letter->bytes, letter->bytes_size))
        copy = strndup((const char *)text.data, (size_t)text.size);
    free(text.data);
    return copy;
}

static bool letter_is_wanted(const struct qetl_capture *capture, size_t node)
{
    int64_t kept = 0;
    for (size_t i = 0; i < capture->n_letters; i++)
        kept += capture->letters[i].node == node;
    return kept < capture->keep_letters;
}

static int letter_keep(struct qetl_capture *capture, size_t node, const struct qetl_letter *letter)
{
    size_t size = (capture->n_letters + 1) * sizeof *capture->letters;
    struct qetl_shown_letter *letters = realloc(capture->letters, size);
    if (!letters)
        return -1;
    capture->letters = letters;
    const struct qetl_object *object = letter->origin ? letter->origin->object : NULL;
    letters[capture->n_letters++] = (struct qetl_shown_letter){
        .node = node,
        .code = strdup(letter->code),
        .message = strdup(letter->message),
        .column = letter->column ? strdup(letter->column) : NULL,
        .object = object ? strdup(object->name) : NULL,
        .original = original_of(letter),
        .row = letter->row,
    };
    return 0;
}

static void see_letter(void *arg, const struct qetl_letter *letter)
{
    struct qetl_capture *capture = arg;
    size_t node = 0;
    while (strcmp(capture->pipeline->nodes[node].id, letter->component) != 0)
        node++;
    pthread_mutex_lock(&capture->lock);
    if (letter_is_wanted(capture, node))
        capture->no_memory |= letter_keep(capture, node, letter) != 0;
    pthread_mutex_unlock(&capture->lock);
}

/* ---- the whole ---- */

static const struct qetl_component *stand_in(void *arg, const struct qetl_node *node)
{
    const struct qetl_capture *capture = arg;
    const struct qetl_component *other =
        capture->stand_in ? capture->stand_in(capture->arg, node) : NULL;
    if (other || node->kind != QETL_SINK)
        return other;
    return qetl_stand_in_sink(node->format.plugin != NULL);
}

static size_t ports_of(const struct qetl_node *node)
{
    if (node->kind == QETL_SINK)
        return node->n_inputs;
    return node->n_outputs ? node->n_outputs : 1;
}

int qetl_capture_init(struct qetl_capture *capture, const struct qetl_pipeline *pipeline)
{
    capture->pipeline = pipeline;
    capture->observer = (struct qetl_observer){
        .arg = capture, .rows = see_rows, .letter = see_letter, .stand_in = stand_in};
    pthread_mutex_init(&capture->lock, NULL);
    size_t n = 0;
    for (size_t i = 0; i < pipeline->n_nodes; i++)
        n += ports_of(&pipeline->nodes[i]);
    capture->outputs = calloc(n + 1, sizeof *capture->outputs);
    if (!capture->outputs)
        return -1;
    for (size_t i = 0; i < pipeline->n_nodes; i++)
        for (size_t p = 0; p < ports_of(&pipeline->nodes[i]); p++)
            capture->outputs[capture->n_outputs++] =
                (struct qetl_shown_rows){.node = i, .port = (uint32_t)p, .n_columns = -1};
    return 0;
}

static const struct ArrowSchema *schema_of(const struct qetl_capture *capture,
                                           const struct qetl_run *run,
                                           const struct qetl_shown_rows *rows)
{
    const struct qetl_node *node = &capture->pipeline->nodes[rows->node];
    if (node->kind != QETL_SINK)
        return qetl_run_schema(run, rows->node, rows->port);
    const struct qetl_input *input = &node->inputs[rows->port];
    const struct qetl_node *from = &capture->pipeline->nodes[input->component];
    uint32_t port = 0;
    while (input->port && port < from->n_outputs && strcmp(from->outputs[port], input->port) != 0)
        port++;
    return qetl_run_schema(run, input->component, port);
}

void qetl_capture_finish(struct qetl_capture *capture, const struct qetl_run *run)
{
    for (size_t i = 0; i < capture->n_outputs; i++) {
        const struct ArrowSchema *schema = schema_of(capture, run, &capture->outputs[i]);
        if (schema && schema->format)
            capture->no_memory |= columns_note(&capture->outputs[i], schema) != 0;
    }
}

static void rows_free(struct qetl_shown_rows *rows)
{
    for (int64_t i = 0; i < rows->n_rows * rows->n_columns; i++)
        free(rows->cells[i].text);
    for (int64_t c = 0; c < rows->n_columns; c++) {
        free(rows->columns[c].name);
        free(rows->columns[c].type);
    }
    free(rows->cells);
    free(rows->columns);
}

void qetl_capture_free(struct qetl_capture *capture)
{
    for (size_t i = 0; i < capture->n_outputs; i++)
        rows_free(&capture->outputs[i]);
    free(capture->outputs);
    for (size_t i = 0; i < capture->n_letters; i++) {
        struct qetl_shown_letter *letter = &capture->letters[i];
        free(letter->code);
        free(letter->message);
        free(letter->column);
        free(letter->object);
        free(letter->original);
    }
    free(capture->letters);
    pthread_mutex_destroy(&capture->lock);
}

/* ---- reading ---- */

struct qetl_shown_rows *qetl_capture_find(const struct qetl_capture *capture, size_t node,
                                          uint32_t port)
{
    for (size_t i = 0; i < capture->n_outputs; i++)
        if (capture->outputs[i].node == node && capture->outputs[i].port == port)
            return &capture->outputs[i];
    return NULL;
}

const char *qetl_shown_port(const struct qetl_capture *capture, const struct qetl_shown_rows *rows)
{
    const struct qetl_node *node = &capture->pipeline->nodes[rows->node];
    return node->kind != QETL_SINK && rows->port < node->n_outputs ? node->outputs[rows->port]
                                                                   : NULL;
}

const struct qetl_shown_cell *qetl_shown_at(const struct qetl_shown_rows *rows, int64_t row,
                                            int64_t c)
{
    return &rows->cells[row * rows->n_columns + c];
}

void qetl_capture_hide(struct qetl_capture *capture, const struct qetl_mask *mask)
{
    for (size_t o = 0; o < capture->n_outputs; o++) {
        struct qetl_shown_rows *rows = &capture->outputs[o];
        for (int64_t i = 0; i < rows->n_rows * rows->n_columns; i++) {
            struct qetl_shown_cell *cell = &rows->cells[i];
            if (!cell->text)
                continue;
            cell->size = (int64_t)qetl_mask_hide(mask, cell->text, (size_t)cell->size);
            cell->text[cell->size] = '\0';
        }
    }
    for (size_t i = 0; i < capture->n_letters; i++) {
        qetl_mask_text(mask, capture->letters[i].message);
        qetl_mask_text(mask, capture->letters[i].original);
    }
}

/* A number as JSON where a program reads back the same digits, else as text. */
static json_t *number_json(const struct qetl_shown_cell *cell)
{
    enum { DIGITS_SAFE = 15 };
    if (!qetl_json_is_number(cell->text, cell->size))
        return NULL;
    char *end;
    errno = 0;
    long long integer = strtoll(cell->text, &end, 10);
    if (!*end && !errno)
        return json_integer(integer);
    size_t digits = 0;
    for (const char *at = cell->text; *at && *at != 'e' && *at != 'E'; at++)
        digits += *at >= '0' && *at <= '9';
    double real = strtod(cell->text, NULL);
    return digits <= DIGITS_SAFE && isfinite(real) ? json_real(real) : NULL;
}

json_t *qetl_shown_json(const struct qetl_shown_column *column, const struct qetl_shown_cell *cell)
{
    if (!cell->text)
        return json_null();
    json_t *value = NULL;
    if (column->kind == QETL_CELL_NUMBER)
        value = number_json(cell);
    else if (column->kind == QETL_CELL_BOOLEAN && strcmp(cell->text, "true") == 0)
        value = json_true();
    else if (column->kind == QETL_CELL_BOOLEAN && strcmp(cell->text, "false") == 0)
        value = json_false();
    else if (column->kind == QETL_CELL_NESTED)
        value = json_loadb(cell->text, (size_t)cell->size, JSON_DECODE_ANY, NULL);
    if (!value)
        value = json_stringn(cell->text, (size_t)cell->size);
    return value ? value : qetl_json_text(cell->text);
}

json_t *qetl_shown_row_json(const struct qetl_shown_rows *rows, int64_t row)
{
    json_t *object = json_object();
    for (int64_t c = 0; c < rows->n_columns; c++)
        json_object_set_new(object, rows->columns[c].name,
                            qetl_shown_json(&rows->columns[c], qetl_shown_at(rows, row, c)));
    return object;
}
