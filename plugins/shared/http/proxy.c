/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- names ---- */

/* A name may end with a dot, and is the same. */
static size_t undotted(const char *name, size_t size)
{
    return size && name[size - 1] == '.' ? size - 1 : size;
}

/* The name, or one below it. */
static bool name_covers(const char *name, size_t size, const char *host)
{
    size_t whole = undotted(host, strlen(host));
    size_t before = size >= 2 && strncmp(name, "*.", 2) == 0 ? 2 : size && *name == '.';
    name += before;
    size = undotted(name, size - before);
    return size && size <= whole && !strncasecmp(host + whole - size, name, size) &&
           (size == whole || host[whole - size - 1] == '.');
}

/* ---- addresses ---- */

struct address {
    int bits; /* 32, 128, or 0: it is none */
    uint8_t bytes[16];
};

/* With or without brackets; the name of an interface says nothing about where it leads. */
static struct address address_read(const char *text, size_t size)
{
    struct address out = {0};
    char plain[64];
    bool wrapped = size >= 2 && *text == '[' && text[size - 1] == ']';
    snprintf(plain, sizeof plain, "%.*s", (int)(wrapped ? size - 2 : size), text + wrapped);
    plain[strcspn(plain, "%")] = 0;
    if (inet_pton(AF_INET, plain, out.bytes) == 1)
        out.bits = 32;
    else if (inet_pton(AF_INET6, plain, out.bytes) == 1)
        out.bits = 128;
    return out;
}

/* How many bits "/24" says; without: all. -1: it says none. */
static int prefix_read(const char *text, size_t size, int all)
{
    int bits = 0;
    if (!size)
        return all;
    for (size_t i = 1; i < size; i++) {
        if (text[i] < '0' || text[i] > '9' || bits > all)
            return -1;
        bits = bits * 10 + text[i] - '0';
    }
    return size == 1 || bits > all ? -1 : bits;
}

/* The address, or a network that it is in. */
static bool network_covers(const char *network, size_t size, const struct address *host)
{
    const char *slash = memchr(network, '/', size);
    size_t alone = slash ? (size_t)(slash - network) : size;
    struct address of = address_read(network, alone);
    int bits = prefix_read(network + alone, size - alone, of.bits);
    if (of.bits != host->bits || bits < 0)
        return false;
    int rest = bits % 8, mask = 0xff00 >> rest & 0xff;
    return memcmp(of.bytes, host->bytes, (size_t)bits / 8) == 0 &&
           (!rest || ((of.bytes[bits / 8] ^ host->bytes[bits / 8]) & mask) == 0);
}

bool http_proxy_bypassed(const char *list, const char *host)
{
    const struct address address = address_read(host, strlen(host));
    for (const char *at = list; at && *at;) {
        at += strspn(at, ", ");
        size_t size = strcspn(at, ", ");
        if (size == 1 && *at == '*')
            return true;
        if (address.bits ? network_covers(at, size, &address) : name_covers(at, size, host))
            return true;
        at += size;
    }
    return false;
}

/* ---- what the environment says ---- */

const char *http_proxy_of(const char *option, const struct http_origin *origin)
{
    const char *names[] = {origin->tls ? "https_proxy" : "http_proxy",
                           origin->tls ? "HTTPS_PROXY" : "", "all_proxy", "ALL_PROXY"};
    const char *bypass = getenv("no_proxy") ? getenv("no_proxy") : getenv("NO_PROXY");
    if (*option)
        return strcmp(option, "none") == 0 ? "" : option;
    if (http_proxy_bypassed(bypass, origin->host))
        return "";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *proxy = *names[i] ? getenv(names[i]) : NULL;
        if (proxy && *proxy)
            return proxy;
    }
    return "";
}
