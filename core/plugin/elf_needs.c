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
        const char *name = entry.d_tag == DT_NEEDED || entry.d_tag == DT_FILTER
                               ? qetl_elf_image_name(&image, entry.d_un.d_val)
                               : NULL;
        if (!name)
            continue;
        each(arg, name);
        found++;
    }
    return found;
}

/* ---- Debian's packages ---- */

/* Those that are not called as the rule has it: several libraries in one package, or a name from
 * the days when the ABI of C++ or of C changed. */
static const struct {
    const char *library, *package;
} exceptions[] = {
    {"libbrotlicommon.so.1", "libbrotli1"},
    {"libbrotlidec.so.1", "libbrotli1"},
    {"libbrotlienc.so.1", "libbrotli1"},
    {"libc.so.6", "libc6"},
    {"libcrypto.so.1.1", "libssl1.1"},
    {"libcrypto.so.3", "libssl3"},
    {"libcurl-gnutls.so.4", "libcurl3-gnutls"},
    {"libdl.so.2", "libc6"},
    {"libgeos_c.so.1", "libgeos-c1v5"},
    {"libgio-2.0.so.0", "libglib2.0-0"},
    {"libglib-2.0.so.0", "libglib2.0-0"},
    {"libgmodule-2.0.so.0", "libglib2.0-0"},
    {"libgmpxx.so.4", "libgmpxx4ldbl"},
    {"libgobject-2.0.so.0", "libglib2.0-0"},
    {"libgthread-2.0.so.0", "libglib2.0-0"},
    {"libhdf5_serial.so.103", "libhdf5-103-1"},
    {"libicudata.so.72", "libicu72"},
    {"libicui18n.so.72", "libicu72"},
    {"libicuuc.so.72", "libicu72"},
    {"libjpeg.so.62", "libjpeg62-turbo"},
    {"liblber-2.5.so.0", "libldap-2.5-0"},
    {"libm.so.6", "libc6"},
    {"libmvec.so.1", "libc6"},
    {"libpam.so.0", "libpam0g"},
    {"libpthread.so.0", "libc6"},
    {"libpython3.11.so.1.0", "libpython3.11"},
    {"libresolv.so.2", "libc6"},
    {"librt.so.1", "libc6"},
    {"libsnappy.so.1", "libsnappy1v5"},
    {"libutil.so.1", "libc6"},
    {"libxml2.so.2", "libxml2"},
    {"libxslt.so.1", "libxslt1.1"},
    {"libz.so.1", "zlib1g"},
};

/* libNAME.so.N is in libNAMEn, with a hyphen behind a digit. */
const char *qetl_library_package(const char *library, char package[QETL_PACKAGE])
{
    const char *so = strstr(library, ".so");
    size_t size = strlen(library);
    *package = '\0';
    for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++)
        if (strcmp(library, exceptions[i].library) == 0)
            return strcpy(package, exceptions[i].package);
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
