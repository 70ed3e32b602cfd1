/* SPDX-License-Identifier: Apache-2.0 */
/* The word `incremental` of a source. */
#include "config/units.h"
#include "increment.h"

#include <string.h>

static const char schema[] =
    "{\"type\":\"object\",\"required\":[\"cursor\"],\"additionalProperties\":false,"
    "\"description\":\"Each run loads what is new since the one before\","
    "\"examples\":[{\"cursor\":\"updated_at\",\"lag\":\"5m\",\"key\":\"id\"}],"
    "\"properties\":{"
    "\"cursor\":{\"type\":\"string\",\"minLength\":1,\"description\":\"The column that grows: a "
    "moment of change, a number, a text\",\"examples\":[\"updated_at\"]},"
    "\"lag\":{\"type\":[\"string\",\"number\"],\"minimum\":0,\"description\":\"How far behind the "
    "highest cursor rows may still appear; a time for dates and timestamps, a number for "
    "numbers\",\"examples\":[\"5m\"]},"
    "\"key\":{\"type\":[\"string\",\"array\"],\"minItems\":1,\"maxItems\":32,\"items\":{\"type\":"
    "\"string\"},\"description\":\"The columns that tell rows apart: a row within the lag passes "
    "once for each of its cursors. Left out: such rows pass in each run\","
    "\"examples\":[\"id\"]},"
    "\"nulls\":{\"type\":\"string\",\"enum\":[\"reject\",\"load\",\"skip\"],\"default\":"
    "\"reject\",\"description\":\"Rows without a cursor are rejected, pass in each run, or are "
    "filtered\"},"
    "\"max_keys\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":100000000,\"default\":1000000,"
    "\"description\":\"How many keys within the lag are remembered at most; the run fails when "
    "there are more\",\"examples\":[1000000]}}}";

json_t *qetl_increment_schema(void)
{
    return json_loads(schema, 0, NULL);
}

const char *qetl_increment_check(const json_t *incremental, const char **pointer, const char **mend)
{
    int64_t ns;
    const char *lag = json_string_value(json_object_get(incremental, "lag"));
    *pointer = "/incremental/lag";
    *mend = "a number and its unit: for example  lag: 5m";
    return lag && qetl_units_ns(lag, &ns) ? "`lag` is no length of time" : NULL;
}
