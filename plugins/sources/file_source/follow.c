/* SPDX-License-Identifier: Apache-2.0 */
#include "follow.h"

#include "fault.h"
#include "magic.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { STRETCH_BYTES = 4 << 20 };

static const int64_t SCAN_AT_LEAST_NS = 500000000; /* under load, too, names are looked at */

int32_t follow_start(struct follow *f, struct qetl_env env, struct waker *waker,
                     struct choice *choice, const struct names *found,
                     const struct qetl_blob *position, int64_t poll_ms)
{
    *f = (struct follow){.env = env,
                         .waker = waker,
                         .choice = choice,
                         .open = -1,
                         .next = -1,
                         .events_fd = -1,
                         .timer_fd = -1};
    for (int64_t i = 0; i < found->count; i++) {
        if (strcmp(found->items[i], "-") == 0)
            return qetl_fail(env, QETL_E_CONFIG, "/follow", "leave follow out",
                             "standard input cannot be followed by name; it is read to its end");
        if (names_add(&f->named, found->items[i]))
            return fault_memory(env);
    }
    int32_t status = follow_watches(f, poll_ms);
    if (status == QETL_OK && position)
        status = follow_go_on(f, position);
    return status ? status : follow_scan(f);
}

void follow_free(struct follow *f)
{
    if (!f->env.host)
        return;
    for (int64_t i = 0; i < f->count; i++) {
        follow_forget(f, &f->files[i]);
        free(f->files[i].name);
    }
    free(f->files);
    names_free(&f->named);
    bytes_free(&f->blob);
    if (f->events_fd >= 0)
        close(f->events_fd);
    if (f->timer_fd >= 0)
        close(f->timer_fd);
    *f = (struct follow){0};
}

/* ---- One file ---- */

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A file that was cut off and has grown beyond our place since: other bytes stand before it. */
static bool is_another(const struct followed *file)
{
    struct tail now;
    ssize_t n =
        pread(file->fd, now.bytes, (size_t)file->tail.size, file->position - file->tail.size);
    now.size = n;
    return n >= 0 && !tail_same(&now, &file->tail);
}

/* It begins anew: the host sees another object of the same name. */
static void check_truncated(struct follow *f, int64_t i, const struct stat *st)
{
    struct followed *file = &f->files[i];
    bool looked = st->st_size == file->position && !file->unsure;
    file->unsure = false;
    if (looked || (st->st_size >= file->position && !is_another(file)))
        return;
    qetl_logf(f->env, QETL_LOG_WARN,
              "%s: it was cut off%s, from %lld bytes that were read to %lld: it is read from its "
              "beginning",
              file->name, st->st_size >= file->position ? " and written anew" : "",
              (long long)file->position, (long long)st->st_size);
    f->ending |= f->open == i;
    file->position = file->tail.size = 0;
    file->started = file->mid_line = false;
}

/* It has its first bytes, and they are no text: another program packs a log away. */
static bool is_packed(struct follow *f, int64_t i)
{
    struct followed *file = &f->files[i];
    uint8_t head[MAGIC_BYTES];
    ssize_t n = file->position ? 0 : pread(file->fd, head, sizeof head, 0);
    file->packed = n > 0 && magic_of(head, n) != MAGIC_PLAIN;
    if (!file->packed)
        return false;
    qetl_logf(f->env, QETL_LOG_WARN, "%s is compressed: it is passed over", file->name);
    f->ending |= f->open == i;
    return true;
}

static bool is_unlined(const struct qetl_demand *demand)
{
    return demand->struct_size > offsetof(struct qetl_demand, flags) &&
           demand->flags & QETL_DEMAND_UNLINED;
}

/* Of what goes by lines. How many of the bytes read may go out: whole lines, unless a line fills
 * the space, or the file has a successor that goes on. */
static int64_t whole_lines(const struct followed *file, const uint8_t *data, int64_t size,
                           int64_t capacity, bool last)
{
    const uint8_t *end = memrchr(data, '\n', (size_t)size);
    if (file->fifo || last || (!end && size == capacity))
        return size;
    return end ? end + 1 - data : 0;
}

/* OK with *got, which is 0 where there is nothing to hand out now. */
static int32_t file_read(struct follow *f, const struct followed *file,
                         const struct qetl_demand *demand, bool last, int64_t *got)
{
    ssize_t n;
    *got = 0;
    do {
        n = file->fifo ? read(file->fd, demand->space, (size_t)demand->max_bytes)
                       : pread(file->fd, demand->space, (size_t)demand->max_bytes, file->position);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno != EAGAIN)
        return fault_report(f->env, errno, NULL, file->name, "cannot be read");
    if (n > 0)
        *got = whole_lines(file, demand->space, n, demand->max_bytes, last || is_unlined(demand));
    return QETL_OK;
}

/* ---- Items ---- */

static int32_t item_done(struct follow *f, struct qetl_item *out)
{
    if (!follow_encode(f))
        return fault_memory(f->env);
    out->position = (struct qetl_blob){f->blob.data, f->blob.size};
    return QETL_BYTES;
}

static int32_t item_fill(struct follow *f, int64_t i, int64_t got, const struct qetl_demand *demand,
                         struct qetl_item *out)
{
    struct followed *file = &f->files[i];
    out->flags = QETL_ITEM_CUT | (file->started ? 0 : QETL_ITEM_OBJECT_START);
    if (!file->started)
        file->object = ++f->objects;
    out->bytes = got;
    out->object = file->name;
    out->object_id = file->object;
    out->offset = file->position;
    out->bytes_read = got;
    file->position += got;
    if (!file->fifo)
        tail_add(&file->tail, demand->space, got);
    f->at_a_stretch = f->open == i ? f->at_a_stretch + got : got;
    file->started = true;
    file->mid_line = ((const uint8_t *)demand->space)[got - 1] != '\n';
    f->open = i;
    f->next = -1;
    return item_done(f, out);
}

/* Before the first byte, so that there is a position that names the file that comes first. */
static int32_t item_begin(struct follow *f, int64_t i, struct qetl_item *out)
{
    struct followed *file = &f->files[i];
    out->flags = QETL_ITEM_CUT | QETL_ITEM_OBJECT_START;
    out->object = file->name;
    out->object_id = file->object = ++f->objects;
    file->started = true;
    f->open = i;
    return item_done(f, out);
}

/* The object that is open at the host pauses, or is over, so that another one can go on: `next`,
 * also in a run that goes on from here. */
static int32_t item_end(struct follow *f, int64_t next, struct qetl_item *out)
{
    const struct followed *file = &f->files[f->open];
    out->flags = QETL_ITEM_CUT | QETL_ITEM_OBJECT_END;
    out->object = file->name;
    out->object_id = file->object;
    out->offset = file->position;
    f->open = -1;
    f->next = next;
    f->ending = false;
    return item_done(f, out);
}

/* It grows: how much it is, and since when, holds for no row. */
void follow_object(const struct follow *f, struct metadata_object *out)
{
    *out = (struct metadata_object){.path = f->files[f->open].name};
}

/* ---- All of them ---- */

static bool has_more(struct follow *f, struct followed *file)
{
    struct stat st;
    return !file->packed && follow_stat(f, file, &st) &&
           (file->fifo || st.st_size > file->position);
}

/* Open, where there is something to read or to find out. */
static int32_t file_ready(struct follow *f, int64_t i, bool *more)
{
    struct followed *file = &f->files[i];
    struct stat st;
    *more = file->fifo;
    if (file->fifo || file->packed || !follow_stat(f, file, &st) ||
        (st.st_size == file->position && !file->unsure))
        return QETL_OK;
    int32_t status = follow_wake(f, file);
    if (status || file->fd < 0)
        return status;
    check_truncated(f, i, &st);
    follow_rest(f, file);
    *more = st.st_size > file->position && !is_packed(f, i);
    return QETL_OK;
}

/* The file that has the name now has rows: the former one gives its last piece of a line before. */
static bool gives_way(struct follow *f, int64_t i)
{
    const struct followed *file = &f->files[i];
    for (int64_t k = i + 1; file->retired && !file->flushed && k < f->count; k++)
        if (strcmp(f->files[k].name, file->name) == 0 && has_more(f, &f->files[k]))
            return true;
    return false;
}

/* BYTES, or OK where the file has nothing. */
static int32_t file_next(struct follow *f, int64_t i, const struct qetl_demand *demand,
                         struct qetl_item *out)
{
    struct followed *file = &f->files[i];
    bool last = gives_way(f, i), switches = f->open >= 0 && f->open != i;
    int64_t got = 0;
    if (file->fifo && switches)
        return poll(&(struct pollfd){.fd = file->fd, .events = POLLIN}, 1, 0) > 0
                   ? item_end(f, i, out)
                   : QETL_OK;
    bool more;
    int32_t status = file_ready(f, i, &more);
    if (!status && more && !f->blob.size && !file->started && !file->fifo)
        return item_begin(f, i, out);
    if (!status && f->ending)
        return item_end(f, i, out);
    if (!status && more)
        status = file_read(f, file, demand, last, &got);
    if (status)
        return status;
    if (!got) {
        file->flushed |= last;
        return QETL_OK;
    }
    return switches ? item_end(f, i, out) : item_fill(f, i, got, demand, out);
}

/* Of all but the open one: those that have a successor first, then in turn. */
static int32_t others_next(struct follow *f, const struct qetl_demand *demand,
                           struct qetl_item *out)
{
    int64_t open = f->open;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < f->count; i++) {
            int64_t next = pass ? (f->turn + i) % f->count : i;
            if (next == open || f->files[next].retired != !pass)
                continue;
            int32_t status = file_next(f, next, demand, out);
            if (status && pass)
                f->turn = next;
            if (status)
                return status;
        }
    return QETL_OK;
}

/* What can be read now, of the open object first: a line or record is never left in its midst. One
 * that is written to all the time lets the others have their turn. */
static int32_t any_next(struct follow *f, const struct qetl_demand *demand, struct qetl_item *out)
{
    int32_t status = QETL_OK;
    int64_t open = f->open;
    bool within = is_unlined(demand) ? demand->flags & QETL_DEMAND_REST
                                     : open >= 0 && f->files[open].mid_line;
    bool stuck = open >= 0 && within && !f->files[open].retired;
    bool waits = open >= 0 && !stuck && f->at_a_stretch >= STRETCH_BYTES;
    if (open < 0 && f->next >= 0)
        status = file_next(f, f->next, demand, out);
    if (open >= 0 && !waits)
        status = file_next(f, open, demand, out);
    if (status || stuck)
        return status;
    if (waits)
        f->turn = (open + 1) % f->count;
    status = others_next(f, demand, out);
    if (status || !waits)
        return status;
    f->at_a_stretch = 0;
    return file_next(f, open, demand, out);
}

int32_t follow_next(struct follow *f, const struct qetl_demand *demand, struct qetl_item *out)
{
    int32_t status = QETL_OK;
    int64_t now = now_ns();
    if (atomic_load(&f->waker->rung))
        return QETL_E_CANCELLED;
    if (now - f->scanned_ns < SCAN_AT_LEAST_NS)
        status = any_next(f, demand, out);
    if (status)
        return status;
    f->scanned_ns = now;
    status = follow_scan(f);
    if (!status)
        status = any_next(f, demand, out);
    if (status)
        return status;
    follow_await(f);
    return QETL_IDLE;
}
