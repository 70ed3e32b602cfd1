/* SPDX-License-Identifier: Apache-2.0 */
/* Batches to blocks, and the header before them. */
#include "encoder.h"

#include "wire.h"

#include <nettle/sha2.h>
#include <stdlib.h>

/* ---- options ---- */

static bool name_is_full(const char *name, bool dots)
{
    bool first = true;
    for (; *name; name++) {
        bool letter = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
                      *name == '_' || (!first && *name >= '0' && *name <= '9');
        bool dot = *name == '.' && dots && !first;
        if (!letter && !dot)
            return false;
        first = dot;
    }
    return !first;
}

static int32_t names_read(struct avro_encoder *e)
{
    const char *record = qetl_option_text(e->env, "/record_name");
    const char *space = qetl_option_text(e->env, "/namespace");
    const char *names = qetl_option_text(e->env, "/names");
    e->record_name = record ? record : "row";
    e->space = space ? space : "";
    e->rename = names && !strcmp(names, "replace");
    if (!name_is_full(e->record_name, false))
        return qetl_fail(e->env, QETL_E_CONFIG, "/record_name",
                         "use letters of ASCII, digits and _, the first no digit",
                         "\"%s\" is no name for Avro", e->record_name);
    if (*e->space && !name_is_full(e->space, true))
        return qetl_fail(e->env, QETL_E_CONFIG, "/namespace",
                         "write it as com.example: names with dots between them",
                         "\"%s\" is no namespace for Avro", e->space);
    return QETL_OK;
}

int32_t avro_encoder_create(struct avro_encoder *e, struct qetl_env env)
{
    int32_t least, greatest, usual;
    e->env = env;
    const char *codec = qetl_option_text(env, "/codec");
    if (!codec || !avro_codec_named(codec, (int64_t)strlen(codec), &e->codec))
        e->codec = AVRO_CODEC_DEFLATE;
    avro_codec_levels(e->codec, &least, &greatest, &usual);
    e->level = (int32_t)qetl_option_int(env, "/level");
    e->block_bytes = qetl_option_int(env, "/block_bytes");
    if (e->level && !greatest)
        return qetl_fail(env, QETL_E_CONFIG, "/level", "leave level out",
                         "the codec %s has no levels", avro_codec_name(e->codec));
    if (e->level && (e->level < least || e->level > greatest))
        return qetl_fail(env, QETL_E_CONFIG, "/level", NULL,
                         "the levels of the codec %s are from %d to %d", avro_codec_name(e->codec),
                         least, greatest);
    e->level = e->level ? e->level : usual;
    int32_t status = names_read(e);
    return status || !qetl_option_given(env, "/schema") ? status : avro_given_read(e);
}

/* ---- the header ---- */

static int32_t space_reserve(struct qetl_space *s, int64_t n)
{
    int64_t capacity = s->capacity ? s->capacity * 2 : 4096;
    while (capacity < s->size + n)
        capacity *= 2;
    void *grown = realloc(s->data, (size_t)capacity);
    if (!grown)
        return QETL_E_NO_MEMORY;
    s->data = grown;
    s->capacity = capacity;
    return QETL_OK;
}

static int32_t text_put(struct qetl_space *s, const char *text)
{
    uint8_t room[AVRO_VARINT_MAX];
    int64_t size = (int64_t)strlen(text);
    int32_t status = qetl_space_put(s, room, avro_varint_put(room, size) - room);
    return status ? status : qetl_space_put(s, text, size);
}

static int32_t header_make(struct avro_encoder *e, const char *json)
{
    static const uint8_t magic[] = {'O', 'b', 'j', 1}, two[] = {4}, none[] = {0};
    const char *const entries[] = {"avro.codec", avro_codec_name(e->codec), "avro.schema", json};
    struct sha256_ctx hash;
    uint8_t digest[SHA256_DIGEST_SIZE];
    e->header.size = 0;
    int32_t status = qetl_space_put(&e->header, magic, sizeof magic);
    if (!status)
        status = qetl_space_put(&e->header, two, sizeof two);
    for (size_t i = 0; !status && i < sizeof entries / sizeof *entries; i++)
        status = text_put(&e->header, entries[i]);
    if (!status)
        status = qetl_space_put(&e->header, none, sizeof none);
    if (status)
        return status;
    sha256_init(&hash);
    sha256_update(&hash, (size_t)e->header.size, e->header.data);
    sha256_digest(&hash, sizeof digest, digest);
    memcpy(e->sync, digest, AVRO_SYNC_BYTES);
    return qetl_space_put(&e->header, e->sync, AVRO_SYNC_BYTES);
}

int32_t avro_encoder_begin(const struct avro_encoder *e, struct qetl_space *out)
{
    return qetl_space_put(out, e->header.data, e->header.size);
}

static void part_free(struct avro_part *part)
{
    for (int64_t i = 0; i < part->n; i++)
        part_free(&part->children[i]);
    free(part->children);
    *part = (struct avro_part){0};
}

int32_t avro_encoder_open(struct avro_encoder *e, const struct ArrowSchema *schema)
{
    char *json = NULL;
    part_free(&e->root);
    qetl_schema_release(&e->schema);
    e->header.reserve = e->block.reserve = e->packed.reserve = space_reserve;
    e->block.size = e->rows = 0;
    int32_t status = qetl_schema_copy(schema, &e->schema);
    if (!status)
        status = e->given_json ? avro_given_match(e) : avro_describe(e, &json);
    if (!status)
        status = header_make(e, e->given_json ? e->given_json : json);
    free(json);
    return status;
}

void avro_encoder_free(struct avro_encoder *e)
{
    part_free(&e->root);
    avro_type_free(&e->given);
    free(e->given_json);
    qetl_schema_release(&e->schema);
    free(e->header.data);
    free(e->block.data);
    free(e->packed.data);
}

/* ---- batches ---- */

static int32_t part_bind(struct avro_part *part)
{
    int32_t status = QETL_OK;
    for (int64_t i = 0; !status && i < part->n; i++) {
        struct avro_part *child = &part->children[i];
        if (child->source < 0)
            continue;
        status = qetl_column_child(&part->column, child->source, &child->column);
        if (!status)
            status = part_bind(child);
    }
    return status;
}

static int32_t block_end(struct avro_encoder *e, struct qetl_space *out)
{
    uint8_t room[2 * AVRO_VARINT_MAX];
    bool plain = e->codec == AVRO_CODEC_NULL;
    e->packed.size = 0;
    int32_t status = plain || !e->rows ? QETL_OK
                                       : avro_pack(e->env, e->codec, e->level, e->block.data,
                                                   e->block.size, &e->packed);
    if (status || !e->rows)
        return status;
    const struct qetl_space *content = plain ? &e->block : &e->packed;
    uint8_t *end = avro_varint_put(avro_varint_put(room, e->rows), content->size);
    status = qetl_space_put(out, room, end - room);
    if (!status)
        status = qetl_space_put(out, content->data, content->size);
    if (!status)
        status = qetl_space_put(out, e->sync, AVRO_SYNC_BYTES);
    e->rows = e->block.size = 0;
    return status;
}

static void row_reject(struct avro_encoder *e, int64_t row, int64_t column)
{
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = row,
                                 .column = column,
                                 .code = "not_in_avro",
                                 .message = e->why};
    e->env.host->reject(e->env.ctx, &reject);
}

static int32_t row_write(struct avro_encoder *e, int64_t row)
{
    int64_t before = e->block.size;
    for (int64_t i = 0; i < e->root.n; i++) {
        int32_t status = avro_value_write(e, &e->root.children[i], row);
        if (status == QETL_E_DATA) {
            e->block.size = before;
            row_reject(e, row, e->root.children[i].source);
            return QETL_OK;
        }
        if (status)
            return status;
    }
    e->rows++;
    return QETL_OK;
}

int32_t avro_encode_batch(struct avro_encoder *e, const struct ArrowArray *batch,
                          struct qetl_space *out)
{
    int32_t status = qetl_column_open(&e->root.column, &e->schema, batch);
    if (!status)
        status = part_bind(&e->root);
    if (status)
        return qetl_fail(e->env, QETL_E_UNSUPPORTED, NULL, NULL,
                         "a batch does not have the columns that were announced");
    for (int64_t row = 0; !status && row < batch->length; row++) {
        status = row_write(e, row);
        if (!status && e->block.size >= e->block_bytes)
            status = block_end(e, out);
    }
    return status ? status : block_end(e, out);
}
