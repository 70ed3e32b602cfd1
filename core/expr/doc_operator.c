/* SPDX-License-Identifier: Apache-2.0 */
/* What stands between values. */
#include "doc.h"

static const struct expr_doc docs[] = {
    {"+", "number + number, - * / %", "of integers / is the whole part, and % what it leaves",
     "7 / 2 + 7 % 2 * 0.50", "3.50"},
    {"=", "value = value, <> != < <= > >= → boolean",
     "NULL where one of the two is NULL; untyped text becomes what the other side is",
     "0.10 = 0.1 AND DATE '2024-02-29' < '2024-03-01'", "true"},
    {"and", "AND, OR, NOT → boolean",
     "what the left side decides is not computed on the right; unknown is NULL",
     "2 > 3 AND 1 / 0 > 1 OR NOT false", "true"},
    {"is null", "value IS [NOT] NULL, TRUE, FALSE, UNKNOWN → boolean", "never NULL itself",
     "NULL IS NULL", "true"},
    {"is distinct from", "value IS [NOT] DISTINCT FROM value → boolean",
     "<> for which NULL is a value like others", "1 IS DISTINCT FROM NULL", "true"},
    {"in", "value [NOT] IN (value, …) → boolean",
     "whether it is one of them; NULL where it is not and one of them is NULL",
     "'FR' IN ('DE', 'FR')", "true"},
    {"between", "value [NOT] BETWEEN [SYMMETRIC] low AND high → boolean",
     "low <= value AND value <= high; SYMMETRIC: whichever of the two is the low one",
     "5 BETWEEN SYMMETRIC 10 AND 1", "true"},
    {"||", "text || text → text", "one behind the other; any value beside a text becomes text",
     "'no. ' || 17", "'no. 17'"},
    {"cast", "CAST(value AS type), value::type",
     "the value as that type; one that cannot be rejects the row", "CAST('12.345' AS decimal(6,2))",
     "12.35"},
    {"->", "json -> key → json, json ->> key → text",
     "the member of that name, or the element at that place (from 0, from the end below it)",
     "'{\"a\": [10, 20]}'::json -> 'a' ->> -1", "'20'"},
    {"#>>", "json #> path → json, json #>> path → text", "what stands at the end of a path",
     "'{\"a\": [{\"b\": \"x\"}]}'::json #>> '{a,0,b}'", "'x'"},
    {"&", "integer & | # << >> integer, ~ integer", "by bits: and, or, one of both, shifted, not",
     "6 & 3 | 8 # 1 << 2", "44"},
};

const struct expr_doc_group qetl_expr_doc_operator = {"Operators", docs,
                                                      sizeof docs / sizeof docs[0]};
