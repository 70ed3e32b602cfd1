/* SPDX-License-Identifier: Apache-2.0 */
#include "feed.h"

#include "host/instance.h"

#include <stdlib.h>
#include <string.h>

struct feed_state {
    struct qetl_feed *feed;
};

static int32_t feed_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                           const char *config)
{
    (void)host, (void)config;
    ((struct feed_state *)self)->feed = (struct qetl_feed *)ctx->component;
    return QETL_OK;
}

static int32_t feed_describe(void *self, struct qetl_source_info *out)
{
    (void)self;
    out->emits = QETL_EMITS_BYTES;
    out->delivery = QETL_REPLAYABLE;
    return QETL_OK;
}

static int32_t feed_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    (void)split, (void)position;
    struct qetl_feed *feed = ((struct feed_state *)self)->feed;
    free(feed->text);
    feed->text = NULL;
    feed->next = 0;
    return QETL_OK;
}

/* The row as a line. */
static char *row_text(const json_t *letter, size_t *size)
{
    char *text = json_dumps(letter, JSON_COMPACT);
    *size = text ? strlen(text) : 0;
    char *line = text ? realloc(text, *size + 2) : NULL;
    if (!line) {
        free(text);
        return NULL;
    }
    memcpy(line + (*size)++, "\n", 2);
    return line;
}

/* The bytes behind the head of their object. */
static char *bytes_text(const struct qetl_feed *feed, const json_t *letter, size_t *size,
                        int64_t *head_size)
{
    size_t head, body;
    char *before = qetl_letter_member(letter, "head", &head);
    char *bytes = qetl_letter_original(letter, &body);
    const char *first = before ? before : feed->fallback_head;
    head = before ? head : feed->fallback_size;
    char *text = bytes ? malloc(head + body + 1) : NULL;
    if (text && head)
        memcpy(text, first, head);
    if (text && body)
        memcpy(text + head, bytes, body);
    *size = head + body;
    *head_size = (int64_t)head;
    free(before);
    free(bytes);
    return text;
}

static int letter_take(struct qetl_feed *feed)
{
    int64_t head = 0;
    struct qetl_findings findings = {0};
    json_t *letter =
        qetl_box_letter(feed->box, &feed->box->entries[feed->letters[feed->next++]], &findings);
    qetl_findings_free(&findings);
    const char *object = json_string_value(json_object_get(letter, "object"));
    free(feed->text);
    free(feed->object);
    feed->given = 0;
    feed->text = !letter      ? NULL
                 : feed->rows ? row_text(letter, &feed->size)
                              : bytes_text(feed, letter, &feed->size, &head);
    feed->object = strdup(object ? object : "letters");
    feed->offset = json_integer_value(json_object_get(letter, "byte_offset")) - head;
    feed->offset = feed->offset > 0 && !feed->rows ? feed->offset : 0;
    json_decref(letter);
    return feed->text && feed->object ? 0 : -1;
}

static int32_t feed_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct qetl_feed *feed = ((struct feed_state *)self)->feed;
    bool fresh = !feed->text || feed->given == feed->size;
    if (fresh && feed->next == feed->n)
        return QETL_END;
    if (fresh && letter_take(feed))
        return QETL_E_NO_MEMORY;
    size_t rest = feed->size - feed->given, room = (size_t)demand->max_bytes;
    size_t n = rest < room ? rest : room;
    if (n)
        memcpy(demand->space, feed->text + feed->given, n);
    out->flags = fresh ? QETL_ITEM_OBJECT_START : 0;
    out->flags |= n == rest ? QETL_ITEM_OBJECT_END | QETL_ITEM_CUT : 0;
    out->offset = feed->offset + (int64_t)feed->given;
    out->object = feed->object;
    out->bytes = out->bytes_read = (int64_t)n;
    feed->given += n;
    return QETL_BYTES;
}

void qetl_feed_init(struct qetl_feed *feed, struct qetl_box *box, const size_t *letters, size_t n)
{
    *feed = (struct qetl_feed){.box = box, .letters = letters, .n = n};
    feed->source = (struct qetl_source){.struct_size = sizeof feed->source,
                                        .describe = feed_describe,
                                        .open = feed_open,
                                        .next = feed_next};
    feed->component = (struct qetl_component){.struct_size = sizeof feed->component,
                                              .kind = QETL_SOURCE,
                                              .id = "letters",
                                              .state_size = sizeof(struct feed_state),
                                              .create = feed_create,
                                              .source = &feed->source};
}

int qetl_feed_rows(struct qetl_feed *feed, const json_t *letter)
{
    const char *spelled = json_string_value(json_object_get(letter, "spelled_by")), *name;
    json_t *type;
    feed->rows = true;
    feed->spelled_by = strdup(spelled ? spelled : "letters");
    int failed = !feed->spelled_by || qetl_schema_init_struct(&feed->schema);
    json_object_foreach (json_object_get(letter, "types"), name, type) {
        struct ArrowSchema field;
        failed = failed || qetl_type_field(json_string_value(type), name, &field) ||
                 qetl_schema_append(&feed->schema, &field);
    }
    qetl_row_format(feed);
    return failed;
}

void qetl_feed_free(struct qetl_feed *feed)
{
    qetl_schema_release(&feed->schema);
    free(feed->spelled_by);
    free(feed->text);
    free(feed->object);
}
