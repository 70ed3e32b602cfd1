/* SPDX-License-Identifier: Apache-2.0 */
/*
 * newplugin: a source. One row for each file of a folder: its name, its size, when it was changed.
 *
 * What you will change: the columns, `row`, and the options, which the manifest
 * newplugin.qetl.json declares. What has to stay true is said where it matters; what can be said
 * beside it stands in qetl/row_source.h.
 */
#include "border.hh"

#include <qetl/row_source.h>

#include <algorithm>
#include <climits>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <vector>

QETL_EMBED_MANIFEST("newplugin.qetl.json");

namespace
{

/* One instance. There are no globals, since a pipeline may use the plugin twice. */
class Files
{
  public:
    /* The position: what a run that is cut short has to know when it goes on, in another process, a
     * week later. It begins as 0 and "", and holds numbers (int64_t) and texts (char[N]). */
    struct Kept {
        char last[NAME_MAX + 1]; /* the name that was read last */
    };

    Files(qetl_row &r, Kept &k)
        : at(r), kept(k), path(border::option(r.env, "/path")),
          suffix(border::option(r.env, "/suffix"))
    {
    }

    /* The place to connect. It may come again; the position says where to go on. */
    int32_t open()
    {
        std::error_code error;
        names.clear();
        for (auto i = std::filesystem::directory_iterator(path, error), end = decltype(i)();
             !error && i != end; i.increment(error))
            names.push_back(i->path().filename().string());
        if (error)
            throw border::Failure{QETL_E_ENVIRONMENT, "/path", "name a folder that can be read",
                                  path + ": " + error.message()};
        std::sort(names.begin(), names.end()); /* so that a position means something */
        next = std::upper_bound(names.begin(), names.end(), kept.last) - names.begin();
        return QETL_OK;
    }

    /* The next row: one value for each column, and the position moved behind it. It does not wait
     * for long: with nothing to tell yet it answers QETL_IDLE. */
    int32_t row()
    {
        struct stat about;
        if (next == static_cast<std::ptrdiff_t>(names.size()))
            return QETL_END;
        const std::string &name = names[static_cast<size_t>(next++)];
        const auto size = static_cast<int64_t>(name.copy(kept.last, NAME_MAX));
        kept.last[size] = '\0';
        if (!is_wanted(name, about))
            return QETL_ROW_NONE;
        if (!qetl_utf8_valid(name.data(), size)) /* no reason to fail: a dead letter */
            return qetl_row_reject_bytes(&at, "bad_utf8", name.data(), size,
                                         "the name is not UTF-8");
        qetl_row_put_text(&at, 0, name.data(), size);
        qetl_row_put_int(&at, 1, about.st_size);
        qetl_row_put_int(&at, 2,
                         int64_t{about.st_mtim.tv_sec} * 1000000 + about.st_mtim.tv_nsec / 1000);
        return QETL_OK;
    }

  private:
    bool is_wanted(const std::string &name, struct stat &about) const
    {
        const std::string whole = path + "/" + name;
        return name.size() >= suffix.size() &&
               name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0 &&
               !stat(whole.c_str(), &about) && S_ISREG(about.st_mode);
    }

    qetl_row &at; /* the row at hand, and whom to report to */
    Kept &kept;
    const std::string path, suffix;
    std::vector<std::string> names;
    std::ptrdiff_t next = 0;
};

using Rows = border::Rows<Files>;

constexpr qetl_kept_field position[] = {BORDER_KEPT_TEXT(Files, last)};

constexpr qetl_row_source files = [] {
    qetl_row_source s{};
    s.columns = "name text, size bigint, modified timestamptz";
    s.position = QETL_TABLE(position);
    s.create = Rows::create;
    s.open = Rows::call<&Files::open>;
    s.row = Rows::call<&Files::row>;
    s.close = Rows::close;
    return s;
}();

QETL_ROW_SOURCE(files, "newplugin", Rows::State)

} // namespace

QETL_PLUGIN("newplugin", "0.1.0", &files_component)
