/* SPDX-License-Identifier: Apache-2.0 */
/* Compression of an output, by libarchive. Each stretch between finishes is a member of its own. */
#include "output.h"

#include "fault.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>

enum { BLOCK_BYTES = 256 * 1024 };

/* libarchive 3.6 leaks a filter's state once a write failed: it is never told. What comes after a
 * failure is dropped here, and the failure found in `failed`. */
static la_ssize_t push(struct archive *archive, void *self, const void *data, size_t size)
{
    struct output *out = self;
    (void)archive;
    if (!out->failed)
        output_put(out, data, (int64_t)size);
    return (la_ssize_t)size;
}

static int32_t packer_fault(struct output *out)
{
    const char *why = archive_error_string(out->packer);
    if (!out->failed && archive_errno(out->packer) == ENOMEM)
        out->failed = fault_memory(out->env);
    if (!out->failed)
        out->failed =
            qetl_fail(out->env, QETL_E_FATAL, "/compression", NULL, "%s: compression failed: %s",
                      out->name, why ? why : "no reason is known");
    return out->failed;
}

static int filter_add(struct archive *a, enum packing packing)
{
    switch (packing) {
    case PACKING_GZIP:
        archive_write_add_filter_gzip(a);
        /* The same rows make the same file, whenever they are written. */
        return archive_write_set_filter_option(a, "gzip", "timestamp", NULL);
    case PACKING_ZSTD:
        return archive_write_add_filter_zstd(a);
    case PACKING_XZ:
        return archive_write_add_filter_xz(a);
    case PACKING_BZIP2:
        return archive_write_add_filter_bzip2(a);
    default:
        return archive_write_add_filter_lz4(a);
    }
}

static int level_set(struct archive *a, int level)
{
    char digits[16];
    if (!level)
        return ARCHIVE_OK;
    snprintf(digits, sizeof digits, "%d", level);
    return archive_write_set_filter_option(a, NULL, "compression-level", digits);
}

static int32_t packer_begin(struct output *out)
{
    struct archive_entry *entry = archive_entry_new();
    struct archive *a = out->packer = archive_write_new();
    bool good = false;
    if (!a || !entry) {
        archive_entry_free(entry);
        return out->failed = fault_memory(out->env);
    }
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_pathname(entry, "data");
    if (archive_write_set_format_raw(a) == ARCHIVE_OK &&
        filter_add(a, out->packing) == ARCHIVE_OK && level_set(a, out->level) == ARCHIVE_OK &&
        archive_write_set_bytes_per_block(a, BLOCK_BYTES) == ARCHIVE_OK &&
        archive_write_set_bytes_in_last_block(a, 1) == ARCHIVE_OK)
        good = archive_write_open(a, out, NULL, push, NULL) == ARCHIVE_OK &&
               archive_write_header(a, entry) == ARCHIVE_OK;
    archive_entry_free(entry);
    return good && !out->failed ? QETL_OK : packer_fault(out);
}

int32_t packer_write(struct output *out, const void *data, int64_t size)
{
    const char *at = data;
    if (size && !out->packer && packer_begin(out))
        return out->failed;
    while (size > 0) {
        la_ssize_t n = archive_write_data(out->packer, at, (size_t)size);
        if (n <= 0 || out->failed)
            return packer_fault(out);
        at += n;
        size -= n;
    }
    return QETL_OK;
}

/* libarchive 3.6 crashes on ending an lz4 frame that got no data. */
static int32_t empty_put(struct output *out)
{
    static const uint8_t lz4_frame[] = {0x04, 0x22, 0x4d, 0x18, 0x64, 0x40, 0xa7, 0x00,
                                        0x00, 0x00, 0x00, 0x05, 0x5d, 0xcc, 0x02};
    if (out->packing == PACKING_LZ4)
        return output_put(out, lz4_frame, sizeof lz4_frame);
    return packer_begin(out);
}

int32_t packer_finish(struct output *out, bool also_empty)
{
    if (!out->packer && also_empty && empty_put(out))
        return out->failed;
    if (!out->packer)
        return QETL_OK;
    if (archive_write_close(out->packer) != ARCHIVE_OK || out->failed)
        return packer_fault(out);
    archive_write_free(out->packer);
    out->packer = NULL;
    return QETL_OK;
}

void packer_drop(struct output *out)
{
    if (!out->packer)
        return;
    if (!out->failed)
        out->failed = QETL_E_CANCELLED; /* or freeing would write what is left */
    archive_write_free(out->packer);
    out->packer = NULL;
}
