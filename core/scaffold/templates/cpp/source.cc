/* SPDX-License-Identifier: Apache-2.0 */
/*
 * newplugin: a source. One row for each file of a folder: its name, its size, when it was changed.
 *
 * What you will change: `row_append`, the schema in `schema_make`, and the options, which the
 * manifest newplugin.qetl.json declares. What has to stay true is said where it matters.
 */
#include "border.hh"

#include <qetl/manifest.h>
#include <qetl/parcel.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <vector>

QETL_EMBED_MANIFEST("newplugin.qetl.json");

namespace
{

constexpr uint8_t position_version = 1; /* another layout of positions: another number */

/* The columns: Arrow formats, of which "vu" is text and "l" bigint (qetl_type_parse knows all). */
void schema_make(ArrowSchema *out)
{
    border::check(qetl_schema_init_struct(out));
    border::check(qetl_schema_add(out, "name", "vu"));
    border::check(qetl_schema_add(out, "size", "l"));
    border::check(qetl_schema_add(out, "modified", "tsu:UTC"));
}

struct Columns : border::Schema {
    Columns()
    {
        schema_make(get());
    }
};

/* One instance. There are no globals, since a pipeline may use the plugin twice. */
class Files
{
  public:
    const qetl_env env; /* whom to report to; every helper that can fail wants it */

    explicit Files(qetl_env e)
        : env(e), path(border::option(e, "/path")), suffix(border::option(e, "/suffix")),
          rows(e, *Columns().get())
    {
    }

    /* Behind the constructor, and before any data call: the place to connect. */
    int32_t start()
    {
        std::error_code error;
        for (auto at = std::filesystem::directory_iterator(path, error), end = decltype(at)();
             !error && at != end; at.increment(error))
            names.push_back(at->path().filename().string());
        if (error)
            throw border::Failure{QETL_E_ENVIRONMENT, "/path", "name a folder that can be read",
                                  path + ": " + error.message()};
        /* By name, so that a position means something. */
        std::sort(names.begin(), names.end());
        return QETL_OK;
    }

    int32_t describe(qetl_source_info *out)
    {
        out->emits = QETL_EMITS_BATCHES;
        out->delivery = QETL_REPLAYABLE; /* open() at a position brings the same rows again */
        out->bytes_expected = out->rows_expected = -1;
        schema_make(&out->schema);
        return QETL_OK;
    }

    /* position: what `next` gave out last in a run that was cut short; null: from the beginning.
     * A source that can be read in parts plans splits; this one has one. */
    int32_t open(qetl_blob, const qetl_blob *position)
    {
        at = 0;
        if (position)
            at = static_cast<size_t>(
                std::upper_bound(names.begin(), names.end(), name_in(*position)) - names.begin());
        return QETL_OK;
    }

    /* A batch of at most max_rows, and where to go on behind it. No call waits for long. */
    int32_t next(const qetl_demand *demand, qetl_item *out)
    {
        if (at == names.size())
            return QETL_END;
        for (int64_t read = 0; at < names.size() && read < demand->max_rows; at++)
            row_append(names[at], read);
        border::check(qetl_builder_close(rows.get(), &out->batch));
        /* CUT: a run that is cut short may go on here. The position is any bytes that open() knows
         * again, also in another process; they are read before the next call. */
        qetl_parcel_begin(&place, position_version);
        qetl_parcel_put_text(&place, names[at - 1].c_str());
        out->flags = QETL_ITEM_CUT;
        out->position = qetl_parcel_blob(&place);
        return QETL_BATCH;
    }

  private:
    /* A position that is cut off or damaged is refused. */
    static std::string name_in(const qetl_blob &position)
    {
        char name[QETL_PARCEL_MAX];
        qetl_parcel_in in;
        qetl_parcel_open(&in, position, position_version);
        qetl_parcel_text(&in, name, sizeof name);
        if (qetl_parcel_close(&in))
            throw border::Failure{QETL_E_UNSUPPORTED, "", "begin anew with --full-refresh",
                                  "the saved position cannot be read"};
        return name;
    }

    bool is_wanted(const std::string &name, struct stat &about) const
    {
        const std::string whole = path + "/" + name;
        return name.size() >= suffix.size() &&
               name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0 &&
               !stat(whole.c_str(), &about) && S_ISREG(about.st_mode);
    }

    /* A row that cannot go on is no reason to fail: it goes to the dead letters, with its reason.
     */
    void reject(const std::string &name, int64_t row)
    {
        qetl_reject what{};
        what.struct_size = sizeof what;
        what.row = row;
        what.column = 0;
        what.code = "bad_utf8";
        what.message = "the file's name is not UTF-8";
        what.bytes = name.data();
        what.bytes_size = static_cast<int64_t>(name.size());
        env.host->reject(env.ctx, &what);
    }

    /* One value for each column, then the row itself. read: how many rows this call has seen. */
    void row_append(const std::string &name, int64_t &read)
    {
        struct stat about;
        const auto size = static_cast<int64_t>(name.size());
        if (!is_wanted(name, about))
            return;
        const int64_t row = read++;
        if (!qetl_utf8_valid(name.data(), size))
            return reject(name, row);
        border::check(qetl_builder_text(rows.child(0), name.data(), size));
        border::check(qetl_builder_int(rows.child(1), about.st_size));
        border::check(qetl_builder_int(rows.child(2), int64_t{about.st_mtim.tv_sec} * 1000000 +
                                                          about.st_mtim.tv_nsec / 1000));
        border::check(qetl_builder_struct(rows.get()));
    }

    const std::string path, suffix;
    std::vector<std::string> names;
    size_t at = 0;
    qetl_parcel place; /* behind the last batch */
    border::Builder rows;
};

using Callbacks = border::Callbacks<Files>;

constexpr qetl_source source = [] {
    qetl_source s{};
    s.struct_size = sizeof s;
    s.describe = Callbacks::call<&Files::describe>;
    s.open = Callbacks::call<&Files::open>;
    s.next = Callbacks::call<&Files::next>;
    return s;
}();

constexpr qetl_component component = [] {
    qetl_component c{};
    c.struct_size = sizeof c;
    c.kind = QETL_SOURCE;
    c.id = "newplugin";
    c.state_size = Callbacks::state_size;
    c.create = Callbacks::create;
    c.destroy = Callbacks::destroy;
    c.start = Callbacks::call<&Files::start>;
    c.source = &source;
    return c;
}();

} // namespace

QETL_PLUGIN("newplugin", "0.1.0", &component)
