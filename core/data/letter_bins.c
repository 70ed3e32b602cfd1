/* SPDX-License-Identifier: Apache-2.0 */
#include "letter_bins.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct qetl_letter_bin {
    struct qetl_letter_bin *next;
    uint64_t epoch;
    char *data; /* a size and a line, and so on: behind those in the file */
    size_t size, room;
    FILE *spool; /* or NULL */
};

static void bin_free(struct qetl_letter_bin *bin)
{
    if (bin->spool)
        fclose(bin->spool);
    free(bin->data);
    free(bin);
}

static struct qetl_letter_bin *bin_of(struct qetl_letter_bins *bins, uint64_t epoch)
{
    struct qetl_letter_bin **at = &bins->first;
    while (*at && (*at)->epoch < epoch)
        at = &(*at)->next;
    if (*at && (*at)->epoch == epoch)
        return *at;
    struct qetl_letter_bin *bin = calloc(1, sizeof *bin);
    if (!bin)
        return NULL;
    bin->epoch = epoch;
    bin->next = *at;
    *at = bin;
    return bin;
}

/* A file without a name; where the filesystem knows none, one that loses it at once. */
static FILE *spool_open(const char *folder)
{
    char *path;
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && asprintf(&path, "%s/.dead-letters-XXXXXX", folder) >= 0) {
        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0)
            unlink(path);
        free(path);
    }
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w+");
    if (!file && fd >= 0)
        close(fd);
    return file;
}

static int bin_spill(struct qetl_letter_bin *bin, const char *folder)
{
    if (!bin->size)
        return 0;
    if (!bin->spool && !(bin->spool = spool_open(folder)))
        return errno;
    if (fwrite(bin->data, 1, bin->size, bin->spool) != bin->size || fflush(bin->spool))
        return errno;
    bin->size = 0;
    return 0;
}

static int bin_add(struct qetl_letter_bin *bin, const void *data, size_t size)
{
    if (bin->size + size > bin->room) {
        size_t room = bin->room * 2 > bin->size + size ? bin->room * 2 : bin->size + size + 1024;
        char *grown = realloc(bin->data, room);
        if (!grown)
            return ENOMEM;
        bin->data = grown;
        bin->room = room;
    }
    memcpy(bin->data + bin->size, data, size);
    bin->size += size;
    return 0;
}

int qetl_letter_bins_put(struct qetl_letter_bins *bins, uint64_t epoch, const char *line,
                         size_t size, const char *folder)
{
    struct qetl_letter_bin *bin = bin_of(bins, epoch);
    size_t before = bin ? bin->size : 0;
    if (!bin || bin_add(bin, &size, sizeof size))
        return ENOMEM;
    if (bin_add(bin, line, size)) {
        bin->size = before;
        return ENOMEM;
    }
    bins->bytes += size + sizeof size;
    int error = 0;
    if (bins->bytes <= QETL_LETTER_BINS_BYTES)
        return 0;
    for (bin = bins->first; bin && !error; bin = bin->next)
        error = bin_spill(bin, folder);
    bins->bytes = 0;
    return error;
}

struct qetl_letter_bins qetl_letter_bins_take(struct qetl_letter_bins *bins, uint64_t epoch)
{
    struct qetl_letter_bins taken = {.first = bins->first};
    struct qetl_letter_bin **end = &taken.first;
    while (*end && (*end)->epoch <= epoch) {
        bins->bytes -= (*end)->size < bins->bytes ? (*end)->size : bins->bytes;
        end = &(*end)->next;
    }
    bins->first = *end;
    *end = NULL;
    return taken;
}

/* What was spilled comes before what is in memory. */
static int bin_each_spooled(struct qetl_letter_bin *bin,
                            int (*each)(void *arg, const char *line, size_t size), void *arg)
{
    char *line = NULL;
    size_t size, room = 0;
    int error = 0;
    rewind(bin->spool);
    while (!error && fread(&size, sizeof size, 1, bin->spool) == 1) {
        char *grown = size > room ? realloc(line, size) : line;
        if (!grown) {
            error = ENOMEM;
            break;
        }
        line = grown;
        room = size > room ? size : room;
        error = fread(line, 1, size, bin->spool) == size ? each(arg, line, size) : EIO;
    }
    free(line);
    return error ? error : ferror(bin->spool) ? EIO : 0;
}

static int bin_each(struct qetl_letter_bin *bin,
                    int (*each)(void *arg, const char *line, size_t size), void *arg)
{
    int error = bin->spool ? bin_each_spooled(bin, each, arg) : 0;
    for (size_t at = 0, size; !error && at < bin->size; at += sizeof size + size) {
        memcpy(&size, bin->data + at, sizeof size);
        error = each(arg, bin->data + at + sizeof size, size);
    }
    return error;
}

int qetl_letter_bins_each(struct qetl_letter_bins *bins,
                          int (*each)(void *arg, const char *line, size_t size), void *arg)
{
    int error = 0;
    for (struct qetl_letter_bin *bin = bins->first; bin && !error; bin = bin->next)
        error = bin_each(bin, each, arg);
    return error;
}

void qetl_letter_bins_clear(struct qetl_letter_bins *bins)
{
    while (bins->first) {
        struct qetl_letter_bin *bin = bins->first;
        bins->first = bin->next;
        bin_free(bin);
    }
    bins->bytes = 0;
}
