/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recordings: arrays of each layout are read back with their values; a file that is cut off at any
 * byte, or changed in any, gives whole entries or a finding; a ring keeps its size.
 */
#include "../core/record/array_bytes.h"
#include "../core/record/recording.h"
#include "../core/record/recording_write.h"
#include "../core/state/schema_bytes.h"
#include "fake_host.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static struct qetl_fake_host fake;

static void open_host(void)
{
    qetl_fake_host_init(&fake, NULL);
}

static void close_host(void)
{
    qetl_fake_host_close(&fake);
}

TestSuite(recording, .init = open_host, .fini = close_host);

/* ---- arrays ---- */

static void fill(struct qetl_builder *b, const struct ArrowSchema *field, int64_t row)
{
    char text[64];
    if (row % 5 == 3) {
        cr_assert_eq(qetl_builder_null(b), QETL_OK);
        return;
    }
    switch (field->format[0]) {
    case 'b':
        cr_assert_eq(qetl_builder_bool(b, row & 1), QETL_OK);
        break;
    case 'g':
        cr_assert_eq(qetl_builder_real(b, (double)row / 4), QETL_OK);
        break;
    case 'd':
        cr_assert_eq(qetl_builder_decimal(b, row * 1000), QETL_OK);
        break;
    case 'v':
        snprintf(text, sizeof text, "%.*s%lld", (int)(row % 40),
                 "the quick brown fox jumps over the lazy dog", (long long)row);
        cr_assert_eq(qetl_builder_text(b, text, (int64_t)strlen(text)), QETL_OK);
        break;
    case '+':
        if (field->format[1] == 'l') {
            for (int64_t i = 0; i < row % 4; i++)
                fill(qetl_builder_child(b, 0), field->children[0], row + i);
            cr_assert_eq(qetl_builder_list(b), QETL_OK);
        } else {
            for (int64_t i = 0; i < field->n_children; i++)
                fill(qetl_builder_child(b, i), field->children[i], row);
            cr_assert_eq(qetl_builder_struct(b), QETL_OK);
        }
        break;
    default:
        cr_assert_eq(qetl_builder_int(b, row), QETL_OK);
    }
}

static void build(const struct ArrowSchema *field, int64_t rows, struct ArrowArray *out)
{
    struct qetl_builder builder;
    cr_assert_eq(qetl_builder_open(&builder, fake.env, field, rows), QETL_OK, "%s", field->format);
    for (int64_t row = 0; row < rows; row++)
        fill(&builder, field, row);
    cr_assert_eq(qetl_builder_close(&builder, out), QETL_OK);
    qetl_builder_free(&builder);
}

static struct qetl_pack packed(const struct ArrowSchema *field, const struct ArrowArray *array)
{
    struct qetl_pack pack = {0};
    cr_assert_eq(qetl_pack_array(&pack, field, array), QETL_OK, "%s", field->format);
    cr_assert(!pack.failed);
    return pack;
}

/* What is read back is packed again to the same bytes, whatever part of an array it was. */
static void expect_round_trip(const struct ArrowSchema *field, struct ArrowArray *array,
                              int64_t first, int64_t rows)
{
    struct ArrowArray part = *array, back;
    part.offset = first;
    part.length = rows;
    part.null_count = -1;
    struct qetl_pack pack = packed(field, &part);
    struct qetl_unpack in = qetl_unpack_from(pack.data, pack.size);
    cr_assert_eq(qetl_unpack_array(&in, field, &back), QETL_OK, "%s", field->format);
    cr_assert_eq(in.at, in.end);
    cr_assert_eq(back.length, rows);
    struct qetl_pack again = packed(field, &back);
    cr_assert_eq(again.size, pack.size, "%s", field->format);
    cr_assert_eq(memcmp(again.data, pack.data, pack.size), 0, "%s", field->format);
    qetl_array_release(&back);
    for (size_t size = 0; size < pack.size; size += 1 + pack.size / 200) {
        in = qetl_unpack_from(pack.data, size);
        cr_assert_neq(qetl_unpack_array(&in, field, &back), QETL_OK);
        cr_assert(!back.release);
    }
    qetl_pack_free(&pack);
    qetl_pack_free(&again);
}

Test(recording, arrays_of_each_layout_are_read_back)
{
    static const char *const types[] = {"boolean",
                                        "tinyint",
                                        "smallint",
                                        "integer",
                                        "bigint",
                                        "double",
                                        "text",
                                        "date",
                                        "time",
                                        "timestamp",
                                        "decimal(9,2)",
                                        "text[]",
                                        "struct(a integer, b text[])"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct ArrowSchema field;
        struct ArrowArray array;
        cr_assert_eq(qetl_type_field(types[i], "x", &field), QETL_OK, "%s", types[i]);
        build(&field, 61, &array);
        expect_round_trip(&field, &array, 0, 61);
        expect_round_trip(&field, &array, 7, 40);
        expect_round_trip(&field, &array, 60, 1);
        expect_round_trip(&field, &array, 3, 0);
        qetl_array_release(&array);
        qetl_schema_release(&field);
    }
}

Test(recording, values_are_read_back_as_they_were)
{
    struct ArrowSchema field;
    struct ArrowArray array, back;
    struct qetl_column was, is;
    cr_assert_eq(qetl_type_field("text", "x", &field), QETL_OK);
    build(&field, 61, &array);
    struct qetl_pack pack = packed(&field, &array);
    struct qetl_unpack in = qetl_unpack_from(pack.data, pack.size);
    cr_assert_eq(qetl_unpack_array(&in, &field, &back), QETL_OK);
    cr_assert_eq(qetl_column_open(&was, &field, &array), QETL_OK);
    cr_assert_eq(qetl_column_open(&is, &field, &back), QETL_OK);
    for (int64_t row = 0; row < 61; row++) {
        cr_assert_eq(qetl_column_is_null(&was, row), qetl_column_is_null(&is, row));
        if (qetl_column_is_null(&was, row))
            continue;
        struct qetl_text a = qetl_column_text(&was, row), b = qetl_column_text(&is, row);
        cr_assert_eq(a.size, b.size);
        cr_assert_eq(memcmp(a.data, b.data, (size_t)a.size), 0);
    }
    qetl_pack_free(&pack);
    qetl_array_release(&array);
    qetl_array_release(&back);
    qetl_schema_release(&field);
}

/* ---- files ---- */

static void header(struct qetl_pack *pack)
{
    qetl_pack_raw(pack, QETL_RECORDING_MAGIC, 8);
    qetl_pack_u32(pack, QETL_RECORDING_VERSION);
    qetl_pack_u32(pack, 0);
}

static void entry(struct qetl_pack *pack, enum qetl_entry_kind kind, uint64_t seq)
{
    static const struct qetl_crossing none;
    struct qetl_crossing c = none;
    struct qetl_pack frame = {0};
    qetl_cargo_text(&c, "pipeline", "some");
    qetl_cargo_number(&c, "rows", 17);
    qetl_cargo_bytes(&c, "data", "0123456789", 10);
    struct qetl_entry entry = {.kind = kind, .guest = 1, .call = "process"};
    qetl_pack_entry(&frame, &entry, &c, true, NULL, "{}");
    qetl_entry_number(&frame, seq);
    qetl_pack_raw(pack, frame.data, frame.size);
    qetl_pack_free(&frame);
}

static int read_all(const void *data, size_t size, bool last, size_t *entries)
{
    struct qetl_findings findings = {0};
    struct qetl_recording *recording = calloc(1, sizeof *recording);
    uint8_t *copy = malloc(size + 1); /* so that a sanitizer sees what lies behind */
    memcpy(copy, data, size);
    copy = realloc(copy, size ? size : 1);
    int bad = qetl_recording_read(recording, "it", copy, size, last, &findings);
    if (!bad)
        bad = qetl_recording_settle(recording, "it", &findings);
    cr_assert_eq(bad != 0, findings.errors > 0);
    *entries = recording->n_entries;
    qetl_findings_free(&findings);
    qetl_recording_free(recording);
    free(copy);
    return bad;
}

Test(recording, cut_off_or_changed_at_any_byte)
{
    struct qetl_pack pack = {0};
    size_t entries, wholes[5];
    header(&pack);
    for (uint64_t seq = 1; seq <= 4; seq++) {
        wholes[seq] = pack.size;
        entry(&pack, seq == 1 ? QETL_ENTRY_HEAD : QETL_ENTRY_CALL, seq);
    }
    cr_assert_eq(read_all(pack.data, pack.size, false, &entries), 0);
    cr_assert_eq(entries, 4);
    for (size_t size = 0; size < pack.size; size++) {
        size_t wanted = 0;
        for (size_t seq = 1; seq <= 3; seq++)
            wanted += size >= wholes[seq + 1];
        bool border = size == wholes[2] || size == wholes[3] || size == wholes[4];
        cr_assert_eq(read_all(pack.data, size, true, &entries) == 0, wanted > 0, "%zu", size);
        cr_assert(size < QETL_RECORDING_HEADER || entries == wanted, "%zu", size);
        cr_assert_eq(read_all(pack.data, size, false, &entries) == 0, border, "%zu", size);
    }
    for (size_t at = 0; at < pack.size; at++) {
        if (at >= 12 && at < 16)
            continue; /* the file's number: nobody asks for it */
        pack.data[at] ^= 0x20;
        cr_assert_neq(read_all(pack.data, pack.size, false, &entries), 0, "byte %zu", at);
        pack.data[at] ^= 0x20;
    }
    qetl_pack_free(&pack);
}

Test(recording, entries_twice_or_without_a_head)
{
    struct qetl_pack pack = {0};
    size_t entries;
    header(&pack);
    entry(&pack, QETL_ENTRY_CALL, 2);
    cr_assert_neq(read_all(pack.data, pack.size, false, &entries), 0);
    entry(&pack, QETL_ENTRY_HEAD, 1);
    cr_assert_eq(read_all(pack.data, pack.size, false, &entries), 0);
    entry(&pack, QETL_ENTRY_CALL, 2);
    cr_assert_neq(read_all(pack.data, pack.size, false, &entries), 0);
    qetl_pack_free(&pack);
}

/* ---- the ring ---- */

static int64_t folder_bytes(const char *folder, int *files)
{
    char path[512];
    struct stat stat_of;
    int64_t bytes = 0;
    DIR *dir = opendir(folder);
    *files = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (e->d_name[0] == '.' || stat(path, &stat_of))
            continue;
        cr_assert_eq(stat_of.st_mode & 0777, 0600);
        bytes += stat_of.st_size;
        ++*files;
    }
    closedir(dir);
    return bytes;
}

static void folder_remove(const char *folder)
{
    char path[512];
    DIR *dir = opendir(folder);
    for (struct dirent *e; (e = readdir(dir));) {
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (e->d_name[0] != '.')
            unlink(path);
    }
    closedir(dir);
    rmdir(folder);
}

Test(recording, a_ring_keeps_its_size_and_its_end)
{
    enum { MOST = 64 << 10, FRAMES = 3000 };
    char folder[] = "/tmp/recording.XXXXXX";
    struct qetl_findings findings = {0};
    struct qetl_pack frame = {0};
    int files;
    cr_assert(mkdtemp(folder));
    struct qetl_recording_writer *writer = qetl_recording_create(folder, MOST);
    cr_assert(writer);
    for (uint64_t seq = 1; seq <= FRAMES; seq++) {
        frame.size = 0;
        entry(&frame, seq == 1 ? QETL_ENTRY_HEAD : QETL_ENTRY_CALL, seq);
        cr_assert_eq(qetl_recording_put(writer, seq < 10, frame.data, frame.size), 0);
        if (seq % 100 == 0)
            cr_assert_leq(folder_bytes(folder, &files), MOST);
    }
    cr_assert_gt(qetl_recording_dropped(writer), 0);
    cr_assert_eq(qetl_recording_finish(writer), 0);
    cr_assert(!qetl_recording_create(folder, MOST));
    cr_assert_eq(errno, ENOTEMPTY);
    struct qetl_recording *recording = qetl_recording_open(folder, &findings);
    cr_assert(recording);
    cr_assert_eq(recording->entries[recording->n_entries - 1].seq, FRAMES);
    cr_assert_eq(recording->gap_from, 10);
    cr_assert_eq(recording->entries[9].seq, recording->gap_upto + 1);
    cr_assert_eq(recording->n_entries, 9 + FRAMES - recording->gap_upto);
    qetl_recording_free(recording);
    qetl_pack_free(&frame);
    folder_remove(folder);
}
