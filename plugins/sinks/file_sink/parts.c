/* SPDX-License-Identifier: Apache-2.0 */
#include "parts.h"

#include "fault.h"
#include "parts_internal.h"
#include "stage.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { OPEN_MOST = 200, WHOLE_OPEN = 32, WHOLE_ROWS = 2048 };
enum { TABLE_FIRST = 256, SYNC_ONE_BY_ONE = 64, ROWS_FIRST = 64, DESCRIPTORS_LEFT = 64 };

/* ---- Options ---- */

/* A compressor of xz needs 100 MB, one of zstd some: the memory is bounded by their number. */
static int64_t open_most(enum packing packing, int64_t wanted)
{
    static const int64_t most[] = {1 << 20, 256, 64, 4, 16, 256};
    struct rlimit limit;
    int64_t n = wanted < most[packing] ? wanted : most[packing];
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        n > (int64_t)limit.rlim_cur - DESCRIPTORS_LEFT)
        n = (int64_t)limit.rlim_cur - DESCRIPTORS_LEFT;
    return n > 1 ? n : 1;
}

int32_t parts_init(struct parts *p, struct qetl_env env, struct waker *waker, const char *path,
                   enum if_exists if_exists, enum packing packing, int level)
{
    *p = (struct parts){.env = env,
                        .waker = waker,
                        .if_exists = if_exists,
                        .packing = packing,
                        .level = level,
                        .max_rows = qetl_option_int(env, "/max_rows"),
                        .max_bytes = qetl_option_int(env, "/max_bytes"),
                        .max_open = open_most(packing, qetl_option_given(env, "/max_open")
                                                           ? qetl_option_int(env, "/max_open")
                                                           : OPEN_MOST),
                        .folder_fd = -1};
    p->files_end = &p->files;
    return template_parse(&p->template, env, path,
                          p->max_rows || p->max_bytes || if_exists == IF_EXISTS_APPEND);
}

static int32_t blob_copy(struct parts *p, struct qetl_blob from, struct qetl_blob *to)
{
    void *data = malloc(from.size + 1);
    if (!data)
        return fault_memory(p->env);
    if (from.size)
        memcpy(data, from.data, from.size);
    free((void *)to->data);
    *to = (struct qetl_blob){data, from.size};
    return QETL_OK;
}

int32_t parts_frame(struct parts *p, struct qetl_blob header, struct qetl_blob footer)
{
    int32_t status = blob_copy(p, header, &p->header);
    return status ? status : blob_copy(p, footer, &p->footer);
}

int32_t parts_open(struct parts *p)
{
    return p->restored ? QETL_OK : part_folder_make(p);
}

/* ---- Streams ---- */

static uint64_t hash_of(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 0x100000001b3;
    return hash ^ hash >> 32;
}

static int32_t table_grow(struct parts *p)
{
    int64_t size = p->table_size ? p->table_size * 2 : TABLE_FIRST;
    struct part_stream **table = calloc((size_t)size, sizeof *table);
    if (!table)
        return fault_memory(p->env);
    for (int64_t i = 0; i < p->table_size; i++)
        for (struct part_stream *s = p->table[i], *next; s; s = next) {
            struct part_stream **slot = &table[s->hash & (uint64_t)(size - 1)];
            next = s->next;
            s->next = *slot;
            *slot = s;
        }
    free(p->table);
    p->table = table;
    p->table_size = size;
    return QETL_OK;
}

/* NULL: no memory. */
static struct qetl_blob *keys_copy(const struct qetl_blob *keys, int64_t n)
{
    size_t size = 0;
    for (int64_t k = 0; k < n; k++)
        size += keys[k].size;
    struct qetl_blob *copy = malloc((size_t)n * sizeof *copy + size + 1);
    uint8_t *at = copy ? (uint8_t *)(copy + n) : NULL;
    for (int64_t k = 0; copy && k < n; k++) {
        copy[k] = (struct qetl_blob){keys[k].data ? at : NULL, keys[k].size};
        if (keys[k].size)
            memcpy(at, keys[k].data, keys[k].size);
        at += keys[k].size;
    }
    return copy;
}

int32_t part_stream_find(struct parts *p, const struct qetl_blob *keys, struct part_stream **out)
{
    char *name;
    int32_t status = template_expand(&p->template, p->env, keys, 0, &name);
    if (!status && p->n_streams >= p->table_size)
        status = table_grow(p);
    if (status) {
        free(name);
        return status;
    }
    uint64_t hash = hash_of(name);
    struct part_stream **slot = &p->table[hash & (uint64_t)(p->table_size - 1)];
    for (struct part_stream *s = *slot; s; s = s->next)
        if (s->hash == hash && strcmp(s->name, name) == 0) {
            free(name);
            *out = s;
            return QETL_OK;
        }
    struct part_stream *s = *out = calloc(1, sizeof *s);
    struct qetl_blob *copy = keys_copy(keys, template_keys(&p->template));
    if (!s || !copy) {
        free(name);
        free(s);
        free(copy);
        return fault_memory(p->env);
    }
    *s = (struct part_stream){
        .next = *slot, .hash = hash, .name = name, .index = p->n_streams++, .keys = copy};
    *slot = s;
    return QETL_OK;
}

/* Where files are added: the next number that is free. */
static int32_t path_next(struct parts *p, struct part_stream *s, const struct qetl_blob *keys,
                         char **out)
{
    for (;;) {
        int32_t status = template_expand(&p->template, p->env, keys, ++s->number, out);
        if (status || p->if_exists != IF_EXISTS_APPEND || access(*out, F_OK) != 0)
            return status;
        free(*out);
    }
}

static int32_t file_next(struct parts *p, struct part_stream *s, const struct qetl_blob *keys)
{
    char *path = NULL;
    int32_t status = p->template.by_epoch ? QETL_OK : path_next(p, s, keys, &path);
    p->broken += s->early;
    s->early = false;
    s->file = NULL;
    if (!status)
        status = part_file_make(p, path, &s->file);
    free(path);
    if (s->file)
        s->file->stream = s;
    return status;
}

/* Prepared with an epoch before: they are their handles' now. */
static void handed_forget(struct parts *p, uint64_t epoch)
{
    if (!p->handed || p->handed == epoch)
        return;
    for (struct part_file *f = p->files, *next; f; f = next) {
        next = f->next;
        part_file_free(p, f);
    }
    p->files = NULL;
    p->files_end = &p->files;
    p->n_files = 0;
    p->handed = 0;
}

static bool is_full(const struct parts *p, const struct part_file *f, int64_t more)
{
    if (p->max_rows && f->handle.rows >= p->max_rows)
        return true;
    if (!p->max_bytes || !f->handle.rows)
        return false;
    if (p->packing != PACKING_NONE)
        return f->out.written >= p->max_bytes;
    if (p->whole)
        return f->plain >= p->max_bytes;
    return f->plain + more + (int64_t)p->footer.size > p->max_bytes;
}

int64_t parts_room(struct parts *p, const struct qetl_blob *keys)
{
    struct part_stream *s;
    int32_t status = part_stream_find(p, keys, &s);
    if (status)
        return status;
    const struct part_file *f = s->file;
    int64_t rows = p->max_rows ? p->max_rows : INT64_MAX;
    if (p->whole && f && is_full(p, f, 0))
        return 0;
    if (f && p->max_rows && f->handle.rows < p->max_rows)
        rows -= f->handle.rows;
    if (p->max_bytes && p->whole) /* a few at a time: how long it is by then is known afterwards */
        return rows < WHOLE_ROWS ? rows : WHOLE_ROWS;
    if (!p->max_bytes)
        return rows;
    int64_t used = !f                           ? (int64_t)p->header.size
                   : p->packing == PACKING_NONE ? f->plain
                                                : f->out.written;
    int64_t left = p->max_bytes - used - (int64_t)p->footer.size;
    /* half of what is likely to fit: the next rows may be longer */
    int64_t fit = p->row_bytes ? left / p->row_bytes / 2 : ROWS_FIRST;
    fit = fit > 1 ? fit : 1;
    return fit < rows ? fit : rows;
}

int32_t parts_write(struct parts *p, const struct qetl_write *write)
{
    handed_forget(p, 0);
    struct part_stream *s;
    int32_t status = part_stream_find(p, write->keys, &s);
    if (!status && !p->whole && s->file && is_full(p, s->file, write->bytes_size)) {
        status = part_file_finish(p, s->file, true);
        s->file = NULL;
    }
    if (status == QETL_OK && !s->file)
        status = file_next(p, s, write->keys);
    if (status == QETL_OK)
        status = part_file_put(p, s->file, write->bytes, (size_t)write->bytes_size);
    if (status == QETL_OK)
        s->file->handle.rows += write->rows;
    int64_t row_bytes = write->rows ? write->bytes_size / write->rows + 1 : 0;
    int64_t before = p->row_bytes - p->row_bytes / 8;
    p->row_bytes = row_bytes > before ? row_bytes : before;
    return status;
}

/* ---- Files that are whole ---- */

int64_t parts_whole(struct parts *p, uint32_t encode)
{
    if (p->max_bytes && encode & QETL_ENCODE_UNSIZED)
        return qetl_fail(p->env, QETL_E_CONFIG, "/max_bytes", "give max_rows instead",
                         "how large a file of this format becomes is known at its end only");
    if (!qetl_option_given(p->env, "/max_open"))
        p->max_open = open_most(p->packing, WHOLE_OPEN);
    p->whole = true;
    return p->max_open;
}

int64_t parts_object(struct parts *p, const struct qetl_blob *keys)
{
    struct part_stream *s;
    int32_t status = part_stream_find(p, keys, &s);
    return status ? status : s->index;
}

int32_t parts_end(struct parts *p, const struct qetl_blob *keys)
{
    struct part_stream *s;
    int32_t status = part_stream_find(p, keys, &s);
    if (status || !s->file)
        return status ? status : QETL_E_FATAL;
    s->early = !is_full(p, s->file, 0);
    status = part_file_finish(p, s->file, p->n_files <= SYNC_ONE_BY_ONE);
    s->file = NULL;
    return status;
}

static void breaks_tell(const struct parts *p)
{
    if (p->broken)
        qetl_logf(
            p->env, QETL_LOG_WARN,
            "%s: %lld files for %lld sets of values: as no more than %lld may be unfinished at "
            "a time, and memory was short, %lld were ended before all of their rows had come. "
            "Sort the rows by these columns, or raise max_open or --memory, for fewer",
            p->template.root, (long long)p->n_files, (long long)p->n_streams,
            (long long)p->max_open, (long long)p->broken);
}

/* ---- The end ---- */

/* Without rows there is one file, unless its name would need values. */
static int32_t first_make(struct parts *p)
{
    for (int64_t i = 0; i < p->template.count; i++)
        if (p->template.pieces[i].kind == PIECE_COLUMN)
            return QETL_OK;
    if (p->n_staged)
        return QETL_OK;
    struct part_stream *s;
    int32_t status = part_stream_find(p, NULL, &s);
    return status ? status : file_next(p, s, NULL);
}

static int32_t all_sync(struct parts *p)
{
    if (syncfs(p->folder_fd) == 0)
        return QETL_OK;
    return fault_report(p->env, errno, p->folder, "it cannot be made durable (syncfs)");
}

/* A file that goes on behind ours, with the next number: rows of a former run, among those of this
 * one. */
static int32_t follower_retire(struct parts *p, const char *path, const struct qetl_writer *out)
{
    struct handle h = {.action = HANDLE_RETIRE, .given = strdup(path), .staged = strdup("")};
    struct target t = {0};
    int32_t status = target_resolve(&t, p->env, path);
    if (status == QETL_OK) {
        h.final = strdup(t.path);
        h.backup = stage_backup(&t);
        status =
            h.given && h.staged && h.final && h.backup ? handle_encode(&h, out) : QETL_E_NO_MEMORY;
        if (status == QETL_E_NO_MEMORY)
            fault_memory(p->env);
    }
    target_free(&t);
    handle_free(&h);
    return status;
}

static int32_t followers_retire(struct parts *p, const struct part_stream *s,
                                const struct qetl_writer *out)
{
    int32_t status = QETL_OK;
    for (int64_t number = s->number + 1; status == QETL_OK; number++) {
        char *path;
        status = template_expand(&p->template, p->env, s->keys, number, &path);
        bool there = path && access(path, F_OK) == 0;
        status = there ? follower_retire(p, path, out) : status;
        free(path);
        if (!there)
            break;
    }
    return status;
}

/* {epoch}: the names, now that the number is known. */
static int32_t all_name(struct parts *p, uint64_t epoch)
{
    int32_t status = QETL_OK;
    for (struct part_file *f = p->files; f && !status; f = f->next) {
        struct part_stream *s = (struct part_stream *)f->stream;
        p->template.epoch = epoch;
        char *path;
        status = path_next(p, s, s->keys, &path);
        p->template.epoch = 0;
        status = status ? status : part_file_name(p, f, path);
        free(path);
        s->file = NULL;
        s->early = false;
    }
    for (struct part_file *f = p->files; f && !status; f = f->next)
        ((struct part_stream *)f->stream)->number = 0; /* of the next epoch's first one */
    p->handed = p->n_files ? epoch : 0;
    p->gave |= p->n_files > 0;
    return status;
}

static int32_t all_finish(struct parts *p, bool one_by_one)
{
    int32_t status = QETL_OK;
    for (struct part_file *f = p->files; f && !status; f = f->next)
        if (!f->done)
            status = part_file_finish(p, f, one_by_one);
    return status;
}

static int32_t all_pause(struct parts *p, bool one_by_one)
{
    int32_t status = QETL_OK;
    for (struct part_file *f = p->files; f && !status; f = f->next)
        status = part_file_pause(p, f, one_by_one);
    return status;
}

/* The first time the folder itself is new, and those above it may be. */
static int32_t names_sync(struct parts *p, bool synced)
{
    if (synced || (p->rooted && p->named))
        return QETL_OK;
    int32_t status = QETL_OK;
    if (!p->rooted || part_swaps(p))
        status = all_sync(p);
    else if (fsync(p->folder_fd) != 0)
        status = fault_report(p->env, errno, p->folder, "it cannot be made durable (fsync)");
    p->rooted = p->named = status == QETL_OK;
    return status;
}

static int32_t handles_send(struct parts *p, const struct qetl_writer *out)
{
    int32_t status = part_swaps(p) ? part_swaps_hand(p, out) : QETL_OK;
    for (struct part_file *f = p->files; f && !status; f = f->next) {
        f->handle.kept = p->saved && !p->template.by_epoch;
        status = handle_encode(&f->handle, out);
        if (status == QETL_E_NO_MEMORY)
            fault_memory(p->env);
    }
    return status;
}

static int32_t retired_send(struct parts *p, const struct qetl_writer *out)
{
    bool retire = p->if_exists == IF_EXISTS_REPLACE && !p->template.by_epoch &&
                  (p->template.numbered || p->whole);
    int32_t status = QETL_OK;
    for (int64_t i = 0; retire && i < p->table_size; i++)
        for (const struct part_stream *s = p->table[i]; s && !status; s = s->next)
            status = followers_retire(p, s, out);
    return status;
}

int32_t parts_prepare(struct parts *p, const struct qetl_epoch *epoch,
                      const struct qetl_writer *out)
{
    bool final = epoch->flags & QETL_EPOCH_FINAL, ends = final || p->template.by_epoch;
    handed_forget(p, epoch->number);
    if (p->handed)
        return handles_send(p, out);
    if (!ends && !p->dirty)
        return QETL_OK;
    int32_t status = final && !p->restored ? first_make(p) : QETL_OK;
    bool one_by_one = p->n_files <= SYNC_ONE_BY_ONE && !part_swaps(p);
    if (status == QETL_OK)
        status = ends ? all_finish(p, one_by_one) : all_pause(p, one_by_one);
    if (status == QETL_OK && p->n_files && !one_by_one)
        status = all_sync(p);
    if (status == QETL_OK && p->n_files)
        status = names_sync(p, !one_by_one);
    if (status == QETL_OK && p->template.by_epoch)
        status = all_name(p, epoch->number);
    p->dirty &= status != QETL_OK;
    if (status == QETL_OK && ends)
        status = handles_send(p, out);
    if (final)
        breaks_tell(p);
    return status || !final ? status : retired_send(p, out);
}

void parts_free(struct parts *p, bool prepared)
{
    bool keep = prepared || (p->saved && !p->template.by_epoch);
    for (struct part_file *f = p->files, *next; f; f = next) {
        next = f->next;
        if (!keep && !p->handed && f->handle.staged)
            unlink(f->handle.staged);
        part_file_free(p, f);
    }
    for (int64_t i = 0; i < p->table_size; i++)
        for (struct part_stream *s = p->table[i], *next; s; s = next) {
            next = s->next;
            free(s->keys);
            free(s->name);
            free(s);
        }
    free(p->table);
    free((void *)p->header.data);
    free((void *)p->footer.data);
    template_free(&p->template);
    part_folder_drop(p, keep || p->gave);
    free(p->root);
    *p = (struct parts){.folder_fd = -1};
}
