/* SPDX-License-Identifier: Apache-2.0 */
/* The source `file`: names, plain files, positions. */
#include "rig_file_source.h"

#include "../plugins/sources/file_source/glob.h"
#include "../plugins/sources/file_source/magic.h"

#include <criterion/criterion.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(file_source, .init = scratch, .fini = scratch_end, .timeout = 120);

/* ---- Names ---- */

Test(file_source, names_match_by_bytes_whatever_the_locale)
{
    static const struct {
        const char *pattern, *name;
        bool matches;
    } cases[] = {
        {"*", "a", true},          {"*", ".a", false},
        {".*", ".a", true},        {"a*c", "abbc", true},
        {"a*c", "abbd", false},    {"?", "\xc3\xa9", true},
        {"??", "\xc3\xa9", false}, {"[a-c]x", "bx", true},
        {"[!a-c]x", "bx", false},  {"[]x]", "]", true},
        {"[a-]", "-", true},       {"[", "[", true},
        {"a[b", "a[b", true},      {"\\*", "*", true},
        {"\\*", "a", false},       {"*.csv", "a.csv.gz", false},
        {"*a*b*", "xaybz", true},  {"", "", true},
        {"**", "abc", true},       {"[\xc3\xa0-\xc3\xbf]", "\xc3\xa9", true},
        {"?", "\xff", true},       {"[a-c]", "B", false},
        {"x[^0-9]", "xa", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_eq(glob_match(cases[i].pattern, cases[i].name), cases[i].matches, "%s on %s",
                     cases[i].pattern, cases[i].name);
}

Test(file_source, names_match_as_fnmatch_does)
{
    static const char letters[] = "ab*?[]-!.";
    uint32_t seed = 7;
    for (int round = 0; round < 200000; round++) {
        char pattern[9] = "", name[7] = "";
        for (int i = 0; i < 8; i++)
            pattern[i] = letters[(seed = seed * 1103515245 + 12345) >> 16 & 7];
        pattern[1 + (seed >> 8) % 8] = '\0';
        for (int i = 0; i < 6; i++)
            name[i] = "ab-.!]"[((seed = seed * 1103515245 + 12345) >> 16) % 6];
        name[(seed >> 8) % 7] = '\0';
        bool ours = glob_match(pattern, name);
        bool theirs = fnmatch(pattern, name, FNM_PERIOD) == 0;
        /* Ranges that run backwards are anybody's guess. */
        if (!strchr(pattern, '-'))
            cr_assert_eq(ours, theirs, "%s on %s", pattern, name);
    }
}

Test(file_source, paths_match_across_folders)
{
    cr_expect(glob_match_path("a/*.csv", "a/b.csv"));
    cr_expect_not(glob_match_path("a/*.csv", "a/b/c.csv"));
    cr_expect(glob_match_path("a/**/*.csv", "a/b/c/d.csv"));
    cr_expect(glob_match_path("a/**/*.csv", "a/d.csv"));
    cr_expect(glob_match_path("**/d.csv", "d.csv"));
    cr_expect_not(glob_match_path("a/b", "a"));
    cr_expect_not(glob_match_path("a", "a/b"));
}

static void tree_make(void)
{
    shell("mkdir -p d/sub/deep d/.hid e; "
          "for f in d/b.csv d/a.csv d/B.csv d/a10.csv d/a9.csv d/.h.csv d/sub/x.csv "
          "d/sub/deep/y.csv d/.hid/z.csv 'd/q[1].csv'; do printf 12345 > \"$f\"; done; "
          "ln -s sub d/link");
}

Test(file_source, patterns_expand_in_byte_order)
{
    tree_make();
    expect_log("{\"path\":\"d/*.csv\"}",
               "d/B.csv:5;d/a.csv:5;d/a10.csv:5;d/a9.csv:5;d/b.csv:5;d/q[1].csv:5;");
    expect_log("{\"path\":\"d/[ab]?*.csv\"}", "d/a10.csv:5;d/a9.csv:5;");
    expect_log("{\"path\":\"d/.*.csv\"}", "d/.h.csv:5;");
    expect_log("{\"path\":\"*/sub/*.csv\"}", "d/sub/x.csv:5;");
    expect_log("{\"path\":\"d/**/*y.csv\"}", "d/sub/deep/y.csv:5;");
    expect_log("{\"path\":\"**/[xyz].csv\"}", "d/sub/deep/y.csv:5;d/sub/x.csv:5;");
    expect_log("{\"path\":\"**/**/x.csv\"}", "d/sub/x.csv:5;"); /* found in two ways, read once */
    expect_log("{\"path\":\"d/sub/**\"}", "d/sub/deep/y.csv:5;d/sub/x.csv:5;");
}

Test(file_source, a_name_that_looks_like_a_pattern_is_a_name)
{
    tree_make();
    expect_log("{\"path\":\"d/q[1].csv\"}", "d/q[1].csv:5;");
    shell("rm 'd/q[1].csv'; printf 1 > d/q1.csv");
    expect_log("{\"path\":\"d/q[1].csv\"}", "d/q1.csv:1;");
}

Test(file_source, folders_give_their_files)
{
    tree_make();
    expect_log("{\"path\":\"d\"}",
               "d/B.csv:5;d/a.csv:5;d/a10.csv:5;d/a9.csv:5;d/b.csv:5;d/q[1].csv:5;");
    expect_log("{\"path\":\"d/\"}",
               "d/B.csv:5;d/a.csv:5;d/a10.csv:5;d/a9.csv:5;d/b.csv:5;d/q[1].csv:5;");
    expect_log("{\"path\":[\"d/sub\",\"d/b.csv\",\"d/a?.csv\"]}",
               "d/sub/x.csv:5;d/b.csv:5;d/a9.csv:5;");
    expect_fault("{\"path\":\"e\"}", QETL_E_CONFIG, "e: the folder holds no files", "**");
}

Test(file_source, what_is_not_there_is_an_error_that_helps)
{
    tree_make();
    expect_fault("{\"path\":\"d/a.cvs\"}", QETL_E_ENVIRONMENT, "d/a.cvs: no such file or folder",
                 "did you mean d/a.csv");
    expect_fault("{\"path\":\"d/A.tsv\"}", QETL_E_ENVIRONMENT, "(working folder: /tmp/qetl_test.",
                 "d/a.csv");
    expect_fault("{\"path\":\"d/*.cvs\"}", QETL_E_CONFIG, "d/*.cvs: no file matches this pattern",
                 "did you mean d/B.csv, d/a.csv");
    expect_fault("{\"path\":\"d/su?\"}", QETL_E_CONFIG, "matches only folders", "/*");
    expect_fault("{\"path\":\"nowhere/*.csv\"}", QETL_E_CONFIG, "no file matches",
                 "check the path");
    expect_fault("{\"path\":[\"d/a.csv\",\"gone\"]}", QETL_E_ENVIRONMENT, "gone: no such", NULL);
    expect_fault("{\"path\":[]}", QETL_E_CONFIG, "empty list", NULL);
    expect_fault("{\"path\":[\"-\",\"-\"]}", QETL_E_CONFIG, "named it 2 times" + 6, NULL);
}

Test(file_source, an_error_names_the_entry_and_the_errno)
{
    struct rig rig;
    text_put("a", "1");
    cr_assert_eq(rig_read(&rig, "{\"path\":[\"a\",\"gone\"]}", SPACE), QETL_E_ENVIRONMENT);
    cr_expect_str_eq(rig.fake.errors[0].option, "/path/1");
    cr_expect_str_eq(rig.fake.errors[0].vendor_code, "ENOENT");
    rig_free(&rig);
}

Test(file_source, a_file_that_vanishes_or_turns_into_a_folder)
{
    struct rig rig;
    text_put("a", "1");
    text_put("b", "2");
    rig_create(&rig, "{\"path\":\"[ab]\"}");
    cr_assert_eq(rig_open(&rig, NULL), QETL_OK);
    unlink("b");
    cr_assert_eq(rig_drain(&rig), QETL_E_ENVIRONMENT);
    cr_expect_str_eq(rig.log, "a:1;");
    cr_expect_str_eq(rig.fake.errors[0].vendor_code, "ENOENT");
    cr_expect(strstr(qetl_fake_host_message(&rig.fake), "b: cannot be opened"));
    mkdir("b", 0777);
    cr_assert_eq(rig_open(&rig, NULL), QETL_OK);
    rig_free(&rig);
    rig_create(&rig, "{\"path\":\"a\"}");
    cr_assert_eq(rig_open(&rig, NULL), QETL_OK);
    unlink("a");
    mkdir("a", 0777);
    cr_assert_eq(rig_drain(&rig), QETL_E_ENVIRONMENT);
    cr_expect_str_eq(rig.fake.errors[0].vendor_code, "EISDIR");
    rig_free(&rig);
}

Test(file_source, files_without_permission)
{
    if (geteuid() == 0) {
        chmod(".", 0777);
        cr_assert_eq(seteuid(65534), 0);
    }
    text_put("a", "1");
    mkdir("d", 0777);
    text_put("d/x", "1");
    chmod("a", 0);
    chmod("d", 0);
    expect_fault("{\"path\":\"a\"}", QETL_E_ENVIRONMENT, "a: cannot be opened", "permission");
    expect_fault("{\"path\":\"d\"}", QETL_E_ENVIRONMENT, "d: the folder cannot be read",
                 "permission");
    expect_fault("{\"path\":\"*/x\"}", QETL_E_ENVIRONMENT, "d/x: cannot be looked into",
                 "permission");
    expect_fault("{\"path\":\"d/*\"}", QETL_E_ENVIRONMENT, "d: cannot be looked into",
                 "permission");
    if (getuid() == 0)
        cr_assert_eq(seteuid(0), 0);
}

/* ---- Plain files ---- */

Test(file_source, plain_bytes_come_as_they_are_in_steps_of_any_size)
{
    lines_put("plain", 3000);
    int64_t size;
    free(file_get("plain", &size));
    int64_t steps[] = {1, 7, 4096, 65536, size, size + 1, SPACE};
    for (int i = 0; i < 7; i++) {
        struct rig rig;
        cr_assert_eq(rig_read(&rig, "{\"path\":\"plain\"}", steps[i]), QETL_END);
        expect_same(&rig, "plain");
        cr_expect_eq(rig.bytes_read, size);
        rig_free(&rig);
    }
}

Test(file_source, items_mark_objects_and_offsets)
{
    struct rig rig;
    text_put("a", "12345");
    text_put("b", "");
    text_put("c", "678");
    rig_create(&rig, "{\"path\":[\"a\",\"b\",\"c\"]}");
    rig.step = 5;
    cr_assert_eq(rig_open(&rig, NULL), QETL_OK);
    cr_assert_eq(rig_next(&rig), QETL_BYTES);
    cr_expect(rig.item.flags & QETL_ITEM_OBJECT_START);
    cr_expect_eq(rig.item.bytes, 5);
    cr_expect_eq(rig.item.offset, 0);
    cr_expect_str_eq(rig.item.object, "a");
    if (!(rig.item.flags & QETL_ITEM_OBJECT_END)) {
        cr_assert_eq(rig_next(&rig), QETL_BYTES);
        cr_expect_eq(rig.item.offset, 5);
    }
    cr_expect(rig.item.flags & QETL_ITEM_OBJECT_END);
    cr_assert_eq(rig_next(&rig), QETL_BYTES);
    cr_expect_eq(rig.item.flags, QETL_ITEM_CUT | QETL_ITEM_OBJECT_START | QETL_ITEM_OBJECT_END);
    cr_expect_eq(rig.item.bytes, 0);
    cr_assert_eq(rig_drain(&rig), QETL_END);
    cr_expect_str_eq(rig.log, "a:5;b:0;c:3;");
    cr_expect_eq(rig_next(&rig), QETL_END, "the end stays the end");
    rig_free(&rig);
}

Test(file_source, describe_tells_size_and_delivery)
{
    struct qetl_source_info info = {.struct_size = sizeof info};
    struct rig rig;
    text_put("a", "12345");
    text_put("b", "678");
    mkfifo("fifo", 0666);
    rig_create(&rig, "{\"path\":[\"a\",\"b\"]}");
    cr_assert_eq(rig_open(&rig, NULL), QETL_OK);
    cr_assert_eq(rig.component->source->describe(rig.self, &info), QETL_OK);
    cr_expect_eq(info.bytes_expected, 8);
    cr_expect_eq(info.delivery, QETL_REPLAYABLE);
    cr_expect_eq(info.emits, QETL_EMITS_BYTES);
    rig_free(&rig);
    rig_create(&rig, "{\"path\":[\"a\",\"fifo\"]}");
    cr_assert_eq(rig_open(&rig, NULL), QETL_OK);
    cr_assert_eq(rig.component->source->describe(rig.self, &info), QETL_OK);
    cr_expect_eq(info.bytes_expected, -1);
    cr_expect_eq(info.delivery, QETL_LOSSY);
    rig_free(&rig);
}

Test(file_source, a_file_cut_off_while_it_is_read_is_no_end)
{
    struct rig rig;
    lines_put("plain", 1000);
    rig_create(&rig, "{\"path\":\"plain\"}");
    rig.step = 1000;
    cr_assert_eq(rig_open(&rig, NULL), QETL_OK);
    cr_assert_eq(rig_next(&rig), QETL_BYTES);
    cr_assert_eq(truncate("plain", 5000), 0);
    cr_expect_eq(rig_drain(&rig), QETL_E_DATA);
    cr_expect_eq(rig.size, 5000);
    cr_expect(strstr(qetl_fake_host_message(&rig.fake), "plain: it was cut off"));
    cr_expect_str_eq(rig.log, "");
    rig_free(&rig);
}

Test(file_source, texts_that_begin_strangely_stay_texts)
{
    static const char *const texts[] = {
        "BZh,x\n1,2\n",    "PK,name\n1,2\n", "\x1f\x8b,a\n", "#mtree\n/set type=file\n",
        "7z,1\n",          "PK\x03",         "\x28\xb5",     "Rar!\n",
        "!<arch>\nname\n", "07070100000\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct rig rig;
        text_put("t", texts[i]);
        cr_assert_eq(rig_read(&rig, "{\"path\":\"t\"}", SPACE), QETL_END, "%s", texts[i]);
        expect_same(&rig, "t");
        rig_free(&rig);
    }
    cr_expect(!magic_open((const uint8_t *)"id,name\n", 8));
    cr_expect(magic_open((const uint8_t *)"\x1f", 1));
    cr_expect(magic_open((const uint8_t *)"a.csv\0\0\0", 8), "perhaps a tar");
    cr_expect(!magic_open((const uint8_t *)"a.csv\0\0\x01", 8),
              "its name has NULs behind it alone");
    cr_expect(!magic_open((const uint8_t *)"\0\0\0\0", 4), "nor is it empty");
    cr_expect(!magic_open((const uint8_t *)"\x01\0\0\0", 4), "or of letters that nobody sees");
}

/* Of a zip, the name of the first member tells whether it is a document, which is read as it is. */
Test(file_source, documents_are_no_archives_whatever_their_name)
{
    static const struct {
        const char *member;
        enum magic magic;
    } zips[] = {{"[Content_Types].xml", MAGIC_PLAIN},
                {"_rels/.rels", MAGIC_PLAIN},
                {"docProps/app.xml", MAGIC_PLAIN},
                {"xl/worksheets/sheet1.xml", MAGIC_PLAIN},
                {"mimetypeapplication/", MAGIC_PLAIN},
                {"mimetype", MAGIC_ZIP},
                {"xl/a.csv", MAGIC_ZIP},
                {"a.csv", MAGIC_ZIP}};
    for (size_t i = 0; i < sizeof zips / sizeof zips[0]; i++) {
        uint8_t head[64] = "PK\3\4";
        memcpy(head + 30, zips[i].member, strlen(zips[i].member));
        cr_expect_eq(magic_of(head, sizeof head), zips[i].magic, "%s", zips[i].member);
        cr_expect(!magic_open(head, sizeof head), "%s", zips[i].member);
        cr_expect(magic_open(head, 40), "%s", zips[i].member);
    }
}

/* ---- Going on ---- */

/* Every item's position, in a new instance, brings exactly the rest. */
static void expect_resumable(const char *config, int64_t step)
{
    struct rig whole;
    cr_assert_eq(rig_read(&whole, config, SPACE), QETL_END);
    for (int items = 1;; items++) {
        struct rig first, rest;
        int32_t status = QETL_BYTES;
        rig_create(&first, config);
        first.step = step;
        cr_assert_eq(rig_open(&first, NULL), QETL_OK);
        for (int i = 0; i < items && status == QETL_BYTES; i++)
            status = rig_next(&first);
        if (status == QETL_BYTES) {
            struct qetl_blob position = {first.position, first.position_size};
            rig_create(&rest, config);
            rest.step = step + 13;
            cr_assert_eq(rig_open(&rest, &position), QETL_OK, "%s",
                         qetl_fake_host_message(&rest.fake));
            int32_t begun = rig_next(&rest);
            cr_assert(begun == QETL_END ||
                      !(rest.item.flags & QETL_ITEM_OBJECT_START) == (rest.item.offset > 0));
            cr_assert_eq(rig_drain(&rest), QETL_END, "%s", qetl_fake_host_message(&rest.fake));
            cr_assert_eq(first.size + rest.size, whole.size,
                         "%s after %d items: %lld + %lld of %lld", config, items,
                         (long long)first.size, (long long)rest.size, (long long)whole.size);
            cr_assert_eq(memcmp(rest.data ? rest.data : (void *)"", whole.data + first.size,
                                (size_t)rest.size),
                         0);
            rig_free(&rest);
        }
        rig_free(&first);
        if (status != QETL_BYTES)
            break;
    }
    rig_free(&whole);
}

Test(file_source, positions_bring_the_rest)
{
    lines_put("plain", 3000);
    text_put("none", "");
    shell("gzip -c plain > g; zstd -qc plain > s");
    expect_resumable("{\"path\":[\"none\",\"plain\",\"none\"]}", 10007);
    expect_resumable("{\"path\":[\"g\",\"none\"]}", 10007);
    expect_resumable("{\"path\":[\"s\",\"g\"]}", 20011);
    archives_make();
    expect_resumable("{\"path\":[\"z\",\"tgz\",\"t\"]}", 2);
}

Test(file_source, a_changed_file_is_not_gone_on_with)
{
    struct rig first, rest;
    lines_put("plain", 1000);
    rig_create(&first, "{\"path\":\"plain\"}");
    first.step = 100;
    cr_assert_eq(rig_open(&first, NULL), QETL_OK);
    cr_assert_eq(rig_next(&first), QETL_BYTES);
    struct qetl_blob position = {first.position, first.position_size};
    shell("touch -d '2001-01-01' plain");
    rig_create(&rest, "{\"path\":\"plain\"}");
    cr_expect_eq(rig_open(&rest, &position), QETL_E_DATA);
    cr_expect(strstr(qetl_fake_host_message(&rest.fake), "plain: cannot go on"));
    shell("echo more >> plain");
    cr_expect_eq(rig_open(&rest, &position), QETL_E_DATA);
    cr_expect(strstr(qetl_fake_host_message(&rest.fake), "bytes then and has"));
    first.position[position.size] = 0;
    struct qetl_blob longer = {first.position, position.size + 1};
    cr_expect_eq(rig_open(&rest, &longer), QETL_E_UNSUPPORTED);
    for (size_t size = 0; size < position.size; size++) {
        struct qetl_blob cut = {first.position, size};
        cr_expect_eq(rig_open(&rest, &cut), QETL_E_UNSUPPORTED, "a position of %zu bytes", size);
    }
    rig_free(&first);
    rig_free(&rest);
}

Test(file_source, a_split_is_meaningful_to_another_instance)
{
    struct rig first, second;
    text_put("a", "12345");
    rig_create(&first, "{\"path\":\"[a-z]\"}");
    cr_assert_eq(rig_open(&first, NULL), QETL_OK);
    text_put("b", "678");
    rig_create(&second, "{\"path\":\"[a-z]\"}");
    cr_assert_eq(second.component->start(second.self), QETL_OK);
    struct qetl_blob split = {first.split, first.split_size};
    cr_assert_eq(second.component->source->open(second.self, split, NULL), QETL_OK);
    cr_assert_eq(rig_drain(&second), QETL_END);
    cr_expect_str_eq(second.log, "a:5;", "the list that was planned counts");
    for (size_t size = 1; size < split.size; size++) {
        struct qetl_blob cut = {first.split, size};
        cr_expect_eq(second.component->source->open(second.self, cut, NULL), QETL_E_UNSUPPORTED);
    }
    rig_free(&first);
    rig_free(&second);
}
