/* SPDX-License-Identifier: Apache-2.0 */
/* The names of columns: as a header spells them, and made unlike one another. */
#include "foreign.h"

#include <stdio.h>
#include <stdlib.h>

static int32_t header_fail(struct csv *self, const char *object, int64_t at, const char *what)
{
    return qetl_fail(self->env, QETL_E_DATA, NULL,
                     "Mend the first line, or set header: false if it is no header.",
                     "%s: the header %s (byte %lld of the header)", object ? object : "input", what,
                     (long long)at);
}

/* Copies a cell without its quotes; answers the bytes written. */
static int64_t name_copy(const uint8_t *cell, int64_t size, uint8_t quote, char *out)
{
    int64_t n = 0;

    if (!size || cell[0] != quote) {
        memcpy(out, cell, (size_t)size);
        return size;
    }
    for (int64_t i = 1; i < size - 1; i++) {
        out[n++] = (char)cell[i];
        i += cell[i] == quote;
    }
    return n;
}

static int32_t header_check(struct csv *self, const struct csv_index *ix, const uint8_t *data,
                            int64_t size, const char *object)
{
    const uint8_t *zero = memchr(data, 0, (size_t)size);

    const struct csv_fault *fault = ix->n_faults ? ix->faults
                                    : self->foreign && self->foreign->n_faults
                                        ? self->foreign->faults
                                        : NULL;

    if (fault && fault->record == 0)
        return header_fail(self, object, fault->at,
                           fault->code == CSV_OPEN_QUOTE ? "opens a quote that is never closed"
                                                         : "has a quote out of place");
    if (zero)
        return header_fail(self, object, zero - data, "holds a zero byte");
    if (!qetl_utf8_valid(data, size))
        return header_fail(self, object, 0, "is not UTF-8");
    return QETL_OK;
}

/* Lines that end in carriage returns alone would all be names. */
static bool bare_return(const uint8_t *cell, int64_t size)
{
    return size > 0 && memchr(cell, '\r', (size_t)size);
}

int32_t csv_names_read(struct csv *self, const struct csv_index *ix, const uint8_t *data,
                       struct csv_names *out, const char *object)
{
    int64_t count = ix->rows[0], size = ix->ends[count - 1];
    int32_t status = header_check(self, ix, data, size, object);
    char *at;

    if (status)
        return status;
    out->list = calloc((size_t)count, sizeof *out->list);
    out->text = at = malloc((size_t)size + 1);
    if (!out->list || !at) {
        csv_names_free(out);
        return QETL_E_NO_MEMORY;
    }
    out->count = count;
    for (int64_t i = 0; i < count; i++) {
        int64_t begin = csv_cell_begin(ix, 0, i), end = ix->ends[i];

        if (i == count - 1 && end > begin && data[end - 1] == '\r')
            end--;
        if (end > begin && data[begin] != self->dialect.marks.quote &&
            bare_return(data + begin, end - begin)) {
            csv_names_free(out);
            return header_fail(self, object, begin, "holds a carriage return without a line feed");
        }
        out->list[i].data = at;
        out->list[i].size = name_copy(data + begin, end - begin, self->dialect.marks.quote, at);
        at += out->list[i].size;
    }
    return QETL_OK;
}

bool csv_names_equal(const struct csv_names *a, const struct csv_names *b)
{
    if (a->count != b->count)
        return false;
    for (int64_t i = 0; i < a->count; i++)
        if (a->list[i].size != b->list[i].size ||
            memcmp(a->list[i].data, b->list[i].data, (size_t)a->list[i].size))
            return false;
    return true;
}

void csv_names_show(const struct csv_names *names, char *out, size_t size)
{
    size_t used = 0;

    out[0] = 0;
    for (int64_t i = 0; i < names->count; i++) {
        const struct qetl_text *name = &names->list[i];
        int shown = name->size > 40 ? 40 : (int)name->size;

        if (used + (size_t)shown + 16 > size) {
            snprintf(out + used, size - used, ", ... (%lld in all)", (long long)names->count);
            return;
        }
        while (shown < name->size && shown > 0 && ((uint8_t)name->data[shown] & 0xc0) == 0x80)
            shown--;
        for (int k = 0; k < (i ? 2 : 0); k++)
            out[used++] = ", "[k];
        for (int k = 0; k < shown; k++)
            out[used++] = (uint8_t)name->data[k] < ' ' ? ' ' : name->data[k];
        out[used] = 0;
    }
}

void csv_names_free(struct csv_names *names)
{
    free(names->list);
    free(names->text);
    *names = (struct csv_names){0};
}

/* ---- Unlike names ---- */

struct name_slot {
    const char *name;
    int64_t next; /* suffix to try for its next double */
};

struct name_set {
    struct name_slot *slots;
    size_t mask;
};

static struct name_slot *set_find(const struct name_set *set, const char *name)
{
    uint64_t hash = UINT64_C(1469598103934665603);

    for (const char *c = name; *c; c++)
        hash = (hash ^ (uint8_t)*c) * UINT64_C(1099511628211);
    for (size_t i = (size_t)(hash ^ hash >> 29) & set->mask;; i = (i + 1) & set->mask)
        if (!set->slots[i].name || !strcmp(set->slots[i].name, name))
            return &set->slots[i];
}

/* Finds a name that nobody has: the wanted one, or with _2, _3, ... behind it. */
static int32_t name_settle(struct csv *self, const struct name_set *set, struct qetl_text wanted,
                           int64_t column, char **out)
{
    size_t room = (size_t)wanted.size + 64;
    char *name = malloc(room);
    struct name_slot *taken;
    int n;

    if (!name)
        return QETL_E_NO_MEMORY;
    n = wanted.size ? snprintf(name, room, "%.*s", (int)wanted.size, wanted.data)
                    : snprintf(name, room, "column_%lld", (long long)column + 1);
    taken = set_find(set, name);
    while (taken->name && set_find(set, name)->name)
        snprintf(name + n, room - (size_t)n, "_%lld", (long long)(2 + taken->next++));
    qetl_logf(self->env, QETL_LOG_WARN,
              "column %lld: the header says \"%.*s\", the column is called %s",
              (long long)column + 1, wanted.size > 80 ? 80 : (int)wanted.size, wanted.data, name);
    *out = name;
    return QETL_OK;
}

static int32_t names_fill(struct csv *self, const struct csv_names *names, struct name_set *set,
                          char **out)
{
    /* First come the names that stand alone, so that a later `a_2` keeps its own name. */
    for (int64_t i = 0; i < names->count; i++) {
        struct qetl_text wanted = names->list[i];
        char *copy = wanted.size ? strndup(wanted.data, (size_t)wanted.size) : NULL;
        struct name_slot *slot = copy ? set_find(set, copy) : NULL;

        if (wanted.size && !copy)
            return QETL_E_NO_MEMORY;
        if (slot && !slot->name)
            slot->name = out[i] = copy;
        else
            free(copy);
    }
    for (int64_t i = 0; i < names->count; i++) {
        int32_t status = out[i] ? QETL_OK : name_settle(self, set, names->list[i], i, &out[i]);

        if (status)
            return status;
        set_find(set, out[i])->name = out[i];
    }
    return QETL_OK;
}

int32_t csv_names_columns(struct csv *self, const struct csv_names *names,
                          struct ArrowSchema *schema)
{
    size_t size = 16;
    struct name_set set;
    char **list;
    int32_t status;

    while (size < (size_t)names->count * 2)
        size *= 2;
    set = (struct name_set){calloc(size, sizeof *set.slots), size - 1};
    list = calloc((size_t)names->count + 1, sizeof *list);
    status = set.slots && list ? names_fill(self, names, &set, list) : QETL_E_NO_MEMORY;
    for (int64_t i = 0; !status && i < names->count; i++)
        status = qetl_schema_add(schema, list[i], "vu");
    for (int64_t i = 0; list && i < names->count; i++)
        free(list[i]);
    free(list);
    free(set.slots);
    return status;
}
