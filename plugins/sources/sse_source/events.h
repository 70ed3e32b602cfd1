/* SPDX-License-Identifier: Apache-2.0 */
/* The source `sse_events`: events as rows of four columns. */
#ifndef SSE_SOURCE_EVENTS_H
#define SSE_SOURCE_EVENTS_H

#include <qetl/plugin.h>

extern const struct qetl_component sse_events_component;

#endif
