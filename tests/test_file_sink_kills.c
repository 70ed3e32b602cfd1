/* SPDX-License-Identifier: Apache-2.0 */
/* The sink `file`, killed again and again between any two calls of the system: each row is there
 * once in the end. */
#include "rig_file_sink.h"
#include "sdk_random.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Calls of the system that kill, or fail ---- */

static long kill_in = -1;       /* calls until the process dies; -1: it does not */
static bool fails_only, failed; /* the call fails in its stead; it did */

static bool struck(void)
{
    if (kill_in < 0 || --kill_in >= 0)
        return false;
    if (!fails_only)
        kill(getpid(), SIGKILL);
    failed = true;
    errno = EIO;
    return true;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* Half of it is written, where it dies. */
ssize_t write(int fd, const void *data, size_t size)
{
    if (kill_in == 0 && size > 1)
        REAL(write)(fd, data, size / 2);
    return struck() ? -1 : REAL(write)(fd, data, size);
}

int fsync(int fd)
{
    return struck() ? -1 : REAL(fsync)(fd);
}

int syncfs(int fd)
{
    return struck() ? -1 : REAL(syncfs)(fd);
}

int mkdir(const char *path, mode_t mode)
{
    return struck() ? -1 : REAL(mkdir)(path, mode);
}

int renameat2(int from, const char *name, int to, const char *other, unsigned flags)
{
    if (struck())
        return -1;
    int code = REAL(renameat2)(from, name, to, other, flags);
    return struck() ? -1 : code; /* it was done, and the news of it is lost */
}

int ftruncate(int fd, off_t length)
{
    return struck() ? -1 : REAL(ftruncate)(fd, length);
}

int truncate(const char *path, off_t length)
{
    return struck() ? -1 : REAL(truncate)(path, length);
}

int unlink(const char *path)
{
    return struck() ? -1 : REAL(unlink)(path);
}

int open(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
    va_end(more);
    return struck() ? -1 : REAL(open)(path, flags, mode);
}

static void maybe_die(void)
{
    if (!fails_only)
        struck();
}

/* ---- A run of many processes ---- */

enum { HANDLES_MOST = 128, HANDLE_BYTES = 1024, ROWS = 60, KEYS = 3 };

struct piece {
    uint8_t data[HANDLE_BYTES];
    size_t size;
};

/* What outlives a process, as a store would keep it. */
struct kept {
    struct sink_rig state; /* of the decided epoch: state alone is used */
    bool decided, committed, final;
    int64_t rows; /* that it decided */
    uint64_t number;
    int handles, pending; /* of the decided epoch; behind them, of what is prepared since */
    struct piece handle[HANDLES_MOST];
    long kills, resumed, recommitted, aborted;
};

static struct kept *kept;
static uint64_t random_state;

TestSuite(file_sink_kills, .init = scratch, .fini = scratch_end, .timeout = 120);

static uint64_t draw(uint64_t below)
{
    return random_next(&random_state) % below;
}

struct variant {
    const char *config, *unpack, *before;
    bool endless, parts, fails;
};

static void must(int32_t status, struct sink_rig *rig, const char *what)
{
    if (status == QETL_OK)
        return;
    if (failed && *qetl_fake_host_message(&rig->fake)) {
        sink_free(rig);
        _exit(1);
    }
    fprintf(stderr, "%s: %d: %s\n", what, status, qetl_fake_host_message(&rig->fake));
    _exit(3);
}

static struct qetl_epoch epoch_of(uint64_t number, bool final)
{
    return (struct qetl_epoch){.struct_size = sizeof(struct qetl_epoch),
                               .flags = final ? QETL_EPOCH_FINAL : 0,
                               .number = number,
                               .generation = 1,
                               .pipeline = "",
                               .component = "sink"};
}

static struct qetl_blob *blobs_of(int from, int n)
{
    static struct qetl_blob blobs[HANDLES_MOST];
    for (int i = 0; i < n; i++)
        blobs[i] = (struct qetl_blob){kept->handle[from + i].data, kept->handle[from + i].size};
    return blobs;
}

static void all_commit(struct sink_rig *rig)
{
    struct qetl_epoch epoch = epoch_of(kept->number, kept->final);
    must(rig->component->sink->commit(rig->self, &epoch, kept->handles, blobs_of(0, kept->handles)),
         rig, "commit");
    maybe_die();
    kept->committed = true;
}

/* A new instance, as recovery makes it. */
static void recover(const struct variant *v, struct sink_rig *rig)
{
    if (kept->pending && draw(2)) { /* a sink that decides had them prepared */
        struct qetl_epoch epoch = epoch_of(kept->number + 1, false);
        must(sink_make(rig, v->config), rig, "create");
        must(rig->component->sink->abort(rig->self, &epoch, kept->pending,
                                         blobs_of(kept->handles, kept->pending)),
             rig, "abort");
        sink_free(rig);
        kept->aborted++;
    }
    kept->pending = 0;
    if (kept->decided && (!kept->committed || draw(2))) {
        must(sink_make(rig, v->config), rig, "create");
        all_commit(rig);
        kept->recommitted++;
        sink_free(rig);
    }
}

static int32_t handle_add(void *stream, const void *data, size_t size)
{
    struct piece *piece = &kept->handle[kept->handles + kept->pending];
    (void)stream;
    if (size > HANDLE_BYTES || kept->handles + kept->pending >= HANDLES_MOST)
        return QETL_E_FATAL;
    memcpy(piece->data, data, size);
    piece->size = size;
    kept->pending++;
    return QETL_OK;
}

static void barrier(struct sink_rig *rig, uint64_t number, int64_t rows, bool final)
{
    struct qetl_epoch epoch = epoch_of(number, final);
    struct qetl_writer writer = {NULL, handle_add};
    must(rig->component->sink->prepare(rig->self, &epoch, &writer), rig, "prepare");
    maybe_die();
    must(sink_save(rig), rig, "save");
    maybe_die();
    if (!final && draw(4) == 0)
        return; /* decided with the next one */
    memmove(kept->handle, kept->handle + kept->handles,
            (size_t)kept->pending * sizeof *kept->handle);
    kept->handles = kept->pending;
    kept->pending = 0;
    kept->state = *rig;
    kept->rows = rows;
    kept->number = number;
    kept->final = final;
    kept->committed = false;
    kept->decided = true;
    maybe_die();
    all_commit(rig);
}

static int line_make(char line[128], int64_t row)
{
    return snprintf(line, 128, "row %ld%*d\n", (long)row, (int)(row * 37 % 90) + 1, 0);
}

static void row_put(struct sink_rig *rig, const struct variant *v, int64_t row)
{
    char line[128], key = (char)('a' + row % KEYS);
    struct qetl_blob keys[] = {{&key, 1}};
    struct qetl_write write = {.struct_size = sizeof write,
                               .bytes = line,
                               .bytes_size = line_make(line, row),
                               .rows = 1,
                               .n_keys = v->parts,
                               .keys = v->parts ? keys : NULL};
    must(rig->component->sink->write(rig->self, &write), rig, "write");
}

static void process_run(const struct variant *v)
{
    struct sink_rig rig;
    recover(v, &rig);
    if (kept->final)
        _exit(0);
    must(sink_checkpointed(&rig, v->config, v->endless, kept->decided ? &kept->state : NULL), &rig,
         "open");
    kept->resumed += kept->decided;
    uint64_t number = kept->number;
    for (int64_t row = kept->rows; row < ROWS; row++) {
        row_put(&rig, v, row);
        if (draw(6) == 0)
            barrier(&rig, ++number, row + 1, false);
        if (draw(40) == 0) {
            sink_free(&rig); /* it ends by an error, in good order */
            _exit(1);
        }
    }
    barrier(&rig, ++number, ROWS, true);
    kill_in = -1;
    sink_free(&rig);
    _exit(0);
}

/* ---- What there is in the end ---- */

static void expect_content(const struct variant *v, const char *files, int key, uint64_t seed)
{
    char wanted[ROWS * 110], command[300];
    size_t at = (size_t)snprintf(wanted, sizeof wanted, "%s", v->before ? v->before : "");
    for (int64_t row = key < 0 ? 0 : key; row < ROWS; row += key < 0 ? 1 : KEYS)
        at += (size_t)line_make(wanted + at, row);
    snprintf(command, sizeof command, "cat %s | %s | grep -v ^head > found", files, v->unpack);
    shell(command);
    int64_t size;
    char *found = (char *)file_get("found", &size);
    cr_expect(size == (int64_t)at && memcmp(found, wanted, at) == 0,
              "%s, seed %ld: %ld bytes in %s, not %ld", v->config, (long)seed, (long)size, files,
              (long)at);
    free(found);
    unlink("found");
}

static void expect_rows(const struct variant *v, uint64_t seed)
{
    if (!v->parts)
        expect_content(v, "$(ls -d out out.gz out.zst 2>/dev/null)", -1, seed);
    for (int key = 0; v->parts && key < KEYS; key++) {
        char files[64];
        snprintf(files, sizeof files, "out/k=%c/*", 'a' + key);
        expect_content(v, files, key, seed);
    }
    shell("ls -A > names; ! grep -v '^names$\\|^out\\|.*bak' names; rm names; "
          "! find . -path '*/.*qetl*' -type f | grep .");
}

static void one_run(const struct variant *v, uint64_t seed)
{
    struct kept counts = {.kills = kept->kills,
                          .resumed = kept->resumed,
                          .recommitted = kept->recommitted,
                          .aborted = kept->aborted};
    *kept = counts;
    random_state = seed;
    if (v->before)
        shell(v->unpack[0] == 'c' ? "printf 'old\\n' > out" : "printf 'old\\n' | gzip > out.gz");
    for (int attempt = 0;; attempt++) {
        int status;
        uint64_t salt = random_next(&random_state);
        pid_t pid = fork();
        if (pid == 0) {
            random_state = salt;
            kill_in = attempt < 30 ? (long)draw(attempt % 2 ? 12 : v->parts ? 160 : 80) : -1;
            fails_only = v->fails;
            process_run(v);
        }
        waitpid(pid, &status, 0);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
            break;
        kept->kills += WIFSIGNALED(status);
        cr_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 1,
                  "%s, seed %ld, attempt %d: status %x", v->config, (long)seed, attempt,
                  (unsigned)status);
        cr_assert_lt(attempt, 100, "%s, seed %ld does not come to its end", v->config, (long)seed);
    }
    expect_rows(v, seed);
    shell("rm -rf out*");
}

static void many_runs(const struct variant *v)
{
    kept = mmap(NULL, sizeof *kept, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(kept, MAP_FAILED);
    for (uint64_t seed = 1; seed <= 4; seed++)
        one_run(v, seed);
    cr_log_info("%s: %ld kills, %ld resumed, %ld committed again, %ld aborted\n", v->config,
                kept->kills, kept->resumed, kept->recommitted, kept->aborted);
    cr_expect(v->fails || kept->kills > 5, "%ld kills", kept->kills);
    cr_expect_gt(kept->resumed, 4);
    cr_expect_gt(kept->recommitted, 1);
}

Test(file_sink_kills, kills_of_a_staged_file)
{
    many_runs(&(struct variant){"{\"path\":\"out\"}", "cat", NULL, false, false, false});
}

Test(file_sink_kills, kills_of_a_compressed_file)
{
    many_runs(&(struct variant){"{\"path\":\"out.gz\"}", "gzip -dc", NULL, false, false, false});
}

Test(file_sink_kills, kills_of_a_file_that_replaces)
{
    many_runs(&(struct variant){"{\"path\":\"out.zst\",\"if_exists\":\"replace\"}", "zstd -dcq",
                                NULL, false, false, false});
}

Test(file_sink_kills, kills_of_an_append)
{
    many_runs(&(struct variant){"{\"path\":\"out\",\"if_exists\":\"append\"}", "cat", "old\n",
                                false, false, false});
}

Test(file_sink_kills, kills_of_a_compressed_append)
{
    many_runs(&(struct variant){"{\"path\":\"out.gz\",\"if_exists\":\"append\"}", "gzip -dc",
                                "old\n", false, false, false});
}

Test(file_sink_kills, kills_of_a_run_without_end)
{
    many_runs(&(struct variant){"{\"path\":\"out\"}", "cat", NULL, true, false, false});
}

#define PARTED(options) "{\"path\":\"out/f.csv\",\"partition_by\":\"k\"" options "}"

Test(file_sink_kills, kills_of_many_files)
{
    many_runs(&(struct variant){PARTED(",\"max_open\":2"), "cat", NULL, false, true, false});
}

Test(file_sink_kills, kills_of_many_files_that_become_full)
{
    many_runs(&(struct variant){PARTED(",\"max_rows\":7"), "cat", NULL, false, true, false});
}

Test(file_sink_kills, kills_of_many_compressed_files)
{
    many_runs(&(struct variant){PARTED(",\"compression\":\"zstd\",\"max_open\":1"), "zstd -dcq",
                                NULL, false, true, false});
}

Test(file_sink_kills, kills_of_a_folder_that_is_replaced)
{
    many_runs(&(struct variant){PARTED(",\"if_exists\":\"replace_all\""), "cat", NULL, false, true,
                                false});
}

Test(file_sink_kills, kills_of_files_of_an_epoch)
{
    many_runs(&(struct variant){"{\"path\":\"out/{epoch}.csv\",\"partition_by\":\"k\"}", "cat",
                                NULL, false, true, false});
}

Test(file_sink_kills, kills_of_files_of_an_epoch_in_a_run_without_end)
{
    many_runs(
        &(struct variant){"{\"path\":\"out/{epoch}.gz\",\"partition_by\":\"k\",\"max_rows\":2}",
                          "gzip -dc", NULL, true, true, false});
}

/* ---- Calls that fail ---- */

Test(file_sink_kills, failures_of_a_staged_file)
{
    many_runs(&(struct variant){"{\"path\":\"out\"}", "cat", NULL, false, false, true});
}

Test(file_sink_kills, failures_of_a_compressed_append)
{
    many_runs(&(struct variant){"{\"path\":\"out.gz\",\"if_exists\":\"append\"}", "gzip -dc",
                                "old\n", false, false, true});
}

Test(file_sink_kills, failures_of_a_run_without_end)
{
    many_runs(&(struct variant){"{\"path\":\"out\"}", "cat", NULL, true, false, true});
}

Test(file_sink_kills, failures_of_many_files)
{
    many_runs(&(struct variant){PARTED(",\"max_open\":1"), "cat", NULL, false, true, true});
}

Test(file_sink_kills, failures_of_files_of_an_epoch)
{
    many_runs(&(struct variant){"{\"path\":\"out/{epoch}.csv\",\"partition_by\":\"k\"}", "cat",
                                NULL, false, true, true});
}

/* ---- The file that stood there before ---- */

#define REPLACE "{\"path\":\"out\",\"if_exists\":\"replace\"}"

static void replace_once(const char *text, long dies_in)
{
    struct sink_rig rig;
    pid_t pid = fork();
    if (pid) {
        waitpid(pid, NULL, 0);
        return;
    }
    sink_fill(&rig, REPLACE, text);
    kill_in = dies_in;
    sink_commit(&rig, 1, &rig);
    kill_in = -1;
    sink_free(&rig);
    _exit(0);
}

/* The next run knows nothing of the one that died, and clears away what it left. */
Test(file_sink_kills, a_replaced_file_is_kept_wherever_the_run_dies)
{
    for (long dies_in = 0; dies_in < 12; dies_in++) {
        shell("printf 'former\\n' > out");
        replace_once("second\n", dies_in);
        shell("test -e out");
        replace_once("third\n", -1);
        shell("grep -q third out");
        shell("grep -lx former out*.bak*");
        shell("rm -rf out* .out*");
    }
}
