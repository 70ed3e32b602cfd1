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

/* ---- Calls of the system that kill ---- */

static long kill_in = -1; /* calls until the process dies; -1: it does not */

static void maybe_die(void)
{
    if (kill_in >= 0 && --kill_in < 0)
        kill(getpid(), SIGKILL);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* Half of it is written, where it dies. */
ssize_t write(int fd, const void *data, size_t size)
{
    if (kill_in == 0 && size > 1)
        REAL(write)(fd, data, size / 2);
    maybe_die();
    return REAL(write)(fd, data, size);
}

int fsync(int fd)
{
    maybe_die();
    return REAL(fsync)(fd);
}

int renameat2(int from, const char *name, int to, const char *other, unsigned flags)
{
    maybe_die();
    int code = REAL(renameat2)(from, name, to, other, flags);
    maybe_die();
    return code;
}

int ftruncate(int fd, off_t length)
{
    maybe_die();
    int code = REAL(ftruncate)(fd, length);
    maybe_die();
    return code;
}

int unlink(const char *path)
{
    maybe_die();
    return REAL(unlink)(path);
}

int open(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
    va_end(more);
    maybe_die();
    return REAL(open)(path, flags, mode);
}

/* ---- A run of many processes ---- */

/* What outlives a process, as a store would keep it. */
enum { HANDLES_MOST = 64, ROWS = 60 };

struct kept {
    struct sink_rig state; /* of the decided epoch: state alone is used */
    bool decided, committed, final;
    int64_t rows; /* that it decided */
    uint64_t number;
    int handles, pending; /* of the decided epoch; behind them, of what is prepared since */
    struct sink_rig handle[HANDLES_MOST];
    int64_t pending_rows;
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
    bool endless;
};

static void must(int32_t status, struct sink_rig *rig, const char *what)
{
    if (status == QETL_OK)
        return;
    fprintf(stderr, "%s: %d: %s\n", what, status, qetl_fake_host_message(&rig->fake));
    _exit(3);
}

static void all_commit(struct sink_rig *rig)
{
    for (int i = 0; i < kept->handles; i++)
        must(sink_commit(rig, kept->number, &kept->handle[i]), rig, "commit");
    maybe_die();
    kept->committed = true;
}

/* A new instance, as recovery makes it. */
static void recover(const struct variant *v, struct sink_rig *rig)
{
    if (kept->pending && draw(2)) { /* a sink that decides had them prepared */
        must(sink_make(rig, v->config), rig, "create");
        for (int i = kept->handles + kept->pending - 1; i >= kept->handles; i--)
            must(sink_abort(rig, kept->number + 1, &kept->handle[i]), rig, "abort");
        sink_free(rig);
        kept->aborted++;
    }
    kept->pending = 0;
    if (kept->decided && (!kept->committed || draw(2))) {
        must(sink_make(rig, v->config), rig, "create");
        rig->goes_on = !kept->final;
        all_commit(rig);
        kept->recommitted++;
        sink_free(rig);
    }
}

static void barrier(struct sink_rig *rig, uint64_t number, int64_t rows, bool final)
{
    rig->goes_on = !final;
    must(sink_prepare(rig, number), rig, "prepare");
    if (rig->handles) {
        kept->handle[kept->handles + kept->pending] = *rig;
        kept->pending++;
    }
    maybe_die();
    must(sink_save(rig), rig, "save");
    maybe_die();
    if (!final && draw(4) == 0)
        return; /* decided with the next one */
    if (!kept->pending)
        kept->handles = 0;
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
        char line[200];
        snprintf(line, sizeof line, "row %ld%*d\n", (long)row, (int)(row * 37 % 90) + 1, 0);
        must(sink_put(&rig, line, 1), &rig, "write");
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

static void expect_rows(const struct variant *v, uint64_t seed)
{
    char wanted[ROWS * 110], command[200];
    size_t at = (size_t)snprintf(wanted, sizeof wanted, "%s", v->before ? v->before : "");
    for (int64_t row = 0; row < ROWS; row++)
        at += (size_t)snprintf(wanted + at, sizeof wanted - at, "row %ld%*d\n", (long)row,
                               (int)(row * 37 % 90) + 1, 0);
    snprintf(command, sizeof command, "%s < $(ls -d out out.gz out.zst 2>/dev/null) > found",
             v->unpack);
    shell(command);
    int64_t size;
    char *found = (char *)file_get("found", &size);
    cr_expect(size == (int64_t)at && memcmp(found, wanted, at) == 0,
              "%s, seed %ld: %ld bytes, not %ld", v->config, (long)seed, (long)size, (long)at);
    free(found);
    shell("rm found; ls -A > names; ! grep -v '^names$\\|^out\\|.*bak' names; rm names");
}

static void one_run(const struct variant *v, uint64_t seed)
{
    long kills = kept->kills, resumed = kept->resumed, recommitted = kept->recommitted,
         aborted = kept->aborted;
    memset(kept, 0, sizeof *kept);
    kept->kills = kills, kept->resumed = resumed;
    kept->recommitted = recommitted, kept->aborted = aborted;
    random_state = seed;
    if (v->before) {
        shell(v->unpack[0] == 'c' ? "printf 'old\\n' > out" : "printf 'old\\n' | gzip > out.gz");
    }
    for (int attempt = 0;; attempt++) {
        int status;
        bool dies = attempt < 30;
        uint64_t salt = random_next(&random_state);
        pid_t pid = fork();
        if (pid == 0) {
            random_state = salt;
            kill_in = dies ? (long)draw(attempt % 2 ? 12 : 80) : -1;
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
    shell("rm -f out*");
}

static void many_runs(const struct variant *v)
{
    kept = mmap(NULL, sizeof *kept, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(kept, MAP_FAILED);
    for (uint64_t seed = 1; seed <= 12; seed++)
        one_run(v, seed);
    cr_log_info("%s: %ld kills, %ld resumed, %ld committed again, %ld aborted\n", v->config,
                kept->kills, kept->resumed, kept->recommitted, kept->aborted);
    cr_expect_gt(kept->kills, 30);
    cr_expect_gt(kept->resumed, 15);
    cr_expect_gt(kept->recommitted, 8);
}

Test(file_sink_kills, kills_of_a_staged_file)
{
    many_runs(&(struct variant){"{\"path\":\"out\"}", "cat", NULL, false});
}

Test(file_sink_kills, kills_of_a_compressed_file)
{
    many_runs(&(struct variant){"{\"path\":\"out.gz\"}", "gzip -dc", NULL, false});
}

Test(file_sink_kills, kills_of_a_file_that_replaces)
{
    many_runs(&(struct variant){"{\"path\":\"out.zst\",\"if_exists\":\"replace\"}", "zstd -dcq",
                                NULL, false});
}

Test(file_sink_kills, kills_of_an_append)
{
    many_runs(
        &(struct variant){"{\"path\":\"out\",\"if_exists\":\"append\"}", "cat", "old\n", false});
}

Test(file_sink_kills, kills_of_a_compressed_append)
{
    many_runs(&(struct variant){"{\"path\":\"out.gz\",\"if_exists\":\"append\"}", "gzip -dc",
                                "old\n", false});
}

Test(file_sink_kills, kills_of_a_run_without_end)
{
    many_runs(&(struct variant){"{\"path\":\"out\"}", "cat", NULL, true});
}
