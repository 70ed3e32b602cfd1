/* SPDX-License-Identifier: Apache-2.0 */
/* A text as JSON has it, between quotes. */
#ifndef POSTGRES_SOURCE_JSON_TEXT_H
#define POSTGRES_SOURCE_JSON_TEXT_H

#include "../../shared/postgres/sql.h"

void json_text_put(struct pg_sql *, const char *text, size_t size);

#endif
