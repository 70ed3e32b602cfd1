/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arbitrary bytes as an index, as a lock, as a range of versions, as an address. Held: what is
 * refused has a reason; what is accepted has one text, is in order, and has good words; a range
 * says the same of a version each time.
 */
#include "../core/fetch/download.h"
#include "../core/index/index.h"
#include "../core/index/index_open.h"
#include "../core/lock/lock.h"
#include "../core/package/contents_check.h"
#include "../core/package/package_limits.h"
#include "../core/package/range.h"
#include "../core/package/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "not held: %s\n", what);
    abort();
}

static void packages_use(const struct package_index *index)
{
    const char *value;
    expect(index->n_packages <= QETL_INDEX_PACKAGES_MAX, "packages");
    for (size_t i = 0; i < index->n_packages; i++) {
        const struct index_package *package = &index->packages[i];
        struct qetl_findings findings = {0};
        expect(!qetl_package_words_fault(&package->is, &value), "good words");
        expect(!i || qetl_index_order(package - 1, package) < 0, "in order");
        expect(package->size > 0 && package->size <= QETL_PACKAGE_BYTES_MAX, "a size");
        expect(qetl_index_has(index, package->is.name), "found");
        const struct index_package *chosen =
            qetl_index_choose(index, "x", package->is.name, package->is.version, &findings);
        expect(!chosen == (findings.errors > 0), "what is not chosen has a reason");
        expect(!chosen || strcmp(chosen->is.version, package->is.version) == 0, "that version");
        qetl_findings_free(&findings);
    }
    expect(!qetl_index_has(index, ""), "no name");
    expect(!qetl_index_has(index, "~"), "none behind the last");
}

static void index_read(const char *text, size_t size)
{
    struct qetl_findings findings = {0};
    struct package_index *index = qetl_index_read(text, size, "x", &findings);
    expect(!index == (findings.errors > 0), "what is refused has a reason");
    if (index) {
        expect(qetl_is_index_name(index->name) && index->version > 0, "a name and a number");
        expect(qetl_index_time_read(index->issued) < qetl_index_time_read(index->expires),
               "an end behind its beginning");
        packages_use(index);
    }
    qetl_index_free(index);
    qetl_findings_free(&findings);
}

/* Nobody has the secret of what the fuzzer makes up: here its list is signed as it stands. */
static void list_read(const uint8_t *data, size_t size)
{
    static const struct package_secret secret = {{1, 2, 3}};
    struct package_signature signature;
    qetl_signature_make(&secret, data, size, &signature);
    char *behind = qetl_signature_write(&signature);
    char *text = behind ? malloc(size + strlen(behind)) : NULL;
    expect(text != NULL, "memory");
    memcpy(text, data, size);
    memcpy(text + size, behind, strlen(behind));
    index_read(text, size + strlen(behind));
    struct qetl_findings findings = {0};
    struct package_index *index = qetl_index_read(text, size + strlen(behind), "x", &findings);
    if (index) {
        char *again = qetl_index_write(index, &secret);
        expect(again && strlen(again) == size + strlen(behind) &&
                   memcmp(again, text, strlen(again)) == 0,
               "one text");
        free(again);
    }
    qetl_index_free(index);
    qetl_findings_free(&findings);
    free(text);
    free(behind);
}

static void lock_read(const char *text, size_t size)
{
    struct qetl_findings findings = {0};
    struct plugin_lock *lock = qetl_lock_parse(text, size, "x", &findings);
    expect(!lock == (findings.errors > 0), "what is refused has a reason");
    if (lock) {
        char *again = qetl_lock_write(lock);
        expect(again && strlen(again) == size && memcmp(again, text, size) == 0, "one text");
        free(again);
        for (size_t i = 0; i < lock->n_platforms; i++) {
            const struct lock_platform *platform = &lock->platforms[i];
            expect(qetl_lock_platform(lock, platform->platform) == platform, "found");
            for (size_t k = 0; k < platform->n_plugins; k++)
                expect(qetl_package_is_version(platform->plugins[k].version), "a version");
        }
    }
    qetl_lock_free(lock);
    qetl_findings_free(&findings);
}

static void words_read(const char *text)
{
    static const char *const versions[] = {"0.0.0", "1.2.3-rc.1", "1.2.3", "1.2.4",
                                           "999999999.0.0"};
    int good = qetl_is_version_range(text);
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        expect(good || !qetl_version_range_has(text, versions[i]), "what is no range has none");
    if (qetl_package_is_version(text)) {
        expect(good, "a version is a range");
        expect(qetl_version_range_has(text, text), "of itself");
    }
    if (!qetl_download_fault(text))
        expect(strncmp(text, "http", 4) == 0 || strncmp(text, "HTTP", 4) == 0 ||
                   strchr("hH", text[0]),
               "an address");
    time_t when = qetl_index_time_read(text);
    char again[QETL_INDEX_TIME];
    if (when >= 0) {
        qetl_index_time(when, again);
        expect(strcmp(again, text) == 0, "a moment has one text");
    }
}

/* The first byte says what the others are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 1 << 18)
        return 0;
    char *text = strndup((const char *)data + 1, size - 1);
    switch (data[0]) {
    case 'i':
        index_read((const char *)data + 1, size - 1);
        break;
    case 'l':
        list_read(data + 1, size - 1);
        break;
    case 'k':
        lock_read((const char *)data + 1, size - 1);
        break;
    default:
        words_read(text);
    }
    free(text);
    return 0;
}
