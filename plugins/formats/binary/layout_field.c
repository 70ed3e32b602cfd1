/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of a layout file. */
#include "layout_reader.h"

#include "text.h"

#include <errno.h>
#include <stdlib.h>

#define COMMON_KEYS "name type endian description count count_prefix count_field "
#define NUMBER_KEYS "scale enum enum_open time null range"

/* What a field of a type may say; any other word would be passed over in silence. */
static const char *keys_of(const struct binary_field *f)
{
    switch (f->kind) {
    case BINARY_SIGNED:
    case BINARY_UNSIGNED:
        return COMMON_KEYS NUMBER_KEYS;
    case BINARY_TEXT:
        return COMMON_KEYS "size prefix size_field encoding trim null";
    case BINARY_BYTES:
        return COMMON_KEYS "size prefix size_field";
    case BINARY_PACKED:
        return COMMON_KEYS "size scale sign null";
    case BINARY_STRUCT:
        return COMMON_KEYS "fields";
    default:
        return COMMON_KEYS;
    }
}

bool binary_number_type(const char *type, enum binary_kind *kind, int64_t *width)
{
    static const char letters[] = "iuf";
    const char *at = *type ? strchr(letters, *type) : NULL;
    char *end;
    long bits = at ? strtol(type + 1, &end, 10) : 0;

    if (!at || type[1] < '1' || type[1] > '9' || *end || bits % 8 || bits > 64)
        return false;
    *kind = *at == 'i' ? BINARY_SIGNED : *at == 'u' ? BINARY_UNSIGNED : BINARY_REAL;
    *width = bits / 8;
    return *at != 'f' || bits == 16 || bits == 32 || bits == 64;
}

static int32_t prefix_read(struct binary_reader *r, const json_t *object, const char *key,
                           int32_t *width)
{
    const char *type = json_string_value(json_object_get(object, key));
    enum binary_kind kind;
    int64_t bytes;

    *width = 0;
    if (!json_object_get(object, key))
        return QETL_OK;
    if (!type || !binary_number_type(type, &kind, &bytes) || kind != BINARY_UNSIGNED || bytes > 4)
        return binary_reader_fail(r, NULL, "%s must be one of u8, u16, u24, u32", key);
    *width = (int32_t)bytes;
    return QETL_OK;
}

/* The field that has the length: one that came before, of whole numbers. */
static int32_t length_from(struct binary_reader *r, const json_t *object, const char *key,
                           const struct binary_field *fields, int64_t n, struct binary_field *f)
{
    const char *name = json_string_value(json_object_get(object, key));

    if (!json_object_get(object, key))
        return QETL_OK;
    for (int64_t i = 0; name && i < n; i++)
        if (fields[i].name && !strcmp(fields[i].name, name) && fields[i].count < 0 &&
            (fields[i].kind == BINARY_SIGNED || fields[i].kind == BINARY_UNSIGNED))
            f->length_from = (int32_t)i;
    return f->length_from >= 0
               ? QETL_OK
               : binary_reader_fail(r, NULL, "%s must name a whole number before it", key);
}

static int32_t encoding_read(struct binary_reader *r, const json_t *object, struct binary_field *f)
{
    static const char trims[] = "nul space both c none";
    int32_t trim, status = binary_reader_text(r, object, "encoding", &f->encoding);

    if (!status)
        status = binary_reader_word(r, object, "trim", trims, &trim);
    bool sized = !f->pascal && !binary_is_variable(f);
    f->trim = sized ? (enum binary_trim)trim : BINARY_TRIM_NONE;
    if (!status && !sized && json_object_get(object, "trim"))
        status = binary_reader_fail(r, NULL, "what has a length of its own is not trimmed");
    if (!status)
        status = binary_reader_text(r, object, "null", &f->null_text);
    if (status || !f->encoding || !strcmp(f->encoding, "utf-8"))
        return status;
    f->converter = binary_converter_new(f->encoding);
    return f->converter ? QETL_OK
           : errno == ENOMEM
               ? QETL_E_NO_MEMORY
               : binary_reader_fail(r, "`iconv -l` lists them.",
                                    "iconv does not know the encoding %.40s", f->encoding);
}

/* Text and bytes: of a fixed size, with their length before them, or as another field says. */
static int32_t text_read(struct binary_reader *r, const json_t *object,
                         const struct binary_field *fields, int64_t n, struct binary_field *f)
{
    int64_t size;
    int32_t prefix,
        status = binary_reader_integer(r, object, "size", 0, BINARY_RECORD_MAX, -1, &size);

    if (!status)
        status = prefix_read(r, object, "prefix", &prefix);
    if (!status)
        status = length_from(r, object, "size_field", fields, n, f);
    if (status)
        return status;
    if ((size >= 0) + (f->length_from >= 0) + (prefix > 0) != 1 && !(size > 0 && prefix == 1))
        return binary_reader_fail(r, "A size may stand beside the prefix u8: then it is of both.",
                                  "one of size, prefix and size_field must be");
    f->pascal = size >= 0 && prefix;
    f->length_width = f->pascal ? 0 : prefix;
    f->width = f->size = size >= 0 ? size : 0;
    if (size < 0)
        f->size = f->length_width;
    return f->kind == BINARY_TEXT ? encoding_read(r, object, f) : QETL_OK;
}

static int32_t packed_read(struct binary_reader *r, const json_t *object, struct binary_field *f)
{
    int64_t size, scale;
    int32_t sign, status = binary_reader_integer(r, object, "size", 1, 19, -1, &size);

    if (!status)
        status = binary_reader_word(r, object, "sign", "trailing f none", &sign);
    if (!status && size < 0)
        return binary_reader_fail(r, NULL, "a packed decimal needs its size, from 1 to 19 bytes");
    if (!status)
        status = binary_number_read(r, object, f);
    if (status)
        return status;
    f->width = f->size = size;
    f->sign = (enum binary_sign)sign;
    f->precision = (int32_t)size * 2 - (f->sign != BINARY_SIGN_NONE);
    scale = f->scale < 0 ? 0 : f->scale;
    if (scale > f->precision)
        return binary_reader_fail(r, NULL, "%d digits cannot have %lld behind the point",
                                  f->precision, (long long)scale);
    f->scale = (int32_t)scale;
    return QETL_OK;
}

/* As many columns within one: each has a name of its own, and there is one. */
static int32_t names_check(struct binary_reader *r, const struct binary_field *f)
{
    bool named = false;

    for (int64_t i = 0; i < f->n_fields; i++) {
        const char *name = f->fields[i].name;

        named |= name != NULL;
        for (int64_t k = 0; name && k < i; k++)
            if (f->fields[k].name && !strcmp(f->fields[k].name, name))
                return binary_reader_fail(r, NULL, "two fields are called %.60s", name);
    }
    return named ? QETL_OK : binary_reader_fail(r, NULL, "no field has a name");
}

static int32_t struct_read(struct binary_reader *r, const json_t *object, struct binary_field *f)
{
    int64_t at = 0;
    int32_t status =
        binary_fields_read(r, json_object_get(object, "fields"), true, &f->fields, &f->n_fields);

    for (int64_t i = 0; !status && i < f->n_fields; i++) {
        f->fields[i].at += at;
        at = f->fields[i].at + f->fields[i].size;
        if (at > BINARY_RECORD_MAX)
            return binary_reader_fail(r, NULL, "a record of more than 16 MiB");
    }
    f->width = f->size = at;
    return status ? status : names_check(r, f);
}

static int32_t type_read(struct binary_reader *r, const json_t *object,
                         const struct binary_field *fields, int64_t n, struct binary_field *f)
{
    static const char words[] = "text bytes packed struct bool";
    const char *type = json_string_value(json_object_get(object, "type"));
    int32_t word = -1, status;

    if (type && binary_number_type(type, &f->kind, &f->width)) {
        f->size = f->width;
        status = binary_reader_keys(r, object, keys_of(f));
        return status || f->kind == BINARY_REAL ? status : binary_number_read(r, object, f);
    }
    status = binary_reader_word(r, object, "type", words, &word);
    if (!type || status)
        return binary_reader_fail(r, "Or a number: i8 to i64, u8 to u64, f16, f32, f64.",
                                  "type must be one of: %s", words);
    f->kind = (enum binary_kind[]){BINARY_TEXT, BINARY_BYTES, BINARY_PACKED, BINARY_STRUCT,
                                   BINARY_BOOLEAN}[word];
    status = binary_reader_keys(r, object, keys_of(f));
    if (status)
        return status;
    if (word < 2)
        return text_read(r, object, fields, n, f);
    if (f->kind == BINARY_PACKED)
        return packed_read(r, object, f);
    if (f->kind == BINARY_STRUCT)
        return struct_read(r, object, f);
    f->width = f->size = 1;
    return QETL_OK;
}

/* One field becomes a list of them. */
static int32_t count_read(struct binary_reader *r, const json_t *object,
                          const struct binary_field *fields, int64_t n, struct binary_field *f)
{
    bool variable = binary_is_variable(f);
    int64_t count, width = f->width + f->time.fraction_width;
    int32_t prefix,
        status = binary_reader_integer(r, object, "count", 0, BINARY_COUNT_MAX, -1, &count);

    if (!status)
        status = prefix_read(r, object, "count_prefix", &prefix);
    f->size += f->time.fraction_width;
    if (status || (count < 0 && !prefix && !json_object_get(object, "count_field")))
        return status;
    if (variable || !width)
        return binary_reader_fail(r, NULL, "the elements of a list must have one size");
    if (count > BINARY_RECORD_MAX / width)
        return binary_reader_fail(r, NULL, "a record of more than 16 MiB");
    status = length_from(r, object, "count_field", fields, n, f);
    if (!status && (count >= 0) + (prefix > 0) + (f->length_from >= 0) != 1)
        return binary_reader_fail(r, NULL,
                                  "only one of count, count_prefix and count_field can be");
    f->count = count < 0 ? 0 : count;
    f->length_width = prefix;
    f->size = count >= 0 ? count * width : prefix;
    return status;
}

/* Parts of a number, from its lowest bit on: as many fields at one place. */
static int32_t bits_read(struct binary_reader *r, const json_t *object, const json_t *list,
                         struct binary_field **fields, int64_t *n)
{
    const char *type = json_string_value(json_object_get(object, "type"));
    int64_t width, bits, shift = 0, first = *n;
    enum binary_kind kind;
    int32_t status = binary_reader_keys(r, object, "type bits endian description");
    bool big = r->big, is_signed;

    if (!status)
        status = binary_reader_endian(r, object, &big);
    if (status)
        return status;
    if (!type || !binary_number_type(type, &kind, &width) || kind != BINARY_UNSIGNED)
        return binary_reader_fail(r, NULL, "bits need a type from u8 to u64");
    for (size_t i = 0; !status && i < json_array_size(list); i++) {
        const json_t *part = json_array_get(list, i);
        size_t mark = binary_reader_enter(r, "bits", (int64_t)i);
        struct binary_field *f = binary_field_add(fields, n);

        if (!f)
            return QETL_E_NO_MEMORY;
        f->kind = BINARY_UNSIGNED;
        f->width = f->size = width;
        f->at = *n - 1 > first ? -width : 0;
        f->big = big;
        status = binary_reader_keys(r, part,
                                    json_object_get(part, "name")
                                        ? "name width signed description " NUMBER_KEYS
                                        : "width description");
        if (!status && ++r->n_fields > BINARY_FIELDS_MAX)
            status = binary_reader_fail(r, NULL, "more than %d fields", BINARY_FIELDS_MAX);
        if (!status)
            status = binary_reader_integer(r, part, "width", 1, width * 8 - shift, 1, &bits);
        if (!status)
            status = binary_reader_flag(r, part, "signed", &is_signed);
        if (!status && is_signed)
            f->kind = BINARY_SIGNED;
        f->shift = (int32_t)shift;
        f->bits = (int32_t)bits;
        shift += bits;
        if (!status)
            status = binary_reader_text(r, part, "name", &f->name);
        if (!status && f->name && !*f->name)
            status = binary_reader_fail(r, NULL, "a field needs a name");
        if (!status)
            status = binary_number_read(r, part, f);
        if (!status && (f->time.fraction_width || f->time.dos))
            status =
                binary_reader_fail(r, NULL, "bits can have neither fraction nor the epoch dos");
        if (!f->name)
            f->kind = BINARY_PAD;
        binary_reader_leave(r, mark);
    }
    return status || json_array_size(list)
               ? status
               : binary_reader_fail(r, NULL, "bits must be a list of at least one");
}

static int32_t pad_read(struct binary_reader *r, const json_t *object, struct binary_field *f)
{
    int64_t size;
    int32_t status = binary_reader_keys(r, object, "pad zero description");

    if (!status)
        status = binary_reader_integer(r, object, "pad", 1, BINARY_RECORD_MAX, 1, &size);
    f->kind = BINARY_PAD;
    f->width = f->size = status ? 0 : size;
    return status ? status : binary_reader_flag(r, object, "zero", &f->zero_is);
}

static int32_t field_read(struct binary_reader *r, const json_t *object, bool inner,
                          struct binary_field **fields, int64_t *n)
{
    const json_t *bits = json_object_get(object, "bits");
    struct binary_field *f;
    int32_t status;

    if (!json_is_object(object))
        return binary_reader_fail(r, NULL, "a field must be an object");
    if (++r->n_fields > BINARY_FIELDS_MAX)
        return binary_reader_fail(r, NULL, "more than %d fields", BINARY_FIELDS_MAX);
    if (bits)
        return bits_read(r, object, bits, fields, n);
    f = binary_field_add(fields, n);
    if (!f)
        return QETL_E_NO_MEMORY;
    if (json_object_get(object, "pad"))
        return pad_read(r, object, f);
    status = binary_reader_text(r, object, "name", &f->name);
    if (!status && (!f->name || !*f->name))
        return binary_reader_fail(r, "Or make it padding:  {\"pad\": 4}", "a field needs a name");
    if (!status)
        status = binary_reader_endian(r, object, &f->big);
    if (!status)
        status = type_read(r, object, *fields, *n - 1, f);
    if (!status)
        status = count_read(r, object, *fields, *n - 1, f);
    if (!status && inner && binary_is_variable(f))
        return binary_reader_fail(r, NULL, "within a struct all sizes must be fixed");
    return status;
}

int32_t binary_fields_read(struct binary_reader *r, const json_t *list, bool inner,
                           struct binary_field **fields, int64_t *n)
{
    int32_t status = QETL_OK;

    if (!json_is_array(list))
        return binary_reader_fail(r, NULL, "fields must be a list");
    if (++r->depth > BINARY_DEPTH_MAX)
        return binary_reader_fail(r, NULL, "structs within structs, more than %d deep",
                                  BINARY_DEPTH_MAX);
    for (size_t i = 0; !status && i < json_array_size(list); i++) {
        size_t mark = binary_reader_enter(r, "fields", (int64_t)i);

        status = field_read(r, json_array_get(list, i), inner, fields, n);
        binary_reader_leave(r, mark);
    }
    r->depth--;
    return status;
}
