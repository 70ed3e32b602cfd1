/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arbitrary bytes as a package: as its file, as the archive inside, as its list of files, as a
 * signature, as a key, and as the library that it brings. Held: what is refused has a reason; a
 * list that is accepted has one text and good names; of a package that is accepted each file is
 * there, and packed again it is the same package.
 */
#include "../core/package/archive.h"
#include "../core/package/entry_name.h"
#include "../core/package/library_facts.h"
#include "../core/package/package.h"
#include "../core/package/package_limits.h"
#include "../core/package/plugin_check.h"
#include "../core/trust/key_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "not held: %s\n", what);
    abort();
}

static void contents_use(const struct package_contents *contents)
{
    expect(contents->n_files >= 2 && contents->n_files <= QETL_PACKAGE_FILES_MAX, "files");
    for (size_t i = 0; i < contents->n_files; i++) {
        const struct package_file *file = &contents->files[i];
        expect(!qetl_package_name_fault(file->path), "a good name");
        expect(!strstr(file->path, ".."), "it stays inside");
        expect(!i || strcmp(contents->files[i - 1].path, file->path) < 0, "in order");
        expect(qetl_package_contents_find(contents, file->path) == file, "found");
    }
    expect(qetl_package_contents_find(contents, contents->library) != NULL, "a library");
    expect(qetl_package_contents_find(contents, contents->manifest) != NULL, "a manifest");
}

static void list_read(const uint8_t *data, size_t size)
{
    struct qetl_findings findings = {0};
    struct package_contents *contents = qetl_package_contents_read(data, size, "x.qpkg", &findings);
    expect(!contents == (findings.errors > 0), "what is refused has a reason");
    if (contents) {
        char *again = qetl_package_contents_write(contents);
        expect(again && strlen(again) == size && !memcmp(again, data, size), "one text");
        contents_use(contents);
        free(again);
    }
    qetl_package_contents_free(contents);
    qetl_findings_free(&findings);
}

struct seen {
    size_t files;
    uint64_t bytes;
};

static int piece_see(void *arg, const struct package_file *file, const void *piece, size_t size)
{
    struct seen *seen = arg;
    seen->files += piece == NULL;
    seen->bytes += size;
    return file->path == NULL;
}

static void package_use(const struct package *package, struct qetl_findings *findings)
{
    const struct package_contents *contents = package->contents;
    struct seen seen = {0};
    uint64_t bytes = 0;
    contents_use(contents);
    for (size_t i = 0; i < contents->n_files; i++)
        bytes += contents->files[i].size;
    expect(qetl_package_visit(package, piece_see, &seen, findings) == 0, "read twice");
    expect(seen.files == contents->n_files && seen.bytes == bytes, "all of it");
    expect(!package->is_signed ||
               !qetl_signature_check(&package->signature, package->list, package->list_size),
           "the signature is this list's");
    qetl_package_plugin_check(package, findings);
}

static void package_read(unsigned char *bytes, size_t size)
{
    struct qetl_findings findings = {0};
    struct package *package = qetl_package_parse(bytes, size, "x.qpkg", &findings);
    expect(!package == (findings.errors > 0), "what is refused has a reason");
    if (package)
        package_use(package, &findings);
    qetl_package_free(package);
    qetl_findings_free(&findings);
}

static void archive_read_in(const uint8_t *data, size_t size)
{
    size_t room = ZSTD_compressBound(size);
    unsigned char *packed = malloc(room);
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, 1);
    ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
    size_t packed_size = ZSTD_compress2(zstd, packed, room, data, size);
    ZSTD_freeCCtx(zstd);
    expect(!ZSTD_isError(packed_size), "packed");
    package_read(packed, packed_size);
}

static void signature_read(const uint8_t *data, size_t size)
{
    struct package_signature signature;
    if (qetl_signature_read(data, size, &signature))
        return;
    char *again = qetl_signature_write(&signature);
    expect(again && strlen(again) == size && !memcmp(again, data, size), "one text");
    free(again);
}

static void key_read(const uint8_t *data, size_t size)
{
    struct qetl_findings findings = {0};
    struct key_file key;
    int bad = qetl_key_file_parse((const char *)data, size, "x.qkey", &key, &findings);
    expect(!bad == !findings.errors, "what is refused has a reason");
    if (!bad) {
        expect(qetl_is_key_name(key.name), "a name");
        expect(!*key.expires || qetl_is_day(key.expires), "a day");
        for (size_t i = 0; i < key.n_plugins; i++)
            expect(qetl_is_key_glob(key.plugins[i]), "a pattern");
    }
    qetl_key_clear(&key);
    qetl_findings_free(&findings);
}

static void library_read(const uint8_t *data, size_t size)
{
    struct library_facts facts;
    if (qetl_library_facts(data, size, &facts))
        return;
    expect(strncmp(facts.platform, "linux-", 6) == 0, "a platform");
    expect(strspn(facts.libc, "0123456789.") == strlen(facts.libc), "a version of libc");
    if (facts.needs_path) {
        size_t at = (size_t)((const uint8_t *)facts.needs_path - data);
        expect(at < size && memchr(facts.needs_path, 0, size - at) != NULL, "a name lies inside");
    }
}

/* The first byte says what the others are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 1 << 18)
        return 0;
    int what = *data++;
    unsigned char *copy = NULL;
    size--;
    switch (what) {
    case 'a':
        archive_read_in(data, size);
        break;
    case 'l':
        list_read(data, size);
        break;
    case 's':
        signature_read(data, size);
        break;
    case 'k':
        key_read(data, size);
        break;
    case 'e':
        library_read(data, size);
        break;
    default:
        copy = malloc(size + 1);
        memcpy(copy, data, size);
        package_read(copy, size);
    }
    return 0;
}
