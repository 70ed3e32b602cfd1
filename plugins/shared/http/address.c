/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges: IANA's registries of special-purpose addresses, and where clouds keep their metadata. */
#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct range4 {
    uint32_t first, mask;
    const char *kind;
};

static const struct range4 ranges4[] = {
    {0xa9fea9fe, 0xffffffff, "the address of a cloud's metadata"}, /* 169.254.169.254 */
    {0x646464c8, 0xffffffff, "the address of a cloud's metadata"}, /* 100.100.100.200 */
    {0xc0000000, 0xffffff00, "the address of a cloud's metadata"}, /* 192.0.0.0/24 */
    {0xa83f8110, 0xffffffff, "the address of a cloud's metadata"}, /* 168.63.129.16 */
    {0x00000000, 0xff000000, "an address of this network"},
    {0x7f000000, 0xff000000, "a loopback address"},
    {0x0a000000, 0xff000000, "a private address"},
    {0xac100000, 0xfff00000, "a private address"},
    {0xc0a80000, 0xffff0000, "a private address"},
    {0x64400000, 0xffc00000, "a private address"}, /* behind a provider's own translation */
    {0xa9fe0000, 0xffff0000, "a link-local address"},
    {0xc0000200, 0xffffff00, "an address for documents"},
    {0xc6336400, 0xffffff00, "an address for documents"},
    {0xcb007100, 0xffffff00, "an address for documents"},
    {0xc6120000, 0xfffe0000, "an address for benchmarks"},
    {0xe0000000, 0xf0000000, "a multicast address"},
    {0xf0000000, 0xf0000000, "a reserved address"},
};

static const char *private4(uint32_t address)
{
    for (size_t i = 0; i < sizeof ranges4 / sizeof *ranges4; i++)
        if ((address & ranges4[i].mask) == ranges4[i].first)
            return ranges4[i].kind;
    return NULL;
}

static uint32_t big32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

struct range6 {
    uint8_t first[16];
    int bits;
    const char *kind;
};

static const struct range6 ranges6[] = {
    {{0xfd, 0x00, 0x0e, 0xc2, [15] = 0x54, [14] = 0x02}, 128, "the address of a cloud's metadata"},
    {{[15] = 1}, 128, "a loopback address"},
    {{0}, 128, "an address of this network"},
    {{0xfc}, 7, "a private address"},
    {{0xfe, 0x80}, 10, "a link-local address"},
    {{0xfe, 0xc0}, 10, "a private address"},
    {{0xff}, 8, "a multicast address"},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "an address for documents"},
    {{0x01}, 64, "a reserved address"},
};

static int begins_with(const uint8_t *address, const uint8_t *first, int bits)
{
    int whole = bits / 8, rest = bits % 8;
    uint8_t mask = (uint8_t)(0xff << (8 - rest));
    return memcmp(address, first, (size_t)whole) == 0 &&
           (!rest || (address[whole] & mask) == (first[whole] & mask));
}

/* Addresses that hold one of the older kind lead where that one leads. */
static const char *private6(const uint8_t *a)
{
    static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff}, zero[16] = {0};
    static const uint8_t translated[16] = {0x00, 0x64, 0xff, 0x9b},
                         own[16] = {0x00, 0x64, 0xff, 0x9b, 0x00, 0x01};
    for (size_t i = 0; i < sizeof ranges6 / sizeof *ranges6; i++)
        if (begins_with(a, ranges6[i].first, ranges6[i].bits))
            return ranges6[i].kind;
    if (begins_with(a, own, 48))
        return "a private address";
    if (begins_with(a, mapped, 96) || begins_with(a, translated, 96) || begins_with(a, zero, 96))
        return private4(big32(a + 12));
    if (a[0] == 0x20 && a[1] == 0x02)
        return private4(big32(a + 2));
    if (a[0] == 0x20 && a[1] == 0x01 && !a[2] && !a[3])
        return "the address of a tunnel";
    return NULL;
}

const char *http_address_private(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        return private4(ntohl(in.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, address, sizeof in);
        return private6(in.sin6_addr.s6_addr);
    }
    return "an address of a kind that is not known";
}

const char *http_address_private_text(const char *host)
{
    uint8_t six[16];
    char text[64];
    struct in_addr four;
    if (inet_pton(AF_INET, host, &four) == 1)
        return private4(ntohl(four.s_addr));
    snprintf(text, sizeof text, "%s", host + (*host == '['));
    text[strcspn(text, "]%")] = 0; /* brackets, and the name of an interface */
    return inet_pton(AF_INET6, text, six) == 1 ? private6(six) : NULL;
}
