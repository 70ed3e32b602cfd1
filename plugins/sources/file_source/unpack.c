/* SPDX-License-Identifier: Apache-2.0 */
#include "unpack.h"

#include "fault.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>

enum { BLOCK_BYTES = 256 * 1024, PREFILL_BYTES = 128 * 1024 };

static struct qetl_env env_of(const struct unpack *u)
{
    return u->feed->in.env;
}

static const char *label_of(const struct unpack *u)
{
    return input_label(&u->feed->in);
}

/* ---- What libarchive calls ---- */

static la_ssize_t pull(struct archive *archive, void *self, const void **data)
{
    struct unpack *u = self;
    int64_t got = u->left;
    int32_t status;
    *data = u->block + u->block_size - got;
    u->left = 0;
    if (got) {
        u->delivered += got;
        return (la_ssize_t)got;
    }
    status = feed_read(u->feed, u->block, BLOCK_BYTES, -1, &got);
    *data = u->block;
    if (status == QETL_END)
        return 0;
    if (status) {
        u->failed = status;
        archive_set_error(archive, EIO, "the input failed");
        return -1;
    }
    u->block_size = got;
    u->delivered += got;
    return (la_ssize_t)got;
}

static la_int64_t jump(struct archive *archive, void *self, la_int64_t offset, int whence)
{
    struct unpack *u = self;
    struct input *in = &u->feed->in;
    int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? in->position : in->size;
    if (base + offset < 0) {
        archive_set_error(archive, EINVAL, "a position before its beginning");
        return ARCHIVE_FATAL;
    }
    feed_seek(u->feed, base + offset);
    return base + offset;
}

/* ---- Opening ---- */

static void formats_enable(struct unpack *u)
{
    struct archive *a = u->archive;
    switch (u->magic) {
    case MAGIC_ZIP:
        archive_read_support_format_zip(a);
        return;
    case MAGIC_BZIP2:
        archive_read_support_filter_bzip2(a);
        break;
    case MAGIC_XZ:
        archive_read_support_filter_xz(a);
        break;
    default:
        archive_read_support_filter_zstd(a);
        archive_read_support_filter_lz4(a);
        break;
    case MAGIC_TAR:
        break;
    }
    archive_read_support_format_tar(a);
    if (u->magic != MAGIC_TAR) {
        archive_read_support_format_raw(a);
        archive_read_support_format_empty(a);
    }
}

/* A handle that reads from where the feed stands; what is left in the block comes first. */
static int32_t handle_open(struct unpack *u)
{
    u->archive = archive_read_new();
    if (!u->archive)
        return fault_memory(env_of(u));
    formats_enable(u);
    archive_read_set_callback_data(u->archive, u);
    archive_read_set_read_callback(u->archive, pull);
    if (feed_seekable(u->feed) && !u->again)
        archive_read_set_seek_callback(u->archive, jump);
    u->opened = false;
    u->delivered = 0;
    return QETL_OK;
}

int32_t unpack_open(struct unpack *u, struct feed *feed, enum magic magic)
{
    struct qetl_env env = feed->in.env;
    uint8_t *block = u->block;
    locale_t locale = u->locale;
    *u = (struct unpack){.feed = feed, .block = block, .locale = locale, .magic = magic};
    if (!u->block)
        u->block = env.host->buffer_alloc(env.ctx, BLOCK_BYTES);
    if (!u->block)
        return fault_memory(env);
    if (!u->locale)
        u->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    return handle_open(u);
}

void unpack_close(struct unpack *u)
{
    if (u->archive)
        archive_read_free(u->archive);
    u->archive = NULL;
    free(u->member);
    u->member = NULL;
}

void unpack_free(struct unpack *u, struct qetl_env env)
{
    unpack_close(u);
    if (u->block)
        env.host->buffer_free(u->block);
    u->block = NULL;
    if (u->locale)
        freelocale(u->locale);
    u->locale = (locale_t)0;
}

/* ---- Damage ---- */

static int32_t damage(struct unpack *u, const char *why)
{
    if (u->failed)
        return u->failed;
    if (archive_errno(u->archive) == ENOMEM)
        return u->failed = fault_memory(env_of(u));
    int64_t taken = archive_filter_bytes(u->archive, -1); /* -1: the first block does not end */
    u->failed =
        qetl_fail(env_of(u), QETL_E_DATA, "/path",
                  "check it with its own program (`xz -t`, `unzip -t`, `tar -t`), and fetch or "
                  "write the file again; what was decoded before that place has been delivered, "
                  "in whole blocks",
                  "%s: the %s data is damaged at compressed offset %lld, after %lld decoded "
                  "bytes: %s",
                  label_of(u), magic_name(u->magic), (long long)(u->base + (taken > 0 ? taken : 0)),
                  (long long)u->given, why);
    return u->failed;
}

static int32_t archive_damage(struct unpack *u)
{
    const char *why = archive_error_string(u->archive);
    return damage(u, why ? why : "no reason is known");
}

static bool all_zero(const uint8_t *data, int64_t size)
{
    for (int64_t i = 0; i < size; i++)
        if (data[i])
            return false;
    return true;
}

/* Moves what libarchive left unused to the front of the block and fills up: OK, END (none) or a
 * failure. */
static int32_t rest_gather(struct unpack *u, int64_t *size)
{
    int64_t unused = u->delivered - archive_filter_bytes(u->archive, -1);
    int64_t rest = unused < u->block_size ? unused : u->block_size;
    int32_t status = QETL_OK;
    memmove(u->block, u->block + u->block_size - rest, (size_t)rest);
    while (rest < MAGIC_BYTES && status == QETL_OK) {
        int64_t got;
        status = feed_read(u->feed, u->block + rest, BLOCK_BYTES - rest, -1, &got);
        rest += got;
    }
    u->block_size = *size = rest;
    return status == QETL_END && rest ? QETL_OK : status;
}

/* libarchive passes over whatever follows a compressed stream: a further stream that it did not
 * know for one is read with a new handle, padding is dropped, and anything else is damage. END or
 * OK (go on). */
static int32_t trailer_check(struct unpack *u)
{
    int64_t rest;
    int32_t status = rest_gather(u, &rest);
    if (status == QETL_OK && magic_of(u->block, rest) == u->magic) {
        u->base += archive_filter_bytes(u->archive, -1);
        archive_read_free(u->archive);
        u->left = rest;
        u->again = true;
        u->member_ended = false;
        return handle_open(u);
    }
    while (status == QETL_OK) {
        if (!all_zero(u->block, rest))
            return damage(u, "bytes of another kind follow its last stream");
        status = feed_read(u->feed, u->block, BLOCK_BYTES, -1, &rest);
    }
    if (status != QETL_END)
        u->failed = status;
    return status;
}

/* ---- Members ---- */

/* A name from an archive ends up in messages and reports: control characters could forge lines
 * there. */
static const char *entry_name(struct unpack *u, struct archive_entry *entry)
{
    const char *name = archive_entry_pathname_utf8(entry);
    if (!name)
        name = archive_entry_pathname(entry);
    free(u->member);
    u->member = strdup(name && *name ? name : "(a name that cannot be read)");
    for (char *c = u->member; c && *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    return u->member;
}

static bool entry_is_wanted(struct unpack *u, struct archive_entry *entry, const char *name)
{
    if (archive_entry_hardlink(entry) || archive_entry_filetype(entry) != AE_IFREG) {
        if (archive_entry_filetype(entry) != AE_IFDIR)
            qetl_logf(env_of(u), QETL_LOG_WARN, "%s!%s is a link or a device: passed over",
                      label_of(u), name);
        return false;
    }
    return true;
}

static int32_t handle_ready(struct unpack *u, int64_t deadline_ns)
{
    int32_t status = feed_prefill(u->feed, PREFILL_BYTES, deadline_ns);
    if (status || u->opened)
        return status;
    u->opened = true;
    if (archive_read_open1(u->archive) < ARCHIVE_WARN)
        return archive_damage(u);
    if (u->magic != MAGIC_TAR && u->magic != MAGIC_ZIP &&
        archive_filter_code(u->archive, 0) == ARCHIVE_FILTER_NONE)
        return damage(u, "it is too short, or of a kind that is not known");
    return QETL_OK;
}

/* Member names are converted by the thread's locale. */
static int header_next(struct unpack *u, struct archive_entry **entry)
{
    locale_t before = u->locale ? uselocale(u->locale) : (locale_t)0;
    int code = archive_read_next_header(u->archive, entry);
    if (u->locale)
        uselocale(before);
    return code;
}

static int32_t member_begin(struct unpack *u, struct archive_entry *entry, const char *name)
{
    u->given = u->data_at = u->data_size = 0;
    u->member_ended = false;
    if (!archive_entry_is_encrypted(entry))
        return QETL_OK;
    return u->failed = qetl_fail(env_of(u), QETL_E_UNSUPPORTED, "/path",
                                 "decrypt it first, for example with unzip",
                                 "%s!%s: the member is encrypted", label_of(u), name);
}

int32_t unpack_next(struct unpack *u, int64_t deadline_ns, const char **member)
{
    *member = NULL;
    for (;;) {
        struct archive_entry *entry;
        int32_t status = u->failed ? u->failed : handle_ready(u, deadline_ns);
        if (status || (u->single && !u->again))
            return status ? status : QETL_END;
        int code = header_next(u, &entry);
        int format = archive_format(u->archive);
        bool empty = code == ARCHIVE_EOF && format == ARCHIVE_FORMAT_EMPTY;
        if (code == ARCHIVE_EOF && !empty)
            return QETL_END;
        if (code < ARCHIVE_WARN)
            return archive_damage(u);
        if (empty || format == ARCHIVE_FORMAT_RAW) {
            u->single = true;
            u->again = false;
            u->member_ended = empty;
            return QETL_OK;
        }
        const char *name = entry_name(u, entry);
        if (!name)
            return u->failed = fault_memory(env_of(u));
        if (!entry_is_wanted(u, entry, name))
            continue;
        *member = name;
        return member_begin(u, entry, name);
    }
}

/* ---- Data ---- */

/* A sparse member's holes are zeros. */
static int64_t hand_out(struct unpack *u, uint8_t *data, int64_t capacity)
{
    int64_t n;
    if (u->given < u->data_at) {
        n = u->data_at - u->given < capacity ? u->data_at - u->given : capacity;
        memset(data, 0, (size_t)n);
    } else {
        n = u->data_size < capacity ? u->data_size : capacity;
        memcpy(data, u->data, (size_t)n);
        u->data += n;
        u->data_size -= n;
        u->data_at += n;
    }
    u->given += n;
    return n;
}

static int32_t data_fetch(struct unpack *u, int64_t deadline_ns)
{
    const void *data;
    size_t size = 0;
    la_int64_t offset = 0;
    int code;
    int32_t status = feed_prefill(u->feed, PREFILL_BYTES, deadline_ns);
    if (status)
        return status;
    do {
        code = archive_read_data_block(u->archive, &data, &size, &offset);
    } while (code == ARCHIVE_RETRY);
    if (code == ARCHIVE_EOF) {
        u->member_ended = true;
        if (offset > u->given && !u->single)
            u->data_at = offset; /* a hole at the end */
        return QETL_OK;
    }
    if (code != ARCHIVE_OK)
        return archive_damage(u);
    u->data = data;
    u->data_size = (int64_t)size;
    u->data_at = u->single ? u->given : offset;
    return QETL_OK;
}

/* The member at hand is used up; a compressed file may go on with a further stream. */
static int32_t member_end(struct unpack *u, int64_t deadline_ns)
{
    const char *none;
    int32_t status = !u->single ? QETL_END : u->again ? QETL_OK : trailer_check(u);
    if (status == QETL_OK)
        status = unpack_next(u, deadline_ns, &none);
    return status;
}

int32_t unpack_read(struct unpack *u, void *data, int64_t capacity, int64_t deadline_ns,
                    int64_t *got)
{
    *got = 0;
    while (!u->failed && u->data_size == 0 && u->given >= u->data_at) {
        int32_t status =
            u->member_ended || u->again ? member_end(u, deadline_ns) : data_fetch(u, deadline_ns);
        if (status)
            return status;
    }
    if (u->failed)
        return u->failed;
    *got = hand_out(u, data, capacity);
    return QETL_OK;
}
