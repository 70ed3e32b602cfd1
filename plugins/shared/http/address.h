/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an address leads: to the world, or to what only this machine or its network can reach.
 *
 * Invariant: whatever is not known to be of the world is not of the world.
 * Ownership: plain values.
 * Threads:   any.
 */
#ifndef HTTP_ADDRESS_H
#define HTTP_ADDRESS_H

#include <sys/socket.h>

/* NULL: an address of the world. Else what kind of address it is, for people: "a loopback address".
 */
const char *http_address_private(const struct sockaddr *address);
/* The same of a text such as "10.0.0.1" or "::1"; NULL also where it is a name. */
const char *http_address_private_text(const char *host);

#endif
