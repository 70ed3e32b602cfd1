/* SPDX-License-Identifier: Apache-2.0 */
/*
 * newplugin: a transform. Adds a column with the sum of another one's values so far.
 *
 * What you will change: `row_append`, what `bind` asks for, and the options, which the manifest
 * newplugin.qetl.json declares. What has to stay true is said where it matters.
 */
#include "border.hh"

#include <qetl/manifest.h>

#include <string>
#include <string_view>
#include <vector>

QETL_EMBED_MANIFEST("newplugin.qetl.json");

namespace
{

constexpr uint32_t state_version = 1; /* another layout of what `save` writes: another number */

/* One instance. There are no globals, since a pipeline may use the plugin twice. */
class Total
{
  public:
    const qetl_env env; /* whom to report to; every helper that can fail wants it */

    explicit Total(qetl_env e)
        : env(e), column(border::option(e, "/column")), into(border::option(e, "/into")),
          sums(e, border::field("l"))
    {
    }

    /* Says what comes in and what goes out. Columns that are copied never pass through here: the
     * host carries them, byte for byte. May be called again, with other columns. */
    int32_t bind(uint32_t, const ArrowSchema *const *inputs, qetl_binder *binder)
    {
        const ArrowSchema &input = *inputs[0];
        const int64_t at = column_find(input);
        border::Schema made;
        for (int64_t i = 0; i < input.n_children; i++)
            reported(binder->copy(binder, 0, -1, 0, i, nullptr));
        border::check(qetl_schema_init_field(made.get(), into.c_str(), "l"));
        reported(binder->derive(binder, 0, made.get(), 1, &at));
        reported(binder->read(binder, 0, at, QETL_FORM_VALUE));
        /* One instance sees all rows, in order; without this there may be one a processor. */
        reported(binder->distribution(binder, QETL_DISTRIBUTION_SINGLE, 0, nullptr));
        reported(binder->rows(binder, 0, QETL_ROWS_SUBSET)); /* rows may be rejected */
        field.copy(*input.children[at]);
        return QETL_OK;
    }

    int32_t process(const qetl_event *event, qetl_output *out)
    {
        if (!event || event->kind != QETL_EVENT_BATCH)
            return QETL_NEED_INPUT; /* barriers, watermarks, ends: the host passes them on */
        return batch_process(*event, *out);
    }

    /* At every checkpoint: what the rows so far have left behind. */
    int32_t save(uint32_t *version, const qetl_writer *out)
    {
        *version = state_version;
        return qetl_state_write_numbers(out, 1, &sum);
    }

    /* In the next process, behind bind. What is not understood is refused, and changes nothing. */
    int32_t restore(uint32_t version, const qetl_reader *in)
    {
        int64_t saved = 0;
        const int32_t status = version == state_version ? qetl_state_read_numbers(in, 1, &saved)
                                                        : int32_t{QETL_E_UNSUPPORTED};
        if (status)
            throw border::Failure{status, "", "begin anew with --full-refresh",
                                  "the saved sum cannot be read"};
        sum = saved;
        return QETL_OK;
    }

  private:
    static void reported(int32_t status)
    {
        if (status < 0)
            throw border::Reported{status};
    }

    int64_t column_find(const ArrowSchema &input) const
    {
        const int64_t at = qetl_schema_require(env, &input, "/column", column.c_str());
        if (at < 0)
            throw border::Reported{static_cast<int32_t>(at)};
        const std::string_view format = input.children[at]->format;
        if (format.size() != 1 || std::string_view("csil").find(format) == std::string_view::npos)
            throw border::Failure{QETL_E_CONFIG, "/column",
                                  "name a column of integers, or cast it with compute before",
                                  "column \"" + column + "\" is not of an integer type"};
        return at;
    }

    /* A row that cannot go on is no reason to fail: it goes to the dead letters, with its reason.
     */
    void reject(int64_t row)
    {
        qetl_reject what{};
        what.struct_size = sizeof what;
        what.row = row;
        what.column = 0; /* of those that were asked for with read() */
        what.code = "overflow";
        what.message = "the sum is larger than a bigint can be";
        env.host->reject(env.ctx, &what);
    }

    void row_append(const qetl_column &values, int64_t row)
    {
        int64_t next = sum;
        if (!qetl_column_is_null(&values, row) &&
            __builtin_add_overflow(next, qetl_column_int(&values, row), &next))
            return reject(row);
        sum = next;
        row_map.push_back(static_cast<int32_t>(row));
        border::check(qetl_builder_int(sums.get(), sum));
    }

    /* The batch holds the columns that were read; the answer holds those that were derived. */
    int32_t batch_process(const qetl_event &event, qetl_output &out)
    {
        ArrowSchema *fields[] = {field.get()};
        ArrowSchema batch = border::field("+s");
        batch.n_children = 1;
        batch.children = fields;
        qetl_column rows, values;
        border::Array made;
        row_map.clear();
        border::check(qetl_column_open(&rows, &batch, event.batch));
        border::check(qetl_column_child(&rows, 0, &values));
        for (int64_t i = 0; i < event.rows; i++)
            row_append(values, i);
        if (row_map.empty())
            return QETL_NEED_INPUT;
        out.rows = static_cast<int64_t>(row_map.size());
        out.row_map = row_map.data(); /* output row -> input row */
        border::check(qetl_builder_close(sums.get(), made.get()));
        border::check(qetl_array_struct(env, out.rows, 1, made.get(), &out.batch));
        return QETL_OUTPUT;
    }

    const std::string column, into;
    border::Schema field; /* of the column that is read */
    border::Builder sums;
    std::vector<int32_t> row_map;
    int64_t sum = 0; /* what a run that is cut short must not lose */
};

using Callbacks = border::Callbacks<Total>;

constexpr qetl_transform transform = [] {
    qetl_transform t{};
    t.struct_size = sizeof t;
    t.bind = Callbacks::call<&Total::bind>;
    t.process = Callbacks::call<&Total::process>;
    return t;
}();

constexpr qetl_component component = [] {
    qetl_component c{};
    c.struct_size = sizeof c;
    c.kind = QETL_TRANSFORM;
    c.id = "newplugin";
    c.state_size = Callbacks::state_size;
    c.create = Callbacks::create;
    c.destroy = Callbacks::destroy;
    c.save = Callbacks::call<&Total::save>;
    c.restore = Callbacks::call<&Total::restore>;
    c.transform = &transform;
    return c;
}();

} // namespace

QETL_PLUGIN("newplugin", "0.1.0", &component)
