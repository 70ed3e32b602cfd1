/* SPDX-License-Identifier: Apache-2.0 */
#include "config_fixture.h"

#include "../core/plugin/elf_note.h"
#include "../core/plugin/manifest.h"
#include "../core/plugin/plugin_dirs.h"
#include "../core/plugin/registry.h"
#include "../core/plugin/sealed.h"

#include <qetl/plugin.h>

#include <elf.h>
#include <unistd.h>

static struct qetl_findings findings;

static struct qetl_registry *registry_of(const char *first, const char *second)
{
    const char *const dirs[] = {first, second, NULL};
    qetl_findings_free(&findings);
    struct qetl_registry *registry = qetl_registry_new(dirs, &findings);
    cr_assert(registry);
    return registry;
}

#define MANIFEST_OF(min, max, id, components)                                                      \
    "{\"id\": \"" id "\", \"version\": \"1.2.3\", \"abi\": {\"min\": \"" min "\", \"max\": \"" max \
    "\"},\n \"components\": [" components "]}"
#define MANIFEST(id, components) MANIFEST_OF("1.0", "1.0", id, components)
#define OPTIONS(properties)                                                                 \
    "\"options\": {\"type\": \"object\", \"additionalProperties\": false, \"properties\": " \
    "{" properties "}}"
#define COMPONENT(kind, id, more) \
    "{\"kind\": \"" kind "\", \"id\": \"" id "\", " more OPTIONS("") "}"

static void write_manifest(const char *dir, const char *name, const char *text)
{
    char file[64];
    snprintf(file, sizeof file, "%s.qetl.json", name);
    free(fixture_write(dir, file, text));
}

Test(registry, reads_what_manifests_say)
{
    char *dir = fixture_dir();
    write_manifest(
        dir, "b",
        MANIFEST_OF(
            "1.0", "1.4", "b",
            COMPONENT("format", "csv", "\"extensions\": [\".csv\", \".tsv\"], ") ", " COMPONENT(
                "sink", "b", "\"bytes\": true, \"inputs\": -1, ")));
    write_manifest(
        dir, "a",
        MANIFEST("a", COMPONENT("transform", "csv", "\"outputs\": {\"from_option\": \"/o\"}, ")));
    free(fixture_write(dir, "README", "no manifest"));
    struct qetl_registry *r = registry_of(dir, NULL);
    fixture_expect_none(&findings);
    cr_assert_eq(qetl_registry_count(r), 2);
    const struct qetl_manifest *a = qetl_registry_at(r, 0), *b = qetl_registry_at(r, 1);
    cr_assert_str_eq(a->id, "a");
    cr_assert_str_eq(b->version, "1.2.3");
    cr_assert_eq(b->abi_min, QETL_ABI_MAKE(1, 0));
    cr_assert_eq(b->abi_max, QETL_ABI_MAKE(1, 4));
    cr_assert(strstr(b->library_path, "/b.so") && strncmp(b->library_path, dir, strlen(dir)) == 0);
    const struct qetl_manifest_component *sink = qetl_registry_find(r, QETL_SINK, "b");
    cr_assert(sink && sink->plugin == b && sink->takes_format && sink->inputs_max == -1);
    const struct qetl_manifest_component *csv = qetl_registry_find(r, QETL_TRANSFORM, "csv");
    cr_assert(csv && csv->plugin == a && csv->inputs_max == 1 && !csv->takes_format);
    cr_assert_str_eq(csv->outputs_from, "/o");
    cr_assert_null(qetl_registry_find(r, QETL_SOURCE, "csv"));
    cr_assert_str_eq(qetl_registry_suggest(r, QETL_FORMAT, "cvs"), "csv");
    char *list = qetl_registry_list(r, QETL_SINK);
    cr_assert_str_eq(list, "b");
    free(list);
    qetl_registry_free(r);
    fixture_remove(dir);
}

static struct qetl_manifest *manifest_of(const char *text)
{
    struct qetl_manifest *manifest =
        qetl_manifest_parse(text, strlen(text), "/away/m.qetl.json", &findings);
    cr_assert(manifest);
    return manifest;
}

/* An older version of another plugin that had the name once is not what anybody means. */
Test(registry, versions_are_those_of_the_plugin_that_is_used)
{
    char *dir = fixture_dir();
    const char *const dirs[] = {dir, NULL};
    struct qetl_registry *r = registry_of(NULL, NULL);
    cr_assert_eq(
        qetl_registry_offer(r,
                            manifest_of("{\"id\": \"an-other\", \"version\": \"1.1.0\","
                                        "\"abi\": {\"min\": \"1.0\", \"max\": \"1.0\"},"
                                        "\"components\": [" COMPONENT("sink", "b", "") "]}"),
                            1, &findings),
        0);
    cr_assert_null(qetl_registry_find(r, QETL_SINK, "b"));
    const struct qetl_manifest_component *once = qetl_registry_find(r, QETL_SINK, "b@1.1.0");
    cr_assert(once && strcmp(once->plugin->id, "an-other") == 0, "there is nobody else");
    write_manifest(dir, "b", MANIFEST("b", COMPONENT("sink", "b", "")));
    cr_assert_eq(qetl_registry_scan(r, dirs, &findings), 0);
    fixture_expect_none(&findings);
    const struct qetl_manifest_component *now = qetl_registry_find(r, QETL_SINK, "b");
    cr_assert(now && strcmp(now->plugin->id, "b") == 0);
    cr_assert_eq(qetl_registry_find(r, QETL_SINK, "b@1.2.3"), now);
    cr_assert_null(qetl_registry_find(r, QETL_SINK, "b@1.1.0"));
    qetl_registry_free(r);
    fixture_remove(dir);
}

/* Folders of one scan stand side by side, those of a later one behind. */
Test(registry, folders_hide_what_later_ones_have)
{
    char *mine = fixture_dir(), *theirs = fixture_dir();
    const char *const dirs[] = {theirs, NULL};
    write_manifest(mine, "a", MANIFEST("a", COMPONENT("sink", "a", "")));
    write_manifest(theirs, "a",
                   MANIFEST("a", COMPONENT("sink", "a", "") ", " COMPONENT("sink", "more", "")));
    write_manifest(theirs, "b", MANIFEST("b", COMPONENT("sink", "b", "")));
    struct qetl_registry *r = registry_of(mine, NULL);
    cr_assert_eq(qetl_registry_scan(r, dirs, &findings), 0);
    fixture_expect_none(&findings);
    const struct qetl_manifest_component *a = qetl_registry_find(r, QETL_SINK, "a");
    cr_assert(a && strncmp(a->plugin->manifest_path, mine, strlen(mine)) == 0);
    cr_assert_eq(qetl_registry_find(r, QETL_SINK, "a@1.2.3"), a, "of two with one version, too");
    cr_assert_null(qetl_registry_rival(r, a, "a"));
    cr_assert_null(qetl_registry_find(r, QETL_SINK, "more"), "it is of the one that is hidden");
    cr_assert(qetl_registry_find(r, QETL_SINK, "b"));
    qetl_registry_free(r);
    fixture_remove(theirs);
    fixture_remove(mine);
}

Test(registry, formats_by_file_name)
{
    char *dir = fixture_dir();
    write_manifest(dir, "a",
                   MANIFEST("a", COMPONENT("format", "csv", "\"extensions\": [\".csv\"], ")));
    write_manifest(
        dir, "b",
        MANIFEST("b", COMPONENT("format", "json", "\"extensions\": [\".json\", \".x\"], ")));
    write_manifest(
        dir, "c",
        MANIFEST("c", COMPONENT("format", "geo", "\"extensions\": [\".geo.json\", \".x\"], ")));
    static const char *const cases[][2] = {
        {"a.csv", "csv"},
        {"data/o-*.csv.gz", "csv"},
        {"A.CSV", "csv"},
        {"a.csv.tar.zst", "csv"},
        {"a.csv.zip", "csv"},
        {"a.json", "json"},
        {"a.geo.json.xz", "geo"},
        {"a.x", NULL},
        {"csv", NULL},
        {".csv", NULL},
        {"a.gz", NULL},
        {"-", NULL},
        {"data/", NULL},
        {"", NULL},
        {"a.csv.bak", NULL},
    };
    struct qetl_registry *r = registry_of(dir, NULL);
    fixture_expect_none(&findings);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct qetl_manifest_component *format = qetl_registry_format_for(r, cases[i][0]);
        cr_assert_str_eq(format ? format->id : "none", cases[i][1] ? cases[i][1] : "none", "%s",
                         cases[i][0]);
    }
    qetl_registry_free(r);
    fixture_remove(dir);
}

/* As one of an installed package: {format id, extensions} of a plugin of that id. */
static void offer_format(struct qetl_registry *r, const char *id, const char *extensions)
{
    char *text = NULL;
    cr_assert(asprintf(&text,
                       "{\"id\": \"%s\", \"version\": \"2.0.0\", \"abi\": {\"min\": \"1.0\", "
                       "\"max\": \"1.0\"}, \"components\": [{\"kind\": \"format\", \"id\": "
                       "\"%s\", \"extensions\": [%s], " OPTIONS("") "}]}",
                       id, id, extensions) > 0);
    struct qetl_manifest *manifest = qetl_manifest_parse(text, strlen(text), "x", &findings);
    fixture_expect_none(&findings);
    manifest->sealed = qetl_sealed_new();
    cr_assert_eq(qetl_registry_offer(r, manifest, 0, &findings), 0);
    free(text);
}

/* What folders have keeps its extensions; packages have what is left, if no two of them want it. */
Test(registry, packages_take_no_extension_from_folders)
{
    char *dir = fixture_dir();
    write_manifest(dir, "csv",
                   MANIFEST("csv", COMPONENT("format", "csv", "\"extensions\": [\".csv\"], ")));
    write_manifest(dir, "geo",
                   MANIFEST("geo", COMPONENT("format", "geo", "\"extensions\": [\".geo\"], ")));
    const char *const none[] = {NULL}, *const dirs[] = {dir, NULL};
    qetl_findings_free(&findings);
    struct qetl_registry *r = qetl_registry_new(none, &findings);
    offer_format(r, "aaa", "\".orders.csv\", \".csv\", \".one\", \".both\"");
    offer_format(r, "bbb", "\".x.both\", \".two\"");
    offer_format(r, "geo", "\".geo\", \".new\""); /* in the place of the folder's */
    offer_format(r, "zzz", "\".geo\", \".new\", \".deep.geo\"");
    cr_assert_eq(qetl_registry_scan(r, dirs, &findings), 0);
    fixture_expect_none(&findings);
    static const struct {
        const char *name, *format;
        size_t count;
    } cases[] = {{"a.csv", "csv", 1},   {"a.orders.csv", "csv", 1}, {"a.orders.csv.gz", "csv", 1},
                 {"a.one", "aaa", 1},   {"a.two", "bbb", 1},        {"a.both", "aaa", 1},
                 {"a.x.both", NULL, 2}, {"a.geo", "geo", 1},        {"a.deep.geo", "geo", 1},
                 {"a.new", NULL, 2},    {"a.none", NULL, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct qetl_manifest_component *formats[2],
            *format = qetl_registry_format_for(r, cases[i].name);
        cr_assert_eq(qetl_registry_formats_for(r, cases[i].name, formats), cases[i].count, "%s",
                     cases[i].name);
        cr_assert_str_eq(format ? format->id : "none", cases[i].format ? cases[i].format : "none",
                         "%s", cases[i].name);
        cr_assert(!format || strcmp(format->id, "geo") != 0 || format->plugin->sealed);
    }
    qetl_registry_free(r);
    fixture_remove(dir);
}

Test(registry, one_plugin_twice_names_both_files)
{
    char *one = fixture_dir(), *two = fixture_dir();
    write_manifest(one, "a", MANIFEST("a", COMPONENT("sink", "s", "")));
    write_manifest(two, "z", MANIFEST("a", COMPONENT("sink", "t", "")));
    struct qetl_registry *r = registry_of(one, two);
    const struct qetl_finding *f = fixture_expect(&findings, "duplicate_plugin", 0, 0);
    cr_assert(strstr(f->message, one) && strstr(f->message, two), "%s", f->message);
    cr_assert_eq(qetl_registry_count(r), 1);
    cr_assert(qetl_findings_environment(&findings));
    qetl_registry_free(r);
    write_manifest(two, "z", MANIFEST("z", COMPONENT("sink", "s", "")));
    r = registry_of(one, two);
    f = fixture_expect(&findings, "duplicate_component", 0, 0);
    cr_assert(strstr(f->message, "a.qetl.json") && strstr(f->message, "z.qetl.json"), "%s",
              f->message);
    qetl_registry_free(r);
    write_manifest(two, "z",
                   MANIFEST("z", COMPONENT("sink", "t", "") ", " COMPONENT("sink", "t", "")));
    r = registry_of(one, two);
    fixture_expect(&findings, "duplicate_component", 0, 0);
    qetl_registry_free(r);
    fixture_remove(one);
    fixture_remove(two);
}

Test(registry, what_others_can_write_is_refused)
{
    char *dir = fixture_dir();
    write_manifest(dir, "a", MANIFEST("a", COMPONENT("sink", "s", "")));
    cr_assert_eq(chmod(dir, 0777), 0);
    struct qetl_registry *r = registry_of(dir, NULL);
    const struct qetl_finding *f = fixture_expect(&findings, "world_writable_dir", 0, 0);
    cr_assert_str_eq(f->file, dir);
    cr_assert(f->environment);
    cr_assert_eq(qetl_registry_count(r), 0);
    qetl_registry_free(r);
    cr_assert_eq(chmod(dir, 01777), 0);
    r = registry_of(dir, NULL);
    fixture_expect(&findings, "world_writable_dir", 0, 0);
    qetl_registry_free(r);
    cr_assert_eq(chmod(dir, 0755), 0);
    char *path;
    cr_assert(asprintf(&path, "%s/a.qetl.json", dir) > 0);
    cr_assert_eq(chmod(path, 0666), 0);
    r = registry_of(dir, NULL);
    fixture_expect(&findings, "world_writable_file", 0, 0);
    qetl_registry_free(r);
    free(path);
    fixture_remove(dir);
}

Test(registry, manifests_are_checked)
{
    static const struct {
        const char *text;
        const char *code;
    } cases[] = {
        {"{", "syntax"},
        {"[]", "wrong_type"},
        {"{}", "missing_key"},
        {MANIFEST("A b", COMPONENT("sink", "s", "")), "wrong_form"},
        {"{\"id\": \"a\", \"version\": \"1\", \"abi\": {\"min\": \"1.0\", \"max\": \"1.0\"}, "
         "\"components\": [" COMPONENT("sink", "s", "") "]}",
         "wrong_form"},
        {"{\"id\": \"a\", \"version\": \"1.0.0\", \"abi\": {\"min\": 1.0, \"max\": \"1.0\"}, "
         "\"components\": [" COMPONENT("sink", "s", "") "]}",
         "wrong_type"},
        {"{\"id\": \"a\", \"version\": \"1.0.0\", \"abi\": {\"min\": \"1.0\", \"max\": \"0.9\"}, "
         "\"components\": [" COMPONENT("sink", "s", "") "]}",
         "bad_manifest"},
        {MANIFEST("a", ""), "wrong_size"},
        {MANIFEST("a", COMPONENT("sinc", "s", "")), "unknown_value"},
        {MANIFEST("a", "{\"kind\": \"sink\", \"id\": \"s\"}"), "missing_key"},
        {MANIFEST("a", COMPONENT("sink", "s", "\"extension\": [], ")), "unknown_key"},
        {MANIFEST("a", COMPONENT("sink", "s", "\"extensions\": [\".csv\"], ")), "bad_manifest"},
        {MANIFEST("a", COMPONENT("format", "s", "\"extensions\": [\"csv\"], ")), "wrong_form"},
        {MANIFEST("a", COMPONENT("format", "s", "\"bytes\": true, ")), "bad_manifest"},
        {MANIFEST("a", COMPONENT("source", "s", "\"inputs\": 1, ")), "bad_manifest"},
        {MANIFEST("a", COMPONENT("sink", "s", "\"inputs\": 0, ")), "bad_manifest"},
        {MANIFEST("a", COMPONENT("sink", "s", "\"delivery\": \"lossy\", ")), "bad_manifest"},
        {MANIFEST("a", COMPONENT("source", "s", "\"delivery\": \"append\", ")), "bad_manifest"},
        {MANIFEST("a", COMPONENT("source", "s",
                                 "\"delivery_if\": [{\"option\": \"/a\", \"is\": [1], "
                                 "\"delivery\": \"append\"}], ")),
         "bad_manifest"},
        {MANIFEST("a", COMPONENT("source", "s", "\"delivery_if\": [{\"option\": \"/a\"}], ")),
         "missing_key"},
        {MANIFEST("a", COMPONENT("format", "s", "\"delivery_if\": [], ")), "bad_manifest"},
        {MANIFEST("a", COMPONENT("source", "s", "\"commit\": \"one-phase\", ")), "bad_manifest"},
        {MANIFEST("a", COMPONENT("sink", "s", "\"commit\": \"thrice\", ")), "unknown_value"},
        {MANIFEST("a", "{\"kind\": \"sink\", \"id\": \"s\", \"options\": {\"type\": \"object\"}}"),
         "bad_manifest"},
        {MANIFEST(
             "a",
             "{\"kind\": \"sink\", \"id\": \"s\", \"options\": {\"additionalProperties\": false}}"),
         "bad_manifest"},
        {MANIFEST("a", "{\"kind\": \"sink\", \"id\": \"s\", " OPTIONS("\"x\": {\"typ\": 1}") "}"),
         "bad_schema"},
        {MANIFEST("a", "{\"kind\": \"sink\", \"id\": \"s\", " OPTIONS(
                           "\"x\": {\"type\": \"string\"}") "}"),
         "bad_manifest"},
        {MANIFEST("a", "{\"kind\": \"sink\", \"id\": \"s\", " OPTIONS(
                           "\"input\": {\"description\": \"\"}") "}"),
         "bad_manifest"},
        {MANIFEST("a", "{\"kind\": \"format\", \"id\": \"s\", " OPTIONS(
                           "\"type\": {\"description\": \"\"}") "}"),
         "bad_manifest"},
    };
    char *dir = fixture_dir();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_manifest(dir, "a", cases[i].text);
        struct qetl_registry *r = registry_of(dir, NULL);
        const struct qetl_finding *f = fixture_expect(&findings, cases[i].code, 0, 0);
        cr_assert(strstr(f->file, "a.qetl.json"));
        cr_assert_geq(f->line, 1, "%s", cases[i].text);
        cr_assert_eq(qetl_registry_count(r), 0, "%s", cases[i].text);
        qetl_registry_free(r);
    }
    write_manifest(dir, "a", MANIFEST("a", COMPONENT("sink", "s", "\"of_a_later_version\": 1, ")));
    struct qetl_registry *r = registry_of(dir, NULL);
    fixture_expect_none(&findings);
    cr_assert_eq(qetl_registry_count(r), 1);
    qetl_registry_free(r);
    fixture_remove(dir);
}

/* The manifest is loaded; what is warned of: "key:line", one behind the other. */
static char *passed_over(const char *dir, const char *text)
{
    static char told[256];
    write_manifest(dir, "a", text);
    struct qetl_registry *r = registry_of(dir, NULL);
    fixture_expect_none(&findings);
    cr_assert_eq(qetl_registry_count(r), 1);
    const struct qetl_findings *warnings = qetl_registry_at(r, 0)->passed_over;
    *told = 0;
    for (size_t i = 0; i < warnings->count; i++) {
        const struct qetl_finding *f = &warnings->items[i];
        cr_assert(f->severity == QETL_WARNING && strstr(f->message, "ABI 1.0"));
        snprintf(told + strlen(told), sizeof told - strlen(told), "%s:%d %s\n", f->path, f->line,
                 f->suggestion);
    }
    qetl_registry_free(r);
    return told;
}

Test(registry, keys_of_a_later_abi)
{
    char *dir = fixture_dir();
    const char *own = "what is your own begins with `x-`", *meant = "did you mean `extensions`?";
    char expected[256];
    snprintf(expected, sizeof expected, "components.0.extension:2 %s\n", meant);
    cr_assert_str_eq(passed_over(dir, MANIFEST_OF("1.0", "1.1", "a",
                                                  COMPONENT("sink", "s", "\"extension\": [], "))),
                     expected);
    snprintf(expected, sizeof expected, "components.0.of_a_later_abi:2 %s\n", own);
    cr_assert_str_eq(
        passed_over(dir, MANIFEST("a", COMPONENT("sink", "s", "\"of_a_later_abi\": 1, "))),
        expected);
    cr_assert_str_eq(passed_over(dir, MANIFEST("a", COMPONENT("sink", "s", "\"x-input\": 1, "))),
                     "");
    write_manifest(dir, "a", MANIFEST("a", COMPONENT("sink", "s", "\"extension\": [], ")));
    struct qetl_registry *r = registry_of(dir, NULL);
    cr_assert_str_eq(fixture_expect(&findings, "unknown_key", 0, 0)->suggestion, meant);
    qetl_registry_free(r);
    fixture_remove(dir);
}

Test(registry, words_of_later_schemas)
{
    static const char with_x[] =
        MANIFEST("a", "{\"kind\": \"sink\", \"id\": \"s\", " OPTIONS(
                          "\"x\": {\"description\": \"\", \"x-tpye\": [1], \"x-order\": 2}") "}");
    static const char later[] =
        MANIFEST_OF("1.0", "1.1", "a",
                    "{\"kind\": \"sink\", \"id\": \"s\", " OPTIONS(
                        "\"x\": {\"description\": \"\", \"multipleOf\": 2}") "}");
    char *dir = fixture_dir();
    cr_assert_str_eq(passed_over(dir, with_x), "");
    write_manifest(dir, "a", later); /* it would have to be checked, and cannot be: `min` says so */
    struct qetl_registry *r = registry_of(dir, NULL);
    fixture_expect(&findings, "bad_schema", 0, 0);
    cr_assert_eq(qetl_registry_count(r), 0);
    qetl_registry_free(r);
    fixture_remove(dir);
}

Test(registry, what_needs_a_later_host_is_not_called_wrong)
{
    char *dir = fixture_dir();
    write_manifest(dir, "a",
                   MANIFEST_OF("1.1", "1.1", "a", COMPONENT("router", "s", "\"extension\": 1, ")));
    struct qetl_registry *r = registry_of(dir, NULL);
    const struct qetl_finding *f = fixture_expect(&findings, "abi_mismatch", 0, 0);
    cr_assert(f->environment && strstr(f->message, "plugin a: it needs ABI 1.1 or later"));
    cr_assert_eq(findings.count, 1);
    cr_assert_eq(findings.errors, 1);
    qetl_registry_free(r);
    fixture_remove(dir);
}

Test(registry, a_broken_manifest_leaves_the_others)
{
    char *dir = fixture_dir();
    write_manifest(dir, "a", "{");
    write_manifest(dir, "b", MANIFEST("b", COMPONENT("sink", "s", "")));
    struct qetl_registry *r = registry_of(dir, NULL);
    cr_assert_eq(findings.errors, 1);
    cr_assert_eq(qetl_registry_count(r), 1);
    qetl_registry_free(r);
    r = registry_of("/nothing/here", NULL);
    fixture_expect(&findings, "missing_plugin_dir", 0, 0);
    qetl_registry_free(r);
    fixture_remove(dir);
}

Test(registry, directories_in_order_each_once)
{
    char *one = fixture_dir(), *two = fixture_dir(), *link, *path;
    cr_assert(asprintf(&link, "%s/link", one) > 0 && symlink(two, link) == 0);
    cr_assert(asprintf(&path, ":%s:/nothing:%s/:%s:", link, two, one) > 0);
    const char *const given[] = {two, one, NULL};
    char **dirs;
    qetl_findings_free(&findings);
    dirs = qetl_plugin_dirs_new(given, path, "/nothing", &findings);
    fixture_expect_none(&findings);
    cr_assert_str_eq(dirs[0], two);
    cr_assert_str_eq(dirs[1], one);
    cr_assert_null(dirs[2]);
    qetl_plugin_dirs_free(dirs);
    dirs = qetl_plugin_dirs_new(NULL, path, one, &findings);
    cr_assert_str_eq(dirs[0], link);
    cr_assert_str_eq(dirs[1], one);
    cr_assert_null(dirs[2]);
    qetl_plugin_dirs_free(dirs);
    const char *const missing[] = {"/nothing", one, NULL};
    dirs = qetl_plugin_dirs_new(missing, NULL, NULL, &findings);
    cr_assert_str_eq(dirs[0], one);
    const struct qetl_finding *f = fixture_expect(&findings, "missing_plugin_dir", 0, 0);
    cr_assert_str_eq(f->file, "--plugin-dir");
    cr_assert(f->environment);
    qetl_plugin_dirs_free(dirs);
    free(path);
    free(link);
    fixture_remove(one);
    fixture_remove(two);
}

/* A library of nothing but a note segment. */
struct tiny {
    Elf64_Ehdr header;
    Elf64_Phdr segment;
    Elf64_Nhdr note;
    char owner[8];
    char desc[8];
};

static struct tiny tiny_make(void)
{
    struct tiny t = {.header = {.e_type = ET_DYN,
                                .e_phoff = offsetof(struct tiny, segment),
                                .e_phentsize = sizeof(Elf64_Phdr),
                                .e_phnum = 1},
                     .segment = {.p_type = PT_NOTE,
                                 .p_offset = offsetof(struct tiny, note),
                                 .p_filesz = 28,
                                 .p_align = 4},
                     .note = {5, 6, QETL_NOTE_MANIFEST}};
    memcpy(t.header.e_ident, ELFMAG "\2\1\1", 7);
    memcpy(t.owner, "qetl", 5);
    memcpy(t.desc, "abcdef", 6);
    return t;
}

static enum qetl_note tiny_find(const struct tiny *t, size_t size, const void **desc,
                                size_t *desc_size)
{
    char *exact = malloc(size ? size : 1); /* so that a read beyond it is seen */
    cr_assert(exact);
    memcpy(exact, t, size);
    enum qetl_note found =
        qetl_elf_note_find(exact, size, QETL_NOTE_OWNER, QETL_NOTE_MANIFEST, desc, desc_size);
    if (found == QETL_NOTE_FOUND)
        *desc = (const char *)t + ((const char *)*desc - exact);
    free(exact);
    return found;
}

Test(registry, notes_are_read_from_the_image)
{
    struct tiny t = tiny_make();
    const void *desc;
    size_t size;
    cr_assert_eq(tiny_find(&t, sizeof t, &desc, &size), QETL_NOTE_FOUND);
    cr_assert(size == 6 && desc == t.desc);
    for (size_t cut = 0; cut < offsetof(struct tiny, desc) + sizeof t.desc; cut++)
        cr_assert_neq(tiny_find(&t, cut, &desc, &size), QETL_NOTE_FOUND, "%zu", cut);
    t.note.n_descsz = 0xffffffff;
    cr_assert_eq(tiny_find(&t, sizeof t, &desc, &size), QETL_NOTE_MISSING);
    t = tiny_make();
    t.note.n_namesz = 0xfffffffe;
    cr_assert_eq(tiny_find(&t, sizeof t, &desc, &size), QETL_NOTE_MISSING);
    t = tiny_make();
    t.segment.p_offset = UINT64_MAX - 4;
    cr_assert_eq(tiny_find(&t, sizeof t, &desc, &size), QETL_NOTE_MISSING);
    t = tiny_make();
    t.header.e_phoff = UINT64_MAX - 4;
    cr_assert_eq(tiny_find(&t, sizeof t, &desc, &size), QETL_NOTE_MISSING);
    t = tiny_make();
    t.owner[0] = 'Q';
    cr_assert_eq(tiny_find(&t, sizeof t, &desc, &size), QETL_NOTE_MISSING);
    t = tiny_make();
    t.header.e_ident[EI_CLASS] = ELFCLASS32;
    cr_assert_eq(tiny_find(&t, sizeof t, &desc, &size), QETL_NOTE_NO_LIBRARY);
    t = tiny_make();
    t.header.e_type = ET_EXEC;
    cr_assert_eq(tiny_find(&t, sizeof t, &desc, &size), QETL_NOTE_NO_LIBRARY);
}
