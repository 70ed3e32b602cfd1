/* SPDX-License-Identifier: Apache-2.0 */
#include "elf_layout.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* ---- segments ---- */

/* Pages are what is mapped: what lies beside a segment in one of its pages is there, too. */
struct pages {
    uint64_t begin, end;
};

static bool pages_of(const ElfW(Phdr) * segment, uint64_t page, struct pages *pages)
{
    uint64_t end;
    if (__builtin_add_overflow(segment->p_vaddr, segment->p_memsz, &end) ||
        __builtin_add_overflow(end, page - 1, &end))
        return false;
    *pages = (struct pages){segment->p_vaddr & ~(page - 1), end & ~(page - 1)};
    return true;
}

static bool is_inside(const struct elf_image *image, const ElfW(Phdr) * segment)
{
    return segment->p_offset <= image->size &&
           segment->p_filesz <= image->size - segment->p_offset &&
           segment->p_filesz <= segment->p_memsz;
}

static const char *segments_fault(const struct elf_image *image)
{
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    struct pages before = {0, 0}, own;
    ElfW(Phdr) segment;
    for (unsigned i = 0; i < image->header.e_phnum; i++) {
        if (image->header.e_phentsize != sizeof segment ||
            qetl_elf_image_segment(image, i, &segment))
            return "has headers that lie outside of it";
        if (segment.p_type != PT_LOAD)
            continue;
        if (!is_inside(image, &segment) || !pages_of(&segment, page, &own) ||
            ((segment.p_vaddr - segment.p_offset) & (page - 1)))
            return "has a segment that does not lie in its file as in memory";
        if (own.begin < before.end)
            return "has segments that overlap, or are not in their order";
        before = own;
    }
    return NULL;
}

/* Of the bytes of one segment that are in the file. */
static bool is_loaded(const struct elf_image *image, uint64_t address, uint64_t size)
{
    ElfW(Phdr) segment;
    for (unsigned i = 0; !qetl_elf_image_segment(image, i, &segment); i++)
        if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
            address - segment.p_vaddr <= segment.p_filesz &&
            size <= segment.p_filesz - (address - segment.p_vaddr))
            return true;
    return false;
}

/* ---- the dynamic section ---- */

static const char *place_fault(const struct elf_image *image)
{
    ElfW(Phdr) segment, dynamic;
    unsigned count = 0;
    for (unsigned i = 0; !qetl_elf_image_segment(image, i, &segment); i++)
        if (segment.p_type == PT_DYNAMIC) {
            dynamic = segment;
            count++;
        }
    if (count != 1)
        return count ? "has more than one dynamic section" : "has no dynamic section";
    if (dynamic.p_filesz != dynamic.p_memsz || dynamic.p_filesz % sizeof(ElfW(Dyn)) ||
        !is_loaded(image, dynamic.p_vaddr, dynamic.p_memsz) ||
        qetl_elf_image_offset(image, dynamic.p_vaddr) != dynamic.p_offset)
        return "has a dynamic section that does not lie in its file as in memory";
    return NULL;
}

/* Its entries, of which the loader takes the last of a kind where there should be one. */
struct table {
    uint64_t names, names_size;
    bool has_names, has_size, has_twice, has_end;
};

static void table_read(const struct elf_image *image, struct table *table)
{
    ElfW(Dyn) entry;
    uint64_t i = 0;
    *table = (struct table){0};
    for (; qetl_elf_image_dynamic(image, i, &entry) == 0; i++)
        if (entry.d_tag == DT_STRTAB) {
            table->has_twice |= table->has_names;
            table->has_names = true;
            table->names = entry.d_un.d_ptr;
        } else if (entry.d_tag == DT_STRSZ) {
            table->has_twice |= table->has_size;
            table->has_size = true;
            table->names_size = entry.d_un.d_val;
        }
    table->has_end = i < image->n_dynamic;
}

static bool is_named(ElfW(Sxword) tag)
{
    return tag == DT_NEEDED || tag == DT_SONAME || tag == DT_RPATH || tag == DT_RUNPATH ||
           tag == DT_FILTER || tag == DT_AUXILIARY;
}

static const char *entries_fault(const struct elf_image *image)
{
    struct table table;
    ElfW(Dyn) entry;
    table_read(image, &table);
    if (!table.has_end)
        return "has a dynamic section without an end";
    if (!table.has_names || !table.has_size || table.has_twice ||
        !is_loaded(image, table.names, table.names_size))
        return "has names that do not lie in its file as in memory";
    for (uint64_t i = 0; qetl_elf_image_dynamic(image, i, &entry) == 0; i++) {
        if (!is_named(entry.d_tag))
            continue;
        const char *name = qetl_elf_image_name(image, entry.d_un.d_val);
        if (!name || entry.d_un.d_val >= table.names_size ||
            strlen(name) >= table.names_size - entry.d_un.d_val)
            return "has a name that lies outside of its names";
    }
    return NULL;
}

const char *qetl_elf_layout_fault(const struct elf_image *image)
{
    const char *fault = segments_fault(image);
    if (!fault)
        fault = place_fault(image);
    return fault ? fault : entries_fault(image);
}
