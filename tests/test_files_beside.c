/* SPDX-License-Identifier: Apache-2.0 */
/* Files beside a library, in a host that does not know of them: there the helpers look themselves.
 */
#include "fake_host.h"

#include <qetl/files.h>

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct qetl_fake_host fake;
static char folder[4096];

/* This program is what they look beside. */
static void start(void)
{
    Dl_info info;
    cr_assert(dladdr(&fake, &info) != 0 && info.dli_fname);
    const char *end = strrchr(info.dli_fname, '/');
    snprintf(folder, sizeof folder, "%.*s/beside-XXXXXX", end ? (int)(end - info.dli_fname) : 1,
             end ? info.dli_fname : ".");
    cr_assert_not_null(mkdtemp(folder));
    static const char *const names[] = {"b.txt", "a.txt"};
    for (int i = 0; i < 2; i++) {
        char path[4200];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        FILE *file = fopen(path, "w");
        cr_assert_not_null(file);
        fprintf(file, "this is %s", names[i]);
        fclose(file);
    }
    char path[4200];
    snprintf(path, sizeof path, "%s/deeper", folder);
    cr_assert_eq(mkdir(path, 0700), 0);
    qetl_fake_host_init(&fake, NULL);
}

static void stop(void)
{
    static const char *const names[] = {"a.txt", "b.txt", "deeper", ""};
    for (int i = 0; i < 4; i++) {
        char path[4200];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
    qetl_fake_host_free(&fake);
}

TestSuite(files_beside, .init = start, .fini = stop);

static const char *name_of(const char *file)
{
    static char name[256];
    snprintf(name, sizeof name, "%s%s", strrchr(folder, '/') + 1, file);
    return name;
}

Test(files_beside, are_read_where_no_host_has_them)
{
    char text[64] = "";
    int32_t fd;
    cr_assert_eq(qetl_file_open(fake.env, name_of("/a.txt"), &fd), QETL_OK);
    cr_assert_geq(fd, 0);
    cr_expect_eq(read(fd, text, sizeof text), 13);
    cr_expect_str_eq(text, "this is a.txt");
    close(fd);
    cr_assert_eq(qetl_file_open(fake.env, name_of("/none.txt"), &fd), QETL_OK);
    cr_expect_eq(fd, -1);
    cr_assert_eq(qetl_file_open(fake.env, name_of("/a.txt/none"), &fd), QETL_OK);
    cr_expect_eq(fd, -1);
    cr_expect_eq(fake.n_errors, 0);
}

static int32_t join(void *stream, const void *name, uint64_t size)
{
    strncat(stream, name, size);
    strcat(stream, " ");
    return strlen(stream) > 10 ? QETL_E_CANCELLED : QETL_OK;
}

Test(files_beside, are_listed_in_order)
{
    char all[256] = "";
    struct qetl_writer names = {all, join};
    cr_assert_eq(qetl_file_list(fake.env, name_of(""), &names), QETL_E_CANCELLED);
    cr_expect_str_eq(all, "a.txt b.txt ");
    *all = '\0';
    cr_assert_eq(qetl_file_list(fake.env, name_of("/deeper"), &names), QETL_OK);
    cr_assert_eq(qetl_file_list(fake.env, name_of("/none"), &names), QETL_OK);
    cr_expect_str_eq(all, "");
}

Test(files_beside, say_why_they_cannot_be_read)
{
    char path[4200];
    int32_t fd;
    snprintf(path, sizeof path, "%s/a.txt", folder);
    cr_assert_eq(remove(path), 0);
    cr_assert_eq(symlink("a.txt", path), 0);
    cr_assert_eq(qetl_file_open(fake.env, name_of("/a.txt"), &fd), QETL_E_ENVIRONMENT);
    cr_assert_eq(fake.n_errors, 1);
    cr_expect(strstr(fake.errors[0].message, "a.txt cannot be read"), "%s", fake.errors[0].message);
}
