/* SPDX-License-Identifier: Apache-2.0 */
/* A source that reads lines such as "berlin 21.5" from a file, and goes on where a run before it
 * stopped. What is no such line is rejected, with the line. */
#include <qetl/row_source.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

QETL_EMBED_MANIFEST("readings.qetl.json");

struct readings {
    struct qetl_row row;
    const char *path;
    double least;
    FILE *file;
    char *line;
    size_t room;
    int64_t offset, lines; /* read so far */
};

static const struct qetl_option_field options[] = {
    {"/path", QETL_OPTION_TEXT, offsetof(struct readings, path), NULL, NULL},
    {"/least", QETL_OPTION_REAL, offsetof(struct readings, least), "-100", NULL},
};

static const struct qetl_kept_field position[] = {
    QETL_KEPT_INT(struct readings, offset),
    QETL_KEPT_INT(struct readings, lines),
};

static int32_t fail_file(const struct readings *r)
{
    return qetl_fail(r->row.env, QETL_E_ENVIRONMENT, "/path", NULL, "%s: %s", r->path,
                     strerror(errno));
}

static int32_t readings_open(void *self)
{
    struct readings *r = self;
    if (!r->file)
        r->file = fopen(r->path, "re");
    return r->file && fseeko(r->file, r->offset, SEEK_SET) == 0 ? QETL_OK : fail_file(r);
}

static int32_t readings_row(void *self)
{
    struct readings *r = self;
    int station = 0, end = 0;
    double celsius;
    ssize_t size = getline(&r->line, &r->room, r->file);
    if (size < 0)
        return ferror(r->file) ? fail_file(r) : QETL_END;
    r->offset += size;
    r->lines++;
    if (sscanf(r->line, "%*s%n %lf %n", &station, &celsius, &end) != 1 || r->line[end] ||
        celsius < r->least)
        return qetl_row_reject_bytes(
            &r->row, "bad_reading", r->line, (int64_t)strcspn(r->line, "\n"),
            "line %lld is no station with its degrees", (long long)r->lines);
    qetl_row_put_int(&r->row, 0, r->lines);
    qetl_row_put_text(&r->row, 1, r->line, station);
    qetl_row_put_real(&r->row, 2, celsius);
    return QETL_OK;
}

static void readings_close(void *self)
{
    struct readings *r = self;
    if (r->file)
        fclose(r->file);
    free(r->line);
}

static const struct qetl_row_source readings = {
    .columns = "line bigint, station text, celsius double",
    .options = QETL_TABLE(options),
    .position = QETL_TABLE(position),
    .open = readings_open,
    .row = readings_row,
    .close = readings_close,
};

QETL_ROW_SOURCE(readings, "readings", struct readings)
QETL_PLUGIN("readings", "0.1.0", &readings_component)
