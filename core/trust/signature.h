/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ed25519 signatures and the keys that make them (libsodium). A signature is an entry of a package,
 * over the bytes of its list of files; any implementation of Ed25519 can check it.
 *
 * Invariant: a signature or a key has one text; no other is read as it.
 * Ownership: texts are the caller's.
 * Threads:   any.
 */
#ifndef QETL_CORE_TRUST_SIGNATURE_H
#define QETL_CORE_TRUST_SIGNATURE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum {
    QETL_KEY_BYTES = 32,
    QETL_SEED_BYTES = 32,
    QETL_SIGNATURE_BYTES = 64,
    QETL_KEY_TEXT = 45 /* base64 with its NUL */
};

struct package_key { /* public */
    uint8_t bytes[QETL_KEY_BYTES];
};

struct package_secret {
    uint8_t seed[QETL_SEED_BYTES];
};

struct package_signature {
    struct package_key key;
    uint8_t bytes[QETL_SIGNATURE_BYTES];
};

void qetl_secret_make(struct package_secret *);
void qetl_secret_forget(struct package_secret *);
void qetl_secret_key(const struct package_secret *, struct package_key *);
void qetl_key_text(const uint8_t bytes[QETL_KEY_BYTES], char text[QETL_KEY_TEXT]);
/* 0, or -1: it is no such text. */
int qetl_key_read(const char *text, uint8_t bytes[QETL_KEY_BYTES]);

void qetl_signature_make(const struct package_secret *, const void *message, size_t size,
                         struct package_signature *);
/* 0: the key made it over just this. */
int qetl_signature_check(const struct package_signature *, const void *message, size_t size);
/* NULL without memory. */
char *qetl_signature_write(const struct package_signature *);
/* 0, or -1: it is not as qetl_signature_write makes it. */
int qetl_signature_read(const void *text, size_t size, struct package_signature *);
/* The same as a part of another document. NULL without memory; 0, or -1: it is none. */
json_t *qetl_signature_json(const struct package_signature *);
int qetl_signature_take(json_t *, struct package_signature *);

#endif
