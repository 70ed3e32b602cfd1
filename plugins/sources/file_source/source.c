/* SPDX-License-Identifier: Apache-2.0 */
/* The source `file`: the bytes of files, folders, patterns, archives and standard input, in turn.
 */
#include "fault.h"
#include "follow.h"
#include "listing.h"
#include "metadata.h"
#include "object.h"
#include "position.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct resume { /* where open was told to go on; reached by next */
    bool active;
    int64_t ordinal, offset;
    struct tail tail; /* what stood before offset */
    char *name;       /* NULL: the object begins */
};

struct file_source {
    struct qetl_env env;
    struct waker waker;
    struct choice choice;
    struct names found; /* by start */
    struct names files; /* of the split, less those that were read before it was opened */
    struct done done;
    struct tail tail; /* of the object at hand */
    int64_t index;
    struct object object;
    bool started;       /* the object at hand has had its OBJECT_START */
    int64_t skip;       /* decoded bytes to drop until the position is reached */
    int64_t taken_seen; /* of the open file's raw bytes, how many were reported */
    int64_t taken_over; /* raw bytes of closed files that still are to be reported */
    struct resume resume;
    struct bytes position;
    bool follows;
    struct follow follow;
    struct metadata metadata;
};

/* ---- Life ---- */

static int32_t source_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                             const char *config)
{
    struct file_source *s = self;
    const char *unpack;
    (void)config;
    s->env = (struct qetl_env){host, ctx};
    s->waker.fd = -1;
    object_init(&s->object);
    int32_t status = qetl_options_need(s->env);
    if (status)
        return status;
    int error = waker_init(&s->waker);
    if (error)
        return fault_report(s->env, error, NULL, "eventfd", "cannot be made");
    unpack = qetl_option_text(s->env, "/unpack");
    s->object.unpacking = !unpack || strcmp(unpack, "none") != 0;
    s->object.members = qetl_option_text(s->env, "/members");
    s->object.hidden = qetl_option_bool(s->env, "/hidden");
    s->object.max_ratio = qetl_option_int(s->env, "/max_ratio");
    s->follows = qetl_option_bool(s->env, "/follow");
    status = metadata_read(&s->metadata, s->env);
    return status ? status : choice_read(&s->choice, s->env);
}

static void resume_reset(struct resume *resume)
{
    free(resume->name);
    *resume = (struct resume){0};
}

static void source_destroy(void *self)
{
    struct file_source *s = self;
    object_free(&s->object, s->env);
    choice_free(&s->choice);
    names_free(&s->found);
    names_free(&s->files);
    bytes_free(&s->position);
    done_free(&s->done);
    resume_reset(&s->resume);
    follow_free(&s->follow);
    waker_reset(&s->waker);
}

static int32_t source_start(void *self)
{
    struct file_source *s = self;
    names_free(&s->found);
    return listing_make(s->env, &s->choice, &s->found);
}

static void source_interrupt(void *self)
{
    struct file_source *s = self;
    waker_ring(&s->waker);
}

/* ---- Planning ---- */

static int64_t bytes_in(const char *file)
{
    struct stat st;
    bool standard = strcmp(file, "-") == 0;
    if ((standard ? fstat(0, &st) : stat(file, &st)) != 0 || !S_ISREG(st.st_mode))
        return -1;
    off_t at = standard ? lseek(0, 0, SEEK_CUR) : 0;
    return at > st.st_size ? 0 : st.st_size - (at > 0 ? at : 0);
}

static int32_t source_describe(void *self, struct qetl_source_info *out)
{
    struct file_source *s = self;
    out->emits = QETL_EMITS_BYTES;
    out->delivery = QETL_REPLAYABLE;
    out->bytes_expected = 0;
    out->rows_expected = -1;
    out->endless = s->follows;
    for (int64_t i = 0; i < s->found.count; i++) {
        int64_t bytes = bytes_in(s->found.items[i]);
        if (s->follows && bytes < 0 && access(s->found.items[i], F_OK) != 0)
            continue; /* comes later */
        if (bytes < 0 || strcmp(s->found.items[i], "-") == 0)
            out->delivery = QETL_LOSSY;
        if (out->bytes_expected >= 0)
            out->bytes_expected = bytes < 0 ? -1 : out->bytes_expected + bytes;
    }
    if (s->follows)
        out->bytes_expected = -1;
    return QETL_OK;
}

static int32_t source_plan_splits(void *self, int64_t splits_wanted, const struct qetl_writer *out)
{
    struct file_source *s = self;
    (void)splits_wanted; /* one instance reads all files in turn */
    if (!split_encode(&s->position, &s->found))
        return fault_memory(s->env);
    return out->write(out->stream, s->position.data, s->position.size);
}

/* ---- Opening, at the beginning or behind an item ---- */

static int32_t split_adopt(struct file_source *s, struct qetl_blob split)
{
    int error = 0;
    names_free(&s->files);
    if (split.size)
        error = split_decode(split.data, split.size, &s->files);
    for (int64_t i = 0; !split.size && !error && i < s->found.count; i++)
        error = names_add(&s->files, s->found.items[i]);
    if (error == ENOMEM)
        return fault_memory(s->env);
    if (error)
        return qetl_fail(s->env, QETL_E_UNSUPPORTED, NULL, "start the run anew",
                         "the split is none of this version of the source file");
    return QETL_OK;
}

static int32_t resume_changed(struct file_source *s, const char *what)
{
    return qetl_fail(
        s->env, QETL_E_DATA, "/path", "restore the file as it was, or start the run anew",
        "%s: cannot go on where the last run stopped: %s", s->files.items[s->index], what);
}

/* The file has to be the one that the position was taken in. */
static int32_t resume_check(struct file_source *s, const struct position *p)
{
    const struct input *in = &s->object.feed.in;
    char what[160];
    if (!in->regular || in->shared || p->size < 0)
        return qetl_fail(
            s->env, QETL_E_UNSUPPORTED, "/path", "write it to a file first, or start the run anew",
            "%s: what was read from a pipe cannot be read again", s->files.items[s->index]);
    if (in->size != p->size) {
        snprintf(what, sizeof what, "it had %lld bytes then and has %lld now", (long long)p->size,
                 (long long)in->size);
        return resume_changed(s, what);
    }
    if (in->mtime_ns != p->mtime_ns)
        return resume_changed(s, "it was changed in the meantime");
    return QETL_OK;
}

static int32_t file_open(struct file_source *s)
{
    s->taken_seen = 0;
    return object_open(&s->object, s->env, &s->waker, s->files.items[s->index]);
}

static int32_t file_close(struct file_source *s)
{
    s->taken_over += s->object.feed.in.taken - s->taken_seen;
    s->taken_seen = 0;
    object_close(&s->object);
    return done_add(&s->done, s->files.items[s->index++]) ? QETL_OK : fault_memory(s->env);
}

static int32_t files_leave_out(struct file_source *s)
{
    int error = done_leave_out(&s->done, &s->files);
    if (error == ENOMEM)
        return fault_memory(s->env);
    return error ? qetl_fail(s->env, QETL_E_DATA, "/path",
                             "put them back as they were, or start the run anew",
                             "cannot go on where the last run stopped: some of the %lld files that "
                             "it had read were renamed, or others came between them",
                             (long long)s->done.count)
                 : QETL_OK;
}

/* The file that was read in part comes first; those that were read before it not again. */
static int32_t files_go_on(struct file_source *s, const struct position *p)
{
    int32_t status = files_leave_out(s);
    if (status)
        return status;
    for (int64_t i = 0; i < s->files.count; i++) {
        char *name = s->files.items[i];
        if (strlen(name) != p->file_size || memcmp(name, p->file, p->file_size) != 0)
            continue;
        memmove(s->files.items + 1, s->files.items, (size_t)i * sizeof *s->files.items);
        s->files.items[0] = name;
        return QETL_OK;
    }
    return qetl_fail(s->env, QETL_E_DATA, "/path", "restore the file, or start the run anew",
                     "%.*s: cannot go on where the last run stopped: the file is gone",
                     (int)p->file_size, p->file);
}

static int32_t resume_begin(struct file_source *s, const struct position *p)
{
    if (p->ended && !p->archive) {
        char *name = strndup(p->file, p->file_size);
        bool added = name && done_add(&s->done, name);
        free(name);
        return added ? files_leave_out(s) : fault_memory(s->env);
    }
    int32_t status = files_go_on(s, p);
    if (status == QETL_OK)
        status = file_open(s);
    if (status == QETL_OK)
        status = resume_check(s, p);
    if (status)
        return status;
    s->resume = (struct resume){.active = true,
                                .ordinal = p->ordinal + p->ended,
                                .offset = p->ended ? 0 : p->offset,
                                .tail = p->tail};
    if (!p->ended) {
        s->resume.name = strndup(p->name, p->name_size);
        if (!s->resume.name)
            return fault_memory(s->env);
    }
    return QETL_OK;
}

static int32_t source_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    struct file_source *s = self;
    struct position p = {0};
    if (s->follows) {
        follow_free(&s->follow);
        return follow_start(&s->follow, s->env, &s->waker, &s->choice, &s->found, position,
                            qetl_option_int(s->env, "/follow_poll_ms"));
    }
    int32_t status = split_adopt(s, split);
    object_close(&s->object);
    resume_reset(&s->resume);
    done_free(&s->done);
    s->index = s->skip = s->taken_over = s->taken_seen = 0;
    s->started = false;
    if (status || !position)
        return status;
    if (!position_decode(position->data, position->size, &p)) {
        done_free(&p.done);
        return qetl_fail(s->env, QETL_E_UNSUPPORTED, NULL, "start the run anew",
                         "the position is none of this version of the source file");
    }
    s->done = p.done;
    return resume_begin(s, &p);
}

static int32_t source_on_revoke(void *self, struct qetl_blob split)
{
    struct file_source *s = self;
    (void)split;
    object_close(&s->object);
    s->index = s->files.count;
    return QETL_OK;
}

/* ---- Reading ---- */

/* At the place to go on at: the same bytes have to stand before it. */
static int32_t resume_arrive(struct file_source *s, struct tail before)
{
    bool same = tail_same(&before, &s->resume.tail);
    s->tail = s->resume.tail;
    resume_reset(&s->resume);
    return same ? QETL_OK
                : resume_changed(s, "other bytes stand before that place, though size and time are "
                                    "the same");
}

/* The next object is at hand: is it the one to go on in? */
static int32_t resume_object(struct file_source *s)
{
    struct object *o = &s->object;
    struct resume *resume = &s->resume;
    if (o->ordinal < resume->ordinal) {
        object_leave(o);
        return QETL_OK;
    }
    if (resume->name && strcmp(resume->name, o->name) != 0)
        return resume_changed(s, "its members are others now");
    s->started = resume->offset > 0;
    if (resume->offset && object_seek(o, resume->offset))
        return resume_arrive(s, object_tail(o, resume->tail.size));
    s->skip = resume->offset;
    if (!s->skip)
        resume_reset(resume);
    return QETL_OK;
}

/* unreadable: skip. */
static bool file_skip(struct file_source *s)
{
    const char *name = s->files.items[s->index];
    if (!s->choice.skip_unreadable || strcmp(name, "-") == 0 ||
        faccessat(AT_FDCWD, name, R_OK, AT_EACCESS) == 0)
        return false;
    qetl_logf(s->env, QETL_LOG_WARN, "%s: passed over: %s", name, strerrordesc_np(errno));
    s->index++; /* another run may be able to */
    return true;
}

/* Gets to where data can be read: OK, END (of the split), IDLE or a failure. */
static int32_t object_reach(struct file_source *s, int64_t deadline_ns)
{
    struct object *o = &s->object;
    while (o->stage != OBJECT_DATA) {
        int32_t status = QETL_OK;
        if (atomic_load(&s->waker.rung))
            return QETL_E_CANCELLED;
        if (o->stage == OBJECT_CLOSED) {
            if (s->index >= s->files.count)
                return QETL_END;
            if (file_skip(s))
                continue;
            status = file_open(s);
            if (status)
                return status;
        }
        status = object_next(o, deadline_ns);
        if (status == QETL_END && s->resume.name)
            return resume_changed(s, "the member is gone");
        if (status == QETL_END) {
            resume_reset(&s->resume);
            status = file_close(s);
            if (status)
                return status;
            continue;
        }
        if (status)
            return status;
        s->started = false;
        s->tail.size = 0;
        if (s->resume.active)
            status = resume_object(s);
        if (status)
            return status;
    }
    return QETL_OK;
}

/* Decodes again what the position lies behind. */
static int32_t skip_pass(struct file_source *s, const struct qetl_demand *demand)
{
    while (s->skip > 0) {
        int64_t got, most = s->skip < demand->max_bytes ? s->skip : demand->max_bytes;
        int32_t status = object_read(&s->object, demand->space, most, demand->deadline_ns, &got);
        if (status == QETL_END)
            return resume_changed(s, "it ends before that place");
        if (status)
            return status;
        s->skip -= got;
        tail_add(&s->tail, demand->space, got);
        if (!s->skip)
            return resume_arrive(s, s->tail);
    }
    return QETL_OK;
}

static int32_t item_fill(struct file_source *s, struct qetl_item *out, int64_t got, bool ended)
{
    struct object *o = &s->object;
    const struct input *in = &o->feed.in;
    struct position p = {.done = s->done,
                         .file = s->files.items[s->index],
                         .file_size = strlen(s->files.items[s->index]),
                         .ordinal = o->ordinal,
                         .offset = o->offset,
                         .size = in->size,
                         .mtime_ns = in->mtime_ns,
                         .ended = ended,
                         .archive = o->archive,
                         .name = o->name,
                         .name_size = strlen(o->name),
                         .tail = s->tail};
    if (!position_encode(&s->position, &p))
        return fault_memory(s->env);
    out->flags = QETL_ITEM_CUT | (s->started ? 0 : QETL_ITEM_OBJECT_START) |
                 (ended ? QETL_ITEM_OBJECT_END : 0);
    out->bytes = got;
    out->object = o->name;
    out->offset = o->offset - got;
    out->position = (struct qetl_blob){s->position.data, s->position.size};
    out->bytes_read = s->taken_over + in->taken - s->taken_seen;
    s->taken_over = 0;
    s->taken_seen = in->taken;
    s->started = true;
    if (ended)
        object_leave(o);
    return QETL_BYTES;
}

static int32_t source_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct file_source *s = self;
    int64_t got = 0;
    if (s->follows)
        return follow_next(&s->follow, demand, out);
    int32_t status = object_reach(s, demand->deadline_ns);
    if (status == QETL_OK)
        status = skip_pass(s, demand);
    if (status == QETL_OK) {
        status =
            object_read(&s->object, demand->space, demand->max_bytes, demand->deadline_ns, &got);
        if (status == QETL_END)
            return item_fill(s, out, 0, true);
        tail_add(&s->tail, demand->space, got);
    }
    if (status == QETL_IDLE)
        input_watch(&s->object.feed.in);
    if (status)
        return status;
    return item_fill(s, out, got, object_at_end(&s->object));
}

static int32_t source_list(void *self, void *stream,
                           int32_t (*add)(void *stream, const char *identity, const char *name,
                                          uint32_t flags))
{
    struct file_source *s = self;
    int32_t status = QETL_OK;
    for (int64_t i = 0; !status && i < s->found.count; i++) {
        const char *name = s->found.items[i];
        char identity[4200];
        bool known = strcmp(name, "-") == 0
                         ? qetl_identity_of_descriptor(0, identity, sizeof identity)
                         : qetl_identity_of_path(name, identity, sizeof identity);
        if (known)
            status = add(stream, identity, strcmp(name, "-") == 0 ? "standard input" : name, 0);
    }
    return status;
}

/* ---- Columns of metadata ---- */

static int32_t source_metadata_schema(void *self, struct ArrowSchema *out)
{
    struct file_source *s = self;
    return metadata_schema(&s->metadata, out);
}

static int32_t source_metadata_values(void *self, struct ArrowArray *out)
{
    struct file_source *s = self;
    const struct input *in = &s->object.feed.in;
    struct metadata_object object = {s->object.name, in->regular, in->size, in->mtime_ns};
    if (s->follows)
        follow_object(&s->follow, &object);
    return metadata_values(&s->metadata, &object, out);
}

static int64_t source_size(void *self)
{
    struct file_source *s = self;
    return object_size(&s->object);
}

static int64_t source_glimpse(void *self, int64_t offset, void *data, int64_t capacity)
{
    struct file_source *s = self;
    return object_glimpse(&s->object, offset, data, capacity);
}

static const void *source_get_extension(void *self, const char *id)
{
    static const struct qetl_objects objects = {sizeof objects, source_list};
    static const struct qetl_object_columns columns = {
        sizeof columns, "/metadata", source_metadata_schema, source_metadata_values};
    static const struct qetl_glimpses glimpses = {sizeof glimpses, source_size, source_glimpse};
    struct file_source *s = self;
    if (s->metadata.count && strcmp(id, QETL_EXT_OBJECT_COLUMNS) == 0)
        return &columns;
    if (!s->follows && strcmp(id, QETL_EXT_GLIMPSES) == 0)
        return &glimpses;
    return strcmp(id, QETL_EXT_OBJECTS) == 0 ? &objects : NULL;
}

static const struct qetl_source file_vtable = {
    .struct_size = sizeof(struct qetl_source),
    .describe = source_describe,
    .plan_splits = source_plan_splits,
    .open = source_open,
    .next = source_next,
    .on_revoke = source_on_revoke,
};

static const struct qetl_component file_component = {
    .struct_size = sizeof(struct qetl_component),
    .kind = QETL_SOURCE,
    .id = "file",
    .state_size = sizeof(struct file_source),
    .create = source_create,
    .destroy = source_destroy,
    .start = source_start,
    .interrupt = source_interrupt,
    .get_extension = source_get_extension,
    .source = &file_vtable,
};

QETL_PLUGIN("file-source", "0.1.0", &file_component)
