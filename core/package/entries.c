/* SPDX-License-Identifier: Apache-2.0 */
#include "entries.h"

#include "entry_name.h"
#include "package_limits.h"
#include "unpack.h"

#include "disk/refuse.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A tar file is a block for each header, data in whole blocks, and two blocks of zeros. */
enum { BLOCK = 512, MODE = 0644 };

struct package_entries {
    struct package_unpack *unpack;
    struct archive *archive;
    const char *file; /* the caller's */
    struct qetl_findings *findings;
    uint64_t accounted; /* bytes that a tar file of the entries so far has */
    uint64_t left;      /* of the entry's data */
    char path[QETL_PACKAGE_PATH_MAX + 1];
};

static ssize_t bytes_read(struct archive *archive, void *arg, const void **piece)
{
    struct package_entries *entries = arg;
    ssize_t size = qetl_package_unpack_next(entries->unpack, piece);
    if (size < 0)
        archive_set_error(archive, EIO, "refused");
    return size;
}

static int refuse(struct package_entries *entries, const char *code, const char *message)
{
    qetl_refuse(entries->findings, entries->file, NULL, code, "%s", message);
    return -1;
}

static int refuse_entry(struct package_entries *entries, const char *path, const char *message)
{
    qetl_refuse(entries->findings, entries->file, path, "package_entry",
                "the entry `%s` of the package %s", path, message);
    return -1;
}

/* What libarchive, or whatever it reads from, says. */
static int refuse_read(struct package_entries *entries)
{
    const char *code, *fault = qetl_package_unpack_fault(entries->unpack, &code);
    if (fault)
        return refuse(entries, code, fault);
    const char *error = archive_error_string(entries->archive);
    qetl_refuse(entries->findings, entries->file, NULL, "package_damaged",
                "it is no archive as packages have them: %s", error ? error : "it cannot be read");
    return -1;
}

struct package_entries *qetl_package_entries_open(const void *bytes, size_t size, const char *file,
                                                  struct qetl_findings *findings)
{
    struct package_entries *entries = calloc(1, sizeof *entries);
    if (entries) {
        entries->file = file;
        entries->findings = findings;
        entries->unpack = qetl_package_unpack_new(bytes, size);
        entries->archive = archive_read_new();
    }
    if (!entries || !entries->unpack || !entries->archive) {
        qetl_findings_no_memory(findings);
        qetl_package_entries_close(entries);
        return NULL;
    }
    if (archive_read_support_format_tar(entries->archive) == ARCHIVE_OK &&
        archive_read_open(entries->archive, entries, NULL, bytes_read, NULL) == ARCHIVE_OK)
        return entries;
    refuse_read(entries);
    qetl_package_entries_close(entries);
    return NULL;
}

void qetl_package_entries_close(struct package_entries *entries)
{
    if (!entries)
        return;
    archive_read_free(entries->archive);
    qetl_package_unpack_free(entries->unpack);
    free(entries);
}

static const char *type_fault(struct archive_entry *entry)
{
    if (archive_entry_hardlink(entry))
        return "is a hard link";
    switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
        return NULL;
    case AE_IFLNK:
        return "is a symbolic link";
    case AE_IFDIR:
        return "is a folder: packages have files alone";
    case AE_IFCHR:
    case AE_IFBLK:
        return "is a device";
    case AE_IFIFO:
        return "is a FIFO";
    default:
        return "is no file";
    }
}

static int has_text(const char *text)
{
    return text && *text;
}

/* What `qetl plugin pack` never writes. */
static const char *header_fault(struct archive_entry *entry)
{
    mode_t mode = archive_entry_perm(entry);
    if (mode & (S_ISUID | S_ISGID | S_ISVTX))
        return "is setuid, setgid or sticky";
    if (mode != MODE)
        return "has other permissions than 0644";
    if (archive_entry_uid(entry) || archive_entry_gid(entry) ||
        has_text(archive_entry_uname(entry)) || has_text(archive_entry_gname(entry)))
        return "belongs to somebody";
    if (archive_entry_mtime(entry) || archive_entry_mtime_nsec(entry))
        return "has a time";
    if (archive_entry_sparse_count(entry) || archive_entry_xattr_count(entry) ||
        archive_entry_acl_types(entry) || archive_entry_fflags_text(entry))
        return "has holes or attributes";
    if (!archive_entry_size_is_set(entry) || archive_entry_size(entry) < 0)
        return "has no size";
    if (archive_entry_size(entry) > QETL_PACKAGE_FILE_MAX)
        return "is larger than 512 MiB";
    return NULL;
}

static int entry_check(struct package_entries *entries, struct archive_entry *entry)
{
    const char *path = archive_entry_pathname(entry);
    if (!path)
        return refuse(entries, "package_entry", "an entry of the package has no name");
    const char *fault = type_fault(entry);
    if (!fault)
        fault = qetl_package_name_fault(path);
    if (fault) {
        const char *noun = strncmp(fault, "is a", 4) == 0 ? "" : "has a name that ";
        char *message = NULL;
        if (*noun && asprintf(&message, "%s%s", noun, fault) < 0)
            message = NULL;
        refuse_entry(entries, path, message ? message : fault);
        free(message);
        return -1;
    }
    fault = header_fault(entry);
    if (fault)
        return refuse_entry(entries, path, fault);
    if (archive_format(entries->archive) != ARCHIVE_FORMAT_TAR_USTAR)
        return refuse_entry(entries, path, "has more than a plain ustar header");
    memcpy(entries->path, path, strlen(path) + 1);
    return 0;
}

/* Headers that libarchive passes over, and data behind the end, make the archive longer than its
 * entries are. */
static int end_check(struct package_entries *entries)
{
    const void *piece;
    ssize_t size;
    do {
        size = qetl_package_unpack_next(entries->unpack, &piece);
    } while (size > 0);
    if (size < 0)
        return refuse_read(entries);
    if (qetl_package_unpack_total(entries->unpack) == entries->accounted + 2 * BLOCK)
        return 0;
    return refuse(entries, "package_extra",
                  "its archive holds more, or less, than the entries that it names");
}

int qetl_package_entries_next(struct package_entries *entries, struct package_entry *out)
{
    struct archive_entry *entry;
    int status = archive_read_next_header(entries->archive, &entry);
    if (status == ARCHIVE_EOF)
        return end_check(entries);
    if (status != ARCHIVE_OK)
        return refuse_read(entries);
    if (entry_check(entries, entry))
        return -1;
    out->path = entries->path;
    out->size = (uint64_t)archive_entry_size(entry);
    entries->left = out->size;
    entries->accounted += BLOCK + (out->size + BLOCK - 1) / BLOCK * BLOCK;
    return 1;
}

int qetl_package_entries_data(struct package_entries *entries, const void **piece, size_t *size)
{
    la_int64_t offset;
    int status;
    do {
        status = archive_read_data_block(entries->archive, piece, size, &offset);
    } while (status == ARCHIVE_OK && *size == 0);
    if (status == ARCHIVE_EOF && entries->left == 0)
        return 0;
    if (status != ARCHIVE_OK || *size > entries->left)
        return refuse_read(entries);
    entries->left -= *size;
    return 1;
}
