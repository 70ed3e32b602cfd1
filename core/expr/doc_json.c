/* SPDX-License-Identifier: Apache-2.0 */
#include "doc.h"

static const struct expr_doc docs[] = {
    {"json_valid", "json_valid(text) → boolean", "whether a text is JSON, which CAST AS json needs",
     "json_valid('{\"a\": 01}')", "false"},
    {"json_extract_path", "json_extract_path(json, step, …) → json",
     "what stands at the end of the steps, as #> has it; text is taken as JSON",
     "json_extract_path('{\"a\": [1, {\"b\": 2}]}', 'a', '1')", "'{\"b\": 2}'"},
    {"json_extract_path_text", "json_extract_path_text(json, step, …) → text",
     "the same as text, as #>> has it", "json_extract_path_text('{\"a\": [\"x\"]}', 'a', '0')",
     "'x'"},
    {"jsonb_extract_path", "jsonb_extract_path(jsonb, step, …) → jsonb", "the same of jsonb",
     "jsonb_extract_path('{\"a\":[1,2]}', 'a')", "'[1, 2]'"},
    {"jsonb_extract_path_text", "jsonb_extract_path_text(jsonb, step, …) → text",
     "the same of jsonb", "jsonb_extract_path_text('{\"a\":[1,2]}', 'a', '-1')", "'2'"},
    {"json_typeof", "json_typeof(json) → text", "object, array, string, number, boolean or null",
     "json_typeof('[1]')", "'array'"},
    {"jsonb_typeof", "jsonb_typeof(jsonb) → text", "the same of jsonb", "jsonb_typeof('\"a\"')",
     "'string'"},
    {"json_array_length", "json_array_length(json) → integer", "how many elements an array has",
     "json_array_length('[1, [2, 3]]')", "2"},
    {"jsonb_array_length", "jsonb_array_length(jsonb) → integer", "the same of jsonb",
     "jsonb_array_length('[]')", "0"},
    {"jsonb_exists", "jsonb_exists(jsonb, text) → boolean",
     "whether there is a member of that name, or such a string in an array",
     "jsonb_exists('{\"a\": null}', 'a')", "true"},
    {"jsonb_path_exists", "jsonb_path_exists(jsonb, path) → boolean",
     "whether a path of SQL/JSON finds anything: $ .key .* [0] [*] [1 to last] ?(@.key > 1 && "
     "exists(@.b))",
     "jsonb_path_exists('{\"a\": [{\"b\": 3}]}', '$.a[*] ? (@.b > 2)')", "true"},
    {"jsonb_path_query_first", "jsonb_path_query_first(jsonb, path) → jsonb",
     "the first value that it finds", "jsonb_path_query_first('{\"a\": [1, 2]}', '$.a[last]')",
     "'2'"},
};

const struct expr_doc_group qetl_expr_doc_json = {"JSON", docs, sizeof docs / sizeof docs[0]};
