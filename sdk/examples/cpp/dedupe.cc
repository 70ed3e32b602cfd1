/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transform that lets the first row of each key pass. What it owns is owned by objects; no
 * exception leaves it: each callback is a body within `guarded`.
 */
#include <qetl/manifest.h>
#include <qetl/rows.h>
#include <qetl/sdk.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <unordered_set>

QETL_EMBED_MANIFEST("dedupe.qetl.json");

namespace
{

constexpr uint32_t state_version = 1;

/* Failures within the plugin: a status that was reported already. */
struct failure {
    int32_t status;
};

void check(int32_t status)
{
    if (status < 0)
        throw failure{status};
}

struct schema_owner {
    ArrowSchema schema = {};
    schema_owner() = default;
    schema_owner(const schema_owner &) = delete;
    schema_owner &operator=(const schema_owner &) = delete;
    ~schema_owner()
    {
        qetl_schema_release(&schema);
    }
};

/* Text that the SDK writes into. */
class text_space : public qetl_space
{
  public:
    text_space() : qetl_space{nullptr, 0, 0, grow}
    {
    }
    text_space(const text_space &) = delete;
    text_space &operator=(const text_space &) = delete;
    ~text_space()
    {
        std::free(data);
    }
    std::string take()
    {
        std::string text(reinterpret_cast<const char *>(data), static_cast<size_t>(size));
        size = 0;
        return text;
    }

  private:
    static int32_t grow(qetl_space *space, int64_t n)
    {
        const int64_t room = 2 * (space->size + n) + 64;
        void *grown = std::realloc(space->data, static_cast<size_t>(room));
        if (!grown)
            return QETL_E_NO_MEMORY;
        space->data = static_cast<uint8_t *>(grown);
        space->capacity = room;
        return QETL_OK;
    }
};

struct options {
    const char *column;
    int32_t nulls;
};
enum { nulls_keep, nulls_reject };
const qetl_option_field fields[] = {
    {"/column", QETL_OPTION_TEXT, offsetof(options, column), nullptr, nullptr},
    {"/nulls", QETL_OPTION_WORD, offsetof(options, nulls), "keep", "keep|reject"},
};

class dedupe
{
  public:
    explicit dedupe(qetl_env host) : env(host)
    {
        check(qetl_options_read(env, fields, 2, &given));
    }
    dedupe(const dedupe &) = delete;
    dedupe &operator=(const dedupe &) = delete;
    ~dedupe()
    {
        qetl_row_map_free(&kept);
    }

    int32_t bind(const ArrowSchema *input, qetl_binder *binder)
    {
        const int64_t at = qetl_schema_require(env, input, "/column", given.column);
        check(static_cast<int32_t>(at < 0 ? at : 0));
        read = std::make_unique<schema_owner>();
        check(qetl_bind_all(binder, input));
        check(qetl_bind_read(binder, input, at, &read->schema));
        check(binder->distribution(binder, QETL_DISTRIBUTION_HASH, 1, &at));
        return binder->rows(binder, 0, QETL_ROWS_SUBSET);
    }

    int32_t process(const qetl_event *event, qetl_output *out)
    {
        qetl_column column;
        if (!event || event->kind != QETL_EVENT_BATCH)
            return event && event->kind == QETL_EVENT_END ? QETL_END : QETL_NEED_INPUT;
        check(qetl_batch_open(&read->schema, event->batch, &column));
        check(qetl_row_map_begin(&kept, event->rows));
        for (int64_t row = 0; row < event->rows; row++)
            row_take(column, row, out);
        out->rows = kept.n;
        out->row_map = kept.rows;
        return QETL_OUTPUT;
    }

    int32_t save(uint32_t *version, const qetl_writer *out) const
    {
        std::string all;
        for (const std::string &key : seen)
            all.append(key).push_back('\0');
        *version = state_version;
        return qetl_state_write(out, all.data(), all.size());
    }

    int32_t restore(uint32_t version, const qetl_reader *in)
    {
        void *data = nullptr;
        size_t size = 0;
        const int32_t status =
            version == state_version ? qetl_state_read(in, &data, &size) : QETL_E_UNSUPPORTED;
        const std::unique_ptr<void, void (*)(void *)> bytes(data, std::free);
        if (status)
            return qetl_fail(env, status, nullptr, "begin anew with --full-refresh",
                             "the state of dedupe cannot be read");
        const char *at = static_cast<const char *>(data), *end = at + size;
        for (; at < end; at += std::char_traits<char>::length(at) + 1)
            seen.emplace(at);
        return QETL_OK;
    }

    const qetl_env env;

  private:
    void row_take(const qetl_column &column, int64_t row, qetl_output *out)
    {
        std::string key = "N";
        if (!qetl_column_is_null(&column, row)) {
            check(qetl_render(&column, row, &space));
            key = "V" + space.take();
        } else if (given.nulls == nulls_reject) {
            qetl_rejectf(env, row, 0, "key_is_null", "column \"%s\" is NULL", given.column);
            return;
        }
        if (seen.insert(std::move(key)).second)
            qetl_row_map_keep(&kept, row);
        else
            out->rows_filtered++;
    }

    options given = {};
    std::unique_ptr<schema_owner> read;
    std::unordered_set<std::string> seen;
    qetl_row_map kept = {};
    text_space space;
};

/* The host's memory holds no more than a pointer, so that a constructor may fail. */
struct instance {
    dedupe *it;
};

template <class body> int32_t guarded(qetl_env env, body &&run) noexcept
{
    try {
        return run();
    } catch (const failure &failed) {
        return failed.status;
    } catch (const std::bad_alloc &) {
        return qetl_fail(env, QETL_E_NO_MEMORY, nullptr, nullptr, "no memory for dedupe");
    } catch (const std::exception &e) {
        return qetl_fail(env, QETL_E_FATAL, nullptr, nullptr, "%s", e.what());
    } catch (...) {
        return qetl_fail(env, QETL_E_FATAL, nullptr, nullptr, "an unknown exception");
    }
}

dedupe &of(void *self)
{
    return *static_cast<instance *>(self)->it;
}

extern "C" {

static int32_t dedupe_create(void *self, const qetl_host *host, qetl_ctx *ctx, const char *)
{
    const qetl_env env = {host, ctx};
    return guarded(env, [&] {
        static_cast<instance *>(self)->it = new dedupe(env);
        return static_cast<int32_t>(QETL_OK);
    });
}

static void dedupe_destroy(void *self)
{
    delete static_cast<instance *>(self)->it;
}

static int32_t dedupe_bind(void *self, uint32_t, const ArrowSchema *const *inputs,
                           qetl_binder *binder)
{
    return guarded(of(self).env, [&] { return of(self).bind(inputs[0], binder); });
}

static int32_t dedupe_process(void *self, const qetl_event *event, qetl_output *out)
{
    return guarded(of(self).env, [&] { return of(self).process(event, out); });
}

static int32_t dedupe_save(void *self, uint32_t *version, const qetl_writer *out)
{
    return guarded(of(self).env, [&] { return of(self).save(version, out); });
}

static int32_t dedupe_restore(void *self, uint32_t version, const qetl_reader *in)
{
    return guarded(of(self).env, [&] { return of(self).restore(version, in); });
}
}

/* C++17 has no designated initializers: the tables are filled in by name all the same. */
const qetl_transform transform = [] {
    qetl_transform table = {};
    table.struct_size = sizeof table;
    table.bind = dedupe_bind;
    table.process = dedupe_process;
    return table;
}();

const qetl_component component = [] {
    qetl_component table = {};
    table.struct_size = sizeof table;
    table.kind = QETL_TRANSFORM;
    table.id = "dedupe";
    table.state_size = sizeof(instance);
    table.create = dedupe_create;
    table.destroy = dedupe_destroy;
    table.save = dedupe_save;
    table.restore = dedupe_restore;
    table.transform = &transform;
    return table;
}();

} // namespace

QETL_PLUGIN("dedupe", "0.1.0", &component)
