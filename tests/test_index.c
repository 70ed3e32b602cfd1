/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of versions, and an index as text; tests/indexes.py makes those that nobody should. */
#include "config_fixture.h"

#include "../core/index/index.h"
#include "../core/package/range.h"

#include <stdlib.h>
#include <string.h>

Test(range, has_versions)
{
    static const struct {
        const char *range, *in, *out; /* words */
    } cases[] = {
        {"1.2.3", "1.2.3", "1.2.4 1.2.2 1.2.3-a 1.2.3+b"},
        {"=1.2.3+b", "1.2.3+b", "1.2.3"},
        {"1.2", "1.2.0 1.2.9 1.2.9+b", "1.1.9 1.3.0 12.0.0 1.2.0-a"},
        {"1", "1.0.0 1.99.0", "0.9.0 2.0.0 10.0.0"},
        {">=1.2", "1.2.0 1.2.1 2.0.0", "1.1.9 1.2.0-a"},
        {">1.2.3", "1.2.4 2.0.0", "1.2.3 1.2.2"},
        {"<=1.2.3", "1.2.3 0.1.0", "1.2.4"},
        {"<2", "1.9.9", "2.0.0 2.0.0-a"},
        {"^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0"},
        {"^0.2.3", "0.2.3 0.2.9", "0.3.0 0.2.2 1.0.0"},
        {"^0.0.3", "0.0.3", "0.0.4 0.0.2"},
        {"^0.0", "0.0.3", "0.1.0"},
        {"^0", "0.0.3 0.9.0", "1.0.0"},
        {"^1", "1.0.0 1.5.0", "2.0.0"},
        {"~1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2"},
        {"~1", "1.0.0 1.9.0", "2.0.0"},
        {">=1.2.0,<2.0.0", "1.2.0 1.9.9", "1.1.0 2.0.0"},
        {">1.0.0,^1.2.0", "1.2.0", "1.1.0 2.0.0"},
        {">=1.2.0-b", "1.2.0-b 1.2.0-c 1.2.0 1.3.0", "1.2.0-a 1.3.0-a"},
        {"1.2.3-a", "1.2.3-a", "1.2.3 1.2.3-b"},
        {"^1.2.0-b", "1.2.0-b.1 1.2.0", "1.2.0-a 1.3.0-z 2.0.0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int in = 0; in < 2; in++) {
            char *words = strdup(in ? cases[i].in : cases[i].out), *rest = words;
            cr_assert(qetl_is_version_range(cases[i].range), "%s", cases[i].range);
            for (char *word; (word = strsep(&rest, " "));)
                cr_assert_eq(qetl_version_range_has(cases[i].range, word), in, "%s and %s",
                             cases[i].range, word);
            free(words);
        }
    cr_assert(qetl_version_range_has(NULL, "1.0.0"));
    cr_assert_not(qetl_version_range_has(NULL, "1.0.0-a"));
}

Test(range, is_refused)
{
    static const char *const none[] = {"",      "x",    "1.",       "1.2.",    ".1",      "1.2.3.4",
                                       ">",     ">1.2", "<=1",      "=1.2",    "1.2,",    ",1.2",
                                       "1,,2",  "1 2",  ">= 1.2.0", "=>1.2.0", "v1.2.3",  "01.2.3",
                                       "1.2-a", "*",    "1.x",      "latest",  "^^1.2.3", "1||2"};
    char longer[2000];
    memset(longer, '1', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    cr_assert_not(qetl_is_version_range(longer));
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_assert_not(qetl_is_version_range(none[i]), "%s", none[i]);
}

static struct index_package package_of(const char *version)
{
    struct index_package package = {.size = 1000, .n_components = 0};
    package.is.name = strdup("tally");
    package.is.version = strdup(version);
    package.is.platform = strdup("linux-x86_64-glibc");
    package.is.libc = strdup("2.34");
    package.is.abi_min = strdup("1.0");
    package.is.abi_max = strdup("1.0");
    package.summary = strdup("counts \"orders\"\n\xc3\xbc");
    package.components = calloc(1, sizeof(char *));
    return package;
}

static char *index_text(struct package_secret *secret)
{
    struct package_index *index = calloc(1, sizeof *index);
    index->name = strdup("acme");
    index->version = 7;
    qetl_index_time(1800000000, index->issued);
    qetl_index_time(1800000001, index->expires);
    index->packages = calloc(2, sizeof *index->packages);
    index->packages[0] = package_of("0.9.0");
    index->packages[1] = package_of("0.10.0");
    index->n_packages = 2;
    qetl_secret_make(secret);
    char *text = qetl_index_write(index, secret);
    qetl_index_free(index);
    return text;
}

Test(index, is_read_as_it_was_written)
{
    struct qetl_findings findings = {0};
    struct package_secret secret;
    struct package_key key;
    char *text = index_text(&secret);
    struct package_index *index = qetl_index_read(text, strlen(text), "x", &findings);
    cr_assert(index);
    qetl_secret_key(&secret, &key);
    cr_assert_arr_eq(index->signature.key.bytes, key.bytes, sizeof key.bytes);
    cr_assert_str_eq(index->issued, "2027-01-15T08:00:00Z");
    cr_assert_eq(index->version, 7);
    cr_assert_eq(index->n_packages, 2);
    cr_assert_str_eq(index->packages[1].is.version, "0.10.0");
    cr_assert_str_eq(index->packages[0].summary, "counts \"orders\"\n\xc3\xbc");
    qetl_index_free(index);
    free(text);
    qetl_findings_free(&findings);
}

/* Each bit of each byte. */
Test(index, is_refused_where_it_was_changed)
{
    struct package_secret secret;
    char *text = index_text(&secret);
    size_t size = strlen(text);
    for (size_t i = 0; i < size * 8; i++) {
        struct qetl_findings findings = {0};
        text[i / 8] ^= (char)(1 << i % 8);
        cr_assert_null(qetl_index_read(text, size, "x", &findings), "bit %zu", i);
        cr_assert_eq(findings.errors, 1);
        qetl_findings_free(&findings);
        text[i / 8] ^= (char)(1 << i % 8);
    }
    for (size_t cut = 0; cut < size; cut++) {
        struct qetl_findings findings = {0};
        cr_assert_null(qetl_index_read(text, cut, "x", &findings), "the first %zu", cut);
        qetl_findings_free(&findings);
    }
    free(text);
}

Test(index, has_moments)
{
    static const char *const none[] = {"",
                                       "2026-02-30T00:00:00Z",
                                       "2026-1-01T00:00:00Z",
                                       "2026-01-01T00:00:60Z",
                                       "2026-01-01T00:00:00",
                                       "2026-01-01T00:00:00Z ",
                                       " 2026-01-01T00:00:00Z",
                                       "1969-12-31T00:00:00Z",
                                       "12026-01-01T00:00:00Z"};
    char text[QETL_INDEX_TIME];
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_assert_eq(qetl_index_time_read(none[i]), -1, "%s", none[i]);
    for (time_t when = 0; when < 250000000000; when += 999999937) {
        qetl_index_time(when, text);
        cr_assert_eq(qetl_index_time_read(text), when, "%s", text);
    }
}
