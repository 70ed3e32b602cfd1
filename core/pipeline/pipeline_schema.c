/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline_schema.h"

#include "increment/increment.h"
#include "limits/limits.h"

#include <qetl/plugin.h>

static const char top[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\","
    "\"title\":\"qetl "
    "pipeline\",\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
    "\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":200,"
    "\"description\":\"What the pipeline is called in reports\",\"examples\":[\"big-orders\"]},"
    "\"description\":{\"type\":\"string\",\"description\":\"What it is for; nobody but people "
    "reads it\",\"examples\":[\"Orders above 100, for the weekly report\"]},"
    "\"mode\":{\"type\":\"string\",\"enum\":[\"batch\",\"stream\",\"hybrid\"],\"default\":"
    "\"hybrid\","
    "\"description\":\"Large batches, records at once, or batches that grow under load\"},"
    "\"on_error\":{\"type\":\"string\",\"enum\":[\"reject\",\"fail\"],\"default\":\"reject\","
    "\"description\":\"What becomes of a row that cannot go on: it is kept in the dead letters, or "
    "it "
    "ends the run\"},"
    "\"max_rejected\":{\"type\":\"integer\",\"minimum\":0,"
    "\"description\":\"The run fails when more rows than this are rejected; left out: any number "
    "may "
    "be\",\"examples\":[1000]},"
    "\"max_record\":{\"type\":[\"integer\",\"string\"],\"default\":\"16MiB\","
    "\"description\":\"A longer record is a rejected row\",\"x-unit\":\"bytes\","
    "\"examples\":[\"16MiB\"]},"
    "\"batch_bytes\":{\"type\":[\"integer\",\"string\"],\"default\":\"256KiB\","
    "\"description\":\"How much is read at a "
    "time\",\"x-unit\":\"bytes\",\"examples\":[\"256KiB\"]},"
    "\"batch_rows\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":1048576,\"default\":65536,"
    "\"description\":\"How many rows a batch has at most\",\"examples\":[65536]},"
    "\"linger_ms\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":60000,\"default\":5,"
    "\"description\":\"How long a batch may wait to grow\",\"x-unit\":\"ms\",\"examples\":[5]},"
    "\"max_rows\":{\"type\":\"integer\",\"minimum\":1,"
    "\"description\":\"The run fails when its sources bring more rows than this; left out: any "
    "number may come\",\"examples\":[1000000]},"
    "\"max_memory\":{\"type\":[\"integer\",\"string\"],\"default\":\"256MiB\","
    "\"description\":\"The budget for rows on their way; --memory stands above "
    "it\",\"x-unit\":\"bytes\",\"examples\":[\"1GiB\"]},"
    "\"timeout\":{\"type\":\"string\",\"description\":\"A run that takes longer "
    "fails\",\"examples\":[\"2h\"]},"
    "\"shutdown\":{\"type\":\"string\",\"default\":\"30s\",\"description\":\"How long a run "
    "without end may take to end in good order, once it is "
    "interrupted\",\"examples\":[\"2m\"]},"
    "\"stall_alarm\":{\"type\":\"string\",\"default\":\"60s\",\"description\":\"A component "
    "that has not moved for so long, although rows wait for it, is named in the log; 0: "
    "never\",\"examples\":[\"5m\"]},"
    "\"checkpoint\":{\"description\":\"How often what is done so far is made to count, so that a "
    "run "
    "that is cut short goes on from there; false: only at the end\",\"examples\":[{\"every\":"
    "\"1s\","
    "\"timeout\":\"10m\"}],\"anyOf\":[{\"const\":false},{\"type\":\"object\","
    "\"additionalProperties\":false,\"properties\":{"
    "\"every\":{\"type\":\"string\",\"default\":\"1s\"},"
    "\"timeout\":{\"type\":\"string\",\"default\":\"10m\","
    "\"description\":\"How long one may take before a warning says who is late\"}}}]},"
    "\"delivery\":{\"type\":\"string\",\"enum\":[\"exactly-once\",\"at-least-once\","
    "\"best-effort\"],"
    "\"description\":\"What is demanded of a run that is cut short and run again: a pipeline that "
    "cannot give it is refused; left out: what can be had\"},"
    "\"timezone\":{\"type\":\"string\",\"minLength\":1,\"default\":\"UTC\","
    "\"description\":\"The time zone that expressions compute in\","
    "\"examples\":[\"Europe/Berlin\"]},"
    "\"dead_letters\":{\"description\":\"The file that rejected rows are kept in, or more about "
    "it; "
    "false: nowhere\","
    "\"examples\":[\"rejected.ndjson\",{\"path\":\"rejected.ndjson\",\"max_size\":\"256MiB\"}],"
    "\"type\":[\"string\",\"boolean\",\"object\"],\"minLength\":1,"
    "\"additionalProperties\":false,\"properties\":{"
    "\"path\":{\"type\":\"string\",\"minLength\":1,\"description\":\"The file; left out: "
    "dead-letters/NAME.ndjson\",\"examples\":[\"rejected.ndjson\"]},"
    "\"max_size\":{\"type\":[\"integer\",\"string\"],\"default\":\"1GiB\",\"x-unit\":\"bytes\","
    "\"description\":\"A run that would make the file larger fails\","
    "\"examples\":[\"256MiB\"]},"
    "\"max_age\":{\"type\":\"string\",\"description\":\"A run warns of letters that are older: "
    "replay or drop them\",\"examples\":[\"30d\"]},"
    "\"alarm\":{\"type\":[\"integer\",\"boolean\"],\"minimum\":1,\"maximum\":100,\"default\":80,"
    "\"description\":\"At how many percent of max_size a run warns; false: never\","
    "\"examples\":[80]},"
    "\"private\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"minLength\":1},"
    "\"description\":\"Columns whose values are never stored in letters, which cannot be replayed "
    "then\",\"examples\":[[\"iban\"]]}}},"
    "\"sources\":{\"type\":\"object\",\"description\":\"Where rows come from, by name\","
    "\"examples\":[{\"orders\":{\"plugin\":\"file\",\"path\":\"orders.csv\"}}]},"
    "\"transforms\":{\"type\":\"object\",\"description\":\"What is done to them, by name\","
    "\"examples\":[{\"big\":{\"plugin\":\"filter\",\"input\":\"orders\",\"where\":\"total > "
    "1\"}}]},"
    "\"sinks\":{\"type\":\"object\",\"description\":\"Where they go, by name\","
    "\"examples\":[{\"out\":{\"plugin\":\"stdout\",\"format\":\"csv\",\"input\":\"orders\"}}]}}}";

static const char component[] =
    "{\"type\":\"object\",\"required\":[\"plugin\"],\"properties\":{"
    "\"plugin\":{\"type\":[\"string\",\"null\"],\"description\":\"The plugin that does it\","
    "\"examples\":[\"file\"]},"
    "\"input\":{\"type\":[\"string\",\"array\"],\"items\":{\"type\":\"string\"},"
    "\"description\":\"The component whose rows it takes, or several; COMPONENT.OUTPUT where that "
    "has "
    "several outputs\",\"examples\":[\"orders\"]},"
    "\"format\":{\"type\":[\"string\",\"object\"],"
    "\"description\":\"The format of the bytes, with its options; left out: by the file's name\","
    "\"examples\":[\"csv\"]}}}";

static const char format_type[] =
    "{\"type\":\"string\",\"description\":\"The format; left out: by the file's name\","
    "\"examples\":[\"csv\"]}";

static const char streams[] =
    "{\"type\":[\"array\",\"object\",\"string\"],\"description\":\"One source for each of these, "
    "and "
    "of all that reads it; {stream} in texts is its name. A list of names, or a mapping of names "
    "to "
    "options of their own; a pattern stands for all that the source finds like it\","
    "\"examples\":[[\"orders\",\"users\"],\"*\",{\"orders\":{\"table\":\"orders\"}}]}";

json_t *qetl_pipeline_schema(void)
{
    return json_loads(top, 0, NULL);
}

/* json_copy leaves out what there is no memory for, and says nothing. */
static json_t *object_copy(const json_t *from)
{
    json_t *copy = json_object();
    if (copy && (!from || !json_object_update(copy, (json_t *)from)))
        return copy;
    json_decref(copy);
    return NULL;
}

/* A copy of a plugin's option schema that has room for the core's words. */
static json_t *options_copy(const struct qetl_manifest_component *plugin)
{
    json_t *schema = object_copy(plugin->options);
    json_t *properties = object_copy(json_object_get(plugin->options, "properties"));
    if (!json_object_set_new(schema, "properties", properties))
        return schema;
    json_decref(schema);
    return NULL;
}

static json_t *schema_with(const struct qetl_manifest_component *plugin, const json_t *words,
                           const json_t *required)
{
    json_t *schema = options_copy(plugin);
    json_t *all = json_array();
    int bad = !schema || !all ||
              json_object_update(json_object_get(schema, "properties"), (json_t *)words);
    if (!bad && required)
        bad = json_array_extend(all, (json_t *)required);
    if (!bad && json_object_get(schema, "required"))
        bad = json_array_extend(all, json_object_get(schema, "required"));
    if (!bad)
        bad = json_object_set(schema, "required", all);
    json_decref(all);
    if (!bad)
        return schema;
    json_decref(schema);
    return NULL;
}

json_t *qetl_component_schema(uint32_t kind, const struct qetl_manifest_component *plugin)
{
    json_t *own = json_loads(component, 0, NULL), *limits = qetl_limits_schema();
    json_t *properties = json_object_get(own, "properties");
    int bad = !limits || json_object_update(properties, limits);
    json_decref(limits);
    if (!bad && kind == QETL_SOURCE) {
        json_object_del(properties, "input");
        bad = json_object_set_new(properties, "incremental", qetl_increment_schema()) ||
              json_object_set_new(properties, "streams", json_loads(streams, 0, NULL));
    }
    if (bad) {
        json_decref(own);
        return NULL;
    }
    if (plugin && !plugin->takes_format)
        json_object_del(properties, "format");
    if (!plugin)
        return own;
    json_t *schema = schema_with(plugin, properties, json_object_get(own, "required"));
    json_decref(own);
    return schema;
}

json_t *qetl_format_schema(const struct qetl_manifest_component *format)
{
    json_t *words = json_object();
    json_t *schema = NULL;
    if (words && json_object_set_new(words, "type", json_loads(format_type, 0, NULL)) == 0)
        schema = schema_with(format, words, NULL);
    json_decref(words);
    return schema;
}
