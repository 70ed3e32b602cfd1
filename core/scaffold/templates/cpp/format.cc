/* SPDX-License-Identifier: Apache-2.0 */
/*
 * newplugin: a format. Lines `key=value`, one row each; empty lines and those that begin with # are
 * no rows.
 *
 *   infer   which columns there are, from the first bytes
 *   frame   where records end, in order: so that the rest can be done by many at once
 *   decode  whole records to a batch
 *   encode  a batch to bytes
 *
 * What you will change: these four, and the options, which the manifest newplugin.qetl.json
 * declares.
 */
#include "border.hh"

#include <qetl/manifest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

QETL_EMBED_MANIFEST("newplugin.qetl.json");

namespace
{

enum { KEY, VALUE, N_COLUMNS };
constexpr const char *names[N_COLUMNS] = {"key", "value"};

/* One instance. There are no globals: several decode at once, each in a thread of its own. */
class Pairs
{
  public:
    const qetl_env env; /* whom to report to; every helper that can fail wants it */

    explicit Pairs(qetl_env e)
        : env(e), separator(border::option(e, "/separator")[0]), keys(e, border::field("vu")),
          values(e, border::field("vu"))
    {
    }

    int32_t describe(qetl_format_info *out)
    {
        out->encode = QETL_ENCODE_CONCATENABLE; /* any instance may encode any batch */
        return QETL_OK;
    }

    /* The columns here are always the same. A format that has to look answers NEED_INPUT until the
     * sample says enough. */
    int32_t infer(const qetl_sample *, qetl_inferred *out)
    {
        border::Schema schema; /* until all is well */
        border::check(qetl_schema_init_struct(schema.get()));
        for (const char *name : names)
            border::check(qetl_schema_add(schema.get(), name, "vu"));
        out->schema = *schema.get();
        schema.get()->release = nullptr; /* moved */
        return QETL_OK;
    }

    /* Only wanted columns are decoded. Whatever form is asked for, text is text. */
    int32_t open_decode(const ArrowSchema *, qetl_blob, int64_t n_wants, const qetl_want *wants)
    {
        wanted.clear();
        for (int64_t i = 0; i < n_wants; i++)
            wanted.push_back(wants[i].column);
        return QETL_OK;
    }

    /* Records end at line feeds; the last line of an object may lack it. used 0: more is needed. */
    int32_t frame(qetl_frame *io)
    {
        const std::string_view data(reinterpret_cast<const char *>(io->data),
                                    static_cast<size_t>(io->size));
        io->begin = 0;
        io->used = io->size;
        if (!(io->flags & QETL_ITEM_OBJECT_END)) /* npos + 1 is 0 */
            io->used = static_cast<int64_t>(data.rfind('\n') + 1);
        return QETL_OK;
    }

    int32_t decode(const qetl_chunk *chunk, qetl_decoded *out)
    {
        const std::string_view data(reinterpret_cast<const char *>(chunk->data),
                                    static_cast<size_t>(chunk->size));
        record_map.clear();
        for (int64_t column : wanted) /* no copy: the columns hold views into the chunk */
            qetl_builder_share(builder(column).get(), chunk->buffer);
        for (size_t at = 0, end; at < data.size(); at = end + 1) {
            end = std::min(data.find('\n', at), data.size());
            line_decode(*chunk, data.substr(at, end - at), *out);
        }
        batch_close(*out);
        return QETL_OK;
    }

    /* VALUE: of whatever type it is. LEXICAL: as it stood in the input, if it came as text. */
    int32_t forms(const ArrowSchema *input, uint32_t *welcome)
    {
        for (int64_t i = 0; i < input->n_children; i++)
            welcome[i] = QETL_FORM_VALUE | QETL_FORM_LEXICAL;
        return QETL_OK;
    }

    int32_t open_encode(const ArrowSchema *input)
    {
        for (size_t i = 0; i < N_COLUMNS; i++) {
            places[i] = qetl_schema_find(input, names[i]);
            if (places[i] < 0)
                throw border::Failure{
                    QETL_E_CONFIG, "", "name columns with select: columns: {key: …, value: …}",
                    std::string("pairs are written of columns key and value; \"") + names[i] +
                        "\" is missing"};
        }
        schema.copy(*input);
        return QETL_OK;
    }

    int32_t encode(const ArrowArray *batch, qetl_space *out)
    {
        qetl_column rows;
        std::array<qetl_column, N_COLUMNS> columns;
        border::check(qetl_column_open(&rows, schema.get(), batch));
        for (size_t i = 0; i < N_COLUMNS; i++)
            border::check(qetl_column_child(&rows, places[i], &columns[i]));
        for (int64_t i = 0; i < batch->length; i++)
            row_encode(columns, i, *out);
        return QETL_OK;
    }

  private:
    border::Builder &builder(int64_t column)
    {
        return column == KEY ? keys : values;
    }

    /* A record that is none goes to the dead letters, with its bytes; the others go on. */
    void line_reject(const qetl_chunk &chunk, std::string_view line, int64_t record)
    {
        qetl_reject what{};
        what.struct_size = sizeof what;
        what.row = record;
        what.column = -1;
        what.code = "bad_pair";
        what.message = "a line is UTF-8, with the separator between key and value";
        what.bytes = line.data();
        what.bytes_size = static_cast<int64_t>(line.size());
        what.bytes_offset = line.data() - reinterpret_cast<const char *>(chunk.data);
        env.host->reject(env.ctx, &what);
    }

    void line_decode(const qetl_chunk &chunk, std::string_view line, qetl_decoded &out)
    {
        if (line.empty() || line[0] == '#')
            return;
        const size_t sign = line.find(separator);
        if (sign == std::string_view::npos ||
            !qetl_utf8_valid(line.data(), static_cast<int64_t>(line.size())))
            return line_reject(chunk, line, out.records++);
        const std::string_view texts[] = {line.substr(0, sign), line.substr(sign + 1)};
        for (int64_t column : wanted)
            border::check(qetl_builder_view(builder(column).get(), texts[column].data(),
                                            static_cast<int64_t>(texts[column].size())));
        record_map.push_back(static_cast<int32_t>(out.records++));
    }

    void batch_close(qetl_decoded &out)
    {
        ArrowArray columns[N_COLUMNS] = {};
        int32_t status = QETL_OK;
        size_t n = 0;
        for (; n < wanted.size() && !status; n++)
            status = qetl_builder_close(builder(wanted[n]).get(), &columns[n]);
        out.rows = static_cast<int64_t>(record_map.size());
        if (!status)
            status = qetl_array_struct(env, out.rows, static_cast<int64_t>(n), columns, &out.batch);
        for (ArrowArray &column : columns)
            qetl_array_release(&column); /* unless the batch took it */
        border::check(status);
        out.record_map = record_map.data(); /* row -> record, for whoever asks where it came from */
    }

    bool is_writable(std::string_view text, int part) const
    {
        if (text.find('\n') != std::string_view::npos)
            return false;
        return part == VALUE ||
               (!text.empty() && text[0] != '#' && text.find(separator) == std::string_view::npos);
    }

    /* A row that cannot be written is rejected, and leaves no bytes. */
    void row_encode(const std::array<qetl_column, N_COLUMNS> &columns, int64_t row, qetl_space &out)
    {
        const int64_t before = out.size;
        for (int part = 0; part < N_COLUMNS; part++) {
            const int64_t from = out.size;
            border::check(qetl_render(&columns[static_cast<size_t>(part)], row, &out));
            const std::string_view text(reinterpret_cast<const char *>(out.data) + from,
                                        static_cast<size_t>(out.size - from));
            if (!is_writable(text, part)) {
                out.size = before;
                return row_reject(row, places[static_cast<size_t>(part)]);
            }
            border::check(qetl_space_put(&out, part == KEY ? &separator : "\n", 1));
        }
    }

    void row_reject(int64_t row, int64_t column)
    {
        qetl_reject what{};
        what.struct_size = sizeof what;
        what.row = row;
        what.column = column;
        what.code = "bad_pair";
        what.message = "this cannot be read again as key=value";
        env.host->reject(env.ctx, &what);
    }

    const char separator;
    border::Builder keys, values;
    std::vector<int64_t> wanted; /* which columns somebody reads, in this order */
    std::vector<int32_t> record_map;
    border::Schema schema; /* of what is written */
    std::array<int64_t, N_COLUMNS> places{};
};

using Callbacks = border::Callbacks<Pairs>;

constexpr qetl_format format = [] {
    qetl_format f{};
    f.struct_size = sizeof f;
    f.describe = Callbacks::call<&Pairs::describe>;
    f.infer = Callbacks::call<&Pairs::infer>;
    f.open_decode = Callbacks::call<&Pairs::open_decode>;
    f.frame = Callbacks::call<&Pairs::frame>;
    f.decode = Callbacks::call<&Pairs::decode>;
    f.forms = Callbacks::call<&Pairs::forms>;
    f.open_encode = Callbacks::call<&Pairs::open_encode>;
    f.encode = Callbacks::call<&Pairs::encode>;
    return f;
}();

constexpr qetl_component component = [] {
    qetl_component c{};
    c.struct_size = sizeof c;
    c.kind = QETL_FORMAT;
    c.id = "newplugin";
    c.state_size = Callbacks::state_size;
    c.create = Callbacks::create;
    c.destroy = Callbacks::destroy;
    c.format = &format;
    return c;
}();

} // namespace

QETL_PLUGIN("newplugin", "0.1.0", &component)
