/* SPDX-License-Identifier: Apache-2.0 */
#include "shared.h"

#include "symbols.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 160 };

struct shared {
    const struct elf_image *image;
    const char *file; /* that the symbols at hand are of */
    char *out;
    size_t size;
    long n;
};

/* ---- whose a name is ---- */

/* "_ZN3one3two17h0123456789abcdefE", "_RNvNtCs1a2b_3one3two4NAME", "_ZZN3one3twoEvE4NAME": their
 * words, one::two::NAME. Numbers tell crates of one name apart. False: the name is none of those.
 * *rust: it is a crate's. */
static bool path_of(const char *name, char out[NAME], bool *rust)
{
    size_t size = 0;
    bool old = strncmp(name, "_Z", 2) == 0;
    *out = 0;
    *rust = !old;
    if (!old && strncmp(name, "_R", 2) != 0)
        return *rust = false;
    for (const char *at = name + 2; *at && *at != '.';) {
        char *word = NULL;
        size_t n = isdigit((unsigned char)*at) ? strtoul(at, &word, 10) : 0;
        if (!word) { /* what a word is, or a number up to an underscore */
            const char *end = !old && strchr("sB", *at) ? strchr(at, '_') : NULL;
            at = end ? end + 1 : at + 1;
            continue;
        }
        word += !old && *word == '_';
        if (!n || n > strlen(word))
            return false;
        bool sum = old && n == 17 && *word == 'h';
        if (!sum && strncmp(word, "_GLOBAL_", 8) != 0 && size < NAME - 1)
            size +=
                (size_t)snprintf(out + size, NAME - size, "%s%.*s", size ? "::" : "", (int)n, word);
        *rust |= sum;
        at = word + n;
    }
    return size > 0;
}

/* Crates that Rust's standard library is made of. */
static bool is_of_standard(const char *path)
{
    static const char *const crates[] = {
        "std",         "core",         "alloc",      "std_detect", "compiler_builtins",
        "object",      "gimli",        "addr2line",  "hashbrown",  "rustc_demangle",
        "adler",       "adler2",       "memchr",     "unwind",     "miniz_oxide",
        "panic_abort", "panic_unwind", "proc_macro", "cfg_if"};
    size_t n = strcspn(path, ":");
    for (size_t i = 0; i < sizeof crates / sizeof *crates; i++)
        if (strlen(crates[i]) == n && strncmp(path, crates[i], n) == 0)
            return true;
    return false;
}

/* Of compilers, of C++'s standard library, and of the SDK. */
static bool is_made(const char *name)
{
    static const char *const begins[] = {
        "__",   "_ZSt", "_ZNSt",  "_ZZNSt",    "_ZN9__gnu_cxx", "_ZGV",     "_ZTV",
        "_ZTI", "_ZTS", "DW.ref", "completed", "_DYNAMIC",      "_GLOBAL_", "_rust_extern_"};
    static const char *const within[] = {"ios_base", "qetl_embed", "qetl_sdk"};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (strncmp(name, begins[i], strlen(begins[i])) == 0)
            return true;
    for (size_t i = 0; i < sizeof within / sizeof *within; i++)
        if (strstr(name, within[i]))
            return true;
    return false;
}

/* ---- variables ---- */

/* .data and .bss: what the loader alone writes to lies elsewhere. */
static bool is_written(const struct elf_image *image, unsigned index)
{
    ElfW(Shdr) section, names;
    if (qetl_elf_image_section(image, index, &section) ||
        qetl_elf_image_section(image, image->header.e_shstrndx, &names))
        return false;
    char name[16] = "";
    uint64_t at = names.sh_offset + section.sh_name;
    if (at >= names.sh_offset && at < image->size)
        snprintf(name, sizeof name, "%.*s", (int)(image->size - at < 15 ? image->size - at : 15),
                 (const char *)image->data + at);
    bool data = strncmp(name, ".data", 5) == 0 || strncmp(name, ".bss", 4) == 0;
    return data && !strstr(name, ".rel.ro") && section.sh_flags & SHF_WRITE;
}

static void symbol_note(void *arg, const struct conform_symbol *symbol)
{
    struct shared *s = arg;
    char path[NAME];
    if (symbol->type == STT_FILE)
        s->file = symbol->name;
    bool threads = symbol->type == STT_TLS;
    if ((symbol->type != STT_OBJECT && !threads) || !*symbol->name || !symbol->size ||
        (!threads && !is_written(s->image, symbol->section)) || is_made(symbol->name))
        return;
    bool rust, words = path_of(symbol->name, path, &rust);
    if (rust && (is_of_standard(path) || strstr(path, "::qetl::")))
        return;
    const char *file = rust || !symbol->local ? "" : s->file;
    char entry[NAME];
    size_t had = strlen(s->out);
    snprintf(entry, sizeof entry, "%.80s%s%s%.40s%s", words ? path : symbol->name,
             *file || threads ? " (" : "", threads ? *file ? "a thread's, " : "a thread's" : "",
             file, *file || threads ? ")" : "");
    if (!strstr(s->out, entry)) /* compilers may part one */
        snprintf(s->out + had, s->size - had, "%s%s", had ? ", " : "", entry);
    s->n++;
}

long conform_shared_name(const struct elf_image *image, char *out, size_t size)
{
    struct shared s = {.image = image, .file = "", .out = out, .size = size};
    *out = 0;
    return conform_symbols(image, SHT_SYMTAB, symbol_note, &s) < 0 ? -1 : s.n;
}
