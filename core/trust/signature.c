/* SPDX-License-Identifier: Apache-2.0 */
#include "signature.h"

#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const char type[] = "qetl-signature/1";

enum { BASE64 = sodium_base64_VARIANT_ORIGINAL, SIGNATURE_TEXT = 89 };

_Static_assert(QETL_KEY_TEXT == sodium_base64_ENCODED_LEN(QETL_KEY_BYTES, BASE64), "a key's text");
_Static_assert(SIGNATURE_TEXT == sodium_base64_ENCODED_LEN(QETL_SIGNATURE_BYTES, BASE64),
               "a signature's text");
_Static_assert(QETL_SEED_BYTES == crypto_sign_SEEDBYTES, "a secret is a seed");

/* Idempotent, and it cannot fail where there is a source of random bytes: without one, keys would
 * be guessed. */
static void ready(void)
{
    if (sodium_init() < 0)
        abort();
}

void qetl_secret_make(struct package_secret *secret)
{
    ready();
    randombytes_buf(secret->seed, sizeof secret->seed);
}

void qetl_secret_forget(struct package_secret *secret)
{
    sodium_memzero(secret, sizeof *secret);
}

void qetl_secret_key(const struct package_secret *secret, struct package_key *key)
{
    uint8_t pair[crypto_sign_SECRETKEYBYTES];
    ready();
    crypto_sign_seed_keypair(key->bytes, pair, secret->seed);
    sodium_memzero(pair, sizeof pair);
}

void qetl_key_text(const uint8_t bytes[QETL_KEY_BYTES], char text[QETL_KEY_TEXT])
{
    sodium_bin2base64(text, QETL_KEY_TEXT, bytes, QETL_KEY_BYTES, BASE64);
}

static int text_read(const char *text, uint8_t *bytes, size_t wanted)
{
    size_t size;
    const char *end;
    if (sodium_base642bin(bytes, wanted, text, strlen(text), NULL, &size, &end, BASE64))
        return -1;
    return size == wanted && !*end ? 0 : -1;
}

int qetl_key_read(const char *text, uint8_t bytes[QETL_KEY_BYTES])
{
    return text_read(text, bytes, QETL_KEY_BYTES);
}

void qetl_signature_make(const struct package_secret *secret, const void *message, size_t size,
                         struct package_signature *signature)
{
    uint8_t pair[crypto_sign_SECRETKEYBYTES];
    ready();
    crypto_sign_seed_keypair(signature->key.bytes, pair, secret->seed);
    crypto_sign_detached(signature->bytes, NULL, message, size, pair);
    sodium_memzero(pair, sizeof pair);
}

int qetl_signature_check(const struct package_signature *signature, const void *message,
                         size_t size)
{
    ready();
    return crypto_sign_verify_detached(signature->bytes, message, size, signature->key.bytes);
}

static void texts_of(const struct package_signature *signature, char key[QETL_KEY_TEXT],
                     char bytes[SIGNATURE_TEXT])
{
    qetl_key_text(signature->key.bytes, key);
    sodium_bin2base64(bytes, SIGNATURE_TEXT, signature->bytes, sizeof signature->bytes, BASE64);
}

char *qetl_signature_write(const struct package_signature *signature)
{
    char key[QETL_KEY_TEXT], bytes[SIGNATURE_TEXT], *text;
    texts_of(signature, key, bytes);
    int size =
        asprintf(&text, "{\n \"type\": \"%s\",\n \"key\": \"%s\",\n \"signature\": \"%s\"\n}\n",
                 type, key, bytes);
    return size < 0 ? NULL : text;
}

json_t *qetl_signature_json(const struct package_signature *signature)
{
    char key[QETL_KEY_TEXT], bytes[SIGNATURE_TEXT];
    texts_of(signature, key, bytes);
    return json_pack("{s:s, s:s, s:s}", "type", type, "key", key, "signature", bytes);
}

int qetl_signature_take(json_t *json, struct package_signature *signature)
{
    const char *kind, *key, *bytes;
    return !json ||
                   json_unpack(json, "{s:s, s:s, s:s !}", "type", &kind, "key", &key, "signature",
                               &bytes) ||
                   strcmp(kind, type) != 0 || qetl_key_read(key, signature->key.bytes) ||
                   text_read(bytes, signature->bytes, sizeof signature->bytes)
               ? -1
               : 0;
}

int qetl_signature_read(const void *text, size_t size, struct package_signature *signature)
{
    json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    int bad = qetl_signature_take(json, signature);
    json_decref(json);
    char *again = bad ? NULL : qetl_signature_write(signature);
    bad = !again || strlen(again) != size || memcmp(again, text, size) != 0;
    free(again);
    return bad ? -1 : 0;
}
