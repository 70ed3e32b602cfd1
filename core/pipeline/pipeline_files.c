/* SPDX-License-Identifier: Apache-2.0 */
/* Files that one component writes and another reads or writes too, as far as their names tell. */
#include "pipeline_draft.h"

#include <qetl/plugin.h>
#include <qetl/sdk.h>

#include <fnmatch.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Absolute, without . and .. and doubled slashes; links are not looked at. */
char *qetl_path_clean(const char *path)
{
    char *cwd = *path == '/' ? NULL : getcwd(NULL, 0), *whole, *to;
    if (asprintf(&whole, "%s/%s", cwd ? cwd : "", path) < 0)
        whole = NULL;
    free(cwd);
    to = whole;
    for (char *at = whole; at && *at;) {
        size_t size = strspn(at, "/");
        at += size;
        size = strcspn(at, "/");
        if (size == 2 && memcmp(at, "..", 2) == 0) {
            while (to > whole && *--to != '/')
                ;
        } else if (size > 0 && !(size == 1 && *at == '.')) {
            *to++ = '/';
            memmove(to, at, size);
            to += size;
        }
        at += size;
    }
    if (to)
        *to = '\0';
    return whole;
}

/* What stands under /dev and /proc may be written by many. */
static int is_device(const char *path)
{
    return strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0;
}

static struct qetl_finding *fail(struct qetl_drafts *drafts, const struct qetl_file_use *use,
                                 const char *code, const char *verb,
                                 const struct qetl_file_use *other)
{
    return qetl_document_error(drafts->document, use->pointer, QETL_AT_VALUE, drafts->findings,
                               code, "`%s` writes the file that `%s` %s", use->draft->node.id,
                               other->draft->node.id, verb);
}

static void warn_match(struct qetl_drafts *drafts, const struct qetl_file_use *use,
                       const struct qetl_file_use *reader)
{
    struct qetl_place place = qetl_document_place(drafts->document, use->pointer);
    struct qetl_finding *finding = qetl_finding_add(
        drafts->findings, QETL_WARNING, "output_matches_input",
        "the next run reads what `%s` writes: the pattern of `%s` matches its name",
        use->draft->node.id, reader->draft->node.id);
    qetl_finding_at(finding, place.file, place.line, place.column, NULL);
    qetl_finding_mend(finding, "write to a folder of its own");
}

/* `use` writes. */
static void compare(struct qetl_drafts *drafts, const struct qetl_file_use *use,
                    const struct qetl_file_use *other)
{
    int same = strcmp(use->path, other->path) == 0;
    if (same && other->writes)
        qetl_finding_mend(fail(drafts, use, "same_output", "writes too", other),
                          "give each a file of its own, or unite the rows before one sink");
    else if (same)
        qetl_finding_mend(fail(drafts, use, "output_is_input", "reads", other),
                          "write to another file, and move it when the run is over");
    else if (!other->writes && strpbrk(other->path, "*?[") &&
             fnmatch(other->path, use->path, FNM_PATHNAME | FNM_PERIOD) == 0)
        warn_match(drafts, use, other);
}

static void compare_letters(struct qetl_drafts *drafts, const char *letters, const char *pointer)
{
    char *path = qetl_path_clean(letters);
    if (!path)
        qetl_drafts_no_memory(drafts);
    for (size_t i = 0; path && !is_device(path) && i < drafts->n_files; i++) {
        const struct qetl_file_use *use = &drafts->files[i];
        if (strcmp(path, use->path) == 0)
            qetl_finding_mend(
                qetl_document_error(drafts->document, pointer, QETL_AT_VALUE, drafts->findings,
                                    "same_output", "dead letters go into the file that `%s` %s",
                                    use->draft->node.id, use->writes ? "writes" : "reads"),
                "give them a file of their own");
    }
    free(path);
}

void qetl_drafts_files(struct qetl_drafts *drafts)
{
    const char *pointer, *letters = qetl_drafts_letters_path(drafts, &pointer);
    char *own = qetl_path_clean(qetl_document_name(drafts->document));
    if (!own)
        qetl_drafts_no_memory(drafts);
    for (size_t i = 0; own && i < drafts->n_files; i++) {
        const struct qetl_file_use *use = &drafts->files[i];
        if (!use->writes || is_device(use->path))
            continue;
        if (strcmp(own, use->path) == 0)
            qetl_finding_mend(qetl_document_error(drafts->document, use->pointer, QETL_AT_VALUE,
                                                  drafts->findings, "output_is_pipeline",
                                                  "`%s` writes over this pipeline file",
                                                  use->draft->node.id),
                              "give it another name");
        for (size_t k = 0; k < drafts->n_files; k++)
            if (k < i || !drafts->files[k].writes)
                compare(drafts, use, &drafts->files[k]);
    }
    if (letters)
        compare_letters(drafts, letters, pointer);
    free(own);
}

int qetl_drafts_take_files(const struct qetl_drafts *drafts, struct qetl_pipeline *pipeline)
{
    pipeline->files = calloc(drafts->n_files + 1, sizeof *pipeline->files);
    for (size_t i = 0; pipeline->files && i < drafts->n_files; i++) {
        const struct qetl_file_use *use = &drafts->files[i];
        struct qetl_file *file = &pipeline->files[pipeline->n_files++];
        *file = (struct qetl_file){strdup(use->path), strdup(use->draft->node.id), use->writes};
        if (!file->path || !file->id)
            return -1;
    }
    return pipeline->files ? 0 : -1;
}

/* By whatever name: the same inode as the file that stands there, or one that a pattern matches. */
static int is_object(const char *path, const char *wanted)
{
    char identity[4200];
    glob_t found = {0};
    int same =
        qetl_identity_of_path(path, identity, sizeof identity) && strcmp(identity, wanted) == 0;
    if (!same && strpbrk(path, "*?[") && glob(path, GLOB_NOSORT, NULL, &found) == 0)
        for (size_t i = 0; !same && i < found.gl_pathc; i++)
            same = qetl_identity_of_path(found.gl_pathv[i], identity, sizeof identity) &&
                   strcmp(identity, wanted) == 0;
    globfree(&found);
    return same;
}

static void refuse_file(const char *path, const char *who, const char *whose,
                        struct qetl_findings *findings)
{
    struct qetl_finding *finding = qetl_finding_add(findings, QETL_ERROR, "same_output",
                                                    "%s is the file that %s", path, whose);
    qetl_finding_at(finding, who, 0, 0, NULL);
    qetl_finding_mend(finding, "give it another name");
}

/* Standard input and output, where they are files. */
static void check_descriptors(const char *path, const char *wanted, const char *who,
                              struct qetl_findings *findings)
{
    static const char *const whose[] = {"is standard input", "is standard output"};
    char identity[4200];
    for (int fd = 0; fd < 2; fd++)
        if (qetl_identity_of_descriptor(fd, identity, sizeof identity) &&
            strcmp(identity, wanted) == 0)
            refuse_file(path, who, whose[fd], findings);
}

void qetl_pipeline_check_file(const struct qetl_pipeline *pipeline, const char *path,
                              const char *who, struct qetl_findings *findings)
{
    char *ours = qetl_path_clean(path), wanted[4200] = "";
    if (!ours)
        qetl_findings_no_memory(findings);
    if (!ours || is_device(ours))
        goto out;
    bool known = qetl_identity_of_path(path, wanted, sizeof wanted);
    if (known)
        check_descriptors(path, wanted, who, findings);
    for (size_t i = 0; i < pipeline->n_files; i++) {
        const struct qetl_file *file = &pipeline->files[i];
        char whose[300];
        if (strcmp(file->path, ours) != 0 && !(known && is_object(file->path, wanted)))
            continue;
        snprintf(whose, sizeof whose, "`%s` %s", file->id, file->writes ? "writes" : "reads");
        refuse_file(path, who, whose, findings);
    }
out:
    free(ours);
}
