/* SPDX-License-Identifier: Apache-2.0 */
#include "doc.h"

static const struct expr_doc docs[] = {
    {"concat", "concat(value, …) → text",
     "all values as text, one after the other; NULL is nothing",
     "concat('order ', 17, NULL, '/', true)", "'order 17/t'"},
    {"concat_ws", "concat_ws(separator, value, …) → text",
     "the same with a separator between values that are not NULL",
     "concat_ws(', ', 'Berlin', NULL, 'Germany')", "'Berlin, Germany'"},
};

const struct expr_doc_group qetl_expr_doc_text = {"Text", docs, sizeof docs / sizeof docs[0]};
