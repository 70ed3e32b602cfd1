/* SPDX-License-Identifier: Apache-2.0 */
#include "object.h"

#include "fault.h"
#include "glob.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Below this nobody is harmed. */
enum { RATIO_LEAST_BYTES = 64 << 20 };

void object_init(struct object *o)
{
    *o = (struct object){.feed.in.fd = -1};
}

int32_t object_open(struct object *o, struct qetl_env env, struct waker *waker, const char *file)
{
    o->file = file;
    o->stage = OBJECT_SNIFF;
    o->packed = o->archive = false;
    o->ordinal = 0;
    o->offset = o->decoded = 0;
    return feed_open(&o->feed, env, waker, file);
}

void object_close(struct object *o)
{
    unpack_close(&o->unpack);
    if (o->stage != OBJECT_CLOSED)
        feed_close(&o->feed);
    free(o->name);
    o->name = NULL;
    o->stage = OBJECT_CLOSED;
}

void object_free(struct object *o, struct qetl_env env)
{
    object_close(o);
    unpack_free(&o->unpack, env);
    feed_free(&o->feed, env);
}

/* Documents that happen to be zip archives, and may begin as any does. */
static bool names_document(const char *file)
{
    static const char *const endings[] = {".xlsx", ".xlsm", ".xltx", ".ods",  ".odt",
                                          ".docx", ".pptx", ".jar",  ".epub", ".npz"};
    size_t length = strlen(file);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t ending = strlen(endings[i]);
        if (length > ending && strcasecmp(file + length - ending, endings[i]) == 0)
            return true;
    }
    return false;
}

static int32_t object_sniff(struct object *o, int64_t deadline_ns)
{
    enum magic magic = MAGIC_PLAIN;
    int32_t status = o->unpacking ? feed_sniff(&o->feed, deadline_ns, &magic) : QETL_OK;
    if (status)
        return status;
    if (magic != MAGIC_PLAIN && !(magic == MAGIC_ZIP && names_document(o->file))) {
        status = unpack_open(&o->unpack, &o->feed, magic);
        o->packed = true;
    }
    if (status == QETL_OK)
        o->stage = OBJECT_SEEK;
    return status;
}

/* "dir/.name" and what macOS adds to archives; "./name" is not hidden. */
static bool is_hidden(const char *path)
{
    if (strncmp(path, "__MACOSX/", 9) == 0)
        return true;
    for (const char *part = path; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (*part == '.' && part[1] != '/' && part[1] != '.')
            return true;
    }
    return false;
}

static bool is_wanted(struct object *o, const char *member)
{
    const char *slash = strrchr(member, '/');
    if (strncmp(member, "./", 2) == 0)
        member += 2;
    if (o->members)
        return strchr(o->members, '/') ? glob_match_path(o->members, member)
                                       : glob_match(o->members, slash ? slash + 1 : member);
    if (o->hidden || !is_hidden(member))
        return true;
    qetl_logf(o->feed.in.env, QETL_LOG_INFO, "%s!%s is hidden: passed over", o->file, member);
    return false;
}

static int32_t object_named(struct object *o, const char *member)
{
    free(o->name);
    o->name = NULL;
    if (!member)
        o->name = strdup(o->file);
    else if (asprintf(&o->name, "%s!%s", o->file, member) < 0)
        o->name = NULL;
    if (!o->name)
        return fault_memory(o->feed.in.env);
    o->archive = member != NULL;
    o->offset = 0;
    o->stage = OBJECT_DATA;
    return QETL_OK;
}

static int32_t none_wanted(struct object *o)
{
    if (o->members)
        return qetl_fail(o->feed.in.env, QETL_E_CONFIG, "/members",
                         "list what it holds with `unzip -l` or `tar -t`",
                         "%s: no member of the archive matches \"%s\"", o->file, o->members);
    qetl_logf(o->feed.in.env, QETL_LOG_WARN, "%s: the archive holds no files", o->file);
    return QETL_END;
}

int32_t object_next(struct object *o, int64_t deadline_ns)
{
    int32_t status = o->stage == OBJECT_SNIFF ? object_sniff(o, deadline_ns) : QETL_OK;
    const char *member;
    if (status)
        return status;
    if (!o->packed)
        return o->ordinal ? QETL_END : object_named(o, NULL);
    do {
        status = unpack_next(&o->unpack, deadline_ns, &member);
        if (status == QETL_END && o->ordinal == 0)
            return none_wanted(o);
        if (status)
            return status;
    } while (member && !is_wanted(o, member));
    return object_named(o, member);
}

void object_leave(struct object *o)
{
    o->ordinal++;
    o->stage = OBJECT_SEEK;
}

/* A file that becomes so much more than it is was made to fill disks and memories. */
static int32_t ratio_check(struct object *o)
{
    const struct input *in = &o->feed.in;
    if (!o->max_ratio || o->decoded < RATIO_LEAST_BYTES || o->decoded / o->max_ratio <= in->taken)
        return QETL_OK;
    return qetl_fail(in->env, QETL_E_DATA, "/max_ratio",
                     "if it is meant to be so, raise max_ratio; 0 is no limit",
                     "%s: its first %lld bytes have become %lld, more than %lld for each: this "
                     "looks like a decompression bomb",
                     o->name ? o->name : o->file, (long long)in->taken, (long long)o->decoded,
                     (long long)o->max_ratio);
}

int32_t object_read(struct object *o, void *data, int64_t capacity, int64_t deadline_ns,
                    int64_t *got)
{
    int32_t status = o->packed ? unpack_read(&o->unpack, data, capacity, deadline_ns, got)
                               : feed_read(&o->feed, data, capacity, deadline_ns, got);
    o->offset += *got;
    o->decoded += *got;
    return status ? status : ratio_check(o);
}

bool object_at_end(struct object *o)
{
    return !o->packed && feed_at_end(&o->feed);
}

bool object_seek(struct object *o, int64_t offset)
{
    if (o->packed || !feed_seekable(&o->feed))
        return false;
    feed_seek(&o->feed, offset);
    o->offset = offset;
    return true;
}

int64_t object_size(const struct object *o)
{
    struct stat st;
    const struct input *in = &o->feed.in;
    if (o->stage != OBJECT_DATA || o->packed || !feed_seekable(&o->feed) || fstat(in->fd, &st) != 0)
        return -1;
    return st.st_size - in->base;
}

int64_t object_glimpse(const struct object *o, int64_t offset, void *data, int64_t capacity)
{
    const struct input *in = &o->feed.in;
    int64_t got = 0;
    while (got < capacity) {
        ssize_t n =
            pread(in->fd, (uint8_t *)data + got, (size_t)(capacity - got), in->base + offset + got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break; /* reading in order will tell what is wrong there */
        got += n;
    }
    return got;
}

struct tail object_tail(const struct object *o, int64_t size)
{
    const struct input *in = &o->feed.in;
    struct tail tail = {0};
    ssize_t n = pread(in->fd, tail.bytes, (size_t)size, in->base + o->offset - size);
    tail.size = n > 0 ? n : 0;
    return tail;
}
