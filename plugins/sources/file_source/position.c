/* SPDX-License-Identifier: Apache-2.0 */
#include "position.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t POSITION_TAG = 0x3270736f706c6966; /* "filposp2" */
static const uint64_t SPLIT_TAG = 0x3174696c70736c66;    /* "flsplit1" */

enum { FLAG_ENDED = 1, FLAG_ARCHIVE = 2 };

/* ---- Files that were read ---- */

static uint64_t chain_on(uint64_t chain, const char *name)
{
    return (chain ^ digest_of(name, strlen(name))) * 0x100000001b3;
}

bool done_add(struct done *done, const char *name)
{
    done->chain = chain_on(done->chain, name);
    done->count++;
    if (done->count > DONE_MOST) {
        done->digests.size = 0;
        return true;
    }
    return bytes_put_number(&done->digests, (int64_t)digest_of(name, strlen(name)));
}

void done_free(struct done *done)
{
    bytes_free(&done->digests);
    *done = (struct done){0};
}

static void first_drop(struct names *files, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        free(files->items[i]);
    memmove(files->items, files->items + n, (size_t)(files->count - n) * sizeof *files->items);
    files->count -= n;
}

static int chain_leave_out(const struct done *done, struct names *files)
{
    uint64_t chain = 0;
    if (files->count < done->count)
        return EINVAL;
    for (int64_t i = 0; i < done->count; i++)
        chain = chain_on(chain, files->items[i]);
    if (chain != done->chain)
        return EINVAL;
    first_drop(files, done->count);
    return 0;
}

static int digest_order(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* A name that stands in the list twice was read as often as its digest was noted. */
int done_leave_out(const struct done *done, struct names *files)
{
    if (done->count > DONE_MOST)
        return chain_leave_out(done, files);
    size_t n = (size_t)done->count;
    if (!n)
        return 0;
    uint64_t *digests = malloc(n * sizeof *digests + 1);
    bool *used = calloc(n + 1, sizeof *used);
    int64_t kept = 0;
    struct cursor in = {done->digests.data, done->digests.data + done->digests.size};
    for (size_t i = 0; digests && i < n; i++)
        cursor_number(&in, (int64_t *)&digests[i]);
    if (!digests || !used) {
        free(digests);
        free(used);
        return ENOMEM;
    }
    qsort(digests, n, sizeof *digests, digest_order);
    for (int64_t i = 0; i < files->count; i++) {
        uint64_t digest = digest_of(files->items[i], strlen(files->items[i]));
        uint64_t *found = bsearch(&digest, digests, n, sizeof *digests, digest_order);
        size_t at = found ? (size_t)(found - digests) : n;
        while (at > 0 && at < n && digests[at - 1] == digest)
            at--;
        while (at < n && digests[at] == digest && used[at])
            at++;
        if (at < n && digests[at] == digest) {
            used[at] = true;
            free(files->items[i]);
        } else {
            files->items[kept++] = files->items[i];
        }
    }
    files->count = kept;
    free(digests);
    free(used);
    return 0;
}

/* ---- Positions ---- */

bool position_encode(struct bytes *out, const struct position *p)
{
    int64_t flags = (p->ended ? FLAG_ENDED : 0) | (p->archive ? FLAG_ARCHIVE : 0);
    const struct done *done = &p->done;
    out->size = 0;
    return bytes_put_number(out, (int64_t)POSITION_TAG) && bytes_put_number(out, flags) &&
           bytes_put_number(out, p->ordinal) && bytes_put_number(out, p->offset) &&
           bytes_put_number(out, p->size) && bytes_put_number(out, p->mtime_ns) &&
           bytes_put_name(out, p->file, p->file_size) &&
           bytes_put_name(out, p->name, p->name_size) &&
           bytes_put_name(out, (const char *)p->tail.bytes, (size_t)p->tail.size) &&
           bytes_put_number(out, done->count) && bytes_put_number(out, (int64_t)done->chain) &&
           bytes_put_name(out, (const char *)done->digests.data, done->digests.size);
}

static bool tail_decode(struct cursor *in, struct tail *tail)
{
    const char *bytes;
    size_t size;
    if (!cursor_name(in, &bytes, &size) || size > TAIL_BYTES)
        return false;
    memcpy(tail->bytes, bytes, size);
    tail->size = (int64_t)size;
    return true;
}

static bool done_decode(struct cursor *in, struct done *done)
{
    const char *digests;
    size_t size;
    int64_t count, chain;
    if (!cursor_number(in, &count) || !cursor_number(in, &chain) ||
        !cursor_name(in, &digests, &size) || count < 0 ||
        size != (count > DONE_MOST ? 0 : (size_t)count * sizeof(int64_t)))
        return false;
    *done = (struct done){.count = count, .chain = (uint64_t)chain};
    return bytes_put_data(&done->digests, digests, size);
}

bool position_decode(const void *data, size_t size, struct position *out)
{
    struct cursor in = {data, (const uint8_t *)data + size};
    int64_t flags;
    *out = (struct position){0};
    if (!cursor_tag(&in, POSITION_TAG) || !cursor_number(&in, &flags) ||
        !cursor_number(&in, &out->ordinal) || !cursor_number(&in, &out->offset) ||
        !cursor_number(&in, &out->size) || !cursor_number(&in, &out->mtime_ns) ||
        !cursor_name(&in, &out->file, &out->file_size) ||
        !cursor_name(&in, &out->name, &out->name_size) || !tail_decode(&in, &out->tail) ||
        !done_decode(&in, &out->done))
        return false;
    out->ended = flags & FLAG_ENDED;
    out->archive = flags & FLAG_ARCHIVE;
    return out->ordinal >= 0 && out->offset >= out->tail.size && in.at == in.end;
}

bool split_encode(struct bytes *out, const struct names *files)
{
    out->size = 0;
    if (!bytes_put_number(out, (int64_t)SPLIT_TAG) || !bytes_put_number(out, files->count))
        return false;
    for (int64_t i = 0; i < files->count; i++)
        if (!bytes_put_name(out, files->items[i], strlen(files->items[i])))
            return false;
    return true;
}

int split_decode(const void *data, size_t size, struct names *out)
{
    struct cursor in = {data, (const uint8_t *)data + size};
    int64_t count;
    if (!cursor_tag(&in, SPLIT_TAG) || !cursor_number(&in, &count))
        return EINVAL;
    for (int64_t i = 0; i < count; i++) {
        const char *name;
        size_t length;
        if (!cursor_name(&in, &name, &length) || length == 0 || memchr(name, 0, length))
            return EINVAL;
        if (names_take(out, strndup(name, length)))
            return ENOMEM;
    }
    return in.at == in.end ? 0 : EINVAL;
}
