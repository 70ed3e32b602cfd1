/* SPDX-License-Identifier: Apache-2.0 */
#include "archive.h"

#include "unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 512 };

struct text {
    char *bytes;
    size_t size, room;
};

static la_ssize_t text_append(struct archive *archive, void *arg, const void *bytes, size_t size)
{
    struct text *text = arg;
    if (text->room - text->size < size) {
        size_t room = (text->size + size) * 2;
        char *grown = realloc(text->bytes, room);
        if (!grown) {
            archive_set_error(archive, ENOMEM, "out of memory");
            return -1;
        }
        text->bytes = grown;
        text->room = room;
    }
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    return (la_ssize_t)size;
}

static int part_write(struct archive *archive, const struct package_part *part)
{
    struct archive_entry *entry = archive_entry_new();
    if (!entry)
        return -1;
    archive_entry_set_pathname(entry, part->path);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, (la_int64_t)part->size);
    archive_entry_set_mtime(entry, 0, 0);
    int bad = archive_write_header(archive, entry) != ARCHIVE_OK ||
              archive_write_data(archive, part->bytes, part->size) != (la_ssize_t)part->size;
    archive_entry_free(entry);
    return bad ? -1 : 0;
}

static int tar_write(const struct package_part *parts, size_t n_parts, struct text *text)
{
    struct archive *archive = archive_write_new();
    if (!archive)
        return -1;
    int bad = archive_write_set_format_ustar(archive) != ARCHIVE_OK ||
              archive_write_set_bytes_per_block(archive, BLOCK) != ARCHIVE_OK ||
              archive_write_set_bytes_in_last_block(archive, BLOCK) != ARCHIVE_OK ||
              archive_write_open(archive, text, NULL, text_append, NULL) != ARCHIVE_OK;
    for (size_t i = 0; !bad && i < n_parts; i++)
        bad = part_write(archive, &parts[i]);
    if (!bad)
        bad = archive_write_close(archive) != ARCHIVE_OK;
    archive_write_free(archive);
    return bad ? -1 : 0;
}

int qetl_package_archive(const struct package_part *parts, size_t n_parts, void **packed,
                         size_t *packed_size)
{
    struct text text = {0};
    int bad = tar_write(parts, n_parts, &text) ||
              qetl_package_compress(text.bytes, text.size, packed, packed_size);
    free(text.bytes);
    return bad ? -1 : 0;
}
