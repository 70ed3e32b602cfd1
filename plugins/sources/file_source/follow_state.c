/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where all files stand that are followed, so that another process goes on there. A file is found
 * again by its inode: under its name, or under another one of its folder, if it was renamed; and by
 * the bytes before the place.
 */
#include "fault.h"
#include "follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const uint64_t FOLLOW_TAG = 0x32776f6c6c6f6c66; /* "flollow2" */

enum { FLAG_STARTED = 1, FLAG_MID_LINE = 2, FLAG_RETIRED = 4, FLAG_FLUSHED = 8 };

/* A FIFO's bytes are gone, and what was passed over is looked at again. */
static bool is_kept(const struct followed *file)
{
    return !file->fifo && !file->packed && (file->fd >= 0 || file->path);
}

static bool file_encode(struct bytes *out, const struct followed *file)
{
    int64_t flags = (file->started ? FLAG_STARTED : 0) | (file->mid_line ? FLAG_MID_LINE : 0) |
                    (file->retired ? FLAG_RETIRED : 0) | (file->flushed ? FLAG_FLUSHED : 0);
    return bytes_put_number(out, (int64_t)file->device) &&
           bytes_put_number(out, (int64_t)file->inode) && bytes_put_number(out, file->position) &&
           bytes_put_number(out, flags) && bytes_put_number(out, (int64_t)file->object) &&
           bytes_put_name(out, file->name, strlen(file->name)) &&
           bytes_put_name(out, (const char *)file->tail.bytes, (size_t)file->tail.size);
}

bool follow_encode(struct follow *f)
{
    struct bytes *out = &f->blob;
    int64_t count = 0, open = -1, next = -1;
    for (int64_t i = 0; i < f->count; i++) {
        if (!is_kept(&f->files[i]))
            continue;
        open = f->open == i ? count : open;
        next = f->next == i ? count : next;
        count++;
    }
    out->size = 0;
    bool good = bytes_put_number(out, (int64_t)FOLLOW_TAG) && bytes_put_number(out, count) &&
                bytes_put_number(out, open) && bytes_put_number(out, next);
    for (int64_t i = 0; i < f->count && good; i++)
        if (is_kept(&f->files[i]))
            good = file_encode(out, &f->files[i]);
    return good;
}

/* ---- Going on ---- */

static bool file_decode(struct cursor *in, struct followed *file, const char **name, size_t *size)
{
    int64_t device, inode, flags, object;
    const char *tail;
    size_t tail_size;
    if (!cursor_number(in, &device) || !cursor_number(in, &inode) ||
        !cursor_number(in, &file->position) || !cursor_number(in, &flags) ||
        !cursor_number(in, &object) || !cursor_name(in, name, size) ||
        !cursor_name(in, &tail, &tail_size) || tail_size > TAIL_BYTES ||
        file->position < (int64_t)tail_size || !*size || memchr(*name, 0, *size))
        return false;
    file->device = (dev_t)device;
    file->inode = (ino_t)inode;
    memcpy(file->tail.bytes, tail, tail_size);
    file->tail.size = (int64_t)tail_size;
    file->object = (uint64_t)object;
    file->started = flags & FLAG_STARTED;
    file->mid_line = flags & FLAG_MID_LINE;
    file->retired = flags & FLAG_RETIRED;
    file->flushed = flags & FLAG_FLUSHED;
    return true;
}

/* As one that rests: where it lies now is found out when it is looked at. */
static int32_t file_go_on(struct follow *f, struct followed *file)
{
    char *slash = strrchr(file->name, '/'), *folder;
    folder = slash ? strndup(file->name, (size_t)(slash - file->name) + 1) : strdup("./");
    char *real = folder ? realpath(folder, NULL) : NULL;
    bool lies = folder && (real || errno == ENOENT || errno == ENOTDIR);
    if (real && asprintf(&file->path, "%s/%s", strcmp(real, "/") == 0 ? "" : real,
                         slash ? slash + 1 : file->name) < 0) {
        file->path = NULL;
        lies = false;
    }
    free(folder);
    free(real);
    if (!lies)
        return fault_memory(f->env);
    if (!file->path)
        qetl_logf(f->env, QETL_LOG_WARN, "%s: its folder is gone; its first %lld bytes were read",
                  file->name, (long long)file->position);
    int32_t status = file->path ? follow_wake(f, file) : QETL_OK;
    if (status == QETL_OK && file->fd >= 0)
        status = follow_watch(f, file);
    file->unsure = file->fd >= 0;
    if (!file->path && file->fd < 0)
        file->retired = file->flushed = true; /* nobody waits for the rest of its line */
    follow_rest(f, file);
    return status;
}

static int32_t files_decode(struct follow *f, struct cursor *in, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        struct followed read = {.fd = -1};
        const char *name;
        size_t size;
        if (!file_decode(in, &read, &name, &size))
            return QETL_E_UNSUPPORTED;
        struct followed *file = follow_slot(f);
        if (!file || !(read.name = strndup(name, size)))
            return fault_memory(f->env);
        *file = read;
        f->objects = read.object > f->objects ? read.object : f->objects;
        int32_t status = file_go_on(f, file);
        if (status)
            return status;
    }
    return in->at == in->end ? QETL_OK : QETL_E_UNSUPPORTED;
}

int32_t follow_go_on(struct follow *f, const struct qetl_blob *position)
{
    struct cursor in = {position->data, (const uint8_t *)position->data + position->size};
    int64_t count = 0;
    int32_t status = QETL_E_UNSUPPORTED;
    if (cursor_tag(&in, FOLLOW_TAG) && cursor_number(&in, &count) && cursor_number(&in, &f->open) &&
        cursor_number(&in, &f->next) && count >= 0 && f->open >= -1 && f->open < count &&
        f->next >= -1 && f->next < count)
        status = files_decode(f, &in, count);
    if (status == QETL_E_UNSUPPORTED)
        return qetl_fail(f->env, status, NULL, "start the run anew",
                         "the position is none of this version of the source file");
    return status;
}
