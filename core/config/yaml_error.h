/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invariant: one finding for one failure of libyaml.
 * Ownership: borrows both.
 * Threads:   one.
 */
#ifndef QETL_CORE_YAML_ERROR_H
#define QETL_CORE_YAML_ERROR_H

#include "document_build.h"

#include <yaml.h>

/* What libyaml stumbled over, in words that say how to mend it. */
void qetl_yaml_report(struct qetl_build *build, const yaml_parser_t *parser);

#endif
