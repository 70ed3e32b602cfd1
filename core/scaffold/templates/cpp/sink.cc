/* SPDX-License-Identifier: Apache-2.0 */
/*
 * newplugin: a sink. Each epoch's rows become one more file of a folder. A file appears under its
 * name when its epoch was decided, whole, and once: also when the run is killed on the way.
 *
 *   write    into a hidden file                 nobody sees it
 *   prepare  to disk; a handle names it         it will not be lost, and still nobody sees it
 *   commit   renamed                            may be repeated, also by the next process
 *   abort    removed                            so may this
 *
 * What you will change: what `write`, `prepare`, `commit` and `abort` do, and the options, which
 * the manifest newplugin.qetl.json declares.
 */
#include "border.hh"

#include <qetl/manifest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <system_error>
#include <unistd.h>

QETL_EMBED_MANIFEST("newplugin.qetl.json");

namespace
{

namespace fs = std::filesystem;

constexpr uint32_t state_version = 1;

[[noreturn]] void fail(int32_t code, const std::string &name, int error)
{
    throw border::Failure{code, "/path", "make room, or mend the folder's permissions",
                          name + ": " + std::generic_category().message(error)};
}

/* An open file, closed at the end. */
class Descriptor
{
  public:
    Descriptor() = default;
    Descriptor(const fs::path &path, int flags) : fd(::open(path.c_str(), flags | O_CLOEXEC, 0666))
    {
        if (fd < 0)
            fail(QETL_E_ENVIRONMENT, path.string(), errno);
    }
    Descriptor(Descriptor &&other) noexcept : fd(std::exchange(other.fd, -1))
    {
    }
    Descriptor &operator=(Descriptor &&other) noexcept
    {
        std::swap(fd, other.fd);
        return *this;
    }
    ~Descriptor()
    {
        if (fd >= 0)
            close(fd);
    }

    bool is_open() const
    {
        return fd >= 0;
    }
    bool synchronise()
    {
        return !fsync(fd);
    }
    ssize_t write_some(const char *bytes, size_t size)
    {
        return write(fd, bytes, size);
    }

  private:
    int fd = -1;
};

/* One instance. There are no globals, since a pipeline may use the plugin twice. */
class Parts
{
  public:
    const qetl_env env; /* whom to report to; every helper that can fail wants it */

    explicit Parts(qetl_env e)
        : env(e), folder(border::option(e, "/path")), suffix(border::option(e, "/suffix")),
          owner(owner_name(e))
    {
    }
    Parts(const Parts &) = delete;
    Parts &operator=(const Parts &) = delete;

    ~Parts()
    {
        std::error_code error;
        if (file.is_open())
            fs::remove(folder / name, error);
    }

    /* Behind the constructor, and before any other call: the place to connect. */
    int32_t start()
    {
        std::error_code error;
        const bool made = fs::create_directory(folder, error);
        Descriptor(folder, O_RDONLY | O_DIRECTORY);
        /* A folder that was made is on the disk once the one that it lies in is. */
        if (made && !Descriptor(folder / "..", O_RDONLY).synchronise())
            fail(QETL_E_ENVIRONMENT, folder.string(), errno);
        return QETL_OK;
    }

    int32_t describe(qetl_sink_info *out)
    {
        out->takes = QETL_TAKES_BYTES; /* the format of the pipeline has made them of the rows */
        out->delivery = QETL_TRANSACTIONAL;
        out->commit = QETL_COMMIT_TWO_PHASE;
        return QETL_OK;
    }

    /* What was prepared and decided has been committed by now, and the rest aborted. Hidden files
     * of this owner that are still here were never prepared. */
    int32_t open(uint32_t, const ArrowSchema *)
    {
        for (const fs::directory_entry &entry : fs::directory_iterator(folder))
            if (entry.path().filename().string().compare(0, owner.size(), owner) == 0)
                fs::remove(entry.path());
        return QETL_OK;
    }

    int32_t write(qetl_write *what)
    {
        const char *bytes = static_cast<const char *>(what->bytes);
        if (!file.is_open())
            file_begin();
        for (int64_t done = 0; done < what->bytes_size;) {
            const ssize_t n =
                file.write_some(bytes + done, static_cast<size_t>(what->bytes_size - done));
            if (n < 0 && errno != EINTR)
                fail(QETL_E_ENVIRONMENT, name, errno);
            done += std::max<ssize_t>(n, 0);
        }
        what->rows_written = what->rows; /* the host's ledger must balance */
        return QETL_OK;
    }

    /* The last chance to fail: behind it the epoch may be decided. */
    int32_t prepare(const qetl_epoch *, const qetl_writer *handle)
    {
        if (!file.is_open())
            return QETL_OK; /* an epoch without rows */
        if (!file.synchronise() || !folder_synchronise())
            fail(QETL_E_ENVIRONMENT, name, errno);
        file = Descriptor();
        return handle->write(handle->stream, name.data(), name.size());
    }

    /* Repeated until it succeeds, perhaps by another process: what is renamed already is no
     * mistake. */
    int32_t commit(const qetl_epoch *epoch, int64_t n, const qetl_blob *handles)
    {
        for (int64_t i = 0; i < n; i++) {
            const std::string hidden = text(handles[i]), shown = shown_name(*epoch, hidden);
            std::error_code error;
            fs::rename(folder / hidden, folder / shown, error);
            if (!error)
                continue;
            if (error != std::errc::no_such_file_or_directory)
                fail(QETL_E_RETRY_CALL, hidden, error.value());
            if (!fs::exists(folder / shown, error)) /* somebody removed it: that must be told */
                fail(QETL_E_IN_DOUBT, hidden, ENOENT);
        }
        if (!folder_synchronise())
            fail(QETL_E_RETRY_CALL, folder.string(), errno);
        return QETL_OK;
    }

    int32_t abort(const qetl_epoch *, int64_t n, const qetl_blob *handles)
    {
        for (int64_t i = 0; i < n; i++)
            hidden_remove(text(handles[i]));
        if (file.is_open()) /* and what was written since */
            hidden_remove(name);
        file = Descriptor();
        return QETL_OK;
    }

    /* Behind each prepare: what the rows to come depend on. Here that is nothing, which has to be
     * said: a two-phase sink without save has one epoch, the last. */
    int32_t save(uint32_t *version, const qetl_writer *)
    {
        *version = state_version;
        return QETL_OK;
    }

    int32_t restore(uint32_t version, const qetl_reader *)
    {
        if (version != state_version)
            throw border::Failure{QETL_E_UNSUPPORTED, "", "begin anew with --full-refresh",
                                  "the state is of another version of this plugin"};
        return QETL_OK;
    }

  private:
    static std::string text(const qetl_blob &blob)
    {
        return std::string(static_cast<const char *>(blob.data), blob.size);
    }

    /* Whose hidden files these are: they begin with it. A process that goes on with a run has the
     * same name as the one that was killed, so that it can tell what that one left behind from
     * what others are writing. */
    static std::string owner_name(qetl_env e)
    {
        const auto *run =
            static_cast<const qetl_run_facts *>(e.host->get_extension(e.ctx, QETL_EXT_RUN));
        const char *given = run && run->owner ? run->owner(e.ctx) : nullptr;
        std::string owner =
            "." + (given ? std::string(given, 0, 200) : "run-" + std::to_string(getpid())) + ".";
        std::replace(owner.begin(), owner.end(), '/', '_');
        return owner;
    }

    /* part-EPOCH-WHEN */
    std::string shown_name(const qetl_epoch &epoch, const std::string &hidden) const
    {
        const std::string number = std::to_string(epoch.number);
        return "part-" + std::string(number.size() < 12 ? 12 - number.size() : 0, '0') + number +
               "-" + hidden.substr(hidden.rfind('.') + 1) + suffix;
    }

    void file_begin()
    {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        name = owner + std::to_string(std::chrono::nanoseconds(now).count());
        file = Descriptor(folder / name, O_WRONLY | O_CREAT | O_EXCL);
    }

    bool folder_synchronise()
    {
        return Descriptor(folder, O_RDONLY).synchronise();
    }

    void hidden_remove(const std::string &hidden)
    {
        std::error_code error;
        fs::remove(folder / hidden, error);
        if (error && error != std::errc::no_such_file_or_directory)
            fail(QETL_E_RETRY_CALL, hidden, error.value());
    }

    const fs::path folder;
    const std::string suffix, owner;
    Descriptor file;  /* the hidden file that is being written … */
    std::string name; /* … and what it is called */
};

using Callbacks = border::Callbacks<Parts>;

constexpr qetl_sink sink = [] {
    qetl_sink s{};
    s.struct_size = sizeof s;
    s.describe = Callbacks::call<&Parts::describe>;
    s.open = Callbacks::call<&Parts::open>;
    s.write = Callbacks::call<&Parts::write>;
    s.prepare = Callbacks::call<&Parts::prepare>;
    s.commit = Callbacks::call<&Parts::commit>;
    s.abort = Callbacks::call<&Parts::abort>;
    return s;
}();

constexpr qetl_component component = [] {
    qetl_component c{};
    c.struct_size = sizeof c;
    c.kind = QETL_SINK;
    c.id = "newplugin";
    c.state_size = Callbacks::state_size;
    c.create = Callbacks::create;
    c.destroy = Callbacks::destroy;
    c.start = Callbacks::call<&Parts::start>;
    c.save = Callbacks::call<&Parts::save>;
    c.restore = Callbacks::call<&Parts::restore>;
    c.sink = &sink;
    return c;
}();

} // namespace

QETL_PLUGIN("newplugin", "0.1.0", &component)
