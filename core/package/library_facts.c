/* SPDX-License-Identifier: Apache-2.0 */
#include "library_facts.h"

#include "plugin/elf_image.h"
#include "plugin/elf_layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __GLIBC__
#include <gnu/libc-version.h>
#define MACHINE_LIBC "glibc"
#else
#define MACHINE_LIBC "musl"
#endif

#if defined __x86_64__
#define MACHINE_CPU "x86_64"
#elif defined __aarch64__
#define MACHINE_CPU "aarch64"
#elif defined __riscv
#define MACHINE_CPU "riscv64"
#elif defined __powerpc64__
#define MACHINE_CPU "ppc64le"
#elif defined __s390x__
#define MACHINE_CPU "s390x"
#else
#error "this processor has no name among the platforms of packages: give it one"
#endif

enum { VERSIONS_MAX = 4096, SEGMENTS_MAX = 256, NOTES_MAX = 256, DYNAMIC_MAX = 65536 };

const char *qetl_machine_platform(void)
{
    return "linux-" MACHINE_CPU "-" MACHINE_LIBC;
}

const char *qetl_machine_libc(void)
{
#ifdef __GLIBC__
    return gnu_get_libc_version();
#else
    return "";
#endif
}

int qetl_libc_compare(const char *one, const char *other)
{
    while (*one && *other) {
        char *one_end, *other_end;
        unsigned long a = strtoul(one, &one_end, 10), b = strtoul(other, &other_end, 10);
        if (a != b)
            return a < b ? -1 : 1;
        one = one_end + (*one_end == '.');
        other = other_end + (*other_end == '.');
        if (one == one_end || other == other_end)
            break;
    }
    return !!*one - !!*other;
}

static const char *cpu_name(const struct elf_image *image)
{
    static const struct {
        unsigned machine;
        const char *name;
    } cpus[] = {{EM_X86_64, "x86_64"},
                {EM_AARCH64, "aarch64"},
                {EM_RISCV, "riscv64"},
                {EM_PPC64, "ppc64le"},
                {EM_S390, "s390x"}};
    for (size_t i = 0; i < sizeof cpus / sizeof *cpus; i++)
        if (image->header.e_machine == cpus[i].machine)
            return cpus[i].name;
    return NULL;
}

/* "GLIBC_2.34"; not GLIBC_PRIVATE, which no plugin may ask for. */
static void version_see(const char *name, struct library_facts *facts)
{
    if (!name || strncmp(name, "GLIBC_", 6) != 0 || name[6] < '0' || name[6] > '9')
        return;
    size_t size = strspn(name + 6, "0123456789."); /* 2.2.5 is as good as 2.2 */
    size_t pair = strcspn(name + 6, ".");
    if (name[6 + pair] == '.')
        pair += 1 + strspn(name + 6 + pair + 1, "0123456789");
    size = pair < size ? pair : size;
    char version[QETL_LIBC_TEXT];
    if (size >= sizeof version)
        return;
    memcpy(version, name + 6, size);
    version[size] = '\0';
    if (qetl_libc_compare(version, facts->libc) > 0)
        memcpy(facts->libc, version, size + 1);
}

static void versions_see(const struct elf_image *image, uint64_t at, struct library_facts *facts)
{
    ElfW(Verneed) need;
    ElfW(Vernaux) version;
    int left = VERSIONS_MAX;
    while (left-- > 0 && qetl_elf_image_read(image, at, &need, sizeof need) == 0) {
        uint64_t aux = at + need.vn_aux;
        for (int i = 0; i < need.vn_cnt && left-- > 0 &&
                        qetl_elf_image_read(image, aux, &version, sizeof version) == 0;
             i++) {
            version_see(qetl_elf_image_name(image, version.vna_name), facts);
            if (!version.vna_next)
                break;
            aux += version.vna_next;
        }
        if (!need.vn_next)
            return;
        at += need.vn_next;
    }
}

/* Names of symbols that end alike may share their bytes: "dladdr" may be the end of another. */
static int asks_place(const struct elf_image *image)
{
    ElfW(Dyn) entry;
    uint64_t size = 0;
    for (uint64_t i = 0; qetl_elf_image_dynamic(image, i, &entry) == 0; i++)
        if (entry.d_tag == DT_STRSZ)
            size = entry.d_un.d_val;
    return image->names <= image->size && size <= image->size - image->names &&
           memmem(image->data + image->names, size, "dladdr", sizeof "dladdr");
}

static void origin_see(const char *name, struct library_facts *facts)
{
    if (name && (strstr(name, "$ORIGIN") || strstr(name, "${ORIGIN}")))
        facts->needs_place = 1;
}

static void needed_see(const char *name, const char **libc, struct library_facts *facts)
{
    if (!name)
        return;
    origin_see(name, facts);
    if (strpbrk(name, "/$")) /* the loader puts a folder for $ORIGIN and $LIB */
        facts->needs_path = name;
    if (strncmp(name, "libc.musl-", 10) == 0)
        *libc = "musl";
    else if (strncmp(name, "libc.so.", 8) == 0)
        *libc = "glibc";
}

/* Whoever looks through all notes, or for an address in all segments, is not to do so for ever:
 * notes do not overlap, and there are some tens of either. */
static const char *oddity_of(const struct elf_image *image)
{
    ElfW(Phdr) segment;
    ElfW(Shdr) section;
    uint64_t notes[2] = {0, 0};
    size_t count = 0;
    if (image->header.e_phnum > SEGMENTS_MAX || image->n_dynamic > DYNAMIC_MAX)
        return "has more headers than any linker writes";
    for (unsigned i = 0; qetl_elf_image_segment(image, i, &segment) == 0; i++)
        if (segment.p_type == PT_NOTE && segment.p_filesz <= image->size) {
            notes[0] += segment.p_filesz;
            count++;
        }
    for (unsigned i = 0; qetl_elf_image_section(image, i, &section) == 0; i++)
        if (section.sh_type == SHT_NOTE && section.sh_size <= image->size) {
            notes[1] += section.sh_size;
            count++;
        }
    if (count > NOTES_MAX || notes[0] > image->size || notes[1] > image->size)
        return "has notes that overlap";
    return qetl_elf_layout_fault(image);
}

/* So it is also where nothing is said of it; of several headers the last counts, for the loader,
 * too. */
static int runs_stack(const struct elf_image *image)
{
    ElfW(Phdr) segment;
    unsigned flags = PF_X;
    for (unsigned i = 0; qetl_elf_image_segment(image, i, &segment) == 0; i++)
        if (segment.p_type == PT_GNU_STACK)
            flags = segment.p_flags;
    return (flags & PF_X) != 0;
}

int qetl_library_facts(const void *data, size_t size, struct library_facts *facts)
{
    struct elf_image image;
    ElfW(Dyn) entry;
    const char *libc = MACHINE_LIBC;
    uint64_t versions = UINT64_MAX;
    *facts = (struct library_facts){.platform = ""};
    if (qetl_elf_image_open(&image, data, size) || image.header.e_type != ET_DYN)
        return -1;
    const char *cpu = cpu_name(&image);
    if (!cpu)
        return -1;
    facts->odd = oddity_of(&image);
    facts->needs_place = !facts->odd && asks_place(&image);
    facts->runs_stack = runs_stack(&image);
    for (uint64_t i = 0; !facts->odd && qetl_elf_image_dynamic(&image, i, &entry) == 0; i++) {
        if (entry.d_tag == DT_RPATH || entry.d_tag == DT_RUNPATH) {
            origin_see(qetl_elf_image_name(&image, entry.d_un.d_val), facts);
            facts->has_search_path = 1;
        } else if (entry.d_tag == DT_FILTER || entry.d_tag == DT_AUXILIARY)
            facts->is_filter = 1;
        else if (entry.d_tag == DT_NEEDED)
            needed_see(qetl_elf_image_name(&image, entry.d_un.d_val), &libc, facts);
        else if (entry.d_tag == DT_VERNEED)
            versions = entry.d_un.d_ptr; /* of several the last counts, for the loader, too */
    }
    if (versions != UINT64_MAX)
        versions_see(&image, qetl_elf_image_offset(&image, versions), facts);
    snprintf(facts->platform, sizeof facts->platform, "linux-%s-%s", cpu, libc);
    return 0;
}
