/* SPDX-License-Identifier: Apache-2.0 */
#include "fault.h"
#include "parts_internal.h"
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BUFFER_FIRST = 4096, BUFFER_MOST = 256 * 1024, HELD_BYTES = 32 << 20 };

/* ---- The files with a descriptor, by last use ---- */

static void lru_leave(struct parts *p, struct part_file *f)
{
    if (f->newer)
        f->newer->older = f->older;
    else
        p->newest = f->older;
    if (f->older)
        f->older->newer = f->newer;
    f->newer = f->older = NULL;
    p->n_open--;
}

static void lru_enter(struct parts *p, struct part_file *f)
{
    f->older = p->newest;
    f->newer = NULL;
    if (p->newest)
        p->newest->newer = f;
    p->newest = f;
    p->n_open++;
}

/* Ends its compressed member, so that another may follow. */
static int32_t file_rest(struct parts *p, struct part_file *f)
{
    int32_t status = output_finish(&f->out, false);
    lru_leave(p, f);
    output_close(&f->out);
    return status;
}

static int32_t oldest_rest(struct parts *p)
{
    struct part_file *f = p->newest;
    while (f && f->older)
        f = f->older;
    return f ? file_rest(p, f) : QETL_OK;
}

static int32_t file_wake(struct parts *p, struct part_file *f)
{
    if (f->out.fd >= 0) {
        lru_leave(p, f);
        lru_enter(p, f);
        return QETL_OK;
    }
    int32_t status = p->n_open >= p->max_open ? oldest_rest(p) : QETL_OK;
    if (status)
        return status;
    f->out.fd = open(f->handle.staged, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    if (f->out.fd < 0)
        return fault_report(p->env, errno, f->handle.staged, "cannot be opened again");
    lru_enter(p, f);
    return QETL_OK;
}

/* ---- Making ---- */

static int32_t file_resolve(struct parts *p, struct part_file *f, const char *path,
                            struct target *t)
{
    int32_t status = target_resolve(t, p->env, path);
    if (status == QETL_OK && t->kind == TARGET_SPECIAL)
        status = qetl_fail(p->env, QETL_E_CONFIG, "/path", "name another path",
                           "%s: is a device or FIFO, and cannot be one of many files", path);
    if (status == QETL_OK && p->if_exists != IF_EXISTS_REPLACE_ALL) /* which goes with its links */
        status = part_folder_check(p, t);
    if (status == QETL_OK && t->kind == TARGET_FILE &&
        (p->if_exists == IF_EXISTS_ERROR || p->if_exists == IF_EXISTS_APPEND))
        status = target_exists_fault(p->env, QETL_E_CONFIG, path, "already");
    f->handle.action = p->if_exists == IF_EXISTS_REPLACE ? HANDLE_REPLACE : HANDLE_CREATE;
    return status;
}

static int32_t file_name(struct parts *p, struct handle *h, const struct target *t)
{
    bool replace = h->action == HANDLE_REPLACE;
    h->given = strdup(t->given);
    h->final = strdup(t->path);
    h->backup = replace ? stage_backup(t) : strdup("");
    return h->given && h->final && h->backup ? QETL_OK : fault_memory(p->env);
}

static int32_t file_place(struct parts *p, struct handle *h)
{
    if (asprintf(&h->staged, "%s/%lld", p->folder, (long long)p->n_staged) >= 0)
        return QETL_OK;
    h->staged = NULL;
    return fault_memory(p->env);
}

static int32_t file_stage(struct parts *p, struct part_file *f, const struct target *t)
{
    struct handle *h = &f->handle;
    struct stat st;
    int32_t status = p->n_open >= p->max_open ? oldest_rest(p) : QETL_OK;
    if (status)
        return status;
    int fd = open(h->staged, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0 || fstat(fd, &st) != 0)
        return fault_report(p->env, errno, h->staged, "cannot be made");
    h->device = (int64_t)st.st_dev;
    h->inode = (int64_t)st.st_ino;
    output_init(&f->out, p->env, p->waker, h->given ? h->given : h->staged, fd, true, p->packing);
    f->out.level = p->level;
    lru_enter(p, f);
    if (t->kind == TARGET_FILE)
        stage_mode(fd, &t->st);
    return QETL_OK;
}

void part_file_add(struct parts *p, struct part_file *f)
{
    f->out.fd = -1;
    p->n_files++;
    *p->files_end = f;
    p->files_end = &f->next;
}

/* Of one that is named later, all but the name. */
static int32_t file_make(struct parts *p, struct part_file *f, const char *path, struct target *t)
{
    struct handle *h = &f->handle;
    int32_t status = path ? file_resolve(p, f, path, t) : QETL_OK;
    if (status == QETL_OK && part_swaps(p))
        status = part_swap_name(p, h, path);
    else if (status == QETL_OK) {
        status = path ? file_name(p, h, t) : QETL_OK;
        if (status == QETL_OK)
            status = file_place(p, h);
    }
    return status ? status : file_stage(p, f, t);
}

int32_t part_file_make(struct parts *p, const char *path, struct part_file **out)
{
    struct part_file *f = calloc(1, sizeof *f);
    struct target t = {0};
    if (!f)
        return fault_memory(p->env);
    part_file_add(p, f);
    p->n_staged++;
    p->named = false;
    p->dirty = true;
    int32_t status = file_make(p, f, path, &t);
    target_free(&t);
    if (status == QETL_OK)
        status = part_file_put(p, f, p->header.data, p->header.size);
    *out = status ? NULL : f;
    return status;
}

int32_t part_file_name(struct parts *p, struct part_file *f, const char *path)
{
    struct target t = {0};
    int32_t status = file_resolve(p, f, path, &t);
    if (status == QETL_OK)
        status = file_name(p, &f->handle, &t);
    if (status == QETL_OK && t.kind == TARGET_FILE && chmod(f->handle.staged, t.st.st_mode & 0777))
        status = fault_report(p->env, errno, path, "cannot be given the former file's mode");
    target_free(&t);
    return status;
}

/* ---- Writing ---- */

static int32_t file_flush(struct parts *p, struct part_file *f)
{
    if (!f->buffered)
        return QETL_OK;
    int32_t status = file_wake(p, f);
    if (status == QETL_OK)
        status = output_write(&f->out, f->buffer, f->buffered);
    p->held -= f->room;
    f->buffered = f->room = 0;
    free(f->buffer);
    f->buffer = NULL;
    return status;
}

int32_t part_file_flush_all(struct parts *p)
{
    int32_t status = QETL_OK;
    for (struct part_file *f = p->files; f && !status; f = f->next)
        status = file_flush(p, f);
    return status;
}

static int32_t buffer_reserve(struct parts *p, struct part_file *f, int64_t size)
{
    int64_t room = f->room ? f->room : BUFFER_FIRST;
    while (room < f->buffered + size)
        room *= 2;
    if (room == f->room)
        return QETL_OK;
    uint8_t *grown = realloc(f->buffer, (size_t)room);
    if (!grown)
        return fault_memory(p->env);
    p->held += room - f->room;
    f->buffer = grown;
    f->room = room;
    return QETL_OK;
}

int32_t part_file_put(struct parts *p, struct part_file *f, const void *data, size_t size)
{
    int32_t status = QETL_OK;
    if (!size)
        return QETL_OK;
    p->dirty = true;
    f->plain += (int64_t)size;
    if (f->buffered + (int64_t)size > BUFFER_MOST)
        status = file_flush(p, f);
    if (status == QETL_OK && size >= BUFFER_MOST) {
        status = file_wake(p, f);
        return status ? status : output_write(&f->out, data, (int64_t)size);
    }
    if (status == QETL_OK)
        status = buffer_reserve(p, f, (int64_t)size);
    if (status)
        return status;
    memcpy(f->buffer + f->buffered, data, size);
    f->buffered += (int64_t)size;
    return p->held > HELD_BYTES ? part_file_flush_all(p) : QETL_OK;
}

int32_t part_file_pause(struct parts *p, struct part_file *f, bool sync)
{
    int32_t status = file_flush(p, f);
    if (status == QETL_OK && f->out.fd >= 0)
        status = output_finish(&f->out, false);
    if (status || !sync || f->synced == f->out.written)
        return status;
    bool open = f->out.fd >= 0;
    status = file_wake(p, f);
    if (status == QETL_OK)
        status = output_sync(&f->out);
    if (status == QETL_OK)
        f->synced = f->out.written;
    if (f->done && !open)
        status = status ? status : file_rest(p, f);
    return status;
}

int32_t part_file_finish(struct parts *p, struct part_file *f, bool durable)
{
    int32_t status = part_file_put(p, f, p->footer.data, p->footer.size);
    if (status == QETL_OK)
        status = file_flush(p, f);
    bool rest = f->out.fd < 0 && (!durable || f->out.failed) && f->out.written;
    if (status == QETL_OK && !rest)
        status = file_wake(p, f);
    if (status == QETL_OK && !rest)
        status = output_finish(&f->out, f->out.written == 0);
    if (status == QETL_OK && durable)
        status = output_sync(&f->out);
    f->handle.bytes = f->handle.length = f->out.written;
    f->synced = durable && status == QETL_OK ? f->out.written : f->synced;
    f->done = true;
    if (f->out.fd >= 0) {
        lru_leave(p, f);
        output_close(&f->out);
    }
    return status;
}

void part_file_free(struct parts *p, struct part_file *f)
{
    if (f->out.fd >= 0) {
        lru_leave(p, f);
        output_close(&f->out);
    }
    p->held -= f->room;
    free(f->buffer);
    handle_free(&f->handle);
    free(f);
}
