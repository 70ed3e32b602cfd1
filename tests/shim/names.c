/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A name server that changes its mind, and a network that ends at this machine.
 *
 *   QETL_SHIM_NAMES="one.example=1.1.1.1 127.0.0.1+10.0.0.1"   the first look-up of that name is
 * answered by the first address, the second by the next two, and so on; the last answer stays
 *
 * Connections to other addresses than 127.0.0.0/8 fail at once: nobody out there is bothered.
 */
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))

typedef int resolve(const char *, const char *, const struct addrinfo *, struct addrinfo **);

/* The n-th answer, addresses joined by '+'. false: the name is none of ours. */
static int answer_of(const char *name, char *out, size_t size)
{
    static atomic_int asked;
    const char *told = getenv("QETL_SHIM_NAMES");
    size_t length = strlen(name);
    if (!told || strncmp(told, name, length) != 0 || told[length] != '=')
        return 0;
    const char *at = told + length + 1;
    for (int n = atomic_fetch_add(&asked, 1); n > 0 && strchr(at, ' '); n--)
        at = strchr(at, ' ') + 1;
    snprintf(out, size, "%.*s", (int)strcspn(at, " "), at);
    return 1;
}

SHOWN int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                      struct addrinfo **out)
{
    resolve *real = (resolve *)dlsym(RTLD_NEXT, "getaddrinfo");
    struct addrinfo **end = out;
    char answer[200], *rest = answer;
    if (!name || !answer_of(name, answer, sizeof answer))
        return real(name, service, hints, out);
    *out = NULL;
    for (const char *one; (one = strsep(&rest, "+"));) {
        int error = real(one, service, hints, end);
        if (error)
            return error;
        while (*end)
            end = &(*end)->ai_next;
    }
    return 0;
}

SHOWN int connect(int fd, const struct sockaddr *address, socklen_t size)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
    if (address->sa_family == AF_INET && ntohl(v4->sin_addr.s_addr) >> 24 != 127) {
        errno = ENETUNREACH;
        return -1;
    }
    return (int)syscall(SYS_connect, fd, address, size);
}
