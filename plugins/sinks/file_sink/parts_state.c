/* SPDX-License-Identifier: Apache-2.0 */
/* What has to be known of many files to go on with them in another process. */
#include "fault.h"
#include "parts_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STATE_MOST = 1 << 30 };

/* ---- Saving ---- */

static void file_put(const struct part_file *f, struct record *r)
{
    struct handle h = f->handle;
    h.length = f->out.written;
    record_number(r, f->done);
    record_number(r, f->plain);
    handle_put(&h, r);
}

static void stream_put(const struct parts *p, const struct part_stream *s, struct record *r)
{
    int64_t n = template_keys(&p->template);
    record_number(r, n);
    for (int64_t k = 0; k < n; k++) {
        record_number(r, s->keys[k].data != NULL);
        record_bytes(r, s->keys[k].data, s->keys[k].size);
    }
    record_number(r, s->number);
    record_number(r, s->early);
    record_number(r, s->file ? s->file->index : -1);
}

/* In the order in which they were first asked for. */
static struct part_stream **streams_list(const struct parts *p)
{
    struct part_stream **list = calloc((size_t)p->n_streams + 1, sizeof *list);
    for (int64_t i = 0; list && i < p->table_size; i++)
        for (struct part_stream *s = p->table[i]; s; s = s->next)
            list[s->index] = s;
    return list;
}

int32_t parts_save(struct parts *p, uint32_t *version, const struct qetl_writer *out)
{
    struct part_stream **streams = streams_list(p);
    struct record r = {.failed = !streams};
    bool nothing = p->template.by_epoch; /* is under way: an epoch has its own files */
    *version = PARTS_STATE_VERSION;
    record_number(&r, (int64_t)p->template.began);
    record_text(&r, nothing ? "" : p->folder);
    record_number(&r, p->n_staged);
    record_number(&r, p->broken);
    record_number(&r, p->row_bytes);
    record_number(&r, nothing ? 0 : p->n_files);
    int64_t index = 0;
    for (struct part_file *f = p->files; f && !nothing; f = f->next) {
        f->index = index++;
        file_put(f, &r);
    }
    record_number(&r, nothing ? 0 : p->n_streams);
    for (int64_t i = 0; streams && !nothing && i < p->n_streams; i++)
        stream_put(p, streams[i], &r);
    free(streams);
    int32_t status = record_send(&r, out);
    p->saved = true;
    return status == QETL_E_NO_MEMORY ? fault_memory(p->env) : status;
}

/* ---- Going on ---- */

/* Its length by now, which has to be that of the state at least: what is more comes again. */
static int32_t file_check(struct parts *p, struct part_file *f)
{
    const struct handle *h = &f->handle;
    struct stat st;
    const char *what = NULL;
    if (lstat(h->staged, &st) != 0)
        what = "it is gone";
    else if ((int64_t)st.st_ino != h->inode || (int64_t)st.st_dev != h->device)
        what = "it is another file than the one that was written";
    else if (st.st_size < h->length)
        what = "it is shorter than what was written for good";
    if (what)
        return qetl_fail(p->env, QETL_E_IN_DOUBT, "/path",
                         "put the file back as it was; or begin anew with --full-refresh, which "
                         "leaves it as it is",
                         "%s: the run cannot go on with it: %s", h->staged, what);
    if (st.st_size > h->length && truncate(h->staged, h->length) != 0)
        return fault_report(p->env, errno, h->staged, "cannot be cut back");
    return QETL_OK;
}

static int32_t file_get(struct parts *p, struct cursor *c)
{
    struct part_file *f = calloc(1, sizeof *f);
    if (!f)
        return fault_memory(p->env);
    part_file_add(p, f);
    f->done = cursor_number(c);
    f->plain = cursor_number(c);
    handle_get(&f->handle, c);
    if (c->error)
        return QETL_OK; /* told by who reads on */
    output_init(&f->out, p->env, p->waker, f->handle.given, -1, true, p->packing);
    f->out.level = p->level;
    f->out.written = f->out.flushing = f->synced = f->handle.length;
    return file_check(p, f);
}

static int32_t stream_get(struct parts *p, struct cursor *c, struct part_file *const *files)
{
    int64_t n = cursor_number(c);
    struct qetl_blob *keys = NULL;
    if (n != template_keys(&p->template))
        c->error = c->error ? c->error : EINVAL;
    if (!c->error && !(keys = calloc((size_t)n + 1, sizeof *keys)))
        c->error = ENOMEM;
    for (int64_t k = 0; k < n && !c->error; k++) {
        bool there = cursor_number(c);
        keys[k].data = cursor_bytes(c, &keys[k].size);
        keys[k].data = there ? keys[k].data : NULL;
    }
    int64_t number = cursor_number(c), early = cursor_number(c), file = cursor_number(c);
    if (!c->error && (file < -1 || file >= p->n_files))
        c->error = EINVAL;
    struct part_stream *s = NULL;
    int32_t status = c->error ? QETL_OK : part_stream_find(p, keys, &s);
    free(keys);
    if (!s)
        return status;
    s->number = number;
    s->early = early;
    s->file = file >= 0 ? files[file] : NULL;
    return QETL_OK;
}

static int32_t streams_get(struct parts *p, struct cursor *c)
{
    struct part_file **files = calloc((size_t)p->n_files + 1, sizeof *files);
    int64_t i = 0;
    if (!files)
        return fault_memory(p->env);
    for (struct part_file *f = p->files; f; f = f->next)
        files[i++] = f;
    int64_t n = cursor_number(c);
    int32_t status = QETL_OK;
    for (i = 0; i < n && !c->error && !status; i++)
        status = stream_get(p, c, files);
    free(files);
    return status;
}

static int32_t state_get(struct parts *p, struct cursor *c)
{
    time_t began = (time_t)cursor_number(c);
    char *folder = cursor_text(c);
    p->n_staged = cursor_number(c);
    p->broken = cursor_number(c);
    p->row_bytes = cursor_number(c);
    int64_t n = cursor_number(c);
    int32_t status = c->error ? QETL_OK : template_restamp(&p->template, p->env, began);
    if (!c->error && !status)
        status = part_root_resolve(p);
    if (!c->error && !status)
        status = *folder ? part_folder_reopen(p, folder) : part_folder_make(p);
    free(folder);
    for (int64_t i = 0; i < n && !c->error && !status; i++)
        status = file_get(p, c);
    return c->error || status ? status : streams_get(p, c);
}

int32_t parts_restore(struct parts *p, uint32_t version, const struct qetl_reader *in)
{
    struct record r = {0};
    bool known = version == PARTS_STATE_VERSION;
    int error = known ? record_take(&r, in, STATE_MOST) : EINVAL;
    struct cursor c = {.at = r.data, .end = r.data + r.size, .error = error};
    int32_t status = error ? QETL_OK : state_get(p, &c);
    if (!c.error && !status && c.at != c.end)
        c.error = EINVAL;
    record_free(&r);
    p->restored = p->saved = known; /* also what could not be read is not removed */
    if (c.error == ENOMEM)
        return fault_memory(p->env);
    if (c.error && !status)
        return qetl_fail(p->env, QETL_E_UNSUPPORTED, NULL,
                         "begin anew with --full-refresh, or use the qetl that wrote it",
                         "the state of the sink file is none of this version of it");
    return status || p->template.by_epoch ? status : part_folder_tidy(p);
}

/* ---- Looking ---- */

int parts_state_each(uint32_t version, struct qetl_blob state, char **folder,
                     void (*each)(void *arg, const struct handle *), void *arg)
{
    struct cursor c = {.at = state.data, .end = (const uint8_t *)state.data + state.size};
    if (version != PARTS_STATE_VERSION)
        c.error = EINVAL;
    cursor_number(&c); /* when it began */
    *folder = cursor_text(&c);
    for (int i = 0; i < 3; i++)
        cursor_number(&c);
    for (int64_t n = cursor_number(&c); n > 0 && !c.error; n--) {
        struct handle h;
        cursor_number(&c);
        cursor_number(&c);
        handle_get(&h, &c);
        if (!c.error)
            each(arg, &h);
        handle_free(&h);
    }
    if (c.error) {
        free(*folder);
        *folder = NULL;
    }
    return c.error;
}
