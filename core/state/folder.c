/* SPDX-License-Identifier: Apache-2.0 */
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(struct qetl_findings *findings, const char *code, const char *path, int error,
                  const char *what)
{
    struct qetl_finding *finding =
        qetl_finding_add(findings, QETL_ERROR, code, "%s: %s", what, strerror(error));
    qetl_finding_at(finding, path, 0, 0, NULL);
    qetl_finding_mend(finding, "--state names another folder for states; with --no-state, a run "
                               "that is cut short begins anew");
    qetl_finding_environment(finding);
    return -1;
}

/* ---- the folder ---- */

static int make_above(char *path)
{
    for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        int failed = mkdir(path, 0700) && errno != EEXIST;
        *at = '/';
        if (failed)
            return errno;
    }
    return 0;
}

static int folder_make(char *path)
{
    if (!mkdir(path, 0700) || errno == EEXIST)
        return 0;
    if (errno != ENOENT)
        return errno;
    int error = make_above(path);
    return error ? error : mkdir(path, 0700) && errno != EEXIST ? errno : 0;
}

static int folder_check(const struct state_folder *folder, struct qetl_findings *findings)
{
    struct stat about;
    struct qetl_finding *finding;
    if (fstat(folder->fd, &about))
        return refuse(findings, "state_folder", folder->path, errno, "cannot look at this folder");
    if (about.st_uid != geteuid()) {
        finding = qetl_finding_add(findings, QETL_ERROR, "state_folder",
                                   "this folder belongs to user %ld: a state is read and written "
                                   "by its owner only",
                                   (long)about.st_uid);
        qetl_finding_mend(finding, "run as that user, or name another folder with --state");
    } else if (about.st_mode & 077) {
        finding = qetl_finding_add(findings, QETL_ERROR, "state_folder",
                                   "others may look into this folder of a state (mode %04o)",
                                   (unsigned)about.st_mode & 07777);
        qetl_finding_mend_file(finding, "chmod 700 {}", folder->path);
    } else
        return 0;
    qetl_finding_at(finding, folder->path, 0, 0, NULL);
    qetl_finding_environment(finding);
    return -1;
}

/* ---- the lock ---- */

/* Of the descriptor, not of the process: who only looks cannot lose it by closing. */
static struct flock whole(short type)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET};
}

void qetl_state_folder_holder(const struct state_folder *folder, struct state_holder *holder)
{
    char text[128] = "";
    long pid = 0;
    struct flock lock = whole(F_WRLCK);
    int fd = openat(folder->fd, "lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    *holder = (struct state_holder){0};
    if (fd < 0)
        return;
    if (!fcntl(fd, F_OFD_GETLK, &lock) && lock.l_type != F_UNLCK) {
        ssize_t got = pread(fd, text, sizeof text - 1, 0);
        if (got < 0 || sscanf(text, "%ld %64s", &pid, holder->host) != 2 || pid <= 0)
            pid = -1;
        holder->pid = (pid_t)pid;
    }
    close(fd);
}

static int locked_by_another(const struct state_folder *folder, struct qetl_findings *findings)
{
    struct state_holder holder;
    struct qetl_finding *finding;
    qetl_state_folder_holder(folder, &holder);
    if (holder.pid > 0)
        finding = qetl_finding_add(findings, QETL_ERROR, "state_locked",
                                   "process %ld on %s is at work with this state", (long)holder.pid,
                                   holder.host);
    else
        finding = qetl_finding_add(findings, QETL_ERROR, "state_locked",
                                   "another process is at work with this state");
    qetl_finding_at(finding, folder->path, 0, 0, NULL);
    qetl_finding_mend(finding, "wait until it has ended, or end it; if that is another pipeline of "
                               "the same name, give this one another `name`");
    qetl_finding_environment(finding);
    return -1;
}

/* 0: the lock is on the file which bears the name; ESTALE: on one that was removed. */
static int lock_look(const struct state_folder *folder)
{
    struct stat held, named;
    if (fstat(folder->lock, &held))
        return errno;
    if (fstatat(folder->fd, "lock", &named, AT_SYMLINK_NOFOLLOW))
        return errno == ENOENT ? ESTALE : errno;
    return held.st_ino == named.st_ino && held.st_dev == named.st_dev ? 0 : ESTALE;
}

static void sign(const struct state_folder *folder)
{
    char text[128], host[65] = "?";
    gethostname(host, sizeof host - 1);
    int size = snprintf(text, sizeof text, "%ld %s\n", (long)getpid(), *host ? host : "?");
    /* Only for the message of who comes second. */
    if (ftruncate(folder->lock, 0) || pwrite(folder->lock, text, (size_t)size, 0) != size)
        return;
}

static int folder_lock(struct state_folder *folder, struct qetl_findings *findings)
{
    struct flock lock = whole(F_WRLCK);
    int error = ESTALE;
    while (error == ESTALE) {
        if (folder->lock >= 0)
            close(folder->lock);
        folder->lock = openat(folder->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (folder->lock < 0)
            return refuse(findings, "state_folder", folder->path, errno,
                          "cannot make the file `lock` in this folder");
        if (fcntl(folder->lock, F_OFD_SETLK, &lock))
            return errno == EAGAIN || errno == EACCES
                       ? locked_by_another(folder, findings)
                       : refuse(findings, "state_folder", folder->path, errno,
                                "cannot lock the file `lock` in this folder");
        error = lock_look(folder);
    }
    if (error)
        return refuse(findings, "state_folder", folder->path, error,
                      "cannot look at the file `lock` in this folder");
    sign(folder);
    return 0;
}

/* ---- open and close ---- */

static int folder_enter(struct state_folder *folder, const char *above, const char *name)
{
    folder->fd = folder->lock = -1;
    if (asprintf(&folder->path, "%s/%s", above, name) < 0) {
        folder->path = NULL;
        return ENOMEM;
    }
    return 0;
}

static int folder_descriptor(struct state_folder *folder)
{
    folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return folder->fd < 0 ? errno : 0;
}

int qetl_state_folder_open(struct state_folder *folder, const char *above, const char *pipeline,
                           struct qetl_findings *findings)
{
    char *name = qetl_state_folder_name(pipeline);
    *folder = (struct state_folder){.fd = -1, .lock = -1};
    int error = name ? folder_enter(folder, above, name) : ENOMEM;
    free(name);
    if (error) {
        qetl_findings_no_memory(findings);
        return -1;
    }
    error = folder_make(folder->path);
    if (!error)
        error = folder_descriptor(folder);
    if (error)
        refuse(findings, "state_folder", folder->path, error,
               "cannot make this folder for the state of the pipeline");
    if (!error && !folder_check(folder, findings) && !folder_lock(folder, findings))
        return 0;
    qetl_state_folder_close(folder);
    return -1;
}

int qetl_state_folder_look(struct state_folder *folder, const char *above, const char *name)
{
    int error = folder_enter(folder, above, name);
    if (!error)
        error = folder_descriptor(folder);
    if (error)
        qetl_state_folder_close(folder);
    return error;
}

void qetl_state_folder_close(struct state_folder *folder)
{
    if (folder->lock >= 0)
        close(folder->lock);
    if (folder->fd >= 0)
        close(folder->fd);
    free(folder->path);
    *folder = (struct state_folder){.fd = -1, .lock = -1};
}
