/* SPDX-License-Identifier: Apache-2.0 */
#include "dead_letter.h"

#include "config/mask.h"

#include <errno.h>
#include <jansson.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t wall_clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct qetl_letter *qetl_letter_new(const char *component, const char *code, const char *message,
                                    const char *column)
{
    struct qetl_letter *letter = calloc(1, sizeof *letter);
    if (!letter)
        return NULL;
    letter->component = component;
    letter->bytes_offset = -1;
    letter->time_us = wall_clock_us();
    letter->code = strdup(code ? code : "rejected");
    letter->message = strdup(message ? message : "");
    letter->column = column ? strdup(column) : NULL;
    if (letter->code && letter->message && (!column || letter->column))
        return letter;
    qetl_letter_free(letter);
    return NULL;
}

void qetl_letter_digest(const void *bytes, int64_t size, char hex[65])
{
    struct sha256_ctx state;
    uint8_t binary[SHA256_DIGEST_SIZE];
    sha256_init(&state);
    sha256_update(&state, (size_t)size, bytes);
    sha256_digest(&state, sizeof binary, binary);
    for (size_t i = 0; i < sizeof binary; i++)
        snprintf(hex + 2 * i, 3, "%02x", binary[i]);
}

int qetl_letter_set_bytes(struct qetl_letter *letter, const void *bytes, int64_t size,
                          int64_t offset)
{
    int64_t kept = size < QETL_LETTER_BYTES_MAX ? size : QETL_LETTER_BYTES_MAX;
    uint8_t *copy = malloc((size_t)kept + 1);
    if (!copy)
        return ENOMEM;
    if (kept)
        memcpy(copy, bytes, (size_t)kept);
    if (kept < size)
        qetl_letter_digest(bytes, size, letter->sha256);
    free(letter->bytes);
    letter->bytes = copy;
    letter->bytes_size = kept;
    letter->bytes_total = size;
    letter->bytes_offset = offset;
    return 0;
}

void qetl_letter_set_more(struct qetl_letter *letter, struct json_t *more)
{
    json_decref(letter->more);
    letter->more = more;
}

void qetl_letter_withhold(struct qetl_letter *letter)
{
    free(letter->bytes);
    letter->bytes = NULL;
    letter->withheld = true;
    snprintf(letter->message, strlen(letter->message) + 1, "%s", "***");
}

static void hide_more(struct qetl_letter *letter, const struct qetl_mask *mask)
{
    if (!letter->more || qetl_mask_is_empty(mask))
        return;
    json_t *before = json_deep_copy(letter->more);
    qetl_mask_json(mask, letter->more);
    letter->masked |= !before || !json_equal(before, letter->more);
    json_decref(before);
}

void qetl_letter_hide(struct qetl_letter *letter, const struct qetl_mask *mask)
{
    qetl_mask_text(mask, letter->message);
    qetl_mask_text(mask, letter->column);
    hide_more(letter, mask);
    if (!letter->bytes)
        return;
    size_t size = (size_t)letter->bytes_size;
    size_t kept = qetl_mask_hide(mask, (char *)letter->bytes, size);
    if (letter->bytes_cut || letter->bytes_total > QETL_LETTER_BYTES_MAX)
        kept = qetl_mask_hide_begun(mask, (char *)letter->bytes, kept);
    letter->bytes_size = (int64_t)kept;
    letter->masked |= kept != size;
}

void qetl_letter_free(struct qetl_letter *letter)
{
    if (!letter)
        return;
    free(letter->code);
    free(letter->message);
    free(letter->column);
    free(letter->bytes);
    json_decref(letter->more);
    free(letter);
}
