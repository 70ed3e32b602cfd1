/* SPDX-License-Identifier: Apache-2.0 */
/* Who wants which column in which form, from the sinks back to the decoders. */
#include "run/flow.h"

#include <qetl/sdk.h>

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 12, V = QETL_FORM_VALUE, L = QETL_FORM_LEXICAL, C = QETL_FORM_CHECKED };

static struct qetl_pipeline pipeline;
static struct qetl_node nodes[NODES];
static struct qetl_node_flow flows[NODES];
static struct qetl_input inputs[NODES][2];
static struct ArrowSchema schema; /* id bigint, text text, price decimal */

static void begin(void)
{
    pipeline = (struct qetl_pipeline){.nodes = nodes};
    cr_assert_eq(qetl_schema_init_struct(&schema), 0);
    cr_assert_eq(qetl_schema_add(&schema, "id", "l"), 0);
    cr_assert_eq(qetl_schema_add(&schema, "text", "vu"), 0);
    cr_assert_eq(qetl_schema_add(&schema, "price", "d:12,2"), 0);
}

static void end(void)
{
    for (size_t n = 0; n < pipeline.n_nodes; n++)
        qetl_node_flow_free(&flows[n]);
    qetl_schema_release(&schema);
}

TestSuite(forms, .init = begin, .fini = end, .timeout = 60);

static size_t node_add(uint32_t kind, size_t a, size_t b)
{
    size_t n = pipeline.n_nodes++;
    nodes[n] = (struct qetl_node){.kind = kind, .inputs = inputs[n]};
    inputs[n][0].component = a;
    inputs[n][1].component = b;
    nodes[n].n_inputs = kind == QETL_SOURCE ? 0 : a == b ? 1 : 2;
    return n;
}

static void port_add(size_t n, const char *lexical)
{
    struct qetl_node_flow *flow = &flows[n];
    flow->ports = calloc(1, sizeof *flow->ports);
    flow->n_ports = 1;
    flow->ports[0].schema = &schema;
    flow->ports[0].n_columns = 3;
    flow->ports[0].columns = calloc(3, sizeof *flow->ports[0].columns);
    for (int c = 0; c < 3; c++)
        flow->ports[0].columns[c].lexical = lexical;
}

static size_t source_add(const char *format)
{
    size_t n = node_add(QETL_SOURCE, 0, 0);
    port_add(n, format);
    return n;
}

/* All three columns pass; those with a form are read; `derived` is made anew. */
static size_t transform_add(size_t from, const uint32_t reads[3], int derived)
{
    size_t n = node_add(QETL_TRANSFORM, from, from);
    struct qetl_binding *b = &flows[n].binding;
    port_add(n, NULL);
    b->n_in = b->n_out = 1;
    b->in = calloc(1, sizeof *b->in);
    b->in[0].reads = calloc(3, sizeof *b->in[0].reads);
    b->out = calloc(1, sizeof *b->out);
    b->out[0].columns = calloc(3, sizeof *b->out[0].columns);
    b->out[0].n_columns = 3;
    for (int c = 0; c < 3; c++) {
        if (reads[c])
            b->in[0].reads[b->in[0].n_reads++] = (struct qetl_want){.column = c, .form = reads[c]};
        b->out[0].columns[c].derived = c == derived ? 0 : -1;
        b->out[0].columns[c].from = calloc(1, sizeof(int64_t));
        b->out[0].columns[c].from[0] = c == derived ? -1 : c;
        if (c != derived)
            flows[n].ports[0].columns[c].lexical = flows[from].ports[0].columns[c].lexical;
    }
    return n;
}

static size_t sink_add(size_t a, size_t b, const uint32_t accepts[3])
{
    size_t n = node_add(QETL_SINK, a, b);
    struct qetl_node_flow *flow = &flows[n];
    flow->n_takes = (uint32_t)nodes[n].n_inputs;
    flow->takes = calloc(flow->n_takes, sizeof *flow->takes);
    for (uint32_t i = 0; i < flow->n_takes; i++) {
        flow->takes[i].n_wants = 3;
        flow->takes[i].wants = calloc(3, sizeof *flow->takes[i].wants);
        for (int c = 0; c < 3; c++)
            flow->takes[i].wants[c] = (struct qetl_want){.column = c, .form = accepts[c]};
    }
    return n;
}

static void decide(void)
{
    cr_assert_eq(qetl_flow_decide_forms(&pipeline, flows), QETL_OK);
}

/* wants of a source: pairs of column and form, ended by form 0 */
static void expect_wants(size_t source, const uint32_t wants[][2])
{
    const struct qetl_node_flow *flow = &flows[source];
    int64_t n = 0;
    for (; wants[n][1]; n++) {
        cr_assert_lt(n, flow->n_wants, "want %lld is missing", (long long)n);
        cr_expect_eq(flow->wants[n].column, wants[n][0], "want %lld", (long long)n);
        cr_expect_eq(flow->wants[n].form, wants[n][1], "want %lld: form %u", (long long)n,
                     flow->wants[n].form);
    }
    cr_expect_eq(flow->n_wants, n);
}

static void expect_taken(size_t sink, uint32_t input, const uint32_t forms[3])
{
    for (int c = 0; c < 3; c++) {
        const struct qetl_take_flow *take = &flows[sink].takes[input];
        cr_expect_eq(take->wants[c].form, forms[c], "column %d: %u", c, take->wants[c].form);
        cr_expect_str_eq(take->delivered.children[c]->format,
                         forms[c] == V ? schema.children[c]->format : "vu");
    }
}

Test(forms, untouched_columns_travel_as_text)
{
    size_t source = source_add("csv");
    size_t sink = sink_add(source, source, (uint32_t[]){V | L | C, V | L, V | C});
    decide();
    expect_taken(sink, 0, (uint32_t[]){L, L, C});
    expect_wants(source, (uint32_t[][2]){{0, L}, {1, L}, {2, C}, {0, 0}});
    const struct ArrowSchema *price = flows[sink].takes[0].delivered.children[2];
    size_t size;
    const char *type = qetl_schema_metadata(price, "qetl:type", &size);
    cr_expect(type && size == 13 && memcmp(type, "decimal(12,2)", 13) == 0, "%s", type);
    const char *format = qetl_schema_metadata(price, "qetl:lexical", &size);
    cr_expect(format && size == 3 && memcmp(format, "csv", 3) == 0);
    cr_expect_str_eq(price->name, "price");
}

Test(forms, a_sink_that_wants_values_gets_them)
{
    size_t source = source_add("csv");
    size_t sink = sink_add(source, source, (uint32_t[]){V, V, V});
    decide();
    expect_taken(sink, 0, (uint32_t[]){V, V, V});
    expect_wants(source, (uint32_t[][2]){{0, V}, {1, V}, {2, V}, {0, 0}});
}

Test(forms, what_has_no_spelling_comes_as_value)
{
    size_t source = source_add(NULL);
    size_t sink = sink_add(source, source, (uint32_t[]){V | L | C, V | L, V});
    decide();
    expect_taken(sink, 0, (uint32_t[]){V, V, V});
}

Test(forms, a_form_that_cannot_be_had_is_refused)
{
    size_t source = source_add(NULL);
    sink_add(source, source, (uint32_t[]){V, L, V});
    cr_expect_eq(qetl_flow_decide_forms(&pipeline, flows), QETL_E_UNSUPPORTED);
}

Test(forms, wants_pass_back_over_copies_and_stop_at_derived)
{
    size_t source = source_add("csv");
    size_t first = transform_add(source, (uint32_t[]){V, 0, 0}, -1);
    size_t second = transform_add(first, (uint32_t[]){0, 0, C}, 2);
    size_t sink = sink_add(second, second, (uint32_t[]){V | L, V | L, V | L});
    decide();
    expect_taken(sink, 0, (uint32_t[]){L, L, V});
    cr_expect_eq(flows[first].ports[0].columns[2].wanted, C, "the reader's, not the sink's");
    expect_wants(source, (uint32_t[][2]){{0, L}, {0, V}, {1, L}, {2, C}, {0, 0}});
}

Test(forms, nobody_wants_it_nobody_decodes_it)
{
    size_t source = source_add("csv");
    size_t step = transform_add(source, (uint32_t[]){V, 0, 0}, 1);
    /* nothing reads the step */
    (void)step;
    decide();
    expect_wants(source, (uint32_t[][2]){{0, V}, {0, 0}});
}

Test(forms, checked_serves_who_wants_lexical)
{
    size_t source = source_add("csv");
    size_t step = transform_add(source, (uint32_t[]){L, C, V}, -1);
    sink_add(step, step, (uint32_t[]){C, L, L});
    decide();
    expect_wants(source, (uint32_t[][2]){{0, C}, {1, C}, {2, L}, {2, V}, {0, 0}});
}

/* Text is the same in both forms: it is decoded once. */
Test(forms, text_is_shared_by_its_forms)
{
    size_t source = source_add("csv");
    size_t step = transform_add(source, (uint32_t[]){V, V, V}, -1);
    sink_add(step, step, (uint32_t[]){L, L, L});
    decide();
    expect_wants(source, (uint32_t[][2]){{0, L}, {0, V}, {1, C}, {2, L}, {2, V}, {0, 0}});
}

Test(forms, several_readers_add_up)
{
    size_t source = source_add("csv");
    sink_add(source, source, (uint32_t[]){V, L, V});
    sink_add(source, source, (uint32_t[]){V | L, V, V});
    decide();
    cr_expect_eq(flows[source].ports[0].columns[0].wanted, V | L);
    cr_expect_eq(flows[source].ports[0].columns[2].wanted, V);
}

Test(forms, each_input_has_its_own)
{
    size_t a = source_add("csv"), b = source_add(NULL);
    size_t sink = sink_add(a, b, (uint32_t[]){V | L, V | L, V | L});
    decide();
    expect_taken(sink, 0, (uint32_t[]){L, L, L});
    expect_taken(sink, 1, (uint32_t[]){V, V, V});
}

/* One encoder for all inputs: it can be told one form only. */
Test(forms, a_closed_format_has_one_for_all_inputs)
{
    size_t a = source_add("csv"), b = source_add("json");
    size_t sink = sink_add(a, b, (uint32_t[]){V | L, V | L, V | L});
    flows[sink].one_encoder = true;
    decide();
    expect_taken(sink, 0, (uint32_t[]){V, V, V});
    expect_taken(sink, 1, (uint32_t[]){V, V, V});
}

Test(forms, a_closed_format_keeps_a_spelling_that_all_share)
{
    size_t a = source_add("csv"), b = source_add("csv");
    size_t sink = sink_add(a, b, (uint32_t[]){V | L, V, V | C});
    flows[sink].one_encoder = true;
    decide();
    expect_taken(sink, 0, (uint32_t[]){L, V, C});
    expect_taken(sink, 1, (uint32_t[]){L, V, C});
}

Test(forms, an_input_is_found_by_its_ports_name)
{
    char *names[] = {"left", "right"};
    size_t source = source_add("csv");
    struct qetl_port_flow ports[2];
    struct qetl_node_flow two = {.ports = ports, .n_ports = 2};
    struct qetl_input right = {.component = 0, .port = "right"}, left = {0, "left"},
                      only = {0, NULL};
    nodes[source].outputs = names;
    nodes[source].n_outputs = 2;
    cr_expect_eq(qetl_flow_input(&two, &pipeline, &right), &ports[1]);
    cr_expect_eq(qetl_flow_input(&two, &pipeline, &left), &ports[0]);
    cr_expect_eq(qetl_flow_input(&two, &pipeline, &only), &ports[0]);
}

/* ---- late columns ---- */

static size_t filter_add(size_t from, const uint32_t reads[3])
{
    size_t n = transform_add(from, reads, -1);
    flows[n].binding.distribution = QETL_DISTRIBUTION_ANY;
    flows[n].binding.out[0].rows = QETL_ROWS_SUBSET;
    return n;
}

static int32_t fetch(void *self, int64_t rows, const int32_t *map, struct ArrowArray *out)
{
    (void)self, (void)rows, (void)map, (void)out;
    return QETL_OK;
}

static const struct qetl_format late_format = {.struct_size = sizeof late_format,
                                               .decode_late = fetch};
static const struct qetl_component late_component = {.format = &late_format};

static size_t late_source_add(const struct qetl_component *format)
{
    size_t n = source_add("csv");
    flows[n].bytes = true;
    flows[n].format = format;
    return n;
}

Test(forms, what_a_filter_does_not_read_waits_for_it)
{
    size_t source = late_source_add(&late_component);
    size_t filter = filter_add(source, (uint32_t[]){0, V, 0});
    sink_add(filter, filter, (uint32_t[]){L, L | V, C});
    decide();
    qetl_flow_decide_late(&pipeline, flows);
    cr_expect_eq(flows[source].n_late, 2);
    expect_wants(source, (uint32_t[][2]){{1, C}, {0, L}, {2, C}, {0, 0}});
    cr_expect_eq(flows[source].wants[0].flags, 0);
    cr_expect_eq(flows[source].wants[1].flags, QETL_WANT_LATE);
    cr_expect_eq(flows[source].wants[2].flags, QETL_WANT_LATE);
}

Test(forms, values_but_text_do_not_wait)
{
    size_t source = late_source_add(&late_component);
    size_t filter = filter_add(source, (uint32_t[]){V, 0, 0});
    sink_add(filter, filter, (uint32_t[]){V, V, V});
    decide();
    qetl_flow_decide_late(&pipeline, flows);
    for (int64_t i = 0; i < flows[source].n_wants; i++) {
        const struct qetl_want *want = &flows[source].wants[i];
        bool text = strcmp(schema.children[want->column]->format, "vu") == 0;
        cr_expect_eq(want->flags, want->column && text ? QETL_WANT_LATE : 0);
    }
}

Test(forms, nothing_waits_without_a_filter_alone)
{
    size_t two = late_source_add(&late_component);
    size_t filter = filter_add(two, (uint32_t[]){V, 0, 0});
    sink_add(filter, two, (uint32_t[]){L, L, L});
    size_t kept = late_source_add(&late_component);
    size_t step = filter_add(kept, (uint32_t[]){V, 0, 0});
    flows[step].binding.out[0].rows = QETL_ROWS_KEEP;
    sink_add(step, step, (uint32_t[]){L, L, L});
    size_t gathered = late_source_add(&late_component);
    size_t one = filter_add(gathered, (uint32_t[]){V, 0, 0});
    flows[one].binding.distribution = QETL_DISTRIBUTION_SINGLE;
    sink_add(one, one, (uint32_t[]){L, L, L});
    static const struct qetl_format early_format = {.struct_size = sizeof early_format};
    static const struct qetl_component early_component = {.format = &early_format};
    size_t early = late_source_add(&early_component);
    size_t last = filter_add(early, (uint32_t[]){V, 0, 0});
    sink_add(last, last, (uint32_t[]){L, L, L});
    decide();
    qetl_flow_decide_late(&pipeline, flows);
    cr_expect_eq(flows[two].n_late, 0, "another reader");
    cr_expect_eq(flows[kept].n_late, 0, "a step that keeps all rows");
    cr_expect_eq(flows[gathered].n_late, 0, "a filter in a stage of its own");
    cr_expect_eq(flows[early].n_late, 0, "a format that cannot");
}
