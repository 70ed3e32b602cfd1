/* SPDX-License-Identifier: Apache-2.0 */
/* From a sample of lines to columns with types. */
#include "infer.h"

#include <stdio.h>
#include <stdlib.h>

void ndjson_infer_free(struct ndjson_infer *in)
{
    ndjson_shape_free(&in->shape);
    ndjson_reader_free(&in->reader);
}

/* What a message shows where a number is wanted. */
static void value_see(const struct ndjson_infer *in, struct ndjson_tally *tally,
                      const uint8_t *value, int64_t size)
{
    if (tally->seen_row || *value == 'n' || *value == '-' || (*value >= '0' && *value <= '9'))
        return;
    tally->seen_row = in->records + in->faulty;
    tally->seen_size = (uint8_t)(size < NDJSON_SEEN_MAX ? size : NDJSON_SEEN_MAX);
    while (size > NDJSON_SEEN_MAX && (value[tally->seen_size] & 0xc0) == 0x80)
        tally->seen_size--;
    memcpy(tally->seen, value, tally->seen_size);
}

static int32_t value_tell(const struct ndjson_tally *tally, struct ArrowSchema *field)
{
    char text[NDJSON_SEEN_MAX + 48];

    if (!tally->seen_row || field->n_children)
        return QETL_OK;
    snprintf(text, sizeof text, "row %lld holds %.*s%s", (long long)tally->seen_row,
             tally->seen_size, tally->seen, tally->seen_size == NDJSON_SEEN_MAX ? "…" : "");
    return qetl_schema_set_metadata(field, "qetl:seen", text);
}

/* A record that was read once as a whole: nothing in it can fail but memory. */
static int32_t record_count(struct ndjson_infer *in, const uint8_t *p)
{
    struct ndjson_reader *reader = &in->reader;
    struct ndjson_tally unnamed = {0};
    ndjson_reader_begin(reader);
    p = ndjson_blanks(reader, p + 1);
    while (p && *p != '}') {
        struct ndjson_key key;
        struct ndjson_tally *tally = &unnamed;
        p = ndjson_key_read(reader, p, &key);
        /* A name in Arrow cannot hold NUL: such a key stays unknown, and its records are rejected.
         */
        if (p && !memchr(key.data, 0, (size_t)key.size))
            tally = ndjson_shape_find(&in->shape, key.data, key.size);
        const uint8_t *value = p;
        p = p && tally ? ndjson_tally_value(reader, p, tally) : NULL;
        if (p)
            value_see(in, tally, value, p - value);
        p = p ? ndjson_blanks(reader, p) : NULL;
        if (p && *p == ',')
            p = ndjson_blanks(reader, p + 1);
    }
    ndjson_tally_free(&unnamed);
    return p ? QETL_OK : reader->fault.status ? reader->fault.status : QETL_E_NO_MEMORY;
}

int32_t ndjson_infer_record(struct ndjson_infer *in, const uint8_t *p, const uint8_t *end)
{
    in->reader.end = end;
    p = ndjson_blanks(&in->reader, p);
    if (p == end)
        return QETL_OK;
    ndjson_reader_begin(&in->reader);
    const uint8_t *behind = NULL;
    if (*p == '{' && qetl_utf8_valid(p, end - p))
        behind = ndjson_nested_read(&in->reader, p, 0);
    if (in->reader.fault.status)
        return in->reader.fault.status;
    if (!behind || ndjson_blanks(&in->reader, behind) < end) {
        in->faulty++;
        return QETL_OK;
    }
    in->records++;
    return record_count(in, p);
}

int32_t ndjson_infer_sample(struct ndjson_infer *in, const uint8_t *data, int64_t size)
{
    const uint8_t *p = data, *end = data + size;
    int32_t status = QETL_OK;
    while (p < end && !status) {
        const uint8_t *feed = memchr(p, '\n', (size_t)(end - p));
        status = ndjson_infer_record(in, p, feed ? feed : end);
        p = feed ? feed + 1 : end;
    }
    return status;
}

char *ndjson_types_pointer(const char *name)
{
    char *pointer = malloc(strlen(name) * 2 + 8), *out = pointer;
    if (!pointer)
        return NULL;
    out = stpcpy(out, "/types/");
    for (; *name; name++) {
        if (*name == '~' || *name == '/') {
            *out++ = '~';
            *out++ = *name == '~' ? '0' : '1';
        } else {
            *out++ = *name;
        }
    }
    *out = 0;
    return pointer;
}

static int32_t column_add(struct ndjson_infer *in, struct ArrowSchema *out, const char *name,
                          const struct ndjson_tally *tally)
{
    struct ArrowSchema field = {0};
    char *pointer = ndjson_types_pointer(name);
    if (!pointer)
        return QETL_E_NO_MEMORY;
    int32_t status;
    if (qetl_option_given(in->env, pointer))
        status = qetl_type_field(qetl_option_text(in->env, pointer), name, &field);
    else
        status = ndjson_tally_field(tally, name, in->flat, &field);
    if (!status && !qetl_option_given(in->env, pointer))
        status = value_tell(tally, &field);
    if (!status)
        status = qetl_schema_append(out, &field);
    qetl_schema_release(&field);
    free(pointer);
    return status;
}

/* Declared columns that no record of the sample has. */
static int32_t absent_add(struct ndjson_infer *in, struct ArrowSchema *out)
{
    static const struct ndjson_tally none;
    int64_t n = qetl_option_count(in->env, "/types");
    int32_t status = QETL_OK;
    for (int64_t i = 0; i < n && !status; i++) {
        const char *name = qetl_option_key(in->env, "/types", i);
        if (ndjson_names_find(&in->shape.names, (const uint8_t *)name, (int64_t)strlen(name)) < 0)
            status = column_add(in, out, name, &none);
    }
    return status;
}

static void summarise(struct ndjson_infer *in, const struct ArrowSchema *schema)
{
    int64_t mixed = 0;
    const char *first = "";
    for (int64_t i = 0; i < in->shape.names.n; i++) {
        const struct ndjson_tally *t = &in->shape.tallies[i];
        if (ndjson_tally_kinds(t) < 2)
            continue;
        first = mixed++ ? first : in->shape.names.names[i].data;
    }
    int n = snprintf(in->summary, sizeof in->summary, "%lld columns from %lld records",
                     (long long)schema->n_children, (long long)in->records);
    char *rest = in->summary + n;
    size_t room = sizeof in->summary - (size_t)n;
    if (in->faulty) {
        n = snprintf(rest, room, "; %lld lines or values of the sample are no records",
                     (long long)in->faulty);
        rest += n;
        room -= (size_t)n;
    }
    if (mixed)
        snprintf(rest, room, "; %lld with values of several kinds, kept as JSON (\"%.60s\"%s)",
                 (long long)mixed, first, mixed > 1 ? ", …" : "");
    ndjson_message_mend(in->summary);
}

int32_t ndjson_infer_finish(struct ndjson_infer *in, struct ArrowSchema *out)
{
    int32_t status = qetl_schema_init_struct(out);
    if (status)
        return status;
    for (int64_t i = 0; i < in->shape.names.n && !status; i++)
        status = column_add(in, out, in->shape.names.names[i].data, &in->shape.tallies[i]);
    if (!status)
        status = absent_add(in, out);
    if (status)
        qetl_schema_release(out);
    else
        summarise(in, out);
    return status;
}
