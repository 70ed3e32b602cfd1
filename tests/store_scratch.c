/* SPDX-License-Identifier: Apache-2.0 */
#include "store_scratch.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char store_root[64];
static char base[48], path[300], text[4096];

/* In memory where that is possible: some of the tests write the same file thousands of times. */
void store_scratch(void)
{
    const char *where = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
    snprintf(base, sizeof base, "%s/test-store-XXXXXX", where);
    cr_assert_not_null(mkdtemp(base));
    snprintf(store_root, sizeof store_root, "%s/states", base);
}

void store_scratch_end(void)
{
    char command[80];
    snprintf(command, sizeof command, "rm -rf '%s'", base);
    cr_expect_eq(system(command), 0);
}

struct qetl_store *store_open(void)
{
    struct qetl_findings findings = {0};
    struct qetl_store *store = qetl_store_open(store_root, "p", "{}", &findings);
    cr_assert_not_null(store, "%s", findings_text(&findings));
    return store;
}

const char *store_path(const char *file)
{
    snprintf(path, sizeof path, "%s/p/%s", store_root, file);
    return path;
}

static int visible(const struct dirent *entry)
{
    return *entry->d_name != '.';
}

const char *store_files(void)
{
    struct dirent **list;
    int n = scandir(store_path(""), &list, visible, alphasort);
    *text = '\0';
    for (int i = 0; i < n; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "", list[i]->d_name);
        free(list[i]);
    }
    if (n >= 0)
        free(list);
    return text;
}

static int each_matching(const char *prefix, void (*each)(const char *))
{
    struct dirent **list;
    int n = scandir(store_path(""), &list, visible, alphasort), count = 0;
    for (int i = 0; i < n; i++) {
        if (strncmp(list[i]->d_name, prefix, strlen(prefix)) == 0) {
            count++;
            if (each)
                each(list[i]->d_name);
        }
        free(list[i]);
    }
    if (n >= 0)
        free(list);
    return count;
}

void store_each(const char *prefix, void (*each)(const char *name))
{
    each_matching(prefix, each);
}

int store_count(const char *prefix)
{
    return each_matching(prefix, NULL);
}

void store_unlink(const char *file)
{
    cr_expect_eq(unlink(store_path(file)), 0, "no file %s", file);
}

void store_unlink_matching(const char *prefix)
{
    each_matching(prefix, store_unlink);
}

const char *findings_text(const struct qetl_findings *findings)
{
    *text = '\0';
    for (size_t i = 0; i < findings->count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s; %s\n", findings->items[i].message,
                 findings->items[i].suggestion ? findings->items[i].suggestion : "");
    }
    return text;
}
