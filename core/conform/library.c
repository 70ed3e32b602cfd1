/* SPDX-License-Identifier: Apache-2.0 */
#include "library.h"

#include "host/host.h"
#include "plugin/elf_needs.h"
#include "plugin/library_check.h"
#include "plugin/loader.h"
#include "process.h"
#include "shared.h"
#include "symbols.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LIBRARIES = 64, LOAD_US_MOST = 500000 };

/* The file in memory, until munmap. */
static int image_map(struct elf_image *image, const char *path)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *data = fd < 0 || fstat(fd, &about) || about.st_size <= 0
                     ? MAP_FAILED
                     : mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (fd >= 0)
        close(fd);
    if (data == MAP_FAILED)
        return -1;
    if (qetl_elf_image_open(image, data, (size_t)about.st_size) == 0)
        return 0;
    munmap(data, (size_t)about.st_size);
    return -1;
}

static void image_unmap(struct elf_image *image)
{
    munmap((void *)image->data, image->size);
}

/* ---- as a file ---- */

static bool is_global(const struct conform_symbol *symbol)
{
    return !symbol->local && symbol->type != STT_SECTION && *symbol->name;
}

static void export_check(void *arg, const struct conform_symbol *symbol)
{
    struct conform_record *record = arg;
    if (is_global(symbol) && symbol->defined && strcmp(symbol->name, QETL_PLUGIN_ENTRY) != 0 &&
        !conform_symbol_is_made(symbol->name))
        conform_break(record, CONFORM_SYMBOLS_RULE,
                      "the library exports %s; compile it with "
                      "-fvisibility=hidden, and link with "
                      "-Wl,--exclude-libs,ALL",
                      symbol->name);
}

/* What they are for, and whether a lock is held, nobody can see: it is told, and breaks nothing. */
static void shared_check(const struct elf_image *image, struct conform_record *record)
{
    long n = conform_shared_name(image, record->shared, sizeof record->shared);
    if (n < 0)
        conform_skip(record, CONFORM_STATICS_RULE, "the library was stripped of its symbols");
    else if (n)
        conform_skip(record, CONFORM_STATICS_RULE,
                     "look whether all instances may share them at once, and whether what is a "
                     "thread's is for one call alone: %s",
                     record->shared);
    else
        conform_hold(record, CONFORM_STATICS_RULE);
}

void conform_library_examine(const struct qetl_manifest *manifest, struct conform_record *record)
{
    struct qetl_findings findings = {0};
    struct elf_image image;
    conform_hold(record, CONFORM_MANIFEST_RULE);
    if (qetl_library_examine(manifest, &findings)) {
        const struct qetl_finding *f = &findings.items[findings.count - 1];
        bool note = f && strcmp(f->code, "manifest_mismatch") == 0;
        bool abi = f && strcmp(f->code, "abi_mismatch") == 0;
        conform_break(record,
                      note  ? CONFORM_NOTE_RULE
                      : abi ? CONFORM_ENTRY_ABI_RULE
                            : CONFORM_LOAD_RULE,
                      "%s", f ? f->message : "the library cannot be examined");
    } else {
        conform_hold(record, CONFORM_NOTE_RULE);
    }
    qetl_findings_free(&findings);
    if (image_map(&image, manifest->library_path))
        return;
    if (conform_symbols(&image, SHT_DYNSYM, export_check, record) < 0)
        conform_skip(record, CONFORM_SYMBOLS_RULE, "the library has no table of sections");
    else
        conform_hold(record, CONFORM_SYMBOLS_RULE);
    shared_check(&image, record);
    image_unmap(&image);
}

/* ---- symbols that it asks for ---- */

struct needs {
    struct conform_record *record;
    void *handles[LIBRARIES];
    size_t n;
};

static void need_open(void *arg, const char *name)
{
    struct needs *needs = arg;
    void *handle = dlopen(name, RTLD_LAZY | RTLD_LOCAL);
    if (handle && needs->n < LIBRARIES)
        needs->handles[needs->n++] = handle;
}

static void need_check(void *arg, const struct conform_symbol *symbol)
{
    struct needs *needs = arg;
    bool found = !is_global(symbol) || symbol->defined || symbol->weak ||
                 conform_symbol_is_made(symbol->name);
    for (size_t i = 0; !found && i < needs->n; i++)
        found = dlsym(needs->handles[i], symbol->name) != NULL;
    if (!found)
        conform_break(needs->record, CONFORM_UNDEFINED_RULE,
                      "%s is in none of the libraries that the plugin names: link what has it",
                      symbol->name);
}

static void undefined_check(const struct qetl_manifest *manifest, struct conform_record *record)
{
    struct needs needs = {.record = record};
    struct elf_image image;
    if (image_map(&image, manifest->library_path))
        return;
    qetl_elf_needs(image.data, image.size, need_open, &needs);
    if (conform_symbols(&image, SHT_DYNSYM, need_check, &needs) < 0)
        conform_skip(record, CONFORM_UNDEFINED_RULE, "the library has no table of sections");
    else
        conform_hold(record, CONFORM_UNDEFINED_RULE);
    image_unmap(&image);
}

/* ---- loading ---- */

static void entry_try(const struct qetl_manifest *manifest, struct conform_record *record)
{
    static const uint32_t offers[] = {QETL_ABI_VERSION, QETL_ABI_MAKE(1, 9), QETL_ABI_MAKE(2, 0),
                                      QETL_ABI_VERSION};
    qetl_plugin_entry_fn *entry = NULL;
    const struct qetl_plugin *first = NULL;
    void *handle = dlopen(manifest->library_path, RTLD_NOW | RTLD_LOCAL);
    void *symbol = handle ? dlsym(handle, QETL_PLUGIN_ENTRY) : NULL;
    if (!symbol)
        return;
    memcpy(&entry, &symbol, sizeof entry); /* ISO C has no cast from data to function */
    for (size_t i = 0; i < sizeof offers / sizeof *offers; i++) {
        uint32_t abi = offers[i];
        const struct qetl_plugin *plugin = NULL;
        int32_t status = entry(&qetl_host_table, NULL, &abi, &plugin);
        char name[CONFORM_STATUS];
        conform_status_name(status, name);
        bool other = offers[i] >> 16 != QETL_ABI_VERSION >> 16;
        uint32_t both = plugin && plugin->abi < offers[i] ? plugin->abi : offers[i];
        if (other && status >= 0)
            conform_break(record, CONFORM_ENTRY_ABI_RULE,
                          "offered version 2.0 alone, the entry answered %s", name);
        else if (!other && (status || !plugin || abi != both))
            conform_break(record, CONFORM_ENTRY_ABI_RULE,
                          "offered version %u.%u, the entry answered %s and %u.%u", offers[i] >> 16,
                          offers[i] & 0xffff, name, abi >> 16, abi & 0xffff);
        else if (!other && first && plugin != first)
            conform_break(record, CONFORM_ENTRY_ABI_RULE, "the entry answers another plugin again");
        first = other ? first : plugin;
    }
    conform_hold(record, CONFORM_ENTRY_ABI_RULE);
}

static int64_t processor_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void refused(struct conform_record *record, const struct qetl_findings *findings)
{
    const struct qetl_finding *f = findings->count ? &findings->items[0] : NULL;
    const char *message = f ? f->message : "no reason given";
    enum conform_rule_id rule = CONFORM_LOAD_RULE;
    if (f && strcmp(f->code, "manifest_mismatch") == 0)
        rule = strstr(message, "manifest file is not") || strstr(message, "holds no manifest")
                   ? CONFORM_NOTE_RULE
                   : CONFORM_BINARY_RULE;
    else if (f && strcmp(f->code, "abi_mismatch") == 0)
        rule = CONFORM_ENTRY_ABI_RULE;
    else if (f && strstr(message, "no component"))
        rule = CONFORM_BINARY_RULE;
    else if (f && strcmp(f->code, "bad_plugin") == 0 && !strstr(message, "entry") &&
             !strstr(message, "no function"))
        rule = CONFORM_TABLES_RULE;
    conform_break(record, rule, "%s", message);
}

static bool load(const struct conform_loading *l)
{
    struct qetl_findings findings = {0};
    bool good = true;
    for (size_t i = 0; i < l->manifest->n_components && good; i++) {
        const struct qetl_component *component;
        good = qetl_load_component(&l->manifest->components[i], &qetl_host_table, NULL, &component,
                                   &findings) == 0;
    }
    if (!good)
        refused(l->record, &findings);
    qetl_findings_free(&findings);
    return good;
}

void conform_library_load(void *arg)
{
    struct conform_loading *l = arg;
    struct conform_record *record = l->record;
    struct conform_process before, after;
    conform_process_look(&before);
    conform_record_call(record, "its loading");
    int64_t start = processor_us();
    bool good = load(l);
    record->load_us = processor_us() - start;
    conform_record_call(record, "");
    conform_process_look(&after);
    if (!good)
        return;
    conform_hold(record, CONFORM_LOAD_RULE);
    conform_hold(record, CONFORM_BINARY_RULE);
    conform_hold(record, CONFORM_TABLES_RULE);
    if (record->load_us > LOAD_US_MOST)
        conform_break(record, CONFORM_LOAD_TIME_RULE, "loading takes %lld ms",
                      (long long)(record->load_us / 1000));
    conform_hold(record, CONFORM_LOAD_TIME_RULE);
    conform_process_compare(record, &before, &after, CONFORM_LOAD_QUIET_RULE);
    if (after.files > before.files || after.threads > before.threads)
        conform_break(record, CONFORM_LOAD_QUIET_RULE, "%d descriptors and %d threads are left",
                      after.files - before.files, after.threads - before.threads);
    entry_try(l->manifest, record);
    undefined_check(l->manifest, record);
}
