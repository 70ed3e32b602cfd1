/* SPDX-License-Identifier: Apache-2.0 */
/* Which cell of an object goes to which column. */
#include "match.h"

#include "guess.h"

#include <stdio.h>
#include <stdlib.h>

enum { NOTE_HEAD = 4 };

enum csv_new csv_match_policy(const struct csv *self)
{
    const char *text = qetl_option_text(self->env, "/new_columns");

    if (text && !strcmp(text, "drop"))
        return CSV_NEW_DROP;
    return text && !strcmp(text, "evolve") ? CSV_NEW_EVOLVE : CSV_NEW_REJECT;
}

static void match_clear(struct csv_match *m)
{
    free(m->note);
    free(m->columns);
    free(m->cells);
    qetl_schema_release(&m->names);
    *m = (struct csv_match){0};
}

void csv_match_free(struct csv *self)
{
    if (self->match)
        match_clear(self->match);
    free(self->match);
    free(self->note);
}

/* ---- Names, to be found in any number of others ---- */

struct name {
    const char *text;
    int64_t index;
};

static int names_order(const void *a, const void *b)
{
    return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

/* To be freed; NULL without memory. */
static struct name *names_sort(const struct ArrowSchema *schema)
{
    struct name *names = calloc((size_t)schema->n_children + 1, sizeof *names);

    for (int64_t i = 0; names && i < schema->n_children; i++)
        names[i] = (struct name){schema->children[i]->name, i};
    if (names)
        qsort(names, (size_t)schema->n_children, sizeof *names, names_order);
    return names;
}

/* The index of a name, or -1. */
static int64_t names_find(const struct name *names, int64_t n, const char *text)
{
    struct name wanted = {text, 0};
    const struct name *found = bsearch(&wanted, names, (size_t)n, sizeof *names, names_order);

    return found ? found->index : -1;
}

/* ---- What frame tells ---- */

/* "a, b and 3 more", of those that the other lacks; answers how many there are. */
static int64_t lacking_show(const struct ArrowSchema *all, const struct name *other,
                            int64_t n_other, char *out, size_t size)
{
    int64_t n = 0;
    size_t used = 0;

    out[0] = 0;
    for (int64_t i = 0; i < all->n_children; i++) {
        const char *name = all->children[i]->name;

        if (names_find(other, n_other, name) >= 0)
            continue;
        if (n++ < 5)
            used += (size_t)snprintf(out + used, size - used, "%s%.40s", n > 1 ? ", " : "", name);
    }
    if (n > 5)
        snprintf(out + used, size - used, " and %lld more", (long long)n - 5);
    return n;
}

/* The columns of this instance, as a schema of names. */
static int32_t columns_schema(const struct csv *self, struct ArrowSchema *out)
{
    int32_t status = qetl_schema_init_struct(out);

    for (int64_t i = 0; !status && i < self->n_columns; i++)
        status = qetl_schema_add(out, self->columns[i].name, "vu");
    return status;
}

/* Tells what is not alike; UNSUPPORTED: nothing is. */
static int32_t difference_tell(struct csv *self, const struct ArrowSchema *names,
                               const char *object)
{
    static const char *const becomes[] = {"its rows are rejected", "they are dropped",
                                          "they are taken in"};
    struct ArrowSchema columns = {0};
    int32_t status = columns_schema(self, &columns);
    struct name *old = status ? NULL : names_sort(&columns), *new = old ? names_sort(names) : NULL;
    char list[320];
    int64_t lacking;

    object = object ? object : "input";
    if (!status && !new)
        status = QETL_E_NO_MEMORY;
    if (!status) {
        lacking = lacking_show(&columns, new, names->n_children, list, sizeof list);
        if (lacking == self->n_columns)
            status = QETL_E_UNSUPPORTED;
        else if (lacking)
            qetl_logf(self->env, QETL_LOG_WARN, "%s has no columns %s: they are NULL", object,
                      list);
    }
    if (!status && lacking_show(names, old, self->n_columns, list, sizeof list))
        qetl_logf(self->env, QETL_LOG_WARN, "%s has columns that were not there before, %s: %s",
                  object, list, becomes[csv_match_policy(self)]);
    free(old);
    free(new);
    qetl_schema_release(&columns);
    return status;
}

static int32_t note_write(struct csv *self, const struct ArrowSchema *names, struct qetl_blob *out)
{
    size_t size = NOTE_HEAD, at = NOTE_HEAD;

    for (int64_t i = 0; i < names->n_children; i++)
        size += strlen(names->children[i]->name) + 1;
    free(self->note);
    self->note = malloc(size);
    if (!self->note)
        return QETL_E_NO_MEMORY;
    memcpy(self->note, "qcsn", NOTE_HEAD);
    for (int64_t i = 0; i < names->n_children; i++) {
        size_t n = strlen(names->children[i]->name) + 1;

        memcpy(self->note + at, names->children[i]->name, n);
        at += n;
    }
    *out = (struct qetl_blob){self->note, size};
    return QETL_OK;
}

int32_t csv_match_note(struct csv *self, const struct csv_names *names, const char *object,
                       struct qetl_blob *out)
{
    struct ArrowSchema schema = {0};
    int32_t status = qetl_schema_init_struct(&schema);

    if (!status)
        status = csv_names_columns(self, names, &schema);
    if (!status)
        status = difference_tell(self, &schema, object);
    if (!status)
        status = note_write(self, &schema, out);
    self->framer.cells = status ? 0 : schema.n_children;
    qetl_schema_release(&schema);
    return status;
}

/* ---- What decode does ---- */

static int32_t match_fill(struct csv *self, struct csv_match *m)
{
    struct ArrowSchema columns = {0};
    int32_t status = columns_schema(self, &columns);
    struct name *names = status ? NULL : names_sort(&columns);

    m->columns = calloc((size_t)m->n_cells + 1, sizeof *m->columns);
    m->cells = calloc((size_t)self->n_columns + 1, sizeof *m->cells);
    if (!status && (!names || !m->columns || !m->cells))
        status = QETL_E_NO_MEMORY;
    for (int64_t c = 0; !status && c < self->n_columns; c++)
        m->cells[c] = -1;
    for (int64_t i = 0; !status && i < m->n_cells; i++) {
        m->columns[i] = names_find(names, self->n_columns, m->names.children[i]->name);
        if (m->columns[i] >= 0)
            m->cells[m->columns[i]] = i;
        else if (!m->unknown++)
            m->first_unknown = i;
    }
    free(names);
    qetl_schema_release(&columns);
    return status;
}

int32_t csv_match_open(struct csv *self, struct qetl_blob note)
{
    struct csv_match *m = self->match;
    const char *at = (const char *)note.data + NOTE_HEAD,
               *end = (const char *)note.data + note.size;
    int32_t status;

    self->matching = note.size > 0;
    if (!self->matching ||
        (m && m->note_size == (int64_t)note.size && !memcmp(m->note, note.data, note.size)))
        return QETL_OK;
    if (!m)
        m = self->match = calloc(1, sizeof *m);
    if (!m)
        return QETL_E_NO_MEMORY;
    match_clear(m);
    status = qetl_schema_init_struct(&m->names);
    for (; !status && at < end; at += strlen(at) + 1) {
        status = qetl_schema_add(&m->names, at, "vu");
        m->n_cells++;
    }
    if (!status)
        status = match_fill(self, m);
    m->note = status ? NULL : malloc(note.size);
    if (!status && !m->note)
        status = QETL_E_NO_MEMORY;
    if (status)
        return status;
    memcpy(m->note, note.data, note.size);
    m->note_size = (int64_t)note.size;
    return QETL_OK;
}

/* One record, its cells where the columns want them. */
static uint8_t *record_apply(const struct csv *self, const uint8_t *data, uint32_t base,
                             uint8_t *out)
{
    const struct csv_match *m = self->match;
    const struct csv_index *ix = &self->index;
    struct qetl_text null = self->dialect.nulls.list[0];

    for (int64_t c = 0; c < self->n_columns; c++) {
        int64_t cell = m->cells[c];

        if (c)
            *out++ = self->dialect.marks.delimiter;
        if (cell < 0) {
            memcpy(out, null.data, (size_t)null.size);
            out += null.size;
            continue;
        }
        int64_t begin = csv_cell_begin(ix, base, cell), end = ix->ends[base + cell];

        if (cell == m->n_cells - 1 && end > begin && data[end - 1] == '\r')
            end--;
        memcpy(out, data + begin, (size_t)(end - begin));
        out += end - begin;
    }
    *out++ = '\n';
    return out;
}

/* Of a record that is rejected, an empty row stands for what it was. */
static uint8_t *record_blank(const struct csv *self, uint8_t *out)
{
    memset(out, self->dialect.marks.delimiter, (size_t)self->n_columns);
    out += self->n_columns ? self->n_columns - 1 : 0;
    *out++ = '\n';
    return out;
}

static bool record_fits(struct csv_job *job, int64_t r, int64_t *fault)
{
    const struct csv_index *ix = &job->self->index;
    const struct csv_match *m = job->self->match;
    int64_t cells = ix->rows[r] - (r ? ix->rows[r - 1] : 0);

    if (*fault < ix->n_faults && ix->faults[*fault].record == r) {
        csv_verdict_set(job, r, ix->faults[*fault].code, -1);
        ++*fault;
        return false;
    }
    if (cells != m->n_cells) {
        csv_verdict_set(job, r, CSV_RAGGED_ROW, -1);
        return false;
    }
    if (m->unknown && csv_match_policy(job->self) == CSV_NEW_REJECT) {
        csv_verdict_set(job, r, CSV_NEW_COLUMN, -1);
        return false;
    }
    return true;
}

int32_t csv_match_apply(struct csv_job *job, struct qetl_chunk *out)
{
    struct csv *self = job->self;
    int64_t n = self->index.n_rows, fault = 0;
    int64_t a_row = self->n_columns * (1 + self->dialect.nulls.list[0].size) + 2;
    int64_t room = job->chunk->size + n * a_row + CSV_REWRITE_TAIL;
    uint8_t *text = room > INT32_MAX ? NULL : malloc((size_t)room), *at = text;
    int32_t status;

    if (!text)
        return QETL_E_NO_MEMORY;
    for (int64_t r = 0; r < n; r++) {
        uint32_t base = r ? self->index.rows[r - 1] : 0;

        at = record_fits(job, r, &fault) ? record_apply(self, job->chunk->data, base, at)
                                         : record_blank(self, at);
    }
    status = csv_rewritten_keep(job, text, at - text, out);
    free(text);
    return status;
}

static bool name_is_declared(struct csv *self, const char *name, char format[QETL_TYPE_FORMAT_MAX])
{
    char *pointer = csv_option_pointer("/types/", name);
    const char *type = pointer ? qetl_option_text(self->env, pointer) : NULL;
    bool declared = type && !qetl_type_parse(type, format);

    free(pointer);
    return declared;
}

int32_t csv_match_grow(struct csv_job *job, struct ArrowSchema *out)
{
    struct csv *self = job->self;
    const struct csv_match *m = self->match;
    struct csv_guess *guesses = calloc((size_t)m->n_cells + 1, sizeof *guesses);
    int32_t status = guesses ? qetl_schema_copy(&self->schema, out) : QETL_E_NO_MEMORY;

    if (!status) {
        csv_guesses_offer(self, &m->names, guesses);
        csv_guesses_add(self, job->chunk->data, 0, m->names.n_children, guesses, 0);
    }
    for (int64_t i = 0; !status && i < m->n_cells; i++) {
        const char *name = m->names.children[i]->name;
        char format[QETL_TYPE_FORMAT_MAX];

        if (m->columns[i] >= 0)
            continue;
        if (!name_is_declared(self, name, format))
            csv_guess_format(&guesses[i], format);
        status = qetl_schema_add(out, name, format);
    }
    free(guesses);
    return status ? status : QETL_SCHEMA;
}
