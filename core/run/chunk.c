/* SPDX-License-Identifier: Apache-2.0 */
/* How many bytes of input make a batch: what the pipeline says, else what suits its sinks. */
#include "run_internal.h"

#include <qetl/batches.h>

enum { CHUNKS_IN_MEMORY = 32 }; /* at the least, of those that nobody asked for by a number */

void qetl_chunk_wish(struct qetl_run *run, const struct qetl_node_flow *sink)
{
    const struct qetl_component *component = sink->component;
    if (sink->bytes || run->pipeline->batch_bytes_said || !component->get_extension)
        return;
    const struct qetl_batches *wish =
        component->get_extension(sink->instance->self, QETL_EXT_BATCHES);
    if (!wish)
        return;
    int64_t most = run->options.memory_bytes / CHUNKS_IN_MEMORY;
    int64_t bytes = wish->input_bytes < most ? wish->input_bytes : most;
    if (bytes > run->chunk_bytes)
        run->chunk_bytes = bytes;
}
