/* SPDX-License-Identifier: Apache-2.0 */
/* The sink `file`: one file, which appears under its name when it is whole; or appended to in
 * place. */
#include "append.h"
#include "fault.h"
#include "handle.h"
#include "parts.h"
#include "publish.h"
#include "stage.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct file_sink {
    struct qetl_env env;
    struct waker waker;
    const char *path;
    enum if_exists if_exists;
    enum packing packing;
    struct target target;
    struct output output;
    struct append append;
    struct handle handle; /* of what has been written since the last prepare */
    int level;
    bool parted; /* into several files, which `parts` writes; target, output and handle are idle */
    struct parts parts;
    bool opened;
    bool appends;
    bool prepared;  /* nothing has been written since */
    uint64_t epoch; /* of the last prepare */
    bool reported_any;
    uint64_t reported; /* the newest epoch whose outputs were named to the host */
};

/* ---- Options ---- */

static enum if_exists if_exists_of(const char *word)
{
    return word && strcmp(word, "append") == 0               ? IF_EXISTS_APPEND
           : word && strcmp(word, "replace") == 0            ? IF_EXISTS_REPLACE
           : word && strcmp(word, "replace_all") == 0        ? IF_EXISTS_REPLACE_ALL
           : word && strcmp(word, "replace_partitions") == 0 ? IF_EXISTS_REPLACE_PARTITIONS
                                                             : IF_EXISTS_ERROR;
}

static bool ends_with(const char *path, const char *ending)
{
    size_t length = strlen(path), wanted = strlen(ending);
    return length > wanted && strcasecmp(path + length - wanted, ending) == 0;
}

static int32_t packing_choose(struct file_sink *s)
{
    static const char *const words[] = {"none", "gzip", "zstd", "xz", "bzip2", "lz4"};
    static const char *const endings[] = {"", ".gz", ".zst", ".xz", ".bz2", ".lz4"};
    static const char *const archives[] = {".zip", ".tar", ".tgz", ".7z", ".rar"};
    const char *word = qetl_option_text(s->env, "/compression");
    for (int i = 0; i < 6; i++) {
        bool named = word && strcmp(word, words[i]) == 0;
        bool ending = (!word || strcmp(word, "auto") == 0) && i && ends_with(s->path, endings[i]);
        if (!named && !ending)
            continue;
        s->packing = (enum packing)i;
        return QETL_OK;
    }
    for (int i = 0; i < 5; i++)
        if (ends_with(s->path, archives[i]))
            return qetl_fail(s->env, QETL_E_CONFIG, "/path",
                             "end the name in .gz, .zst, .xz, .bz2 or .lz4, or set compression",
                             "%s: archives (%s) are not written", s->path, archives[i]);
    return QETL_OK;
}

static int32_t level_choose(struct file_sink *s)
{
    static const char *const words[] = {"none", "gzip", "zstd", "xz", "bzip2", "lz4"};
    static const int most[] = {0, 9, 22, 9, 9, 9};
    s->level = (int)qetl_option_int(s->env, "/compression_level");
    if (s->level <= most[s->packing])
        return QETL_OK;
    if (s->packing == PACKING_NONE)
        return qetl_fail(s->env, QETL_E_CONFIG, "/compression_level",
                         "leave it out, or set compression", "%s: nothing is compressed", s->path);
    return qetl_fail(s->env, QETL_E_CONFIG, "/compression_level", "name a lower level",
                     "%s has levels from 1 to %d", words[s->packing], most[s->packing]);
}

static int32_t alone_check(const struct file_sink *s)
{
    if (s->if_exists != IF_EXISTS_REPLACE_ALL && s->if_exists != IF_EXISTS_REPLACE_PARTITIONS)
        return QETL_OK;
    return qetl_fail(s->env, QETL_E_CONFIG, "/if_exists", "set replace, or add partition_by",
                     "%s: is one file, and no folder of files is replaced", s->path);
}

/* ---- Life ---- */

static int32_t sink_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                           const char *config)
{
    struct file_sink *s = self;
    (void)config;
    s->env = (struct qetl_env){host, ctx};
    s->waker.fd = s->output.fd = -1;
    s->path = qetl_option_text(s->env, "/path");
    s->if_exists = if_exists_of(qetl_option_text(s->env, "/if_exists"));
    if (!s->path)
        return qetl_fail(s->env, QETL_E_CONFIG, "/path", NULL, "path has to be a text");
    int error = waker_init(&s->waker);
    if (error)
        return fault_report(s->env, error, "eventfd", "cannot be made");
    int32_t status = packing_choose(s);
    if (status == QETL_OK)
        status = level_choose(s);
    if (status || !template_wanted(s->env, s->path))
        return status ? status : alone_check(s);
    s->parted = true;
    return parts_init(&s->parts, s->env, &s->waker, s->path, s->if_exists, s->packing, s->level);
}

static int32_t sink_start(void *self)
{
    struct file_sink *s = self;
    target_free(&s->target);
    if (s->parted)
        return parts_start(&s->parts);
    int32_t status = target_resolve(&s->target, s->env, s->path);
    return status ? status : target_check(&s->target, s->env, s->if_exists);
}

static void sink_interrupt(void *self)
{
    struct file_sink *s = self;
    waker_ring(&s->waker);
}

/* What was written and is in nobody's handle is undone. */
static void unprepared_undo(struct file_sink *s)
{
    if (s->handle.action == HANDLE_APPEND && s->output.fd >= 0 &&
        ftruncate(s->output.fd, s->handle.before) != 0)
        fault_report(s->env, errno, s->path, "cannot be cut back to its former length");
    if (s->handle.action == HANDLE_CREATE || s->handle.action == HANDLE_REPLACE)
        publish_abort(s->env, &s->handle);
}

static void sink_destroy(void *self)
{
    struct file_sink *s = self;
    if (s->parted)
        parts_free(&s->parts, s->prepared);
    else if (s->opened && !s->prepared)
        unprepared_undo(s);
    output_close(&s->output);
    handle_free(&s->handle);
    target_free(&s->target);
    waker_reset(&s->waker);
}

static int32_t sink_describe(void *self, struct qetl_sink_info *out)
{
    struct file_sink *s = self;
    bool in_place = s->target.kind == TARGET_SPECIAL ||
                    (s->target.kind == TARGET_FILE && s->if_exists == IF_EXISTS_APPEND);
    out->takes = QETL_TAKES_BYTES;
    out->delivery = in_place ? QETL_APPEND : QETL_TRANSACTIONAL;
    out->commit = QETL_COMMIT_TWO_PHASE;
    return QETL_OK;
}

/* ---- Opening ---- */

static bool handle_name(struct handle *h, const struct target *t, char *staged, char *backup)
{
    h->given = strdup(t->given);
    h->final = strdup(t->path);
    h->staged = staged;
    h->backup = backup;
    return h->given && h->final && h->staged && h->backup;
}

static int32_t staged_open(struct file_sink *s)
{
    struct target *t = &s->target;
    struct handle *h = &s->handle;
    struct stat st;
    char *staged = NULL;
    int fd = -1;
    bool replace = s->if_exists == IF_EXISTS_REPLACE;
    int32_t status = target_folders(t, s->env);
    if (status == QETL_OK) {
        stage_sweep(s->env, t);
        status = stage_create(s->env, t, &fd, &staged);
    }
    if (status)
        return status;
    output_init(&s->output, s->env, &s->waker, s->path, fd, true, s->packing);
    s->output.level = s->level;
    h->action = replace ? HANDLE_REPLACE : HANDLE_CREATE;
    if (fstat(fd, &st) == 0) {
        h->device = (int64_t)st.st_dev;
        h->inode = (int64_t)st.st_ino;
    }
    if (!handle_name(h, t, staged, replace ? stage_backup(t) : strdup("")))
        return fault_memory(s->env);
    if (t->kind == TARGET_FILE)
        stage_mode(fd, &t->st); /* before there is anything to be read */
    return QETL_OK;
}

static int32_t append_begin(struct file_sink *s)
{
    struct handle *h = &s->handle;
    int fd;
    int32_t status = append_open(&s->append, s->env, &s->target, s->packing, &fd);
    output_init(&s->output, s->env, &s->waker, s->path, fd, true, s->packing);
    s->output.level = s->level;
    if (status)
        return status;
    h->action = HANDLE_APPEND;
    s->appends = true;
    h->before = s->append.length;
    h->device = (int64_t)s->target.st.st_dev;
    h->inode = (int64_t)s->target.st.st_ino;
    return handle_name(h, &s->target, strdup(""), strdup("")) ? QETL_OK : fault_memory(s->env);
}

static int32_t special_begin(struct file_sink *s)
{
    s->handle.action = HANDLE_SPECIAL;
    if (!handle_name(&s->handle, &s->target, strdup(""), strdup("")))
        return fault_memory(s->env);
    return output_open_special(&s->output, s->env, &s->waker, &s->target, s->packing);
}

/* In a run without end the file has its name from the beginning, and what was written stays. */
static int32_t show_at_once(struct file_sink *s)
{
    int32_t status = publish_commit(s->env, &s->handle);
    if (status == QETL_OK)
        s->handle.action = HANDLE_SPECIAL;
    return status;
}

static int32_t sink_open(void *self, uint32_t stream, const struct ArrowSchema *schema)
{
    struct file_sink *s = self;
    (void)stream;
    (void)schema;
    if (s->opened)
        return qetl_fail(s->env, QETL_E_UNSUPPORTED, NULL,
                         "give each input a sink with a path of its own",
                         "%s: a file takes one input", s->path);
    s->opened = true;
    if (s->parted)
        return parts_open(&s->parts);
    if (s->target.kind == TARGET_SPECIAL)
        return special_begin(s);
    bool append = s->target.kind == TARGET_FILE && s->if_exists == IF_EXISTS_APPEND;
    int32_t status = append ? append_begin(s) : staged_open(s);
    const struct qetl_run_facts *run = s->env.host->get_extension(s->env.ctx, QETL_EXT_RUN);
    return status == QETL_OK && run && run->endless(s->env.ctx) ? show_at_once(s) : status;
}

/* ---- Writing ---- */

static int32_t sink_write(void *self, struct qetl_write *write)
{
    struct file_sink *s = self;
    struct handle *h = &s->handle;
    int32_t status = QETL_OK;
    write->rows_written = 0;
    if (s->prepared && (s->parted || h->action == HANDLE_CREATE || h->action == HANDLE_REPLACE))
        return qetl_fail(s->env, QETL_E_UNSUPPORTED, NULL, "set if_exists to append",
                         "%s: a file that appears as a whole takes no rows after it was prepared",
                         s->path);
    if (s->parted) {
        status = parts_write(&s->parts, write);
        write->rows_written = status ? 0 : write->rows;
        return status;
    }
    if (s->appends && s->output.written == 0 && h->rows == 0)
        status = append_check(&s->append, s->env, s->path, write->bytes, write->bytes_size);
    if (status == QETL_OK && s->prepared) {
        h->before += h->bytes;
        h->rows = h->bytes = 0;
        s->output.written = 0;
        s->prepared = false;
    }
    if (status == QETL_OK)
        status = output_write(&s->output, write->bytes, write->bytes_size);
    if (status)
        return status;
    h->rows += write->rows;
    write->rows_written = write->rows;
    return QETL_OK;
}

static int32_t sink_prepare(void *self, const struct qetl_epoch *asked,
                            const struct qetl_writer *out)
{
    struct file_sink *s = self;
    struct handle *h = &s->handle;
    uint64_t epoch = asked->number;
    int32_t status;
    if (!s->opened || (s->prepared && epoch != s->epoch))
        return QETL_OK; /* nothing is new */
    if (s->parted) {
        int32_t code = parts_prepare(&s->parts, out);
        s->prepared = code == QETL_OK;
        s->epoch = epoch;
        return code;
    }
    if (!s->prepared) {
        bool nothing = s->appends && h->rows == 0 && s->output.written == 0;
        status = nothing ? QETL_OK : output_finish(&s->output);
        if (status == QETL_OK)
            status = output_sync(&s->output);
        if (status)
            return status;
        h->bytes = s->output.written;
        s->prepared = true;
        s->epoch = epoch;
    }
    status = handle_encode(h, out);
    return status == QETL_E_NO_MEMORY ? fault_memory(s->env) : status;
}

/* ---- Deciding ---- */

static void output_report(struct file_sink *s, uint64_t epoch, const struct handle *h)
{
    const struct qetl_outputs *outputs = s->env.host->get_extension(s->env.ctx, QETL_EXT_OUTPUTS);
    if (outputs && (!s->reported_any || epoch > s->reported))
        outputs->add(s->env.ctx, h->given, h->rows, h->bytes);
}

static int32_t handle_take(struct file_sink *s, const struct qetl_blob *blob, struct handle *h)
{
    int error = handle_decode(h, blob->data, blob->size);
    if (error == ENOMEM)
        return fault_memory(s->env);
    if (error)
        return qetl_fail(s->env, QETL_E_UNSUPPORTED, NULL, NULL,
                         "the handle is none of this version of the sink file");
    return QETL_OK;
}

static int32_t sink_commit(void *self, const struct qetl_epoch *decided, int64_t n_handles,
                           const struct qetl_blob *handles)
{
    uint64_t epoch = decided->number;
    struct file_sink *s = self;
    int32_t status = QETL_OK;
    bool many = s->parted;
    for (int64_t i = 0; i < n_handles && status == QETL_OK; i++) {
        struct handle h;
        status = handle_take(s, &handles[i], &h);
        if (status)
            break;
        status = many ? part_show(s->env, &h) : publish_commit(s->env, &h);
        if (status == QETL_OK && many && i + 1 == n_handles)
            status = parts_sync(s->env, &h);
        if (status == QETL_OK && h.action != HANDLE_RETIRE && h.action != HANDLE_SWAP)
            output_report(s, epoch, &h);
        handle_free(&h);
    }
    if (status == QETL_OK) {
        s->reported_any = true;
        s->reported = epoch > s->reported ? epoch : s->reported;
    }
    return status;
}

/* The last one first: appended pieces lie upon each other. All are tried. */
static int32_t sink_abort(void *self, const struct qetl_epoch *epoch, int64_t n_handles,
                          const struct qetl_blob *handles)
{
    struct file_sink *s = self;
    int32_t status = QETL_OK;
    (void)epoch;
    for (int64_t i = n_handles - 1; i >= 0; i--) {
        struct handle h;
        int32_t one = handle_take(s, &handles[i], &h);
        if (one == QETL_OK) {
            one = part_hide(s->env, &h);
            handle_free(&h);
        }
        status = status ? status : one;
    }
    return status;
}

/* ---- The component ---- */

static int64_t sink_columns(void *self, const struct ArrowSchema *schema, int64_t *columns,
                            int32_t *leave_out)
{
    struct file_sink *s = self;
    return template_columns(&s->parts.template, s->env, schema, columns, leave_out);
}

static int32_t sink_frame(void *self, struct qetl_blob header, struct qetl_blob footer)
{
    struct file_sink *s = self;
    return parts_frame(&s->parts, header, footer);
}

static int64_t sink_room(void *self, int64_t n_keys, const struct qetl_blob *keys)
{
    struct file_sink *s = self;
    (void)n_keys;
    return parts_room(&s->parts, keys);
}

static int64_t sink_whole(void *self, uint32_t encode)
{
    struct file_sink *s = self;
    return parts_whole(&s->parts, encode);
}

static int64_t sink_object(void *self, int64_t n_keys, const struct qetl_blob *keys)
{
    struct file_sink *s = self;
    (void)n_keys;
    return parts_object(&s->parts, keys);
}

static int32_t sink_end(void *self, int64_t n_keys, const struct qetl_blob *keys)
{
    struct file_sink *s = self;
    (void)n_keys;
    return parts_end(&s->parts, keys);
}

static int32_t sink_continues(void *self)
{
    struct file_sink *s = self;
    return s->append.length > 0;
}

static int64_t sink_head(void *self, void *data, int64_t capacity)
{
    const struct file_sink *s = self;
    int64_t size = s->append.head_size < capacity ? s->append.head_size : capacity;
    memcpy(data, s->append.head, (size_t)size);
    return size;
}

static int32_t sink_list(void *self, void *stream,
                         int32_t (*add)(void *stream, const char *identity, const char *name,
                                        uint32_t flags))
{
    struct file_sink *s = self;
    char identity[4200];
    if (s->parted)
        return QETL_OK; /* which files there will be only the rows tell */
    bool shared = s->target.descriptor >= 0;
    bool known = shared
                     ? qetl_identity_of_descriptor(s->target.descriptor, identity, sizeof identity)
                     : qetl_identity_of_path(s->path, identity, sizeof identity);
    return known ? add(stream, identity, s->path, shared ? QETL_OBJECT_SHARED : 0) : QETL_OK;
}

static const void *sink_get_extension(void *self, const char *id)
{
    static const struct qetl_sink_append append = {sizeof append, sink_continues, sink_head};
    static const struct qetl_objects objects = {sizeof objects, sink_list};
    static const struct qetl_sink_parts spread = {sizeof spread, sink_columns, sink_frame, NULL,
                                                  sink_whole,    sink_object,  sink_end};
    static const struct qetl_sink_parts sized = {sizeof sized, sink_columns, sink_frame, sink_room,
                                                 sink_whole,   sink_object,  sink_end};
    const struct file_sink *s = self;
    if (s->parted && strcmp(id, QETL_EXT_SINK_PARTS) == 0)
        return s->parts.max_rows || s->parts.max_bytes ? &sized : &spread;
    return strcmp(id, QETL_EXT_SINK_APPEND) == 0 ? (const void *)&append
           : strcmp(id, QETL_EXT_OBJECTS) == 0   ? &objects
                                                 : NULL;
}

static const struct qetl_sink file_vtable = {
    .struct_size = sizeof(struct qetl_sink),
    .describe = sink_describe,
    .open = sink_open,
    .write = sink_write,
    .prepare = sink_prepare,
    .commit = sink_commit,
    .abort = sink_abort,
};

static const struct qetl_component file_component = {
    .struct_size = sizeof(struct qetl_component),
    .kind = QETL_SINK,
    .id = "file",
    .state_size = sizeof(struct file_sink),
    .create = sink_create,
    .destroy = sink_destroy,
    .start = sink_start,
    .interrupt = sink_interrupt,
    .get_extension = sink_get_extension,
    .sink = &file_vtable,
};

QETL_PLUGIN("file-sink", "0.1.0", &file_component)
