/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions of a store: who may, in which file, and what a failure means. */
#include "anchor.h"
#include "store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <qetl/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NEW_FILE "new.db"

/* ---- failures ---- */

int32_t qetl_store_failed(struct qetl_store *store, int rc, const char *what)
{
    if (rc == SQLITE_NOMEM)
        return QETL_E_NO_MEMORY;
    int error = store->db.db ? sqlite3_system_errno(store->db.db) : 0;
    snprintf(store->reason, sizeof store->reason, "%s of state %s: %s%s%s", what,
             store->folder.path ? store->folder.path : "in memory", sqlite3_errstr(rc),
             error ? ": " : "", error ? strerror(error) : "");
    store->broken = true;
    return QETL_E_ENVIRONMENT;
}

int32_t qetl_store_failed_file(struct qetl_store *store, int error, const char *what)
{
    if (error == ENOMEM)
        return QETL_E_NO_MEMORY;
    snprintf(store->reason, sizeof store->reason, "%s of state %s: %s", what, store->folder.path,
             strerror(error));
    store->broken = true;
    return QETL_E_ENVIRONMENT;
}

static int32_t fenced(struct qetl_store *store)
{
    snprintf(store->reason, sizeof store->reason,
             "state %s was taken over by another process while this one was at work",
             store->folder.path ? store->folder.path : "in memory");
    return QETL_E_FENCED;
}

/* ---- opening ---- */

static bool is_there(const struct qetl_store *store)
{
    struct stat about;
    return !fstatat(store->folder.fd, STATE_FILE, &about, AT_SYMLINK_NOFOLLOW);
}

static void close_database(struct qetl_store *store)
{
    qetl_state_db_close(&store->db);
    store->is_open = store->is_new = false;
}

void qetl_store_set_aside(struct qetl_store *store)
{
    close_database(store);
    store->trouble = TROUBLE_ENVIRONMENT;
    free(store->aside);
    store->aside = qetl_state_folder_set_aside(&store->folder, STATE_FILE);
    if (store->aside)
        store->trouble = TROUBLE_ASIDE;
    else
        qetl_store_failed_file(store, errno, "cannot rename an unreadable file");
}

static bool is_unreadable(int rc)
{
    return rc == SQLITE_IOERR_SHORT_READ || (rc & 0xff) == SQLITE_CORRUPT ||
           (rc & 0xff) == SQLITE_NOTADB || (rc & 0xff) == SQLITE_ERROR ||
           (rc & 0xff) == SQLITE_FORMAT || (rc & 0xff) == SQLITE_TOOBIG;
}

/* SQLite takes a disk that cannot be read for a damaged file. 0: all can be read. */
int qetl_store_try_reading(struct qetl_store *store)
{
    int error = qetl_state_folder_read_through(&store->folder, STATE_FILE);
    if (!error)
        error = qetl_state_folder_read_through(&store->folder, STATE_FILE "-wal");
    if (!error)
        return 0;
    qetl_store_failed_file(store, error, "cannot read the database");
    store->trouble = TROUBLE_ENVIRONMENT;
    return error;
}

static void enter_failed(struct qetl_store *store, int rc)
{
    if (rc == SQLITE_MISMATCH) {
        store->trouble = TROUBLE_LATER;
        close_database(store);
    } else if (is_unreadable(rc)) {
        qetl_store_set_aside(store);
    } else {
        store->trouble = TROUBLE_ENVIRONMENT;
        if (qetl_store_failed(store, rc, "cannot read the database") == QETL_E_NO_MEMORY)
            snprintf(store->reason, sizeof store->reason, "out of memory");
        close_database(store);
    }
}

static int file_open(struct qetl_store *store)
{
    char *path = qetl_state_folder_file(&store->folder, STATE_FILE);
    int rc = path ? qetl_state_db_open(&store->db, path, false) : SQLITE_NOMEM;
    free(path);
    store->is_open = true;
    return rc;
}

/* The generation is written at once: who held the lock before, and lost it, finds a later one. */
static int generation_take(struct qetl_store *store)
{
    struct state_head head;
    uint64_t anchor = qetl_state_anchor_get(&store->folder);
    int rc = qetl_state_db_begin(&store->db, false);
    if (!rc)
        rc = qetl_state_db_head_get(&store->db, &head);
    if (!rc && head.sequence < anchor)
        rc = SQLITE_CORRUPT;
    if (rc)
        return rc;
    if (head.generation >= store->generation)
        store->generation = head.generation + 1;
    head.generation = store->generation;
    memcpy(head.token, store->token, sizeof head.token);
    rc = qetl_state_db_head_put(&store->db, &head);
    return rc ? rc : qetl_state_db_commit(&store->db);
}

/* With a log, the database may be shorter than what both say together. */
static int64_t size_alone(const struct qetl_store *store)
{
    struct stat about;
    if (!fstatat(store->folder.fd, STATE_FILE "-wal", &about, 0) && about.st_size > 0)
        return -1;
    return fstatat(store->folder.fd, STATE_FILE, &about, 0) ? -1 : (int64_t)about.st_size;
}

static int enter(struct qetl_store *store)
{
    int64_t size = size_alone(store);
    int rc = file_open(store);
    if (!rc)
        rc = qetl_state_db_check(&store->db, &store->version);
    if (!rc)
        rc = qetl_state_db_whole(&store->db, size);
    return rc ? rc : generation_take(store);
}

void qetl_store_enter(struct qetl_store *store)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    store->generation = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    if (getrandom(store->token, sizeof store->token, 0) < 0)
        memcpy(store->token, &now, sizeof now < STATE_TOKEN ? sizeof now : STATE_TOKEN);
    if (store->in_memory)
        return;
    if (is_there(store)) {
        int rc = enter(store);
        if (is_unreadable(rc)) {
            close_database(store);
            rc = qetl_store_try_reading(store) ? 0 : enter(store);
        }
        if (rc)
            enter_failed(store, rc);
    } else if ((store->aside = qetl_state_folder_aside(&store->folder, STATE_FILE)))
        store->trouble = TROUBLE_ASIDE;
    else if (qetl_state_anchor_get(&store->folder))
        store->trouble = TROUBLE_GONE;
}

/* ---- a database that is new ---- */

static int32_t create(struct qetl_store *store, struct state_change *change)
{
    char *path = store->in_memory ? NULL : qetl_state_folder_file(&store->folder, NEW_FILE);
    if (!path && !store->in_memory)
        return QETL_E_NO_MEMORY;
    if (!store->in_memory) {
        unlinkat(store->folder.fd, NEW_FILE, 0);
        unlinkat(store->folder.fd, NEW_FILE "-wal", 0);
        change->head.sequence = qetl_state_anchor_get(&store->folder);
    }
    int rc = qetl_state_db_create(&store->db, path);
    free(path);
    store->is_open = change->creates = true;
    store->is_new = !store->in_memory;
    change->head.generation = store->generation;
    memcpy(change->head.token, store->token, STATE_TOKEN);
    return rc ? qetl_store_failed(store, rc, "cannot make the database") : 0;
}

static int new_sync(const struct qetl_store *store)
{
    int fd = openat(store->folder.fd, NEW_FILE, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    int error = fd < 0 || fchmod(fd, 0600) || fsync(fd) ? errno : 0;
    if (fd >= 0)
        close(fd);
    return error;
}

/* The name is there, perhaps not durably: from here on, each failure leaves that open. */
static int32_t new_enter(struct qetl_store *store)
{
    int error = qetl_state_folder_sync(&store->folder, true);
    int rc = error ? 0 : file_open(store);
    if (!error && !rc)
        return 0;
    if (error)
        qetl_store_failed_file(store, error, "cannot write the database");
    else
        qetl_store_failed(store, rc, "cannot read the database");
    store->broken = true;
    return QETL_E_ENVIRONMENT;
}

/* Whole before it bears its name; and who bears it already was here later than we were. */
static int32_t new_name(struct qetl_store *store)
{
    int rc = sqlite3_exec(store->db.db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
    if (rc)
        return qetl_store_failed(store, rc, "cannot write the database");
    close_database(store);
    int error = new_sync(store);
    if (!error &&
        renameat2(store->folder.fd, NEW_FILE, store->folder.fd, STATE_FILE, RENAME_NOREPLACE))
        error = errno;
    if (error == EEXIST)
        return fenced(store);
    return error ? qetl_store_failed_file(store, error, "cannot write the database")
                 : new_enter(store);
}

/* ---- transactions ---- */

static bool was_moved(const struct qetl_store *store)
{
    int moved = 0;
    sqlite3_file_control(store->db.db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    return moved;
}

static int32_t begin(struct qetl_store *store, struct state_change *change)
{
    int rc = qetl_state_db_begin(&store->db, change->durable);
    if (!rc)
        rc = qetl_state_db_head_get(&store->db, &change->head);
    if (rc)
        return qetl_store_failed(store, rc, "cannot read the database");
    if (change->head.generation != store->generation ||
        memcmp(change->head.token, store->token, STATE_TOKEN) != 0)
        return fenced(store);
    return 0;
}

int32_t qetl_store_begin(struct qetl_store *store, bool durable, struct state_change *change)
{
    *change = (struct state_change){.durable = durable};
    if (store->broken)
        return QETL_E_ENVIRONMENT;
    if (!store->is_open && !store->in_memory && is_there(store))
        return fenced(store);
    if (!store->is_open) {
        int32_t status = create(store, change);
        int rc = status ? 0 : qetl_state_db_begin(&store->db, false);
        return rc ? qetl_store_failed(store, rc, "cannot write the database") : status;
    }
    if (!store->in_memory && was_moved(store))
        return fenced(store);
    return begin(store, change);
}

static int32_t commit(struct qetl_store *store, struct state_change *change)
{
    change->head.sequence += change->durable;
    int rc = qetl_state_db_head_put(&store->db, &change->head);
    if (rc) {
        qetl_state_db_rollback(&store->db);
        return qetl_store_failed(store, rc, "cannot write the database");
    }
    rc = qetl_state_db_commit(&store->db);
    if (rc) {
        qetl_store_failed(store, rc, "cannot write the database");
        store->broken = true; /* without memory, too: the log may hold it all the same */
        return QETL_E_ENVIRONMENT;
    }
    return store->is_new ? new_name(store) : 0;
}

int32_t qetl_store_end(struct qetl_store *store, struct state_change *change, int32_t status)
{
    if (!status)
        status = commit(store, change);
    else if (store->is_open)
        qetl_state_db_rollback(&store->db);
    if (status && change->creates)
        close_database(store);
    if (!status && change->durable && !store->in_memory)
        qetl_state_anchor_put(&store->folder, change->head.sequence);
    return status;
}
