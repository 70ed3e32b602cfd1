/* SPDX-License-Identifier: Apache-2.0 */
#include "magic.h"

#include <string.h>

struct signature {
    enum magic magic;
    uint8_t size;
    const char *bytes;
};

static const struct signature signatures[] = {
    {MAGIC_GZIP, 3, "\x1f\x8b\x08"},
    {MAGIC_BZIP2, 10, "BZh?1AY&SY"},
    {MAGIC_BZIP2, 10, "BZh?\x17rE8P\x90"}, /* an empty stream */
    {MAGIC_XZ, 6,
     "\xfd"
     "7zXZ\0"},
    {MAGIC_ZSTD, 4, "\x28\xb5\x2f\xfd"},
    {MAGIC_LZ4, 4, "\x04\x22\x4d\x18"},
    {MAGIC_LZ4, 4, "\x02\x21\x4c\x18"},
    {MAGIC_ZIP, 4, "PK\x03\x04"},
    {MAGIC_ZIP, 4, "PK\x05\x06"}, /* an empty archive */
};
enum { N_SIGNATURES = sizeof signatures / sizeof signatures[0] };

/* The first n bytes agree; the level of bzip2 stands at `?`. */
static bool signature_agrees(const struct signature *s, const uint8_t *head, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        bool level = s->magic == MAGIC_BZIP2 && i == 3;
        if (level ? head[i] < '1' || head[i] > '9' : head[i] != (uint8_t)s->bytes[i])
            return false;
    }
    return true;
}

static int64_t octal(const uint8_t *field, int size)
{
    int64_t value = 0;
    int i = 0;
    while (i < size && field[i] == ' ')
        i++;
    for (; i < size && field[i] >= '0' && field[i] <= '7'; i++)
        value = value * 8 + (field[i] - '0');
    return value;
}

static bool is_tar(const uint8_t *head, int64_t size)
{
    enum { CHECKSUM_AT = 148, CHECKSUM_SIZE = 8 };
    int64_t sum = CHECKSUM_SIZE * ' ', signed_sum = CHECKSUM_SIZE * ' ';
    if (size < MAGIC_BYTES || !head[0] || !memchr(head, 0, MAGIC_BYTES))
        return false;
    for (int i = 0; i < MAGIC_BYTES; i++) {
        if (i >= CHECKSUM_AT && i < CHECKSUM_AT + CHECKSUM_SIZE)
            continue;
        sum += head[i];
        signed_sum += (int8_t)head[i]; /* some old writers summed so */
    }
    int64_t stated = octal(head + CHECKSUM_AT, CHECKSUM_SIZE);
    return stated == sum || stated == signed_sum;
}

/* Frames of user data that zstd and lz4 share: a reader skips them. */
static bool is_skippable(const uint8_t *head, int64_t size)
{
    return size >= 4 && (head[0] & 0xF0) == 0x50 && memcmp(head + 1, "\x2a\x4d\x18", 3) == 0;
}

/* Documents are zips, too, and whoever reads them wants the whole: their first member tells. */
enum { ZIP_NAME_AT = 30, DOCUMENT_BYTES = ZIP_NAME_AT + 20 };

static bool is_document(const uint8_t *head, int64_t size)
{
    static const char *const first[] = {
        "[Content_Types].xml", "_rels/.rels",    "docProps/app.xml", "docProps/core.xml",
        "xl/workbook.xml",     "xl/worksheets/", "xl/_rels/",        "mimetypeapplication/"};
    for (size_t i = 0; size >= DOCUMENT_BYTES && i < sizeof first / sizeof *first; i++)
        if (!memcmp(head + ZIP_NAME_AT, first[i], strlen(first[i])))
            return true;
    return false;
}

enum magic magic_of(const uint8_t *head, int64_t size)
{
    for (int i = 0; i < N_SIGNATURES; i++)
        if (size >= signatures[i].size &&
            signature_agrees(&signatures[i], head, signatures[i].size))
            return signatures[i].magic == MAGIC_ZIP && is_document(head, size)
                       ? MAGIC_PLAIN
                       : signatures[i].magic;
    if (is_skippable(head, size))
        return MAGIC_ZSTD;
    return is_tar(head, size) ? MAGIC_TAR : MAGIC_PLAIN;
}

/* What is there so far may be the beginning of a tar's header: a name in printing letters, with
 * NULs behind it up to its hundredth byte. Numbers of two and more bytes are told from it at once.
 */
static bool tar_may_begin(const uint8_t *head, int64_t size)
{
    enum { NAME_SIZE = 100 };
    int64_t n = size < NAME_SIZE ? size : NAME_SIZE;
    const uint8_t *nul = memchr(head, 0, (size_t)n);
    int64_t named = nul ? nul - head : n;
    bool may = named > 0 && memchr(head, 0, (size_t)size);

    for (int64_t i = 0; may && i < n; i++)
        may = i < named ? head[i] >= ' ' && head[i] != 127 : !head[i];
    return may;
}

bool magic_open(const uint8_t *head, int64_t size)
{
    if (size == 0)
        return true;
    enum magic magic = magic_of(head, size);
    if (magic == MAGIC_ZIP)
        return size < DOCUMENT_BYTES;
    if (size >= MAGIC_BYTES || magic != MAGIC_PLAIN)
        return false;
    for (int i = 0; i < N_SIGNATURES; i++)
        if (size < signatures[i].size && signature_agrees(&signatures[i], head, size))
            return true;
    return tar_may_begin(head, size);
}

const char *magic_name(enum magic magic)
{
    static const char *const names[] = {"plain", "gzip", "bzip2", "xz",
                                        "zstd",  "lz4",  "zip",   "tar"};
    return names[magic];
}
