/* SPDX-License-Identifier: Apache-2.0 */
/*
 * newplugin: a transform. Adds a column with the sum of another one's values so far.
 *
 * What you will change: `bind`, `row`, and the options, which the manifest newplugin.qetl.json
 * declares. What has to stay true is said where it matters; what can be said beside it stands in
 * qetl/row_transform.h.
 */
#include "border.hh"

#include <qetl/row_transform.h>

#include <string>

QETL_EMBED_MANIFEST("newplugin.qetl.json");

namespace
{

/* One instance. There are no globals, since a pipeline may use the plugin twice. */
class Total
{
  public:
    /* What a run that is cut short must not lose. It is saved at every checkpoint, begins as 0, and
     * holds numbers (int64_t) and texts (char[N]). */
    struct Kept {
        int64_t sum;
    };

    Total(qetl_row &r, Kept &k)
        : at(r), kept(k), column(border::option(r.env, "/column")),
          into(border::option(r.env, "/into"))
    {
    }

    /* Says what is read and what is made; columns that are not named never come here, and go on
     * byte for byte. A row whose sum is too large is refused: not all rows are kept. */
    int32_t bind(const ArrowSchema *)
    {
        qetl_row_read(&at, "/column", column.c_str(), "bigint");
        qetl_row_make(&at, into.c_str(), "bigint");
        return QETL_ROWS_SUBSET;
    }

    /* 0 is the first column that was read, and the first that is made. */
    int32_t row()
    {
        const int64_t value = qetl_row_is_null(&at, 0) ? 0 : qetl_row_int(&at, 0);
        int64_t sum;
        if (__builtin_add_overflow(kept.sum, value, &sum)) /* no reason to fail: a dead letter */
            return qetl_row_reject(&at, 0, "overflow", "the sum is larger than a bigint can be");
        kept.sum = sum;
        qetl_row_put_int(&at, 0, sum);
        return QETL_OK;
    }

  private:
    qetl_row &at; /* the row at hand, and whom to report to */
    Kept &kept;
    const std::string column, into;
};

using Rows = border::Rows<Total>;

constexpr qetl_kept_field kept[] = {BORDER_KEPT_INT(Total, sum)};

constexpr qetl_row_transform total = [] {
    qetl_row_transform t{};
    t.state = QETL_TABLE(kept);
    t.create = Rows::create;
    t.bind = Rows::call<&Total::bind>;
    t.row = Rows::call<&Total::row>;
    t.close = Rows::close;
    return t;
}();

QETL_ROW_TRANSFORM_SAVED(total, "newplugin", Rows::State)

} // namespace

QETL_PLUGIN("newplugin", "0.1.0", &total_component)
