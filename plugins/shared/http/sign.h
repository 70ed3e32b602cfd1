/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests and signatures, over OpenSSL's libcrypto.
 *
 * Invariant: no key stands anywhere but in the memory of who gave it.
 * Ownership: results are the caller's, to be freed.
 * Threads:   any.
 */
#ifndef HTTP_SIGN_H
#define HTTP_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIGN_DIGEST = 32, SIGN_HEX = 65 };

struct sign_key; /* a private key of RSA or an elliptic curve */
/* NULL: the text is no such key (PEM), or its passphrase is not known. */
struct sign_key *sign_key_read(const char *pem);
void sign_key_free(struct sign_key *);
/* Of the digest that the word names: RS256, ES256. NULL: the key is of another kind, or no memory.
 */
uint8_t *sign_with_key(const struct sign_key *, const char *algorithm, const void *data,
                       size_t size, size_t *signature_size);

void sign_hmac(const void *key, size_t key_size, const void *data, size_t size,
               uint8_t out[SIGN_DIGEST]);
void sign_sha256_hex(const void *data, size_t size, char out[SIGN_HEX]);
void sign_hex(const uint8_t digest[SIGN_DIGEST], char out[SIGN_HEX]);
/* RFC 4648, 4 and 5; the latter without padding. NULL: no memory. */
char *sign_base64(const void *data, size_t size);
char *sign_base64url(const void *data, size_t size);

#endif
