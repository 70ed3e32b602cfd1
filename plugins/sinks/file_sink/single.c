/* SPDX-License-Identifier: Apache-2.0 */
#include "single.h"

#include "fault.h"
#include "intent.h"
#include "publish.h"
#include "run_owner.h"
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

static const struct qetl_run_facts *facts_of(struct qetl_env env)
{
    return env.host->get_extension(env.ctx, QETL_EXT_RUN);
}

int64_t single_length(const struct single *s)
{
    return s->base + s->output.written;
}

/* if_exists judges what another run made: where one goes on, only open knows whose the file is. */
int32_t single_start(struct single *s)
{
    const struct qetl_run_facts *run = facts_of(s->env);
    target_free(&s->target);
    int32_t status = target_resolve(&s->target, s->env, s->path);
    if (status || (run && run->resumes(s->env.ctx)))
        return status;
    return target_check(&s->target, s->env, s->if_exists);
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

static void output_ready(struct single *s, int fd)
{
    output_init(&s->output, s->env, s->waker, s->path, fd, true, s->packing);
    s->output.level = s->level;
}

static int32_t staged_open(struct single *s)
{
    struct target *t = &s->target;
    struct handle *h = &s->handle;
    struct stat st;
    char *staged = NULL;
    int fd = -1;
    bool replace = s->if_exists == IF_EXISTS_REPLACE;
    const char *owner = run_owner(s->env);
    s->made_folders = access(t->folder, F_OK) != 0;
    int32_t status = target_folders(t, s->env);
    if (status == QETL_OK) {
        stage_sweep(s->env, t, owner);
        status = stage_create(s->env, t, owner, &fd, &staged);
    }
    if (status)
        return status;
    s->place = PLACE_STAGED;
    output_ready(s, fd);
    h->action = replace ? HANDLE_REPLACE : HANDLE_CREATE;
    if (!handle_name(h, t, staged, replace ? stage_backup(t) : strdup("")))
        return fault_memory(s->env);
    if (fstat(fd, &st) != 0)
        return fault_report(s->env, errno, h->staged, "cannot be examined");
    h->device = (int64_t)st.st_dev;
    h->inode = (int64_t)st.st_ino;
    if (t->kind == TARGET_FILE)
        stage_mode(fd, &t->st); /* before there is anything to be read */
    return QETL_OK;
}

/* Before it is looked at: what a run left there that was killed. */
static int32_t killed_undo(struct single *s)
{
    const char *owner = run_owner(s->env);
    if (!owner)
        return QETL_OK;
    s->intent = intent_path(s->target.path, owner);
    if (!s->intent)
        return fault_memory(s->env);
    int fd = access(s->intent, F_OK) == 0 ? open(s->target.path, O_WRONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return QETL_OK;
    bool free = flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
    int32_t status = free ? intent_undo(s->env, s->intent, fd, s->path) : QETL_OK;
    close(fd);
    return status;
}

static int32_t append_begin(struct single *s)
{
    struct handle *h = &s->handle;
    int fd = -1;
    int32_t status = killed_undo(s);
    if (status == QETL_OK)
        status = append_open(&s->append, s->env, &s->target, s->packing, &fd);
    output_ready(s, fd);
    if (status)
        return status;
    s->place = PLACE_IN;
    s->base = s->output.begin = h->before = h->length = s->append.length;
    h->action = HANDLE_APPEND;
    h->device = (int64_t)s->target.st.st_dev;
    h->inode = (int64_t)s->target.st.st_ino;
    return handle_name(h, &s->target, strdup(""), strdup("")) ? QETL_OK : fault_memory(s->env);
}

static int32_t special_begin(struct single *s)
{
    s->place = PLACE_SPECIAL;
    s->handle.action = HANDLE_SPECIAL;
    if (!handle_name(&s->handle, &s->target, strdup(""), strdup("")))
        return fault_memory(s->env);
    return output_open_special(&s->output, s->env, s->waker, &s->target, s->packing);
}

/* A run without end whose epochs nobody decides: the file has its name from the beginning, and what
 * was written stays. */
static int32_t show_at_once(struct single *s)
{
    int32_t status = publish_commit(s->env, &s->handle);
    if (status == QETL_OK) {
        s->handle.action = HANDLE_SPECIAL;
        s->place = PLACE_SPECIAL;
    }
    return status;
}

static int32_t fresh_open(struct single *s)
{
    bool append = s->target.kind == TARGET_FILE && s->if_exists == IF_EXISTS_APPEND;
    int32_t status = target_check(&s->target, s->env, s->if_exists);
    if (status)
        return status;
    if (s->target.kind == TARGET_SPECIAL)
        return special_begin(s);
    status = append ? append_begin(s) : staged_open(s);
    s->soon = s->endless && s->checkpoints && !append;
    return status == QETL_OK && s->endless && !s->checkpoints ? show_at_once(s) : status;
}

int32_t single_open(struct single *s)
{
    const struct qetl_run_facts *run = facts_of(s->env);
    s->opened = true;
    s->endless = run && run->endless(s->env.ctx);
    s->checkpoints = run && run->checkpoints(s->env.ctx);
    if (!s->restored)
        return fresh_open(s);
    if (s->place == PLACE_STAGED)
        stage_sweep(s->env, &s->target, run_owner(s->env));
    return QETL_OK;
}

bool single_continues(const struct single *s)
{
    return s->append.length > 0;
}

/* ---- Writing ---- */

/* Before the first byte in place. */
static int32_t intent_note(struct single *s)
{
    bool wanted = s->intent && !s->noted && s->place == PLACE_IN && !s->restored && !s->decided;
    int32_t status = wanted ? intent_write(s->env, s->intent, &s->handle) : QETL_OK;
    s->noted |= wanted && status == QETL_OK;
    return status;
}

static void intent_forget(struct single *s)
{
    if (s->noted)
        intent_drop(s->intent);
    s->noted = false;
}

int32_t single_write(struct single *s, struct qetl_write *write)
{
    struct handle *h = &s->handle;
    int32_t status = QETL_OK;
    if (s->final && s->place == PLACE_STAGED)
        return qetl_fail(s->env, QETL_E_UNSUPPORTED, NULL, "set if_exists to append",
                         "%s: a file that appears as a whole takes no rows after it was prepared",
                         s->path);
    if (s->place == PLACE_IN && s->output.written == 0 && h->rows == 0)
        status = append_check(&s->append, s->env, s->path, write->bytes, write->bytes_size);
    if (status == QETL_OK)
        status = intent_note(s);
    if (status == QETL_OK)
        status = output_write(&s->output, write->bytes, write->bytes_size);
    if (status)
        return status;
    if (s->soon && !s->turns && h->rows == 0 && write->rows)
        s->env.host->request_epoch(s->env.ctx); /* somebody waits to see them */
    h->rows += write->rows;
    return QETL_OK;
}

/* ---- Preparing ---- */

/* What others wrote there cannot be told from ours when it has to be cut back. */
static int32_t alone_check(const struct single *s)
{
    struct stat st;
    if (s->place != PLACE_IN)
        return QETL_OK;
    if (fstat(s->output.fd, &st) != 0)
        return fault_report(s->env, errno, s->path, "cannot be examined");
    if (st.st_size == single_length(s))
        return QETL_OK;
    bool more = st.st_size > single_length(s);
    return qetl_fail(s->env, QETL_E_ENVIRONMENT, "/path",
                     more ? "keep other programs from appending to it while qetl runs"
                          : "keep other programs from cutting it off while qetl runs",
                     "%s: it has %lld bytes, and %lld were written: %s meanwhile", s->path,
                     (long long)st.st_size, (long long)single_length(s),
                     more ? "someone else appended to it" : "someone cut it off");
}

static int32_t name_sync(struct single *s)
{
    int error = s->named || s->place != PLACE_STAGED ? 0
                : s->made_folders                    ? publish_folders_sync(s->handle.staged)
                                                     : publish_folder_sync(s->handle.staged);
    s->named |= !error;
    return error ? fault_report(s->env, error, s->path, "its folder cannot be made durable (fsync)")
                 : QETL_OK;
}

/* It was handed out, and has its name once that epoch is decided. */
static int32_t turn(struct single *s)
{
    struct handle *h = &s->handle;
    char *none = strdup("");
    if (!none || fcntl(s->output.fd, F_SETFL, O_APPEND) != 0) {
        free(none);
        return none ? fault_report(s->env, errno, s->path, "cannot be appended to")
                    : fault_memory(s->env);
    }
    free(h->staged);
    h->staged = none;
    h->action = HANDLE_APPEND;
    s->place = PLACE_IN;
    s->soon = s->turns = false;
    return QETL_OK;
}

/* All that was written becomes durable, compressed as members of its own. */
static int32_t epoch_end(struct single *s, bool final)
{
    struct handle *h = &s->handle;
    int32_t status = s->turns ? turn(s) : QETL_OK;
    bool news = s->output.packer || single_length(s) > h->length || !s->epoch;
    bool also_empty = final && s->place != PLACE_IN && single_length(s) == 0;
    int64_t rows_before = s->rows_prepared;
    if (status == QETL_OK)
        status = output_finish(&s->output, also_empty);
    if (status == QETL_OK && s->checkpoints)
        status = alone_check(s);
    if (status == QETL_OK && (news || final))
        status = output_sync(&s->output);
    if (status == QETL_OK)
        status = name_sync(s);
    if (status)
        return status;
    h->before = h->length;
    h->length = single_length(s);
    h->bytes += h->length - h->before;
    h->kept = s->saved;
    s->rows_prepared = h->rows;
    s->final = final;
    s->turns = s->soon;
    s->hands = final || s->soon ||
               (s->place != PLACE_STAGED && (h->length > h->before || h->rows > rows_before));
    return QETL_OK;
}

int32_t single_prepare(struct single *s, const struct qetl_epoch *epoch,
                       const struct qetl_writer *out)
{
    if (!s->opened || (s->final && epoch->number != s->epoch))
        return QETL_OK; /* nothing is new */
    if (!s->epoch || epoch->number != s->epoch) {
        int32_t status = epoch_end(s, epoch->flags & QETL_EPOCH_FINAL);
        if (status)
            return status;
        s->epoch = epoch->number;
    }
    int32_t status = s->hands ? handle_encode(&s->handle, out) : QETL_OK;
    return status == QETL_E_NO_MEMORY ? fault_memory(s->env) : status;
}

void single_decided(struct single *s)
{
    s->decided |= s->opened;
    if (s->opened)
        intent_forget(s); /* a state names it now */
}

int32_t single_commit(struct single *s, const struct handle *h)
{
    if (s->opened && h->action == HANDLE_APPEND)
        return QETL_OK; /* what it names is in our hands */
    int32_t status = publish_commit(s->env, h);
    const char *owner = run_owner(s->env);
    if (status || h->action != HANDLE_APPEND || !owner)
        return status;
    char *note = intent_path(h->final, owner);
    if (!note)
        return fault_memory(s->env);
    intent_drop(note);
    free(note);
    return QETL_OK;
}

/* ---- Undoing ---- */

/* Never longer: that would fill it with zeros. */
static int32_t cut(struct single *s, int64_t length)
{
    struct stat st;
    int32_t status = alone_check(s);
    packer_drop(&s->output);
    if (status)
        return status;
    if (fstat(s->output.fd, &st) != 0 || (st.st_size > length && ftruncate(s->output.fd, length)))
        return fault_report(s->env, errno, s->path, "cannot be cut back to its former length");
    s->output.written = length - s->base;
    if (length == s->base && s->noted && fsync(s->output.fd) == 0)
        intent_forget(s); /* else the next run cuts it again */
    return QETL_OK;
}

int32_t single_abort(struct single *s, const struct handle *h)
{
    bool ours = s->opened && s->output.fd >= 0 && s->place == PLACE_IN;
    if (h->action != HANDLE_APPEND || !ours)
        return publish_abort(s->env, h);
    return cut(s, h->before);
}

/* What was written and is in nobody's handle or state is undone. */
static void unprepared_undo(struct single *s)
{
    if (s->place == PLACE_IN && s->output.fd >= 0 && !s->final)
        cut(s, s->handle.length);
    if (s->place == PLACE_STAGED && !s->final && !s->turns && !s->saved && s->handle.staged)
        publish_abort(s->env, &s->handle);
}

void single_free(struct single *s)
{
    if (s->opened)
        unprepared_undo(s);
    output_close(&s->output);
    handle_free(&s->handle);
    target_free(&s->target);
    free(s->intent);
}
