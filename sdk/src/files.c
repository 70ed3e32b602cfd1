/* SPDX-License-Identifier: Apache-2.0 */
/* Files beside the library: by the host, or, where it does not know of them, as they lie there. */
#include <qetl/files.h>

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of the library that this is linked into. */
static const char here;

static const struct qetl_files *files_of(struct qetl_env env)
{
    const struct qetl_files *files =
        env.host->get_extension ? env.host->get_extension(env.ctx, QETL_EXT_FILES) : NULL;
    return files && files->struct_size >= sizeof *files ? files : NULL;
}

/* To be freed; NULL without memory. */
static char *path_of(const char *path)
{
    Dl_info info;
    const char *end = dladdr(&here, &info) && info.dli_fname ? strrchr(info.dli_fname, '/') : NULL;
    char *whole = NULL;
    int size = end ? (int)(end - info.dli_fname) : 1;
    return asprintf(&whole, "%.*s/%s", size, end ? info.dli_fname : ".", path) < 0 ? NULL : whole;
}

int32_t qetl_file_open(struct qetl_env env, const char *path, int32_t *fd)
{
    const struct qetl_files *files = files_of(env);
    if (files)
        return files->open(env.ctx, path, fd);
    char *whole = path_of(path);
    if (!whole)
        return qetl_fail(env, QETL_E_NO_MEMORY, NULL, NULL, "out of memory");
    int32_t status = QETL_OK;
    *fd = open(whole, O_RDONLY | O_CLOEXEC);
    if (*fd < 0 && errno != ENOENT && errno != ENOTDIR)
        status = qetl_fail(env, QETL_E_ENVIRONMENT, NULL, NULL, "%s cannot be read: %s", whole,
                           strerror(errno));
    free(whole);
    return status;
}

static int by_bytes(const struct dirent **one, const struct dirent **other)
{
    return strcmp((*one)->d_name, (*other)->d_name);
}

int32_t qetl_file_list(struct qetl_env env, const char *folder, const struct qetl_writer *names)
{
    const struct qetl_files *files = files_of(env);
    if (files)
        return files->list(env.ctx, folder, names);
    char *whole = path_of(folder);
    struct dirent **entries = NULL;
    int32_t status = whole ? QETL_OK : QETL_E_NO_MEMORY;
    int fd = whole ? open(whole, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int n = fd < 0 ? 0 : scandirat(fd, ".", &entries, NULL, by_bytes);
    struct stat about;
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        if (!status && fstatat(fd, name, &about, 0) == 0 && S_ISREG(about.st_mode))
            status = names->write(names->stream, name, strlen(name));
        free(entries[i]);
    }
    free(entries);
    if (fd >= 0)
        close(fd);
    free(whole);
    return status;
}
