/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text within XML 1.0.
 *
 * Invariant: what is written is well-formed, whatever the text holds.
 * Ownership: none.
 * Threads:   any.
 */
#ifndef QETL_CORE_XML_H
#define QETL_CORE_XML_H

#include <stdio.h>

void qetl_xml_put(FILE *, const char *text); /* NULL: nothing */

#endif
