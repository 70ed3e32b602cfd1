/* SPDX-License-Identifier: Apache-2.0 */
#include "recording.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_NAME = 64 };

static int refuse(struct qetl_findings *findings, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int refuse(struct qetl_findings *findings, const char *name, const char *format, ...)
{
    char message[300];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    qetl_finding_add(findings, QETL_ERROR, "bad_recording", "recording '%s': %s", name, message);
    return -1;
}

static int no_memory(struct qetl_findings *findings)
{
    qetl_findings_no_memory(findings);
    return -1;
}

/* ---- one file ---- */

static int read_header(const char *name, struct qetl_unpack *in, struct qetl_findings *findings)
{
    if (in->end - in->at < QETL_RECORDING_HEADER || memcmp(in->at, QETL_RECORDING_MAGIC, 8) != 0)
        return refuse(findings, name, "it does not begin as a file of a recording does");
    in->at += 8;
    uint32_t version = qetl_unpack_u32(in);
    qetl_unpack_u32(in);
    if (version == QETL_RECORDING_VERSION)
        return 0;
    return refuse(findings, name, "it is of version %u, and this program knows version %d", version,
                  QETL_RECORDING_VERSION);
}

static int entry_add(struct qetl_recording *recording, const struct qetl_entry *entry)
{
    size_t n = recording->n_entries;
    if ((n & (n - 1)) == 0) { /* room grows by powers of two */
        struct qetl_entry *grown =
            reallocarray(recording->entries, n ? n * 2 : 1, sizeof *recording->entries);
        if (!grown)
            return -1;
        recording->entries = grown;
    }
    recording->entries[recording->n_entries++] = *entry;
    return 0;
}

int qetl_recording_read(struct qetl_recording *recording, const char *name, const void *data,
                        size_t size, bool last, struct qetl_findings *findings)
{
    struct qetl_unpack in = qetl_unpack_from(data, size);
    const uint8_t *begin = data;
    struct qetl_entry entry;
    struct qetl_values values;
    int32_t got;
    if (last && size < QETL_RECORDING_HEADER &&
        memcmp(data, QETL_RECORDING_MAGIC, size < 8 ? size : 8) == 0)
        return 0; /* he had just begun it */
    if (read_header(name, &in, findings))
        return -1;
    while ((got = qetl_unpack_entry(&in, &entry)) == 1) {
        if (qetl_entry_values(&entry, &values))
            return refuse(findings, name, "the entry at byte %td is not of this format",
                          in.at - begin);
        if (entry_add(recording, &entry))
            return no_memory(findings);
    }
    if (!got || last) /* who was killed while writing left half a frame */
        return 0;
    return refuse(findings, name, "it is damaged at byte %td of %zu", in.at - begin, size);
}

/* ---- all of them ---- */

static int by_seq(const void *a, const void *b)
{
    const struct qetl_entry *x = a, *y = b;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static int settle_guest(struct qetl_recording *recording, const struct qetl_entry *entry)
{
    struct qetl_values values;
    struct qetl_recorded_guest *grown =
        reallocarray(recording->guests, recording->n_guests + 1, sizeof *recording->guests);
    if (!grown)
        return -1;
    recording->guests = grown;
    qetl_entry_values(entry, &values);
    const char *component = qetl_values_text(&values, "component");
    const char *id = qetl_values_text(&values, "id");
    const char *plugin = qetl_values_text(&values, "plugin");
    const char *version = qetl_values_text(&values, "version");
    const char *options = qetl_values_text(&values, "options");
    grown[recording->n_guests++] = (struct qetl_recorded_guest){
        .number = entry->guest,
        .kind = (uint32_t)qetl_values_number(&values, "kind"),
        .component = component ? component : "",
        .id = id ? id : "",
        .plugin = plugin ? plugin : "",
        .version = version ? version : "",
        .options = options ? options : "{}",
    };
    return 0;
}

static void settle_head(struct qetl_recording *recording, const struct qetl_entry *entry)
{
    struct qetl_values values;
    qetl_entry_values(entry, &values);
    recording->pipeline = qetl_values_text(&values, "pipeline");
    recording->version = qetl_values_text(&values, "version");
    recording->timezone = qetl_values_text(&values, "timezone");
    recording->now_us = qetl_values_number(&values, "now_us");
}

int qetl_recording_settle(struct qetl_recording *recording, const char *name,
                          struct qetl_findings *findings)
{
    if (recording->n_entries)
        qsort(recording->entries, recording->n_entries, sizeof *recording->entries, by_seq);
    if (!recording->n_entries || recording->entries[0].kind != QETL_ENTRY_HEAD)
        return refuse(findings, name, "its first entry is missing, which says what it is of");
    for (size_t i = 0; i < recording->n_entries; i++) {
        const struct qetl_entry *entry = &recording->entries[i];
        uint64_t before = i ? recording->entries[i - 1].seq : entry->seq - 1;
        if (entry->seq == before)
            return refuse(findings, name, "entry %llu stands in it twice",
                          (unsigned long long)entry->seq);
        if (entry->seq != before + 1 && !recording->gap_from)
            recording->gap_from = before + 1;
        if (entry->seq != before + 1)
            recording->gap_upto = entry->seq - 1;
        recording->ended |= entry->kind == QETL_ENTRY_END;
        if (entry->kind == QETL_ENTRY_HEAD)
            settle_head(recording, entry);
        if (entry->kind == QETL_ENTRY_GUEST && settle_guest(recording, entry))
            return no_memory(findings);
    }
    return 0;
}

static void *file_load(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rbe");
    struct stat stat;
    char *data = NULL;
    *size = 0;
    if (file && !fstat(fileno(file), &stat))
        data = malloc((size_t)stat.st_size + 1);
    if (data)
        *size = fread(data, 1, (size_t)stat.st_size, file);
    if (file && ferror(file)) {
        free(data);
        data = NULL;
    }
    if (file)
        fclose(file);
    return data;
}

static int file_read(struct qetl_recording *recording, const char *folder, const char *name,
                     bool last, struct qetl_findings *findings)
{
    char path[4096];
    size_t size;
    void **grown = reallocarray(recording->files, recording->n_files + 1, sizeof *grown);
    if (!grown)
        return no_memory(findings);
    recording->files = grown;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    void *data = file_load(path, &size);
    if (!data)
        return refuse(findings, path, "it cannot be read: %s", strerror(errno));
    grown[recording->n_files++] = data;
    return qetl_recording_read(recording, path, data, size, last, findings);
}

static int is_file(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name), end = strlen(QETL_RECORDING_SUFFIX);
    return size > end && size < FILE_NAME &&
           strcmp(entry->d_name + size - end, QETL_RECORDING_SUFFIX) == 0;
}

static int none_there(struct qetl_findings *findings, const char *folder, const char *why)
{
    struct qetl_finding *finding =
        qetl_finding_add(findings, QETL_ERROR, "bad_recording", "recording '%s': %s", folder, why);
    qetl_finding_mend(finding, "name a folder that `qetl run … --record DIR` has written");
    return -1;
}

struct qetl_recording *qetl_recording_open(const char *folder, struct qetl_findings *findings)
{
    struct dirent **files = NULL;
    struct qetl_recording *recording = calloc(1, sizeof *recording);
    int n = recording ? scandir(folder, &files, is_file, alphasort) : -1, bad = 0;
    if (!recording)
        no_memory(findings);
    else if (n <= 0)
        bad = none_there(findings, folder,
                         n < 0 ? strerror(errno) : "there is no file of a recording in it");
    if (recording && n > 1)
        recording->wrapped = strtoul(files[0]->d_name, NULL, 10) > 1;
    /* "base" stands behind the ring's numbers. Either may have been written last. */
    for (int i = 0; i < n && !bad; i++)
        bad = file_read(recording, folder, files[i]->d_name, i >= n - 2, findings);
    for (int i = 0; i < n; i++)
        free(files[i]);
    free(files);
    if (recording && !bad && !qetl_recording_settle(recording, folder, findings))
        return recording;
    qetl_recording_free(recording);
    return NULL;
}

void qetl_recording_free(struct qetl_recording *recording)
{
    if (!recording)
        return;
    for (size_t i = 0; i < recording->n_files; i++)
        free(recording->files[i]);
    free(recording->files);
    free(recording->entries);
    free(recording->guests);
    free(recording);
}

const struct qetl_recorded_guest *qetl_recording_guest(const struct qetl_recording *recording,
                                                       uint32_t number)
{
    for (size_t i = 0; i < recording->n_guests; i++)
        if (recording->guests[i].number == number)
            return &recording->guests[i];
    return NULL;
}
