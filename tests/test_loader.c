/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds loader_plugin.c with one fault at a time ($CC, or cc), and looks at how it is refused. No
 * library with a fault may be accepted, and none whose note differs may be opened at all.
 */
#include "config_fixture.h"

#include "../core/plugin/elf_needs.h"
#include "../core/plugin/loader.h"
#include "../core/plugin/registry.h"

#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct qetl_findings findings;
static char *dir;

static void start(void)
{
    dir = fixture_dir();
}

static void stop(void)
{
    qetl_findings_free(&findings);
    fixture_remove(dir);
}

TestSuite(loader, .init = start, .fini = stop);

#define MANIFEST(min, max)                                                                        \
    "{\"id\": \"probe\", \"version\": \"1.0.0\", \"abi\": {\"min\": \"" min "\", \"max\": \"" max \
    "\"}, "                                                                                       \
    "\"components\": [{\"kind\": \"source\", \"id\": \"thing\", \"options\": {\"type\": "         \
    "\"object\", "                                                                                \
    "\"additionalProperties\": false}}]}\n"

static void build(const char *fault, const char *more)
{
    const char *cc = getenv("CC");
    char *source = fixture_source("loader_plugin.c"), *include = fixture_source("../sdk"), *command;
    cr_assert(
        asprintf(&command,
                 "%s -std=gnu11 -shared -fPIC -DFAULT=FAULT_%s -DNOTE='\"%s/probe.qetl.json\"' "
                 "-I'%s' %s '%s' -o '%s/probe.so'",
                 cc && *cc ? cc : "cc", fault, dir, include, more, source, dir) > 0);
    cr_assert_eq(system(command), 0, "%s", command);
    free(command);
    free(include);
    free(source);
}

static int load(const struct qetl_component **component, struct qetl_registry **registry)
{
    const char *const dirs[] = {dir, NULL};
    qetl_findings_free(&findings);
    *registry = qetl_registry_new(dirs, &findings);
    fixture_expect_none(&findings);
    const struct qetl_manifest_component *promised =
        qetl_registry_find(*registry, QETL_SOURCE, "thing");
    cr_assert(promised);
    return qetl_load_component(promised, NULL, NULL, component, &findings);
}

static const struct qetl_finding *refused(const char *code, const char *words)
{
    const struct qetl_component *component = NULL;
    struct qetl_registry *registry;
    cr_assert_eq(load(&component, &registry), -1, "%s", words);
    cr_assert_null(component);
    const struct qetl_finding *finding = fixture_expect(&findings, code, 0, 0);
    cr_assert(strstr(finding->message, words), "%s: %s", words, finding->message);
    cr_assert(strstr(finding->message, "probe 1.0.0"), "%s", finding->message);
    cr_assert(strstr(finding->file, "probe.so"), "%s", finding->file);
    cr_assert(finding->environment);
    qetl_registry_free(registry);
    return finding;
}

static void manifest(const char *text)
{
    free(fixture_write(dir, "probe.qetl.json", text));
}

Test(loader, a_good_plugin_is_loaded_once)
{
    const struct qetl_component *one = NULL, *two = NULL;
    struct qetl_registry *registry;
    manifest(MANIFEST("1.0", "1.7"));
    build("NONE", "");
    cr_assert_eq(load(&one, &registry), 0);
    fixture_expect_none(&findings);
    cr_assert_str_eq(one->id, "thing");
    cr_assert_eq(one->source->next(NULL, NULL, NULL), QETL_END);
    const struct qetl_manifest_component *promised =
        qetl_registry_find(registry, QETL_SOURCE, "thing");
    cr_assert_eq(qetl_load_component(promised, NULL, NULL, &two, &findings), 0);
    cr_assert_eq(one, two);
    cr_assert_eq(qetl_library_abi(promised->plugin->library), QETL_ABI_VERSION);
    qetl_registry_free(registry);
    cr_assert_str_eq(one->id, "thing"); /* never unloaded */
}

Test(loader, every_broken_promise_is_found)
{
    static const struct {
        const char *fault, *more, *code, *words;
    } cases[] = {
        {"NO_ENTRY", "-DMISNAMED=1", "bad_plugin", "qetl_plugin_entry"},
        {"ENTRY_FAILS", "", "bad_plugin", "status -5"},
        {"NO_ANSWER", "", "bad_plugin", "entry failed"},
        {"ABI_MAJOR", "", "abi_mismatch", "answered 2.0"},
        {"ABI_NEWER", "", "abi_mismatch", "answered 1."},
        {"PLUGIN_SIZE", "", "bad_plugin", "struct qetl_plugin says struct_size 8"},
        {"COMPONENT_SIZE", "", "bad_plugin", "struct qetl_component says struct_size 24"},
        {"TABLE_SIZE", "", "bad_plugin", "too small a struct_size"},
        {"OTHER_ID", "", "manifest_mismatch", "calls itself other"},
        {"OTHER_VERSION", "", "manifest_mismatch", "9.9.9"},
        {"NO_COMPONENTS", "", "manifest_mismatch", "has 0 components"},
        {"OTHER_COMPONENT", "", "bad_plugin", "no component `thing`"},
        {"OTHER_KIND", "", "bad_plugin", "no component `thing`"},
        {"NO_CREATE", "", "bad_plugin", "no callback create"},
        {"NO_NEXT", "", "bad_plugin", "no callback next"},
        {"NO_TABLE", "", "bad_plugin", "no table"},
        {"TWO_TABLES", "", "bad_plugin", "several kinds"},
        {"SAVE_ALONE", "", "bad_plugin", "save and restore"},
        {"UNDEFINED", "", "cannot_load", "qetl_nowhere_to_be_found"},
        {"NULL_COMPONENT", "", "bad_plugin", "component 0 is NULL"},
        {"NO_COMPONENT_ID", "", "bad_plugin", "component 0 has no id"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        stop(); /* the linker knows a library by its path: every one needs its own */
        start();
        manifest(MANIFEST("1.0", "1.0"));
        build(cases[i].fault, cases[i].more);
        refused(cases[i].code, cases[i].words);
    }
}

Test(loader, the_note_must_be_the_manifest)
{
    manifest(MANIFEST("1.0", "1.0"));
    build("NONE", "");
    manifest(MANIFEST("1.0", "1.1"));
    refused("manifest_mismatch", "not the one that it was built with");
    build("NONE", "-UNOTE");
    refused("manifest_mismatch", "holds no manifest");
    free(fixture_write(dir, "probe.so", "no library"));
    refused("cannot_load", "no shared library");
    char *path;
    cr_assert(asprintf(&path, "%s/probe.so", dir) > 0);
    cr_assert_eq(unlink(path), 0);
    refused("cannot_load", "cannot be read");
    free(path);
}

Test(loader, a_note_survives_strip)
{
    const struct qetl_component *component = NULL;
    struct qetl_registry *registry;
    char *command;
    manifest(MANIFEST("1.0", "1.0"));
    build("NONE", "");
    cr_assert(asprintf(&command, "strip '%s/probe.so'", dir) > 0);
    cr_assert_eq(system(command), 0);
    cr_assert_eq(load(&component, &registry), 0);
    qetl_registry_free(registry);
    free(command);
}

Test(loader, versions_that_do_not_meet)
{
    manifest(MANIFEST("1.9", "1.9"));
    build("NONE", "");
    const struct qetl_finding *finding = refused("abi_mismatch", "needs ABI 1.9 to 1.9");
    cr_assert(strstr(finding->message, "has 1.0"), "%s", finding->message);
    cr_assert(strstr(finding->suggestion, "newer qetl"), "%s", finding->suggestion);
    manifest(MANIFEST("0.1", "0.9"));
    build("NONE", "");
    finding = refused("abi_mismatch", "needs ABI 0.1 to 0.9");
    cr_assert(strstr(finding->suggestion, "newer version of the plugin"), "%s",
              finding->suggestion);
}

Test(loader, a_missing_library_is_named_with_its_package)
{
    char *command;
    manifest(MANIFEST("1.0", "1.0"));
    cr_assert(
        asprintf(&command,
                 "cd '%s' && echo 'int x;' > x.c && cc -shared -fPIC x.c -Wl,-soname,libfoo2.so.13 "
                 "-o libfoo2.so",
                 dir) > 0);
    cr_assert_eq(system(command), 0);
    free(command);
    cr_assert(asprintf(&command, "-Wl,--no-as-needed '%s/libfoo2.so'", dir) > 0);
    build("NONE", command);
    free(command);
    const struct qetl_finding *finding = refused("cannot_load", "libfoo2.so.13");
    cr_assert(finding->suggestion && strstr(finding->suggestion, "apt install libfoo2-13"), "%s",
              finding->suggestion);
}

static void note_need(void *arg, const char *name)
{
    char *list = arg;
    strcat(strcat(list, list[0] ? " " : ""), name);
}

Test(loader, what_a_library_needs_is_read_without_loading_it)
{
    char list[1000] = "", *path;
    unsigned char image[1 << 16];
    manifest(MANIFEST("1.0", "1.0"));
    build("NONE", "-Wl,--no-as-needed -lm");
    cr_assert(asprintf(&path, "%s/probe.so", dir) > 0);
    FILE *in = fopen(path, "r");
    cr_assert(in);
    size_t size = fread(image, 1, sizeof image, in);
    fclose(in);
    free(path);
    cr_expect_eq(qetl_elf_needs(image, size, note_need, list), 2);
    cr_expect_str_eq(list, "libm.so.6 libc.so.6");
    cr_expect_eq(qetl_elf_needs("no library", 10, note_need, list), 0);
}

Test(loader, libraries_have_packages)
{
    static const char *const names[][2] = {{"libarchive.so.13", "libarchive13"},
                                           {"libsqlite3.so.0", "libsqlite3-0"},
                                           {"libpcre2-8.so.0", "libpcre2-8-0"},
                                           {"libz.so.1", "zlib1g"},
                                           {"libxlsxwriter.so.4", "libxlsxwriter4"},
                                           {"libFoo_bar.so.2", "libfoo-bar2"},
                                           {"libm.so.6", "libc6"},
                                           {"plugin.so", ""},
                                           {"libplain.so", "libplain"},
                                           {"", ""}};
    char package[QETL_PACKAGE];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_expect_str_eq(qetl_library_package(names[i][0], package), names[i][1], "%s: %s",
                         names[i][0], package);
}

static void package_check(void *arg, const char *library)
{
    size_t *checked = arg;
    char package[QETL_PACKAGE], command[256], line[512];
    bool found = false;
    if (strncmp(library, "lib", 3) != 0)
        return;
    snprintf(command, sizeof command, "dpkg -S '*/%s' 2>/dev/null", library);
    FILE *said = popen(command, "r");
    cr_assert_not_null(said);
    qetl_library_package(library, package);
    while (fgets(line, sizeof line, said))
        found |= strncmp(line, package, strlen(package)) == 0 && line[strlen(package)] == ':';
    pclose(said);
    cr_expect(found, "%s is not in the package `%s`", library, package);
    ++*checked;
}

/* Debian is asked about each library that a connector of qetl's needs. */
Test(loader, libraries_of_connectors_have_the_packages_that_debian_says, .timeout = 600)
{
    glob_t plugins;
    size_t checked = 0;
    if (system("command -v dpkg >/dev/null") != 0)
        cr_skip("this is no Debian");
    cr_assert_eq(glob("plugins/lib/*.so", 0, NULL, &plugins), 0);
    for (size_t i = 0; i < plugins.gl_pathc; i++) {
        struct stat status;
        int fd = open(plugins.gl_pathv[i], O_RDONLY);
        cr_assert(fd >= 0 && fstat(fd, &status) == 0);
        void *image = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        cr_assert_neq(image, MAP_FAILED);
        qetl_elf_needs(image, (size_t)status.st_size, package_check, &checked);
        munmap(image, (size_t)status.st_size);
        close(fd);
    }
    globfree(&plugins);
    cr_expect_gt(checked, 20);
}

Test(loader, what_others_can_write_is_not_run)
{
    char *path;
    manifest(MANIFEST("1.0", "1.0"));
    build("NONE", "");
    cr_assert(asprintf(&path, "%s/probe.so", dir) > 0);
    cr_assert_eq(chmod(path, 0777), 0);
    refused("world_writable_file", "may change its code");
    free(path);
}
