/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect.h"

#include "fault.h"
#include "intent.h"
#include "run_owner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct look {
    struct qetl_env env;
    const struct qetl_inspection *about;
    struct qetl_inspect_to to;
    char **names; /* files and folders that handles and states name */
    size_t n_names;
    bool failed; /* there was no memory */
};

static void lost(const struct look *l, const char *object, const char *what)
{
    qetl_inspect_say(
        &l->to, QETL_INSPECT_LOST, false, object,
        l->about->flags & QETL_INSPECT_GOES_ON
            ? "put the file back as it was; or begin anew with `qetl run --full-refresh`, which "
              "leaves it as it is"
            : "if that was meant, nothing: the next run begins anew; else put it back, or run "
              "again",
        "%s", what);
}

/* ---- What is named ---- */

static void name_keep(struct look *l, const char *name)
{
    char **grown = name && *name ? realloc(l->names, (l->n_names + 1) * sizeof *grown) : NULL;
    if (!name || !*name)
        return;
    if (grown)
        l->names = grown;
    char *copy = grown ? strdup(name) : NULL;
    l->failed |= !copy;
    if (copy)
        grown[l->n_names++] = copy;
}

static void handle_keep(void *arg, const struct handle *h)
{
    struct look *l = arg;
    name_keep(l, h->staged);
    name_keep(l, h->backup);
}

static void blobs_keep(struct look *l, int64_t n, const struct qetl_blob *blobs)
{
    for (int64_t i = 0; i < n; i++) {
        struct handle h;
        if (handle_decode(&h, blobs[i].data, blobs[i].size))
            continue;
        handle_keep(l, &h);
        handle_free(&h);
    }
}

static void state_keep(struct look *l, bool parted, uint32_t version, struct qetl_blob state)
{
    struct handle h = {0};
    struct qetl_blob tail;
    char *folder = NULL;
    if (!state.data)
        return;
    if (parted) {
        parts_state_each(version, state, &folder, handle_keep, l);
        name_keep(l, folder);
    } else if (!single_state_look(version, state, &h, &tail))
        handle_keep(l, &h);
    free(folder);
    handle_free(&h);
}

/* The name itself, or one below it. */
static bool is_kept(void *arg, const char *path)
{
    const struct look *l = arg;
    size_t length = strlen(path);
    for (size_t i = 0; i < l->n_names; i++)
        if (strncmp(l->names[i], path, length) == 0 &&
            (!l->names[i][length] || l->names[i][length] == '/'))
            return true;
    return l->failed;
}

/* ---- Files that count ---- */

static bool is_it(const struct handle *h, const struct stat *st)
{
    return (int64_t)st->st_ino == h->inode && (int64_t)st->st_dev == h->device;
}

static bool stands(const struct handle *h, const char *path)
{
    struct stat st;
    return *path && lstat(path, &st) == 0 && is_it(h, &st);
}

static bool tail_differs(const char *path, int64_t length, struct qetl_blob tail)
{
    uint8_t bytes[SINGLE_TAIL_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ssize_t n = fd < 0 || tail.size > sizeof bytes
                    ? -1
                    : pread(fd, bytes, tail.size, length - (int64_t)tail.size);
    if (fd >= 0)
        close(fd);
    return n == (ssize_t)tail.size && memcmp(bytes, tail.data, tail.size) != 0;
}

/* whole: nothing may stand behind its length. */
static void file_look(const struct look *l, const struct handle *h, const char *path, bool whole,
                      struct qetl_blob tail)
{
    struct stat st;
    char what[160];
    if (lstat(path, &st) != 0) {
        lost(l, path, errno == ENOENT ? "the file is gone" : strerror(errno));
    } else if (!is_it(h, &st)) {
        lost(l, path, "it is another file than the one that was written");
    } else if (st.st_size < h->length || (whole && st.st_size != h->length)) {
        snprintf(what, sizeof what, "it has %lld bytes, and %lld were written for good",
                 (long long)st.st_size, (long long)h->length);
        lost(l, path, what);
    } else if (tail.size && tail_differs(path, h->length, tail)) {
        lost(l, path, "it was changed in the meantime");
    } else if (st.st_size > h->length && l->about->flags & QETL_INSPECT_GOES_ON) {
        qetl_inspect_say(&l->to, QETL_INSPECT_OPEN, false, path,
                         "the next run cuts it back, and writes them again",
                         "%lld bytes stand behind what was decided",
                         (long long)(st.st_size - h->length));
    }
}

/* In a folder that was staged as a whole, so that its own number says nothing. */
static void member_look(const struct look *l, const struct handle *h)
{
    struct stat st;
    char what[160];
    if (lstat(h->final, &st) != 0) {
        lost(l, h->final, errno == ENOENT ? "the file is gone" : strerror(errno));
    } else if (st.st_size != h->length) {
        snprintf(what, sizeof what, "it has %lld bytes, and %lld were written for good",
                 (long long)st.st_size, (long long)h->length);
        lost(l, h->final, what);
    }
}

static void shown_look(const struct look *l, const struct handle *h)
{
    bool goes_on = l->about->flags & QETL_INSPECT_GOES_ON;
    struct stat st;
    switch (h->action) {
    case HANDLE_CREATE:
    case HANDLE_REPLACE:
        file_look(l, h, h->final, !goes_on, (struct qetl_blob){0});
        break;
    case HANDLE_APPEND:
        file_look(l, h, h->final, false, (struct qetl_blob){0});
        break;
    case HANDLE_SWAP:
        if (lstat(h->final, &st) != 0)
            lost(l, h->final, "the folder is gone");
        break;
    case HANDLE_MEMBER:
        member_look(l, h);
        break;
    default:
        break;
    }
}

/* Decided, and perhaps without its name yet. */
static void decided_look(const struct look *l, const struct handle *h)
{
    bool has_name = stands(h, h->final);
    if (h->action == HANDLE_RETIRE || h->action == HANDLE_SPECIAL || h->action == HANDLE_MEMBER)
        return;
    if (h->action == HANDLE_APPEND || has_name)
        shown_look(l, h);
    else if (stands(h, h->staged)) {
        if (h->action != HANDLE_SWAP)
            file_look(l, h, h->staged, true, (struct qetl_blob){0});
        qetl_inspect_say(&l->to, QETL_INSPECT_OPEN, false, h->staged,
                         "the next run gives it that name", "it counts, and is not called %s yet",
                         h->final);
    } else if (h->action == HANDLE_SWAP)
        qetl_inspect_say(&l->to, QETL_INSPECT_OPEN, false, h->staged,
                         "the next run comes to its end with it",
                         "a folder counts that is on its way to be called %s", h->final);
    else
        lost(l, h->final, "the finished output is neither there nor where it was staged");
}

/* Of epochs that were decided as one the last tells all about a file that grows. */
static bool is_last(const struct look *l, int64_t index, const struct handle *h)
{
    bool last = true;
    for (int64_t i = index + 1; last && h->action == HANDLE_APPEND && i < l->about->n_handles;
         i++) {
        struct handle other;
        if (handle_decode(&other, l->about->handles[i].data, l->about->handles[i].size))
            continue;
        last = other.action != HANDLE_APPEND || strcmp(other.final, h->final) != 0;
        handle_free(&other);
    }
    return last;
}

static void handles_look(const struct look *l)
{
    bool shown = l->about->flags & QETL_INSPECT_SHOWN;
    for (int64_t i = 0; i < l->about->n_handles; i++) {
        struct handle h;
        const struct qetl_blob *blob = &l->about->handles[i];
        if (handle_decode(&h, blob->data, blob->size)) {
            lost(l, NULL, "a handle is none of this version of the sink file");
            continue;
        }
        if (is_last(l, i, &h) && shown)
            shown_look(l, &h);
        else if (is_last(l, i, &h))
            decided_look(l, &h);
        handle_free(&h);
    }
}

/* ---- Files that are gone on with ---- */

static void staged_look(void *arg, const struct handle *h)
{
    file_look(arg, h, h->staged, false, (struct qetl_blob){0});
}

static void state_look(struct look *l, bool parted)
{
    const struct qetl_inspection *about = l->about;
    struct handle h = {0};
    struct qetl_blob tail;
    char *folder = NULL;
    int error = 0;
    if (!about->state.data || !(about->flags & QETL_INSPECT_GOES_ON))
        return;
    if (parted)
        error = parts_state_each(about->state_version, about->state, &folder, staged_look, l);
    else if (!(error = single_state_look(about->state_version, about->state, &h, &tail))) {
        if (h.final && (*h.staged || !about->n_handles))
            file_look(l, &h, *h.staged ? h.staged : h.final, false, tail);
        else if (h.final && stands(&h, h.final) && tail_differs(h.final, h.length, tail))
            lost(l, h.final, "it was changed in the meantime");
    }
    if (error == EINVAL)
        lost(l, NULL, "the state of the sink file is none of this version of it");
    free(folder);
    handle_free(&h);
}

/* ---- What nobody needs ---- */

static void left_tell(void *arg, const char *path, bool removed)
{
    const struct look *l = arg;
    qetl_inspect_say(&l->to, QETL_INSPECT_LEFT, removed, path, NULL,
                     "a run that was killed staged rows there, which do not count");
}

static void intent_look(const struct look *l, const char *final, const char *owner)
{
    char *note = owner ? intent_path(final, owner) : NULL;
    if (note && access(note, F_OK) == 0 && !l->about->epoch->number)
        qetl_inspect_say(&l->to, QETL_INSPECT_OPEN, false, final,
                         "the next run cuts it back to where it was",
                         "a run that was killed before it decided anything was appending to it");
    free(note);
}

static void left_look(struct look *l, const struct single *single, const struct parts *parts)
{
    const char *owner = run_owner(l->env);
    const struct stage_left left = {.keeps = is_kept,
                                    .removes = l->about->flags & QETL_INSPECT_CLEAR,
                                    .tell = left_tell,
                                    .arg = l};
    if (parts) {
        char *root = part_root_path(parts);
        l->failed |= root && part_folder_left_each(root, owner, &left);
        free(root);
        return;
    }
    struct target target = {0};
    if (target_resolve(&target, l->env, single->path) == QETL_OK && target.kind != TARGET_SPECIAL) {
        stage_left_each(&target, owner, &left);
        intent_look(l, target.path, owner);
    }
    target_free(&target);
}

int32_t inspect(struct qetl_env env, const struct single *single, const struct parts *parts,
                const struct qetl_inspection *about, void *stream, inspect_tell *tell)
{
    struct look l = {.env = env, .about = about, .to = {tell, stream}};
    bool parted = parts != NULL;
    blobs_keep(&l, about->n_handles, about->handles);
    blobs_keep(&l, about->n_prepared_handles, about->prepared_handles);
    state_keep(&l, parted, about->state_version, about->state);
    state_keep(&l, parted, about->prepared_version, about->prepared);
    handles_look(&l);
    state_look(&l, parted);
    left_look(&l, single, parts);
    for (size_t i = 0; i < l.n_names; i++)
        free(l.names[i]);
    free(l.names);
    return l.failed ? fault_memory(env) : QETL_OK;
}
