/* SPDX-License-Identifier: Apache-2.0 */
/* The source `file`: compression and archives. */
#include "rig_file_source.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(file_packed, .init = scratch, .fini = scratch_end, .timeout = 120);

/* ---- Compression ---- */

static const char *const packers[][2] = {{"gzip -c", "gz"},
                                         {"bzip2 -c", "bz2"},
                                         {"xz -T1 -c", "xz"},
                                         {"zstd -qc", "zst"},
                                         {"lz4 -qc", "lz4"}};
enum { N_PACKERS = 5 };

/* Made under a name that says nothing: content decides. */
static void pack(int packer, const char *from, const char *to)
{
    char command[256];
    snprintf(command, sizeof command, "%s < %s >> %s", packers[packer][0], from, to);
    shell(command);
}

Test(file_packed, every_compression_is_undone)
{
    lines_put("plain", 20000);
    for (int i = 0; i < N_PACKERS; i++) {
        int64_t steps[] = {977, 65536, SPACE}, size;
        unlink("packed");
        pack(i, "plain", "packed");
        free(file_get("packed", &size));
        for (int k = 0; k < 3; k++) {
            struct rig rig;
            cr_assert_eq(rig_read(&rig, "{\"path\":\"packed\"}", steps[k]), QETL_END, "%s: %s",
                         packers[i][1], qetl_fake_host_message(&rig.fake));
            expect_same(&rig, "plain");
            cr_expect_eq(rig.bytes_read, size, "%s: raw bytes", packers[i][1]);
            rig_free(&rig);
        }
    }
}

Test(file_packed, members_end_to_end_are_one_object)
{
    lines_put("one", 3000);
    text_put("two", "the second\n");
    text_put("none", "");
    shell("cat one two none two > plain");
    for (int i = 0; i < N_PACKERS; i++) {
        struct rig rig;
        unlink("packed");
        pack(i, "one", "packed");
        pack(i, "two", "packed");
        pack(i, "none", "packed");
        pack(i, "two", "packed");
        cr_assert_eq(rig_read(&rig, "{\"path\":\"packed\"}", SPACE), QETL_END, "%s: %s",
                     packers[i][1], qetl_fake_host_message(&rig.fake));
        expect_same(&rig, "plain");
        rig_free(&rig);
    }
}

Test(file_packed, nothing_compressed_is_an_empty_object)
{
    text_put("none", "");
    for (int i = 0; i < N_PACKERS; i++) {
        unlink("packed");
        pack(i, "none", "packed");
        expect_log("{\"path\":\"packed\"}", "packed:0;");
    }
}

Test(file_packed, unpack_none_gives_the_raw_bytes)
{
    struct rig rig;
    lines_put("plain", 100);
    pack(0, "plain", "packed");
    cr_assert_eq(rig_read(&rig, "{\"path\":\"packed\",\"unpack\":\"none\"}", 64), QETL_END);
    expect_same(&rig, "packed");
    rig_free(&rig);
}

/* Whatever is cut off: a prefix comes, then an error, never an end. */
static void expect_truncated(int packer, int64_t keep, int64_t most_lost)
{
    struct rig rig;
    int64_t size;
    uint8_t *data = file_get("plain", &size);
    shell("cp packed cut");
    cr_assert_eq(truncate("cut", keep), 0);
    int32_t status = rig_read(&rig, "{\"path\":\"cut\"}", 65536);
    cr_assert_eq(status, QETL_E_DATA, "%s cut to %lld bytes: %d", packers[packer][1],
                 (long long)keep, status);
    const char *said = qetl_fake_host_message(&rig.fake);
    cr_expect(strstr(said, "cut: the ") && strstr(said, "offset"), "%s", said);
    cr_expect_eq(rig.fake.n_errors, 1);
    cr_assert_leq(rig.size, size);
    cr_expect(rig.size == 0 || memcmp(rig.data, data, (size_t)rig.size) == 0);
    cr_expect_str_eq(rig.log, "", "the object has not ended");
    cr_expect_geq(rig.size, most_lost < 0 ? 0 : size - most_lost, "%s: only %lld of %lld bytes",
                  packers[packer][1], (long long)rig.size, (long long)size);
    free(data);
    rig_free(&rig);
}

Test(file_packed, truncated_compression_is_an_error_behind_all_that_is_whole)
{
    lines_put("plain", 20000);
    for (int i = 0; i < N_PACKERS; i++) {
        int64_t size;
        unlink("packed");
        pack(i, "plain", "packed");
        free(file_get("packed", &size));
        int64_t keeps[] = {11, 100, size / 3, size / 2, size - 1};
        for (int k = 0; k < 5; k++)
            expect_truncated(i, keeps[k], -1);
        if (i == 0)
            expect_truncated(i, size - 1, 0);
    }
}

Test(file_packed, damaged_compression_is_an_error)
{
    lines_put("plain", 20000);
    for (int i = 0; i < N_PACKERS; i++) {
        struct rig rig;
        int64_t size;
        unlink("packed");
        pack(i, "plain", "packed");
        uint8_t *data = file_get("packed", &size);
        memset(data + size / 2, 0x55, 64);
        file_put("packed", data, (size_t)size);
        free(data);
        cr_expect_eq(rig_read(&rig, "{\"path\":\"packed\"}", SPACE), QETL_E_DATA, "%s",
                     packers[i][1]);
        rig_free(&rig);
    }
}

Test(file_packed, a_wrong_checksum_of_gzip_is_seen)
{
    struct rig rig;
    int64_t size;
    lines_put("plain", 2000);
    pack(0, "plain", "packed");
    uint8_t *data = file_get("packed", &size);
    data[size - 6] ^= 1;
    file_put("packed", data, (size_t)size);
    free(data);
    cr_assert_eq(rig_read(&rig, "{\"path\":\"packed\"}", SPACE), QETL_E_DATA);
    cr_expect(strstr(qetl_fake_host_message(&rig.fake), "incorrect data check"));
    expect_same(&rig, "plain");
    rig_free(&rig);
}

Test(file_packed, what_follows_the_compressed_data_is_not_passed_over)
{
    lines_put("plain", 2000);
    for (int i = 0; i < N_PACKERS; i++) {
        struct rig rig;
        unlink("packed");
        pack(i, "plain", "packed");
        shell("printf 'lost,rows\\n' >> packed");
        cr_expect_eq(rig_read(&rig, "{\"path\":\"packed\"}", SPACE), QETL_E_DATA, "%s",
                     packers[i][1]);
        rig_free(&rig);
    }
    unlink("packed");
    pack(0, "plain", "packed");
    shell("head -c 1024 /dev/zero >> packed");
    struct rig rig;
    cr_expect_eq(rig_read(&rig, "{\"path\":\"packed\"}", SPACE), QETL_END,
                 "padding by zeros is no data");
    expect_same(&rig, "plain");
    rig_free(&rig);
    pack(0, "plain", "packed");
    cr_expect_eq(rig_read(&rig, "{\"path\":\"packed\"}", SPACE), QETL_E_DATA,
                 "data behind padding");
    rig_free(&rig);
}

Test(file_packed, compressed_twice_is_said)
{
    text_put("plain", "1\n");
    shell("gzip -c plain | gzip -c > twice");
    expect_fault("{\"path\":\"twice\"}", QETL_E_UNSUPPORTED, "twice: it is compressed twice",
                 "gunzip");
}

/* ---- Archives ---- */

Test(file_packed, members_of_archives_are_objects_in_archive_order)
{
    static const char *const names[] = {"z", "t", "tgz", "txz", "tzst", "tbz", "tlz"};
    archives_make();
    for (int i = 0; i < 7; i++) {
        char config[64], log[256];
        const char *n = names[i];
        snprintf(config, sizeof config, "{\"path\":\"%s\"}", n);
        snprintf(log, sizeof log, "%s!b.csv:6;%s!a.csv:3;%s!empty.csv:0;%s!sub/d.txt:4;", n, n, n,
                 n);
        expect_log(config, log);
    }
}

Test(file_packed, members_by_pattern)
{
    archives_make();
    expect_log("{\"path\":\"z\",\"members\":\"*.csv\"}", "z!b.csv:6;z!a.csv:3;z!empty.csv:0;");
    expect_log("{\"path\":\"tgz\",\"members\":\"sub/*\"}", "tgz!sub/d.txt:4;");
    expect_log("{\"path\":\"z\",\"members\":\".hid*\"}", "z!.hidden:1;");
    expect_fault("{\"path\":\"z\",\"members\":\"*.tsv\"}", QETL_E_CONFIG,
                 "no member of the archive", NULL);
}

Test(file_packed, names_in_archives_cannot_forge_lines)
{
    shell(
        "python3 -c \"import zipfile as z; f=z.ZipFile('n','w'); f.writestr('a\\nb\\x1b.csv','1'); "
        "f.writestr('.h\\n','1'); f.close()\"");
    expect_log("{\"path\":\"n\"}", "n!a?b?.csv:1;");
}

Test(file_packed, names_that_begin_with_the_folder_itself)
{
    archives_make();
    shell("cd in && tar cf ../dot ./b.csv ./sub");
    expect_log("{\"path\":\"dot\"}", "dot!./b.csv:6;dot!./sub/d.txt:4;");
    expect_log("{\"path\":\"dot\",\"members\":\"sub/*\"}", "dot!./sub/d.txt:4;");
}

Test(file_packed, raw_bytes_are_counted_once)
{
    struct rig rig;
    struct stat st;
    archives_make();
    shell("head -c 1000000 /dev/urandom > .tail; tar czf tgz in/a.csv .tail");
    int64_t most = stat("z", &st) == 0 ? st.st_size : 0;
    most += stat("tgz", &st) == 0 ? st.st_size : 0;
    cr_assert_eq(rig_read(&rig, "{\"path\":[\"tgz\",\"z\",\"in/a.csv\"]}", 1), QETL_END);
    most += stat("in/a.csv", &st) == 0 ? st.st_size : 0;
    cr_expect_eq(rig.bytes_read, most, "%lld of %lld", (long long)rig.bytes_read, (long long)most);
    rig_free(&rig);
}

Test(file_packed, names_beyond_ascii_and_documents_that_are_zips)
{
    shell("python3 -c \"import zipfile as z; f=z.ZipFile('u','w'); f.writestr('\\u00e4.csv','1'); "
          "f.close()\"");
    expect_log("{\"path\":\"u\"}", "u!\xc3\xa4.csv:1;");
    shell("cp u book.xlsx");
    struct rig rig;
    cr_assert_eq(rig_read(&rig, "{\"path\":\"book.xlsx\"}", SPACE), QETL_END);
    expect_same(&rig, "u");
    rig_free(&rig);
}

Test(file_packed, damaged_archives_are_errors)
{
    struct rig rig;
    int64_t size;
    lines_put("plain", 5000);
    shell(
        "python3 -c \"import zipfile as z; f=z.ZipFile('z','w',z.ZIP_DEFLATED); f.write('plain'); "
        "f.close()\"; tar cf t plain");
    uint8_t *data = file_get("z", &size);
    data[size / 2] ^= 0x10;
    file_put("z", data, (size_t)size);
    free(data);
    cr_expect_eq(rig_read(&rig, "{\"path\":\"z\"}", SPACE), QETL_E_DATA);
    rig_free(&rig);
    free(file_get("t", &size));
    cr_assert_eq(truncate("t", size / 2), 0);
    cr_expect_eq(rig_read(&rig, "{\"path\":\"t\"}", SPACE), QETL_E_DATA);
    rig_free(&rig);
    shell("gzip -c plain > g; tar czf tgz plain; head -c 2000 tgz > cut");
    cr_expect_eq(rig_read(&rig, "{\"path\":\"cut\"}", SPACE), QETL_E_DATA);
    rig_free(&rig);
}

/* ---- Memory ---- */

Test(file_packed, buffers_that_cannot_be_had)
{
    lines_put("plain", 100);
    shell("xz -c plain > x");
    for (int64_t allowed = 0; allowed < 2; allowed++) {
        struct rig rig;
        rig_create(&rig, "{\"path\":\"x\"}");
        rig.fake.allocs_left = allowed;
        int32_t status = rig_open(&rig, NULL);
        if (status == QETL_OK)
            status = rig_drain(&rig);
        cr_expect_eq(status, QETL_E_NO_MEMORY, "%lld buffers: %d", (long long)allowed, status);
        rig_free(&rig);
    }
}
