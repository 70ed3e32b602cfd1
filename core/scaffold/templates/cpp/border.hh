/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From qetl's C callbacks to the member functions of a class, and from exceptions to status codes:
 * no exception may cross the border. Also owners of what the helpers of qetl/sdk.h allocate.
 */
#ifndef BORDER_HH
#define BORDER_HH

#include <qetl/row.h>

#include <cstddef>
#include <exception>
#include <new>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

namespace border
{

/* Thrown by whoever knows what is wrong; becomes a failure of the call. */
struct Failure {
    int32_t code;       /* QETL_E_… : it decides whether the call is tried again */
    std::string option; /* JSON pointer of the option at fault, or "" */
    std::string mend;   /* what to do about it, or "" */
    std::string what;
};

/* What a helper answers for want of memory. */
inline void check(int32_t status)
{
    if (status == QETL_E_NO_MEMORY)
        throw std::bad_alloc();
    if (status < 0)
        throw Failure{status, "", "", "a helper answered " + std::to_string(status)};
}

/* What the host or a helper has reported itself already. */
struct Reported {
    int32_t code;
};

/* An option of text. It was checked against the manifest's schema already, and a default is filled
 * in. */
inline std::string option(qetl_env env, const char *pointer)
{
    const char *text = qetl_option_text(env, pointer);
    if (!text)
        throw Failure{QETL_E_CONFIG, pointer, "give it", "the option is missing"};
    return text;
}

template <class Call> int32_t guard(qetl_env env, Call call) noexcept
{
    try {
        return call();
    } catch (const Failure &f) {
        return qetl_fail(env, f.code, f.option.empty() ? nullptr : f.option.c_str(),
                         f.mend.empty() ? nullptr : f.mend.c_str(), "%s", f.what.c_str());
    } catch (const Reported &reported) {
        return reported.code;
    } catch (const std::bad_alloc &) {
        return qetl_fail(env, QETL_E_NO_MEMORY, nullptr, nullptr, "no memory");
    } catch (const std::system_error &e) { /* of files, threads, locks */
        return qetl_fail(env, QETL_E_ENVIRONMENT, nullptr, nullptr, "%s", e.what());
    } catch (const std::exception &e) {
        return qetl_fail(env, QETL_E_FATAL, nullptr, nullptr, "%s", e.what());
    } catch (...) {
        return qetl_fail(env, QETL_E_FATAL, nullptr, nullptr, "an exception of an unknown type");
    }
}

/* The callbacks of a component whose instances are objects of Type, which has a constructor from
 * qetl_env, and keeps that in `env`. The host's state is a pointer to the object. */
template <class Type> struct Callbacks {
    static constexpr size_t state_size = sizeof(Type *);

    static int32_t create(void *self, const qetl_host *host, qetl_ctx *ctx, const char *)
    {
        const qetl_env env = {host, ctx};
        return guard(env, [&] {
            *static_cast<Type **>(self) = new Type(env);
            return int32_t{QETL_OK};
        });
    }

    /* Called once, whatever create answered. */
    static void destroy(void *self)
    {
        delete *static_cast<Type **>(self);
    }

    template <auto method, class... Arguments>
    static int32_t call(void *self, Arguments... arguments)
    {
        Type &object = **static_cast<Type **>(self);
        return guard(object.env, [&] { return (object.*method)(arguments...); });
    }
};

struct Nothing {
};
template <class Type, class = void> struct KeptOf {
    using type = Nothing;
};
template <class Type> struct KeptOf<Type, std::void_t<typename Type::Kept>> {
    using type = typename Type::Kept;
};

/* The same for components that are written a row at a time (qetl/row.h): Type has a constructor
 * from the row at hand; or, if a restart is to bring something back, from the row and from its
 * Kept, a plain struct. */
template <class Type> struct Rows {
    struct State {
        qetl_row row;
        typename KeptOf<Type>::type kept;
        Type *object;
    };

    static int32_t create(void *self)
    {
        State &state = *static_cast<State *>(self);
        return guard(state.row.env, [&] {
            if constexpr (std::is_constructible_v<Type, qetl_row &>)
                state.object = new Type(state.row);
            else
                state.object = new Type(state.row, state.kept);
            return int32_t{QETL_OK};
        });
    }

    static void close(void *self)
    {
        delete static_cast<State *>(self)->object;
    }

    template <auto method, class... Arguments>
    static int32_t call(void *self, Arguments... arguments)
    {
        State &state = *static_cast<State *>(self);
        return guard(state.row.env, [&] { return (state.object->*method)(arguments...); });
    }
};

#define BORDER_KEPT(Type, field, text)                                           \
    {                                                                            \
        offsetof(border::Rows<Type>::State, kept) + offsetof(Type::Kept, field), \
            sizeof(Type::Kept::field), text                                      \
    }
#define BORDER_KEPT_INT(Type, field) BORDER_KEPT(Type, field, false)
#define BORDER_KEPT_TEXT(Type, field) BORDER_KEPT(Type, field, true)

class Schema
{
  public:
    Schema() = default;
    Schema(const Schema &) = delete;
    Schema &operator=(const Schema &) = delete;
    ~Schema()
    {
        qetl_schema_release(&schema);
    }

    void copy(const ArrowSchema &from)
    {
        qetl_schema_release(&schema);
        check(qetl_schema_copy(&from, &schema));
    }
    ArrowSchema *get()
    {
        return &schema;
    }

  private:
    ArrowSchema schema{};
};

class Builder
{
  public:
    Builder(qetl_env env, const ArrowSchema &field)
    {
        check(qetl_builder_open(&builder, env, &field, 0));
    }
    Builder(const Builder &) = delete;
    Builder &operator=(const Builder &) = delete;
    ~Builder()
    {
        qetl_builder_free(&builder);
    }

    qetl_builder *get()
    {
        return &builder;
    }
    qetl_builder *child(int i)
    {
        return &builder.children[i];
    }

  private:
    qetl_builder builder{};
};

/* A field of that Arrow format, for a builder: "vu" is text, "l" bigint. */
inline ArrowSchema field(const char *format)
{
    ArrowSchema schema{};
    schema.format = format;
    return schema;
}

} // namespace border

#endif
