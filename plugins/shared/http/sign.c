/* SPDX-License-Identifier: Apache-2.0 */
#include "sign.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

enum { COORDINATE = 32 }; /* of P-256 */

struct sign_key {
    EVP_PKEY *pkey;
};

/* Who would be asked for a passphrase is not there. */
static int no_passphrase(char *buffer, int size, int writes, void *arg)
{
    (void)buffer;
    (void)size;
    (void)writes;
    (void)arg;
    return -1;
}

struct sign_key *sign_key_read(const char *pem)
{
    struct sign_key *key = calloc(1, sizeof *key);
    BIO *bio = BIO_new_mem_buf(pem, -1);
    if (key && bio)
        key->pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    ERR_clear_error();
    if (key && key->pkey)
        return key;
    free(key);
    return NULL;
}

void sign_key_free(struct sign_key *key)
{
    if (key)
        EVP_PKEY_free(key->pkey);
    free(key);
}

/* JWS has both numbers one behind the other (RFC 7518, 3.4), OpenSSL an ASN.1 sequence of them. */
static uint8_t *flatten(const uint8_t *der, size_t size, size_t *flat_size)
{
    ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &der, (long)size);
    uint8_t *flat = parts ? malloc((size_t)2 * COORDINATE) : NULL;
    if (flat && (BN_bn2binpad(ECDSA_SIG_get0_r(parts), flat, COORDINATE) < 0 ||
                 BN_bn2binpad(ECDSA_SIG_get0_s(parts), flat + COORDINATE, COORDINATE) < 0)) {
        free(flat);
        flat = NULL;
    }
    ECDSA_SIG_free(parts);
    *flat_size = (size_t)2 * COORDINATE;
    return flat;
}

static bool fits(const struct sign_key *key, const char *algorithm)
{
    return strcmp(algorithm, "RS256") == 0
               ? EVP_PKEY_is_a(key->pkey, "RSA")
               : EVP_PKEY_is_a(key->pkey, "EC") && EVP_PKEY_get_bits(key->pkey) == 256;
}

uint8_t *sign_with_key(const struct sign_key *key, const char *algorithm, const void *data,
                       size_t size, size_t *signature_size)
{
    EVP_MD_CTX *context = fits(key, algorithm) ? EVP_MD_CTX_new() : NULL;
    uint8_t *signature = NULL, *flat;
    if (context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key->pkey) == 1 &&
        EVP_DigestSign(context, NULL, signature_size, data, size) == 1)
        signature = malloc(*signature_size);
    if (signature && EVP_DigestSign(context, signature, signature_size, data, size) != 1) {
        free(signature);
        signature = NULL;
    }
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    if (!signature || strcmp(algorithm, "ES256") != 0)
        return signature;
    flat = flatten(signature, *signature_size, signature_size);
    free(signature);
    return flat;
}

void sign_hmac(const void *key, size_t key_size, const void *data, size_t size,
               uint8_t out[SIGN_DIGEST])
{
    unsigned length = SIGN_DIGEST;
    if (!HMAC(EVP_sha256(), key, (int)key_size, data, size, out, &length))
        memset(out, 0, SIGN_DIGEST); /* no memory: no server takes it */
}

void sign_hex(const uint8_t digest[SIGN_DIGEST], char out[SIGN_HEX])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < SIGN_DIGEST; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[2 * SIGN_DIGEST] = 0;
}

void sign_sha256_hex(const void *data, size_t size, char out[SIGN_HEX])
{
    uint8_t digest[SIGN_DIGEST] = {0};
    EVP_Digest(data, size, digest, NULL, EVP_sha256(), NULL);
    sign_hex(digest, out);
}

char *sign_base64(const void *data, size_t size)
{
    char *text = malloc(4 * ((size + 2) / 3) + 1);
    if (text)
        EVP_EncodeBlock((unsigned char *)text, data, (int)size);
    return text;
}

char *sign_base64url(const void *data, size_t size)
{
    char *text = sign_base64(data, size);
    for (char *c = text; c && *c; c++)
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    if (text)
        text[strcspn(text, "=")] = 0;
    return text;
}
