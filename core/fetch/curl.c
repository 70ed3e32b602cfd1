/* SPDX-License-Identifier: Apache-2.0 */
#include "curl.h"

#include <dlfcn.h>
#include <string.h>

static int symbol_find(void *handle, const char *name, void *function)
{
    void *symbol = dlsym(handle, name);
    memcpy(function, &symbol, sizeof symbol); /* ISO C has no cast from data to function */
    return symbol ? 0 : -1;
}

static int symbols_find(void *handle, struct curl_library *curl)
{
    return symbol_find(handle, "curl_easy_init", &curl->easy_init) ||
           symbol_find(handle, "curl_easy_setopt", &curl->easy_setopt) ||
           symbol_find(handle, "curl_easy_perform", &curl->easy_perform) ||
           symbol_find(handle, "curl_easy_getinfo", &curl->easy_getinfo) ||
           symbol_find(handle, "curl_easy_strerror", &curl->easy_strerror) ||
           symbol_find(handle, "curl_easy_cleanup", &curl->easy_cleanup) ||
           symbol_find(handle, "curl_url", &curl->url) ||
           symbol_find(handle, "curl_url_set", &curl->url_set) ||
           symbol_find(handle, "curl_url_get", &curl->url_get) ||
           symbol_find(handle, "curl_url_cleanup", &curl->url_cleanup) ||
           symbol_find(handle, "curl_free", &curl->free);
}

/* By its distributions' names: with OpenSSL, else with GnuTLS. */
const struct curl_library *qetl_curl(struct qetl_findings *findings)
{
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
    static struct curl_library library;
    static int is_open;
    for (size_t i = 0; !is_open && i < sizeof names / sizeof *names; i++) {
        void *handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
        CURLcode (*init)(long) = NULL;
        is_open = handle && symbols_find(handle, &library) == 0 &&
                  symbol_find(handle, "curl_global_init", &init) == 0 &&
                  init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    }
    if (is_open)
        return &library;
    struct qetl_finding *finding = qetl_finding_add(
        findings, QETL_ERROR, "no_curl", "what lies on a server is fetched by libcurl, which %s",
        dlerror() ? "is missing here" : "cannot be used here");
    qetl_finding_mend(finding, "on Debian: apt install libcurl4; or name a folder as --index");
    qetl_finding_environment(finding);
    return NULL;
}
