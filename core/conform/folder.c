/* SPDX-License-Identifier: Apache-2.0 */
#include "folder.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int entry_remove(const char *path, const struct stat *about, int type, struct FTW *at)
{
    (void)about, (void)type;
    return at->level ? remove(path) : 0;
}

void conform_folder_empty(const char *path)
{
    nftw(path, entry_remove, 8, FTW_DEPTH | FTW_PHYS);
}

int conform_folder_make(struct conform_folder *f)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(f->path, sizeof f->path, "%.480s/qetl-check-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(f->path))
        return -1;
    snprintf(f->scratch, sizeof f->scratch, "%.500s/work", f->path);
    snprintf(f->log, sizeof f->log, "%.500s/log", f->path);
    snprintf(f->out, sizeof f->out, "%.500s/out", f->path);
    return mkdir(f->scratch, 0700);
}

void conform_folder_remove(const struct conform_folder *f)
{
    conform_folder_empty(f->path);
    rmdir(f->path);
}
