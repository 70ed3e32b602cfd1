/* SPDX-License-Identifier: Apache-2.0 */
#include "watermark.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Nonzero: it is there and no text. */
static int take(const json_t *object, const char *key, char **text, int *error)
{
    const json_t *value = json_object_get(object, key);
    if (!value || json_is_null(value))
        return 0;
    if (!json_is_string(value))
        return -1;
    *text = strdup(json_string_value(value));
    if (!*text)
        *error = ENOMEM;
    return 0;
}

int qetl_watermark_read(const void *data, size_t size, struct qetl_watermark *watermark)
{
    json_error_t where;
    int error = 0;
    *watermark = (struct qetl_watermark){0};
    json_t *object = json_loadb(data, size, 0, &where);
    if (!object)
        return json_error_code(&where) == json_error_out_of_memory ? ENOMEM : EBADMSG;
    if (!json_is_object(object) || take(object, "cursor", &watermark->cursor, &error) ||
        take(object, "type", &watermark->type, &error) ||
        take(object, "value", &watermark->value, &error))
        error = EBADMSG;
    json_decref(object);
    if (error)
        qetl_watermark_free(watermark);
    return error;
}

char *qetl_watermark_write(const struct qetl_watermark *watermark)
{
    json_t *object = json_pack("{s:s?, s:s?, s:s?}", "cursor", watermark->cursor, "type",
                               watermark->type, "value", watermark->value);
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    return text;
}

void qetl_watermark_free(struct qetl_watermark *watermark)
{
    free(watermark->cursor);
    free(watermark->type);
    free(watermark->value);
    *watermark = (struct qetl_watermark){0};
}
