/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in a file that is to be appended to: its first bytes and its last, unpacked. */
#include "append.h"

#include "fault.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <unistd.h>

enum { BLOCK_BYTES = 256 * 1024 };

static void head_add(struct append *a, const void *data, int64_t size)
{
    int64_t room = (int64_t)sizeof a->head - a->head_size;
    int64_t part = size < room ? size : room;
    memcpy(a->head + a->head_size, data, (size_t)part);
    a->head_size += part;
}

static int32_t unpack_fault(struct qetl_env env, const char *given, struct archive *archive)
{
    const char *why = archive_error_string(archive);
    if (archive_errno(archive) == ENOMEM)
        return fault_memory(env);
    return qetl_fail(env, QETL_E_DATA, "/path",
                     "mend or remove the file: what is appended to it could not be read either",
                     "%s: its content cannot be unpacked: %s", given,
                     why ? why : "no reason is known");
}

static int32_t unpack_blocks(struct append *a, struct qetl_env env, const char *given,
                             struct archive *archive, bool last)
{
    struct archive_entry *entry;
    const void *data;
    size_t size;
    la_int64_t offset;
    int code = archive_read_next_header(archive, &entry);
    while (code == ARCHIVE_OK && (last || a->head_size < (int64_t)sizeof a->head)) {
        code = archive_read_data_block(archive, &data, &size, &offset);
        if (code != ARCHIVE_OK || !size)
            continue;
        head_add(a, data, (int64_t)size);
        a->line_open = ((const char *)data)[size - 1] != '\n';
    }
    return code == ARCHIVE_OK || code == ARCHIVE_EOF ? QETL_OK : unpack_fault(env, given, archive);
}

/* All of it has to be unpacked to see its last byte; the head is in the first blocks. */
static int32_t packed_read(struct append *a, struct qetl_env env, const char *given, int fd,
                           bool last)
{
    struct archive *archive = archive_read_new();
    int32_t status;
    if (!archive)
        return fault_memory(env);
    if (lseek(fd, 0, SEEK_SET) != 0 || archive_read_support_format_raw(archive) != ARCHIVE_OK ||
        archive_read_support_filter_all(archive) < ARCHIVE_WARN ||
        archive_read_open_fd(archive, fd, BLOCK_BYTES) != ARCHIVE_OK)
        status = unpack_fault(env, given, archive);
    else
        status = unpack_blocks(a, env, given, archive, last);
    archive_read_free(archive);
    return status;
}

int32_t append_content(struct append *a, struct qetl_env env, const char *given,
                       enum packing packing, int fd, bool last)
{
    char byte;
    if (packing != PACKING_NONE)
        return packed_read(a, env, given, fd, last);
    ssize_t size = pread(fd, a->head, sizeof a->head, 0);
    a->head_size = size > 0 ? size : 0;
    a->line_open = last && pread(fd, &byte, 1, a->length - 1) == 1 && byte != '\n';
    return QETL_OK;
}
