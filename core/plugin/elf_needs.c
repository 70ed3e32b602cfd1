/* SPDX-License-Identifier: Apache-2.0 */
#include "elf_needs.h"

#include "elf_image.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

size_t qetl_elf_needs(const void *data, size_t size, void (*each)(void *arg, const char *name),
                      void *arg)
{
    struct elf_image image;
    ElfW(Dyn) entry;
    size_t found = 0;
    if (qetl_elf_image_open(&image, data, size))
        return 0;
    for (uint64_t i = 0; qetl_elf_image_dynamic(&image, i, &entry) == 0; i++) {
        const char *name =
            entry.d_tag == DT_NEEDED ? qetl_elf_image_name(&image, entry.d_un.d_val) : NULL;
        if (!name)
            continue;
        each(arg, name);
        found++;
    }
    return found;
}

/* The package of libNAME.so.N is libNAMEn, with a hyphen behind a digit; some are older than that
 * rule. */
const char *qetl_library_package(const char *library, char package[QETL_PACKAGE])
{
    static const struct {
        const char *library, *package;
    } others[] = {{"libz.so.1", "zlib1g"},
                  {"libxml2.so.2", "libxml2"},
                  {"libc.so.6", "libc6"},
                  {"libm.so.6", "libc6"}};
    const char *so = strstr(library, ".so");
    size_t size = strlen(library);
    *package = '\0';
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(library, others[i].library) == 0)
            return strcpy(package, others[i].package);
    if (!so || strncmp(library, "lib", 3) != 0 || so == library || size >= QETL_PACKAGE / 2)
        return package;
    const char *version = so[3] == '.' ? so + 4 : so + 3;
    bool hyphen = so[-1] >= '0' && so[-1] <= '9' && *version;
    snprintf(package, QETL_PACKAGE, "%.*s%s%s", (int)(so - library), library, hyphen ? "-" : "",
             version);
    for (char *at = package; *at; at++)
        *at = *at == '_' ? '-' : *at >= 'A' && *at <= 'Z' ? (char)(*at + 32) : *at;
    return package;
}
