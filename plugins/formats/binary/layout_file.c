/* SPDX-License-Identifier: Apache-2.0 */
/* A layout file as a whole: header, record types, trailer. */
#include "layout_reader.h"

#include "value.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { FILE_MAX = 1 << 20 };

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex_read(const char *text, struct binary_match *m)
{
    size_t size = strlen(text);

    m->size = (int64_t)size / 2;
    m->bytes = malloc(size / 2 + 1);
    for (size_t i = 0; m->bytes && i + 1 < size; i += 2) {
        int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);

        if (high < 0 || low < 0)
            return false;
        m->bytes[i / 2] = (uint8_t)(high << 4 | low);
    }
    return m->bytes && size && size % 2 == 0;
}

static int32_t match_read(struct binary_reader *r, const json_t *object, struct binary_layout *l)
{
    const char *text = json_string_value(json_object_get(object, "text"));
    const char *hex = json_string_value(json_object_get(object, "hex"));
    struct binary_match *m = &l->matches[l->n_matches];
    int32_t status = binary_reader_keys(r, object, "at text hex description");

    if (!status)
        status = binary_reader_integer(r, object, "at", 0, FILE_MAX, 0, &m->at);
    if (status)
        return status;
    if (!text == !hex || (text && !*text))
        return binary_reader_fail(r, NULL, "one of text and hex must be");
    l->n_matches++;
    if (hex && !hex_read(hex, m))
        return binary_reader_fail(r, NULL, "hex must be pairs of digits");
    if (text)
        m->size = (int64_t)strlen(text);
    if (text && !(m->bytes = (uint8_t *)strdup(text)))
        return QETL_E_NO_MEMORY;
    return m->at + m->size <= l->header
               ? QETL_OK
               : binary_reader_fail(r, NULL, "this lies behind the header");
}

static int32_t matches_read(struct binary_reader *r, const json_t *list, struct binary_layout *l)
{
    int32_t status = QETL_OK;

    if (!list)
        return QETL_OK;
    if (!json_is_array(list) || json_array_size(list) > BINARY_TYPES_MAX)
        return binary_reader_fail(r, NULL, "match must be a list");
    l->matches = calloc(json_array_size(list) + 1, sizeof *l->matches);
    if (!l->matches)
        return QETL_E_NO_MEMORY;
    for (size_t i = 0; !status && i < json_array_size(list); i++) {
        size_t mark = binary_reader_enter(r, "match", (int64_t)i);

        status = match_read(r, json_array_get(list, i), l);
        binary_reader_leave(r, mark);
    }
    return status;
}

/* What stands there where nobody knew when the header was written. */
static int32_t unknown_read(struct binary_reader *r, const json_t *list, struct binary_layout *l)
{
    size_t n = json_array_size(list);

    if (list && (!json_is_array(list) || n > BINARY_UNKNOWN_MAX))
        return binary_reader_fail(r, NULL, "unknown must be a list of up to %d whole numbers",
                                  BINARY_UNKNOWN_MAX);
    for (size_t i = 0; i < n; i++) {
        const json_t *number = json_array_get(list, i);

        if (!json_is_integer(number))
            return binary_reader_fail(r, NULL, "unknown must be a list of whole numbers");
        l->unknown[l->n_unknown++] = json_integer_value(number);
    }
    return QETL_OK;
}

/* A number in the header that says how much follows. */
static int32_t promise_read(struct binary_reader *r, const json_t *object, struct binary_layout *l)
{
    const char *type = json_string_value(json_object_get(object, "type"));
    int64_t n = 0;
    int32_t status = binary_reader_keys(r, object, "at type endian unknown description");

    if (status)
        return status;
    if (!binary_field_add(&l->promise, &n))
        return QETL_E_NO_MEMORY;
    status = binary_reader_endian(r, object, &l->promise->big);
    if (!status)
        status = binary_reader_integer(r, object, "at", 0, l->header, 0, &l->promise->at);
    if (status)
        return status;
    if (!type || !binary_number_type(type, &l->promise->kind, &l->promise->width) ||
        l->promise->kind == BINARY_REAL)
        return binary_reader_fail(r, NULL, "type must be a whole number's, such as u32");
    if (l->promise->at + l->promise->width > l->header)
        return binary_reader_fail(r, NULL, "this lies behind the header");
    return unknown_read(r, json_object_get(object, "unknown"), l);
}

static int32_t header_read(struct binary_reader *r, const json_t *header, struct binary_layout *l)
{
    const json_t *count = json_object_get(header, "count"), *bytes;
    size_t mark = binary_reader_enter(r, "header", -1), inner;
    int32_t status;

    if (!header) {
        binary_reader_leave(r, mark);
        return QETL_OK;
    }
    bytes = json_object_get(header, "bytes");
    status = binary_reader_keys(r, header, "size match count bytes description");
    if (!status)
        status = binary_reader_integer(r, header, "size", 0, BINARY_RECORD_MAX, 0, &l->header);
    if (!status)
        status = matches_read(r, json_object_get(header, "match"), l);
    if (!status && count && bytes)
        status = binary_reader_fail(r, NULL, "only one of count and bytes can be");
    inner = binary_reader_enter(r, count ? "count" : "bytes", -1);
    if (!status && (count || bytes))
        status = promise_read(r, count ? count : bytes, l);
    l->promise_bytes = bytes != NULL;
    binary_reader_leave(r, inner);
    binary_reader_leave(r, mark);
    return status;
}

/* Up to record_size with padding. */
static int32_t record_fill(struct binary_reader *r, int64_t wanted, struct binary_record *record)
{
    struct binary_field *pad;

    if (wanted < 0)
        return QETL_OK;
    if (record->n_anchors > 1)
        return binary_reader_fail(r, NULL, "record_size is for records whose fields are all fixed");
    if (record->size > wanted)
        return binary_reader_fail(r, NULL, "the fields have %lld bytes, record_size is %lld",
                                  (long long)record->size, (long long)wanted);
    if (record->size == wanted)
        return QETL_OK;
    pad = binary_field_add(&record->fields, &record->n_fields);
    if (!pad)
        return QETL_E_NO_MEMORY;
    pad->kind = BINARY_PAD;
    pad->at = record->size;
    pad->width = pad->size = wanted - record->size;
    record->size = wanted;
    return QETL_OK;
}

static int32_t record_read(struct binary_reader *r, const json_t *document, const json_t *own,
                           struct binary_record *record)
{
    int64_t wanted;
    int32_t status = binary_fields_read(r, json_object_get(document, "fields"), false,
                                        &record->fields, &record->n_fields);
    size_t mark = r->where_size;

    if (!status && own)
        status = binary_fields_read(r, json_object_get(own, "fields"), false, &record->fields,
                                    &record->n_fields);
    if (!status && binary_record_finish(record))
        return binary_reader_fail(r, NULL, "a record of more than 16 MiB");
    if (!status)
        status =
            binary_reader_integer(r, document, "record_size", 1, BINARY_RECORD_MAX, -1, &wanted);
    if (!status)
        status = record_fill(r, wanted, record);
    if (!status && !record->size)
        status = binary_reader_fail(r, NULL, "a record of no bytes");
    binary_reader_leave(r, mark);
    return status;
}

/* The discriminator is one of the fields that all types share, at the same place in each. */
static int32_t tag_find(struct binary_reader *r, const json_t *types, struct binary_layout *l,
                        int64_t shared)
{
    const char *by = json_string_value(json_object_get(types, "by"));
    const struct binary_record *first = l->types;

    for (int64_t i = 0; by && i < shared; i++) {
        const struct binary_field *f = &first->fields[i];

        if (f->name && !strcmp(f->name, by) && !f->anchor && !f->ends && f->count < 0 &&
            (f->kind == BINARY_SIGNED || f->kind == BINARY_UNSIGNED))
            l->tag_field = (int32_t)i;
    }
    if (l->tag_field < 0)
        return binary_reader_fail(r, NULL,
                                  "by must name a whole number among the fields of all types");
    for (int64_t t = 0; t < l->n_types; t++)
        if (!binary_raw_is_of(&first->fields[l->tag_field], l->types[t].tag))
            return binary_reader_fail(r, NULL, "the field %.60s can never be %lld", by,
                                      (long long)l->types[t].tag);
    return QETL_OK;
}

static int32_t type_read(struct binary_reader *r, const json_t *document, const json_t *object,
                         struct binary_layout *l)
{
    struct binary_record *record = &l->types[l->n_types];
    int64_t tag;
    int32_t status = binary_reader_keys(r, object, "when name fields description");

    if (!status)
        status = binary_reader_integer(r, object, "when", INT64_MIN, INT64_MAX, 0, &tag);
    if (!status && !json_object_get(object, "when"))
        status = binary_reader_fail(r, NULL, "`when` must say the discriminator's value");
    if (status)
        return status;
    record->tag = tag;
    l->n_types++;
    for (int64_t t = 0; t + 1 < l->n_types; t++)
        if (l->types[t].tag == tag)
            return binary_reader_fail(r, NULL, "two types have the discriminator %lld",
                                      (long long)tag);
    status = binary_reader_text(r, object, "name", &record->label);
    return status ? status : record_read(r, document, object, record);
}

static int32_t types_read(struct binary_reader *r, const json_t *document, struct binary_layout *l)
{
    const json_t *types = json_object_get(document, "types"), *list = json_object_get(types, "of");
    size_t n = types ? json_array_size(list) : 1;
    int32_t status = types ? binary_reader_keys(r, types, "by of description") : QETL_OK;
    struct binary_field *shared = NULL;
    int64_t n_shared = 0;

    if (!status && (!n || n > BINARY_TYPES_MAX))
        status = binary_reader_fail(r, NULL, "types.of must be a list of 1 to 256 types");
    if (status)
        return status;
    l->types = calloc(n, sizeof *l->types);
    if (!l->types)
        return QETL_E_NO_MEMORY;
    if (!types) {
        l->n_types = 1;
        return record_read(r, document, NULL, l->types);
    }
    for (size_t i = 0; !status && i < n; i++) {
        size_t mark = binary_reader_enter(r, "types.of", (int64_t)i);

        status = type_read(r, document, json_array_get(list, i), l);
        binary_reader_leave(r, mark);
    }
    if (!status) /* once more, to know how many all types share */
        status =
            binary_fields_read(r, json_object_get(document, "fields"), false, &shared, &n_shared);
    if (!status)
        status = tag_find(r, types, l, n_shared);
    binary_fields_free(shared, n_shared);
    return status;
}

static int32_t document_read(struct binary_reader *r, const json_t *document,
                             struct binary_layout *l)
{
    const char *clash = NULL;
    char *schema = NULL;
    int32_t status = binary_reader_keys(r, document,
                                        "$schema name summary description endian header trailer "
                                        "record_size fields types read_only");

    if (!status)
        status = binary_reader_text(r, document, "$schema", &schema);
    free(schema);

    if (!status)
        status = binary_reader_endian(r, document, &r->big);
    if (!status)
        status = binary_reader_text(r, document, "name", &l->name);
    if (!status)
        status = binary_reader_text(r, document, "summary", &l->summary);
    if (!status)
        status = header_read(r, json_object_get(document, "header"), l);
    if (!status)
        status =
            binary_reader_integer(r, document, "trailer", 0, BINARY_RECORD_MAX, 0, &l->trailer);
    if (!status)
        status = types_read(r, document, l);
    if (!status)
        status = binary_layout_finish(l, &clash);
    if (clash)
        return binary_reader_fail(r, "A name that several types have must mean the same in each.",
                                  "two fields are called %.60s", clash);
    if (!status)
        status = binary_reader_flag(r, document, "read_only", &l->readonly);
    if (!status && !l->n_columns)
        return binary_reader_fail(r, NULL, "no field has a name");
    if (!status && !l->name)
        l->name = strdup("file");
    return status || l->name ? status : QETL_E_NO_MEMORY;
}

int32_t binary_layout_load(struct qetl_env env, const char *path, struct binary_layout *out)
{
    struct binary_reader r = {.env = env, .path = path};
    struct stat st;
    json_error_t error;
    json_t *document;
    int32_t status;

    *out = (struct binary_layout){.tag_field = -1};
    if (stat(path, &st))
        return qetl_fail(env, QETL_E_CONFIG, "/layout", NULL, "the layout %s cannot be read: %s",
                         path, strerror(errno));
    if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
        return qetl_fail(env, QETL_E_CONFIG, "/layout", NULL, "the layout %s is %s", path,
                         S_ISREG(st.st_mode) ? "larger than 1 MiB" : "no file");
    document = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!document)
        return qetl_fail(env, QETL_E_CONFIG, "/layout", NULL, "%s:%d:%d: %s", path, error.line,
                         error.column, error.text);
    out->path = strdup(path);
    status = out->path ? document_read(&r, document, out) : QETL_E_NO_MEMORY;
    json_decref(document);
    return status;
}
