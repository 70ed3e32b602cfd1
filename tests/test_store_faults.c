/* SPDX-License-Identifier: Apache-2.0 */
/* Memory and disks that fail: each allocation, each write, sync and opening of the database, once
 * and from then on. What was answered 0 is there afterwards; after a failed disk nothing goes on.
 */
#include "state/store.h"
#include "store_scratch.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <qetl/plugin.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* ---- what fails: the n-th, and if it stays, all behind it ---- */

static struct fault {
    long at; /* 0: nothing fails */
    long seen;
    bool stays;
} disk;

static bool fails(struct fault *fault)
{
    if (!fault->at)
        return false;
    fault->seen++;
    return fault->stays ? fault->seen >= fault->at : fault->seen == fault->at;
}

/* Sanitizers bring an allocator of their own: there every allocation succeeds. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static struct fault memory;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
    return fails(&memory) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return fails(&memory) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
    return fails(&memory) ? NULL : __libc_realloc(old, size);
}
#endif

/* ---- a disk that fails, below SQLite ---- */

static sqlite3_vfs *real, shim;
static sqlite3_io_methods methods[2]; /* of files with locks, and of those without */
static const sqlite3_io_methods *under;

static int shim_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
    return fails(&disk) ? SQLITE_FULL : under->xWrite(file, data, size, at);
}

static int shim_sync(sqlite3_file *file, int flags)
{
    return fails(&disk) ? SQLITE_IOERR_FSYNC : under->xSync(file, flags);
}

static int shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return fails(&disk) ? SQLITE_IOERR_TRUNCATE : under->xTruncate(file, size);
}

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    (void)vfs;
    if (fails(&disk))
        return SQLITE_CANTOPEN;
    int rc = real->xOpen(real, name, file, flags, out);
    if (rc || !file->pMethods || file->pMethods->iVersion < 3)
        return rc;
    under = file->pMethods;
    sqlite3_io_methods *own = &methods[!under->xShmMap];
    *own = *under;
    own->xWrite = shim_write;
    own->xSync = shim_sync;
    own->xTruncate = shim_truncate;
    file->pMethods = own;
    return rc;
}

static void begin(void)
{
    store_scratch();
    real = sqlite3_vfs_find(NULL);
    shim = *real;
    shim.zName = "shim";
    shim.xOpen = shim_open;
    cr_assert_eq(sqlite3_vfs_register(&shim, 1), SQLITE_OK);
}

TestSuite(store_faults, .init = begin, .fini = store_scratch_end, .timeout = 120);

/* ---- a small life ---- */

enum { LARGE = 70000 };
static char large[LARGE];

static int32_t decide(struct qetl_store *store, uint64_t number)
{
    struct qetl_entry entries[] = {{QETL_ENTRY_POSITION, "orders", 0, 1, &number, sizeof number},
                                   {QETL_ENTRY_STATE, "sum", 0, 1, large, LARGE}};
    struct qetl_record record = {.number = number, .entries = entries, .n_entries = 2};
    return qetl_store_decide(store, &record);
}

struct life {
    uint64_t decided;   /* the highest that was answered 0 */
    uint64_t attempted; /* the highest that was asked for */
    bool environment;
};

static bool life_step(struct life *life, struct qetl_store *store)
{
    life->attempted++;
    int32_t status = decide(store, life->attempted);
    if (status == 0)
        life->decided = life->attempted;
    else if (life->environment)
        cr_assert_eq(status, QETL_E_ENVIRONMENT, "went on after the disk had failed: %d", status);
    else
        cr_assert(status == QETL_E_ENVIRONMENT || status == QETL_E_NO_MEMORY, "%d", status);
    life->environment |= status == QETL_E_ENVIRONMENT;
    return status == 0;
}

static void live(struct life *life)
{
    struct qetl_findings findings = {0};
    struct qetl_record decided, prepared;
    struct qetl_store *store = qetl_store_open(store_root, "p", "{\"a\": \"1\"}", &findings);
    if (store && !qetl_store_recover(store, &decided, &prepared, &findings)) {
        qetl_record_free(&decided);
        qetl_record_free(&prepared);
        life->attempted = life->attempted > life->decided ? life->attempted : life->decided;
        for (int i = 0; i < 3; i++)
            if (life_step(life, store))
                qetl_store_committed(store, life->decided);
    } else
        cr_assert_gt(findings.errors + (store != NULL), 0);
    qetl_store_close(store);
    qetl_findings_free(&findings);
}

static void expect_survived(const struct life *life, const char *what, long at)
{
    struct qetl_findings findings = {0};
    struct qetl_record decided, prepared;
    struct qetl_store *store = store_open();
    uint64_t number;
    int32_t status = qetl_store_recover(store, &decided, &prepared, &findings);
    cr_assert_eq(status == QETL_E_CONFIG ? 0 : status, 0, "%s %ld: %s", what, at,
                 findings_text(&findings));
    qetl_findings_free(&findings);
    if (status == 0) {
        qetl_record_free(&decided);
        qetl_record_free(&prepared);
    }
    qetl_store_close(store);
    store = qetl_store_open(store_root, "p", NULL, &findings);
    cr_assert_eq(qetl_store_recover(store, &decided, &prepared, &findings), 0);
    cr_assert(decided.number >= life->decided && decided.number <= life->attempted,
              "%s %ld: epoch %d, of %d decided and %d attempted", what, at, (int)decided.number,
              (int)life->decided, (int)life->attempted);
    if (decided.number) {
        memcpy(&number, decided.entries[0].data, sizeof number);
        cr_assert_eq(number, decided.number);
    }
    qetl_record_free(&decided);
    qetl_record_free(&prepared);
    qetl_store_close(store);
}

/* Until nothing is left to fail; the first time on an empty disk, the second on what is there. */
static void exhaust(struct fault *fault, const char *what, bool stays, long least)
{
    bool more = true;
    long at = 0;
    while (more) {
        struct life life = {0};
        more = false;
        at++;
        for (int again = 0; again < 2; again++) {
            life.environment = false;
            *fault = (struct fault){.at = at, .stays = stays};
            live(&life);
            more |= fault->seen >= at;
            *fault = (struct fault){0};
            expect_survived(&life, what, at);
        }
        store_unlink_matching("");
    }
    cr_expect_geq(at, least, "only %ld places where %s can fail were seen", at, what);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
Test(store_faults, each_allocation_fails)
{
    for (int stays = 0; stays < 2; stays++)
        exhaust(&memory, "allocation", stays, 500);
}
#endif

Test(store_faults, each_write_sync_and_open_fails)
{
    for (int stays = 0; stays < 2; stays++)
        exhaust(&disk, "input or output", stays, 30);
}

/* ---- what SQLite does not write ---- */

Test(store_faults, no_room_for_a_large_entry)
{
    struct rlimit limit;
    struct qetl_store *store = store_open();
    cr_assert_eq(decide(store, 1), 0);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){LARGE / 2, limit.rlim_max}), 0);
    large[0] = 'x';
    cr_expect_eq(decide(store, 2), QETL_E_ENVIRONMENT);
    cr_expect_not_null(strstr(qetl_store_reason(store), "File too large"), "%s",
                       qetl_store_reason(store));
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    cr_expect_eq(decide(store, 3), QETL_E_ENVIRONMENT, "it went on");
    qetl_store_close(store);
    large[0] = 0;
    expect_survived(&(struct life){.decided = 1, .attempted = 1}, "file", 1);
}
