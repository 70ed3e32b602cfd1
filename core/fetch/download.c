/* SPDX-License-Identifier: Apache-2.0 */
#include "download.h"

#include "curl.h"

#include "disk/refuse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#ifndef QETL_VERSION
#define QETL_VERSION "0.1.0"
#endif

enum {
    HOPS = 5,
    CONNECT_SECONDS = 20,
    SLOW_BYTES = 1000, /* a second, on average over … */
    SLOW_SECONDS = 30,
    SECONDS_FREE = 60,     /* at least, and as many more as … */
    SLOWEST_BYTES = 16384, /* … this many bytes a second take */
    FIRST_BYTES = 64 << 10,
    FRAMING = 8, /* what a server may send for a byte of the file, in small pieces, and … */
    FRAMING_FREE = 1 << 20 /* … beside all of them */
};

struct transfer {
    const struct curl_library *curl;
    const struct qetl_download *wanted;
    const char *url; /* as it was asked for */
    char *at;        /* where redirects led */
    CURL *easy;
    char detail[CURL_ERROR_SIZE];
    unsigned char *bytes;
    size_t size, room;
    uint64_t received; /* from the network: headers and the frames of pieces, too */
    long long ends_ms; /* by the steady clock */
    long status;
    int too_large, no_memory;
    struct qetl_findings *findings;
};

const char *qetl_download_fault(const char *url)
{
    size_t scheme = strncasecmp(url, "https://", 8) == 0  ? 8
                    : strncasecmp(url, "http://", 7) == 0 ? 7
                                                          : 0;
    size_t host = strcspn(url + scheme, "/");
    if (!scheme)
        return "it is neither http:// nor https://";
    if (host == 0)
        return "it names no server";
    if (memchr(url + scheme, '@', host))
        return "it holds a name or a password, which belong into ~/.netrc";
    if (strpbrk(url, "?#"))
        return "it has a query or a fragment: an index is a folder";
    for (; *url; url++)
        if (*url <= ' ' || *url > '~' || *url == '\\')
            return "it has characters that no URL has";
    return NULL;
}

void qetl_address_cut(char *address)
{
    char *scheme = strstr(address, "://"), *server = scheme ? scheme + 3 : address;
    const char *at = memrchr(server, '@', strcspn(server, "/?#"));
    if (at)
        memmove(server, at + 1, strlen(at + 1) + 1);
}

/* ---- what comes ---- */

static size_t on_body(char *data, size_t one, size_t n, void *arg)
{
    struct transfer *t = arg;
    size_t got = one * n;
    long status = 0;
    t->curl->easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return got; /* what a server says beside its refusal is not kept */
    if (got > t->wanted->most - t->size) {
        t->too_large = 1;
        return 0;
    }
    if (t->size + got > t->room) {
        size_t room = t->room ? t->room : FIRST_BYTES;
        while (room < t->size + got)
            room *= 2;
        unsigned char *grown = realloc(t->bytes, room);
        if (!grown) {
            t->no_memory = 1;
            return 0;
        }
        t->bytes = grown;
        t->room = room;
    }
    memcpy(t->bytes + t->size, data, got);
    t->size += got;
    return got;
}

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* libcurl has no limit for what is no body: extensions of chunks may go on for ever. */
static int on_debug(CURL *easy, curl_infotype kind, char *data, size_t size, void *arg)
{
    struct transfer *t = arg;
    (void)easy;
    (void)data;
    if (kind == CURLINFO_HEADER_IN || kind == CURLINFO_DATA_IN)
        t->received += size;
    return 0;
}

/* Also where a server sends headers without an end, or a body beside a refusal. */
static int on_progress(void *arg, curl_off_t total, curl_off_t got, curl_off_t up_total,
                       curl_off_t up)
{
    struct transfer *t = arg;
    (void)up_total;
    (void)up;
    if ((got > 0 && (uint64_t)got > t->wanted->most + FIRST_BYTES) ||
        t->received > FRAMING * (uint64_t)t->wanted->most + FRAMING_FREE)
        t->too_large = 1;
    if (t->wanted->progress)
        t->wanted->progress(t->wanted->arg, t->size, total > 0 ? (uint64_t)total : t->wanted->most);
    return t->too_large;
}

/* ---- a hop ---- */

static void easy_set(struct transfer *t)
{
    const struct curl_library *c = t->curl;
    const char *authorities = getenv("SSL_CERT_FILE");
    long long left = t->ends_ms - now_ms();
    c->easy_setopt(t->easy, CURLOPT_URL, t->at);
    c->easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    c->easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, 0L);
    c->easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, 1L);
    c->easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (authorities && *authorities)
        c->easy_setopt(t->easy, CURLOPT_CAINFO, authorities);
    c->easy_setopt(t->easy, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
    c->easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
    c->easy_setopt(t->easy, CURLOPT_USERAGENT, "qetl/" QETL_VERSION);
    c->easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    c->easy_setopt(t->easy, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
    c->easy_setopt(t->easy, CURLOPT_LOW_SPEED_TIME,
                   t->wanted->slow_s ? t->wanted->slow_s : (long)SLOW_SECONDS);
    c->easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)(left > 1 ? left : 1));
    c->easy_setopt(t->easy, CURLOPT_VERBOSE, 1L);
    c->easy_setopt(t->easy, CURLOPT_DEBUGFUNCTION, on_debug);
    c->easy_setopt(t->easy, CURLOPT_DEBUGDATA, t);
    c->easy_setopt(t->easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->wanted->most);
    c->easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->detail);
    c->easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
    c->easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
    c->easy_setopt(t->easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    c->easy_setopt(t->easy, CURLOPT_XFERINFODATA, t);
    c->easy_setopt(t->easy, CURLOPT_NOPROGRESS, 0L);
}

static int refuse_transfer(struct transfer *t, CURLcode code)
{
    const char *why = *t->detail ? t->detail : t->curl->easy_strerror(code);
    if (t->no_memory || code == CURLE_OUT_OF_MEMORY)
        qetl_findings_no_memory(t->findings);
    else if (t->too_large || code == CURLE_FILESIZE_EXCEEDED)
        qetl_refuse(t->findings, t->at, NULL, "download_size",
                    "the server sends more than the %zu bytes that it should", t->wanted->most);
    else if (code == CURLE_PARTIAL_FILE)
        qetl_finding_mend(qetl_refuse(t->findings, t->at, NULL, "download_cut",
                                      "the download was cut off: %s", why),
                          "try again");
    else if (code == CURLE_OPERATION_TIMEDOUT)
        qetl_finding_mend(qetl_refuse(t->findings, t->at, NULL, "download_slow",
                                      "the server takes too long: %s", why),
                          "try again, or ask whoever runs it");
    else if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
        qetl_finding_mend(qetl_refuse(t->findings, t->at, NULL, "download_tls",
                                      "nobody knows whether that is the server: %s", why),
                          "if its certificate is by an authority of your own, name that "
                          "authority's file in SSL_CERT_FILE");
    else
        qetl_finding_mend(qetl_refuse(t->findings, t->at, NULL, "download_failed",
                                      "it cannot be fetched: %s", why),
                          "check the address, and whether this machine may reach it");
    return -1;
}

static int refuse_status(struct transfer *t)
{
    struct qetl_finding *finding =
        qetl_refuse(t->findings, t->at, NULL, "download_status",
                    "the server answers %ld in place of the file", t->status);
    if (t->status == 401 || t->status == 403)
        qetl_finding_mend(finding, "if it wants a name and a password, ~/.netrc is where they go");
    else
        qetl_finding_mend(finding, "check the address: an index is the folder that has index.json");
    return -1;
}

/* ---- redirects ---- */

static char *part_of(const struct curl_library *c, const char *url, CURLUPart part)
{
    CURLU *parsed = c->url();
    char *text = NULL, *copy = NULL;
    if (parsed && c->url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
        c->url_get(parsed, part, &text, CURLU_DEFAULT_PORT) == CURLUE_OK)
        copy = strdup(text);
    c->free(text);
    c->url_cleanup(parsed);
    return copy;
}

static int same_part(const struct curl_library *c, const char *one, const char *other,
                     CURLUPart part)
{
    char *a = part_of(c, one, part), *b = part_of(c, other, part);
    int same = a && b && strcasecmp(a, b) == 0;
    free(a);
    free(b);
    return same;
}

/* The same server, by the same door or by TLS. */
static int may_lead(const struct curl_library *c, const char *from, const char *to)
{
    int becomes_tls = strncasecmp(from, "http://", 7) == 0 && strncasecmp(to, "https://", 8) == 0;
    return same_part(c, from, to, CURLUPART_HOST) &&
           (becomes_tls ||
            (same_part(c, from, to, CURLUPART_SCHEME) && same_part(c, from, to, CURLUPART_PORT)));
}

/* *to becomes t's. */
static int redirect(struct transfer *t, char **to, int hop)
{
    if (!may_lead(t->curl, t->at, *to)) {
        qetl_finding_mend(qetl_refuse(t->findings, t->at, NULL, "download_redirect",
                                      "the server sends us to another one: %.300s", *to),
                          "if that is where the index is, name that address");
        return -1;
    }
    if (hop == HOPS) {
        qetl_refuse(t->findings, t->url, NULL, "download_redirect",
                    "the server sends us on and on, %d times", HOPS);
        return -1;
    }
    free(t->at);
    t->at = *to;
    *to = NULL;
    return 0;
}

/* Where libcurl makes a whole address of a part of one, it puts in whom ~/.netrc has for the
 * server. */
static int redirected(struct transfer *t, int hop)
{
    char *url = NULL;
    t->curl->easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &url);
    if (!url)
        return refuse_status(t);
    char *to = strdup(url);
    if (!to) {
        qetl_findings_no_memory(t->findings);
        return -1;
    }
    qetl_address_cut(to);
    int status = redirect(t, &to, hop);
    free(to);
    return status;
}

/* 0: it is there, 1: on we go, -1 with a finding. */
static int hop_make(struct transfer *t, int hop)
{
    t->size = 0;
    t->easy = t->curl->easy_init();
    if (!t->easy) {
        qetl_findings_no_memory(t->findings);
        return -1;
    }
    easy_set(t);
    CURLcode code = t->curl->easy_perform(t->easy);
    t->curl->easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &t->status);
    int answer = code != CURLE_OK                      ? refuse_transfer(t, code)
                 : t->status == 200                    ? 0
                 : t->status >= 300 && t->status < 400 ? (redirected(t, hop) ? -1 : 1)
                                                       : refuse_status(t);
    t->curl->easy_cleanup(t->easy);
    return answer;
}

unsigned char *qetl_download(const char *url, const struct qetl_download *wanted, size_t *size,
                             struct qetl_findings *findings)
{
    struct transfer t = {.curl = qetl_curl(findings),
                         .wanted = wanted,
                         .url = url,
                         .at = strdup(url),
                         .findings = findings};
    t.ends_ms =
        now_ms() + (wanted->whole_ms
                        ? wanted->whole_ms
                        : 1000 * (SECONDS_FREE + (long long)(wanted->most / SLOWEST_BYTES)));
    int answer = t.curl && t.at ? 1 : -1;
    if (t.curl && !t.at)
        qetl_findings_no_memory(findings);
    for (int hop = 0; answer > 0; hop++)
        answer = hop_make(&t, hop);
    if (!answer && !t.bytes) { /* an empty file */
        t.bytes = malloc(1);
        if (!t.bytes)
            qetl_findings_no_memory(findings);
    }
    free(t.at);
    *size = t.size;
    if (!answer)
        return t.bytes;
    free(t.bytes);
    return NULL;
}
