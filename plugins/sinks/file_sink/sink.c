/* SPDX-License-Identifier: Apache-2.0 */
/* The sink `file`: one file, which appears under its name when it is whole; or written in place; or
 * many. */
#include "fault.h"
#include "inspect.h"
#include "parts.h"
#include "probe.h"
#include "publish.h"
#include "single.h"

#include <qetl/conns.h>

#include <errno.h>
#include <stdlib.h>

struct file_sink {
    struct qetl_env env;
    struct waker waker;
    const char *path;
    enum if_exists if_exists;
    enum packing packing;
    int level;
    bool opened;
    bool parted; /* into several files */
    struct single single;
    struct parts parts;
    bool prepared;  /* parts: the last epoch was */
    uint64_t epoch; /* parts: of the last prepare */
    bool reported_any;
    uint64_t reported;   /* the newest epoch whose outputs were named to the host */
    struct handle shown; /* single: numbers of the newest commit that was not named yet */
    bool shows;
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
    if (qetl_option_given(s->env, "/max_open"))
        return qetl_fail(s->env, QETL_E_CONFIG, "/max_open",
                         "leave it out, or add partition_by, max_rows or max_bytes",
                         "%s: is one file, and no more are open at a time", s->path);
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
    s->waker.fd = s->single.output.fd = -1;
    int32_t status = qetl_options_need(s->env);
    if (status)
        return status;
    s->path = qetl_option_text(s->env, "/path");
    s->if_exists = if_exists_of(qetl_option_text(s->env, "/if_exists"));
    if (!s->path)
        return qetl_fail(s->env, QETL_E_CONFIG, "/path", NULL, "path has to be a text");
    int error = waker_init(&s->waker);
    if (error)
        return fault_report(s->env, error, "eventfd", "cannot be made");
    status = packing_choose(s);
    if (status == QETL_OK)
        status = level_choose(s);
    if (status)
        return status;
    if (!template_wanted(s->env, s->path)) {
        s->single = (struct single){.env = s->env,
                                    .waker = &s->waker,
                                    .path = s->path,
                                    .if_exists = s->if_exists,
                                    .packing = s->packing,
                                    .level = s->level,
                                    .output.fd = -1};
        return alone_check(s);
    }
    s->parted = true;
    return parts_init(&s->parts, s->env, &s->waker, s->path, s->if_exists, s->packing, s->level);
}

static int32_t sink_start(void *self)
{
    struct file_sink *s = self;
    return s->parted ? parts_start(&s->parts) : single_start(&s->single);
}

static void sink_interrupt(void *self)
{
    struct file_sink *s = self;
    waker_ring(&s->waker);
}

static void sink_destroy(void *self)
{
    struct file_sink *s = self;
    if (s->parted)
        parts_free(&s->parts, s->prepared);
    else
        single_free(&s->single);
    free(s->shown.given);
    waker_reset(&s->waker);
}

static int32_t sink_describe(void *self, struct qetl_sink_info *out)
{
    struct file_sink *s = self;
    bool special = !s->parted && s->single.target.kind == TARGET_SPECIAL;
    out->takes = QETL_TAKES_BYTES;
    out->delivery = special ? QETL_APPEND : QETL_TRANSACTIONAL;
    out->commit = QETL_COMMIT_TWO_PHASE;
    return QETL_OK;
}

static int32_t sink_save(void *self, uint32_t *version, const struct qetl_writer *out)
{
    struct file_sink *s = self;
    return s->parted ? parts_save(&s->parts, version, out) : single_save(&s->single, version, out);
}

static int32_t sink_restore(void *self, uint32_t version, const struct qetl_reader *in)
{
    struct file_sink *s = self;
    return s->parted ? parts_restore(&s->parts, version, in)
                     : single_restore(&s->single, version, in);
}

/* ---- Rows ---- */

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
    return s->parted ? parts_open(&s->parts) : single_open(&s->single);
}

static int32_t sink_write(void *self, struct qetl_write *write)
{
    struct file_sink *s = self;
    int32_t status;
    write->rows_written = 0;
    if (s->parted && s->prepared)
        return qetl_fail(s->env, QETL_E_UNSUPPORTED, NULL, NULL,
                         "%s: files that appear as a whole take no rows after they were prepared",
                         s->path);
    status = s->parted ? parts_write(&s->parts, write) : single_write(&s->single, write);
    write->rows_written = status ? 0 : write->rows;
    return status;
}

static int32_t sink_prepare(void *self, const struct qetl_epoch *epoch,
                            const struct qetl_writer *out)
{
    struct file_sink *s = self;
    if (!s->parted)
        return single_prepare(&s->single, epoch, out);
    if (!s->opened || (s->prepared && epoch->number != s->epoch))
        return QETL_OK; /* nothing is new */
    int32_t code = parts_prepare(&s->parts, epoch, out);
    s->prepared = code == QETL_OK && epoch->flags & QETL_EPOCH_FINAL;
    s->epoch = epoch->number;
    return code;
}

/* ---- Deciding ---- */

static void output_report(struct file_sink *s, const struct handle *h)
{
    const struct qetl_outputs *outputs = s->env.host->get_extension(s->env.ctx, QETL_EXT_OUTPUTS);
    if (outputs)
        outputs->add(s->env.ctx, h->given, h->rows, h->bytes);
}

/* What is written in place becomes more with each epoch: it is named once, at the end. */
static int32_t shown_keep(struct file_sink *s, const struct handle *h)
{
    char *given = strdup(h->given);
    if (!given)
        return fault_memory(s->env);
    free(s->shown.given);
    s->shown = (struct handle){.given = given, .rows = h->rows, .bytes = h->bytes};
    s->shows = true;
    return QETL_OK;
}

static int32_t sink_stop(void *self)
{
    struct file_sink *s = self;
    if (s->shows)
        output_report(s, &s->shown);
    s->shows = false;
    return QETL_OK;
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

static int32_t part_commit(struct file_sink *s, const struct handle *h, bool last)
{
    int32_t status = part_show(s->env, h);
    if (status == QETL_OK && last)
        status = parts_sync(s->env, h);
    if (status == QETL_OK && last && !s->opened)
        part_folder_clear(h); /* of a process that is gone */
    return status;
}

static int32_t handle_commit(struct file_sink *s, const struct qetl_epoch *epoch,
                             const struct handle *h, bool last)
{
    bool grows = !s->parted && !(epoch->flags & QETL_EPOCH_FINAL);
    int32_t status = s->parted ? part_commit(s, h, last) : single_commit(&s->single, h);
    if (status || h->action == HANDLE_RETIRE || h->action == HANDLE_SWAP ||
        (s->reported_any && epoch->number <= s->reported))
        return status;
    if (grows)
        return shown_keep(s, h);
    s->shows = false;
    output_report(s, h);
    return QETL_OK;
}

static int32_t sink_commit(void *self, const struct qetl_epoch *epoch, int64_t n_handles,
                           const struct qetl_blob *handles)
{
    struct file_sink *s = self;
    int32_t status = QETL_OK;
    for (int64_t i = 0; i < n_handles && status == QETL_OK; i++) {
        struct handle h;
        status = handle_take(s, &handles[i], &h);
        if (status)
            break;
        status = handle_commit(s, epoch, &h, i + 1 == n_handles);
        handle_free(&h);
    }
    if (status == QETL_OK) {
        s->reported = s->reported_any && s->reported > epoch->number ? s->reported : epoch->number;
        s->reported_any = true;
        if (!s->parted)
            single_decided(&s->single);
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
            one = s->parted ? part_hide(s->env, &h) : single_abort(&s->single, &h);
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

static int32_t sink_by_epoch(void *self)
{
    struct file_sink *s = self;
    return s->parts.template.by_epoch;
}

static int32_t sink_continues(void *self)
{
    struct file_sink *s = self;
    return !s->parted && single_continues(&s->single);
}

static int64_t sink_head(void *self, void *data, int64_t capacity)
{
    const struct file_sink *s = self;
    const struct append *append = &s->single.append;
    int64_t size = append->head_size < capacity ? append->head_size : capacity;
    memcpy(data, append->head, (size_t)size);
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
    int descriptor = s->single.target.descriptor;
    bool shared = descriptor >= 0;
    bool known = shared ? qetl_identity_of_descriptor(descriptor, identity, sizeof identity)
                        : qetl_identity_of_path(s->path, identity, sizeof identity);
    return known ? add(stream, identity, s->path, shared ? QETL_OBJECT_SHARED : 0) : QETL_OK;
}

static int32_t sink_inspect(void *self, struct qetl_inspection *about, void *stream,
                            inspect_tell *tell)
{
    const struct file_sink *s = self;
    return inspect(s->env, s->parted ? NULL : &s->single, s->parted ? &s->parts : NULL, about,
                   stream, tell);
}

static int32_t sink_probe(void *self, void *stream, probe_tell *tell)
{
    struct file_sink *s = self;
    return s->parted ? probe_folder(s->env, s->parts.template.root, stream, tell)
                     : probe_file(s->env, s->path, s->if_exists, stream, tell);
}

static const void *sink_get_extension(void *self, const char *id)
{
    static const struct qetl_inspect inspects = {sizeof inspects, sink_inspect};
    static const struct qetl_sink_append append = {sizeof append, sink_continues, sink_head};
    static const struct qetl_objects objects = {sizeof objects, sink_list};
    static const struct qetl_sink_parts spread = {sizeof spread, sink_columns, sink_frame,
                                                  NULL,          sink_whole,   sink_object,
                                                  sink_end,      sink_by_epoch};
    static const struct qetl_sink_parts sized = {sizeof sized, sink_columns, sink_frame,
                                                 sink_room,    sink_whole,   sink_object,
                                                 sink_end,     sink_by_epoch};
    static const struct qetl_probe probes = {sizeof probes, sink_probe};
    const struct file_sink *s = self;
    if (s->parted && strcmp(id, QETL_EXT_SINK_PARTS) == 0)
        return s->parts.max_rows || s->parts.max_bytes ? &sized : &spread;
    return strcmp(id, QETL_EXT_SINK_APPEND) == 0 ? (const void *)&append
           : strcmp(id, QETL_EXT_OBJECTS) == 0   ? (const void *)&objects
           : strcmp(id, QETL_EXT_INSPECT) == 0   ? (const void *)&inspects
           : strcmp(id, QETL_EXT_PROBE) == 0     ? (const void *)&probes
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
    .stop = sink_stop,
    .interrupt = sink_interrupt,
    .save = sink_save,
    .restore = sink_restore,
    .get_extension = sink_get_extension,
    .sink = &file_vtable,
};

QETL_PLUGIN("file-sink", "0.1.0", &file_component)
