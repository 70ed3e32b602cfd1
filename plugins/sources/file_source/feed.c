/* SPDX-License-Identifier: Apache-2.0 */
#include "feed.h"

#include "fault.h"

#include <assert.h>

static const int64_t NOW = 0; /* a deadline that has passed */

int32_t feed_open(struct feed *feed, struct qetl_env env, struct waker *waker, const char *name)
{
    uint8_t *ahead = feed->ahead;
    *feed = (struct feed){.ahead = ahead, .in = {.fd = -1}};
    if (!feed->ahead)
        feed->ahead = env.host->buffer_alloc(env.ctx, FEED_AHEAD);
    if (!feed->ahead)
        return fault_memory(env);
    return input_open(&feed->in, env, waker, name);
}

void feed_close(struct feed *feed)
{
    if (feed->gzip)
        inflateEnd(&feed->z);
    feed->gzip = false;
    input_close(&feed->in);
}

void feed_free(struct feed *feed, struct qetl_env env)
{
    feed_close(feed);
    if (feed->ahead)
        env.host->buffer_free(feed->ahead);
    feed->ahead = NULL;
}

/* Appends at most `most` bytes to those in advance. OK, END, IDLE or a failure. */
static int32_t ahead_fill(struct feed *feed, int64_t most, int64_t deadline_ns)
{
    int64_t got, room;
    if (feed->begin == feed->end)
        feed->begin = feed->end = 0;
    if (feed->end == FEED_AHEAD) {
        memmove(feed->ahead, feed->ahead + feed->begin, (size_t)(feed->end - feed->begin));
        feed->end -= feed->begin;
        feed->begin = 0;
    }
    assert(feed->end < FEED_AHEAD);
    room = FEED_AHEAD - feed->end;
    int32_t status = input_read(&feed->in, feed->ahead + feed->end, room < most ? room : most,
                                deadline_ns, &got);
    feed->end += got;
    return status;
}

int32_t feed_prefill(struct feed *feed, int64_t want, int64_t deadline_ns)
{
    while (!feed->in.regular && feed->end - feed->begin < want) {
        int32_t status = ahead_fill(feed, FEED_AHEAD, deadline_ns);
        if (status == QETL_END)
            break;
        if (status)
            return status;
    }
    return QETL_OK;
}

/* ---- gzip ---- */

static int32_t gzip_begin(struct feed *feed)
{
    feed->z = (z_stream){0};
    if (inflateInit2(&feed->z, 15 + 16) != Z_OK)
        return fault_memory(feed->in.env);
    feed->gzip = true;
    feed->in_member = true;
    return QETL_OK;
}

static long long raw_offset(const struct feed *feed)
{
    return (long long)(feed->in.position - (feed->end - feed->begin));
}

static int32_t gzip_damage(struct feed *feed)
{
    return qetl_fail(
        feed->in.env, QETL_E_DATA, "/path",
        "check it with `gzip -t`, and fetch or write the file again; what was decoded before "
        "that place has been delivered",
        "%s: the gzip data is damaged at compressed offset %lld, after %lld decoded bytes: %s",
        input_label(&feed->in), raw_offset(feed), (long long)feed->decoded, feed->damage);
}

/* Between members: true if another one begins, with whatever was read so far. */
static bool gzip_member(struct feed *feed)
{
    while (feed->begin < feed->end && feed->ahead[feed->begin] == 0) {
        feed->begin++;
        feed->padded = true; /* only zeros may follow zeros */
    }
    if (feed->begin == feed->end)
        return false;
    if (feed->padded || feed->ahead[feed->begin] != 0x1f) {
        feed->damage = "bytes that are not gzip follow its last member";
        return false;
    }
    inflateReset(&feed->z);
    feed->in_member = true;
    return true;
}

static void gzip_inflate(struct feed *feed)
{
    feed->z.next_in = feed->ahead + feed->begin;
    feed->z.avail_in = (uInt)(feed->end - feed->begin);
    int code = inflate(&feed->z, Z_NO_FLUSH);
    feed->begin = feed->end - feed->z.avail_in;
    if (code == Z_STREAM_END) {
        feed->in_member = false;
    } else if (code == Z_MEM_ERROR) {
        feed->damage = "out of memory";
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
        feed->damage = feed->z.msg ? feed->z.msg : "no valid gzip data";
    }
}

/* Supplies input for inflate. OK, END (all is well and over), IDLE or a failure. */
static int32_t gzip_supply(struct feed *feed, int64_t deadline_ns)
{
    while (feed->begin == feed->end || !feed->in_member) {
        if (feed->begin < feed->end && gzip_member(feed))
            break;
        if (feed->damage)
            return QETL_OK;
        int32_t status = ahead_fill(feed, FEED_AHEAD, deadline_ns);
        if (status == QETL_END && feed->in_member)
            feed->damage = "the file ends in the middle of it";
        else if (status)
            return status;
        if (feed->damage)
            return QETL_OK;
    }
    return QETL_OK;
}

static int32_t gzip_read(struct feed *feed, void *data, int64_t capacity, int64_t deadline_ns,
                         int64_t *got)
{
    int32_t status = QETL_OK;
    uInt room = capacity > INT32_MAX ? INT32_MAX : (uInt)capacity;
    feed->z.next_out = data;
    feed->z.avail_out = room;
    while (feed->z.avail_out && !feed->damage && !feed->failed && !feed->ended) {
        status = gzip_supply(feed, feed->z.avail_out < room ? NOW : deadline_ns);
        if (status == QETL_END)
            feed->ended = true;
        if (status)
            break;
        if (!feed->damage)
            gzip_inflate(feed);
    }
    *got = room - feed->z.avail_out;
    feed->decoded += *got;
    if (status < 0)
        feed->failed = status;
    if (*got)
        return QETL_OK;
    if (feed->damage && !feed->failed)
        feed->failed = gzip_damage(feed);
    return feed->failed ? feed->failed : feed->ended ? QETL_END : status;
}

/* ---- What it is ---- */

static int32_t sniff_decoded(struct feed *feed, int64_t deadline_ns, enum magic *magic)
{
    while (feed->head_end < MAGIC_BYTES && magic_open(feed->head, feed->head_end)) {
        int64_t got;
        int32_t status = gzip_read(feed, feed->head + feed->head_end, MAGIC_BYTES - feed->head_end,
                                   deadline_ns, &got);
        feed->head_end += got;
        if (status == QETL_END || feed->damage || feed->failed)
            break;
        if (status)
            return status;
    }
    *magic = magic_of(feed->head, feed->head_end);
    if (*magic != MAGIC_PLAIN && *magic != MAGIC_TAR && *magic != MAGIC_ZIP)
        return qetl_fail(feed->in.env, QETL_E_UNSUPPORTED, "/path",
                         "decompress it once with gunzip",
                         "%s: it is compressed twice: gzip, and within it %s",
                         input_label(&feed->in), magic_name(*magic));
    return QETL_OK;
}

int32_t feed_sniff(struct feed *feed, int64_t deadline_ns, enum magic *magic)
{
    while (!feed->gzip && feed->end < MAGIC_BYTES && magic_open(feed->ahead, feed->end)) {
        int64_t most = feed->in.regular ? MAGIC_BYTES - feed->end : FEED_AHEAD;
        int32_t status = ahead_fill(feed, most, deadline_ns);
        if (status == QETL_END)
            break;
        if (status)
            return status;
    }
    if (!feed->gzip) {
        *magic = magic_of(feed->ahead, feed->end);
        if (*magic != MAGIC_GZIP) {
            if (feed->in.regular)
                feed_seek(feed, 0); /* again, straight to where its bytes belong */
            return QETL_OK;
        }
        int32_t status = gzip_begin(feed);
        if (status)
            return status;
    }
    return sniff_decoded(feed, deadline_ns, magic);
}

/* ---- Delivery ---- */

static int32_t end_check(struct feed *feed)
{
    const struct input *in = &feed->in;
    if (!in->regular || in->position >= in->size)
        return QETL_END;
    return qetl_fail(in->env, QETL_E_DATA, "/path", "let its writer finish, then run again",
                     "%s: it was cut off while it was read: %lld bytes when opened, %lld now",
                     input_label(in), (long long)in->size, (long long)in->position);
}

static int64_t take(const uint8_t *from, int64_t *begin, int64_t end, void *data, int64_t capacity)
{
    int64_t n = end - *begin < capacity ? end - *begin : capacity;
    memcpy(data, from + *begin, (size_t)n);
    *begin += n;
    return n;
}

int32_t feed_read(struct feed *feed, void *data, int64_t capacity, int64_t deadline_ns,
                  int64_t *got)
{
    int32_t status;
    *got = 0;
    if (feed->head_begin < feed->head_end) {
        *got = take(feed->head, &feed->head_begin, feed->head_end, data, capacity);
        return QETL_OK;
    }
    if (feed->gzip)
        return gzip_read(feed, data, capacity, deadline_ns, got);
    if (feed->begin < feed->end) {
        *got = take(feed->ahead, &feed->begin, feed->end, data, capacity);
        return QETL_OK;
    }
    status = input_read(&feed->in, data, capacity, deadline_ns, got);
    if (status != QETL_END)
        return status;
    return end_check(feed);
}

bool feed_at_end(struct feed *feed)
{
    if (feed->head_begin < feed->head_end || feed->damage || feed->failed)
        return false;
    if (feed->gzip)
        return feed->ended;
    return feed->begin == feed->end && input_at_end(&feed->in);
}

bool feed_seekable(const struct feed *feed)
{
    return feed->in.regular && !feed->gzip;
}

void feed_seek(struct feed *feed, int64_t offset)
{
    assert(feed_seekable(feed));
    feed->begin = feed->end = 0;
    feed->in.position = offset;
    feed->in.ended = false;
}
