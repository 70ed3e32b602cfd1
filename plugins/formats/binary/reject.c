/* SPDX-License-Identifier: Apache-2.0 */
/* The stable words of reasons. */
#include "value.h"

const char *binary_code_word(enum binary_code code)
{
    static const char *const words[] = {
        [BINARY_FINE] = "",
        [BINARY_BAD_TEXT] = "bad_text",
        [BINARY_BAD_PACKED] = "bad_packed",
        [BINARY_UNKNOWN_VALUE] = "unknown_value",
        [BINARY_BAD_TIME] = "bad_time",
        [BINARY_UNKNOWN_TYPE] = "unknown_type",
        [BINARY_REMAINDER] = "remainder",
        [BINARY_NO_NULL] = "no_null",
        [BINARY_TOO_LARGE] = "too_large",
        [BINARY_TOO_LONG] = "too_long",
        [BINARY_NOT_EXACT] = "not_exact",
        [BINARY_NO_LETTER] = "no_letter",
        [BINARY_TRIMMED] = "trimmed",
        [BINARY_READS_AS_NULL] = "reads_as_null",
        [BINARY_WRONG_COUNT] = "wrong_count",
        [BINARY_NOT_OF_TYPE] = "not_of_type",
    };

    return words[code];
}
