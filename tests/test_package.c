/* SPDX-License-Identifier: Apache-2.0 */
/* Packages as bytes; tests/packages.py makes those that no packer of qetl's would. */
#include "config_fixture.h"

#include "../core/config/slurp.h"
#include "../core/package/archive.h"
#include "../core/package/entry_name.h"
#include "../core/package/library_facts.h"
#include "../core/package/package.h"
#include "../core/package/package_limits.h"
#include "../core/package/unpack.h"
#include "../core/package/version.h"

#include <link.h>
#include <stdlib.h>
#include <string.h>

static struct qetl_findings findings;

static void fill(struct package_file *file, const char *path, const char *text)
{
    file->path = strdup(path);
    file->size = strlen(text);
    qetl_package_digest(text, file->size, file->sha256);
}

static const char *const paths[] = {"docs/README", "x.qetl.json", "x.so"};
static const char *const texts[] = {"read me", "{}", "a library of sorts"};
enum { FILES = 3 };

static char *list_make(void)
{
    struct package_file files[FILES];
    struct package_contents contents = {.name = "x",
                                        .version = "1.2.3",
                                        .platform = "linux-x86_64-glibc",
                                        .libc = "2.34",
                                        .abi_min = "1.0",
                                        .abi_max = "1.0",
                                        .library = "x.so",
                                        .manifest = "x.qetl.json",
                                        .files = files,
                                        .n_files = FILES};
    for (int i = 0; i < FILES; i++)
        fill(&files[i], paths[i], texts[i]);
    char *list = qetl_package_contents_write(&contents);
    for (int i = 0; i < FILES; i++)
        free(files[i].path);
    return list;
}

/* A small package, signed by the seed. */
static unsigned char *package_make(const struct package_secret *secret, size_t *size)
{
    struct package_part parts[2 + FILES];
    struct package_signature signature;
    char *list = list_make(), *text = NULL;
    void *packed;
    size_t n = 0;
    parts[n++] = (struct package_part){QETL_PACKAGE_CONTENTS, list, strlen(list)};
    if (secret) {
        qetl_signature_make(secret, list, strlen(list), &signature);
        text = qetl_signature_write(&signature);
        parts[n++] = (struct package_part){QETL_PACKAGE_SIGNATURE, text, strlen(text)};
    }
    for (int i = 0; i < FILES; i++)
        parts[n++] = (struct package_part){paths[i], texts[i], strlen(texts[i])};
    cr_assert_eq(qetl_package_archive(parts, n, &packed, size), 0);
    free(text);
    free(list);
    return packed;
}

static struct package *parse(const unsigned char *bytes, size_t size)
{
    unsigned char *copy = malloc(size + 1);
    memcpy(copy, bytes, size);
    qetl_findings_free(&findings);
    struct package *package = qetl_package_parse(copy, size, "x.qpkg", &findings);
    cr_assert_eq(!package, findings.errors > 0, "what is refused has a reason");
    return package;
}

static const struct package_secret secret = {"a seed of thirty-two bytes or so"};

Test(package, holds_what_was_packed)
{
    size_t size;
    unsigned char *bytes = package_make(&secret, &size);
    struct package *package = parse(bytes, size);
    fixture_expect_none(&findings);
    cr_assert(package->is_signed);
    cr_assert_eq(package->contents->n_files, FILES);
    for (int i = 0; i < FILES; i++) {
        unsigned char *file =
            qetl_package_extract(package, &package->contents->files[i], &findings);
        cr_assert_eq(memcmp(file, texts[i], strlen(texts[i])), 0);
        free(file);
    }
    qetl_package_free(package);
    /* The same again has the same bytes. */
    size_t again_size;
    unsigned char *again = package_make(&secret, &again_size);
    cr_assert_eq(again_size, size);
    cr_assert_eq(memcmp(again, bytes, size), 0);
    free(again);
    free(bytes);
}

/* All that was packed, and nothing else. */
static void expect_whole(const struct package *package)
{
    char *list = list_make();
    cr_assert(package->is_signed);
    cr_assert_eq(package->list_size, strlen(list));
    cr_assert_eq(memcmp(package->list, list, package->list_size), 0);
    free(list);
}

/* Each byte changed in eight ways and to two values, and the end taken away behind each. Zstandard
 * has a few bits that no reader looks at: what unpacks to the very same bytes is the same package.
 */
Test(package, refuses_every_changed_byte, .timeout = 120)
{
    size_t size, refused = 0, same = 0;
    unsigned char *bytes = package_make(&secret, &size);
    for (size_t i = 0; i < size; i++) {
        unsigned char was = bytes[i];
        for (int way = 0; way < 10; way++) {
            bytes[i] = way < 8 ? (unsigned char)(was ^ 1 << way) : way == 8 ? 0 : 0xff;
            struct package *package = bytes[i] == was ? NULL : parse(bytes, size);
            if (package)
                expect_whole(package);
            refused += bytes[i] != was && !package;
            same += package != NULL;
            qetl_package_free(package);
        }
        bytes[i] = was;
        cr_assert_null(parse(bytes, i), "%zu bytes of %zu are taken", i, size);
    }
    cr_assert_lt(same * 100, refused, "%zu changes, %zu bytes", same, size);
    cr_assert_gt(refused, 9 * size);
    qetl_findings_free(&findings);
    free(bytes);
}

/* Without a signature it is the hashes alone that see it: those who can change a file can change
 * its hash, but not by chance. */
Test(package, refuses_changes_inside)
{
    size_t size, raw_size = 0;
    unsigned char *bytes = package_make(NULL, &size), raw[8192];
    struct package_unpack *unpack = qetl_package_unpack_new(bytes, size);
    const void *piece;
    ssize_t n;
    while ((n = qetl_package_unpack_next(unpack, &piece)) > 0) {
        memcpy(raw + raw_size, piece, (size_t)n);
        raw_size += (size_t)n;
    }
    cr_assert_eq(n, 0);
    qetl_package_unpack_free(unpack);
    free(bytes);
    size_t kept = 0, tried = 0;
    for (size_t i = 0; i < raw_size; i += 7, tried++) {
        void *packed;
        raw[i] ^= 0x10;
        cr_assert_eq(qetl_package_compress(raw, raw_size, &packed, &size), 0);
        struct package *package = parse(packed, size);
        if (package) { /* padding, which nobody reads */
            kept++;
            cr_assert_eq(package->contents->n_files, FILES);
            qetl_package_free(package);
        }
        free(packed);
        raw[i] ^= 0x10;
    }
    cr_assert_lt(kept * 4, tried * 3, "%zu of %zu", kept, tried); /* most of it is padding */
    qetl_findings_free(&findings);
}

Test(package, knows_good_names)
{
    static const char *const good[] = {"a", "A9_", "a/b/c", "a.b-c+d", "_x/1"};
    static const char *const bad[] = {"",    "/",    "/a",  "a/",       "a//b", ".",      "..",
                                      "./a", "a/..", "../", "a/../b",   ".a",   "a/.git", "-rf",
                                      "a b", "a\\b", "a:b", "\xc3\xa9", "a\nb", "a\x01",  "~a"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        cr_assert_null(qetl_package_name_fault(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_not_null(qetl_package_name_fault(bad[i]), "%s", bad[i]);
    char longest[QETL_PACKAGE_PATH_MAX + 2];
    memset(longest, 'a', sizeof longest);
    longest[QETL_PACKAGE_PATH_MAX + 1] = '\0';
    cr_assert_not_null(qetl_package_name_fault(longest));
    longest[QETL_PACKAGE_PATH_MAX] = '\0';
    cr_assert_null(qetl_package_name_fault(longest));
    cr_assert_eq(qetl_package_name_compare("Docs/A", "dOCS/a"), 0);
    cr_assert_neq(qetl_package_name_compare("a", "b"), 0);
    cr_assert_lt(qetl_package_name_compare("a", "ab"), 0);
}

Test(package, orders_versions)
{
    /* The order of semver.org, with what it leaves open. */
    static const char *const rising[] = {
        "0.0.1",        "0.0.2",        "0.9.0",         "0.10.0",        "1.0.0-0",
        "1.0.0-9",      "1.0.0-10",     "1.0.0-alpha",   "1.0.0-alpha.1", "1.0.0-alpha.beta",
        "1.0.0-beta",   "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",    "1.0.0",
        "1.0.0+build1", "1.0.0+build2", "1.0.1-x",       "1.0.1",         "2.0.0",
        "10.0.0"};
    size_t count = sizeof rising / sizeof *rising;
    for (size_t i = 0; i < count; i++) {
        cr_assert(qetl_package_is_version(rising[i]), "%s", rising[i]);
        for (size_t k = 0; k < count; k++) {
            int order = qetl_package_version_compare(rising[i], rising[k]);
            cr_assert_eq(order < 0, i < k, "%s %s", rising[i], rising[k]);
            cr_assert_eq(order > 0, i > k, "%s %s", rising[i], rising[k]);
        }
    }
    static const char *const none[] = {
        "",       "1",      "1.2",        "1.2.3.4", "01.2.3", "1.2.3-",         "1.2.3-a/b",
        "1.2.3 ", "v1.2.3", "1.2.3-a..b", "1.2.x",   "1.2.3+", "1234567890.0.0", "1.2.3-../x"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_assert_not(qetl_package_is_version(none[i]), "%s", none[i]);
}

Test(package, compares_libcs)
{
    cr_assert_lt(qetl_libc_compare("2.9", "2.34"), 0);
    cr_assert_gt(qetl_libc_compare("2.34", "2.4"), 0);
    cr_assert_eq(qetl_libc_compare("2.34", "2.34"), 0);
    cr_assert_lt(qetl_libc_compare("", "2.2"), 0);
    cr_assert_lt(qetl_libc_compare("2.36", "3.0"), 0);
    cr_assert_gt(qetl_libc_compare("2.36.1", "2.36"), 0);
}

static int library_expect(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct library_facts facts;
    size_t *count = arg, bytes;
    char *image;
    (void)size;
    if (*info->dlpi_name != '/')
        return 0;
    cr_assert_eq(qetl_slurp_file(info->dlpi_name, SIZE_MAX / 2, &image, &bytes, &findings), 0);
    cr_expect_eq(qetl_library_facts(image, bytes, &facts), 0, "%s", info->dlpi_name);
    cr_expect_null(facts.odd, "%s %s", info->dlpi_name, facts.odd);
    free(image);
    ++*count;
    return 0;
}

Test(package, real_libraries_are_as_linkers_write_them)
{
    size_t count = 0;
    dl_iterate_phdr(library_expect, &count);
    cr_expect_gt(count, 3, "%zu libraries", count);
    qetl_findings_free(&findings);
}

Test(package, signs_as_the_standard_does)
{
    /* RFC 8032, section 7.1, test 2. */
    static const uint8_t seed[] = {0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3,
                                   0x46, 0xec, 0x11, 0x4e, 0x0f, 0x5b, 0x8a, 0x31, 0x9f, 0x35, 0xab,
                                   0xa6, 0x24, 0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb};
    static const uint8_t begin[] = {0x92, 0xa0, 0x09, 0xa9, 0xf0, 0xd4, 0xca, 0xb8};
    struct package_secret known;
    struct package_signature signature, again;
    memcpy(known.seed, seed, sizeof seed);
    qetl_signature_make(&known, "\x72", 1, &signature);
    cr_assert_eq(memcmp(signature.bytes, begin, sizeof begin), 0);
    cr_assert_eq(qetl_signature_check(&signature, "\x72", 1), 0);
    cr_assert_neq(qetl_signature_check(&signature, "\x73", 1), 0);
    cr_assert_neq(qetl_signature_check(&signature, "\x72\x72", 2), 0);
    char *text = qetl_signature_write(&signature);
    cr_assert_eq(qetl_signature_read(text, strlen(text), &again), 0);
    cr_assert_eq(memcmp(&again, &signature, sizeof again), 0);
    /* One text for one signature: no bit of it may change. */
    for (size_t i = 0; text[i]; i++)
        for (int bit = 0; bit < 8; bit++) {
            text[i] ^= (char)(1 << bit);
            int same = qetl_signature_read(text, strlen(text), &again) == 0 &&
                       qetl_signature_check(&again, "\x72", 1) == 0;
            cr_assert_not(same, "byte %zu, bit %d", i, bit);
            text[i] ^= (char)(1 << bit);
        }
    free(text);
}
