/* SPDX-License-Identifier: Apache-2.0 */
/* rest: digests and signatures, by the values that their specifications give. That a server lets
 * them in is tried in tests/cases/804-rest-signatures.sh. */
#include "plugins/shared/http/jwt.h"
#include "plugins/shared/http/sign.h"
#include "plugins/shared/http/sigv4.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(rest_source_signatures, digests)
{
    uint8_t digest[SIGN_DIGEST];
    char hex[SIGN_HEX];
    sign_sha256_hex("abc", 3, hex); /* FIPS 180-4 */
    cr_expect_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sign_hmac("Jefe", 4, "what do ya want for nothing?", 28, digest); /* RFC 4231, 4.3 */
    sign_hex(digest, hex);
    cr_expect_str_eq(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void coded(const char *text, const char *plain, const char *url)
{
    char *a = sign_base64(text, strlen(text)), *b = sign_base64url(text, strlen(text));
    cr_expect_str_eq(a, plain);
    cr_expect_str_eq(b, url);
    free(a);
    free(b);
}

Test(rest_source_signatures, base64_of_rfc_4648)
{
    coded("", "", "");
    coded("f", "Zg==", "Zg");
    coded("fo", "Zm8=", "Zm8");
    coded("foo", "Zm9v", "Zm9v");
    coded("foob", "Zm9vYg==", "Zm9vYg");
    coded("fooba", "Zm9vYmE=", "Zm9vYmE");
    coded("\xfb\xef\xff", "++//", "--__");
}

/* RFC 7515, A.1: the key and what is signed. */
Test(rest_source_signatures, claims_signed_by_hs256)
{
    static const uint8_t key[] = {3,   35,  53,  75,  43,  15,  165, 188, 131, 126, 6,   101, 119,
                                  123, 166, 143, 90,  179, 40,  230, 240, 84,  201, 40,  169, 15,
                                  132, 178, 210, 80,  46,  191, 211, 251, 90,  146, 210, 6,   71,
                                  239, 150, 138, 180, 195, 119, 98,  61,  34,  61,  46,  33,  114,
                                  5,   46,  79,  8,   192, 205, 154, 245, 103, 208, 128, 163};
    static const char input[] =
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290"
        "Ijp0cnVlfQ";
    uint8_t digest[SIGN_DIGEST];
    sign_hmac(key, sizeof key, input, sizeof input - 1, digest);
    char *text = sign_base64url(digest, sizeof digest);
    cr_expect_str_eq(text, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    free(text);
}

/* The parts in their places: a head that says how, claims, and the signature of both. */
Test(rest_source_signatures, a_token_is_signed_as_it_stands)
{
    const struct http_jwt jwt = {.algorithm = "HS256",
                                 .secret = "secret",
                                 .issuer = "me \"and\" \\you",
                                 .subject = "",
                                 .audience = "them",
                                 .scope = "",
                                 .key_id = "7",
                                 .lifetime_s = 60};
    static const char wanted[] = "{\"kid\":\"7\",\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    uint8_t digest[SIGN_DIGEST];
    char *token = http_jwt_make(&jwt, 1000);
    const char *dot = strrchr(token, '.');
    sign_hmac("secret", 6, token, (size_t)(dot - token), digest);
    char *signature = sign_base64url(digest, sizeof digest);
    char *head = sign_base64url(wanted, sizeof wanted - 1);
    cr_expect_str_eq(dot + 1, signature);
    cr_expect(!strncmp(token, head, strlen(head)) && token[strlen(head)] == '.', "%s", token);
    free(head);
    free(signature);
    free(token);
}

/* As the documentation of Amazon S3 has it: one key, one moment, and what each request is signed
 * by. */
static void signed_by(const char *url, const char *wanted)
{
    const struct http_sigv4 keys = {.access_key = "AKIAIOSFODNN7EXAMPLE",
                                    .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                                    .region = "us-east-1",
                                    .service = "s3"};
    struct curl_slist *headers = NULL;
    const char *found = "";
    cr_expect(http_sigv4_sign(&keys, "GET", url, NULL, 0, 1369353600, &headers));
    for (const struct curl_slist *h = headers; h; h = h->next)
        if (strstr(h->data, "Signature="))
            found = strstr(h->data, "Signature=") + 10;
    cr_expect_str_eq(found, wanted, "%s", url);
    curl_slist_free_all(headers);
}

Test(rest_source_signatures, requests_signed_for_aws)
{
    signed_by("https://examplebucket.s3.amazonaws.com/?lifecycle",
              "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
    signed_by("https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J",
              "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
    signed_by("https://examplebucket.s3.amazonaws.com/?prefix=J&max-keys=2", /* sorted */
              "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}
