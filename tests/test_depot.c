/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of installed packages: who waits for whom, what is kept for readers, and file systems
 * that cannot do all. */
#include "config_fixture.h"

#include "../core/depot/depot.h"
#include "../core/disk/alone.h"
#include "../core/disk/durable.h"
#include "../core/plugin/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct qetl_findings findings;
static char folder[64];

/* As on a file system that has no rename but the plain one. */
static bool plain_renames;

int renameat2(int from, const char *one, int to, const char *other, unsigned flags)
{
    if (plain_renames && flags) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_renameat2, from, one, to, other, flags);
}

static void setup(void)
{
    snprintf(folder, sizeof folder, "/tmp/qetl-depot-XXXXXX");
    cr_assert(mkdtemp(folder));
    plain_renames = false;
}

static void teardown(void)
{
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert_eq(system(command), 0);
    qetl_findings_free(&findings);
}

static char told_path[64];
static long told_process;

static void tell(const struct alone_place *place, long process)
{
    snprintf(told_path, sizeof told_path, "%s", place->path);
    told_process = process;
}

Test(depot, waits_says_for_whom_and_gives_up, .init = setup, .fini = teardown)
{
    struct depot first = QETL_DEPOT_CLOSED, second = QETL_DEPOT_CLOSED;
    qetl_alone_wait(40, 200, tell);
    cr_assert_eq(qetl_depot_open(&first, folder, &findings), 0);
    cr_assert_eq(qetl_depot_open(&second, folder, &findings), -1);
    cr_expect_str_eq(findings.items[0].code, "packages_locked");
    cr_expect_str_eq(told_path, folder);
    cr_expect_eq(told_process, getpid());
    qetl_depot_close(&second);
    qetl_depot_close(&first);
    cr_expect_eq(qetl_depot_open(&second, folder, &findings), 0);
    qetl_depot_close(&second);
}

static const char digest[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

static void path_of(const char *name, char path[192])
{
    snprintf(path, 192, "%s/content/%s", folder, name);
}

static int has(const char *name)
{
    char path[192];
    path_of(name, path);
    return access(path, F_OK) == 0;
}

static void listed_with(const char *version)
{
    struct depot depot = QETL_DEPOT_CLOSED;
    cr_assert_eq(qetl_depot_open(&depot, folder, &findings), 0);
    while (depot.n_entries)
        qetl_depot_drop(&depot, &depot.entries[0]);
    if (version)
        cr_assert_eq(qetl_depot_add(&depot, "x", version, digest), 0);
    cr_assert_eq(qetl_depot_commit(&depot, &findings), 0);
    qetl_depot_sweep(&depot);
    qetl_depot_close(&depot);
}

Test(depot, keeps_what_is_read_until_the_last_reader_is_gone, .init = setup, .fini = teardown)
{
    char path[192];
    struct depot readers[2] = {QETL_DEPOT_CLOSED, QETL_DEPOT_CLOSED};
    listed_with("1.0.0");
    path_of(digest, path);
    cr_assert_eq(mkdir(path, 0755), 0);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(qetl_depot_look(&readers[i], folder, &findings), 0);
        cr_assert_eq(readers[i].n_entries, 1);
    }
    listed_with(NULL);
    cr_expect(has(digest), "two read it");
    qetl_depot_close(&readers[0]);
    listed_with(NULL);
    cr_expect(has(digest), "one reads it");
    struct qetl_shelf *shelf = qetl_shelf_hold(readers[1].shelf);
    qetl_depot_close(&readers[1]);
    listed_with(NULL);
    cr_expect(has(digest), "a plugin of its may");
    qetl_shelf_release(shelf);
    listed_with(NULL);
    cr_expect(!has(digest), "nobody reads it");
}

Test(depot, a_lock_of_another_is_in_no_readers_way, .init = setup, .fini = teardown)
{
    char path[192];
    struct depot reader = QETL_DEPOT_CLOSED;
    struct flock all = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    listed_with("1.0.0");
    path_of(digest, path);
    cr_assert_eq(mkdir(path, 0755), 0);
    snprintf(path, sizeof path, "%s/%s", folder, QETL_SHELF_USERS);
    struct stat status;
    cr_assert_eq(stat(path, &status), 0);
    cr_expect_eq(status.st_mode & 0777, 0644, "others read it, and do not write");
    int other = open(path, O_RDONLY | O_CLOEXEC);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    cr_expect_eq(fcntl(other, F_OFD_SETLK, &whole), -1, "which is all that it takes");
    cr_expect_eq(fcntl(other, F_OFD_SETLK, &all), 0);
    cr_expect_eq(qetl_depot_look(&reader, folder, &findings), 0);
    qetl_depot_close(&reader);
    listed_with(NULL);
    cr_expect(has(digest), "it is not swept as long");
    close(other);
    listed_with(NULL);
    cr_expect(!has(digest));
}

Test(durable, spares_what_is_there_on_any_file_system, .init = setup, .fini = teardown)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char *text;
    size_t size;
    for (int i = 0; i < 2; i++) {
        char name[] = "name0";
        name[4] = (char)('0' + i);
        plain_renames = i;
        cr_expect_eq(qetl_durable_write_in(fd, name, "one", 3, 0644, false), 0);
        cr_expect_eq(qetl_durable_write_in(fd, name, "two", 3, 0644, false), EEXIST);
        cr_expect_eq(qetl_beneath_slurp(fd, name, 10, &text, &size), 0);
        cr_expect_str_eq(text, "one");
        free(text);
        cr_expect_eq(qetl_durable_write_in(fd, name, "three", 5, 0644, true), 0);
        cr_expect_eq(qetl_beneath_slurp(fd, name, 10, &text, &size), 0);
        cr_expect_str_eq(text, "three");
        free(text);
    }
    close(fd);
}

Test(beneath, nothing_that_others_may_change_and_no_link, .init = setup, .fini = teardown)
{
    int fd, top = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char *text;
    size_t size;
    cr_assert_eq(mkdirat(top, "a", 0755), 0);
    cr_assert_eq(mkdirat(top, "a/b", 0755), 0);
    int a = openat(top, "a/b", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_assert_eq(qetl_durable_write_in(a, "file", "text", 4, 0644, false), 0);
    cr_expect_eq(qetl_beneath_slurp(top, "a/b/file", 4, &text, &size), 0);
    free(text);
    cr_expect_eq(qetl_beneath_slurp(top, "a/b/file", 3, &text, &size), EFBIG);
    static const char *const open_to_all[] = {"a", "a/b", "a/b/file"};
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(fchmodat(top, open_to_all[i], 0757, 0), 0);
        cr_expect_eq(qetl_beneath_file(top, "a/b/file", &fd), EPERM, "%s", open_to_all[i]);
        cr_expect_eq(fd, -1);
        cr_assert_eq(fchmodat(top, open_to_all[i], 0755, 0), 0);
    }
    cr_assert_eq(symlinkat("a", top, "link"), 0);
    cr_assert_eq(symlinkat("file", a, "link"), 0);
    cr_assert_eq(mkfifoat(a, "pipe", 0644), 0);
    int error = qetl_beneath_file(top, "link/b/file", &fd);
    cr_expect(error == ELOOP || error == ENOTDIR);
    cr_expect_eq(qetl_beneath_file(top, "a/b/link", &fd), ELOOP);
    cr_expect_eq(qetl_beneath_file(top, "a/b/pipe", &fd), EBADMSG);
    cr_expect_eq(qetl_beneath_file(top, "a/b/file/x", &fd), ENOTDIR);
    cr_expect_eq(qetl_beneath_file(top, "a/c", &fd), ENOENT);
    cr_expect_eq(qetl_beneath_file(top, "a/b", &fd), EBADMSG);
    cr_expect_eq(qetl_beneath_folder(top, "a/b/file", &fd), ENOTDIR);
    close(a);
    close(top);
}
