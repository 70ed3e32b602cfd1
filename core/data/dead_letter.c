/* SPDX-License-Identifier: Apache-2.0 */
#include "dead_letter.h"

#include "base64.h"
#include "config/mask.h"
#include "json_text.h"
#include "origin.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct qetl_letter_store {
    pthread_mutex_t lock;
    char *path;
    bool default_path; /* its folder is made when needed */
    bool enabled;
    const struct qetl_mask *mask;
    FILE *file;
    int error; /* the first errno */
};

struct qetl_letter *qetl_letter_new(const char *component, const char *code, const char *message,
                                    const char *column)
{
    struct qetl_letter *letter = calloc(1, sizeof *letter);
    if (!letter)
        return NULL;
    letter->component = component;
    letter->bytes_offset = -1;
    letter->code = strdup(code ? code : "rejected");
    letter->message = strdup(message ? message : "");
    letter->column = column ? strdup(column) : NULL;
    if (letter->code && letter->message && (!column || letter->column))
        return letter;
    qetl_letter_free(letter);
    return NULL;
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
    free(letter->bytes);
    letter->bytes = copy;
    letter->bytes_size = kept;
    letter->bytes_total = size;
    letter->bytes_offset = offset;
    return 0;
}

void qetl_letter_free(struct qetl_letter *letter)
{
    if (!letter)
        return;
    free(letter->code);
    free(letter->message);
    free(letter->column);
    free(letter->bytes);
    free(letter);
}

static char *default_path(const char *pipeline)
{
    char stamp[32], *path;
    time_t now = time(NULL);
    struct tm utc;
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
    if (asprintf(&path, "dead-letters/%s-%s-%ld.ndjson", pipeline, stamp, (long)getpid()) < 0)
        return NULL;
    char *name = path + strlen("dead-letters/");
    for (char *c = name; *c; c++) /* a pipeline's name is no path, and its letters are not hidden */
        *c = *c == '/' || (*c == '.' && c == name) ? '_' : *c;
    return path;
}

struct qetl_letter_store *qetl_letter_store_new(const char *path, const char *pipeline,
                                                bool enabled)
{
    struct qetl_letter_store *store = calloc(1, sizeof *store);
    if (!store)
        return NULL;
    pthread_mutex_init(&store->lock, NULL);
    store->enabled = enabled;
    store->default_path = !path;
    store->path = path ? strdup(path) : default_path(pipeline);
    if (store->path)
        return store;
    qetl_letter_store_free(store);
    return NULL;
}

/* Earlier runs' letters at a named path are kept: new ones are appended. */
static int store_open(struct qetl_letter_store *store)
{
    if (store->default_path && mkdir("dead-letters", 0700) && errno != EEXIST)
        return errno;
    int fd = open(store->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    store->file = fdopen(fd, "a");
    if (store->file)
        return 0;
    int error = errno;
    close(fd);
    return error;
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text)
        json_object_set_new(object, key, qetl_json_text(text));
}

void qetl_letter_hide(struct qetl_letter *letter, const struct qetl_mask *mask)
{
    qetl_mask_text(mask, letter->message);
    qetl_mask_text(mask, letter->column);
    if (!letter->bytes)
        return;
    size_t size = (size_t)letter->bytes_size;
    size_t kept = qetl_mask_hide(mask, (char *)letter->bytes, size);
    if (letter->bytes_cut || letter->bytes_total > QETL_LETTER_BYTES_MAX)
        kept = qetl_mask_hide_begun(mask, (char *)letter->bytes, kept);
    letter->bytes_size = (int64_t)kept;
    letter->masked |= kept != size;
}

static void set_bytes(json_t *object, const struct qetl_letter *letter)
{
    if (!letter->bytes)
        return;
    size_t size = (size_t)letter->bytes_size;
    json_t *text = json_stringn((const char *)letter->bytes, size);
    if (text) {
        json_object_set_new(object, "original", text);
    } else {
        char *encoded = qetl_base64(letter->bytes, size);
        set_text(object, "original_base64", encoded);
        free(encoded);
    }
    json_object_set_new(object, "original_bytes", json_integer(letter->bytes_total));
    if (letter->bytes_cut || letter->bytes_total > QETL_LETTER_BYTES_MAX)
        json_object_set_new(object, "original_truncated", json_true());
    if (letter->masked)
        json_object_set_new(object, "original_masked", json_true());
}

static json_t *letter_json(const struct qetl_letter *letter, const struct qetl_mask *mask)
{
    json_t *object = json_object();
    const struct qetl_origin *origin = letter->origin;
    set_text(object, "component", letter->component);
    set_text(object, "code", letter->code);
    set_text(object, "message", letter->message);
    set_text(object, "column", letter->column);
    if (origin) {
        set_text(object, "source", qetl_tracker_source(origin->tracker));
        if (origin->object)
            set_text(object, "object", origin->object->name);
    }
    if (letter->row > 0)
        json_object_set_new(object, "row", json_integer(letter->row));
    if (letter->bytes_offset >= 0)
        json_object_set_new(object, "byte_offset", json_integer(letter->bytes_offset));
    qetl_mask_json(mask, object);
    set_bytes(object, letter);
    return object;
}

void qetl_letter_store_hide(struct qetl_letter_store *store, const struct qetl_mask *mask)
{
    store->mask = mask;
}

static int letter_write(struct qetl_letter_store *store, const struct qetl_letter *letter)
{
    json_t *object = letter_json(letter, store->mask);
    int failed = !object || json_dumpf(object, store->file, JSON_COMPACT) < 0 ||
                 fputc('\n', store->file) == EOF;
    json_decref(object);
    return failed ? (errno ? errno : EIO) : 0;
}

int qetl_letter_store_put(struct qetl_letter_store *store, struct qetl_letter *letter)
{
    pthread_mutex_lock(&store->lock);
    if (store->enabled && !store->error && !store->file)
        store->error = store_open(store);
    if (store->enabled && !store->error)
        store->error = letter_write(store, letter);
    int error = store->error;
    pthread_mutex_unlock(&store->lock);
    qetl_letter_free(letter);
    return error;
}

int qetl_letter_store_flush(struct qetl_letter_store *store)
{
    pthread_mutex_lock(&store->lock);
    if (store->file && !store->error && (fflush(store->file) || fsync(fileno(store->file))))
        store->error = errno == EINVAL ? 0 : errno; /* a device cannot be synced */
    int error = store->error;
    pthread_mutex_unlock(&store->lock);
    return error;
}

const char *qetl_letter_store_path(const struct qetl_letter_store *store)
{
    struct qetl_letter_store *s = (struct qetl_letter_store *)store;
    pthread_mutex_lock(&s->lock);
    const char *path = s->file && !s->error ? s->path : NULL;
    pthread_mutex_unlock(&s->lock);
    return path;
}

const char *qetl_letter_store_name(const struct qetl_letter_store *store)
{
    return store->path;
}

void qetl_letter_store_free(struct qetl_letter_store *store)
{
    if (!store)
        return;
    if (store->file)
        fclose(store->file);
    pthread_mutex_destroy(&store->lock);
    free(store->path);
    free(store);
}
