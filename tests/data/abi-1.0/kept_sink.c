/* SPDX-License-Identifier: Apache-2.0 */
/* A sink that commits in two phases: a file for each epoch, staged beside its place and renamed. */
#include "kept.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

QETL_EMBED_MANIFEST("kept_sink.qetl.json");

struct pile {
    struct kept kept;
    const char *folder;
    char *text; /* of the rows since the last prepare */
    size_t size;
    FILE *stream;
    int64_t n_columns, staged_rows, rows;
    char formats[16];
};

static int32_t pile_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                           const char *config)
{
    struct pile *p = self;
    int32_t status = kept_open(&p->kept, host, ctx);
    (void)config;
    if (!status)
        p->folder = p->kept.options->text(ctx, "/folder");
    return status;
}

static void pile_forget(struct pile *p)
{
    if (p->stream)
        fclose(p->stream);
    free(p->text);
    p->stream = NULL;
    p->text = NULL;
    p->staged_rows = 0;
}

static void pile_destroy(void *self)
{
    pile_forget(self);
}

static int32_t pile_describe(void *self, struct qetl_sink_info *out)
{
    (void)self;
    out->takes = QETL_TAKES_BATCHES;
    out->delivery = QETL_TRANSACTIONAL;
    out->commit = QETL_COMMIT_TWO_PHASE;
    return QETL_OK;
}

static int32_t pile_forms(void *self, const struct ArrowSchema *schema, uint32_t *forms)
{
    (void)self;
    for (int64_t i = 0; i < schema->n_children; i++)
        forms[i] = QETL_FORM_VALUE;
    return QETL_OK;
}

static int32_t pile_open(void *self, uint32_t stream, const struct ArrowSchema *schema)
{
    struct pile *p = self;
    (void)stream;
    p->n_columns = schema->n_children;
    for (int64_t i = 0; i < p->n_columns; i++) {
        const char *format = schema->children[i]->format;
        if (i == 16 || (strcmp(format, "l") != 0 && strcmp(format, "vu") != 0))
            return kept_fail(&p->kept, QETL_E_UNSUPPORTED, "a column is neither integer nor text");
        p->formats[i] = format[0];
    }
    return QETL_OK;
}

static void pile_cell(struct pile *p, const struct ArrowArray *column, int64_t i, int64_t row)
{
    int32_t size;
    const char *text;
    if (i)
        putc('|', p->stream);
    if (kept_is_null(column, row))
        return;
    if (p->formats[i] == 'l') {
        fprintf(p->stream, "%" PRId64, kept_integer(column, row));
        return;
    }
    text = kept_text(column, row, &size);
    fwrite(text, 1, (size_t)size, p->stream);
}

static int32_t pile_write(void *self, struct qetl_write *write)
{
    struct pile *p = self;
    if (!p->stream && !(p->stream = open_memstream(&p->text, &p->size)))
        return QETL_E_NO_MEMORY;
    for (int64_t row = 0; row < write->rows; row++) {
        for (int64_t i = 0; i < p->n_columns; i++)
            pile_cell(p, write->batch->children[i], i, row + write->batch->offset);
        putc('\n', p->stream);
    }
    write->rows_written = write->rows;
    p->staged_rows += write->rows;
    p->rows += write->rows;
    return QETL_OK;
}

static void pile_name(const struct pile *p, char *path, size_t room, const char *handle, int size,
                      const char *suffix)
{
    snprintf(path, room, "%s/%.*s%s", p->folder, size, handle, suffix);
}

static int32_t pile_prepare(void *self, const struct qetl_epoch *epoch,
                            const struct qetl_writer *handle)
{
    struct pile *p = self;
    const struct qetl_outputs *outputs = p->kept.host->get_extension(p->kept.ctx, QETL_EXT_OUTPUTS);
    char name[64], path[4096];
    if (!p->staged_rows)
        return QETL_OK;
    int size = snprintf(name, sizeof name, "part-%06" PRIu64, epoch->number);
    pile_name(p, path, sizeof path, name, size, ".staged");
    fflush(p->stream);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int bad = fd < 0 || write(fd, p->text, p->size) != (ssize_t)p->size || fsync(fd);
    if (fd >= 0)
        close(fd);
    if (bad)
        return kept_fail(&p->kept, QETL_E_ENVIRONMENT, "the epoch's file cannot be written");
    if (outputs)
        outputs->add(p->kept.ctx, name, p->staged_rows, (int64_t)p->size);
    pile_forget(p);
    return handle->write(handle->stream, name, (uint64_t)size);
}

static int32_t pile_commit(void *self, const struct qetl_epoch *epoch, int64_t n_handles,
                           const struct qetl_blob *handles)
{
    struct pile *p = self;
    char from[4096], to[4096];
    (void)epoch;
    for (int64_t i = 0; i < n_handles; i++) {
        pile_name(p, from, sizeof from, handles[i].data, (int)handles[i].size, ".staged");
        pile_name(p, to, sizeof to, handles[i].data, (int)handles[i].size, "");
        if (rename(from, to) && access(to, F_OK))
            return kept_fail(&p->kept, QETL_E_IN_DOUBT, "the epoch's file is gone");
    }
    return QETL_OK;
}

static int32_t pile_abort(void *self, const struct qetl_epoch *epoch, int64_t n_handles,
                          const struct qetl_blob *handles)
{
    struct pile *p = self;
    char path[4096];
    (void)epoch;
    pile_forget(p);
    for (int64_t i = 0; i < n_handles; i++) {
        pile_name(p, path, sizeof path, handles[i].data, (int)handles[i].size, ".staged");
        unlink(path);
    }
    return QETL_OK;
}

static int32_t pile_save(void *self, uint32_t *version, const struct qetl_writer *out)
{
    struct pile *p = self;
    *version = 1;
    return out->write(out->stream, &p->rows, sizeof p->rows);
}

static int32_t pile_restore(void *self, uint32_t version, const struct qetl_reader *in)
{
    struct pile *p = self;
    return version == 1 && in->read(in->stream, &p->rows, sizeof p->rows) == sizeof p->rows
               ? QETL_OK
               : QETL_E_UNSUPPORTED;
}

static const struct qetl_sink pile_sink = {.struct_size = sizeof pile_sink,
                                           .describe = pile_describe,
                                           .forms = pile_forms,
                                           .open = pile_open,
                                           .write = pile_write,
                                           .prepare = pile_prepare,
                                           .commit = pile_commit,
                                           .abort = pile_abort};
static const struct qetl_component pile = {.struct_size = sizeof pile,
                                           .kind = QETL_SINK,
                                           .id = "kept_pile",
                                           .state_size = sizeof(struct pile),
                                           .create = pile_create,
                                           .destroy = pile_destroy,
                                           .save = pile_save,
                                           .restore = pile_restore,
                                           .sink = &pile_sink};

KEPT_PLUGIN("kept_sink", pile)
