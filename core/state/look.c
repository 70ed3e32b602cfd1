/* SPDX-License-Identifier: Apache-2.0 */
#include "look.h"

#include "anchor.h"
#include "look_internal.h"
#include "store_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the files ---- */

/* The index of the log is nothing that is kept. */
static bool counts(const char *name)
{
    size_t size = strlen(name);
    return size < 4 || strcmp(name + size - 4, "-shm") != 0;
}

static int64_t bytes_of(const struct state_folder *folder)
{
    struct stat about;
    struct dirent *entry;
    int64_t bytes = 0;
    int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir && fd >= 0)
        close(fd);
    while (dir && (entry = readdir(dir)))
        if (counts(entry->d_name) &&
            !fstatat(folder->fd, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) &&
            S_ISREG(about.st_mode))
            bytes += about.st_size;
    if (dir)
        closedir(dir);
    return bytes;
}

/* ---- the database ---- */

/* Nobody looks into what is too large. */
static int nothing(void *arg, const uint8_t digest[STATE_DIGEST], uint64_t size, void **data)
{
    (void)arg;
    (void)digest;
    (void)size;
    *data = calloc(1, 1);
    return *data ? 0 : ENOMEM;
}

static void forget_outside(struct qetl_record *record)
{
    for (size_t i = 0; i < record->n_entries; i++)
        if (record->entries[i].size > STATE_INSIDE_MOST) {
            free((void *)record->entries[i].data);
            record->entries[i].data = NULL;
        }
}

static int record_read(struct state_reading *in, uint64_t number,
                       const uint8_t digest[STATE_DIGEST], struct qetl_record *record)
{
    struct state_row row;
    if (!number)
        return SQLITE_OK;
    int rc = qetl_state_db_epoch_get(&in->db, number, digest, &row);
    if (rc)
        return rc;
    int error = qetl_state_decode(row.body, row.size, in->fetch ? in->fetch : nothing,
                                  in->fetch_arg, record);
    if (!in->fetch)
        forget_outside(record);
    record->number = number;
    record->stage = row.stage;
    record->final = row.final;
    record->rows = row.rows;
    record->at_ms = row.at_ms;
    free(in->look->identity);
    in->look->identity = row.identity;
    row.identity = NULL;
    qetl_state_row_free(&row);
    return error == ENOMEM ? SQLITE_NOMEM : error ? SQLITE_CORRUPT : SQLITE_OK;
}

static void past_add(void *arg, const struct state_row *row)
{
    struct state_reading *in = arg;
    struct state_row *grown =
        realloc(in->look->past, (in->look->n_past + 1) * sizeof *in->look->past);
    in->failed |= !grown;
    if (!grown)
        return;
    in->look->past = grown;
    grown[in->look->n_past++] = *row;
}

static int head_read(struct state_reading *in, uint64_t anchor)
{
    struct state_head head;
    int rc = qetl_state_db_head_get(&in->db, &head);
    if (!rc && head.sequence < anchor)
        rc = SQLITE_CORRUPT;
    if (rc)
        return rc;
    in->look->generation = head.generation;
    in->look->decided.number = head.last;
    rc = record_read(in, head.prepared, head.prepared_digest, &in->look->prepared);
    if (!rc)
        rc = record_read(in, head.decided, head.decided_digest, &in->look->decided);
    if (!rc)
        rc = qetl_state_db_past_each(&in->db, past_add, in);
    return in->failed ? SQLITE_NOMEM : rc;
}

/* All of it as it was at one moment. */
int qetl_state_reading_run(struct state_reading *in, const char *path, uint64_t anchor)
{
    int rc = qetl_state_db_open(&in->db, path, true);
    if (!rc)
        rc = qetl_state_db_check(&in->db, &in->version);
    if (!rc && in->whole)
        rc = qetl_state_db_whole(&in->db, in->size_alone);
    if (!rc)
        rc = sqlite3_exec(in->db.db, "BEGIN", NULL, NULL, NULL);
    if (!rc)
        rc = head_read(in, anchor);
    qetl_state_db_close(&in->db);
    return rc;
}

/* ---- a look ---- */

static bool say(struct qetl_state_look *look, enum qetl_state_condition condition,
                const char *reason, const char *more)
{
    look->condition = condition;
    return asprintf(&look->reason, "%s%s", reason, more) >= 0;
}

bool qetl_state_look_judge(struct qetl_state_look *look, int rc)
{
    switch (rc) {
    case SQLITE_OK:
        look->condition = QETL_STATE_WHOLE;
        return true;
    case SQLITE_NOMEM:
        return false;
    case SQLITE_MISMATCH:
        return say(look, QETL_STATE_LATER, "it was written by a later qetl", "");
    default:
        return say(look, QETL_STATE_UNREADABLE, "it cannot be read: ", sqlite3_errstr(rc));
    }
}

bool qetl_state_look_absent(const struct state_folder *folder, uint64_t anchor,
                            struct qetl_state_look *look)
{
    char *aside = qetl_state_folder_aside(folder, STATE_FILE);
    bool said = aside    ? say(look, QETL_STATE_GONE, "it was set aside as ", aside)
                : anchor ? say(look, QETL_STATE_GONE, "it is gone", "")
                         : true;
    free(aside);
    return said;
}

static bool look_at(const struct state_folder *folder, struct qetl_state_look *look, void *arg)
{
    struct state_reading in = {.look = look};
    (void)arg;
    /* Before the database, which is never behind it. */
    uint64_t anchor = qetl_state_anchor_get(folder);
    if (faccessat(folder->fd, STATE_FILE, F_OK, 0))
        return qetl_state_look_absent(folder, anchor, look);
    char *path = qetl_state_folder_file(folder, STATE_FILE);
    bool said = path && qetl_state_look_judge(look, qetl_state_reading_run(&in, path, anchor));
    free(path);
    return said;
}

int qetl_state_look_with(const char *above, const char *name, struct qetl_state_look *look,
                         bool (*at)(const struct state_folder *, struct qetl_state_look *, void *),
                         void *arg)
{
    struct state_folder folder;
    *look = (struct qetl_state_look){0};
    int error = qetl_state_folder_look(&folder, above, name);
    if (error)
        return error;
    look->pipeline = qetl_state_pipeline_name(name);
    look->path = strdup(folder.path);
    look->bytes = bytes_of(&folder);
    qetl_state_folder_holder(&folder, &look->holder);
    qetl_state_owner_read(&folder, &look->owner);
    bool said = look->pipeline && look->path && at(&folder, look, arg);
    qetl_state_folder_close(&folder);
    if (said)
        return 0;
    qetl_state_look_free(look);
    return ENOMEM;
}

int qetl_state_look(const char *above, const char *name, struct qetl_state_look *look)
{
    return qetl_state_look_with(above, name, look, look_at, NULL);
}

uint64_t qetl_state_look_decided(const struct qetl_state_look *look)
{
    uint64_t number = look->decided.stage == QETL_STAGE_NONE ? 0 : look->decided.number;
    return number > look->owner.epoch ? number : look->owner.epoch;
}

bool qetl_state_look_is_refused(const struct qetl_state_look *look)
{
    return look->condition != QETL_STATE_WHOLE && look->condition != QETL_STATE_EMPTY;
}

void qetl_state_look_free(struct qetl_state_look *look)
{
    qetl_record_free(&look->decided);
    qetl_record_free(&look->prepared);
    free(look->pipeline);
    free(look->path);
    free(look->reason);
    free(look->identity);
    free(look->past);
    *look = (struct qetl_state_look){0};
}

static int is_state(const struct dirent *entry)
{
    return *entry->d_name != '.';
}

char **qetl_state_names(const char *above)
{
    struct dirent **list = NULL;
    int n = scandir(above, &list, is_state, alphasort);
    char **names = calloc(n > 0 ? (size_t)n + 1 : 1, sizeof *names);
    bool whole = names != NULL;
    for (int i = 0; i < n; i++) {
        if (whole)
            whole = (names[i] = strdup(list[i]->d_name)) != NULL;
        free(list[i]);
    }
    free(list);
    for (char **at = names; !whole && at && *at; at++)
        free(*at);
    if (!whole)
        free(names);
    return whole ? names : NULL;
}
