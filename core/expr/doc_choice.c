/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions and choices. */
#include "doc.h"

static const struct expr_doc docs[] = {
    {"case", "CASE WHEN condition THEN value … [ELSE value] END",
     "the value behind the first condition that is true; others are not computed",
     "CASE WHEN 2 > 3 THEN 'more' WHEN 2 = 3 THEN 'even' ELSE 'less' END", "'less'"},
    {"case of", "CASE value WHEN value THEN result … [ELSE result] END",
     "the result behind the first value that is equal",
     "CASE 3 WHEN 1 THEN 'one' WHEN 3 THEN 'three' END", "'three'"},
    {"coalesce", "coalesce(value, …) → the type of all",
     "the first value that is not NULL; later ones are computed only where they are needed",
     "coalesce(NULL, 7, 1 / 0)", "7"},
    {"nullif", "nullif(value, other) → the value's type",
     "NULL where both are equal, else the value", "nullif(100, 0)", "100"},
    {"greatest", "greatest(value, …) → the type of all", "the greatest value that is not NULL",
     "greatest(3, NULL, 7, 5)", "7"},
    {"least", "least(value, …) → the type of all", "the least value that is not NULL",
     "least(3, NULL, 7, 5)", "3"},
};

const struct expr_doc_group qetl_expr_doc_choice = {"Choices", docs, sizeof docs / sizeof docs[0]};
