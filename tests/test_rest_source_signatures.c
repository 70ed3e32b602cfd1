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

/* RFC 7515, A.2: the key (as PKCS #8 has it) and what is signed. */
static const char rsa_key[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCh+BYK4uPJtGXO\n"
                              "jS1lYmM2K5J9vinh8CR3/BYlzJChNuOL2TSXxbbqY913EeZ8dCn5VrD7io8ImtxL\n"
                              "aYk8wTM/U+3QGbh3hCUv7JFP5IV3aVlL6kKA0ywPVb9ilE8TA5a8bpvfbr3SvaNn\n"
                              "juygxmj3AbONv/s4yDQs4v5tJ/reSlpIdJed1LnPmt7Ex1sFhSwsD174pcF1A5L5\n"
                              "ROjtZMEQxrZHYJqkeDrrnGya11UxMFBji4NmXG9veoKjlnAqH2QbgtPr8jkiGUkf\n"
                              "toaHLFcW9Qr4NY2ai50Xw0Byj3+H2JoY2PyrZ62EWQwuz3WTOTY8BwNNb2BvniHg\n"
                              "VFbK5emhAgMBAAECggEAEq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyW\n"
                              "PEAeP88vLNO97IjlA7/GQ5sLKMgvfTeXZx9SE+7YwVol2NXOoAJe46sui395IW/G\n"
                              "O+pWJ1O0BkTGoVEn2bKVRUCgu+GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzj\n"
                              "kn439X0M/V51gfpRLI9JYanrC4D4qAdGcopV/0ZHHzQlBjudU2QvXt4ehNYTCBr6\n"
                              "XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl/x/jTj3ccPDVZFD9pIuhLhBOneufuBiB\n"
                              "4cS98l2SR/RQyGWSeWjnczT0QU91p1DhOVRuOopznQKBgQDgHMQQ60imZV1URk0K\n"
                              "pLttoLhyt3SmqdEf/kgHePDdtzEafpAu+cS191R2JiuoF2yzWXnwFDcqGigp5BNr\n"
                              "0AHQfD8/Lk8l1Mk09jxxCfui5nYooNyac8YFjm3vItzVCVDnEd3BbVWG8qf6deqE\n"
                              "lMGAg+C2V0L4oNXnP7LZcPAZRwKBgQC5A8R+CZW2MvRTLLHzwZkUXV866cff7tx6\n"
                              "kqa0finGG0KgeqlaZPxgCZnFp7AeAcCMtiynVlJ7vMVgePsLq6XtON4tB5kP9jAP\n"
                              "rq3rbAOal78eUH5OcED6eNuCV8ixEu1eWcPNCS/l1OW1EnXUEoEHKl54Xrrz2uNw\n"
                              "kgMTP1FZ1wKBgAcCn1dwJKufzBWQxWQp1vsM5fggqPN1qGb5y0MAk3g7/Ls5bkUp\n"
                              "5u9SN0Ai3Ya6hNnvWJMb7sXQX6U/zyO2M/hTip7tUeh7CXgwo59dkpN75gJLVds2\n"
                              "9+DAncu3KXU4f2Fa+7bLNrur53k8KwPOq2bbuTG69QtV7Jr5MR0AHWKNAoGBAIf/\n"
                              "evpitUf+4JYbLpvNXWcY052Mpz22aR84mY3nh3F2LF2mjMJDpTg7FmuyPcVw6EcG\n"
                              "yoAe9fa65iNqCq+jdw6PVNGo2hxfjSiZ8IIzHdsPXI89//pMjZcQK9r+CCoRjaZj\n"
                              "OYiIDktVWZzmevJuv6WywUqd57LE3Zar3dLSIkx1AoGAIYd7DHOhrWvxkwPQsRM2\n"
                              "tOgrjbcrfvtQJipd+DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd/QJQ3\n"
                              "ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp/gh6A56\n"
                              "03k2+ZQwVK0JKSHuLFkuQ3U=\n"
                              "-----END PRIVATE KEY-----\n";

Test(rest_source_signatures, claims_signed_by_rs256)
{
    static const char input[] =
        "eyJhbGciOiJSUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290"
        "Ijp0cnVlfQ";
    struct sign_key *key = sign_key_read(rsa_key);
    size_t size = 0;
    cr_assert(key);
    uint8_t *signature = sign_with_key(key, "RS256", input, sizeof input - 1, &size);
    char *text = sign_base64url(signature, size);
    cr_expect_str_eq(text, "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7"
                           "AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4"
                           "BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K"
                           "0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv"
                           "hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB"
                           "p0igcN_IoypGlUPQGe77Rw");
    cr_expect_null(sign_with_key(key, "ES256", input, sizeof input - 1, &size));
    free(text);
    free(signature);
    sign_key_free(key);
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

/* To be freed. */
static char *signature_with(const char *service, const char *method, const char *url,
                            const char *body, const char *session_token)
{
    const struct http_sigv4 keys = {.access_key = "AKIAIOSFODNN7EXAMPLE",
                                    .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                                    .region = "us-east-1",
                                    .service = service,
                                    .session_token = session_token};
    struct curl_slist *headers = NULL;
    char *found = NULL;
    cr_expect(
        http_sigv4_sign(&keys, method, url, body, body ? strlen(body) : 0, 1369353600, &headers));
    for (const struct curl_slist *h = headers; h; h = h->next)
        if (strstr(h->data, "Signature="))
            found = strdup(strstr(h->data, "Signature=") + 10);
    curl_slist_free_all(headers);
    return found;
}

static char *signature_of(const char *service, const char *url)
{
    return signature_with(service, "GET", url, NULL, NULL);
}

/* As the documentation of Amazon S3 has it: one key, one moment, and what each request is signed
 * by. */
static void signed_by(const char *url, const char *wanted)
{
    char *found = signature_of("s3", url);
    cr_expect_str_eq(found, wanted, "%s", url);
    free(found);
}

/* Slashes side by side are one, but in a bucket, where they are part of a name. */
static void same_slashes(const char *service, const char *path, const char *other, bool same)
{
    char url[2][80], *found[2];
    snprintf(url[0], sizeof url[0], "https://api.example.com%s", path);
    snprintf(url[1], sizeof url[1], "https://api.example.com%s", other);
    for (int i = 0; i < 2; i++)
        found[i] = signature_of(service, url[i]);
    cr_expect_eq(!strcmp(found[0], found[1]), same, "%s: %s and %s", service, path, other);
    free(found[0]);
    free(found[1]);
}

Test(rest_source_signatures, paths_as_aws_reads_them)
{
    same_slashes("execute-api", "//a///b%20c//", "/a/b%20c/", true);
    same_slashes("execute-api", "//", "/", true);
    same_slashes("execute-api", "/a/", "/a", false);
    same_slashes("s3", "/a//b", "/a/b", false);
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

/* As AWS's own library for Python (botocore 1.44) signs them, at the same moment. */
Test(rest_source_signatures, requests_signed_as_botocore_does)
{
    static const struct {
        const char *service, *method, *url, *body, *session_token, *signature;
    } requests[] = {
        {"execute-api", "POST", "https://api.example.com/orders", "{\"id\": 1}", NULL,
         "709c5fb210b692386e1cdc8c9f2f3c5278779d601eb6e0cb91f369299c907622"},
        {"execute-api", "GET", "https://api.example.com/a%20b/%C3%BC/c%2Fd", NULL, NULL,
         "aab102744cdf8e8efc24d56e7299c3b7d40aa92f8cb58de2614d1e456636d874"},
        {"execute-api", "GET", "https://api.example.com//a///b/", NULL, NULL,
         "110f53b5bdb0fc65d37bd0305a48be332f2351e39f5b2edc18dec00fd36b9d26"},
        {"execute-api", "GET", "https://api.example.com/?Zeta=1&alpha=2&alpha=10&Alpha=3", NULL,
         NULL, "8e7a7ff1f31d448018b3f4838742d76530c917e5f7e3954f7c5f6bb23a28bb1f"},
        {"execute-api", "GET", "https://api.example.com/?a=%20b%2Bc%26%3D&%C3%A9=~", NULL, NULL,
         "9176bbd5ac51fad52698984901f8d24561667a6f43132bbfac0326e12fd25060"},
        {"execute-api", "GET", "https://api.example.com/?a.b=1&a=2&a-b=3&ab=4&empty=", NULL, NULL,
         "01d672e1a976033d410ba20ceb8457adf8d519ff20bba92f6e07bef51b591f45"},
        {"execute-api", "GET", "https://api.example.com/?=no%20name&a=1", NULL, NULL,
         "f387f54e126eef7220b85b7dd5d0da721a047f7ce96be50bf613479ef143eb21"},
        {"execute-api", "GET", "https://api.example.com:8443/x", NULL, NULL,
         "a0c407fe5eb75a962fba0d726f2bc243ceb22a4d25655a50b29142e91f9e574b"},
        {"execute-api", "PUT", "https://api.example.com/x?y=z", "text",
         "session/token+=", "c25d3e172f7c5c453c27135801fec753cf4fbe94a8ce14c3eff0253afdbb94a2"},
        {"s3", "GET", "https://examplebucket.s3.amazonaws.com/a//b%20c/%C3%BC~", NULL, NULL,
         "520895b2f6221c761cadca4939aeb65ef1f62ed1e1863265f41042d991cff682"},
        {"s3", "DELETE", "https://examplebucket.s3.amazonaws.com/a?versionId=x%2Fy", NULL,
         "session/token+=", "0d58ea2446b29512d8a416c2f0381ac7162c6663a173fe504b584494cae234cd"},
    };
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        char *found = signature_with(requests[i].service, requests[i].method, requests[i].url,
                                     requests[i].body, requests[i].session_token);
        cr_expect_str_eq(found, requests[i].signature, "%s %s", requests[i].method,
                         requests[i].url);
        free(found);
    }
}
