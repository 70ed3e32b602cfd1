/* SPDX-License-Identifier: Apache-2.0 */
/* Writers and readers, which the host lends for a call. */
#include "border_internal.h"

static int32_t writer_write(void *stream, const void *data, size_t size)
{
    const struct qetl_border_writer *writer = stream;
    struct qetl_crossing c = qetl_crossing_to_host(writer->guest, writer->call);
    qetl_cargo_bytes(&c, "data", data, (int64_t)size);
    qetl_crossing_begin(&c);
    return qetl_crossing_end(&c, writer->real->write(writer->real->stream, data, size));
}

static int64_t reader_read(void *stream, void *data, size_t capacity)
{
    const struct qetl_border_reader *reader = stream;
    struct qetl_crossing c = qetl_crossing_to_host(reader->guest, reader->call);
    qetl_cargo_number(&c, "capacity", (int64_t)capacity);
    qetl_crossing_begin(&c);
    int64_t size = reader->real->read(reader->real->stream, data, capacity);
    if (size > 0)
        qetl_cargo_bytes(&c, "data", data, size);
    return qetl_crossing_end_number(&c, size);
}

void qetl_border_writer(struct qetl_border_writer *writer, const struct qetl_border_guest *guest,
                        const struct qetl_writer *real, const char *call)
{
    *writer = (struct qetl_border_writer){{writer, writer_write}, guest, real, call};
}

void qetl_border_reader(struct qetl_border_reader *reader, const struct qetl_border_guest *guest,
                        const struct qetl_reader *real, const char *call)
{
    *reader = (struct qetl_border_reader){{reader, reader_read}, guest, real, call};
}
