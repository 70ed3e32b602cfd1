/* SPDX-License-Identifier: Apache-2.0 */
/* Servers that take their time, or have no end: each transfer ends, and says why. */
#include "../core/fetch/download.h"

#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TOP = 4000 };

/* What a server says, byte by byte or as fast as it can. */
struct script {
    const char *begin, *again; /* again and again, behind begin; NULL: then it is silent */
    long pause_ms;             /* before each byte of `again` */
    int closes;                /* behind begin, and waits for the next one */
    long waits_ms;             /* before begin */
};

static struct {
    int fd;
    unsigned port;
    pthread_t thread;
    struct script script;
    _Atomic uint64_t sent;
} server;

static void pause_for(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* Until the client has gone. */
static void talk(int fd)
{
    char request[4096];
    const struct script *s = &server.script;
    size_t size = s->again ? strlen(s->again) : 0;
    ssize_t n = read(fd, request, sizeof request);
    pause_for(s->waits_ms);
    if (n > 0)
        n = write(fd, s->begin, strlen(s->begin));
    for (size_t at = 0; n > 0 && size; at = s->pause_ms ? (at + 1) % size : 0) {
        if (s->pause_ms)
            pause_for(s->pause_ms);
        n = write(fd, s->again + at, s->pause_ms ? 1 : size);
        if (n > 0)
            server.sent += (uint64_t)n;
    }
    while (n > 0 && !s->closes)
        n = read(fd, request, sizeof request);
    close(fd);
}

static void *serve(void *arg)
{
    (void)arg;
    for (;;) {
        int fd = accept(server.fd, NULL, NULL);
        if (fd < 0)
            return NULL;
        talk(fd);
    }
}

static void begin(const struct script *script)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof at;
    signal(SIGPIPE, SIG_IGN);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    unsetenv("ALL_PROXY");
    server.script = *script;
    server.fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(server.fd, (struct sockaddr *)&at, sizeof at), 0);
    cr_assert_eq(listen(server.fd, 8), 0);
    cr_assert_eq(getsockname(server.fd, (struct sockaddr *)&at, &size), 0);
    server.port = ntohs(at.sin_port);
    cr_assert_eq(pthread_create(&server.thread, NULL, serve, NULL), 0);
}

static void end(void)
{
    shutdown(server.fd, SHUT_RDWR);
    pthread_join(server.thread, NULL);
    close(server.fd);
}

/* It fails by that code and with those words. */
static void expect_refused(const struct qetl_download *wanted, const char *code, const char *words)
{
    struct qetl_findings findings = {0};
    char url[64];
    size_t size;
    snprintf(url, sizeof url, "http://127.0.0.1:%u/index.json", server.port);
    unsigned char *bytes = qetl_download(url, wanted, &size, &findings);
    cr_expect_null(bytes);
    cr_assert_eq(findings.errors, 1);
    cr_expect_str_eq(findings.items[0].code, code, "%s", findings.items[0].message);
    cr_expect(strstr(findings.items[0].message, words), "%s", findings.items[0].message);
    qetl_findings_free(&findings);
    free(bytes);
    end();
}

#define HEAD "HTTP/1.1 200 OK\r\n"

Test(download, ends_where_nobody_answers, .timeout = 60)
{
    begin(&(struct script){.begin = "H"});
    expect_refused(&(struct qetl_download){.most = TOP, .slow_s = 1}, "download_slow", "too long");
}

Test(download, ends_where_a_byte_comes_now_and_then, .timeout = 60)
{
    begin(&(struct script){
        .begin = HEAD "Content-Length: 4000\r\n\r\n", .again = "x", .pause_ms = 100});
    expect_refused(&(struct qetl_download){.most = TOP, .slow_s = 1}, "download_slow", "too long");
}

Test(download, ends_where_headers_come_now_and_then, .timeout = 60)
{
    begin(&(struct script){.begin = HEAD, .again = "X-More: x\r\n", .pause_ms = 20});
    expect_refused(&(struct qetl_download){.most = TOP, .slow_s = 1}, "download_slow", "too long");
}

/* Fast enough for each second, and yet without an end. */
Test(download, ends_as_a_whole, .timeout = 60)
{
    begin(&(struct script){
        .begin = HEAD "Content-Length: 4000\r\n\r\n", .again = "x", .pause_ms = 1});
    expect_refused(&(struct qetl_download){.most = TOP, .whole_ms = 500, .slow_s = 60},
                   "download_slow", "too long");
}

/* Five redirects have no more time than one. */
Test(download, ends_as_a_whole_with_redirects, .timeout = 60)
{
    begin(
        &(struct script){.begin = "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
                         .closes = 1,
                         .waits_ms = 400});
    expect_refused(&(struct qetl_download){.most = TOP, .whole_ms = 1000, .slow_s = 60},
                   "download_slow", "too long");
}

/* The file is four bytes, the words beside it never end. */
Test(download, ends_in_what_is_no_body, .timeout = 60)
{
    begin(&(struct script){.begin = HEAD "Transfer-Encoding: chunked\r\n\r\n4;",
                           .again = "extension=0123456789012345678901234567890123456789;"});
    expect_refused(&(struct qetl_download){.most = TOP, .slow_s = 60}, "download_size",
                   "more than the 4000 bytes");
    cr_expect(server.sent < 64 << 20, "%llu bytes", (unsigned long long)server.sent);
}

Test(download, ends_in_pieces_of_a_byte, .timeout = 60)
{
    begin(&(struct script){.begin = HEAD "Transfer-Encoding: chunked\r\n\r\n",
                           .again = "1\r\nx\r\n"});
    expect_refused(&(struct qetl_download){.most = TOP}, "download_size",
                   "more than the 4000 bytes");
}

Test(download, is_led_to_no_file, .timeout = 60)
{
    static const char *const places[] = {"file:///etc/passwd", "file://127.0.0.1/etc/passwd",
                                         "ftp://127.0.0.1/x", "gopher://127.0.0.1:1/x",
                                         "http://127.0.0.1.example/x"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char head[200];
        snprintf(head, sizeof head,
                 "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", places[i]);
        begin(&(struct script){.begin = head, .closes = 1});
        expect_refused(&(struct qetl_download){.most = TOP}, "download_redirect", "to another one");
    }
}
