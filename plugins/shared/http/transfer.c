/* SPDX-License-Identifier: Apache-2.0 */
/* One exchange: each of its hops is a transfer of curl's. */
#include "address.h"
#include "client.h"
#include "proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum {
    HOPS = 10,
    FIRST_BYTES = 64 * 1024,
    REASON_BYTES = 4096,
    REASON_MOST = 1024 * 1024,
    RATIO_FROM = 1024 * 1024
};
enum { PAGE_BUFFER = 128 * 1024 };
enum { STREAM_FIRST = 4096, STREAM_BUFFER = 16 * 1024, STREAM_AHEAD = 256 * 1024 };

/* ---- the list of those that are not done ---- */

static void enlist(struct http_exchange *e)
{
    struct http_client *c = e->client;
    e->previous = c->last;
    e->next = NULL;
    *(c->last ? &c->last->next : &c->first) = e;
    c->last = e;
}

static void delist(struct http_exchange *e)
{
    struct http_client *c = e->client;
    *(e->previous ? &e->previous->next : &c->first) = e->next;
    *(e->next ? &e->next->previous : &c->last) = e->previous;
    e->next = e->previous = NULL;
}

static void hop_clear(struct http_exchange *e)
{
    if (e->easy) {
        curl_multi_remove_handle(e->client->multi, e->easy);
        curl_easy_cleanup(e->easy);
    }
    e->easy = NULL;
    curl_slist_free_all(e->headers);
    e->headers = NULL;
}

void http_transfer_drop(struct http_exchange *e)
{
    hop_clear(e);
    if (e->state != HTTP_DONE)
        delist(e);
    e->state = HTTP_DONE;
    if (!e->fault.code)
        http_fault_set(&e->fault, QETL_E_CANCELLED, NULL, NULL, "%s %.300s: it was given up",
                       e->request.method, e->url);
}

static void fail_memory(struct http_exchange *e)
{
    http_fault_set(&e->fault, QETL_E_NO_MEMORY, NULL, NULL, "no memory for a request over HTTP");
    http_transfer_drop(e);
}

struct http_exchange *http_begin(struct http_client *c, const struct http_request *request)
{
    struct http_exchange *e = calloc(1, sizeof *e);
    if (!e || !(e->url = strdup(request->url))) {
        free(e);
        return NULL;
    }
    e->client = c;
    e->request = *request;
    enlist(e);
    return e;
}

static void reply_clear(struct http_exchange *e)
{
    free(e->type);
    free(e->link);
    free(e->wanted);
    if (e->body)
        e->client->env.host->buffer_free(e->body);
    e->type = e->link = e->wanted = NULL;
    e->body = NULL;
    e->size = e->capacity = 0;
    e->status = 0;
    e->said = 0;
    e->open = e->held = false;
}

void http_end(struct http_exchange *e)
{
    if (!e)
        return;
    if (e->state != HTTP_DONE)
        http_transfer_drop(e);
    reply_clear(e);
    free(e->url);
    free(e);
}

/* ---- what comes ---- */

static bool is_success(long status)
{
    return status >= 200 && status < 300;
}

static bool reserve(struct http_exchange *e, int64_t size)
{
    const struct qetl_env *env = &e->client->env;
    int64_t first = e->request.streams ? STREAM_FIRST : FIRST_BYTES;
    int64_t capacity = e->capacity ? e->capacity : first;
    curl_off_t length = -1;
    curl_easy_getinfo(e->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (!e->request.streams && !e->capacity && length > 0 &&
        length <= e->client->settings.max_bytes)
        capacity = length;
    while (capacity < size)
        capacity *= 2;
    if (capacity == e->capacity)
        return true;
    uint8_t *grown = env->host->buffer_alloc(env->ctx, (uint64_t)capacity);
    if (!grown) {
        http_fault_set(&e->fault, QETL_E_NO_MEMORY, NULL, NULL,
                       "no memory for a response of %lld bytes", (long long)size);
        return false;
    }
    if (e->size)
        memcpy(grown, e->body, (size_t)e->size);
    if (e->body)
        env->host->buffer_free(e->body);
    e->body = grown;
    e->capacity = capacity;
    return true;
}

/* Of what is longer than allowed, or unpacks to more than is likely, no more is taken. */
static bool is_too_much(struct http_exchange *e, int64_t size)
{
    const struct http_settings *s = &e->client->settings;
    curl_off_t raw = 0;
    if (size > s->max_bytes) {
        http_fault_set(&e->fault, QETL_E_DATA, "/max_page_bytes",
                       "ask for less at a time, or allow more",
                       "%s %.300s: the response has more than %lld bytes", e->request.method,
                       e->url, (long long)s->max_bytes);
        return true;
    }
    curl_easy_getinfo(e->easy, CURLINFO_SIZE_DOWNLOAD_T, &raw);
    if (!s->max_ratio || size <= RATIO_FROM || size <= raw * s->max_ratio)
        return false;
    http_fault_set(&e->fault, QETL_E_DATA, "/max_ratio",
                   "if that is what its data are like, allow more",
                   "%s %.300s: each byte of it unpacks to more than %lld: a decompression bomb?",
                   e->request.method, e->url, (long long)s->max_ratio);
    return true;
}

static size_t on_body(char *data, size_t one, size_t n, void *arg)
{
    struct http_exchange *e = arg;
    int64_t got = (int64_t)(one * n), room;
    long status = 0;
    e->heard = true;
    e->heard_ns = http_now_ns();
    curl_easy_getinfo(e->easy, CURLINFO_RESPONSE_CODE, &status);
    if (!is_success(status)) { /* only why it says no */
        room = REASON_BYTES - e->size;
        if (!reserve(e, REASON_BYTES))
            return 0;
        memcpy(e->body + e->size, data, (size_t)(got < room ? got : room));
        e->size += got < room ? got : room;
        e->said += got;
        return e->said > REASON_MOST ? 0 : (size_t)got; /* it may have no end */
    }
    if (e->request.streams && e->size >= STREAM_AHEAD) {
        e->held = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    if ((!e->request.streams && is_too_much(e, e->size + got)) || !reserve(e, e->size + got))
        return 0;
    memcpy(e->body + e->size, data, (size_t)got);
    e->size += got;
    return (size_t)got;
}

static void reply_take(struct http_exchange *e);

static size_t on_header(char *data, size_t one, size_t n, void *arg)
{
    struct http_exchange *e = arg;
    e->heard = true;
    e->heard_ns = http_now_ns();
    curl_easy_getinfo(e->easy, CURLINFO_RESPONSE_CODE, &e->status);
    if (e->request.streams && !e->open && (*data == '\r' || *data == '\n') && is_success(e->status))
        reply_take(e);
    return one * n;
}

void http_taken(struct http_exchange *e, int64_t bytes)
{
    e->size -= bytes;
    memmove(e->body, e->body + bytes, (size_t)e->size);
    if (!e->held || e->size)
        return;
    e->held = false;
    e->heard_ns = http_now_ns();
    if (!e->easy || !curl_easy_pause(e->easy, CURLPAUSE_CONT)) /* what curl holds comes at once */
        return;
    if (!e->fault.code)
        http_fault_set(&e->fault, QETL_E_RETRY_CALL, NULL, NULL, "%s %.300s: it does not go on",
                       e->request.method, e->url);
    http_transfer_drop(e);
}

/* ---- where it leads ---- */

static void refuse_address(struct http_exchange *e, const char *kind, const char *host)
{
    snprintf(e->refused, sizeof e->refused, "%.100s leads to %s", host, kind);
}

static const char *host_of(const struct http_exchange *e, struct http_origin *origin)
{
    const char *why;
    return http_origin_of(e->url, origin, &why) ? "?" : origin->host;
}

static bool is_refused(struct http_exchange *e, const char *kind)
{
    struct http_origin origin = {0};
    const char *host = host_of(e, &origin);
    bool refused = kind && !e->proxied && !http_policy_private(&e->client->policy, host);
    if (refused)
        refuse_address(e, kind, host);
    http_origin_free(&origin);
    return refused;
}

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_exchange *e = arg;
    (void)purpose;
    if (is_refused(e, http_address_private(&address->addr)))
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* A connection that was there already is looked at, too. */
static int on_connected(void *arg, char *address, char *own, int port, int own_port)
{
    (void)own;
    (void)port;
    (void)own_port;
    return is_refused(arg, http_address_private_text(address)) ? CURL_PREREQFUNC_ABORT
                                                               : CURL_PREREQFUNC_OK;
}

/* ---- a hop ---- */

static bool header_add(struct http_exchange *e, const char *header)
{
    struct curl_slist *longer = curl_slist_append(e->headers, header);
    if (longer)
        e->headers = longer;
    return longer;
}

static bool type_add(struct http_exchange *e)
{
    char *header;
    if (asprintf(&header, "Content-Type: %s", e->request.content_type) < 0)
        return false;
    bool added = header_add(e, header);
    free(header);
    return added;
}

static bool headers_make(struct http_exchange *e, bool home, const char *url)
{
    bool fine = header_add(e, "Expect:");
    bool told = home || e->for_token;
    for (const struct curl_slist *h = e->request.headers; h && told && fine; h = h->next)
        fine = header_add(e, h->data);
    if (fine && e->request.body && e->request.content_type)
        fine = type_add(e);
    if (fine && home && e->client->auth.header)
        fine = header_add(e, e->client->auth.header);
    if (fine && home && e->client->token.header)
        fine = header_add(e, e->client->token.header);
    if (fine && home && e->client->auth.sigv4.service)
        fine = http_sigv4_sign(&e->client->auth.sigv4, e->request.method, url, e->request.body,
                               e->request.body_size, (int64_t)time(NULL), &e->headers);
    e->token_number = e->client->token.number;
    return fine;
}

static void tls_set(CURL *easy, const struct http_settings *s)
{
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, s->tls_verify ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, s->tls_verify ? 2L : 0L);
    if (*s->tls_ca)
        curl_easy_setopt(easy, CURLOPT_CAINFO, s->tls_ca);
    if (*s->tls_cert)
        curl_easy_setopt(easy, CURLOPT_SSLCERT, s->tls_cert);
    if (*s->tls_key)
        curl_easy_setopt(easy, CURLOPT_SSLKEY, s->tls_key);
}

static void callbacks_set(struct http_exchange *e)
{
    CURL *easy = e->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, e);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, e->detail);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, e);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, e);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, e);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, e);
}

static void easy_set(struct http_exchange *e, const char *proxy, bool tls)
{
    const struct http_settings *s = &e->client->settings;
    const struct http_request *r = &e->request;
    CURL *easy = e->easy;
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    /* Without TLS there is no HTTP/2 to wait for: the second request would wait for an answer. */
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, tls ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)(r->streams ? STREAM_BUFFER : PAGE_BUFFER));
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, r->streams ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)s->connect_ms);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, s->user_agent);
    curl_easy_setopt(easy, CURLOPT_PROXY, proxy);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, e->headers);
    if (s->compression)
        curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    if (r->body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_size);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, r->body);
    }
    if (strcmp(r->method, "HEAD") == 0)
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    else if (strcmp(r->method, r->body ? "POST" : "GET") != 0)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, r->method);
    tls_set(easy, s);
    callbacks_set(e);
}

/* The URL as it goes out; what the policy says about it stands in the fault. */
static char *hop_url(struct http_exchange *e, const struct http_origin *origin, bool home)
{
    const struct http_policy *policy = &e->client->policy;
    const char *why = e->for_token ? NULL : http_policy_refuses(policy, origin);
    const char *kind = http_address_private_text(origin->host);
    if (why) {
        http_fault_set(&e->fault, QETL_E_CONFIG, "/hosts",
                       "if the server may send one there, add the host to `hosts`",
                       "%s %.300s: refused: %s", e->request.method, e->url, why);
        return NULL;
    }
    if (kind && e->proxied && !http_policy_private(policy, origin->host))
        refuse_address(e, kind, origin->host);
    if (*e->refused)
        return NULL;
    return home ? http_auth_url(&e->client->auth, e->url) : strdup(e->url);
}

static void address_fault(struct http_exchange *e)
{
    http_fault_set(&e->fault, QETL_E_CONFIG, "/private_hosts",
                   "if that is where it shall lead, add the host to `private_hosts`",
                   "%s %.300s: refused: %s", e->request.method, e->url, e->refused);
}

/* false: there is a fault. */
static bool hop_make(struct http_exchange *e, const struct http_origin *origin)
{
    bool home = !e->for_token && http_policy_is_home(&e->client->policy, origin);
    const char *proxy = http_proxy_of(e->client->settings.proxy, origin);
    e->proxied = *proxy;
    *e->refused = *e->detail = 0;
    char *url = hop_url(e, origin, home);
    if (!url) {
        if (*e->refused)
            address_fault(e);
        return false;
    }
    e->easy = curl_easy_init();
    bool fine =
        e->easy && headers_make(e, home, url) && !curl_easy_setopt(e->easy, CURLOPT_URL, url);
    if (fine)
        easy_set(e, proxy, origin->tls);
    explicit_bzero(url, strlen(url));
    free(url);
    return fine && !curl_multi_add_handle(e->client->multi, e->easy);
}

void http_transfer_start(struct http_exchange *e, int64_t now)
{
    struct http_origin origin = {0};
    const char *why = NULL;
    int32_t status = http_origin_of(e->url, &origin, &why);
    e->state = HTTP_RUNS;
    e->began_ns = e->heard_ns = now;
    e->away_ns = e->client->away_ns;
    e->heard = false;
    if (status == QETL_E_CONFIG)
        http_fault_set(&e->fault, status, NULL, NULL, "%s %.300s: the URL cannot be asked: %s",
                       e->request.method, e->url, why);
    if (!status && hop_make(e, &origin)) {
        http_origin_free(&origin);
        return;
    }
    http_origin_free(&origin);
    if (e->fault.code)
        http_transfer_drop(e);
    else
        fail_memory(e);
}

/* ---- the end of a hop ---- */

/* All headers of that name, joined by commas; NULL: none, or no memory. */
static char *header_text(CURL *easy, const char *name, bool *lacks)
{
    struct curl_header *header;
    char *text = NULL;
    for (size_t i = 0; !curl_easy_header(easy, name, i, CURLH_HEADER, -1, &header); i++) {
        char *longer;
        if (asprintf(&longer, "%s%s%s", text ? text : "", text ? ", " : "", header->value) < 0)
            longer = NULL;
        free(text);
        text = longer;
        if (!text) {
            *lacks = true;
            return NULL;
        }
        if (i + 1 >= header->amount)
            break;
    }
    return text;
}

static bool is_redirect(long status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* By 301 and 302 clients turn other requests into a GET without a body: another question. 303 means
 * that. */
static bool turns_into_get(const struct http_exchange *e)
{
    bool gets = strcmp(e->request.method, "GET") == 0 || strcmp(e->request.method, "HEAD") == 0;
    return !gets && (e->status == 301 || e->status == 302);
}

/* Another hop, if the response says where to. */
static bool redirect(struct http_exchange *e)
{
    bool lacks = false;
    char *location = header_text(e->easy, "Location", &lacks);
    char *url = location ? http_url_join(e->url, location) : NULL;
    free(location);
    if (!url) {
        if (lacks)
            http_fault_set(&e->fault, QETL_E_NO_MEMORY, NULL, NULL, "no memory for a URL");
        return false;
    }
    if (turns_into_get(e)) {
        http_fault_set(&e->fault, QETL_E_CONFIG, "/url", "write the URL that it leads to",
                       "%s %.200s: %ld leads to %.200s, where only a GET would be sent",
                       e->request.method, e->url, e->status, url);
        free(url);
        return false;
    }
    free(e->url);
    e->url = url;
    if (++e->hops > HOPS) {
        http_fault_set(&e->fault, QETL_E_DATA, NULL, NULL,
                       "%s %.300s: it was sent on more than %d times", e->request.method, e->url,
                       HOPS);
        return false;
    }
    if (e->status == 303 && strcmp(e->request.method, "HEAD") != 0) {
        e->request.method = "GET";
        e->request.body = NULL;
    }
    hop_clear(e);
    reply_clear(e);
    e->state = HTTP_WAITS;
    return true;
}

/* With another token, once: it may have expired early, or was taken back. */
static bool authorize_again(struct http_exchange *e)
{
    if (!e->client->token.grant || e->for_token || e->renewed)
        return false;
    e->renewed = true;
    http_token_refused(&e->client->token, e->token_number);
    hop_clear(e);
    reply_clear(e);
    e->state = HTTP_WAITS;
    return true;
}

static void reply_take(struct http_exchange *e)
{
    bool lacks = false;
    e->type = header_text(e->easy, "Content-Type", &lacks);
    e->link = header_text(e->easy, "Link", &lacks);
    if (e->request.wants)
        e->wanted = header_text(e->easy, e->request.wants, &lacks);
    if (e->type)
        e->type[strcspn(e->type, "; \t")] = 0;
    e->open = true;
    if (lacks)
        http_fault_set(&e->fault, QETL_E_NO_MEMORY, NULL, NULL, "no memory for a response");
}

static void status_fault(struct http_exchange *e, const char *what)
{
    curl_off_t after = 0;
    curl_easy_getinfo(e->easy, CURLINFO_RETRY_AFTER, &after);
    http_fault_status(&e->fault, what, e->status, after, e->body, e->size);
}

static long certificate_of(const struct http_exchange *e)
{
    long verdict = 0;
    curl_easy_getinfo(e->easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
    return verdict;
}

void http_transfer_finish(struct http_exchange *e, CURLcode code)
{
    char what[340];
    curl_off_t taken = 0;
    snprintf(what, sizeof what, "%s %.300s", e->request.method, e->url);
    curl_easy_getinfo(e->easy, CURLINFO_RESPONSE_CODE, &e->status);
    curl_easy_getinfo(e->easy, CURLINFO_SIZE_DOWNLOAD_T, &taken);
    e->taken += taken;
    if (e->status)
        e->client->reached = true;
    if (e->said > REASON_MOST) /* its status says enough */
        code = CURLE_OK;
    if (!e->fault.code && *e->refused && code)
        address_fault(e);
    else if (!e->fault.code && code)
        http_fault_curl(&e->fault, what, code, e->detail, e->client->reached, certificate_of(e));
    if (!e->fault.code && is_redirect(e->status) && !e->for_token && redirect(e))
        return;
    if (!e->fault.code && e->status == 401 && authorize_again(e))
        return;
    if (!e->fault.code && !is_success(e->status)) {
        status_fault(e, what);
        http_token_hide(&e->client->token, e->fault.message);
        http_auth_hide(&e->client->auth, e->fault.message);
    } else if (!e->fault.code && !e->open) {
        reply_take(e);
    }
    hop_clear(e);
    delist(e);
    e->state = HTTP_DONE;
}
