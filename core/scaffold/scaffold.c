/* SPDX-License-Identifier: Apache-2.0 */
/* From templates to a folder. */
#include "scaffold.h"
#include "templates.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct work {
    struct qetl_scaffold *scaffold;
    struct qetl_findings *findings;
    char *hidden; /* the folder while it is unfinished */
};

static int fault(struct work *work, const char *path)
{
    int error = errno;
    if (error == ENOMEM) {
        qetl_findings_no_memory(work->findings);
        return -1;
    }
    struct qetl_finding *finding =
        qetl_finding_add(work->findings, QETL_ERROR, "cannot_write",
                         "the folder cannot be made: %s: %s", path, strerror(error));
    qetl_finding_environment(finding);
    if (error == ENOENT || error == ENOTDIR)
        qetl_finding_mend(finding, "--dir names a folder that is there");
    else if (error == ENOSPC || error == EDQUOT)
        qetl_finding_mend(finding, "make room, or name another disk's folder with --dir");
    else
        qetl_finding_mend(finding, "name a folder that you may write to with --dir");
    return -1;
}

/* ---- texts ---- */

/* Behind the line of the template's own licence, which the author's files are not under. */
static const char *licence_skip(const struct qetl_template *template)
{
    static const char licence[] = "SPDX-License-Identifier";
    size_t size = (size_t)(template->end - template->begin),
           bindings = strlen(QETL_TEMPLATE_BINDINGS);
    const char *feed = memchr(template->begin, '\n', size);
    if (!feed || strncmp(template->path, QETL_TEMPLATE_BINDINGS, bindings) == 0)
        return template->begin;
    size = (size_t)(feed - template->begin);
    return memmem(template->begin, size, licence, strlen(licence)) ? feed + 1 : template->begin;
}

/* The template's text with the plugin's name. */
static void text_write(const char *at, size_t size, const struct qetl_scaffold *scaffold, FILE *out)
{
    static const char *const sources[] = {"%s.c", "%s.cc", "src/lib.rs"};
    const size_t name = strlen(QETL_TEMPLATE_NAME), source = strlen(QETL_TEMPLATE_SOURCE);
    const char *next;
    while (size && (next = memmem(at, size, QETL_TEMPLATE_NAME, name))) {
        fwrite(at, 1, (size_t)(next - at), out);
        size -= (size_t)(next - at);
        bool is_source = size >= source && memcmp(next, QETL_TEMPLATE_SOURCE, source) == 0;
        fprintf(out, is_source ? sources[scaffold->lang] : "%s", scaffold->name);
        at = next + (is_source ? source : name);
        size -= is_source ? source : name;
    }
    fwrite(at, 1, size, out);
}

static bool is_used(const struct qetl_template *template, const struct qetl_scaffold *scaffold)
{
    return template->kinds >> scaffold->kind & 1 && template->langs >> scaffold->lang & 1;
}

/* Of all templates of the path, or the path itself. The caller's; NULL: no memory. */
static char *text_make(const char *path, bool name, const struct qetl_scaffold *scaffold,
                       size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);
    if (!out)
        return NULL;
    if (name)
        text_write(path, strlen(path), scaffold, out);
    for (const struct qetl_template *t = qetl_templates; !name && t->path; t++)
        if (is_used(t, scaffold) && strcmp(t->path, path) == 0)
            text_write(licence_skip(t), (size_t)(t->end - licence_skip(t)), scaffold, out);
    int failed = ferror(out);
    if (!fclose(out) && !failed)
        return text;
    free(text);
    return NULL;
}

/* ---- files ---- */

/* The folders in name, below the hidden one. path ends with name, which begins at `at`. */
static int folders_make(char *path, char *at)
{
    for (char *slash = at; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        int failed = mkdir(path, 0777) && errno != EEXIST;
        *slash = '/';
        if (failed)
            return -1;
    }
    return 0;
}

static int bytes_write(int fd, const char *text, size_t size)
{
    while (size) {
        ssize_t n = write(fd, text, size);
        if (n < 0 && errno != EINTR)
            return -1;
        text += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int file_write(struct work *work, const char *name, const char *text, size_t size)
{
    char *path;
    if (asprintf(&path, "%s/%s", work->hidden, name) < 0) {
        qetl_findings_no_memory(work->findings);
        return -1;
    }
    int fd = -1;
    int failed = folders_make(path, path + strlen(work->hidden) + 1) ||
                 (fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) < 0 ||
                 bytes_write(fd, text, size);
    if (failed)
        fault(work, path);
    if (fd >= 0 && close(fd) && !failed)
        failed = fault(work, path);
    free(path);
    return failed ? -1 : 0;
}

static int template_write(struct work *work, const struct qetl_template *template)
{
    struct qetl_scaffold *scaffold = work->scaffold;
    size_t name_size, size;
    char *name = text_make(template->path, true, scaffold, &name_size);
    char *text = name ? text_make(template->path, false, scaffold, &size) : NULL;
    int failed = -1;
    if (name)
        scaffold->files[scaffold->n_files++] = name;
    if (text)
        failed = file_write(work, name, text, size);
    else
        qetl_findings_no_memory(work->findings);
    free(text);
    return failed;
}

static bool is_written(const struct qetl_template *template, const struct qetl_scaffold *scaffold)
{
    for (const struct qetl_template *t = qetl_templates; t != template; t++)
        if (is_used(t, scaffold) && strcmp(t->path, template->path) == 0)
            return true;
    return false;
}

static int files_write(struct work *work)
{
    struct qetl_scaffold *scaffold = work->scaffold;
    size_t count = 0;
    while (qetl_templates[count].path)
        count++;
    scaffold->files = calloc(count, sizeof *scaffold->files);
    if (!scaffold->files) {
        qetl_findings_no_memory(work->findings);
        return -1;
    }
    for (const struct qetl_template *template = qetl_templates; template->path; template ++) {
        if (!is_used(template, scaffold) || is_written(template, scaffold))
            continue;
        if (template_write(work, template))
            return -1;
    }
    return 0;
}

/* ---- the folder ---- */

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *at)
{
    (void)about;
    (void)kind;
    (void)at;
    return remove(path);
}

static bool folder_is_empty(const char *path)
{
    DIR *entries = opendir(path);
    struct dirent *entry;
    bool empty = entries != NULL;
    while (entries && (entry = readdir(entries)))
        empty &= !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
    if (entries)
        closedir(entries);
    return empty;
}

/* An empty folder may stand in the place: it is replaced. */
static int place_check(const struct work *work)
{
    const char *path = work->scaffold->folder;
    struct stat about;
    if (lstat(path, &about))
        return 0;
    bool folder = S_ISDIR(about.st_mode);
    if (folder && folder_is_empty(path))
        return 0;
    struct qetl_finding *finding = qetl_finding_add(
        work->findings, QETL_ERROR, "exists",
        folder ? "%s is there already, and not empty" : "%s is there already", path);
    qetl_finding_mend(finding, "choose another name, or another place with --dir");
    return -1;
}

/* Somebody else may have put something there in the meantime. */
static int folder_show(struct work *work, mode_t mode)
{
    if (!chmod(work->hidden, mode) && !rename(work->hidden, work->scaffold->folder))
        return 0;
    int error = errno;
    if ((error == EEXIST || error == ENOTEMPTY || error == ENOTDIR) && place_check(work))
        return -1;
    errno = error;
    return fault(work, work->scaffold->folder);
}

static int folder_make(struct work *work)
{
    mode_t mask = umask(0);
    umask(mask);
    if (!mkdtemp(work->hidden))
        return fault(work, work->scaffold->folder);
    if (!files_write(work) && !folder_show(work, 0777 & ~mask))
        return 0;
    nftw(work->hidden, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return -1;
}

int qetl_scaffold_make(struct qetl_scaffold *scaffold, struct qetl_findings *findings)
{
    struct work work = {.scaffold = scaffold, .findings = findings};
    int failed = -1;
    const char *parent = scaffold->parent ? scaffold->parent : "";
    size_t length = strlen(parent);
    const char *slash = length && parent[length - 1] != '/' ? "/" : "";
    if (asprintf(&scaffold->folder, "%s%s%s", parent, slash, scaffold->name) < 0)
        scaffold->folder = NULL;
    if (scaffold->folder &&
        asprintf(&work.hidden, "%s%s.%s-XXXXXX", parent, slash, scaffold->name) < 0)
        work.hidden = NULL;
    if (!work.hidden)
        qetl_findings_no_memory(findings);
    else
        failed = place_check(&work) || folder_make(&work);
    free(work.hidden);
    return failed ? -1 : 0;
}

void qetl_scaffold_clear(struct qetl_scaffold *scaffold)
{
    for (size_t i = 0; i < scaffold->n_files; i++)
        free(scaffold->files[i]);
    free(scaffold->files);
    free(scaffold->folder);
    scaffold->files = NULL;
    scaffold->folder = NULL;
    scaffold->n_files = 0;
}
